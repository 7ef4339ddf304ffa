#include "show/text_table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void baro_text_table_init(baro_text_table *table, const baro_column *columns, size_t column_count) {
  assert(column_count <= BARO_TABLE_COLUMNS_MAX);
  *table = (baro_text_table){.columns = columns, .column_count = column_count};
}

void baro_text_table_release(baro_text_table *table) {
  free(table->cells);
  baro_arena_release(&table->arena);
  *table = (baro_text_table){0};
}

static void add_cell(baro_text_table *table, baro_cell cell) {
  if (table->cell_count == table->cell_capacity) {
    size_t capacity = table->cell_capacity == 0 ? 64 : table->cell_capacity * 2;
    baro_cell *cells = realloc(table->cells, capacity * sizeof(*cells));
    if (cells == NULL) {
      table->failed = true;
      return;
    }
    table->cells = cells;
    table->cell_capacity = capacity;
  }
  char *copy = baro_arena_copy(&table->arena, cell.text.data, cell.text.length);
  if (copy == NULL) {
    table->failed = true;
    return;
  }
  cell.text.data = (const uint8_t *)copy;
  table->cells[table->cell_count++] = cell;
}

void baro_text_table_add(baro_text_table *table, baro_style style, baro_view text) {
  size_t width = baro_text_width(text);
  add_cell(table, (baro_cell){.text = text,
                              .width = width > UINT32_MAX ? UINT32_MAX : (uint32_t)width,
                              .style = style});
}

void baro_text_table_add_format(baro_text_table *table, baro_style style, const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  assert(length >= 0 && (size_t)length < sizeof(text));
  baro_text_table_add(table, style, (baro_view){(const uint8_t *)text, (size_t)length});
}

void baro_text_table_add_raw(baro_text_table *table, baro_view text, uint32_t width) {
  add_cell(table, (baro_cell){.text = text, .width = width, .raw = true});
}

/* The widths of one layout; shown[c] false: the column is left out. */
typedef struct table_layout {
  uint32_t width[BARO_TABLE_COLUMNS_MAX];
  bool shown[BARO_TABLE_COLUMNS_MAX];
} table_layout;

static void take_natural_widths(const baro_text_table *table, table_layout *layout) {
  for (size_t c = 0; c < table->column_count; c++) {
    layout->shown[c] = true;
    layout->width[c] = (uint32_t)baro_text_width(baro_view_of(table->columns[c].title));
  }
  for (size_t i = 0; i < table->cell_count; i++) {
    size_t c = i % table->column_count;
    if (table->cells[i].width > layout->width[c])
      layout->width[c] = table->cells[i].width;
  }
  for (size_t c = 0; c < table->column_count; c++) {
    uint32_t maximum = table->columns[c].maximum;
    if (maximum != 0 && layout->width[c] > maximum)
      layout->width[c] = maximum;
  }
}

static uint32_t smallest_width(const baro_text_table *table, const table_layout *layout, size_t c) {
  uint32_t minimum = table->columns[c].minimum;
  return minimum == 0 || layout->width[c] < minimum ? layout->width[c] : minimum;
}

static uint32_t pleasant_width(const baro_text_table *table, const table_layout *layout, size_t c) {
  uint32_t pleasant = table->columns[c].pleasant;
  if (pleasant == 0 || table->columns[c].minimum == 0)
    return smallest_width(table, layout, c);
  return layout->width[c] < pleasant ? layout->width[c] : pleasant;
}

static uint64_t total_width(const baro_text_table *table, const table_layout *layout,
                            bool pleasant) {
  uint64_t total = 0;
  for (size_t c = 0; c < table->column_count; c++) {
    if (layout->shown[c])
      total += (pleasant ? pleasant_width(table, layout, c) : layout->width[c]) +
               (total > 0 ? BARO_TABLE_GAP : 0);
  }
  return total;
}

/* Leaves out the column with the highest rank; false when all that are left must stay. */
static bool drop_one(const baro_text_table *table, table_layout *layout) {
  size_t best = table->column_count;
  for (size_t c = 0; c < table->column_count; c++) {
    if (layout->shown[c] && table->columns[c].drop > 0 &&
        (best == table->column_count || table->columns[c].drop > table->columns[best].drop))
      best = c;
  }
  if (best == table->column_count)
    return false;
  layout->shown[best] = false;
  return true;
}

static bool shrink_one(const baro_text_table *table, table_layout *layout, uint64_t excess) {
  size_t widest = table->column_count;
  uint32_t second = 0;
  for (size_t c = 0; c < table->column_count; c++) {
    if (!layout->shown[c] || layout->width[c] <= smallest_width(table, layout, c))
      continue;
    if (widest == table->column_count || layout->width[c] > layout->width[widest]) {
      second = widest == table->column_count ? 0 : layout->width[widest];
      widest = c;
    } else if (layout->width[c] > second) {
      second = layout->width[c];
    }
  }
  if (widest == table->column_count)
    return false;
  /* Down to the second widest at once: names may be megabytes long. */
  uint32_t floor = smallest_width(table, layout, widest);
  uint32_t target = second > floor ? second : floor;
  if (target == layout->width[widest])
    target--;
  uint64_t step = layout->width[widest] - target;
  layout->width[widest] -= (uint32_t)(step < excess ? step : excess);
  return true;
}

static void lay_out(const baro_text_table *table, uint32_t columns, table_layout *layout) {
  take_natural_widths(table, layout);
  while (total_width(table, layout, true) > columns) {
    if (!drop_one(table, layout))
      break;
  }
  uint64_t total;
  while ((total = total_width(table, layout, false)) > columns) {
    if (!shrink_one(table, layout, total - columns))
      break;
  }
}

static void write_spaces(baro_buffer *out, size_t count) {
  for (size_t i = 0; i < count; i++)
    baro_write_u8(out, ' ');
}

static void write_cell(const baro_cell *cell, const baro_column *column, uint32_t width, bool last,
                       const baro_terminal *terminal, baro_buffer *out) {
  size_t used = cell->width < width ? cell->width : width;
  if (column->right)
    write_spaces(out, width - used);
  baro_style_begin(out, terminal, cell->style);
  if (cell->raw) {
    baro_write_bytes(out, cell->text.data, cell->text.length);
    used = cell->width;
  } else {
    used = baro_write_fitted(out, cell->text, width, column->cut, terminal->unicode);
  }
  baro_style_end(out, terminal, cell->style);
  if (!column->right && !last && used < width)
    write_spaces(out, width - used);
}

/* cells == NULL: the heading. */
static void write_row(const baro_text_table *table, const table_layout *layout,
                      const baro_cell *cells, const baro_terminal *terminal, uint32_t indent,
                      baro_buffer *out) {
  size_t last = 0;
  for (size_t c = 0; c < table->column_count; c++) {
    bool empty = cells == NULL ? table->columns[c].title[0] == '\0' : cells[c].width == 0;
    if (layout->shown[c] && !empty)
      last = c;
  }
  write_spaces(out, indent);
  bool first = true;
  for (size_t c = 0; c <= last; c++) {
    if (!layout->shown[c])
      continue;
    if (!first)
      write_spaces(out, BARO_TABLE_GAP);
    first = false;
    baro_view title = baro_view_of(table->columns[c].title);
    baro_cell heading = {
        .text = title, .width = (uint32_t)baro_text_width(title), .style = BARO_STYLE_STRONG};
    write_cell(cells == NULL ? &heading : &cells[c], &table->columns[c], layout->width[c],
               c == last, terminal, out);
  }
  baro_write_u8(out, '\n');
}

void baro_text_table_write(const baro_text_table *table, const baro_terminal *terminal,
                           uint32_t indent, baro_buffer *out) {
  if (table->failed) {
    out->failed = true;
    return;
  }
  assert(table->cell_count % table->column_count == 0);
  table_layout layout;
  lay_out(table, terminal->columns > indent ? terminal->columns - indent : 1, &layout);
  if (!table->no_heading)
    write_row(table, &layout, NULL, terminal, indent, out);
  for (size_t i = 0; i < table->cell_count; i += table->column_count)
    write_row(table, &layout, table->cells + i, terminal, indent, out);
}
