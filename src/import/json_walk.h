/* Walks over one JSON object in a line, in place: what is not asked for is skipped at the speed of memory.
 * Flow: json_lines -> here -> model. The caller follows the shape, as with json_reader, which reads files that are one
 * value; this one is for logs of GB whose lines are small:
 *
 *   baro_json_walk walk = baro_json_walk_of(line);
 *   baro_json_walk_enter(&walk, '{');
 *   while (baro_json_walk_member(&walk, &name)) { ... exactly one value is taken or skipped ... }
 *   if (!baro_json_walk_finish(&walk)) the line is bad
 *
 * Invariants: BARO_JSON_LINE_PADDING bytes behind the line are readable, as baro_json_lines has it, so that scans need not
 * look for the end at each byte; nothing there is ever taken for a part of the line. Never recurses, copies or allocates.
 * After the first failure all answers are "no". A value of another kind than asked for is skipped, and no failure: versions differ.
 * What is skipped is looked at for its strings and the number of its brackets only, and UTF-8 is not checked. */
#ifndef BARO_IMPORT_JSON_WALK_H
#define BARO_IMPORT_JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum { BARO_JSON_LINE_PADDING = 64, BARO_JSON_WALK_DEPTH = 1024 };

typedef struct baro_json_walk {
  const uint8_t *start; /* borrowed */
  const uint8_t *at;
  const uint8_t *end;
  const char *expected; /* NULL: no failure; then `at` is `end` */
  size_t failed_at;     /* byte of the line */
  bool is_first;        /* of the container that was entered last */
} baro_json_walk;

baro_json_walk baro_json_walk_of(baro_view line);

/* The first byte of the next value; '\n' at the end or after a failure. */
uint8_t baro_json_walk_peek(baro_json_walk *walk);
/* Begins the object or array ('{', '['). False when the value is something else, which is skipped. */
bool baro_json_walk_enter(baro_json_walk *walk, uint8_t bracket);
/* Whether one more member follows; its name as it stands there. */
bool baro_json_walk_member(baro_json_walk *walk, baro_view *ret_name);
bool baro_json_walk_element(baro_json_walk *walk);

/* Exact. False: it is no whole number, or does not fit. Texts that hold a number are texts (baro_json_text_integer). */
bool baro_json_walk_integer(baro_json_walk *walk, int64_t *ret_value);
bool baro_json_walk_number(baro_json_walk *walk, double *ret_value);
bool baro_json_walk_boolean(baro_json_walk *walk, bool *ret_value);
/* The bytes between the quotes, as they stand in the line. */
bool baro_json_walk_text(baro_json_walk *walk, baro_view *ret_raw);
void baro_json_walk_skip(baro_json_walk *walk);
/* Skips what is left of the container that was entered and not left last, between two of its members or elements: for when
 * all that was wanted of it is there. */
void baro_json_walk_leave(baro_json_walk *walk);
/* Takes a value as it stands, of whatever kind: to walk over it later (baro_json_walk_of). */
bool baro_json_walk_value(baro_json_walk *walk, baro_view *ret_value);

/* Makes it fail: what was expected where it stands. */
void baro_json_walk_fail(baro_json_walk *walk, const char *expected);
/* True: it did not fail, and nothing follows. */
bool baro_json_walk_finish(baro_json_walk *walk);
/* BARO_OK, or BARO_INVALID with "byte 12: expected ...". */
baro_status baro_json_walk_failed(const baro_json_walk *walk, baro_error *err) BARO_MUST_USE;

/* Unescapes what baro_json_walk_text gave; replaces what is in text. False: an escape that is none. */
bool baro_json_text_unescape(baro_view raw, baro_buffer *text);
/* A text that is a whole number and nothing else, as Spark writes metrics of SQL. */
bool baro_json_text_integer(baro_view raw, int64_t *ret_value);

#endif
