#include "show/node_path.h"

#include <stdlib.h>

baro_status baro_node_path_init(baro_node_path *path, const baro_stacks *stacks, baro_error *err) {
  size_t depth = (size_t)stacks->depth_max + 1;
  *path = (baro_node_path){
      .nodes = malloc(depth * sizeof(*path->nodes)),
      .capacity = stacks->depth_max + 1,
  };
  return path->nodes == NULL ? baro_error_set(err, BARO_NO_MEMORY, "out of memory") : BARO_OK;
}

void baro_node_path_set(baro_node_path *path, const baro_stacks *stacks, uint32_t node) {
  path->count = stacks->depth[node];
  for (uint32_t i = path->count; i-- > 0;) {
    path->nodes[i] = node;
    node = stacks->parent_node[node];
  }
}

void baro_node_path_release(baro_node_path *path) {
  free(path->nodes);
  *path = (baro_node_path){0};
}
