/* The page's trees, from profiles to sections: merged, added up, made to fit, written, and their timelines with them.
 * Flow: names, profiles -> html_tree.c, html_entries.c, html_budget.c, html_runs.c -> sections of one tree. */
#ifndef BARO_SHOW_HTML_TREES_H
#define BARO_SHOW_HTML_TREES_H

#include "show/html_parts.h"

/* Adds "tree:NAME", "entries:NAME", "runs:NAME", and "merged:NAME" where nodes were put together. BARO_NO_MEMORY. */
baro_status baro_html_add_tree(baro_html_page *page, baro_html_tree_kind kind,
                               baro_error *err) BARO_MUST_USE;

#endif
