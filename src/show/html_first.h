/* What the first picture of a large page needs: the nodes that are wide enough to be seen on any screen, with their sums, so
 * that nobody waits for the millions that are not. Stands before everything else that is large (docs/view-page.md).
 * Flow: merged tree, units by node that html_entries.c wrote -> section "first:NAME". */
#ifndef BARO_SHOW_HTML_FIRST_H
#define BARO_SHOW_HTML_FIRST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "show/html_section.h"
#include "show/html_tree.h"

#define BARO_HTML_FIRST_NAME "first:"

/* Whether a page of such a tree has the section. Smaller trees are read at once, and every byte of their pages counts. */
bool baro_html_first_is_worth(const baro_html_tree *tree);

/* self_units: of each node, as the entries of the page add up in its first metric. BARO_NO_MEMORY. */
baro_status baro_html_first_write(const baro_html_tree *tree, const char *name,
                                  const uint64_t *self_units, baro_html_sections *sections,
                                  baro_error *err) BARO_MUST_USE;

#endif
