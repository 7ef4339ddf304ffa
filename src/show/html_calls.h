/* Recorded calls on the page: sections "calls" (the slowest), "call_sums" and "call_buckets" (docs/view-page.md).
 * Flow: profile's calls, numbers of functions and nodes -> late sections. */
#ifndef BARO_SHOW_HTML_CALLS_H
#define BARO_SHOW_HTML_CALLS_H

#include <stdint.h>

#include "show/html_parts.h"

/* Once the tree of calls is there. BARO_NO_MEMORY. */
baro_status baro_html_write_calls(baro_html_page *page, baro_error *err) BARO_MUST_USE;

/* floor(4 log2 ns); 0 for 0. */
unsigned baro_html_bucket(uint64_t ns);

#endif
