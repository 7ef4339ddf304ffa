#include "pyext/column_filling.h"

const uint64_t baro_no_rows[2];

void baro_column_memory_release(baro_column_memory *memory) {
  for (struct baro_owned_text *text = memory->texts; text != NULL; text = text->next) {
    baro_buffer_release(&text->buffer);
  }
  memory->texts = NULL;
  baro_arena_release(&memory->arena);
}

baro_status baro_filling_no_memory(const baro_filling *fill) {
  return baro_error_set(fill->err, BARO_NO_MEMORY, "out of memory");
}

void *baro_filling_array(baro_filling *fill, size_t count, size_t size) {
  return baro_arena_array(&fill->memory->arena, count, size);
}

uint8_t *baro_filling_bits(baro_filling *fill) {
  return baro_filling_array(fill, ((size_t)fill->rows + 7) / 8, 1);
}

void baro_filling_mark_null(baro_filling *fill, uint32_t row) {
  if (fill->spec->nulls == BARO_NULLS_NONE) {
    return;
  }
  if (fill->column->null_count++ == 0) {
    fill->validity = baro_filling_bits(fill);
    for (uint32_t before = 0; fill->validity != NULL && before < row; before++) {
      baro_set_bit(fill->validity, before);
    }
  }
}

struct baro_owned_text *baro_filling_text(baro_filling *fill) {
  struct baro_owned_text *text = baro_arena_alloc(&fill->memory->arena, sizeof(*text));
  if (text != NULL) {
    text->next = fill->memory->texts;
    fill->memory->texts = text;
  }
  return text;
}

void baro_column_set_text(baro_column *column, const int32_t *offsets, const baro_buffer *text,
                          int64_t length) {
  column->length = length;
  column->buffers[1] = offsets;
  column->buffers[2] = text->data == NULL ? (const void *)baro_no_rows : text->data;
}
