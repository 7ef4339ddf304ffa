#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

/* Few: there may be a million threads with one call each, and as many queries with three metrics. */
enum { FIRST_ITEMS = 4 };

baro_status baro_grow(void *items, uint32_t *capacity, uint32_t count, size_t item_bytes) {
  if (count < *capacity) {
    return BARO_OK;
  }
  if (*capacity > UINT32_MAX / 2) {
    return BARO_NO_MEMORY;
  }
  uint32_t wanted = *capacity == 0 ? FIRST_ITEMS : *capacity * 2;
  void *old;
  memcpy(&old, items, sizeof(old)); /* a pointer to whatever they are, which is no void * to C */
  void *grown = wanted > SIZE_MAX / item_bytes ? NULL : realloc(old, wanted * item_bytes);
  if (grown == NULL) {
    return BARO_NO_MEMORY;
  }
  memcpy(items, &grown, sizeof(grown));
  *capacity = wanted;
  return BARO_OK;
}
