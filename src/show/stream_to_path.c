#include "show/stream_to_path.h"

#include <stdio.h>
#include <string.h>

#include "base/os_file.h"

typedef struct stream_work {
  baro_stream_writer *write;
  void *context;
  const char *path;
} stream_work;

bool baro_path_is_standard_output(const char *path) {
  return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

static baro_status write_into(const stream_work *work, baro_sink *sink, void *sink_context,
                              baro_error *err) {
  baro_stream output;
  baro_stream_init(&output, sink, sink_context);
  baro_status status = work->write(work->context, &output, err);
  /* A failing sink is the reason for whatever the writer says. */
  if (output.status != BARO_OK || status == BARO_OK) {
    status = baro_stream_finish(&output, err);
  }
  return status == BARO_OK ? status : baro_error_prefix(err, status, "%s", work->path);
}

/* The first failure is the one to tell. */
static baro_status close_file(const stream_work *work, int file, baro_status status,
                              baro_error *err) {
  baro_status closed = baro_file_close(file, status == BARO_OK ? err : NULL);
  if (status == BARO_OK && closed != BARO_OK) {
    return baro_error_prefix(err, closed, "%s", work->path);
  }
  return status;
}

static baro_status write_file(void *context, int take_file, baro_error *err) {
  const stream_work *work = context;
  baro_file_sink sink = {.file = take_file};
  return close_file(work, take_file, write_into(work, baro_sink_file, &sink, err), err);
}

static baro_status sink_pipe(void *context, const void *data, size_t length, baro_error *err) {
  const int *file = context;
  return baro_file_write_on(*file, (baro_view){.data = data, .length = length}, err);
}

static baro_status write_pipe(const stream_work *work, baro_error *err) {
  int file;
  baro_status status = baro_file_open_stream_to(work->path, &file, err);
  if (status != BARO_OK) {
    return status;
  }
  return close_file(work, file, write_into(work, sink_pipe, &file, err), err);
}

baro_status baro_stream_to_path(const baro_whole_file *to, baro_stream_writer *write, void *context,
                                baro_error *err) {
  stream_work work = {.write = write, .context = context, .path = to->path};
  if (baro_path_is_standard_output(to->path)) {
    work.path = "standard output";
    return write_into(&work, baro_sink_stream, stdout, err);
  }
  if (baro_file_is_stream(to->path)) {
    return write_pipe(&work, err);
  }
  return baro_whole_file_write(to, write_file, &work, err);
}
