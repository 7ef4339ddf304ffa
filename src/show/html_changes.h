/* The sentences of a comparison, which come first on its page.
 * Flow: two profiles, numbers of functions -> sentences. */
#ifndef BARO_SHOW_HTML_CHANGES_H
#define BARO_SHOW_HTML_CHANGES_H

#include <stdbool.h>

#include "show/html_parts.h"
#include "show/html_sentence.h"

/* The page has two sides. False: out of memory. */
bool baro_html_write_changes(const baro_html_page *page, baro_json *json);

#endif
