#include "base/os_program.h"

#include <elf.h>
#include <string.h>

#include "base/os_memory.h"
#include "base/os_proc.h"

void baro_program_mark_read(pid_t pid, baro_program_mark *ret_mark) {
  char buffer[1024]; /* some 20 pairs of 16 bytes */
  baro_view text;
  *ret_mark = (baro_program_mark){0};
  if (baro_proc_read(pid, 0, "auxv", buffer, sizeof buffer, &text, NULL) != BARO_OK)
    return;
  for (size_t at = 0; at + sizeof(Elf64_auxv_t) <= text.length; at += sizeof(Elf64_auxv_t)) {
    Elf64_auxv_t entry;
    memcpy(&entry, text.data + at, sizeof entry);
    if (entry.a_type != AT_RANDOM)
      continue;
    if (baro_memory_read(pid, entry.a_un.a_val, ret_mark->bytes, sizeof ret_mark->bytes, NULL) ==
        BARO_OK)
      ret_mark->addr = entry.a_un.a_val;
    return;
  }
}

bool baro_program_mark_holds(pid_t pid, const baro_program_mark *mark) {
  uint8_t bytes[sizeof mark->bytes];
  if (mark->addr == 0)
    return true;
  baro_status status = baro_memory_read(pid, mark->addr, bytes, sizeof bytes, NULL);
  if (status != BARO_OK)
    return status != BARO_GONE && status != BARO_INVALID;
  return memcmp(bytes, mark->bytes, sizeof bytes) == 0;
}
