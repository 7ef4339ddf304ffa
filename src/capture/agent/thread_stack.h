/* The C stack of a thread, and more of it where a recursion of Python needs more with us than without.
 * CPython 3.11 evaluates Python that calls Python in one C frame, but not while somebody evaluates frames for it
 * (engine_frames.c): then every level takes some hundred bytes of C stack, and a recursion that is limited only by
 * sys.setrecursionlimit would run into the stack's end. Up to 3.10 every level takes C stack anyway, and our part comes on top.
 * So whoever is called for a frame asks whether the end is near, and goes on in a segment then:
 *
 *   thread's stack [main ... f f f f|reserve]  segment 1 [f f f f f f|reserve]  segment 2 [f f ...
 *                                   `-> baro_stack_call           `-> baro_stack_call
 *
 * A thread keeps one segment until it ends. The reserve is what functions of C find left in the worst case.
 * Also here, for it must cost nothing where it is not needed: whether the thread is quiet, for then, too, frames are
 * looked at more closely. Every thread has its own; no lock. */
#ifndef BARO_CAPTURE_AGENT_THREAD_STACK_H
#define BARO_CAPTURE_AGENT_THREAD_STACK_H

#include <stdbool.h>
#include <stdint.h>

enum { BARO_STACK_SEGMENTS = 16 }; /* of 16 MiB: a recursion of half a million levels */

/* Zero: not known yet. */
typedef struct baro_stack {
  uintptr_t low;  /* addresses from here on ... */
  uintptr_t room; /* ... as far as this are of the current stack or segment, and far from its end */
  uintptr_t usual_room; /* room, while the thread is quiet */
  uint32_t quiet;       /* how often it was told to be */
  uint32_t depth;       /* segments in use */
  bool known;
  uintptr_t end, top; /* of the current stack or segment, all of it */
  void **
      segments; /* owned, as they are: those in use, and one more; outermost first. NULL: none yet */
} baro_stack;

extern _Thread_local baro_stack baro_stack_here;

typedef enum baro_stack_place {
  BARO_STACK_FINE,
  BARO_STACK_NEAR_END,
  BARO_STACK_FOREIGN, /* on a stack that is not the thread's: its end cannot be known */
} baro_stack_place;

/* Once a process, before all else. False: no thread could give its segments back, so there are none. */
bool baro_stack_start(void);

/* About where the stack ends now. __builtin_frame_address would have every function that asks make a frame. */
static inline uintptr_t baro_stack_pointer(void) {
#if defined(__x86_64__)
  uintptr_t pointer;
  __asm__("mov %%rsp, %0" : "=r"(pointer));
  return pointer;
#elif defined(__aarch64__)
  uintptr_t pointer;
  __asm__("mov %0, sp" : "=r"(pointer));
  return pointer;
#else
  return (uintptr_t)__builtin_frame_address(0);
#endif
}

/* Nothing needs to be looked at. Hot. */
static inline bool baro_stack_is_easy(void) {
  return baro_stack_pointer() - baro_stack_here.low < baro_stack_here.room;
}

baro_stack_place baro_stack_look(void);

/* Calls function(argument) in a segment. False: there is none to be had, and nothing was called. */
bool baro_stack_call(void (*function)(void *argument), void *argument);

/* Between these two the thread's calls are not told: the agent's own work may have the collector run finalizers of the
 * program, in the middle of an event. They nest. */
static inline void baro_stack_quiet(void) {
  if (baro_stack_here.quiet++ == 0) {
    baro_stack_here.usual_room = baro_stack_here.room;
    baro_stack_here.room = 0;
  }
}

static inline void baro_stack_unquiet(void) {
  if (--baro_stack_here.quiet == 0) {
    baro_stack_here.room = baro_stack_here.usual_room;
  }
}

#endif
