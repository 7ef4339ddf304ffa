#include "capture/drain_rows.h"

#include <stdlib.h>
#include <string.h>

bool baro_drain_rows_reserve(baro_drain_rows *rows, uint32_t function) {
  if (rows->is_short)
    return false;
  size_t capacity = (size_t)function + function / 2 + 64;
  uint64_t *grown = capacity > UINT32_MAX ? NULL : realloc(rows->counts, capacity * sizeof *grown);
  rows->is_short = grown == NULL;
  if (grown == NULL)
    return false;
  memset(grown + rows->capacity, 0, (capacity - rows->capacity) * sizeof *grown);
  rows->counts = grown;
  rows->capacity = (uint32_t)capacity;
  return true;
}

static void insert(const baro_drain_function *function, baro_drain_function *functions,
                   uint32_t *count, uint32_t limit) {
  uint32_t place = *count;
  if (place < limit)
    (*count)++;
  else if (limit == 0 || functions[--place].rows >= function->rows)
    return;
  for (; place > 0 && functions[place - 1].rows < function->rows; place--)
    functions[place] = functions[place - 1];
  functions[place] = *function;
}

uint32_t baro_drain_rows_most(const baro_drain_rows *rows, const baro_writer *writer,
                              baro_drain_function *ret_functions, uint32_t limit) {
  uint32_t count = 0;
  for (uint32_t f = 0; f < rows->capacity && !rows->is_short; f++) {
    if (rows->counts[f] == 0 || (rows->counts[f] & BARO_DRAIN_THINNED) != 0)
      continue;
    baro_drain_function function = {.rows = rows->counts[f]};
    baro_writer_function_names(writer, f, &function.module, &function.qualified_name);
    insert(&function, ret_functions, &count, limit);
  }
  return count;
}

void baro_drain_rows_release(baro_drain_rows *rows) {
  free(rows->counts);
  *rows = (baro_drain_rows){0};
}
