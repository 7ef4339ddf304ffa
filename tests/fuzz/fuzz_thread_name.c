/* A Thread object in memory that says anything: object, type, dict, keys and texts are the fuzzer's bytes in our own
 * memory, which is read as if it were a target's. First byte: the version. A word 0xa5a5000000000000 + N becomes the
 * address of byte N, so that the fuzzer can make and break links. Whatever is there, the result is a refusal or
 * a name within its limit. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/cpython/thread_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_BYTES = 8192, OBJECT_OFFSET = 64 };

static _Alignas(16) uint8_t memory[MEMORY_BYTES];

static void link_words(void) {
  for (size_t at = 0; at + 8 <= MEMORY_BYTES; at += 8) {
    uint64_t word;
    memcpy(&word, memory + at, sizeof word);
    if (word >> 48 != 0xa5a5)
      continue;
    /* Beside a multiple of 8 too: 3.12 marks an address in its low bit. */
    word = (uint64_t)(uintptr_t)memory + (word & (MEMORY_BYTES - 1));
    memcpy(memory + at, &word, sizeof word);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return 0;
  unsigned minor = BARO_PYTHON_OLDEST_MINOR + data[0] % 7;
  /* 3.13 and later tell their layout; of what is used here it is that of 3.12. */
  const baro_layout *layout = baro_layout_for(3, minor < 12 ? minor : 12);
  baro_interpreter interpreter = {.pid = getpid(), .layout = *layout};
  interpreter.layout.minor = (uint8_t)minor;
  data++;
  size--;
  memset(memory, 0, sizeof memory);
  memcpy(memory, data, size < sizeof memory ? size : sizeof memory);
  link_words();
  baro_arena keep = {0};
  baro_view name;
  uint64_t object_addr = (uint64_t)(uintptr_t)(memory + OBJECT_OFFSET);
  baro_status status = baro_thread_object_name(&interpreter, object_addr, &keep, &name, NULL);
  if (status == BARO_OK) {
    if (name.length == 0 || name.length > BARO_THREAD_NAME_MAX_BYTES || name.data[name.length] != 0)
      abort();
  } else if (status != BARO_NOT_FOUND && status != BARO_AGAIN) {
    abort();
  }
  baro_arena_release(&keep);
  return 0;
}
