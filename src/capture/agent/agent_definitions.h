/* What a code object or a type of exceptions is called: asked where one is seen for the first time.
 * Flow: engine (an object that identities.h does not know) -> here -> spool.h, and an entry in the table.
 * Invariants: an id is given only to what stands in the file of definitions. Whatever goes wrong leaves the object out and
 * no exception behind. Python code of the program never runs for it: only attributes of built-in types are asked for.
 * In the thread that runs the code: names of modules come from the frame it runs in. Ids are given out under the lock
 * (agent_lock.h), facts are asked for before. */
#ifndef BARO_CAPTURE_AGENT_AGENT_DEFINITIONS_H
#define BARO_CAPTURE_AGENT_AGENT_DEFINITIONS_H

#include "capture/agent/generated_names.h"
#include "capture/agent/identities.h"
#include "capture/agent/patterns.h"

/* The patterns of the process; set before the first event. */
extern baro_patterns baro_recorded;

/* Ids of a fork's child are its own. Async-signal-safe. */
void baro_definitions_forked(void);
/* Of all code that is not marked with a budget of its own: baro_budget_flags, or 0. */
void baro_definitions_set_budget(uint32_t flags);
/* After the end of a recording: nothing is known, so that another may begin. The marks stay. */
void baro_definitions_clear(void);

/* Threads that were defining something when the recording was stopped have ended that, or the wait took too long: false. Before
 * another recording is begun. */
bool baro_definitions_wait(void);

/* The code is recorded from its next call on, unless a pattern leaves it out. budget: its own, by baro_budget_flags, or 0.
 * False: no memory. */
bool baro_definitions_mark(PyObject *code, uint32_t budget);

/* Code of our own, which has no id and no definition: what happens to it goes nowhere. False: no memory. */
bool baro_definitions_add_private(PyObject *code, uint32_t flags);

/* Of code that is not in the table. place: NULL where it is the current frame's. Never NULL. */
const baro_identity *baro_definitions_add_code(PyObject *code, const baro_code_place *place);
/* 0: unknown. */
uint32_t baro_definitions_add_exception(PyObject *type);

/* Hot: a look into the table. Of the code of the current frame. */
static inline const baro_identity *baro_code_of(PyObject *code) {
  const baro_identity *known = baro_identities_find(&baro_codes, code);
  return __builtin_expect(known != NULL, 1) ? known : baro_definitions_add_code(code, NULL);
}

static inline uint32_t baro_exception_of(PyObject *type) {
  const baro_identity *known = baro_identities_find(&baro_exceptions, type);
  return __builtin_expect(known != NULL, 1) ? known->id : baro_definitions_add_exception(type);
}

#endif
