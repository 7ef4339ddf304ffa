#include "capture/agent/children.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/agent/agent_lock.h"
#include "capture/agent/events.h"
#include "capture/agent/loaded_module.h"
#include "capture/agent/ring.h"

static const char path_key[] = "PYTHONPATH=";
static const char spool_key[] = BARO_SPOOL_VARIABLE "=";

/* Of the process; NULL until children are followed. */
static PyObject *spool_entry; /* bytes: what the environment has where it comes from ours */
static PyObject *startup;     /* bytes */
static bool follows_all;      /* also what is given an environment that is not of ours */

typedef enum replaced_function {
  FORK_EXEC,   /* what subprocess calls; the environment is a list of bytes, or None */
  POSIX_SPAWN, /* what it calls from 3.13 on where it can; a mapping, as all below */
  POSIX_SPAWNP,
  EXECVE,
  REPLACED_COUNT
} replaced_function;

static PyObject *originals[REPLACED_COUNT]; /* owned; NULL: not replaced */

/* New reference to the entry of PYTHONPATH with our folder in front, or NULL. old: its value so far, may be NULL. */
static PyObject *new_path(const char *old) {
  return old == NULL || old[0] == '\0'
             ? PyBytes_FromFormat("%s%s", path_key, PyBytes_AsString(startup))
             : PyBytes_FromFormat("%s%s:%s", path_key, PyBytes_AsString(startup), old);
}

/* No environment can hold it: whoever is given it shall complain. */
static bool has_nul(PyObject *bytes) {
  return strlen(PyBytes_AsString(bytes)) != (size_t)PyBytes_Size(bytes);
}

static bool is_bytes_equal(PyObject *bytes, PyObject *other) {
  return PyBytes_Size(bytes) == PyBytes_Size(other) &&
         memcmp(PyBytes_AsString(bytes), PyBytes_AsString(other), (size_t)PyBytes_Size(bytes)) == 0;
}

/* take_entry: consumed, may be NULL. index: of the entry that it stands in place of; -1: there is none. */
static bool put_entry(PyObject *list, Py_ssize_t index, PyObject *take_entry) {
  bool put = false;
  if (take_entry != NULL && index >= 0) {
    put = PyList_SetItem(list, index, take_entry) == 0;
  } else if (take_entry != NULL) {
    put = PyList_Append(list, take_entry) == 0;
    Py_DECREF(take_entry);
  }
  return put;
}

/* Where a list of entries has what matters. */
typedef struct environment_places {
  bool is_ours; /* it names our spool */
  Py_ssize_t path_at;
  Py_ssize_t spool_at;
} environment_places;

/* False: no environment. list: nobody else's. */
static bool find_places(PyObject *list, environment_places *ret_places) {
  environment_places places = {.path_at = -1, .spool_at = -1};
  for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
    PyObject *entry = PyList_GetItem(list, i); /* borrowed */
    if (!PyBytes_Check(entry) || has_nul(entry)) {
      return false;
    }
    places.is_ours = places.is_ours || is_bytes_equal(entry, spool_entry);
    if (strncmp(PyBytes_AsString(entry), path_key, sizeof(path_key) - 1) == 0) {
      places.path_at = i;
    }
    if (strncmp(PyBytes_AsString(entry), spool_key, sizeof(spool_key) - 1) == 0) {
      places.spool_at = i;
    }
  }
  *ret_places = places;
  return places.is_ours || follows_all;
}

/* In place. False: it is to stay as it was given. */
static bool change_list(PyObject *list) {
  environment_places places;
  if (!find_places(list, &places)) {
    return false;
  }
  const char *old = places.path_at < 0 ? NULL
                                       : PyBytes_AsString(PyList_GetItem(list, places.path_at)) +
                                             sizeof(path_key) - 1;
  if (old != NULL && strstr(old, PyBytes_AsString(startup)) != NULL) {
    return false; /* it is there */
  }
  if (!put_entry(list, places.path_at, new_path(old))) {
    return false;
  }
  if (places.is_ours) {
    return true;
  }
  Py_INCREF(spool_entry);
  return put_entry(list, places.spool_at, spool_entry);
}

/* New reference to a copy of the list in which a child finds the hook, or NULL: it stays as it is. */
static PyObject *changed_environment(PyObject *environment) {
  PyObject *changed =
      PyList_Check(environment) ? PyList_GetSlice(environment, 0, PyList_Size(environment)) : NULL;
  if (changed != NULL && !change_list(changed)) {
    Py_CLEAR(changed);
  }
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

/* --- Environments that are mappings --- */

/* New reference to the bytes of a text, or NULL. */
static PyObject *bytes_of(PyObject *text) {
  PyObject *bytes = NULL;
  if (text != NULL && PyBytes_Check(text)) {
    bytes = text;
    Py_INCREF(bytes);
  } else if (text != NULL && PyUnicode_Check(text)) {
    bytes = PyUnicode_EncodeFSDefault(text);
  }
  PyErr_Clear();
  return bytes;
}

/* Borrowed reference to the value of a variable whose name may be text or bytes, or NULL. */
static PyObject *variable(PyObject *mapping, const char *name, PyObject **ret_key) {
  for (int as_bytes = 0; as_bytes < 2; as_bytes++) {
    PyObject *key = as_bytes != 0 ? PyBytes_FromString(name) : PyUnicode_FromString(name);
    PyObject *value = key == NULL ? NULL : PyDict_GetItemWithError(mapping, key);
    if (value != NULL) {
      *ret_key = key;
      return value;
    }
    Py_XDECREF(key);
    PyErr_Clear();
  }
  *ret_key = PyUnicode_FromString(name);
  return NULL;
}

/* Whether the dictionary says where the spool directory is; where all are followed, it does so from now on. */
static bool names_spool(PyObject *mapping) {
  PyObject *key = NULL;
  PyObject *value = bytes_of(variable(mapping, BARO_SPOOL_VARIABLE, &key));
  const char *spool = PyBytes_AsString(spool_entry) + sizeof(BARO_SPOOL_VARIABLE);
  bool ours = value != NULL && strcmp(PyBytes_AsString(value), spool) == 0;
  if (!ours && follows_all && key != NULL) {
    Py_XDECREF(value);
    value = PyBytes_FromString(spool);
    ours = value != NULL && PyDict_SetItem(mapping, key, value) == 0;
  }
  Py_XDECREF(value);
  Py_XDECREF(key);
  PyErr_Clear();
  return ours;
}

/* The dictionary gets our folder in PYTHONPATH. False: it stays as it is. */
static bool put_path(PyObject *mapping) {
  PyObject *key = NULL;
  PyObject *given = variable(mapping, "PYTHONPATH", &key);
  PyObject *old = bytes_of(given);
  bool is_odd = given != NULL && (old == NULL || has_nul(old));
  bool put = false;
  if (key != NULL && !is_odd &&
      (old == NULL || strstr(PyBytes_AsString(old), PyBytes_AsString(startup)) == NULL)) {
    PyObject *entry = new_path(old == NULL ? NULL : PyBytes_AsString(old));
    PyObject *value =
        entry == NULL ? NULL : PyBytes_FromString(PyBytes_AsString(entry) + sizeof(path_key) - 1);
    put = value != NULL && PyDict_SetItem(mapping, key, value) == 0;
    Py_XDECREF(value);
    Py_XDECREF(entry);
  }
  Py_XDECREF(old);
  Py_XDECREF(key);
  PyErr_Clear();
  return put;
}

/* New reference to a dictionary of bytes, or NULL. */
static PyObject *mapping_of_list(PyObject *list) {
  PyObject *mapping = PyDict_New();
  for (Py_ssize_t i = 0; mapping != NULL && i < PyList_Size(list); i++) {
    const char *entry = PyBytes_AsString(PyList_GetItem(list, i));
    const char *equal = strchr(entry, '=');
    if (equal == NULL) {
      continue;
    }
    PyObject *key = PyBytes_FromStringAndSize(entry, equal - entry);
    PyObject *value = PyBytes_FromString(equal + 1);
    if (key == NULL || value == NULL || PyDict_SetItem(mapping, key, value) != 0) {
      Py_CLEAR(mapping);
    }
    Py_XDECREF(key);
    Py_XDECREF(value);
  }
  return mapping;
}

/* None stands for the environment of the C library (posix_spawn, from 3.13 on). All other variables stay as they are given, for
 * the function to judge. */
static PyObject *changed_mapping(PyObject *environment) {
  PyObject *mapping = NULL;
  if (environment == Py_None) {
    PyObject *list = own_environment();
    mapping = list == NULL ? NULL : mapping_of_list(list);
    Py_XDECREF(list);
  } else {
    mapping = PyDict_New();
    if (mapping != NULL && PyDict_Update(mapping, environment) != 0) {
      Py_CLEAR(mapping);
    }
  }
  PyErr_Clear();
  if (mapping != NULL && !(names_spool(mapping) && put_path(mapping))) {
    Py_CLEAR(mapping);
  }
  return mapping;
}

/* --- The functions --- */

/* New reference to the environment to be given instead, or NULL: as it is. */
static PyObject *changed_for(replaced_function which, PyObject *environment) {
  PyObject *changed;
  if (baro_events_stopped()) {
    return NULL; /* the recording is over, or this process not of it */
  }
  if (which != FORK_EXEC) {
    changed = changed_mapping(environment);
  } else if (environment == Py_None) {
    changed = changed_inherited();
  } else {
    changed = changed_environment(environment);
  }
  PyErr_Clear();
  return changed;
}

/* New reference to the arguments with the item at index replaced, or NULL. take_item: consumed. */
static PyObject *with_item(PyObject *arguments, Py_ssize_t index, PyObject *take_item) {
  PyObject *list = PySequence_List(arguments);
  PyObject *tuple = NULL;
  if (list == NULL) {
    Py_DECREF(take_item);
  } else if (PyList_SetItem(list, index, take_item) == 0) {
    tuple = PyList_AsTuple(list);
  }
  Py_XDECREF(list);
  PyErr_Clear();
  return tuple;
}

static PyObject *call(replaced_function which, Py_ssize_t index, PyObject *arguments,
                      PyObject *names) {
  PyObject *environment =
      PyTuple_Size(arguments) > index ? PyTuple_GetItem(arguments, index) : NULL;
  PyObject *changed = environment == NULL ? NULL : changed_for(which, environment);
  PyObject *given = changed == NULL ? NULL : with_item(arguments, index, changed);
  PyObject *answer = PyObject_Call(originals[which], given == NULL ? arguments : given, names);
  Py_XDECREF(given);
  return answer;
}

static PyObject *call_fork_exec(PyObject *self, PyObject *arguments, PyObject *names) {
  (void)self;
  return call(FORK_EXEC, 5, arguments, names);
}

static PyObject *call_posix_spawn(PyObject *self, PyObject *arguments, PyObject *names) {
  (void)self;
  return call(POSIX_SPAWN, 2, arguments, names);
}

static PyObject *call_posix_spawnp(PyObject *self, PyObject *arguments, PyObject *names) {
  (void)self;
  return call(POSIX_SPAWNP, 2, arguments, names);
}

static PyObject *call_execve(PyObject *self, PyObject *arguments, PyObject *names) {
  (void)self;
  return call(EXECVE, 2, arguments, names);
}

/* Texts are set when they are replaced: they are the originals'. */
static PyMethodDef methods[REPLACED_COUNT] = {
    [FORK_EXEC] = {"fork_exec", (PyCFunction)(void (*)(void))call_fork_exec,
                   METH_VARARGS | METH_KEYWORDS, NULL},
    [POSIX_SPAWN] = {"posix_spawn", (PyCFunction)(void (*)(void))call_posix_spawn,
                     METH_VARARGS | METH_KEYWORDS, NULL},
    [POSIX_SPAWNP] = {"posix_spawnp", (PyCFunction)(void (*)(void))call_posix_spawnp,
                      METH_VARARGS | METH_KEYWORDS, NULL},
    [EXECVE] = {"execve", (PyCFunction)(void (*)(void))call_execve, METH_VARARGS | METH_KEYWORDS,
                NULL},
};

/* --- Replacing --- */

/* Help and signature as the original has them, in the form that method tables have; kept for good. */
static char *documentation_of(PyObject *original, const char *name) {
  PyObject *signature = PyObject_GetAttrString(original, "__text_signature__");
  PyObject *text = PyObject_GetAttrString(original, "__doc__");
  PyObject *both = NULL;
  if (signature != NULL && text != NULL && PyUnicode_Check(signature) && PyUnicode_Check(text)) {
    both = PyUnicode_FromFormat("%s%U\n--\n\n%U", name, signature, text);
  } else if (text != NULL && PyUnicode_Check(text)) {
    both = text;
    Py_INCREF(both);
  }
  PyObject *bytes = both == NULL ? NULL : PyUnicode_AsUTF8String(both);
  char *copy = bytes == NULL ? NULL : strdup(PyBytes_AsString(bytes));
  Py_XDECREF(bytes);
  Py_XDECREF(both);
  Py_XDECREF(text);
  Py_XDECREF(signature);
  PyErr_Clear();
  return copy;
}

/* module: has the function. also: name of a module that has it under `also_name`, too, if it has been imported. */
static void replace(replaced_function which, PyObject *module, const char *also_module,
                    const char *also_name) {
  static atomic_bool begun[REPLACED_COUNT]; /* by a thread */
  if (module == NULL || atomic_exchange(&begun[which], true)) {
    return;
  }
  PyObject *also = baro_loaded_module(also_module);
  PyMethodDef *method = &methods[which];
  PyObject *original = PyObject_GetAttrString(module, method->ml_name);
  PyObject *module_name = original == NULL ? NULL : PyObject_GetAttrString(original, "__module__");
  if (module_name != NULL) {
    method->ml_doc = documentation_of(original, method->ml_name);
    PyObject *ours = PyCFunction_NewEx(method, module, module_name);
    originals[which] = original;
    original = NULL;
    if (ours != NULL) {
      (void)PyObject_SetAttrString(module, method->ml_name, ours);
      PyErr_Clear();
      PyObject *taken = also == NULL ? NULL : PyObject_GetAttrString(also, also_name);
      if (taken == originals[which]) {
        (void)PyObject_SetAttrString(also, also_name, ours);
      }
      Py_XDECREF(taken);
    }
    Py_XDECREF(ours);
  }
  atomic_store(&begun[which], originals[which] != NULL);
  Py_XDECREF(also);
  Py_XDECREF(module_name);
  Py_XDECREF(original);
  PyErr_Clear();
}

/* os has sets of its functions that can do more; ours can what the original can. */
static void extend_sets(void) {
  PyObject *os = baro_loaded_module("os");
  PyObject *functions = os == NULL ? NULL : PyObject_GetAttrString(os, "supports_fd");
  if (functions != NULL && originals[EXECVE] != NULL &&
      PySet_Contains(functions, originals[EXECVE]) == 1) {
    PyObject *ours = PyObject_GetAttrString(os, "execve");
    if (ours != NULL) {
      (void)PySet_Add(functions, ours);
    }
    Py_XDECREF(ours);
  }
  Py_XDECREF(functions);
  Py_XDECREF(os);
  PyErr_Clear();
}

static void replace_fork_exec(void) {
  if (startup == NULL) {
    return;
  }
  PyObject *module = PyImport_ImportModule("_posixsubprocess");
  /* From 3.12 on subprocess has a name of its own for it, if it has been imported. */
  replace(FORK_EXEC, module, "subprocess", "_fork_exec");
  Py_XDECREF(module);
  PyErr_Clear();
}

void baro_children_follow(const char *spool, const char *folder, bool at_once, bool all) {
  follows_all = all;
  if (!BARO_FREE_THREADED) { /* else another thread may be starting a child by them */
    Py_XDECREF(spool_entry);
    Py_XDECREF(startup);
  }
  spool_entry = PyBytes_FromFormat("%s=%s", BARO_SPOOL_VARIABLE, spool);
  startup = spool_entry == NULL ? NULL : PyBytes_FromString(folder);
  PyErr_Clear();
  if (startup == NULL) {
    return;
  }
  PyObject *posix = baro_loaded_module("posix");
  for (replaced_function which = POSIX_SPAWN; which < REPLACED_COUNT; which++) {
    replace(which, posix, "os", methods[which].ml_name);
  }
  Py_XDECREF(posix);
  extend_sets();
  PyObject *subprocess = baro_loaded_module("subprocess");
  if (at_once || subprocess != NULL) {
    replace_fork_exec();
  }
  Py_XDECREF(subprocess);
}

void baro_children_see_import(const char *module) {
  if (strcmp(module, "subprocess") == 0) {
    replace_fork_exec();
  }
}
