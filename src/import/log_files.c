#include "import/log_files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/os_file.h"
#include "base/os_folder.h"

/* --- names --- */

static bool ends_in(const char *name, const char *suffix) {
  size_t length = strlen(name), suffix_length = strlen(suffix);
  return length >= suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

static bool begins_with(const char *name, const char *prefix) {
  return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* events_N_APP[.codec][.compact] */
static bool parse_rolling(const char *name, baro_log_piece *piece) {
  enum { DIGITS_MAX = 18 };
  const char *at = name + strlen("events_");
  if (!begins_with(name, "events_")) {
    return false;
  }
  uint64_t number = 0;
  int digits = 0;
  for (; *at >= '0' && *at <= '9' && digits < DIGITS_MAX; at++, digits++) {
    number = number * 10 + (uint64_t)(*at - '0');
  }
  if (digits == 0 || *at != '_') {
    return false;
  }
  piece->number = number;
  piece->is_compact = ends_in(name, ".compact");
  return true;
}

/* eventlog, and eventlog-YYYY-MM-DD--HH-MM, packed or not */
static bool is_dated(const char *name) {
  const char *behind = name + strlen("eventlog");
  return begins_with(name, "eventlog") &&
         (*behind == '\0' || *behind == '.' ||
          (*behind == '-' && behind[1] >= '0' && behind[1] <= '9'));
}

static bool has_date(const char *name) {
  return name[strlen("eventlog")] == '-';
}

/* --- folders --- */

typedef struct folder_list {
  baro_log_files *files;
  baro_buffer pieces; /* of both kinds */
  baro_buffer kinds;  /* one byte each */
  uint32_t names;
  bool has_rolling;
  bool has_status;
} folder_list;

static baro_status visit_name(void *context, const char *name) {
  folder_list *list = context;
  baro_log_piece piece = {0};
  if (++list->names > BARO_LOG_FILES_MAX) {
    return BARO_LIMIT;
  }
  if (begins_with(name, "appstatus_")) {
    list->has_status = true;
    list->files->is_in_progress |= ends_in(name, ".inprogress");
    return BARO_OK;
  }
  bool is_rolling = parse_rolling(name, &piece);
  if (!is_rolling && !is_dated(name)) {
    return BARO_OK;
  }
  int file;
  if (baro_folder_open_file(list->files->folder, name, false, &file, &piece.bytes) != BARO_OK) {
    list->files->unreadable++;
    return BARO_OK;
  }
  (void)close(file);
  list->has_rolling |= is_rolling;
  piece.name = baro_arena_copy(&list->files->keep, name, strlen(name));
  if (piece.name == NULL) {
    return BARO_NO_MEMORY;
  }
  baro_write_bytes(&list->pieces, &piece, sizeof(piece));
  baro_write_u8(&list->kinds, is_rolling ? BARO_LOG_ROLLING : BARO_LOG_DATED);
  return list->pieces.failed || list->kinds.failed ? BARO_NO_MEMORY : BARO_OK;
}

/* A compact file behind the one of its number; those that are there twice by their names. */
static int compare_rolling(const void *one, const void *other) {
  const baro_log_piece *a = one, *b = other;
  if (a->number != b->number) {
    return a->number < b->number ? -1 : 1;
  }
  if (a->is_compact != b->is_compact) {
    return a->is_compact ? 1 : -1;
  }
  return strcmp(a->name, b->name);
}

/* Dates sort as text does; what has none is written still, and comes last. */
static int compare_dated(const void *one, const void *other) {
  const baro_log_piece *a = one, *b = other;
  if (has_date(a->name) != has_date(b->name)) {
    return has_date(a->name) ? -1 : 1;
  }
  return strcmp(a->name, b->name);
}

/* As Spark's own reader: what stands before the last compact file is in it. */
static void drop_replaced(baro_log_files *files) {
  uint32_t first = 0, kept = 0;
  for (uint32_t i = 0; i < files->count; i++) {
    first = files->pieces[i].is_compact ? i : first;
  }
  for (uint32_t i = first; i < files->count; i++) {
    if (kept == 0 || files->pieces[i].number != files->pieces[kept - 1].number) {
      files->pieces[kept++] = files->pieces[i];
    }
  }
  files->replaced = files->count - kept;
  files->count = kept;
}

static void count_missing(baro_log_files *files) {
  uint64_t expected = files->pieces[0].is_compact ? files->pieces[0].number : 1;
  for (uint32_t i = 0; i < files->count; i++) {
    uint64_t number = files->pieces[i].number;
    if (number > expected) {
      files->first_missing = files->missing == 0 ? expected : files->first_missing;
      files->missing += number - expected;
    }
    expected = number + 1;
  }
}

static baro_status choose_pieces(folder_list *list, baro_error *err) {
  baro_log_files *files = list->files;
  size_t count = list->kinds.length;
  files->kind = list->has_rolling ? BARO_LOG_ROLLING : BARO_LOG_DATED;
  files->pieces = baro_arena_array(&files->keep, count, sizeof(baro_log_piece));
  if (files->pieces == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  for (size_t i = 0; i < count; i++) {
    if (list->kinds.data[i] == (uint8_t)files->kind) {
      memcpy(&files->pieces[files->count++], list->pieces.data + i * sizeof(baro_log_piece),
             sizeof(baro_log_piece));
    }
  }
  if (files->count == 0 && (list->has_status || files->unreadable != 0)) {
    return baro_error_set(err, BARO_INVALID, "%s: its log has no file that can be read",
                          files->path);
  }
  if (files->count == 0) {
    return baro_error_set(err, BARO_INVALID,
                          "%s: a folder without an event log: it would have files events_1_..., "
                          "or eventlog; give a log that is one file by its own path",
                          files->path);
  }
  qsort(files->pieces, files->count, sizeof(baro_log_piece),
        list->has_rolling ? compare_rolling : compare_dated);
  if (list->has_rolling) {
    drop_replaced(files);
    count_missing(files);
  }
  return BARO_OK;
}

static baro_status list_folder(baro_log_files *files, baro_error *err) {
  folder_list list = {.files = files};
  baro_status status = baro_folder_list(files->folder, visit_name, &list);
  if (status == BARO_LIMIT) {
    status = baro_error_set(err, BARO_LIMIT, "%s: a folder of more than %d names", files->path,
                            BARO_LOG_FILES_MAX);
  } else if (status != BARO_OK) {
    status = baro_error_set(err, status, "%s: %s", files->path, baro_status_text(status));
  } else {
    status = choose_pieces(&list, err);
  }
  baro_buffer_release(&list.pieces);
  baro_buffer_release(&list.kinds);
  return status;
}

/* --- files --- */

static baro_status take_single(baro_log_files *files, baro_error *err) {
  int file;
  uint64_t bytes;
  baro_status status = baro_file_open(files->path, &file, &bytes, err);
  if (status != BARO_OK) {
    return status;
  }
  (void)close(file);
  files->pieces = baro_arena_alloc(&files->keep, sizeof(baro_log_piece));
  if (files->pieces == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  files->pieces[0] = (baro_log_piece){.name = files->path, .bytes = bytes};
  files->count = 1;
  files->kind = BARO_LOG_SINGLE;
  files->is_in_progress = ends_in(files->path, ".inprogress");
  return BARO_OK;
}

static baro_status open_path(baro_log_files *files, const char *path, baro_error *err) {
  files->path = baro_arena_copy(&files->keep, path, strlen(path));
  /* Through a link, if it is one. */
  const char *inside = baro_arena_format(&files->keep, "%s/.", path);
  if (files->path == NULL || inside == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_status status = baro_folder_open(inside, &files->folder, NULL);
  if (status == BARO_OK) {
    return list_folder(files, err);
  }
  files->folder = -1;
  if (status == BARO_NO_PERMISSION) {
    return baro_error_set_errno(err, EACCES, "open %s", path);
  }
  return take_single(files, err);
}

baro_status baro_log_files_open(const char *path, baro_log_files *ret_files, baro_error *err) {
  baro_log_files files = {.folder = -1};
  baro_status status = open_path(&files, path, err);
  if (status != BARO_OK) {
    baro_log_files_release(&files);
    return status;
  }
  *ret_files = files;
  return BARO_OK;
}

/* One file, whatever it is. */
static baro_status take_pipe(baro_log_files *files, const baro_log_place *place, baro_error *err) {
  files->path = baro_arena_copy(&files->keep, place->path, strlen(place->path));
  files->pieces = baro_arena_alloc(&files->keep, sizeof(baro_log_piece));
  if (files->path == NULL || files->pieces == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  files->pieces[0] = (baro_log_piece){.name = files->path};
  files->count = 1;
  files->kind = BARO_LOG_SINGLE;
  files->pipe = place->pipe;
  return BARO_OK;
}

baro_status baro_log_files_open_place(const baro_log_place *place, baro_log_files *ret_files,
                                      baro_error *err) {
  baro_log_files files = {.folder = -1};
  if (place->pipe == NULL) {
    return baro_log_files_open(place->path, ret_files, err);
  }
  baro_status status = take_pipe(&files, place, err);
  if (status != BARO_OK) {
    baro_log_files_release(&files);
    return status;
  }
  *ret_files = files;
  return BARO_OK;
}

void baro_log_files_release(baro_log_files *files) {
  if (files->folder >= 0) {
    (void)close(files->folder);
  }
  baro_arena_release(&files->keep);
  *files = (baro_log_files){.folder = -1};
}

baro_status baro_log_files_open_piece(const baro_log_files *files, uint32_t piece, int *ret_file,
                                      baro_error *err) {
  uint64_t bytes;
  const char *name = files->pieces[piece].name;
  if (files->folder < 0) {
    return baro_file_open(name, ret_file, &bytes, err);
  }
  baro_status status = baro_folder_open_file(files->folder, name, false, ret_file, &bytes);
  return status == BARO_OK ? BARO_OK
                           : baro_error_set(err, status, "%s/%s: %s", files->path, name,
                                            baro_status_text(status));
}

baro_status baro_log_files_open_source(const baro_log_files *files, uint32_t piece, int *file,
                                       baro_log_source *ret_source, baro_error *err) {
  *file = -1;
  if (files->pipe != NULL) {
    *ret_source = baro_log_source_of_pipe(files->pipe);
    return BARO_OK;
  }
  *ret_source = baro_log_source_of_file(file);
  return baro_log_files_open_piece(files, piece, file, err);
}
