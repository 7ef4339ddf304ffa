/* Line tables of code objects: instruction offset -> line, for every format since 3.9.
 * Flow: bytes copied out of the target -> sorted array of ranges -> a lookup per sample.
 * Invariants: the bytes are hostile; a table that breaks its format gives the ranges before the break
 * and complete = false. Offsets count bytes of the code object's instructions, inline caches
 * included, as sys.settrace, dis and co_lines() count them. No range is empty; ranges ascend and
 * do not overlap.
 * Pure functions, run anywhere. */
#ifndef BARO_CAPTURE_CPYTHON_LINE_TABLE_H
#define BARO_CAPTURE_CPYTHON_LINE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "capture/cpython/layout.h"

enum { BARO_LINE_NONE = 0 }; /* instruction without a line, or offset outside the table */

/* Holds from offset to the next range's offset (the last: to the end). */
typedef struct baro_line_range {
  uint32_t offset_bytes;
  uint32_t line; /* BARO_LINE_NONE: belongs to no line */
} baro_line_range;

typedef struct baro_line_table {
  const baro_line_range *ranges; /* in the arena */
  uint32_t count;
  uint32_t
      end_bytes; /* UINT32_MAX where the format does not tell (lnotab: the last line is open) */
  uint32_t first_line;
  bool complete; /* false: the bytes end or break before the table does */
} baro_line_table;

/* Decodes once; neighbouring ranges of one line are merged. keep holds the ranges: at most 8 bytes for
 * each byte of table. Fails with NO_MEMORY only. */
baro_status baro_line_table_decode(baro_line_table_kind kind, baro_view table, uint32_t first_line,
                                   baro_arena *keep, baro_line_table *ret_table) BARO_MUST_USE;

/* Line of the instruction at offset (see baro_code_offset). Negative = not started: first line.
 * BARO_LINE_NONE where there is none. O(log count). */
uint32_t baro_line_table_find(const baro_line_table *table, int64_t offset_bytes);

/* The same in one pass without decoding, for a single question. */
uint32_t baro_code_line(baro_line_table_kind kind, baro_view table, uint32_t first_line,
                        int64_t offset_bytes);

#endif
