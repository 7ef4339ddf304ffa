/* All threads of a process: what the kernel lists, joined with what the interpreters know.
 * Flow: /proc/PID/task, list of interpreters, lists of thread states -> one entry per thread -> target,
 * dump. Read while the target runs: a list that changed meanwhile is taken as far as it goes and
 * marked. Runs in the sampler thread only. */
#ifndef BARO_CAPTURE_SAMPLER_THREAD_LIST_H
#define BARO_CAPTURE_SAMPLER_THREAD_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/map.h"
#include "base/os_proc.h"
#include "base/status.h"
#include "capture/cpython/interpreter.h"

enum { BARO_MAX_INTERPS = 64, BARO_MAX_THREADS = 16384 };

typedef struct baro_interp_entry {
  uint64_t addr;
  uint64_t gil_addr;   /* 0: none known, or not in use (free-threaded builds) */
  uint64_t gil_holder; /* thread state that holds it; 0: none, or its thread state says so itself */
  uint64_t threads_head;
} baro_interp_entry;

typedef struct baro_thread_entry {
  pid_t tid;            /* in our pid namespace */
  uint64_t thread_addr; /* thread state; 0: no interpreter knows this thread */
  uint64_t interp_addr;
  uint64_t gil_addr;
  uint64_t
      native_id; /* what the thread state holds as its native id; 0: it holds none (3.9, 3.10) */
  bool holds_gil;
} baro_thread_entry;

/* Zero-initialised = empty; may be read into again. */
typedef struct baro_thread_list {
  baro_thread_entry *entries; /* owned; one per kernel thread, ascending by tid */
  uint32_t count;
  uint32_t capacity;
  baro_interp_entry interps[BARO_MAX_INTERPS];
  uint32_t interp_count;
  bool unbound;  /* a thread state has no kernel thread yet: it is being started */
  bool changing; /* a list changed while it was read */
  baro_pid_list tasks;
  /* Where the target's pid namespace is another than ours: its thread ids -> ours, kept from reading to
   * reading. */
  baro_map own_tids;
  pid_t namespace_pid; /* process of which other_namespace is known, 0 none */
  bool other_namespace;
  bool own_tids_new; /* looked up in this reading */
} baro_thread_list;

/* Costs one system call for each thread state; in another pid namespace three more for each thread
 * when one is new. GONE: the process ended, or its memory holds no interpreter any more (exec). NO_PERMISSION,
 * NO_MEMORY. */
baro_status baro_thread_list_read(baro_thread_list *list,
                                  const baro_interpreter *interpreter) BARO_MUST_USE;
/* Entry of a kernel thread, or NULL. O(log n). */
baro_thread_entry *baro_thread_list_find(const baro_thread_list *list, pid_t tid);
void baro_thread_list_release(baro_thread_list *list);

#endif
