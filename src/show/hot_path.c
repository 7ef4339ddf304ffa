#include "show/hot_path.h"

/* A growing list of node indices. */
typedef struct node_list {
  uint32_t *nodes; /* in the arena; as many as the profile has, at most */
  uint32_t count;
} node_list;

/* Time of a node and everything below it, without idle. */
static uint64_t *busy_totals(const baro_profile *profile, baro_measure measure, baro_arena *keep) {
  const baro_profile_nodes *nodes = &profile->nodes;
  uint64_t *totals = baro_arena_array(keep, nodes->count, sizeof(*totals));
  if (totals == NULL)
    return NULL;
  /* Children follow their parent, so that backwards each is complete when it is added. */
  for (uint32_t node = nodes->count; node-- > 0;) {
    totals[node] += baro_node_busy_ns(nodes, measure, node);
    if (node > 0)
      totals[nodes->parent_node[node]] += totals[node];
  }
  return totals;
}

/* Adds the totals of all children of the list's nodes by function; returns the function with most. */
static uint32_t best_function(const baro_profile *profile, const node_list *list,
                              const uint64_t *totals, uint64_t *by_function) {
  uint32_t best = BARO_NONE_ID;
  for (uint32_t i = 0; i < list->count; i++) {
    uint32_t end = profile->nodes.subtree_end[list->nodes[i]];
    for (uint32_t child = list->nodes[i] + 1; child < end;
         child = profile->nodes.subtree_end[child]) {
      uint32_t function = baro_profile_node_function(profile, child);
      by_function[function] += totals[child];
      if (best == BARO_NONE_ID || by_function[function] > by_function[best])
        best = function;
    }
  }
  return best;
}

/* Replaces the list by those children that are of `function`, and forgets what best_function added. */
static baro_hot_step descend(const baro_profile *profile, baro_measure measure, node_list *list,
                             node_list *spare, const uint64_t *totals, uint64_t *by_function,
                             uint32_t function) {
  baro_hot_step step = {.function = function};
  uint64_t most = 0;
  spare->count = 0;
  for (uint32_t i = 0; i < list->count; i++) {
    uint32_t end = profile->nodes.subtree_end[list->nodes[i]];
    for (uint32_t child = list->nodes[i] + 1; child < end;
         child = profile->nodes.subtree_end[child]) {
      by_function[baro_profile_node_function(profile, child)] = 0;
      if (baro_profile_node_function(profile, child) != function)
        continue;
      spare->nodes[spare->count++] = child;
      step.total_ns += totals[child];
      step.self_ns += baro_node_busy_ns(&profile->nodes, measure, child);
      if (totals[child] > most) {
        most = totals[child];
        step.line = profile->frames.line[profile->nodes.frame[child]];
      }
    }
  }
  node_list swapped = *list;
  *list = *spare;
  *spare = swapped;
  return step;
}

bool baro_hot_path_find(const baro_profile *profile, baro_measure measure, baro_arena *keep,
                        baro_hot_path *ret_path) {
  uint32_t node_count = profile->nodes.count;
  uint64_t *totals = busy_totals(profile, measure, keep);
  uint64_t *by_function = baro_arena_array(keep, profile->functions.count, sizeof(*by_function));
  node_list list = {.nodes = baro_arena_array(keep, node_count, sizeof(uint32_t))};
  node_list spare = {.nodes = baro_arena_array(keep, node_count, sizeof(uint32_t))};
  baro_hot_path path = {.steps = baro_arena_array(keep, node_count, sizeof(baro_hot_step))};
  if (totals == NULL || by_function == NULL || list.nodes == NULL || spare.nodes == NULL ||
      path.steps == NULL)
    return false;
  list.nodes[list.count++] = 0;
  uint64_t own = 0, whole = totals[0];
  for (;;) {
    uint32_t function = best_function(profile, &list, totals, by_function);
    if (function == BARO_NONE_ID)
      break;
    uint64_t best = by_function[function];
    if (best == 0 || best < own || best < whole / 50)
      break;
    baro_hot_step step = descend(profile, measure, &list, &spare, totals, by_function, function);
    own = step.self_ns;
    if (path.count > 0 && path.steps[path.count - 1].function == function) {
      baro_hot_step *above = &path.steps[path.count - 1];
      above->repeats++;
      above->self_ns += step.self_ns;
      above->line = step.line;
    } else {
      path.steps[path.count++] = step;
    }
  }
  *ret_path = path;
  return true;
}
