/* barograph._agent: what runs inside a program whose calls are recorded.
 * Flow: the start-up hook (python/barograph/_startup/sitecustomize.py) -> start() -> an engine (engine.h) -> events.h ->
 * rings in the spool directory (ring.h) -> the recorder.
 * One agent a process, in its first interpreter. Built for the stable ABI of 3.9: one file for all of CPython with a GIL; and
 * for each version without one by itself. */
#define PY_SSIZE_T_CLEAN /* "y#" gives a Py_ssize_t */
#include <Python.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/agent/agent_definitions.h"
#include "capture/agent/agent_lock.h"
#include "capture/agent/budget.h"
#include "capture/agent/captured_values.h"
#include "capture/agent/children.h"
#include "capture/agent/engine.h"
#include "capture/agent/events.h"
#include "capture/agent/held_items.h"
#include "capture/agent/loaded_module.h"
#include "capture/agent/own_cost.h"
#include "capture/agent/spool.h"
#include "capture/agent/thread_stack.h"

/* No free-threaded Python is as old as the other one's. */
static const baro_engine *const engines[] = {
    &baro_engine_monitoring,
#ifndef Py_GIL_DISABLED
    &baro_engine_frames,
#endif
};

/* The one that runs, or NULL; of the process. */
static const baro_engine *_Atomic engine;
static bool follows_forks;
static bool handles_forks;

/* --- What events.h needs of Python --- */

static void *release_gil(void) {
  return PyEval_SaveThread();
}

static void acquire_gil(void *held) {
  PyEval_RestoreThread(held);
}

/* New reference to what threading has for this thread, or NULL. No code of the program runs: an exact dictionary and the
 * attribute behind Thread.name. */
static PyObject *name_of_thread(void) {
  PyObject *threading = baro_loaded_module("threading");
  PyObject *threads = threading == NULL ? NULL : PyObject_GetAttrString(threading, "_active");
  PyObject *ident = PyLong_FromUnsignedLong(PyThread_get_thread_ident());
  PyObject *name = NULL;
  if (threads != NULL && ident != NULL && PyDict_CheckExact(threads)) {
    PyObject *thread = baro_dict_item(threads, ident);
    name = thread == NULL ? NULL : PyObject_GetAttrString(thread, "_name");
    Py_XDECREF(thread);
  }
  Py_XDECREF(threading);
  Py_XDECREF(ident);
  Py_XDECREF(threads);
  PyErr_Clear();
  return name;
}

static void thread_name(char *text, size_t size) {
  baro_stack_quiet();
  PyObject *name = name_of_thread();
  PyObject *bytes = NULL;
  if (name != NULL && PyUnicode_Check(name)) {
    bytes = PyUnicode_AsEncodedString(name, "utf-8", "replace");
  }
  if (bytes != NULL) {
    const char *given = PyBytes_AsString(bytes);
    size_t length = strnlen(given, size - 1);
    while (length > 0 && ((unsigned char)given[length] & 0xc0) == 0x80) {
      length--; /* cut between characters */
    }
    memcpy(text, given, length);
  } else if (syscall(SYS_gettid) == getpid()) {
    /* threading gives its name to the first thread when it is imported, which may be later. */
    (void)snprintf(text, size, "MainThread");
  }
  Py_XDECREF(bytes);
  Py_XDECREF(name);
  PyErr_Clear();
  baro_stack_unquiet();
}

static void stop_engine(void) {
  const baro_engine *running = atomic_exchange(&engine, NULL);
  if (running != NULL) {
    running->stop();
  }
}

static bool is_finalized(void) {
  return !Py_IsInitialized();
}

static const baro_events_hooks hooks = {
    .release = release_gil,
    .acquire = acquire_gil,
    .thread_name = thread_name,
    .stop = stop_engine,
    .is_finalized = is_finalized,
};

/* --- Forks --- */

/* In the child, perhaps without the GIL and in the middle of anything: only memory of ours is touched. */
static void in_child(void) {
  if (!follows_forks) {
    baro_events_stop();
  }
  baro_agent_lock_forked();
  baro_events_forked();
  baro_spool_forked();
  baro_definitions_forked();
  baro_identities_forked();
  baro_capture_forked();
}

/* --- start and stop --- */

static bool add_texts(PyObject *list, bool (*add)(baro_patterns *, const char *)) {
  Py_ssize_t count = PyList_Size(list);
  for (Py_ssize_t i = 0; i < count; i++) {
    const char *text = PyBytes_AsString(PyList_GetItem(list, i));
    if (text == NULL || !add(&baro_recorded, text)) {
      return false;
    }
  }
  return count >= 0;
}

static bool handle_forks(void) {
  if (!handles_forks) {
    handles_forks = pthread_atfork(NULL, NULL, in_child) == 0;
  }
  return handles_forks;
}

/* NULL, or why there will be no calls. */
static const char *start_engine(void) {
  for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
    if (engines[i]->is_offered()) {
      const char *reason = engines[i]->start();
      engine = reason == NULL ? engines[i] : NULL;
      return reason;
    }
  }
  return "this Python offers nothing that tells of calls";
}

static void tell_recursion_limit(void) {
  PyObject *function = PySys_GetObject("getrecursionlimit"); /* borrowed */
  PyObject *limit = function == NULL ? NULL : PyObject_CallObject(function, NULL);
  long number = limit == NULL ? -1 : PyLong_AsLong(limit);
  Py_XDECREF(limit);
  PyErr_Clear();
  if (number >= 0) {
    char text[24];
    (void)snprintf(text, sizeof(text), "%ld", number);
    baro_spool_fact("recursion_limit", text);
  }
}

/* hook: folder of the start-up hook if all children are to find it, else NULL. */
static const char *start_all(const char *spool, const char *hook) {
  if (!baro_spool_open(spool, Py_GetVersion()) || !baro_spool_introduce()) {
    return "the spool directory cannot be written";
  }
  if (!handle_forks() || !baro_events_start(&hooks)) {
    return "the C library has no room for it";
  }
  tell_recursion_limit();
  baro_own_cost_prepare();
  const char *reason = start_engine();
  baro_own_cost_measure(engine, baro_patterns_only_marked(&baro_recorded));
  if (reason != NULL) {
    baro_events_stop();
    baro_spool_note("no_calls", reason);
    return reason;
  }
  baro_spool_fact("engine", engine->name);
  if (follows_forks) {
    /* Where events are of marked code only, none tells of imports. */
    baro_children_follow(spool, hook == NULL ? baro_recorded.startup : hook,
                         baro_patterns_only_marked(&baro_recorded), hook != NULL);
  }
  return NULL;
}

static PyObject *start(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *spool;
  const char *startup;
  PyObject *globs;
  PyObject *libraries;
  int children;
  const char *hook = "";
  double overhead = 0;
  if (!PyArg_ParseTuple(arguments, "yOOyp|yd:start", &spool, &globs, &libraries, &startup,
                        &children, &hook, &overhead)) {
    return NULL;
  }
  if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0 || engine != NULL) {
    /* The first interpreter has it; others of the process import the hook too. Nothing to report. */
    return Py_BuildValue("");
  }
  if (!baro_definitions_wait()) {
    return PyUnicode_FromString("a thread is in the middle of an earlier recording");
  }
  baro_patterns_release(&baro_recorded);
  if (!add_texts(globs, baro_patterns_add_glob) ||
      !add_texts(libraries, baro_patterns_add_library) ||
      !baro_patterns_set_startup(&baro_recorded, startup)) {
    return PyErr_Occurred() != NULL ? NULL : PyErr_NoMemory();
  }
  follows_forks = children != 0;
  baro_budget_reset();
  baro_definitions_set_budget(baro_budget_flags(overhead));
  const char *reason = start_all(spool, hook[0] == '\0' ? NULL : hook);
  return reason == NULL ? Py_BuildValue("") : PyUnicode_FromString(reason);
}

static PyObject *stop(PyObject *module, PyObject *unused) {
  (void)module, (void)unused;
  baro_events_stop();
  stop_engine();
  baro_identities_free_retired();
  baro_events_release();
  baro_definitions_clear();
  return Py_BuildValue("");
}

/* False, with an exception: it is none. */
static bool check_code(PyObject *code) {
  static PyTypeObject *code_type; /* of this process */
  if (code_type == NULL) {
    PyObject *sample = Py_CompileString("0", "<barograph>", Py_eval_input);
    if (sample == NULL) {
      return false;
    }
    code_type = Py_TYPE(sample);
    Py_DECREF(sample);
  }
  if (Py_TYPE(code) != code_type) {
    PyErr_SetString(PyExc_TypeError, "what is marked is a code object");
    return false;
  }
  return true;
}

static PyObject *mark(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *code;
  double overhead = 0;
  if (!PyArg_ParseTuple(arguments, "O|d:mark", &code, &overhead) || !check_code(code)) {
    return NULL;
  }
  if (!baro_definitions_mark(code, baro_budget_flags(overhead))) {
    return PyErr_NoMemory();
  }
  const baro_engine *running = engine;
  if (running != NULL) {
    running->mark(code);
  }
  return Py_BuildValue("");
}

static PyObject *unmark(PyObject *module, PyObject *code) {
  (void)module;
  if (!check_code(code)) {
    return NULL;
  }
  const baro_engine *running = engine;
  if (running != NULL) {
    running->unmark(code);
  }
  baro_identities_remove(&baro_marked, code);
  return Py_BuildValue("");
}

static PyObject *values(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *code;
  unsigned int wanted;
  const char *parameters;
  Py_ssize_t count;
  if (!PyArg_ParseTuple(arguments, "OIy#", &code, &wanted, &parameters, &count) ||
      !check_code(code)) {
    return NULL;
  }
  if (!baro_capture_mark(code, wanted, (const uint8_t *)parameters, (size_t)count)) {
    return PyErr_NoMemory();
  }
  return Py_BuildValue("");
}

static PyObject *running(PyObject *module, PyObject *unused) {
  (void)module, (void)unused;
  const baro_engine *one = engine;
  return one == NULL ? Py_BuildValue("") : PyUnicode_FromString(one->name);
}

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS,
     "start(spool: bytes, globs: list[bytes], libraries: list[bytes], startup: bytes,\n"
     "      children: bool, hook: bytes = b'', overhead: float = 0) -> None | str\n\n"
     "Record calls from now on, or say why not; also of children, forked and started. hook:\n"
     "the folder of the start-up hook, if they find neither it nor the spool by themselves.\n"
     "overhead: percent that it may cost; 0: as much as it takes."},
    {"stop", stop, METH_NOARGS, "stop() -> None\n\nRecord no calls any more."},
    {"mark", mark, METH_VARARGS,
     "mark(code, overhead: float = 0) -> None\n\n"
     "Record calls of this code, unless a pattern leaves it out. overhead: its own, in percent."},
    {"unmark", unmark, METH_O, "unmark(code) -> None\n\nTake that back."},
    {"values", values, METH_VARARGS,
     "values(code, wanted: int, parameters: bytes) -> None\n\n"
     "Tell what calls of this code are given and return; before it is marked."},
    {"running", running, METH_NOARGS, "running() -> None | str\n\nName of the engine that runs."},
    {NULL, NULL, 0, NULL},
};

static int add_constants(PyObject *module) {
  return PyModule_AddIntConstant(module, "FORMAT", BARO_RING_FORMAT);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, add_constants},
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "barograph._agent",
    .m_doc = "Records the calls of the program it runs in.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__agent(void);

PyMODINIT_FUNC PyInit__agent(void) {
  return PyModuleDef_Init(&definition);
}
