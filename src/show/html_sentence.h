/* Sentences of a page's summary, part by part: text, and text that leads somewhere (docs/view-page.md).
 * Flow: html_summary.c, html_changes.c -> parts -> head. */
#ifndef BARO_SHOW_HTML_SENTENCE_H
#define BARO_SHOW_HTML_SENTENCE_H

#include <stdint.h>

#include "base/bytes.h"
#include "show/json_writer.h"

/* Where a part of a sentence leads. */
typedef struct baro_html_link {
  const char *view;     /* of the viewer's views; NULL: nowhere */
  uint32_t function;    /* of the page, or BARO_NONE_ID */
  uint32_t thread;      /* likewise */
  const char *metric;   /* or NULL */
  uint32_t operator_id; /* of the dataflow, or BARO_NONE_ID */
} baro_html_link;

extern const baro_html_link baro_html_no_link;

void baro_html_sentence_begin(baro_json *json);
void baro_html_sentence_end(baro_json *json);

/* Nothing where the text is empty. */
void baro_html_sentence_view(baro_json *json, baro_view text, const baro_html_link *to);
void baro_html_sentence_text(baro_json *json, const char *text, const baro_html_link *to);
/* Releases the buffer. */
void baro_html_sentence_buffer(baro_json *json, baro_buffer *take_text, const baro_html_link *to);

/* Out of memory: shows in the stream's status. */
void baro_html_sentence_fail(baro_json *json);

#endif
