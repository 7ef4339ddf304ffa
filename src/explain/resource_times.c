/* The resources of a run: states that frameworks have clocks for, kinds of spans where they have none, and gaps of the path. */
#include <stdlib.h>
#include <string.h>

#include "explain/operator_times.h"

/* The best evidence that any operator with time in the state has. */
static baro_evidence evidence_of(const baro_explanation *all, baro_state state) {
  baro_evidence best = BARO_EVIDENCE_UNKNOWN;
  for (uint32_t r = 0; r < all->operator_count && best != BARO_EVIDENCE_MEASURED; r++) {
    if (all->operators[r].state_ns[state] != 0) {
      baro_evidence one = baro_state_evidence(all->profile, &all->operators[r], state);
      best = one < best ? one : best;
    }
  }
  return best;
}

static int compare_resources(const void *left, const void *right) {
  const baro_resource_time *a = left;
  const baro_resource_time *b = right;
  if (a->path_ns != b->path_ns) {
    return a->path_ns > b->path_ns ? -1 : 1;
  }
  return a->task_ns > b->task_ns ? -1 : a->task_ns < b->task_ns;
}

/* What the clocks of a framework measure, and what is left. */
static const char *const plain_words[BARO_STATE_COUNT] = {[BARO_STATE_UNKNOWN] =
                                                              "tasks, not measured"};
static const char *const spark_words[BARO_STATE_COUNT] = {
    [BARO_STATE_UNKNOWN] = "tasks, not measured",
    [BARO_STATE_IDLE] = "tasks on their way",
    [BARO_STATE_NETWORK] = "waiting for shuffled data",
    [BARO_STATE_DISK] = "writing shuffled data",
    [BARO_STATE_PIPE] = "waiting for Python workers"};
static const char *const flink_words[BARO_STATE_COUNT] = {
    [BARO_STATE_UNKNOWN] = "tasks at work, or being deployed",
    [BARO_STATE_IDLE] = "tasks waiting for input",
    [BARO_STATE_PIPE] = "tasks held back by the next one"};
static const char *const trace_words[BARO_STATE_COUNT] = {
    [BARO_STATE_CPU] = "operators and launches on the host",
    [BARO_STATE_GPU] = "kernels, and waiting for them",
    [BARO_STATE_COPY] = "copies, and waiting for them",
    [BARO_STATE_NETWORK] = "collectives, and waiting for others",
    [BARO_STATE_CHILD] = "waiting for workers of the data loader",
    [BARO_STATE_IDLE] = "streams waiting for each other",
    [BARO_STATE_UNKNOWN] = "tasks, not measured"};

/* The first row stands for frameworks that are not there. */
static const struct {
  const char *framework;
  const char *const *words;
} clock_words[] = {{"", plain_words},
                   {"spark.", spark_words},
                   {"torch.", trace_words},
                   {"tf.", trace_words},
                   {"flink.", flink_words}};

/* What the prior gives of the tasks' time without a clock; keys of their own, so that no sum takes a guess for a measurement. */
static const struct {
  const char *key;
  const char *words;
} guesses[BARO_STATE_COUNT] = {
    [BARO_STATE_CPU] = {"prior_cpu", "tasks computing, by a guess"},
    [BARO_STATE_DISK] = {"prior_disk", "tasks reading or writing files, by a guess"},
    [BARO_STATE_NETWORK] = {"prior_network", "tasks at the network, by a guess"},
};

static const char *state_words(const baro_profile *profile, baro_state state) {
  size_t row = sizeof(clock_words) / sizeof(clock_words[0]) - 1;
  while (row > 0 && !baro_operators_are_of(profile, clock_words[row].framework)) {
    row--;
  }
  const char *words = clock_words[row].words[state];
  return words != NULL ? words : baro_state_words(state);
}

/* Where a framework tells spans and no clocks, what they are is what is known: by the operators' kind. */
static const struct {
  const char *kind;
  const char *words;
} span_kinds[] = {
    {"op", "operators on the host"},
    {"annotation", "the program's own code"},
    {"dataloader", "loading data"},
    {"runtime", "calls of the device's runtime"},
    {"overhead", "the profiler's overhead"},
    {"kernel", "kernels on a device"},
    {"collective", "collectives between devices"},
    {"copy", "copies to and from a device"},
    {"memset", "memory set on a device"},
    {"sync", "waiting for a device"},
};

enum { SPAN_KINDS = sizeof(span_kinds) / sizeof(span_kinds[0]) };
_Static_assert((int)SPAN_KINDS <= (int)BARO_SPAN_KINDS_MAX, "all have room");

bool baro_is_span_kind(const baro_profile *profile, uint32_t operator_id, const char *kind) {
  static const char *const frameworks[] = {"torch.", "tf."};
  uint32_t string = profile->dataflow.operators[operator_id].kind_string;
  baro_view text = baro_profile_string(profile, string);
  for (size_t i = 0; i < sizeof(frameworks) / sizeof(frameworks[0]); i++) {
    size_t length = strlen(frameworks[i]);
    if (text.length > length && memcmp(text.data, frameworks[i], length) == 0) {
      baro_view rest = {.data = text.data + length, .length = text.length - length};
      return baro_view_equal(rest, baro_view_of(kind));
    }
  }
  return false;
}

/* Of an operator of whose tasks nothing is told; SPAN_KINDS where its kind says nothing. */
static size_t span_kind_of(const baro_explanation *all, const baro_operator_time *row) {
  size_t k = row->state_ns[BARO_STATE_UNKNOWN] == row->task_ns ? 0 : SPAN_KINDS;
  while (k < SPAN_KINDS && !baro_is_span_kind(all->profile, row->operator_id, span_kinds[k].kind)) {
    k++;
  }
  return k;
}

static void add_operator_time(baro_resource_time *resource, uint32_t row, uint64_t task_ns,
                              uint64_t path_ns) {
  baro_add_ns(&resource->task_ns, task_ns);
  resource->path_ns += path_ns;
  if (path_ns > resource->most_ns) {
    resource->most_row = row;
    resource->most_ns = path_ns;
  }
}

/* The prior's part of an operator's time without a clock is told apart from it, each of which is so much less. */
static void add_guesses(const baro_operator_time *row, uint32_t r, baro_resource_time *of_guesses,
                        uint64_t *left_ns, uint64_t *left_path_ns) {
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    if (row->prior_ns[s] != 0) {
      add_operator_time(&of_guesses[s], r, row->prior_ns[s], row->path_prior_ns[s]);
      *left_ns -= row->prior_ns[s];
      *left_path_ns -= row->path_prior_ns[s];
    }
  }
}

static void add_operator_times(const baro_explanation *all, baro_resource_time *of_states,
                               baro_resource_time *of_guesses, baro_resource_time *of_kinds) {
  for (uint32_t r = 0; r < all->operator_count; r++) {
    const baro_operator_time *row = &all->operators[r];
    size_t kind = span_kind_of(all, row);
    if (kind < SPAN_KINDS) {
      add_operator_time(&of_kinds[kind], r, row->task_ns, row->path_ns);
      continue;
    }
    for (int s = 0; s < BARO_STATE_COUNT; s++) {
      uint64_t task_ns = row->state_ns[s];
      uint64_t path_ns = row->path_state_ns[s];
      if (s == BARO_STATE_UNKNOWN) {
        add_guesses(row, r, of_guesses, &task_ns, &path_ns);
      }
      add_operator_time(&of_states[s], r, task_ns, path_ns);
    }
  }
}

static void keep_resource(baro_explanation *all, const baro_resource_time *row) {
  if (row->task_ns != 0 || row->path_ns != 0) {
    all->resources[all->resource_count++] = *row;
  }
}

void baro_resource_times(baro_explanation *all) {
  baro_resource_time of_states[BARO_STATE_COUNT];
  baro_resource_time of_guesses[BARO_STATE_COUNT];
  baro_resource_time of_kinds[SPAN_KINDS];
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    of_states[s] = (baro_resource_time){.key = baro_state_key((baro_state)s),
                                        .words = state_words(all->profile, (baro_state)s),
                                        .evidence = evidence_of(all, (baro_state)s),
                                        .most_row = BARO_NONE_ID};
    of_guesses[s] = (baro_resource_time){.key = guesses[s].key,
                                         .words = guesses[s].words,
                                         .evidence = BARO_EVIDENCE_PRIOR,
                                         .most_row = BARO_NONE_ID};
  }
  for (size_t k = 0; k < SPAN_KINDS; k++) {
    of_kinds[k] = (baro_resource_time){.key = span_kinds[k].kind,
                                       .words = span_kinds[k].words,
                                       .evidence = BARO_EVIDENCE_MEASURED,
                                       .most_row = BARO_NONE_ID};
  }
  add_operator_times(all, of_states, of_guesses, of_kinds);
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    keep_resource(all, &of_states[s]);
    keep_resource(all, &of_guesses[s]);
  }
  for (size_t k = 0; k < SPAN_KINDS; k++) {
    keep_resource(all, &of_kinds[k]);
  }
  for (int k = 0; k < BARO_STEP_COUNT; k++) {
    if (k != BARO_STEP_TASK) {
      keep_resource(all, &(baro_resource_time){.key = baro_step_key((baro_step_kind)k),
                                               .words = baro_step_words((baro_step_kind)k),
                                               .evidence = BARO_EVIDENCE_MEASURED,
                                               .path_ns = all->path.kind_ns[k],
                                               .most_row = BARO_NONE_ID});
    }
  }
  qsort(all->resources, all->resource_count, sizeof(*all->resources), compare_resources);
}

/* --- by operator and task --- */

/* A state and a kind of spans may have one key ("copy"), but not the same words. */
static uint32_t resource_of(const baro_explanation *all, const char *key, const char *words) {
  uint32_t r = 0;
  while (r < all->resource_count &&
         (strcmp(all->resources[r].key, key) != 0 || strcmp(all->resources[r].words, words) != 0)) {
    r++;
  }
  return r < all->resource_count ? r : BARO_NONE_ID;
}

static uint32_t guess_of(const baro_explanation *all, baro_state state) {
  return resource_of(all, guesses[state].key, guesses[state].words);
}

static uint32_t state_of(const baro_explanation *all, baro_state state) {
  return resource_of(all, baro_state_key(state), state_words(all->profile, state));
}

/* What is guessed of an operator's time without a clock, and what is left of it. */
static uint32_t unclocked_parts(const baro_explanation *all, const baro_operator_time *row,
                                baro_time_part *ret_parts) {
  uint64_t left_ns = row->state_ns[BARO_STATE_UNKNOWN];
  uint64_t left_path_ns = row->path_state_ns[BARO_STATE_UNKNOWN];
  uint32_t count = 0;
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    if (row->prior_ns[s] != 0) {
      ret_parts[count++] = (baro_time_part){.resource = guess_of(all, (baro_state)s),
                                            .evidence = BARO_EVIDENCE_PRIOR,
                                            .task_ns = row->prior_ns[s],
                                            .path_ns = row->path_prior_ns[s]};
      left_ns -= row->prior_ns[s];
      left_path_ns -= row->path_prior_ns[s];
    }
  }
  if (left_ns != 0 || left_path_ns != 0) {
    ret_parts[count++] = (baro_time_part){.resource = state_of(all, BARO_STATE_UNKNOWN),
                                          .evidence = BARO_EVIDENCE_UNKNOWN,
                                          .task_ns = left_ns,
                                          .path_ns = left_path_ns};
  }
  return count;
}

uint32_t baro_operator_parts(const baro_explanation *all, const baro_operator_time *row,
                             baro_time_part ret_parts[BARO_TIME_PARTS_MAX]) {
  size_t kind = span_kind_of(all, row);
  if (kind < SPAN_KINDS) {
    ret_parts[0] = (baro_time_part){
        .resource = resource_of(all, span_kinds[kind].kind, span_kinds[kind].words),
        .evidence = BARO_EVIDENCE_MEASURED,
        .task_ns = row->task_ns,
        .path_ns = row->path_ns};
    return row->task_ns == 0 ? 0 : 1;
  }
  uint32_t count = 0;
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    if (s == BARO_STATE_UNKNOWN) {
      count += unclocked_parts(all, row, ret_parts + count);
    } else if (row->state_ns[s] != 0) {
      ret_parts[count++] =
          (baro_time_part){.resource = state_of(all, (baro_state)s),
                           .evidence = baro_state_evidence(all->profile, row, (baro_state)s),
                           .task_ns = row->state_ns[s],
                           .path_ns = row->path_state_ns[s]};
    }
  }
  return count;
}

/* Of a task without any clock: what most of its operator's such time is told as. */
static uint32_t unclocked_resource(const baro_explanation *all, const baro_operator_time *row) {
  baro_time_part parts[BARO_TIME_PARTS_MAX];
  uint32_t count = unclocked_parts(all, row, parts);
  uint32_t most = 0;
  for (uint32_t i = 1; i < count; i++) {
    most = parts[i].task_ns > parts[most].task_ns ? i : most;
  }
  return count == 0 ? BARO_NONE_ID : parts[most].resource;
}

uint32_t baro_task_resource(const baro_explanation *all, uint32_t task) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  const baro_dataflow_task *one = &dataflow->tasks[task];
  const baro_operator_time *row = &all->operators[all->operator_row[one->operator_id]];
  size_t kind = span_kind_of(all, row);
  if (kind < SPAN_KINDS) {
    return resource_of(all, span_kinds[kind].kind, span_kinds[kind].words);
  }
  uint64_t state_ns[BARO_STATE_COUNT];
  baro_path_states(dataflow, task, baro_dataflow_task_ns(one), state_ns);
  int most = BARO_STATE_UNKNOWN;
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    /* Of equal parts the one that is known. */
    bool is_more = most == BARO_STATE_UNKNOWN ? state_ns[s] != 0 && state_ns[s] >= state_ns[most]
                                              : state_ns[s] > state_ns[most];
    most = s != BARO_STATE_UNKNOWN && is_more ? s : most;
  }
  if (state_ns[most] == 0) {
    return BARO_NONE_ID;
  }
  return most == BARO_STATE_UNKNOWN ? unclocked_resource(all, row)
                                    : state_of(all, (baro_state)most);
}
