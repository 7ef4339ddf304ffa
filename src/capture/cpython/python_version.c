#include "capture/cpython/python_version.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os_memory.h"

/* "3.12.1", "3.15.0rc2", "3.14.0t" of PY_VERSION_HEX. */
static void version_text(uint32_t hex, bool free_threaded, char text[BARO_PYTHON_VERSION_BYTES]) {
  static const char *const levels[16] = {[0xa] = "a", [0xb] = "b", [0xc] = "rc"};
  const char *level = levels[(hex >> 4) & 0xf];
  int length = snprintf(text, BARO_PYTHON_VERSION_BYTES, "%u.%u.%u", hex >> 24, (hex >> 16) & 0xff,
                        (hex >> 8) & 0xff);
  if (level != NULL)
    length += snprintf(text + length, BARO_PYTHON_VERSION_BYTES - (size_t)length, "%s%u", level,
                       hex & 0xf);
  if (free_threaded)
    snprintf(text + length, BARO_PYTHON_VERSION_BYTES - (size_t)length, "t");
}

/* Minor version in "python3.9", "libpython3.10.so.1.0", "python3.11-config"; 0 when there is none. */
static unsigned minor_in_name(const char *path) {
  const char *slash = strrchr(path, '/');
  const char *at = strstr(slash != NULL ? slash : path, "python3.");
  if (at == NULL)
    return 0;
  unsigned long minor = strtoul(at + strlen("python3."), NULL, 10);
  return minor < 100 ? (unsigned)minor : 0;
}

static baro_status refuse(const char *version, baro_error *err) {
  return baro_error_set(err, BARO_UNSUPPORTED, "CPython %s is not supported (3.%d to 3.%d are)",
                        version, BARO_PYTHON_OLDEST_MINOR, BARO_PYTHON_NEWEST_MINOR);
}

baro_status baro_python_version_refuse(const char *file_name, baro_error *err) {
  char version[BARO_PYTHON_VERSION_BYTES] = "3.6 or older";
  unsigned minor = minor_in_name(file_name);
  const char *two = strstr(file_name, "python2");
  if (minor != 0)
    snprintf(version, sizeof version, "3.%u", minor);
  else if (two != NULL)
    snprintf(version, sizeof version, "2");
  return refuse(version, err);
}

/* 3.9 and 3.10, the versions without a number in their data; 0 for older ones. */
static unsigned minor_without_number(const baro_python_file *file) {
  const baro_elf_info *info = file->info;
  if (info->symbols[BARO_ELF_CODE_TYPE] !=
      0) { /* there are symbols, so a missing one says something */
    if (info->symbols[BARO_ELF_SINCE_3_10] != 0)
      return 10;
    if (info->symbols[BARO_ELF_SINCE_3_9] != 0)
      return 9;
    return 0;
  }
  for (unsigned minor = BARO_PYTHON_OLDEST_MINOR; minor <= BARO_PYTHON_NEWEST_MINOR; minor++) {
    const baro_layout *layout = baro_layout_for(3, minor);
    if (layout != NULL && layout->runtime.size_bytes == info->runtime_bytes)
      return minor;
  }
  return minor_in_name(file->mapping->path);
}

static baro_status find_old(const baro_python_file *file, baro_layout *ret_layout,
                            char ret_version[BARO_PYTHON_VERSION_BYTES], baro_error *err) {
  unsigned minor = minor_without_number(file);
  const baro_layout *layout = baro_layout_for(3, minor);
  if (layout == NULL) {
    const char *older = file->info->symbols[BARO_ELF_SINCE_3_8] != 0 ? "3.8" : "3.7";
    return refuse(minor == 0 ? older : "of this version", err);
  }
  *ret_layout = *layout;
  snprintf(ret_version, BARO_PYTHON_VERSION_BYTES, "3.%u", minor);
  return BARO_OK;
}

static baro_status find_numbered(const baro_python_file *file, uint64_t version,
                                 baro_layout *ret_layout,
                                 char ret_version[BARO_PYTHON_VERSION_BYTES], baro_error *err) {
  uint32_t hex = (uint32_t)version;
  version_text(hex, false, ret_version);
  const baro_layout *layout = baro_layout_for(hex >> 24, (hex >> 16) & 0xff);
  if (version > UINT32_MAX || layout == NULL)
    return refuse(ret_version, err);
  *ret_layout = *layout;
  ret_layout->micro = (uint8_t)(hex >> 8);
  ret_layout->version_hex = hex;
  /* The counter lies deep inside the interpreter, behind much that a build can change: its place is believed
   * only where all of _PyRuntime, which holds an interpreter, has the size it has in the table's build. */
  if (file->info->runtime_bytes != layout->runtime.size_bytes)
    ret_layout->interp.code_counter = BARO_ABSENT;
  return BARO_OK;
}

baro_status baro_python_version_find(const baro_python_file *file, baro_layout *ret_layout,
                                     char ret_version[BARO_PYTHON_VERSION_BYTES], baro_error *err) {
  uint8_t head[BARO_DEBUG_OFFSETS_MAX_BYTES];
  size_t length = sizeof head;
  if (file->info->runtime_bytes > 0 && file->info->runtime_bytes < length)
    length = (size_t)file->info->runtime_bytes;
  baro_status status = baro_memory_read(file->pid, file->runtime_addr, head, length, err);
  if (status != BARO_OK)
    return status;
  status = baro_layout_from_debug_offsets(head, length, ret_layout, err);
  if (status == BARO_OK)
    version_text(ret_layout->version_hex, ret_layout->free_threaded, ret_version);
  if (status != BARO_NOT_FOUND)
    return status;

  uint64_t version_addr = file->info->symbols[BARO_ELF_VERSION];
  if (version_addr == 0)
    return find_old(file, ret_layout, ret_version, err);
  version_addr += file->mapping->start_addr - file->info->link_start_addr;
  uint64_t version = 0;
  status = baro_memory_read_u64(file->pid, version_addr, &version, err);
  if (status != BARO_OK)
    return status;
  return find_numbered(file, version, ret_layout, ret_version, err);
}
