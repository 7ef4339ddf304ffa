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
  uint8_t *validity; /* bits, of the arena; NULL where there are no nulls */
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

/* Whether the row has a value; counts it if not. */
static void mark_row(filling *fill, uint32_t row, bool known) {
  if (fill->validity == NULL) {
    return;
  }
  if (known) {
    set_bit(fill->validity, row);
  } else {
    fill->column->null_count++;
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

static void put_text(filling *fill, uint32_t row, const char *constant, baro_buffer *buffer) {
  if (constant != NULL) {
    baro_write_text(buffer, constant);
  } else {
    fill->spec->text(fill->profile, fill->first + row, buffer);
  }
}

static baro_status fill_text(filling *fill) {
  int32_t *offsets = make_array(fill, (size_t)fill->rows + 1, sizeof(*offsets));
  struct baro_owned_text *text = own_text(fill);
  if (offsets == NULL || text == NULL) {
    return no_memory(fill->err);
  }
  baro_buffer *buffer = &text->buffer;
  const char *constant = fill->spec->constant == NULL ? NULL : fill->spec->constant(fill->part);
  for (uint32_t row = 0; row < fill->rows; row++) {
    put_text(fill, row, constant, buffer);
    if (buffer->failed) {
      return no_memory(fill->err);
    }
    if (buffer->length > TEXT_BYTES_MAX) {
      return baro_error_set(fill->err, BARO_LIMIT, "column %s has more than %zu bytes",
                            fill->spec->name, TEXT_BYTES_MAX);
    }
    offsets[row + 1] = (int32_t)buffer->length;
    mark_row(fill, row, offsets[row + 1] != offsets[row]);
  }
  set_text(fill->column, offsets, buffer, fill->rows);
  return BARO_OK;
}

static size_t number_size(baro_column_kind kind) {
  switch (kind) {
  case BARO_COLUMN_STATE:
  case BARO_COLUMN_ORIGIN:
  case BARO_COLUMN_OUTCOME: return sizeof(uint8_t);
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

static baro_status fill_numbers(filling *fill) {
  size_t size = number_size(fill->spec->kind);
  void *values = make_array(fill, fill->rows, size);
  if (values == NULL) {
    return no_memory(fill->err);
  }
  if (fill->spec->fill != NULL) {
    fill->spec->fill(fill->profile, fill->part, values);
  }
  for (uint32_t row = 0; fill->spec->number != NULL && row < fill->rows; row++) {
    uint64_t value = 0;
    mark_row(fill, row, fill->spec->number(fill->profile, fill->first + row, &value));
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
  for (uint32_t row = 0; row < fill->rows; row++) {
    mark_row(fill, row, fill->spec->real(fill->profile, fill->first + row, &values[row]));
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
    uint64_t value = 0;
    mark_row(fill, row, fill->spec->number(fill->profile, fill->first + row, &value));
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
  const uint64_t *const *by_state = fill->spec->borrow_states(fill->profile);
  const uint64_t *zeros = NULL;
  for (size_t i = 0; i < BARO_STATE_COUNT; i++) {
    const uint64_t *values = by_state[baro_column_child_state(i)];
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
  for (uint32_t row = 0; fill->validity != NULL && row < fill->rows; row++) {
    mark_row(fill, row, row != 0);
  }
  return BARO_OK;
}

static baro_status fill_dictionary(filling *fill) {
  baro_column *dictionary = fill->column->dictionary;
  if (fill->spec->kind == BARO_COLUMN_OUTCOME) {
    return fill_names(fill, dictionary, BARO_OUTCOME_COUNT, outcome_name);
  }
  return fill->spec->kind == BARO_COLUMN_STATE
             ? fill_names(fill, dictionary, BARO_STATE_COUNT, state_name)
             : fill_names(fill, dictionary, BARO_ORIGIN_NONE, origin_name);
}

static baro_status fill_column(filling *fill) {
  baro_column *column = fill->column;
  column->length = fill->rows;
  if (fill->spec->nulls != BARO_NULLS_NONE) {
    fill->validity = make_bits(fill);
    if (fill->validity == NULL) {
      return no_memory(fill->err);
    }
  }
  bool whole = fill->spec->borrow != NULL || fill->spec->compute != NULL;
  baro_status status = whole ? fill_whole(fill) : fill_rows(fill);
  column->buffers[0] = column->null_count == 0 ? NULL : fill->validity;
  return status == BARO_OK && column->dictionary != NULL ? fill_dictionary(fill) : status;
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
