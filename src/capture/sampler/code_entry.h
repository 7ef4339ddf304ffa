/* One code object as it was read: its function, where its lines are, and which frames of the recording it has.
 * Between code_cache.c, which says when an entry is believed, and the target. Runs in the sampler thread only. */
#ifndef BARO_CAPTURE_SAMPLER_CODE_ENTRY_H
#define BARO_CAPTURE_SAMPLER_CODE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "capture/cpython/code_object.h"
#include "capture/cpython/interpreter.h"
#include "capture/sampler/bytecode_copies.h"
#include "recording/writer.h"

enum { BARO_CODE_LINE_SLOTS = 16 }; /* direct-mapped offset -> frame per code object */

typedef struct baro_line_slot {
  int64_t offset;
  uint32_t frame; /* in the recording */
  bool used;
} baro_line_slot;

typedef struct baro_code_entry {
  uint64_t code_addr;
  uint64_t identity; /* 0: could not be read as a code object */
  uint64_t base_addr;
  uint32_t instructions_bytes;
  uint32_t function;      /* in the recording */
  uint32_t unknown_frame; /* frame without a line, where lines are unknown */
  uint32_t first_line;
  baro_line_table lines;       /* ranges owned */
  baro_bytecode_copies copies; /* of threads, free-threaded 3.14+ */
  uint64_t first_seen_ns;
  uint64_t checked_ns;
  uint64_t checked_generation;
  uint64_t visit; /* stamp of the stack that looked at it last */
  baro_line_slot slots[BARO_CODE_LINE_SLOTS];
} baro_code_entry;

/* Reads the code object and defines its function; what is none (any more) becomes an unreadable one. BARO_AGAIN: it changed
 * while it was read. BARO_NO_MEMORY, BARO_GONE. The caller owns the entry. */
baro_status baro_code_entry_read(const baro_interpreter *interpreter, baro_writer *writer,
                                 uint64_t code_addr, baro_code_entry **ret_entry) BARO_MUST_USE;
/* An entry whose frames are shown as unreadable. */
baro_status baro_code_entry_unreadable(baro_writer *writer, uint64_t code_addr,
                                       baro_code_entry **ret_entry) BARO_MUST_USE;
/* NULL is fine. */
void baro_code_entry_destroy(baro_code_entry *entry);

/* Memory of its line tables. */
size_t baro_code_entry_line_bytes(const baro_code_entry *entry);

/* Id of a stack of one marked frame, for threads without Python code and the like. text is what
 * reports show, flags are BARO_FUNCTION_*. */
baro_status baro_code_marked_stack(baro_writer *writer, const char *text, uint32_t flags,
                                   uint32_t *ret_stack_id) BARO_MUST_USE;

#endif
