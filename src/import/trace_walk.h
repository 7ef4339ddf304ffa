/* The slices of a track as calls that nest, in the order of time.
 * Flow: trace_model.h, finished -> here -> trace_output.c, torch_output.c.
 * Invariants: for each slice enter, then leave, with what is within it between; times never go back. Of two slices that
 * overlap, so that neither is within the other, the one that loses less is cut, and counted where that is no rounding. */
#ifndef BARO_IMPORT_TRACE_WALK_H
#define BARO_IMPORT_TRACE_WALK_H

#include "import/trace_model.h"

typedef struct baro_trace_visitor {
  void *context; /* borrowed */
  baro_status (*enter)(void *context, const baro_trace_slice *slice, int64_t time_ns);
  baro_status (*leave)(void *context, const baro_trace_slice *slice, int64_t time_ns);
  /* May be NULL. What was entered and not left is what it is within. */
  baro_status (*moment)(void *context, const baro_trace_slice *slice, int64_t time_ns);
} baro_trace_visitor;

/* BARO_NO_MEMORY, or what the visitor says. What was mended is added to odd. */
baro_status baro_trace_walk(const baro_trace_model *model, uint32_t track,
                            const baro_trace_visitor *visitor,
                            baro_trace_oddities *odd) BARO_MUST_USE;

#endif
