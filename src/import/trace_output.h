/* A trace as a recording: its slices are calls. That is what they say: what ran on which thread, from when to when, how often; so the
 * report has numbers, means and longest ones of them, and the page their timeline.
 * Slices that our own export made of samples (category "sample", "state") are samples again: each has what its thread did while it
 * was the innermost one, and the state that stands below it.
 * Flow: trace_model.h, finished -> trace_walk.h -> here -> recording's writer. */
#ifndef BARO_IMPORT_TRACE_OUTPUT_H
#define BARO_IMPORT_TRACE_OUTPUT_H

#include "import/importer.h"
#include "import/trace_model.h"
#include "recording/writer.h"

typedef struct baro_trace_output {
  baro_trace_model *model;       /* borrowed */
  baro_writer *writer;           /* borrowed */
  uint32_t *process_of;          /* owned; by process of the model; BARO_NONE_ID: has no slice */
  uint32_t *thread_of;           /* owned; by track; BARO_NONE_ID: has no slice */
  uint32_t *function_of;         /* owned; by label; BARO_NONE_ID: not needed yet */
  baro_import_log_result result; /* tasks: slices */
} baro_trace_output;

/* BARO_INVALID where there is no slice; BARO_NO_MEMORY. To be released also on failure. */
baro_status baro_trace_output_init(baro_trace_output *output, baro_trace_model *model,
                                   baro_writer *writer, baro_error *err) BARO_MUST_USE;
void baro_trace_output_release(baro_trace_output *output);
/* Processes, threads, and all slices as calls or samples. */
baro_status baro_trace_write(baro_trace_output *output) BARO_MUST_USE;
/* A time of the trace in the recording. */
uint64_t baro_trace_time(const baro_trace_output *output, int64_t ns);
/* Name, file and line of what slices of the label are: of the names that viztracer, PyTorch and we ourselves give. */
void baro_trace_place(const baro_trace_model *model, uint32_t label, baro_view *ret_name,
                      baro_view *ret_file, uint32_t *ret_line);

#endif
