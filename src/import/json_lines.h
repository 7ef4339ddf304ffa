/* Lines of a log, one JSON object each, out of a window that holds some of them.
 * Flow: log_input -> here -> json_walk -> model.
 * Invariants: a line stays where it is until the next one is asked for; BARO_JSON_LINE_PADDING bytes behind it are
 * readable, as walks want it. Memory: the longest line, at most about twice the limit. Longer ones, and those that the caller refuses, are counted
 * and left out; blank ones are none. No line is fatal.
 * One thread; blocks on the input only. */
#ifndef BARO_IMPORT_JSON_LINES_H
#define BARO_IMPORT_JSON_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "import/json_walk.h"
#include "import/log_input.h"

/* The plan of a big SQL query is some MB. */
enum { BARO_JSON_LINE_BYTES_MAX = 64 << 20 };

typedef struct baro_json_lines {
  baro_log_input *input; /* borrowed */
  size_t line_limit_bytes;
  uint8_t *window; /* owned, with padding behind capacity */
  size_t capacity;
  size_t from, to;      /* what was read and not given */
  size_t searched;      /* no line ends before it */
  bool is_dropping;     /* the rest of a line that is too long */
  bool is_last_unended; /* the line that was given last has no newline */

  uint64_t number; /* of the line that was given last, from 1, blank and left out ones included */
  uint64_t given;
  uint64_t too_long;
  uint64_t refused;       /* by the caller, but for one that the end of the file has cut */
  bool is_cut;            /* the last line was refused, and has no newline: it was being written */
  uint64_t first_refused; /* number of the first that was refused or too long; 0: none */
  baro_error first_reason;
  bool out_of_memory; /* the rest was not read */
} baro_json_lines;

/* line_limit_bytes: usually BARO_JSON_LINE_BYTES_MAX. */
void baro_json_lines_init(baro_json_lines *lines, size_t line_limit_bytes);
void baro_json_lines_release(baro_json_lines *lines);
/* Begins with another file of the same log: counts go on, the window is kept. */
void baro_json_lines_attach(baro_json_lines *lines, baro_log_input *input);

/* False: the input has no more. */
bool baro_json_lines_next(baro_json_lines *lines, baro_view *ret_line);
/* Counts the line that was given last as bad; the walk, which has failed, says why. */
void baro_json_lines_refuse(baro_json_lines *lines, const baro_json_walk *walk);

#endif
