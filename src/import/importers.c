/* The table of importers; files for them, and the recording that comes of it. */
#include "import/importer.h"

#include <string.h>

#include "base/os_file.h"
#include "base/os_whole_file.h"
#include "import/file_kinds.h"
#include "import/gzip_input.h"
#include "import/import_formats.h"
#include "import/json_items.h"
#include "import/log_files.h"
#include "import/log_pipe.h"
#include "import/log_reading.h"
#include "recording/output.h"

/* Those that are surest of their own first: nearly any text has a line that could be a collapsed stack. */
const baro_importer baro_importers[] = {
    {.name = "speedscope",
     .help = "speedscope.app's own format",
     .sniff = baro_sniff_speedscope,
     .read = baro_import_speedscope},
    {.name = "pprof",
     .help = "pprof's profile.proto, gzipped or not: Go, pprof-rs, gperftools",
     .sniff = baro_sniff_pprof,
     .read = baro_import_pprof},
    {.name = "collapsed",
     .help = "a;b;c COUNT a line: py-spy --format raw, austin, perf scripts",
     .sniff = baro_sniff_collapsed,
     .read = baro_import_collapsed},
    {.name = "xplane",
     .help = "profiles of TensorFlow and JAX, .xplane.pb",
     .sniff = baro_sniff_xplane,
     .read = baro_import_xplane,
     .task_word = "slice",
     .slot_word = "track"},
    {.name = "run_metadata",
     .help = "steps of TensorFlow's sessions, RunMetadata",
     .sniff = baro_sniff_run_metadata,
     .read = baro_import_run_metadata,
     .task_word = "slice",
     .slot_word = "track"},
    {.name = "spark",
     .help = "event logs of Spark 2.3 to 4, files or folders, packed or not",
     .sniff_line = baro_spark_sniff,
     .read_log = baro_spark_import},
    {.name = "flink",
     .help = "jobs of Flink: archives of the history server, REST answers",
     .sniff_head = baro_flink_sniff,
     .read_log = baro_flink_import,
     .slot_word = "thread"},
    {.name = "torch",
     .help = "traces of PyTorch's profiler since 2021, .json or .json.gz",
     .sniff_head = baro_torch_sniff,
     .read_log = baro_torch_import,
     .task_word = "slice",
     .slot_word = "track"},
    {.name = "chrome",
     .help = "traces of Chrome's format (Perfetto, viztracer, ours)",
     .sniff_head = baro_chrome_sniff,
     .read_log = baro_chrome_import,
     .task_word = "slice",
     .slot_word = "track"},
    {0},
};

const baro_importer *baro_importer_find(const char *name) {
  for (const baro_importer *importer = baro_importers; importer->name != NULL; importer++) {
    if (strcmp(importer->name, name) == 0) {
      return importer;
    }
  }
  return NULL;
}

const baro_importer *baro_importer_sniff(baro_view bytes) {
  for (const baro_importer *importer = baro_importers; importer->name != NULL; importer++) {
    if (importer->sniff != NULL && importer->sniff(bytes)) {
      return importer;
    }
  }
  return NULL;
}

/* By the first line of the first file, if that is any; NULL: it is no log that is known. */
static const baro_importer *sniff_first_line(const baro_log_place *place) {
  baro_view line;
  baro_log_reading reading;
  const baro_importer *found = NULL;
  if (baro_log_reading_open(&reading, place, NULL) == BARO_OK &&
      baro_log_reading_next(&reading, &line, NULL) == BARO_OK && line.data != NULL) {
    for (const baro_importer *importer = baro_importers; importer->name != NULL; importer++) {
      if (found == NULL && importer->sniff_line != NULL && importer->sniff_line(line)) {
        found = importer;
      }
    }
  }
  baro_log_reading_close(&reading);
  return found;
}

static void read_head(const baro_log_place *place, baro_buffer *head) {
  baro_json_file file;
  if (baro_json_file_open(&file, place, NULL) == BARO_OK &&
      baro_buffer_reserve(head, BARO_IMPORT_HEAD_BYTES)) {
    size_t count;
    while (head->length < BARO_IMPORT_HEAD_BYTES &&
           (count = baro_log_input_read(file.input, head->data + head->length,
                                        BARO_IMPORT_HEAD_BYTES - head->length)) != 0) {
      head->length += count;
    }
  }
  baro_json_file_close(&file);
}

/* The line is asked for last: a trace is one line of any length. */
static const baro_importer *sniff_log(const baro_log_place *place) {
  baro_buffer head = {0};
  const baro_importer *found = NULL;
  read_head(place, &head);
  baro_view view = {.data = head.data, .length = head.length};
  for (const baro_importer *importer = baro_importers; importer->name != NULL; importer++) {
    if (found == NULL && importer->sniff_head != NULL && importer->sniff_head(view)) {
      found = importer;
    }
  }
  baro_buffer_release(&head);
  return found != NULL ? found : sniff_first_line(place);
}

static baro_status read_all(const baro_log_place *place, baro_buffer *bytes, baro_error *err) {
  if (place->pipe == NULL) {
    return baro_file_read_all(place->path, BARO_IMPORT_BYTES_MAX, bytes, err);
  }
  baro_status status = baro_log_pipe_take(place->pipe, bytes, err);
  return status == BARO_OK ? status : baro_error_prefix(err, status, "%s", place->path);
}

/* The file, unpacked if it is packed. */
static baro_status read_input(const baro_log_place *place, baro_buffer *bytes, baro_error *err) {
  baro_status status = read_all(place, bytes, err);
  if (status != BARO_OK) {
    return status; /* names the path */
  }
  baro_view packed = {.data = bytes->data, .length = bytes->length};
  if (!baro_is_gzip(packed)) {
    return BARO_OK;
  }
  baro_buffer plain = {0};
  status = baro_gunzip(packed, BARO_IMPORT_BYTES_MAX, &plain, err);
  if (status != BARO_OK) {
    baro_buffer_release(&plain);
    return baro_error_prefix(err, status, "%s", place->path);
  }
  baro_buffer_release(bytes);
  *bytes = plain;
  return BARO_OK;
}

static baro_status choose(const char *path, baro_view bytes, const baro_import_options *options,
                          const baro_importer **ret_importer, baro_error *err) {
  *ret_importer =
      options->format != NULL ? baro_importer_find(options->format) : baro_importer_sniff(bytes);
  const char *kind = *ret_importer == NULL ? baro_file_kind(bytes) : NULL;
  if (*ret_importer == NULL) {
    return baro_error_set(err, BARO_UNSUPPORTED,
                          "%s: of no known format%s%s; expected collapsed stacks (a;b;c COUNT), "
                          "speedscope's JSON, pprof's protocol buffer, XPlane, RunMetadata, an "
                          "event log of Spark, an "
                          "archive of Flink, or a "
                          "trace of Chrome's format or of PyTorch",
                          path, kind == NULL ? "" : ", it looks like: ", kind == NULL ? "" : kind);
  }
  return BARO_OK;
}

/* Of a path without its folder; the number of a descriptor says nothing to anybody. */
static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  bool is_number = strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/", 6) == 0;
  return is_number ? "a pipe" : slash == NULL ? path : slash + 1;
}

static void put_facts(baro_writer *writer, const baro_importer *importer, const char *path) {
  baro_writer_info(writer, "tool_version", BARO_VERSION);
  baro_writer_info(writer, "kind", "import");
  baro_writer_info(writer, "imported_from", importer->name);
  baro_writer_info(writer, "command", name_of(path));
}

/* Writes what waits. What the disk said stands with the writer: importers pass on only that writing failed; and what waits for a
 * full disk is given up at some size, which is no lack of memory. */
static baro_status finish_writing(baro_writer *writer, baro_status status, baro_error *err) {
  if (status == BARO_OK) {
    status = baro_writer_flush(writer, err);
  }
  bool dropped = baro_writer_dropped_samples(writer) != 0;
  const baro_error *trouble = baro_writer_trouble(writer);
  if (trouble != NULL && (status == trouble->status || dropped)) {
    if (err != NULL) {
      *err = *trouble;
    }
    return trouble->status;
  }
  return status == BARO_NO_MEMORY || dropped ? baro_error_set(err, BARO_NO_MEMORY, "out of memory")
                                             : status;
}

baro_status baro_import_bytes(const baro_importer *importer, baro_view bytes, const char *path,
                              const baro_import_options *options, baro_writer *writer,
                              baro_import_result *ret_result, baro_error *err) {
  baro_import_output output;
  baro_import_output_init(&output, writer);
  put_facts(writer, importer, path);
  baro_status status = importer->read(bytes, options, &output, err);
  if (status == BARO_OK && output.samples == 0 && output.calls == 0) {
    status = baro_error_set(err, BARO_INVALID, "nothing in it has any weight");
  }
  if (status == BARO_OK && (output.lacks_ticks || output.calls != 0)) {
    baro_writer_info(writer, "looks", "unknown"); /* so are statistical errors */
  }
  status = finish_writing(writer, status, err);
  *ret_result =
      (baro_import_result){.importer = importer,
                           .tasks = output.calls,
                           .samples = output.samples,
                           .threads = output.calls == 0 ? output.threads.count : output.tracks};
  baro_import_output_release(&output);
  return status == BARO_OK ? BARO_OK
                           : baro_error_prefix(err, status, "%s: %s", path, importer->name);
}

static baro_status import_log(const baro_importer *importer, const baro_log_place *place,
                              const baro_import_options *options, baro_writer *writer,
                              baro_import_result *ret_result, baro_error *err) {
  baro_import_log_result result = {.progress = options->progress};
  put_facts(writer, importer, place->path);
  baro_writer_info(writer, "looks", "unknown"); /* nothing was sampled */
  baro_status status = importer->read_log(place, writer, &result, err);
  status = finish_writing(writer, status, err);
  *ret_result = (baro_import_result){.importer = importer,
                                     .tasks = result.tasks,
                                     .samples = result.samples,
                                     .threads = result.slots};
  return status == BARO_OK ? BARO_OK
                           : baro_error_prefix(err, status, "%s: %s", place->path, importer->name);
}

/* What an import makes a recording of, and what comes of it. */
typedef struct import_work {
  const char *output_path;
  const baro_log_place *place;
  baro_view bytes;
  const baro_importer *importer;
  const baro_import_options *options;
  baro_import_result *result;
} import_work;

static baro_status write_recording(void *context, int take_file, baro_error *err) {
  const import_work *work = context;
  const baro_output output = baro_output_of_file(take_file);
  baro_writer *writer = NULL;
  baro_writer_options how = {.imported = true};
  baro_status status = baro_writer_create_on(&output, work->output_path, &how, &writer, err);
  if (status != BARO_OK) {
    return status;
  }
  status = work->importer->read_log != NULL
               ? import_log(work->importer, work->place, work->options, writer, work->result, err)
               : baro_import_bytes(work->importer, work->bytes, work->place->path, work->options,
                                   writer, work->result, err);
  baro_error close_error = {0};
  baro_status closed = baro_writer_close(writer, &close_error);
  if (status == BARO_OK && closed != BARO_OK) {
    *err = close_error;
    status = closed;
  }
  return status;
}

/* Of what is read as a pipe only standard input may lead to a file ("- < log"). */
#define STANDARD_INPUT "/dev/stdin"

static baro_status import_to(import_work *work, baro_error *err) {
  const baro_whole_file to = {
      .path = work->output_path,
      .replace = work->options->overwrite,
      .inputs = {work->place->pipe == NULL ? work->place->path : STANDARD_INPUT},
      .unfinished = work->options->unfinished,
  };
  return baro_whole_file_write(&to, write_recording, work, err);
}

/* What could not be read as a file is told as what it is, where that is a folder without a log, or one that is closed. */
static baro_status tell_unread(const baro_log_place *place, baro_status status, baro_error *err) {
  baro_log_files files;
  baro_error said;
  baro_status opened = baro_log_files_open_place(place, &files, &said);
  bool is_told = opened == BARO_INVALID || opened == BARO_NO_PERMISSION;
  if (opened == BARO_OK) {
    baro_log_files_release(&files);
  } else if (is_told && err != NULL) {
    *err = said;
  }
  return is_told ? opened : status;
}

static baro_status import_place(const baro_log_place *place, const char *output_path,
                                const baro_import_options *options, baro_import_result *ret_result,
                                baro_error *err) {
  const baro_importer *importer =
      options->format != NULL ? baro_importer_find(options->format) : sniff_log(place);
  import_work work = {.output_path = output_path,
                      .place = place,
                      .importer = importer,
                      .options = options,
                      .result = ret_result};
  baro_buffer bytes = {0};
  if (importer != NULL && importer->read_log != NULL) {
    if (place->pipe != NULL) {
      baro_log_pipe_let_go(place->pipe);
    }
    return import_to(&work, err);
  }
  baro_status status = read_input(place, &bytes, err);
  if (status != BARO_OK) {
    baro_buffer_release(&bytes);
    return tell_unread(place, status, err);
  }
  work.bytes = (baro_view){.data = bytes.data, .length = bytes.length};
  status = choose(place->path, work.bytes, options, &work.importer, err);
  if (status == BARO_OK) {
    status = import_to(&work, err);
  }
  baro_buffer_release(&bytes);
  return status;
}

baro_status baro_import_file(const char *path, const char *output_path,
                             const baro_import_options *options, baro_import_result *ret_result,
                             baro_error *err) {
  baro_log_pipe pipe;
  if (!baro_file_is_stream(path)) {
    const baro_log_place place = {.path = path};
    return import_place(&place, output_path, options, ret_result, err);
  }
  baro_status status = baro_log_pipe_open(path, &pipe, err);
  if (status != BARO_OK) {
    return status;
  }
  const baro_log_place place = {.path = strcmp(path, "-") == 0 ? "standard input" : path,
                                .pipe = &pipe};
  status = import_place(&place, output_path, options, ret_result, err);
  baro_log_pipe_close(&pipe);
  return status;
}
