/* What a thread or a stream does or waits for while an operator of PyTorch or TensorFlow is its innermost one. Device clocks measure what a
 * device did; of a host thread the trace has a beginning and an end only, so that what it did then follows from what the call is for. */
#include <string.h>

#include "import/torch_events.h"

/* Of calls of a device's runtime: cudaStreamSynchronize, hipMemcpyAsync, cudaLaunchKernel. Copies from and to memory that is not
 * pinned keep their caller; one that is lets it go at once, and its call is short then. */
static baro_state state_of_call(baro_view name) {
  if (baro_view_contains(name, "Synchronize")) {
    return BARO_STATE_GPU;
  }
  return baro_view_contains(name, "Memcpy") || baro_view_contains(name, "memcpy") ? BARO_STATE_COPY
                                                                                  : BARO_STATE_CPU;
}

/* Most compute; these wait for other processes: gloo and MPI of PyTorch on a CPU, and what TensorFlow receives. */
static baro_state state_of_operator(baro_view name) {
  static const char *const waits[] = {"gloo:", "mpi:", "RecvTensor"};
  for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
    if (baro_view_starts_with(name, waits[i])) {
      return BARO_STATE_NETWORK;
    }
  }
  return baro_view_contains(name, ":_Recv") || baro_view_contains(name, ":_HostRecv")
             ? BARO_STATE_NETWORK
             : BARO_STATE_CPU;
}

baro_state baro_torch_state_of(baro_torch_kind kind, baro_view name) {
  switch (kind) {
  case BARO_TORCH_OP: return state_of_operator(name);
  case BARO_TORCH_RUNTIME: return state_of_call(name);
  case BARO_TORCH_KERNEL: return BARO_STATE_GPU;
  case BARO_TORCH_COLLECTIVE: return BARO_STATE_NETWORK;
  case BARO_TORCH_COPY:
  case BARO_TORCH_MEMSET: return BARO_STATE_COPY;
  case BARO_TORCH_SYNC: return BARO_STATE_IDLE;
  /* With workers the program only waits for them; without, it loads itself: reading, decoding, unpacking. */
  case BARO_TORCH_DATA:
    return baro_view_contains(name, "_MultiProcessing") ? BARO_STATE_CHILD : BARO_STATE_UNKNOWN;
  /* The program's own code between operators may be anything. */
  case BARO_TORCH_ANNOTATION:
  case BARO_TORCH_OVERHEAD:
  case BARO_TORCH_NONE:
  case BARO_TORCH_RUN:
  case BARO_TORCH_KIND_COUNT: break;
  }
  return BARO_STATE_UNKNOWN;
}
