#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  BLOCK_FIRST_BYTES = 64 * 1024,
  BLOCK_LAST_BYTES = 1024 * 1024,
  ALIGNMENT = _Alignof(max_align_t)
};

struct baro_arena_block {
  struct baro_arena_block *older; /* owned */
  size_t size;                    /* of data */
  size_t used;
  _Alignas(max_align_t) uint8_t data[];
};

static size_t next_block_bytes(const baro_arena *arena) {
  if (arena->newest == NULL) {
    return BLOCK_FIRST_BYTES;
  }
  size_t last = arena->newest->size;
  return last >= BLOCK_LAST_BYTES / 2 ? BLOCK_LAST_BYTES : last * 2;
}

static struct baro_arena_block *block_add(baro_arena *arena, size_t size) {
  size_t regular = next_block_bytes(arena);
  bool own = size > regular;
  size_t block_size = own ? size : regular;
  struct baro_arena_block *block = malloc(sizeof(*block) + block_size);
  if (block == NULL) {
    return NULL;
  }
  block->size = block_size;
  block->used = 0;
  if (own && arena->newest != NULL) {
    /* Behind the newest: its free room stays in use. */
    block->older = arena->newest->older;
    arena->newest->older = block;
  } else {
    block->older = arena->newest;
    arena->newest = block;
  }
  arena->used_bytes += block_size;
  return block;
}

void *baro_arena_alloc(baro_arena *arena, size_t size) {
  if (size == 0) {
    size = 1;
  }
  if (size > SIZE_MAX / 2) {
    return NULL;
  }
  size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  struct baro_arena_block *block = arena->newest;
  if (block == NULL || rounded > block->size - block->used) {
    block = block_add(arena, rounded);
    if (block == NULL) {
      return NULL;
    }
  }
  void *allocated = block->data + block->used;
  block->used += rounded;
  memset(allocated, 0, rounded);
  return allocated;
}

void *baro_arena_array(baro_arena *arena, size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) {
    return NULL;
  }
  return baro_arena_alloc(arena, count * size);
}

char *baro_arena_copy(baro_arena *arena, const void *data, size_t length) {
  if (length == SIZE_MAX) {
    return NULL;
  }
  char *copy = baro_arena_alloc(arena, length + 1);
  if (copy != NULL && length != 0) {
    memcpy(copy, data, length);
  }
  return copy;
}

char *baro_arena_format(baro_arena *arena, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  char *text = length < 0 ? NULL : baro_arena_alloc(arena, (size_t)length + 1);
  if (text != NULL) {
    (void)vsnprintf(text, (size_t)length + 1, format, again);
  }
  va_end(again);
  va_end(arguments);
  return text;
}

static void blocks_free(struct baro_arena_block *block) {
  while (block != NULL) {
    struct baro_arena_block *older = block->older;
    free(block);
    block = older;
  }
}

void baro_arena_clear(baro_arena *arena) {
  struct baro_arena_block *newest = arena->newest;
  if (newest == NULL) {
    return;
  }
  blocks_free(newest->older);
  newest->older = NULL;
  newest->used = 0;
  arena->used_bytes = newest->size;
}

void baro_arena_release(baro_arena *arena) {
  blocks_free(arena->newest);
  *arena = (baro_arena){0};
}
