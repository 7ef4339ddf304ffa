#include "show/html_summary_threads.h"

#include <math.h>
#include <stdio.h>

#include "base/plural.h"
#include "explain/thread_waits.h"
#include "show/html_sentence.h"
#include "show/summary.h"
#include "show/thread_label.h"
#include "show/units.h"

/* Shares that are worth a word, as in summary.c. */
static const double SHARE_MIN = 0.05;

static uint32_t busiest_thread(const baro_profile *profile, uint64_t *ret_sum_ns) {
  uint32_t best = 0;
  *ret_sum_ns = 0;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    *ret_sum_ns += profile->threads[t].has_cpu ? profile->threads[t].cpu_ns : 0;
    if (profile->threads[t].cpu_ns > profile->threads[best].cpu_ns) {
      best = t;
    }
  }
  return best;
}

/* Of a process's first thread the name is the program's, which says nothing. */
static void write_thread_name(const baro_profile *profile, const baro_profile_thread *thread,
                              baro_buffer *out) {
  if (thread->is_main && profile->process_count == 1) {
    baro_write_text(out, "the main thread");
    return;
  }
  if (thread->is_main) {
    baro_write_format(out, "the main thread of process %u",
                      profile->processes[thread->process].os_pid);
    return;
  }
  baro_write_thread_label(out, profile, thread);
  if (out->length == 0) {
    baro_write_format(out, "thread %u", thread->os_tid);
  }
}

void baro_html_write_threads(const baro_html_page *page, unsigned side, baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  uint64_t duration_ns = profile->end_ns - profile->start_ns, sum_ns;
  bool is_idle = baro_profile_basis_ns(profile, BARO_MEASURE_RUN) == 0;
  if (profile->thread_count < (is_idle ? 2 : 1) || !profile->has_cpu || duration_ns == 0) {
    return;
  }
  uint32_t best = busiest_thread(profile, &sum_ns);
  char text[240], processes[80] = "";
  if (profile->process_count > 1) {
    (void)snprintf(processes, sizeof(processes), " in %s processes",
                   baro_text_count(profile->process_count).text);
  }
  (void)snprintf(text, sizeof(text), "%s %s%s used %s of CPU in %s, %s of one core",
                 baro_text_count(profile->thread_count).text,
                 baro_plural(profile->thread_count, "thread", "threads"), processes,
                 baro_text_duration(profile->cpu_ns).text, baro_text_duration(duration_ns).text,
                 baro_text_percent_whole((double)profile->cpu_ns / (double)duration_ns).text);
  baro_html_link all = baro_html_no_link, one = baro_html_no_link;
  all.view = one.view = "timeline";
  one.thread = page->first_thread[side] + best;
  baro_html_sentence_begin(json);
  baro_html_sentence_text(json, text, &all);
  if (sum_ns > 0 && profile->thread_count > 1) {
    baro_buffer label = {0};
    write_thread_name(profile, &profile->threads[best], &label);
    (void)snprintf(
        text, sizeof(text), "; %s of it ",
        baro_text_percent_whole((double)profile->threads[best].cpu_ns / (double)sum_ns).text);
    baro_html_sentence_text(json, text, &baro_html_no_link);
    baro_html_sentence_buffer(json, &label, &one);
  }
  uint64_t gil_ns = profile->state_ns[BARO_MEASURE_THREAD][BARO_STATE_GIL];
  double gil =
      (double)gil_ns / fmax((double)baro_profile_basis_ns(profile, BARO_MEASURE_THREAD), 1);
  if (gil >= SHARE_MIN) {
    baro_html_link to = baro_html_no_link;
    to.view = "flame";
    to.metric = "wait:gil";
    (void)snprintf(text, sizeof(text), "they waited for the GIL %s of their time",
                   baro_text_percent_whole(gil).text);
    baro_html_sentence_text(json, "; ", &baro_html_no_link);
    baro_html_sentence_text(json, text, &to);
  }
  baro_html_sentence_text(json, ".", &baro_html_no_link);
  baro_html_sentence_end(json);
}

/* "; besides, 4 threads spent 13.9 s waiting for a lock in load (app.py:5), 45 % of all threads' time, while others ran" */
static void write_wait(const baro_html_page *page, unsigned side, baro_state state,
                       const baro_thread_wait *wait, baro_json *json) {
  const baro_profile *profile = page->profiles[side];
  char text[240], metric[32];
  baro_html_link to = baro_html_no_link, all = baro_html_no_link;
  (void)snprintf(metric, sizeof(metric), "wait:%s", baro_state_key(state));
  to.view = all.view = "flame";
  to.metric = metric;
  all.metric = "wall";
  baro_html_sentence_text(json, "; besides, ", &baro_html_no_link);
  (void)snprintf(text, sizeof(text), "%s %s spent %s %s", baro_text_count(wait->thread_count).text,
                 baro_plural(wait->thread_count, "thread", "threads"),
                 baro_text_duration(wait->all_ns).text, baro_state_words(state));
  baro_html_sentence_text(json, text, &to);
  if (wait->function != BARO_NONE_ID) {
    baro_buffer name = {0};
    (void)snprintf(text, sizeof(text), ", %s of it in ", baro_text_duration(wait->place_ns).text);
    baro_html_sentence_text(json, wait->place_ns == wait->all_ns ? " in " : text,
                            &baro_html_no_link);
    to.function = page->names.of_function[side][wait->function];
    baro_summary_write_function(profile, wait->function, &name);
    baro_html_sentence_buffer(json, &name, &to);
  }
  double threads_ns = (double)baro_profile_basis_ns(profile, BARO_MEASURE_THREAD);
  (void)snprintf(text, sizeof(text), "%s of all threads' time",
                 baro_text_percent_whole((double)wait->all_ns / threads_ns).text);
  baro_html_sentence_text(json, ", ", &baro_html_no_link);
  baro_html_sentence_text(json, text, &all);
  baro_html_sentence_text(json, ", while others ran", &baro_html_no_link);
}

void baro_html_write_thread_wait(const baro_html_page *page, unsigned side, baro_json *json) {
  static const baro_state states[] = {BARO_STATE_LOCK, BARO_STATE_DISK, BARO_STATE_NETWORK,
                                      BARO_STATE_PIPE};
  const baro_profile *profile = page->profiles[side];
  baro_thread_wait most = {0};
  baro_state of = BARO_STATE_LOCK;
  for (size_t i = 0; profile->thread_count > 1 && i < sizeof(states) / sizeof(states[0]); i++) {
    baro_thread_wait wait;
    if (baro_thread_wait_find(profile, states[i], &wait) != BARO_OK) {
      baro_html_sentence_fail(json);
    } else if (wait.all_ns > most.all_ns && baro_thread_wait_matters(profile, states[i], &wait)) {
      most = wait;
      of = states[i];
    }
  }
  if (most.all_ns > 0) {
    write_wait(page, side, of, &most, json);
  }
}
