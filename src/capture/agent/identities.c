#include "capture/agent/identities.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 1024 };

static PyObject *forget_code(PyObject *address_number, PyObject *reference);
static PyObject *forget_exception(PyObject *address_number, PyObject *reference);
static PyObject *forget_mark(PyObject *address_number, PyObject *reference);

static PyMethodDef forget_code_method = {"forget_code", forget_code, METH_O, NULL};
static PyMethodDef forget_exception_method = {"forget_exception", forget_exception, METH_O, NULL};
static PyMethodDef forget_mark_method = {"forget_mark", forget_mark, METH_O, NULL};

/* Addresses where no object is. */
enum {
  DEAD = 1, /* may be taken by any other object at once: nobody can be looking at it for this one */
  GONE = 2, /* its object lives, and a thread may have found it before: not to be taken */
};

union baro_identity_nothing baro_identity_nothing;

baro_identities baro_codes = {.block = &baro_identity_nothing.block, .forget = &forget_code_method};
baro_identities baro_exceptions = {.block = &baro_identity_nothing.block,
                                   .forget = &forget_exception_method};
baro_identities baro_marked = {.block = &baro_identity_nothing.block,
                               .forget = &forget_mark_method};

BARO_SHARED(uint32_t) baro_identities_epoch;

/* Blocks that a thread may be reading still; under the lock. */
static baro_identity_block *retired;

static void free_block(baro_identity_block *block) {
  free(block->references);
  free(block);
}

static void retire(baro_identity_block *block) {
  if (block == &baro_identity_nothing.block) {
    return;
  }
  if (!BARO_FREE_THREADED) {
    free_block(block);
    return;
  }
  block->before = retired;
  retired = block;
}

void baro_identities_free_retired(void) {
  baro_agent_lock();
  while (retired != NULL) {
    baro_identity_block *block = retired;
    retired = block->before;
    free_block(block);
  }
  baro_agent_unlock();
}

static baro_identity *find(const baro_identities *table, const void *object) {
  return (baro_identity *)baro_identities_find(table, object);
}

/* The entry is no more; what stands in front of a free one may be free, too, if it is dead. Its reference is the caller's. */
static PyObject *remove_entry(baro_identities *table, baro_identity *entry, uintptr_t as) {
  baro_identity_block *block = table->block;
  size_t index = (size_t)(entry - block->entries);
  PyObject *reference = block->references[index];
  block->references[index] = NULL;
  entry->address = as;
  table->count--;
  if (block->entries[(index + 1) & block->mask].address == 0) {
    for (; block->entries[index].address == DEAD; index = (index - 1) & block->mask) {
      block->entries[index].address = 0;
      block->used--;
    }
  }
  return reference;
}

static PyObject *forget(baro_identities *table, PyObject *address_number, PyObject *reference) {
  const void *object = PyLong_AsVoidPtr(address_number);
  PyObject *kept = NULL;
  baro_agent_lock();
  baro_identity *entry = find(table, object);
  /* Another reference: of an entry that the parent of a fork made, in a table that is no more. */
  if (entry != NULL) {
    baro_identity_block *block = table->block;
    if (block->references[entry - block->entries] == reference) {
      kept = remove_entry(table, entry, DEAD);
    }
  }
  baro_agent_unlock();
  Py_XDECREF(kept);
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
  PyObject *kept = NULL;
  baro_agent_lock();
  baro_identity *entry = find(table, object);
  if (entry != NULL) {
    kept = remove_entry(table, entry, BARO_FREE_THREADED ? GONE : DEAD);
  }
  baro_agent_unlock();
  Py_XDECREF(kept);
}

void baro_identities_set_flags(baro_identities *table, const void *object, uint32_t mask,
                               uint32_t flags) {
  baro_agent_lock();
  baro_identity *entry = find(table, object);
  if (entry != NULL) {
    entry->flags = (entry->flags & ~mask) | (flags & mask);
  }
  baro_agent_unlock();
}

/* Programs count what the collector knows of, and what cannot be part of a cycle need not be there. References to
 * types must: where a type is collected, the collector expects them in its lists. It knows no code. */
static void hide(const baro_identities *table, PyObject *object) {
  if (table->forget != &forget_exception_method) {
    PyObject_GC_UnTrack(object);
  }
}

PyObject *baro_identities_refer(const baro_identities *table, PyObject *object) {
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

/* The first entry that may be taken, on the way that looking for the address goes. */
static baro_identity *place_for(baro_identity_block *block, uintptr_t address) {
  size_t index = baro_identities_hash(address) & block->mask;
  while (block->entries[index].address != 0 && block->entries[index].address != DEAD) {
    index = (index + 1) & block->mask;
  }
  return &block->entries[index];
}

static void place(baro_identity_block *block, const baro_identity *object, PyObject *reference) {
  baro_identity *entry = place_for(block, object->address);
  block->used += entry->address == 0;
  block->references[entry - block->entries] = reference;
  entry->id = object->id;
  entry->flags = object->flags;
  entry->address = object->address;
}

static baro_identity_block *new_block(size_t capacity) {
  baro_identity_block *block = calloc(1, sizeof(*block) + capacity * sizeof(block->entries[0]));
  if (block == NULL) {
    return NULL;
  }
  block->mask = capacity - 1;
  block->references = calloc(capacity, sizeof(PyObject *));
  if (block->references == NULL) {
    free(block);
    return NULL;
  }
  return block;
}

/* Room for one more. Without the dead ones the old capacity may do. */
static bool grow(baro_identities *table) {
  baro_identity_block *old = table->block;
  size_t old_capacity = old->references == NULL ? 0 : old->mask + 1;
  if ((old->used + 1) * 2 <= old_capacity) {
    return true;
  }
  size_t capacity = old_capacity == 0 ? FIRST_CAPACITY : old_capacity;
  baro_identity_block *grown =
      new_block((table->count + 1) * 4 > capacity ? capacity * 2 : capacity);
  if (grown == NULL) {
    return false;
  }
  for (size_t i = 0; i < old_capacity; i++) {
    if (old->references[i] != NULL) {
      place(grown, &old->entries[i], old->references[i]);
    }
  }
  table->block = grown;
  retire(old);
  return true;
}

const baro_identity *baro_identities_put(baro_identities *table, const void *object, uint32_t id,
                                         uint32_t flags, PyObject **reference) {
  const baro_identity *known = baro_identities_find(table, object);
  if (known != NULL || !grow(table)) {
    return known;
  }
  baro_identity entry = {.address = (uintptr_t)object, .id = id, .flags = flags};
  place(table->block, &entry, *reference);
  *reference = NULL;
  table->count++;
  return baro_identities_find(table, object);
}

const baro_identity *baro_identities_add(baro_identities *table, PyObject *object, uint32_t id,
                                         uint32_t flags) {
  /* First what may run the collector, and with it callbacks that change the table. */
  PyObject *reference = baro_identities_refer(table, object);
  if (reference == NULL) {
    return NULL;
  }
  baro_agent_lock();
  const baro_identity *entry = baro_identities_put(table, object, id, flags, &reference);
  baro_agent_unlock();
  Py_XDECREF(reference); /* another thread was faster */
  return entry;
}

static void clear(baro_identities *table) {
  baro_agent_lock();
  baro_identity_block *old = table->block;
  PyObject **references = old->references;
  old->references = NULL;
  size_t count = references == NULL ? 0 : old->mask + 1;
  table->block = &baro_identity_nothing.block;
  table->count = 0;
  retire(old);
  baro_agent_unlock();
  /* A reference that dies does not call back. */
  for (size_t i = 0; i < count; i++) {
    Py_XDECREF(references[i]);
  }
  free(references);
}

void baro_identities_clear(void) {
  baro_identities_epoch++;
  clear(&baro_codes);
  clear(&baro_exceptions);
}

void baro_identities_forked(void) {
  baro_identities_epoch++;
  baro_codes =
      (baro_identities){.block = &baro_identity_nothing.block, .forget = &forget_code_method};
  baro_exceptions =
      (baro_identities){.block = &baro_identity_nothing.block, .forget = &forget_exception_method};
  retired = NULL;
}
