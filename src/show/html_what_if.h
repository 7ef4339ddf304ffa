/* Section "what_if" of a page: forecasts that the page looks up (docs/view-page.md), as one string of JSON.
 * Flow: predict/what_if.h -> here -> html_page.c. Forecasts take seconds of CPU time, and a page is tried several times until it has the size that
 * is asked for: they are made once, and written each time. */
#ifndef BARO_SHOW_HTML_WHAT_IF_H
#define BARO_SHOW_HTML_WHAT_IF_H

#include "show/html_parts.h"

/* Appends the JSON of a recording that predictions can be asked of; nothing of others. BARO_NO_MEMORY. */
baro_status baro_html_what_if_make(const baro_profile *profile, baro_buffer *ret_json,
                                   baro_error *err) BARO_MUST_USE;
/* Of page->what_if; no section where that is empty. */
void baro_html_write_what_if(baro_html_page *page);

#endif
