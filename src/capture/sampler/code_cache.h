/* From code addresses to functions and frames of the recording.
 * Flow: raw stack -> here -> definitions in the recording -> stack id.
 * Invariants: a code object is read once and known by its address *and identity*: memory of freed code
 * objects is reused, so before a cached one is believed its identity is compared with the target's
 * again, unless the interpreter's own counter (layout.interp.code_generation) says that nothing changed. Where
 * there is no such counter (3.9-3.11, 3.13) a code object that has been the same for over
 * BARO_CODE_SETTLED_NS is compared again after BARO_CODE_RECHECK_NS only.
 * What cannot be read becomes a marked function, never a lost sample.
 * One cache per process, one memo per thread; runs in the sampler thread only. */
#ifndef BARO_CAPTURE_SAMPLER_CODE_CACHE_H
#define BARO_CAPTURE_SAMPLER_CODE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "capture/cpython/interpreter.h"
#include "capture/sampler/stack_reader.h"
#include "recording/writer.h"

#define BARO_CODE_SETTLED_NS UINT64_C(1000000000)
#define BARO_CODE_RECHECK_NS UINT64_C(10000000)

typedef struct baro_code_cache baro_code_cache;

/* interpreter and writer are borrowed and must outlive the cache. NULL: out of memory. */
baro_code_cache *baro_code_cache_create(const baro_interpreter *interpreter, baro_writer *writer);
void baro_code_cache_destroy(baro_code_cache *cache);

/* The stack of a thread as it was resolved last, so that unchanged callers cost one comparison each. */
typedef struct baro_stack_memo {
  baro_raw_frame *frames; /* owned, root first */
  uint32_t *stack_ids;    /* owned, [i] = stack of frames 0..i */
  uint32_t count;
  uint32_t capacity;
  uint64_t epoch; /* of the cache when it was made */
  bool cut;       /* the root is a "deeper frames cut" mark */
} baro_stack_memo;

void baro_stack_memo_release(baro_stack_memo *memo);

typedef struct baro_resolve_request {
  const baro_raw_stack *stack;
  baro_stack_reader *reader; /* of the thread: to ask whether a frame is still there */
  baro_stack_memo *memo;
  uint64_t now_ns;
  uint64_t code_generation; /* read after the stack; ignored where the layout has none */
  uint64_t interp_addr;     /* of the thread's interpreter */
  bool early_try;           /* another read is wanted rather than a frame marked as unreadable */
  bool last_try;            /* mark what is gone instead of asking for another read */
} baro_resolve_request;

/* BARO_OK: *ret_stack_id is the stack in the recording (BARO_NONE_ID for an empty one). BARO_AGAIN: a code
 * object was gone before it could be read, read the stack again. NO_MEMORY; GONE. */
baro_status baro_code_cache_resolve(baro_code_cache *cache, const baro_resolve_request *request,
                                    uint32_t *ret_stack_id) BARO_MUST_USE;

#endif
