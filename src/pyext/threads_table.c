/* Table threads: as `threads` of the JSON report. Threads of a process stand together. */
#include <string.h>

#include "pyext/tables.h"
#include "show/thread_label.h"
#include "show/utf8.h"

static uint64_t row_count(const baro_profile *profile) {
  return profile->thread_count;
}

static bool process_index(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->threads[row].process;
  return true;
}

static bool process_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->processes[profile->threads[row].process].os_pid;
  return true;
}

static bool thread_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->threads[row].os_tid;
  return true;
}

static void name(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, profile->threads[row].name_string, out);
}

static void entry(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_buffer text = {0};
  baro_write_thread_entry(&text, profile, &profile->threads[row]);
  baro_write_utf8(out, (baro_view){.data = text.data, .length = text.length});
  out->failed = out->failed || text.failed;
  baro_buffer_release(&text);
}

static bool entry_function_index(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t function = profile->threads[row].entry_function;
  return baro_row_known(function != BARO_NONE_ID, function, ret_value);
}

static bool is_main(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->threads[row].is_main ? 1 : 0;
  return true;
}

static bool wall_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->threads[row].wall_ns;
  return true;
}

static bool cpu_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  const baro_profile_thread *thread = &profile->threads[row];
  return baro_row_known(thread->has_cpu, thread->cpu_ns, ret_value);
}

static bool runnable_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  const baro_profile_thread *thread = &profile->threads[row];
  return baro_row_known(thread->has_cpu, thread->runnable_ns, ret_value);
}

static bool samples(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->threads[row].sample_count;
  return true;
}

static bool ticks(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->threads[row].ticks;
  return true;
}

static void states(const baro_profile *profile, uint32_t row, uint64_t ret_ns[BARO_STATE_COUNT]) {
  memcpy(ret_ns, profile->threads[row].state_ns, sizeof(profile->threads[row].state_ns));
}

static bool calls(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t count = profile->threads[row].call_count;
  return baro_row_known(count != 0, count, ret_value);
}

static bool calls_self_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  const baro_profile_thread *thread = &profile->threads[row];
  return baro_row_known(thread->call_count != 0, thread->calls_self_ns, ret_value);
}

static const baro_column_spec columns[] = {
    {.name = "thread_index", .kind = BARO_COLUMN_U32, .number = baro_row_index},
    {.name = "process_index", .kind = BARO_COLUMN_U32, .number = process_index},
    {.name = "process_id", .kind = BARO_COLUMN_U32, .number = process_id},
    {.name = "thread_id", .kind = BARO_COLUMN_U32, .number = thread_id},
    {.name = "name", .kind = BARO_COLUMN_TEXT, .nulls = BARO_NULLS_BY_ROW, .text = name},
    {.name = "entry", .kind = BARO_COLUMN_TEXT, .nulls = BARO_NULLS_BY_ROW, .text = entry},
    {.name = "entry_function_index",
     .kind = BARO_COLUMN_U32,
     .nulls = BARO_NULLS_BY_ROW,
     .number = entry_function_index},
    {.name = "is_main", .kind = BARO_COLUMN_BOOL, .number = is_main},
    {.name = "wall_ns", .kind = BARO_COLUMN_U64, .number = wall_ns},
    {.name = "cpu_ns", .kind = BARO_COLUMN_U64, .nulls = BARO_NULLS_BY_ROW, .number = cpu_ns},
    {.name = "runnable_ns",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = runnable_ns},
    {.name = "samples", .kind = BARO_COLUMN_U64, .number = samples},
    {.name = "ticks", .kind = BARO_COLUMN_U64, .number = ticks},
    {.name = "calls", .kind = BARO_COLUMN_U64, .nulls = BARO_NULLS_BY_ROW, .number = calls},
    {.name = "calls_self_ns",
     .kind = BARO_COLUMN_U64,
     .nulls = BARO_NULLS_BY_ROW,
     .number = calls_self_ns},
    {.name = "states", .kind = BARO_COLUMN_SHARES, .states = states},
};

const baro_table_spec baro_table_threads = {
    .name = "threads",
    .row_count = row_count,
    BARO_COLUMNS(columns),
};
