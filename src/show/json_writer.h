/* Writes JSON as a stream.
 * Flow: reports, exporters -> here -> output. The caller nests begin and end in order and gives names in objects
 * and none in arrays; commas are ours. Strings may hold any bytes: what is not UTF-8 becomes U+FFFD. Numbers
 * that are not finite become null. Depth up to BARO_JSON_DEPTH (asserted: it is the caller's shape, not data). */
#ifndef BARO_SHOW_JSON_WRITER_H
#define BARO_SHOW_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "show/stream.h"

enum { BARO_JSON_DEPTH = 16 };

typedef struct baro_json {
  baro_stream *output; /* borrowed */
  bool
      indent; /* one value a line, two spaces a level; values of the innermost objects stay on a line */
  unsigned depth;
  bool has_value[BARO_JSON_DEPTH];
  bool compact[BARO_JSON_DEPTH]; /* on one line */
} baro_json;

void baro_json_init(baro_json *json, baro_stream *output, bool indent);

/* name: NULL in arrays and at the top. `compact` containers stay on one line. */
void baro_json_object(baro_json *json, const char *name, bool compact);
void baro_json_array(baro_json *json, const char *name, bool compact);
void baro_json_end_object(baro_json *json);
void baro_json_end_array(baro_json *json);

void baro_json_string(baro_json *json, const char *name, baro_view value);
void baro_json_text(baro_json *json, const char *name, const char *value);
void baro_json_u64(baro_json *json, const char *name, uint64_t value);
void baro_json_i64(baro_json *json, const char *name, int64_t value);
void baro_json_bool(baro_json *json, const char *name, bool value);
void baro_json_null(baro_json *json, const char *name);
/* Shortest of up to 9 significant digits that matters: %.9g. */
void baro_json_number(baro_json *json, const char *name, double value);

/* A string value alone, with its quotes. */
void baro_json_quote(baro_stream *output, baro_view text);

#endif
