#include "show/html_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

void baro_html_trie_release(baro_html_trie *trie) {
  free(trie->parent);
  free(trie->function);
  *trie = (baro_html_trie){0};
}

void baro_html_tree_release(baro_html_tree *tree) {
  free(tree->parent);
  free(tree->function);
  for (unsigned s = 0; s < BARO_HTML_SIDES_MAX; s++) {
    free(tree->of_source[s]);
  }
  *tree = (baro_html_tree){0};
}

baro_status baro_html_trie_of_nodes(const baro_profile *profile, const uint32_t *of_function,
                                    baro_html_trie *ret_trie, baro_error *err) {
  const baro_profile_nodes *nodes = &profile->nodes;
  size_t bytes = nodes->count * sizeof(uint32_t);
  *ret_trie =
      (baro_html_trie){.count = nodes->count, .parent = malloc(bytes), .function = malloc(bytes)};
  if (ret_trie->parent == NULL || ret_trie->function == NULL) {
    baro_html_trie_release(ret_trie);
    return no_memory(err);
  }
  ret_trie->parent[0] = ret_trie->function[0] = 0;
  for (uint32_t n = 1; n < nodes->count; n++) {
    ret_trie->parent[n] = nodes->parent_node[n];
    ret_trie->function[n] = of_function[baro_profile_node_function(profile, n)];
  }
  return BARO_OK;
}

/* --- Calls --- */

typedef struct call_trie {
  baro_html_trie trie;
  uint32_t capacity;
  baro_map by_key; /* parent << 32 | function -> node */
} call_trie;

static bool grow(call_trie *made) {
  if (made->trie.count < made->capacity) {
    return true;
  }
  uint32_t capacity = made->capacity == 0 ? 1024 : made->capacity * 2;
  uint32_t *parent = realloc(made->trie.parent, capacity * sizeof(*parent));
  made->trie.parent = parent == NULL ? made->trie.parent : parent;
  uint32_t *function = realloc(made->trie.function, capacity * sizeof(*function));
  made->trie.function = function == NULL ? made->trie.function : function;
  made->capacity = parent == NULL || function == NULL ? made->capacity : capacity;
  return parent != NULL && function != NULL;
}

static bool child_of(call_trie *made, uint32_t parent, uint32_t function, uint32_t *ret_node) {
  uint64_t key = (uint64_t)parent << 32 | function;
  const uint64_t *known = baro_map_find(&made->by_key, key);
  if (known != NULL) {
    *ret_node = (uint32_t)*known;
    return true;
  }
  if (!grow(made) || baro_map_set(&made->by_key, key, made->trie.count) != BARO_OK) {
    return false;
  }
  made->trie.parent[made->trie.count] = parent;
  made->trie.function[made->trie.count] = function;
  *ret_node = made->trie.count++;
  return true;
}

/* A parent may stand behind its child: what made a task, on another thread. The way up is turned round, so that no depth
 * of calls is one of ours. */
static bool place_call(call_trie *made, const baro_profile *profile, const uint32_t *of_function,
                       uint32_t call, uint32_t *way, uint32_t *node_of_call) {
  const baro_profile_calls *calls = &profile->calls;
  size_t length = 0;
  uint32_t at = call;
  for (; at != BARO_NONE_ID && node_of_call[at] == BARO_NONE_ID; at = calls->parent_call[at]) {
    /* Nothing in a recording makes a ring of parents; if one did, its calls would begin at the root. */
    node_of_call[at] = 0;
    way[length++] = at;
  }
  uint32_t node = at == BARO_NONE_ID ? 0 : node_of_call[at];
  while (length-- > 0) {
    if (!child_of(made, node, of_function[calls->function[way[length]]], &node)) {
      return false;
    }
    node_of_call[way[length]] = node;
  }
  return true;
}

baro_status baro_html_trie_of_calls(const baro_profile *profile, const uint32_t *of_function,
                                    baro_html_trie *ret_trie, uint32_t **ret_node_of_call,
                                    baro_error *err) {
  uint32_t count = profile->calls.count;
  call_trie made = {0};
  uint32_t *node_of_call = malloc(((size_t)count + 1) * sizeof(*node_of_call));
  uint32_t *way = malloc(((size_t)count + 1) * sizeof(*way));
  bool good = grow(&made) && node_of_call != NULL && way != NULL;
  if (good) {
    made.trie.parent[0] = made.trie.function[0] = 0;
    made.trie.count = 1;
    memset(node_of_call, 0xff, ((size_t)count + 1) * sizeof(*node_of_call));
  }
  for (uint32_t c = 0; good && c < count; c++) {
    good = node_of_call[c] != BARO_NONE_ID ||
           place_call(&made, profile, of_function, c, way, node_of_call);
  }
  free(way);
  baro_map_release(&made.by_key);
  if (!good) {
    free(node_of_call);
    baro_html_trie_release(&made.trie);
    return no_memory(err);
  }
  *ret_trie = made.trie;
  *ret_node_of_call = node_of_call;
  return BARO_OK;
}

/* --- Merging --- */

/* A node of the tree that has no number yet, with the nodes of the sources that it is made of. */
typedef struct waiting_node {
  uint32_t parent; /* number */
  uint32_t function;
  uint32_t first_source; /* index over all sources; the next one by next_same */
  uint32_t last_source;
} waiting_node;

/* Nodes of all sources have one index: those of the second come behind those of the first. */
typedef struct merge {
  const baro_html_trie *sources;
  unsigned source_count;
  uint32_t offset[BARO_HTML_SIDES_MAX + 1];
  uint32_t *first_child;  /* owned, as all here */
  uint32_t *next_sibling; /* of the same parent in its source */
  uint32_t *next_same;    /* of the same node of the tree */
  uint32_t *place_of;     /* of a function among the children that are being collected */
  waiting_node *stack;
  uint32_t stack_count;
} merge;

static void merge_release(merge *state) {
  free(state->first_child);
  free(state->next_sibling);
  free(state->next_same);
  free(state->place_of);
  free(state->stack);
}

static bool merge_init(merge *state, uint32_t function_count) {
  size_t all = state->offset[state->source_count];
  state->first_child = malloc(all * sizeof(uint32_t));
  state->next_sibling = malloc(all * sizeof(uint32_t));
  state->next_same = malloc(all * sizeof(uint32_t));
  state->place_of = malloc(((size_t)function_count + 1) * sizeof(uint32_t));
  state->stack = malloc(all * sizeof(waiting_node));
  if (state->first_child == NULL || state->next_sibling == NULL || state->next_same == NULL ||
      state->place_of == NULL || state->stack == NULL) {
    return false;
  }
  memset(state->first_child, 0xff, all * sizeof(uint32_t));
  memset(state->next_same, 0xff, all * sizeof(uint32_t));
  memset(state->place_of, 0xff, ((size_t)function_count + 1) * sizeof(uint32_t));
  for (unsigned s = 0; s < state->source_count; s++) {
    const baro_html_trie *source = &state->sources[s];
    uint32_t offset = state->offset[s];
    for (uint32_t n = source->count; n-- > 1;) {
      uint32_t *first = &state->first_child[offset + source->parent[n]];
      state->next_sibling[offset + n] = *first;
      *first = offset + n;
    }
  }
  return true;
}

static uint32_t function_of(const merge *state, uint32_t index) {
  unsigned side = state->source_count > 1 && index >= state->offset[1] ? 1 : 0;
  return state->sources[side].function[index - state->offset[side]];
}

/* Puts the children of a node on the stack: one for each function, the last one on top after turning round. */
static void collect_children(merge *state, uint32_t node, uint32_t first_source) {
  uint32_t bottom = state->stack_count;
  for (uint32_t source = first_source; source != BARO_NONE_ID; source = state->next_same[source]) {
    for (uint32_t child = state->first_child[source]; child != BARO_NONE_ID;
         child = state->next_sibling[child]) {
      uint32_t function = function_of(state, child);
      uint32_t place = state->place_of[function];
      /* Places of other parents' children lie below the bottom, or are of other functions. */
      if (place == BARO_NONE_ID || place < bottom || place >= state->stack_count ||
          state->stack[place].function != function) {
        state->place_of[function] = state->stack_count;
        state->stack[state->stack_count++] = (waiting_node){node, function, child, child};
      } else {
        waiting_node *same = &state->stack[place];
        state->next_same[same->last_source] = child;
        same->last_source = child;
      }
    }
  }
  for (uint32_t low = bottom, high = state->stack_count; low + 1 < high; low++, high--) {
    waiting_node kept = state->stack[low];
    state->stack[low] = state->stack[high - 1];
    state->stack[high - 1] = kept;
  }
}

static void number_sources(const merge *state, uint32_t node, uint32_t first_source,
                           baro_html_tree *tree) {
  for (uint32_t source = first_source; source != BARO_NONE_ID; source = state->next_same[source]) {
    unsigned side = state->source_count > 1 && source >= state->offset[1] ? 1 : 0;
    tree->of_source[side][source - state->offset[side]] = node;
  }
}

static void merge_all(merge *state, baro_html_tree *tree) {
  if (state->source_count > 1) {
    state->next_same[0] = state->offset[1]; /* the roots */
  }
  state->stack[state->stack_count++] = (waiting_node){0};
  while (state->stack_count > 0) {
    waiting_node top = state->stack[--state->stack_count];
    uint32_t node = tree->count++;
    tree->parent[node] = top.parent;
    tree->function[node] = top.function;
    number_sources(state, node, top.first_source, tree);
    collect_children(state, node, top.first_source);
  }
}

baro_status baro_html_tree_merge(const baro_html_trie *sources, unsigned source_count,
                                 uint32_t function_count, baro_html_tree *ret_tree,
                                 baro_error *err) {
  merge state = {.sources = sources, .source_count = source_count};
  baro_html_tree tree = {0};
  bool good = true;
  for (unsigned s = 0; s < source_count; s++) {
    state.offset[s + 1] = state.offset[s] + sources[s].count;
    tree.of_source[s] = malloc(sources[s].count * sizeof(uint32_t));
    good = good && tree.of_source[s] != NULL;
  }
  size_t all = state.offset[source_count];
  tree.parent = malloc(all * sizeof(uint32_t));
  tree.function = malloc(all * sizeof(uint32_t));
  good = good && tree.parent != NULL && tree.function != NULL && merge_init(&state, function_count);
  if (good) {
    merge_all(&state, &tree);
    *ret_tree = tree;
  } else {
    baro_html_tree_release(&tree);
  }
  merge_release(&state);
  return good ? BARO_OK : no_memory(err);
}

/* What a function was seen to call, in order of appearance: a list, and the place of each callee in it. */
typedef struct callee_lists {
  uint32_t
      *count; /* owned; of each function, and of the root, whose number is that behind the last */
  baro_map place; /* caller << 32 | callee -> place in the list, from 1 */
} callee_lists;

/* Place of the callee in its caller's list, from 1; 0: it was not there, and is now. */
static bool place_of_callee(callee_lists *lists, uint32_t caller, uint32_t callee,
                            uint64_t *ret_place) {
  uint64_t key = (uint64_t)caller << 32 | callee;
  const uint64_t *known = baro_map_find(&lists->place, key);
  *ret_place = known == NULL ? 0 : *known;
  return known != NULL || baro_map_set(&lists->place, key, ++lists->count[caller]) == BARO_OK;
}

baro_status baro_html_tree_write(const baro_html_tree *tree, const char *name,
                                 uint32_t function_count, baro_html_sections *sections,
                                 baro_error *err) {
  char title[BARO_HTML_NAME_BYTES];
  (void)snprintf(title, sizeof(title), "tree:%s", name);
  callee_lists lists = {.count = calloc((size_t)function_count + 1, sizeof(uint32_t))};
  bool good = lists.count != NULL;
  baro_html_begin(sections, title, false);
  baro_html_column *parent = baro_html_column_begin(sections, "parent", BARO_HTML_UNSIGNED);
  baro_html_column *callee = baro_html_column_begin(sections, "callee", BARO_HTML_UNSIGNED);
  baro_html_column *function = baro_html_column_begin(sections, "function", BARO_HTML_UNSIGNED);
  baro_html_put(parent, 0);
  for (uint32_t n = 1; good && n < tree->count; n++) {
    uint32_t above = tree->parent[n];
    uint32_t caller = above == 0 ? function_count : tree->function[above];
    uint64_t place;
    good = place_of_callee(&lists, caller, tree->function[n], &place);
    baro_html_put(parent, n - above);
    baro_html_put(callee, place);
    if (place == 0) {
      baro_html_put(function, tree->function[n]);
    }
  }
  baro_html_end(sections);
  baro_map_release(&lists.place);
  free(lists.count);
  return good ? BARO_OK : no_memory(err);
}
