/* What the agent of one process says of it: itself, its code objects, types of exceptions, notes.
 * Flow: PID-BIRTH.defs (agent/ring.h) -> here -> functions and strings of the recording.
 * Every byte is hostile. A definition that makes no sense ends the reading of the file, as nobody knows where the next one
 * begins; one that is not whole yet is read at the next visit.
 * Invariants: codes and exceptions below their counts may be unknown, never out of bounds; memory is bounded by
 * the limits below. Private to the drain. */
#ifndef BARO_CAPTURE_DRAIN_DEFINITIONS_H
#define BARO_CAPTURE_DRAIN_DEFINITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "recording/writer.h"

enum {
  BARO_DRAIN_CODE_LIMIT = 1 << 22, /* of a process */
  BARO_DRAIN_EXCEPTION_LIMIT = 1 << 16,
  BARO_DRAIN_NOTE_LIMIT = 64,
  BARO_DRAIN_FACT_LIMIT = 256,
};

typedef struct baro_drain_code {
  uint32_t function; /* in the recording; BARO_NONE_ID: not known */
  bool is_suspendable;
} baro_drain_code;

typedef struct baro_drain_definitions {
  int file; /* owned; -1 not open */
  uint64_t offset;
  bool is_broken; /* what follows offset makes no sense, or is beyond a limit */
  bool has_process;
  uint32_t parent_pid;
  uint32_t command_string; /* in the recording, as the next one; BARO_NONE_ID before has_process */
  uint32_t python_string;
  baro_drain_code *codes; /* owned; index = id in the ring */
  uint32_t code_count;
  uint32_t code_capacity;
  uint32_t *exceptions; /* owned; string in the recording by id - 1 */
  uint32_t exception_count;
  uint32_t exception_capacity;
  baro_buffer notes; /* lines to be written once the process has an id: u32 length, bytes */
  uint32_t note_count;
  baro_buffer facts; /* likewise: u32 length, bytes, of key and value */
  uint32_t fact_count;
} baro_drain_definitions;

/* take_file: open for reading. */
void baro_drain_definitions_init(baro_drain_definitions *definitions, int take_file);
void baro_drain_definitions_release(baro_drain_definitions *definitions);
/* Takes what has been added since the last call. Fails only with NO_MEMORY; then the rest stays for the next call. */
baro_status baro_drain_definitions_read(baro_drain_definitions *definitions,
                                        baro_writer *writer) BARO_MUST_USE;

/* NULL: not known (yet). */
static inline const baro_drain_code *baro_drain_code_of(const baro_drain_definitions *definitions,
                                                        uint32_t id) {
  if (id >= definitions->code_count || definitions->codes[id].function == BARO_NONE_ID)
    return NULL;
  return &definitions->codes[id];
}

/* BARO_NONE_ID: not known (yet), or id is 0. */
static inline uint32_t baro_drain_exception_of(const baro_drain_definitions *definitions,
                                               uint32_t id) {
  return id == 0 || id > definitions->exception_count ? BARO_NONE_ID
                                                      : definitions->exceptions[id - 1];
}

#endif
