/* What `barograph diff` prints of two recorded programs: functions by how much their own time changed.
 * Flow: function_diff.h -> text, JSON; the page of the same recordings has the same numbers. */
#ifndef BARO_SHOW_DIFF_PROGRAM_H
#define BARO_SHOW_DIFF_PROGRAM_H

#include "show/diff_show.h"
#include "show/function_diff.h"

/* All borrowed. */
typedef struct baro_program_diff {
  const baro_profile *profiles[BARO_DIFF_SIDES];
  const baro_html_names *names;
  const baro_function_diffs *functions;
} baro_program_diff;

void baro_program_diff_text(const baro_program_diff *diff, const baro_diff_options *options,
                            const baro_terminal *terminal, baro_buffer *out);
/* Schema barograph.diff/1, kind "program". BARO_NO_MEMORY; failures of the stream are the stream's. */
baro_status baro_program_diff_json(const baro_program_diff *diff, const baro_diff_options *options,
                                   baro_stream *output, baro_error *err) BARO_MUST_USE;

/* The sentences behind the answer. */
typedef enum baro_program_sentence {
  BARO_PROGRAM_OF_BASIS,     /* what is compared below it, and how long that was */
  BARO_PROGRAM_OF_STATES,    /* what the difference is made of: diff_states.h */
  BARO_PROGRAM_OF_FUNCTIONS, /* which functions */
  BARO_PROGRAM_SENTENCES
} baro_program_sentence;
/* The answer (nothing where amounts are no time), or a sentence, which may be nothing, too. */
void baro_program_answer(const baro_program_diff *diff, baro_buffer *out);
void baro_program_sentence_write(const baro_program_diff *diff, baro_program_sentence which,
                                 bool unicode, baro_buffer *out);

#endif
