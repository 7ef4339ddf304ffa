/* The one place where an error becomes a Python exception.
 * Needs the GIL. str(exception) is the message, as the command line prints it behind "barograph: COMMAND: ". */
#ifndef BARO_PYEXT_RAISE_H
#define BARO_PYEXT_RAISE_H

#include "base/status.h"

/* As Python.h has it: the header compiles where no Python is. */
typedef struct _object PyObject;

/* Sets the exception and gives NULL. Not found, not permitted, out of memory and failed input become
 * Python's own classes, everything else error_class (barograph.Error). */
PyObject *baro_raise(PyObject *error_class, const baro_error *err);

#endif
