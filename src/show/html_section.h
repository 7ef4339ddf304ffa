/* Sections of the page's data: columns, one after another in one raw-deflate stream (docs/view-page.md).
 * Flow: html_tree.c, html_entries.c ... -> columns of numbers, bytes, strings -> packed bytes -> html_page.c.
 * All columns of a section can be filled side by side: each is deflated by itself, ends on a whole byte, and the streams are
 * joined; how, is tried on its first bytes. Memory is what was packed and 600 KiB for each open column. Order of calls: begin, columns and their values, end.
 * After the first failure (memory) everything is dropped and `failed` stays set; columns are NULL then, and take values all
 * the same. Not thread-safe. */
#ifndef BARO_SHOW_HTML_SECTION_H
#define BARO_SHOW_HTML_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "show/json_writer.h"

enum {
  BARO_HTML_COLUMNS_MAX = 16,
  BARO_HTML_SECTIONS_MAX = 40,
  BARO_HTML_NAME_BYTES = 32,
};

/* What a reader in JavaScript can hold exactly; larger values become this. */
#define BARO_HTML_VALUE_MAX ((UINT64_C(1) << 53) - 1)

/* Letters of docs/view-page.md. */
typedef enum baro_html_encoding {
  BARO_HTML_UNSIGNED = 'u',
  BARO_HTML_ZIGZAG = 'z',
  BARO_HTML_DIFFERENCE = 'd',
  BARO_HTML_BYTE = 'b',
  BARO_HTML_STRING = 's',
} baro_html_encoding;

typedef struct baro_html_packer baro_html_packer;

typedef struct baro_html_column {
  const char *name; /* borrowed, static */
  baro_html_encoding encoding;
  uint64_t count;           /* of values */
  uint64_t bytes;           /* before packing */
  baro_html_packer *packer; /* owned; until the section ends */
} baro_html_column;

typedef struct baro_html_section {
  char name[BARO_HTML_NAME_BYTES];
  bool is_late; /* behind the viewer's script */
  unsigned column_count;
  baro_html_column columns[BARO_HTML_COLUMNS_MAX];
  baro_buffer packed; /* owned; when it has ended */
} baro_html_section;

typedef struct baro_html_sections {
  unsigned count;
  baro_html_section rows[BARO_HTML_SECTIONS_MAX];
  bool failed;
} baro_html_sections;

void baro_html_sections_release(baro_html_sections *sections);

/* name is cut to what fits. */
void baro_html_begin(baro_html_sections *sections, const char *name, bool is_late);
/* Of the section that was begun last. */
baro_html_column *baro_html_column_begin(baro_html_sections *sections, const char *name,
                                         baro_html_encoding encoding);
void baro_html_end(baro_html_sections *sections);

/* Moves ended sections behind those that are there; failures too. take_more is empty then. */
void baro_html_sections_join(baro_html_sections *sections, baro_html_sections *take_more);

/* The next value of the column, as its encoding wants it: u, b of unsigned ones, z and d of any. */
void baro_html_put(baro_html_column *column, uint64_t value);
void baro_html_put_signed(baro_html_column *column, int64_t value);
/* Ended by a byte 0; one inside becomes U+2400, what is no UTF-8 U+FFFD. */
void baro_html_put_string(baro_html_column *column, baro_view text);

/* The value of the key "sections" of the head: {"NAME": {"bytes": ..., "columns": [...]}}. */
void baro_html_describe(const baro_html_sections *sections, baro_json *json);

#endif
