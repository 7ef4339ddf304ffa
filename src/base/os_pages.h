/* Memory in large pieces, straight from the kernel and back to it: what malloc is given back it may keep for what it is asked
 * next, which may never come. Of the pieces that samples come in that was most of the memory of loading a recording.
 * Not large pages: on ten million samples they cost more to clear than they saved (2026-11).
 * Runs anywhere; thread-safe. */
#ifndef BARO_BASE_OS_PAGES_H
#define BARO_BASE_OS_PAGES_H

#include <stddef.h>

/* Zeros; NULL when there is no memory. Give them back with the same number. */
void *baro_pages_take(size_t bytes);
void baro_pages_give(void *at, size_t bytes); /* accepts NULL */

#endif
