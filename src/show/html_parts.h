/* What the parts of a page share; only html_*.c include this. html_page.h is the way in. */
#ifndef BARO_SHOW_HTML_PARTS_H
#define BARO_SHOW_HTML_PARTS_H

#include "explain/run_diff.h"
#include "show/html_budget.h"
#include "show/html_dataflow.h"
#include "show/html_entries.h"
#include "show/html_names.h"
#include "show/html_page.h"
#include "show/html_section.h"
#include "show/html_tree.h"

typedef enum baro_html_tree_kind {
  BARO_HTML_OF_SAMPLES,
  BARO_HTML_OF_CALLS,
  BARO_HTML_TREE_KINDS
} baro_html_tree_kind;

/* One of the page's trees, as far as later parts need it. */
typedef struct baro_html_tree_facts {
  bool exists;
  uint32_t nodes;
  uint32_t entries;
  uint64_t runs;
  baro_html_merged merged;                  /* what the writer put together to keep to the size */
  uint32_t *of_source[BARO_HTML_SIDES_MAX]; /* owned; of each node of the profile, or call */
  baro_html_ratios ratios;
} baro_html_tree_facts;

/* Up to here all is told as fine as it was recorded. */
enum { BARO_HTML_FINE_SAMPLES = 20000 };

/* What trees and timelines may take, packed, by the estimates of those who make them; above, they are made smaller. */
typedef struct baro_html_room {
  double tree_bytes[BARO_HTML_TREE_KINDS];
  double runs_bytes[BARO_HTML_TREE_KINDS];
} baro_html_room;

/* A page being made. */
typedef struct baro_html_page {
  const baro_profile *profiles[BARO_HTML_SIDES_MAX]; /* borrowed */
  unsigned side_count;
  const baro_html_options *options; /* borrowed */
  uint32_t first_process[BARO_HTML_SIDES_MAX + 1];
  uint32_t first_thread[BARO_HTML_SIDES_MAX + 1];
  uint64_t origin_ns[BARO_HTML_SIDES_MAX]; /* tick 0: of a framework's log the begin of its run */
  uint64_t unit_ns;
  uint64_t tick_ns;
  uint64_t step_ticks[BARO_HTML_TREE_KINDS]; /* timelines are rounded to; 0: there is none */
  baro_html_room room;
  uint32_t source_files; /* that are on the page */
  uint32_t source_missing;
  baro_html_names names;
  baro_html_tree_facts trees[BARO_HTML_TREE_KINDS];
  baro_html_dataflow dataflow;
  const baro_run_diff *
      run_diff; /* borrowed: of two runs of frameworks that are compared; NULL: it is no such page */
  baro_view what_if; /* borrowed: JSON of forecasts; empty: there are none */
  baro_html_sections sections;
} baro_html_page;

extern const char *const baro_html_tree_names[BARO_HTML_TREE_KINDS]; /* "samples", "calls" */

/* html_head.c: the JSON head, without any "<". */
void baro_html_head(const baro_html_page *page, baro_stream *output);
/* Appends what the page is called: the command that ran. Any bytes. */
void baro_html_title(const baro_html_page *page, baro_buffer *out);

#endif
