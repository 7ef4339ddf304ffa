/* Characters of a Python str as UTF-8.
 * Flow: bytes copied out of the target -> here -> names and files of functions.
 * Invariants: the bytes are hostile. The result is UTF-8, but for lone surrogates, which keep their three
 * bytes (as Python's "surrogatepass": file names that are not UTF-8 hold them, and stay apart);
 * what is no character at all becomes U+FFFD.
 * Pure, runs anywhere. */
#ifndef BARO_CAPTURE_CPYTHON_PYTHON_TEXT_H
#define BARO_CAPTURE_CPYTHON_PYTHON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

typedef struct baro_python_text {
  const uint8_t *data; /* borrowed; length * kind bytes, any alignment */
  size_t length;       /* characters */
  uint8_t kind;        /* bytes a character: 1 (ASCII or Latin-1), 2 or 4 */
} baro_python_text;

/* Text in keep, NUL-terminated behind its length; NULs may also be inside. *ret_cut says whether characters were
 * left out to stay within limit_bytes. Fails with NO_MEMORY only. */
baro_status baro_python_text_decode(const baro_python_text *text, size_t limit_bytes,
                                    baro_arena *keep, baro_view *ret_text,
                                    bool *ret_cut) BARO_MUST_USE;

#endif
