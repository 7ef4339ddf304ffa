#include "show/diff_parts.h"

#include "explain/run_diff.h"
#include "show/text_wrap.h"

enum { LABEL_COLUMNS = 11 };

static void write_wrapped(baro_buffer *out, const baro_terminal *terminal, size_t column,
                          baro_style style, const baro_buffer *text) {
  baro_wrap wrap = {.column = column,
                    .indent = column,
                    .columns = terminal->columns,
                    .unicode = terminal->unicode};
  out->failed = out->failed || text->failed;
  baro_style_begin(out, terminal, style);
  baro_write_wrapped(out, &wrap, (baro_view){text->data, text->length});
  baro_style_end(out, terminal, style);
  baro_write_u8(out, '\n');
}

void baro_diff_label(baro_buffer *out, const baro_terminal *terminal, int side,
                     const baro_buffer *text) {
  baro_write_text(out, "  ");
  baro_style_begin(out, terminal, BARO_STYLE_FAINT);
  baro_write_format(out, "%-*s", LABEL_COLUMNS, side == BARO_BEFORE ? "before" : "after");
  baro_style_end(out, terminal, BARO_STYLE_FAINT);
  write_wrapped(out, terminal, LABEL_COLUMNS + 2, BARO_STYLE_PLAIN, text);
}

void baro_diff_paragraph(baro_buffer *out, const baro_terminal *terminal, baro_style style,
                         const baro_buffer *text) {
  out->failed = out->failed || text->failed;
  if (text->length > 0) {
    write_wrapped(out, terminal, 0, style, text);
  }
}

void baro_diff_add_change(baro_text_table *table, const baro_terminal *terminal, int sign,
                          baro_unit_text amount) {
  if (sign == 0) {
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "0");
    return;
  }
  const char *minus = terminal->unicode ? "\u2212" : "-";
  baro_text_table_add_format(table, BARO_STYLE_STRONG, "%s%s", sign > 0 ? "+" : minus, amount.text);
}
