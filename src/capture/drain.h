/* Takes what agents wrote (agent/ring.h) and makes a recording's records of it.
 * Flow: spool directory -> drain -> recording writer. Called by the recorder's loop, many times a second; a process or a
 * thread that appears in the directory is found at the next visit.
 * Everything in the directory is hostile: a target may crash in the middle of anything, or mean harm. What makes no sense
 * is left out, counted, and said in a note; the recording stays one that readers accept.
 * Times in the clock of a ring become CLOCK_MONOTONIC by pairs of both, taken at every visit.
 * Invariants: an event is taken once; what a process committed before it died is taken as if it lived. Memory is bounded by
 * threads, codes and calls that are open, not by calls. Recorder process only, one thread. */
#ifndef BARO_CAPTURE_DRAIN_H
#define BARO_CAPTURE_DRAIN_H

#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "recording/writer.h"

typedef struct baro_drain baro_drain;

enum { BARO_DRAIN_VISIT_EVENTS = 1 << 16 };

/* Where the sampler records the same process or thread, calls are to have its ids: asked once for each. */
typedef struct baro_drain_ids {
  void *context;
  /* Id of the process or thread in the recording. NOT_FOUND: the drain defines it; AGAIN: the sampler will know it soon,
   * and the drain asks again for a while. */
  baro_status (*process)(void *context, pid_t pid, uint32_t *ret_process);
  baro_status (*thread)(void *context, pid_t pid, pid_t tid, uint32_t *ret_thread);
} baro_drain_ids;

enum { BARO_DRAIN_REASON_BYTES = 128 };

/* Behind their number. */
#define BARO_DRAIN_UNTOLD                                                                          \
  "functions could not be told, and their calls are missing: the program changed its user or "     \
  "root, or had no room or descriptors left"

typedef struct baro_drain_counts {
  uint64_t calls;     /* entered */
  uint64_t events;    /* taken */
  uint64_t lost;      /* that agents say they could not keep */
  uint64_t malformed; /* that made no sense */
  uint64_t processes; /* with an agent */
  uint64_t threads;
  uint64_t untold; /* functions that agents could not tell, whose calls are missing */
  /* What the first agent said that recorded nothing, or not all: why. NUL-terminated and printable; "": none did. */
  char reason[BARO_DRAIN_REASON_BYTES];
} baro_drain_counts;

typedef struct baro_drain_function {
  baro_view module; /* "": not known */
  baro_view qualified_name;
  uint64_t rows;
} baro_drain_function;

/* spool: path of the directory, borrowed while the drain lives. ids: copied; NULL: the drain defines all. */
baro_status baro_drain_create(const char *spool, baro_writer *writer, const baro_drain_ids *ids,
                              baro_drain **ret_drain, baro_error *err) BARO_MUST_USE;
/* Processes but this one are left out: their agents are told that nobody takes their events. Before the first visit. */
void baro_drain_take_only(baro_drain *drain, pid_t pid);
/* How the command ended, as waitpid gives it, for its row in the recording. Before finish. */
void baro_drain_tell_end(baro_drain *drain, pid_t pid, int wait_status);
/* Takes what is there now; *ret_events: how many events that was (of a ring, at most BARO_DRAIN_VISIT_EVENTS), so that
 * the caller can come again sooner. Fails only with BARO_NO_MEMORY. */
baro_status baro_drain_visit(baro_drain *drain, uint64_t now_ns,
                             uint64_t *ret_events) BARO_MUST_USE;
/* Which event was taken last decides where open calls end: call after the last visit. Takes what is left, tells agents
 * that still run that the recording is over, writes ends, and notes on what made no sense. */
baro_status baro_drain_finish(baro_drain *drain, uint64_t now_ns) BARO_MUST_USE;
baro_drain_counts baro_drain_count(const baro_drain *drain);
/* The functions with most rows so far, in falling order, without those that were thinned. Fills at most `limit`, returns how
 * many it filled; 0 also where memory was short. Names are borrowed from the writer, until its next definition. */
uint32_t baro_drain_most_called(const baro_drain *drain, baro_drain_function *ret_functions,
                                uint32_t limit);
/* Processes with an agent that run now, without `except`: fills at most `limit`, returns how many there are. */
uint32_t baro_drain_living(const baro_drain *drain, pid_t except, pid_t *ret_pids, uint32_t limit);
void baro_drain_destroy(baro_drain *drain);

#endif
