/* Where importers write: a recording, and what they have in common.
 * Flow: importer -> here -> recording's writer.
 * Invariants: amounts keep their unit. Of time they are ns; of anything else (samples, bytes, objects) the recording's fact
 * "weight_unit" says so, and one unit stands where a ns would: nobody knows how long that took.
 * Files without times have their samples one after the other, so that none seem to have run at once. */
#ifndef BARO_IMPORT_IMPORT_OUTPUT_H
#define BARO_IMPORT_IMPORT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/status.h"
#include "recording/writer.h"

/* Samples of the recording begin here: a time of 0 would be none. */
#define BARO_IMPORT_START_NS UINT64_C(1000000000)
/* Of one amount, and of all together in a thread. */
#define BARO_IMPORT_AMOUNT_MAX ((uint64_t)1 << 60)

typedef struct baro_import_output {
  baro_writer *writer; /* borrowed */
  bool is_time;
  bool is_count;       /* amounts are numbers of samples, be they told as time */
  bool lacks_ticks;    /* of some sample it is not known of how many looks it was made */
  double ns_per_unit;  /* amounts of the file times this are what is kept, */
  double carry;        /* and this is what rounding took of them: their sum stays true */
  char unit[64];       /* of the kept amounts where they are no time */
  baro_intern threads; /* owned: (process, thread, name) -> id */
  baro_map processes;  /* owned: os pid -> id */
  uint64_t next_ns;    /* end of the last sample without a time */
  uint64_t samples;
  uint64_t calls;  /* of importers that write these themselves, */
  uint32_t tracks; /* and their threads */
  uint32_t unflushed;
} baro_import_output;

void baro_import_output_init(baro_import_output *output, baro_writer *writer);
void baro_import_output_release(baro_import_output *output);

/* What amounts are in: "nanoseconds", "microseconds", "milliseconds", "seconds" and their short forms are time; with a
 * rate, so are counts. Before the first sample. BARO_INVALID for units longer than any that there are. */
baro_status baro_import_unit(baro_import_output *output, baro_view unit, double rate_hz,
                             baro_error *err) BARO_MUST_USE;

/* A function of a file, at a line; "" and 0: not known. */
baro_status baro_import_frame(baro_import_output *output, baro_view name, baro_view file,
                              uint32_t first_line, uint32_t line,
                              uint32_t *ret_frame) BARO_MUST_USE;
/* The thread of these; made when it is new. pid 0: not known. */
baro_status baro_import_thread(baro_import_output *output, uint32_t pid, uint32_t tid,
                               baro_view name, uint32_t *ret_thread) BARO_MUST_USE;

typedef struct baro_import_sample {
  uint32_t thread;
  uint32_t stack; /* or BARO_NONE_ID */
  baro_state state;
  bool has_end;
  double
      end; /* in the file's unit since the beginning of the recording; where the file has no times: see above */
  double amount;
  uint64_t ticks; /* looks that it was made of; 0: not known, and kept as 1 */
} baro_import_sample;

/* Nothing for amounts of 0. BARO_INVALID for those that are no number or below 0, BARO_LIMIT for those that are too much. */
baro_status baro_import_add(baro_import_output *output, const baro_import_sample *sample,
                            baro_error *err) BARO_MUST_USE;

/* The state whose words in brackets are the text, "[waiting for disk]"; false: none. */
bool baro_import_state_of_words(baro_view text, baro_state *ret_state);
/* The state of that key, "disk". */
bool baro_import_state_of_key(baro_view text, baro_state *ret_state);

#endif
