#include "capture/sampler/bytecode_copies.h"

#include <stdlib.h>
#include <string.h>

#include "base/os_memory.h"
#include "capture/cpython/code_object.h"

void baro_bytecode_copies_release(baro_bytecode_copies *copies) {
  free(copies->items);
  *copies = (baro_bytecode_copies){0};
}

baro_bytecode_epoch baro_bytecode_epoch_read(const baro_interpreter *interpreter,
                                             uint64_t interp_addr) {
  uint32_t offset = interpreter->layout.interp.tlbc_generation;
  baro_bytecode_epoch epoch = {0};
  epoch.is_known = offset != BARO_ABSENT &&
                   baro_memory_read(interpreter->pid, interp_addr + offset, &epoch.generation,
                                    sizeof epoch.generation, NULL) == BARO_OK;
  return epoch;
}

/* Makes room for an index; false when there is none. */
static bool fit(baro_bytecode_copies *copies, uint32_t index) {
  if (index < copies->count)
    return true;
  if (index >= BARO_BYTECODE_COPIES_MAX)
    return false;
  uint32_t count = copies->count < 4 ? 4 : copies->count;
  while (count <= index)
    count *= 2;
  baro_bytecode_copy *items = realloc(copies->items, count * sizeof *items);
  if (items == NULL)
    return false;
  memset(items + copies->count, 0, (count - copies->count) * sizeof *items);
  copies->items = items;
  copies->count = count;
  return true;
}

baro_status baro_bytecode_copies_find(baro_bytecode_copies *copies,
                                      const baro_interpreter *interpreter, uint64_t code_addr,
                                      int32_t index, baro_bytecode_epoch epoch,
                                      uint64_t *ret_base_addr) {
  bool can_keep = epoch.is_known && index >= 0 && fit(copies, (uint32_t)index);
  baro_bytecode_copy *item = can_keep ? &copies->items[index] : NULL;
  if (item != NULL && item->base_addr != 0 && item->generation == epoch.generation) {
    *ret_base_addr = item->base_addr;
    return BARO_OK;
  }
  uint64_t base_addr = 0;
  baro_status status = baro_code_base(interpreter, code_addr, index, &base_addr, NULL);
  if (status != BARO_OK)
    return status;
  if (item != NULL)
    *item = (baro_bytecode_copy){.base_addr = base_addr, .generation = epoch.generation};
  *ret_base_addr = base_addr;
  return BARO_OK;
}
