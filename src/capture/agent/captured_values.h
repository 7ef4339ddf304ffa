/* Arguments and results of calls, where they were asked for (`barograph.trace(arguments=True, returns=True)`).
 * Flow: baro_capture_mark (what of a code object is wanted, and what of it is secret) -> engine, for the calls of that code
 * alone -> value_summary.h -> VALUE events (ring.h) right behind ENTER, or in front of RETURN.
 * Arguments are told as they are when the function begins, before it could change them: as `a=1, b='x', *rest=(1, 2)` those
 * that may be given by position, as `c=3, d=4` the others, those of ** by their own names.
 * Invariants: telling them is over before the clock of ENTER is read, and begins after that of RETURN, so that it falls into the
 * caller's time; how long it took stands beside (OWN), for the profile takes it off. Nothing of the program is kept alive, no exception is left behind or eaten, and while values of a thread
 * are told no others are. What goes wrong is counted, and said in the recording.
 * In threads that have a thread state. */
#ifndef BARO_CAPTURE_AGENT_CAPTURED_VALUES_H
#define BARO_CAPTURE_AGENT_CAPTURED_VALUES_H

#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/agent/value_writer.h"

/* What is wanted of a code object, or'ed. */
enum {
  BARO_CAPTURE_ARGUMENTS = 1,
  BARO_CAPTURE_RETURNS = 2,
  BARO_CAPTURE_REPR = 4,           /* by the program's own __repr__, too */
  BARO_CAPTURE_SECRET_RETURNS = 8, /* redacted */
};

/* Of a parameter. */
enum {
  BARO_PARAMETER_SHOWN, /* unless its name is that of a secret */
  BARO_PARAMETER_REDACTED,
  BARO_PARAMETER_TYPE_ONLY,
};

/* Says what is wanted of a code object from now on; before it is marked (agent_definitions.h). parameters: a BARO_PARAMETER_
 * for each, as co_varnames has them; those that it is too short for are shown. False: no memory, or no code object. */
bool baro_capture_mark(PyObject *code, unsigned wanted, const uint8_t *parameters, size_t count);
/* BARO_IDENTITY_ flags of the code for that. */
uint32_t baro_capture_flags(PyObject *code);

/* Between two events: what is to be written with the second one. */
typedef struct baro_captured {
  uint64_t since;          /* when taking began, of the clock of events: the engine's to set */
  uint64_t took;           /* until the text was there, likewise */
  uint64_t wait_ns;        /* of that, not on a CPU; 0 where it took so little that nobody looked */
  bool is_taken;           /* false: there is nothing to be written */
  bool has_keyword;        /* the function has parameters that are given by name only */
  size_t positional_bytes; /* of the text; behind them keyword arguments. Or it is all the result */
  size_t keyword_bytes;
  char text[BARO_VALUE_CALL_BYTES];
} baro_captured;

/* frame: of the call, at its beginning. */
void baro_capture_take_arguments(PyObject *code, PyObject *frame, baro_captured *captured);
/* The same where there is no frame object: the parameters' values as co_varnames has them; borrowed. has_cells: those that
 * functions within refer to are in cells already. */
void baro_capture_take_parameters(PyObject *code, PyObject *const *values, bool has_cells,
                                  baro_captured *captured);
void baro_capture_take_result(PyObject *code, PyObject *value, baro_captured *captured);

/* ENTER with its values, RETURN with its own; frame_addr: 0 where the code cannot be suspended. */
void baro_capture_begin(uint64_t word, uint64_t frame_addr, const baro_captured *captured);
void baro_capture_end(uint64_t time, uint64_t word, uint64_t frame_addr,
                      const baro_captured *captured);

/* What we took since then, by the clock of events and by the thread's CPU clock, for the time between the thread's last event and
 * its next one. Nothing where it has no ring as yet, or that is full: nobody waits for it. */
void baro_capture_tell_own(uint64_t since, uint64_t since_cpu_ns);

/* ns_per_tick: of the clock of events. Until it is known what taking costs is not told. */
void baro_capture_start(double ns_per_tick);
/* In the child of a fork. Async-signal-safe. */
void baro_capture_forked(void);

#endif
