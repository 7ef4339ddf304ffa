/* The page's call tree: the trees of one or two recordings merged by function, whatever the lines.
 * Flow: profile's nodes, recorded calls -> baro_html_trie -> merged -> section "tree:NAME", and node numbers for all
 * that counts by node.
 * A tree is depth-first preorder; node 0 is the root, and its function means nothing. Siblings stand in the order in which the
 * sources have them, those of the first source first. */
#ifndef BARO_SHOW_HTML_TREE_H
#define BARO_SHOW_HTML_TREE_H

#include <stdint.h>

#include "base/status.h"
#include "profile/profile.h"
#include "show/html_names.h"

/* A tree to be merged: parents stand before their children. */
typedef struct baro_html_trie {
  uint32_t count;     /* at least 1: the root */
  uint32_t *parent;   /* owned */
  uint32_t *function; /* owned; the page's number */
} baro_html_trie;

typedef struct baro_html_tree {
  uint32_t count;
  uint32_t *parent;                         /* owned; of the root 0 */
  uint32_t *function;                       /* owned */
  uint32_t *of_source[BARO_HTML_SIDES_MAX]; /* owned; node of each node of a source */
} baro_html_tree;

/* Of the samples' stacks. BARO_NO_MEMORY. */
baro_status baro_html_trie_of_nodes(const baro_profile *profile, const uint32_t *of_function,
                                    baro_html_trie *ret_trie, baro_error *err) BARO_MUST_USE;
/* Of recorded calls: a call is below the one that made it. ret_node_of_call: owned by the caller. */
baro_status baro_html_trie_of_calls(const baro_profile *profile, const uint32_t *of_function,
                                    baro_html_trie *ret_trie, uint32_t **ret_node_of_call,
                                    baro_error *err) BARO_MUST_USE;
void baro_html_trie_release(baro_html_trie *trie);

/* O(nodes). BARO_NO_MEMORY. */
baro_status baro_html_tree_merge(const baro_html_trie *sources, unsigned source_count,
                                 uint32_t function_count, baro_html_tree *ret_tree,
                                 baro_error *err) BARO_MUST_USE;
void baro_html_tree_release(baro_html_tree *tree);

/* function_count: of the page. BARO_NO_MEMORY. */
baro_status baro_html_tree_write(const baro_html_tree *tree, const char *name,
                                 uint32_t function_count, baro_html_sections *sections,
                                 baro_error *err) BARO_MUST_USE;

#endif
