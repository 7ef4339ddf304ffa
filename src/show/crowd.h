/* The few functions that make most rows of a recording of calls, and what to do about them: who sees them can leave them out,
 * or give them a budget. They cost the program and the disk most, and tell least.
 * Flow: counts of calls by function -> here -> a line of the report's head, and of record's end. */
#ifndef BARO_SHOW_CROWD_H
#define BARO_SHOW_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "profile/profile.h"

enum { BARO_CROWD_FUNCTIONS = 5 };

typedef struct baro_crowd {
  uint32_t functions[BARO_CROWD_FUNCTIONS]; /* most rows first */
  uint32_t count;
  uint64_t rows; /* of these */
  bool is_crowd; /* they are worth a word */
} baro_crowd;

/* rows, skipped: of `count` functions, what has a row and what was only counted; skipped: NULL: nothing was. all_rows: of
 * the recording. */
baro_crowd baro_crowd_choose(const uint64_t *rows, const uint64_t *skipped, uint32_t count,
                             uint64_t all_rows);
baro_crowd baro_crowd_of(const baro_profile *profile);

/* One of them: MODULE.QUALNAME, or as much of it as is known. */
typedef struct baro_crowd_member {
  baro_view module;
  baro_view qualified_name;
} baro_crowd_member;

/* "3 functions make 97 % of the calls; ... --calls='*,-app.f' ... or --overhead 5%". patterns: of the recording, "" for the user's
 * own code. */
void baro_crowd_write(const baro_crowd_member *members, uint32_t count, uint64_t rows,
                      uint64_t all_rows, baro_view patterns, baro_buffer *out);

#endif
