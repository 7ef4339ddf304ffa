/* Hash maps for the two cases that occur: 64-bit key -> 64-bit value, and bytes -> dense id.
 * Open addressing, linear probing, load <= 0.7, power-of-two capacity; keys are mixed with a
 * per-process random seed where they come from outside (hostile names must not cause quadratic time).
 * Zero-initialised struct = empty map. Not thread-safe. */
#ifndef BARO_BASE_MAP_H
#define BARO_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

typedef struct baro_map_entry {
  uint64_t key;
  uint64_t value;
} baro_map_entry;

typedef struct baro_map {
  baro_map_entry *entries; /* owned */
  uint8_t *used;           /* owned, one byte an entry: 0 free, 1 used */
  size_t count;
  size_t capacity;
} baro_map;

/* Pointer to the value, or NULL. Valid until the next insertion or removal. O(1). */
uint64_t *baro_map_find(const baro_map *map, uint64_t key);
/* Inserts or overwrites. BARO_NO_MEMORY leaves the map as it was. */
baro_status baro_map_set(baro_map *map, uint64_t key, uint64_t value) BARO_MUST_USE;
/* Removes; false when absent (backward-shift deletion, no tombstones). */
bool baro_map_remove(baro_map *map, uint64_t key);
void baro_map_clear(baro_map *map);
void baro_map_release(baro_map *map);
/* Iteration: start with *position = 0; false at the end. Order is unspecified. */
bool baro_map_next(const baro_map *map, size_t *position, baro_map_entry *ret_entry);

/* Bytes -> ids 0, 1, 2 ... in order of first insertion. */
typedef struct baro_intern {
  baro_arena storage; /* owns the bytes */
  baro_view *views;   /* owned; index = id */
  uint32_t *slots;    /* owned; id + 1, 0 = free */
  uint32_t *hashes;   /* owned; index = id */
  uint32_t count;
  uint32_t view_capacity;
  size_t slot_capacity;
} baro_intern;

/* Id of text, new or old; *ret_is_new (may be NULL) says which. */
baro_status baro_intern_put(baro_intern *intern, baro_view text, uint32_t *ret_id,
                            bool *ret_is_new) BARO_MUST_USE;
bool baro_intern_find(const baro_intern *intern, baro_view text, uint32_t *ret_id);
void baro_intern_release(baro_intern *intern);

#endif
