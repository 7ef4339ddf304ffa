/* Names of members of JSON objects, as small numbers: one look where the members come in the same order line by line.
 * Flow: json_walk gives the name -> here -> the importer's switch.
 * Invariant: as with json_walk, BARO_JSON_LINE_PADDING bytes behind a name are readable. Allocates nothing. */
#ifndef BARO_IMPORT_JSON_NAMES_H
#define BARO_IMPORT_JSON_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { BARO_JSON_NAMES_MAX = 128 };

typedef struct baro_json_known_name {
  const char *text; /* borrowed */
  size_t length;
  uint64_t first, last; /* its first and last eight bytes; shorter ones are padded */
} baro_json_known_name;

typedef struct baro_json_names {
  baro_json_known_name known[BARO_JSON_NAMES_MAX];
  uint8_t slots[4 * BARO_JSON_NAMES_MAX]; /* 1 + index; 0: empty */
  /* Which one followed when each was found last: members come in the same order line by line. */
  uint8_t followers[BARO_JSON_NAMES_MAX + 1];
  uint32_t before; /* found last; count: none */
  uint32_t count;
} baro_json_names;

/* count at most BARO_JSON_NAMES_MAX; texts stay where they are. Names are written without escapes. */
void baro_json_names_init(baro_json_names *names, const char *const *texts, uint32_t count);
/* Index of the name of a member, or count. */
uint32_t baro_json_names_find(baro_json_names *names, baro_view name);

#endif
