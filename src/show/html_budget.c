#include "show/html_budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Measured on a page of ten million samples (2026-11): 1.2 bytes a node, 1.9 an entry. Small pages take more of each, but need
 * no budget; where this is wrong, html_page.c tries again. */
static const double NODE_BYTES = 1.22;
static const double ENTRY_BYTES = 1.9;

/* A small node has more than one entry: of several threads, and running and waiting. */
static const double ENTRIES_OF_SMALL = 2;

enum { STEPS_AN_OCTAVE = 16, STEPS = 64 * STEPS_AN_OCTAVE + 1 };

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

uint64_t baro_html_estimate(uint32_t nodes, uint32_t entries) {
  return (uint64_t)(nodes * NODE_BYTES + entries * ENTRY_BYTES);
}

static uint64_t add(uint64_t sum, uint64_t amount) {
  uint64_t result;
  return __builtin_add_overflow(sum, amount, &result) ? UINT64_MAX : result;
}

/* Time of each node with what it calls; children stand behind their parents. NULL without memory. */
static uint64_t *sum_totals(const baro_html_tree *tree, const baro_html_entries *entries) {
  uint64_t *total_ns = calloc(tree->count, sizeof(*total_ns));
  for (uint32_t i = 0; total_ns != NULL && i < entries->count; i++) {
    uint64_t *total = &total_ns[entries->rows[i].node];
    *total = add(*total, entries->rows[i].time_ns);
  }
  for (uint32_t n = tree->count; total_ns != NULL && n-- > 1;) {
    total_ns[tree->parent[n]] = add(total_ns[tree->parent[n]], total_ns[n]);
  }
  return total_ns;
}

static unsigned step_of(uint64_t ns) {
  return ns == 0 ? 0 : 1 + (unsigned)(log2((double)ns) * STEPS_AN_OCTAVE * (1 - 1e-12));
}

/* What a step begins with. */
static uint64_t least_of(unsigned step) {
  return step == 0 ? 0 : (uint64_t)ceil(exp2((double)(step - 1) / STEPS_AN_OCTAVE));
}

/* What stays at each step, were it the least, costs: cost[step] and all above it, and what stands for the others. */
typedef struct step_costs {
  double own[STEPS + 2];   /* of nodes of the step, and their entries */
  double small[STEPS + 2]; /* by how much the cost of small nodes changes from the step before */
} step_costs;

/* A node has a small one below it when it stays and the least of its children does not. */
static bool count_costs(const baro_html_tree *tree, const baro_html_entries *entries,
                        const uint64_t *total_ns, step_costs *costs) {
  uint64_t *least_child_ns = malloc(tree->count * sizeof(*least_child_ns));
  if (least_child_ns == NULL) {
    return false;
  }
  memset(least_child_ns, 0xff, tree->count * sizeof(*least_child_ns));
  for (uint32_t n = 1; n < tree->count; n++) {
    uint64_t *least = &least_child_ns[tree->parent[n]];
    *least = total_ns[n] < *least ? total_ns[n] : *least;
    costs->own[step_of(total_ns[n])] += NODE_BYTES;
  }
  for (uint32_t i = 0; i < entries->count; i++) {
    costs->own[step_of(total_ns[entries->rows[i].node])] += ENTRY_BYTES;
  }
  for (uint32_t n = 0; n < tree->count; n++) {
    unsigned last = n == 0 ? STEPS : step_of(total_ns[n]);
    unsigned first = least_child_ns[n] == UINT64_MAX ? last : step_of(least_child_ns[n]);
    if (first < last) {
      costs->small[first + 1] += NODE_BYTES + ENTRIES_OF_SMALL * ENTRY_BYTES;
      costs->small[last + 1] -= NODE_BYTES + ENTRIES_OF_SMALL * ENTRY_BYTES;
    }
  }
  free(least_child_ns);
  return true;
}

baro_status baro_html_least_time(const baro_html_tree *tree, const baro_html_entries *entries,
                                 uint64_t bytes, uint64_t *ret_least_ns, baro_error *err) {
  *ret_least_ns = 0;
  if (baro_html_estimate(tree->count, entries->count) <= bytes) {
    return BARO_OK;
  }
  uint64_t *total_ns = sum_totals(tree, entries);
  step_costs *costs = calloc(1, sizeof(*costs));
  bool good = total_ns != NULL && costs != NULL && count_costs(tree, entries, total_ns, costs);
  if (good) {
    double staying = 0, small = 0;
    for (unsigned step = 0; step <= STEPS; step++) {
      staying += costs->own[step];
    }
    unsigned step = 0;
    for (; step < STEPS && staying + small > (double)bytes; step++) {
      staying -= costs->own[step];
      small += costs->small[step + 1];
    }
    *ret_least_ns = least_of(step);
  }
  free(total_ns);
  free(costs);
  return good ? BARO_OK : no_memory(err);
}

/* The new tree while it is made. */
typedef struct shrink {
  const baro_html_tree *tree;
  const uint64_t *total_ns;
  uint64_t least_ns;
  uint32_t
      *number_of; /* owned; of each old node its new one, or that of the small node it goes into */
  uint32_t *
      small_of; /* owned; of each old node that stays: below it, 0 none; first: how many go there */
} shrink;

static bool stays(const shrink *state, uint32_t node) {
  return node == 0 || state->total_ns[node] >= state->least_ns;
}

/* The nearest caller that stays is that of the small node; children of a node that goes do not stay either. */
static void count_small(const shrink *state, baro_html_merged *merged) {
  for (uint32_t n = 1; n < state->tree->count; n++) {
    uint32_t parent = state->tree->parent[n];
    if (stays(state, n)) {
      continue;
    }
    uint32_t holder = stays(state, parent) ? parent : state->number_of[parent];
    state->number_of[n] = holder; /* an old number, until number_all */
    merged->small_count += state->small_of[holder] == 0;
    state->small_of[holder]++;
    merged->nodes++;
    merged->time_ns += stays(state, parent) ? state->total_ns[n] : 0;
  }
  merged->all_ns = state->total_ns[0];
}

static void number_all(const shrink *state, uint32_t small, baro_html_tree *made,
                       baro_html_merged *merged) {
  const baro_html_tree *tree = state->tree;
  uint32_t at = 0;
  for (uint32_t n = 0; n < tree->count; n++) {
    if (!stays(state, n)) {
      state->number_of[n] = state->small_of[state->number_of[n]];
      continue;
    }
    uint32_t number = made->count++;
    made->parent[number] = n == 0 ? 0 : state->number_of[tree->parent[n]];
    made->function[number] = tree->function[n];
    state->number_of[n] = number;
    if (state->small_of[n] != 0) {
      merged->small_node[at] = made->count;
      merged->small_stacks[at++] = state->small_of[n];
      made->parent[made->count] = number;
      made->function[made->count] = small;
      state->small_of[n] = made->count++;
    }
  }
}

static bool shrink_init(shrink *state, baro_html_tree *made) {
  size_t count = state->tree->count;
  state->number_of = calloc(count, sizeof(uint32_t));
  state->small_of = calloc(count, sizeof(uint32_t));
  /* A small node stands for at least one that goes. */
  made->parent = malloc(count * sizeof(uint32_t));
  made->function = malloc(count * sizeof(uint32_t));
  return state->total_ns != NULL && state->number_of != NULL && state->small_of != NULL &&
         made->parent != NULL && made->function != NULL;
}

baro_status baro_html_merge_small(baro_html_tree *tree, const baro_html_entries *entries,
                                  uint64_t least_ns, uint32_t small,
                                  const uint32_t source_count[BARO_HTML_SIDES_MAX],
                                  baro_html_merged *ret_merged, baro_error *err) {
  uint64_t *total_ns = sum_totals(tree, entries);
  shrink state = {.tree = tree, .total_ns = total_ns, .least_ns = least_ns};
  baro_html_tree made = {0};
  baro_html_merged merged = {0};
  bool good = shrink_init(&state, &made);
  if (good) {
    count_small(&state, &merged);
    merged.small_node = malloc(((size_t)merged.small_count + 1) * sizeof(uint32_t));
    merged.small_stacks = malloc(((size_t)merged.small_count + 1) * sizeof(uint32_t));
    good = merged.small_node != NULL && merged.small_stacks != NULL;
  }
  if (good) {
    number_all(&state, small, &made, &merged);
    for (unsigned side = 0; side < BARO_HTML_SIDES_MAX; side++) {
      for (uint32_t i = 0; tree->of_source[side] != NULL && i < source_count[side]; i++) {
        tree->of_source[side][i] = state.number_of[tree->of_source[side][i]];
      }
    }
    free(tree->parent);
    free(tree->function);
    tree->count = made.count;
    tree->parent = made.parent;
    tree->function = made.function;
    *ret_merged = merged;
  } else {
    free(made.parent);
    free(made.function);
    baro_html_merged_release(&merged);
  }
  free(total_ns);
  free(state.number_of);
  free(state.small_of);
  return good ? BARO_OK : no_memory(err);
}

void baro_html_merged_release(baro_html_merged *merged) {
  free(merged->small_node);
  free(merged->small_stacks);
  *merged = (baro_html_merged){0};
}
