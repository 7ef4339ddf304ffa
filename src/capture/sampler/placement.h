/* Where the sampler runs, so that stacks stand still while they are read.
 * A stack that changes every 100 ns cannot be copied consistently from another CPU: the kernel needs about
 * 0.8 us from one range of a read to the next (measured 2026-11 on a virtual machine), and trying until a copy
 * happens to agree favours stacks that live long and lets some impossible ones through. But while the
 * sampler runs on the CPU of the thread it reads, that thread does not run: every copy is consistent at the
 * first try. So: normally the sampler runs where the scheduler puts it (another CPU, if one is idle: the
 * target loses nothing); when a thread's stack was rejected twice in one tick, the sampler moves to that
 * thread's CPU and stays for BARO_PLACEMENT_STAY_NS. The target then shares its CPU with the sampler, some
 * 15 us a sample. While it stays it runs in the lowest real-time class where that is permitted, because a
 * normal thread may wait some milliseconds for its turn on a busy CPU. A sampler that needs more than
 * BARO_PLACEMENT_MOST_SHARE of a CPU (very high rates) keeps away: it would crowd out the target.
 * Any CPU that the kernel lets us have is used (a cpuset is obeyed; an affinity set with taskset is left for the
 * stay and restored after it).
 * One per recorder; its thread only. */
#ifndef BARO_CAPTURE_SAMPLER_PLACEMENT_H
#define BARO_CAPTURE_SAMPLER_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/os_process.h"

#define BARO_PLACEMENT_STAY_NS UINT64_C(2000000000)
#define BARO_PLACEMENT_MOST_SHARE 0.7
/* Without the real-time class the scheduler gives us half of a shared CPU at most. */
#define BARO_PLACEMENT_MOST_SHARE_NORMAL 0.45

typedef struct baro_placement {
  baro_cpu_mask allowed; /* as it was at the start */
  bool joined;           /* on one CPU now */
  int32_t cpu;           /* which */
  uint64_t joined_ns;
  uint64_t moves;
  uint64_t unable; /* times the kernel did not let us onto the thread's CPU */
  bool realtime;
  bool realtime_refused;
  bool busy;           /* we needed more than BARO_PLACEMENT_MOST_SHARE lately */
  uint64_t checked_ns; /* wall and CPU time at the last look at our own share */
  uint64_t checked_cpu_ns;
} baro_placement;

void baro_placement_init(baro_placement *placement);
/* Moves to the CPU on which the thread ran last. True when the sampler is there now: the next reads
 * happen while the thread waits. */
bool baro_placement_join(baro_placement *placement, pid_t pid, pid_t tid, uint64_t now_ns);
/* Once a tick: ends the stay when it is over; looks at our share of a CPU every 100 ms. */
void baro_placement_tick(baro_placement *placement, uint64_t now_ns);

#endif
