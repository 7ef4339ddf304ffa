/* The first bytes of _PyRuntime, as a hostile target writes them: a layout that is accepted must keep every read
 * within the buffers that layout.h promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "capture/cpython/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds) {
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  baro_layout layout;
  baro_error err = {0};
  baro_status status = baro_layout_from_debug_offsets(data, size, &layout, &err);
  if (status != BARO_OK) {
    must(err.message[0] != '\0');
    return 0;
  }
  must(layout.interp.read_bytes <= BARO_LAYOUT_INTERP_MAX_BYTES);
  must(layout.interp.next - layout.interp.read_offset + 8 <= layout.interp.read_bytes);
  must(layout.interp.threads_head - layout.interp.read_offset + 8 <= layout.interp.read_bytes);
  must(layout.interp.gc_collecting - layout.interp.read_offset + 4 <= layout.interp.read_bytes);
  must(layout.interp.code_generation == BARO_ABSENT ||
       layout.interp.code_generation - layout.interp.read_offset + 8 <= layout.interp.read_bytes);
  must(layout.interp.tlbc_generation == BARO_ABSENT || layout.free_threaded);
  must(layout.thread.read_bytes <= BARO_LAYOUT_THREAD_MAX_BYTES);
  must(layout.thread.frame + 8 <= layout.thread.read_bytes);
  must(layout.thread.datastack_top + 8 <= layout.thread.read_bytes);
  must(layout.thread.holds_gil == BARO_ABSENT ||
       layout.thread.holds_gil + 4 <= layout.thread.read_bytes);
  must(layout.thread.attachment == BARO_ABSENT ||
       layout.thread.attachment + 4 <= layout.thread.read_bytes);
  must(layout.frame.read_bytes <= BARO_LAYOUT_FRAME_MAX_BYTES);
  must(layout.frame.ip + 8 <= layout.frame.read_bytes &&
       layout.frame.owner < layout.frame.read_bytes);
  must(layout.frame.tlbc_index == BARO_ABSENT ||
       layout.frame.tlbc_index + 4 <= layout.frame.read_bytes);
  must(layout.code.read_bytes <= BARO_LAYOUT_CODE_MAX_BYTES);
  must(layout.code.version == BARO_ABSENT || layout.code.version + 4 <= layout.code.read_bytes);
  for (int i = 0; i < BARO_LAYOUT_CODE_RANGES; i++)
    must(layout.code.identity[i].offset + (uint32_t)layout.code.identity[i].length <=
         layout.code.read_bytes);
  return 0;
}
