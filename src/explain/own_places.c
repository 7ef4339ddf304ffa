#include "explain/own_places.h"

#include <stdlib.h>

baro_status baro_own_places_init(baro_own_places *places, const baro_profile *profile) {
  const baro_profile_nodes *nodes = &profile->nodes;
  uint32_t *own = malloc(((size_t)nodes->count + 1) * sizeof(*own));
  places->function = own;
  if (own == NULL) {
    return BARO_NO_MEMORY;
  }
  own[0] = BARO_NONE_ID;
  for (uint32_t n = 1; n < nodes->count; n++) { /* parents come first */
    uint32_t function = baro_profile_node_function(profile, n);
    bool is_own =
        function != BARO_NONE_ID && profile->functions.rows[function].origin == BARO_ORIGIN_USER;
    own[n] = is_own ? function : own[nodes->parent_node[n]];
  }
  for (uint32_t n = 1; n < nodes->count; n++) {
    own[n] = own[n] != BARO_NONE_ID ? own[n] : baro_profile_node_function(profile, n);
  }
  return BARO_OK;
}

void baro_own_places_release(baro_own_places *places) {
  free(places->function);
  *places = (baro_own_places){0};
}

uint32_t baro_largest_of(const uint64_t *amounts, uint32_t count) {
  uint32_t found = BARO_NONE_ID;
  for (uint32_t i = 0; i < count; i++) {
    if (amounts[i] > 0 && (found == BARO_NONE_ID || amounts[i] > amounts[found])) {
      found = i;
    }
  }
  return found;
}
