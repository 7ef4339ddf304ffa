/* What PyTorch's profiler (Kineto) writes into a trace: its kinds of slices and the arguments that a recording keeps.
 * Flow: trace_events.c -> torch_args.c -> trace_model.h; torch_output.c and torch_operators.c ask for kinds and states.
 * Categories have had other names (2021: "Operator", "Kernel", "Runtime"); all are known. */
#ifndef BARO_IMPORT_TORCH_EVENTS_H
#define BARO_IMPORT_TORCH_EVENTS_H

#include <stdbool.h>

#include "import/trace_model.h"
#include "recording/records.h"

/* Kinds of operators, as the recording names them behind "torch.", or "tf." where they are of TensorFlow. */
#define BARO_TORCH_KIND_LIST(X)                                                                    \
  X(NONE, "")                 /* no operator: a function of Python, and what is not known */       \
  X(RUN, "run")               /* all of it */                                                      \
  X(OP, "op")                 /* of the CPU side: aten::mm */                                      \
  X(ANNOTATION, "annotation") /* record_function, ProfilerStep, Optimizer.step */                  \
  X(DATA, "dataloader")       /* waiting for, or making, the next batch */                         \
  X(RUNTIME, "runtime")       /* calls of the device's runtime and driver: cudaLaunchKernel */     \
  X(OVERHEAD, "overhead")     /* the profiler's own */                                             \
  X(KERNEL, "kernel")         /* on a device, as all below */                                      \
  X(COLLECTIVE, "collective") /* NCCL, RCCL */                                                     \
  X(COPY, "copy")                                                                                  \
  X(MEMSET, "memset")                                                                              \
  X(SYNC, "sync") /* a stream waits */

typedef enum baro_torch_kind {
#define X(name, text) BARO_TORCH_##name,
  BARO_TORCH_KIND_LIST(X)
#undef X
      BARO_TORCH_KIND_COUNT
} baro_torch_kind;

const char *baro_torch_kind_text(baro_torch_kind kind);
baro_torch_kind baro_torch_kind_of(baro_view category, baro_view name);
static inline bool baro_torch_is_device(baro_torch_kind kind) {
  return kind >= BARO_TORCH_KERNEL;
}

/* What it does while it is the innermost one; BARO_STATE_UNKNOWN: may be anything. */
baro_state baro_torch_state_of(baro_torch_kind kind, baro_view name);

/* Amounts of tasks. The first ones are of arguments, by their name there; the others torch_output.c makes. */
#define BARO_TORCH_AMOUNT_LIST(X)                                                                  \
  X(COPIED, "bytes", "copied_bytes")                                                               \
  X(FLOPS, "flops", "flops")                                                                       \
  X(REGISTERS, "registers per thread", "registers_per_thread")                                     \
  X(SHARED, "shared memory", "shared_memory_bytes")                                                \
  X(BLOCKS, "grid", "blocks")                                                                      \
  X(BLOCK_THREADS, "block", "threads_per_block")                                                   \
  X(OCCUPANCY, "est. achieved occupancy %", "occupancy_percent")                                   \
  X(IN_ELEMENTS, "In msg nelems", "in_elements")                                                   \
  X(OUT_ELEMENTS, "Out msg nelems", "out_elements")                                                \
  X(GROUP, "Group size", "group_size")                                                             \
  X(MEMORY, "Bytes", "allocated_bytes")                                                            \
  X(FREED, "", "freed_bytes")                                                                      \
  X(OUTPUT, "", "output_bytes")                                                                    \
  X(COMPUTE, "", "compute_ns")                                                                     \
  X(INVOCATIONS, "", "invocations")                                                                \
  X(GPU, "", "gpu_ns")                                                                             \
  X(COPYING, "", "copy_ns")

typedef enum baro_torch_amount {
#define X(name, argument, key) BARO_TORCH_AMOUNT_##name,
  BARO_TORCH_AMOUNT_LIST(X)
#undef X
      BARO_TORCH_AMOUNT_COUNT
} baro_torch_amount;

const char *baro_torch_amount_key(baro_torch_amount amount);

#endif
