/* Gives each moment of the run to the threads that were furthest from waiting (BARO_MEASURE_RUN).
 * A sweep over the ends of intervals of all threads, which a heap brings into order of time. For each
 * rank r, given_ns[r] is the time that one thread of this rank would have been given so far; a sample's part
 * is what that grew by during its interval. O(samples * log threads). */
#include <stdlib.h>

#include "profile/build.h"

enum { RANK_COUNT = 8, RANK_SLEEP = 3 };

/* The ranks of profile.h. */
static const uint8_t state_rank[BARO_STATE_COUNT] = {
    [BARO_STATE_CPU] = 0,  [BARO_STATE_RUNNABLE] = 0,       [BARO_STATE_COLLECTOR] = 0,
    [BARO_STATE_GIL] = 1,  [BARO_STATE_DISK] = 2,           [BARO_STATE_NETWORK] = 2,
    [BARO_STATE_PIPE] = 4, [BARO_STATE_SLEEP] = RANK_SLEEP, [BARO_STATE_CHILD] = 4,
    [BARO_STATE_LOCK] = 5, [BARO_STATE_UNKNOWN] = 6,        [BARO_STATE_IDLE] = 7,
    [BARO_STATE_GPU] = 2,  [BARO_STATE_COPY] = 2,
};

/* One thread's place in the sweep. */
typedef struct cursor {
  uint64_t next_ns; /* when its sample begins or, if inside, ends */
  uint64_t sample;
  uint64_t end;
  double entered_ns; /* given_ns of the rank when the sample began */
  bool inside;
} cursor;

typedef struct run_sweep {
  cursor *heap; /* owned; smallest next_ns first */
  uint32_t heap_count;
  bool one_process;
  uint64_t now_ns;
  double given_ns[RANK_COUNT];
  uint32_t threads_inside[RANK_COUNT];
} run_sweep;

static void sift_down(run_sweep *sweep, uint32_t place) {
  cursor moved = sweep->heap[place];
  for (;;) {
    uint32_t child = 2 * place + 1;
    if (child >= sweep->heap_count) {
      break;
    }
    if (child + 1 < sweep->heap_count &&
        sweep->heap[child + 1].next_ns < sweep->heap[child].next_ns) {
      child++;
    }
    if (sweep->heap[child].next_ns >= moved.next_ns) {
      break;
    }
    sweep->heap[place] = sweep->heap[child];
    place = child;
  }
  sweep->heap[place] = moved;
}

/* Lets the time up to time_ns pass. */
static void advance(run_sweep *sweep, uint64_t time_ns) {
  if (time_ns <= sweep->now_ns) {
    return;
  }
  for (int rank = 0; rank < RANK_COUNT; rank++) {
    if (sweep->threads_inside[rank] != 0) {
      sweep->given_ns[rank] += (double)(time_ns - sweep->now_ns) / sweep->threads_inside[rank];
      break;
    }
  }
  sweep->now_ns = time_ns;
}

/* The other end of a pipe is most often a process of the same recording, if there is another. */
static uint8_t rank_of(const run_sweep *sweep, uint8_t state) {
  bool is_other_process = state == BARO_STATE_PIPE || state == BARO_STATE_CHILD;
  return is_other_process && sweep->one_process ? RANK_SLEEP : state_rank[state];
}

/* Handles the event of the first cursor, which is due now; false when its thread has no more samples. */
static bool step(run_sweep *sweep, baro_profile_samples *samples) {
  cursor *first = &sweep->heap[0];
  if (first->inside) {
    uint8_t rank = rank_of(sweep, samples->state[first->sample]);
    samples->run_ns[first->sample] = (float)(sweep->given_ns[rank] - first->entered_ns);
    sweep->threads_inside[rank]--;
    first->inside = false;
    first->sample++;
    if (first->sample == first->end) {
      return false;
    }
    uint64_t s = first->sample;
    first->next_ns = baro_start_ns(samples->time_ns[s], samples->weight_ns[s]);
  }
  if (first->next_ns <= sweep->now_ns) {
    /* Begins now, or began before its thread's last sample ended: no moment is given twice. */
    uint8_t rank = rank_of(sweep, samples->state[first->sample]);
    first->entered_ns = sweep->given_ns[rank];
    first->inside = true;
    sweep->threads_inside[rank]++;
    uint64_t end_ns = samples->time_ns[first->sample];
    first->next_ns = end_ns > sweep->now_ns ? end_ns : sweep->now_ns;
  }
  return true;
}

static void sweep_all(run_sweep *sweep, baro_profile_samples *samples) {
  for (uint32_t i = sweep->heap_count / 2; i-- > 0;) {
    sift_down(sweep, i);
  }
  while (sweep->heap_count != 0) {
    advance(sweep, sweep->heap[0].next_ns);
    if (!step(sweep, samples)) {
      sweep->heap[0] = sweep->heap[--sweep->heap_count];
    }
    if (sweep->heap_count != 0) {
      sift_down(sweep, 0);
    }
  }
}

static void find_bounds(baro_profile *profile) {
  const baro_profile_samples *samples = &profile->samples;
  for (uint64_t s = 0; s < samples->count; s++) {
    uint64_t start_ns = baro_start_ns(samples->time_ns[s], samples->weight_ns[s]);
    if (s == 0 || start_ns < profile->start_ns) {
      profile->start_ns = start_ns;
    }
    if (samples->time_ns[s] > profile->end_ns) {
      profile->end_ns = samples->time_ns[s];
    }
  }
}

static void scale(baro_profile *profile) {
  baro_profile_samples *samples = &profile->samples;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    if (thread->on_factor == 1 && thread->off_factor == 1) {
      continue;
    }
    for (uint64_t i = 0; i < thread->sample_count; i++) {
      uint64_t s = thread->first_sample + i;
      samples->run_ns[s] =
          (float)((double)samples->run_ns[s] * baro_sample_factor(samples, thread, s));
    }
  }
}

baro_status baro_build_run_time(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  baro_profile_samples *samples = &profile->samples;
  run_sweep sweep = {.heap = malloc((profile->thread_count + (size_t)1) * sizeof(cursor)),
                     .one_process = profile->process_count == 1};
  if (sweep.heap == NULL) {
    return BARO_NO_MEMORY;
  }
  find_bounds(profile);
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    uint64_t s = thread->first_sample;
    if (thread->sample_count != 0) {
      sweep.heap[sweep.heap_count++] = (cursor){
          .next_ns = baro_start_ns(samples->time_ns[s], samples->weight_ns[s]),
          .sample = s,
          .end = s + thread->sample_count,
      };
    }
  }
  if (sweep.heap_count == 1) {
    /* Nothing overlaps. */
    for (uint64_t s = 0; s < samples->count; s++) {
      samples->run_ns[s] = (float)samples->weight_ns[s];
    }
  } else {
    sweep_all(&sweep, samples);
  }
  free(sweep.heap);
  scale(profile);
  return BARO_OK;
}
