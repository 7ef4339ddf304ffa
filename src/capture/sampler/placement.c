#include "capture/sampler/placement.h"

#include "base/clock.h"
#include "base/os_proc.h"

static const uint64_t SHARE_NS = 100000000;

void baro_placement_init(baro_placement *placement) {
  *placement = (baro_placement){.cpu = -1};
  baro_process_allowed_cpus(&placement->allowed);
}

static void set_realtime(baro_placement *placement, bool wanted) {
  if (wanted == placement->realtime || placement->realtime_refused)
    return;
  if (baro_process_set_realtime(wanted))
    placement->realtime = wanted;
  else
    placement->realtime_refused = true;
}

bool baro_placement_join(baro_placement *placement, pid_t pid, pid_t tid, uint64_t now_ns) {
  baro_task_stat stat;
  if (placement->busy || baro_proc_stat(pid, tid, &stat, NULL) != BARO_OK)
    return false;
  if (placement->joined && placement->cpu == stat.processor)
    return true;
  if (!baro_process_move_to_cpu(stat.processor)) {
    placement->unable++;
    return false;
  }
  if (!placement->joined) {
    placement->joined = true;
    placement->joined_ns = now_ns;
    set_realtime(placement, true);
  }
  placement->moves++;
  placement->cpu = stat.processor;
  return true;
}

static void check_share(baro_placement *placement, uint64_t now_ns) {
  if (now_ns - placement->checked_ns < SHARE_NS)
    return;
  uint64_t cpu_ns = baro_clock_thread_cpu_ns();
  double share =
      (double)(cpu_ns - placement->checked_cpu_ns) / (double)(now_ns - placement->checked_ns);
  placement->checked_ns = now_ns;
  placement->checked_cpu_ns = cpu_ns;
  placement->busy =
      share >= (placement->realtime ? BARO_PLACEMENT_MOST_SHARE : BARO_PLACEMENT_MOST_SHARE_NORMAL);
}

void baro_placement_tick(baro_placement *placement, uint64_t now_ns) {
  check_share(placement, now_ns);
  if (!placement->joined ||
      (!placement->busy && now_ns - placement->joined_ns < BARO_PLACEMENT_STAY_NS))
    return;
  placement->joined = false;
  placement->cpu = -1;
  set_realtime(placement, false);
  baro_process_allow_cpus(&placement->allowed);
}
