/* What `barograph diff` prints, as text and as JSON, and what the page of a comparison says: all have the same numbers.
 * Flow: two explanations -> run_diff (src/explain) -> sentences, tables, JSON. */
#ifndef BARO_SHOW_DIFF_SHOW_H
#define BARO_SHOW_DIFF_SHOW_H

#include "base/bytes.h"
#include "explain/run_diff.h"
#include "show/json_writer.h"
#include "show/terminal.h"

/* Changes below this share of the longer run are not worth a word. */
#define BARO_DIFF_SHARE_MIN 0.01

typedef struct baro_diff_options {
  const char *paths[BARO_DIFF_SIDES]; /* borrowed: the recordings, as the user named them */
  uint32_t top;                       /* rows of a table, at most; 0 = all */
  const char *directory;              /* borrowed; as in baro_report_options */
  const char *home;
} baro_diff_options;

/* How long a recording's run was: what the head, sentences and this comparison alike call the run. */
uint64_t baro_diff_run_ns(const baro_profile *profile);
/* Appends the answer that all others follow from: "The run took 41.2 s, before 63.0 s: 35 % less." Nothing where a run has no length. */
void baro_diff_answer(const uint64_t run_ns[BARO_DIFF_SIDES], baro_buffer *out);

/* The sentences behind it, each with what it is of; empty ones are left out. unicode: else names are ASCII, where they are cut, too. */
typedef enum baro_diff_sentence {
  BARO_DIFF_OF_PATH,      /* which parts of the critical path became longer or shorter */
  BARO_DIFF_OF_OPERATORS, /* which operators, and what of them */
  BARO_DIFF_OF_SETTINGS,  /* what else is not the same */
  BARO_DIFF_OF_DOUBTS,    /* why the runs cannot be compared as they are */
  BARO_DIFF_SENTENCES
} baro_diff_sentence;
void baro_diff_sentence_write(const baro_run_diff *diff, baro_diff_sentence which, bool unicode,
                              baro_buffer *out);
/* "running 1.47 s more": what of an operator changed most, of the path or else of its tasks; nothing below a 20th of the change. */
void baro_diff_mostly(const baro_run_diff *diff, const baro_operator_diff *row, baro_buffer *out);

void baro_diff_text(const baro_run_diff *diff, const baro_diff_options *options,
                    const baro_terminal *terminal, baro_buffer *out);
/* Schema barograph.diff/1. BARO_NO_MEMORY; failures of the stream are the stream's. */
baro_status baro_diff_json(const baro_run_diff *diff, const baro_diff_options *options,
                           baro_stream *output, baro_error *err) BARO_MUST_USE;
/* Its members, within an object of the caller's; operators_most: rows, 0 = all; is_page: without what the page does not show, which
 * has words of resources once. False: out of memory. */
bool baro_diff_json_members(const baro_run_diff *diff, uint32_t operators_most, bool is_page,
                            baro_json *json);

#endif
