/* One Python process that is being sampled.
 * Flow: attach (interpreter found and checked) -> ticks -> samples; losing the interpreter (exec, exit)
 * ends it. The recorder keeps one target per process.
 * Invariants: the process is never written to; every thread of the process is a track, also those the
 * interpreter does not know. Runs in the sampler thread only. */
#ifndef BARO_CAPTURE_SAMPLER_TARGET_H
#define BARO_CAPTURE_SAMPLER_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "capture/cpython/interpreter.h"
#include "capture/sampler/placement.h"
#include "recording/writer.h"

typedef struct baro_target baro_target;

typedef struct baro_target_options {
  pid_t pid;
  uint32_t parent_process; /* in the recording, or BARO_NONE_ID */
  bool stop_target;
  baro_interpreter_cache *cache; /* borrowed */
  baro_writer *writer;           /* borrowed */
  baro_placement *placement;     /* borrowed */
} baro_target_options;

/* Finds the interpreter and defines the process in the recording. Statuses as baro_interpreter_find:
 * AGAIN (still starting), NOT_FOUND (not Python so far), UNSUPPORTED, NO_PERMISSION, GONE. */
baro_status baro_target_attach(const baro_target_options *options, uint64_t now_ns,
                               baro_target **ret_target, baro_error *err) BARO_MUST_USE;

/* One tick over all threads. now_ns ascends from call to call. GONE: the process ended or runs
 * another program now; destroy the target. */
baro_status baro_target_tick(baro_target *target, uint64_t now_ns) BARO_MUST_USE;

/* Counts ticks that were due but not taken. */
void baro_target_missed(baro_target *target, uint64_t ticks);

/* Brings time and CPU time of all threads that live up to now_ns, for the end of the recording: the last look
 * at a thread stands for the time since. Before the process is reaped, so that a zombie's statistics are still
 * there. */
void baro_target_settle(baro_target *target, uint64_t now_ns);

/* Reads the CPU time of the process: its threads that ended unseen are in it. */
void baro_target_read_cpu(baro_target *target);

/* Hands all pending samples and the counters to the writer. */
void baro_target_flush(baro_target *target, uint64_t now_ns);

/* Ends all tracks in the recording; wait_status as waitpid gives it, -1 unknown. NULL is fine. */
void baro_target_destroy(baro_target *target, uint64_t now_ns, int wait_status);

pid_t baro_target_pid(const baro_target *target);
uint32_t baro_target_process(const baro_target *target); /* in the recording */
/* Id of the thread in the recording; false when it is not sampled (yet, or any more). */
bool baro_target_thread(const baro_target *target, pid_t tid, uint32_t *ret_thread);
uint64_t baro_target_counter(const baro_target *target, baro_counter counter);
uint64_t baro_target_threads_seen(const baro_target *target);

#endif
