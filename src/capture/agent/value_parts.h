/* What the three files of the value summary share; private to them. value_leaves.c has types, numbers and strings, value_known.c what
 * libraries' arrays, tables and series say of themselves, value_summary.c containers and the rest.
 * Invariants and threads: as value_summary.h. */
#ifndef BARO_CAPTURE_AGENT_VALUE_PARTS_H
#define BARO_CAPTURE_AGENT_VALUE_PARTS_H

#include "capture/agent/value_summary.h"

/* Something that was asked raised an exception: counts it and forgets it. */
void baro_value_fail(baro_value_summary *summary);
/* format: takes one Py_ssize_t. */
void baro_value_put_format(baro_value_summary *summary, const char *format, Py_ssize_t number);
/* take_text: consumed; NULL: what was asked failed, or is no text. */
void baro_value_put_text_object(baro_value_summary *summary, PyObject *take_text);
/* <module.Type> */
void baro_value_put_type(baro_value_summary *summary, PyObject *value);
/* False, and nothing is put: it is neither number, string nor one of the constants. depth: of the container, 0 none. */
bool baro_value_put_scalar(baro_value_summary *summary, PyObject *value, int depth);
/* False, and nothing is put: it is of no library that is known. */
bool baro_value_put_known(baro_value_summary *summary, PyObject *value);

#endif
