#include "capture/agent/value_summary.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "capture/agent/held_items.h"
#include "capture/agent/secret_names.h"
#include "capture/agent/value_types.h"

enum {
  CPU_NS = 1000000, /* for the values of one call */
  /* Turns of other threads are longer, and a __repr__ that sleeps, too. */
  SHORTEST_WAIT_NS = 100000,
  INT_BITS = 256,         /* longer ones take a time that grows with the square */
  NESTED_CHARACTERS = 40, /* of a string within a container */
  SMALL_BYTES = 512,
  NAME_BYTES = 256,
};

static void put_value(baro_value_summary *summary, PyObject *value, int depth);

void baro_value_start(baro_value_summary *summary) {
  summary->since_ns = baro_clock_now_ns();
  summary->since_cpu_ns = baro_clock_thread_cpu_ns();
}

uint64_t baro_value_wait_ns(const baro_value_summary *summary) {
  uint64_t passed_ns = baro_clock_now_ns() - summary->since_ns;
  if (passed_ns < SHORTEST_WAIT_NS) {
    return 0;
  }
  uint64_t spent_ns = baro_clock_thread_cpu_ns() - summary->since_cpu_ns;
  return passed_ns > spent_ns ? passed_ns - spent_ns : 0;
}

/* CPU time never passes faster: the kernel need not be asked (0.3 us) for every value. */
static bool time_is_over(const baro_value_summary *summary) {
  return baro_clock_now_ns() - summary->since_ns > CPU_NS &&
         baro_clock_thread_cpu_ns() - summary->since_cpu_ns > CPU_NS;
}

/* An interrupt that hit what we asked is the program's: it gets it a little later. */
static void fail(baro_value_summary *summary) {
  summary->failures++;
  bool interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
  PyErr_Clear();
  if (interrupted) {
    PyErr_SetInterrupt();
  }
}

static void put_format(baro_value_summary *summary, const char *format, Py_ssize_t number) {
  char text[64];
  (void)snprintf(text, sizeof(text), format, number);
  baro_value_put_text(&summary->out, text);
}

/* take_text: consumed; NULL: what was asked failed, or is no text. */
static void put_text_object(baro_value_summary *summary, PyObject *take_text) {
  PyObject *bytes = NULL;
  if (take_text != NULL && PyUnicode_Check(take_text)) {
    /* As much as can be shown, before it is encoded. */
    PyObject *start = PyUnicode_Substring(take_text, 0, BARO_VALUE_BYTES);
    bytes = start == NULL ? NULL : PyUnicode_AsEncodedString(start, "utf-8", "backslashreplace");
    Py_XDECREF(start);
  }
  if (bytes != NULL) {
    baro_value_put(&summary->out, PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes));
    Py_DECREF(bytes);
  } else {
    fail(summary);
    baro_value_put_text(&summary->out, "<unknown>");
  }
  Py_XDECREF(take_text);
}

/* --- Types --- */

static void put_type_name(baro_value_summary *summary, PyTypeObject *type) {
  baro_type_name name;
  baro_type_name_of(type, &name);
  if (name.module[0] != '\0' && strcmp(name.module, "builtins") != 0) {
    baro_value_put_text(&summary->out, name.module);
    baro_value_put_text(&summary->out, ".");
  }
  baro_value_put_text(&summary->out, name.name[0] == '\0' ? "?" : name.name);
}

static void put_type(baro_value_summary *summary, PyObject *value) {
  baro_value_put_text(&summary->out, "<");
  put_type_name(summary, Py_TYPE(value));
  baro_value_put_text(&summary->out, ">");
}

/* --- Numbers and strings --- */

static void put_int(baro_value_summary *summary, PyObject *value) {
  int overflow = 0;
  long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow == 0) {
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", number);
    baro_value_put_text(&summary->out, text);
    return;
  }
  PyObject *bits_object = PyObject_CallMethod(value, "bit_length", NULL);
  Py_ssize_t bits = bits_object == NULL ? -1 : PyLong_AsSsize_t(bits_object);
  Py_XDECREF(bits_object);
  if (bits >= 0 && bits <= INT_BITS) {
    put_text_object(summary, PyObject_Repr(value));
  } else {
    PyErr_Clear();
    put_format(summary, "<int of %zd bits>", bits);
  }
}

static size_t characters_for(const baro_value_summary *summary, int depth) {
  size_t room = baro_value_room(&summary->out);
  return depth > 0 && room > NESTED_CHARACTERS ? NESTED_CHARACTERS : room;
}

/* How something of so many characters or bytes looks, of which the first `shown` were taken: where that is not all, or not
 * all of it has room, it says how many there are. take_start: consumed, may be NULL. */
static void put_start(baro_value_summary *summary, PyObject *take_start, Py_ssize_t shown,
                      Py_ssize_t length, const char *unit) {
  PyObject *text = take_start == NULL ? NULL : PyObject_Repr(take_start);
  PyObject *bytes = text == NULL ? NULL : PyUnicode_AsUTF8String(text);
  Py_XDECREF(text);
  Py_XDECREF(take_start);
  if (bytes == NULL) {
    fail(summary);
    return;
  }
  const char *data = PyBytes_AsString(bytes);
  size_t data_bytes = (size_t)PyBytes_Size(bytes);
  char count[64];
  (void)snprintf(count, sizeof(count), " (%zd %s)", length, unit);
  if (shown >= length && data_bytes <= baro_value_room(&summary->out)) {
    baro_value_put(&summary->out, data, data_bytes);
  } else if (baro_value_keep(&summary->out, strlen(count))) {
    baro_value_put(&summary->out, data, data_bytes);
    baro_value_put_text(&summary->out, "...");
    baro_value_put_kept(&summary->out, count, strlen(count));
  } else {
    baro_value_put(&summary->out, data, data_bytes);
    baro_value_cut(&summary->out);
  }
  Py_DECREF(bytes);
}

static void put_str(baro_value_summary *summary, PyObject *value, int depth) {
  Py_ssize_t length = PyUnicode_GetLength(value);
  Py_ssize_t shown = (Py_ssize_t)characters_for(summary, depth);
  put_start(summary, PyUnicode_Substring(value, 0, shown), shown, length, "characters");
}

static void put_bytes(baro_value_summary *summary, const char *data, Py_ssize_t length, int depth) {
  Py_ssize_t shown = (Py_ssize_t)characters_for(summary, depth);
  PyObject *start = PyBytes_FromStringAndSize(data, length < shown ? length : shown);
  put_start(summary, start, shown, length, "bytes");
}

static void put_bytearray(baro_value_summary *summary, PyObject *value, int depth) {
  Py_ssize_t shown = (Py_ssize_t)characters_for(summary, depth);
  Py_ssize_t length;
  PyObject *start;
  baro_value_put_text(&summary->out, "bytearray(");
  BARO_HOLD_STILL(value);
  length = PyByteArray_Size(value);
  start = PyBytes_FromStringAndSize(PyByteArray_AsString(value), length < shown ? length : shown);
  BARO_LET_MOVE();
  put_start(summary, start, shown, length, "bytes");
  baro_value_put_text(&summary->out, ")");
}

static bool put_scalar(baro_value_summary *summary, PyObject *value, int depth) {
  PyTypeObject *type = Py_TYPE(value);
  if (value == Py_None) {
    baro_value_put_text(&summary->out, "None");
  } else if (type == &PyBool_Type) {
    baro_value_put_text(&summary->out, value == Py_True ? "True" : "False");
  } else if (type == &PyLong_Type) {
    put_int(summary, value);
  } else if (type == &PyFloat_Type || type == &PyComplex_Type || value == Py_Ellipsis ||
             value == Py_NotImplemented) {
    put_text_object(summary, PyObject_Repr(value));
  } else if (type == &PyUnicode_Type) {
    put_str(summary, value, depth);
  } else if (type == &PyBytes_Type) {
    put_bytes(summary, PyBytes_AsString(value), PyBytes_Size(value), depth);
  } else if (type == &PyByteArray_Type) {
    put_bytearray(summary, value, depth);
  } else {
    return false;
  }
  return true;
}

/* --- Secrets --- */

void baro_value_redact(baro_value_summary *summary) {
  baro_value_put_text(&summary->out, "<redacted>");
}

static bool is_secret_name(PyObject *key) {
  char name[NAME_BYTES];
  if (PyUnicode_Check(key)) {
    PyObject *start = PyUnicode_Substring(key, 0, NAME_BYTES);
    PyObject *bytes = start == NULL ? NULL : PyUnicode_AsEncodedString(start, "utf-8", "replace");
    Py_XDECREF(start);
    if (bytes == NULL) {
      PyErr_Clear();
      return true; /* nobody knows */
    }
    bool is_secret = baro_secret_name(PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes));
    Py_DECREF(bytes);
    return is_secret;
  }
  if (!PyBytes_Check(key)) {
    return false;
  }
  size_t length = (size_t)PyBytes_Size(key);
  length = length < sizeof(name) ? length : sizeof(name);
  memcpy(name, PyBytes_AsString(key), length);
  return baro_secret_name(name, length);
}

/* (name, value), as headers often are: nothing of it is shown but the name. */
static bool is_secret_pair(PyObject *value) {
  if (PyTuple_CheckExact(value)) {
    return PyTuple_Size(value) == 2 && is_secret_name(PyTuple_GetItem(value, 0));
  }
  if (!PyList_CheckExact(value) || PyList_Size(value) != 2) {
    return false;
  }
  PyObject *name = baro_list_item(value, 0);
  bool is_secret = name != NULL && is_secret_name(name);
  Py_XDECREF(name);
  PyErr_Clear();
  return is_secret;
}

/* --- Containers --- */

typedef struct container_state {
  baro_value_summary *summary;
  char close[48]; /* what ends it; its room is kept */
  size_t close_bytes;
  Py_ssize_t count;
  Py_ssize_t shown; /* so many items at most */
  Py_ssize_t done;
  int depth;
} container_state;

/* False: there is nothing to be shown of its items, and all of it has been put. */
static bool open_container(container_state *container, const char *open, const char *close) {
  baro_value_writer *out = &container->summary->out;
  container->shown = container->count < BARO_VALUE_ITEMS ? container->count : BARO_VALUE_ITEMS;
  if (container->depth >= BARO_VALUE_DEPTH) {
    container->shown = 0;
  }
  if (container->shown == container->count) {
    (void)snprintf(container->close, sizeof(container->close), "%s", close);
  } else {
    (void)snprintf(container->close, sizeof(container->close), "%s... %zd item%s%s",
                   container->shown == 0 ? "" : ", ", container->count,
                   container->count == 1 ? "" : "s", close);
  }
  container->close_bytes = strlen(container->close);
  baro_value_put_text(out, open);
  if (!baro_value_keep(out, container->close_bytes)) {
    baro_value_cut(out);
    return false;
  }
  return true;
}

/* Whether another item is to be put; puts what stands in front of it. */
static bool next_item(container_state *container) {
  baro_value_writer *out = &container->summary->out;
  if (container->done >= container->shown || out->cut) {
    return false;
  }
  if (container->done++ > 0) {
    baro_value_put_text(out, ", ");
  }
  return !out->cut;
}

static void close_container(container_state *container) {
  baro_value_put_kept(&container->summary->out, container->close, container->close_bytes);
}

static void put_tuple(container_state *container, PyObject *value) {
  bool is_pair = is_secret_pair(value);
  if (!open_container(container, "(", container->count == 1 ? ",)" : ")")) {
    return;
  }
  for (Py_ssize_t i = 0; next_item(container); i++) {
    if (is_pair && i > 0) {
      baro_value_redact(container->summary);
    } else {
      put_value(container->summary, PyTuple_GetItem(value, i), container->depth + 1);
    }
  }
  close_container(container);
}

static void put_list(container_state *container, PyObject *value) {
  bool is_pair = is_secret_pair(value);
  if (!open_container(container, "[", "]")) {
    return;
  }
  /* It may become shorter while code of a library runs. */
  for (Py_ssize_t i = 0; i < PyList_Size(value) && next_item(container); i++) {
    PyObject *item = baro_list_item(value, i);
    if (item == NULL) {
      PyErr_Clear();
      break;
    }
    if (is_pair && i > 0) {
      baro_value_redact(container->summary);
    } else {
      put_value(container->summary, item, container->depth + 1);
    }
    Py_DECREF(item);
  }
  close_container(container);
}

static void put_set(container_state *container, PyObject *value, const char *open,
                    const char *close) {
  if (!open_container(container, open, close)) {
    return;
  }
  PyObject *items = container->shown == 0 ? NULL : PyObject_GetIter(value);
  while (items != NULL && next_item(container)) {
    PyObject *item = PyIter_Next(items);
    if (item == NULL) {
      PyErr_Clear(); /* it became another meanwhile */
      break;
    }
    put_value(container->summary, item, container->depth + 1);
    Py_DECREF(item);
  }
  Py_XDECREF(items);
  PyErr_Clear();
  close_container(container);
}

typedef struct dict_items {
  PyObject *keys[BARO_VALUE_ITEMS]; /* owned, as the values */
  PyObject *values[BARO_VALUE_ITEMS];
  Py_ssize_t count;
} dict_items;

/* The first `count` items, as they are at one moment: what shows them may run code of a library, or other threads. */
static void hold_items(PyObject *dict, Py_ssize_t count, dict_items *ret_items) {
  Py_ssize_t position = 0;
  ret_items->count = 0;
  BARO_HOLD_STILL(dict);
  for (Py_ssize_t i = 0;
       i < count && PyDict_Next(dict, &position, &ret_items->keys[i], &ret_items->values[i]); i++) {
    Py_INCREF(ret_items->keys[i]);
    Py_INCREF(ret_items->values[i]);
    ret_items->count = i + 1;
  }
  BARO_LET_MOVE();
}

static void put_item(container_state *container, PyObject *key, PyObject *value) {
  put_value(container->summary, key, container->depth + 1);
  baro_value_put_text(&container->summary->out, ": ");
  if (is_secret_name(key)) {
    baro_value_redact(container->summary);
  } else {
    put_value(container->summary, value, container->depth + 1);
  }
}

static void put_dict(container_state *container, PyObject *value) {
  if (!open_container(container, "{", "}")) {
    return;
  }
  dict_items items;
  hold_items(value, container->shown, &items);
  for (Py_ssize_t i = 0; i < items.count; i++) {
    if (next_item(container)) {
      put_item(container, items.keys[i], items.values[i]);
    }
    Py_DECREF(items.values[i]);
    Py_DECREF(items.keys[i]);
  }
  close_container(container);
}

static bool put_container(baro_value_summary *summary, PyObject *value, int depth) {
  container_state container = {.summary = summary, .depth = depth};
  if (PyTuple_CheckExact(value)) {
    container.count = PyTuple_Size(value);
    put_tuple(&container, value);
  } else if (PyList_CheckExact(value)) {
    container.count = PyList_Size(value);
    put_list(&container, value);
  } else if (PyDict_CheckExact(value)) {
    container.count = PyDict_Size(value);
    put_dict(&container, value);
  } else if (Py_TYPE(value) == &PySet_Type || Py_TYPE(value) == &PyFrozenSet_Type) {
    bool frozen = Py_TYPE(value) == &PyFrozenSet_Type;
    container.count = PySet_Size(value);
    if (container.count == 0) {
      baro_value_put_text(&summary->out, frozen ? "frozenset()" : "set()");
    } else {
      put_set(&container, value, frozen ? "frozenset({" : "{", frozen ? "})" : "}");
    }
  } else {
    return false;
  }
  return true;
}

/* --- Libraries --- */

/* New reference, or NULL without an exception. */
static PyObject *ask(baro_value_summary *summary, PyObject *value, const char *name) {
  PyObject *answer = PyObject_GetAttrString(value, name);
  if (answer == NULL) {
    fail(summary);
  }
  return answer;
}

/* A tuple of numbers, or a type of its own that is one. */
static void put_shape(baro_value_summary *summary, PyObject *value) {
  PyObject *shape = ask(summary, value, "shape");
  if (shape != NULL && PyTuple_Check(shape)) {
    Py_ssize_t count = PyTuple_Size(shape);
    baro_value_put_text(&summary->out, " shape=(");
    for (Py_ssize_t i = 0; i < count && i < BARO_VALUE_ITEMS; i++) {
      Py_ssize_t length = PyLong_AsSsize_t(PyTuple_GetItem(shape, i));
      PyErr_Clear();
      put_format(summary, i == 0 ? "%zd" : ", %zd", length);
    }
    baro_value_put_text(&summary->out, count == 1 ? ",)" : ")");
  }
  Py_XDECREF(shape);
}

/* What an attribute says of itself, if it is the library's: element types may be the program's. */
static void put_attribute(baro_value_summary *summary, PyObject *value, const char *name) {
  PyObject *attribute = ask(summary, value, name);
  if (attribute == NULL) {
    return;
  }
  baro_value_put_text(&summary->out, " ");
  baro_value_put_text(&summary->out, name);
  baro_value_put_text(&summary->out, "=");
  if (baro_type_is_of_library(Py_TYPE(attribute))) {
    put_text_object(summary, PyObject_Str(attribute));
  } else if (!put_scalar(summary, attribute, 1)) {
    put_type(summary, attribute);
  }
  Py_DECREF(attribute);
}

static void put_length(baro_value_summary *summary, PyObject *value) {
  Py_ssize_t length = PyObject_Size(value);
  if (length < 0) {
    fail(summary);
  } else {
    put_format(summary, " length=%zd", length);
  }
}

static bool is_small(PyObject *value) {
  PyObject *size = PyObject_CallMethod(value, "__sizeof__", NULL);
  Py_ssize_t bytes = size == NULL ? -1 : PyLong_AsSsize_t(size);
  Py_XDECREF(size);
  PyErr_Clear();
  return bytes >= 0 && bytes <= SMALL_BYTES;
}

static bool has_no_foreign_zone(PyObject *value) {
  PyObject *zone = PyObject_GetAttrString(value, "tzinfo");
  bool is_none = zone == Py_None;
  if (zone != NULL && !is_none) {
    baro_type_name name;
    baro_type_name_of(Py_TYPE(zone), &name);
    is_none = strcmp(name.module, "datetime") == 0 && strcmp(name.name, "timezone") == 0;
  }
  Py_XDECREF(zone);
  PyErr_Clear();
  return is_none;
}

static bool put_known(baro_value_summary *summary, PyObject *value) {
  baro_type_name name;
  baro_type_name_of(Py_TYPE(value), &name);
  unsigned asks = baro_type_asks(Py_TYPE(value), &name);
  if ((asks & BARO_ASK_REPR) != 0 || ((asks & BARO_ASK_SIZED_REPR) != 0 && is_small(value)) ||
      ((asks & BARO_ASK_ZONED_REPR) != 0 && has_no_foreign_zone(value))) {
    put_text_object(summary, PyObject_Repr(value));
    return true;
  }
  if ((asks & ~(unsigned)(BARO_ASK_SIZED_REPR | BARO_ASK_ZONED_REPR)) == 0) {
    return false;
  }
  baro_value_put(&summary->out, "<", 1);
  baro_value_put(&summary->out, name.module, strcspn(name.module, "."));
  baro_value_put(&summary->out, ".", 1);
  baro_value_put_text(&summary->out, name.name);
  if ((asks & BARO_ASK_LENGTH) != 0) {
    put_length(summary, value);
  }
  if ((asks & BARO_ASK_SHAPE) != 0) {
    put_shape(summary, value);
  }
  static const struct {
    unsigned ask;
    const char *name;
  } attributes[] = {
      {BARO_ASK_DTYPE, "dtype"},
      {BARO_ASK_TYPE, "type"},
      {BARO_ASK_DEVICE, "device"},
      {BARO_ASK_NBYTES, "nbytes"},
  };
  for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
    if ((asks & attributes[i].ask) != 0) {
      put_attribute(summary, value, attributes[i].name);
    }
  }
  baro_value_put(&summary->out, ">", 1);
  return true;
}

/* --- All --- */

static void put_by_repr(baro_value_summary *summary, PyObject *value) {
  PyObject *text = PyObject_Repr(value);
  if (text != NULL && PyUnicode_CheckExact(text)) {
    put_text_object(summary, text);
    return;
  }
  Py_XDECREF(text);
  fail(summary);
  put_type(summary, value);
}

static void put_value(baro_value_summary *summary, PyObject *value, int depth) {
  if (value == NULL) {
    PyErr_Clear();
    baro_value_put_text(&summary->out, "<unknown>");
    return;
  }
  if (summary->out.cut || put_scalar(summary, value, depth)) {
    return;
  }
  if (time_is_over(summary)) {
    baro_value_cut(&summary->out);
    return;
  }
  if (!put_container(summary, value, depth) && !put_known(summary, value)) {
    if (summary->may_repr) {
      put_by_repr(summary, value);
    } else {
      put_type(summary, value);
    }
  }
}

/* Gives the value its end within the whole. */
static size_t begin(baro_value_summary *summary) {
  baro_value_writer *out = &summary->out;
  size_t whole = out->end;
  if (out->length < whole && whole - out->length > BARO_VALUE_BYTES) {
    out->end = out->length + BARO_VALUE_BYTES;
  }
  return whole;
}

/* What did not fit into its own bytes is no reason to end the whole. */
static void end(baro_value_summary *summary, size_t whole) {
  if (summary->out.end < whole) {
    summary->out.cut = false;
  }
  summary->out.end = whole;
}

void baro_value_summarize(baro_value_summary *summary, PyObject *value) {
  size_t whole = begin(summary);
  put_value(summary, value, 0);
  end(summary, whole);
  PyErr_Clear();
}

void baro_value_summarize_type(baro_value_summary *summary, PyObject *value) {
  size_t whole = begin(summary);
  put_type(summary, value);
  end(summary, whole);
}
