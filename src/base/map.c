#include "base/map.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

enum { FIRST_CAPACITY = 16, FIRST_VIEWS = 16 };

/* Load stays at or below 7/10; a table without capacity is full. */
static bool is_full(size_t count, size_t capacity) {
  return count >= capacity / 10 * 7;
}

__extension__ typedef unsigned __int128 wide;

/* Product of two words folded to one: each input bit reaches about half of the output bits. */
static uint64_t fold_multiply(uint64_t a, uint64_t b) {
  wide product = (wide)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Per-process secret, so that names chosen by a target cannot collide on purpose. The kernel's
 * AT_RANDOM bytes are there without a system call; racing first calls compute the same value. */
static uint64_t seed(void) {
  static _Atomic uint64_t cached; /* written once with one value; 0 = not yet */
  uint64_t value = atomic_load_explicit(&cached, memory_order_relaxed);
  if (value == 0) {
    uint64_t random[2] = {0};
    const void *bytes = (const void *)getauxval(AT_RANDOM);
    if (bytes != NULL) {
      memcpy(random, bytes, sizeof(random));
    }
    value = fold_multiply(random[0] ^ 0x9e3779b97f4a7c15u, random[1] ^ 0xd1b54a32d192ed03u) | 1;
    atomic_store_explicit(&cached, value, memory_order_relaxed);
  }
  return value;
}

static size_t key_slot(const baro_map *map, uint64_t key) {
  return (size_t)fold_multiply(key ^ seed(), 0x9e3779b97f4a7c15u) & (map->capacity - 1);
}

/* Slot of key, or of the free slot that ends its probe. The map must have capacity. */
static size_t map_probe(const baro_map *map, uint64_t key) {
  size_t slot = key_slot(map, key);
  while (map->used[slot] != 0 && map->entries[slot].key != key) {
    slot = (slot + 1) & (map->capacity - 1);
  }
  return slot;
}

uint64_t *baro_map_find(const baro_map *map, uint64_t key) {
  if (map->count == 0) {
    return NULL;
  }
  size_t slot = map_probe(map, key);
  return map->used[slot] != 0 ? &map->entries[slot].value : NULL;
}

static baro_status map_grow(baro_map *map) {
  if (map->capacity > SIZE_MAX / 2 / sizeof(baro_map_entry)) {
    return BARO_NO_MEMORY;
  }
  size_t capacity = map->capacity == 0 ? FIRST_CAPACITY : map->capacity * 2;
  baro_map grown = {.count = map->count, .capacity = capacity};
  grown.entries = malloc(capacity * sizeof(*grown.entries));
  grown.used = calloc(capacity, 1);
  if (grown.entries == NULL || grown.used == NULL) {
    baro_map_release(&grown);
    return BARO_NO_MEMORY;
  }
  for (size_t i = 0; i < map->capacity; i++) {
    if (map->used[i] != 0) {
      size_t slot = map_probe(&grown, map->entries[i].key);
      grown.used[slot] = 1;
      grown.entries[slot] = map->entries[i];
    }
  }
  free(map->entries);
  free(map->used);
  *map = grown;
  return BARO_OK;
}

baro_status baro_map_set(baro_map *map, uint64_t key, uint64_t value) {
  uint64_t *found = baro_map_find(map, key);
  if (found != NULL) {
    *found = value;
    return BARO_OK;
  }
  if (is_full(map->count, map->capacity)) {
    baro_status status = map_grow(map);
    if (status != BARO_OK) {
      return status;
    }
  }
  size_t slot = map_probe(map, key);
  map->used[slot] = 1;
  map->entries[slot] = (baro_map_entry){.key = key, .value = value};
  map->count++;
  return BARO_OK;
}

bool baro_map_remove(baro_map *map, uint64_t key) {
  if (map->count == 0) {
    return false;
  }
  size_t hole = map_probe(map, key);
  if (map->used[hole] == 0) {
    return false;
  }
  size_t mask = map->capacity - 1;
  /* Whatever follows in the same run and may live in the hole moves there. */
  for (size_t slot = (hole + 1) & mask; map->used[slot] != 0; slot = (slot + 1) & mask) {
    size_t home = key_slot(map, map->entries[slot].key);
    if (((slot - home) & mask) >= ((slot - hole) & mask)) {
      map->entries[hole] = map->entries[slot];
      hole = slot;
    }
  }
  map->used[hole] = 0;
  map->count--;
  return true;
}

void baro_map_clear(baro_map *map) {
  if (map->capacity != 0) {
    memset(map->used, 0, map->capacity);
  }
  map->count = 0;
}

void baro_map_release(baro_map *map) {
  free(map->entries);
  free(map->used);
  *map = (baro_map){0};
}

bool baro_map_next(const baro_map *map, size_t *position, baro_map_entry *ret_entry) {
  while (*position < map->capacity) {
    size_t slot = (*position)++;
    if (map->used[slot] != 0) {
      *ret_entry = map->entries[slot];
      return true;
    }
  }
  return false;
}

static uint32_t text_hash(baro_view text) {
  const uint64_t odd = 0xa0761d6478bd642fu;
  uint64_t hash = seed() ^ text.length;
  const uint8_t *at = text.data;
  size_t left = text.length;
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    hash = fold_multiply(hash ^ word, odd);
  }
  if (left != 0) {
    uint64_t word = 0;
    memcpy(&word, at, left);
    hash = fold_multiply(hash ^ word, odd);
  }
  hash = fold_multiply(hash, 0xe7037ed1a0b428dbu);
  return (uint32_t)(hash >> 16);
}

/* Slot of text, or of the free slot that ends its probe. The table must have capacity. */
static size_t intern_probe(const baro_intern *intern, baro_view text, uint32_t hash) {
  size_t mask = intern->slot_capacity - 1;
  size_t slot = hash & mask;
  while (intern->slots[slot] != 0) {
    uint32_t id = intern->slots[slot] - 1;
    if (intern->hashes[id] == hash && baro_view_equal(intern->views[id], text)) {
      break;
    }
    slot = (slot + 1) & mask;
  }
  return slot;
}

static baro_status intern_grow_slots(baro_intern *intern) {
  size_t capacity = intern->slot_capacity == 0 ? FIRST_CAPACITY : intern->slot_capacity * 2;
  uint32_t *slots = calloc(capacity, sizeof(*slots));
  if (slots == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t id = 0; id < intern->count; id++) {
    size_t slot = intern->hashes[id] & (capacity - 1);
    while (slots[slot] != 0) {
      slot = (slot + 1) & (capacity - 1);
    }
    slots[slot] = id + 1;
  }
  free(intern->slots);
  intern->slots = slots;
  intern->slot_capacity = capacity;
  return BARO_OK;
}

static baro_status intern_grow_views(baro_intern *intern) {
  if (intern->view_capacity > UINT32_MAX / 2) {
    return BARO_NO_MEMORY;
  }
  uint32_t capacity = intern->view_capacity == 0 ? FIRST_VIEWS : intern->view_capacity * 2;
  baro_view *views = realloc(intern->views, capacity * sizeof(*views));
  if (views == NULL) {
    return BARO_NO_MEMORY;
  }
  intern->views = views;
  uint32_t *hashes = realloc(intern->hashes, capacity * sizeof(*hashes));
  if (hashes == NULL) {
    return BARO_NO_MEMORY; /* the larger views stay: view_capacity is the smaller of the two */
  }
  intern->hashes = hashes;
  intern->view_capacity = capacity;
  return BARO_OK;
}

baro_status baro_intern_put(baro_intern *intern, baro_view text, uint32_t *ret_id,
                            bool *ret_is_new) {
  uint32_t hash = text_hash(text);
  if (intern->slot_capacity != 0) {
    size_t slot = intern_probe(intern, text, hash);
    if (intern->slots[slot] != 0) {
      *ret_id = intern->slots[slot] - 1;
      if (ret_is_new != NULL) {
        *ret_is_new = false;
      }
      return BARO_OK;
    }
  }
  if (is_full(intern->count, intern->slot_capacity)) {
    baro_status status = intern_grow_slots(intern);
    if (status != BARO_OK) {
      return status;
    }
  }
  if (intern->count == intern->view_capacity) {
    baro_status status = intern_grow_views(intern);
    if (status != BARO_OK) {
      return status;
    }
  }
  const char *copy = baro_arena_copy(&intern->storage, text.data, text.length);
  if (copy == NULL) {
    return BARO_NO_MEMORY;
  }
  uint32_t id = intern->count++;
  intern->views[id] = (baro_view){.data = (const uint8_t *)copy, .length = text.length};
  intern->hashes[id] = hash;
  intern->slots[intern_probe(intern, text, hash)] = id + 1;
  *ret_id = id;
  if (ret_is_new != NULL) {
    *ret_is_new = true;
  }
  return BARO_OK;
}

bool baro_intern_find(const baro_intern *intern, baro_view text, uint32_t *ret_id) {
  if (intern->count == 0) {
    return false;
  }
  size_t slot = intern_probe(intern, text, text_hash(text));
  if (intern->slots[slot] == 0) {
    return false;
  }
  *ret_id = intern->slots[slot] - 1;
  return true;
}

void baro_intern_release(baro_intern *intern) {
  baro_arena_release(&intern->storage);
  free(intern->views);
  free(intern->slots);
  free(intern->hashes);
  *intern = (baro_intern){0};
}
