/* Table nodes: the call tree in depth-first preorder; row 0 is the root. */
#include "pyext/tables.h"

static uint64_t row_count(const baro_profile *profile) {
  return profile->nodes.count;
}

static const void *parent_node_index(const baro_profile *profile) {
  return profile->nodes.parent_node;
}

static const void *subtree_end_index(const baro_profile *profile) {
  return profile->nodes.subtree_end;
}

static const void *depth(const baro_profile *profile) {
  return profile->nodes.depth;
}

static const void *frame_index(const baro_profile *profile) {
  return profile->nodes.frame;
}

static bool function_index(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t function = baro_profile_node_function(profile, row);
  return baro_row_known(function != BARO_NONE_ID, function, ret_value);
}

static bool self_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = baro_node_busy_ns(&profile->nodes, BARO_MEASURE_RUN, row);
  return true;
}

/* Without idle, as for functions; the profile's own sums are with it. Children stand behind their
 * parents: one pass from the end sums whole subtrees. */
static void *total_ns(const baro_profile *profile, baro_arena *keep) {
  const baro_profile_nodes *nodes = &profile->nodes;
  uint64_t *total = baro_arena_array(keep, nodes->count, sizeof(*total));
  if (total == NULL) {
    return NULL;
  }
  for (uint32_t n = nodes->count; n-- > 0;) {
    uint64_t self = baro_node_busy_ns(nodes, BARO_MEASURE_RUN, n);
    if (__builtin_add_overflow(total[n], self, &total[n])) {
      total[n] = UINT64_MAX;
    }
    uint64_t *parent = n == 0 ? NULL : &total[nodes->parent_node[n]];
    if (parent != NULL && __builtin_add_overflow(*parent, total[n], parent)) {
      *parent = UINT64_MAX;
    }
  }
  return total;
}

static bool thread_self_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = baro_node_all_ns(&profile->nodes, BARO_MEASURE_THREAD, row);
  return true;
}

static const void *thread_total_ns(const baro_profile *profile) {
  return profile->nodes.total_ns;
}

static const void *samples(const baro_profile *profile) {
  return profile->nodes.self_samples;
}

static bool thread_self_state_ns(const baro_profile *profile, baro_state state, baro_arena *keep,
                                 const uint64_t **ret_values) {
  const baro_profile_nodes *nodes = &profile->nodes;
  *ret_values = NULL;
  if ((nodes->states_present >> state & 1) == 0) {
    return true;
  }
  uint64_t *values = baro_arena_array(keep, nodes->count, sizeof(*values));
  for (uint32_t n = 0; values != NULL && n < nodes->count; n++) {
    values[n] = baro_node_ns(nodes, BARO_MEASURE_THREAD, state, n);
  }
  *ret_values = values;
  return values != NULL;
}

static const baro_column_spec columns[] = {
    {.name = "node_index", .kind = BARO_COLUMN_U32, .number = baro_row_index},
    {.name = "parent_node_index",
     .kind = BARO_COLUMN_U32,
     .nulls = BARO_NULLS_FIRST_ROW,
     .borrow = parent_node_index},
    {.name = "subtree_end_index", .kind = BARO_COLUMN_U32, .borrow = subtree_end_index},
    {.name = "depth", .kind = BARO_COLUMN_U32, .borrow = depth},
    {.name = "frame_index",
     .kind = BARO_COLUMN_U32,
     .nulls = BARO_NULLS_FIRST_ROW,
     .borrow = frame_index},
    {.name = "function_index",
     .kind = BARO_COLUMN_U32,
     .nulls = BARO_NULLS_BY_ROW,
     .number = function_index},
    {.name = "self_ns", .kind = BARO_COLUMN_U64, .number = self_ns},
    {.name = "total_ns", .kind = BARO_COLUMN_U64, .compute = total_ns},
    {.name = "thread_self_ns", .kind = BARO_COLUMN_U64, .number = thread_self_ns},
    {.name = "thread_total_ns", .kind = BARO_COLUMN_U64, .borrow = thread_total_ns},
    {.name = "samples", .kind = BARO_COLUMN_U64, .borrow = samples},
    {.name = "thread_self_states_ns",
     .kind = BARO_COLUMN_STATE_NS,
     .compute_state = thread_self_state_ns},
};

const baro_table_spec baro_table_nodes = {
    .name = "nodes",
    .row_count = row_count,
    BARO_COLUMNS(columns),
};
