/* The page: one self-contained HTML file that shows a recording, or two beside each other (docs/view-page.md).
 * Flow: profile(s) -> sections (html_*.c) + the viewer's built template (viewer/dist/viewer.html, linked in) -> output.
 * The same recordings give the same bytes. Names in a recording cannot leave their place: the head's JSON has no "<", all
 * else is base64. Memory: the packed sections, which is nearly the file, some bytes for each node of the call tree, 40 for each
 * entry (html_entries.h). Of big profiles a second thread does half of the work. */
#ifndef BARO_SHOW_HTML_PAGE_H
#define BARO_SHOW_HTML_PAGE_H

#include <stdint.h>

#include "base/status.h"
#include "profile/profile.h"
#include "show/stream.h"

/* The user's own code, as far as its files are what ran (html_source.h). */
typedef enum baro_html_source {
  BARO_HTML_SOURCE_NONE,
  BARO_HTML_SOURCE_SNIPPETS, /* functions that have time */
  BARO_HTML_SOURCE_FULL,     /* their files */
} baro_html_source;

typedef struct baro_html_options {
  const char *paths[2]; /* borrowed: the recordings, as the user named them */
  baro_html_source source;
  /* What the page must not exceed; 0: should not exceed BARO_HTML_LIMIT_BYTES. Above it small leaves are put together and the
   * timeline is told more coarsely, and the page says so; what has no parts to leave out (names, lines) stays. */
  uint64_t limit_bytes;
} baro_html_options;

#define BARO_HTML_LIMIT_BYTES 25000000

/* One profile, or two that are compared: base, new. Fails with BARO_NO_MEMORY, and with BARO_LIMIT where limit_bytes is too few
 * for what must stay: the message says how many are enough; a failing sink shows in
 * baro_stream_finish. */
baro_status baro_html_write(const baro_profile *const *profiles, unsigned profile_count,
                            const baro_html_options *options, baro_stream *output,
                            baro_error *err) BARO_MUST_USE;

#endif
