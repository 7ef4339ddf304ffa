/* Columns that few calls have: their rows come in any order, and end in that of the calls. */
#include <stdlib.h>
#include <string.h>

#include "profile/call_build.h"

const baro_call_segment *baro_call_segment_of(const baro_call_build *build, uint32_t call) {
  uint32_t low = 0;
  uint32_t high = build->segment_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (build->segments[middle].first_call <= call) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return &build->segments[low];
}

uint32_t baro_call_placed(const baro_call_build *build, uint32_t near, uint32_t call) {
  const baro_call_segment *segment = &build->segments[near];
  if (call < segment->first_call || call >= baro_call_segment_end(build, near)) {
    segment = baro_call_segment_of(build, call);
  }
  return segment->place + (call - segment->first_call);
}

static int compare_keys(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left;
  uint64_t b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

baro_status baro_call_sort_sparse(const baro_call_build *build, uint32_t *calls, uint32_t count,
                                  uint32_t **ret_order) {
  uint64_t *keys = malloc(((size_t)count + 1) * sizeof(*keys));
  uint32_t *order = malloc(((size_t)count + 1) * sizeof(*order));
  if (keys == NULL || order == NULL) {
    free(keys);
    free(order);
    return BARO_NO_MEMORY;
  }
  bool is_sorted = true;
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = (uint64_t)baro_call_placed(build, 0, calls[i]) << 32 | i;
    is_sorted = is_sorted && (i == 0 || keys[i - 1] < keys[i]);
  }
  if (!is_sorted) {
    qsort(keys, count, sizeof(*keys), compare_keys);
  }
  for (uint32_t i = 0; i < count; i++) {
    calls[i] = (uint32_t)(keys[i] >> 32);
    order[i] = (uint32_t)keys[i];
  }
  free(keys);
  *ret_order = order;
  return BARO_OK;
}

baro_status baro_call_permute(void *column_address, size_t size, const uint32_t *order,
                              uint32_t count) {
  uint8_t *column;
  memcpy(&column, column_address, sizeof(column));
  uint8_t *moved = malloc((size_t)count * size + 1);
  if (moved == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t i = 0; i < count; i++) {
    memcpy(moved + i * size, column + order[i] * size, size);
  }
  free(column);
  memcpy(column_address, &moved, sizeof(moved));
  return BARO_OK;
}
