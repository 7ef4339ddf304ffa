/* Numbers for Python objects, by their address: code objects and types of exceptions.
 * Flow: engine -> here, for every event; definitions.h where an object is seen for the first time.
 * Invariants: an entry dies with its object, by a weak reference, so that an address which is used again is another object;
 * ids are never reused. Objects are told apart by identity: equal code objects are different functions.
 * Open addressing, linear probing, at most half full. An entry never moves: the one of an object that dies stays behind as
 * dead where others stand after it, and takes the next object that comes by.
 * Threads: looking up takes no lock and may run while another thread changes the table. What it finds is right, because the
 * caller holds the object, so that its entry stays; what it does not find is looked for again under the lock (agent_lock.h),
 * which all that changes tables takes. A table that a bigger one replaced is freed only when nobody can be looking something
 * up in it: with a GIL at once, without one by baro_identities_free_retired.
 * In threads that have a thread state, but for baro_identities_forked. */
#ifndef BARO_CAPTURE_AGENT_IDENTITIES_H
#define BARO_CAPTURE_AGENT_IDENTITIES_H

#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/agent/agent_lock.h"
#include "capture/agent/budget.h"

enum {
  BARO_IDENTITY_LEFT_OUT = 1, /* is not to be recorded; has no id */
  BARO_IDENTITY_SUSPENDS = 2, /* code of a generator, coroutine or async generator */
  BARO_IDENTITY_SPAWNS = 4,   /* its frames make tasks: agent_tasks.h */
  BARO_IDENTITY_GOVERNED = BARO_BUDGET_GOVERNED,
  /* What its calls are given, and what they return, is recorded: captured_values.h. */
  BARO_IDENTITY_ARGUMENTS = 0x100,
  BARO_IDENTITY_RETURNS = 0x200,
};

/* Of entries: smaller ones are no objects. */
enum { BARO_IDENTITY_LEAST_ADDRESS = 3 };

typedef struct baro_identity {
  BARO_SHARED(uintptr_t)
  address; /* written last; 0: free; small numbers: no more, see identities.c */
  uint32_t id;
  BARO_SHARED(uint32_t) flags;
} baro_identity;

typedef struct baro_identity_block {
  size_t mask;                        /* capacity - 1 */
  size_t used;                        /* entries that are not free */
  struct baro_identity_block *before; /* retired before this one */
  PyObject **references;   /* owned, by index: weak references, whose callback removes the entry */
  baro_identity entries[]; /* no check is needed: at least one is free */
} baro_identity_block;

typedef struct baro_identities {
  BARO_SHARED(baro_identity_block *) block; /* owned, but for the first, empty one */
  size_t count;                             /* of objects */
  PyMethodDef *forget;                      /* static: what the weak references call */
} baro_identities;

/* What a static table begins with. */
extern union baro_identity_nothing {
  baro_identity_block block;
  unsigned char room[sizeof(baro_identity_block) + sizeof(baro_identity)];
} baro_identity_nothing;

/* Static, for hooks outlive every module. */
extern baro_identities baro_codes;      /* code that ran */
extern baro_identities baro_exceptions; /* types of exceptions that ended calls */
extern baro_identities
    baro_marked; /* code that is recorded though no pattern asks for it; no ids, and as flags its budget's */

static inline size_t baro_identities_hash(uintptr_t address) {
  /* Objects are 16 bytes apart; the multiplication brings what differs to the upper half. */
  return (size_t)(((uint64_t)address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* Counts recordings and forks: while it stays, an id does. */
extern BARO_SHARED(uint32_t) baro_identities_epoch;

/* NULL: not known, or another thread is adding it. Valid until the next object is added or dies; without a GIL until the caller
 * lets its thread be stopped by other means than the scheduler's: calls Python, or returns. */
static inline const baro_identity *baro_identities_find(const baro_identities *table,
                                                        const void *object) {
  uintptr_t address = (uintptr_t)object;
  const baro_identity_block *block = table->block;
  size_t index = baro_identities_hash(address) & block->mask;
  const baro_identity *entry = &block->entries[index];
  while (entry->address != address) {
    if (entry->address == 0) {
      return NULL;
    }
    index = (index + 1) & block->mask;
    entry = &block->entries[index];
  }
  return entry;
}

/* New reference to what is needed for adding an object, which cannot be made under the lock; NULL without an exception: no
 * memory, or the object cannot be weakly referenced. */
PyObject *baro_identities_refer(const baro_identities *table, PyObject *object);
/* Under the lock. The entry of the object, which is added if there is none; then *reference becomes NULL, as it is the table's.
 * NULL: no memory. */
const baro_identity *baro_identities_put(baro_identities *table, const void *object, uint32_t id,
                                         uint32_t flags, PyObject **reference);

/* Adds an object that is not in the table. NULL, without an exception: no memory, or the object cannot be weakly
 * referenced. */
const baro_identity *baro_identities_add(baro_identities *table, PyObject *object, uint32_t id,
                                         uint32_t flags);

/* The entry, if there is one, has these flags of `mask` from now on. */
void baro_identities_set_flags(baro_identities *table, const void *object, uint32_t mask,
                               uint32_t flags);

/* As if it had died, if it is in the table. */
void baro_identities_remove(baro_identities *table, PyObject *object);

/* The recording is over: both tables of ids are empty, the marks stay. */
void baro_identities_clear(void);

/* When all threads have been stopped since the last recording was cleared. */
void baro_identities_free_retired(void);

/* In the child of a fork, whose ids are its own: the tables are empty, but for the marks. Async-signal-safe; what the parent's entries held is
 * not freed, for this may be in the middle of anything. */
void baro_identities_forked(void);

#endif
