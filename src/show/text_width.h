/* Text as a terminal shows it: columns, cutting, and nothing that could take the terminal over.
 * Names of functions, files and threads are foreign: they may hold escape sequences, invalid UTF-8,
 * bidirectional overrides. Everything printed from a recording passes baro_write_clean or
 * baro_write_fitted. Widths follow Unicode's East Asian Width and combining marks; independent of
 * the locale, so that a report is the same everywhere. */
#ifndef BARO_SHOW_TEXT_WIDTH_H
#define BARO_SHOW_TEXT_WIDTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Where text gives way when it is too long. */
typedef enum baro_cut {
  BARO_CUT_END,    /* command lin… */
  BARO_CUT_MIDDLE, /* pkg.module.Cl….method */
  BARO_CUT_START,  /* …nd of a text */
  BARO_CUT_PATH,   /* …/path/file.py:40: as BARO_CUT_START, at a slash if one is near */
  BARO_CUT_ITEMS, /* lock 40 %, disk 9 %: the first items that fit whole; as BARO_CUT_END if none does */
} baro_cut;

/* Columns of one code point: 0, 1 or 2. */
uint32_t baro_code_width(uint32_t code);

/* Takes one code point; U+FFFD for an invalid byte (which it skips), a control character, a line or
 * paragraph separator or a bidirectional control. Must not be called at the end. */
uint32_t baro_next_code(baro_view text, size_t *position);

/* Columns that the cleaned text takes. */
size_t baro_text_width(baro_view text);

/* Appends text with every run of blanks, tabs and line ends as one blank: command lines that hold a
 * script. */
void baro_write_one_line(baro_buffer *out, baro_view text);

/* Appends text with everything unprintable replaced. unicode false: everything outside ASCII
 * becomes '?'. */
void baro_write_clean(baro_buffer *out, baro_view text, bool unicode);

/* Appends the cleaned text in at most `columns` columns, with an ellipsis where it was cut within a word; returns
 * the columns used (one fewer than asked when a wide character did not fit). */
size_t baro_write_fitted(baro_buffer *out, baro_view text, size_t columns, baro_cut cut,
                         bool unicode);

#endif
