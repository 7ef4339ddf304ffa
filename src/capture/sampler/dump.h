/* The stacks of one process as they are now: what `barograph dump` prints.
 * Flow: pid -> attach -> one consistent read of each thread's stack and state -> baro_dump.
 * The target is not stopped; each stack is one that existed (read twice, retried until it agrees),
 * but stacks of different threads are some microseconds apart. */
#ifndef BARO_CAPTURE_SAMPLER_DUMP_H
#define BARO_CAPTURE_SAMPLER_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/status.h"
#include "recording/records.h"

typedef struct baro_dump_frame {
  const char *function; /* qualified name; in dump->storage, as all texts here; UTF-8 */
  const char *file;     /* co_filename as the target has it */
  uint32_t line;        /* 0 = unknown */
  uint32_t flags;       /* BARO_FUNCTION_*: why something is not known */
} baro_dump_frame;

typedef struct baro_dump_thread {
  uint32_t os_tid;
  const char *name; /* comm; "" when unknown */
  bool is_main;
  bool holds_gil;
  baro_state state;
  const char
      *detail; /* what it waits for, e.g. "read of fd 5, /var/lib/x.db"; "" = nothing known */
  const baro_dump_frame *frames; /* innermost first */
  size_t frame_count;            /* 0: no Python frame, see problem */
  const char *problem;           /* why the stack is missing or partial; "" when all is well */
} baro_dump_thread;

typedef struct baro_dump {
  uint32_t os_pid;
  const char *command;       /* command line, spaces between arguments */
  const char *python;        /* "3.12.1"; "" when unknown */
  baro_dump_thread *threads; /* main thread first, then by os_tid */
  size_t thread_count;
  baro_arena storage; /* owns everything above */
} baro_dump;

/* Reads the stacks of pid. NO_PERMISSION names the barrier and how to lift it; NOT_FOUND or GONE:
 * no such process; UNSUPPORTED: not a Python that we can read, with the reason. On success
 * *ret_dump is to be released by the caller. Takes some milliseconds (attaching reads symbols). */
baro_status baro_dump_take(pid_t pid, baro_dump *ret_dump, baro_error *err) BARO_MUST_USE;
void baro_dump_release(baro_dump *dump);

#endif
