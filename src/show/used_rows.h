/* What a part of an export uses of a table of all: new numbers without gaps, in the order of the old ones, once for each
 * state that a row is used in. For formats whose threads have tables of their own.
 * Flow: add, number, ids; clear for the next part, which costs what was used and not what there is. */
#ifndef BARO_SHOW_USED_ROWS_H
#define BARO_SHOW_USED_ROWS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct baro_used_rows {
  uint16_t *states; /* owned; by row of all: bit s for state s; 0: not used */
  uint32_t *first;  /* owned; by row of all: id of its lowest state */
  uint32_t *rows;   /* owned; those used, ascending once they are numbered */
  uint32_t count;   /* of rows */
  uint32_t ids;
} baro_used_rows;

/* Of a table of count rows; false when out of memory. */
bool baro_used_init(baro_used_rows *used, uint32_t count);
void baro_used_release(baro_used_rows *used);

void baro_used_add(baro_used_rows *used, uint32_t row, int state);
void baro_used_number(baro_used_rows *used);
/* Of a row and state that were added, after numbering. */
uint32_t baro_used_id(const baro_used_rows *used, uint32_t row, int state);
void baro_used_clear(baro_used_rows *used);

#endif
