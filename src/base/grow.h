/* Arrays that grow: a pointer, how many items there is room for, and how many there are, in a struct of their owner.
 * Starting at no room (NULL, 0, 0) they double, so that adding n items moves less than 2 n. The owner frees the pointer. */
#ifndef BARO_BASE_GROW_H
#define BARO_BASE_GROW_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Makes room for one more than `count` items of `item_bytes` each. items: the address of the array's pointer, of whatever type.
 * BARO_NO_MEMORY, also beyond 2^31 items: then all is as it was. */
baro_status baro_grow(void *items, uint32_t *capacity, uint32_t count,
                      size_t item_bytes) BARO_MUST_USE;

#endif
