/* The few functions of Python that identities.c calls: numbers, callbacks and weak references, counted. */
#include "support/fake_python.h"

#include <assert.h>
#include <stdlib.h>

#undef PyCFunction_New
#undef PyCFunction_NewEx
#undef PyCMethod_New

/* One for all kinds. */
typedef struct fake_object {
  PyObject_HEAD void *address;  /* of a number: its value; of a weak reference: what it refers to */
  PyMethodDef *method;          /* of a callback */
  PyObject *inner;              /* owned: a callback's number, a weak reference's callback */
  struct fake_object *next_one; /* of all that live */
} fake_object;

PyObject _Py_NoneStruct;
void (*fake_python_meanwhile)(void);
bool fake_python_has_no_memory;
static fake_object *living;
size_t fake_python_living;

static fake_object *fake_new(void) {
  fake_object *object = fake_python_has_no_memory ? NULL : calloc(1, sizeof(*object));
  if (object != NULL) {
    Py_SET_REFCNT((PyObject *)object, 1);
    object->next_one = living;
    living = object;
    fake_python_living++;
  }
  return object;
}

void _Py_Dealloc(PyObject *object) {
  fake_object **place = &living;
  while (*place != (fake_object *)object) {
    assert(*place != NULL); /* else it died before */
    place = &(*place)->next_one;
  }
  *place = (*place)->next_one;
  fake_python_living--;
  Py_XDECREF(((fake_object *)object)->inner);
  free(object);
}

void PyObject_GC_UnTrack(void *object) {
  assert(object != NULL); /* there is no collector here */
}

PyObject *PyLong_FromVoidPtr(void *address) {
  fake_object *number = fake_new();
  if (number != NULL) {
    number->address = address;
  }
  return (PyObject *)number;
}

void *PyLong_AsVoidPtr(PyObject *number) {
  return ((fake_object *)number)->address;
}

PyObject *PyCMethod_New(PyMethodDef *method, PyObject *self, PyObject *module, PyTypeObject *type) {
  (void)module, (void)type;
  fake_object *callback = fake_new();
  if (callback != NULL) {
    callback->method = method;
    callback->inner = self;
    Py_INCREF(self);
  }
  return (PyObject *)callback;
}

PyObject *PyCFunction_NewEx(PyMethodDef *method, PyObject *self, PyObject *module) {
  return PyCMethod_New(method, self, module, NULL);
}

PyObject *PyCFunction_New(PyMethodDef *method, PyObject *self) {
  return PyCMethod_New(method, self, NULL, NULL);
}

PyObject *PyWeakref_NewRef(PyObject *object, PyObject *callback) {
  void (*meanwhile)(void) = fake_python_meanwhile;
  fake_python_meanwhile = NULL;
  if (meanwhile != NULL) {
    meanwhile();
  }
  fake_object *reference = fake_new();
  if (reference != NULL) {
    reference->address = object;
    reference->inner = callback;
    Py_INCREF(callback);
  }
  return (PyObject *)reference;
}

void PyErr_Clear(void) {
}

static fake_object *find_reference(const void *address) {
  fake_object *object = living;
  while (object != NULL && (object->address != address || object->inner == NULL)) {
    object = object->next_one;
  }
  return object;
}

void fake_python_die(void *address) {
  for (fake_object *reference; (reference = find_reference(address)) != NULL;) {
    reference->address = NULL;
    fake_object *callback = (fake_object *)reference->inner;
    Py_INCREF((PyObject *)reference);
    /* It answers None, whose references nobody counts here. */
    (void)callback->method->ml_meth(callback->inner, (PyObject *)reference);
    Py_DECREF((PyObject *)reference);
  }
}
