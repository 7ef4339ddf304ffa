/* The head of the JSON report: what was recorded, how well, and how the run ended. */
#include "explain/run_span.h"
#include "show/report_json_parts.h"
#include "show/stolen.h"

static void write_counts(baro_json_report *report) {
  const baro_profile *profile = report->profile;
  const uint64_t *counters = profile->counters;
  bool known = profile->has_counters;
  double reads = (double)counters[BARO_COUNTER_STACKS] + (double)counters[BARO_COUNTER_REJECTED] +
                 (double)counters[BARO_COUNTER_UNREADABLE];
  double ticks = (double)counters[BARO_COUNTER_TICKS];
  baro_report_json_known_u64(report, "ticks", known, counters[BARO_COUNTER_TICKS]);
  baro_report_json_known_u64(report, "missed_ticks", known, counters[BARO_COUNTER_MISSED]);
  baro_report_json_ratio(report, "missed_ratio", (double)counters[BARO_COUNTER_MISSED], ticks);
  baro_report_json_known_u64(report, "retries", known, counters[BARO_COUNTER_RETRIES]);
  baro_report_json_ratio(report, "retry_ratio", (double)counters[BARO_COUNTER_RETRIES], reads);
  baro_report_json_known_u64(report, "rejected", known, counters[BARO_COUNTER_REJECTED]);
  baro_report_json_ratio(report, "rejected_ratio", (double)counters[BARO_COUNTER_REJECTED], reads);
  baro_report_json_known_u64(report, "unreadable", known, counters[BARO_COUNTER_UNREADABLE]);
  baro_report_json_ratio(report, "unreadable_ratio", (double)counters[BARO_COUNTER_UNREADABLE],
                         reads);
  baro_json_u64(&report->json, "dropped_samples", profile->damage.dropped_samples);
  /* No process takes no time: 0 is what was not counted. */
  baro_report_json_known_u64(report, "sampler_cpu_ns",
                             known && counters[BARO_COUNTER_SAMPLER_CPU_NS] != 0,
                             counters[BARO_COUNTER_SAMPLER_CPU_NS]);
  baro_report_json_known_u64(report, "rss_peak_bytes",
                             known && counters[BARO_COUNTER_RSS_PEAK_BYTES] != 0,
                             counters[BARO_COUNTER_RSS_PEAK_BYTES]);
  double stolen = 0;
  if (baro_stolen_ratio(profile, &stolen)) {
    baro_json_number(&report->json, "stolen_ratio", stolen);
  } else {
    baro_json_null(&report->json, "stolen_ratio");
  }
}

static void write_rates(baro_json_report *report) {
  const baro_profile *profile = report->profile;
  double rate_hz;
  bool has_rate = baro_profile_info_number(profile, "rate_hz", &rate_hz);
  double achieved_hz = has_rate ? baro_achieved_hz(rate_hz, profile->counters[BARO_COUNTER_TICKS],
                                                   profile->counters[BARO_COUNTER_MISSED])
                                : 0;
  if (has_rate) {
    baro_json_number(&report->json, "rate_hz", rate_hz);
  } else {
    baro_json_null(&report->json, "rate_hz");
  }
  if (achieved_hz > 0) {
    baro_json_number(&report->json, "achieved_rate_hz", achieved_hz);
  } else {
    baro_json_null(&report->json, "achieved_rate_hz");
  }
}

/* Shares of the basis whose state, or whose stack, is not known. Of tasks all stacks are. */
static void write_unknown(baro_json_report *report) {
  const baro_profile *profile = report->profile;
  baro_measure measure = report->options->measure;
  double state_ns = baro_profile_unknown_ratio(profile, measure) * report->basis_ns;
  double stack_ns = 0;
  double both_ns = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    const baro_profile_function *function = &profile->functions.rows[f];
    if (function->origin == BARO_ORIGIN_NONE && (function->flags & BARO_FUNCTION_UNREADABLE) != 0) {
      stack_ns += (double)baro_amount_busy(&profile->functions.self[measure], f);
      both_ns += (double)baro_amount(&profile->functions.self[measure], BARO_STATE_UNKNOWN, f);
    }
  }
  baro_report_json_ratio(report, "unknown_ratio", state_ns + stack_ns - both_ns, report->basis_ns);
  baro_report_json_ratio(report, "unknown_state_ratio", state_ns, report->basis_ns);
  baro_report_json_ratio(report, "unknown_stack_ratio", stack_ns, report->basis_ns);
}

static void write_notes(baro_json_report *report) {
  const baro_profile *profile = report->profile;
  baro_json_array(&report->json, "notes", false);
  for (uint32_t i = 0; i < profile->note_count; i++) {
    baro_json_string(&report->json, NULL, profile->notes[i].text);
  }
  baro_json_end_array(&report->json);
}

static void write_facts(baro_json_report *report) {
  const baro_profile *profile = report->profile;
  baro_view value = {0};
  bool has_command = baro_profile_info(profile, "command", &value);
  baro_view python = {0};
  if (profile->process_count != 0) {
    const baro_profile_process *first = &profile->processes[0];
    value = has_command ? value : baro_profile_string(profile, first->command_string);
    python = baro_profile_string(profile, first->python_string);
  }
  baro_report_json_known(report, "command", value);
  baro_report_json_known(report, "python", python);
  static const char *const keys[] = {"tool_version", "kind", "imported_from", "weight_unit",
                                     "mode",         "host", "kernel",        "end"};
  for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
    value = (baro_view){0};
    (void)baro_profile_info(profile, keys[i], &value);
    baro_report_json_known(report, keys[i], value);
  }
  static const char *const numbers[] = {"exit_status", "signal"};
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    double number;
    if (baro_profile_info_number(profile, numbers[i], &number)) {
      baro_json_number(&report->json, numbers[i], number);
    } else {
      baro_json_null(&report->json, numbers[i]);
    }
  }
}

/* Of a framework's log, what its summary speaks of; duration_ns is what its tasks span. */
static void write_log_run(baro_json_report *report) {
  baro_run_span run = {0};
  bool is_log = baro_run_span_of(report->profile, &run);
  if (is_log) {
    baro_report_json_utc(report, "run_start_utc", run.begin_ns);
  } else {
    baro_json_null(&report->json, "run_start_utc");
  }
  baro_report_json_known_u64(report, "run_ns", is_log, run.end_ns - run.begin_ns);
}

void baro_report_json_put_head(baro_json_report *report) {
  const baro_profile *profile = report->profile;
  const baro_damage *damage = &profile->damage;
  baro_json *json = &report->json;
  bool any = profile->samples.count != 0 || profile->calls.count != 0;
  baro_json_object(json, "head", false);
  baro_json_text(json, "path", report->options->path == NULL ? "" : report->options->path);
  write_facts(report);
  if (any) {
    baro_report_json_utc(report, "start_utc", profile->start_ns);
  } else {
    baro_json_null(json, "start_utc");
  }
  baro_report_json_known_u64(report, "duration_ns", any, profile->end_ns - profile->start_ns);
  write_log_run(report);
  baro_report_json_known_u64(report, "cpu_ns", profile->has_cpu, profile->cpu_ns);
  baro_report_json_known_u64(report, "unseen_cpu_ns", profile->has_cpu, profile->unseen_cpu_ns);
  baro_report_json_known_u64(report, "thread_wall_ns", any, profile->wall_ns);
  baro_json_u64(json, "samples", profile->samples.count);
  write_rates(report);
  write_counts(report);
  baro_report_json_call_counts(report);
  baro_json_u64(json, "bytes", damage->file_bytes);
  baro_json_bool(json, "complete", damage->complete);
  baro_report_json_known(report, "damage", baro_view_of(damage->reason));
  write_unknown(report);
  baro_json_text(json, "basis", report->options->measure == BARO_MEASURE_RUN ? "run" : "threads");
  baro_json_u64(json, "basis_ns", baro_profile_basis_ns(profile, report->options->measure));
  baro_report_json_states(report, "states", profile->state_ns[BARO_MEASURE_THREAD]);
  write_notes(report);
  baro_json_end_object(json);
}
