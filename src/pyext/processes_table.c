/* Table processes: as `processes` of the JSON report. */
#include <sys/wait.h>

#include "pyext/tables.h"

static uint64_t row_count(const baro_profile *profile) {
  return profile->process_count;
}

static bool parent_process_index(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint32_t parent = profile->processes[row].parent_process;
  return baro_row_known(parent < profile->process_count, parent, ret_value);
}

static bool process_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->processes[row].os_pid;
  return true;
}

static bool parent_process_id(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  uint64_t parent;
  if (!parent_process_index(profile, row, &parent)) {
    return false;
  }
  *ret_value = profile->processes[parent].os_pid;
  return true;
}

static void command(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, profile->processes[row].command_string, out);
}

static void python(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  baro_row_string(profile, profile->processes[row].python_string, out);
}

static bool start_utc(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return baro_row_utc(profile, profile->processes[row].start_ns, ret_value);
}

static bool start_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->processes[row].start_ns;
  return true;
}

static bool duration_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  const baro_profile_process *process = &profile->processes[row];
  return baro_row_known(process->end_ns > process->seen_ns, process->end_ns - process->seen_ns,
                        ret_value);
}

static bool exit_status(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  int status = profile->processes[row].wait_status;
  return baro_row_known(status >= 0 && WIFEXITED(status), (uint64_t)WEXITSTATUS(status), ret_value);
}

static bool signal_number(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  int status = profile->processes[row].wait_status;
  return baro_row_known(status >= 0 && WIFSIGNALED(status), (uint64_t)WTERMSIG(status), ret_value);
}

static bool cpu_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  const baro_profile_process *process = &profile->processes[row];
  return baro_row_known(process->has_cpu, process->cpu_ns, ret_value);
}

/* Counts may be 0. */
static bool count_of(const baro_profile *profile, uint32_t row, baro_counter counter,
                     uint64_t *ret_value) {
  const baro_profile_process *process = &profile->processes[row];
  return baro_row_known(process->has_counters, process->counters[counter], ret_value);
}

/* No process takes no time and no memory: 0 is what could not be read. */
static bool amount_of(const baro_profile *profile, uint32_t row, baro_counter counter,
                      uint64_t *ret_value) {
  const baro_profile_process *process = &profile->processes[row];
  return baro_row_known(process->has_counters && process->counters[counter] != 0,
                        process->counters[counter], ret_value);
}

static bool stacks(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return count_of(profile, row, BARO_COUNTER_STACKS, ret_value);
}

static bool unmoved(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return count_of(profile, row, BARO_COUNTER_UNMOVED, ret_value);
}

static bool retries(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return count_of(profile, row, BARO_COUNTER_RETRIES, ret_value);
}

static bool rejected(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return count_of(profile, row, BARO_COUNTER_REJECTED, ret_value);
}

static bool unreadable(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return count_of(profile, row, BARO_COUNTER_UNREADABLE, ret_value);
}

static bool target_cpu_ns(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return amount_of(profile, row, BARO_COUNTER_TARGET_CPU_NS, ret_value);
}

static bool rss_bytes(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return amount_of(profile, row, BARO_COUNTER_RSS_BYTES, ret_value);
}

static bool rss_peak_bytes(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  return amount_of(profile, row, BARO_COUNTER_RSS_PEAK_BYTES, ret_value);
}

static bool threads(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  *ret_value = profile->processes[row].thread_count;
  return true;
}

#define KNOWN_U64(column, function)                                                                \
  { .name = (column), .kind = BARO_COLUMN_U64, .nulls = BARO_NULLS_BY_ROW, .number = (function) }
#define KNOWN_U32(column, function)                                                                \
  { .name = (column), .kind = BARO_COLUMN_U32, .nulls = BARO_NULLS_BY_ROW, .number = (function) }

static const baro_column_spec columns[] = {
    {.name = "process_index", .kind = BARO_COLUMN_U32, .number = baro_row_index},
    KNOWN_U32("parent_process_index", parent_process_index),
    {.name = "process_id", .kind = BARO_COLUMN_U32, .number = process_id},
    KNOWN_U32("parent_process_id", parent_process_id),
    {.name = "command", .kind = BARO_COLUMN_TEXT, .nulls = BARO_NULLS_BY_ROW, .text = command},
    {.name = "python", .kind = BARO_COLUMN_TEXT, .nulls = BARO_NULLS_BY_ROW, .text = python},
    {.name = "start_utc", .kind = BARO_COLUMN_UTC, .nulls = BARO_NULLS_BY_ROW, .number = start_utc},
    {.name = "start_ns", .kind = BARO_COLUMN_U64, .number = start_ns},
    KNOWN_U64("duration_ns", duration_ns),
    KNOWN_U32("exit_status", exit_status),
    KNOWN_U32("signal", signal_number),
    KNOWN_U64("cpu_ns", cpu_ns),
    KNOWN_U64("stacks", stacks),
    KNOWN_U64("unmoved", unmoved),
    KNOWN_U64("retries", retries),
    KNOWN_U64("rejected", rejected),
    KNOWN_U64("unreadable", unreadable),
    KNOWN_U64("target_cpu_ns", target_cpu_ns),
    KNOWN_U64("rss_bytes", rss_bytes),
    KNOWN_U64("rss_peak_bytes", rss_peak_bytes),
    {.name = "threads", .kind = BARO_COLUMN_U32, .number = threads},
};

const baro_table_spec baro_table_processes = {
    .name = "processes",
    .row_count = row_count,
    BARO_COLUMNS(columns),
};
