/* What tasks did with their time: the samples of their slots between start and end, or what their operators say. */
#include <stdlib.h>

#include "profile/build.h"

/* One slot's samples, passed once in order of time. */
typedef struct sweep {
  const baro_profile *profile;
  const baro_profile_thread *thread;
  uint64_t
      next; /* sample that begins after at_ns or contains it; counted from the thread's first */
  uint64_t at_ns;      /* all before is passed */
  uint64_t *passed_to; /* by state; NULL: nobody's time is passed */
} sweep;

static void give(const sweep *s, uint64_t sample, uint64_t from_ns, uint64_t to_ns) {
  const baro_profile_samples *samples = &s->profile->samples;
  baro_sample_split split = baro_profile_sample_split(s->profile, s->thread, sample);
  double part = (double)(to_ns - from_ns) / (double)samples->weight_ns[sample];
  /* Factors of calibration may make more of a sample than its time: a task is never longer than it was. */
  double whole = split.state_ns + split.runnable_ns;
  double limit = (double)samples->weight_ns[sample];
  part *= whole > limit ? limit / whole : 1;
  uint64_t *row = s->passed_to;
  row[split.state] += baro_round_ns(split.state_ns * part);
  row[BARO_STATE_RUNNABLE] += baro_round_ns(split.runnable_ns * part);
}

/* Passes on to to_ns. Intervals of samples do not overlap but in forged recordings; there each moment is of the first. */
static void pass(sweep *s, uint64_t to_ns) {
  const baro_profile_samples *samples = &s->profile->samples;
  while (s->at_ns < to_ns && s->next < s->thread->sample_count) {
    uint64_t sample = s->thread->first_sample + s->next;
    uint64_t end_ns = samples->time_ns[sample];
    uint64_t from_ns = baro_start_ns(end_ns, samples->weight_ns[sample]);
    from_ns = from_ns > s->at_ns ? from_ns : s->at_ns;
    uint64_t until_ns = end_ns < to_ns ? end_ns : to_ns;
    if (from_ns < until_ns && s->passed_to != NULL) {
      give(s, sample, from_ns, until_ns);
    }
    if (end_ns > to_ns) {
      break;
    }
    s->at_ns = end_ns > s->at_ns ? end_ns : s->at_ns;
    s->next++;
  }
  s->at_ns = to_ns > s->at_ns ? to_ns : s->at_ns;
}

/* A task in the order of its slot. */
typedef struct slot_task {
  uint32_t thread;
  uint32_t task;
  uint64_t start_ns;
} slot_task;

static int compare_places(const void *left, const void *right) {
  const slot_task *a = left;
  const slot_task *b = right;
  if (a->thread != b->thread) {
    return a->thread < b->thread ? -1 : 1;
  }
  if (a->start_ns != b->start_ns) {
    return a->start_ns < b->start_ns ? -1 : 1;
  }
  return a->task < b->task ? -1 : a->task > b->task;
}

/* What the framework says of tasks of an operator, where it tells spans only: a state each, or nothing. */
static baro_state told_state(const baro_dataflow *dataflow, uint32_t operator_id) {
  baro_view told;
  if (baro_dataflow_fact_text(dataflow, operator_id, "state", &told)) {
    for (int state = 0; state < BARO_STATE_COUNT; state++) {
      if (baro_view_equal(told, baro_view_of(baro_state_key((baro_state)state)))) {
        return (baro_state)state;
      }
    }
  }
  return BARO_STATE_UNKNOWN;
}

/* Of slots without samples. */
static void take_told_states(const baro_profile *profile, baro_dataflow *dataflow) {
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    const baro_dataflow_operator *of = &dataflow->operators[o];
    baro_state state = told_state(dataflow, o);
    for (uint32_t i = 0; i < of->task_count && state != BARO_STATE_UNKNOWN; i++) {
      uint32_t t = of->first_task + i;
      if (profile->threads[dataflow->tasks[t].thread].sample_count == 0) {
        dataflow->state_ns[(size_t)t * BARO_STATE_COUNT + (size_t)state] =
            baro_dataflow_task_ns(&dataflow->tasks[t]);
      }
    }
  }
}

baro_status baro_build_task_states(const baro_profile *profile, baro_dataflow *dataflow) {
  uint32_t count = dataflow->task_count;
  slot_task *places = malloc(((size_t)count + 1) * sizeof(*places));
  dataflow->state_ns = calloc((size_t)count + 1, BARO_STATE_COUNT * sizeof(uint64_t));
  if (places == NULL || dataflow->state_ns == NULL) {
    free(places);
    return BARO_NO_MEMORY;
  }
  for (uint32_t t = 0; t < count; t++) {
    const baro_dataflow_task *task = &dataflow->tasks[t];
    places[t] = (slot_task){.thread = task->thread, .task = t, .start_ns = task->start_ns};
  }
  if (count > 1) {
    qsort(places, count, sizeof(*places), compare_places);
  }
  sweep s = {.profile = profile};
  for (uint32_t i = 0; i < count; i++) {
    const baro_dataflow_task *task = &dataflow->tasks[places[i].task];
    if (i == 0 || places[i].thread != places[i - 1].thread) {
      s = (sweep){.profile = profile, .thread = &profile->threads[task->thread]};
    }
    s.passed_to = NULL;
    pass(&s, task->start_ns);
    s.passed_to = &dataflow->state_ns[(size_t)places[i].task * BARO_STATE_COUNT];
    pass(&s, task->end_ns);
  }
  free(places);
  take_told_states(profile, dataflow);
  return BARO_OK;
}
