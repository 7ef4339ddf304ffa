/* Copies the Python stack of one thread out of a running target.
 * Flow: target memory -> raw stack (frame, code and instruction addresses) -> code cache -> recording.
 * Invariant: an accepted stack existed. The target is never stopped or written to, so a copy may be torn;
 * every attempt therefore is a seqlock from outside, in one process_vm_readv, in this order:
 *
 *   1. older chunks, the newest chunk
 *   2. frames outside the chunks (generators, entries from C)
 *   3. the thread state (3.11, 3.12: the cframe): which frame is the newest *now*
 *   4. the newest chunk again
 *   5. which frame is the newest, again
 *   6. a piece of the chunk before the newest and the frames outside the chunks again; the interpreter
 *   7. for 64 reads after one that was rejected: 4 once more, and which frame is the newest five times more,
 *      around 4 and 7
 *
 * (The kernel takes 0.8 us from one range to the next, so that a target which calls every 50 to 100 ns changes its
 * stack and changes it back in between. What deceives is resonance of its period and ours: one chunk then
 * is always seen in the same phase, and the newest frame in another. Looks at the newest frame one, two and three
 * ranges away from the chunk see more phases. With two chains of five calls, with and without a generator, on
 * two idle CPUs, in test_stack_reader.c: 0 of 236,000 accepted never were; with one look after each copy of the chunk up
 * to 4 %; it costs 3 us. 2026-11.)
 * It is accepted only if all readings of the newest frame and all copies agree in *every byte* below the
 * newest frame (code, callers, instruction, locals of all suspended frames: they cannot change while a
 * callee runs) and in the newest frame's links; then all of it was so at moment 3. Of the newest frame the
 * instruction and the locals may differ, as it is running. What lies below an unchanged suspended frame did
 * not change either, so older chunks are copied once, and of the one before the newest the head of its
 * topmost frame is compared.
 * A rejected attempt gives BARO_AGAIN: the caller tries again at once and counts.
 * Which ranges to read is predicted from the last read of the same thread; a wrong prediction costs a
 * further system call, not the sample.
 * Interpreters that keep frames as heap objects (3.9, 3.10) have no chunk: there all frames are read twice. Of deep
 * stacks some frames near the leaf, known from the last sample, are read before all others; those down to the
 * first of them that is in the stack are read again afterwards, and by the same argument prove what lies below.
 * Runs in the sampler thread only; does not resolve names; never stops the target. */
#ifndef BARO_CAPTURE_SAMPLER_STACK_READER_H
#define BARO_CAPTURE_SAMPLER_STACK_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "capture/cpython/layout.h"

enum {
  BARO_STACK_MAX_FRAMES = 32768,          /* deeper (root side) frames are cut and marked */
  BARO_STACK_MAX_BYTES = 8 * 1024 * 1024, /* of data stack read for one thread */
};

typedef struct baro_raw_frame {
  uint64_t frame_addr;
  uint64_t code_addr; /* tags masked off; 0 when the frame names none */
  uint64_t ip;        /* as the frame has it: address, or f_lasti sign-extended (layout.ip_kind) */
  int32_t tlbc_index; /* free-threaded 3.14+; else 0 */
} baro_raw_frame;

/* frames[0] is the newest (leaf). C entry frames are left out. */
typedef struct baro_raw_stack {
  baro_raw_frame *frames; /* owned */
  uint32_t count;
  uint32_t capacity;
  bool cut; /* deeper than our limits: the oldest frames are missing */
} baro_raw_stack;

void baro_raw_stack_release(baro_raw_stack *stack);

typedef struct baro_stack_reader baro_stack_reader;

/* A reader for one thread. layout is borrowed and must outlive it. native_id: what the thread state
 * holds as native_thread_id (in the target's pid namespace), 0 when not known. */
baro_status baro_stack_reader_create(pid_t pid, const baro_layout *layout, uint64_t interp_addr,
                                     uint64_t thread_addr, uint64_t native_id,
                                     baro_stack_reader **ret_reader, baro_error *err) BARO_MUST_USE;
void baro_stack_reader_destroy(baro_stack_reader *reader);

/* One attempt. BARO_OK: stack is filled (count 0: the thread runs no Python code). BARO_AGAIN: the copy was
 * inconsistent. BARO_GONE: the process or this thread state is gone. NO_PERMISSION, NO_MEMORY, IO. Formats a
 * message only if err is given. Cost: one system call, about 5 us, while the prediction holds. */
baro_status baro_stack_reader_read(baro_stack_reader *reader, baro_raw_stack *stack,
                                   baro_error *err) BARO_MUST_USE;

/* Which frame was the newest at moment 3 of the last attempt, also if it was rejected: address and code (0: not
 * known). A rejected attempt is more likely the shorter a stack lives, so "try again until it works" alone
 * would favour long-lived stacks. This glimpse is a fair sample of the moment: a caller that goes on until an
 * accepted stack has the same newest frame keeps the shares right. */
typedef struct baro_stack_glimpse {
  uint64_t frame_addr;
  uint64_t code_addr;
} baro_stack_glimpse;
baro_stack_glimpse baro_stack_reader_glimpse(const baro_stack_reader *reader);

/* The window of the interpreter (layout.interp.read_offset, read_bytes) as it was right after the stack
 * in the last BARO_OK read, and the thread state of that read. Borrowed, valid until the next read. */
const uint8_t *baro_stack_reader_interp_window(const baro_stack_reader *reader);
const uint8_t *baro_stack_reader_thread_window(const baro_stack_reader *reader);

/* True if the newest accepted stack still has this frame with this code: asked after a code object was
 * read, to know that it was alive when the stack was. */
bool baro_stack_reader_still_has(baro_stack_reader *reader, const baro_raw_frame *frame);

#endif
