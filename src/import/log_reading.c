#include "import/log_reading.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/plural.h"

/* A MB or two. */
enum { LINES_A_TELL = 256 };

baro_status baro_log_reading_open(baro_log_reading *reading, const baro_log_place *place,
                                  baro_error *err) {
  *reading = (baro_log_reading){.file = -1};
  baro_json_lines_init(&reading->lines, BARO_JSON_LINE_BYTES_MAX);
  baro_status status = baro_log_files_open_place(place, &reading->files, err);
  reading->is_open = status == BARO_OK;
  return status;
}

static void close_piece(baro_log_reading *reading) {
  baro_log_input_destroy(reading->input);
  reading->input = NULL;
  if (reading->file >= 0) {
    (void)close(reading->file);
  }
  reading->file = -1;
}

void baro_log_reading_close(baro_log_reading *reading) {
  close_piece(reading);
  baro_json_lines_release(&reading->lines);
  if (reading->is_open) {
    baro_log_files_release(&reading->files);
  }
  reading->is_open = false;
}

static void keep_ending(baro_log_reading *reading, const baro_error *ending, const char *name) {
  if (reading->ending.message[0] == '\0') {
    (void)!baro_error_set(&reading->ending, ending->status, "%s: %s", name, ending->message);
  }
}

/* Of a later file that is no log the ones before count. */
static baro_status open_piece(baro_log_reading *reading, baro_error *err) {
  uint32_t piece = reading->next_piece++;
  baro_error own = {0};
  baro_status status =
      baro_log_files_open_source(&reading->files, piece, &reading->file, &reading->source, &own);
  if (status == BARO_OK) {
    status = baro_log_input_create(&reading->source, &reading->input, &own);
  }
  if (status == BARO_OK) {
    baro_json_lines_attach(&reading->lines, reading->input);
    return BARO_OK;
  }
  close_piece(reading);
  if (piece == 0 || status == BARO_NO_MEMORY) {
    if (err != NULL) {
      *err = own;
    }
    return status;
  }
  keep_ending(reading, &own, reading->files.pieces[piece].name);
  return BARO_OK;
}

static void tell_progress(const baro_log_reading *reading) {
  uint64_t done = reading->before_bytes + baro_log_input_packed_bytes(reading->input);
  uint64_t all = 0;
  for (uint32_t p = 0; p < reading->files.count; p++) {
    all += reading->files.pieces[p].bytes;
  }
  /* A file that is written still may have grown. */
  reading->progress->show(reading->progress->context, done < all || all == 0 ? done : all, all);
}

static void end_piece(baro_log_reading *reading) {
  baro_error ending = {0};
  reading->before_bytes += baro_log_input_packed_bytes(reading->input);
  if (baro_log_input_ending(reading->input, &ending) != BARO_OK) {
    keep_ending(reading, &ending, reading->files.pieces[reading->next_piece - 1].name);
  }
  close_piece(reading);
}

baro_status baro_log_reading_next(baro_log_reading *reading, baro_view *ret_line, baro_error *err) {
  *ret_line = (baro_view){0};
  for (;;) {
    if (reading->input != NULL && baro_json_lines_next(&reading->lines, ret_line)) {
      if (reading->progress != NULL && reading->lines.given % LINES_A_TELL == 0) {
        tell_progress(reading);
      }
      return BARO_OK;
    }
    if (reading->lines.out_of_memory) {
      return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
    }
    if (reading->input != NULL) {
      end_piece(reading);
    }
    *ret_line = (baro_view){0};
    if (reading->next_piece == reading->files.count) {
      return BARO_OK;
    }
    baro_status status = open_piece(reading, err);
    if (status != BARO_OK) {
      return status;
    }
  }
}

void baro_log_reading_refuse(baro_log_reading *reading, const baro_json_walk *walk) {
  baro_json_lines_refuse(&reading->lines, walk);
}

void baro_import_note(baro_writer *writer, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  size_t used = length < 0 ? 0 : (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;
  baro_writer_note(writer,
                   &(baro_note_record){.time_ns = 0,
                                       .process = BARO_NONE_ID,
                                       .text = {.data = (const uint8_t *)text, .length = used}});
}

void baro_import_note_counts(baro_writer *writer, const baro_import_count *counts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (counts[i].count != 0) {
      baro_import_note(writer, "%" PRIu64 " %s", counts[i].count,
                       baro_plural(counts[i].count, counts[i].one, counts[i].many));
    }
  }
}

void baro_log_reading_part(const baro_log_reading *reading, baro_buffer *out) {
  const baro_log_files *files = &reading->files;
  if (files->missing != 0) {
    baro_import_part(out);
    baro_write_format(out, "%" PRIu64 " of the log's files %s missing, first events_%" PRIu64,
                      files->missing, baro_plural(files->missing, "is", "are"),
                      files->first_missing);
  }
  if (files->unreadable != 0) {
    baro_import_part(out);
    baro_write_format(out, "%u of the log's files %s left out", files->unreadable,
                      baro_plural(files->unreadable, "was", "were"));
  }
  if (reading->ending.message[0] != '\0') {
    baro_import_part(out);
    baro_write_text(out, "the log is damaged or cut");
  }
}

void baro_import_part(baro_buffer *out) {
  baro_write_text(out, out->length == 0 ? "" : "; ");
}

void baro_import_put_part(baro_writer *writer, baro_buffer *take_out) {
  baro_write_u8(take_out, 0);
  if (!take_out->failed && take_out->length > 1) {
    baro_writer_info(writer, "log_part", (const char *)take_out->data);
  }
  baro_buffer_release(take_out);
}

void baro_log_reading_note(const baro_log_reading *reading, baro_writer *writer) {
  const baro_json_lines *lines = &reading->lines;
  const baro_log_files *files = &reading->files;
  uint64_t left_out = lines->refused + lines->too_long;
  if (reading->ending.message[0] != '\0') {
    baro_import_note(writer, "the log is damaged or cut; what stands before that counts: %s",
                     reading->ending.message);
  }
  if (files->missing != 0) {
    baro_import_note(writer, "%" PRIu64 " of the log's files %s missing, first events_%" PRIu64,
                     files->missing, baro_plural(files->missing, "is", "are"),
                     files->first_missing);
  }
  if (files->unreadable != 0) {
    baro_import_note(writer, "%u %s of the log %s left out: links, folders, or not readable",
                     files->unreadable, baro_plural(files->unreadable, "file", "files"),
                     baro_plural(files->unreadable, "was", "were"));
  }
  if (left_out != 0) {
    baro_import_note(writer,
                     "%" PRIu64 " of %" PRIu64 " lines %s left out, first line %" PRIu64 ": %s",
                     left_out, lines->given + lines->too_long, baro_plural(left_out, "was", "were"),
                     lines->first_refused, lines->first_reason.message);
  }
  if (lines->is_cut) {
    baro_import_note(writer, "the last line of the log is cut: it was being written");
  }
}
