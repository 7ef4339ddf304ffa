#include "show/text_wrap.h"

#include "show/text_width.h"

static bool is_blank(uint8_t byte) {
  return byte == ' ' || byte == '\n';
}

/* Whether the blank at `at` stands between a number and its unit, which belong together. */
static bool joins_unit(baro_view text, size_t at) {
  static const char *const units[] = {"%", "s", "ms", "us", "ns", "min",
                                      "h", "B", "kB", "MB", "GB", "Hz"};
  if (at == 0 || text.data[at - 1] < '0' || text.data[at - 1] > '9')
    return false;
  size_t end = at + 1;
  while (end < text.length &&
         ((text.data[end] | 0x20) >= 'a' ? (text.data[end] | 0x20) <= 'z' : text.data[end] == '%'))
    end++;
  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
    if (baro_view_equal((baro_view){text.data + at + 1, end - at - 1}, baro_view_of(units[i])))
      return true;
  }
  return false;
}

void baro_write_wrapped(baro_buffer *out, baro_wrap *wrap, baro_view text) {
  bool first = true;
  for (size_t at = 0; at < text.length;) {
    size_t end = at;
    while (end < text.length && (!is_blank(text.data[end]) || joins_unit(text, end)))
      end++;
    baro_view word = {text.data + at, end - at};
    at = end + 1;
    if (word.length == 0)
      continue;
    size_t width = baro_text_width(word);
    if (wrap->column + width + !first > wrap->columns && wrap->column > wrap->indent) {
      baro_write_u8(out, '\n');
      for (size_t i = 0; i < wrap->indent; i++)
        baro_write_u8(out, ' ');
      wrap->column = wrap->indent;
    } else if (!first) {
      baro_write_u8(out, ' ');
      wrap->column++;
    }
    baro_write_clean(out, word, wrap->unicode);
    wrap->column += width;
    first = false;
  }
}
