/* The call tree: a trie while records arrive, columns in depth-first preorder afterwards. */
#include <stdlib.h>
#include <string.h>

#include "base/os_cpu.h"
#include "profile/build.h"

/* Samples are in order of time and nodes are not: what is known of a node to come is asked for that many samples before. */
enum { AHEAD = 24 };

static baro_status trie_add(baro_raw_tree *tree, uint32_t parent, uint32_t frame) {
  uint32_t capacity = tree->capacity;
  baro_status status = baro_grow(&tree->parent, &capacity, tree->count, sizeof(*tree->parent));
  if (status != BARO_OK) {
    return status;
  }
  capacity = tree->capacity;
  status = baro_grow(&tree->frame, &capacity, tree->count, sizeof(*tree->frame));
  if (status != BARO_OK) {
    return status;
  }
  tree->capacity = capacity;
  tree->parent[tree->count] = parent;
  tree->frame[tree->count] = frame;
  tree->count++;
  return BARO_OK;
}

baro_status baro_raw_tree_init(baro_raw_tree *tree) {
  return trie_add(tree, BARO_NONE_ID, BARO_NONE_ID);
}

baro_status baro_raw_tree_child(baro_raw_tree *tree, uint32_t parent, uint32_t frame,
                                uint32_t *ret_node, baro_error *err) {
  uint64_t key = (uint64_t)parent << 32 | frame;
  uint64_t *found = baro_map_find(&tree->by_key, key);
  if (found != NULL) {
    *ret_node = (uint32_t)*found;
    return BARO_OK;
  }
  if (tree->count > BARO_PROFILE_STACKS_MAX) {
    return baro_error_set(err, BARO_LIMIT, "the recording has more than %u stacks",
                          BARO_PROFILE_STACKS_MAX);
  }
  if (baro_map_set(&tree->by_key, key, tree->count) != BARO_OK ||
      trie_add(tree, parent, frame) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  *ret_node = tree->count - 1;
  return BARO_OK;
}

void baro_raw_tree_release(baro_raw_tree *tree) {
  free(tree->parent);
  free(tree->frame);
  baro_map_release(&tree->by_key);
  *tree = (baro_raw_tree){0};
}

/* Number of kept nodes in each subtree; 0 for nodes without a sample below them. */
static void subtree_sizes(const baro_raw_tree *tree, const baro_profile_samples *samples,
                          uint32_t *ret_sizes) {
  memset(ret_sizes, 0, tree->count * sizeof(*ret_sizes));
  ret_sizes[0] = 1;
  for (uint64_t s = 0; s < samples->count; s++) {
    if (samples->count - s > AHEAD) {
      BARO_OS_FETCH(&ret_sizes[samples->node[s + AHEAD]]);
    }
    ret_sizes[samples->node[s]] = 1;
  }
  for (uint32_t n = tree->count; n-- > 1;) {
    uint32_t parent = tree->parent[n];
    if (ret_sizes[n] != 0) {
      /* A parent that has no sample of its own counts itself at its first child. */
      ret_sizes[parent] += ret_sizes[n] + (ret_sizes[parent] == 0 ? 1 : 0);
    }
  }
}

static baro_status allocate_nodes(baro_profile *profile, uint32_t count) {
  baro_profile_nodes *nodes = &profile->nodes;
  nodes->count = count;
  nodes->parent_node = baro_arena_array(&profile->arena, count, sizeof(uint32_t));
  nodes->frame = baro_arena_array(&profile->arena, count, sizeof(uint32_t));
  nodes->subtree_end = baro_arena_array(&profile->arena, count, sizeof(uint32_t));
  nodes->depth = baro_arena_array(&profile->arena, count, sizeof(uint32_t));
  bool all = nodes->parent_node != NULL && nodes->frame != NULL && nodes->subtree_end != NULL &&
             nodes->depth != NULL;
  return all ? BARO_OK : BARO_NO_MEMORY;
}

/* Preorder positions without recursion: a parent is placed before its children, which take their room one
 * after the other. `next` is the free place below each raw node; `place` is the answer. */
static void place_nodes(const baro_raw_tree *tree, const uint32_t *sizes, uint32_t *next,
                        uint32_t *place, baro_profile_nodes *nodes) {
  for (uint32_t n = 0; n < tree->count; n++) {
    if (sizes[n] == 0) {
      continue;
    }
    uint32_t parent = tree->parent[n];
    place[n] = n == 0 ? 0 : next[parent];
    next[n] = place[n] + 1;
    if (n != 0) {
      next[parent] += sizes[n];
    }
    nodes->parent_node[place[n]] = n == 0 ? BARO_NONE_ID : place[parent];
    nodes->frame[place[n]] = tree->frame[n];
    nodes->subtree_end[place[n]] = place[n] + sizes[n];
    nodes->depth[place[n]] = n == 0 ? 0 : nodes->depth[place[parent]] + 1;
  }
}

static baro_status build_nodes(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  const baro_raw_tree *tree = &builder->tree;
  uint32_t *sizes = malloc(tree->count * sizeof(*sizes));
  uint32_t *next = malloc(tree->count * sizeof(*next));
  uint32_t *place = malloc(tree->count * sizeof(*place));
  baro_status status = BARO_NO_MEMORY;
  if (sizes != NULL && next != NULL && place != NULL) {
    subtree_sizes(tree, &profile->samples, sizes);
    status = allocate_nodes(profile, sizes[0]);
  }
  if (status == BARO_OK) {
    place_nodes(tree, sizes, next, place, &profile->nodes);
    baro_profile_samples *samples = &profile->samples;
    for (uint64_t s = 0; s < samples->count; s++) {
      if (samples->count - s > AHEAD) {
        BARO_OS_FETCH(&place[samples->node[s + AHEAD]]);
      }
      samples->node[s] = place[samples->node[s]];
    }
  }
  free(sizes);
  free(next);
  free(place);
  return status;
}

/* Numbers the used of `count` old indices in their order; others get BARO_NONE_ID. Returns how many. */
static uint32_t number_used(const uint8_t *used, uint32_t count, uint32_t *ret_new) {
  uint32_t new_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    ret_new[i] = used[i] != 0 ? new_count++ : BARO_NONE_ID;
  }
  return new_count;
}

/* Keeps the functions that a kept frame or a call has; frame columns refer to them afterwards. */
static baro_status keep_functions(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  uint32_t raw_count = builder->function_keys.count;
  uint8_t *used = calloc(raw_count, 1);
  uint32_t *numbers = malloc(raw_count * sizeof(*numbers));
  if (used == NULL || numbers == NULL) {
    free(used);
    free(numbers);
    return BARO_NO_MEMORY;
  }
  for (uint32_t f = 0; f < profile->frames.count; f++) {
    used[profile->frames.function[f]] = 1;
  }
  baro_build_calls_mark(builder, used);
  baro_profile_functions *functions = &profile->functions;
  functions->count = number_used(used, raw_count, numbers);
  functions->rows = baro_arena_array(&profile->arena, functions->count, sizeof(*functions->rows));
  if (functions->rows != NULL) {
    for (uint32_t i = 0; i < raw_count; i++) {
      if (used[i] != 0) {
        functions->rows[numbers[i]] = builder->functions[i];
      }
    }
    for (uint32_t f = 0; f < profile->frames.count; f++) {
      profile->frames.function[f] = numbers[profile->frames.function[f]];
    }
  }
  free(used);
  builder->function_number = numbers;
  return functions->rows == NULL ? BARO_NO_MEMORY : BARO_OK;
}

/* Keeps the frames that a node has, and their functions. */
static baro_status keep_frames(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  uint32_t raw_count = builder->frame_function.count;
  uint8_t *used = calloc(raw_count, 1);
  uint32_t *numbers = malloc(raw_count * sizeof(*numbers));
  if (used == NULL || numbers == NULL) {
    free(used);
    free(numbers);
    return BARO_NO_MEMORY;
  }
  for (uint32_t n = 1; n < profile->nodes.count; n++) {
    used[profile->nodes.frame[n]] = 1;
  }
  baro_profile_frames *frames = &profile->frames;
  frames->count = number_used(used, raw_count, numbers);
  frames->function = baro_arena_array(&profile->arena, frames->count, sizeof(uint32_t));
  frames->line = baro_arena_array(&profile->arena, frames->count, sizeof(uint32_t));
  bool all = frames->function != NULL && frames->line != NULL;
  for (uint32_t i = 0; i < raw_count && all; i++) {
    if (used[i] != 0) {
      frames->function[numbers[i]] = builder->frame_function.items[i];
      frames->line[numbers[i]] = builder->frame_line.items[i];
    }
  }
  for (uint32_t n = 1; n < profile->nodes.count && all; n++) {
    profile->nodes.frame[n] = numbers[profile->nodes.frame[n]];
  }
  free(used);
  free(numbers);
  return all ? keep_functions(builder) : BARO_NO_MEMORY;
}

baro_status baro_build_tree(baro_profile_builder *builder) {
  baro_status status = build_nodes(builder);
  if (status == BARO_OK) {
    status = keep_frames(builder);
  }
  /* Not needed any more; what follows allocates. */
  baro_raw_tree_release(&builder->tree);
  baro_map_release(&builder->frame_by_key);
  return status;
}
