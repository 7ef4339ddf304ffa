/* One thread of a target: what it does at each tick, as samples.
 * Flow: tick -> did the scheduler move it? -> state -> stack -> sample -> recording.
 * A thread that did not move since the last tick and was blocked is where it was: it costs one read of
 * its scheduler statistics and lengthens its pending sample. A running one gives a sample a tick.
 * Invariants: the weights of a thread's samples add up to the time from its first to its last tick (or to
 * the end of the recording, which it outlived: baro_sampled_thread_settle); a
 * tick whose stack could not be read consistently gives a sample without a stack, is counted, and keeps
 * its weight. Runs in the sampler thread only. */
#ifndef BARO_CAPTURE_SAMPLER_SAMPLED_THREAD_H
#define BARO_CAPTURE_SAMPLER_SAMPLED_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "capture/cpython/interpreter.h"
#include "capture/sampler/code_cache.h"
#include "capture/sampler/placement.h"
#include "capture/sampler/stack_reader.h"
#include "capture/sampler/thread_state.h"
#include "recording/writer.h"

/* One interpreter (main or sub) of the process. */
typedef struct baro_sampled_interp {
  uint64_t addr;
  uint64_t gil_addr;
  uint64_t threads_head; /* as of the last listing of threads */
} baro_sampled_interp;

/* What all threads of a process share. */
typedef struct baro_observer {
  const baro_interpreter *interpreter; /* borrowed */
  baro_code_cache *codes;              /* borrowed */
  baro_writer *writer;                 /* borrowed */
  baro_fd_cache *fds;                  /* borrowed */
  baro_placement *placement;           /* borrowed */
  uint64_t *counters;                  /* borrowed, BARO_COUNTER_COUNT */
  uint64_t *unknown_reasons;           /* borrowed, BARO_WAIT_REASON_COUNT: ticks by reason */
  uint32_t no_python_stack;            /* stack id of threads that run no Python code */
  bool stop_target;
  bool stopped;         /* the process is stopped by a signal (SIGSTOP) */
  bool no_schedstat;    /* this kernel keeps no scheduler statistics: every tick counts as moved */
  bool threads_changed; /* set when a thread appeared or went: the list is to be read again */
} baro_observer;

typedef struct baro_sampled_thread {
  pid_t tid;
  uint32_t id;          /* in the recording */
  uint64_t thread_addr; /* thread state; 0: the interpreter does not know this thread */
  const baro_sampled_interp *interp; /* borrowed; NULL like thread_addr 0 */
  baro_stack_reader *reader;         /* owned; NULL like thread_addr 0 */
  baro_thread_probe probe;
  baro_stack_memo memo;
  baro_raw_stack raw;
  baro_schedstat last; /* of the last sample */
  uint64_t exec_ns;    /* CPU time as read last, whether a sample came of it or not */
  uint64_t moved_ns;   /* when it was last found to have run */
  bool exec_known;     /* false after a reading that failed */
  uint32_t skipped;    /* ticks since it was last asked */
  uint64_t skipped_ns; /* the newest of them */
  bool is_resting;     /* for the tick in progress: the caller's mark */
  bool has_last;
  bool look_again; /* state and stack are to be read anew, moved or not */
  baro_wait wait;
  uint32_t stack_id;
  uint64_t last_ns;
  baro_sample_record pending;
  bool has_pending;
  bool seized;
  uint64_t let_go_ns;   /* when it was last let go on after a stop of ours; 0: a signal holds it */
  uint64_t name_due_ns; /* when its Python name is to be read: UINT64_MAX never (again) */
  bool name_read;       /* once; the second time it may have been renamed */
  uint32_t name_string; /* as recorded */
  bool was_gone;        /* the last read found no thread state at its address */
} baro_sampled_thread;

/* Starts observing; defines the thread in the recording. first_ns: from when its time counts. With
 * stop_target a thread that may not be traced is refused (NO_PERMISSION; GONE when it ended). */
baro_status baro_sampled_thread_create(const baro_observer *observer, uint32_t process, pid_t pid,
                                       pid_t tid, uint64_t first_ns,
                                       baro_sampled_thread **ret_thread) BARO_MUST_USE;
/* Writes the pending sample and the end, releases all. NULL is fine. */
void baro_sampled_thread_destroy(baro_sampled_thread *thread, baro_writer *writer, uint64_t now_ns);

/* Connects it with a thread state (or none: thread_addr 0). */
baro_status baro_sampled_thread_bind(baro_sampled_thread *thread, const baro_observer *observer,
                                     const baro_sampled_interp *interp, uint64_t thread_addr,
                                     uint64_t native_id) BARO_MUST_USE;

/* One tick. GONE: the thread ended. NO_PERMISSION, NO_MEMORY end the sampling of the process. */
baro_status baro_sampled_thread_tick(baro_sampled_thread *thread, baro_observer *observer,
                                     uint64_t now_ns) BARO_MUST_USE;

/* Has it not run for a while, so that a tick would most likely only lengthen its sample? */
bool baro_sampled_thread_likely_rests(const baro_sampled_thread *thread,
                                      const baro_observer *observer, uint64_t now_ns);
/* A tick of a thread that likely rests, when the process has run more than its awake threads account for. One that
 * has run is looked at, and only this tick is of what it does now: that it was asked now is no chance, and until the
 * tick before it had not run. One that has not is treated as if it had not been asked, for the same reason. */
baro_status baro_sampled_thread_check(baro_sampled_thread *thread, baro_observer *observer,
                                      uint64_t now_ns) BARO_MUST_USE;
/* A tick in which it is not asked: the next answer stands for this one, too. */
void baro_sampled_thread_skip(baro_sampled_thread *thread, uint64_t now_ns);

/* Brings its time and its scheduler statistics up to now_ns without a look at its stack, when the recording
 * ends: the last look stands for the time since. At 1,000 Hz that is a millisecond, at 1 Hz it is a second. Where it
 * cannot stand for it, as the thread was running then and its statistics say that it hardly ran since, the state of that
 * time is unknown. Does nothing when the thread has ended before. */
void baro_sampled_thread_settle(baro_sampled_thread *thread, const baro_observer *observer,
                                uint64_t now_ns);

/* Hands the pending sample to the writer: before a chunk is written. */
void baro_sampled_thread_flush(baro_sampled_thread *thread, baro_writer *writer);

#endif
