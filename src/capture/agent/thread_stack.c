#include "capture/agent/thread_stack.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  SEGMENT_BYTES = 16 << 20,
  GUARD_BYTES = 64 << 10, /* a multiple of every page size there is */
  RESERVE_BYTES = 2 << 20,
};

_Thread_local baro_stack baro_stack_here;

static pthread_key_t end_of_thread;
static bool have_key;

/* Calls function(argument) with the stack pointer at top, which is a multiple of 16. Whoever walks the stack finds the way
 * back by the frame pointer: debuggers, and pthread_exit, by which CPython ends daemon threads. */
void baro_stack_switch(void *argument, void (*function)(void *argument), void *top);

#if defined(__x86_64__)
static const bool can_switch = true;
__asm__(".text\n"
        ".p2align 4\n"
        ".hidden baro_stack_switch\n"
        ".globl baro_stack_switch\n"
        ".type baro_stack_switch, @function\n"
        "baro_stack_switch:\n"
        ".cfi_startproc\n"
        "  endbr64\n"
        "  pushq %rbp\n"
        "  .cfi_def_cfa_offset 16\n"
        "  .cfi_offset %rbp, -16\n"
        "  movq %rsp, %rbp\n"
        "  .cfi_def_cfa_register %rbp\n"
        "  movq %rdx, %rsp\n"
        "  callq *%rsi\n"
        "  movq %rbp, %rsp\n"
        "  popq %rbp\n"
        "  .cfi_def_cfa %rsp, 8\n"
        "  ret\n"
        ".cfi_endproc\n"
        ".size baro_stack_switch, . - baro_stack_switch\n");
#elif defined(__aarch64__)
static const bool can_switch = true;
__asm__(".text\n"
        ".p2align 4\n"
        ".hidden baro_stack_switch\n"
        ".globl baro_stack_switch\n"
        ".type baro_stack_switch, %function\n"
        "baro_stack_switch:\n"
        ".cfi_startproc\n"
        "  stp x29, x30, [sp, #-16]!\n"
        "  .cfi_def_cfa_offset 16\n"
        "  .cfi_offset x29, -16\n"
        "  .cfi_offset x30, -8\n"
        "  mov x29, sp\n"
        "  .cfi_def_cfa_register x29\n"
        "  mov sp, x2\n"
        "  blr x1\n"
        "  mov sp, x29\n"
        "  ldp x29, x30, [sp], #16\n"
        "  .cfi_def_cfa sp, 0\n"
        "  ret\n"
        ".cfi_endproc\n"
        ".size baro_stack_switch, . - baro_stack_switch\n");
#else
static const bool can_switch = false;
void baro_stack_switch(void *argument, void (*function)(void *argument), void *top) {
  (void)argument, (void)function, (void)top;
}
#endif

static bool is_within(uintptr_t address, const void *segment) {
  return address - (uintptr_t)segment < SEGMENT_BYTES;
}

/* Of the pthread key. */
static void give_back(void *unused) {
  (void)unused;
  baro_stack *here = &baro_stack_here;
  bool is_used = false;
  for (size_t i = 0; here->segments != NULL && i < BARO_STACK_SEGMENTS; i++) {
    /* Where a thread ends without leaving its functions (pthread_exit of a C library that does not unwind) it stands on it. */
    if (here->segments[i] == NULL) {
      continue;
    }
    if (is_within(baro_stack_pointer(), here->segments[i])) {
      is_used = true;
      continue;
    }
    (void)munmap(here->segments[i], SEGMENT_BYTES);
    here->segments[i] = NULL;
  }
  if (!is_used) {
    free(here->segments);
    here->segments = NULL;
  }
}

bool baro_stack_start(void) {
  if (!have_key) {
    have_key = pthread_key_create(&end_of_thread, give_back) == 0;
  }
  return have_key;
}

/* --- Where it ends --- */

static void set_bounds(baro_stack *here, uintptr_t end, uintptr_t top) {
  uintptr_t reserve = (top - end) / 2 < RESERVE_BYTES ? (top - end) / 2 : RESERVE_BYTES;
  here->end = end;
  here->top = top;
  here->low = end + reserve;
  *(here->quiet == 0 ? &here->room : &here->usual_room) = top - here->low;
}

/* Once a thread: for the first one of a process the C library reads /proc/self/maps. */
static void find_bounds(baro_stack *here) {
  pthread_attr_t attributes;
  void *end = NULL;
  size_t bytes = 0;
  size_t guard = 0;
  here->known = true;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
    return;
  }
  if (pthread_attr_getstack(&attributes, &end, &bytes) == 0 && bytes > 0) {
    /* Up to glibc 2.27 the guard lies within. */
    (void)pthread_attr_getguardsize(&attributes, &guard);
    set_bounds(here, (uintptr_t)end + (guard < bytes / 4 ? guard : 0), (uintptr_t)end + bytes);
  }
  (void)pthread_attr_destroy(&attributes);
}

baro_stack_place baro_stack_look(void) {
  baro_stack *here = &baro_stack_here;
  if (!here->known) {
    int kept = errno;
    find_bounds(here);
    errno = kept;
  }
  uintptr_t at = baro_stack_pointer();
  if (at - here->end >= here->top - here->end) {
    return BARO_STACK_FOREIGN;
  }
  return at >= here->low ? BARO_STACK_FINE : BARO_STACK_NEAR_END;
}

/* --- More of it --- */

static void drop_segment(baro_stack *here, uint32_t index) {
  if (index < BARO_STACK_SEGMENTS && here->segments[index] != NULL) {
    (void)munmap(here->segments[index], SEGMENT_BYTES);
    here->segments[index] = NULL;
  }
}

static void *map_segment(void) {
  void *memory = mmap(NULL, SEGMENT_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) {
    return NULL;
  }
  if (mprotect(memory, GUARD_BYTES, PROT_NONE) != 0) {
    (void)munmap(memory, SEGMENT_BYTES);
    return NULL;
  }
  return memory;
}

/* The one at here->depth; NULL: there is none to be had. */
static void *take_segment(baro_stack *here) {
  if (!can_switch || !have_key || here->depth >= BARO_STACK_SEGMENTS) {
    return NULL;
  }
  if (here->segments == NULL) {
    here->segments = calloc(BARO_STACK_SEGMENTS, sizeof(*here->segments));
  }
  /* Any value but NULL has the destructor called. */
  if (here->segments == NULL || pthread_setspecific(end_of_thread, &end_of_thread) != 0) {
    return NULL;
  }
  if (here->segments[here->depth] == NULL) {
    here->segments[here->depth] = map_segment();
  }
  return here->segments[here->depth];
}

bool baro_stack_call(void (*function)(void *argument), void *argument) {
  baro_stack *here = &baro_stack_here;
  int kept = errno;
  void *segment = take_segment(here);
  errno = kept;
  if (segment == NULL) {
    return false;
  }
  uintptr_t end = here->end;
  uintptr_t top = here->top;
  uintptr_t segment_top = (uintptr_t)segment + SEGMENT_BYTES;
  here->depth++;
  set_bounds(here, (uintptr_t)segment + GUARD_BYTES, segment_top);
  baro_stack_switch(argument, function, (void *)segment_top);
  here->depth--;
  set_bounds(here, end, top);
  drop_segment(here,
               here->depth + 1); /* the one just left stays: it may be entered again at once */
  return true;
}
