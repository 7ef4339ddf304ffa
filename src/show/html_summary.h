/* The first thing on a page: three to five sentences that say what the program did and where to look, with links.
 * Flow: profile(s) -> sentences -> key "summary" of the head (docs/view-page.md).
 * The first sentence is the report's own (summary.h). What is not more than chance is not said. */
#ifndef BARO_SHOW_HTML_SUMMARY_H
#define BARO_SHOW_HTML_SUMMARY_H

#include "show/html_parts.h"

/* A failure shows in the stream's status. */
void baro_html_write_summary(const baro_html_page *page, baro_json *json);

#endif
