#include "show/html_lines.h"

/* As in reports: without idle. */
static uint64_t units(const baro_html_page *page, const baro_amounts *amounts, uint32_t frame) {
  return (baro_amount_busy(amounts, frame) + page->unit_ns / 2) / page->unit_ns;
}

static void write_side(baro_html_page *page, unsigned side, const char *title) {
  const baro_profile *profile = page->profiles[side];
  const baro_profile_frames *frames = &profile->frames;
  baro_html_sections *sections = &page->sections;
  baro_html_begin(sections, title, false);
  static const char *const names[] = {"function", "line",      "self",        "total",
                                      "self_run", "total_run", "self_samples"};
  enum { NAMES = sizeof(names) / sizeof(names[0]) };
  baro_html_column *columns[NAMES];
  for (size_t i = 0; i < NAMES; i++) {
    columns[i] = baro_html_column_begin(sections, names[i], BARO_HTML_UNSIGNED);
  }
  for (uint32_t f = 0; f < frames->count; f++) {
    uint32_t function = page->names.of_function[side][frames->function[f]];
    const baro_amounts *total = frames->total;
    /* Frames of shims are in no stack of the profile. */
    if (function == BARO_NONE_ID || total[BARO_MEASURE_THREAD].all_ns[f] == 0) {
      continue;
    }
    const uint64_t values[NAMES] = {
        function,
        frames->line[f],
        units(page, &frames->self[BARO_MEASURE_THREAD], f),
        units(page, &total[BARO_MEASURE_THREAD], f),
        units(page, &frames->self[BARO_MEASURE_RUN], f),
        units(page, &total[BARO_MEASURE_RUN], f),
        frames->self_samples[f],
    };
    for (size_t c = 0; c < NAMES; c++) {
      baro_html_put(columns[c], values[c]);
    }
  }
  baro_html_end(sections);
}

/* Of a comparison the plain name is that of the new side, whose sources are the ones to look at. */
void baro_html_write_lines(baro_html_page *page) {
  for (unsigned side = 0; side < page->side_count; side++) {
    if (page->profiles[side]->samples.count > 0) {
      write_side(page, side, page->side_count > 1 && side == 0 ? "lines:base" : "lines");
    }
  }
}
