/* Code objects in memory that says anything: the head, three strings and a table are the fuzzer's bytes, laid out in our
 * own memory, which is read as if it were a target's. First byte: the version. Whatever is there, the result is a refusal
 * or texts within their limits. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/cpython/code_object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OBJECT_BYTES = 512, OBJECTS = 5 };

/* Inside: bytes behind the objects, so that lengths a little too great read memory that is there. */
static _Alignas(8) uint8_t memory[OBJECT_BYTES * OBJECTS + 8192];

static void point(uint32_t field, int object) {
  if (field == BARO_ABSENT)
    return;
  uint64_t addr = (uint64_t)(uintptr_t)(memory + object * OBJECT_BYTES);
  memcpy(memory + field, &addr, sizeof addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  const baro_layout *layout = baro_layout_for(3, BARO_PYTHON_OLDEST_MINOR + data[0] % 4);
  unsigned keep_pointers = data[1];
  data += 2;
  size -= 2;
  memset(memory, 0, sizeof memory);
  memcpy(memory, data, size < sizeof memory ? size : sizeof memory);
  /* One bit each: left as the fuzzer has it, or made to point to an object. */
  if ((keep_pointers & 1) == 0)
    point(layout->code.filename, 1);
  if ((keep_pointers & 2) == 0)
    point(layout->code.name, 2);
  if ((keep_pointers & 4) == 0)
    point(layout->code.qualname, 3);
  if ((keep_pointers & 8) == 0)
    point(layout->code.line_table, 4);
  baro_interpreter interpreter = {.pid = getpid(), .layout = *layout};
  memcpy(&interpreter.code_type_addr, memory + layout->object.type, 8);
  baro_arena keep = {0};
  baro_code code;
  baro_status status =
      baro_code_read(&interpreter, (uint64_t)(uintptr_t)memory, &keep, &code, NULL);
  if (status == BARO_OK) {
    if (code.name.length > BARO_CODE_TEXT_MAX_BYTES || code.file.length > BARO_CODE_TEXT_MAX_BYTES)
      abort();
    if ((code.name.length > 0 && code.name.data[code.name.length] != 0) || code.identity == 0)
      abort();
    (void)baro_line_table_find(&code.lines, 2);
  } else if (status != BARO_INVALID && status != BARO_AGAIN) {
    abort();
  }
  baro_arena_release(&keep);
  return 0;
}
