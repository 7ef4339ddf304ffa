/* An interpreter that exists only as bytes: threads, frames and chunks laid out by a baro_layout in memory of the
 * test itself, for the stack reader to read with pid = getpid(). So every shape of stack can be made,
 * also those that no interpreter shows on demand.
 * Failures to allocate abort. Not thread-safe. */
#ifndef BARO_TESTS_SYNTHETIC_PYTHON_H
#define BARO_TESTS_SYNTHETIC_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/cpython/layout.h"

typedef enum synthetic_kind {
  SYNTHETIC_HEAP,   /* 3.9: frames are heap objects */
  SYNTHETIC_ENTRY,  /* 3.11: chunks, a cframe, no frames for entries from C */
  SYNTHETIC_CFRAME, /* 3.12: chunks, a cframe, entries from C */
  SYNTHETIC_DIRECT, /* 3.13: chunks, the thread state names the newest frame */
  SYNTHETIC_BASE,   /* 3.15: the same, and stacks end at a base frame; tagged code */
  SYNTHETIC_KIND_COUNT
} synthetic_kind;

typedef struct synthetic_python {
  baro_layout layout;
  uint8_t *memory; /* owned mapping; a page without access follows it */
  size_t used_bytes;
  uint8_t *interp; /* all within memory */
  uint8_t *thread;
  uint8_t *cframe;
  uint8_t *chunk; /* newest, NULL none */
  size_t chunk_used_bytes;
  uint64_t base_addr; /* what the outermost frame's link holds */
} synthetic_python;

enum { SYNTHETIC_NATIVE_ID = 4242, SYNTHETIC_CHUNK_BYTES = 16384 };

/* A thread that runs nothing. */
void synthetic_init(synthetic_python *python, synthetic_kind kind);
void synthetic_release(synthetic_python *python);

static inline uint64_t synthetic_addr(const void *at) {
  return (uint64_t)(uintptr_t)at;
}
void synthetic_store(void *at, uint32_t offset, uint64_t value); /* 8 bytes */
uint64_t synthetic_current(const synthetic_python *python);
void synthetic_set_current(synthetic_python *python, uint64_t frame_addr);

/* Zeroed memory, 16-byte aligned. */
uint8_t *synthetic_alloc(synthetic_python *python, size_t bytes);
/* Begins a new chunk of that size (layouts with chunks). */
void synthetic_push_chunk(synthetic_python *python, size_t bytes);

/* Calls: the new frame becomes the newest. code is any number that is a multiple of 8. Returns the frame. A
 * plain frame lies in the newest chunk (a new one is begun when it is full), with locals_bytes behind it. */
uint8_t *synthetic_call(synthetic_python *python, uint64_t code, size_t locals_bytes);
uint8_t *synthetic_call_generator(synthetic_python *python, uint64_t code);
uint8_t *synthetic_enter_from_c(synthetic_python *python); /* nothing where the layout has none */
/* The newest frame returns; it must be a plain one of the newest chunk. */
void synthetic_return(synthetic_python *python, size_t locals_bytes);

/* --- Code objects, of layouts with chunks: 3.11 and later --- */

/* Its first 16 bytes of instructions are of first_line, the next 16 of the line after. */
typedef struct synthetic_code {
  const char *name; /* qualified */
  const char *file;
  uint32_t first_line;
} synthetic_code;

enum { SYNTHETIC_CODE_BYTES = 512 }; /* from one code object to the next */

/* A new code object, or another one in the memory of one that was freed. */
uint8_t *synthetic_make_code(synthetic_python *python, synthetic_code code);
void synthetic_remake_code(synthetic_python *python, uint8_t *at, synthetic_code code);
/* Where a frame of that code stands: in its first line or the second. */
void synthetic_set_line(synthetic_python *python, uint8_t *frame, const uint8_t *code, int line);

#endif
