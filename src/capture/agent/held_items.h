/* Items of the program's dictionaries and lists, held.
 * A borrowed reference is good as long as nobody can let go of the item: under the GIL until Python is called again, without
 * one not at all. The functions that give a reference of one's own are of 3.13, which the stable ABI of 3.9 has not.
 * In a thread that has a thread state; leaves exceptions as the functions of Python do that it calls. */
#ifndef BARO_CAPTURE_AGENT_HELD_ITEMS_H
#define BARO_CAPTURE_AGENT_HELD_ITEMS_H

#include <Python.h>

/* Between these two no other thread changes the object, and nothing may be called that could: a block of their own. */
#ifdef Py_GIL_DISABLED
#define BARO_HOLD_STILL(object) Py_BEGIN_CRITICAL_SECTION(object)
#define BARO_LET_MOVE() Py_END_CRITICAL_SECTION()
#else
#define BARO_HOLD_STILL(object) {
#define BARO_LET_MOVE() }
#endif

/* New reference, or NULL: it is not there, or an exception is set. dict: an exact dictionary. */
static inline PyObject *baro_dict_item(PyObject *dict, PyObject *key) {
#ifdef Py_GIL_DISABLED
  PyObject *item = NULL;
  (void)PyDict_GetItemRef(dict, key, &item);
#else
  PyObject *item = PyDict_GetItemWithError(dict, key); /* borrowed */
  Py_XINCREF(item);
#endif
  return item;
}

/* The same by a text; no exception. */
static inline PyObject *baro_dict_text_item(PyObject *dict, const char *key) {
#ifdef Py_GIL_DISABLED
  PyObject *item = NULL;
  if (PyDict_GetItemStringRef(dict, key, &item) < 0) {
    PyErr_Clear();
  }
#else
  PyObject *item = PyDict_GetItemString(dict, key); /* borrowed */
  Py_XINCREF(item);
#endif
  return item;
}

/* New reference, or NULL with an exception: the list is shorter. */
static inline PyObject *baro_list_item(PyObject *list, Py_ssize_t index) {
#ifdef Py_GIL_DISABLED
  return PyList_GetItemRef(list, index);
#else
  PyObject *item = PyList_GetItem(list, index); /* borrowed */
  Py_XINCREF(item);
  return item;
#endif
}

/* A frame's f_locals; may be NULL. Up to 3.12 the interpreter makes a dictionary, which would keep the arguments alive for as long
 * as the frame; it makes it anew for the next one who asks. Held by the frame and by us alone it is that; otherwise somebody gave
 * it to exec. */
static inline void baro_release_locals(PyObject *take_locals) {
  if (take_locals != NULL && PyDict_CheckExact(take_locals) && Py_REFCNT(take_locals) == 2) {
    PyDict_Clear(take_locals);
  }
  Py_XDECREF(take_locals);
}

#endif
