/* As much of Python as the tables of identities.h need, so that their test chooses addresses, ends objects when it likes, and
 * runs under the sanitizers, which no interpreter has. Threads may make and give back objects at the same time; each is used by
 * one at a time. */
#ifndef BARO_SUPPORT_FAKE_PYTHON_H
#define BARO_SUPPORT_FAKE_PYTHON_H

#include <Python.h>

#include <stdbool.h>
#include <stddef.h>

/* Objects of Python's own that were made and not given back: numbers, callbacks, references. */
extern size_t fake_python_living;
/* Nothing can be made. */
extern bool fake_python_has_no_memory;
/* Called once, when the next weak reference is made: what the collector does meanwhile. */
extern void (*fake_python_meanwhile)(void);

/* The object at this address ends: weak references to it call back. */
void fake_python_die(void *address);

#endif
