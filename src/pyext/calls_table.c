/* Table calls: one row a recorded call, by thread and in order of entry within each. Names are those of `functions` and
 * `threads`, to be joined by index: as text they would be most of the table. */
#include "pyext/tables.h"
#include "show/call_rows.h"
#include "show/utf8.h"

static uint64_t row_count(const baro_profile *profile) {
  return profile->calls.count;
}

static bool parent_call_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t parent = profile->calls.parent_call[row];
  return baro_row_known(parent != BARO_NONE_ID, parent, ret_value);
}

static bool task_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t task = baro_call_task(profile, row);
  return baro_row_known(task != BARO_NONE_ID, task, ret_value);
}

static void *thread_index(const baro_profile *profile, baro_arena *keep) {
  uint32_t *index = baro_arena_array(keep, profile->calls.count, sizeof(*index));
  for (uint32_t t = 0; index != NULL && t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    for (uint32_t i = 0; i < thread->call_count; i++) {
      index[thread->first_call + i] = t;
    }
  }
  return index;
}

static const void *function_index(const baro_profile *profile) {
  return profile->calls.function;
}

static bool start_time(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return baro_row_utc(profile, profile->calls.start_ns[row], ret_value);
}

static const void *start_ns(const baro_profile *profile) {
  return profile->calls.start_ns;
}

static const void *duration_ns(const baro_profile *profile) {
  return profile->calls.duration_ns;
}

static const void *self_ns(const baro_profile *profile) {
  return profile->calls.self_ns;
}

static bool active_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = baro_call_active_ns(profile, row);
  return true;
}

static bool cpu_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return baro_call_cpu_ns(profile, row, ret_value);
}

static bool memory_usage(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return baro_call_memory_bytes(profile, row, ret_value);
}

static bool own_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = baro_call_own_ns(&profile->calls, row);
  return true;
}

static bool resumes(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t suspendable = baro_call_suspendable(profile, row);
  bool known = suspendable != BARO_NONE_ID;
  return baro_row_known(known, known ? profile->calls.suspendable_resumes[suspendable] : 0,
                        ret_value);
}

static bool weight(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = baro_call_weight(profile, row);
  return true;
}

static const void *outcome(const baro_profile *profile) {
  return profile->calls.outcome;
}

static void exception_type(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, baro_call_exception(profile, row), out);
}

static void value_text(const baro_profile *profile, uint32_t row, baro_call_value which,
                       baro_buffer *out) {
  baro_view text;
  if (baro_call_value_text(profile, row, which, &text)) {
    baro_write_utf8(out, text);
  }
}

static void arguments(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  value_text(profile, row, BARO_CALL_VALUE_ARGUMENTS, out);
}

static void keyword_arguments(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  value_text(profile, row, BARO_CALL_VALUE_KEYWORD_ARGUMENTS, out);
}

static void return_value(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  value_text(profile, row, BARO_CALL_VALUE_RETURN, out);
}

static const baro_column_spec columns[] = {
    {.name = "call_id", .kind = BARO_COLUMN_U32, .number = baro_row_index},
    {.name = "parent_call_id",
     .kind = BARO_COLUMN_U32,
     .nulls = BARO_NULLS_BY_ROW,
     .number = parent_call_id},
    {.name = "task_id", .kind = BARO_COLUMN_U32, .nulls = BARO_NULLS_BY_ROW, .number = task_id},
    {.name = "thread_index", .kind = BARO_COLUMN_U32, .compute = thread_index},
    {.name = "function_index", .kind = BARO_COLUMN_U32, .borrow = function_index},
    {.name = "start_time",
     .kind = BARO_COLUMN_UTC,
     .nulls = BARO_NULLS_BY_ROW,
     .number = start_time},
    {.name = "start_ns", .kind = BARO_COLUMN_U64, .borrow = start_ns},
    {.name = "duration_ns", .kind = BARO_COLUMN_U64, .borrow = duration_ns},
    {.name = "self_ns", .kind = BARO_COLUMN_U64, .borrow = self_ns},
    {.name = "active_ns", .kind = BARO_COLUMN_U64, .number = active_ns},
    {.name = "cpu_ns", .kind = BARO_COLUMN_U64, .nulls = BARO_NULLS_BY_ROW, .number = cpu_ns},
    {.name = "memory_usage",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = memory_usage},
    {.name = "own_ns", .kind = BARO_COLUMN_U64, .number = own_ns},
    {.name = "resumes", .kind = BARO_COLUMN_U32, .nulls = BARO_NULLS_BY_ROW, .number = resumes},
    {.name = "weight", .kind = BARO_COLUMN_U64, .number = weight},
    {.name = "outcome", .kind = BARO_COLUMN_OUTCOME, .borrow = outcome},
    {.name = "exception_type",
     .kind = BARO_COLUMN_TEXT,
     .nulls = BARO_NULLS_BY_ROW,
     .text = exception_type},
    {.name = "arguments", .kind = BARO_COLUMN_TEXT, .nulls = BARO_NULLS_BY_ROW, .text = arguments},
    {.name = "keyword_arguments",
     .kind = BARO_COLUMN_TEXT,
     .nulls = BARO_NULLS_BY_ROW,
     .text = keyword_arguments},
    {.name = "return_value",
     .kind = BARO_COLUMN_TEXT,
     .nulls = BARO_NULLS_BY_ROW,
     .text = return_value},
};

const baro_table_spec baro_table_calls = {
    .name = "calls",
    .row_count = row_count,
    BARO_COLUMNS(columns),
};
