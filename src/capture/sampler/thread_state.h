/* Did a thread move, and if so, why does it wait: the state of one thread.
 * Flow: /proc/PID/task/TID/{schedstat,syscall} -> probe -> sampler -> sample.state.
 *
 *   schedstat unmoved since the last tick ──► same state as before, no further system call:
 *                                             blocked: the same stack too; running: read the stack
 *   moved ──► syscall ── "running" ─────────► cpu (or collector, when the context says so)
 *                     ── number, arguments ─► syscall_table.h, with the descriptor's kind (os_fd.h)
 *                     ── "-1 sp pc" ────────► outside a system call: page fault (disk) or stopped
 *
 * Invariants: an answer was true at some moment during the call; what cannot be found out is
 * BARO_STATE_UNKNOWN with a reason, never a guess. Nothing here stops the target.
 * One probe per thread, used by the sampler thread only. Does not read stacks or the interpreter: the
 * caller's context says where the GIL is and who collects. */
#ifndef BARO_CAPTURE_SAMPLER_THREAD_STATE_H
#define BARO_CAPTURE_SAMPLER_THREAD_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/os_fd.h"
#include "base/os_proc.h"
#include "base/status.h"
#include "recording/records.h"

/* Why a state is unknown: name, words for the note in the report. */
#define BARO_WAIT_REASON_LIST(X)                                                                   \
  X(NONE, "")                                                                                      \
  X(NO_PERMISSION, "the kernel does not let us read the system calls of the target")               \
  X(NO_DESCRIPTORS, "barograph ran out of file descriptors")                                       \
  X(NO_SYSCALL_FILE, "this kernel has no /proc/PID/syscall")                                       \
  X(STOPPED, "the thread was stopped by a signal or a debugger")                                   \
  X(EXITING, "the thread was exiting")                                                             \
  X(DESCRIPTOR, "it waited on a descriptor of a kind that names no resource")                      \
  X(DESCRIPTOR_UNREADABLE, "the descriptor it waited on could not be looked up")                   \
  X(ARGUMENTS_UNREADABLE, "the set of descriptors it waited on could not be read")                 \
  X(RESTARTED, "it waited in a restarted system call whose first part was not seen")               \
  X(SYSCALL, "it waited in a system call that names no resource")                                  \
  X(NO_LOOK, "it came to wait, and the recording ended before the next look at it")

typedef enum baro_wait_reason {
#define X(name, words) BARO_WAIT_REASON_##name,
  BARO_WAIT_REASON_LIST(X)
#undef X
      BARO_WAIT_REASON_COUNT
} baro_wait_reason;

const char *baro_wait_reason_words(baro_wait_reason reason); /* static */

/* What the caller knows about the process and, for `collecting` and `attachment_addr`, this thread. */
typedef struct baro_wait_context {
  baro_fd_cache *fds; /* borrowed; of the target process */
  /* The GIL of the thread's interpreter: the whole struct with its mutex and conditions, first byte
   * (`interval` in 3.9-3.13, that is 8 bytes before last_holder) and size. A futex in it is a wait for the GIL. 0 where none
   * is in use and when unknown: such waits are then "lock". */
  uint64_t gil_addr;
  uint64_t gil_bytes;
  bool
      collecting; /* this thread runs the collector: gc.collecting, and it holds the GIL or all others */
  /* Free-threaded: where its thread state says whether it is attached, 0 where none does. A thread that is held up
   * while another stops all waits for that word, which is "gil" here: the interpreter's own lock. */
  uint64_t attachment_addr;
  bool stopped; /* stat of the process said T or t: system calls then show what was interrupted */
} baro_wait_context;

typedef struct baro_wait {
  baro_state state;
  baro_wait_reason reason; /* NONE unless state is UNKNOWN */
  int32_t syscall_number;  /* -1: running, outside a system call, or not known */
  int32_t fd;              /* descriptor waited on, -1 none or several */
} baro_wait;

/* The last wait in a system call. A stop or a signal makes the kernel go on with some waits under the number
 * of restart_syscall; the same place in code and stack tells which one it is. */
typedef struct baro_wait_memory {
  baro_wait wait;
  uint64_t code_addr;
  uint64_t stack_addr;
} baro_wait_memory;

typedef struct baro_thread_probe {
  pid_t pid;
  pid_t tid;
  int schedstat_fd; /* owned, -1 not open */
  int syscall_fd;   /* owned, -1 not open */
  baro_wait_memory memory;
} baro_thread_probe;

/* Classifies what the kernel said. Reads descriptors and, for poll and select, their sets from the
 * target's memory. A thread OUTSIDE of system calls needs letter, the state of
 * /proc/PID/task/TID/stat; else it is not used. Remembers waits in memory. */
baro_wait baro_wait_classify(const baro_syscall_info *info, const baro_wait_context *context,
                             char letter, baro_wait_memory *memory);

/* Opens nothing yet. */
void baro_thread_probe_init(baro_thread_probe *probe, pid_t pid, pid_t tid);
void baro_thread_probe_release(baro_thread_probe *probe); /* closes; NULL and twice are fine */

/* GONE when the thread ended. 1.1 us with a kept descriptor; keeps none when few are left, then it
 * opens and closes each time. */
baro_status baro_thread_probe_schedstat(baro_thread_probe *probe,
                                        baro_schedstat *ret_schedstat) BARO_MUST_USE;
/* Asks the kernel what the thread is in and classifies it. GONE when the thread ended; everything
 * else that fails is OK with state UNKNOWN and its reason. 1.6 us when running, 4 us when blocked,
 * 4 us more for a descriptor. The kernel may rarely delay it by up to one scheduler tick (a thread
 * preempted on its way into the wait). */
baro_status baro_thread_probe_state(baro_thread_probe *probe, const baro_wait_context *context,
                                    baro_wait *ret_wait) BARO_MUST_USE;

#endif
