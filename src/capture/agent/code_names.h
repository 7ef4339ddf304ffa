/* Qualified names of code where the interpreter does not know them (CPython 3.9 and 3.10).
 * A code object has there its bare name only; the functions made of it have the qualified one. But the code of a module
 * contains that of its functions and classes, and so on, and the nesting is what the compiler makes qualified names of.
 * So: when code runs that nobody contained so far, everything in it gets its name.
 * Under the GIL: no Python without one is as old. */
#ifndef BARO_CAPTURE_AGENT_CODE_NAMES_H
#define BARO_CAPTURE_AGENT_CODE_NAMES_H

#include <Python.h>

#include <stdbool.h>

/* New reference to the qualified name of code that is about to be defined, or NULL without an exception. with_contents:
 * names of what it contains will be needed. */
PyObject *baro_code_names_take(PyObject *code, bool with_contents);

#endif
