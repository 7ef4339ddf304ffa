/* Makes any sequence of a thread's events one that readers of a recording accept (baro_call_event).
 * Flow: ring, definitions -> steps -> here -> events of a recording. A step is an event of a ring with what is known of it.
 *
 *   per thread: the calls that are active, outermost first      [main][load][gen 7]
 *   per process: calls that can be suspended, by their frame    0x7f..a0 -> call 7 of code 12, active or suspended
 *
 * What ends is matched with the newest active call of its code; calls above it, whose ends nobody told, end with it, by an
 * exception of unknown type, and are counted (mended). An end without a call is left out and counted (unmatched): a call
 * that was active when the agent came, or was the parent's before a fork. What resumes without having been seen
 * suspended becomes a call of its own.
 * A generator may be suspended by one thread and resumed by another whose events are read first: then the step is AGAIN,
 * and is to be repeated when the other threads' events have been taken. Likewise a task that another thread asked for.
 * A frame whose address is a new call's was freed: CPython 3.13 clears abandoned generators without an event. Its
 * call then ends as closed (GeneratorExit) in the thread that shows it.
 * A coroutine that was made a task has its number from then on: when its frame begins, it is that call.
 * Invariants: depth and searches are bounded, memory by active and suspended calls. Pure; not thread-safe. */
#ifndef BARO_CAPTURE_CALL_ORDER_H
#define BARO_CAPTURE_CALL_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/status.h"
#include "capture/agent/ring.h"
#include "recording/records.h"

enum {
  BARO_ORDER_CODE_LIMIT = 1 << 22,
  BARO_ORDER_SEARCH = 256, /* active calls that are looked through for the one that ends */
  /* Deeper calls are left out, with their ends. Room for those that the order adds itself stays below what readers take. */
  BARO_ORDER_DEPTH = (1 << 20) - 16,
  BARO_ORDER_STEP_EVENTS = BARO_ORDER_SEARCH + 8, /* that one step may become */
  BARO_ORDER_BATCH = 4096,
  BARO_ORDER_OPEN_LIMIT =
      1 << 22, /* calls that can be suspended and have not ended, as readers take them */
  BARO_ORDER_SPAWNED_LIMIT = 1 << 20, /* of a process, that have not begun; more are left out */
};

typedef struct baro_call_step {
  uint64_t time_ns;
  union {
    uint64_t
        frame; /* of a call that can be suspended, else 0; also SPAWN, and the RETURN behind a VALUE */
    uint64_t cpu_ns; /* USAGE */
  };
  union {
    uint64_t lost;        /* LOST */
    uint64_t skipped;     /* SKIPPED */
    uint64_t weight;      /* WEIGHT */
    uint64_t own_ns;      /* OWN */
    const uint8_t *value; /* VALUE: borrowed; the output refers to it */
  };
  uint32_t
      code; /* id within the process, below BARO_ORDER_CODE_LIMIT; of a VALUE that is returned: of the RETURN */
  uint32_t function;
  union {
    uint32_t exception_string; /* RAISE */
    uint32_t peak_kib;         /* USAGE */
    uint32_t is_recursive;     /* WEIGHT */
    uint32_t own_wait_us;      /* OWN */
    uint32_t is_elsewhere;     /* SPAWN: another thread asked for it, and has said so */
    struct {
      uint16_t which; /* VALUE */
      uint16_t value_bytes;
    };
  };
  baro_ring_kind kind; /* not FRAME */
} baro_call_step;

typedef struct baro_open_call {
  uint64_t call;  /* number in the recording, 0: cannot be suspended */
  uint64_t frame; /* 0 with it */
  uint32_t code;
} baro_open_call;

typedef struct baro_order_thread {
  baro_open_call *open; /* owned */
  uint32_t depth;
  uint32_t capacity;
  uint64_t left_out; /* active calls beyond the limit */
  uint64_t last_ns;
} baro_order_thread;

/* What all processes of a recording share. */
typedef struct baro_order_recording {
  uint64_t next_call;     /* number of the next call that can be suspended; start with 1 */
  uint64_t open;          /* of these: have not ended, as readers see it */
  uint32_t closed_string; /* name of what a closed generator ends by, or BARO_NONE_ID */
} baro_order_recording;

/* What all threads of a process share; the counts are for it. */
typedef struct baro_order_process {
  baro_order_recording *recording; /* borrowed */
  baro_map frames;                 /* address -> packed call, code, is it suspended */
  baro_map spawned;                /* likewise, of what has not begun */
  uint64_t calls;                  /* entered */
  uint64_t mended;
  uint64_t unmatched;
  uint64_t too_deep; /* calls that were left out */
} baro_order_process;

typedef struct baro_order_output {
  baro_call_event events[BARO_ORDER_BATCH];
  uint32_t count;
} baro_order_output;

/* Appends what the step becomes; the output has room for BARO_ORDER_STEP_EVENTS. AGAIN, unless is_final: see above; then
 * nothing has changed. NO_MEMORY: nothing was appended. */
baro_status baro_order_take(baro_order_process *process, baro_order_thread *thread,
                            const baro_call_step *step, bool is_final,
                            baro_order_output *output) BARO_MUST_USE;
void baro_order_thread_release(baro_order_thread *thread);
void baro_order_process_release(baro_order_process *process);

#endif
