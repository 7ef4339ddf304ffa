#include "capture/agent/generated_names.h"

#include <stdbool.h>

#include "capture/agent/held_items.h"

/* Of all Pythons, but not of the limited API. */
extern PyTypeObject PyFunction_Type;

enum { CODE_OPTIMIZED = 0x1, CODE_NEWLOCALS = 0x2, WRAPPERS = 4 };

/* New reference, or NULL. Asked of `type` itself: a metaclass of the program may have its own idea of attributes. */
static PyObject *attribute_of_type(PyObject *type, const char *name) {
  return PyObject_CallMethod((PyObject *)&PyType_Type, "__getattribute__", "Os", type, name);
}

/* New reference, or NULL: code has none. */
static PyObject *name_of_first(PyObject *code) {
  PyObject *count = PyObject_GetAttrString(code, "co_argcount");
  PyObject *names = PyObject_GetAttrString(code, "co_varnames");
  bool has = count != NULL && names != NULL && PyLong_AsLong(count) > 0 && PyTuple_Size(names) > 0;
  PyObject *name = has ? PyTuple_GetItem(names, 0) : NULL; /* borrowed */
  Py_XINCREF(name);
  Py_XDECREF(names);
  Py_XDECREF(count);
  return name;
}

/* New reference, or NULL: it is not there any more. */
static PyObject *first_argument(PyObject *code, const baro_code_place *place) {
  PyObject *name = name_of_first(code);
  PyObject *value = NULL;
  if (name != NULL && place->parameters != NULL) {
    value = place->parameters[0];
    Py_XINCREF(value);
  } else if (name != NULL && place->frame != NULL) {
    PyObject *locals = PyObject_GetAttrString(place->frame, "f_locals");
    if (locals != NULL && PyDict_CheckExact(locals)) {
      value = baro_dict_item(locals, name);
    } else if (locals != NULL) {
      value = PyObject_GetItem(locals, name);
    }
    baro_release_locals(locals);
  }
  Py_XDECREF(name);
  return value;
}

/* Of a function, or of what it says that it wraps: dataclasses wrap __repr__. */
static bool has_code(PyObject *given, PyObject *code) {
  bool found = false;
  PyObject *function = given;
  Py_XINCREF(function);
  for (int i = 0; i < WRAPPERS && !found && function != NULL; i++) {
    PyObject *wrapped = NULL;
    if (Py_TYPE(function) == &PyFunction_Type) {
      PyObject *its_code = PyObject_GetAttrString(function, "__code__");
      PyObject *extras = PyObject_GetAttrString(function, "__dict__");
      found = its_code == code;
      wrapped = extras != NULL && PyDict_CheckExact(extras)
                    ? baro_dict_text_item(extras, "__wrapped__")
                    : NULL;
      Py_XDECREF(extras);
      Py_XDECREF(its_code);
    }
    Py_DECREF(function);
    function = wrapped;
  }
  Py_XDECREF(function);
  return found;
}

static bool owns(PyObject *type, PyObject *bare, PyObject *code) {
  PyObject *members = attribute_of_type(type, "__dict__");
  PyObject *member = members == NULL ? NULL : PyObject_GetItem(members, bare);
  PyErr_Clear();
  bool is_owner = has_code(member, code);
  Py_XDECREF(member);
  Py_XDECREF(members);
  return is_owner;
}

static PyObject *name_in(PyObject *type, PyObject *bare) {
  PyObject *class_name = attribute_of_type(type, "__qualname__");
  bool is_text = class_name != NULL && PyUnicode_CheckExact(class_name);
  PyObject *name = is_text ? PyUnicode_FromFormat("%U.%U", class_name, bare) : NULL;
  Py_XDECREF(class_name);
  return name;
}

static PyObject *name_by(PyObject *first, PyObject *code) {
  PyObject *bare = PyObject_GetAttrString(code, "co_name");
  PyObject *bases = attribute_of_type((PyObject *)Py_TYPE(first), "__mro__");
  PyObject *name = NULL;
  bool can = bare != NULL && bases != NULL && PyTuple_Check(bases);
  for (Py_ssize_t i = 0; can && name == NULL && i < PyTuple_Size(bases); i++) {
    PyObject *type = PyTuple_GetItem(bases, i); /* borrowed */
    if (owns(type, bare, code)) {
      name = name_in(type, bare);
    }
  }
  Py_XDECREF(bases);
  Py_XDECREF(bare);
  return name;
}

PyObject *baro_generated_name(PyObject *code, const char *file, long co_flags,
                              const baro_code_place *place) {
  const long function = CODE_OPTIMIZED | CODE_NEWLOCALS;
  if (file[0] != '<' || (co_flags & function) != function) {
    return NULL;
  }
  PyObject *first = first_argument(code, place);
  PyObject *name = first == NULL ? NULL : name_by(first, code);
  Py_XDECREF(first);
  PyErr_Clear();
  return name;
}
