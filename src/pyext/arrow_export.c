#include "pyext/arrow_export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct export {
  atomic_size_t references;
  baro_shared_profile *shared; /* held */
  baro_column_memory memory;
  baro_column root;
  struct ArrowArray array; /* what the stream gives; released once it did */
  const char *last_error;  /* static, or NULL */
}
export;

static void export_destroy(export *owner) {
  baro_column_memory_release(&owner->memory);
  baro_shared_profile_drop(owner->shared);
  free(owner);
}

static void export_drop(export *owner) {
  /* Release and acquire: what other threads read is read before it is freed. */
  if (atomic_fetch_sub_explicit(&owner->references, 1, memory_order_acq_rel) == 1) {
    export_destroy(owner);
  }
}

/* --- Schemas: each level is allocated by itself, because children may be moved out; the texts are static. --- */

static void schema_release(struct ArrowSchema *schema) {
  for (int64_t i = 0; i < schema->n_children; i++) {
    struct ArrowSchema *child = schema->children[i];
    if (child != NULL && child->release != NULL) {
      child->release(child);
    }
    free(child);
  }
  free(schema->children);
  if (schema->dictionary != NULL && schema->dictionary->release != NULL) {
    schema->dictionary->release(schema->dictionary);
  }
  free(schema->dictionary);
  schema->release = NULL;
}

/* False when out of memory; what is there must be released either way. */
static bool schema_fill(const baro_column *column, struct ArrowSchema *schema) {
  *schema = (struct ArrowSchema){
      .format = column->format,
      .name = column->name,
      .flags = column->nullable ? ARROW_FLAG_NULLABLE : 0,
      .release = schema_release,
  };
  if (column->child_count != 0) {
    schema->children = calloc(column->child_count, sizeof(struct ArrowSchema *));
    if (schema->children == NULL) {
      return false;
    }
    schema->n_children = (int64_t)column->child_count;
  }
  for (size_t i = 0; i < column->child_count; i++) {
    schema->children[i] = calloc(1, sizeof(struct ArrowSchema));
    if (schema->children[i] == NULL || !schema_fill(&column->children[i], schema->children[i])) {
      return false;
    }
  }
  if (column->dictionary != NULL) {
    schema->dictionary = calloc(1, sizeof(*schema->dictionary));
    return schema->dictionary != NULL && schema_fill(column->dictionary, schema->dictionary);
  }
  return true;
}

static bool schema_make(const baro_column *root, struct ArrowSchema *ret_schema) {
  struct ArrowSchema schema;
  bool good = schema_fill(root, &schema);
  if (good) {
    *ret_schema = schema;
  } else {
    schema_release(&schema);
  }
  return good;
}

baro_status baro_arrow_schema(const baro_table_spec *table, struct ArrowSchema *ret_schema,
                              baro_error *err) {
  baro_column_memory memory = {0};
  baro_column root;
  baro_status status = baro_table_shape(table, &memory, &root, err);
  if (status == BARO_OK && !schema_make(&root, ret_schema)) {
    status = baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_column_memory_release(&memory);
  return status;
}

/* --- Arrays: structs and pointers lie in the export's arena, so that releasing frees nothing but a reference. --- */

static void array_release(struct ArrowArray *array) {
  for (int64_t i = 0; i < array->n_children; i++) {
    if (array->children[i]->release != NULL) {
      array->children[i]->release(array->children[i]);
    }
  }
  if (array->dictionary != NULL && array->dictionary->release != NULL) {
    array->dictionary->release(array->dictionary);
  }
  array->release = NULL;
  export_drop(array->private_data);
}

static struct ArrowArray *array_make(export *owner, const baro_column *column);

static bool array_fill(export *owner, const baro_column *column, struct ArrowArray *array) {
  baro_arena *keep = &owner->memory.arena;
  *array = (struct ArrowArray){
      .length = column->length,
      .null_count = column->null_count,
      .n_buffers = column->buffer_count,
      .n_children = (int64_t)column->child_count,
      .buffers = baro_arena_array(keep, (size_t)column->buffer_count, sizeof(void *)),
      .private_data = owner,
  };
  if (array->buffers == NULL) {
    return false;
  }
  memcpy(array->buffers, column->buffers, (size_t)column->buffer_count * sizeof(void *));
  if (column->child_count != 0) {
    array->children = baro_arena_array(keep, column->child_count, sizeof(struct ArrowArray *));
  }
  bool good = column->child_count == 0 || array->children != NULL;
  for (size_t i = 0; good && i < column->child_count; i++) {
    array->children[i] = array_make(owner, &column->children[i]);
    good = array->children[i] != NULL;
  }
  if (good && column->dictionary != NULL) {
    array->dictionary = array_make(owner, column->dictionary);
    good = array->dictionary != NULL;
  }
  array->release = array_release;
  atomic_fetch_add_explicit(&owner->references, 1, memory_order_relaxed);
  return good;
}

static struct ArrowArray *array_make(export *owner, const baro_column *column) {
  struct ArrowArray *array = baro_arena_alloc(&owner->memory.arena, sizeof(*array));
  return array != NULL && array_fill(owner, column, array) ? array : NULL;
}

/* --- The stream --- */

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  export *owner = stream->private_data;
  if (schema_make(&owner->root, out)) {
    owner->last_error = NULL;
    return 0;
  }
  owner->last_error = "out of memory";
  return ENOMEM;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  export *owner = stream->private_data;
  *out = owner->array;
  owner->array.release = NULL;
  owner->last_error = NULL;
  return 0;
}

static const char *stream_last_error(struct ArrowArrayStream *stream) {
  return ((export *)stream->private_data)->last_error;
}

static void stream_release(struct ArrowArrayStream *stream) {
  export *owner = stream->private_data;
  if (owner->array.release != NULL) {
    owner->array.release(&owner->array);
  }
  stream->release = NULL;
  export_drop(owner);
}

baro_status baro_arrow_stream(const baro_table_spec *table, baro_shared_profile *shared,
                              struct ArrowArrayStream *ret_stream, baro_error *err) {
  export *owner = calloc(1, sizeof(*owner));
  if (owner == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  atomic_init(&owner->references, 1);
  owner->shared = baro_shared_profile_hold(shared);
  baro_status status = baro_table_build(table, shared->profile, &owner->memory, &owner->root, err);
  /* The references of a half-made array go with its owner. */
  if (status == BARO_OK && !array_fill(owner, &owner->root, &owner->array)) {
    status = baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  if (status != BARO_OK) {
    export_destroy(owner);
    return status;
  }
  *ret_stream = (struct ArrowArrayStream){
      .get_schema = stream_schema,
      .get_next = stream_next,
      .get_last_error = stream_last_error,
      .release = stream_release,
      .private_data = owner,
  };
  return BARO_OK;
}

/* --- Streams of parts --- */

typedef struct part_stream {
  const baro_table_spec *table;
  baro_shared_profile *shared; /* held */
  char *run_id;                /* owned */
  char *source_hashes;         /* owned */
  baro_table_part part;        /* the next one */
  uint32_t batch_rows;
  baro_error err; /* of the last call */
} part_stream;

static int error_number(baro_status status) {
  return status == BARO_NO_MEMORY ? ENOMEM : EINVAL;
}

static int parts_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  part_stream *self = stream->private_data;
  baro_status status = baro_arrow_schema(self->table, out, &self->err);
  return status == BARO_OK ? 0 : error_number(status);
}

/* The array is the only one that holds its export. */
static baro_status make_part(part_stream *self, struct ArrowArray *out) {
  export *owner = calloc(1, sizeof(*owner));
  if (owner == NULL) {
    return baro_error_set(&self->err, BARO_NO_MEMORY, "out of memory");
  }
  atomic_init(&owner->references, 1);
  owner->shared = baro_shared_profile_hold(self->shared);
  baro_status status = baro_table_build_part(self->table, self->shared->profile, &self->part,
                                             &owner->memory, &owner->root, &self->err);
  if (status == BARO_OK && !array_fill(owner, &owner->root, &owner->array)) {
    status = baro_error_set(&self->err, BARO_NO_MEMORY, "out of memory");
  }
  if (status != BARO_OK) {
    export_destroy(owner);
    return status;
  }
  *out = owner->array;
  export_drop(owner);
  return BARO_OK;
}

static int parts_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  part_stream *self = stream->private_data;
  uint64_t left = self->table->row_count(self->shared->profile) - self->part.first;
  out->release = NULL; /* the end, as the interface says it */
  if (left == 0) {
    return 0;
  }
  self->part.count = left < self->batch_rows ? (uint32_t)left : self->batch_rows;
  baro_status status = make_part(self, out);
  if (status != BARO_OK) {
    return error_number(status);
  }
  self->part.first += self->part.count;
  return 0;
}

static const char *parts_last_error(struct ArrowArrayStream *stream) {
  return ((part_stream *)stream->private_data)->err.message;
}

static void parts_release(struct ArrowArrayStream *stream) {
  part_stream *self = stream->private_data;
  baro_shared_profile_drop(self->shared);
  free(self->run_id);
  free(self->source_hashes);
  free(self);
  stream->release = NULL;
}

baro_status baro_arrow_stream_parts(const baro_table_spec *table, baro_shared_profile *shared,
                                    const baro_table_part *told, uint32_t batch_rows,
                                    struct ArrowArrayStream *ret_stream, baro_error *err) {
  part_stream *self = calloc(1, sizeof(*self));
  char *run_id = strdup(told->run_id);
  baro_view hashes = told->source_hashes;
  char *source_hashes = malloc(hashes.length + 1);
  if (self == NULL || run_id == NULL || source_hashes == NULL) {
    free(self);
    free(run_id);
    free(source_hashes);
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  if (hashes.length != 0) {
    memcpy(source_hashes, hashes.data, hashes.length);
  }
  *self = (part_stream){
      .table = table,
      .shared = baro_shared_profile_hold(shared),
      .run_id = run_id,
      .source_hashes = source_hashes,
      .part = {.run_id = run_id,
               .ingestion_day = told->ingestion_day,
               .source_hashes = {.data = (const uint8_t *)source_hashes, .length = hashes.length}},
      .batch_rows = batch_rows,
  };
  *ret_stream = (struct ArrowArrayStream){
      .get_schema = parts_schema,
      .get_next = parts_next,
      .get_last_error = parts_last_error,
      .release = parts_release,
      .private_data = self,
  };
  return BARO_OK;
}
