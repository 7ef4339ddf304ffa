/* What of the agent is done by one thread at a time: giving out ids, and changing tables that all threads read.
 * Where there is a GIL it would do; in free-threaded builds this lock stands for it. Never on the way of an event whose code
 * is known: readers of tables take no lock (identities.h).
 * Invariants: no function of Python is called while it is held, so whoever has it gives it back soon, and no callback of
 * the collector can ask for it again. Who waits for it has no thread state attached, because a stop of all threads would
 * wait for this one; and has not got the lock when it attaches again, because that may end the thread, at the end of the
 * interpreter.
 * Runs in the target, in any thread that has a thread state. */
#ifndef BARO_CAPTURE_AGENT_AGENT_LOCK_H
#define BARO_CAPTURE_AGENT_AGENT_LOCK_H

/* 1 in modules for free-threaded interpreters: meson.build says so. */
#ifndef BARO_FREE_THREADED
#define BARO_FREE_THREADED 0
#endif

/* What threads read while another one writes it. With a GIL none does, and a plain access lets the compiler do better. */
#if BARO_FREE_THREADED
#define BARO_SHARED(type) _Atomic(type)
#else
#define BARO_SHARED(type) type
#endif

void baro_agent_lock(void);
void baro_agent_unlock(void);
/* In the child of a fork: whoever had it is not here. Async-signal-safe. */
void baro_agent_lock_forked(void);

#endif
