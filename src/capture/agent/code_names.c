#include "capture/agent/code_names.h"

enum { CODE_OPTIMIZED = 0x1, CODE_NEWLOCALS = 0x2, NESTING_LIMIT = 100 };

/* Address of a code object -> its qualified name, until the code runs for the first time. Of this process' interpreter. */
static PyObject *names;

static PyObject *key_of(PyObject *code) {
  return PyLong_FromVoidPtr(code);
}

/* Functions have a scope of their own; what stands in a class or a module is found by its name. */
static bool is_function(PyObject *code) {
  PyObject *number = PyObject_GetAttrString(code, "co_flags");
  long flags = number == NULL ? -1 : PyLong_AsLong(number);
  Py_XDECREF(number);
  return flags >= 0 && (flags & CODE_OPTIMIZED) != 0 && (flags & CODE_NEWLOCALS) != 0;
}

/* The text before the names of what code contains. "": a module, or code that exec runs. */
static PyObject *prefix_of(PyObject *code, PyObject *qualified_name, bool is_root) {
  if (is_function(code)) {
    return PyUnicode_FromFormat("%U.<locals>.", qualified_name);
  }
  return is_root ? PyUnicode_FromString("") : PyUnicode_FromFormat("%U.", qualified_name);
}

static int name_contents(PyObject *code, PyObject *prefix, int depth);

static int name_one(PyObject *code, PyObject *prefix, int depth) {
  int result = -1;
  PyObject *bare = PyObject_GetAttrString(code, "co_name");
  PyObject *name = bare == NULL ? NULL : PyUnicode_Concat(prefix, bare);
  PyObject *key = name == NULL ? NULL : key_of(code);
  PyObject *inner = key == NULL ? NULL : prefix_of(code, name, false);
  if (inner != NULL && PyDict_SetItem(names, key, name) == 0) {
    result = name_contents(code, inner, depth + 1);
  }
  Py_XDECREF(inner);
  Py_XDECREF(key);
  Py_XDECREF(name);
  Py_XDECREF(bare);
  return result;
}

static int name_contents(PyObject *code, PyObject *prefix, int depth) {
  if (depth > NESTING_LIMIT) {
    return 0;
  }
  PyObject *constants = PyObject_GetAttrString(code, "co_consts");
  int result = constants == NULL ? -1 : 0;
  Py_ssize_t count = constants == NULL ? 0 : PyTuple_Size(constants);
  for (Py_ssize_t i = 0; i < count && result == 0; i++) {
    PyObject *constant = PyTuple_GetItem(constants, i); /* borrowed */
    if (Py_TYPE(constant) == Py_TYPE(code)) {
      result = name_one(constant, prefix, depth);
    }
  }
  Py_XDECREF(constants);
  return result;
}

/* A name of somebody who had this address before does not end in the bare name. */
static bool is_name_of(PyObject *name, PyObject *bare) {
  return PyUnicode_Tailmatch(name, bare, 0, PY_SSIZE_T_MAX, 1) == 1;
}

/* New reference, or NULL: nobody contained it. */
static PyObject *take_known(PyObject *code, PyObject *bare) {
  PyObject *key = key_of(code);
  PyObject *name = key == NULL ? NULL : PyDict_GetItemWithError(names, key); /* borrowed */
  if (name != NULL) {
    Py_INCREF(name);
    if (PyDict_DelItem(names, key) != 0 || !is_name_of(name, bare)) {
      Py_CLEAR(name);
    }
  }
  Py_XDECREF(key);
  PyErr_Clear();
  return name;
}

PyObject *baro_code_names_take(PyObject *code, bool with_contents) {
  if (names == NULL) {
    names = PyDict_New();
  }
  PyObject *bare = names == NULL ? NULL : PyObject_GetAttrString(code, "co_name");
  PyObject *name = bare == NULL ? NULL : take_known(code, bare);
  if (bare != NULL && name == NULL) {
    name = bare;
    Py_INCREF(name);
    PyObject *prefix = with_contents ? prefix_of(code, name, true) : NULL;
    if (prefix != NULL) {
      (void)name_contents(code, prefix, 0);
      Py_DECREF(prefix);
    }
  }
  Py_XDECREF(bare);
  PyErr_Clear();
  return name;
}
