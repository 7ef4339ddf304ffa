/* Frame evaluation (PEP 523): what CPython 3.9 to 3.11 offer. The interpreter calls us for every frame of Python that runs or
 * goes on, in every thread of it, however that was started; we tell of it and call what was there before: the
 * interpreter's own evaluation, or that of another tool. Nothing the program sets itself (sys.setprofile, sys.settrace,
 * coverage, cProfile) is touched, for these are called by that evaluation.
 * Against the profile function of C, which these versions offer, too: it is called for C functions as well, needs a frame
 * object each call (3.11), belongs to one thread, is taken by the program's own profiler, and shows neither exceptions nor
 * what is thrown into a generator.
 * Code that is left out costs a look into the table; in 3.11 also a C call, for while somebody evaluates frames for it
 * the interpreter makes one for each call of Python. What that means for deep recursion: thread_stack.h.
 * Frames that were being evaluated when we came are not seen to end. */
#include "capture/agent/engine.h"

#include <string.h>

#include "capture/agent/agent_definitions.h"
#include "capture/agent/agent_tasks.h"
#include "capture/agent/budget.h"
#include "capture/agent/captured_values.h"
#include "capture/agent/events.h"
#include "capture/agent/frame_layout.h"
#include "capture/agent/loaded_module.h"
#include "capture/agent/spool.h"
#include "capture/agent/thread_stack.h"

/* Of 3.9 to 3.11, exported but not of the stable ABI, and weak, for this module is loaded into later ones, too. The frame is a
 * PyFrameObject up to 3.10, a _PyInterpreterFrame in 3.11. */
typedef PyObject *(*frame_evaluation)(PyThreadState *thread, void *frame, int throwing);
extern PyObject *_PyEval_EvalFrameDefault(PyThreadState *thread, void *frame, int throwing)
    __attribute__((weak));
extern frame_evaluation _PyInterpreterState_GetEvalFrameFunc(PyInterpreterState *interpreter)
    __attribute__((weak));
extern void _PyInterpreterState_SetEvalFrameFunc(PyInterpreterState *interpreter,
                                                 frame_evaluation evaluation) __attribute__((weak));

/* One agent a process, in one interpreter; all under its GIL. */
static int minor;                    /* of Python 3.MINOR */
static PyInterpreterState *observed; /* borrowed; NULL: not started, or it is no more */
static frame_evaluation inner;       /* what evaluates the frames */
static bool is_buried;   /* another tool came later, and calls us still, or did when we stopped */
static bool is_running;  /* between start and stop */
static uint32_t shallow; /* frames that are evaluated without us, for want of C stack */

static PyObject *evaluate(PyThreadState *thread, void *frame, int throwing);

/* --- Events --- */

/* What is raised while an event is told: the program's, which the agent's own work would lose. */
typedef struct raised {
  PyObject *type;
  PyObject *value;
  PyObject *traceback;
} raised;

static const baro_identity *identity_of(const void *frame) {
  PyObject *code = baro_frame_code(frame);
  const baro_identity *known = baro_identities_find(&baro_codes, code);
  if (__builtin_expect(known == NULL, 0)) {
    known = baro_definitions_add_code(
        code, &(baro_code_place){.globals = baro_frame_globals(frame, minor),
                                 .frame = minor < 11 ? (PyObject *)frame : NULL,
                                 .parameters = minor < 11 ? NULL : baro_frame_parameters(frame)});
  }
  return known;
}

/* Ids are those of one recording, in one process: where either has changed meanwhile, the code is asked again. */
static bool identify_again(const void *frame, uint32_t *id) {
  const baro_identity *known = identity_of(frame);
  *id = known->id;
  return (known->flags & BARO_IDENTITY_LEFT_OUT) == 0;
}

/* frame_addr 0: of code that cannot be suspended. */
static __attribute__((noinline)) void tell_raise(const void *frame, uint32_t id, bool is_current,
                                                 uint64_t frame_addr, uint64_t time) {
  if (!is_current && !identify_again(frame, &id)) {
    return;
  }
  raised error; /* waiting for room may lose it */
  PyErr_Fetch(&error.type, &error.value, &error.traceback);
  uint32_t detail = error.type == NULL ? 0 : baro_exception_of(error.type);
  uint64_t word = baro_ring_word(BARO_RING_RAISE, id, detail);
  if (frame_addr != 0) {
    baro_events_end_frame(time, word, frame_addr);
  } else {
    baro_events_end(time, word);
  }
  PyErr_Restore(error.type, error.value, error.traceback);
}

/* What is thrown into the generator is set already. */
static void begin_suspendable(const void *frame, uint32_t id, bool throwing) {
  baro_ring_kind kind = BARO_RING_ENTER;
  raised error = {0};
  if (throwing) {
    kind = BARO_RING_THROW;
    PyErr_Fetch(&error.type, &error.value, &error.traceback);
  } else if (baro_frame_has_begun(frame, minor)) {
    kind = BARO_RING_RESUME;
  }
  baro_events_begin_frame(baro_ring_word(kind, id, 0), baro_frame_address(frame));
  if (throwing) {
    PyErr_Restore(error.type, error.value, error.traceback);
  }
}

/* Of code that can be suspended: it makes a generator, or one is closed that never began, which from 3.12 on is no
 * event either. */
static bool runs_nothing(const void *frame, int throwing) {
  return !baro_frame_is_generators(frame, minor) ||
         (throwing != 0 && !baro_frame_has_begun(frame, minor));
}

static __attribute__((noinline)) PyObject *evaluate_suspendable(PyThreadState *thread, void *frame,
                                                                int throwing, uint32_t id) {
  if (runs_nothing(frame, throwing)) {
    return inner(thread, frame, throwing);
  }
  begin_suspendable(frame, id, throwing != 0);
  uint32_t epoch = baro_identities_epoch;
  PyObject *result = inner(thread, frame, throwing);
  uint64_t time = baro_events_now();
  uint64_t frame_addr = baro_frame_address(frame);
  bool is_current = epoch == baro_identities_epoch;
  if (result == NULL) {
    tell_raise(frame, id, is_current, frame_addr, time);
  } else if (is_current || identify_again(frame, &id)) {
    baro_ring_kind kind =
        baro_frame_is_suspended(frame, minor) ? BARO_RING_YIELD : BARO_RING_RETURN;
    baro_events_end_frame(time, baro_ring_word(kind, id, 0), frame_addr);
  }
  return result;
}

static __attribute__((noinline)) PyObject *evaluate_plain(PyThreadState *thread, void *frame,
                                                          int throwing, uint32_t id) {
  uint32_t epoch = baro_identities_epoch;
  baro_events_begin(baro_ring_word(BARO_RING_ENTER, id, 0));
  PyObject *result = inner(thread, frame, throwing);
  uint64_t time = baro_events_now();
  bool is_current = epoch == baro_identities_epoch;
  if (__builtin_expect(result == NULL, 0)) {
    tell_raise(frame, id, is_current, 0, time);
  } else if (__builtin_expect(is_current, 1) || identify_again(frame, &id)) {
    baro_events_end(time, baro_ring_word(BARO_RING_RETURN, id, 0));
  }
  return result;
}

/* The frame's code makes a task. In 3.11 the frame has no object, and the interpreter does not know it yet. */
static __attribute__((noinline)) void tell_task(void *frame) {
  baro_stack_quiet();
  if (minor < 11) {
    baro_tasks_see_frame(frame);
  } else {
    baro_tasks_see_call(((baro_frame_3_11 *)frame)->variables, 2, (PyObject *)PyEval_GetFrame());
  }
  baro_stack_unquiet();
}

static uint64_t address_of_object(PyObject *object, PyObject *code) {
  return baro_frame_address_of_object(object, code, minor);
}

/* --- Arguments and results --- */

/* Not in the frame of who evaluates: what is captured takes a kilobyte, and recursions are deep. */
static __attribute__((noinline)) void begin_with_arguments(void *frame, uint32_t id,
                                                           bool suspends) {
  baro_captured captured;
  captured.since = baro_events_now();
  uint32_t epoch = baro_identities_epoch;
  PyObject *code = baro_frame_code(frame);
  if (minor >= 11) {
    baro_capture_take_parameters(code, ((baro_frame_3_11 *)frame)->variables, suspends, &captured);
  } else {
    baro_capture_take_arguments(code, frame, &captured);
  }
  if (epoch == baro_identities_epoch || identify_again(frame, &id)) {
    baro_capture_begin(baro_ring_word(BARO_RING_ENTER, id, 0),
                       suspends ? baro_frame_address(frame) : 0, &captured);
  }
}

static __attribute__((noinline)) void end_with_result(void *frame, uint32_t id, bool suspends,
                                                      PyObject *result, uint64_t time) {
  baro_captured captured;
  captured.since = baro_events_now();
  uint32_t epoch = baro_identities_epoch;
  baro_capture_take_result(baro_frame_code(frame), result, &captured);
  if (epoch == baro_identities_epoch || identify_again(frame, &id)) {
    baro_capture_end(time, baro_ring_word(BARO_RING_RETURN, id, 0),
                     suspends ? baro_frame_address(frame) : 0, &captured);
  }
}

static void begin_odd(void *frame, uint32_t id, uint32_t flags, bool throwing) {
  bool suspends = (flags & BARO_IDENTITY_SUSPENDS) != 0;
  bool enters = !suspends || (!throwing && !baro_frame_has_begun(frame, minor));
  if (enters && (flags & BARO_IDENTITY_ARGUMENTS) != 0) {
    begin_with_arguments(frame, id, suspends);
  } else if (suspends) {
    begin_suspendable(frame, id, throwing);
  } else {
    baro_events_begin(baro_ring_word(BARO_RING_ENTER, id, 0));
  }
}

static void end_odd(void *frame, uint32_t id, uint32_t flags, PyObject *result, uint64_t time) {
  bool suspends = (flags & BARO_IDENTITY_SUSPENDS) != 0;
  baro_ring_kind kind =
      suspends && baro_frame_is_suspended(frame, minor) ? BARO_RING_YIELD : BARO_RING_RETURN;
  if (kind == BARO_RING_RETURN && (flags & BARO_IDENTITY_RETURNS) != 0) {
    end_with_result(frame, id, suspends, result, time);
  } else if (suspends) {
    baro_events_end_frame(time, baro_ring_word(kind, id, 0), baro_frame_address(frame));
  } else {
    baro_events_end(time, baro_ring_word(kind, id, 0));
  }
}

static __attribute__((noinline)) PyObject *evaluate_with_values(PyThreadState *thread, void *frame,
                                                                int throwing, uint32_t id,
                                                                uint32_t flags) {
  bool suspends = (flags & BARO_IDENTITY_SUSPENDS) != 0;
  if (suspends && runs_nothing(frame, throwing)) {
    return inner(thread, frame, throwing);
  }
  uint32_t epoch = baro_identities_epoch;
  begin_odd(frame, id, flags, throwing != 0);
  PyObject *result = inner(thread, frame, throwing);
  uint64_t time = baro_events_now();
  bool is_current = epoch == baro_identities_epoch;
  if (result == NULL) {
    tell_raise(frame, id, is_current, suspends ? baro_frame_address(frame) : 0, time);
  } else if (is_current || identify_again(frame, &id)) {
    end_odd(frame, id, flags, result, time);
  }
  return result;
}

/* --- A frame --- */

static PyObject *evaluate_kept(PyThreadState *thread, void *frame, int throwing, uint32_t id,
                               uint32_t flags) {
  if ((flags & (BARO_IDENTITY_ARGUMENTS | BARO_IDENTITY_RETURNS)) != 0) {
    return evaluate_with_values(thread, frame, throwing, id, flags);
  }
  return (flags & BARO_IDENTITY_SUSPENDS) != 0 ? evaluate_suspendable(thread, frame, throwing, id)
                                               : evaluate_plain(thread, frame, throwing, id);
}

/* What is thrown into a generator is set already, and waiting for room may lose it. */
static bool lets_begin(uint32_t id, uint32_t flags, baro_ring_kind kind, uint64_t frame_addr) {
  raised error = {0};
  if (kind == BARO_RING_THROW) {
    PyErr_Fetch(&error.type, &error.value, &error.traceback);
  }
  bool keeps = baro_budget_begin(id, flags, kind, frame_addr);
  if (kind == BARO_RING_THROW) {
    PyErr_Restore(error.type, error.value, error.traceback);
  }
  return keeps;
}

/* Of code that has a budget. */
static __attribute__((noinline)) PyObject *evaluate_governed(PyThreadState *thread, void *frame,
                                                             int throwing, uint32_t id,
                                                             uint32_t flags) {
  bool suspends = (flags & BARO_IDENTITY_SUSPENDS) != 0;
  bool has_begun = suspends && baro_frame_has_begun(frame, minor);
  if (suspends && (!baro_frame_is_generators(frame, minor) || (throwing != 0 && !has_begun))) {
    return inner(thread, frame, throwing);
  }
  baro_ring_kind kind = BARO_RING_ENTER;
  if (has_begun) {
    kind = throwing != 0 ? BARO_RING_THROW : BARO_RING_RESUME;
  }
  uint64_t frame_addr = suspends ? baro_frame_address(frame) : 0;
  uint32_t epoch = baro_identities_epoch;
  PyObject *result = lets_begin(id, flags, kind, frame_addr)
                         ? evaluate_kept(thread, frame, throwing, id, flags)
                         : inner(thread, frame, throwing);
  if (epoch == baro_identities_epoch) {
    bool is_suspended = suspends && result != NULL && baro_frame_is_suspended(frame, minor);
    (void)baro_budget_end(id, is_suspended ? BARO_RING_YIELD : BARO_RING_RETURN, frame_addr);
  }
  return result;
}

/* Of code that makes tasks, or whose values are asked for, or that has a budget. */
static __attribute__((noinline)) PyObject *evaluate_odd(PyThreadState *thread, void *frame,
                                                        int throwing, uint32_t id, uint32_t flags) {
  if ((flags & BARO_IDENTITY_SPAWNS) != 0) {
    tell_task(frame);
  }
  if ((flags & BARO_IDENTITY_LEFT_OUT) != 0) {
    return inner(thread, frame, throwing);
  }
  if ((flags & BARO_IDENTITY_GOVERNED) != 0) {
    return evaluate_governed(thread, frame, throwing, id, flags);
  }
  return evaluate_kept(thread, frame, throwing, id, flags);
}

/* Only calls in tail position: what is left out takes no C stack of ours. */
static inline __attribute__((always_inline)) PyObject *record(PyThreadState *thread, void *frame,
                                                              int throwing,
                                                              const baro_identity *known) {
  if (__builtin_expect(known->flags == 0, 1)) {
    return evaluate_plain(thread, frame, throwing, known->id);
  }
  switch (known->flags) {
  case BARO_IDENTITY_LEFT_OUT:
  case BARO_IDENTITY_LEFT_OUT | BARO_IDENTITY_SUSPENDS: return inner(thread, frame, throwing);
  case BARO_IDENTITY_SUSPENDS: return evaluate_suspendable(thread, frame, throwing, known->id);
  default: return evaluate_odd(thread, frame, throwing, known->id, known->flags);
  }
}

/* --- Near the end of the C stack --- */

typedef struct deep_frame {
  PyThreadState *thread;
  void *frame;
  int throwing;
  PyObject *result;
} deep_frame;

static void evaluate_deep(void *argument) {
  deep_frame *deep = argument;
  deep->result = record(deep->thread, deep->frame, deep->throwing, identity_of(deep->frame));
}

/* greenlet copies pieces of the C stack, which must be one for that. Leaves what is raised. */
static bool has_greenlets(void) {
  raised error;
  PyErr_Fetch(&error.type, &error.value, &error.traceback);
  PyObject *greenlet = baro_loaded_module("greenlet");
  bool has = greenlet != NULL;
  Py_XDECREF(greenlet);
  PyErr_Restore(error.type, error.value, error.traceback);
  return has;
}

/* As if we were not here: what this frame calls needs the C stack it needs without us. Calls of all threads are missing until
 * it has ended, which the report is told. */
static PyObject *evaluate_without_us(PyThreadState *thread, void *frame, int throwing) {
  static uint32_t noted_epoch;
  if (_PyInterpreterState_GetEvalFrameFunc(observed) != evaluate) {
    return inner(thread, frame, throwing); /* another tool is on top of us: nothing to be done */
  }
  if (noted_epoch != baro_identities_epoch + 1) {
    noted_epoch = baro_identities_epoch + 1;
    baro_spool_note("deep_recursion",
                    "calls of a deep recursion are missing: the C stack was full");
  }
  shallow++;
  _PyInterpreterState_SetEvalFrameFunc(observed, inner);
  PyObject *result = inner(thread, frame, throwing);
  shallow--;
  if (shallow == 0 && is_running && _PyInterpreterState_GetEvalFrameFunc(observed) == inner) {
    _PyInterpreterState_SetEvalFrameFunc(observed, evaluate);
  }
  return result;
}

static PyObject *evaluate_near_end(PyThreadState *thread, void *frame, int throwing) {
  deep_frame deep = {.thread = thread, .frame = frame, .throwing = throwing};
  if (!has_greenlets() && baro_stack_call(evaluate_deep, &deep)) {
    return deep.result;
  }
  return evaluate_without_us(thread, frame, throwing);
}

/* --- A trial --- */

/* What a trial has seen: a letter for each frame of the trial's own code. */
typedef struct trial {
  PyThreadState *thread;
  PyObject *globals;
  char seen[16];
  size_t count;
} trial;

static trial *tried; /* NULL: there is none */

static void see(char what) {
  if (tried->count + 1 < sizeof(tried->seen)) {
    tried->seen[tried->count++] = what;
  }
}

/* Frames of others come by, too: the collector may run what it likes. */
static PyObject *evaluate_trial(PyThreadState *thread, void *frame, int throwing) {
  if (tried == NULL || tried->thread != thread ||
      baro_frame_globals(frame, minor) != tried->globals) {
    return inner(thread, frame, throwing);
  }
  PyObject *name = PyObject_GetAttrString(baro_frame_code(frame), "co_name");
  bool is_generator = name != NULL && PyUnicode_CompareWithASCIIString(name, "g") == 0;
  Py_XDECREF(name);
  PyErr_Clear();
  if (!is_generator) {
    see('m');
    return inner(thread, frame, throwing);
  }
  if (!baro_frame_is_generators(frame, minor)) {
    see('c');
    return inner(thread, frame, throwing);
  }
  see(baro_frame_has_begun(frame, minor) ? 'r' : 'e');
  PyObject *result = inner(thread, frame, throwing);
  if (tried != NULL) {
    see(baro_frame_is_suspended(frame, minor) ? 'y' : 'x');
  }
  return result;
}

/* Code that needs no builtins: they are the program's. */
static void run_trial(PyObject *globals) {
  PyObject *code =
      Py_CompileString("def g():\n yield\n\nfor _ in g(): pass\n", "<barograph>", Py_file_input);
  PyObject *answer = code == NULL ? NULL : PyEval_EvalCode(code, globals, globals);
  Py_XDECREF(answer);
  Py_XDECREF(code);
  PyErr_Clear();
}

/* Whether frames come to us, and are laid out as frame_layout.h says: a build of Python may have its own idea. */
static bool frames_come(void) {
  PyObject *globals = PyDict_New();
  if (globals == NULL) {
    PyErr_Clear();
    return false;
  }
  trial here = {.thread = PyThreadState_Get(), .globals = globals};
  (void)baro_stack_look();
  baro_stack_quiet();
  tried = &here;
  run_trial(globals);
  tried = NULL;
  baro_stack_unquiet();
  Py_DECREF(globals);
  return strcmp(here.seen, minor >= 11 ? "mceyrx" : "meyrx") == 0;
}

/* --- What the interpreter calls --- */

static __attribute__((noinline)) PyObject *evaluate_carefully(PyThreadState *thread, void *frame,
                                                              int throwing) {
  if (baro_stack_here.quiet != 0) {
    return tried == NULL ? inner(thread, frame, throwing) : evaluate_trial(thread, frame, throwing);
  }
  if (baro_stack_look() == BARO_STACK_NEAR_END) {
    return evaluate_near_end(thread, frame, throwing);
  }
  return record(thread, frame, throwing, identity_of(frame));
}

static PyObject *evaluate(PyThreadState *thread, void *frame, int throwing) {
  const baro_identity *known = baro_identities_find(&baro_codes, baro_frame_code(frame));
  if (__builtin_expect(known == NULL || !baro_stack_is_easy(), 0)) {
    return evaluate_carefully(thread, frame, throwing);
  }
  return record(thread, frame, throwing, known);
}

/* --- The engine --- */

static bool is_offered(void) {
  PyObject *version = PySys_GetObject("hexversion"); /* borrowed */
  long number = version == NULL ? 0 : PyLong_AsLong(version);
  PyErr_Clear();
  minor = (int)(number >> 16 & 0xff);
  return number >= 0x03090000 && number < 0x030c0000 && _PyEval_EvalFrameDefault != NULL &&
         _PyInterpreterState_GetEvalFrameFunc != NULL &&
         _PyInterpreterState_SetEvalFrameFunc != NULL;
}

/* Gives the place back unless another tool stands on top of us, whose chain would break. */
static void take_out(void) {
  is_running = false;
  is_buried = _PyInterpreterState_GetEvalFrameFunc(observed) != evaluate && shallow == 0;
  if (!is_buried) {
    _PyInterpreterState_SetEvalFrameFunc(observed, inner);
  }
}

/* The interpreter is about to go, and finalizers that run still would find half of it. */
static void on_end_of_interpreter(PyObject *capsule) {
  (void)capsule;
  if (observed != NULL && is_running) {
    baro_events_stop();
    take_out();
  }
  observed = NULL;
}

/* Its dictionary is let go of behind all modules. False: no memory. */
static bool watch_end(PyInterpreterState *interpreter) {
  static const char key[] = "barograph._agent.frames";
  PyObject *dictionary = PyInterpreterState_GetDict(interpreter); /* borrowed */
  if (dictionary == NULL || PyDict_GetItemString(dictionary, key) != NULL) {
    return dictionary != NULL;
  }
  PyObject *capsule = PyCapsule_New(&observed, NULL, on_end_of_interpreter);
  bool watched = capsule != NULL && PyDict_SetItemString(dictionary, key, capsule) == 0;
  Py_XDECREF(capsule);
  PyErr_Clear();
  return watched;
}

static const char *start(void) {
  PyInterpreterState *interpreter = PyInterpreterState_Get();
  if (!watch_end(interpreter)) {
    return "there is no memory";
  }
  (void)baro_stack_start();
  baro_tasks_frame_address = address_of_object;
  observed = interpreter;
  /* Of an earlier recording: whoever was on top of us then may call us still. */
  if (!is_buried || !frames_come()) {
    frame_evaluation before = _PyInterpreterState_GetEvalFrameFunc(interpreter);
    if (before != evaluate) {
      inner = before;
      _PyInterpreterState_SetEvalFrameFunc(interpreter, evaluate);
    }
    if (!frames_come()) {
      take_out();
      return "frames of this build of Python are not as those of its version";
    }
  }
  is_buried = false;
  is_running = true;
  return NULL;
}

/* Every call comes here anyway. */
static void mark(PyObject *code) {
  (void)code;
}

static void unmark(PyObject *code) {
  (void)code;
}

static void stop(void) {
  if (observed != NULL && is_running) {
    take_out();
  }
}

const baro_engine baro_engine_frames = {
    .name = "frame evaluation",
    .is_offered = is_offered,
    .start = start,
    .mark = mark,
    .unmark = unmark,
    .stop = stop,
};
