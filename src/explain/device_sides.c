#include "explain/device_sides.h"

#include "explain/explain.h"

bool baro_is_on_device(const baro_profile *profile, uint32_t operator_id) {
  static const char *const kinds[] = {"kernel", "collective", "copy", "memset"};
  for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
    if (baro_is_span_kind(profile, operator_id, kinds[k])) {
      return true;
    }
  }
  return false;
}

static bool waits(const baro_profile *profile, uint32_t operator_id) {
  baro_view state;
  return baro_dataflow_fact_text(&profile->dataflow, operator_id, "state", &state) &&
         (baro_view_equal(state, baro_view_of(baro_state_key(BARO_STATE_GPU))) ||
          baro_view_equal(state, baro_view_of(baro_state_key(BARO_STATE_COPY))));
}

baro_status baro_device_sides(const baro_profile *profile, baro_arena *keep, uint8_t **ret_sides) {
  uint32_t count = profile->dataflow.operator_count;
  bool any = false;
  for (uint32_t o = 0; o < count && !any; o++) {
    any = baro_is_on_device(profile, o);
  }
  *ret_sides = NULL;
  if (!any) {
    return BARO_OK;
  }
  uint8_t *sides = baro_arena_array(keep, count, sizeof(*sides));
  if (sides == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t o = 0; o < count; o++) {
    sides[o] = baro_is_on_device(profile, o) ? BARO_SIDE_DEVICE
               : waits(profile, o)           ? BARO_SIDE_WAITING
                                             : BARO_SIDE_HOST;
  }
  *ret_sides = sides;
  return BARO_OK;
}
