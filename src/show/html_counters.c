#include "show/html_counters.h"

typedef struct counter_columns {
  baro_html_column *process;
  baro_html_column *time;
  baro_html_column *cpu_us;
  baro_html_column *memory_kib;
} counter_columns;

/* Of each `step` readings of a process one: its CPU time is that of the last of them, its memory the largest, for a peak is what
 * people look for. */
static void write_side(const baro_html_page *page, unsigned side, uint64_t step,
                       const counter_columns *columns) {
  const baro_profile *profile = page->profiles[side];
  uint64_t in_step = 0, most_bytes = 0;
  for (uint32_t r = 0; r < profile->reading_count; r++) {
    const baro_profile_reading *reading = &profile->readings[r];
    bool is_last = r + 1 == profile->reading_count || reading[1].process != reading->process;
    most_bytes = reading->rss_bytes > most_bytes ? reading->rss_bytes : most_bytes;
    if (++in_step < step && !is_last) {
      continue;
    }
    uint64_t origin_ns = page->origin_ns[side];
    uint64_t after_ns = reading->time_ns > origin_ns ? reading->time_ns - origin_ns : 0;
    baro_html_put(columns->process, page->first_process[side] + reading->process);
    baro_html_put(columns->time, after_ns / page->tick_ns);
    baro_html_put(columns->cpu_us, reading->cpu_ns / 1000);
    baro_html_put(columns->memory_kib, most_bytes / 1024);
    in_step = 0;
    most_bytes = 0;
  }
}

void baro_html_write_counters(baro_html_page *page) {
  uint64_t count = 0;
  for (unsigned side = 0; side < page->side_count; side++) {
    count += page->profiles[side]->reading_count;
  }
  if (count == 0) {
    return;
  }
  baro_html_sections *sections = &page->sections;
  baro_html_begin(sections, "counters", true);
  const counter_columns columns = {
      .process = baro_html_column_begin(sections, "process", BARO_HTML_DIFFERENCE),
      .time = baro_html_column_begin(sections, "time", BARO_HTML_DIFFERENCE),
      .cpu_us = baro_html_column_begin(sections, "cpu_us", BARO_HTML_DIFFERENCE),
      .memory_kib = baro_html_column_begin(sections, "memory_kib", BARO_HTML_DIFFERENCE),
  };
  for (unsigned side = 0; side < page->side_count; side++) {
    write_side(page, side, (count + BARO_HTML_READINGS - 1) / BARO_HTML_READINGS, &columns);
  }
  baro_html_end(sections);
}
