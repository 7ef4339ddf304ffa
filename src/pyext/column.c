/* Values: borrowed, computed, or filled row by row into the buffers that Arrow's layout asks for. */
#include "pyext/column.h"

#include <stdlib.h>
#include <string.h>

#include "pyext/column_shape.h"
#include "show/call_rows.h"
#include "show/profile_keys.h"

/* Offsets of text are 32 bits; half of what they reach keeps a hostile recording, whose names stand in many
 * rows, from taking all memory. */
#define TEXT_BYTES_MAX ((size_t)1 << 30)

/* What an empty array's buffers point to: consumers read the first offset even of no rows. */
static const uint64_t nothing[2];

struct baro_owned_text {
  struct baro_owned_text *next; /* in the arena */
  baro_buffer buffer;           /* owned */
};

/* A column in the making. */
typedef struct filling {
  const baro_column_spec *spec;
  const baro_profile *profile;
  baro_column_memory *memory;
  baro_column *column;
  const baro_table_part *part;
  uint32_t first; /* row of the table that is row 0 here */
  uint32_t rows;
  const uint32_t *some; /* see baro_column_spec */
  uint32_t some_count;
  uint32_t next_some; /* place of the first one that was not reached yet */
  uint8_t *validity;  /* bits, of the arena; NULL before the first null */
  baro_error *err;
} filling;

void baro_column_memory_release(baro_column_memory *memory) {
  for (struct baro_owned_text *text = memory->texts; text != NULL; text = text->next) {
    baro_buffer_release(&text->buffer);
  }
  memory->texts = NULL;
  baro_arena_release(&memory->arena);
}

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

static void *make_array(filling *fill, size_t count, size_t size) {
  return baro_arena_array(&fill->memory->arena, count, size);
}

static uint8_t *make_bits(filling *fill) {
  return make_array(fill, ((size_t)fill->rows + 7) / 8, 1);
}

static void set_bit(uint8_t *bits, uint32_t index) {
  bits[index / 8] = (uint8_t)(bits[index / 8] | 1u << index % 8);
}

static void mark_null(filling *fill, uint32_t row) {
  if (fill->spec->nulls == BARO_NULLS_NONE) {
    return;
  }
  if (fill->column->null_count++ == 0) {
    fill->validity = make_bits(fill);
    for (uint32_t before = 0; fill->validity != NULL && before < row; before++) {
      set_bit(fill->validity, before);
    }
  }
}

/* Says whether the row has a value; rows come in order. There is no bitmap before the first null: most columns have none,
 * and bits cost more than values. Where memory is missing the column fails at its end. */
static inline void mark_row(filling *fill, uint32_t row, bool known) {
  if (!known) {
    mark_null(fill, row);
  } else if (fill->validity != NULL) {
    set_bit(fill->validity, row);
  }
}

static struct baro_owned_text *own_text(filling *fill) {
  struct baro_owned_text *text = baro_arena_alloc(&fill->memory->arena, sizeof(*text));
  if (text != NULL) {
    text->next = fill->memory->texts;
    fill->memory->texts = text;
  }
  return text;
}

static void set_text(baro_column *column, const int32_t *offsets, const baro_buffer *text,
                     int64_t length) {
  column->length = length;
  column->buffers[1] = offsets;
  column->buffers[2] = text->data == NULL ? (const void *)nothing : text->data;
}

/* A dictionary's values, or nothing where a name is missing. */
static baro_status fill_names(filling *fill, baro_column *column, size_t count,
                              const char *(*name)(uint32_t index)) {
  int32_t *offsets = make_array(fill, count + 1, sizeof(*offsets));
  struct baro_owned_text *text = own_text(fill);
  if (offsets == NULL || text == NULL) {
    return no_memory(fill->err);
  }
  for (size_t i = 0; i < count; i++) {
    baro_write_text(&text->buffer, name((uint32_t)i));
    offsets[i + 1] = (int32_t)text->buffer.length;
  }
  set_text(column, offsets, &text->buffer, (int64_t)count);
  return text->buffer.failed ? no_memory(fill->err) : BARO_OK;
}

/* What the row's function is asked for: the row's number in the table, or its place among those that have a value. The
 * rows of a column are asked in order. */
static bool place_of(filling *fill, uint32_t row, uint32_t *ret_place) {
  uint32_t number = fill->first + row;
  if (fill->spec->some == NULL) {
    *ret_place = number;
    return true;
  }
  bool found = fill->next_some < fill->some_count && fill->some[fill->next_some] == number;
  if (found) {
    *ret_place = fill->next_some++;
  }
  return found;
}

uint32_t baro_some_from(const uint32_t *rows, uint32_t count, uint32_t first) {
  uint32_t low = 0;
  uint32_t high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (rows[middle] < first) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static void start_some(filling *fill) {
  fill->some = fill->spec->some(fill->profile, &fill->some_count);
  fill->next_some = baro_some_from(fill->some, fill->some_count, fill->first);
}

static bool none_here(const filling *fill) {
  return fill->spec->some != NULL && (fill->next_some == fill->some_count ||
                                      fill->some[fill->next_some] - fill->first >= fill->rows);
}

static baro_status check_text(filling *fill, const baro_buffer *buffer) {
  if (buffer->failed) {
    return no_memory(fill->err);
  }
  if (buffer->length > TEXT_BYTES_MAX) {
    return baro_error_set(fill->err, BARO_LIMIT, "column %s has more than %zu bytes",
                          fill->spec->name, TEXT_BYTES_MAX);
  }
  return BARO_OK;
}

static baro_status fill_text(filling *fill) {
  int32_t *offsets = make_array(fill, (size_t)fill->rows + 1, sizeof(*offsets));
  struct baro_owned_text *text = own_text(fill);
  if (offsets == NULL || text == NULL) {
    return no_memory(fill->err);
  }
  baro_buffer *buffer = &text->buffer;
  for (uint32_t row = 0; row < fill->rows; row++) {
    uint32_t place;
    if (place_of(fill, row, &place)) {
      fill->spec->text(fill->profile, place, buffer);
    }
    baro_status status = check_text(fill, buffer);
    if (status != BARO_OK) {
      return status;
    }
    offsets[row + 1] = (int32_t)buffer->length;
    mark_row(fill, row, offsets[row + 1] != offsets[row]);
  }
  set_text(fill->column, offsets, buffer, fill->rows);
  return BARO_OK;
}

/* Index of the row's name; false: it has none. */
static bool name_of(filling *fill, uint32_t row, uint32_t *ret_name) {
  uint32_t place;
  uint64_t name;
  if (!place_of(fill, row, &place) || !fill->spec->number(fill->profile, place, &name)) {
    return false;
  }
  *ret_name = (uint32_t)name;
  return true;
}

/* Of more names than rows, those of the rows: what a part costs must not depend on the whole. */
static baro_status fill_own_names(filling *fill, int32_t *values, int32_t *offsets,
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
    mark_row(fill, row, offsets[row + 1] != offsets[row]);
  }
  return status;
}

static baro_status fill_shared_names(filling *fill, uint32_t count, int32_t *values,
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
    mark_row(fill, row, known && offsets[name + 1] != offsets[name]);
  }
  for (uint32_t row = 0; fill->spec->number == NULL && some_empty && row < fill->rows; row++) {
    int32_t name = values[row];
    mark_row(fill, row, offsets[name + 1] != offsets[name]);
  }
  return BARO_OK;
}

static baro_status fill_name(filling *fill) {
  uint64_t all = fill->spec->names->count(fill->profile);
  uint32_t count = all < fill->rows ? (uint32_t)all : fill->rows;
  int32_t *values = make_array(fill, fill->rows, sizeof(*values));
  int32_t *offsets = make_array(fill, (size_t)count + 1, sizeof(*offsets));
  struct baro_owned_text *text = own_text(fill);
  if (values == NULL || offsets == NULL || text == NULL) {
    return no_memory(fill->err);
  }
  baro_status status = all > fill->rows
                           ? fill_own_names(fill, values, offsets, &text->buffer)
                           : fill_shared_names(fill, count, values, offsets, &text->buffer);
  fill->column->buffers[1] = values;
  set_text(fill->column->dictionary, offsets, &text->buffer, count);
  return status;
}

static size_t number_size(baro_column_kind kind) {
  switch (kind) {
  case BARO_COLUMN_STATE:
  case BARO_COLUMN_ORIGIN:
  case BARO_COLUMN_OUTCOME: return sizeof(uint8_t);
  case BARO_COLUMN_NAME:
  case BARO_COLUMN_U32:
  case BARO_COLUMN_I32:
  case BARO_COLUMN_DATE: return sizeof(uint32_t);
  case BARO_COLUMN_U64:
  case BARO_COLUMN_I64:
  case BARO_COLUMN_UTC:
  case BARO_COLUMN_F32:
  case BARO_COLUMN_F64:
  case BARO_COLUMN_BOOL:
  case BARO_COLUMN_TEXT:
  case BARO_COLUMN_SHARES:
  case BARO_COLUMN_STATE_NS:
  case BARO_COLUMN_FLAGS:
  case BARO_COLUMN_KIND_COUNT: break;
  }
  return sizeof(uint64_t);
}

static void put_number(void *values, uint32_t row, size_t size, uint64_t value) {
  if (size == sizeof(uint8_t)) {
    ((uint8_t *)values)[row] = (uint8_t)value;
  } else if (size == sizeof(uint32_t)) {
    ((uint32_t *)values)[row] = (uint32_t)value;
  } else {
    ((uint64_t *)values)[row] = value;
  }
}

static void mark_filled(filling *fill, const void *values, size_t size) {
  if (fill->spec->nulls == BARO_NULLS_NONE) {
    return;
  }
  for (uint32_t row = 0; row < fill->rows; row++) {
    mark_row(fill, row,
             size == sizeof(int32_t) ? ((const int32_t *)values)[row] != INT32_MIN
                                     : ((const int64_t *)values)[row] != INT64_MIN);
  }
}

static baro_status fill_numbers(filling *fill) {
  size_t size = number_size(fill->spec->kind);
  void *values = make_array(fill, fill->rows, size);
  if (values == NULL) {
    return no_memory(fill->err);
  }
  if (fill->spec->fill != NULL) {
    fill->spec->fill(fill->profile, fill->part, values);
    mark_filled(fill, values, size);
  }
  for (uint32_t row = 0; fill->spec->number != NULL && row < fill->rows; row++) {
    uint32_t place;
    uint64_t value = 0;
    mark_row(fill, row,
             place_of(fill, row, &place) && fill->spec->number(fill->profile, place, &value));
    put_number(values, row, size, value);
  }
  fill->column->buffers[1] = values;
  return BARO_OK;
}

static baro_status fill_reals(filling *fill) {
  double *values = make_array(fill, fill->rows, sizeof(*values));
  if (values == NULL) {
    return no_memory(fill->err);
  }
  if (fill->spec->fill != NULL) {
    fill->spec->fill(fill->profile, fill->part, values);
  }
  for (uint32_t row = 0; fill->spec->real != NULL && row < fill->rows; row++) {
    uint32_t place;
    mark_row(fill, row,
             place_of(fill, row, &place) && fill->spec->real(fill->profile, place, &values[row]));
  }
  fill->column->buffers[1] = values;
  return BARO_OK;
}

static baro_status fill_bools(filling *fill) {
  uint8_t *values = make_bits(fill);
  if (values == NULL) {
    return no_memory(fill->err);
  }
  for (uint32_t row = 0; row < fill->rows; row++) {
    uint32_t place;
    uint64_t value = 0;
    mark_row(fill, row,
             place_of(fill, row, &place) && fill->spec->number(fill->profile, place, &value));
    if (value != 0) {
      set_bit(values, row);
    }
  }
  fill->column->buffers[1] = values;
  return BARO_OK;
}

/* A row whose states add up to nothing has no shares: null in every child. */
static baro_status fill_shares(filling *fill) {
  double *values[BARO_STATE_COUNT];
  uint8_t *validity = make_bits(fill);
  bool good = validity != NULL;
  for (size_t i = 0; i < BARO_STATE_COUNT; i++) {
    values[i] = make_array(fill, fill->rows, sizeof(double));
    good = good && values[i] != NULL;
  }
  if (!good) {
    return no_memory(fill->err);
  }
  int64_t nulls = 0;
  for (uint32_t row = 0; row < fill->rows; row++) {
    uint64_t state_ns[BARO_STATE_COUNT];
    double all_ns = 0;
    fill->spec->states(fill->profile, fill->first + row, state_ns);
    for (int state = 0; state < BARO_STATE_COUNT; state++) {
      all_ns += (double)state_ns[state];
    }
    if (!(all_ns > 0)) {
      nulls++;
      continue;
    }
    set_bit(validity, row);
    for (size_t i = 0; i < BARO_STATE_COUNT; i++) {
      values[i][row] = (double)state_ns[baro_column_child_state(i)] / all_ns;
    }
  }
  for (size_t i = 0; i < BARO_STATE_COUNT; i++) {
    baro_column *child = &fill->column->children[i];
    child->length = fill->rows;
    child->null_count = nulls;
    child->buffers[0] = nulls == 0 ? NULL : validity;
    child->buffers[1] = values[i];
  }
  return BARO_OK;
}

/* States that never occur share one array of zeros. */
static baro_status fill_state_ns(filling *fill) {
  const uint64_t *zeros = NULL;
  for (size_t i = 0; i < BARO_STATE_COUNT; i++) {
    const uint64_t *values;
    if (!fill->spec->compute_state(fill->profile, baro_column_child_state(i), &fill->memory->arena,
                                   &values)) {
      return no_memory(fill->err);
    }
    if (values == NULL && zeros == NULL) {
      zeros = make_array(fill, fill->rows, sizeof(*zeros));
      if (zeros == NULL) {
        return no_memory(fill->err);
      }
    }
    fill->column->children[i].length = fill->rows;
    fill->column->children[i].buffers[1] = values != NULL ? values : zeros;
  }
  return BARO_OK;
}

static baro_status fill_flags(filling *fill) {
  int32_t *ends = make_array(fill, (size_t)fill->rows + 1, sizeof(*ends));
  int32_t *offsets = make_array(fill, (size_t)fill->rows * BARO_FLAG_COUNT + 1, sizeof(*offsets));
  struct baro_owned_text *text = own_text(fill);
  if (ends == NULL || offsets == NULL || text == NULL) {
    return no_memory(fill->err);
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
  set_text(&fill->column->children[0], offsets, &text->buffer, items);
  return text->buffer.failed ? no_memory(fill->err) : BARO_OK;
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

static baro_status fill_rows(filling *fill) {
  switch (fill->spec->kind) {
  case BARO_COLUMN_U32:
  case BARO_COLUMN_U64:
  case BARO_COLUMN_I32:
  case BARO_COLUMN_I64:
  case BARO_COLUMN_DATE:
  case BARO_COLUMN_UTC:
  case BARO_COLUMN_STATE:
  case BARO_COLUMN_ORIGIN:
  case BARO_COLUMN_OUTCOME: return fill_numbers(fill);
  case BARO_COLUMN_F32:
  case BARO_COLUMN_F64: return fill_reals(fill);
  case BARO_COLUMN_BOOL: return fill_bools(fill);
  case BARO_COLUMN_TEXT: return fill_text(fill);
  case BARO_COLUMN_NAME: return fill_name(fill);
  case BARO_COLUMN_SHARES: return fill_shares(fill);
  case BARO_COLUMN_STATE_NS: return fill_state_ns(fill);
  case BARO_COLUMN_FLAGS: return fill_flags(fill);
  case BARO_COLUMN_KIND_COUNT: break;
  }
  return baro_error_set(fill->err, BARO_INVALID, "column %s is of no kind", fill->spec->name);
}

static baro_status fill_whole(filling *fill) {
  const baro_column_spec *spec = fill->spec;
  const void *values = spec->borrow != NULL ? spec->borrow(fill->profile)
                                            : spec->compute(fill->profile, &fill->memory->arena);
  if (values == NULL && (spec->borrow == NULL || fill->rows != 0)) {
    return no_memory(fill->err);
  }
  fill->column->buffers[1] = values == NULL ? nothing : values;
  for (uint32_t row = 0; fill->spec->nulls != BARO_NULLS_NONE && row < fill->rows; row++) {
    mark_row(fill, row, row != 0);
  }
  return BARO_OK;
}

/* Names whose number is fixed; the others are there already. */
static baro_status fill_dictionary(filling *fill) {
  baro_column *dictionary = fill->column->dictionary;
  if (fill->spec->kind == BARO_COLUMN_OUTCOME) {
    return fill_names(fill, dictionary, BARO_OUTCOME_COUNT, outcome_name);
  }
  return fill->spec->kind == BARO_COLUMN_STATE
             ? fill_names(fill, dictionary, BARO_STATE_COUNT, state_name)
             : fill_names(fill, dictionary, BARO_ORIGIN_NONE, origin_name);
}

/* Nulls only; of what few rows have, most parts have nothing. */
static baro_status fill_nothing(filling *fill) {
  baro_column *column = fill->column;
  const void *zeros = make_array(fill, (size_t)fill->rows + 1, sizeof(uint64_t));
  if (zeros == NULL) {
    return no_memory(fill->err);
  }
  column->null_count = fill->rows;
  column->buffers[0] = zeros;
  column->buffers[1] = zeros;
  if (column->buffer_count == 3) {
    column->buffers[2] = nothing;
  }
  if (column->dictionary != NULL) {
    set_text(column->dictionary, (const int32_t *)nothing, &(baro_buffer){0}, 0);
  }
  return BARO_OK;
}

static baro_status fill_column(filling *fill) {
  baro_column *column = fill->column;
  column->length = fill->rows;
  if (fill->spec->some != NULL) {
    start_some(fill);
  }
  if (none_here(fill)) {
    return fill_nothing(fill);
  }
  bool whole = fill->spec->borrow != NULL || fill->spec->compute != NULL;
  baro_status status = whole ? fill_whole(fill) : fill_rows(fill);
  if (column->null_count != 0 && fill->validity == NULL) {
    return no_memory(fill->err);
  }
  column->buffers[0] = fill->validity;
  bool fixed = column->dictionary != NULL && fill->spec->names == NULL;
  return status == BARO_OK && fixed ? fill_dictionary(fill) : status;
}

baro_status baro_table_build_part(const baro_table_spec *table, const baro_profile *profile,
                                  const baro_table_part *part, baro_column_memory *memory,
                                  baro_column *ret_root, baro_error *err) {
  baro_column root;
  baro_status status = baro_table_shape(table, memory, &root, err);
  if (status != BARO_OK) {
    return status;
  }
  root.length = (int64_t)part->count;
  for (size_t i = 0; status == BARO_OK && i < table->column_count; i++) {
    filling fill = {
        .spec = &table->columns[i],
        .profile = profile,
        .memory = memory,
        .column = &root.children[i],
        .part = part,
        .first = (uint32_t)part->first,
        .rows = part->count,
        .err = err,
    };
    status = fill_column(&fill);
  }
  if (status == BARO_OK) {
    *ret_root = root;
  }
  return status;
}

baro_status baro_table_build(const baro_table_spec *table, const baro_profile *profile,
                             baro_column_memory *memory, baro_column *ret_root, baro_error *err) {
  /* At most BARO_PROFILE_SAMPLES_MAX: fits. */
  baro_table_part whole = {.count = (uint32_t)table->row_count(profile)};
  return baro_table_build_part(table, profile, &whole, memory, ret_root, err);
}
