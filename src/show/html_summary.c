#include "show/html_summary.h"

#include <stdio.h>

#include "base/plural.h"
#include "explain/cpu_wait.h"
#include "show/call_rows.h"
#include "show/call_summary.h"
#include "show/damage.h"
#include "show/hot_path.h"
#include "show/html_changes.h"
#include "show/html_sentence.h"
#include "show/html_summary_threads.h"
#include "show/summary.h"
#include "show/units.h"

/* Shares that are worth a word, as in summary.c. */
static const double SHARE_MIN = 0.05;
/* What is not known of a run is said from here on; losses as report_head.c warns of them. */
static const double UNKNOWN_MIN = 0.02;

enum { STATES_SAID = 3, NOTES_SAID = 3 };

/* "wait:disk"; NULL for what is no wait. */
static const char *metric_of(baro_state state, char room[32]) {
  if (state == BARO_STATE_CPU || state == BARO_STATE_COLLECTOR || state == BARO_STATE_COUNT) {
    return NULL;
  }
  (void)snprintf(room, 32, "wait:%s", baro_state_key(state));
  return room;
}

/* --- What it mostly did --- */

/* A sentence of the report, its clauses linked to their functions. */
static void write_marked(const baro_html_page *page, unsigned side, baro_view text,
                         const baro_summary_marks *marks, baro_json *json) {
  size_t done = 0;
  baro_html_sentence_begin(json);
  if (page->side_count > 1) {
    baro_html_sentence_text(json, "Now: ", &baro_html_no_link);
  }
  for (uint32_t i = 0; i < marks->count; i++) {
    const baro_summary_mark *mark = &marks->rows[i];
    baro_html_link to = baro_html_no_link;
    to.view = mark->state == BARO_STATE_COUNT ? "calls" : "flame";
    to.function = page->names.of_function[side][mark->function];
    baro_html_sentence_view(json, (baro_view){text.data + done, mark->from - done},
                            &baro_html_no_link);
    baro_html_sentence_view(json, (baro_view){text.data + mark->from, mark->to - mark->from}, &to);
    done = mark->to;
  }
  baro_html_sentence_view(json, (baro_view){text.data + done, text.length - done},
                          &baro_html_no_link);
  if (text.length > 0 && text.data[text.length - 1] != '.') {
    baro_html_sentence_text(json, ".", &baro_html_no_link);
  }
  baro_html_sentence_end(json);
}

static void write_main(const baro_html_page *page, unsigned side, baro_summary_marks *ret_marks,
                       baro_json *json) {
  baro_arena scratch = {0};
  baro_view text = baro_summary_marked(page->profiles[side], BARO_MEASURE_RUN, &scratch, ret_marks);
  if (text.data == NULL) {
    baro_html_sentence_fail(json);
  } else {
    write_marked(page, side, text, ret_marks, json);
  }
  baro_arena_release(&scratch);
}

/* --- Through which function most of it goes --- */

/* The innermost function of the user's own on the hottest path: what a person would look into first. */
static void write_path(const baro_html_page *page, unsigned side, const baro_summary_marks *said,
                       baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  double basis_ns = (double)baro_profile_basis_ns(profile, BARO_MEASURE_RUN);
  baro_arena scratch = {0};
  baro_hot_path path = {0};
  if (!baro_hot_path_find(profile, BARO_MEASURE_RUN, &scratch, &path)) {
    baro_html_sentence_fail(json);
    baro_arena_release(&scratch);
    return;
  }
  const baro_hot_step *best = NULL;
  for (uint32_t i = 0; i < path.count; i++) {
    const baro_hot_step *step = &path.steps[i];
    bool own = profile->functions.rows[step->function].origin == BARO_ORIGIN_USER;
    /* A step that only hands on says nothing: its own time is not the point, what it calls is. */
    if (own && (double)step->total_ns >= basis_ns / 4 && step->self_ns < step->total_ns / 2) {
      best = step;
    }
  }
  for (uint32_t i = 0; best != NULL && i < said->count; i++) {
    best = said->rows[i].function == best->function ? NULL : best;
  }
  if (best != NULL && basis_ns > 0) {
    baro_buffer text = {0};
    baro_html_link to = baro_html_no_link;
    to.view = "sandwich";
    to.function = page->names.of_function[side][best->function];
    baro_summary_write_function(profile, best->function, &text);
    baro_html_sentence_begin(json);
    char share[80];
    (void)snprintf(share, sizeof(share), "%s of the time passes in ",
                   baro_text_percent_whole((double)best->total_ns / basis_ns).text);
    baro_html_sentence_text(json, share, &baro_html_no_link);
    baro_html_sentence_buffer(json, &text, &to);
    baro_html_sentence_text(json, " and what it calls.", &baro_html_no_link);
    baro_html_sentence_end(json);
  }
  baro_arena_release(&scratch);
}

/* --- Running and waiting --- */

typedef struct spent {
  baro_state state;
  double ratio;
} spent;

/* The largest states of the measure beside running, in falling order. */
static void find_states(const baro_profile *profile, double basis_ns, spent ret_best[STATES_SAID]) {
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    if (s == BARO_STATE_CPU || s == BARO_STATE_IDLE || s == BARO_STATE_UNKNOWN) {
      continue;
    }
    spent next = {(baro_state)s, (double)profile->state_ns[BARO_MEASURE_RUN][s] / basis_ns};
    for (int i = 0; i < STATES_SAID; i++) {
      if (next.ratio > ret_best[i].ratio) {
        spent other = ret_best[i];
        ret_best[i] = next;
        next = other;
      }
    }
  }
}

/* Whose doing waiting for a CPU is, where it is not the program's. */
static const char *whose(const baro_profile *profile, baro_state state, baro_json *json) {
  baro_cpu_wait wait;
  if (state != BARO_STATE_RUNNABLE) {
    return "";
  }
  if (baro_cpu_wait_find(profile, &wait) != BARO_OK) {
    baro_html_sentence_fail(json);
    return "";
  }
  return wait.wait_ns > 0 && baro_cpu_wait_is_of_others(&wait) ? " that others had" : "";
}

/* In the words and with the numbers of "What it did": collecting garbage is no running there. */
static void write_states(const baro_html_page *page, unsigned side, baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  const uint64_t *state_ns = profile->state_ns[BARO_MEASURE_RUN];
  uint64_t basis_ns = baro_profile_basis_ns(profile, BARO_MEASURE_RUN);
  if (basis_ns == 0) {
    return;
  }
  spent best[STATES_SAID] = {0};
  find_states(profile, (double)basis_ns, best);
  double running = (double)state_ns[BARO_STATE_CPU] / (double)basis_ns;
  char text[160];
  if (state_ns[BARO_STATE_IDLE] > 0) {
    (void)snprintf(text, sizeof(text), "Of the %s that it was not idle it was running for %s",
                   baro_text_duration(basis_ns).text, baro_text_percent_whole(running).text);
  } else {
    (void)snprintf(text, sizeof(text), "In all it was running for %s of the time",
                   baro_text_percent_whole(running).text);
  }
  baro_html_link to = baro_html_no_link;
  to.view = "timeline";
  baro_html_sentence_begin(json);
  baro_html_sentence_text(json, text, &to);
  for (int i = 0; i < STATES_SAID && best[i].ratio >= SHARE_MIN; i++) {
    char metric[32];
    baro_html_link wait = baro_html_no_link;
    wait.view = "flame";
    wait.metric = metric_of(best[i].state, metric);
    (void)snprintf(text, sizeof(text), "%s%s %s", baro_state_words(best[i].state),
                   whose(profile, best[i].state, json),
                   baro_text_percent_whole(best[i].ratio).text);
    baro_html_sentence_text(json, ", ", &baro_html_no_link);
    baro_html_sentence_text(json, text, wait.metric != NULL ? &wait : &baro_html_no_link);
  }
  baro_html_write_thread_wait(page, side, json);
  baro_html_sentence_text(json, ".", &baro_html_no_link);
  baro_html_sentence_end(json);
}

/* --- Calls --- */

/* Beside samples; of calls alone it is the first sentence. */
static void write_calls(const baro_html_page *page, unsigned side, baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  baro_arena scratch = {0};
  baro_buffer text = {0};
  baro_summary_marks marks = {0};
  baro_write_call_summary(profile, &scratch, &marks, &text);
  if (text.failed) {
    baro_html_sentence_fail(json);
  } else {
    write_marked(page, side, (baro_view){text.data, text.length}, &marks, json);
  }
  baro_buffer_release(&text);
  baro_arena_release(&scratch);
}

/* Of calls alone: how many there were, and the longest. */
static void write_call_counts(const baro_html_page *page, unsigned side, baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  uint32_t functions = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    functions += profile->call_sums.calls[f] > 0;
  }
  uint64_t raised = profile->calls.raised_count;
  char text[240];
  uint64_t made = baro_calls_thinned_of(profile).calls;
  (void)snprintf(text, sizeof(text), "%s %s of %s %s in %s", baro_text_count(made).text,
                 baro_plural(made, "call", "calls"), baro_text_count(functions).text,
                 baro_plural(functions, "function", "functions"),
                 baro_text_duration(profile->end_ns - profile->start_ns).text);
  baro_html_link to = baro_html_no_link;
  to.view = "calls";
  baro_html_sentence_begin(json);
  baro_html_sentence_text(json, text, &to);
  if (raised > 0) {
    (void)snprintf(text, sizeof(text), "; %s raised", baro_text_count(raised).text);
    baro_html_sentence_text(json, text, &baro_html_no_link);
  }
  baro_html_sentence_text(json, ".", &baro_html_no_link);
  baro_html_sentence_end(json);
}

/* What is called again and again, and takes most: a function that is called once is but the program. */
static void write_call_path(const baro_html_page *page, unsigned side,
                            const baro_summary_marks *said, baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  const baro_profile_call_sums *sums = &profile->call_sums;
  uint32_t best = BARO_NONE_ID;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    bool is_said = false;
    for (uint32_t i = 0; i < said->count; i++) {
      is_said = is_said || said->rows[i].function == f;
    }
    if (!is_said && sums->calls[f] > 1 &&
        (best == BARO_NONE_ID || sums->total_ns[f] > sums->total_ns[best])) {
      best = f;
    }
  }
  double all_ns = (double)baro_calls_basis_ns(profile);
  if (best == BARO_NONE_ID || (double)sums->total_ns[best] < SHARE_MIN * all_ns) {
    return;
  }
  baro_buffer name = {0};
  char text[240];
  baro_html_link to = baro_html_no_link;
  to.view = "sandwich";
  to.metric = "call-time";
  to.function = page->names.of_function[side][best];
  baro_summary_write_function(profile, best, &name);
  baro_html_sentence_begin(json);
  (void)snprintf(
      text, sizeof(text), "%s went into %s %s of ", baro_text_duration(sums->total_ns[best]).text,
      baro_text_count(sums->calls[best]).text, baro_plural(sums->calls[best], "call", "calls"));
  baro_html_sentence_text(json, text, &baro_html_no_link);
  baro_html_sentence_buffer(json, &name, &to);
  baro_html_sentence_text(json, ", with all that they called.", &baro_html_no_link);
  baro_html_sentence_end(json);
}

/* --- What not to trust --- */

/* Of a framework's log: what is not whole, as "the last line of the log is cut: it was being written". */
static void write_notes(const baro_profile *profile, baro_buffer *text) {
  if (profile->dataflow.task_count == 0) {
    return;
  }
  for (uint32_t i = 0; i < profile->note_count && i < NOTES_SAID; i++) {
    baro_view note = profile->notes[i].text;
    if (note.length == 0) {
      continue;
    }
    uint8_t first = note.data[0];
    baro_write_u8(text, first >= 'a' && first <= 'z' ? (uint8_t)(first - 'a' + 'A') : first);
    baro_write_bytes(text, note.data + 1, note.length - 1);
    baro_write_text(text, ". ");
  }
}

static void write_doubts(const baro_html_page *page, unsigned side, baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  const uint64_t *counters = profile->counters;
  baro_buffer text = {0};
  baro_damage_write(&profile->damage, &text);
  if (text.length > 0) {
    baro_buffer damage = text;
    text = (baro_buffer){0};
    baro_write_text(&text, "The recording is damaged: ");
    baro_write_bytes(&text, damage.data, damage.length);
    baro_write_text(&text, ". ");
    baro_buffer_release(&damage);
  }
  write_notes(profile, &text);
  uint64_t lost = counters[BARO_COUNTER_REJECTED] + counters[BARO_COUNTER_UNREADABLE] +
                  profile->damage.dropped_samples;
  if (lost > counters[BARO_COUNTER_STACKS] / 50) {
    baro_write_format(&text, "%s %s lost. ", baro_text_count(lost).text,
                      baro_plural(lost, "sample was", "samples were"));
  }
  if (profile->calls.lost_events > 0) {
    baro_write_format(&text, "%s %s of calls %s lost. ",
                      baro_text_count(profile->calls.lost_events).text,
                      baro_plural(profile->calls.lost_events, "event", "events"),
                      baro_plural(profile->calls.lost_events, "was", "were"));
  }
  double unknown = baro_profile_unknown_ratio(profile, BARO_MEASURE_RUN);
  bool is_time = baro_profile_weight_unit(profile).length == 0;
  if (is_time && unknown >= UNKNOWN_MIN) {
    baro_write_format(&text, "What threads did in %s of %s is not known. ",
                      baro_text_percent_whole(unknown).text,
                      profile->dataflow.task_count > 0 ? "their tasks' time" : "the time");
  }
  if (text.length > 0 && !text.failed) {
    text.length--; /* the last space */
    baro_html_sentence_begin(json);
    if (page->side_count > 1) {
      baro_html_sentence_text(json, side == 0 ? "Before: " : "After: ", &baro_html_no_link);
    }
    baro_html_sentence_buffer(json, &text, &baro_html_no_link);
    baro_html_sentence_end(json);
  }
  baro_buffer_release(&text);
}

static void write_of_samples(const baro_html_page *page, unsigned side,
                             const baro_summary_marks *said, baro_json *json) {
  write_path(page, side, said, json);
  if (baro_profile_weight_unit(page->profiles[side]).length > 0) {
    return; /* imported, and no time: nothing ran or waited */
  }
  write_states(page, side, json);
  if (page->profiles[side]->calls.count > 0) {
    write_calls(page, side, json);
  } else {
    baro_html_write_threads(page, side, json);
  }
}

void baro_html_write_summary(const baro_html_page *page, baro_json *json) {
  unsigned side = page->side_count - 1;
  const baro_profile *profile = page->profiles[side];
  baro_summary_marks said = {0};
  baro_json_array(json, "summary", false);
  if (page->side_count > 1 && !baro_html_write_changes(page, json)) {
    baro_html_sentence_fail(json);
  }
  bool is_dataflow = page->dataflow.of != NULL;
  if (is_dataflow) { /* its threads are slots, and what they did is the operators' time */
    baro_html_dataflow_summary(&page->dataflow, json);
  } else if (page->run_diff == NULL) {
    write_main(page, side, &said, json);
  }
  if (page->side_count > 1) {
    write_doubts(page, 0, json);
  } else if (profile->samples.count > 0 && !is_dataflow) {
    write_of_samples(page, side, &said, json);
  } else if (profile->calls.count > 0 && !is_dataflow) {
    write_call_path(page, side, &said, json);
    write_call_counts(page, side, json);
  }
  write_doubts(page, side, json);
  baro_json_end_array(json);
}
