/* Which processes are followed: the command and, if wanted, everything it starts.
 * Flow: root pid -> children of children -> attach when an interpreter is ready -> targets to tick.
 * A process that is not Python (a shell, a launcher) is watched for an exec and for children; one that
 * cannot be read is noted once and then only watched for children. New processes are looked for when
 * the kernel has given out a new process id, at most every 10 ms, less often (30 ms) where looking costs more than 1 % of the time.
 * Runs in the sampler thread only. */
#ifndef BARO_CAPTURE_SAMPLER_FOLLOWER_H
#define BARO_CAPTURE_SAMPLER_FOLLOWER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "capture/sampler/target.h"

typedef struct baro_followers baro_followers;

typedef struct baro_followers_options {
  pid_t root;
  bool follow_children;
  bool stop_target;
  baro_writer *writer;       /* borrowed */
  baro_placement *placement; /* borrowed */
} baro_followers_options;

typedef struct baro_followers_totals {
  uint64_t counters[BARO_COUNTER_COUNT]; /* of all processes, ended ones too */
  uint64_t processes;                    /* Python processes sampled */
  uint64_t threads;
  char problem[400]; /* the last reason why a process could not be sampled, "" none */
} baro_followers_totals;

baro_status baro_followers_create(const baro_followers_options *options,
                                  baro_followers **ret_followers, baro_error *err) BARO_MUST_USE;
/* Ends all tracks; root_wait_status is recorded for the root. */
void baro_followers_destroy(baro_followers *followers, uint64_t now_ns, int root_wait_status);

/* Attaches to what is ready, looks for new processes; *ret_next_ns: when it wants to be called again. For the
 * root alone a final refusal is returned (first_attach: NO_PERMISSION, UNSUPPORTED, NOT_FOUND, GONE), so that
 * `record -p` can fail; everything else is noted in the recording. */
baro_status baro_followers_update(baro_followers *followers, uint64_t now_ns, bool first_attach,
                                  uint64_t *ret_next_ns, baro_error *err) BARO_MUST_USE;

/* Ticks all targets. */
void baro_followers_tick(baro_followers *followers, uint64_t now_ns, uint64_t missed);
void baro_followers_flush(baro_followers *followers, uint64_t now_ns);

/* Notes what could not be sampled, and brings all tracks up to now_ns, at the end of the recording (baro_target_settle): those of processes that live, and
 * of the root if it ends just now and is not reaped yet. */
void baro_followers_settle(baro_followers *followers, uint64_t now_ns, bool root_ends_now);

/* Processes that live on, without the root: Python or not. Fills at most `limit`; returns how many there are. */
uint32_t baro_followers_living(const baro_followers *followers, pid_t *ret_pids, uint32_t limit);

/* Ids in the recording of what is sampled, for those who record the same processes in another way. AGAIN: not yet, but
 * soon, as far as can be told; NOT_FOUND: it is not sampled. */
baro_status baro_followers_process(const baro_followers *followers, pid_t pid,
                                   uint32_t *ret_process) BARO_MUST_USE;
baro_status baro_followers_thread(const baro_followers *followers, pid_t pid, pid_t tid,
                                  uint32_t *ret_thread) BARO_MUST_USE;

/* Targets being sampled now. */
uint32_t baro_followers_active(const baro_followers *followers);
/* The root process has ended (it may still be a zombie). */
bool baro_followers_root_ended(const baro_followers *followers);
void baro_followers_sum(const baro_followers *followers, baro_followers_totals *ret_totals);

#endif
