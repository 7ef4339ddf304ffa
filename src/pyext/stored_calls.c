/* Table calls as files keep it: a row a call, complete in itself. First the columns that the table `thread_zeppelin` of
 * other profilers has, then ours. */
#include "pyext/stored_tables.h"
#include "show/call_rows.h"

static uint64_t row_count(const baro_profile *profile) {
  return profile->calls.count;
}

/* Calls are grouped by thread, threads stand in the order of their calls. */
static const baro_profile_thread *thread_of(const baro_profile *profile, uint32_t row) {
  uint32_t low = 0;
  uint32_t high = profile->thread_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (profile->threads[middle].first_call <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return &profile->threads[low];
}

static bool thread_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = thread_of(profile, row)->os_tid;
  return true;
}

static bool process_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->processes[thread_of(profile, row)->process].os_pid;
  return true;
}

static void thread_name(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, thread_of(profile, row)->name_string, out);
}

static const baro_profile_function *function_of(const baro_profile *profile, uint32_t row) {
  return &profile->functions.rows[profile->calls.function[row]];
}

static void class_name(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_stored_class_name(profile, profile->calls.function[row], out);
}

static void function_name(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, function_of(profile, row)->name_string, out);
}

static void qualified_name(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, function_of(profile, row)->qualified_string, out);
}

static void module(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, function_of(profile, row)->module_string, out);
}

static void file(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, function_of(profile, row)->file_string, out);
}

static bool line(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t first = function_of(profile, row)->first_line;
  return baro_row_known(first != 0, first, ret_value);
}

static bool function_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->calls.function[row];
  return true;
}

static bool execution_time(const baro_profile *profile, uint32_t row, double *ret_value) {
  *ret_value = (double)profile->calls.duration_ns[row] / 1e9;
  return true;
}

static bool start_time(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return baro_row_utc(profile, profile->calls.start_ns[row], ret_value);
}

static bool end_time(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  const baro_profile_calls *calls = &profile->calls;
  return baro_row_utc(profile, calls->start_ns[row] + calls->duration_ns[row], ret_value);
}

static bool start_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->calls.start_ns[row];
  return true;
}

static bool duration_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->calls.duration_ns[row];
  return true;
}

static bool self_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->calls.self_ns[row];
  return true;
}

static bool active_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = baro_call_active_ns(profile, row);
  return true;
}

static bool resumes(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t suspendable = baro_call_suspendable(profile, row);
  bool known = suspendable != BARO_NONE_ID;
  return baro_row_known(known, known ? profile->calls.suspendable_resumes[suspendable] : 0,
                        ret_value);
}

/* From an ancestor's where that was computed, which is the next one for almost all. Ancestors may stand behind: what a
 * generator of another thread calls, when it goes on in this one. */
static void depth(const baro_profile *profile, const baro_table_part *part, void *values) {
  const uint32_t *parents = profile->calls.parent_call;
  int32_t *depths = values;
  for (uint32_t i = 0; i < part->count; i++) {
    int32_t above = 0;
    uint32_t call = parents[part->first + i];
    while (call != BARO_NONE_ID) {
      above++;
      if (call >= part->first && call < part->first + i) {
        above += depths[call - part->first];
        break;
      }
      call = parents[call];
    }
    depths[i] = above;
  }
}

static bool parent_call_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t parent = profile->calls.parent_call[row];
  return baro_row_known(parent != BARO_NONE_ID, parent, ret_value);
}

static bool task_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t task = baro_call_task(profile, row);
  return baro_row_known(task != BARO_NONE_ID, task, ret_value);
}

static void outcome(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_write_text(out, baro_outcome_key((baro_outcome)profile->calls.outcome[row]));
}

static void exception_type(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, baro_call_exception(profile, row), out);
}

/* Every call is recorded: a row stands for itself. */
static bool weight(const baro_profile *profile, uint32_t row, double *ret_value) {
  (void)profile;
  (void)row;
  *ret_value = 1;
  return true;
}

#define NUMBER(column, function)                                                                   \
  { .name = (column), .kind = BARO_COLUMN_I64, .number = (function) }
#define UTC(column, function)                                                                      \
  { .name = (column), .kind = BARO_COLUMN_UTC, .nulls = BARO_NULLS_BY_ROW, .number = (function) }

static const baro_column_spec columns[] = {
    BARO_STORED_RUN,
    NUMBER("thread_id", thread_id),
    NUMBER("process_id", process_id),
    {.name = "unique_app_id", .kind = BARO_COLUMN_TEXT, .constant = baro_stored_run_id},
    BARO_STORED_TEXT("class_name", class_name),
    BARO_STORED_TEXT("function_name", function_name),
    {.name = "execution_time", .kind = BARO_COLUMN_F64, .real = execution_time},
    UTC("start_time", start_time),
    UTC("end_time", end_time),
    BARO_STORED_NUMBER("memory_usage", BARO_COLUMN_I64, baro_stored_no_number),
    BARO_STORED_REAL("cpu_usage", baro_stored_no_real),
    BARO_STORED_NUMBER("recursion_limit", BARO_COLUMN_I32, baro_stored_no_number),
    BARO_STORED_TEXT("arguments", baro_stored_no_text),
    BARO_STORED_TEXT("keyword_arguments", baro_stored_no_text),
    BARO_STORED_TEXT("return_value", baro_stored_no_text),
    BARO_STORED_TEXT("source_code_md5_hash", baro_stored_no_text),
    BARO_STORED_TEXT("module", module),
    BARO_STORED_TEXT("qualified_name", qualified_name),
    BARO_STORED_TEXT("file", file),
    BARO_STORED_NUMBER("line", BARO_COLUMN_I32, line),
    NUMBER("function_id", function_id),
    NUMBER("start_ns", start_ns),
    NUMBER("duration_ns", duration_ns),
    NUMBER("self_ns", self_ns),
    NUMBER("active_ns", active_ns),
    BARO_STORED_NUMBER("cpu_ns", BARO_COLUMN_I64, baro_stored_no_number),
    {.name = "depth", .kind = BARO_COLUMN_I32, .fill = depth},
    NUMBER("call_id", baro_row_index),
    BARO_STORED_NUMBER("parent_call_id", BARO_COLUMN_I64, parent_call_id),
    BARO_STORED_NUMBER("task_id", BARO_COLUMN_I64, task_id),
    BARO_STORED_NUMBER("resumes", BARO_COLUMN_I64, resumes),
    {.name = "outcome", .kind = BARO_COLUMN_TEXT, .text = outcome},
    BARO_STORED_TEXT("exception_type", exception_type),
    BARO_STORED_TEXT("thread_name", thread_name),
    {.name = "weight", .kind = BARO_COLUMN_F64, .real = weight},
};

const baro_table_spec baro_stored_calls = {
    .name = "calls",
    .row_count = row_count,
    BARO_COLUMNS(columns),
};
