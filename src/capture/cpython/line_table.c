#include "capture/cpython/line_table.h"

#include <stddef.h>

/* Walks a table entry by entry, as CPython's PyCode_Addr2Line does. */
typedef struct line_cursor {
  baro_line_table_kind kind;
  baro_reader reader;
  int64_t line;       /* of the last entry that has one */
  uint64_t end_bytes; /* of the last range */
  bool done;          /* the table has ended, by itself or by a break */
  bool broken;
} line_cursor;

typedef struct line_step {
  uint64_t start_bytes;
  uint64_t end_bytes;
  uint32_t line;
} line_step;

static line_cursor cursor_of(baro_line_table_kind kind, baro_view table, uint32_t first_line) {
  return (line_cursor){
      .kind = kind,
      .reader = baro_reader_of(table.data, table.length),
      .line = first_line,
  };
}

/* Line numbers below 1 do occur (the start of a module is on line 0): nothing to show. */
static uint32_t shown_line(int64_t line) {
  return line > 0 && line <= INT32_MAX ? (uint32_t)line : BARO_LINE_NONE;
}

static bool stop(line_cursor *cursor, bool broken) {
  cursor->done = true;
  cursor->broken = broken;
  return false;
}

/* lnotab: a pair moves first the address, then the line; a range is what lies between two moves of the
 * address. The last one is open. */
static bool next_lnotab(line_cursor *cursor, line_step *ret_step) {
  baro_reader *reader = &cursor->reader;
  line_step step = {.start_bytes = cursor->end_bytes, .line = shown_line(cursor->line)};
  for (;;) {
    if (baro_reader_left(reader) < 2) {
      cursor->done = true;
      cursor->broken = baro_reader_left(reader) != 0;
      step.end_bytes = UINT32_MAX;
      break;
    }
    uint8_t bytes = baro_read_u8(reader);
    int8_t lines = (int8_t)baro_read_u8(reader);
    cursor->end_bytes += bytes;
    cursor->line += lines;
    if (bytes != 0) {
      step.end_bytes = cursor->end_bytes;
      break;
    }
    /* The address did not move: the line of the range that starts here changes. */
    step.line = shown_line(cursor->line);
  }
  *ret_step = step;
  return true;
}

static bool next_pep626(line_cursor *cursor, line_step *ret_step) {
  if (baro_reader_left(&cursor->reader) < 2)
    return stop(cursor, baro_reader_left(&cursor->reader) != 0);
  uint8_t bytes = baro_read_u8(&cursor->reader);
  int8_t lines = (int8_t)baro_read_u8(&cursor->reader);
  line_step step = {.start_bytes = cursor->end_bytes, .end_bytes = cursor->end_bytes + bytes};
  if (lines != -128) {
    cursor->line += lines;
    step.line = shown_line(cursor->line);
  }
  cursor->end_bytes = step.end_bytes;
  *ret_step = step;
  return true;
}

/* Six bits a byte, low first; bit 6 says that more follow, bit 7 marks the start of an entry. */
static uint64_t read_location_varint(baro_reader *reader) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 36; shift += 6) {
    uint8_t byte = baro_read_u8(reader);
    if ((byte & 0x80) != 0)
      break;
    value |= (uint64_t)(byte & 0x3f) << shift;
    if ((byte & 0x40) == 0)
      return value;
  }
  reader->failed = true;
  return 0;
}

static int64_t read_location_delta(baro_reader *reader) {
  uint64_t value = read_location_varint(reader);
  int64_t half = (int64_t)(value >> 1);
  return (value & 1) != 0 ? -half : half;
}

enum {
  LOCATION_ONE_LINE = 10, /* 10 to 12: lines forward, two columns; below: columns only */
  LOCATION_NO_COLUMNS = 13,
  LOCATION_LONG = 14,
  LOCATION_NONE = 15
};

static bool next_location(line_cursor *cursor, line_step *ret_step) {
  baro_reader *reader = &cursor->reader;
  if (baro_reader_left(reader) == 0)
    return stop(cursor, false);
  uint8_t first = baro_read_u8(reader);
  unsigned code = (first >> 3) & 15;
  if ((first & 0x80) == 0)
    return stop(cursor, true);
  if (code < LOCATION_ONE_LINE) {
    baro_reader_skip(reader, 1);
  } else if (code < LOCATION_NO_COLUMNS) {
    cursor->line += code - LOCATION_ONE_LINE;
    baro_reader_skip(reader, 2);
  } else if (code < LOCATION_NONE) {
    cursor->line += read_location_delta(reader);
    for (int i = 0; code == LOCATION_LONG && i < 3; i++)
      (void)read_location_varint(reader);
  }
  if (reader->failed)
    return stop(cursor, true);
  uint64_t bytes = ((uint64_t)(first & 7) + 1) * 2;
  *ret_step = (line_step){
      .start_bytes = cursor->end_bytes,
      .end_bytes = cursor->end_bytes + bytes,
      .line = code == LOCATION_NONE ? BARO_LINE_NONE : shown_line(cursor->line),
  };
  cursor->end_bytes += bytes;
  return true;
}

/* Next range that is not empty. False at the end. */
static bool cursor_next(line_cursor *cursor, line_step *ret_step) {
  while (!cursor->done) {
    bool got = false;
    switch (cursor->kind) {
    case BARO_LINES_LNOTAB: got = next_lnotab(cursor, ret_step); break;
    case BARO_LINES_PEP626: got = next_pep626(cursor, ret_step); break;
    case BARO_LINES_LOCATIONS: got = next_location(cursor, ret_step); break;
    }
    if (!got)
      return false;
    if (ret_step->end_bytes > UINT32_MAX)
      return stop(cursor, true);
    if (ret_step->end_bytes > ret_step->start_bytes)
      return true;
  }
  return false;
}

baro_status baro_line_table_decode(baro_line_table_kind kind, baro_view table, uint32_t first_line,
                                   baro_arena *keep, baro_line_table *ret_table) {
  line_step step;
  size_t count = 0;
  uint32_t last_line = 0;
  for (line_cursor cursor = cursor_of(kind, table, first_line); cursor_next(&cursor, &step);) {
    if (count == 0 || step.line != last_line)
      count++;
    last_line = step.line;
  }
  baro_line_range *ranges = baro_arena_array(keep, count, sizeof *ranges);
  if (ranges == NULL)
    return BARO_NO_MEMORY;
  baro_line_table result = {.ranges = ranges, .first_line = first_line};
  line_cursor cursor = cursor_of(kind, table, first_line);
  while (cursor_next(&cursor, &step)) {
    result.end_bytes = (uint32_t)step.end_bytes;
    if (result.count > 0 && ranges[result.count - 1].line == step.line)
      continue;
    ranges[result.count++] =
        (baro_line_range){.offset_bytes = (uint32_t)step.start_bytes, .line = step.line};
  }
  result.complete = !cursor.broken;
  *ret_table = result;
  return BARO_OK;
}

uint32_t baro_line_table_find(const baro_line_table *table, int64_t offset_bytes) {
  if (offset_bytes < 0)
    return table->first_line;
  if (table->count == 0 || offset_bytes >= table->end_bytes)
    return BARO_LINE_NONE;
  /* Invariant: ranges[low] starts at or before the offset, ranges[high] after it. */
  uint32_t low = 0;
  uint32_t high = table->count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (table->ranges[middle].offset_bytes <= offset_bytes)
      low = middle;
    else
      high = middle;
  }
  return table->ranges[low].line;
}

uint32_t baro_code_line(baro_line_table_kind kind, baro_view table, uint32_t first_line,
                        int64_t offset_bytes) {
  if (offset_bytes < 0)
    return first_line;
  line_step step;
  for (line_cursor cursor = cursor_of(kind, table, first_line); cursor_next(&cursor, &step);) {
    if (offset_bytes < (int64_t)step.end_bytes)
      return step.line;
  }
  return BARO_LINE_NONE;
}
