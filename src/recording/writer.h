/* Writes a recording, crash-safe.
 * Flow: capture, import -> writer -> file. Records gather in memory and go out as one chunk at least
 * once a second of the caller's clock (baro_writer_tick), earlier when 1 MiB has gathered.
 * Invariants: the file always ends on a whole chunk or in a torn one that readers cut off; every
 * prefix that ends on a chunk is a valid recording. Samples are stored as columnar blocks within
 * their chunk; definitions of a chunk precede its samples.
 * On a full disk or another write error the torn chunk is removed again (ftruncate to the last whole
 * one), the chunk stays in memory and is tried again at the next tick; beyond 64 MiB of backlog,
 * samples and calls (never definitions) are dropped and counted. So no call fails because of the disk: ask
 * baro_writer_trouble. Room for an end is kept on the disk: when it is still full at the end, what waits is given up
 * for an end that says so (info "end": disk_full or write_failed), and the recording is whole up to there.
 * Runs in the recorder process only. Not thread-safe. */
#ifndef BARO_RECORDING_WRITER_H
#define BARO_RECORDING_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"
#include "recording/records.h"

typedef struct baro_writer baro_writer;

typedef struct baro_writer_options {
  bool overwrite;        /* an existing file is renamed to PATH.old; without it, creating fails */
  int compression_level; /* zstd; 0 = our default */
  /* What is written was not recorded here and now: samples are kept to the ns, and there is no clock anchor but
   * by baro_writer_anchor. */
  bool imported;
} baro_writer_options;

/* Creates path with mode 0600 (never following a symbolic link at the last component) and writes
 * the head and, unless it is imported, a clock anchor at once. An existing file without overwrite is BARO_USAGE naming it and "-f". */
baro_status baro_writer_create(const char *path, const baro_writer_options *options,
                               baro_writer **ret_writer, baro_error *err) BARO_MUST_USE;

/* Definitions. Each gives the id of an equal earlier one (a hash lookup, about 10 ns for stacks) or a
 * new one (process and thread: always new). They fail only with BARO_NO_MEMORY (also beyond 2^20
 * threads), and then leave the writer usable. Strings are cut at 1 MiB: who may have longer ones cuts
 * and flags them before. */
baro_status baro_writer_string(baro_writer *writer, baro_view text, uint32_t *ret_id) BARO_MUST_USE;
baro_status baro_writer_function(baro_writer *writer, const baro_function_record *function,
                                 uint32_t *ret_id) BARO_MUST_USE;
/* What a function that was defined is called; "" where its module is not known. Borrowed, until the next definition. */
void baro_writer_function_names(const baro_writer *writer, uint32_t function, baro_view *ret_module,
                                baro_view *ret_qualified);
baro_status baro_writer_frame(baro_writer *writer, const baro_frame_record *frame,
                              uint32_t *ret_id) BARO_MUST_USE;
baro_status baro_writer_stack(baro_writer *writer, const baro_stack_record *stack,
                              uint32_t *ret_id) BARO_MUST_USE;
baro_status baro_writer_process(baro_writer *writer, const baro_process_record *process,
                                uint32_t *ret_id) BARO_MUST_USE;
baro_status baro_writer_thread(baro_writer *writer, const baro_thread_record *thread,
                               uint32_t *ret_id) BARO_MUST_USE;

/* What dataflow frameworks run. An operator and a task are always new; a fact and an edge have no id. Amounts: at most
 * BARO_TASK_AMOUNTS_MAX. */
baro_status baro_writer_operator(baro_writer *writer, const baro_operator_record *record,
                                 uint32_t *ret_id) BARO_MUST_USE;
baro_status baro_writer_operator_fact(baro_writer *writer,
                                      const baro_operator_fact_record *fact) BARO_MUST_USE;
/* Facts whose keys are known beforehand; nothing is written of "", and of numbers below 0. */
baro_status baro_writer_fact_text(baro_writer *writer, uint32_t operator_id, const char *key,
                                  baro_view value) BARO_MUST_USE;
baro_status baro_writer_fact_number(baro_writer *writer, uint32_t operator_id, const char *key,
                                    int64_t value) BARO_MUST_USE;
baro_status baro_writer_operator_edge(baro_writer *writer,
                                      const baro_operator_edge_record *edge) BARO_MUST_USE;
baro_status baro_writer_task(baro_writer *writer, const baro_task_record *task) BARO_MUST_USE;

/* Events. They never fail: what cannot be kept is counted (baro_writer_dropped_samples). */
void baro_writer_thread_name(baro_writer *writer, uint32_t thread, uint32_t name_string);
void baro_writer_process_end(baro_writer *writer, const baro_end_record *end);
void baro_writer_thread_end(baro_writer *writer, const baro_end_record *end);
void baro_writer_sample(baro_writer *writer, const baro_sample_record *sample);
/* Events of one thread, in order; they go on where its last ones ended. About 15 ns each, all included. What readers would refuse
 * should not be among them: an end without a beginning is left out, a beginning that cannot be (a call resumed that is
 * not suspended, a limit of records.h) is lost, and a time that goes back is that of the event before. Lost, as on a
 * full disk, means: the thread gets a LOST event, and what was active until then ends with it. Either counts as dropped.
 * What one thread suspends and another resumes must come in this order. */
void baro_writer_calls(baro_writer *writer, uint32_t thread, const baro_call_event *events,
                       uint32_t count);
void baro_writer_counters(baro_writer *writer, const baro_counters_record *counters);
void baro_writer_note(baro_writer *writer, const baro_note_record *note);
void baro_writer_process_fact(baro_writer *writer, const baro_process_fact_record *fact);
void baro_writer_info(baro_writer *writer, const char *key, const char *value);

/* When a monotonic time of an imported recording was. */
void baro_writer_anchor(baro_writer *writer, const baro_clock_anchor *anchor);

/* Writes a chunk if one second of now_ns has passed since the last, or enough has gathered. */
void baro_writer_tick(baro_writer *writer, uint64_t now_ns);
/* Writes what has gathered now. BARO_OK also when nothing has. */
baro_status baro_writer_flush(baro_writer *writer, baro_error *err);

/* The last write error, or NULL when the last attempt went well. Borrowed. */
const baro_error *baro_writer_trouble(const baro_writer *writer);
uint64_t baro_writer_dropped_samples(const baro_writer *writer);
/* Told by LOST events or not. */
uint64_t baro_writer_dropped_call_events(const baro_writer *writer);
uint64_t baro_writer_file_bytes(const baro_writer *writer);
uint64_t baro_writer_samples(const baro_writer *writer);

/* Flushes, writes the index chunk, syncs, closes and frees (also on failure). */
baro_status baro_writer_close(baro_writer *take_writer, baro_error *err) BARO_MUST_USE;

#endif
