#include "capture/agent/captured_values.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/agent/agent_lock.h"
#include "capture/agent/events.h"
#include "capture/agent/held_items.h"
#include "capture/agent/identities.h"
#include "capture/agent/secret_names.h"
#include "capture/agent/spool.h"
#include "capture/agent/thread_stack.h"
#include "capture/agent/value_summary.h"

/* Ends a list of arguments that did not fit; kept for both lists. */
static const char more[] = ", ...";
enum { MORE_BYTES = sizeof(more) - 1 };

/* co_flags */
enum { CODE_HAS_REST = 0x4, CODE_HAS_OPTIONS = 0x8 };

/* Beside BARO_PARAMETER_: a function within refers to it, so that it is a cell, once its function has made its cells. */
enum { PARAMETER_IS_CELL = 0x80 };

/* What is wanted of a code object; dies with it. */
typedef struct wanted_values {
  uint32_t wanted;      /* BARO_CAPTURE_ */
  uint32_t positional;  /* parameters: so many ... */
  uint32_t keyword;     /* ... then so many, ... */
  uint32_t rest;        /* ... then *rest, 0 or 1, ... */
  uint32_t options;     /* ... and **options */
  bool has_secret_name; /* the function: get_password */
  size_t names_offset;  /* of their names, one after the other with their NULs */
  uint8_t parameters[]; /* BARO_PARAMETER_ */
} wanted_values;

static PyObject *forget_wanted(PyObject *address_number, PyObject *reference);
static PyMethodDef forget_wanted_method = {"forget_wanted", forget_wanted, METH_O, NULL};
static baro_identities wanted_of_code = {.block = &baro_identity_nothing.block,
                                         .forget = &forget_wanted_method};

/* Owned; the ids of wanted_of_code are places in it. NULL: free. In pieces, which never move, since values of calls are told
 * by them while another thread adds one. Changed under the lock. */
enum { PIECE_WANTED = 256, PIECES = 4096 };
static BARO_SHARED(wanted_values **) pieces[PIECES];

static _Thread_local bool capturing; /* __repr__ of the program may call what is traced */
static _Atomic(uint32_t) failures;   /* of the process */

static wanted_values **place_of(uint32_t index) {
  return &pieces[index / PIECE_WANTED][index % PIECE_WANTED];
}

static PyObject *forget_wanted(PyObject *address_number, PyObject *reference) {
  (void)reference;
  void *address = PyLong_AsVoidPtr(address_number);
  wanted_values *wanted = NULL;
  baro_agent_lock();
  const baro_identity *entry = baro_identities_find(&wanted_of_code, address);
  if (entry != NULL) {
    wanted = *place_of(entry->id);
    *place_of(entry->id) = NULL;
  }
  baro_agent_unlock();
  free(wanted);
  baro_identities_remove(&wanted_of_code, address);
  Py_RETURN_NONE;
}

/* NULL: nothing. Valid as long as the code lives. */
static wanted_values *find_wanted(PyObject *code) {
  const baro_identity *entry = baro_identities_find(&wanted_of_code, code);
  return entry == NULL ? NULL : *place_of(entry->id);
}

/* Under the lock. A free place. False: no memory. */
static bool find_place(uint32_t *ret_index) {
  for (uint32_t piece = 0; piece < PIECES; piece++) {
    if (pieces[piece] == NULL) {
      pieces[piece] = calloc(PIECE_WANTED, sizeof(wanted_values *));
    }
    for (uint32_t i = 0; i < PIECE_WANTED && pieces[piece] != NULL; i++) {
      if (pieces[piece][i] == NULL) {
        *ret_index = piece * PIECE_WANTED + i;
        return true;
      }
    }
  }
  return false;
}

/* take_wanted: consumed. */
static bool add_wanted(PyObject *code, wanted_values *take_wanted) {
  uint32_t index;
  PyObject *reference = baro_identities_refer(&wanted_of_code, code);
  const baro_identity *entry = NULL;
  baro_agent_lock();
  if (reference != NULL && find_place(&index)) {
    *place_of(index) = take_wanted;
    entry = baro_identities_put(&wanted_of_code, code, index, 0, &reference);
    if (reference == NULL) {
      take_wanted = NULL;
    } else { /* no memory, or another thread was faster */
      *place_of(index) = NULL;
    }
  }
  baro_agent_unlock();
  free(take_wanted);
  Py_XDECREF(reference);
  return entry != NULL;
}

/* --- What is wanted --- */

static uint32_t number_of(PyObject *code, const char *name) {
  PyObject *number = PyObject_GetAttrString(code, name);
  long value = number == NULL ? 0 : PyLong_AsLong(number);
  Py_XDECREF(number);
  PyErr_Clear();
  return value < 0 ? 0 : (uint32_t)value;
}

/* The names of the first `count` variables with their NULs, as bytes; NULL, without an exception: no memory. */
static PyObject *names_of(PyObject *code, uint32_t count) {
  PyObject *variables = PyObject_GetAttrString(code, "co_varnames");
  PyObject *all = PyBytes_FromString("");
  for (uint32_t i = 0; i < count && all != NULL && variables != NULL; i++) {
    PyObject *name = PyTuple_GetItem(variables, (Py_ssize_t)i); /* borrowed */
    PyObject *bytes = name == NULL ? NULL : PyUnicode_AsUTF8String(name);
    PyBytes_ConcatAndDel(&all, bytes);
    if (all != NULL) {
      PyBytes_ConcatAndDel(&all, PyBytes_FromStringAndSize("", 1));
    }
  }
  if (variables == NULL) {
    Py_CLEAR(all);
  }
  Py_XDECREF(variables);
  PyErr_Clear();
  return all;
}

/* What it is called says what it returns. */
static bool has_secret_name(PyObject *code) {
  PyObject *name = PyObject_GetAttrString(code, "co_name");
  PyObject *bytes = name == NULL ? NULL : PyUnicode_AsUTF8String(name);
  bool is_secret =
      bytes == NULL || baro_secret_name(PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes));
  Py_XDECREF(bytes);
  Py_XDECREF(name);
  PyErr_Clear();
  return is_secret;
}

static uint32_t parameter_count(const wanted_values *wanted) {
  return wanted->positional + wanted->keyword + wanted->rest + wanted->options;
}

static void find_cells(PyObject *code, uint8_t *parameters, size_t count) {
  PyObject *variables = PyObject_GetAttrString(code, "co_varnames");
  PyObject *cells = PyObject_GetAttrString(code, "co_cellvars");
  for (size_t i = 0; i < count; i++) {
    PyObject *name = variables == NULL ? NULL : PyTuple_GetItem(variables, (Py_ssize_t)i);
    bool is_cell = name != NULL && cells != NULL && PySequence_Contains(cells, name) == 1;
    parameters[i] = is_cell ? PARAMETER_IS_CELL : 0;
  }
  Py_XDECREF(cells);
  Py_XDECREF(variables);
  PyErr_Clear();
}

static wanted_values *make_wanted(PyObject *code) {
  wanted_values counts = {
      .positional = number_of(code, "co_argcount"),
      .keyword = number_of(code, "co_kwonlyargcount"),
      .has_secret_name = has_secret_name(code),
  };
  uint32_t flags = number_of(code, "co_flags");
  counts.rest = (flags & CODE_HAS_REST) != 0;
  counts.options = (flags & CODE_HAS_OPTIONS) != 0;
  size_t count = parameter_count(&counts);
  PyObject *names = names_of(code, (uint32_t)count);
  size_t names_bytes = names == NULL ? 0 : (size_t)PyBytes_Size(names);
  counts.names_offset = sizeof(wanted_values) + count;
  wanted_values *made = names == NULL ? NULL : malloc(counts.names_offset + names_bytes);
  if (made != NULL) {
    *made = counts;
    find_cells(code, made->parameters, count);
    memcpy((char *)made + made->names_offset, PyBytes_AsString(names), names_bytes);
  }
  Py_XDECREF(names);
  return made;
}

/* What the caller knows of the parameters, and what their names say. */
static void judge(wanted_values *wanted, unsigned flags, const uint8_t *parameters, size_t count) {
  wanted->wanted = wanted->has_secret_name ? flags | BARO_CAPTURE_SECRET_RETURNS : flags;
  const char *name = (const char *)wanted + wanted->names_offset;
  for (uint32_t i = 0; i < parameter_count(wanted); i++) {
    uint8_t way = i < count ? parameters[i] : BARO_PARAMETER_SHOWN;
    way = baro_secret_name(name, strlen(name)) ? BARO_PARAMETER_REDACTED : way;
    wanted->parameters[i] = (uint8_t)((wanted->parameters[i] & PARAMETER_IS_CELL) | way);
    name += strlen(name) + 1;
  }
}

uint32_t baro_capture_flags(PyObject *code) {
  const wanted_values *wanted = find_wanted(code);
  uint32_t flags = 0;
  if (wanted != NULL && (wanted->wanted & BARO_CAPTURE_ARGUMENTS) != 0) {
    flags |= BARO_IDENTITY_ARGUMENTS;
  }
  if (wanted != NULL && (wanted->wanted & BARO_CAPTURE_RETURNS) != 0) {
    flags |= BARO_IDENTITY_RETURNS;
  }
  return flags;
}

bool baro_capture_mark(PyObject *code, unsigned flags, const uint8_t *parameters, size_t count) {
  wanted_values *wanted = find_wanted(code);
  if (wanted != NULL) {
    /* In its place: a thread may be telling the values of a call by it. */
    judge(wanted, flags, parameters, count);
  } else {
    wanted = make_wanted(code);
    if (wanted == NULL) {
      return false;
    }
    judge(wanted, flags, parameters, count);
    if (!add_wanted(code, wanted)) {
      return false;
    }
  }
  uint32_t known = baro_capture_flags(code);
  baro_identities_set_flags(&baro_codes, code, BARO_IDENTITY_ARGUMENTS | BARO_IDENTITY_RETURNS,
                            known);
  return true;
}

/* --- Taking --- */

/* Where the values of parameters come from. */
typedef struct parameter_source {
  PyObject *locals;        /* a mapping by name; owned, or NULL: */
  PyObject *const *values; /* by index, borrowed */
  bool has_cells;          /* those that are to be cells are */
} parameter_source;

static PyObject *value_at(const parameter_source *source, bool is_cell, uint32_t index) {
  PyObject *value = source->values[index];
  if (value != NULL && is_cell && source->has_cells) {
    return PyObject_GetAttrString(value, "cell_contents");
  }
  Py_XINCREF(value);
  return value;
}

static PyObject *value_called(const parameter_source *source, const char *name) {
  PyObject *value = NULL;
  PyObject *key = PyUnicode_FromString(name);
  if (key != NULL && PyDict_CheckExact(source->locals)) {
    value = PyDict_GetItemWithError(source->locals, key); /* borrowed */
    Py_XINCREF(value);
  } else if (key != NULL) {
    value = PyObject_GetItem(source->locals, key); /* from 3.13 on: a view of the frame */
  }
  Py_XDECREF(key);
  return value;
}

/* New reference, or NULL: there is none. */
static PyObject *value_of(const parameter_source *source, const wanted_values *wanted,
                          uint32_t index, const char *name) {
  bool is_cell = (wanted->parameters[index] & PARAMETER_IS_CELL) != 0;
  PyObject *value =
      source->locals == NULL ? value_at(source, is_cell, index) : value_called(source, name);
  PyErr_Clear();
  return value;
}

static void put_parameter(baro_value_summary *summary, uint8_t way, PyObject *value) {
  if (way == BARO_PARAMETER_REDACTED) {
    baro_value_redact(summary);
  } else if (value == NULL) {
    baro_value_put_text(&summary->out, "<unknown>");
  } else if (way == BARO_PARAMETER_TYPE_ONLY) {
    baro_value_summarize_type(summary, value);
  } else {
    baro_value_summarize(summary, value);
  }
}

/* start: where the list of arguments begins in the text. */
static void put_name(baro_value_summary *summary, size_t start, const char *stars,
                     const char *name) {
  baro_value_put_text(&summary->out, summary->out.length == start ? "" : ", ");
  baro_value_put_text(&summary->out, stars);
  baro_value_put_text(&summary->out, name);
  baro_value_put_text(&summary->out, "=");
}

/* Names from the caller: shown as they are where they are names, as strings otherwise. */
static void put_option(baro_value_summary *summary, size_t start, PyObject *key, PyObject *value) {
  PyObject *bytes = PyUnicode_CheckExact(key) ? PyUnicode_AsUTF8String(key) : NULL;
  PyErr_Clear();
  if (bytes == NULL || PyBytes_Size(bytes) > BARO_VALUE_BYTES / 2) {
    put_name(summary, start, "", "?");
    baro_value_redact(summary);
  } else {
    const char *name = PyBytes_AsString(bytes);
    bool is_secret = baro_secret_name(name, (size_t)PyBytes_Size(bytes));
    put_name(summary, start, "", name);
    put_parameter(summary, is_secret ? BARO_PARAMETER_REDACTED : BARO_PARAMETER_SHOWN, value);
  }
  Py_XDECREF(bytes);
}

static void put_options(baro_value_summary *summary, size_t start, const char *name, uint8_t way,
                        PyObject *options) {
  if (options == NULL || !PyDict_CheckExact(options) || way != BARO_PARAMETER_SHOWN) {
    put_name(summary, start, "**", name);
    put_parameter(summary, way, options);
    return;
  }
  Py_ssize_t position = 0;
  PyObject *key;
  PyObject *value;
  while (PyDict_Next(options, &position, &key, &value) && !summary->out.cut) {
    Py_INCREF(key);
    Py_INCREF(value);
    put_option(summary, start, key, value);
    Py_DECREF(value);
    Py_DECREF(key);
  }
}

static const char *name_at(const wanted_values *wanted, uint32_t index) {
  const char *name = (const char *)wanted + wanted->names_offset;
  for (; index > 0; index--) {
    name += strlen(name) + 1;
  }
  return name;
}

static void put_at(baro_value_summary *summary, size_t start, const wanted_values *wanted,
                   const parameter_source *source, uint32_t index) {
  if (summary->out.cut) {
    return;
  }
  const char *name = name_at(wanted, index);
  uint32_t named = wanted->positional + wanted->keyword;
  uint8_t way = wanted->parameters[index] & (uint8_t)~PARAMETER_IS_CELL;
  PyObject *value = value_of(source, wanted, index, name);
  if (index == named + wanted->rest) {
    put_options(summary, start, name, way, value);
  } else {
    put_name(summary, start, index == named ? "*" : "", name);
    put_parameter(summary, way, value);
  }
  Py_XDECREF(value);
}

/* Whatever is full by now: there is room for that. */
static void end_list(baro_value_summary *summary, size_t start) {
  bool is_first = summary->out.length == start;
  if (summary->out.cut) {
    baro_value_put_kept(&summary->out, is_first ? more + 2 : more, is_first ? 3 : MORE_BYTES);
  }
}

static void put_positional(baro_value_summary *summary, const wanted_values *wanted,
                           const parameter_source *source) {
  size_t start = summary->out.length;
  for (uint32_t i = 0; i < wanted->positional; i++) {
    put_at(summary, start, wanted, source, i);
  }
  if (wanted->rest != 0) {
    put_at(summary, start, wanted, source, wanted->positional + wanted->keyword);
  }
  end_list(summary, start);
}

static void put_keyword(baro_value_summary *summary, const wanted_values *wanted,
                        const parameter_source *source) {
  size_t start = summary->out.length;
  for (uint32_t i = 0; i < wanted->keyword; i++) {
    put_at(summary, start, wanted, source, wanted->positional + i);
  }
  if (wanted->options != 0) {
    put_at(summary, start, wanted, source, parameter_count(wanted) - 1);
  }
  if (wanted->keyword + wanted->options != 0) {
    end_list(summary, start);
  }
}

/* --- One capture --- */

static void count_failures(uint32_t count) {
  if (count == 0) {
    return;
  }
  uint32_t before = atomic_fetch_add(&failures, count);
  uint32_t after = before + count;
  /* As often as the number doubles: a failure at every call must not fill the disk. */
  if ((before ^ after) > before) {
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", after);
    baro_spool_fact("values_failed", text);
  }
}

/* False: no values of this call. */
static bool begin_capture(const wanted_values *wanted, baro_value_summary *summary,
                          baro_captured *captured) {
  captured->positional_bytes = 0;
  captured->keyword_bytes = 0;
  captured->has_keyword = false;
  captured->is_taken = false;
  captured->wait_ns = 0;
  if (wanted == NULL || capturing || PyErr_Occurred() != NULL) {
    return false;
  }
  capturing = true;
  captured->is_taken = true;
  baro_stack_quiet();
  *summary = (baro_value_summary){
      .out = {.text = captured->text, .end = sizeof(captured->text) - 2 * MORE_BYTES},
      .may_repr = (wanted->wanted & BARO_CAPTURE_REPR) != 0,
  };
  baro_value_start(summary);
  return true;
}

static void end_capture(const baro_value_summary *summary, baro_captured *captured) {
  captured->wait_ns = baro_value_wait_ns(summary);
  count_failures(summary->failures);
  PyErr_Clear();
  baro_stack_unquiet();
  capturing = false;
}

static void take_from(const wanted_values *wanted, const parameter_source *source,
                      baro_captured *captured) {
  baro_value_summary summary;
  if (!begin_capture(wanted, &summary, captured)) {
    return;
  }
  put_positional(&summary, wanted, source);
  captured->positional_bytes = summary.out.length;
  captured->has_keyword = wanted->keyword + wanted->options != 0;
  put_keyword(&summary, wanted, source);
  captured->keyword_bytes = summary.out.length - captured->positional_bytes;
  end_capture(&summary, captured);
}

void baro_capture_take_parameters(PyObject *code, PyObject *const *values, bool has_cells,
                                  baro_captured *captured) {
  int kept = errno;
  parameter_source source = {.values = values, .has_cells = has_cells};
  take_from(find_wanted(code), &source, captured);
  captured->took = baro_events_now() - captured->since;
  errno = kept;
}

void baro_capture_take_arguments(PyObject *code, PyObject *frame, baro_captured *captured) {
  int kept = errno;
  const wanted_values *wanted = find_wanted(code);
  parameter_source source = {.locals = PyObject_GetAttrString(frame, "f_locals")};
  if (source.locals == NULL) {
    PyErr_Clear();
    wanted = NULL;
  }
  take_from(wanted, &source, captured);
  baro_release_locals(source.locals);
  captured->took = baro_events_now() - captured->since;
  errno = kept;
}

void baro_capture_take_result(PyObject *code, PyObject *value, baro_captured *captured) {
  int kept = errno;
  const wanted_values *wanted = find_wanted(code);
  baro_value_summary summary;
  if (begin_capture(wanted, &summary, captured)) {
    bool is_secret = (wanted->wanted & BARO_CAPTURE_SECRET_RETURNS) != 0;
    Py_INCREF(value);
    put_parameter(&summary, is_secret ? BARO_PARAMETER_REDACTED : BARO_PARAMETER_SHOWN, value);
    Py_DECREF(value);
    captured->positional_bytes = summary.out.length;
    end_capture(&summary, captured);
  }
  captured->took = baro_events_now() - captured->since;
  errno = kept;
}

void baro_capture_forked(void) {
  failures = 0;
  capturing = false;
}
