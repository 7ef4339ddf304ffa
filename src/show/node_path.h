/* The stack of a call tree node, root first. For exporters that write whole stacks. */
#ifndef BARO_SHOW_NODE_PATH_H
#define BARO_SHOW_NODE_PATH_H

#include "show/stacks.h"

typedef struct baro_node_path {
  uint32_t *nodes; /* owned; root's child first */
  uint32_t count;
  uint32_t capacity; /* the deepest stack's count */
} baro_node_path;

/* Room for the deepest one. */
baro_status baro_node_path_init(baro_node_path *path, const baro_stacks *stacks,
                                baro_error *err) BARO_MUST_USE;
/* The nodes from below the root down to node. O(depth). */
void baro_node_path_set(baro_node_path *path, const baro_stacks *stacks, uint32_t node);
void baro_node_path_release(baro_node_path *path);

#endif
