/* What the scheduler statistics say beyond the samples: how much of the time on the run queue a thread
 * ran, and how long it was on the queue at all. The rules are in profile.h. */
#include <stdlib.h>

#include "profile/build.h"

/* A window of neighbours spans at least this much accounted time: at HZ=100 the kernel accounts a running thread
 * every 10 ms, so that a window of 100 ms is right within a tenth, and the sum of windows far better. */
static const double WINDOW_NS = 100e6;

/* Sets running_ratio of samples [first, end) on the run queue. */
static void set_ratio(baro_profile_samples *samples, uint64_t first, uint64_t end, double cpu_ns,
                      double runnable_ns) {
  double queue_ns = cpu_ns + runnable_ns;
  float ratio = queue_ns > 0 ? (float)(cpu_ns / queue_ns) : 1.0f;
  for (uint64_t s = first; s < end; s++) {
    samples->running_ratio[s] = baro_state_on_queue(samples->state[s]) ? ratio : 1.0f;
  }
}

/* Windows of WINDOW_NS; the rest at the end joins the last whole one. */
static void split_running(const baro_profile_builder *builder, const baro_profile_thread *thread) {
  baro_profile_samples *samples = &builder->profile->samples;
  uint64_t end = thread->first_sample + thread->sample_count;
  uint64_t first = thread->first_sample;
  uint64_t last_first = first;
  double cpu_ns = 0;
  double runnable_ns = 0;
  double last_cpu_ns = 0;
  double last_runnable_ns = 0;
  for (uint64_t s = first; s < end; s++) {
    cpu_ns += (double)builder->cpu_ns[s];
    runnable_ns += (double)builder->runnable_ns[s];
    if (cpu_ns + runnable_ns >= WINDOW_NS) {
      set_ratio(samples, first, s + 1, cpu_ns, runnable_ns);
      last_first = first;
      first = s + 1;
      last_cpu_ns = cpu_ns;
      last_runnable_ns = runnable_ns;
      cpu_ns = 0;
      runnable_ns = 0;
    }
  }
  set_ratio(samples, last_first, end, last_cpu_ns + cpu_ns, last_runnable_ns + runnable_ns);
}

/* What a thread's samples add up to, in the groups that calibration tells apart. */
typedef struct groups {
  double on_ns;      /* on the run queue */
  double off_ns;     /* off it, seen for one tick */
  double unmoved_ns; /* off it, known exactly */
  double unknown_ns;
  uint64_t on_looks;
  uint64_t off_looks;
} groups;

static groups sum_groups(const baro_profile_samples *samples, const baro_profile_thread *thread) {
  groups sums = {0};
  for (uint64_t i = 0; i < thread->sample_count; i++) {
    uint64_t s = thread->first_sample + i;
    double weight_ns = (double)samples->weight_ns[s];
    baro_state state = (baro_state)samples->state[s];
    if (state == BARO_STATE_UNKNOWN) {
      sums.unknown_ns += weight_ns;
    } else if (baro_state_on_queue(state)) {
      sums.on_ns += weight_ns;
      sums.on_looks += samples->ticks[s];
    } else if (samples->ticks[s] > 1) {
      sums.unmoved_ns += weight_ns;
    } else {
      sums.off_ns += weight_ns;
      sums.off_looks++;
    }
  }
  return sums;
}

static bool within_limit(double factor) {
  return factor >= 1 / BARO_CALIBRATE_LIMIT && factor <= BARO_CALIBRATE_LIMIT;
}

static void calibrate(const baro_profile_samples *samples, baro_profile_thread *thread) {
  groups sums = sum_groups(samples, thread);
  double wall_ns = sums.on_ns + sums.off_ns + sums.unmoved_ns + sums.unknown_ns;
  double queue_ns = (double)thread->cpu_ns + (double)thread->runnable_ns;
  /* An unknown sample may have been on the queue: with many of them the totals cannot be compared. */
  if (!thread->has_cpu || sums.on_looks < BARO_CALIBRATE_SAMPLES ||
      sums.off_looks < BARO_CALIBRATE_SAMPLES || sums.unknown_ns > wall_ns / 100) {
    return;
  }
  double on_factor = queue_ns / sums.on_ns;
  double off_factor = (wall_ns - queue_ns - sums.unmoved_ns - sums.unknown_ns) / sums.off_ns;
  if (within_limit(on_factor) && within_limit(off_factor)) {
    thread->on_factor = on_factor;
    thread->off_factor = off_factor;
  }
}

/* Process by process, since some may have been asked for their clock and others not. */
static void sum_cpu(baro_profile *profile, bool has_statistics) {
  for (uint32_t p = 0; p < profile->process_count; p++) {
    baro_profile_process *process = &profile->processes[p];
    uint64_t threads_ns = 0;
    for (uint32_t t = 0; t < process->thread_count; t++) {
      threads_ns = baro_sum_ns(threads_ns, profile->threads[process->first_thread + t].cpu_ns);
    }
    uint64_t clock_ns = process->counters[BARO_COUNTER_TARGET_CPU_NS];
    process->cpu_ns = clock_ns > threads_ns ? clock_ns : threads_ns;
    process->has_cpu = has_statistics || process->has_counters;
    profile->cpu_ns = baro_sum_ns(profile->cpu_ns, process->cpu_ns);
    profile->has_cpu |= process->has_cpu;
    if (has_statistics) {
      profile->unseen_cpu_ns = baro_sum_ns(profile->unseen_cpu_ns, process->cpu_ns - threads_ns);
    }
  }
}

baro_status baro_build_run_queue(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  bool has_statistics = false;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    has_statistics |= thread->cpu_ns != 0 || thread->runnable_ns != 0;
  }
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    baro_profile_thread *thread = &profile->threads[t];
    thread->has_cpu = has_statistics;
    split_running(builder, thread);
    calibrate(&profile->samples, thread);
    profile->wall_ns = baro_sum_ns(profile->wall_ns, thread->wall_ns);
  }
  sum_cpu(profile, has_statistics);
  /* Not needed any more; what follows allocates. */
  free(builder->cpu_ns);
  free(builder->runnable_ns);
  builder->cpu_ns = builder->runnable_ns = NULL;
  return BARO_OK;
}
