#include "capture/agent/identities.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024 };

static PyObject *forget_code(PyObject *address_number, PyObject *reference);
static PyObject *forget_exception(PyObject *address_number, PyObject *reference);
static PyObject *forget_mark(PyObject *address_number, PyObject *reference);

static PyMethodDef forget_code_method = {"forget_code", forget_code, METH_O, NULL};
static PyMethodDef forget_exception_method = {"forget_exception", forget_exception, METH_O, NULL};
static PyMethodDef forget_mark_method = {"forget_mark", forget_mark, METH_O, NULL};

/* The tables begin with this one entry, free for good, so that looking up needs no check. */
static baro_identity nothing;

baro_identities baro_codes = {.entries = &nothing, .forget = &forget_code_method};
baro_identities baro_exceptions = {.entries = &nothing, .forget = &forget_exception_method};
baro_identities baro_marked = {.entries = &nothing, .forget = &forget_mark_method};

uint32_t baro_identities_epoch;

/* Index of the entry, or of the free one where it would stand. */
static size_t place_of(const baro_identities *table, uintptr_t address) {
  size_t index = baro_identities_hash(address) & table->mask;
  while (table->entries[index].address != address && table->entries[index].address != 0) {
    index = (index + 1) & table->mask;
  }
  return index;
}

/* Closes the gap at index: entries behind it that belong before it move up. */
static void close_gap(baro_identities *table, size_t gap) {
  for (size_t index = gap;;) {
    index = (index + 1) & table->mask;
    if (table->entries[index].address == 0) {
      break;
    }
    size_t home = baro_identities_hash(table->entries[index].address) & table->mask;
    if (((index - home) & table->mask) >= ((index - gap) & table->mask)) {
      table->entries[gap] = table->entries[index];
      table->cold[gap] = table->cold[index];
      gap = index;
    }
  }
  table->entries[gap] = (baro_identity){0};
  table->cold[gap] = (baro_identity_cold){0};
}

static void remove_at(baro_identities *table, size_t index) {
  PyObject *reference = table->cold[index].reference;
  close_gap(table, index);
  table->count--;
  Py_DECREF(reference);
}

static PyObject *forget(baro_identities *table, PyObject *address_number, PyObject *reference) {
  uintptr_t address = (uintptr_t)PyLong_AsVoidPtr(address_number);
  size_t index = place_of(table, address);
  /* Another reference: of an entry that the parent of a fork made, in a table that is no more. */
  if (table->entries[index].address != 0 && table->cold[index].reference == reference) {
    remove_at(table, index);
  }
  Py_RETURN_NONE;
}

static PyObject *forget_code(PyObject *address_number, PyObject *reference) {
  return forget(&baro_codes, address_number, reference);
}

static PyObject *forget_exception(PyObject *address_number, PyObject *reference) {
  return forget(&baro_exceptions, address_number, reference);
}

static PyObject *forget_mark(PyObject *address_number, PyObject *reference) {
  return forget(&baro_marked, address_number, reference);
}

void baro_identities_remove(baro_identities *table, PyObject *object) {
  size_t index = place_of(table, (uintptr_t)object);
  if (table->entries[index].address != 0) {
    remove_at(table, index);
  }
}

void baro_identities_set_flags(baro_identities *table, const void *object, uint32_t mask,
                               uint32_t flags) {
  baro_identity *entry = &table->entries[place_of(table, (uintptr_t)object)];
  if (entry->address != 0) {
    entry->flags = (entry->flags & ~mask) | (flags & mask);
  }
}

/* Programs count what the collector knows of, and what cannot be part of a cycle need not be there. References to
 * types must: where a type is collected, the collector expects them in its lists. It knows no code. */
static void hide(const baro_identities *table, PyObject *object) {
  if (table->forget != &forget_exception_method) {
    PyObject_GC_UnTrack(object);
  }
}

static PyObject *refer_weakly(const baro_identities *table, PyObject *object) {
  PyObject *reference = NULL;
  PyObject *address = PyLong_FromVoidPtr(object);
  if (address != NULL) {
    PyObject *callback = PyCFunction_New(table->forget, address);
    if (callback != NULL) {
      reference = PyWeakref_NewRef(object, callback);
      hide(table, callback);
      Py_DECREF(callback);
    }
    Py_DECREF(address);
  }
  if (reference == NULL) {
    PyErr_Clear();
  } else {
    hide(table, reference);
  }
  return reference;
}

static bool grow(baro_identities *table) {
  size_t old_capacity = table->cold == NULL ? 0 : table->mask + 1;
  if ((table->count + 1) * 2 <= old_capacity) {
    return true;
  }
  size_t capacity = old_capacity == 0 ? FIRST_CAPACITY : old_capacity * 2;
  baro_identities grown = {
      .entries = calloc(capacity, sizeof(baro_identity)),
      .cold = calloc(capacity, sizeof(baro_identity_cold)),
      .mask = capacity - 1,
      .count = table->count,
      .forget = table->forget,
  };
  if (grown.entries == NULL || grown.cold == NULL) {
    free(grown.entries);
    free(grown.cold);
    return false;
  }
  for (size_t i = 0; i < old_capacity; i++) {
    if (table->entries[i].address != 0) {
      size_t index = place_of(&grown, table->entries[i].address);
      grown.entries[index] = table->entries[i];
      grown.cold[index] = table->cold[i];
    }
  }
  if (old_capacity != 0) {
    free(table->entries);
    free(table->cold);
  }
  *table = grown;
  return true;
}

const baro_identity *baro_identities_add(baro_identities *table, PyObject *object, uint32_t id,
                                         uint32_t flags) {
  /* First what may run the collector, and with it callbacks that change the table. */
  PyObject *reference = refer_weakly(table, object);
  if (reference == NULL || !grow(table)) {
    Py_XDECREF(reference);
    return NULL;
  }
  size_t index = place_of(table, (uintptr_t)object);
  if (table->entries[index].address != 0) {
    /* The collector ran something that gave the GIL up, and another thread was faster. */
    Py_DECREF(reference);
    return &table->entries[index];
  }
  table->entries[index] = (baro_identity){.address = (uintptr_t)object, .id = id, .flags = flags};
  table->cold[index] = (baro_identity_cold){.reference = reference};
  table->count++;
  return &table->entries[index];
}

static void clear(baro_identities *table) {
  baro_identities old = *table;
  *table = (baro_identities){.entries = &nothing, .forget = old.forget};
  if (old.cold == NULL) {
    return;
  }
  /* A reference that dies does not call back. */
  for (size_t i = 0; i <= old.mask; i++) {
    Py_XDECREF(old.cold[i].reference);
  }
  free(old.entries);
  free(old.cold);
}

void baro_identities_clear(void) {
  baro_identities_epoch++;
  clear(&baro_codes);
  clear(&baro_exceptions);
}

void baro_identities_forked(void) {
  baro_identities_epoch++;
  baro_codes = (baro_identities){.entries = &nothing, .forget = &forget_code_method};
  baro_exceptions = (baro_identities){.entries = &nothing, .forget = &forget_exception_method};
}
