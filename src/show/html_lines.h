/* Lines on the page: section "lines", the profile's frames that have time (docs/view-page.md).
 * Flow: profile's frames, numbers of functions -> section. */
#ifndef BARO_SHOW_HTML_LINES_H
#define BARO_SHOW_HTML_LINES_H

#include "show/html_parts.h"

void baro_html_write_lines(baro_html_page *page);

#endif
