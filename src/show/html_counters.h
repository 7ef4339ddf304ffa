/* Section "counters" of a page: CPU time and memory of processes over time (docs/view-page.md).
 * Flow: the profile's readings -> thinned to what a screen can show -> section, absent where there is nothing. */
#ifndef BARO_SHOW_HTML_COUNTERS_H
#define BARO_SHOW_HTML_COUNTERS_H

#include "show/html_parts.h"

/* About so many readings are on a page, of all processes together. */
enum { BARO_HTML_READINGS = 2000 };

void baro_html_write_counters(baro_html_page *page);

#endif
