/* What the two files of a target share; private to them.
 * target.c attaches to a process, counts and writes it down; target_threads.c keeps its threads and ticks them. */
#ifndef BARO_CAPTURE_SAMPLER_TARGET_THREADS_H
#define BARO_CAPTURE_SAMPLER_TARGET_THREADS_H

#include <time.h>

#include "base/os_program.h"
#include "capture/sampler/sampled_thread.h"
#include "capture/sampler/target.h"
#include "capture/sampler/thread_list.h"

struct baro_target {
  baro_target_options options;
  baro_program_mark program; /* another one is another process of the recording */
  baro_interpreter interpreter;
  baro_code_cache *codes;
  baro_fd_cache fds;
  baro_observer observer;
  baro_sampled_interp interps[BARO_MAX_INTERPS];
  uint32_t interp_count;
  baro_sampled_thread **threads; /* owned */
  uint32_t thread_count;
  uint32_t thread_capacity;
  baro_thread_list list; /* as read last */
  uint32_t process;      /* in the recording */
  uint64_t counters[BARO_COUNTER_COUNT];
  uint64_t unknown_reasons[BARO_WAIT_REASON_COUNT];
  uint64_t threads_seen;
  uint64_t last_tick_ns;
  uint64_t next_count_ns;
  uint64_t next_listing_ns;
  uint64_t next_cpu_ns;
  clockid_t cpu_clock;
  uint64_t base_cpu_ns; /* of its CPU clock when its threads were first asked */
  uint64_t
      settled_cpu_ns; /* of its CPU clock when all threads had last been asked, in a moment in which none ran */
  uint64_t
      chance; /* state of a linear congruential generator (Knuth): which sleeping threads are asked */
  bool is_settled; /* there was such a moment */
  bool lost;       /* the last tick found no interpreter any more */
  uint32_t task_count;
  int stat_fd; /* owned, -1 not open */
};

/* Reads which threads there are; while the list changes, a few times. */
baro_status baro_target_read_list(baro_target *target) BARO_MUST_USE;
/* Makes the threads those of the list. */
baro_status baro_target_take_list(baro_target *target, uint64_t now_ns) BARO_MUST_USE;
/* The 10 ms look at the process: stopped by a signal or not. True when its number of threads changed. */
bool baro_target_look(baro_target *target);
/* One tick of every thread; the list is read again when it is time to; those that ended are dropped. GONE: none is
 * left, or the process has executed another program. NO_PERMISSION and NO_MEMORY end the sampling. */
baro_status baro_target_tick_threads(baro_target *target, uint64_t now_ns) BARO_MUST_USE;
/* Writes the end of every thread and forgets all. */
void baro_target_drop_threads(baro_target *target, uint64_t now_ns);

#endif
