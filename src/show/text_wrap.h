/* Running text in lines of a given width. */
#ifndef BARO_SHOW_TEXT_WRAP_H
#define BARO_SHOW_TEXT_WRAP_H

#include "base/bytes.h"

typedef struct baro_wrap {
  size_t column;  /* where the cursor stands */
  size_t indent;  /* of the lines that follow */
  size_t columns; /* width of the terminal */
  bool unicode;
} baro_wrap;

/* Appends the words of text (separated by blanks or newlines), cleaned (text_width.h), breaking
 * lines between them, but not between a number and its unit; a word that is longer than a line is
 * left whole. Ends without a newline; wrap->column is kept up to date, so that further texts
 * continue the line. */
void baro_write_wrapped(baro_buffer *out, baro_wrap *wrap, baro_view text);

#endif
