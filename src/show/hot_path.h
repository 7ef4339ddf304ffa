/* The hottest call path: from the root always into the function that holds most of the time.
 * Nodes of one function below the same step are one step, whatever their lines. */
#ifndef BARO_SHOW_HOT_PATH_H
#define BARO_SHOW_HOT_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "profile/profile.h"

typedef struct baro_hot_step {
  uint32_t function;
  uint32_t repeats; /* further frames of the same function directly below: recursion */
  uint32_t line;    /* of the node that holds most; 0 = unknown */
  uint64_t total_ns;
  uint64_t self_ns;
} baro_hot_step;

typedef struct baro_hot_path {
  baro_hot_step *steps; /* in the arena */
  uint32_t count;
} baro_hot_path;

/* Time is without idle. Stops where a function's own time outweighs its best callee, or where callees hold
 * less than a fiftieth of everything. False when out of memory. O(nodes). */
bool baro_hot_path_find(const baro_profile *profile, baro_measure measure, baro_arena *keep,
                        baro_hot_path *ret_path);

#endif
