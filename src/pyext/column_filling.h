/* A column of a table in the making: where its values go, and what is known of its rows. Between column.c, column_text.c and
 * column_filling.c; rows are marked in their order. */
#ifndef BARO_PYEXT_COLUMN_FILLING_H
#define BARO_PYEXT_COLUMN_FILLING_H

#include "pyext/column.h"

/* What an empty array's buffers point to: consumers read the first offset even of no rows. */
extern const uint64_t baro_no_rows[2];

struct baro_owned_text {
  struct baro_owned_text *next; /* in the arena */
  baro_buffer buffer;           /* owned */
};

typedef struct baro_filling {
  const baro_column_spec *spec;
  const baro_profile *profile;
  baro_column_memory *memory;
  baro_column *column;
  const baro_table_part *part;
  uint32_t first; /* row of the table that is row 0 here */
  uint32_t rows;
  const uint32_t *some; /* see baro_column_spec */
  uint32_t some_count;
  uint32_t next_some; /* place of the first one that was not reached yet */
  uint8_t *validity;  /* bits, of the arena; NULL before the first null */
  baro_error *err;
} baro_filling;

/* Sets the message: out of memory. */
baro_status baro_filling_no_memory(const baro_filling *fill);
/* Zeros in the column's memory. NULL: out of memory. */
void *baro_filling_array(baro_filling *fill, size_t count, size_t size);
/* A bit for each row. */
uint8_t *baro_filling_bits(baro_filling *fill);
/* A text that lives as long as the column. NULL: out of memory. */
struct baro_owned_text *baro_filling_text(baro_filling *fill);
void baro_column_set_text(baro_column *column, const int32_t *offsets, const baro_buffer *text,
                          int64_t length);
void baro_filling_mark_null(baro_filling *fill, uint32_t row);

static inline void baro_set_bit(uint8_t *bits, uint32_t index) {
  bits[index / 8] = (uint8_t)(bits[index / 8] | 1u << index % 8);
}

/* Says whether the row has a value; rows come in order. There is no bitmap before the first null: most columns have none,
 * and bits cost more than values. Where memory is missing the column fails at its end. */
static inline void baro_filling_mark(baro_filling *fill, uint32_t row, bool known) {
  if (!known) {
    baro_filling_mark_null(fill, row);
  } else if (fill->validity != NULL) {
    baro_set_bit(fill->validity, row);
  }
}

/* What the row's function is asked for: the row's number in the table, or its place among those that have a value. The
 * rows of a column are asked in order. */
static inline bool baro_filling_place(baro_filling *fill, uint32_t row, uint32_t *ret_place) {
  uint32_t number = fill->first + row;
  if (fill->spec->some == NULL) {
    *ret_place = number;
    return true;
  }
  bool found = fill->next_some < fill->some_count && fill->some[fill->next_some] == number;
  if (found) {
    *ret_place = fill->next_some++;
  }
  return found;
}

/* --- column_text.c --- */

/* Text of its own in each row. All of these: BARO_NO_MEMORY, and BARO_LIMIT for more text than offsets of 32 bits should
 * reach. */
baro_status baro_fill_text(baro_filling *fill) BARO_MUST_USE;
/* Indices of texts that rows share. */
baro_status baro_fill_name(baro_filling *fill) BARO_MUST_USE;
/* Lists of the names of BARO_FUNCTION_*. */
baro_status baro_fill_flags(baro_filling *fill) BARO_MUST_USE;
/* Names whose number is fixed: of states, origins, outcomes. */
baro_status baro_fill_dictionary(baro_filling *fill) BARO_MUST_USE;

#endif
