#include "show/report_json.h"

#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "show/call_rows.h"
#include "show/explain_show.h"
#include "show/hot_path.h"
#include "show/json_writer.h"
#include "show/profile_keys.h"
#include "show/report_json_parts.h"
#include "show/summary.h"
#include "show/thread_label.h"

void baro_report_json_ratio(baro_json_report *report, const char *name, double part, double whole) {
  if (whole > 0) {
    baro_json_number(&report->json, name, part / whole);
  } else {
    baro_json_null(&report->json, name);
  }
}

static void write_error(baro_json_report *report, const char *name, double ns, double square) {
  double error = -1;
  if (report->basis_ns > 0) {
    error = baro_profile_ratio_error(report->profile, report->options->measure,
                                     ns / report->basis_ns, square);
  }
  if (error >= 0) {
    baro_json_number(&report->json, name, error);
  } else {
    baro_json_null(&report->json, name);
  }
}

void baro_report_json_states(baro_json_report *report, const char *name,
                             const uint64_t state_ns[BARO_STATE_COUNT]) {
  double all_ns = 0;
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    all_ns += (double)state_ns[state];
  }
  baro_json_object(&report->json, name, true);
  for (int i = 1; i <= BARO_STATE_COUNT; i++) {
    int state = i % BARO_STATE_COUNT; /* unknown, the first of the list, stands last */
    baro_report_json_ratio(report, baro_state_key((baro_state)state), (double)state_ns[state],
                           all_ns);
  }
  baro_json_end_object(&report->json);
}

static void write_amount_states(baro_json_report *report, const char *name,
                                const baro_amounts *amounts, uint32_t index) {
  uint64_t state_ns[BARO_STATE_COUNT];
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    state_ns[state] = baro_amount(amounts, (baro_state)state, index);
  }
  baro_report_json_states(report, name, state_ns);
}

/* "2026-11-21T14:49:35.123456Z" of a monotonic time. */
void baro_report_json_utc(baro_json_report *report, const char *name, uint64_t monotonic_ns) {
  uint64_t utc_ns;
  struct tm utc;
  if (!baro_profile_utc_ns(report->profile, monotonic_ns, &utc_ns)) {
    baro_json_null(&report->json, name);
    return;
  }
  time_t seconds = (time_t)(utc_ns / 1000000000);
  char date[40];
  char text[64];
  if (gmtime_r(&seconds, &utc) == NULL ||
      strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
    baro_json_null(&report->json, name);
    return;
  }
  (void)snprintf(text, sizeof(text), "%s.%06uZ", date, (unsigned)(utc_ns % 1000000000 / 1000));
  baro_json_text(&report->json, name, text);
}

void baro_report_json_known(baro_json_report *report, const char *name, baro_view text) {
  if (text.length != 0) {
    baro_json_string(&report->json, name, text);
  } else {
    baro_json_null(&report->json, name);
  }
}

void baro_report_json_known_u64(baro_json_report *report, const char *name, bool known,
                                uint64_t value) {
  if (known) {
    baro_json_u64(&report->json, name, value);
  } else {
    baro_json_null(&report->json, name);
  }
}

static void write_processes(baro_json_report *report) {
  const baro_profile *profile = report->profile;
  baro_json *json = &report->json;
  baro_json_array(json, "processes", false);
  for (uint32_t p = 0; p < profile->process_count; p++) {
    const baro_profile_process *process = &profile->processes[p];
    bool has_parent = process->parent_process < profile->process_count;
    int status = process->wait_status;
    baro_json_object(json, NULL, false);
    baro_json_u64(json, "process_id", process->os_pid);
    baro_report_json_known_u64(report, "parent_process_id", has_parent,
                               has_parent ? profile->processes[process->parent_process].os_pid : 0);
    baro_report_json_known(report, "command",
                           baro_profile_string(profile, process->command_string));
    baro_report_json_known(report, "python", baro_profile_string(profile, process->python_string));
    baro_report_json_utc(report, "start_utc", process->start_ns);
    baro_report_json_known_u64(report, "duration_ns", process->end_ns > process->seen_ns,
                               process->end_ns - process->seen_ns);
    baro_report_json_known_u64(report, "exit_status", status >= 0 && WIFEXITED(status),
                               (uint64_t)WEXITSTATUS(status));
    baro_report_json_known_u64(report, "signal", status >= 0 && WIFSIGNALED(status),
                               (uint64_t)WTERMSIG(status));
    baro_report_json_known_u64(report, "cpu_ns", process->has_cpu, process->cpu_ns);
    for (int c = BARO_COUNTER_STACKS; c < BARO_COUNTER_COUNT; c++) {
      /* The recorder's own time is not a process's; memory is 0 only where it could not be read. */
      bool known =
          process->has_counters && (process->counters[c] != 0 || c < BARO_COUNTER_SAMPLER_CPU_NS);
      if (c != BARO_COUNTER_SAMPLER_CPU_NS) {
        baro_report_json_known_u64(report, baro_counter_key((baro_counter)c), known,
                                   process->counters[c]);
      }
    }
    baro_json_u64(json, "threads", process->thread_count);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

/* Where it enters the user's code; null when that is not known. */
static void write_entry(baro_json_report *report, const baro_profile_thread *thread) {
  baro_buffer entry = {0};
  baro_write_thread_entry(&entry, report->profile, thread);
  if (entry.failed && report->json.output->status == BARO_OK) {
    report->json.output->status =
        baro_error_set(&report->json.output->error, BARO_NO_MEMORY, "out of memory");
  }
  baro_report_json_known(report, "entry", (baro_view){.data = entry.data, .length = entry.length});
  baro_buffer_release(&entry);
}

static void write_threads(baro_json_report *report) {
  const baro_profile *profile = report->profile;
  baro_json *json = &report->json;
  baro_json_array(json, "threads", false);
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    baro_json_object(json, NULL, false);
    baro_json_u64(json, "process_id", profile->processes[thread->process].os_pid);
    baro_json_u64(json, "thread_id", thread->os_tid);
    baro_report_json_known(report, "name", baro_profile_string(profile, thread->name_string));
    write_entry(report, thread);
    baro_json_bool(json, "is_main", thread->is_main);
    baro_json_u64(json, "wall_ns", thread->wall_ns);
    baro_report_json_known_u64(report, "cpu_ns", thread->has_cpu, thread->cpu_ns);
    baro_report_json_known_u64(report, "runnable_ns", thread->has_cpu, thread->runnable_ns);
    baro_json_u64(json, "samples", thread->sample_count);
    baro_json_u64(json, "ticks", thread->ticks);
    bool has_calls = thread->call_count != 0;
    baro_report_json_known_u64(report, "calls", has_calls, thread->call_count);
    baro_report_json_known_u64(report, "calls_self_ns", has_calls, thread->calls_self_ns);
    baro_report_json_states(report, "states", thread->state_ns);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

void baro_report_json_place(baro_json_report *report, uint32_t function, uint32_t line) {
  const baro_profile *profile = report->profile;
  const baro_profile_function *row = &profile->functions.rows[function];
  baro_json_string(&report->json, "name", baro_profile_string(profile, row->qualified_string));
  baro_json_string(&report->json, "short_name", baro_profile_string(profile, row->name_string));
  baro_report_json_known(report, "file", baro_profile_string(profile, row->file_string));
  baro_report_json_known_u64(report, "line", line != 0, line);
}

/* Amounts of one function or line, in the measure of the report. */
static void write_amounts(baro_json_report *report, const baro_amounts *self,
                          const baro_amounts *total, const double *self_square,
                          const double *total_square, uint32_t index) {
  baro_json *json = &report->json;
  uint64_t self_ns = baro_amount_busy(self, index);
  uint64_t total_ns = baro_amount_busy(total, index);
  baro_report_json_ratio(report, "self_ratio", (double)self_ns, report->basis_ns);
  write_error(report, "self_ratio_error", (double)self_ns, self_square[index]);
  baro_report_json_ratio(report, "total_ratio", (double)total_ns, report->basis_ns);
  write_error(report, "total_ratio_error", (double)total_ns, total_square[index]);
  baro_json_u64(json, "self_ns", self_ns);
  baro_json_u64(json, "total_ns", total_ns);
}

static void write_function(baro_json_report *report, uint32_t function) {
  const baro_profile_functions *functions = &report->profile->functions;
  const baro_profile_function *row = &functions->rows[function];
  baro_measure measure = report->options->measure;
  baro_json *json = &report->json;
  const char *origin = baro_origin_key(row->origin);
  baro_json_object(json, NULL, false);
  baro_report_json_place(report, function, row->first_line);
  write_amounts(report, &functions->self[measure], &functions->total[measure],
                functions->self_square[measure], functions->total_square[measure], function);
  baro_json_u64(json, "thread_self_ns", functions->self[BARO_MEASURE_THREAD].all_ns[function]);
  baro_json_u64(json, "thread_total_ns", functions->total[BARO_MEASURE_THREAD].all_ns[function]);
  baro_json_u64(json, "samples", functions->self_samples[function]);
  baro_json_u64(json, "ticks", functions->self_ticks[function]);
  baro_json_u64(json, "total_samples", functions->total_samples[function]);
  write_amount_states(report, "states", &functions->self[BARO_MEASURE_THREAD], function);
  write_amount_states(report, "total_states", &functions->total[BARO_MEASURE_THREAD], function);
  baro_report_json_known(report, "module",
                         baro_profile_string(report->profile, row->module_string));
  if (origin != NULL) {
    baro_json_text(json, "origin", origin);
  } else {
    baro_json_null(json, "origin");
  }
  baro_report_json_calls_of(report, function);
  baro_json_array(json, "flags", true);
  for (unsigned bit = 0; bit < BARO_FLAG_COUNT; bit++) {
    if ((row->flags >> bit & 1) != 0) {
      baro_json_text(json, NULL, baro_flag_key(bit));
    }
  }
  baro_json_end_array(json);
  baro_json_end_object(json);
}

static void write_line(baro_json_report *report, uint32_t frame) {
  const baro_profile_frames *frames = &report->profile->frames;
  baro_measure measure = report->options->measure;
  baro_json_object(&report->json, NULL, false);
  baro_report_json_place(report, frames->function[frame], frames->line[frame]);
  write_amounts(report, &frames->self[measure], &frames->total[measure],
                frames->self_square[measure], frames->total_square[measure], frame);
  baro_json_u64(&report->json, "samples", frames->self_samples[frame]);
  write_amount_states(report, "states", &frames->self[BARO_MEASURE_THREAD], frame);
  baro_json_end_object(&report->json);
}

/* The rows of baro_report_order, which have time of the asked kind, then all others by index: a program that
 * reads the file looks for functions by name, and one that only calls others has no time of its own. */
static bool write_rows(baro_json_report *report, bool lines) {
  const baro_profile *profile = report->profile;
  uint32_t all = lines ? profile->frames.count : profile->functions.count;
  uint32_t top = report->options->top == 0 ? all : report->options->top;
  baro_report_options options = *report->options;
  options.lines = lines;
  baro_arena scratch = {0};
  uint32_t count = 0;
  bool by_calls = !lines && profile->samples.count == 0;
  uint32_t *order = by_calls ? baro_call_functions(profile, options.sort, &scratch, &count)
                             : baro_report_order(profile, &options, &scratch, &count);
  uint8_t *seen = baro_arena_array(&scratch, all, sizeof(*seen));
  bool ready = order != NULL && seen != NULL;
  for (uint32_t i = 0; ready && i < count + (uint64_t)all && top != 0; i++) {
    uint32_t row = i < count ? order[i] : i - count;
    if (seen[row] == 0) {
      seen[row] = 1;
      top--;
      if (lines) {
        write_line(report, row);
      } else {
        write_function(report, row);
      }
    }
  }
  baro_arena_release(&scratch);
  return ready;
}

static bool write_path(baro_json_report *report) {
  baro_arena scratch = {0};
  baro_hot_path path;
  bool found = baro_hot_path_find(report->profile, report->options->measure, &scratch, &path);
  for (uint32_t i = 0; found && i < path.count; i++) {
    const baro_hot_step *step = &path.steps[i];
    baro_json_object(&report->json, NULL, false);
    baro_report_json_place(report, step->function, step->line);
    baro_report_json_ratio(report, "total_ratio", (double)step->total_ns, report->basis_ns);
    baro_report_json_ratio(report, "self_ratio", (double)step->self_ns, report->basis_ns);
    baro_json_u64(&report->json, "repeats", step->repeats);
    baro_json_end_object(&report->json);
  }
  baro_arena_release(&scratch);
  return found;
}

static bool write_summary(baro_json_report *report, const baro_explanation *of) {
  if (of->is_dataflow) {
    baro_buffer text = {0};
    baro_explain_summary(of, &text);
    baro_json_string(&report->json, "summary", (baro_view){text.data, text.length});
    bool good = !text.failed;
    baro_buffer_release(&text);
    return good;
  }
  baro_arena scratch = {0};
  baro_view sentence = baro_summary(report->profile, report->options->measure, &scratch);
  baro_json_string(&report->json, "summary", sentence);
  baro_arena_release(&scratch);
  return sentence.data != NULL;
}

void baro_report_head_json(const baro_profile *profile, const baro_report_options *options,
                           baro_stream *output) {
  baro_json_report report = {.profile = profile, .options = options};
  report.basis_ns = (double)baro_profile_basis_ns(profile, options->measure);
  baro_json_init(&report.json, output, false);
  baro_json_object(&report.json, NULL, false);
  baro_report_json_put_head(&report);
  baro_json_end_object(&report.json);
}

baro_status baro_report_json(const baro_profile *profile, const baro_report_options *options,
                             baro_stream *output, baro_error *err) {
  baro_json_report report = {.profile = profile, .options = options};
  report.basis_ns = (double)baro_profile_basis_ns(profile, options->measure);
  baro_json *json = &report.json;
  baro_explanation of = {0};
  if (profile->dataflow.task_count > 0 && baro_explain(profile, &of) != BARO_OK) {
    baro_explanation_release(&of);
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_json_init(json, output, true);
  baro_json_object(json, NULL, false);
  baro_json_text(json, "schema", "barograph.report/1");
  bool good = write_summary(&report, &of);
  baro_report_json_put_head(&report);
  if (of.is_dataflow) {
    good = baro_report_json_operators(&report, &of) && good;
  }
  baro_json_array(json, "functions", false);
  good = write_rows(&report, false) && good;
  baro_json_end_array(json);
  if (options->lines) {
    baro_json_array(json, "lines", false);
    good = write_rows(&report, true) && good;
    baro_json_end_array(json);
  }
  baro_json_array(json, "hottest_path", false);
  good = write_path(&report) && good;
  baro_json_end_array(json);
  good = baro_report_json_call_lists(&report) && good;
  write_threads(&report);
  write_processes(&report);
  baro_json_end_object(json);
  baro_explanation_release(&of);
  return good ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}
