/* The head of the text report: what was recorded, how well, and what is not known. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/plural.h"
#include "explain/run_span.h"
#include "show/call_rows.h"
#include "show/crowd.h"
#include "show/damage.h"
#include "show/ending.h"
#include "show/report_parts.h"
#include "show/stolen.h"
#include "show/text_wrap.h"
#include "show/units.h"

enum { LABEL_COLUMNS = 11, NOTES_SHOWN = 6, COMMAND_BYTES = 600 };

/* From so many calls on a mean is of calls; below it is of what happened while one was told. */
static const uint64_t MEAN_COST_CALLS = 1000;

/* CPU time outside of sampled threads that is worth a word: more than this share, and more than the statistics of a
 * thread may lack at its end (a scheduler tick). */
static const double UNSEEN_CPU_RATIO = 0.05;
static const uint64_t UNSEEN_CPU_NS = 10000000;

/* "  label      text", wrapped below itself. */
static void write_line(baro_report *report, const char *label, baro_style style, baro_view text) {
  baro_buffer *out = report->out;
  baro_write_text(out, "  ");
  baro_style_begin(out, report->terminal, BARO_STYLE_FAINT);
  baro_write_format(out, "%-*s", LABEL_COLUMNS, label);
  baro_style_end(out, report->terminal, BARO_STYLE_FAINT);
  baro_wrap wrap = {.column = LABEL_COLUMNS + 2,
                    .indent = LABEL_COLUMNS + 2,
                    .columns = report->terminal->columns,
                    .unicode = report->terminal->unicode};
  baro_style_begin(out, report->terminal, style);
  baro_write_wrapped(out, &wrap, text);
  baro_style_end(out, report->terminal, style);
  baro_write_u8(out, '\n');
}

static void write_buffer_line(baro_report *report, const char *label, baro_style style,
                              baro_buffer *text) {
  if (text->failed)
    report->out->failed = true;
  else if (text->length > 0)
    write_line(report, label, style, (baro_view){text->data, text->length});
  baro_buffer_release(text);
}

/* As far as it tells what ran: a thousand names of files would leave nothing of the report on the screen. */
static void write_command(baro_report *report) {
  const baro_profile *profile = report->profile;
  baro_view command = {0};
  if (!baro_profile_info(profile, "command", &command) && profile->process_count > 0)
    command = baro_profile_string(profile, profile->processes[0].command_string);
  baro_buffer text = {0};
  size_t shown = command.length;
  if (shown > COMMAND_BYTES)
    for (shown = COMMAND_BYTES; shown > 0 && (command.data[shown] & 0xc0) == 0x80;)
      shown--;
  baro_write_bytes(&text, command.data, shown);
  if (shown < command.length)
    baro_write_format(&text, " ... and %s more", baro_text_bytes(command.length - shown).text);
  write_buffer_line(report, "command", BARO_STYLE_STRONG, &text);
}

/* The versions that occur, each once: a pool has many processes of one version. */
static void write_python(baro_report *report) {
  const baro_profile *profile = report->profile;
  baro_buffer text = {0};
  for (uint32_t i = 0; i < profile->process_count; i++) {
    uint32_t version = profile->processes[i].python_string;
    bool seen = baro_profile_string(profile, version).length == 0;
    for (uint32_t j = 0; j < i && !seen; j++)
      seen = profile->processes[j].python_string == version;
    baro_view view = baro_profile_string(profile, version);
    if (!seen) {
      baro_write_text(&text, text.length > 0 ? ", " : "");
      baro_write_bytes(&text, view.data, view.length);
    }
  }
  baro_view from;
  bool imported = baro_profile_info(profile, "imported_from", &from);
  if (imported)
    baro_write_format(&text, "from %.*s", (int)from.length, (const char *)from.data);
  else if (text.length == 0)
    baro_write_text(&text, "version unknown");
  baro_write_format(&text, "; %s %s, %s %s", baro_text_count(profile->process_count).text,
                    baro_plural(profile->process_count, "process", "processes"),
                    baro_text_count(profile->thread_count).text,
                    baro_plural(profile->thread_count, "thread", "threads"));
  write_buffer_line(report, imported ? "imported" : "Python", BARO_STYLE_PLAIN, &text);
}

/* Of a framework's log: how much of the run is between its first task and the end of its last. */
static void write_tasks_span(const baro_profile *profile, const baro_run_span *run,
                             baro_buffer *text) {
  uint64_t first_ns = UINT64_MAX, last_ns = 0;
  for (uint32_t t = 0; t < profile->dataflow.task_count; t++) {
    const baro_dataflow_task *task = &profile->dataflow.tasks[t];
    first_ns = task->start_ns < first_ns ? task->start_ns : first_ns;
    last_ns = task->end_ns > last_ns ? task->end_ns : last_ns;
  }
  baro_unit_text tasks = baro_text_duration(last_ns - first_ns);
  if (strcmp(tasks.text, baro_text_duration(run->end_ns - run->begin_ns).text) != 0)
    baro_write_format(text, "; %s from the first task to the end of the last", tasks.text);
}

/* What the sentences of a report speak of: of a framework's log its run, of samples and calls what they span. */
static void write_run(baro_report *report) {
  const baro_profile *profile = report->profile;
  baro_buffer text = {0};
  baro_run_span run = {.begin_ns = profile->start_ns, .end_ns = profile->end_ns};
  bool is_log = baro_run_span_of(profile, &run);
  bool any = is_log || profile->samples.count > 0 || profile->calls.count > 0;
  uint64_t start_ns = run.begin_ns;
  if (any)
    baro_write_text(&text, baro_text_amount(run.end_ns - start_ns, report->unit).text);
  else if (profile->anchor_count > 0)
    start_ns = profile->anchors[0].monotonic_ns;
  uint64_t utc_ns = 0;
  if ((any || profile->anchor_count > 0) && baro_profile_utc_ns(profile, start_ns, &utc_ns)) {
    time_t seconds = (time_t)(utc_ns / 1000000000);
    struct tm utc;
    char date[40];
    if (gmtime_r(&seconds, &utc) != NULL &&
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &utc) > 0)
      baro_write_format(&text, "%sfrom %s", any ? " " : "", date);
  }
  if (is_log)
    write_tasks_span(profile, &run, &text);
  baro_ending_write(profile, &text);
  if (text.length > 2 && memcmp(text.data, "; ", 2) == 0) { /* nothing stands before it */
    text.length -= 2;
    memmove(text.data, text.data + 2, text.length);
  }
  write_buffer_line(report, report->unit.length == 0 ? "run" : "amount", BARO_STYLE_PLAIN, &text);
}

/* Whether the framework that ran tasks has a clock of their CPU time. */
static bool tasks_have_cpu(const baro_profile *profile) {
  uint32_t key = baro_dataflow_key(profile, "cpu_ns");
  for (uint32_t t = 0; key != BARO_NONE_ID && t < profile->dataflow.task_count; t++) {
    uint64_t ns;
    if (baro_dataflow_amount(&profile->dataflow, t, key, &ns) && ns > 0)
      return true;
  }
  return false;
}

static void write_cpu(baro_report *report) {
  const baro_profile *profile = report->profile;
  baro_buffer text = {0};
  uint64_t duration_ns = profile->end_ns - profile->start_ns;
  uint64_t unseen_ns = profile->unseen_cpu_ns;
  baro_view from;
  if (tasks_have_cpu(profile))
    baro_write_format(&text, "%s of the tasks; of all else what was imported does not say",
                      baro_text_duration(profile->cpu_ns).text);
  else if (baro_profile_info(profile, "imported_from", &from))
    baro_write_text(&text, "unknown: what was imported does not say");
  else if (!profile->has_cpu || duration_ns == 0)
    baro_write_text(&text, "unknown: the kernel gave no scheduler statistics");
  else if (profile->cpu_ns == 0)
    baro_write_text(&text, "none: no thread ran while it was recorded");
  else
    baro_write_format(&text, "%s, %s of one core", baro_text_duration(profile->cpu_ns).text,
                      baro_text_percent_whole((double)profile->cpu_ns / (double)duration_ns).text);
  if (unseen_ns > UNSEEN_CPU_NS && (double)unseen_ns > UNSEEN_CPU_RATIO * (double)profile->cpu_ns)
    baro_write_format(&text, ", %s of it in threads that lived too short to be seen",
                      baro_text_duration(unseen_ns).text);
  uint64_t peak = profile->has_counters ? profile->counters[BARO_COUNTER_RSS_PEAK_BYTES] : 0;
  if (peak > 0)
    baro_write_format(&text, "; peak memory %s%s", baro_text_bytes(peak).text,
                      profile->process_count > 1 ? " (sum over processes)" : "");
  write_buffer_line(report, "CPU", BARO_STYLE_PLAIN, &text);
}

/* Where only calls were recorded: what their threads are known to have used. */
static void write_cpu_of_calls(baro_report *report) {
  const baro_profile *profile = report->profile;
  uint64_t cpu_ns = profile->calls.threads_cpu_ns;
  uint64_t duration_ns = profile->end_ns - profile->start_ns;
  baro_buffer text = {0};
  if (cpu_ns > 0) {
    baro_write_format(&text, "at least %s", baro_text_duration(cpu_ns).text);
    if (duration_ns > 0)
      baro_write_format(&text, ", %s of one core",
                        baro_text_percent_whole((double)cpu_ns / (double)duration_ns).text);
    baro_write_text(&text, ": what threads used between their first and last recorded call");
  }
  write_buffer_line(report, "CPU", BARO_STYLE_PLAIN, &text);
}

static void write_stolen(baro_report *report) {
  double ratio = 0;
  baro_buffer text = {0};
  if (!baro_stolen_matters(report->profile, &ratio))
    return;
  baro_write_format(&text,
                    "%s of the machine's CPU time went to others on its host: all took longer than "
                    "it would alone",
                    baro_text_percent_whole(ratio).text);
  write_buffer_line(report, "stolen", BARO_STYLE_PLAIN, &text);
}

static void write_part(baro_buffer *text, const char *what, uint64_t part, uint64_t whole) {
  baro_write_format(text, "%s %s", what, baro_text_count(part).text);
  if (part > 0 && whole > 0)
    baro_write_format(text, " (%s)", baro_text_percent((double)part / (double)whole).text);
}

/* Whether so much is missing that shares may be off by more than their standard error says. */
static bool losses_matter(const baro_profile *profile) {
  const uint64_t *counters = profile->counters;
  uint64_t lost = counters[BARO_COUNTER_REJECTED] + counters[BARO_COUNTER_UNREADABLE];
  return profile->damage.dropped_samples > 0 || lost > counters[BARO_COUNTER_STACKS] / 50 ||
         counters[BARO_COUNTER_MISSED] > counters[BARO_COUNTER_TICKS] / 10;
}

/* Rate and losses. */
/* Of a framework's log nothing was sampled: what slots did is kept as samples, and nobody asks how many. */
static void write_tasks(baro_report *report) {
  baro_buffer text = {0};
  uint64_t lost = report->profile->damage.dropped_samples;
  baro_write_text(&text, baro_text_count(report->profile->dataflow.task_count).text);
  if (lost > 0)
    baro_write_format(&text, "; %s %s of what they did %s lost", baro_text_count(lost).text,
                      baro_plural(lost, "part", "parts"), baro_plural(lost, "is", "are"));
  write_buffer_line(report, "tasks", lost > 0 ? BARO_STYLE_WARN : BARO_STYLE_PLAIN, &text);
}

static void write_samples(baro_report *report) {
  const baro_profile *profile = report->profile;
  const uint64_t *counters = profile->counters;
  baro_buffer text = {0};
  double asked = 0;
  baro_write_text(&text, baro_text_count(profile->samples.count).text);
  bool has_rate = baro_profile_info_number(profile, "rate_hz", &asked);
  uint64_t ticks = counters[BARO_COUNTER_TICKS], missed = counters[BARO_COUNTER_MISSED];
  double achieved_hz =
      has_rate && profile->has_counters ? baro_achieved_hz(asked, ticks, missed) : 0;
  if (achieved_hz > 0)
    baro_write_format(&text, " at %s Hz (%s asked)", baro_text_rate(achieved_hz).text,
                      baro_text_rate(asked).text);
  else if (has_rate && profile->has_counters)
    baro_write_format(&text, " (%s Hz asked)", baro_text_rate(asked).text);
  else if (has_rate)
    baro_write_format(&text, " (%s Hz asked, achieved rate unknown)", baro_text_rate(asked).text);
  if (profile->has_counters) {
    uint64_t rejected = counters[BARO_COUNTER_REJECTED];
    uint64_t unreadable = counters[BARO_COUNTER_UNREADABLE];
    uint64_t reads = counters[BARO_COUNTER_STACKS] + rejected + unreadable;
    write_part(&text, "; rejected", rejected, reads);
    write_part(&text, ", unreadable", unreadable, reads);
    write_part(&text, ", missed ticks", missed, ticks);
  } else {
    baro_write_text(&text, "; how many were rejected or missed is unknown");
  }
  uint64_t own_ns = profile->has_counters ? counters[BARO_COUNTER_SAMPLER_CPU_NS] : 0;
  uint64_t duration_ns = profile->end_ns - profile->start_ns;
  write_part(&text, ", lost", profile->damage.dropped_samples,
             profile->damage.dropped_samples + profile->samples.count);
  if (own_ns > 0 && duration_ns > 0)
    baro_write_format(&text, "; the recorder used %s of a core",
                      baro_text_percent((double)own_ns / (double)duration_ns).text);
  write_buffer_line(report, "samples", losses_matter(profile) ? BARO_STYLE_WARN : BARO_STYLE_PLAIN,
                    &text);
}

/* How many, and what is missing of them. */
static void write_calls(baro_report *report) {
  const baro_profile *profile = report->profile;
  const baro_profile_calls *calls = &profile->calls;
  uint64_t by_outcome[BARO_OUTCOME_COUNT] = {0};
  uint32_t functions = 0;
  for (uint32_t c = 0; c < calls->count; c++)
    by_outcome[calls->outcome[c]]++;
  for (uint32_t f = 0; f < profile->functions.count; f++)
    functions += profile->call_sums.calls[f] > 0;
  baro_calls_thinned thinned = baro_calls_thinned_of(profile);
  baro_buffer text = {0};
  baro_write_format(&text, "%s of %s %s", baro_text_count(thinned.calls).text,
                    baro_text_count(functions).text,
                    baro_plural(functions, "function", "functions"));
  if (thinned.skipped > 0)
    baro_write_format(&text, ", %s recorded", baro_text_count(calls->count).text);
  if (by_outcome[BARO_OUTCOME_RAISED] > 0)
    baro_write_format(&text, "; %s raised", baro_text_count(by_outcome[BARO_OUTCOME_RAISED]).text);
  if (by_outcome[BARO_OUTCOME_UNFINISHED] > 0)
    baro_write_format(&text, "; %s unfinished at the end",
                      baro_text_count(by_outcome[BARO_OUTCOME_UNFINISHED]).text);
  baro_write_format(&text, "; lost events %s", baro_text_count(calls->lost_events).text);
  if (by_outcome[BARO_OUTCOME_LOST] > 0)
    baro_write_format(&text, " (%s of %s %s, and how many more nobody knows)",
                      baro_plural(by_outcome[BARO_OUTCOME_LOST], "the end", "the ends"),
                      baro_text_count(by_outcome[BARO_OUTCOME_LOST]).text,
                      baro_plural(by_outcome[BARO_OUTCOME_LOST], "call", "calls"));
  baro_view patterns = {0};
  if (baro_profile_info(profile, "calls", &patterns) && patterns.length > 0) {
    baro_write_text(&text, "; patterns: ");
    baro_write_bytes(&text, patterns.data, patterns.length);
  }
  write_buffer_line(report, "calls", calls->lost_events > 0 ? BARO_STYLE_WARN : BARO_STYLE_PLAIN,
                    &text);
}

/* What recording took of the program's time, which the times of calls are without. */
static void write_own_cost(baro_report *report) {
  const baro_profile_calls *calls = &report->profile->calls;
  if (calls->own_cost_ns == 0 || calls->count == 0)
    return;
  /* A generator that goes on a million times is one call, and costs a million times. */
  uint64_t recorded = calls->count;
  for (uint32_t i = 0; i < calls->suspendable_count; i++)
    recorded += calls->suspendable_resumes[i];
  baro_buffer text = {0};
  uint64_t counted = baro_calls_thinned_of(report->profile).skipped;
  /* What was counted is any number that a recording says. */
  uint64_t times = counted > UINT64_MAX - recorded ? UINT64_MAX : recorded + counted;
  baro_write_text(&text, baro_text_duration(calls->own_cost_ns).text);
  if (times >= MEAN_COST_CALLS) {
    baro_write_format(&text, ", %s ", baro_text_duration(calls->own_cost_ns / times).text);
    if (recorded > calls->count)
      baro_write_format(&text, "for each call and each of %s resumptions",
                        baro_text_count(recorded - calls->count).text);
    else
      baro_write_text(&text, "a call");
    if (counted > 0)
      baro_write_text(&text, ", recorded or counted");
  }
  baro_write_text(&text, ", by what an event cost at the start and a clock where that varies");
  if (calls->value_texts.count > 0)
    baro_write_text(&text, ", telling values included");
  baro_write_text(&text, "; times are without it");
  write_buffer_line(report, "own cost", BARO_STYLE_PLAIN, &text);
}

/* What a budget left out, so that nobody takes a part for the whole. */
static void write_thinned(baro_report *report) {
  const baro_profile *profile = report->profile;
  baro_calls_thinned thinned = baro_calls_thinned_of(profile);
  double percent = 0;
  baro_buffer text = {0};
  if (baro_profile_info_number(profile, "overhead", &percent))
    baro_write_format(&text, "%g %% overhead; ", percent);
  else if (thinned.functions > 0)
    baro_write_text(&text, "of decorators; ");
  if (thinned.functions > 0) {
    uint64_t after_ns =
        thinned.since_ns > profile->start_ns ? thinned.since_ns - profile->start_ns : 0;
    baro_write_format(&text,
                      "thinned %s %s from %s on: %s %s only counted; times of %s are "
                      "estimates from the recorded part",
                      baro_text_count(thinned.functions).text,
                      baro_plural(thinned.functions, "function", "functions"),
                      baro_text_duration(after_ns).text, baro_text_count(thinned.skipped).text,
                      baro_plural(thinned.skipped, "call was", "calls were"),
                      baro_plural(thinned.functions, "this function", "these functions"));
  } else if (text.length > 0) {
    baro_write_text(&text, "nothing was thinned: every call was recorded");
  }
  write_buffer_line(report, "budget", BARO_STYLE_PLAIN, &text);
}

/* Where a few functions make most of the recording: what to do next time. */
static void write_crowd(baro_report *report) {
  const baro_profile *profile = report->profile;
  baro_crowd crowd = baro_crowd_of(profile);
  baro_crowd_member members[BARO_CROWD_FUNCTIONS];
  if (!crowd.is_crowd)
    return;
  for (uint32_t i = 0; i < crowd.count; i++) {
    const baro_profile_function *row = &profile->functions.rows[crowd.functions[i]];
    members[i] = (baro_crowd_member){
        .module = baro_profile_string(profile, row->module_string),
        .qualified_name = baro_profile_string(profile, row->qualified_string),
    };
  }
  baro_view patterns = {0};
  (void)baro_profile_info(profile, "calls", &patterns);
  baro_buffer text = {0};
  baro_crowd_write(members, crowd.count, crowd.rows, profile->calls.count, patterns, &text);
  write_buffer_line(report, "crowded", BARO_STYLE_WARN, &text);
}

static void write_damage(baro_report *report) {
  baro_buffer text = {0};
  baro_damage_write(&report->profile->damage, &text);
  write_buffer_line(report, "damaged", BARO_STYLE_WARN, &text);
}

/* Time whose innermost function could not be read. */
static uint64_t unreadable_ns(const baro_report *report) {
  const baro_profile_functions *functions = &report->profile->functions;
  uint64_t result = 0;
  for (uint32_t i = 0; i < functions->count; i++) {
    if (functions->rows[i].origin == BARO_ORIGIN_NONE &&
        (functions->rows[i].flags & BARO_FUNCTION_UNREADABLE) != 0)
      result += baro_amount_busy(&functions->self[report->options->measure], i);
  }
  return result;
}

/* The recorder notes its reasons: "state unknown for 17 thread ticks: the thread was stopped ...". */
static bool has_reasons(const baro_profile *profile) {
  static const char begin[] = "state unknown for ";
  for (uint32_t i = 0; i < profile->note_count; i++) {
    baro_view text = profile->notes[i].text;
    if (text.length > sizeof(begin) && memcmp(text.data, begin, sizeof(begin) - 1) == 0)
      return true;
  }
  return false;
}

static void write_unknown(baro_report *report) {
  const baro_profile *profile = report->profile;
  double unknown = baro_profile_unknown_ratio(profile, report->options->measure);
  uint64_t stack_ns = unreadable_ns(report);
  baro_buffer text = {0};
  if (report->basis_ns == 0)
    return;
  if (unknown > 0)
    baro_write_format(&text, "what threads did in %s of %s (%s)", baro_text_percent(unknown).text,
                      profile->dataflow.task_count > 0 ? "their tasks' time" : "the time",
                      has_reasons(profile) ? "the notes say why" : "no known kind of wait");
  if (stack_ns > 0)
    baro_write_format(&text, "%swhere they were in %s (the stack could not be read)",
                      text.length > 0 ? "; " : "",
                      baro_text_percent((double)stack_ns / (double)report->basis_ns).text);
  write_buffer_line(report, "unknown", BARO_STYLE_PLAIN, &text);
}

static bool is_repeated(const baro_profile *profile, uint32_t note) {
  for (uint32_t i = 0; i < note; i++) {
    if (baro_view_equal(profile->notes[i].text, profile->notes[note].text))
      return true;
  }
  return false;
}

static void write_notes(baro_report *report) {
  const baro_profile *profile = report->profile;
  uint32_t shown = 0, hidden = 0;
  for (uint32_t i = 0; i < profile->note_count; i++) {
    if (is_repeated(profile, i))
      continue;
    if (shown == NOTES_SHOWN) {
      hidden++;
      continue;
    }
    write_line(report, shown == 0 ? "notes" : "", BARO_STYLE_PLAIN, profile->notes[i].text);
    shown++;
  }
  if (hidden == 0)
    return;
  baro_buffer text = {0};
  baro_write_format(&text, "and %" PRIu32 " more: --json lists all", hidden);
  write_buffer_line(report, "", BARO_STYLE_FAINT, &text);
}

void baro_report_head(baro_report *report) {
  write_command(report);
  bool any = report->profile->samples.count > 0;
  if (any || report->profile->process_count > 0)
    write_python(report);
  write_run(report);
  if (any)
    write_cpu(report);
  else
    write_cpu_of_calls(report);
  write_stolen(report);
  bool has_calls = baro_calls_recorded(report->profile);
  if (report->profile->dataflow.task_count > 0)
    write_tasks(report);
  else if (any || !has_calls || report->profile->damage.dropped_samples > 0)
    write_samples(report);
  if (has_calls)
    write_calls(report);
  write_own_cost(report);
  if (has_calls) {
    write_thinned(report);
    write_crowd(report);
  }
  write_damage(report);
  write_unknown(report);
  write_notes(report);
}
