#include "capture/agent/children.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/agent/ring.h"

enum { ENVIRONMENT_ARGUMENT = 5 }; /* of _posixsubprocess.fork_exec, 3.9 to 3.15 */

static const char path_key[] = "PYTHONPATH=";

/* Of the process; NULL until children are followed. */
static PyObject *spool_entry; /* bytes: what the environment has where it comes from ours */
static PyObject *startup;     /* bytes */
static PyObject *fork_exec;   /* the function that was replaced */

/* New reference to the entry of PYTHONPATH with our folder in front, or NULL. old: its value so far, may be NULL. */
static PyObject *new_path(const char *old) {
  return old == NULL || old[0] == '\0'
             ? PyBytes_FromFormat("%s%s", path_key, PyBytes_AsString(startup))
             : PyBytes_FromFormat("%s%s:%s", path_key, PyBytes_AsString(startup), old);
}

static bool is_bytes_equal(PyObject *bytes, PyObject *other) {
  return PyBytes_Size(bytes) == PyBytes_Size(other) &&
         memcmp(PyBytes_AsString(bytes), PyBytes_AsString(other), (size_t)PyBytes_Size(bytes)) ==
             0;
}

/* New reference to a copy of the list in which a child finds the hook, or NULL: it stays as it is. */
static PyObject *changed_environment(PyObject *environment) {
  Py_ssize_t count = PyList_Check(environment) ? PyList_Size(environment) : 0;
  bool is_ours = false;
  Py_ssize_t path_at = -1;
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *entry = PyList_GetItem(environment, i); /* borrowed */
    if (!PyBytes_Check(entry)) {
      return NULL;
    }
    is_ours = is_ours || is_bytes_equal(entry, spool_entry);
    if (strncmp(PyBytes_AsString(entry), path_key, sizeof(path_key) - 1) == 0) {
      path_at = i;
    }
  }
  if (!is_ours) {
    return NULL;
  }
  const char *old = path_at < 0 ? NULL
                                : PyBytes_AsString(PyList_GetItem(environment, path_at)) +
                                      sizeof(path_key) - 1;
  if (old != NULL && strstr(old, PyBytes_AsString(startup)) != NULL) {
    return NULL; /* it is there */
  }
  PyObject *entry = new_path(old);
  PyObject *changed = entry == NULL ? NULL : PyList_GetSlice(environment, 0, count);
  if (changed != NULL && path_at >= 0) {
    Py_INCREF(entry);
    if (PyList_SetItem(changed, path_at, entry) != 0) {
      Py_CLEAR(changed);
    }
  } else if (changed != NULL && PyList_Append(changed, entry) != 0) {
    Py_CLEAR(changed);
  }
  Py_XDECREF(entry);
  return changed;
}

/* New reference to the environment of the C library as fork_exec takes one, or NULL. */
static PyObject *own_environment(void) {
  PyObject *list = PyList_New(0);
  for (char **entry = environ; list != NULL && entry != NULL && *entry != NULL; entry++) {
    PyObject *bytes = PyBytes_FromString(*entry);
    if (bytes == NULL || PyList_Append(list, bytes) != 0) {
      Py_CLEAR(list);
    }
    Py_XDECREF(bytes);
  }
  return list;
}

/* A program that sets os.environ["PYTHONPATH"] sets the C library's, too. */
static PyObject *changed_inherited(void) {
  PyObject *list = own_environment();
  PyObject *changed = list == NULL ? NULL : changed_environment(list);
  Py_XDECREF(list);
  return changed;
}

/* New reference to what fork_exec shall be called with. */
static PyObject *changed_arguments(PyObject *arguments) {
  PyObject *environment = PyTuple_Size(arguments) > ENVIRONMENT_ARGUMENT
                              ? PyTuple_GetItem(arguments, ENVIRONMENT_ARGUMENT)
                              : NULL;
  PyObject *changed = NULL;
  if (environment == Py_None) {
    changed = changed_inherited();
  } else if (environment != NULL) {
    changed = changed_environment(environment);
  }
  PyObject *list = changed == NULL ? NULL : PySequence_List(arguments);
  PyObject *tuple = NULL;
  if (list != NULL) {
    Py_INCREF(changed);
    if (PyList_SetItem(list, ENVIRONMENT_ARGUMENT, changed) == 0) {
      tuple = PyList_AsTuple(list);
    }
  }
  Py_XDECREF(list);
  Py_XDECREF(changed);
  if (tuple == NULL) {
    PyErr_Clear();
    tuple = arguments;
    Py_INCREF(tuple);
  }
  return tuple;
}

static PyObject *fork_exec_with_hook(PyObject *self, PyObject *arguments) {
  (void)self;
  PyObject *changed = changed_arguments(arguments);
  PyObject *answer = PyObject_CallObject(fork_exec, changed);
  Py_DECREF(changed);
  return answer;
}

static PyMethodDef method = {"fork_exec", fork_exec_with_hook, METH_VARARGS, NULL};

/* Borrowed reference to the module if it has been imported, else NULL. */
static PyObject *imported(const char *name) {
  return PyDict_GetItemString(PyImport_GetModuleDict(), name);
}

/* From 3.12 on subprocess has a name of its own for it, if it has been imported. */
static void replace_taken(PyObject *ours) {
  static const char name[] = "_fork_exec";
  PyObject *subprocess = imported("subprocess");
  PyObject *taken = subprocess == NULL ? NULL : PyObject_GetAttrString(subprocess, name);
  if (taken != NULL) {
    (void)PyObject_SetAttrString(subprocess, name, ours);
  }
  Py_XDECREF(taken);
}

static void replace(void) {
  if (startup == NULL || fork_exec != NULL) {
    return;
  }
  PyObject *module = PyImport_ImportModule("_posixsubprocess");
  PyObject *original = module == NULL ? NULL : PyObject_GetAttrString(module, "fork_exec");
  PyObject *ours = original == NULL ? NULL : PyCFunction_New(&method, module);
  if (ours != NULL && PyObject_SetAttrString(module, "fork_exec", ours) == 0) {
    fork_exec = original;
    original = NULL;
    replace_taken(ours);
  }
  Py_XDECREF(ours);
  Py_XDECREF(original);
  Py_XDECREF(module);
  PyErr_Clear();
}

void baro_children_follow(const char *spool, const char *folder, bool at_once) {
  Py_XDECREF(spool_entry);
  Py_XDECREF(startup);
  spool_entry = PyBytes_FromFormat("%s=%s", BARO_SPOOL_VARIABLE, spool);
  startup = spool_entry == NULL ? NULL : PyBytes_FromString(folder);
  PyErr_Clear();
  if (at_once || imported("subprocess") != NULL) {
    replace();
  }
}

void baro_children_see_import(const char *module) {
  if (strcmp(module, "subprocess") == 0) {
    replace();
  }
}
