/* A node of RunMetadata: what one NodeExecStats says, and what its label means.
 * Flow: protobuf_fields.h -> here -> run_metadata_input.c. Views are borrowed from the message. */
#ifndef BARO_IMPORT_RUN_METADATA_NODE_H
#define BARO_IMPORT_RUN_METADATA_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

typedef struct baro_run_node {
  baro_view name;
  baro_view label;          /* timeline_label */
  int64_t start_ns, end_ns; /* UTC; both 0: it has no times that are any */
  uint64_t compute_ns;      /* of that its own work, without taking in and handing on tensors */
  uint64_t allocated_bytes; /* by all allocators */
  uint64_t output_bytes;    /* that its results asked for */
} baro_run_node;

/* False where the message is cut. */
bool baro_run_node_read(baro_view message, baro_run_node *ret_node);
static inline bool baro_run_node_has_times(const baro_run_node *node) {
  return node->start_ns != 0;
}
/* Of "[cpu 4.5MB 4.5MB] node = Op(input, ...)" the operator's kind and what stands in the brackets; false where it is not so. */
bool baro_run_node_inputs(const baro_run_node *node, baro_view *ret_op, baro_view *ret_inputs);

/* Of what a device did: the node that had it done, */
baro_view baro_run_node_launcher(const baro_run_node *node);
/* a kernel's own name, if it is told, */
baro_view baro_run_node_kernel(const baro_run_node *node);
/* whether it is a copy by its name, and how much it copied, 0 where that is not told. */
bool baro_run_node_is_copy(const baro_run_node *node);
uint64_t baro_run_node_copied_bytes(const baro_run_node *node);

/* Where wanted stands last; the text's length where it does not. */
size_t baro_find_last(baro_view text, const char *wanted);

#endif
