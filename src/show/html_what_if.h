/* Section "what_if" of a page: forecasts that the page looks up (docs/view-page.md), as one string of JSON.
 * Flow: predict/what_if.h -> here -> html_page.c. */
#ifndef BARO_SHOW_HTML_WHAT_IF_H
#define BARO_SHOW_HTML_WHAT_IF_H

#include "show/html_parts.h"

/* Of a page of one recording that predictions can be asked of; writes nothing otherwise. BARO_NO_MEMORY. */
baro_status baro_html_write_what_if(baro_html_page *page, baro_error *err) BARO_MUST_USE;

#endif
