/* What the two sides of a `calls` record share: one block of events of one thread.
 *
 *   thread, count | codes: what happened, count of them | steps: ns since the event before, as many
 *
 * Why two runs of bytes: what a program does repeats, and when is noise. Apart, zstd makes next to nothing
 * of the codes; mixed, the noise hides the repetition. Why not the range code of samples: it
 * needs 100 ns a number, and calls come a thousand times as often.
 * Specified in docs/recording-format.md, "Calls". Internal to src/recording. */
#ifndef BARO_RECORDING_CALL_BLOCK_H
#define BARO_RECORDING_CALL_BLOCK_H

#include <stdint.h>

enum {
  /* A record is checked as a whole before the visitor gets any of it: this many are in memory. */
  BARO_CALL_BLOCK_LIMIT = 16384,
  BARO_CALL_CODE_MAX_BYTES = 20, /* but of a value: a byte, a length, two numbers */
  BARO_CALL_STEP_MAX_BYTES = 10,
};

/* A code is odd: function * 2 + 1 was entered; or even: twice one of these, with numbers behind it. Stored. */
typedef enum baro_call_code {
  BARO_CALL_CODE_RETURN = 0,
  BARO_CALL_CODE_SUSPEND = 1,
  BARO_CALL_CODE_RAISE = 2,             /* optional id */
  BARO_CALL_CODE_ENTER_SUSPENDABLE = 3, /* function, zigzag call - newest */
  BARO_CALL_CODE_RESUME = 4,            /* zigzag call - latest */
  BARO_CALL_CODE_THROW = 5,             /* zigzag call - latest */
  BARO_CALL_CODE_LOST = 6,              /* number */
  /* Remarks, from here on: a length, and what they say in so many bytes. Readers skip those that they do not know. */
  BARO_CALL_CODE_USAGE =
      7, /* CPU ns since the one before, zigzag peak KiB - that of the one before */
  BARO_CALL_CODE_SPAWN = 8,   /* zigzag call - newest */
  BARO_CALL_CODE_SKIPPED = 9, /* function, number */
  BARO_CALL_CODE_WEIGHT = 10, /* number */
  BARO_CALL_CODE_VALUE = 11,  /* which, the text */
  BARO_CALL_CODE_OWN = 12,    /* ns, us */
  BARO_CALL_CODE_COUNT
} baro_call_code;

/* What a thread's next event is told relative to, from block to block. */
typedef struct baro_call_coder {
  uint64_t time_ns; /* of its last event */
  uint64_t latest;  /* call entered, resumed or thrown into last, of those that can be suspended */
  uint64_t newest;  /* call entered or spawned last, of these */
  uint64_t cpu_ns;  /* of its last usage */
  uint32_t peak_kib;
} baro_call_coder;

#endif
