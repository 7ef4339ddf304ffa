/* Values: borrowed, computed, or filled row by row into the buffers that Arrow's layout asks for. */
#include "pyext/column.h"

#include "pyext/column_filling.h"
#include "pyext/column_shape.h"

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

static void start_some(baro_filling *fill) {
  fill->some = fill->spec->some(fill->profile, &fill->some_count);
  fill->next_some = baro_some_from(fill->some, fill->some_count, fill->first);
}

static bool none_here(const baro_filling *fill) {
  return fill->spec->some != NULL && (fill->next_some == fill->some_count ||
                                      fill->some[fill->next_some] - fill->first >= fill->rows);
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

static void mark_filled(baro_filling *fill, const void *values, size_t size) {
  if (fill->spec->nulls == BARO_NULLS_NONE) {
    return;
  }
  for (uint32_t row = 0; row < fill->rows; row++) {
    baro_filling_mark(fill, row,
                      size == sizeof(int32_t) ? ((const int32_t *)values)[row] != INT32_MIN
                                              : ((const int64_t *)values)[row] != INT64_MIN);
  }
}

static baro_status fill_numbers(baro_filling *fill) {
  size_t size = number_size(fill->spec->kind);
  void *values = baro_filling_array(fill, fill->rows, size);
  if (values == NULL) {
    return baro_filling_no_memory(fill);
  }
  if (fill->spec->fill != NULL) {
    fill->spec->fill(fill->profile, fill->part, values);
    mark_filled(fill, values, size);
  }
  for (uint32_t row = 0; fill->spec->number != NULL && row < fill->rows; row++) {
    uint32_t place;
    uint64_t value = 0;
    baro_filling_mark(fill, row,
                      baro_filling_place(fill, row, &place) &&
                          fill->spec->number(fill->profile, place, &value));
    put_number(values, row, size, value);
  }
  fill->column->buffers[1] = values;
  return BARO_OK;
}

static baro_status fill_reals(baro_filling *fill) {
  double *values = baro_filling_array(fill, fill->rows, sizeof(*values));
  if (values == NULL) {
    return baro_filling_no_memory(fill);
  }
  if (fill->spec->fill != NULL) {
    fill->spec->fill(fill->profile, fill->part, values);
  }
  for (uint32_t row = 0; fill->spec->real != NULL && row < fill->rows; row++) {
    uint32_t place;
    baro_filling_mark(fill, row,
                      baro_filling_place(fill, row, &place) &&
                          fill->spec->real(fill->profile, place, &values[row]));
  }
  fill->column->buffers[1] = values;
  return BARO_OK;
}

static baro_status fill_bools(baro_filling *fill) {
  uint8_t *values = baro_filling_bits(fill);
  if (values == NULL) {
    return baro_filling_no_memory(fill);
  }
  for (uint32_t row = 0; row < fill->rows; row++) {
    uint32_t place;
    uint64_t value = 0;
    baro_filling_mark(fill, row,
                      baro_filling_place(fill, row, &place) &&
                          fill->spec->number(fill->profile, place, &value));
    if (value != 0) {
      baro_set_bit(values, row);
    }
  }
  fill->column->buffers[1] = values;
  return BARO_OK;
}

/* A row whose states add up to nothing has no shares: null in every child. */
static baro_status fill_shares(baro_filling *fill) {
  double *values[BARO_STATE_COUNT];
  uint8_t *validity = baro_filling_bits(fill);
  bool good = validity != NULL;
  for (size_t i = 0; i < BARO_STATE_COUNT; i++) {
    values[i] = baro_filling_array(fill, fill->rows, sizeof(double));
    good = good && values[i] != NULL;
  }
  if (!good) {
    return baro_filling_no_memory(fill);
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
    baro_set_bit(validity, row);
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
static baro_status fill_state_ns(baro_filling *fill) {
  const uint64_t *zeros = NULL;
  for (size_t i = 0; i < BARO_STATE_COUNT; i++) {
    const uint64_t *values;
    if (!fill->spec->compute_state(fill->profile, baro_column_child_state(i), &fill->memory->arena,
                                   &values)) {
      return baro_filling_no_memory(fill);
    }
    if (values == NULL && zeros == NULL) {
      zeros = baro_filling_array(fill, fill->rows, sizeof(*zeros));
      if (zeros == NULL) {
        return baro_filling_no_memory(fill);
      }
    }
    fill->column->children[i].length = fill->rows;
    fill->column->children[i].buffers[1] = values != NULL ? values : zeros;
  }
  return BARO_OK;
}

static baro_status fill_rows(baro_filling *fill) {
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
  case BARO_COLUMN_TEXT: return baro_fill_text(fill);
  case BARO_COLUMN_NAME: return baro_fill_name(fill);
  case BARO_COLUMN_SHARES: return fill_shares(fill);
  case BARO_COLUMN_STATE_NS: return fill_state_ns(fill);
  case BARO_COLUMN_FLAGS: return baro_fill_flags(fill);
  case BARO_COLUMN_KIND_COUNT: break;
  }
  return baro_error_set(fill->err, BARO_INVALID, "column %s is of no kind", fill->spec->name);
}

static baro_status fill_whole(baro_filling *fill) {
  const baro_column_spec *spec = fill->spec;
  const void *values = spec->borrow != NULL ? spec->borrow(fill->profile)
                                            : spec->compute(fill->profile, &fill->memory->arena);
  if (values == NULL && (spec->borrow == NULL || fill->rows != 0)) {
    return baro_filling_no_memory(fill);
  }
  fill->column->buffers[1] = values == NULL ? baro_no_rows : values;
  for (uint32_t row = 0; fill->spec->nulls != BARO_NULLS_NONE && row < fill->rows; row++) {
    baro_filling_mark(fill, row, row != 0);
  }
  return BARO_OK;
}

/* Nulls only; of what few rows have, most parts have nothing. */
static baro_status fill_nothing(baro_filling *fill) {
  baro_column *column = fill->column;
  const void *zeros = baro_filling_array(fill, (size_t)fill->rows + 1, sizeof(uint64_t));
  if (zeros == NULL) {
    return baro_filling_no_memory(fill);
  }
  column->null_count = fill->rows;
  column->buffers[0] = zeros;
  column->buffers[1] = zeros;
  if (column->buffer_count == 3) {
    column->buffers[2] = baro_no_rows;
  }
  if (column->dictionary != NULL) {
    baro_column_set_text(column->dictionary, (const int32_t *)baro_no_rows, &(baro_buffer){0}, 0);
  }
  return BARO_OK;
}

static baro_status fill_column(baro_filling *fill) {
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
    return baro_filling_no_memory(fill);
  }
  column->buffers[0] = fill->validity;
  bool fixed = column->dictionary != NULL && fill->spec->names == NULL;
  return status == BARO_OK && fixed ? baro_fill_dictionary(fill) : status;
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
    baro_filling fill = {
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
