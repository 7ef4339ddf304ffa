/* One process with an agent: its definitions, its threads' rings, and the events in them on their way to the recording.
 * Flow: drain.c finds files -> here -> drain_ring, drain_definitions, call_order -> recording writer.
 * Private to the drain. */
#ifndef BARO_CAPTURE_DRAIN_PROCESS_H
#define BARO_CAPTURE_DRAIN_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/os_counter.h"
#include "base/status.h"
#include "capture/call_order.h"
#include "capture/drain.h"
#include "capture/drain_definitions.h"
#include "capture/drain_ring.h"
#include "capture/drain_rows.h"

enum { BARO_DRAIN_PIECE = 4096, BARO_DRAIN_FILE_NAME_BYTES = 80 };

/* What all processes of a drain share. */
typedef struct baro_drain_shared {
  baro_writer *writer;  /* borrowed */
  baro_drain_ids ids;   /* process = NULL: none */
  int folder;           /* owned; the spool directory */
  baro_map process_ids; /* os pid -> id in the recording, of the last process of that pid */
  baro_map seen_pids;   /* os pids that were seen alive: they are of our namespace */
  baro_counter_pairs pairs;
  baro_order_recording recording;
  uint64_t visit;  /* number of the visit */
  uint64_t now_ns; /* of the visit */
  bool is_final;   /* nothing that is missing will come any more */
  bool is_crowded; /* there are so many processes that silent ones must go */
  pid_t ended_pid; /* how this process ended is known; 0: of none */
  int ended_wait_status;
  baro_drain_counts counts;
  baro_drain_rows rows;
  uint64_t mended;    /* see call_order.h; these are of processes that are gone */
  bool has_greenlets; /* a process says that it could use some */
  uint64_t too_deep;
  uint64_t unmatched;
  uint64_t broken_rings;
  baro_order_output output;
  baro_ring_event events[BARO_DRAIN_PIECE];
} baro_drain_shared;

typedef struct baro_drain_thread {
  baro_drain_ring ring;
  baro_order_thread order;
  char file_name[BARO_DRAIN_FILE_NAME_BYTES];
  uint32_t id;            /* in the recording, or BARO_NONE_ID */
  bool is_ours;           /* the drain defined it, and writes its end */
  bool is_waiting;        /* for events of other threads that were not seen */
  bool is_stopped;        /* at a step that others may have something in front of: drain_rounds.h */
  uint64_t waiting_visit; /* either, since this one */
  uint64_t stop_ns;       /* time of the step that it waits or stopped at */
  uint64_t late_visit;    /* that step is later than this visit; 0: it is not */
  uint64_t polled_ns;     /* all that was written before was seen */
  uint32_t piece_events;  /* to be read at once; 0: as many as fit */
  uint64_t found_ns;
  uint64_t next_poll_ns;
  uint64_t pause_ns; /* between polls */
  uint64_t lost;     /* that its events told */
  uint32_t span;     /* of the counter pairs, last */
} baro_drain_thread;

typedef struct baro_drain_process {
  uint32_t pid;
  uint64_t birth_ns;
  baro_drain_definitions definitions;
  uint64_t definitions_visit; /* when they were last read */
  baro_order_process order;
  baro_drain_thread **threads; /* owned */
  uint32_t thread_count;
  uint32_t thread_capacity;
  uint32_t id; /* in the recording, or BARO_NONE_ID */
  bool is_ours;
  bool is_ignored; /* its agent is told that the recording is over */
  bool was_alive;  /* once, in our eyes: that it is no more can be told */
  bool is_dead;
  uint64_t dead_visit;
  uint64_t alive_ns; /* when it was last seen to live */
  uint64_t ended_ns; /* of a dead one: no later than its end, or when that was told */
  uint64_t found_ns;
  uint64_t next_look_ns;
  uint64_t active_ns; /* when something was last taken */
} baro_drain_process;

/* NULL when out of memory. */
baro_drain_process *baro_drain_process_create(baro_drain_shared *shared, uint32_t pid,
                                              uint64_t birth_ns);
void baro_drain_process_destroy(baro_drain_process *process);
/* take_file is closed on failure too. */
baro_status baro_drain_process_add(baro_drain_process *process, const baro_drain_shared *shared,
                                   int take_file, const char *file_name) BARO_MUST_USE;
/* Takes what the rings have, at most BARO_DRAIN_VISIT_EVENTS of each; lets go of rings whose threads have ended.
 * *ret_events: taken, and those that wait for others. */
baro_status baro_drain_process_visit(baro_drain_process *process, baro_drain_shared *shared,
                                     uint64_t *ret_events) BARO_MUST_USE;
/* True when nothing more can come of it: it is dead, and all was taken. */
bool baro_drain_process_is_over(const baro_drain_process *process, const baro_drain_shared *shared);
/* Writes the ends of what the drain defined and has ended, removes the files of a dead process, and tells a living one
 * that nobody listens any more. */
void baro_drain_process_finish(baro_drain_process *process, baro_drain_shared *shared);
/* What its definitions say of the process as a whole, as soon as it has its id: before the calls of codes that were defined
 * later, so that readers know facts when they read calls. */
void baro_drain_process_write_remarks(baro_drain_process *process, baro_drain_shared *shared);
/* Gives a thread that has events its id in the recording. AGAIN: not now, but soon. */
baro_status baro_drain_identify_thread(const baro_drain_process *process, baro_drain_thread *thread,
                                       baro_drain_shared *shared) BARO_MUST_USE;
/* True while it runs, and is no zombie. */
bool baro_drain_process_is_alive(const baro_drain_process *process);

#endif
