/* The profile function of C, PyEval_SetProfile: what CPython 3.9 to 3.11 offer. It belongs to a thread: the one that starts
 * us has it at once, as those have that run already; those that threading starts get it by threading.setprofile, from their
 * first lines.
 * It cannot tell resuming from beginning, nor suspending from returning; the instruction at which the frame stands can. An
 * exception that is thrown into a generator looks like resuming, and the type of what unwinds a frame is not shown.
 * The object given with the function is NULL, so that sys.getprofile() is None, as without us. A program that sets a profile
 * function of its own gets it, and we get no more events of that thread. */
#include "capture/agent/engine.h"

#include "capture/agent/agent_definitions.h"
#include "capture/agent/events.h"

/* Exported by every CPython, but not declared for the stable ABI. The function is called with PyTrace_* numbers, which
 * have been the same since 2.3; ours are those of 3.9 to 3.11, and this runs nowhere else. */
typedef int (*profile_function)(PyObject *object, PyFrameObject *frame, int what,
                                PyObject *argument);
extern void PyEval_SetProfile(profile_function function, PyObject *object);
/* For another thread; of 3.9 to 3.11, and weak, for this module is loaded into later ones, too. */
extern int _PyEval_SetProfile(PyThreadState *thread, profile_function function, PyObject *object)
    __attribute__((weak));
extern PyThreadState *PyInterpreterState_ThreadHead(PyInterpreterState *interpreter)
    __attribute__((weak));
extern PyThreadState *PyThreadState_Next(PyThreadState *thread) __attribute__((weak));

enum { TRACE_CALL = 0, TRACE_RETURN = 3 };

/* Of 3.9 to 3.11; bytecode of three versions that change no more. */
enum { OPCODE_RETURN_VALUE = 83, OPCODE_RESUME_3_11 = 151 };

static bool
    has_resume; /* 3.11: frames begin and go on at an instruction RESUME, whose argument says which */

/* Where the frame stands, in bytes; -1 before the first instruction, and where unknown. */
static Py_ssize_t last_instruction(PyFrameObject *frame) {
  static PyObject *name; /* of the process */
  if (name == NULL) {
    name = PyUnicode_InternFromString("f_lasti");
  }
  PyObject *number = name == NULL ? NULL : PyObject_GetAttr((PyObject *)frame, name);
  Py_ssize_t index = number == NULL ? -1 : PyLong_AsSsize_t(number);
  Py_XDECREF(number);
  PyErr_Clear();
  return index;
}

static bool begins(PyFrameObject *frame, const baro_identity_cold *cold) {
  Py_ssize_t at = last_instruction(frame);
  if (!has_resume) {
    return at < 0;
  }
  if (at < 0 || (size_t)at + 1 >= cold->bytecode_bytes) {
    return true;
  }
  return cold->bytecode[at] == OPCODE_RESUME_3_11 && cold->bytecode[at + 1] == 0;
}

static bool returns(PyFrameObject *frame, const baro_identity_cold *cold) {
  Py_ssize_t at = last_instruction(frame);
  return at >= 0 && (size_t)at < cold->bytecode_bytes && cold->bytecode[at] == OPCODE_RETURN_VALUE;
}

static void suspendable_call(PyFrameObject *frame, const baro_identity *code) {
  uint32_t id = code->id;
  baro_ring_kind kind =
      begins(frame, baro_identities_cold(&baro_codes, code)) ? BARO_RING_ENTER : BARO_RING_RESUME;
  baro_events_begin_frame(baro_ring_word(kind, id, 0), (uint64_t)(uintptr_t)frame);
}

static void suspendable_return(PyFrameObject *frame, const baro_identity *code, uint64_t time,
                               bool raised) {
  uint32_t id = code->id;
  baro_ring_kind kind = BARO_RING_RAISE;
  if (!raised) {
    kind = returns(frame, baro_identities_cold(&baro_codes, code)) ? BARO_RING_RETURN
                                                                   : BARO_RING_YIELD;
  }
  baro_events_end_frame(time, baro_ring_word(kind, id, 0), (uint64_t)(uintptr_t)frame);
}

static void on_call(PyFrameObject *frame, const baro_identity *code) {
  if (code->flags == 0) {
    baro_events_begin(baro_ring_word(BARO_RING_ENTER, code->id, 0));
  } else if ((code->flags & BARO_IDENTITY_LEFT_OUT) == 0) {
    suspendable_call(frame, code);
  }
}

static void on_return(PyFrameObject *frame, const baro_identity *code, uint64_t time, bool raised) {
  if (code->flags == 0) {
    baro_events_end(time, baro_ring_word(raised ? BARO_RING_RAISE : BARO_RING_RETURN, code->id, 0));
  } else if ((code->flags & BARO_IDENTITY_LEFT_OUT) == 0) {
    suspendable_return(frame, code, time, raised);
  }
}

static int on_profile(PyObject *object, PyFrameObject *frame, int what, PyObject *argument) {
  (void)object;
  if (what != TRACE_CALL && what != TRACE_RETURN) {
    return 0; /* C functions */
  }
  uint64_t time = what == TRACE_RETURN ? baro_events_now() : 0;
  if (baro_events_stopped()) {
    PyEval_SetProfile(NULL, NULL); /* each thread ends its own */
    return 0;
  }
  PyObject *code = (PyObject *)PyFrame_GetCode(frame);
  const baro_identity *known = baro_code_of(code);
  if (what == TRACE_CALL) {
    on_call(frame, known);
  } else {
    on_return(frame, known, time, argument == NULL);
  }
  Py_DECREF(code);
  return 0;
}

/* What threading calls as a profile function of Python in a new thread: takes itself out, and us in. */
static PyObject *install(PyObject *self, PyObject *arguments) {
  (void)self, (void)arguments;
  if (!baro_events_stopped()) {
    PyEval_SetProfile(on_profile, NULL);
  } else {
    PyEval_SetProfile(NULL, NULL);
  }
  Py_RETURN_NONE;
}

/* What threading was given, owned; NULL: nothing yet. */
static PyObject *installer;

static PyMethodDef install_method = {"install", install, METH_VARARGS, NULL};

static bool is_offered(void) {
  PyObject *version = PySys_GetObject("hexversion"); /* borrowed */
  long number = version == NULL ? 0 : PyLong_AsLong(version);
  PyErr_Clear();
  has_resume = number >= 0x030b0000;
  return number >= 0x03090000 && number < 0x030c0000;
}

static void set_in_new_threads(PyObject *function) {
  PyObject *threading = PyImport_ImportModule("threading");
  PyObject *answer =
      threading == NULL ? NULL : PyObject_CallMethod(threading, "setprofile", "O", function);
  Py_XDECREF(answer);
  Py_XDECREF(threading);
  PyErr_Clear();
}

/* Threads that run already, ours as well. */
static void set_in_threads(void) {
  PyEval_SetProfile(on_profile, NULL);
  if (_PyEval_SetProfile == NULL || PyInterpreterState_ThreadHead == NULL ||
      PyThreadState_Next == NULL) {
    return;
  }
  PyThreadState *ours = PyThreadState_Get();
  PyThreadState *thread = PyInterpreterState_ThreadHead(PyInterpreterState_Get());
  for (; thread != NULL; thread = PyThreadState_Next(thread)) {
    if (thread != ours && _PyEval_SetProfile(thread, on_profile, NULL) != 0) {
      PyErr_Clear();
    }
  }
}

static const char *start(void) {
  PyObject *function = PyCFunction_New(&install_method, NULL);
  if (function == NULL) {
    PyErr_Clear();
    return "there is no memory";
  }
  baro_definitions_keep_bytecode(true);
  set_in_new_threads(function);
  Py_XDECREF(installer);
  installer = function;
  set_in_threads();
  return NULL;
}

/* Every call comes here anyway. */
static void mark(PyObject *code) {
  (void)code;
}

static void unmark(PyObject *code) {
  (void)code;
}

/* A function that the program gave threading stays. */
static void leave_threading(void) {
  PyObject *threading = PyDict_GetItemString(PyImport_GetModuleDict(), "threading"); /* borrowed */
  PyObject *function =
      threading == NULL ? NULL : PyObject_GetAttrString(threading, "_profile_hook");
  if (function != NULL && function == installer) {
    (void)PyObject_SetAttrString(threading, "_profile_hook", Py_None);
  }
  Py_XDECREF(function);
  PyErr_Clear();
}

static void stop(void) {
  /* Other threads take themselves out at their next event. */
  PyEval_SetProfile(NULL, NULL);
  leave_threading();
}

const baro_engine baro_engine_profile = {
    .name = "profile function",
    .is_offered = is_offered,
    .start = start,
    .mark = mark,
    .unmark = unmark,
    .stop = stop,
};
