/* Files with what Flink says of jobs: the history server's archive, and answers of the REST API by their paths.
 * Flow: log_input -> json_items -> here -> flink_answers.c -> flink_model.h. */
#ifndef BARO_IMPORT_FLINK_INPUT_H
#define BARO_IMPORT_FLINK_INPUT_H

#include "import/flink_model.h"
#include "import/log_input.h"
#include "recording/writer.h"

/* Of an input that is open; notes of what was wrong with the file go to the writer. BARO_INVALID where nothing in it is JSON. */
baro_status baro_flink_read_input(baro_log_input *input, baro_flink_model *model,
                                  baro_writer *writer, baro_error *err) BARO_MUST_USE;

#endif
