/* Amounts of the page's tree as a section: in whole units, the run's own time against what is expected of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "show/html_entries.h"

/* --- What is told against what --- */

void baro_html_ratios_release(baro_html_ratios *ratios) {
  free(ratios->run);
  *ratios = (baro_html_ratios){0};
}

baro_status baro_html_ratios_of(const baro_html_entries *entries, uint32_t thread_count,
                                baro_html_ratios *ret_ratios, baro_error *err) {
  size_t places = (size_t)thread_count * BARO_STATE_COUNT + 1;
  double *time = calloc(places, sizeof(*time));
  double *run = calloc(places, sizeof(*run));
  if (time == NULL || run == NULL) {
    free(time);
    free(run);
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  for (uint32_t i = 0; i < entries->count; i++) {
    const baro_html_entry *row = &entries->rows[i];
    size_t place = (size_t)row->thread * BARO_STATE_COUNT + row->state;
    time[place] += (double)row->time_ns;
    run[place] += (double)row->run_ns;
  }
  for (size_t i = 0; i < places; i++) {
    /* The factors of calibration lie within a few times 1; above that the residuals say it. */
    double ratio = time[i] > 0 ? run[i] / time[i] : 0;
    run[i] = round(fmin(ratio, 100) * 1e6) / 1e6;
  }
  free(time);
  *ret_ratios = (baro_html_ratios){.thread_count = thread_count, .run = run};
  return BARO_OK;
}

/* --- Writing --- */

/* Whole units of ns, with what the ones before left over: by thread. */
static uint64_t to_units(int64_t *carry_ns, uint64_t ns, uint64_t unit_ns) {
  int64_t due = ns < (uint64_t)INT64_MAX / 2 ? *carry_ns + (int64_t)ns : INT64_MAX / 2;
  uint64_t units = due <= 0 ? 0 : ((uint64_t)due + unit_ns / 2) / unit_ns;
  *carry_ns = due - (int64_t)(units * unit_ns);
  return units < BARO_HTML_VALUE_MAX ? units : BARO_HTML_VALUE_MAX;
}

static int64_t expected_run(const baro_html_ratios *ratios, const baro_html_entry *row,
                            uint64_t time) {
  double ratio = ratios->run[(size_t)row->thread * BARO_STATE_COUNT + row->state];
  return (int64_t)floor((double)time * ratio + 0.5);
}

baro_status baro_html_entries_write(const baro_html_entries *entries, const char *name,
                                    const baro_html_ratios *ratios, uint32_t thread_count,
                                    uint64_t unit_ns, uint64_t *add_units,
                                    baro_html_sections *sections, baro_error *err) {
  char title[BARO_HTML_NAME_BYTES];
  (void)snprintf(title, sizeof(title), "entries:%s", name);
  int64_t *carry_ns = calloc(2 * (size_t)thread_count + 1, sizeof(*carry_ns));
  if (carry_ns == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  int64_t *run_carry_ns = carry_ns + thread_count;
  baro_html_begin(sections, title, false);
  baro_html_column *node = baro_html_column_begin(sections, "node", BARO_HTML_DIFFERENCE);
  baro_html_column *thread = baro_html_column_begin(sections, "thread", BARO_HTML_UNSIGNED);
  baro_html_column *state = baro_html_column_begin(sections, "state", BARO_HTML_BYTE);
  baro_html_column *time = baro_html_column_begin(sections, "time", BARO_HTML_UNSIGNED);
  baro_html_column *run =
      ratios == NULL ? NULL : baro_html_column_begin(sections, "run", BARO_HTML_ZIGZAG);
  baro_html_column *samples = baro_html_column_begin(sections, "samples", BARO_HTML_ZIGZAG);
  for (uint32_t i = 0; i < entries->count; i++) {
    const baro_html_entry *row = &entries->rows[entries->order[i]];
    uint64_t time_units = to_units(&carry_ns[row->thread], row->time_ns, unit_ns);
    uint64_t run_units = to_units(&run_carry_ns[row->thread], row->run_ns, unit_ns);
    baro_html_put(node, row->node);
    baro_html_put(thread, row->thread);
    baro_html_put(state, row->state);
    baro_html_put(time, time_units);
    if (ratios != NULL) {
      baro_html_put_signed(run, (int64_t)run_units - expected_run(ratios, row, time_units));
    }
    baro_html_put(samples, row->samples);
    if (add_units != NULL && row->state != BARO_STATE_IDLE) {
      add_units[row->node] += ratios != NULL ? run_units : time_units;
    }
  }
  baro_html_end(sections);
  free(carry_ns);
  return BARO_OK;
}
