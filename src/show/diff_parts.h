/* What the two texts of diff share: of runs of frameworks (diff_text.c) and of recorded programs (diff_program_text.c). */
#ifndef BARO_SHOW_DIFF_PARTS_H
#define BARO_SHOW_DIFF_PARTS_H

#include "base/bytes.h"
#include "show/terminal.h"
#include "show/text_table.h"
#include "show/units.h"

/* "before   " and the text behind it, wrapped below itself. */
void baro_diff_label(baro_buffer *out, const baro_terminal *terminal, int side,
                     const baro_buffer *text);
/* A paragraph; nothing where the text is empty. */
void baro_diff_paragraph(baro_buffer *out, const baro_terminal *terminal, baro_style style,
                         const baro_buffer *text);
/* "+1.47 s", "−329 ms", "0" of an amount that has its sign apart. */
void baro_diff_add_change(baro_text_table *table, const baro_terminal *terminal, int sign,
                          baro_unit_text amount);

#endif
