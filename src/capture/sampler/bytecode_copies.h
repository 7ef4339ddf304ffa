/* Where the copies of one function's bytecode begin: free-threaded CPython from 3.14 on gives each thread its own,
 * and the instruction pointers of its frames point into that one.
 * Flow: index in a frame -> here, kept per code object -> offset of the instruction -> line.
 * Invariant: an answer was read from the target while layout.interp.tlbc_generation was what it is now: until that
 * changes, no thread gets or gives back an index, so the copies of running threads stay.
 * Zero-initialised = empty. Runs in the sampler thread only. */
#ifndef BARO_CAPTURE_SAMPLER_BYTECODE_COPIES_H
#define BARO_CAPTURE_SAMPLER_BYTECODE_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "capture/cpython/interpreter.h"

/* Indices from here on are looked up each time: they do not outnumber the threads. */
enum { BARO_BYTECODE_COPIES_MAX = 1024 };

typedef struct baro_bytecode_copy {
  uint64_t base_addr; /* 0: not read yet */
  uint32_t generation;
} baro_bytecode_copy;

/* What layout.interp.tlbc_generation says, after the frames were read that are asked for. */
typedef struct baro_bytecode_epoch {
  uint32_t generation;
  bool is_known;
} baro_bytecode_epoch;

typedef struct baro_bytecode_copies {
  baro_bytecode_copy *items; /* owned; by index */
  uint32_t count;
} baro_bytecode_copies;

void baro_bytecode_copies_release(baro_bytecode_copies *copies);

/* One system call; not known where the layout has no counter or it cannot be read. */
baro_bytecode_epoch baro_bytecode_epoch_read(const baro_interpreter *interpreter,
                                             uint64_t interp_addr);

/* Address of the first instruction of copy `index` (>= 0) of the code object. Three system calls when it is not
 * known, none when it is. Statuses of baro_code_base. Where memory or the epoch is lacking it is read
 * each time. */
baro_status baro_bytecode_copies_find(baro_bytecode_copies *copies,
                                      const baro_interpreter *interpreter, uint64_t code_addr,
                                      int32_t index, baro_bytecode_epoch epoch,
                                      uint64_t *ret_base_addr) BARO_MUST_USE;

#endif
