/* What CPython 3.9, 3.10 and 3.11 hand to a function that evaluates frames (PEP 523): a frame object up to 3.10, from 3.11 on
 * the interpreter's own frame, which lives on the thread's data stack or inside of a generator.
 * The headers of these versions declare it outside of the stable ABI; the versions change no more. engine_frames.c lets code
 * run whose frames it knows and compares before it believes what is written here.
 * Under the GIL, by the thread that evaluates the frame. Nothing here owns anything. */
#ifndef BARO_CAPTURE_AGENT_FRAME_LAYOUT_H
#define BARO_CAPTURE_AGENT_FRAME_LAYOUT_H

#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct baro_frame_3_9 {
  PyObject_VAR_HEAD void *back;
  PyObject *code;
  PyObject *builtins;
  PyObject *globals;
  PyObject *locals;
  PyObject **value_stack;
  PyObject **stack_top; /* NULL while it runs, and when it has ended */
  PyObject *trace;
  char trace_lines;
  char trace_opcodes;
  PyObject *generator;
  int last_instruction; /* -1: has not run yet */
} baro_frame_3_9;

typedef struct baro_frame_3_10 {
  PyObject_VAR_HEAD void *back;
  PyObject *code;
  PyObject *builtins;
  PyObject *globals;
  PyObject *locals;
  PyObject **value_stack;
  PyObject *trace;
  int stack_depth;
  char trace_lines;
  char trace_opcodes;
  PyObject *generator;
  int last_instruction; /* -1: has not run yet */
  int line;
  int block;
  signed char state; /* -1: suspended */
} baro_frame_3_10;

typedef struct baro_frame_3_11 {
  PyObject *function;
  PyObject *globals;
  PyObject *builtins;
  PyObject *locals;
  PyObject *code;
  PyObject *object; /* NULL: nobody has asked for it */
  void *previous;
  const uint8_t *instruction; /* the one that ran last: opcode, argument */
  int stack_top;
  bool is_entry;
  char owner;
  PyObject *variables[]; /* parameters first */
} baro_frame_3_11;

/* The object of a frame, in 3.11. */
typedef struct baro_frame_object_3_11 {
  PyObject_HEAD void *back;
  baro_frame_3_11 *frame;
} baro_frame_object_3_11;

/* The code stands at one place in all three, which saves the hot path a branch. */
_Static_assert(offsetof(baro_frame_3_9, code) == offsetof(baro_frame_3_10, code), "code of 3.10");
_Static_assert(offsetof(baro_frame_3_9, code) == offsetof(baro_frame_3_11, code), "code of 3.11");

enum {
  BARO_FRAME_SUSPENDED_3_10 = -1,
  BARO_FRAME_OF_GENERATOR_3_11 = 1,
  BARO_OPCODE_RETURN_GENERATOR_3_11 = 75,
  BARO_OPCODE_YIELD_VALUE_3_11 = 86,
};

/* Borrowed. */
static inline PyObject *baro_frame_code(const void *frame) {
  return ((const baro_frame_3_11 *)frame)->code;
}

/* minor: of 3.MINOR, 9 to 11, here and below. Borrowed. */
static inline PyObject *baro_frame_globals(const void *frame, int minor) {
  return minor >= 11 ? ((const baro_frame_3_11 *)frame)->globals
                     : ((const baro_frame_3_9 *)frame)->globals;
}

/* Values of the parameters; borrowed. Of 3.11. */
static inline PyObject *const *baro_frame_parameters(const void *frame) {
  return ((const baro_frame_3_11 *)frame)->variables;
}

/* The next four: of code of a generator, coroutine or async generator. */

/* Calling such code evaluates a frame in 3.11, which only makes the generator: false. */
static inline bool baro_frame_is_generators(const void *frame, int minor) {
  return minor < 11 || ((const baro_frame_3_11 *)frame)->owner == BARO_FRAME_OF_GENERATOR_3_11;
}

/* Before it is evaluated: whether it goes on. */
static inline bool baro_frame_has_begun(const void *frame, int minor) {
  switch (minor) {
  case 9: return ((const baro_frame_3_9 *)frame)->last_instruction >= 0;
  case 10: return ((const baro_frame_3_10 *)frame)->last_instruction >= 0;
  default:
    return ((const baro_frame_3_11 *)frame)->instruction[0] != BARO_OPCODE_RETURN_GENERATOR_3_11;
  }
}

/* After it was evaluated, without an exception: whether it is to go on. */
static inline bool baro_frame_is_suspended(const void *frame, int minor) {
  switch (minor) {
  case 9: return ((const baro_frame_3_9 *)frame)->stack_top != NULL;
  case 10: return ((const baro_frame_3_10 *)frame)->state == BARO_FRAME_SUSPENDED_3_10;
  default: return ((const baro_frame_3_11 *)frame)->instruction[0] == BARO_OPCODE_YIELD_VALUE_3_11;
  }
}

/* What tells generators apart in events: the frame's address, which stays as long as the generator lives. */
static inline uint64_t baro_frame_address(const void *frame) {
  return (uint64_t)(uintptr_t)frame;
}

/* The same by the object of the frame. 0: it cannot be what its code says. */
static inline uint64_t baro_frame_address_of_object(PyObject *object, const PyObject *code,
                                                    int minor) {
  if (minor < 11) {
    return baro_frame_address(object);
  }
  const baro_frame_3_11 *frame = ((const baro_frame_object_3_11 *)object)->frame;
  return frame->code == code ? baro_frame_address(frame) : 0;
}

#endif
