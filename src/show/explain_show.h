/* What `barograph explain` prints, as text and as JSON; both say the same numbers.
 * Flow: explanation (src/explain) -> sentences -> text for a terminal, or JSON. */
#ifndef BARO_SHOW_EXPLAIN_SHOW_H
#define BARO_SHOW_EXPLAIN_SHOW_H

#include "base/bytes.h"
#include "base/status.h"
#include "explain/explain.h"
#include "show/json_writer.h"
#include "show/stream.h"
#include "show/terminal.h"

typedef struct baro_explain_options {
  uint32_t top;          /* rows of a table, and findings, at most; 0 = all */
  const char *directory; /* borrowed; as in baro_report_options */
  const char *home;
} baro_explain_options;

/* Appends the text. */
void baro_explain_text(const baro_explanation *explanation, const baro_explain_options *options,
                       const baro_terminal *terminal, baro_buffer *out);
/* Schema barograph.explain/1. BARO_NO_MEMORY; failures of the stream are the stream's. */
baro_status baro_explain_json(const baro_explanation *explanation,
                              const baro_explain_options *options, baro_stream *output,
                              baro_error *err) BARO_MUST_USE;

/* The list `key`: what an operator's time went into, which adds up to it. row NULL: it has no tasks, and the list is empty. */
void baro_explain_json_parts(const baro_explanation *explanation, const baro_operator_time *row,
                             const char *key, baro_json *json);

/* Appends "stage 4: collect (app.py:70)". */
void baro_explain_operator(const baro_profile *profile, uint32_t operator_id,
                           const baro_explain_options *options, baro_buffer *out);
/* Appends the place alone; nothing where it is not known. */
void baro_explain_place(const baro_profile *profile, uint32_t operator_id,
                        const baro_explain_options *options, baro_buffer *out);
/* Appends what a finding says, its numbers filled in. */
void baro_explain_sentence(const baro_explanation *explanation, const baro_finding *finding,
                           const baro_explain_options *options, baro_buffer *out);
/* Appends what to try. */
void baro_explain_advice(const baro_explanation *explanation, const baro_finding *finding,
                         baro_buffer *out);
/* Appends the sentence that stands above all: what most of the run went to. */
void baro_explain_summary(const baro_explanation *explanation, baro_buffer *out);

#endif
