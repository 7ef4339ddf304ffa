/* Tables functions and edges as files keep them. */
#include "pyext/stored_tables.h"

#include <string.h>

#include "show/call_rows.h"
#include "show/profile_keys.h"

void baro_stored_ingestion_date(const baro_profile *profile, const baro_table_part *part,
                                void *values) {
  (void)profile;
  for (uint32_t i = 0; i < part->count; i++) {
    ((int32_t *)values)[i] = part->ingestion_day;
  }
}

void baro_stored_row_numbers(const baro_profile *profile, const baro_table_part *part,
                             void *values) {
  (void)profile;
  for (uint32_t i = 0; i < part->count; i++) {
    ((int64_t *)values)[i] = (int64_t)(part->first + i);
  }
}

const uint32_t *baro_stored_no_rows(const baro_profile *profile, uint32_t *ret_count) {
  (void)profile;
  *ret_count = 0;
  return NULL;
}

/* --- functions --- */

static uint64_t function_count(const baro_profile *profile) {
  return profile->functions.count;
}

static bool line(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t first = profile->functions.rows[row].first_line;
  return baro_row_known(first != 0, first, ret_value);
}

static void origin(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_origin whose = profile->functions.rows[row].origin;
  if (whose != BARO_ORIGIN_NONE) {
    baro_write_text(out, baro_origin_key(whose));
  }
}

#define OF_CALLS(name, value)                                                                      \
  static bool name(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {               \
    return baro_row_known(profile->call_sums.calls[row] != 0, (value), ret_value);                 \
  }
OF_CALLS(calls, profile->call_sums.calls[row])
OF_CALLS(primitive_calls, profile->call_sums.primitive_calls[row])
OF_CALLS(skipped_calls, profile->call_sums.skipped[row])
OF_CALLS(raised_calls, profile->call_sums.raised[row])
OF_CALLS(calls_self_ns, profile->call_sums.self_ns[row])
OF_CALLS(calls_total_ns, profile->call_sums.total_ns[row])
OF_CALLS(call_mean_ns, baro_calls_mean_ns(profile, row))
OF_CALLS(call_p50_ns, profile->call_sums.p50_ns[row])
OF_CALLS(call_p99_ns, profile->call_sums.p99_ns[row])
OF_CALLS(call_max_ns, profile->call_sums.max_ns[row])

static bool calls_cpu_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint64_t cpu_ns = profile->call_sums.cpu_ns[row];
  return profile->call_sums.calls[row] != 0 &&
         baro_row_known(cpu_ns != BARO_UNKNOWN_AMOUNT, cpu_ns, ret_value);
}

/* Of samples: null in a recording without any, where 0 would say that the function took no time. */
#define OF_SAMPLES(name, value)                                                                    \
  static bool name(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {               \
    return baro_row_known(profile->samples.count != 0, (value), ret_value);                        \
  }
OF_SAMPLES(samples, profile->functions.self_samples[row])
OF_SAMPLES(self_ns, baro_amount_busy(&profile->functions.self[BARO_MEASURE_RUN], row))
OF_SAMPLES(total_ns, baro_amount_busy(&profile->functions.total[BARO_MEASURE_RUN], row))

static const baro_column_spec function_columns[] = {
    BARO_STORED_RUN,
    {.name = "function_id", .kind = BARO_COLUMN_I64, .number = baro_row_index},
    BARO_STORED_NAME("module", baro_stored_modules, baro_row_index),
    BARO_STORED_NAME("class_name", baro_stored_class_names, baro_row_index),
    BARO_STORED_NAME("function_name", baro_stored_function_names, baro_row_index),
    BARO_STORED_NAME("qualified_name", baro_stored_qualified_names, baro_row_index),
    BARO_STORED_NAME("file", baro_stored_files, baro_row_index),
    BARO_STORED_NUMBER("line", BARO_COLUMN_I32, line),
    BARO_STORED_TEXT("origin", origin),
    BARO_STORED_NUMBER("calls", BARO_COLUMN_I64, calls),
    BARO_STORED_NUMBER("primitive_calls", BARO_COLUMN_I64, primitive_calls),
    BARO_STORED_NUMBER("skipped_calls", BARO_COLUMN_I64, skipped_calls),
    BARO_STORED_NUMBER("raised_calls", BARO_COLUMN_I64, raised_calls),
    BARO_STORED_NUMBER("calls_self_ns", BARO_COLUMN_I64, calls_self_ns),
    BARO_STORED_NUMBER("calls_total_ns", BARO_COLUMN_I64, calls_total_ns),
    BARO_STORED_NUMBER("calls_cpu_ns", BARO_COLUMN_I64, calls_cpu_ns),
    BARO_STORED_NUMBER("call_mean_ns", BARO_COLUMN_I64, call_mean_ns),
    BARO_STORED_NUMBER("call_p50_ns", BARO_COLUMN_I64, call_p50_ns),
    BARO_STORED_NUMBER("call_p99_ns", BARO_COLUMN_I64, call_p99_ns),
    BARO_STORED_NUMBER("call_max_ns", BARO_COLUMN_I64, call_max_ns),
    BARO_STORED_NUMBER("samples", BARO_COLUMN_I64, samples),
    BARO_STORED_NUMBER("self_ns", BARO_COLUMN_I64, self_ns),
    BARO_STORED_NUMBER("total_ns", BARO_COLUMN_I64, total_ns),
    BARO_STORED_NAME("source_code_md5_hash", baro_stored_source_hashes, baro_row_index),
};

/* --- edges --- */

static uint64_t edge_count(const baro_profile *profile) {
  return profile->call_edges.count;
}

static bool caller_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t caller = profile->call_edges.caller[row];
  return baro_row_known(caller != BARO_NONE_ID, caller, ret_value);
}

#define OF_EDGE(name, column)                                                                      \
  static bool name(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {               \
    *ret_value = profile->call_edges.column[row];                                                  \
    return true;                                                                                   \
  }
OF_EDGE(callee_id, callee)
OF_EDGE(edge_calls, calls)
OF_EDGE(edge_primitive_calls, primitive_calls)
OF_EDGE(edge_self_ns, self_ns)
OF_EDGE(edge_total_ns, total_ns)

static const baro_column_spec edge_columns[] = {
    BARO_STORED_RUN,
    BARO_STORED_NUMBER("caller_function_id", BARO_COLUMN_I64, caller_id),
    {.name = "callee_function_id", .kind = BARO_COLUMN_I64, .number = callee_id},
    BARO_STORED_NAME("caller", baro_stored_qualified_names, caller_id),
    BARO_STORED_NAME("callee", baro_stored_qualified_names, callee_id),
    {.name = "calls", .kind = BARO_COLUMN_I64, .number = edge_calls},
    {.name = "primitive_calls", .kind = BARO_COLUMN_I64, .number = edge_primitive_calls},
    {.name = "self_ns", .kind = BARO_COLUMN_I64, .number = edge_self_ns},
    {.name = "total_ns", .kind = BARO_COLUMN_I64, .number = edge_total_ns},
};

static const baro_table_spec functions = {
    .name = "functions", .row_count = function_count, BARO_COLUMNS(function_columns)};
static const baro_table_spec edges = {
    .name = "edges", .row_count = edge_count, BARO_COLUMNS(edge_columns)};

const baro_table_spec *baro_stored_table_find(const char *name) {
  const baro_table_spec *const tables[] = {&baro_stored_calls, &functions, &edges,
                                           &baro_stored_samples, &baro_stored_nodes};
  for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
    if (strcmp(tables[i]->name, name) == 0) {
      return tables[i];
    }
  }
  return NULL;
}
