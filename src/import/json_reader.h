/* Reads JSON from memory, value by value, without a tree: what is not asked for is skipped.
 * Flow: bytes -> here -> importers. The caller follows the shape:
 *
 *   baro_json_enter(&reader, '{');
 *   while (baro_json_member(&reader, &name)) { ... exactly one value is read or skipped ... }
 *
 * and likewise baro_json_enter(&reader, '[') and baro_json_element. A copy of a reader is a place to come back to.
 * Invariants: reads within the bytes only, never recurses; after the first failure all answers are "no" or 0: ask once, at
 * the end, with baro_json_failed. Stricter than needed nowhere, but nesting beyond BARO_JSON_READ_DEPTH fails. */
#ifndef BARO_IMPORT_JSON_READER_H
#define BARO_IMPORT_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum { BARO_JSON_READ_DEPTH = 1024 };

typedef struct baro_json_reader {
  const uint8_t *start; /* borrowed */
  const uint8_t *at;
  const uint8_t *end;
  const char *expected; /* NULL: no failure; else what should have stood at `at` */
  bool is_first;        /* of the container that was entered last */
} baro_json_reader;

baro_json_reader baro_json_reader_of(baro_view bytes);

/* The first byte of the next value, behind white space; 0 at the end. */
uint8_t baro_json_peek(baro_json_reader *reader);
/* Begins an object or array; false when the value is something else, which is a failure. */
bool baro_json_enter(baro_json_reader *reader, uint8_t bracket);
/* Whether one more member follows; its name as it stands there, escapes and all. */
bool baro_json_member(baro_json_reader *reader, baro_view *ret_name);
bool baro_json_element(baro_json_reader *reader);

double baro_json_number_value(baro_json_reader *reader);
/* Unescaped, UTF-8; lone surrogates become U+FFFD. Replaces what is in text. */
void baro_json_string_value(baro_json_reader *reader, baro_buffer *text);
void baro_json_skip(baro_json_reader *reader);

/* Nothing but white space may follow. */
void baro_json_finish(baro_json_reader *reader);
/* Makes it fail: what was expected where it stands. */
void baro_json_fail(baro_json_reader *reader, const char *expected);
/* BARO_OK, or BARO_INVALID with "byte 12: expected ...". */
baro_status baro_json_failed(const baro_json_reader *reader, baro_error *err) BARO_MUST_USE;

#endif
