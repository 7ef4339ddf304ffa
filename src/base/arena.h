/* Arena: many small allocations freed at once.
 * Memory comes in blocks that double from 64 KiB to 1 MiB; a bigger request gets its own block. Pointers stay
 * valid until clear or release. Zero-initialised struct = empty arena.
 * Convention: `baro_arena *keep` outlives the call; a local `baro_arena scratch` dies with it.
 * Not thread-safe. */
#ifndef BARO_BASE_ARENA_H
#define BARO_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

typedef struct baro_arena {
  struct baro_arena_block *newest; /* owned chain */
  size_t used_bytes;               /* of all blocks, for accounting */
} baro_arena;

/* Zeroed memory aligned for any type, or NULL when out of memory. size 0 gives a unique pointer. */
void *baro_arena_alloc(baro_arena *arena, size_t size);
/* As above for count * size, NULL also on overflow. */
void *baro_arena_array(baro_arena *arena, size_t count, size_t size);
/* Copies length bytes and adds a NUL. NULL when out of memory. */
char *baro_arena_copy(baro_arena *arena, const void *data, size_t length);
char *baro_arena_format(baro_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void baro_arena_clear(baro_arena *arena);   /* frees all but the newest block */
void baro_arena_release(baro_arena *arena); /* frees all; the arena is empty and usable */

#endif
