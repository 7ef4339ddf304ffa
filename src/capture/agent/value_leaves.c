#include <stdio.h>
#include <string.h>

#include "capture/agent/held_items.h"
#include "capture/agent/value_parts.h"
#include "capture/agent/value_types.h"

enum {
  INT_BITS = 256,         /* longer ones take a time that grows with the square */
  NESTED_CHARACTERS = 40, /* of a string within a container */
};

/* An interrupt that hit what we asked is the program's: it gets it a little later. */
void baro_value_fail(baro_value_summary *summary) {
  summary->failures++;
  bool interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
  PyErr_Clear();
  if (interrupted) {
    PyErr_SetInterrupt();
  }
}

void baro_value_put_format(baro_value_summary *summary, const char *format, Py_ssize_t number) {
  char text[64];
  (void)snprintf(text, sizeof(text), format, number);
  baro_value_put_text(&summary->out, text);
}

/* take_text: consumed; NULL: what was asked failed, or is no text. */
void baro_value_put_text_object(baro_value_summary *summary, PyObject *take_text) {
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
    baro_value_fail(summary);
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

void baro_value_put_type(baro_value_summary *summary, PyObject *value) {
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
    baro_value_put_text_object(summary, PyObject_Repr(value));
  } else {
    PyErr_Clear();
    baro_value_put_format(summary, "<int of %zd bits>", bits);
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
    baro_value_fail(summary);
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

bool baro_value_put_scalar(baro_value_summary *summary, PyObject *value, int depth) {
  PyTypeObject *type = Py_TYPE(value);
  if (value == Py_None) {
    baro_value_put_text(&summary->out, "None");
  } else if (type == &PyBool_Type) {
    baro_value_put_text(&summary->out, value == Py_True ? "True" : "False");
  } else if (type == &PyLong_Type) {
    put_int(summary, value);
  } else if (type == &PyFloat_Type || type == &PyComplex_Type || value == Py_Ellipsis ||
             value == Py_NotImplemented) {
    baro_value_put_text_object(summary, PyObject_Repr(value));
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
