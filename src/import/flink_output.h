/* Flink's jobs as a recording: task managers are processes, jobs and vertices operators, attempts of subtasks tasks.
 * Flow: flink_model.h -> here -> recording's writer.
 * Threads are what ran one subtask at a time: Flink does not tell threads, and subtasks of several vertices share a slot, so each is on the
 * lowest one of its task manager that is free.
 * A task's time is split by what Flink measured of it, as samples of its thread, in an order that is ours. Being busy is no clock of a
 * CPU: it stays unknown. */
#ifndef BARO_IMPORT_FLINK_OUTPUT_H
#define BARO_IMPORT_FLINK_OUTPUT_H

#include "import/flink_model.h"
#include "import/importer.h"
#include "recording/writer.h"

/* BARO_INVALID where there is no attempt with a time; BARO_NO_MEMORY. */
baro_status baro_flink_write(const baro_flink_model *model, baro_writer *writer,
                             baro_import_log_result *ret_result, baro_error *err) BARO_MUST_USE;

#endif
