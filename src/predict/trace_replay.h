/* The tasks of a trace (PyTorch, TensorFlow) once more, when what they use is faster or slower: calls of host threads, kernels and
 * copies of streams, each behind what it waited for.
 * Flow: profile's dataflow + what each task uses -> here -> path_forecast.c.
 *
 *   host thread   op ..gap.. launch ..gap.. launch ..... wait=====|..gap.. op
 *                               \ lag          \                  ^ tail
 *   stream                       kernel====|    kernel=======|----+
 *
 * What a task waited for no trace says, but for launches; it is the latest of what it may have waited for:
 *   - a call of a host: the one before on its thread, or the last one of another thread that had nothing more to do then;
 *   - a wait of a host (a synchronization, a copy that its caller waits for): what a device ended last while it waited;
 *   - a kernel or a copy: the one before on its stream, its launch, or what another stream ended last.
 * The time in between stays; on a host, where it is the program's own code, it goes with that. A kernel is never earlier than its
 * launch, nor than what its stream has before it: so a queue that the host no longer fills in time runs empty.
 * Invariant: without a change the end is the recorded one. Pure, and read only once it is made. */
#ifndef BARO_PREDICT_TRACE_REPLAY_H
#define BARO_PREDICT_TRACE_REPLAY_H

#include "base/arena.h"
#include "base/status.h"
#include "profile/profile.h"

/* What a task, or a moment of the critical path, goes by. */
typedef enum baro_trace_use {
  BARO_TRACE_NONE,    /* nothing that a resource makes faster */
  BARO_TRACE_CODE,    /* the program's own code, or nothing that the trace has */
  BARO_TRACE_COMPUTE, /* operators and launches on the host */
  BARO_TRACE_WORKERS, /* waiting for processes that load data */
  BARO_TRACE_DEVICE,
  BARO_TRACE_COPY,
  BARO_TRACE_NETWORK,
  BARO_TRACE_DISK,
  BARO_TRACE_WAIT, /* a host thread that waits for a device: what that does counts */
  BARO_TRACE_USES
} baro_trace_use;

typedef struct baro_trace_replay baro_trace_replay;

/* uses: by task; begin_ns, end_ns: of the run. In keep. BARO_NO_MEMORY. O(tasks log tasks). */
baro_status baro_trace_replay_make(const baro_profile *profile, const uint8_t *uses,
                                   uint64_t begin_ns, uint64_t end_ns, baro_arena *keep,
                                   const baro_trace_replay **ret_replay) BARO_MUST_USE;
/* How long it is when of each use that share of the time is left, in ns. BARO_NO_MEMORY. O(tasks). */
baro_status baro_trace_replay_run(const baro_trace_replay *replay,
                                  const double left[BARO_TRACE_USES], double *ret_ns) BARO_MUST_USE;
uint32_t baro_trace_replay_tasks(const baro_trace_replay *replay);

#endif
