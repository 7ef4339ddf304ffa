/* What `barograph explain --why OP` prints, as text and as JSON: an operator's time by resource with its evidence, and what the
 * resource prior made of its code and its documentation, word by word. What words, the bias and all others give adds up to a score. */
#ifndef BARO_SHOW_EXPLAIN_WHY_H
#define BARO_SHOW_EXPLAIN_WHY_H

#include "explain/why.h"
#include "show/explain_show.h"

void baro_why_text(const baro_explanation *explanation, const baro_why *why,
                   const baro_explain_options *options, const baro_terminal *terminal,
                   baro_buffer *out);
/* Schema barograph.why/1. Failures of the stream are the stream's. */
void baro_why_json(const baro_explanation *explanation, const baro_why *why, baro_stream *output);

#endif
