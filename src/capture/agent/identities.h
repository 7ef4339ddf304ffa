/* Numbers for Python objects, by their address: code objects and types of exceptions.
 * Flow: engine -> here, for every event; definitions.h where an object is seen for the first time.
 * Invariants: an entry dies with its object, by a weak reference, so that an address which is used again is another object;
 * ids are never reused. Objects are told apart by identity: equal code objects are different functions.
 * Open addressing, linear probing, at most half full. All under the GIL, but for baro_identities_forked. */
#ifndef BARO_CAPTURE_AGENT_IDENTITIES_H
#define BARO_CAPTURE_AGENT_IDENTITIES_H

#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

typedef struct baro_identity {
  uintptr_t address; /* 0: free */
  uint32_t id;
  uint32_t flags;
} baro_identity;

/* What is needed rarely, beside the entry of the same index. */
typedef struct baro_identity_cold {
  PyObject *reference; /* owned: a weak reference, whose callback removes the entry */
} baro_identity_cold;

typedef struct baro_identities {
  baro_identity *entries;   /* owned, but for the first, empty one */
  baro_identity_cold *cold; /* owned; NULL as long as there are none */
  size_t mask;              /* capacity - 1 */
  size_t count;
  PyMethodDef *forget; /* static: what the weak references call */
} baro_identities;

/* Static, for hooks outlive every module. */
extern baro_identities baro_codes;      /* code that ran */
extern baro_identities baro_exceptions; /* types of exceptions that ended calls */
extern baro_identities
    baro_marked; /* code that is recorded though no pattern asks for it; no ids, and as flags its budget's */

static inline size_t baro_identities_hash(uintptr_t address) {
  /* Objects are 16 bytes apart; the multiplication brings what differs to the upper half. */
  return (size_t)(((uint64_t)address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* Counts recordings and forks: while it stays, an id does. Under the GIL, but for baro_identities_forked. */
extern uint32_t baro_identities_epoch;

/* NULL: not known. Valid until the next object is added or dies. */
static inline const baro_identity *baro_identities_find(const baro_identities *table,
                                                        const void *object) {
  uintptr_t address = (uintptr_t)object;
  size_t index = baro_identities_hash(address) & table->mask;
  while (table->entries[index].address != address) {
    if (table->entries[index].address == 0) {
      return NULL;
    }
    index = (index + 1) & table->mask;
  }
  return &table->entries[index];
}

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

/* In the child of a fork, whose ids are its own: the tables are empty, but for the marks. Async-signal-safe; what the parent's entries held is
 * not freed, for this may be in the middle of anything. */
void baro_identities_forked(void);

#endif
