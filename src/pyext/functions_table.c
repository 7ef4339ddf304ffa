/* Table functions: one row a function, as `functions` of the JSON report. */
#include "pyext/tables.h"
#include "show/call_rows.h"

static uint64_t row_count(const baro_profile *profile) {
  return profile->functions.count;
}

static void name(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, profile->functions.rows[row].qualified_string, out);
}

static void short_name(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, profile->functions.rows[row].name_string, out);
}

static void file(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, profile->functions.rows[row].file_string, out);
}

static void module(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, profile->functions.rows[row].module_string, out);
}

static bool line(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t line = profile->functions.rows[row].first_line;
  return baro_row_known(line != 0, line, ret_value);
}

static bool origin(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  baro_origin origin = profile->functions.rows[row].origin;
  return baro_row_known(origin != BARO_ORIGIN_NONE, (uint64_t)origin, ret_value);
}

static bool flags(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->functions.rows[row].flags;
  return true;
}

static bool self_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = baro_amount_busy(&profile->functions.self[BARO_MEASURE_RUN], row);
  return true;
}

static bool total_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = baro_amount_busy(&profile->functions.total[BARO_MEASURE_RUN], row);
  return true;
}

static bool self_ratio(const baro_profile *profile, uint32_t row, double *ret_value) {
  return baro_row_ratio(profile, baro_amount_busy(&profile->functions.self[BARO_MEASURE_RUN], row),
                        ret_value);
}

static bool self_ratio_error(const baro_profile *profile, uint32_t row, double *ret_value) {
  const baro_profile_functions *table = &profile->functions;
  return baro_row_ratio_error(profile, baro_amount_busy(&table->self[BARO_MEASURE_RUN], row),
                              table->self_square[BARO_MEASURE_RUN][row], ret_value);
}

static bool total_ratio(const baro_profile *profile, uint32_t row, double *ret_value) {
  return baro_row_ratio(profile, baro_amount_busy(&profile->functions.total[BARO_MEASURE_RUN], row),
                        ret_value);
}

static bool total_ratio_error(const baro_profile *profile, uint32_t row, double *ret_value) {
  const baro_profile_functions *table = &profile->functions;
  return baro_row_ratio_error(profile, baro_amount_busy(&table->total[BARO_MEASURE_RUN], row),
                              table->total_square[BARO_MEASURE_RUN][row], ret_value);
}

static const void *thread_self_ns(const baro_profile *profile) {
  return profile->functions.self[BARO_MEASURE_THREAD].all_ns;
}

static const void *thread_total_ns(const baro_profile *profile) {
  return profile->functions.total[BARO_MEASURE_THREAD].all_ns;
}

static const void *samples(const baro_profile *profile) {
  return profile->functions.self_samples;
}

static void states(const baro_profile *profile, uint32_t row, uint64_t ret_ns[BARO_STATE_COUNT]) {
  baro_row_states(&profile->functions.self[BARO_MEASURE_THREAD], row, ret_ns);
}

static void total_states(const baro_profile *profile, uint32_t row,
                         uint64_t ret_ns[BARO_STATE_COUNT]) {
  baro_row_states(&profile->functions.total[BARO_MEASURE_THREAD], row, ret_ns);
}

static const void *ticks(const baro_profile *profile) {
  return profile->functions.self_ticks;
}

static const void *total_samples(const baro_profile *profile) {
  return profile->functions.total_samples;
}

/* Of recorded calls; null where there are none. */
static bool of_calls(const baro_profile *profile, uint32_t row, uint64_t value,
                     uint64_t *ret_value) {
  return baro_row_known(profile->call_sums.calls[row] != 0, value, ret_value);
}

static bool calls(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, profile->call_sums.calls[row], ret_value);
}

static bool primitive_calls(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, profile->call_sums.primitive_calls[row], ret_value);
}

static bool skipped_calls(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, profile->call_sums.skipped[row], ret_value);
}

static bool raised_calls(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, profile->call_sums.raised[row], ret_value);
}

static bool calls_self_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, profile->call_sums.self_ns[row], ret_value);
}

static bool calls_total_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, profile->call_sums.total_ns[row], ret_value);
}

static bool calls_cpu_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->call_sums.cpu_ns[row];
  return profile->call_sums.calls[row] != 0 && *ret_value != BARO_UNKNOWN_AMOUNT;
}

static bool call_mean_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, baro_calls_mean_ns(profile, row), ret_value);
}

static bool call_p50_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, profile->call_sums.p50_ns[row], ret_value);
}

static bool call_p99_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, profile->call_sums.p99_ns[row], ret_value);
}

static bool call_max_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return of_calls(profile, row, profile->call_sums.max_ns[row], ret_value);
}

static const baro_column_spec columns[] = {
    {.name = "function_index", .kind = BARO_COLUMN_U32, .number = baro_row_index},
    {.name = "name", .kind = BARO_COLUMN_TEXT, .text = name},
    {.name = "short_name", .kind = BARO_COLUMN_TEXT, .text = short_name},
    {.name = "file", .kind = BARO_COLUMN_TEXT, .nulls = BARO_NULLS_BY_ROW, .text = file},
    {.name = "line", .kind = BARO_COLUMN_U32, .nulls = BARO_NULLS_BY_ROW, .number = line},
    {.name = "self_ratio", .kind = BARO_COLUMN_F64, .nulls = BARO_NULLS_BY_ROW, .real = self_ratio},
    {.name = "self_ratio_error",
     .kind = BARO_COLUMN_F64,
     .nulls = BARO_NULLS_BY_ROW,
     .real = self_ratio_error},
    {.name = "total_ratio",
     .kind = BARO_COLUMN_F64,
     .nulls = BARO_NULLS_BY_ROW,
     .real = total_ratio},
    {.name = "total_ratio_error",
     .kind = BARO_COLUMN_F64,
     .nulls = BARO_NULLS_BY_ROW,
     .real = total_ratio_error},
    {.name = "self_ns", .kind = BARO_COLUMN_U64, .number = self_ns},
    {.name = "total_ns", .kind = BARO_COLUMN_U64, .number = total_ns},
    {.name = "thread_self_ns", .kind = BARO_COLUMN_U64, .borrow = thread_self_ns},
    {.name = "thread_total_ns", .kind = BARO_COLUMN_U64, .borrow = thread_total_ns},
    {.name = "samples", .kind = BARO_COLUMN_U64, .borrow = samples},
    {.name = "ticks", .kind = BARO_COLUMN_U64, .borrow = ticks},
    {.name = "total_samples", .kind = BARO_COLUMN_U64, .borrow = total_samples},
    {.name = "states", .kind = BARO_COLUMN_SHARES, .states = states},
    {.name = "total_states", .kind = BARO_COLUMN_SHARES, .states = total_states},
    {.name = "calls", .kind = BARO_COLUMN_U64, .nulls = BARO_NULLS_BY_ROW, .number = calls},
    {.name = "primitive_calls",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = primitive_calls},
    {.name = "skipped_calls",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = skipped_calls},
    {.name = "raised_calls",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = raised_calls},
    {.name = "calls_self_ns",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = calls_self_ns},
    {.name = "calls_total_ns",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = calls_total_ns},
    {.name = "calls_cpu_ns",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = calls_cpu_ns},
    {.name = "call_mean_ns",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = call_mean_ns},
    {.name = "call_p50_ns",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = call_p50_ns},
    {.name = "call_p99_ns",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = call_p99_ns},
    {.name = "call_max_ns",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = call_max_ns},
    {.name = "module", .kind = BARO_COLUMN_TEXT, .nulls = BARO_NULLS_BY_ROW, .text = module},
    {.name = "origin", .kind = BARO_COLUMN_ORIGIN, .nulls = BARO_NULLS_BY_ROW, .number = origin},
    {.name = "flags", .kind = BARO_COLUMN_FLAGS, .number = flags},
};

const baro_table_spec baro_table_functions = {
    .name = "functions",
    .row_count = row_count,
    BARO_COLUMNS(columns),
};
