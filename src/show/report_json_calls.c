/* The parts of the JSON report that only recordings of calls fill. */
#include "show/call_rows.h"
#include "show/profile_keys.h"
#include "show/report_json_parts.h"

/* How the interpreter told of calls: of the first process that says so. Empty: none does. */
static baro_view engine_of(const baro_profile *profile) {
  for (uint32_t p = 0; p < profile->process_count; p++) {
    const baro_profile_process *process = &profile->processes[p];
    for (uint32_t f = 0; f < process->fact_count; f++) {
      if (baro_view_equal(process->facts[f].key, baro_view_of("engine"))) {
        return process->facts[f].value;
      }
    }
  }
  return (baro_view){0};
}

/* Null where the recorder was not asked for calls. */
void baro_report_json_call_counts(baro_json_report *report) {
  const baro_profile *profile = report->profile;
  bool known = baro_calls_recorded(profile);
  baro_view patterns = {0};
  (void)baro_profile_info(profile, "calls", &patterns);
  uint64_t unfinished = 0;
  for (uint32_t c = 0; c < profile->calls.count; c++) {
    unfinished += profile->calls.outcome[c] == BARO_OUTCOME_UNFINISHED;
  }
  baro_report_json_known(report, "call_patterns", patterns);
  baro_report_json_known(report, "call_engine", engine_of(profile));
  baro_calls_thinned thinned = baro_calls_thinned_of(profile);
  double percent = 0;
  baro_report_json_known_u64(report, "calls", known, profile->calls.count);
  baro_report_json_known_u64(report, "skipped_calls", known, thinned.skipped);
  baro_report_json_known_u64(report, "thinned_functions", known, thinned.functions);
  if (thinned.since_ns != 0) {
    baro_report_json_utc(report, "thinned_since_utc", thinned.since_ns);
  } else {
    baro_json_null(&report->json, "thinned_since_utc");
  }
  if (baro_profile_info_number(profile, "overhead", &percent)) {
    baro_json_number(&report->json, "overhead_percent", percent);
  } else {
    baro_json_null(&report->json, "overhead_percent");
  }
  baro_report_json_known_u64(report, "raised_calls", known, profile->calls.raised_count);
  baro_report_json_known_u64(report, "unfinished_calls", known, unfinished);
  baro_report_json_known_u64(report, "lost_call_events", known, profile->calls.lost_events);
  baro_report_json_known_u64(report, "calls_self_ns", known, baro_calls_basis_ns(profile));
  baro_report_json_known_u64(report, "own_cost_ns", profile->calls.own_cost_ns != 0,
                             profile->calls.own_cost_ns);
  baro_report_json_known_u64(report, "calls_threads_cpu_ns", profile->calls.threads_cpu_ns != 0,
                             profile->calls.threads_cpu_ns);
  bool has_mean = profile->calls.own_cost_ns != 0 && profile->calls.count != 0;
  baro_report_json_known_u64(report, "own_cost_per_call_ns", has_mean,
                             has_mean ? profile->calls.own_cost_ns / baro_calls_made(profile) : 0);
}

/* What its calls add up to; null where none was recorded. */
void baro_report_json_calls_of(baro_json_report *report, uint32_t f) {
  const baro_profile_call_sums *sums = &report->profile->call_sums;
  bool known = sums->calls[f] != 0;
  baro_report_json_known_u64(report, "calls", known, sums->calls[f]);
  baro_report_json_known_u64(report, "primitive_calls", known, sums->primitive_calls[f]);
  baro_report_json_known_u64(report, "skipped_calls", known, sums->skipped[f]);
  baro_report_json_known_u64(report, "raised_calls", known, sums->raised[f]);
  baro_report_json_known_u64(report, "calls_self_ns", known, sums->self_ns[f]);
  baro_report_json_known_u64(report, "calls_total_ns", known, sums->total_ns[f]);
  baro_report_json_known_u64(report, "calls_cpu_ns",
                             known && sums->cpu_ns[f] != BARO_UNKNOWN_AMOUNT, sums->cpu_ns[f]);
  baro_report_json_known_u64(report, "call_mean_ns", known, baro_calls_mean_ns(report->profile, f));
  baro_report_json_known_u64(report, "call_p50_ns", known, sums->p50_ns[f]);
  baro_report_json_known_u64(report, "call_p99_ns", known, sums->p99_ns[f]);
  baro_report_json_known_u64(report, "call_max_ns", known, sums->max_ns[f]);
}

static void write_usage(baro_json_report *report, uint32_t call) {
  uint64_t amount;
  bool known = baro_call_cpu_ns(report->profile, call, &amount);
  baro_report_json_known_u64(report, "cpu_ns", known, amount);
  known = baro_call_memory_bytes(report->profile, call, &amount);
  baro_report_json_known_u64(report, "memory_usage", known, amount);
}

/* Null where nothing was captured or given, as in the tables. */
static void write_value(baro_json_report *report, const char *name, uint32_t call,
                        baro_call_value which) {
  baro_view text;
  (void)baro_call_value_text(report->profile, call, which, &text);
  baro_report_json_known(report, name, text);
}

/* The slowest calls: SLOWEST of them, or as many as `top` says. */
static bool write_slowest(baro_json_report *report) {
  enum { SLOWEST = 20, SLOWEST_MAX = 100000 };
  const baro_profile *profile = report->profile;
  const baro_profile_calls *calls = &profile->calls;
  uint32_t most = report->options->top == 0 ? SLOWEST : report->options->top;
  most = most > SLOWEST_MAX ? SLOWEST_MAX : most;
  baro_arena scratch = {0};
  uint32_t count = 0;
  uint32_t *slowest = baro_slowest_calls(
      profile, report->options->sort, most > calls->count ? calls->count : most, &scratch, &count);
  for (uint32_t i = 0; slowest != NULL && i < count; i++) {
    uint32_t c = slowest[i];
    baro_json_object(&report->json, NULL, false);
    baro_report_json_place(report, calls->function[c],
                           profile->functions.rows[calls->function[c]].first_line);
    baro_json_u64(&report->json, "self_ns", calls->self_ns[c]);
    baro_json_u64(&report->json, "duration_ns", calls->duration_ns[c]);
    baro_json_u64(&report->json, "active_ns", baro_call_active_ns(profile, c));
    write_usage(report, c);
    baro_report_json_utc(report, "start_utc", calls->start_ns[c]);
    baro_json_text(&report->json, "outcome", baro_outcome_key((baro_outcome)calls->outcome[c]));
    baro_report_json_known(report, "exception_type",
                           baro_profile_string(profile, baro_call_exception(profile, c)));
    write_value(report, "arguments", c, BARO_CALL_VALUE_ARGUMENTS);
    write_value(report, "keyword_arguments", c, BARO_CALL_VALUE_KEYWORD_ARGUMENTS);
    write_value(report, "return_value", c, BARO_CALL_VALUE_RETURN);
    baro_json_end_object(&report->json);
  }
  baro_arena_release(&scratch);
  return slowest != NULL;
}

/* Functions of that name, each with those that call it or that it calls. */
static bool write_relatives(baro_json_report *report, const char *name, bool callers) {
  const baro_profile *profile = report->profile;
  const baro_profile_call_edges *edges = &profile->call_edges;
  baro_json *json = &report->json;
  baro_arena scratch = {0};
  uint32_t count = 0;
  uint32_t *functions = baro_call_functions_named(profile, name, &scratch, &count);
  bool good = functions != NULL;
  for (uint32_t i = 0; good && i < count; i++) {
    uint32_t edge_count = 0;
    uint32_t *order = baro_call_relatives(profile, functions[i], callers, &scratch, &edge_count);
    baro_json_object(json, NULL, false);
    baro_report_json_place(report, functions[i], profile->functions.rows[functions[i]].first_line);
    baro_json_array(json, callers ? "callers" : "callees", false);
    good = order != NULL;
    for (uint32_t e = 0; good && e < edge_count; e++) {
      uint32_t other = callers ? edges->caller[order[e]] : edges->callee[order[e]];
      baro_json_object(json, NULL, false);
      if (other == BARO_NONE_ID) {
        baro_json_null(json, "name");
      } else {
        baro_report_json_place(report, other, profile->functions.rows[other].first_line);
      }
      baro_json_u64(json, "calls", edges->calls[order[e]]);
      baro_json_u64(json, "primitive_calls", edges->primitive_calls[order[e]]);
      baro_json_u64(json, "calls_self_ns", edges->self_ns[order[e]]);
      baro_json_u64(json, "calls_total_ns", edges->total_ns[order[e]]);
      baro_json_end_object(json);
    }
    baro_json_end_array(json);
    baro_json_end_object(json);
  }
  baro_arena_release(&scratch);
  return good;
}

/* What only recordings with calls have. */
bool baro_report_json_call_lists(baro_json_report *report) {
  const baro_report_options *options = report->options;
  bool good = true;
  if (report->profile->calls.count != 0) {
    baro_json_array(&report->json, "slowest_calls", false);
    good = write_slowest(report);
    baro_json_end_array(&report->json);
  }
  if (options->callers != NULL) {
    baro_json_array(&report->json, "callers", false);
    good = write_relatives(report, options->callers, true) && good;
    baro_json_end_array(&report->json);
  }
  if (options->callees != NULL) {
    baro_json_array(&report->json, "callees", false);
    good = write_relatives(report, options->callees, false) && good;
    baro_json_end_array(&report->json);
  }
  return good;
}
