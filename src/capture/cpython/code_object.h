/* Copies what a profile needs of a code object out of the target: names, file, lines.
 * Flow: code address in a frame -> here, once per code object -> function and line definitions.
 * Invariants: a result existed: the head of the object is read before and after its parts, and both
 * must agree. What could not be read or is over a limit is cut and flagged, never dropped. Text is
 * valid UTF-8 but for lone surrogates, which are kept in their three-byte form (WTF-8, as Python's
 * "surrogatepass" writes them): file names that are not UTF-8 are told apart by them.
 *
 * Memory of freed code objects is reused. Who caches by address must compare baro_code_identity of a
 * freshly read head with the cached one, unless layout.interp.code_generation did not change since.
 *
 * Runs in any thread, one arena per thread. Never stops the target. */
#ifndef BARO_CAPTURE_CPYTHON_CODE_OBJECT_H
#define BARO_CAPTURE_CPYTHON_CODE_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "capture/cpython/interpreter.h"
#include "capture/cpython/layout.h"
#include "capture/cpython/line_table.h"

enum {
  BARO_CODE_TEXT_MAX_BYTES = 4096, /* of each text, in UTF-8; longer ones are cut at a character */
  BARO_CODE_LINES_MAX_BYTES = 1 << 20, /* of a line table */
};

/* What is not known of a code object, or odd about it. */
enum {
  BARO_CODE_NAME_CUT = 1 << 0,
  BARO_CODE_FILE_CUT = 1 << 1,
  BARO_CODE_NAME_UNREADABLE = 1 << 2,  /* name is "" */
  BARO_CODE_FILE_UNREADABLE = 1 << 3,  /* file is "" */
  BARO_CODE_LINES_UNKNOWN = 1 << 4,    /* no or broken table: only first_line is known */
  BARO_CODE_QUALNAME_MISSING = 1 << 5, /* 3.9, 3.10, or unreadable: name is co_name alone */
  BARO_CODE_SHIM = 1 << 6,             /* the interpreter's own, between a class and its __init__ */
};

typedef struct baro_code {
  uint64_t code_addr;
  uint64_t identity; /* baro_code_identity of its head */
  baro_view name;    /* qualified where the version has it; UTF-8, in the arena */
  baro_view file;    /* co_filename as compiled; UTF-8, in the arena */
  uint32_t first_line;
  uint32_t flags;              /* BARO_CODE_* */
  uint32_t instructions_bytes; /* 0 before 3.11: not known */
  baro_line_table lines;       /* in the arena */
} baro_code;

/* Reads one code object. Two system calls, three when a text or table is long.
 * INVALID: there is no code object at that address; AGAIN: it changed while it was read; GONE,
 * NO_PERMISSION, NO_MEMORY. On failure keep may hold unused bytes. */
baro_status baro_code_read(const baro_interpreter *interpreter, uint64_t code_addr,
                           baro_arena *keep, baro_code *ret_code, baro_error *err) BARO_MUST_USE;

/* Hash of the bytes of a code object's head (layout->code.read_bytes of them) that stay the same as
 * long as it lives and differ from another's at the same address (layout->code.identity). From 3.12
 * they hold a number that CPython gives out once per code object. Never 0. */
uint64_t baro_code_identity(const baro_layout *layout, const void *head);

/* True when the head can be one of a code object: its type is PyCode_Type (where that address is known),
 * its tables' addresses are sane, its first line is one. */
bool baro_code_head_plausible(const baro_interpreter *interpreter, const void *head);

/* Address of the first instruction that the ip field of a frame counts from. tlbc_index is the frame's
 * (0 where the layout has none): free-threaded 3.14+ gives each thread its own copy, the address of
 * which is read from the target then (one or two system calls; keep the answer while
 * interp.tlbc_generation stays). Ignored before 3.11: 0. */
baro_status baro_code_base(const baro_interpreter *interpreter, uint64_t code_addr,
                           int32_t tlbc_index, uint64_t *ret_base_addr,
                           baro_error *err) BARO_MUST_USE;

/* Offset in bytes of the instruction a frame is in, from the raw ip field of its head (int32 sign-extended,
 * or address: see baro_ip_kind) and baro_code_base. -1: before the first instruction, or an address outside
 * [base, base + instructions_bytes) (0 = not checked). The same for the running leaf and for callers:
 * every version leaves the field at the call while the callee runs (3.11, 3.12: at the call's last cache
 * unit, which has the call's line). A leaf of 3.14+ may lag behind by instructions that cannot call
 * or raise. */
int64_t baro_code_offset(const baro_layout *layout, uint64_t ip, uint64_t base_addr,
                         uint32_t instructions_bytes);

#endif
