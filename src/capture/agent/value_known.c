#include <string.h>

#include "capture/agent/value_parts.h"
#include "capture/agent/value_types.h"

enum { SMALL_BYTES = 512 };

/* New reference, or NULL without an exception. */
static PyObject *ask(baro_value_summary *summary, PyObject *value, const char *name) {
  PyObject *answer = PyObject_GetAttrString(value, name);
  if (answer == NULL) {
    baro_value_fail(summary);
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
      baro_value_put_format(summary, i == 0 ? "%zd" : ", %zd", length);
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
    baro_value_put_text_object(summary, PyObject_Str(attribute));
  } else if (!baro_value_put_scalar(summary, attribute, 1)) {
    baro_value_put_type(summary, attribute);
  }
  Py_DECREF(attribute);
}

static void put_length(baro_value_summary *summary, PyObject *value) {
  Py_ssize_t length = PyObject_Size(value);
  if (length < 0) {
    baro_value_fail(summary);
  } else {
    baro_value_put_format(summary, " length=%zd", length);
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

bool baro_value_put_known(baro_value_summary *summary, PyObject *value) {
  baro_type_name name;
  baro_type_name_of(Py_TYPE(value), &name);
  unsigned asks = baro_type_asks(Py_TYPE(value), &name);
  if ((asks & BARO_ASK_REPR) != 0 || ((asks & BARO_ASK_SIZED_REPR) != 0 && is_small(value)) ||
      ((asks & BARO_ASK_ZONED_REPR) != 0 && has_no_foreign_zone(value))) {
    baro_value_put_text_object(summary, PyObject_Repr(value));
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
