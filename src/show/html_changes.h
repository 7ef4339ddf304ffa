/* The sentences of a comparison, which come first on its page.
 * Flow: two profiles, numbers of functions -> sentences. */
#ifndef BARO_SHOW_HTML_CHANGES_H
#define BARO_SHOW_HTML_CHANGES_H

#include <stdbool.h>

#include "show/html_parts.h"
#include "show/html_sentence.h"

/* The page has two sides. False: out of memory. */
bool baro_html_write_changes(const baro_html_page *page, baro_json *json);

enum { BARO_HTML_DIFF_OPERATORS = 500 }; /* on a page, at most: those that changed most */

/* The key "comparison" of the head: of two runs of frameworks the members of `barograph diff --json`; else null. */
void baro_html_comparison_head(const baro_html_page *page, baro_json *json);
/* A member of the head's "limits". */
void baro_html_comparison_limits(const baro_html_page *page, baro_json *json);

#endif
