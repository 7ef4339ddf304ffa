/* Qualified names of methods that a program wrote and compiled itself, as dataclasses and attrs do.
 * Their code says where its text stood (`__create_fn__.<locals>.__init__`, or `__init__`), which is the same for all classes and would make one
 * function of them. But the first argument of such a call is an object whose class, or one that it inherits from, has a
 * function of that name with that code.
 * No code of the program runs for it. In a thread that has a thread state; no exception is left behind. */
#ifndef BARO_CAPTURE_AGENT_GENERATED_NAMES_H
#define BARO_CAPTURE_AGENT_GENERATED_NAMES_H

#include <Python.h>

/* What runs code, all borrowed. Both NULL: nobody knows. */
typedef struct baro_code_place {
  PyObject *globals;
  PyObject *frame;             /* its object */
  PyObject *const *parameters; /* their values, where there is no object as yet */
} baro_code_place;

/* New reference to the name of code that is about to be defined, or NULL: it is no such method. file: the code's, co_flags
 * likewise. At the beginning of a call. */
PyObject *baro_generated_name(PyObject *code, const char *file, long co_flags,
                              const baro_code_place *place);

#endif
