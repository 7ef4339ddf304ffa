/* barograph._profile: what the Python package calls. Functions over capsules; the classes that people see are
 * Python's (python/barograph/profile.py).
 * The profile is a capsule, immutable and shared by reference count, so that functions may run in any
 * number of threads. The GIL is released while a recording is read and while tables are built. */
/* Lengths of "y#". */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdlib.h>
#include <string.h>

#include "pyext/arrow_export.h"
#include "pyext/raise.h"
#include "pyext/shared_profile.h"
#include "pyext/tables.h"
#include "show/report_json.h"

static const char profile_capsule[] = "barograph.profile";
/* Of the Arrow PyCapsule interface. */
static const char stream_capsule[] = "arrow_array_stream";
static const char schema_capsule[] = "arrow_schema";

typedef struct module_state {
  PyObject *error_class; /* owned: barograph.Error */
} module_state;

static PyObject *fail(PyObject *module, const baro_error *err) {
  return baro_raise(((module_state *)PyModule_GetState(module))->error_class, err);
}

static void profile_destructor(PyObject *capsule) {
  baro_shared_profile_drop(PyCapsule_GetPointer(capsule, profile_capsule));
}

/* A consumer that took the stream or the schema has set its release to NULL. */
static void stream_destructor(PyObject *capsule) {
  struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, stream_capsule);
  if (stream->release != NULL) {
    stream->release(stream);
  }
  free(stream);
}

static void schema_destructor(PyObject *capsule) {
  struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, schema_capsule);
  if (schema->release != NULL) {
    schema->release(schema);
  }
  free(schema);
}

static const baro_table_spec *find_table(const char *name) {
  const baro_table_spec *table = baro_table_find(name);
  if (table == NULL) {
    PyErr_Format(PyExc_KeyError, "no table %s", name);
  }
  return table;
}

static PyObject *load(PyObject *module, PyObject *arguments) {
  const char *path;
  if (!PyArg_ParseTuple(arguments, "y:load", &path)) {
    return NULL;
  }
  baro_shared_profile *shared = NULL;
  baro_error err = {0};
  baro_status status;
  Py_BEGIN_ALLOW_THREADS;
  status = baro_shared_profile_load(path, &shared, &err);
  Py_END_ALLOW_THREADS;
  if (status != BARO_OK) {
    return fail(module, &err);
  }
  PyObject *capsule = PyCapsule_New(shared, profile_capsule, profile_destructor);
  if (capsule == NULL) {
    baro_shared_profile_drop(shared);
  }
  return capsule;
}

static PyObject *head(PyObject *module, PyObject *profile) {
  baro_shared_profile *shared = PyCapsule_GetPointer(profile, profile_capsule);
  if (shared == NULL) {
    return NULL;
  }
  baro_buffer text = {0};
  baro_stream stream;
  baro_error err = {0};
  baro_report_options options = {.path = shared->path, .measure = BARO_MEASURE_RUN};
  baro_stream_init(&stream, baro_sink_buffer, &text);
  baro_report_head_json(shared->profile, &options, &stream);
  PyObject *json = NULL;
  if (baro_stream_finish(&stream, &err) != BARO_OK) {
    (void)fail(module, &err);
  } else {
    json = PyBytes_FromStringAndSize((const char *)text.data, (Py_ssize_t)text.length);
  }
  baro_buffer_release(&text);
  return json;
}

static PyObject *row_count(PyObject *module, PyObject *arguments) {
  (void)module;
  PyObject *profile;
  const char *name;
  if (!PyArg_ParseTuple(arguments, "Os:row_count", &profile, &name)) {
    return NULL;
  }
  baro_shared_profile *shared = PyCapsule_GetPointer(profile, profile_capsule);
  const baro_table_spec *table = shared == NULL ? NULL : find_table(name);
  return table == NULL ? NULL : PyLong_FromUnsignedLongLong(table->row_count(shared->profile));
}

static PyObject *columns(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *name;
  if (!PyArg_ParseTuple(arguments, "s:columns", &name)) {
    return NULL;
  }
  const baro_table_spec *table = find_table(name);
  PyObject *list = table == NULL ? NULL : PyList_New(0);
  for (size_t i = 0; list != NULL && i < table->column_count; i++) {
    const baro_column_spec *column = &table->columns[i];
    PyObject *pair = Py_BuildValue("(ss)", column->name, baro_column_kind_text(column->kind));
    if (pair == NULL || PyList_Append(list, pair) != 0) {
      Py_CLEAR(list);
    }
    Py_XDECREF(pair);
  }
  return list;
}

static PyObject *schema(PyObject *module, PyObject *arguments) {
  const char *name;
  if (!PyArg_ParseTuple(arguments, "s:schema", &name)) {
    return NULL;
  }
  const baro_table_spec *table = find_table(name);
  if (table == NULL) {
    return NULL;
  }
  struct ArrowSchema *arrow = calloc(1, sizeof(*arrow));
  if (arrow == NULL) {
    return PyErr_NoMemory();
  }
  baro_error err = {0};
  if (baro_arrow_schema(table, arrow, &err) != BARO_OK) {
    free(arrow);
    return fail(module, &err);
  }
  PyObject *capsule = PyCapsule_New(arrow, schema_capsule, schema_destructor);
  if (capsule == NULL) {
    arrow->release(arrow);
    free(arrow);
  }
  return capsule;
}

/* Takes the arrow struct. */
static PyObject *stream_object(struct ArrowArrayStream *take_arrow) {
  PyObject *capsule = PyCapsule_New(take_arrow, stream_capsule, stream_destructor);
  if (capsule == NULL) {
    take_arrow->release(take_arrow);
    free(take_arrow);
  }
  return capsule;
}

static PyObject *stream(PyObject *module, PyObject *arguments) {
  PyObject *profile;
  const char *name;
  if (!PyArg_ParseTuple(arguments, "Os:stream", &profile, &name)) {
    return NULL;
  }
  baro_shared_profile *shared = PyCapsule_GetPointer(profile, profile_capsule);
  const baro_table_spec *table = shared == NULL ? NULL : find_table(name);
  if (table == NULL) {
    return NULL;
  }
  struct ArrowArrayStream *arrow = calloc(1, sizeof(*arrow));
  if (arrow == NULL) {
    return PyErr_NoMemory();
  }
  baro_error err = {0};
  baro_status status;
  Py_BEGIN_ALLOW_THREADS;
  status = baro_arrow_stream(table, shared, arrow, &err);
  Py_END_ALLOW_THREADS;
  if (status != BARO_OK) {
    free(arrow);
    return fail(module, &err);
  }
  return stream_object(arrow);
}

static PyObject *rows(PyObject *module, PyObject *arguments) {
  PyObject *profile;
  const char *name;
  const char *run_id;
  int ingestion_day;
  unsigned int batch_rows;
  const char *hashes;
  Py_ssize_t hashes_length;
  if (!PyArg_ParseTuple(arguments, "OssiIy#:rows", &profile, &name, &run_id, &ingestion_day,
                        &batch_rows, &hashes, &hashes_length)) {
    return NULL;
  }
  baro_shared_profile *shared = PyCapsule_GetPointer(profile, profile_capsule);
  if (shared == NULL) {
    return NULL;
  }
  const baro_table_spec *table = baro_stored_table_find(name);
  if (table == NULL || batch_rows == 0) {
    return PyErr_Format(PyExc_ValueError, "no table %s in batches of %u rows", name, batch_rows);
  }
  struct ArrowArrayStream *arrow = calloc(1, sizeof(*arrow));
  if (arrow == NULL) {
    return PyErr_NoMemory();
  }
  baro_error err = {0};
  baro_table_part told = {
      .run_id = run_id,
      .ingestion_day = ingestion_day,
      .source_hashes = {.data = (const uint8_t *)hashes, .length = (size_t)hashes_length},
  };
  if (baro_arrow_stream_parts(table, shared, &told, batch_rows, arrow, &err) != BARO_OK) {
    free(arrow);
    return fail(module, &err);
  }
  return stream_object(arrow);
}

static PyMethodDef methods[] = {
    {"load", load, METH_VARARGS, "load(path: bytes) -> profile\n\nRead a recording."},
    {"head", head, METH_O, "head(profile) -> bytes\n\nJSON with the head of the report."},
    {"row_count", row_count, METH_VARARGS, "row_count(profile, table: str) -> int"},
    {"columns", columns, METH_VARARGS, "columns(table: str) -> list of (name, type)"},
    {"schema", schema, METH_VARARGS, "schema(table: str) -> capsule \"arrow_schema\""},
    {"stream", stream, METH_VARARGS,
     "stream(profile, table: str) -> capsule \"arrow_array_stream\""},
    {"rows", rows, METH_VARARGS,
     "rows(profile, table: str, run_id: str, ingestion_day: int, batch_rows: int, source_hashes: "
     "bytes) -> capsule \"arrow_array_stream\""},
    {NULL, NULL, 0, NULL},
};

static int module_exec(PyObject *module) {
  module_state *state = PyModule_GetState(module);
  PyObject *package = PyImport_ImportModule("barograph");
  if (package == NULL) {
    return -1;
  }
  state->error_class = PyObject_GetAttrString(package, "Error");
  Py_DECREF(package);
  return state->error_class == NULL ? -1 : 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
  module_state *state = PyModule_GetState(module);
  Py_VISIT(state->error_class);
  return 0;
}

static int module_clear(PyObject *module) {
  module_state *state = PyModule_GetState(module);
  Py_CLEAR(state->error_class);
  return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, module_exec},
#ifdef Py_GIL_DISABLED
    /* Free-threaded interpreters have no stable ABI: the module is built for one, and may say so. */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "barograph._profile",
    .m_doc = "Profiles and their tables; use barograph.load.",
    .m_size = sizeof(module_state),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__profile(void);

PyMODINIT_FUNC PyInit__profile(void) {
  return PyModuleDef_Init(&definition);
}
