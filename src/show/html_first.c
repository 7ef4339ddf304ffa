#include "show/html_first.h"

#include <stdio.h>
#include <stdlib.h>

enum {
  LEAST_NODES = 30000,
  /* A box is drawn from three quarters of a pixel on: this is enough for screens of 6,000. */
  PARTS = 8192,
};

bool baro_html_first_is_worth(const baro_html_tree *tree) {
  return tree->count >= LEAST_NODES;
}

typedef struct first_nodes {
  const baro_html_tree *tree;
  const uint64_t *total;
  uint64_t least;
  uint32_t *place; /* owned; of each node that is seen: how many of them stand before it */
  uint32_t *rest;  /* owned; of each node: children that have time and are not seen */
} first_nodes;

static bool is_seen(const first_nodes *first, uint32_t node) {
  return node == 0 || first->total[node] >= first->least;
}

static void write_nodes(const first_nodes *first, const uint64_t *self,
                        baro_html_sections *sections) {
  const baro_html_tree *tree = first->tree;
  baro_html_column *node = baro_html_column_begin(sections, "node", BARO_HTML_DIFFERENCE);
  baro_html_column *parent = baro_html_column_begin(sections, "parent", BARO_HTML_UNSIGNED);
  baro_html_column *function = baro_html_column_begin(sections, "function", BARO_HTML_UNSIGNED);
  baro_html_column *self_column = baro_html_column_begin(sections, "self", BARO_HTML_UNSIGNED);
  baro_html_column *total = baro_html_column_begin(sections, "total", BARO_HTML_UNSIGNED);
  baro_html_column *rest = baro_html_column_begin(sections, "rest", BARO_HTML_UNSIGNED);
  uint32_t place = 0;
  for (uint32_t n = 0; n < tree->count; n++) {
    if (!is_seen(first, n)) {
      continue;
    }
    first->place[n] = place;
    baro_html_put(node, n);
    baro_html_put(parent, place - first->place[tree->parent[n]]);
    baro_html_put(function, n == 0 ? 0 : tree->function[n]);
    baro_html_put(self_column, self[n]);
    baro_html_put(total, first->total[n]);
    baro_html_put(rest, first->rest[n]);
    place++;
  }
}

baro_status baro_html_first_write(const baro_html_tree *tree, const char *name,
                                  const uint64_t *self_units, baro_html_sections *sections,
                                  baro_error *err) {
  uint64_t *total = calloc(tree->count, sizeof(*total));
  first_nodes first = {.tree = tree,
                       .total = total,
                       .place = calloc(tree->count, sizeof(uint32_t)),
                       .rest = calloc(tree->count, sizeof(uint32_t))};
  bool good = total != NULL && first.place != NULL && first.rest != NULL;
  if (good) {
    for (uint32_t n = 0; n < tree->count; n++) {
      total[n] = self_units[n];
    }
    for (uint32_t n = tree->count; n-- > 1;) {
      total[tree->parent[n]] += total[n];
    }
    first.least = total[0] / PARTS + 1;
    for (uint32_t n = 1; n < tree->count; n++) {
      first.rest[tree->parent[n]] += total[n] > 0 && !is_seen(&first, n);
    }
    char title[BARO_HTML_NAME_BYTES];
    (void)snprintf(title, sizeof(title), BARO_HTML_FIRST_NAME "%s", name);
    baro_html_begin(sections, title, false);
    write_nodes(&first, self_units, sections);
    baro_html_end(sections);
  }
  free(total);
  free(first.place);
  free(first.rest);
  return good ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}
