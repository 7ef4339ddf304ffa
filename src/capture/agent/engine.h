/* How the interpreter tells us of calls: one engine for each way it has.
 * Flow: interpreter -> engine -> events.h. Which one runs is decided once, by what the interpreter offers.
 * Invariants: no Python code runs for an event, and no event is kept from the program's own hooks. An engine never takes
 * what another tool has, and leaves nothing behind where it cannot start.
 * In threads that have a thread state; where there is no GIL, events of several threads come at once. */
#ifndef BARO_CAPTURE_AGENT_ENGINE_H
#define BARO_CAPTURE_AGENT_ENGINE_H

#include <Python.h>

#include <stdbool.h>

typedef struct baro_engine {
  const char *name;
  /* Whether this interpreter has what the engine needs; leaves no exception. */
  bool (*is_offered)(void);
  /* NULL: events come from now on; else why not, static text. Leaves no exception. */
  const char *(*start)(void);
  /* baro_definitions_mark was called for the code: from now on there are events of it. Leaves no exception. */
  void (*mark)(PyObject *code);
  /* The recording is about to end: nothing of that stays at the code. Leaves no exception. */
  void (*unmark)(PyObject *code);
  /* No events any more. May run inside of an event. */
  void (*stop)(void);
} baro_engine;

extern const baro_engine baro_engine_monitoring; /* sys.monitoring: 3.12 and later */
extern const baro_engine baro_engine_frames;     /* frame evaluation: 3.9 to 3.11 */

#endif
