/* What the summary of a page says of threads: how much CPU they used, and what they waited for while others ran.
 * Flow: html_summary.c -> here -> sentences (html_sentence.h). */
#ifndef BARO_SHOW_HTML_SUMMARY_THREADS_H
#define BARO_SHOW_HTML_SUMMARY_THREADS_H

#include "show/html_parts.h"

/* CPU time of several threads, and who used most of it; nothing of one. */
void baro_html_write_threads(const baro_html_page *page, unsigned side, baro_json *json);
/* Within a sentence of what the run did: the largest wait that is in threads' time and hidden from the run's own (thread_waits.h). */
void baro_html_write_thread_wait(const baro_html_page *page, unsigned side, baro_json *json);

#endif
