/* Source on the page, only where it was asked for: section "source" (docs/view-page.md).
 * Flow: files of the user's own functions -> whole, or the functions that have time -> section.
 * A recording holds no source: a file of this disk is taken for what ran if the recording was made on a machine of this name,
 * and its inode has not changed since the first process was started. What does not hold is left out and counted. */
#ifndef BARO_SHOW_HTML_SOURCE_H
#define BARO_SHOW_HTML_SOURCE_H

#include "show/html_parts.h"

/* Of a comparison: the new side's. BARO_NO_MEMORY. */
baro_status baro_html_write_source(baro_html_page *page, baro_error *err) BARO_MUST_USE;

#endif
