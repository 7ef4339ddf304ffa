/* Operators of a trace of PyTorch or TensorFlow as a recording has them: written when a slice is the first of one, with their facts and edges.
 * Flow: torch_output.c, which knows where slices stand -> here, torch_run.c -> recording's writer. Internal to src/import.
 * Slices of one kind, name and place in one parent are one operator. The first operator is the run, of which all others are parts. */
#ifndef BARO_IMPORT_TORCH_OPERATORS_H
#define BARO_IMPORT_TORCH_OPERATORS_H

#include "import/torch_events.h"
#include "recording/writer.h"

typedef struct baro_torch_operators {
  baro_trace_model *model;          /* borrowed */
  baro_writer *writer;              /* borrowed */
  struct baro_torch_operator *rows; /* owned; by operator */
  uint32_t count, capacity;
  baro_intern by_key; /* parent, place, kind and name -> operator, counted behind the run */
  baro_intern edges;  /* from, to and kind: each is written once */
} baro_torch_operators;

enum { BARO_TORCH_RUN_OPERATOR = 0 };

/* Writes the run, without its facts. BARO_NO_MEMORY, as all below; to be released also on failure. */
baro_status baro_torch_operators_begin(baro_torch_operators *operators, baro_trace_model *model,
                                       baro_writer *writer) BARO_MUST_USE;
void baro_torch_operators_release(baro_torch_operators *operators);

/* Of slices of the label in a parent. place: label of the user's function; BARO_NONE_ID: not known. */
baro_status baro_torch_operator_of(baro_torch_operators *operators, uint32_t label,
                                   baro_torch_kind kind, uint32_t place, uint32_t parent,
                                   uint32_t *ret_operator) BARO_MUST_USE;
uint32_t baro_torch_operator_parent(const baro_torch_operators *operators, uint32_t operator_id);
/* Shapes of arguments: those that were seen first, and whether there were others. */
baro_status baro_torch_operator_shapes(baro_torch_operators *operators, uint32_t of,
                                       const baro_trace_extra *extra) BARO_MUST_USE;
/* Nothing is written of an operator and itself. */
baro_status baro_torch_operator_edge(baro_torch_operators *operators, uint32_t from, uint32_t to,
                                     baro_operator_edge kind) BARO_MUST_USE;

/* Facts of the run: devices, and its place among the processes of a distributed one (torch_run.c). */
baro_status baro_torch_run_facts(baro_torch_operators *operators) BARO_MUST_USE;

#endif
