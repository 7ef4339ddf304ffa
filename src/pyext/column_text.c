/* Columns of text, and of indices of text. */
#include "pyext/column_filling.h"
#include "show/call_rows.h"
#include "show/profile_keys.h"

/* Offsets of text are 32 bits; half of what they reach keeps a hostile recording, whose names stand in many
 * rows, from taking all memory. */
#define TEXT_BYTES_MAX ((size_t)1 << 30)

/* A dictionary's values, or nothing where a name is missing. */
static baro_status fill_names(baro_filling *fill, baro_column *column, size_t count,
                              const char *(*name)(uint32_t index)) {
  int32_t *offsets = baro_filling_array(fill, count + 1, sizeof(*offsets));
  struct baro_owned_text *text = baro_filling_text(fill);
  if (offsets == NULL || text == NULL) {
    return baro_filling_no_memory(fill);
  }
  for (size_t i = 0; i < count; i++) {
    baro_write_text(&text->buffer, name((uint32_t)i));
    offsets[i + 1] = (int32_t)text->buffer.length;
  }
  baro_column_set_text(column, offsets, &text->buffer, (int64_t)count);
  return text->buffer.failed ? baro_filling_no_memory(fill) : BARO_OK;
}

static baro_status check_text(baro_filling *fill, const baro_buffer *buffer) {
  if (buffer->failed) {
    return baro_filling_no_memory(fill);
  }
  if (buffer->length > TEXT_BYTES_MAX) {
    return baro_error_set(fill->err, BARO_LIMIT, "column %s has more than %zu bytes",
                          fill->spec->name, TEXT_BYTES_MAX);
  }
  return BARO_OK;
}

baro_status baro_fill_text(baro_filling *fill) {
  int32_t *offsets = baro_filling_array(fill, (size_t)fill->rows + 1, sizeof(*offsets));
  struct baro_owned_text *text = baro_filling_text(fill);
  if (offsets == NULL || text == NULL) {
    return baro_filling_no_memory(fill);
  }
  baro_buffer *buffer = &text->buffer;
  for (uint32_t row = 0; row < fill->rows; row++) {
    uint32_t place;
    if (baro_filling_place(fill, row, &place)) {
      fill->spec->text(fill->profile, place, buffer);
    }
    baro_status status = check_text(fill, buffer);
    if (status != BARO_OK) {
      return status;
    }
    offsets[row + 1] = (int32_t)buffer->length;
    baro_filling_mark(fill, row, offsets[row + 1] != offsets[row]);
  }
  baro_column_set_text(fill->column, offsets, buffer, fill->rows);
  return BARO_OK;
}

/* Index of the row's name; false: it has none. */
static bool name_of(baro_filling *fill, uint32_t row, uint32_t *ret_name) {
  uint32_t place;
  uint64_t name;
  if (!baro_filling_place(fill, row, &place) || !fill->spec->number(fill->profile, place, &name)) {
    return false;
  }
  *ret_name = (uint32_t)name;
  return true;
}

/* Of more names than rows, those of the rows: what a part costs must not depend on the whole. */
static baro_status fill_own_names(baro_filling *fill, int32_t *values, int32_t *offsets,
                                  baro_buffer *text) {
  if (fill->spec->fill != NULL) {
    fill->spec->fill(fill->profile, fill->part, values);
  }
  baro_status status = BARO_OK;
  for (uint32_t row = 0; status == BARO_OK && row < fill->rows; row++) {
    uint32_t name = (uint32_t)values[row];
    if (fill->spec->fill != NULL || name_of(fill, row, &name)) {
      fill->spec->names->text(fill->profile, fill->part, name, text);
      status = check_text(fill, text);
    }
    values[row] = (int32_t)row;
    offsets[row + 1] = (int32_t)text->length;
    baro_filling_mark(fill, row, offsets[row + 1] != offsets[row]);
  }
  return status;
}

static baro_status fill_shared_names(baro_filling *fill, uint32_t count, int32_t *values,
                                     int32_t *offsets, baro_buffer *text) {
  bool some_empty = false;
  for (uint32_t i = 0; i < count; i++) {
    fill->spec->names->text(fill->profile, fill->part, i, text);
    baro_status status = check_text(fill, text);
    if (status != BARO_OK) {
      return status;
    }
    offsets[i + 1] = (int32_t)text->length;
    some_empty = some_empty || offsets[i + 1] == offsets[i];
  }
  if (fill->spec->fill != NULL) {
    fill->spec->fill(fill->profile, fill->part, values);
  }
  for (uint32_t row = 0; fill->spec->number != NULL && row < fill->rows; row++) {
    uint32_t name = 0;
    bool known = name_of(fill, row, &name);
    values[row] = (int32_t)name;
    baro_filling_mark(fill, row, known && offsets[name + 1] != offsets[name]);
  }
  for (uint32_t row = 0; fill->spec->number == NULL && some_empty && row < fill->rows; row++) {
    int32_t name = values[row];
    baro_filling_mark(fill, row, offsets[name + 1] != offsets[name]);
  }
  return BARO_OK;
}

baro_status baro_fill_name(baro_filling *fill) {
  uint64_t all = fill->spec->names->count(fill->profile);
  uint32_t count = all < fill->rows ? (uint32_t)all : fill->rows;
  int32_t *values = baro_filling_array(fill, fill->rows, sizeof(*values));
  int32_t *offsets = baro_filling_array(fill, (size_t)count + 1, sizeof(*offsets));
  struct baro_owned_text *text = baro_filling_text(fill);
  if (values == NULL || offsets == NULL || text == NULL) {
    return baro_filling_no_memory(fill);
  }
  baro_status status = all > fill->rows
                           ? fill_own_names(fill, values, offsets, &text->buffer)
                           : fill_shared_names(fill, count, values, offsets, &text->buffer);
  fill->column->buffers[1] = values;
  baro_column_set_text(fill->column->dictionary, offsets, &text->buffer, count);
  return status;
}

baro_status baro_fill_flags(baro_filling *fill) {
  int32_t *ends = baro_filling_array(fill, (size_t)fill->rows + 1, sizeof(*ends));
  int32_t *offsets =
      baro_filling_array(fill, (size_t)fill->rows * BARO_FLAG_COUNT + 1, sizeof(*offsets));
  struct baro_owned_text *text = baro_filling_text(fill);
  if (ends == NULL || offsets == NULL || text == NULL) {
    return baro_filling_no_memory(fill);
  }
  int32_t items = 0;
  for (uint32_t row = 0; row < fill->rows; row++) {
    uint64_t flags = 0;
    (void)fill->spec->number(fill->profile, fill->first + row, &flags);
    for (unsigned bit = 0; bit < BARO_FLAG_COUNT; bit++) {
      if ((flags >> bit & 1) != 0) {
        baro_write_text(&text->buffer, baro_flag_key(bit));
        offsets[++items] = (int32_t)text->buffer.length;
      }
    }
    ends[row + 1] = items;
  }
  fill->column->buffers[1] = ends;
  baro_column_set_text(&fill->column->children[0], offsets, &text->buffer, items);
  return text->buffer.failed ? baro_filling_no_memory(fill) : BARO_OK;
}

static const char *state_name(uint32_t state) {
  return baro_state_key((baro_state)state);
}

static const char *origin_name(uint32_t origin) {
  return baro_origin_key((baro_origin)origin);
}

static const char *outcome_name(uint32_t outcome) {
  return baro_outcome_key((baro_outcome)outcome);
}

baro_status baro_fill_dictionary(baro_filling *fill) {
  baro_column *dictionary = fill->column->dictionary;
  if (fill->spec->kind == BARO_COLUMN_OUTCOME) {
    return fill_names(fill, dictionary, BARO_OUTCOME_COUNT, outcome_name);
  }
  return fill->spec->kind == BARO_COLUMN_STATE
             ? fill_names(fill, dictionary, BARO_STATE_COUNT, state_name)
             : fill_names(fill, dictionary, BARO_ORIGIN_NONE, origin_name);
}
