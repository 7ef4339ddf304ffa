/* The few functions of Python that identities.c calls: numbers, callbacks and weak references, counted. */
#include "support/fake_python.h"

#include <assert.h>
#include <pthread.h>
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

static pthread_mutex_t living_lock = PTHREAD_MUTEX_INITIALIZER;

/* inner: held. Looked at by others as soon as it is in the list. */
static fake_object *fake_new(void *address, PyMethodDef *method, PyObject *inner) {
  fake_object *object = fake_python_has_no_memory ? NULL : calloc(1, sizeof(*object));
  if (object != NULL) {
    Py_SET_REFCNT((PyObject *)object, 1);
    object->address = address;
    object->method = method;
    object->inner = inner;
    Py_XINCREF(inner);
    (void)pthread_mutex_lock(&living_lock);
    object->next_one = living;
    living = object;
    fake_python_living++;
    (void)pthread_mutex_unlock(&living_lock);
  }
  return object;
}

void _Py_Dealloc(PyObject *object) {
  (void)pthread_mutex_lock(&living_lock);
  fake_object **place = &living;
  while (*place != (fake_object *)object) {
    assert(*place != NULL); /* else it died before */
    place = &(*place)->next_one;
  }
  *place = (*place)->next_one;
  fake_python_living--;
  (void)pthread_mutex_unlock(&living_lock);
  Py_XDECREF(((fake_object *)object)->inner);
  free(object);
}

void PyObject_GC_UnTrack(void *object) {
  assert(object != NULL); /* there is no collector here */
}

PyObject *PyLong_FromVoidPtr(void *address) {
  return (PyObject *)fake_new(address, NULL, NULL);
}

void *PyLong_AsVoidPtr(PyObject *number) {
  return ((fake_object *)number)->address;
}

PyObject *PyCMethod_New(PyMethodDef *method, PyObject *self, PyObject *module, PyTypeObject *type) {
  (void)module, (void)type;
  return (PyObject *)fake_new(NULL, method, self);
}

PyObject *PyCFunction_NewEx(PyMethodDef *method, PyObject *self, PyObject *module) {
  return PyCMethod_New(method, self, module, NULL);
}

PyObject *PyCFunction_New(PyMethodDef *method, PyObject *self) {
  return PyCMethod_New(method, self, NULL, NULL);
}

PyObject *PyWeakref_NewRef(PyObject *object, PyObject *callback) {
  void (*meanwhile)(void) = fake_python_meanwhile;
  if (meanwhile != NULL) {
    fake_python_meanwhile = NULL;
    meanwhile();
  }
  return (PyObject *)fake_new(object, NULL, callback);
}

void PyErr_Clear(void) {
}

PyThreadState *PyEval_SaveThread(void) {
  return NULL;
}

void PyEval_RestoreThread(PyThreadState *state) {
  (void)state;
}

/* It refers to nothing any more; the caller holds it. */
static fake_object *take_reference(const void *address) {
  (void)pthread_mutex_lock(&living_lock);
  fake_object *object = living;
  while (object != NULL && (object->address != address || object->inner == NULL)) {
    object = object->next_one;
  }
  if (object != NULL) {
    object->address = NULL;
    Py_INCREF((PyObject *)object);
  }
  (void)pthread_mutex_unlock(&living_lock);
  return object;
}

void fake_python_die(void *address) {
  for (fake_object *reference; (reference = take_reference(address)) != NULL;) {
    fake_object *callback = (fake_object *)reference->inner;
    /* It answers None, whose references nobody counts here. Where threads share it, nobody's count is plain as here. */
    static pthread_mutex_t none_lock = PTHREAD_MUTEX_INITIALIZER;
    (void)pthread_mutex_lock(&none_lock);
    (void)callback->method->ml_meth(callback->inner, (PyObject *)reference);
    (void)pthread_mutex_unlock(&none_lock);
    Py_DECREF((PyObject *)reference);
  }
}
