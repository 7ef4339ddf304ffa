/* What each kind of column looks like to Arrow: formats, children, dictionaries. */
#include "pyext/column_shape.h"

#include "recording/records.h"

typedef struct kind_row {
  const char *format; /* Arrow's */
  const char *text;   /* as people write it */
  int64_t buffer_count;
  size_t child_count;
  const char *child_format;
  const char *dictionary_format; /* or NULL */
} kind_row;

static const kind_row kinds[BARO_COLUMN_KIND_COUNT] = {
    [BARO_COLUMN_U32] = {.format = "I", .text = "uint32", .buffer_count = 2},
    [BARO_COLUMN_U64] = {.format = "L", .text = "uint64", .buffer_count = 2},
    [BARO_COLUMN_I32] = {.format = "i", .text = "int32", .buffer_count = 2},
    [BARO_COLUMN_I64] = {.format = "l", .text = "int64", .buffer_count = 2},
    [BARO_COLUMN_DATE] = {.format = "tdD", .text = "date32[day]", .buffer_count = 2},
    [BARO_COLUMN_F32] = {.format = "f", .text = "float", .buffer_count = 2},
    [BARO_COLUMN_F64] = {.format = "g", .text = "double", .buffer_count = 2},
    [BARO_COLUMN_BOOL] = {.format = "b", .text = "bool", .buffer_count = 2},
    [BARO_COLUMN_TEXT] = {.format = "u", .text = "string", .buffer_count = 3},
    [BARO_COLUMN_UTC] = {.format = "tsu:UTC", .text = "timestamp[us, tz=UTC]", .buffer_count = 2},
    [BARO_COLUMN_STATE] =
        {
            .format = "C",
            .text = "dictionary<values=string, indices=uint8>",
            .buffer_count = 2,
            .dictionary_format = "u",
        },
    [BARO_COLUMN_ORIGIN] =
        {
            .format = "C",
            .text = "dictionary<values=string, indices=uint8>",
            .buffer_count = 2,
            .dictionary_format = "u",
        },
    [BARO_COLUMN_OUTCOME] =
        {
            .format = "C",
            .text = "dictionary<values=string, indices=uint8>",
            .buffer_count = 2,
            .dictionary_format = "u",
        },
    [BARO_COLUMN_NAME] =
        {
            .format = "i",
            .text = "dictionary<values=string, indices=int32>",
            .buffer_count = 2,
            .dictionary_format = "u",
        },
    [BARO_COLUMN_SHARES] =
        {
            .format = "+s",
            .text = "struct<double for each state>",
            .buffer_count = 1,
            .child_count = BARO_STATE_COUNT,
            .child_format = "g",
        },
    [BARO_COLUMN_STATE_NS] =
        {
            .format = "+s",
            .text = "struct<uint64 for each state>",
            .buffer_count = 1,
            .child_count = BARO_STATE_COUNT,
            .child_format = "L",
        },
    [BARO_COLUMN_FLAGS] =
        {
            .format = "+l",
            .text = "list<string>",
            .buffer_count = 2,
            .child_count = 1,
            .child_format = "u",
        },
};

const char *baro_column_kind_text(baro_column_kind kind) {
  return kinds[kind].text;
}

baro_state baro_column_child_state(size_t child) {
  return (baro_state)((child + 1) % BARO_STATE_COUNT);
}

/* Children of structs are states; that of a list is called "item", as Arrow's own libraries call it. */
static bool shape_children(const kind_row *kind, baro_arena *keep, baro_column *column) {
  column->child_count = kind->child_count;
  column->children = baro_arena_array(keep, kind->child_count, sizeof(*column->children));
  if (column->children == NULL) {
    return false;
  }
  for (size_t i = 0; i < kind->child_count; i++) {
    bool is_list = kind->child_count == 1;
    column->children[i] = (baro_column){
        .name = is_list ? "item" : baro_state_key(baro_column_child_state(i)),
        .format = kind->child_format,
        .nullable = kind->child_format[0] == 'g',
        .buffer_count = is_list ? 3 : 2,
    };
  }
  return true;
}

static bool shape_column(const baro_column_spec *spec, baro_arena *keep, baro_column *column) {
  const kind_row *kind = &kinds[spec->kind];
  *column = (baro_column){
      .name = spec->name,
      .format = kind->format,
      .nullable = spec->nulls != BARO_NULLS_NONE,
      .buffer_count = kind->buffer_count,
  };
  if (kind->dictionary_format != NULL) {
    column->dictionary = baro_arena_alloc(keep, sizeof(*column->dictionary));
    if (column->dictionary == NULL) {
      return false;
    }
    *column->dictionary =
        (baro_column){.name = "", .format = kind->dictionary_format, .buffer_count = 3};
  }
  return kind->child_count == 0 || shape_children(kind, keep, column);
}

baro_status baro_table_shape(const baro_table_spec *table, baro_column_memory *memory,
                             baro_column *ret_root, baro_error *err) {
  baro_arena *keep = &memory->arena;
  baro_column root = {
      .name = "",
      .format = "+s",
      .buffer_count = 1,
      .child_count = table->column_count,
      .children = baro_arena_array(keep, table->column_count, sizeof(baro_column)),
  };
  bool good = root.children != NULL;
  for (size_t i = 0; good && i < table->column_count; i++) {
    good = shape_column(&table->columns[i], keep, &root.children[i]);
  }
  if (!good) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  *ret_root = root;
  return BARO_OK;
}
