/* Who makes a task: the call that hands a coroutine to an event loop, long before the loop runs its first step.
 * Flow: engine, at the beginning of code that definitions flagged BARO_IDENTITY_SPAWNS -> here -> event SPAWN.
 * asyncio's own functions are looked at, whose first parameter says which coroutine is meant: that of the loop, which
 * all others end in, and those in front of it, for loops that are not written in Python (uvloop). One that another one
 * called says nothing; what another thread asked for is told by both, once as that one's. asyncio is not imported for it.
 * What makes tasks otherwise is not seen: asyncio.Task called directly, event loops that are not asyncio's (trio).
 * In the thread that makes the task; several may at once. No code of the program runs for it; leaves no exception. */
#ifndef BARO_CAPTURE_AGENT_AGENT_TASKS_H
#define BARO_CAPTURE_AGENT_AGENT_TASKS_H

#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether code of this name, in this module, makes tasks. */
bool baro_tasks_made_by(const char *module, const char *name);

/* The frame of such code begins: its parameters are set. */
void baro_tasks_see_frame(PyObject *frame);
/* The same where it has no object yet: what it was given first, `count` of it, and the frame that called it, or NULL. */
void baro_tasks_see_call(PyObject *const *given, size_t count, PyObject *caller_frame);

/* What the engine calls a frame in events, by the frame's object and its code; 0: unknown. NULL: the object's own address. Set
 * at the engine's start. */
extern uint64_t (*baro_tasks_frame_address)(PyObject *frame, PyObject *code);

/* For engines that must ask for the events of a code object: `watch` is called for each of the functions above, once its
 * module has been imported. The modules are looked for at once, and whenever baro_tasks_find is called. */
void baro_tasks_watch(void (*watch)(PyObject *code));
void baro_tasks_find(void);
/* The recording is about to end: calls `unwatch` for all that were found, and looks for no more. */
void baro_tasks_unwatch(void (*unwatch)(PyObject *code));

#endif
