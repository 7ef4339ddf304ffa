/* Keeps a page to its size: leaves of little time are put together.
 * Flow: merged tree + its entries -> how many nodes and entries fit -> a smaller tree, whose dropped nodes are one node
 * "(small stacks)" below the nearest caller that stays. What stays has all its time; nothing is lost but where exactly
 * small amounts are, and the head says how much that is. */
#ifndef BARO_SHOW_HTML_BUDGET_H
#define BARO_SHOW_HTML_BUDGET_H

#include "base/status.h"
#include "show/html_entries.h"
#include "show/html_tree.h"

#define BARO_HTML_SMALL_NAME "(small stacks)"

typedef struct baro_html_merged {
  uint32_t nodes;   /* that were put together; 0: all fit */
  uint64_t time_ns; /* of all that is in them */
  uint64_t all_ns;
  /* The nodes that stand for them, ascending, and for how many each; owned. */
  uint32_t small_count;
  uint32_t *small_node;
  uint32_t *small_stacks;
} baro_html_merged;

/* Bytes that the tree and its entries will about take, packed. */
uint64_t baro_html_estimate(uint32_t nodes, uint32_t entries);

/* The least time that a node must have, with what it calls, so that what stays takes at most `bytes`; 0: all may stay.
 * BARO_NO_MEMORY. */
baro_status baro_html_least_time(const baro_html_tree *tree, const baro_html_entries *entries,
                                 uint64_t bytes, uint64_t *ret_least_ns,
                                 baro_error *err) BARO_MUST_USE;

/* Puts nodes below least_ns together, as function `small`; the tree's numbers and those of its sources become new ones.
 * source_count: nodes (or calls) of each source. BARO_NO_MEMORY leaves the tree as it was. */
baro_status baro_html_merge_small(baro_html_tree *tree, const baro_html_entries *entries,
                                  uint64_t least_ns, uint32_t small,
                                  const uint32_t source_count[BARO_HTML_SIDES_MAX],
                                  baro_html_merged *ret_merged, baro_error *err) BARO_MUST_USE;
void baro_html_merged_release(baro_html_merged *merged);

#endif
