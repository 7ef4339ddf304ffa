/* Line tables of all formats: first byte the format, two bytes the first line, then the table. Both ways of asking must
 * agree, ranges ascend, and no offset is out of order. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "capture/cpython/line_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3)
    return 0;
  baro_line_table_kind kind = (baro_line_table_kind)(data[0] % 3);
  uint32_t first_line = data[1] | (uint32_t)data[2] << 8;
  baro_view view = {.data = data + 3, .length = size - 3};
  baro_arena keep = {0};
  baro_line_table table;
  if (baro_line_table_decode(kind, view, first_line, &keep, &table) != BARO_OK)
    abort();
  for (uint32_t i = 0; i < table.count; i++) {
    uint32_t offset = table.ranges[i].offset_bytes;
    if (i > 0 && offset <= table.ranges[i - 1].offset_bytes)
      abort();
    if (baro_line_table_find(&table, offset) != table.ranges[i].line)
      abort();
    /* Asking in one pass is linear: not for every range. */
    if (i % 64 == 0 && baro_code_line(kind, view, first_line, offset) != table.ranges[i].line)
      abort();
  }
  if (baro_line_table_find(&table, -1) != first_line)
    abort();
  baro_arena_release(&keep);
  return 0;
}
