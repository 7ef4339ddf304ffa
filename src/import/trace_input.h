/* Files of Chrome's Trace Event Format, read as a whole: what importers of them share.
 * Flow: a place -> log_files, log_input, json_items -> trace_events.c -> trace_model.h. */
#ifndef BARO_IMPORT_TRACE_INPUT_H
#define BARO_IMPORT_TRACE_INPUT_H

#include "import/importer.h"
#include "import/json_items.h"
#include "import/trace_model.h"

/* Reads the events and finishes the model; notes of what was wrong with the file go to the writer. BARO_INVALID where it has no
 * events. progress: NULL: nobody asks. */
baro_status baro_trace_read(const baro_log_place *place, const baro_log_progress *progress,
                            baro_trace_model *model, baro_writer *writer,
                            baro_error *err) BARO_MUST_USE;
/* Likewise, of an input that is open; all_bytes: of its file. */
baro_status baro_trace_read_input(baro_log_input *input, const baro_log_progress *progress,
                                  uint64_t all_bytes, baro_trace_model *model, baro_writer *writer,
                                  baro_error *err) BARO_MUST_USE;
/* What was mended and left out, as notes. */
void baro_trace_note(const baro_trace_model *model, baro_writer *writer);

#endif
