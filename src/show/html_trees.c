#include "show/html_trees.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "show/html_first.h"
#include "show/html_runs.h"

const char *const baro_html_tree_names[BARO_HTML_TREE_KINDS] = {"samples", "calls"};

static baro_status make_trie(const baro_html_page *page, baro_html_tree_kind kind, unsigned side,
                             baro_html_trie *ret_trie, uint32_t **ret_node_of_call,
                             baro_error *err) {
  const baro_profile *profile = page->profiles[side];
  const uint32_t *of_function = page->names.of_function[side];
  return kind == BARO_HTML_OF_SAMPLES
             ? baro_html_trie_of_nodes(profile, of_function, ret_trie, err)
             : baro_html_trie_of_calls(profile, of_function, ret_trie, ret_node_of_call, err);
}

/* Calls go to nodes of their trie, and with it to the tree's. */
static void place_calls(uint32_t *node_of_call, uint32_t count, const uint32_t *of_source) {
  for (uint32_t c = 0; c < count; c++) {
    node_of_call[c] = of_source[node_of_call[c]];
  }
}

static baro_status merge_tree(baro_html_page *page, baro_html_tree_kind kind,
                              baro_html_tree *ret_tree, baro_error *err) {
  baro_html_trie tries[BARO_HTML_SIDES_MAX] = {0};
  uint32_t *node_of_call[BARO_HTML_SIDES_MAX] = {0};
  baro_status status = BARO_OK;
  for (unsigned side = 0; status == BARO_OK && side < page->side_count; side++) {
    status = make_trie(page, kind, side, &tries[side], &node_of_call[side], err);
  }
  if (status == BARO_OK) {
    status = baro_html_tree_merge(tries, page->side_count, page->names.count, ret_tree, err);
  }
  for (unsigned side = 0; side < page->side_count; side++) {
    baro_html_trie_release(&tries[side]);
    if (status == BARO_OK && kind == BARO_HTML_OF_CALLS) {
      place_calls(node_of_call[side], page->profiles[side]->calls.count, ret_tree->of_source[side]);
      free(ret_tree->of_source[side]);
      ret_tree->of_source[side] = node_of_call[side];
    } else {
      free(node_of_call[side]);
    }
  }
  return status;
}

static baro_status count_entries(const baro_html_page *page, baro_html_tree_kind kind,
                                 const baro_html_tree *tree, baro_html_entries *entries,
                                 baro_error *err) {
  baro_status status = baro_html_entries_init(entries, tree->count, err);
  for (unsigned side = 0; status == BARO_OK && side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    status = kind == BARO_HTML_OF_SAMPLES
                 ? baro_html_entries_add_samples(entries, profile, tree->of_source[side],
                                                 page->first_thread[side], err)
                 : baro_html_entries_add_calls(entries, profile, tree->of_source[side],
                                               page->first_thread[side], err);
  }
  return status == BARO_OK ? baro_html_entries_sort(entries, err) : status;
}

/* The sections of one tree. The timeline's are written by another thread: both only read the entries, and packing takes
 * most of the time of both. */
typedef struct tree_work {
  baro_html_page *page;
  baro_html_tree_kind kind;
  const baro_html_tree *tree;
  baro_html_entries *entries;
  baro_html_sections runs;
  baro_status status; /* of the timeline */
  baro_error error;
} tree_work;

static baro_status write_tree(tree_work *work, baro_error *err) {
  baro_html_page *page = work->page;
  const char *name = baro_html_tree_names[work->kind];
  const baro_html_ratios *ratios =
      work->kind == BARO_HTML_OF_SAMPLES ? &page->trees[work->kind].ratios : NULL;
  /* Of a comparison each side has sums of its own: its first picture waits for all of it. */
  bool has_first = page->side_count == 1 && baro_html_first_is_worth(work->tree);
  uint64_t *units = has_first ? calloc(work->tree->count, sizeof(*units)) : NULL;
  if (has_first && units == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_status status =
      baro_html_tree_write(work->tree, name, page->names.count, &page->sections, err);
  if (status == BARO_OK) {
    status =
        baro_html_entries_write(work->entries, name, ratios, page->first_thread[page->side_count],
                                page->unit_ns, units, &page->sections, err);
  }
  if (status == BARO_OK && has_first) {
    status = baro_html_first_write(work->tree, name, units, &page->sections, err);
  }
  free(units);
  return status;
}

static void write_runs(tree_work *work) {
  work->status = BARO_OK;
  if (work->kind == BARO_HTML_OF_SAMPLES) {
    baro_html_runs_of_samples(work->page, work->entries, &work->runs);
  } else {
    work->status = baro_html_runs_of_calls(work->page, work->entries, &work->runs, &work->error);
  }
}

static void *write_runs_beside(void *context) {
  write_runs(context);
  return NULL;
}

/* Where no thread can be had, one after the other. */
static baro_status write_both(tree_work *work, baro_error *err) {
  enum { WORTH_A_THREAD = 100000 };
  pthread_t beside;
  bool has_thread = work->entries->count > WORTH_A_THREAD &&
                    pthread_create(&beside, NULL, write_runs_beside, work) == 0;
  baro_status status = write_tree(work, err);
  if (has_thread) {
    (void)pthread_join(beside, NULL);
  } else {
    write_runs(work);
  }
  if (status == BARO_OK && work->status != BARO_OK) {
    *err = work->error;
    status = work->status;
  }
  baro_html_sections_join(&work->page->sections, &work->runs);
  return status;
}

/* Puts small leaves together where all would take too much. */
static baro_status keep_to_size(baro_html_page *page, baro_html_tree_kind kind,
                                baro_html_tree *tree, baro_html_entries *entries, baro_error *err) {
  uint64_t least_ns;
  uint32_t small = 0, source_count[BARO_HTML_SIDES_MAX] = {0};
  for (unsigned side = 0; side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    source_count[side] = kind == BARO_HTML_OF_SAMPLES ? profile->nodes.count : profile->calls.count;
  }
  baro_status status =
      baro_html_least_time(tree, entries, (uint64_t)page->room.tree_bytes[kind], &least_ns, err);
  if (status != BARO_OK || least_ns == 0) {
    return status;
  }
  status = baro_html_names_add(&page->names, BARO_HTML_SMALL_NAME, &small, err);
  if (status == BARO_OK) {
    status = baro_html_merge_small(tree, entries, least_ns, small, source_count,
                                   &page->trees[kind].merged, err);
  }
  if (status == BARO_OK) {
    baro_html_entries_release(entries);
    status = count_entries(page, kind, tree, entries, err);
  }
  return status;
}

static baro_status prepare_entries(baro_html_page *page, baro_html_tree_kind kind,
                                   baro_html_tree *tree, baro_html_entries *entries,
                                   baro_error *err) {
  uint32_t thread_count = page->first_thread[page->side_count];
  baro_status status = count_entries(page, kind, tree, entries, err);
  if (status == BARO_OK) {
    status = keep_to_size(page, kind, tree, entries, err);
  }
  if (status == BARO_OK) {
    status = baro_html_entries_rank(entries, thread_count, err);
  }
  if (status == BARO_OK && kind == BARO_HTML_OF_SAMPLES) {
    status = baro_html_ratios_of(entries, thread_count, &page->trees[kind].ratios, err);
  }
  return status;
}

/* Section "merged:NAME": which nodes stand for small ones, and for how many. */
static void write_merged(baro_html_page *page, baro_html_tree_kind kind) {
  const baro_html_merged *merged = &page->trees[kind].merged;
  char title[BARO_HTML_NAME_BYTES];
  if (merged->nodes == 0) {
    return;
  }
  (void)snprintf(title, sizeof(title), "merged:%s", baro_html_tree_names[kind]);
  baro_html_begin(&page->sections, title, true);
  baro_html_column *node = baro_html_column_begin(&page->sections, "node", BARO_HTML_DIFFERENCE);
  baro_html_column *stacks = baro_html_column_begin(&page->sections, "stacks", BARO_HTML_UNSIGNED);
  for (uint32_t i = 0; i < merged->small_count; i++) {
    baro_html_put(node, merged->small_node[i]);
    baro_html_put(stacks, merged->small_stacks[i]);
  }
  baro_html_end(&page->sections);
}

baro_status baro_html_add_tree(baro_html_page *page, baro_html_tree_kind kind, baro_error *err) {
  baro_html_tree tree = {0};
  baro_html_entries entries = {0};
  baro_html_tree_facts *facts = &page->trees[kind];
  baro_status status = merge_tree(page, kind, &tree, err);
  if (status == BARO_OK) {
    status = prepare_entries(page, kind, &tree, &entries, err);
  }
  if (status == BARO_OK) {
    facts->exists = true;
    facts->nodes = tree.count;
    facts->entries = entries.count;
    for (unsigned side = 0; side < page->side_count; side++) {
      facts->of_source[side] = tree.of_source[side];
      tree.of_source[side] = NULL;
    }
    write_merged(page, kind);
    tree_work work = {.page = page, .kind = kind, .tree = &tree, .entries = &entries};
    status = write_both(&work, err);
  }
  baro_html_entries_release(&entries);
  baro_html_tree_release(&tree);
  return status;
}
