/* The elements of a big array in one JSON document, one after the other, out of a window that holds some of them.
 * Flow: log_input -> here -> json_walk -> model. A trace of GBs is one object whose member "traceEvents" is an array of small
 * objects, or only that array; its other members are given too, each as a whole.
 * Invariants: a value stays where it is until the next one is asked for, has no newline in it (they are spaces: json_walk reads lines),
 * and BARO_JSON_LINE_PADDING bytes behind it are readable. Memory: the longest value, at most about twice the limit; longer ones
 * are counted and left out. A document that ends early counts up to there.
 * What stands within a value is looked at for its strings and brackets only. One thread; blocks on the input only. */
#ifndef BARO_IMPORT_JSON_ITEMS_H
#define BARO_IMPORT_JSON_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "import/json_walk.h"
#include "import/log_files.h"
#include "import/log_input.h"
#include "import/log_reading.h"
#include "recording/writer.h"

enum { BARO_JSON_ITEM_BYTES_MAX = 64 << 20 };

typedef struct baro_json_items {
  baro_log_input *input; /* borrowed */
  const char *array;     /* borrowed; the member whose elements are given */
  size_t limit_bytes;
  uint8_t *window; /* owned, with padding behind capacity */
  size_t capacity;
  size_t from, to;  /* what was read and not given */
  bool has_begun;   /* behind the bracket that opens the document */
  bool is_object;   /* the document is one; else it is the array */
  bool is_in_array; /* whose elements are given */
  bool has_array;   /* the member was there */
  bool is_first;    /* of the container it stands in */
  bool has_ended;

  const baro_log_progress
      *progress;      /* borrowed; NULL: nobody asks. Set behind init, as all_bytes */
  uint64_t all_bytes; /* of the file, packed as it is; 0: nobody knows */

  uint64_t given;
  uint64_t too_long;
  uint64_t refused; /* by the caller */
  uint64_t last_byte, first_refused_byte;
  baro_error first_reason;
  /* BARO_OK: all of it was read. BARO_TRUNCATED: it ends in the middle of something (a bare array may lack its end).
   * BARO_INVALID: no JSON from there on. BARO_NO_MEMORY. */
  baro_error ending;
} baro_json_items;

typedef struct baro_json_item {
  baro_view
      name; /* of a member of the document, as it stands there; its data is NULL: an element of the array */
  baro_view value;
} baro_json_item;

/* limit_bytes: usually BARO_JSON_ITEM_BYTES_MAX. */
void baro_json_items_init(baro_json_items *items, baro_log_input *input, const char *array,
                          size_t limit_bytes);
void baro_json_items_release(baro_json_items *items);
/* False: there are no more; `ending` says why. */
bool baro_json_items_next(baro_json_items *items, baro_json_item *ret_item);
/* Counts the item that was given last as bad; the walk, which has failed, says why. */
void baro_json_items_refuse(baro_json_items *items, const baro_json_walk *walk);
/* A file that is one document, whatever it is packed in. To be closed also where it failed: statuses of baro_log_files_open and
 * baro_log_input_create; BARO_INVALID for a folder. The file must stay where it is. */
typedef struct baro_json_file {
  baro_log_files files;
  baro_log_source source;
  baro_log_input *input; /* owned */
  int file;              /* owned; -1: none */
  bool is_open;          /* files are to be released */
} baro_json_file;

baro_status baro_json_file_open(baro_json_file *file, const baro_log_place *place,
                                baro_error *err) BARO_MUST_USE;
void baro_json_file_close(baro_json_file *file);

/* What was wrong, as notes of a recording; one, many: what its items are, "event", "events". */
void baro_json_items_note(const baro_json_items *items, const char *one, const char *many,
                          baro_writer *writer);

#endif
