/* Tables that fit the terminal.
 * Cells are gathered row by row, then written once: columns take what their cells need; when that
 * is too wide, first columns with a drop rank go (highest first) until pleasant widths fit, then
 * those that may shrink do, the widest first, their texts cut where the column says.
 * Foreign text is safe here: every cell is cleaned (text_width.h) but the raw ones. */
#ifndef BARO_SHOW_TEXT_TABLE_H
#define BARO_SHOW_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "show/terminal.h"
#include "show/text_width.h"

enum { BARO_TABLE_COLUMNS_MAX = 20, BARO_TABLE_GAP = 2 };

typedef struct baro_column {
  const char *title; /* borrowed; ASCII or clean UTF-8 */
  bool right;        /* numbers: aligned to the right */
  baro_cut cut;      /* where its texts give way */
  uint32_t minimum;  /* may be shrunk to this many columns; 0 = never shrunk */
  uint32_t pleasant; /* others are left out before it is shrunk below this; 0 = minimum */
  uint32_t maximum;  /* 0 = no limit */
  uint32_t drop;     /* 0 = always there; else may be left out, the highest first */
} baro_column;

typedef struct baro_cell {
  baro_view text; /* in the table's arena */
  uint32_t width;
  baro_style style;
  bool raw; /* printed as it is; never cut */
} baro_cell;

typedef struct baro_text_table {
  const baro_column *columns; /* borrowed */
  size_t column_count;
  bool no_heading;  /* rows only */
  baro_cell *cells; /* owned; rows one after the other */
  size_t cell_count;
  size_t cell_capacity;
  baro_arena arena;
  bool failed; /* out of memory: writing sets out->failed */
} baro_text_table;

void baro_text_table_init(baro_text_table *table, const baro_column *columns, size_t column_count);
void baro_text_table_release(baro_text_table *table);

/* The next cell of the row; a row begins by itself after the last column. Copies the text. */
void baro_text_table_add(baro_text_table *table, baro_style style, baro_view text);
void baro_text_table_add_format(baro_text_table *table, baro_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A cell that holds escape sequences of ours, `width` columns wide; its column must not shrink. */
void baro_text_table_add_raw(baro_text_table *table, baro_view text, uint32_t width);

/* Writes heading and rows, indented, no line wider than the terminal unless the columns that must
 * stay are. */
void baro_text_table_write(const baro_text_table *table, const baro_terminal *terminal,
                           uint32_t indent, baro_buffer *out);

#endif
