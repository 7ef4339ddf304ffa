/* Table calls as files keep it: a row a call, complete in itself. First the columns that the table `thread_zeppelin` of
 * other profilers has, then ours. */
#include "pyext/stored_tables.h"
#include "show/call_rows.h"
#include "show/utf8.h"

static uint64_t row_count(const baro_profile *profile) {
  return profile->calls.count;
}

BARO_STORED_FILL(function_id, int64_t, profile->calls.function[row])
BARO_STORED_FILL(function_name, int32_t, profile->calls.function[row])
BARO_STORED_FILL(start_ns, int64_t, profile->calls.start_ns[row])
BARO_STORED_FILL(duration_ns, int64_t, profile->calls.duration_ns[row])
BARO_STORED_FILL(self_ns, int64_t, profile->calls.self_ns[row])
BARO_STORED_FILL(own_ns, int64_t, baro_call_own_ns(&profile->calls, row))
BARO_STORED_FILL(outcome, int32_t, profile->calls.outcome[row])
BARO_STORED_FILL(execution_time, double, (double)profile->calls.duration_ns[row] / 1e9)

/* 1 but for the few that are in a column of their own. */
static void weight(const baro_profile *profile, const baro_table_part *part, void *values) {
  const baro_profile_calls *calls = &profile->calls;
  double *weights = values;
  for (uint32_t i = 0; i < part->count; i++) {
    weights[i] = calls->weighted_count == 0
                     ? 1
                     : (double)baro_call_weight(profile, (uint32_t)part->first + i);
  }
}

/* Calls are grouped by thread, threads stand in the order of their calls. */
static uint32_t thread_of(const baro_profile *profile, uint32_t row) {
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
  return low;
}

/* Rows of a part up to which they are of one thread, which begins with the row `first` of the part. */
static uint32_t end_of_thread(const baro_profile *profile, const baro_table_part *part,
                              uint32_t first, uint32_t *ret_thread) {
  uint32_t row = (uint32_t)part->first + first;
  uint32_t thread = thread_of(profile, row);
  uint32_t left = profile->threads[thread].first_call + profile->threads[thread].call_count - row;
  *ret_thread = thread;
  return left < part->count - first ? first + left : part->count;
}

#define FILL_BY_THREAD(column, type, expression)                                                   \
  static void column(const baro_profile *profile, const baro_table_part *part, void *values) {     \
    uint32_t i = 0;                                                                                \
    while (i < part->count) {                                                                      \
      uint32_t thread;                                                                             \
      uint32_t end = end_of_thread(profile, part, i, &thread);                                     \
      for (type value = (type)(expression); i < end; i++) {                                        \
        ((type *)values)[i] = value;                                                               \
      }                                                                                            \
    }                                                                                              \
  }
FILL_BY_THREAD(thread_index, int32_t, thread)
FILL_BY_THREAD(thread_id, int64_t, profile->threads[thread].os_tid)
FILL_BY_THREAD(process_id, int64_t, profile->processes[profile->threads[thread].process].os_pid)

static int32_t limit_of(const baro_profile *profile, uint32_t thread) {
  double limit;
  uint32_t process = profile->threads[thread].process;
  bool known = baro_profile_process_fact_number(profile, process, "recursion_limit", &limit);
  return known && limit <= INT32_MAX ? (int32_t)limit : INT32_MIN;
}
FILL_BY_THREAD(recursion_limit, int32_t, limit_of(profile, thread))

static bool line(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t first = profile->functions.rows[profile->calls.function[row]].first_line;
  return baro_row_known(first != 0, first, ret_value);
}

static bool start_time(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return baro_row_utc(profile, profile->calls.start_ns[row], ret_value);
}

static bool end_time(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  const baro_profile_calls *calls = &profile->calls;
  return baro_row_utc(profile, calls->start_ns[row] + baro_call_clocked_ns(calls, row), ret_value);
}

static const uint32_t *suspendable(const baro_profile *profile, uint32_t *ret_count) {
  *ret_count = profile->calls.suspendable_count;
  return profile->calls.suspendable_call;
}

static bool resumes(const baro_profile *profile, uint32_t place, uint64_t *ret_value) {
  *ret_value = profile->calls.suspendable_resumes[place];
  return true;
}

/* That of the few that can be suspended is not their duration. */
static void active_ns(const baro_profile *profile, const baro_table_part *part, void *values) {
  const baro_profile_calls *calls = &profile->calls;
  duration_ns(profile, part, values);
  uint32_t place =
      baro_some_from(calls->suspendable_call, calls->suspendable_count, (uint32_t)part->first);
  for (; place < calls->suspendable_count; place++) {
    uint32_t row = calls->suspendable_call[place] - (uint32_t)part->first;
    if (row >= part->count) {
      break;
    }
    ((int64_t *)values)[row] = (int64_t)calls->suspendable_active_ns[place];
  }
}

static const uint32_t *used(const baro_profile *profile, uint32_t *ret_count) {
  *ret_count = profile->calls.usage_count;
  return profile->calls.usage_call;
}

static bool cpu_ns(const baro_profile *profile, uint32_t place, uint64_t *ret_value) {
  *ret_value = profile->calls.usage_cpu_ns[place];
  return *ret_value != BARO_UNKNOWN_AMOUNT;
}

static bool cpu_usage(const baro_profile *profile, uint32_t place, double *ret_value) {
  uint64_t cpu;
  uint64_t wall_ns = profile->calls.duration_ns[profile->calls.usage_call[place]];
  bool known = cpu_ns(profile, place, &cpu) && wall_ns != 0;
  *ret_value = known ? (double)cpu / (double)wall_ns : 0;
  return known;
}

static bool memory_usage(const baro_profile *profile, uint32_t place, uint64_t *ret_value) {
  *ret_value = profile->calls.usage_memory_bytes[place];
  return *ret_value != BARO_UNKNOWN_AMOUNT;
}

static void value_text(const baro_profile *profile, baro_call_value which, uint32_t place,
                       baro_buffer *out) {
  const baro_profile_calls *calls = &profile->calls;
  baro_write_utf8(out, calls->value_texts.views[calls->values[which - 1].text[place]]);
}

#define VALUE(column, which)                                                                       \
  static const uint32_t *with_##column(const baro_profile *profile, uint32_t *ret_count) {         \
    *ret_count = profile->calls.values[(which)-1].count;                                           \
    return profile->calls.values[(which)-1].call;                                                  \
  }                                                                                                \
  static void column(const baro_profile *profile, uint32_t place, baro_buffer *out) {              \
    value_text(profile, (which), place, out);                                                      \
  }

VALUE(arguments, BARO_CALL_VALUE_ARGUMENTS)
VALUE(keyword_arguments, BARO_CALL_VALUE_KEYWORD_ARGUMENTS)
VALUE(return_value, BARO_CALL_VALUE_RETURN)

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

static const uint32_t *raised(const baro_profile *profile, uint32_t *ret_count) {
  *ret_count = profile->calls.raised_count;
  return profile->calls.raised_call;
}

static void exception_type(const baro_profile *profile, uint32_t place, baro_buffer *out) {
  baro_row_string(profile, profile->calls.raised_exception[place], out);
}

static const baro_column_spec columns[] = {
    BARO_STORED_RUN,
    BARO_STORED_FILLED("thread_id", thread_id),
    BARO_STORED_FILLED("process_id", process_id),
    BARO_STORED_NAME("unique_app_id", baro_stored_run_id, baro_stored_the_run),
    BARO_STORED_NAMED("class_name", baro_stored_class_names, function_name),
    BARO_STORED_NAMED("function_name", baro_stored_function_names, function_name),
    {.name = "execution_time", .kind = BARO_COLUMN_F64, .fill = execution_time},
    BARO_STORED_UTC("start_time", start_time),
    BARO_STORED_UTC("end_time", end_time),
    BARO_STORED_SOME("memory_usage", BARO_COLUMN_I64, used, .number = memory_usage),
    BARO_STORED_SOME("cpu_usage", BARO_COLUMN_F64, used, .real = cpu_usage),
    {.name = "recursion_limit",
     .kind = BARO_COLUMN_I32,
     .nulls = BARO_NULLS_BY_ROW,
     .fill = recursion_limit},
    BARO_STORED_SOME("arguments", BARO_COLUMN_TEXT, with_arguments, .text = arguments),
    BARO_STORED_SOME("keyword_arguments", BARO_COLUMN_TEXT, with_keyword_arguments,
                     .text = keyword_arguments),
    BARO_STORED_SOME("return_value", BARO_COLUMN_TEXT, with_return_value, .text = return_value),
    BARO_STORED_NAMED("source_code_md5_hash", baro_stored_source_hashes, function_name),
    BARO_STORED_NAMED("module", baro_stored_modules, function_name),
    BARO_STORED_NAMED("qualified_name", baro_stored_qualified_names, function_name),
    BARO_STORED_NAMED("file", baro_stored_files, function_name),
    BARO_STORED_NUMBER("line", BARO_COLUMN_I32, line),
    BARO_STORED_FILLED("function_id", function_id),
    BARO_STORED_FILLED("start_ns", start_ns),
    BARO_STORED_FILLED("duration_ns", duration_ns),
    BARO_STORED_FILLED("self_ns", self_ns),
    BARO_STORED_FILLED("active_ns", active_ns),
    BARO_STORED_SOME("cpu_ns", BARO_COLUMN_I64, used, .number = cpu_ns),
    BARO_STORED_FILLED("own_ns", own_ns),
    {.name = "depth", .kind = BARO_COLUMN_I32, .fill = depth},
    BARO_STORED_FILLED("call_id", baro_stored_row_numbers),
    BARO_STORED_NUMBER("parent_call_id", BARO_COLUMN_I64, parent_call_id),
    BARO_STORED_NUMBER("task_id", BARO_COLUMN_I64, task_id),
    BARO_STORED_SOME("resumes", BARO_COLUMN_I64, suspendable, .number = resumes),
    BARO_STORED_NAMED("outcome", baro_stored_outcomes, outcome),
    BARO_STORED_SOME("exception_type", BARO_COLUMN_TEXT, raised, .text = exception_type),
    BARO_STORED_NAMED("thread_name", baro_stored_thread_names, thread_index),
    {.name = "weight", .kind = BARO_COLUMN_F64, .fill = weight},
};

const baro_table_spec baro_stored_calls = {
    .name = "calls",
    .row_count = row_count,
    BARO_COLUMNS(columns),
};
