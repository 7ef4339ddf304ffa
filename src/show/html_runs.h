/* The page's timeline: what each thread did when, as runs of one node and state (docs/view-page.md).
 * Flow: samples, or recorded calls in order of entry -> runs in ticks -> section "runs:NAME".
 * Of calls a run is what was on top of the thread's stack. One that was suspended (a generator, a coroutine) is on no
 * stack for most of its life, and nothing says when: it has no runs of its own, the calls it makes have. Where there are too
 * many runs of calls, times are rounded to `step` ticks, and what gets no tick is left out. */
#ifndef BARO_SHOW_HTML_RUNS_H
#define BARO_SHOW_HTML_RUNS_H

#include <stdint.h>

#include "show/html_parts.h"

enum { BARO_HTML_CALL_RUNS_MAX = 1000000 };

/* Packed; measured on a page of ten million samples (2026-11). */
#define BARO_HTML_RUN_BYTES 2.75

/* entries: ranked; what is found in them is of the last thread then. */
void baro_html_runs_of_samples(baro_html_page *page, baro_html_entries *entries,
                               baro_html_sections *sections);
/* BARO_NO_MEMORY. */
baro_status baro_html_runs_of_calls(baro_html_page *page, baro_html_entries *entries,
                                    baro_html_sections *sections, baro_error *err) BARO_MUST_USE;

#endif
