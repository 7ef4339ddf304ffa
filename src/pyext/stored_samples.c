/* Tables samples and nodes as files keep them: what a thread did at a moment, and the call tree that samples stand in. */
#include "pyext/stored_tables.h"

/* --- samples --- */

static uint64_t sample_count(const baro_profile *profile) {
  return profile->samples.count;
}

/* Samples are grouped by thread, threads stand in the order of their samples. */
static uint32_t thread_of(const baro_profile *profile, uint64_t row) {
  uint32_t low = 0;
  uint32_t high = profile->thread_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (profile->threads[middle].first_sample <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

#define OF_THREAD(name, value)                                                                     \
  static bool name(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {               \
    uint32_t thread = thread_of(profile, row);                                                     \
    *ret_value = (value);                                                                          \
    return true;                                                                                   \
  }
OF_THREAD(thread_index, thread)
OF_THREAD(thread_id, profile->threads[thread].os_tid)
OF_THREAD(process_id, profile->processes[profile->threads[thread].process].os_pid)

static bool sample_time(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return baro_row_utc(profile, profile->samples.time_ns[row], ret_value);
}

BARO_STORED_FILL(time_ns, int64_t, profile->samples.time_ns[row])
BARO_STORED_FILL(weight_ns, int64_t, profile->samples.weight_ns[row])
BARO_STORED_FILL(run_ns, double, profile->samples.run_ns[row])
BARO_STORED_FILL(running_ratio, double, profile->samples.running_ratio[row])
BARO_STORED_FILL(ticks, int64_t, profile->samples.ticks[row])
BARO_STORED_FILL(state, int32_t, profile->samples.state[row])
BARO_STORED_FILL(node_id, int64_t, profile->samples.node[row])

/* Of the innermost frame; samples are never at the root. */
static bool function_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t function = baro_profile_node_function(profile, profile->samples.node[row]);
  return baro_row_known(function != BARO_NONE_ID, function, ret_value);
}

static bool node_line(const baro_profile *profile, uint32_t node, uint64_t *ret_value) {
  uint32_t frame = profile->nodes.frame[node];
  uint32_t line = frame == BARO_NONE_ID ? 0 : profile->frames.line[frame];
  return baro_row_known(line != 0, line, ret_value);
}

static bool line(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return node_line(profile, profile->samples.node[row], ret_value);
}

static const baro_column_spec sample_columns[] = {
    BARO_STORED_RUN,
    {.name = "thread_id", .kind = BARO_COLUMN_I64, .number = thread_id},
    {.name = "process_id", .kind = BARO_COLUMN_I64, .number = process_id},
    BARO_STORED_NAME("thread_name", baro_stored_thread_names, thread_index),
    BARO_STORED_UTC("sample_time", sample_time),
    BARO_STORED_FILLED("time_ns", time_ns),
    BARO_STORED_FILLED("weight_ns", weight_ns),
    BARO_STORED_FILLED_REAL("run_ns", run_ns),
    BARO_STORED_FILLED_REAL("running_ratio", running_ratio),
    BARO_STORED_FILLED("ticks", ticks),
    BARO_STORED_NAMED("state", baro_stored_states, state),
    BARO_STORED_FILLED("node_id", node_id),
    BARO_STORED_NUMBER("function_id", BARO_COLUMN_I64, function_id),
    BARO_STORED_NAME("qualified_name", baro_stored_qualified_names, function_id),
    BARO_STORED_NAME("file", baro_stored_files, function_id),
    BARO_STORED_NUMBER("line", BARO_COLUMN_I32, line),
};

const baro_table_spec baro_stored_samples = {
    .name = "samples", .row_count = sample_count, BARO_COLUMNS(sample_columns)};

/* --- nodes --- */

/* The root alone is the tree of a recording without samples: no table. */
static uint64_t node_count(const baro_profile *profile) {
  return profile->samples.count == 0 ? 0 : profile->nodes.count;
}

static bool parent_node_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t parent = profile->nodes.parent_node[row];
  return baro_row_known(parent != BARO_NONE_ID, parent, ret_value);
}

static bool node_function(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t function = baro_profile_node_function(profile, row);
  return baro_row_known(function != BARO_NONE_ID, function, ret_value);
}

BARO_STORED_FILL(subtree_end_id, int64_t, profile->nodes.subtree_end[row])
BARO_STORED_FILL(depth, int32_t, profile->nodes.depth[row])
BARO_STORED_FILL(samples, int64_t, profile->nodes.self_samples[row])
BARO_STORED_FILL(self_ns, int64_t, baro_node_busy_ns(&profile->nodes, BARO_MEASURE_RUN, row))

static const baro_column_spec node_columns[] = {
    BARO_STORED_RUN,
    BARO_STORED_FILLED("node_id", baro_stored_row_numbers),
    BARO_STORED_NUMBER("parent_node_id", BARO_COLUMN_I64, parent_node_id),
    BARO_STORED_FILLED("subtree_end_id", subtree_end_id),
    {.name = "depth", .kind = BARO_COLUMN_I32, .fill = depth},
    BARO_STORED_NUMBER("function_id", BARO_COLUMN_I64, node_function),
    BARO_STORED_NAME("qualified_name", baro_stored_qualified_names, node_function),
    BARO_STORED_NAME("file", baro_stored_files, node_function),
    BARO_STORED_NUMBER("line", BARO_COLUMN_I32, node_line),
    BARO_STORED_FILLED("samples", samples),
    BARO_STORED_FILLED("self_ns", self_ns),
};

const baro_table_spec baro_stored_nodes = {
    .name = "nodes", .row_count = node_count, BARO_COLUMNS(node_columns)};
