/* The few symbols of an ELF file that tell a CPython and where its data lies.
 * Flow: file of a mapping, or its image in the target's memory -> baro_elf_info -> interpreter.c.
 * Every byte is hostile (files belong to the target): reads are bounded, walks limited, nothing is
 * mapped (a file cut short meanwhile must not kill us). Looks in .dynsym through its hash table, then,
 * in a file, in .symtab and for the section .PyRuntime (stripped programs keep both .dynsym and
 * sections). 64-bit little-endian only.
 * Own reader because the same code has to read files and remote images; libelf reads no images.
 * Runs anywhere, keeps no state. */
#ifndef BARO_CAPTURE_CPYTHON_ELF_SYMBOLS_H
#define BARO_CAPTURE_CPYTHON_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

/* id, name in the file. */
#define BARO_ELF_SYMBOL_LIST(X)                                                                    \
  X(RUNTIME, "_PyRuntime") /* 3.7+ */                                                              \
  X(VERSION, "Py_Version") /* 3.11+: unsigned long, PY_VERSION_HEX */                              \
  X(CODE_TYPE, "PyCode_Type")                                                                      \
  X(UNICODE_TYPE, "PyUnicode_Type")                                                                \
  X(BYTES_TYPE, "PyBytes_Type")                                                                    \
  X(FRAME_TYPE, "PyFrame_Type")                                                                    \
  X(SINCE_3_10, "PyIter_Send")    /* came with 3.10 */                                             \
  X(SINCE_3_9, "PyFrame_GetCode") /* came with 3.9 */                                              \
  X(SINCE_3_8, "PyCode_NewWithPosOnlyArgs")                                                        \
  X(PYPY, "rpython_startup_code") /* PyPy's entry */

typedef enum baro_elf_symbol {
#define X(id, name) BARO_ELF_##id,
  BARO_ELF_SYMBOL_LIST(X)
#undef X
      BARO_ELF_SYMBOL_COUNT
} baro_elf_symbol;

typedef struct baro_elf_info {
  /* Addresses as linked: add (start of the mapping of file offset 0 - link_start_addr). 0: undefined here. */
  uint64_t symbols[BARO_ELF_SYMBOL_COUNT];
  uint64_t link_start_addr; /* as linked, of file offset 0 */
  uint64_t runtime_bytes;   /* of _PyRuntime, 0 not known */
  bool needs_libpython;     /* the loader will map a libpython for it */
} baro_elf_info;

/* with_sections: also .symtab and .PyRuntime, where the dynamic symbols do not have it (milliseconds in a
 * big unstripped file). NOT_FOUND: no ELF file of our kind; *ret_info is then all zero. */
baro_status baro_elf_read_file(int file, bool with_sections, baro_elf_info *ret_info,
                               baro_error *err) BARO_MUST_USE;
/* The same from memory: start_addr is where the target has mapped file offset 0. No sections there. */
baro_status baro_elf_read_image(pid_t pid, uint64_t start_addr, baro_elf_info *ret_info,
                                baro_error *err) BARO_MUST_USE;

#endif
