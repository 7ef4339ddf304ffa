#include "pyext/raise.h"

#include <Python.h>

#include <errno.h>
#include <string.h>

typedef struct raised_as {
  PyObject *type;  /* borrowed */
  int errno_value; /* what the exception's errno is to be; 0: it has none */
} raised_as;

static raised_as exception_of(PyObject *error_class, baro_status status) {
  switch (status) {
  case BARO_NOT_FOUND: return (raised_as){PyExc_FileNotFoundError, ENOENT};
  case BARO_NO_PERMISSION: return (raised_as){PyExc_PermissionError, EACCES};
  case BARO_IO: return (raised_as){PyExc_OSError, EIO};
  case BARO_INTERRUPTED: return (raised_as){PyExc_InterruptedError, EINTR};
  case BARO_NO_MEMORY: return (raised_as){PyExc_MemoryError, 0};
  case BARO_OK:
  case BARO_INVALID:
  case BARO_CORRUPT:
  case BARO_TRUNCATED:
  case BARO_UNSUPPORTED:
  case BARO_NO_SPACE:
  case BARO_GONE:
  case BARO_AGAIN:
  case BARO_LIMIT:
  case BARO_USAGE: break;
  }
  return (raised_as){error_class, 0};
}

PyObject *baro_raise(PyObject *error_class, const baro_error *err) {
  raised_as as = exception_of(error_class, err->status);
  PyObject *message =
      PyUnicode_DecodeUTF8(err->message, (Py_ssize_t)strlen(err->message), "replace");
  PyObject *exception =
      message == NULL ? NULL : PyObject_CallFunctionObjArgs(as.type, message, NULL);
  PyObject *number =
      exception == NULL || as.errno_value == 0 ? NULL : PyLong_FromLong(as.errno_value);
  /* Only errno: with a strerror or a file name, str() would no longer be the message. */
  if (exception != NULL &&
      (number == NULL ? as.errno_value == 0
                      : PyObject_SetAttrString(exception, "errno", number) == 0)) {
    PyErr_SetObject(as.type, exception);
  }
  Py_XDECREF(number);
  Py_XDECREF(exception);
  Py_XDECREF(message);
  return NULL;
}
