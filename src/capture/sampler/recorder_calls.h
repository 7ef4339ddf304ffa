/* The part of a recording that agents inside the target make: `record --calls`.
 * Flow: recorder -> spool directory and environment of the command -> drain -> the same recording as the samples.
 * Order of use: prepare, (spawn), spawned, begin, visit again and again, finish, release. Private to the recorder; its
 * thread only. */
#ifndef BARO_CAPTURE_SAMPLER_RECORDER_CALLS_H
#define BARO_CAPTURE_SAMPLER_RECORDER_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/os_proc.h"
#include "base/status.h"
#include "capture/drain.h"
#include "capture/sampler/follower.h"
#include "capture/sampler/recorder.h"
#include "capture/spool_folder.h"

enum { BARO_RECORDER_LIVING = 256 };

typedef struct baro_recorder_calls {
  const baro_recorder_options *options; /* borrowed */
  baro_agent_place place;
  baro_spool_folder spool;
  baro_drain *drain;                  /* owned; NULL before begin and after finish */
  uint64_t next_ns;                   /* of the next visit */
  uint64_t pause_ns;                  /* while nothing comes */
  bool is_out_of_memory;              /* a visit failed: what came since may be missing */
  pid_t living[BARO_RECORDER_LIVING]; /* with an agent, when the recording ended */
  uint32_t living_count;
  pid_t root;
  uint64_t first_look_ns;
  uint64_t look_ns;      /* when processes of other users are looked for again; UINT64_MAX: never */
  uint32_t stranger_uid; /* of one that was seen, or of us */
  char stranger[BARO_COMM_BYTES];
  baro_drain_counts counts; /* of all, after finish */
} baro_recorder_calls;

/* Finds the agent, makes the spool directory, and changes the environment for the command. To be released in any case. */
baro_status baro_recorder_calls_prepare(baro_recorder_calls *calls,
                                        const baro_recorder_options *options,
                                        baro_error *err) BARO_MUST_USE;
/* The command has its environment: ours is what it was. */
void baro_recorder_calls_spawned(baro_recorder_calls *calls);
/* followers: borrowed, NULL when nothing is sampled. */
baro_status baro_recorder_calls_begin(baro_recorder_calls *calls, baro_writer *writer,
                                      const baro_followers *followers, pid_t root,
                                      baro_error *err) BARO_MUST_USE;
/* Takes what there is if it is time to; next_ns is when it is again. */
void baro_recorder_calls_visit(baro_recorder_calls *calls, uint64_t now_ns);
/* Takes the rest, tells agents that it is over, fills in what result says of calls. root_reaped: result has how it
 * ended. */
void baro_recorder_calls_finish(baro_recorder_calls *calls, pid_t root, bool root_reaped,
                                uint64_t now_ns, baro_recorder_result *result);
/* Of a process that starts its agent itself: why it is time to end ("exit", "detached"), or NULL. What it says comes on our
 * standard input; that alone would not tell its death, for children of it may hold the other end. */
const char *baro_recorder_calls_host_end(pid_t host);
/* Of the processes that had an agent and lived at the end: those that still do. */
uint32_t baro_recorder_calls_living(const baro_recorder_calls *calls, pid_t *ret_pids,
                                    uint32_t limit);
void baro_recorder_calls_release(baro_recorder_calls *calls);

#endif
