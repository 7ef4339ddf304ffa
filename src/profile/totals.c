/* Sums samples up: to nodes, from nodes to functions, lines and threads. The two measures do not touch each other's
 * sums: of many samples another thread makes one of them. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/os_cpu.h"
#include "profile/build.h"

/* Columns over nodes that only the sums need; both measures read them. */
typedef struct node_groups {
  uint32_t *function;          /* owned; of each node */
  uint8_t *function_outermost; /* owned */
  uint8_t *frame_outermost;    /* owned */
} node_groups;

/* The sums of one measure while they are made. */
typedef struct measure_work {
  baro_profile *profile;
  const node_groups *groups;
  baro_measure measure;
  uint64_t *subtotal; /* owned */
  double *square;     /* owned; of nodes, then of their subtrees */
} measure_work;

static void groups_release(node_groups *groups) {
  free(groups->function);
  free(groups->function_outermost);
  free(groups->frame_outermost);
}

baro_status baro_tree_outermost(const baro_profile_nodes *nodes, const uint32_t *group,
                                uint32_t group_count, uint8_t *ret_outermost) {
  /* Innermost open node of each group: that of a parent's group is open exactly while its subtree lasts. */
  uint32_t *open_until = calloc((size_t)group_count + 1, sizeof(*open_until));
  if (open_until == NULL) {
    return BARO_NO_MEMORY;
  }
  ret_outermost[0] = 0;
  for (uint32_t n = 1; n < nodes->count; n++) {
    uint32_t *until = &open_until[group[n]];
    ret_outermost[n] = n >= *until;
    if (ret_outermost[n] != 0) {
      *until = nodes->subtree_end[n];
    }
  }
  free(open_until);
  return BARO_OK;
}

static baro_status groups_init(const baro_profile *profile, node_groups *groups) {
  const baro_profile_nodes *nodes = &profile->nodes;
  size_t count = nodes->count;
  groups->function = malloc(count * sizeof(*groups->function));
  groups->function_outermost = malloc(count);
  groups->frame_outermost = malloc(count);
  if (groups->function == NULL || groups->function_outermost == NULL ||
      groups->frame_outermost == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t n = 0; n < nodes->count; n++) {
    groups->function[n] = baro_profile_node_function(profile, n);
  }
  baro_status status = baro_tree_outermost(nodes, groups->function, profile->functions.count,
                                           groups->function_outermost);
  return status != BARO_OK ? status
                           : baro_tree_outermost(nodes, nodes->frame, profile->frames.count,
                                                 groups->frame_outermost);
}

/* Samples are in order of time and nodes are not: what is known of a node to come is asked for that many samples before. */
enum { AHEAD = 24 };

/* Gives each node a row for each state that its samples have; both measures have the same. */
static baro_status make_rows(baro_profile *profile) {
  const baro_profile_samples *samples = &profile->samples;
  baro_profile_nodes *nodes = &profile->nodes;
  baro_arena *arena = &profile->arena;
  nodes->states = baro_arena_array(arena, nodes->count, sizeof(*nodes->states));
  nodes->first_row = baro_arena_array(arena, nodes->count, sizeof(*nodes->first_row));
  if (nodes->states == NULL || nodes->first_row == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint64_t s = 0; s < samples->count; s++) {
    if (samples->count - s > AHEAD) {
      BARO_OS_FETCH(&nodes->states[samples->node[s + AHEAD]]);
    }
    unsigned waits = samples->running_ratio[s] < 1 ? 1u << BARO_STATE_RUNNABLE : 0;
    uint16_t *states = &nodes->states[samples->node[s]];
    *states = (uint16_t)(*states | 1u << samples->state[s] | waits);
  }
  uint64_t rows = 0;
  for (uint32_t n = 0; n < nodes->count; n++) {
    nodes->first_row[n] = (uint32_t)rows;
    nodes->states_present |= nodes->states[n];
    rows += (uint64_t)__builtin_popcount(nodes->states[n]);
  }
  /* At most as many as nodes and states, which is below 2^32. */
  nodes->row_count = (uint32_t)rows;
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    nodes->row_ns[m] = baro_arena_array(arena, rows, sizeof(uint64_t));
    if (nodes->row_ns[m] == NULL) {
      return BARO_NO_MEMORY;
    }
  }
  return BARO_OK;
}

static bool allocate_amounts(baro_arena *arena, uint32_t present, uint32_t count,
                             baro_amounts *amounts) {
  amounts->all_ns = baro_arena_array(arena, count, sizeof(uint64_t));
  bool all = amounts->all_ns != NULL;
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    if ((present >> state & 1) != 0) {
      amounts->by_state_ns[state] = baro_arena_array(arena, count, sizeof(uint64_t));
      all = all && amounts->by_state_ns[state] != NULL;
    }
  }
  return all;
}

static baro_status allocate(baro_profile *profile) {
  baro_arena *arena = &profile->arena;
  baro_profile_functions *functions = &profile->functions;
  baro_profile_frames *frames = &profile->frames;
  baro_profile_nodes *nodes = &profile->nodes;
  uint32_t present = nodes->states_present;
  bool all = true;
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    all = all && allocate_amounts(arena, present, functions->count, &functions->self[m]) &&
          allocate_amounts(arena, present, functions->count, &functions->total[m]) &&
          allocate_amounts(arena, present, frames->count, &frames->self[m]) &&
          allocate_amounts(arena, present, frames->count, &frames->total[m]);
    functions->self_square[m] = baro_arena_array(arena, functions->count, sizeof(double));
    functions->total_square[m] = baro_arena_array(arena, functions->count, sizeof(double));
    frames->self_square[m] = baro_arena_array(arena, frames->count, sizeof(double));
    frames->total_square[m] = baro_arena_array(arena, frames->count, sizeof(double));
    all = all && functions->self_square[m] != NULL && functions->total_square[m] != NULL &&
          frames->self_square[m] != NULL && frames->total_square[m] != NULL;
  }
  functions->self_samples = baro_arena_array(arena, functions->count, sizeof(uint64_t));
  functions->self_ticks = baro_arena_array(arena, functions->count, sizeof(uint64_t));
  functions->total_samples = baro_arena_array(arena, functions->count, sizeof(uint64_t));
  frames->self_samples = baro_arena_array(arena, frames->count, sizeof(uint64_t));
  nodes->self_samples = baro_arena_array(arena, nodes->count, sizeof(uint64_t));
  nodes->total_ns = baro_arena_array(arena, nodes->count, sizeof(uint64_t));
  all = all && functions->self_samples != NULL && functions->self_ticks != NULL &&
        functions->total_samples != NULL && frames->self_samples != NULL &&
        nodes->self_samples != NULL && nodes->total_ns != NULL;
  return all ? BARO_OK : BARO_NO_MEMORY;
}

static void add(uint64_t *sum, uint64_t amount) {
  *sum = baro_sum_ns(*sum, amount);
}

/* Time of a sample in one measure: in its own state, and waiting for a CPU. */
typedef struct sample_time {
  double state_ns;
  double runnable_ns;
} sample_time;

static inline sample_time time_of(const baro_profile *profile, const baro_profile_thread *thread,
                                  baro_measure measure, uint64_t s) {
  const baro_profile_samples *samples = &profile->samples;
  double scaled_ns = (double)samples->run_ns[s];
  if (measure == BARO_MEASURE_THREAD) {
    scaled_ns = (double)samples->weight_ns[s] * baro_sample_factor(samples, thread, s);
  }
  double state_ns = scaled_ns * (double)samples->running_ratio[s];
  return (sample_time){.state_ns = state_ns, .runnable_ns = scaled_ns - state_ns};
}

/* Adds a sample's time to its node and thread. */
static inline void add_time(const baro_profile_nodes *nodes, baro_measure measure, uint32_t node,
                            uint64_t *thread_state_ns, baro_state state, sample_time time) {
  uint64_t state_ns = baro_round_ns(time.state_ns);
  uint64_t runnable_ns = baro_round_ns(time.runnable_ns);
  add(&nodes->row_ns[measure][baro_node_row(nodes, state, node)], state_ns);
  add(&thread_state_ns[state], state_ns);
  if (runnable_ns != 0) {
    add(&nodes->row_ns[measure][baro_node_row(nodes, BARO_STATE_RUNNABLE, node)], runnable_ns);
    add(&thread_state_ns[BARO_STATE_RUNNABLE], runnable_ns);
  }
}

static void sum_thread(measure_work *work, baro_profile_thread *thread) {
  const baro_profile_samples *samples = &work->profile->samples;
  const baro_profile_nodes *nodes = &work->profile->nodes;
  baro_measure measure = work->measure;
  uint64_t *row_ns = nodes->row_ns[measure];
  uint64_t *state_ns = measure == BARO_MEASURE_THREAD ? thread->state_ns : thread->run_state_ns;
  uint64_t end = thread->first_sample + thread->sample_count;
  for (uint64_t s = thread->first_sample; s < end; s++) {
    if (end - s > 2 * AHEAD) {
      BARO_OS_FETCH(&nodes->states[samples->node[s + 2 * AHEAD]]);
      BARO_OS_FETCH(&nodes->first_row[samples->node[s + 2 * AHEAD]]);
      BARO_OS_FETCH(&work->square[samples->node[s + AHEAD]]);
      BARO_OS_FETCH(&row_ns[nodes->first_row[samples->node[s + AHEAD]]]);
    }
    uint32_t node = samples->node[s];
    baro_state state = (baro_state)samples->state[s];
    sample_time time = time_of(work->profile, thread, measure, s);
    add_time(nodes, measure, node, state_ns, state, time);
    if (state != BARO_STATE_IDLE) {
      double all_ns = measure == BARO_MEASURE_RUN ? (double)samples->run_ns[s]
                                                  : time.state_ns + time.runnable_ns;
      work->square[node] += all_ns * all_ns / samples->ticks[s];
    }
  }
}

/* Adds each node's amount in `self` to its group; the subtree's to the total of the group where the node is its
 * outermost. ret_total may be NULL. */
static void add_groups(const baro_profile_nodes *nodes, const uint32_t *group,
                       const uint8_t *outermost, const uint64_t *self, const uint64_t *subtotal,
                       uint64_t *ret_self, uint64_t *ret_total) {
  for (uint32_t n = 1; n < nodes->count; n++) {
    add(&ret_self[group[n]], self[n]);
    if (ret_total != NULL && outermost[n] != 0) {
      add(&ret_total[group[n]], subtotal[n]);
    }
  }
}

/* Children stand behind their parents, so one pass from the end sums whole subtrees. */
static void sum_subtrees(const baro_profile_nodes *nodes, uint64_t *subtotal) {
  for (uint32_t n = nodes->count; n-- > 1;) {
    add(&subtotal[nodes->parent_node[n]], subtotal[n]);
  }
}

static void sum_state(measure_work *work, baro_state state) {
  baro_profile *profile = work->profile;
  const baro_profile_nodes *nodes = &profile->nodes;
  const node_groups *groups = work->groups;
  int measure = (int)work->measure;
  uint64_t *subtotal = work->subtotal;
  baro_profile_functions *functions = &profile->functions;
  baro_profile_frames *frames = &profile->frames;
  uint64_t *function_self = functions->self[measure].by_state_ns[state];
  uint64_t *frame_self = frames->self[measure].by_state_ns[state];
  subtotal[0] = 0;
  for (uint32_t n = 1; n < nodes->count; n++) {
    subtotal[n] = baro_node_ns(nodes, work->measure, state, n);
    if (subtotal[n] != 0) {
      add(&function_self[groups->function[n]], subtotal[n]);
      add(&frame_self[nodes->frame[n]], subtotal[n]);
    }
  }
  sum_subtrees(nodes, subtotal);
  uint64_t *function_total = functions->total[measure].by_state_ns[state];
  uint64_t *frame_total = frames->total[measure].by_state_ns[state];
  for (uint32_t n = 0; n < nodes->count; n++) {
    if (subtotal[n] == 0) {
      continue;
    }
    if (measure == BARO_MEASURE_THREAD) {
      add(&profile->nodes.total_ns[n], subtotal[n]);
    }
    if (groups->function_outermost[n] != 0) {
      add(&function_total[groups->function[n]], subtotal[n]);
    }
    if (groups->frame_outermost[n] != 0) {
      add(&frame_total[nodes->frame[n]], subtotal[n]);
    }
  }
  profile->state_ns[measure][state] = subtotal[0];
  add(&profile->all_ns[measure], subtotal[0]);
}

static void sum_squares(measure_work *work) {
  baro_profile *profile = work->profile;
  const baro_profile_nodes *nodes = &profile->nodes;
  const node_groups *groups = work->groups;
  int measure = (int)work->measure;
  double *square = work->square;
  for (uint32_t n = 1; n < nodes->count; n++) {
    profile->functions.self_square[measure][groups->function[n]] += square[n];
    profile->frames.self_square[measure][nodes->frame[n]] += square[n];
  }
  for (uint32_t n = nodes->count; n-- > 1;) {
    square[nodes->parent_node[n]] += square[n];
  }
  for (uint32_t n = 1; n < nodes->count; n++) {
    if (groups->function_outermost[n] != 0) {
      profile->functions.total_square[measure][groups->function[n]] += square[n];
    }
    if (groups->frame_outermost[n] != 0) {
      profile->frames.total_square[measure][nodes->frame[n]] += square[n];
    }
  }
  profile->square[measure] = square[0];
}

static void fill_all(baro_amounts *amounts, uint32_t count) {
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    if (amounts->by_state_ns[state] != NULL) {
      for (uint32_t i = 0; i < count; i++) {
        add(&amounts->all_ns[i], amounts->by_state_ns[state][i]);
      }
    }
  }
}

static void *sum_measure(void *context) {
  measure_work *work = context;
  baro_profile *profile = work->profile;
  int m = (int)work->measure;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    sum_thread(work, &profile->threads[t]);
  }
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    if ((profile->nodes.states_present >> state & 1) != 0) {
      sum_state(work, (baro_state)state);
    }
  }
  sum_squares(work);
  fill_all(&profile->functions.self[m], profile->functions.count);
  fill_all(&profile->functions.total[m], profile->functions.count);
  fill_all(&profile->frames.self[m], profile->frames.count);
  fill_all(&profile->frames.total[m], profile->frames.count);
  return NULL;
}

/* subtotal: room for a number for each node. */
static void sum_counts(baro_profile *profile, const node_groups *groups, uint64_t *subtotal) {
  const baro_profile_samples *samples = &profile->samples;
  baro_profile_nodes *nodes = &profile->nodes;
  baro_profile_functions *functions = &profile->functions;
  for (uint64_t s = 0; s < samples->count; s++) {
    if (samples->count - s > AHEAD) {
      BARO_OS_FETCH(&nodes->self_samples[samples->node[s + AHEAD]]);
      BARO_OS_FETCH(&groups->function[samples->node[s + AHEAD]]);
    }
    nodes->self_samples[samples->node[s]]++;
    add(&functions->self_ticks[groups->function[samples->node[s]]], samples->ticks[s]);
  }
  memcpy(subtotal, nodes->self_samples, nodes->count * sizeof(*subtotal));
  sum_subtrees(nodes, subtotal);
  add_groups(nodes, groups->function, groups->function_outermost, nodes->self_samples, subtotal,
             functions->self_samples, functions->total_samples);
  add_groups(nodes, nodes->frame, groups->frame_outermost, nodes->self_samples, subtotal,
             profile->frames.self_samples, NULL);
}

/* Where no thread can be had, one after the other. */
static void sum_all(baro_profile *profile, measure_work *works) {
  enum { WORTH_A_THREAD = 100000 };
  pthread_t beside;
  bool has_thread = profile->samples.count > WORTH_A_THREAD &&
                    pthread_create(&beside, NULL, sum_measure, &works[1]) == 0;
  (void)sum_measure(&works[0]);
  if (has_thread) {
    (void)pthread_join(beside, NULL);
  } else {
    (void)sum_measure(&works[1]);
  }
}

baro_status baro_build_totals(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  node_groups groups = {0};
  measure_work works[BARO_MEASURE_COUNT];
  baro_status status = groups_init(profile, &groups);
  if (status == BARO_OK) {
    status = make_rows(profile);
  }
  if (status == BARO_OK) {
    status = allocate(profile);
  }
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    size_t count = profile->nodes.count;
    works[m] = (measure_work){.profile = profile,
                              .groups = &groups,
                              .measure = (baro_measure)m,
                              .subtotal = malloc(count * sizeof(uint64_t)),
                              .square = calloc(count, sizeof(double))};
    if (works[m].subtotal == NULL || works[m].square == NULL) {
      status = BARO_NO_MEMORY;
    }
  }
  if (status == BARO_OK) {
    sum_all(profile, works);
    sum_counts(profile, &groups, works[0].subtotal);
  }
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    free(works[m].subtotal);
    free(works[m].square);
  }
  groups_release(&groups);
  return status;
}
