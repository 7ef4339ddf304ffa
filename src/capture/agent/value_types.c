#include "capture/agent/value_types.h"
#include "capture/agent/loaded_module.h"

#include <stdatomic.h>
#include <string.h>

/* --- Names --- */

/* type.__dict__[name], which reads that of any type; kept for good. */
static PyObject *descriptor_of_type(const char *name) {
  PyObject *mapping = PyObject_GetAttrString((PyObject *)&PyType_Type, "__dict__");
  PyObject *key = PyUnicode_FromString(name);
  PyObject *found = mapping == NULL || key == NULL ? NULL : PyObject_GetItem(mapping, key);
  Py_XDECREF(key);
  Py_XDECREF(mapping);
  PyErr_Clear();
  return found;
}

static void copy_text(PyObject *text, char *copy) {
  copy[0] = '\0';
  if (text == NULL || !PyUnicode_CheckExact(text)) {
    return;
  }
  PyObject *bytes = PyUnicode_AsEncodedString(text, "utf-8", "replace");
  if (bytes != NULL) {
    const char *given = PyBytes_AsString(bytes);
    size_t length = strnlen(given, BARO_TYPE_NAME_BYTES);
    if (length == BARO_TYPE_NAME_BYTES) {
      length--;
      while (length > 0 && ((unsigned char)given[length] & 0xc0) == 0x80) {
        length--;
      }
    }
    memcpy(copy, given, length);
    copy[length] = '\0';
    Py_DECREF(bytes);
  }
}

static void read_name(PyObject *descriptor, PyTypeObject *type, char *copy) {
  PyObject *text =
      descriptor == NULL ? NULL : PyObject_CallMethod(descriptor, "__get__", "O", (PyObject *)type);
  copy_text(text, copy);
  Py_XDECREF(text);
  PyErr_Clear();
}

void baro_type_name_of(PyTypeObject *type, baro_type_name *ret_name) {
  /* Of the process; several threads find the same. */
  static _Atomic(PyObject *) module_descriptor;
  static _Atomic(PyObject *) name_descriptor;
  if (name_descriptor == NULL || module_descriptor == NULL) {
    name_descriptor = descriptor_of_type("__qualname__");
    module_descriptor = descriptor_of_type("__module__");
  }
  read_name(module_descriptor, type, ret_name->module);
  read_name(name_descriptor, type, ret_name->name);
}

/* --- Libraries --- */

typedef struct known_type {
  const char *library; /* the first part of the module's name */
  const char *name;    /* qualified; with a star at its end: begins so, at its beginning: ends so */
  unsigned asks;
} known_type;

static const known_type known_types[] = {
    {"numpy", "ndarray", BARO_ASK_SHAPE | BARO_ASK_DTYPE | BARO_ASK_NBYTES},
    {"numpy", "float*", BARO_ASK_REPR},
    {"numpy", "int*", BARO_ASK_REPR},
    {"numpy", "uint*", BARO_ASK_REPR},
    {"numpy", "complex*", BARO_ASK_REPR},
    {"numpy", "bool*", BARO_ASK_REPR},
    {"numpy", "datetime64", BARO_ASK_REPR},
    {"numpy", "timedelta64", BARO_ASK_REPR},
    {"pandas", "DataFrame", BARO_ASK_SHAPE},
    {"pandas", "Series", BARO_ASK_SHAPE | BARO_ASK_DTYPE},
    {"pandas", "*Index", BARO_ASK_SHAPE | BARO_ASK_DTYPE},
    {"polars", "DataFrame", BARO_ASK_SHAPE},
    {"polars", "Series", BARO_ASK_SHAPE | BARO_ASK_DTYPE},
    {"torch", "Tensor", BARO_ASK_SHAPE | BARO_ASK_DTYPE | BARO_ASK_DEVICE},
    {"torch", "Parameter", BARO_ASK_SHAPE | BARO_ASK_DTYPE | BARO_ASK_DEVICE},
    {"pyarrow", "Table", BARO_ASK_SHAPE},
    {"pyarrow", "RecordBatch", BARO_ASK_SHAPE},
    {"pyarrow", "*Array", BARO_ASK_LENGTH | BARO_ASK_TYPE},
    {"datetime", "date", BARO_ASK_REPR},
    {"datetime", "timedelta", BARO_ASK_REPR},
    {"datetime", "datetime", BARO_ASK_ZONED_REPR},
    {"datetime", "time", BARO_ASK_ZONED_REPR},
    {"decimal", "Decimal", BARO_ASK_SIZED_REPR},
    {"uuid", "UUID", BARO_ASK_REPR},
    {"collections", "deque", BARO_ASK_LENGTH},
    {"collections", "OrderedDict", BARO_ASK_LENGTH},
    {"collections", "defaultdict", BARO_ASK_LENGTH},
    {"collections", "Counter", BARO_ASK_LENGTH},
    {"array", "array", BARO_ASK_LENGTH},
};

static bool is_called(const char *name, const char *pattern) {
  size_t length = strlen(pattern);
  size_t given = strlen(name);
  if (pattern[0] == '*') {
    return given >= length - 1 && strcmp(name + given - (length - 1), pattern + 1) == 0;
  }
  if (pattern[length - 1] == '*') {
    return strncmp(name, pattern, length - 1) == 0;
  }
  return strcmp(name, pattern) == 0;
}

static bool is_of(const char *module, const char *library) {
  size_t length = strlen(library);
  return strncmp(module, library, length) == 0 && (module[length] == '\0' || module[length] == '.');
}

/* Whether the module that it says it is of has this very type under its name. */
static bool is_what_it_says(PyTypeObject *type, const baro_type_name *name) {
  PyObject *module = baro_loaded_module(name->module);
  PyObject *found = module == NULL || !PyModule_Check(module)
                        ? NULL
                        : baro_dict_text_item(PyModule_GetDict(module), name->name);
  bool is_it = found == (PyObject *)type;
  Py_XDECREF(found);
  Py_XDECREF(module);
  return is_it;
}

unsigned baro_type_asks(PyTypeObject *type, const baro_type_name *name) {
  for (size_t i = 0; i < sizeof(known_types) / sizeof(known_types[0]); i++) {
    const known_type *known = &known_types[i];
    if (is_of(name->module, known->library) && is_called(name->name, known->name)) {
      return is_what_it_says(type, name) ? known->asks : 0;
    }
  }
  return 0;
}

bool baro_type_is_of_library(PyTypeObject *type) {
  static const char *const libraries[] = {"numpy", "pandas", "polars", "torch", "pyarrow"};
  baro_type_name name;
  baro_type_name_of(type, &name);
  for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
    if (is_of(name.module, libraries[i])) {
      return is_what_it_says(type, &name) ||
             strncmp(name.name, "dtype", 5) == 0; /* numpy.dtype[float64] is made when needed */
    }
  }
  return false;
}
