#include "capture/agent/agent_definitions.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "capture/agent/agent_lock.h"
#include "capture/agent/agent_tasks.h"
#include "capture/agent/captured_values.h"
#include "capture/agent/children.h"
#include "capture/agent/code_names.h"
#include "capture/agent/events.h"
#include "capture/agent/loaded_module.h"
#include "capture/agent/spool.h"
#include "capture/agent/thread_stack.h"

enum { CODE_SUSPENDS = 0x20 | 0x80 | 0x200 }; /* CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR */

baro_patterns baro_recorded;

static uint32_t budget_of_all;
static uint32_t next_code_id;
static uint32_t next_exception_id = 1;
static atomic_bool has_told_greenlets; /* of this recording, in this process */
static _Atomic uint32_t defining;      /* threads that are */

/* For code that could not even be entered into the table: asked again at the next event. */
static const baro_identity left_out = {.flags = BARO_IDENTITY_LEFT_OUT};

void baro_definitions_set_budget(uint32_t flags) {
  budget_of_all = flags;
}

static void begin_anew(void) {
  next_code_id = 0;
  next_exception_id = 1;
  has_told_greenlets = false;
}

void baro_definitions_forked(void) {
  begin_anew();
  defining = 0;
}

void baro_definitions_clear(void) {
  baro_identities_clear();
  baro_agent_lock();
  begin_anew();
  baro_agent_unlock();
}

bool baro_definitions_wait(void) {
  enum { SLEEP_NS = 1000000, SLEEPS = 2000 };
  PyThreadState *state = PyEval_SaveThread();
  for (int i = 0; i < SLEEPS && atomic_load(&defining) != 0; i++) {
    struct timespec duration = {.tv_nsec = SLEEP_NS};
    (void)nanosleep(&duration, NULL);
  }
  PyEval_RestoreThread(state);
  return atomic_load(&defining) == 0;
}

/* What the program has, and our work must not change: a generator into which something is thrown begins with that set. */
typedef struct surroundings {
  int error;
  PyObject *type; /* owned, as those below; NULL: nothing is raised */
  PyObject *value;
  PyObject *traceback;
} surroundings;

static void keep(surroundings *kept) {
  kept->error = errno;
  baro_events_let_go();
  (void)atomic_fetch_add(&defining, 1);
  baro_stack_quiet();
  PyErr_Fetch(&kept->type, &kept->value, &kept->traceback);
}

static void restore(const surroundings *kept) {
  PyErr_Restore(kept->type, kept->value, kept->traceback);
  baro_stack_unquiet();
  (void)atomic_fetch_sub(&defining, 1);
  baro_events_take_back();
  errno = kept->error;
}

/* --- Texts: bytes objects, NULL where unknown --- */

/* take_text: consumed, may be NULL. Surrogates pass: names may come from undecodable file names. */
static PyObject *encode(PyObject *take_text) {
  PyObject *bytes = NULL;
  if (take_text != NULL && PyUnicode_Check(take_text)) {
    bytes = PyUnicode_AsEncodedString(take_text, "utf-8", "surrogatepass");
  }
  Py_XDECREF(take_text);
  PyErr_Clear();
  return bytes;
}

static PyObject *text_attribute(PyObject *object, const char *name) {
  return encode(PyObject_GetAttrString(object, name));
}

/* Only plain dictionaries are asked: the globals of a frame may be anything that exec accepted. */
static PyObject *text_of_globals(PyObject *globals, const char *name) {
  bool is_asked = globals != NULL && PyDict_CheckExact(globals);
  return encode(is_asked ? baro_dict_text_item(globals, name) : NULL);
}

static const char *text_of(PyObject *bytes) {
  return bytes == NULL ? "" : PyBytes_AsString(bytes);
}

static baro_view view_of(PyObject *bytes) {
  if (bytes == NULL) {
    return (baro_view){0};
  }
  return (baro_view){.data = (const uint8_t *)PyBytes_AsString(bytes),
                     .length = (size_t)PyBytes_Size(bytes)};
}

static uint32_t number_attribute(PyObject *object, const char *name) {
  PyObject *number = PyObject_GetAttrString(object, name);
  long value = number == NULL ? 0 : PyLong_AsLong(number);
  Py_XDECREF(number);
  PyErr_Clear();
  return value < 0 || value > (long)INT32_MAX ? 0 : (uint32_t)value;
}

/* --- Code --- */

typedef struct code_facts {
  PyObject *name; /* owned, as all texts */
  PyObject *qualified_name;
  PyObject *file;
  PyObject *module;
  PyObject *module_file;
  PyObject *import_name; /* of the script that runs as __main__, else NULL */
  uint32_t first_line;
  uint32_t co_flags;
} code_facts;

static PyObject *qualified_name_of(PyObject *code, const code_facts *facts,
                                   const baro_code_place *place) {
  const char *file = text_of(facts->file);
  PyObject *generated = baro_generated_name(code, file, (long)facts->co_flags, place);
  PyObject *name = PyObject_GetAttrString(code, "co_qualname"); /* from 3.11 on */
  if (name == NULL) {
    PyErr_Clear();
    name = baro_code_names_take(code, !baro_patterns_exclude_file(&baro_recorded, file));
  }
  if (generated != NULL) {
    Py_XDECREF(name);
    name = generated;
  }
  return encode(name);
}

/* What other modules would call the script that runs: people ask for app.* when they start app.py. */
static PyObject *import_name_of(PyObject *globals, const code_facts *facts) {
  const char *module = text_of(facts->module);
  /* The second is what multiprocessing calls it in processes that it spawns. */
  if (strcmp(module, "__main__") != 0 && strcmp(module, "__mp_main__") != 0) {
    return NULL;
  }
  PyObject *package = text_of_globals(globals, "__package__");
  const char *slash = strrchr(text_of(facts->module_file), '/');
  const char *base = slash == NULL ? text_of(facts->module_file) : slash + 1;
  const char *parent = text_of(package);
  PyObject *stem = PyBytes_FromStringAndSize(base, (Py_ssize_t)strcspn(base, "."));
  PyObject *name =
      PyBytes_FromFormat("%s%s%s", parent, parent[0] == '\0' ? "" : ".", text_of(stem));
  Py_XDECREF(stem);
  PyErr_Clear();
  Py_XDECREF(package);
  return name;
}

static void read_facts(PyObject *code, const baro_code_place *place, code_facts *facts) {
  facts->module = text_of_globals(place->globals, "__name__");
  facts->module_file = text_of_globals(place->globals, "__file__");
  facts->import_name = import_name_of(place->globals, facts);
  facts->name = text_attribute(code, "co_name");
  facts->file = text_attribute(code, "co_filename");
  facts->first_line = number_attribute(code, "co_firstlineno");
  facts->co_flags = number_attribute(code, "co_flags");
  facts->qualified_name = qualified_name_of(code, facts, place);
}

static void release_facts(code_facts *facts) {
  Py_XDECREF(facts->name);
  Py_XDECREF(facts->qualified_name);
  Py_XDECREF(facts->file);
  Py_XDECREF(facts->module);
  Py_XDECREF(facts->module_file);
  Py_XDECREF(facts->import_name);
}

static bool is_recorded(const baro_identity *mark, const code_facts *facts) {
  baro_pattern_subject subject = {
      .module = text_of(facts->module),
      .qualified_name = text_of(facts->qualified_name),
      .file = text_of(facts->file),
      .module_file = text_of(facts->module_file),
      .import_name = text_of(facts->import_name),
  };
  return mark != NULL ? !baro_patterns_leave_out(&baro_recorded, &subject)
                      : baro_patterns_match(&baro_recorded, &subject);
}

/* Under the lock, so that ids stay dense. */
static bool define(const code_facts *facts, uint32_t id) {
  baro_buffer record = {0};
  baro_spool_begin(&record, BARO_RING_DEFINE_CODE);
  baro_write_u32(&record, id);
  baro_write_u32(&record, facts->first_line);
  baro_write_u32(&record, facts->co_flags);
  baro_spool_string(&record, view_of(facts->name));
  baro_spool_string(&record, view_of(facts->qualified_name));
  baro_spool_string(&record, view_of(facts->file));
  baro_spool_string(&record, view_of(facts->module));
  bool added = baro_spool_add(&record);
  baro_buffer_release(&record);
  return added;
}

/* Where greenlets switch is not seen: the report is to say so if that matters. */
static void look_for_greenlets(void) {
  PyObject *greenlet = has_told_greenlets ? NULL : baro_loaded_module("greenlet");
  if (greenlet != NULL && !atomic_exchange(&has_told_greenlets, true)) {
    baro_spool_fact("greenlets", "imported");
  }
  Py_XDECREF(greenlet);
}

/* Without an id as yet. */
static uint32_t flags_of(PyObject *code, const code_facts *facts) {
  uint32_t flags = (facts->co_flags & CODE_SUSPENDS) != 0 ? BARO_IDENTITY_SUSPENDS : 0;
  if (flags == 0 && baro_tasks_made_by(text_of(facts->module), text_of(facts->name))) {
    flags = BARO_IDENTITY_SPAWNS;
  }
  const baro_identity *mark = baro_identities_find(&baro_marked, code);
  if (!is_recorded(mark, facts)) {
    return flags | BARO_IDENTITY_LEFT_OUT;
  }
  flags |= mark != NULL && mark->flags != 0 ? mark->flags : budget_of_all;
  return flags | baro_capture_flags(code);
}

/* Defines the code under the next id, unless it is to be left out or another thread was faster. NULL: no memory. */
static const baro_identity *put_code(PyObject *code, const code_facts *facts, uint32_t flags) {
  PyObject *reference = baro_identities_refer(&baro_codes, code);
  if (reference == NULL) {
    return NULL;
  }
  baro_agent_lock();
  const baro_identity *entry = baro_identities_find(&baro_codes, code);
  if (entry == NULL) {
    uint32_t id = 0;
    if ((flags & BARO_IDENTITY_LEFT_OUT) == 0) {
      id = next_code_id;
      if (define(facts, id)) {
        next_code_id++;
      } else {
        flags |= BARO_IDENTITY_LEFT_OUT;
        baro_events_untold();
      }
    }
    entry = baro_identities_put(&baro_codes, code, id, flags, &reference);
  }
  baro_agent_unlock();
  Py_XDECREF(reference);
  return entry;
}

static const baro_identity *add_code(PyObject *code, const baro_code_place *given) {
  code_facts facts = {0};
  baro_code_place place;
  if (given != NULL) {
    place = *given;
  } else {
    place =
        (baro_code_place){.globals = PyEval_GetGlobals(), .frame = (PyObject *)PyEval_GetFrame()};
  }
  read_facts(code, &place, &facts);
  if (strcmp(text_of(facts.name), "<module>") == 0) {
    baro_children_see_import(text_of(facts.module));
  }
  const baro_identity *entry = put_code(code, &facts, flags_of(code, &facts));
  release_facts(&facts);
  return entry == NULL ? &left_out : entry;
}

const baro_identity *baro_definitions_add_code(PyObject *code, const baro_code_place *place) {
  surroundings kept;
  const baro_identity *entry = &left_out;
  uint64_t since = baro_events_now();
  uint64_t since_cpu_ns = baro_clock_thread_cpu_ns();
  keep(&kept);
  if (!baro_events_stopped()) {
    baro_tasks_find(); /* they may have been imported since */
    look_for_greenlets();
    entry = add_code(code, place);
  }
  restore(&kept);
  /* 10 to 20 us: of a caller that calls many functions once it would be all its time. Told before an end it is of no call, for
   * what is unknown at its end was entered before the recording. */
  baro_capture_tell_own(since, since_cpu_ns);
  return entry;
}

bool baro_definitions_add_private(PyObject *code, uint32_t flags) {
  return baro_identities_add(&baro_codes, code, 0, flags) != NULL;
}

bool baro_definitions_mark(PyObject *code, uint32_t budget) {
  baro_identities_remove(&baro_marked, code); /* perhaps with another budget */
  if (baro_identities_add(&baro_marked, code, 0, budget) == NULL) {
    return false;
  }
  const baro_identity *known = baro_identities_find(&baro_codes, code);
  if (known != NULL && (known->flags & BARO_IDENTITY_LEFT_OUT) != 0) {
    baro_identities_remove(&baro_codes, code); /* it ran before, and was judged without the mark */
  }
  return true;
}

/* --- Exceptions --- */

/* Asked of `type` itself: a metaclass of the program may have its own idea of attributes, and would run. */
static PyObject *type_attribute(PyObject *type, const char *name) {
  return PyObject_CallMethod((PyObject *)&PyType_Type, "__getattribute__", "Os", type, name);
}

/* As tracebacks say it: without the module where that is builtins or __main__. */
static PyObject *exception_name(PyObject *type) {
  PyObject *name = type_attribute(type, "__qualname__");
  PyObject *module = name == NULL ? NULL : type_attribute(type, "__module__");
  PyErr_Clear();
  if (module != NULL && PyUnicode_Check(module) && PyUnicode_Check(name) &&
      PyUnicode_CompareWithASCIIString(module, "builtins") != 0 &&
      PyUnicode_CompareWithASCIIString(module, "__main__") != 0) {
    PyObject *full = PyUnicode_FromFormat("%U.%U", module, name);
    Py_DECREF(name);
    name = full;
  }
  Py_XDECREF(module);
  return encode(name);
}

/* Under the lock. 0: it is not in the file. */
static uint32_t define_exception(PyObject *name) {
  uint32_t id = next_exception_id;
  baro_buffer record = {0};
  baro_spool_begin(&record, BARO_RING_DEFINE_EXCEPTION);
  baro_write_u32(&record, id);
  baro_spool_string(&record, view_of(name));
  bool added = baro_spool_add(&record);
  baro_buffer_release(&record);
  next_exception_id += added;
  return added ? id : 0;
}

static uint32_t add_exception(PyObject *type) {
  PyObject *name = exception_name(type);
  PyObject *reference = name == NULL ? NULL : baro_identities_refer(&baro_exceptions, type);
  uint32_t id = 0;
  if (name != NULL) {
    baro_agent_lock();
    const baro_identity *entry = baro_identities_find(&baro_exceptions, type);
    id = entry != NULL ? entry->id : define_exception(name);
    if (entry == NULL && id != 0 && reference != NULL) {
      (void)baro_identities_put(&baro_exceptions, type, id, 0, &reference);
    }
    baro_agent_unlock();
  }
  PyErr_Clear();
  Py_XDECREF(reference);
  Py_XDECREF(name);
  return id;
}

uint32_t baro_definitions_add_exception(PyObject *type) {
  surroundings kept;
  keep(&kept);
  uint32_t id = baro_events_stopped() ? 0 : add_exception(type);
  restore(&kept);
  return id;
}
