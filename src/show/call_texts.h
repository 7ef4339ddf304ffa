/* What exports say of calls over and over, made once for each function or thread.
 * Flow: profile -> texts -> exporters of calls, which write millions of rows from them. */
#ifndef BARO_SHOW_CALL_TEXTS_H
#define BARO_SHOW_CALL_TEXTS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "profile/profile.h"

typedef struct baro_call_texts {
  baro_view *function; /* of those that have calls */
  baro_view *thread;   /* likewise */
  baro_arena arena;    /* owns all */
} baro_call_texts;

typedef void baro_write_row(const baro_profile *profile, uint32_t row, baro_buffer *out);

/* BARO_NO_MEMORY; release it then too. */
baro_status baro_call_texts_init(baro_call_texts *texts, const baro_profile *profile,
                                 baro_write_row *function, baro_write_row *thread,
                                 baro_error *err) BARO_MUST_USE;
void baro_call_texts_release(baro_call_texts *texts);

/* Walks the calls of a profile in order, and what only some of them have beside them. */
typedef struct baro_call_cursor {
  uint32_t call;
  uint32_t raised;      /* next row of those that raised */
  uint32_t suspendable; /* next row of those that can be suspended */
  uint32_t usage;       /* next row of those with usage */
} baro_call_cursor;

typedef struct baro_call_extra {
  uint32_t exception;   /* string, or BARO_NONE_ID */
  uint32_t suspendable; /* row, or BARO_NONE_ID */
  uint64_t active_ns;
  uint64_t cpu_ns;       /* or BARO_UNKNOWN_AMOUNT, as the next one */
  uint64_t memory_bytes; /* by how much the peak rose */
} baro_call_extra;

/* What stands beside cursor->call; moves on to the next one. */
baro_call_extra baro_call_next(const baro_profile *profile, baro_call_cursor *cursor);

#endif
