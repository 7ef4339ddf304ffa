/* Which CPython a runtime is, without running it. Private to this folder.
 * Flow: symbols and first bytes of _PyRuntime -> here -> layout and version text.
 * From 3.13 the debug offsets tell; 3.11 and 3.12 hold Py_Version; 3.9 and 3.10 are told by functions that came
 * with them, else by the size of _PyRuntime, else by the file's name. */
#ifndef BARO_CAPTURE_CPYTHON_PYTHON_VERSION_H
#define BARO_CAPTURE_CPYTHON_PYTHON_VERSION_H

#include <stdint.h>
#include <sys/types.h>

#include "base/os_maps.h"
#include "base/status.h"
#include "capture/cpython/elf_symbols.h"
#include "capture/cpython/layout.h"

enum { BARO_PYTHON_VERSION_BYTES = 24 };

typedef struct baro_python_file {
  pid_t pid;
  const baro_elf_info *info;   /* borrowed */
  const baro_mapping *mapping; /* borrowed; of file offset 0 */
  uint64_t runtime_addr;
} baro_python_file;

/* UNSUPPORTED: a version without a layout; INVALID: what the target says of itself contradicts itself. */
baro_status baro_python_version_find(const baro_python_file *file, baro_layout *ret_layout,
                                     char ret_version[BARO_PYTHON_VERSION_BYTES],
                                     baro_error *err) BARO_MUST_USE;

/* "CPython 3.6 is not supported (3.9 to 3.15 are)", with the version that the file's name tells. */
baro_status baro_python_version_refuse(const char *file_name, baro_error *err) BARO_MUST_USE;

#endif
