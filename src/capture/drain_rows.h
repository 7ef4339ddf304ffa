/* How many rows each function of the recording has, over all its processes: what a line at record's end is made of.
 * Flow: events that were taken -> here -> the functions with most rows.
 * Costs an increment a call, and memory by functions, not by calls. Private to the drain. */
#ifndef BARO_CAPTURE_DRAIN_ROWS_H
#define BARO_CAPTURE_DRAIN_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/drain.h"

/* Zero: none. */
typedef struct baro_drain_rows {
  uint64_t
      *counts; /* owned; by id of the function in the recording; BARO_DRAIN_THINNED may be set */
  uint32_t capacity;
  bool is_short; /* of memory: some are missing */
} baro_drain_rows;

/* Some calls of the function were only counted. */
#define BARO_DRAIN_THINNED (UINT64_C(1) << 63)

/* Room for the function, which the writer knows. False: there is no memory. */
bool baro_drain_rows_reserve(baro_drain_rows *rows, uint32_t function);

static inline void baro_drain_rows_count(baro_drain_rows *rows, uint32_t function) {
  if (function < rows->capacity || baro_drain_rows_reserve(rows, function))
    rows->counts[function]++;
}

static inline void baro_drain_rows_thin(baro_drain_rows *rows, uint32_t function) {
  if (function < rows->capacity || baro_drain_rows_reserve(rows, function))
    rows->counts[function] |= BARO_DRAIN_THINNED;
}

/* See baro_drain_most_called. */
uint32_t baro_drain_rows_most(const baro_drain_rows *rows, const baro_writer *writer,
                              baro_drain_function *ret_functions, uint32_t limit);
void baro_drain_rows_release(baro_drain_rows *rows);

#endif
