/* Sums samples up: to nodes, from nodes to functions, lines and threads. */
#include <stdlib.h>
#include <string.h>

#include "profile/build.h"

/* Columns over nodes that only the sums need. */
typedef struct node_scratch {
  uint64_t *subtotal;                 /* owned */
  double *square[BARO_MEASURE_COUNT]; /* owned */
  double *square_subtotal;            /* owned */
  uint64_t *ticks;                    /* owned */
  uint32_t *function;                 /* owned; of each node */
  uint8_t *function_outermost;        /* owned */
  uint8_t *frame_outermost;           /* owned */
} node_scratch;

static void scratch_release(node_scratch *scratch) {
  free(scratch->subtotal);
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    free(scratch->square[m]);
  }
  free(scratch->square_subtotal);
  free(scratch->ticks);
  free(scratch->function);
  free(scratch->function_outermost);
  free(scratch->frame_outermost);
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

static baro_status scratch_init(const baro_profile *profile, node_scratch *scratch) {
  const baro_profile_nodes *nodes = &profile->nodes;
  size_t count = nodes->count;
  scratch->subtotal = malloc(count * sizeof(*scratch->subtotal));
  bool squares = true;
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    scratch->square[m] = calloc(count, sizeof(*scratch->square[m]));
    squares = squares && scratch->square[m] != NULL;
  }
  scratch->square_subtotal = malloc(count * sizeof(*scratch->square_subtotal));
  scratch->ticks = calloc(count, sizeof(*scratch->ticks));
  scratch->function = malloc(count * sizeof(*scratch->function));
  scratch->function_outermost = malloc(count);
  scratch->frame_outermost = malloc(count);
  if (!squares || scratch->subtotal == NULL || scratch->square_subtotal == NULL ||
      scratch->ticks == NULL || scratch->function == NULL || scratch->function_outermost == NULL ||
      scratch->frame_outermost == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t n = 0; n < nodes->count; n++) {
    scratch->function[n] = baro_profile_node_function(profile, n);
  }
  baro_status status = baro_tree_outermost(nodes, scratch->function, profile->functions.count,
                                           scratch->function_outermost);
  return status != BARO_OK ? status
                           : baro_tree_outermost(nodes, nodes->frame, profile->frames.count,
                                                 scratch->frame_outermost);
}

/* Bit s is set when state s occurs. */
static uint32_t states_present(const baro_profile_samples *samples) {
  uint32_t present = 0;
  for (uint64_t s = 0; s < samples->count; s++) {
    present |= 1u << samples->state[s];
    if (samples->running_ratio[s] < 1) {
      present |= 1u << BARO_STATE_RUNNABLE;
    }
  }
  return present;
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

static baro_status allocate(baro_profile *profile, uint32_t present) {
  baro_arena *arena = &profile->arena;
  baro_profile_functions *functions = &profile->functions;
  baro_profile_frames *frames = &profile->frames;
  baro_profile_nodes *nodes = &profile->nodes;
  bool all = true;
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    all = all && allocate_amounts(arena, present, functions->count, &functions->self[m]) &&
          allocate_amounts(arena, present, functions->count, &functions->total[m]) &&
          allocate_amounts(arena, present, frames->count, &frames->self[m]) &&
          allocate_amounts(arena, present, frames->count, &frames->total[m]) &&
          allocate_amounts(arena, present, nodes->count, &nodes->self[m]);
    nodes->total_ns[m] = baro_arena_array(arena, nodes->count, sizeof(uint64_t));
    functions->self_square[m] = baro_arena_array(arena, functions->count, sizeof(double));
    functions->total_square[m] = baro_arena_array(arena, functions->count, sizeof(double));
    frames->self_square[m] = baro_arena_array(arena, frames->count, sizeof(double));
    frames->total_square[m] = baro_arena_array(arena, frames->count, sizeof(double));
    all = all && nodes->total_ns[m] != NULL && functions->self_square[m] != NULL &&
          functions->total_square[m] != NULL && frames->self_square[m] != NULL &&
          frames->total_square[m] != NULL;
  }
  functions->self_samples = baro_arena_array(arena, functions->count, sizeof(uint64_t));
  functions->self_ticks = baro_arena_array(arena, functions->count, sizeof(uint64_t));
  functions->total_samples = baro_arena_array(arena, functions->count, sizeof(uint64_t));
  frames->self_samples = baro_arena_array(arena, frames->count, sizeof(uint64_t));
  nodes->self_samples = baro_arena_array(arena, nodes->count, sizeof(uint64_t));
  all = all && functions->self_samples != NULL && functions->self_ticks != NULL &&
        functions->total_samples != NULL && frames->self_samples != NULL &&
        nodes->self_samples != NULL;
  return all ? BARO_OK : BARO_NO_MEMORY;
}

static void add(uint64_t *sum, uint64_t amount) {
  *sum = baro_sum_ns(*sum, amount);
}

/* Adds amounts of a sample in one measure to its node and thread. */
static void add_split(baro_amounts *self, uint32_t node, uint64_t *thread_state_ns,
                      baro_state state, uint64_t state_ns, uint64_t runnable_ns) {
  add(&self->by_state_ns[state][node], state_ns);
  add(&thread_state_ns[state], state_ns);
  if (runnable_ns != 0) {
    add(&self->by_state_ns[BARO_STATE_RUNNABLE][node], runnable_ns);
    add(&thread_state_ns[BARO_STATE_RUNNABLE], runnable_ns);
  }
}

static void sum_thread(baro_profile *profile, baro_profile_thread *thread, node_scratch *scratch) {
  const baro_profile_samples *samples = &profile->samples;
  baro_profile_nodes *nodes = &profile->nodes;
  for (uint64_t i = 0; i < thread->sample_count; i++) {
    uint64_t s = thread->first_sample + i;
    uint32_t node = samples->node[s];
    baro_sample_split split = baro_profile_sample_split(profile, thread, s);
    add_split(&nodes->self[BARO_MEASURE_THREAD], node, thread->state_ns, split.state,
              baro_round_ns(split.state_ns), baro_round_ns(split.runnable_ns));
    double run_ns = (double)samples->run_ns[s];
    double running_ns = run_ns * (double)samples->running_ratio[s];
    add_split(&nodes->self[BARO_MEASURE_RUN], node, thread->run_state_ns, split.state,
              baro_round_ns(running_ns), baro_round_ns(run_ns - running_ns));
    nodes->self_samples[node]++;
    add(&scratch->ticks[node], samples->ticks[s]);
    if (split.state != BARO_STATE_IDLE) {
      double thread_ns = split.state_ns + split.runnable_ns;
      scratch->square[BARO_MEASURE_RUN][node] += run_ns * run_ns / samples->ticks[s];
      scratch->square[BARO_MEASURE_THREAD][node] += thread_ns * thread_ns / samples->ticks[s];
    }
  }
}

/* Adds each node's amount to its group; the subtree's to the total of the group where the node is its
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
static void sum_subtrees(const baro_profile_nodes *nodes, const uint64_t *self,
                         uint64_t *ret_subtotal) {
  memcpy(ret_subtotal, self, nodes->count * sizeof(*self));
  for (uint32_t n = nodes->count; n-- > 1;) {
    add(&ret_subtotal[nodes->parent_node[n]], ret_subtotal[n]);
  }
}

static void sum_state(baro_profile *profile, node_scratch *scratch, int measure, int state) {
  baro_profile_nodes *nodes = &profile->nodes;
  const uint64_t *self = nodes->self[measure].by_state_ns[state];
  if (self == NULL) {
    return;
  }
  sum_subtrees(nodes, self, scratch->subtotal);
  baro_profile_functions *functions = &profile->functions;
  add_groups(nodes, scratch->function, scratch->function_outermost, self, scratch->subtotal,
             functions->self[measure].by_state_ns[state],
             functions->total[measure].by_state_ns[state]);
  baro_profile_frames *frames = &profile->frames;
  add_groups(nodes, nodes->frame, scratch->frame_outermost, self, scratch->subtotal,
             frames->self[measure].by_state_ns[state], frames->total[measure].by_state_ns[state]);
  for (uint32_t n = 0; n < nodes->count; n++) {
    add(&nodes->total_ns[measure][n], scratch->subtotal[n]);
  }
  profile->state_ns[measure][state] = scratch->subtotal[0];
  add(&profile->all_ns[measure], scratch->subtotal[0]);
}

static void sum_squares(baro_profile *profile, node_scratch *scratch, int measure) {
  baro_profile_nodes *nodes = &profile->nodes;
  const double *square = scratch->square[measure];
  double *subtotal = scratch->square_subtotal;
  memcpy(subtotal, square, nodes->count * sizeof(*subtotal));
  for (uint32_t n = nodes->count; n-- > 1;) {
    subtotal[nodes->parent_node[n]] += subtotal[n];
  }
  for (uint32_t n = 1; n < nodes->count; n++) {
    uint32_t function = scratch->function[n];
    uint32_t frame = nodes->frame[n];
    profile->functions.self_square[measure][function] += square[n];
    profile->frames.self_square[measure][frame] += square[n];
    if (scratch->function_outermost[n] != 0) {
      profile->functions.total_square[measure][function] += subtotal[n];
    }
    if (scratch->frame_outermost[n] != 0) {
      profile->frames.total_square[measure][frame] += subtotal[n];
    }
  }
  profile->square[measure] = subtotal[0];
}

static void sum_counts(baro_profile *profile, node_scratch *scratch) {
  baro_profile_nodes *nodes = &profile->nodes;
  baro_profile_functions *functions = &profile->functions;
  sum_subtrees(nodes, nodes->self_samples, scratch->subtotal);
  add_groups(nodes, scratch->function, scratch->function_outermost, nodes->self_samples,
             scratch->subtotal, functions->self_samples, functions->total_samples);
  add_groups(nodes, nodes->frame, scratch->frame_outermost, nodes->self_samples, scratch->subtotal,
             profile->frames.self_samples, NULL);
  add_groups(nodes, scratch->function, scratch->function_outermost, scratch->ticks,
             scratch->subtotal, functions->self_ticks, NULL);
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

baro_status baro_build_totals(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  node_scratch scratch = {0};
  baro_status status = scratch_init(profile, &scratch);
  if (status == BARO_OK) {
    status = allocate(profile, states_present(&profile->samples));
  }
  if (status != BARO_OK) {
    scratch_release(&scratch);
    return status;
  }
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    sum_thread(profile, &profile->threads[t], &scratch);
  }
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    for (int state = 0; state < BARO_STATE_COUNT; state++) {
      sum_state(profile, &scratch, m, state);
    }
    sum_squares(profile, &scratch, m);
    fill_all(&profile->functions.self[m], profile->functions.count);
    fill_all(&profile->functions.total[m], profile->functions.count);
    fill_all(&profile->frames.self[m], profile->frames.count);
    fill_all(&profile->frames.total[m], profile->frames.count);
    fill_all(&profile->nodes.self[m], profile->nodes.count);
  }
  sum_counts(profile, &scratch);
  scratch_release(&scratch);
  return BARO_OK;
}
