#include "profile/call_weights.h"

#include <stdlib.h>

/* More than any agent makes, and so little that sums stay numbers. */
static const uint64_t WEIGHT_MAX = UINT64_C(1) << 32;

/* Rows of a column of weights. */
typedef struct weight_row {
  double weight;
  bool is_inner;
} weight_row;

void baro_call_weight_comes(baro_call_thread *thread, const baro_call_event *event) {
  thread->next_weight = event->weight < WEIGHT_MAX ? event->weight : WEIGHT_MAX;
  thread->next_is_inner = event->is_recursive != 0;
}

static void thinned(baro_call_actor *actor, uint64_t time_ns) {
  if (actor->thinned_ns == 0 || time_ns < actor->thinned_ns) {
    actor->thinned_ns = time_ns;
  }
}

baro_status baro_call_skip(baro_call_thread *thread, uint32_t function, uint64_t count,
                           uint64_t time_ns) {
  uint32_t index;
  baro_status status = baro_call_find_actor(thread, function, &index);
  if (status == BARO_OK) {
    baro_call_actor *actor = &thread->actors[index];
    actor->skipped = baro_sum_ns(actor->skipped, count);
    thinned(actor, time_ns);
  }
  return status;
}

static bool grow(baro_call_build *build) {
  baro_profile_calls *rows = &build->rows;
  if (rows->weighted_count < build->weighted_capacity) {
    return true;
  }
  uint32_t capacity = build->weighted_capacity == 0 ? 256 : build->weighted_capacity * 2;
  bool all =
      baro_call_grow_column(&rows->weighted_call, capacity, sizeof(*rows->weighted_call)) &&
      baro_call_grow_column(&rows->weighted_weight, capacity, sizeof(*rows->weighted_weight)) &&
      baro_call_grow_column(&build->weighted_inner, capacity, sizeof(*build->weighted_inner));
  build->weighted_capacity = all ? capacity : build->weighted_capacity;
  return all;
}

baro_status baro_call_weigh(baro_call_build *build, baro_call_thread *thread,
                            const baro_open_call *open) {
  if (!grow(build)) {
    return BARO_NO_MEMORY;
  }
  baro_profile_calls *rows = &build->rows;
  uint64_t weight = thread->next_weight;
  bool is_inner = thread->next_is_inner;
  thread->next_weight = 0;
  rows->weighted_call[rows->weighted_count] = open->call;
  rows->weighted_weight[rows->weighted_count] = weight;
  build->weighted_inner[rows->weighted_count++] = is_inner;
  baro_call_link *link = &thread->links[open->link];
  baro_call_actor *actor = &thread->actors[link->actor];
  /* enter() has counted one call of each, a primitive one where none is on the stack. */
  link->calls = baro_sum_ns(link->calls, weight - 1);
  actor->weights = baro_sum_ns(actor->weights, weight - 1);
  if (link->depth == 0) {
    link->primitive_calls =
        is_inner ? link->primitive_calls - 1 : baro_sum_ns(link->primitive_calls, weight - 1);
  }
  if (actor->depth == 0) {
    actor->primitive_calls =
        is_inner ? actor->primitive_calls - 1 : baro_sum_ns(actor->primitive_calls, weight - 1);
  }
  if (weight > 1) {
    thinned(actor, open->since_ns);
  }
  return BARO_OK;
}

/* A call of before, which may go on long after; they came in ascending order. */
static weight_row weight_of(const baro_call_build *build, uint32_t call) {
  const baro_profile_calls *rows = &build->rows;
  uint32_t low = 0;
  uint32_t high = rows->weighted_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (rows->weighted_call[middle] < call) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == rows->weighted_count || rows->weighted_call[low] != call) {
    return (weight_row){.weight = 1};
  }
  return (weight_row){.weight = (double)rows->weighted_weight[low],
                      .is_inner = build->weighted_inner[low] != 0};
}

/* Those below, which came before the first weight, stand for themselves. */
static bool make_room(baro_call_thread *thread) {
  if (thread->depth <= thread->weighed_capacity) {
    return true;
  }
  uint32_t capacity = thread->stack_capacity;
  if (!baro_call_grow_column(&thread->weighed, capacity, sizeof(*thread->weighed))) {
    return false;
  }
  for (uint32_t i = thread->weighed_capacity; i < capacity; i++) {
    thread->weighed[i] = (baro_weighed_call){.weight = 1, .time_weight = 1};
  }
  thread->weighed_capacity = capacity;
  return true;
}

/* What a row's own time counts with. A call has in its time that of the calls below it without a row, which rows of the same
 * function tell again, each by its weight: with every level of a recursion estimates were multiplied, and changed their sign.
 * So a call within another one of its function counts as that one's: by its row, or by those of others like it. Only where
 * what it was called by stands for itself alone, above a row of the function, nothing is multiplied. */
static double time_weight_of(const baro_call_thread *thread, weight_row row) {
  if (!row.is_inner || row.weight <= 1) {
    return row.weight;
  }
  uint32_t top = thread->depth - 1;
  uint32_t actor = thread->links[thread->stack[top].link].actor;
  bool has_outer = thread->actors[actor].depth > 1 && top > 0;
  bool is_direct = has_outer && thread->links[thread->stack[top - 1].link].actor == actor;
  return has_outer && !is_direct && thread->weighed[top - 1].weight <= 1 ? row.weight : 0;
}

baro_status baro_call_weigh_push(baro_call_build *build, baro_call_thread *thread) {
  if (!make_room(thread)) {
    return BARO_NO_MEMORY;
  }
  const baro_open_call *open = &thread->stack[thread->depth - 1];
  weight_row row = weight_of(build, open->call);
  thread->weighed[thread->depth - 1] =
      (baro_weighed_call){.weight = row.weight, .time_weight = time_weight_of(thread, row)};
  baro_call_link *link = &thread->links[open->link];
  baro_call_actor *actor = &thread->actors[link->actor];
  double total = row.is_inner ? 0 : row.weight;
  if (link->depth == 1) {
    link->total_factor = total - 1;
  }
  if (actor->depth == 1) {
    actor->total_factor = total - 1;
  }
  return BARO_OK;
}

/* Only functions that rest are thinned so far, and their calls cost less. */
static double counting_cost_of(const baro_call_thread *thread, double weight) {
  bool rests = weight == BARO_CALL_RESTING_WEIGHT && thread->costs.resting_ns != 0;
  return rests ? thread->costs.resting_ns : thread->costs.counted_ns;
}

void baro_call_weigh_pop(baro_call_thread *thread, uint64_t time_ns) {
  uint32_t top = thread->depth - 1;
  if (top >= thread->weighed_capacity) {
    return; /* it came before the first weight */
  }
  const baro_open_call *open = &thread->stack[top];
  baro_weighed_call *weighed = &thread->weighed[top];
  baro_call_link *link = &thread->links[open->link];
  baro_call_actor *actor = &thread->actors[link->actor];
  double own_ns = (double)open->self_ns + weighed->correction_ns;
  double extra_ns = weighed->time_weight * own_ns - (double)open->self_ns;
  double counting_ns = weighed->counting_ns;
  link->self_extra_ns += extra_ns;
  actor->self_extra_ns += extra_ns;
  actor->duration_extra_ns -= weighed->weight * counting_ns;
  if (top > 0) {
    double others = weighed->weight - 1;
    double cost_ns = others * counting_cost_of(thread, weighed->weight);
    thread->counting_ns += cost_ns;
    thread->weighed[top - 1].correction_ns -= (weighed->time_weight - 1) * own_ns + cost_ns;
    thread->weighed[top - 1].counting_ns += counting_ns + cost_ns;
  }
  if (link->depth == 1) {
    link->total_extra_ns += link->total_factor * (double)(time_ns - link->since_ns) -
                            (link->total_factor + 1) * counting_ns;
    link->total_factor = 0;
  }
  if (actor->depth == 1) {
    double active_ns = (double)(time_ns - actor->since_ns);
    double wait_ns = (double)(thread->wait_ns - actor->since_wait_ns);
    double all_counting_ns = (actor->total_factor + 1) * counting_ns;
    actor->total_extra_ns += actor->total_factor * active_ns - all_counting_ns;
    if (wait_ns < active_ns) {
      actor->cpu_extra_ns += actor->total_factor * (active_ns - wait_ns) - all_counting_ns;
    }
    actor->total_factor = 0;
  }
  *weighed = (baro_weighed_call){.weight = 1, .time_weight = 1};
}

/* --- the end --- */

uint64_t baro_call_counting_ns(const baro_call_thread *thread) {
  double whole_ns = (double)(thread->last_ns - thread->first_ns);
  return (uint64_t)(thread->counting_ns < whole_ns ? thread->counting_ns : whole_ns);
}

baro_status baro_call_order_weights(baro_call_build *build) {
  baro_profile_calls *rows = &build->rows;
  uint32_t *order;
  baro_status status =
      baro_call_sort_sparse(build, rows->weighted_call, rows->weighted_count, &order);
  if (status == BARO_OK) {
    status = baro_call_permute(&rows->weighted_weight, sizeof(*rows->weighted_weight), order,
                               rows->weighted_count);
    free(order);
  }
  return status;
}

uint64_t baro_call_corrected(uint64_t sum, double extra) {
  if (extra == 0) {
    return sum;
  }
  double result = (double)sum + extra;
  if (!(result > 0)) {
    return 0;
  }
  return result >= 0x1p63 ? INT64_MAX : (uint64_t)(result + 0.5);
}

static void sum_rows(const baro_call_build *build, baro_profile *profile) {
  const baro_profile_calls *rows = &build->rows;
  baro_profile_call_sums *sums = &profile->call_sums;
  for (uint32_t i = 0; i < rows->weighted_count; i++) {
    uint32_t call = rows->weighted_call[i];
    uint32_t function = rows->function[call];
    uint64_t more = rows->weighted_weight[i] - 1;
    sums->duration_ns[function] = baro_call_corrected(
        sums->duration_ns[function], (double)more * (double)rows->duration_ns[call]);
    if (rows->outcome[call] == BARO_OUTCOME_RAISED) {
      sums->raised[function] = baro_sum_ns(sums->raised[function], more);
    }
  }
}

/* The part of what rows stand for, of all calls: weights alone may say that more raised than there were. */
static void scale_raised(baro_profile_call_sums *sums, uint32_t function, uint64_t weights) {
  uint64_t rows = sums->calls[function] - sums->skipped[function];
  double stands_for = (double)rows + (double)weights;
  if (sums->raised[function] != 0 && stands_for > 0) {
    double part = (double)sums->raised[function] / stands_for;
    sums->raised[function] = baro_call_corrected(0, part * (double)sums->calls[function]);
  }
}

static void add_actor(baro_profile_call_sums *sums, uint32_t function, const baro_call_actor *actor,
                      baro_call_extra *extras) {
  extras->self_ns += actor->self_extra_ns;
  extras->total_ns += actor->total_extra_ns;
  extras->cpu_ns += actor->cpu_extra_ns;
  extras->duration_ns += actor->duration_extra_ns;
  extras->weights = baro_sum_ns(extras->weights, actor->weights);
  sums->skipped[function] = baro_sum_ns(sums->skipped[function], actor->skipped);
  uint64_t *first_ns = &sums->thinned_ns[function];
  if (actor->thinned_ns != 0 && (*first_ns == 0 || actor->thinned_ns < *first_ns)) {
    *first_ns = actor->thinned_ns;
  }
}

/* The number of calls is exact; what part of them is primitive is known of those with a row. */
static void finish_function(baro_profile_call_sums *sums, uint32_t function,
                            const baro_call_extra *extras) {
  uint64_t rows = sums->calls[function];
  double stands_for = (double)rows + (double)extras->weights;
  double part = stands_for > 0 ? (double)sums->primitive_calls[function] / stands_for : 1;
  sums->calls[function] = baro_sum_ns(rows, sums->skipped[function]);
  double primitive = part * (double)sums->calls[function];
  if (sums->skipped[function] != 0 || extras->weights != 0) {
    sums->primitive_calls[function] =
        part >= 1 ? sums->calls[function] : baro_call_corrected(0, primitive);
  }
  sums->self_ns[function] = baro_call_corrected(sums->self_ns[function], extras->self_ns);
  sums->total_ns[function] = baro_call_corrected(sums->total_ns[function], extras->total_ns);
  if (sums->cpu_ns[function] != BARO_UNKNOWN_AMOUNT) {
    sums->cpu_ns[function] = baro_call_corrected(sums->cpu_ns[function], extras->cpu_ns);
  }
}

static void finish_edges(baro_profile_call_edges *edges, const baro_call_extra *extras) {
  for (uint32_t e = 0; e < edges->count; e++) {
    edges->self_ns[e] = baro_call_corrected(edges->self_ns[e], extras[e].self_ns);
    edges->total_ns[e] = baro_call_corrected(edges->total_ns[e], extras[e].total_ns);
  }
}

baro_status baro_call_sum_weights(baro_profile_builder *builder, baro_call_extra *edges) {
  const baro_call_build *build = builder->calls;
  baro_profile *profile = builder->profile;
  uint32_t count = profile->functions.count;
  baro_call_extra *extras = calloc((size_t)count + 1, sizeof(*extras));
  if (extras == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t t = 0; t < build->thread_capacity; t++) {
    const baro_call_thread *thread = build->threads[t];
    for (uint32_t a = 0; thread != NULL && a < thread->actor_count; a++) {
      const baro_call_actor *actor = &thread->actors[a];
      uint32_t function = builder->function_number[actor->function];
      add_actor(&profile->call_sums, function, actor, &extras[function]);
    }
  }
  baro_status status =
      build->rows.weighted_count == 0 ? BARO_OK : baro_call_bound_extras(profile, extras, edges);
  for (uint32_t f = 0; f < count; f++) {
    finish_function(&profile->call_sums, f, &extras[f]);
  }
  finish_edges(&profile->call_edges, edges);
  sum_rows(build, profile);
  for (uint32_t f = 0; f < count; f++) {
    scale_raised(&profile->call_sums, f, extras[f].weights);
    uint64_t *duration_ns = &profile->call_sums.duration_ns[f];
    *duration_ns = baro_call_corrected(*duration_ns, extras[f].duration_ns);
  }
  free(extras);
  return status;
}
