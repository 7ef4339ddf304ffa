/* The head of a page, as JSON: what was recorded and how well, processes, threads, what sections there are. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/plural.h"
#include "explain/run_span.h"
#include "show/call_rows.h"
#include "show/damage.h"
#include "show/ending.h"
#include "show/html_changes.h"
#include "show/html_errors.h"
#include "show/html_parts.h"
#include "show/html_slowest.h"
#include "show/html_summary.h"
#include "show/stolen.h"
#include "show/thread_label.h"
#include "show/units.h"

/* Larger ones say nothing more, and would stand in every page. */
enum { COMMAND_BYTES = 4096 };

/* What the timeline is rounded to is worth a word above this. */
enum { FINE_TICK_NS = 100000 };

static void write_known(baro_json *json, const char *name, bool known, uint64_t value) {
  if (known) {
    baro_json_u64(json, name, value < BARO_HTML_VALUE_MAX ? value : BARO_HTML_VALUE_MAX);
  } else {
    baro_json_null(json, name);
  }
}

static void write_text(baro_json *json, const char *name, baro_view text) {
  if (text.length > 0) {
    baro_json_string(json, name, text);
  } else {
    baro_json_null(json, name);
  }
}

/* Whole texts only: a part of one would be taken for all of it. */
static void write_buffer(baro_json *json, const char *name, baro_buffer *text) {
  if (text->failed) {
    json->output->status = baro_error_set(&json->output->error, BARO_NO_MEMORY, "out of memory");
  }
  write_text(json, name, (baro_view){.data = text->data, .length = text->length});
  baro_buffer_release(text);
}

static baro_view info(const baro_profile *profile, const char *key) {
  baro_view value = {0};
  (void)baro_profile_info(profile, key, &value);
  return value;
}

static baro_view command_of(const baro_profile *profile) {
  baro_view command = info(profile, "command");
  if (command.length == 0 && profile->process_count > 0) {
    command = baro_profile_string(profile, profile->processes[0].command_string);
  }
  command.length = command.length < COMMAND_BYTES ? command.length : COMMAND_BYTES;
  return command;
}

/* --- Sides --- */

/* "2026-11-21T14:49:35.123456Z" */
static void write_utc(baro_json *json, const baro_profile *profile, bool any, uint64_t start_ns) {
  uint64_t utc_ns;
  struct tm utc;
  char date[40], text[64];
  time_t seconds = 0;
  bool known = any && baro_profile_utc_ns(profile, start_ns, &utc_ns);
  if (known) {
    seconds = (time_t)(utc_ns / 1000000000);
  }
  if (!known || gmtime_r(&seconds, &utc) == NULL ||
      strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
    baro_json_null(json, "start_utc");
    return;
  }
  (void)snprintf(text, sizeof(text), "%s.%06uZ", date, (unsigned)(utc_ns % 1000000000 / 1000));
  baro_json_text(json, "start_utc", text);
}

/* "Linux 6.1.0, 8 CPUs, 27 % of their time went to others on the host" */
static void write_machine(baro_json *json, const baro_profile *profile) {
  baro_view kernel = info(profile, "kernel");
  double cpus = 0;
  baro_buffer text = {0};
  baro_write_bytes(&text, kernel.data, kernel.length);
  if (baro_profile_info_number(profile, "cpu_count", &cpus)) {
    baro_write_format(&text, "%s%.0f %s", text.length > 0 ? ", " : "", cpus,
                      cpus == 1 ? "CPU" : "CPUs");
  }
  double stolen = 0;
  if (baro_stolen_matters(profile, &stolen)) {
    baro_write_format(&text, ", %s of %s time went to others on the host",
                      baro_text_percent_whole(stolen).text, cpus == 1 ? "its" : "their");
  }
  write_buffer(json, "machine", &text);
}

static void write_rates(baro_json *json, const baro_profile *profile) {
  const uint64_t *counters = profile->counters;
  double asked = 0;
  bool has_rate = baro_profile_info_number(profile, "rate_hz", &asked) && asked > 0;
  double kept = has_rate ? baro_achieved_hz(asked, counters[BARO_COUNTER_TICKS],
                                            counters[BARO_COUNTER_MISSED])
                         : 0;
  if (has_rate) {
    baro_json_number(json, "rate_hz", asked);
    baro_json_number(json, "interval_ns", 1e9 / asked);
  } else {
    baro_json_null(json, "rate_hz");
    baro_json_null(json, "interval_ns");
  }
  if (kept > 0) {
    baro_json_number(json, "achieved_rate_hz", kept);
  } else {
    baro_json_null(json, "achieved_rate_hz");
  }
}

/* Shares of the run's own time, or of tasks' time, whose state, or whose stack, is not known. */
static void write_unknown(baro_json *json, const baro_profile *profile) {
  const baro_measure measure = BARO_MEASURE_RUN;
  double basis_ns = (double)baro_profile_basis_ns(profile, measure);
  bool is_time = baro_profile_weight_unit(profile).length == 0;
  double stack_ns = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    const baro_profile_function *function = &profile->functions.rows[f];
    if (function->origin == BARO_ORIGIN_NONE && (function->flags & BARO_FUNCTION_UNREADABLE) != 0) {
      stack_ns += (double)baro_amount_busy(&profile->functions.self[measure], f);
    }
  }
  const struct {
    const char *reason;
    double ratio;
  } rows[] = {{"what threads did: no known kind of wait",
               is_time ? baro_profile_unknown_ratio(profile, measure) : 0},
              {"where they were: the stack could not be read", stack_ns / basis_ns}};
  baro_json_array(json, "unknown", false);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && basis_ns > 0; i++) {
    if (rows[i].ratio > 0) {
      baro_json_object(json, NULL, true);
      baro_json_text(json, "reason", rows[i].reason);
      baro_json_number(json, "ratio", rows[i].ratio);
      baro_json_end_object(json);
    }
  }
  baro_json_end_array(json);
}

static void write_effective(baro_json *json, const baro_profile *profile) {
  static const char *const names[BARO_MEASURE_COUNT] = {"effective_samples",
                                                        "effective_samples_wall"};
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    double samples = baro_html_effective_samples(profile, (baro_measure)m);
    if (samples > 0) {
      baro_json_number(json, names[m], samples);
    } else {
      baro_json_null(json, names[m]);
    }
  }
}

static void write_notes(baro_json *json, const baro_profile *profile) {
  baro_json_array(json, "notes", false);
  for (uint32_t i = 0; i < profile->note_count; i++) {
    bool seen = false;
    for (uint32_t j = 0; j < i && !seen; j++) {
      seen = baro_view_equal(profile->notes[i].text, profile->notes[j].text);
    }
    if (!seen) {
      baro_json_string(json, NULL, profile->notes[i].text);
    }
  }
  baro_json_end_array(json);
}

/* "exit status 0", without what the report puts before it. */
static void write_ending(baro_json *json, const baro_profile *profile) {
  baro_buffer text = {0};
  baro_ending_write(profile, &text);
  if (!text.failed && text.length > 2) {
    text.length -= 2;
    memmove(text.data, text.data + 2, text.length);
  }
  write_buffer(json, "ended", &text);
}

static void write_side(const baro_html_page *page, unsigned side, baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  const char *path = page->options->paths[side];
  /* Of a framework's log its run, which the sentences speak of. */
  baro_run_span run = {.begin_ns = profile->start_ns, .end_ns = profile->end_ns};
  bool any =
      baro_run_span_of(profile, &run) || profile->samples.count > 0 || profile->calls.count > 0;
  bool counted = profile->has_counters;
  baro_json_object(json, NULL, false);
  baro_json_text(json, "file", path == NULL ? "" : path);
  write_text(json, "command", command_of(profile));
  write_text(json, "program", page->names.programs[side]);
  write_text(json, "python",
             profile->process_count == 0
                 ? (baro_view){0}
                 : baro_profile_string(profile, profile->processes[0].python_string));
  write_machine(json, profile);
  write_text(json, "host", info(profile, "host"));
  write_text(json, "tool_version", info(profile, "tool_version"));
  write_utc(json, profile, any, run.begin_ns);
  write_known(json, "duration_ns", any, run.end_ns - run.begin_ns);
  baro_json_u64(json, "samples", profile->samples.count);
  write_rates(json, profile);
  write_known(json, "cpu_ns", profile->has_cpu, profile->cpu_ns);
  /* Where only calls were recorded, as the report's head has it. */
  uint64_t least_ns = profile->samples.count == 0 ? profile->calls.threads_cpu_ns : 0;
  write_known(json, "cpu_least_ns", !profile->has_cpu && least_ns > 0, least_ns);
  write_known(json, "peak_memory_bytes",
              counted && profile->counters[BARO_COUNTER_RSS_PEAK_BYTES] != 0,
              profile->counters[BARO_COUNTER_RSS_PEAK_BYTES]);
  baro_json_u64(json, "lost", profile->damage.dropped_samples);
  write_known(json, "rejected", counted, profile->counters[BARO_COUNTER_REJECTED]);
  write_known(json, "unreadable", counted, profile->counters[BARO_COUNTER_UNREADABLE]);
  write_known(json, "missed_ticks", counted, profile->counters[BARO_COUNTER_MISSED]);
  write_known(json, "ticks", counted, profile->counters[BARO_COUNTER_TICKS]);
  bool has_calls = baro_calls_recorded(profile);
  baro_calls_thinned thinned = baro_calls_thinned_of(profile);
  write_known(json, "calls", has_calls, thinned.calls);
  write_known(json, "calls_recorded", has_calls, profile->calls.count);
  write_known(json, "lost_events", has_calls, profile->calls.lost_events);
  write_ending(json, profile);
  write_notes(json, profile);
  write_unknown(json, profile);
  baro_buffer damage = {0};
  baro_damage_write(&profile->damage, &damage);
  write_buffer(json, "damage", &damage);
  write_effective(json, profile);
  baro_json_end_object(json);
}

/* --- Processes and threads --- */

static uint64_t tick_of(const baro_html_page *page, unsigned side, uint64_t time_ns) {
  uint64_t origin_ns = page->origin_ns[side];
  return time_ns > origin_ns ? (time_ns - origin_ns) / page->tick_ns : 0;
}

static void write_span(const baro_html_page *page, unsigned side, uint64_t seen_ns, uint64_t end_ns,
                       baro_json *json) {
  uint64_t last_ns = end_ns != 0 ? end_ns : page->profiles[side]->end_ns;
  baro_json_u64(json, "start_tick", tick_of(page, side, seen_ns));
  baro_json_u64(json, "end_tick", tick_of(page, side, last_ns > seen_ns ? last_ns : seen_ns));
}

static void write_processes(const baro_html_page *page, baro_json *json) {
  baro_json_array(json, "processes", false);
  for (unsigned side = 0; side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    for (uint32_t p = 0; p < profile->process_count; p++) {
      const baro_profile_process *process = &profile->processes[p];
      bool has_parent = process->parent_process < profile->process_count;
      baro_json_object(json, NULL, true);
      baro_json_u64(json, "pid", process->os_pid);
      write_known(json, "parent", has_parent,
                  has_parent ? page->first_process[side] + process->parent_process : 0);
      write_text(json, "command", baro_profile_string(profile, process->command_string));
      write_text(json, "python", baro_profile_string(profile, process->python_string));
      baro_json_u64(json, "side", side);
      write_span(page, side, process->seen_ns, process->end_ns, json);
      baro_json_end_object(json);
    }
  }
  baro_json_end_array(json);
}

static void write_states(baro_json *json, const char *name, const uint64_t *state_ns,
                         uint64_t unit_ns) {
  baro_json_object(json, name, true);
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    if (state_ns[s] != 0) {
      baro_json_u64(json, baro_state_key((baro_state)s), (state_ns[s] + unit_ns / 2) / unit_ns);
    }
  }
  baro_json_end_object(json);
}

static void write_thread(const baro_html_page *page, unsigned side,
                         const baro_profile_thread *thread, baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  baro_buffer label = {0};
  baro_write_thread_label(&label, profile, thread);
  baro_json_object(json, NULL, true);
  baro_json_u64(json, "process", page->first_process[side] + thread->process);
  baro_json_u64(json, "tid", thread->os_tid);
  write_buffer(json, "name", &label);
  baro_json_bool(json, "main", thread->is_main);
  baro_json_u64(json, "side", side);
  write_span(page, side, thread->seen_ns, thread->end_ns, json);
  baro_json_u64(json, "samples", thread->sample_count);
  baro_json_u64(json, "calls", thread->call_count);
  baro_json_u64(json, "wall", (thread->wall_ns + page->unit_ns / 2) / page->unit_ns);
  write_known(json, "cpu", thread->has_cpu, (thread->cpu_ns + page->unit_ns / 2) / page->unit_ns);
  write_states(json, "states", thread->state_ns, page->unit_ns);
  write_states(json, "run_states", thread->run_state_ns, page->unit_ns);
  baro_json_end_object(json);
}

static void write_threads(const baro_html_page *page, baro_json *json) {
  baro_json_array(json, "threads", false);
  for (unsigned side = 0; side < page->side_count; side++) {
    for (uint32_t t = 0; t < page->profiles[side]->thread_count; t++) {
      write_thread(page, side, &page->profiles[side]->threads[t], json);
    }
  }
  baro_json_end_array(json);
}

/* --- What the columns need --- */

static const char *kind_of(baro_state state) {
  switch (state) {
  case BARO_STATE_UNKNOWN: return "unknown";
  case BARO_STATE_CPU:
  case BARO_STATE_GPU:
  case BARO_STATE_COLLECTOR: return "run";
  case BARO_STATE_IDLE: return "idle";
  case BARO_STATE_RUNNABLE:
  case BARO_STATE_GIL:
  case BARO_STATE_LOCK:
  case BARO_STATE_DISK:
  case BARO_STATE_NETWORK:
  case BARO_STATE_PIPE:
  case BARO_STATE_CHILD:
  case BARO_STATE_COPY:
  case BARO_STATE_SLEEP: return "wait";
  case BARO_STATE_COUNT: break;
  }
  return "unknown";
}

static void write_state_list(baro_json *json) {
  baro_json_array(json, "states", false);
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    baro_json_object(json, NULL, true);
    baro_json_text(json, "key", baro_state_key((baro_state)s));
    baro_json_text(json, "words", baro_state_words((baro_state)s));
    baro_json_text(json, "kind", kind_of((baro_state)s));
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

static void write_ratios(baro_json *json, const baro_html_ratios *ratios) {
  baro_json_array(json, "run_ratio", false);
  for (uint32_t t = 0; t < ratios->thread_count; t++) {
    baro_json_array(json, NULL, true);
    for (int s = 0; s < BARO_STATE_COUNT; s++) {
      baro_json_number(json, NULL, ratios->run[(size_t)t * BARO_STATE_COUNT + (size_t)s]);
    }
    baro_json_end_array(json);
  }
  baro_json_end_array(json);
}

/* Whether some calls were made a task of. */
static bool any_tasks(const baro_html_page *page) {
  bool any = false;
  for (unsigned side = 0; side < page->side_count; side++) {
    any = any || page->profiles[side]->calls.task_call != NULL;
  }
  return any;
}

static void write_trees(const baro_html_page *page, baro_json *json) {
  uint32_t thread_count = page->first_thread[page->side_count];
  baro_json_array(json, "trees", false);
  for (int kind = 0; kind < BARO_HTML_TREE_KINDS; kind++) {
    const baro_html_tree_facts *tree = &page->trees[kind];
    if (!tree->exists) {
      continue;
    }
    baro_json_object(json, NULL, false);
    baro_json_text(json, "name", baro_html_tree_names[kind]);
    baro_json_u64(json, "nodes", tree->nodes);
    baro_json_u64(json, "entries", tree->entries);
    const baro_html_merged *merged = &tree->merged;
    if (merged->nodes > 0) {
      baro_json_object(json, "merged", true);
      baro_json_u64(json, "nodes", merged->nodes);
      baro_json_number(json, "ratio",
                       merged->all_ns > 0 ? (double)merged->time_ns / (double)merged->all_ns : 0);
      baro_json_end_object(json);
    } else {
      baro_json_null(json, "merged");
    }
    if (kind == BARO_HTML_OF_SAMPLES) {
      write_ratios(json, &tree->ratios);
    } else {
      baro_json_bool(json, "tasks", any_tasks(page));
    }
    /* Most entries are of one sample however long it was: nothing tells their number better than 0 does. */
    baro_json_array(json, "samples_ratio", true);
    for (uint32_t t = 0; t < thread_count; t++) {
      baro_json_u64(json, NULL, 0);
    }
    baro_json_end_array(json);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

/* What the sections have not got, in words. */
static void write_limits(const baro_html_page *page, baro_json *json) {
  baro_json_object(json, "limits", false);
  const baro_profile_calls *calls = &page->profiles[page->side_count - 1]->calls;
  if (calls->count > BARO_HTML_SLOWEST_CALLS) {
    char text[160];
    (void)snprintf(text, sizeof(text), "the slowest %s of %s calls",
                   baro_text_count(BARO_HTML_SLOWEST_CALLS).text,
                   baro_text_count(calls->count).text);
    baro_json_text(json, "calls", text);
  }
  if (page->source_missing > 0) {
    uint64_t files = (uint64_t)page->source_missing + page->source_files;
    char text[200];
    (void)snprintf(text, sizeof(text),
                   "%s of %s %s %s not here as %s ran: not on this machine, or changed since",
                   baro_text_count(page->source_missing).text, baro_text_count(files).text,
                   baro_plural(files, "file", "files"),
                   baro_plural(page->source_missing, "is", "are"),
                   baro_plural(page->source_missing, "it", "they"));
    baro_json_text(json, "source", text);
  }
  for (int kind = 0; kind < BARO_HTML_TREE_KINDS; kind++) {
    uint64_t step_ns = page->step_ticks[kind] * page->tick_ns;
    char name[BARO_HTML_NAME_BYTES], text[200];
    if (page->step_ticks[kind] > 0 && step_ns > FINE_TICK_NS) {
      (void)snprintf(name, sizeof(name), "runs:%s", baro_html_tree_names[kind]);
      (void)snprintf(text, sizeof(text), "times are rounded to %s: there are too many %s for more",
                     baro_text_duration(step_ns).text, baro_html_tree_names[kind]);
      baro_json_text(json, name, text);
    }
    const baro_html_merged *merged = &page->trees[kind].merged;
    if (merged->nodes > 0) {
      (void)snprintf(name, sizeof(name), "tree:%s", baro_html_tree_names[kind]);
      (void)snprintf(
          text, sizeof(text), "%s small %s put together to keep the page small: %s of the time",
          baro_text_count(merged->nodes).text, baro_plural(merged->nodes, "stack is", "stacks are"),
          baro_text_percent((double)merged->time_ns / fmax((double)merged->all_ns, 1)).text);
      baro_json_text(json, name, text);
    }
  }
  baro_html_dataflow_limits(&page->dataflow, json);
  baro_html_comparison_limits(page, json);
  baro_json_end_object(json);
}

void baro_html_title(const baro_html_page *page, baro_buffer *out) {
  baro_view command = command_of(page->profiles[0]);
  baro_write_bytes(out, command.data, command.length);
  baro_write_text(out, command.length > 0 ? " - barograph" : "barograph");
}

void baro_html_head(const baro_html_page *page, baro_stream *output) {
  baro_json json;
  baro_json_init(&json, output, false);
  baro_json_object(&json, NULL, false);
  baro_json_u64(&json, "version", 1);
  baro_buffer title = {0};
  baro_html_title(page, &title);
  write_buffer(&json, "title", &title);
  baro_json_bool(&json, "diff", page->side_count > 1);
  baro_json_array(&json, "sides", false);
  for (unsigned side = 0; side < page->side_count; side++) {
    write_side(page, side, &json);
  }
  baro_json_end_array(&json);
  baro_html_write_summary(page, &json);
  write_state_list(&json);
  baro_json_u64(&json, "unit_ns", page->unit_ns);
  write_text(&json, "amounts", baro_profile_weight_unit(page->profiles[0]));
  baro_json_u64(&json, "tick_ns", page->tick_ns);
  baro_json_array(&json, "origin_ns", true);
  for (unsigned side = 0; side < page->side_count; side++) {
    baro_json_u64(&json, NULL, page->origin_ns[side]);
  }
  baro_json_end_array(&json);
  write_processes(page, &json);
  write_threads(page, &json);
  write_trees(page, &json);
  baro_html_dataflow_head(&page->dataflow, &json);
  baro_html_comparison_head(page, &json);
  write_limits(page, &json);
  static const char *const sources[] = {
      [BARO_HTML_SOURCE_NONE] = "none",
      [BARO_HTML_SOURCE_SNIPPETS] = "snippets",
      [BARO_HTML_SOURCE_FULL] = "full",
  };
  baro_json_text(&json, "source", sources[page->options->source]);
  baro_html_describe(&page->sections, &json);
  baro_json_end_object(&json);
}
