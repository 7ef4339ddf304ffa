/* Where -o leads: standard output, a pipe or a device, which get what is written as it comes, or a file, which has its name when it is
 * whole (base/os_whole_file.h).
 * Flow: exporter, page -> stream -> here. Messages begin with the path. */
#ifndef BARO_SHOW_STREAM_TO_PATH_H
#define BARO_SHOW_STREAM_TO_PATH_H

#include <stdbool.h>

#include "base/os_whole_file.h"
#include "base/status.h"
#include "show/stream.h"

/* Writes all there is; whatever the stream's own failure is, that is the one which is told. */
typedef baro_status baro_stream_writer(void *context, baro_stream *output, baro_error *err);

/* "-", and /dev/stdout, whatever that is. */
bool baro_path_is_standard_output(const char *path);

/* Nothing of `to` but its path counts where that is no file. */
baro_status baro_stream_to_path(const baro_whole_file *to, baro_stream_writer *write, void *context,
                                baro_error *err) BARO_MUST_USE;

#endif
