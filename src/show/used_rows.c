#include "show/used_rows.h"

#include <stdlib.h>

bool baro_used_init(baro_used_rows *used, uint32_t count) {
  *used = (baro_used_rows){
      .states = calloc((size_t)count + 1, sizeof(*used->states)),
      .first = malloc(((size_t)count + 1) * sizeof(*used->first)),
      .rows = malloc(((size_t)count + 1) * sizeof(*used->rows)),
  };
  return used->states != NULL && used->first != NULL && used->rows != NULL;
}

void baro_used_release(baro_used_rows *used) {
  free(used->states);
  free(used->first);
  free(used->rows);
}

void baro_used_add(baro_used_rows *used, uint32_t row, int state) {
  if (used->states[row] == 0) {
    used->rows[used->count++] = row;
  }
  used->states[row] |= (uint16_t)(1u << state);
}

static int compare_rows(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left;
  uint32_t b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

void baro_used_number(baro_used_rows *used) {
  qsort(used->rows, used->count, sizeof(*used->rows), compare_rows);
  used->ids = 0;
  for (uint32_t i = 0; i < used->count; i++) {
    used->first[used->rows[i]] = used->ids;
    used->ids += (uint32_t)__builtin_popcount(used->states[used->rows[i]]);
  }
}

uint32_t baro_used_id(const baro_used_rows *used, uint32_t row, int state) {
  uint32_t below = used->states[row] & ((1u << state) - 1);
  return used->first[row] + (uint32_t)__builtin_popcount(below);
}

void baro_used_clear(baro_used_rows *used) {
  for (uint32_t i = 0; i < used->count; i++) {
    used->states[used->rows[i]] = 0;
  }
  used->count = 0;
}
