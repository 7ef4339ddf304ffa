#include "capture/agent/agent_tasks.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "capture/agent/agent_definitions.h"
#include "capture/agent/events.h"
#include "capture/agent/held_items.h"
#include "capture/agent/loaded_module.h"

/* Not of the stable ABI, but exported by all of CPython. */
extern PyTypeObject PyCoro_Type;
extern PyTypeObject PyGen_Type;
extern PyTypeObject PyFunction_Type;
extern PyFrameObject *PyFrame_GetBack(PyFrameObject *frame);
/* From 3.12 on; a dictionary of all variables costs several times as much. */
extern PyObject *PyFrame_GetVar(PyFrameObject *frame, PyObject *name) __attribute__((weak));

/* Names that are asked for at every task. */
#define NAMES(X)                                                                                   \
  X(CO_NAME, "co_name")                                                                            \
  X(CORO, "coro")                                                                                  \
  X(CORO_OR_FUTURE, "coro_or_future")                                                              \
  X(CR_CODE, "cr_code")                                                                            \
  X(CR_FRAME, "cr_frame")                                                                          \
  X(F_GLOBALS, "f_globals")                                                                        \
  X(F_LOCALS, "f_locals")                                                                          \
  X(GI_CODE, "gi_code")                                                                            \
  X(GI_FRAME, "gi_frame")

typedef enum asked_name {
#define X(name, text) NAME_##name,
  NAMES(X)
#undef X
      NAME_COUNT
} asked_name;

/* owner: class in the module, or NULL. */
static const struct {
  const char *module;
  const char *owner;
  const char *name;
} makers[] = {
    {"asyncio.base_events", "BaseEventLoop", "create_task"},
    {"asyncio.tasks", NULL, "create_task"},
    {"asyncio.tasks", NULL, "ensure_future"},
    {"asyncio.tasks", NULL, "_ensure_future"},
    /* Another thread's loop will make the task, in a function `callback`; this one asks for it. */
    {"asyncio.tasks", NULL, "run_coroutine_threadsafe"},
    {"asyncio.taskgroups", "TaskGroup", "create_task"},
};

enum { MAKER_COUNT = sizeof(makers) / sizeof(makers[0]) };

uint64_t (*baro_tasks_frame_address)(PyObject *frame, PyObject *code);

/* Of the engine that runs; NULL: it needs nothing of that. */
static void (*_Atomic watch_code)(PyObject *code);
/* Owned: code that it watches. NULL: not found yet. */
static _Atomic(PyObject *) watched[MAKER_COUNT];

/* Borrowed, or NULL. Kept for good, as names in code are. */
static PyObject *name_of(asked_name which) {
  static const char *const texts[] = {
#define X(name, text) text,
      NAMES(X)
#undef X
  };
  static _Atomic(PyObject *) names[NAME_COUNT]; /* interned: the same, whichever thread makes it */
  if (names[which] == NULL) {
    names[which] = PyUnicode_InternFromString(texts[which]);
  }
  return names[which];
}

/* New reference, or NULL. */
static PyObject *attribute(PyObject *object, asked_name which) {
  PyObject *text = name_of(which);
  return text == NULL ? NULL : PyObject_GetAttr(object, text);
}

bool baro_tasks_made_by(const char *module, const char *name) {
  for (size_t i = 0; i < MAKER_COUNT; i++) {
    if (strcmp(makers[i].module, module) == 0 && strcmp(makers[i].name, name) == 0) {
      return true;
    }
  }
  return false;
}

/* The coroutine's code, by a table or in its own module's name: the current frame is another one's. */
static const baro_identity *identity_of(PyObject *code, PyObject *frame) {
  const baro_identity *known = baro_identities_find(&baro_codes, code);
  if (known != NULL) {
    return known;
  }
  PyObject *globals = attribute(frame, NAME_F_GLOBALS);
  if (globals == NULL) {
    return NULL;
  }
  known = baro_definitions_add_code(code, &(baro_code_place){.globals = globals});
  Py_DECREF(globals);
  return known;
}

static bool is_text(PyObject *object, const char *text) {
  return PyUnicode_Check(object) && PyUnicode_CompareWithASCIIString(object, text) == 0;
}

typedef enum who_told {
  NOBODY_YET,
  THIS_THREAD,
  ANOTHER_THREAD, /* in run_coroutine_threadsafe, whose `callback` this is */
} who_told;

static who_told told_by_function(PyObject *name) {
  for (size_t i = 0; i < MAKER_COUNT; i++) {
    if (is_text(name, makers[i].name)) {
      return THIS_THREAD;
    }
  }
  return is_text(name, "callback") ? ANOTHER_THREAD : NOBODY_YET;
}

/* Who told of the task that this frame's code is making, if it is one of asyncio's. */
static who_told told_by(PyObject *frame) {
  PyObject *code = (PyObject *)PyFrame_GetCode((PyFrameObject *)frame);
  PyObject *name = attribute(code, NAME_CO_NAME);
  who_told told = name == NULL ? NOBODY_YET : told_by_function(name);
  if (told != NOBODY_YET) {
    PyObject *globals = attribute(frame, NAME_F_GLOBALS);
    PyObject *module = globals == NULL || !PyDict_CheckExact(globals)
                           ? NULL
                           : baro_dict_text_item(globals, "__name__");
    bool is_asyncios = false;
    for (size_t i = 0; i < MAKER_COUNT && module != NULL && !is_asyncios; i++) {
      is_asyncios = is_text(module, makers[i].module);
    }
    told = is_asyncios ? told : NOBODY_YET;
    Py_XDECREF(module);
    Py_XDECREF(globals);
  }
  Py_XDECREF(name);
  Py_DECREF(code);
  return told;
}

/* What a loop runs is a coroutine, or a generator that stands for one. Subclasses there are none of either. */
static bool is_coroutine(PyObject *object) {
  return Py_TYPE(object) == &PyCoro_Type || Py_TYPE(object) == &PyGen_Type;
}

static uint64_t address_of(PyObject *frame, PyObject *code) {
  return baro_tasks_frame_address == NULL ? (uint64_t)(uintptr_t)frame
                                          : baro_tasks_frame_address(frame, code);
}

static void see_coroutine(PyObject *coroutine, who_told told) {
  bool is_native = Py_TYPE(coroutine) == &PyCoro_Type;
  PyObject *frame = attribute(coroutine, is_native ? NAME_CR_FRAME : NAME_GI_FRAME);
  PyObject *code = attribute(coroutine, is_native ? NAME_CR_CODE : NAME_GI_CODE);
  if (frame != NULL && code != NULL && frame != Py_None) {
    const baro_identity *known = identity_of(code, frame);
    uint64_t address = address_of(frame, code);
    if (address != 0 && known != NULL && (known->flags & BARO_IDENTITY_LEFT_OUT) == 0 &&
        (known->flags & BARO_IDENTITY_SUSPENDS) != 0) {
      /* The frame's object is made here if nobody asked for it before; the coroutine keeps it. */
      baro_events_begin_frame(baro_ring_word(BARO_RING_SPAWN, known->id, told == ANOTHER_THREAD),
                              address);
    }
  }
  Py_XDECREF(code);
  Py_XDECREF(frame);
}

void baro_tasks_see_call(PyObject *const *given, size_t count, PyObject *caller_frame) {
  int kept = errno;
  for (size_t i = 0; i < count; i++) {
    if (given[i] != NULL && is_coroutine(given[i])) {
      who_told told = caller_frame == NULL ? NOBODY_YET : told_by(caller_frame);
      if (told != THIS_THREAD) {
        see_coroutine(given[i], told);
      }
      break;
    }
  }
  PyErr_Clear();
  errno = kept;
}

/* The name of the first parameter that is not self. */
static asked_name parameter_of(PyObject *frame) {
  PyObject *code = (PyObject *)PyFrame_GetCode((PyFrameObject *)frame);
  PyObject *name = attribute(code, NAME_CO_NAME);
  bool takes_futures =
      name != NULL && (is_text(name, "ensure_future") || is_text(name, "_ensure_future"));
  Py_XDECREF(name);
  Py_DECREF(code);
  return takes_futures ? NAME_CORO_OR_FUTURE : NAME_CORO;
}

/* New reference, or NULL. */
static PyObject *given_to(PyObject *frame) {
  PyObject *name = name_of(parameter_of(frame));
  if (name == NULL) {
    return NULL;
  }
  if (PyFrame_GetVar != NULL) {
    return PyFrame_GetVar((PyFrameObject *)frame, name);
  }
  PyObject *locals = attribute(frame, NAME_F_LOCALS);
  PyObject *given = locals == NULL ? NULL : PyObject_GetItem(locals, name);
  Py_XDECREF(locals);
  return given;
}

void baro_tasks_see_frame(PyObject *frame) {
  int kept = errno;
  PyObject *coroutine = given_to(frame);
  if (coroutine != NULL) {
    PyObject *caller = (PyObject *)PyFrame_GetBack((PyFrameObject *)frame);
    baro_tasks_see_call(&coroutine, 1, caller);
    Py_XDECREF(caller);
  }
  Py_XDECREF(coroutine);
  PyErr_Clear();
  errno = kept;
}

/* --- Code to be watched --- */

/* New reference to an item of a plain dictionary of `owner`, or NULL. A module's, or a class's through its proxy. */
static PyObject *own_attribute(PyObject *owner, const char *name) {
  PyObject *members = PyObject_GetAttrString(owner, "__dict__");
  PyObject *value = members == NULL ? NULL : PyMapping_GetItemString(members, name);
  Py_XDECREF(members);
  PyErr_Clear();
  return value;
}

/* New reference, or NULL: the module is not there, or the function not one of Python. */
static PyObject *code_of_maker(size_t index) {
  PyObject *module = baro_loaded_module(makers[index].module);
  if (module == NULL || !PyModule_Check(module)) {
    Py_XDECREF(module);
    return NULL;
  }
  PyObject *owner = module;
  Py_INCREF(owner);
  if (makers[index].owner != NULL) {
    Py_DECREF(owner);
    owner = own_attribute(module, makers[index].owner);
  }
  PyObject *function = owner == NULL ? NULL : own_attribute(owner, makers[index].name);
  PyObject *code = function == NULL || Py_TYPE(function) != &PyFunction_Type
                       ? NULL
                       : PyObject_GetAttrString(function, "__code__");
  Py_XDECREF(function);
  Py_XDECREF(owner);
  Py_DECREF(module);
  PyErr_Clear();
  return code;
}

void baro_tasks_find(void) {
  void (*watch)(PyObject * code) = watch_code;
  for (size_t i = 0; i < MAKER_COUNT && watch != NULL; i++) {
    PyObject *code = watched[i] != NULL ? NULL : code_of_maker(i);
    PyObject *nobody = NULL;
    if (code != NULL && atomic_compare_exchange_strong(&watched[i], &nobody, code)) {
      watch(code);
    } else {
      Py_XDECREF(code); /* another thread was faster */
    }
  }
}

void baro_tasks_watch(void (*watch)(PyObject *code)) {
  watch_code = watch;
  baro_tasks_find();
}

void baro_tasks_unwatch(void (*unwatch)(PyObject *code)) {
  watch_code = NULL;
  for (size_t i = 0; i < MAKER_COUNT; i++) {
    PyObject *code = atomic_exchange(&watched[i], NULL);
    if (code != NULL) {
      unwatch(code);
      Py_DECREF(code);
    }
  }
}
