/* What the threads of a free-threaded interpreter are to it. There is no GIL to wait for, but a thread that stops all
 * others (to collect, among other things) suspends them: they wait until it lets them go on.
 * Flow: thread states -> here -> state of a sample: gil for who is held up (thread_state.c), collector for who does it.
 * Invariant: false is the answer to all that is not known, and for interpreters with a GIL.
 * Reads up to three words of the target; runs in the sampler thread only. */
#ifndef BARO_CAPTURE_SAMPLER_ATTACHMENT_H
#define BARO_CAPTURE_SAMPLER_ATTACHMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/cpython/interpreter.h"

/* Where the thread state says it, an int32; 0: it does not, or there is none (thread_addr 0). */
uint64_t baro_attachment_addr(const baro_layout *layout, uint64_t thread_addr);

/* Does this thread hold up all others of its interpreter, or is it the only one? threads_addr: the newest
 * thread state of the interpreter. */
bool baro_attachment_is_alone(const baro_interpreter *interpreter, uint64_t threads_addr,
                              uint64_t thread_addr);

#endif
