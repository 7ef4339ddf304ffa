/* The form of a word that goes with a number: "1 task", "2 tasks". */
#ifndef BARO_BASE_PLURAL_H
#define BARO_BASE_PLURAL_H

#include <stdint.h>

/* one or many, static as these are. */
static inline const char *baro_plural(uint64_t count, const char *one, const char *many) {
  return count == 1 ? one : many;
}

#endif
