#include "show/node_path.h"

#include <stdlib.h>

baro_status baro_node_path_init(baro_node_path *path, const baro_profile *profile,
                                baro_error *err) {
  uint32_t depth = 1;
  for (uint32_t n = 0; n < profile->nodes.count; n++) {
    depth = profile->nodes.depth[n] > depth ? profile->nodes.depth[n] : depth;
  }
  *path = (baro_node_path){
      .nodes = malloc(depth * sizeof(*path->nodes)),
      .capacity = depth,
  };
  return path->nodes == NULL ? baro_error_set(err, BARO_NO_MEMORY, "out of memory") : BARO_OK;
}

void baro_node_path_set(baro_node_path *path, const baro_profile *profile, uint32_t node) {
  path->count = profile->nodes.depth[node];
  for (uint32_t i = path->count; i-- > 0;) {
    path->nodes[i] = node;
    node = profile->nodes.parent_node[node];
  }
}

void baro_node_path_release(baro_node_path *path) {
  free(path->nodes);
  *path = (baro_node_path){0};
}
