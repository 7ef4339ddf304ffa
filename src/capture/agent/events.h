/* The producer of rings (ring.h): what engines call for every event of the program.
 * Flow: engine -> here -> PID-BIRTH-SERIAL.ring -> the recorder's drain. A thread's ring is made at its first event.
 * Cost: a clock, two stores and a release; no lock, no allocation, no system call but where a ring has no room.
 * Invariants: an event and the FRAME behind it are committed together. Time of what ends is read before anything else is
 * done for it, time of what begins after everything, so that our own work falls outside of the call. What the thread
 * used is read in front of what begins and behind what ends, for the same reason. Events that
 * found no room are counted, and the next one that does is preceded by LOST. What waiting for room took stands in front of what
 * begins and behind what ends (OWN): it is no time of the program.
 * Runs in the target; every thread writes its own ring. Callers of put functions have a thread state, and the GIL if there
 * is one, which are given up where a full ring makes the thread wait. The end of a thread and a fork are handled without the GIL and without Python. */
#ifndef BARO_CAPTURE_AGENT_EVENTS_H
#define BARO_CAPTURE_AGENT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/agent/agent_clock.h"
#include "capture/agent/agent_lock.h"
#include "capture/agent/ring.h"

/* What of Python is needed here; all called with the GIL held, but for acquire. */
typedef struct baro_events_hooks {
  void *(*release)(void);                       /* gives the GIL up */
  void (*acquire)(void *held);                  /* takes it back; held: what release returned */
  void (*thread_name)(char *name, size_t size); /* of this thread; leaves "" where unknown */
  void (*stop)(void);                           /* the recording is over: no more events, please */
  bool (*is_finalized)(void);                   /* no thread runs Python, nor will */
} baro_events_hooks;

/* The hot part of a thread's ring: fits a cache line. Zero: no ring yet, and no room. */
typedef struct baro_events_thread {
  uint64_t head;                     /* events written */
  uint64_t limit;                    /* up to here nobody needs to be asked for room */
  uint64_t mask;                     /* slots - 1 */
  baro_ring_event *events;           /* borrowed from the mapping */
  _Atomic uint64_t *ring_head;       /* likewise */
  struct baro_events_ring *ring;     /* borrowed; NULL: none */
  uint64_t usage_due;                /* from this time on what the thread used is to be read */
  struct baro_budget_thread *budget; /* owned; NULL: none of its code has a budget */
} baro_events_thread;

extern _Thread_local baro_events_thread baro_events_here;
extern baro_ring_clock baro_events_clock; /* set once, before the first event */

/* hooks: copied. False: not possible here; nothing was changed. */
bool baro_events_start(const baro_events_hooks *hooks);
/* No more events from now on. May be called any number of times. */
void baro_events_stop(void);
bool baro_events_stopped(void);
/* After stop: lets go of the rings of all threads, so that another recording may start. Under the GIL; without one when no
 * thread can be in an event that has not let go. Rings of those that have, or wait for room meanwhile, are their own to let go
 * of. */
void baro_events_release(void);
/* Around all that calls Python in the middle of an event: the recording may end meanwhile. Then what follows finds no room.
 * They nest. */
static inline void baro_events_let_go(void);
static inline void baro_events_take_back(void);
/* In the child of a fork: forgets the parent's rings, which it must not write. Async-signal-safe. */
void baro_events_forked(void);

/* How long the drain was waited for; 0: not at all. */
typedef struct baro_events_wait {
  uint64_t all_ns;
  uint64_t idle_ns; /* of it, not on a CPU */
} baro_events_wait;

/* Makes room for `count` more events of the calling thread, waiting for the drain if need be. False: there is none, and
 * one event was counted as lost. How long it waited is told in front of them (OWN). */
bool baro_events_make_room(uint64_t count);
/* The same, but telling is left to the caller, whose event is of a time before. *wait: 0 before. */
bool baro_events_find_room(uint64_t count, baro_events_wait *wait);
/* Something ended at `time`, and its event does not fit. frame_addr: 0 where it cannot be suspended. */
void baro_events_end_in_new_room(uint64_t time, uint64_t word, uint64_t frame_addr);

/* A function could not be told to the drain, so that none of its calls is: counted, where a thread of the process has a
 * ring. */
void baro_events_untold(void);

/* Writes what the thread has used so far, if it fits without asking for room: agent_usage.h. */
void baro_events_put_usage(baro_events_thread *here);

/* Under a GIL nobody releases a ring while its thread runs, and a thread that calls Python finds out by itself. */
void baro_events_leave_ring(void);
void baro_events_return_to_ring(void);

static inline void baro_events_let_go(void) {
  if (BARO_FREE_THREADED) {
    baro_events_leave_ring();
  }
}

static inline void baro_events_take_back(void) {
  if (BARO_FREE_THREADED) {
    baro_events_return_to_ring();
  }
}

static inline uint64_t baro_events_now(void) {
  return baro_agent_clock_now(baro_events_clock);
}

static inline void baro_events_write(baro_events_thread *here, uint64_t time, uint64_t word) {
  here->events[here->head & here->mask] = (baro_ring_event){.time = time, .word = word};
  here->head++;
}

static inline void baro_events_commit(baro_events_thread *here) {
  atomic_store_explicit(here->ring_head, here->head, memory_order_release);
}

/* Something begins or goes on: the clock is read last. */
static inline void baro_events_begin(uint64_t word) {
  baro_events_thread *here = &baro_events_here;
  if (here->head == here->limit && !baro_events_make_room(1)) {
    return;
  }
  uint64_t time = baro_events_now();
  if (__builtin_expect(time >= here->usage_due, 0)) {
    baro_events_put_usage(here);
    time = baro_events_now();
  }
  baro_events_write(here, time, word);
  baro_events_commit(here);
}

/* ... of a call that can be suspended. */
static inline void baro_events_begin_frame(uint64_t word, uint64_t frame_addr) {
  baro_events_thread *here = &baro_events_here;
  if (here->limit - here->head < 2 && !baro_events_make_room(2)) {
    return;
  }
  uint64_t time = baro_events_now();
  if (__builtin_expect(time >= here->usage_due, 0)) {
    baro_events_put_usage(here);
    time = baro_events_now();
  }
  baro_events_write(here, time, word);
  baro_events_write(here, frame_addr, BARO_RING_FRAME);
  baro_events_commit(here);
}

/* What an event may have to wait for, in front of one that is to follow soon and to tell a short time: reading what the thread used,
 * and memory of a ring that is filled for the first time. The caller has room for `count` events. */
static inline void baro_events_prepare(uint64_t count) {
  baro_events_thread *here = &baro_events_here;
  if (baro_events_now() >= here->usage_due) {
    baro_events_put_usage(here);
  }
  if (here->limit - here->head >= count) {
    /* Nobody reads it before it is committed, and written by then. */
    *(volatile uint64_t *)&here->events[(here->head + count - 1) & here->mask].word = 0;
  }
}

/* Something ended, or was suspended, at `time`, which the caller read first of all. */
static inline void baro_events_end(uint64_t time, uint64_t word) {
  baro_events_thread *here = &baro_events_here;
  if (here->head == here->limit) {
    baro_events_end_in_new_room(time, word, 0);
    return;
  }
  baro_events_write(here, time, word);
  baro_events_commit(here);
  if (__builtin_expect(time >= here->usage_due, 0)) {
    baro_events_put_usage(here);
  }
}

static inline void baro_events_end_frame(uint64_t time, uint64_t word, uint64_t frame_addr) {
  baro_events_thread *here = &baro_events_here;
  if (here->limit - here->head < 2) {
    baro_events_end_in_new_room(time, word, frame_addr);
    return;
  }
  baro_events_write(here, time, word);
  baro_events_write(here, frame_addr, BARO_RING_FRAME);
  baro_events_commit(here);
  if (__builtin_expect(time >= here->usage_due, 0)) {
    baro_events_put_usage(here);
  }
}

#endif
