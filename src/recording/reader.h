/* Reads a recording; every byte of it is hostile.
 * Flow: file -> reader -> visitor (profile builder, tests, tools). Chunk by chunk: head, checksum,
 * decompression, records in order. References (to strings, functions, ...) are checked to be defined
 * before a record reaches the visitor, so a visitor may index without checking. Unknown record and
 * chunk types are skipped and counted; a newer major version is refused by name.
 * Within a chunk, samples come after events that may be later than they are: order by time. Stacks
 * are acyclic (a parent is older than its child), but as deep as the file says: do not recurse.
 * A file cut at any byte yields all whole chunks before the cut; the loss is told in `damage`.
 * Memory: one chunk at a time (at most 64 MiB raw), the count of each definition kind, and the calls that can be suspended
 * and have not ended. */
#ifndef BARO_RECORDING_READER_H
#define BARO_RECORDING_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"
#include "recording/records.h"

/* Callbacks may be NULL. A status other than BARO_OK ends reading and is passed on. Views are valid
 * during the call only. `id` counts from 0 per kind. */
typedef struct baro_visitor {
  void *context;
  baro_status (*info)(void *context, const baro_info_record *info, baro_error *err);
  baro_status (*anchor)(void *context, const baro_clock_anchor *anchor, baro_error *err);
  baro_status (*string)(void *context, uint32_t id, baro_view text, baro_error *err);
  baro_status (*function)(void *context, uint32_t id, const baro_function_record *function,
                          baro_error *err);
  baro_status (*frame)(void *context, uint32_t id, const baro_frame_record *frame, baro_error *err);
  baro_status (*stack)(void *context, uint32_t id, const baro_stack_record *stack, baro_error *err);
  baro_status (*process)(void *context, uint32_t id, const baro_process_record *process,
                         baro_error *err);
  baro_status (*process_fact)(void *context, const baro_process_fact_record *fact, baro_error *err);
  baro_status (*operator)(void *context, uint32_t id, const baro_operator_record *record,
                          baro_error *err);
  baro_status (*operator_fact)(void *context, const baro_operator_fact_record *fact,
                               baro_error *err);
  baro_status (*operator_edge)(void *context, const baro_operator_edge_record *edge,
                               baro_error *err);
  baro_status (*task)(void *context, const baro_task_record *task, baro_error *err);
  baro_status (*thread)(void *context, uint32_t id, const baro_thread_record *thread,
                        baro_error *err);
  baro_status (*thread_name)(void *context, uint32_t thread, uint32_t name_string, baro_error *err);
  baro_status (*process_end)(void *context, const baro_end_record *end, baro_error *err);
  baro_status (*thread_end)(void *context, const baro_end_record *end, baro_error *err);
  baro_status (*sample)(void *context, const baro_sample_record *sample, baro_error *err);
  /* Events of one thread, in order, checked: see baro_call_event; at most 16,384. A call that one thread suspends and
   * another resumes is told in this order, but the times of two threads may be a little apart from it. */
  baro_status (*calls)(void *context, uint32_t thread, const baro_call_event *events,
                       uint32_t count, baro_error *err);
  baro_status (*counters)(void *context, const baro_counters_record *counters, baro_error *err);
  baro_status (*note)(void *context, const baro_note_record *note, baro_error *err);
} baro_visitor;

typedef struct baro_damage {
  bool complete;       /* the end marker was there: the recorder finished normally */
  bool truncated;      /* the file ends inside a chunk */
  bool corrupt;        /* a checksum or a rule failed; reading stopped there */
  uint64_t good_bytes; /* offset up to which all is well */
  uint64_t file_bytes;
  uint64_t chunks;
  uint64_t unknown_records;     /* skipped: of a newer minor version */
  uint64_t dropped_samples;     /* the writer said it could not keep */
  uint64_t dropped_call_events; /* missing beside those that LOST events stand for */
  char reason[160];             /* one line, "" when nothing is wrong */
} baro_damage;

/* Reads all of path. BARO_OK when at least the head is good, also if the rest is damaged: see
 * *ret_damage (must not be NULL). Errors name the path: not found, not a recording, newer version, a
 * visitor's own. */
baro_status baro_recording_read(const char *path, const baro_visitor *visitor,
                                baro_damage *ret_damage, baro_error *err) BARO_MUST_USE;

/* The same on memory, for fuzzing and tests; name stands in messages. */
baro_status baro_recording_read_memory(baro_view bytes, const char *name,
                                       const baro_visitor *visitor, baro_damage *ret_damage,
                                       baro_error *err) BARO_MUST_USE;

#endif
