/* Tables for other libraries: values and nulls in Arrow's layout, and memory that lives as long as anyone
 * holds a part of it (the address sanitizer sees a part that is freed too early, or never). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "pyext/arrow_export.h"
#include "pyext/tables.h"
#include "support/profile_fixture.h"

enum { SAMPLES = 20 };

/* main calls load; load waits for disk in odd samples. A function without file, line or origin stands beside. */
static baro_shared_profile *make_profile(void) {
  given made = given_begin();
  uint32_t process = given_process(&made, 7, BARO_NONE_ID);
  uint32_t thread = given_thread(&made, process, 7, "main", true);
  uint32_t root = given_stack(&made, BARO_NONE_ID, given_function(&made, "main", "a.py", 1, 0), 3);
  uint32_t load = given_stack(&made, root, given_function(&made, "l\xff", "a.py", 9, 0), 11);
  for (uint64_t i = 0; i < SAMPLES; i++) {
    given_sample(&made, thread, load, i % 2 == 0 ? BARO_STATE_GIL : BARO_STATE_DISK, i * MS + MS,
                 MS);
  }
  given_sample(&made, thread, BARO_NONE_ID, BARO_STATE_IDLE, SAMPLES * MS + MS, MS);
  baro_shared_profile *shared = baro_shared_profile_create(given_profile(&made), "x.baro");
  assert_non_null(shared);
  return shared;
}

/* The stream of a profile that nobody else holds. */
static struct ArrowArrayStream stream_alone(const baro_table_spec *table) {
  struct ArrowArrayStream stream;
  baro_shared_profile *shared = make_profile();
  assert_int_equal(baro_arrow_stream(table, shared, &stream, NULL), BARO_OK);
  baro_shared_profile_drop(shared);
  return stream;
}

static struct ArrowArray array_alone(const baro_table_spec *table) {
  struct ArrowArrayStream stream = stream_alone(table);
  struct ArrowArray array;
  assert_int_equal(stream.get_next(&stream, &array), 0);
  assert_non_null(array.release);
  stream.release(&stream);
  assert_null(stream.release);
  return array;
}

static size_t column_of(const baro_table_spec *table, const char *name) {
  for (size_t i = 0; i < table->column_count; i++) {
    if (strcmp(table->columns[i].name, name) == 0)
      return i;
  }
  fail_msg("no column %s in %s", name, table->name);
  return 0;
}

/* Text of a row, or NULL; static until the next call. */
static const char *text_of(const struct ArrowArray *column, int64_t row) {
  static char text[64];
  const uint8_t *validity = column->buffers[0];
  if (validity != NULL && (validity[row / 8] >> row % 8 & 1) == 0)
    return NULL;
  const int32_t *offsets = column->buffers[1];
  size_t length = (size_t)(offsets[row + 1] - offsets[row]);
  assert_true(length < sizeof(text));
  memcpy(text, (const char *)column->buffers[2] + offsets[row], length);
  text[length] = '\0';
  return text;
}

static void test_schema_of_every_table(void **state) {
  (void)state;
  for (size_t i = 0; i < baro_table_count; i++) {
    const baro_table_spec *table = baro_tables[i];
    assert_ptr_equal(baro_table_find(table->name), table);
    struct ArrowSchema schema;
    assert_int_equal(baro_arrow_schema(table, &schema, NULL), BARO_OK);
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, table->column_count);
    for (size_t c = 0; c < table->column_count; c++) {
      assert_string_equal(schema.children[c]->name, table->columns[c].name);
      assert_non_null(baro_column_kind_text(table->columns[c].kind));
    }
    schema.release(&schema);
    assert_null(schema.release);
  }
  assert_null(baro_table_find("no such table"));
}

static void test_every_column_gets_its_values_in_one_way(void **state) {
  (void)state;
  for (size_t i = 0; i < baro_table_count; i++) {
    for (size_t c = 0; c < baro_tables[i]->column_count; c++) {
      const baro_column_spec *column = &baro_tables[i]->columns[c];
      int ways = (column->borrow != NULL) + (column->compute_state != NULL) +
                 (column->compute != NULL) + (column->number != NULL) + (column->real != NULL) +
                 (column->text != NULL) + (column->states != NULL);
      if (ways != 1)
        fail_msg("%s.%s has %d functions", baro_tables[i]->name, column->name, ways);
    }
  }
}

static void test_values_and_nulls(void **state) {
  (void)state;
  const baro_table_spec *table = &baro_table_functions;
  struct ArrowArray array = array_alone(table);
  assert_int_equal(array.length, 3);
  const struct ArrowArray *names = array.children[column_of(table, "name")];
  const struct ArrowArray *files = array.children[column_of(table, "file")];
  const struct ArrowArray *lines = array.children[column_of(table, "line")];
  const uint64_t *self = array.children[column_of(table, "self_ns")]->buffers[1];
  int64_t seen = 0;
  for (int64_t row = 0; row < array.length; row++) {
    if (strcmp(text_of(names, row), "l\xef\xbf\xbd") == 0) {
      assert_string_equal(text_of(files, row), "a.py");
      assert_int_equal(((const uint32_t *)lines->buffers[1])[row], 9);
      assert_int_equal(self[row], SAMPLES * MS);
      seen++;
    } else if (strcmp(text_of(names, row), "(unreadable)") == 0) {
      assert_null(text_of(files, row));
      assert_int_equal(((const uint8_t *)lines->buffers[0])[0] >> row & 1, 0);
      seen++;
    }
  }
  assert_int_equal(seen, 2);
  assert_int_equal(files->null_count, 1);
  assert_int_equal(lines->null_count, 1);
  array.release(&array);
  assert_null(array.release);
}

static void test_columns_of_the_profile_are_not_copied(void **state) {
  (void)state;
  const baro_table_spec *table = &baro_table_samples;
  baro_shared_profile *shared = make_profile();
  struct ArrowArrayStream stream;
  struct ArrowArray array;
  assert_int_equal(baro_arrow_stream(table, shared, &stream, NULL), BARO_OK);
  assert_int_equal(stream.get_next(&stream, &array), 0);
  const baro_profile_samples *samples = &shared->profile->samples;
  assert_int_equal(array.length, SAMPLES + 1);
  assert_ptr_equal(array.children[column_of(table, "time_ns")]->buffers[1], samples->time_ns);
  assert_ptr_equal(array.children[column_of(table, "node_index")]->buffers[1], samples->node);
  const struct ArrowArray *states = array.children[column_of(table, "state")];
  assert_ptr_equal(states->buffers[1], samples->state);
  assert_string_equal(text_of(states->dictionary, samples->state[0]), "gil");
  assert_string_equal(text_of(states->dictionary, samples->state[1]), "disk");
  struct ArrowArray end;
  assert_int_equal(stream.get_next(&stream, &end), 0);
  assert_null(end.release);
  array.release(&array);
  stream.release(&stream);
  baro_shared_profile_drop(shared);
}

static void test_root_of_the_tree_has_no_parent(void **state) {
  (void)state;
  const baro_table_spec *table = &baro_table_nodes;
  struct ArrowArray array = array_alone(table);
  const struct ArrowArray *parents = array.children[column_of(table, "parent_node_index")];
  const uint64_t *totals = array.children[column_of(table, "total_ns")]->buffers[1];
  assert_int_equal(parents->null_count, 1);
  assert_int_equal(*(const uint8_t *)parents->buffers[0] & 3, 2);
  assert_int_equal(totals[0], SAMPLES * MS); /* idle is left out */
  array.release(&array);
}

static void test_stream_that_nobody_reads(void **state) {
  (void)state;
  for (size_t i = 0; i < baro_table_count; i++) {
    struct ArrowArrayStream stream = stream_alone(baro_tables[i]);
    stream.release(&stream);
  }
}

static void test_children_moved_out_outlive_the_array(void **state) {
  (void)state;
  const baro_table_spec *table = &baro_table_samples;
  struct ArrowArray array = array_alone(table);
  struct ArrowArray *place = array.children[column_of(table, "state")];
  struct ArrowArray moved = *place;
  place->release = NULL;
  array.release(&array);
  assert_string_equal(text_of(moved.dictionary, ((const uint8_t *)moved.buffers[1])[0]), "gil");
  moved.release(&moved);
}

static void test_schemas_moved_out_outlive_the_schema(void **state) {
  (void)state;
  struct ArrowSchema schema;
  assert_int_equal(baro_arrow_schema(&baro_table_functions, &schema, NULL), BARO_OK);
  struct ArrowSchema *place = schema.children[column_of(&baro_table_functions, "states")];
  struct ArrowSchema moved = *place;
  place->release = NULL;
  schema.release(&schema);
  assert_string_equal(moved.children[0]->name, "cpu");
  moved.release(&moved);
}

static void *release_elsewhere(void *context) {
  struct ArrowArray *array = context;
  array->release(array);
  return NULL;
}

static void test_last_release_may_be_in_another_thread(void **state) {
  (void)state;
  enum { THREADS = 4 };
  baro_shared_profile *shared = make_profile();
  struct ArrowArray arrays[THREADS];
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    struct ArrowArrayStream stream;
    assert_int_equal(baro_arrow_stream(&baro_table_samples, shared, &stream, NULL), BARO_OK);
    assert_int_equal(stream.get_next(&stream, &arrays[i]), 0);
    stream.release(&stream);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, release_elsewhere, &arrays[i]), 0);
  }
  baro_shared_profile_drop(shared);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
}

/* Claims a GiB that it does not write. */
static void huge_text(const baro_profile *profile, uint32_t row, baro_buffer *out) {
  (void)profile;
  (void)row;
  out->length += (size_t)1 << 30;
}

static void test_text_beyond_the_limit_is_refused(void **state) {
  (void)state;
  static const baro_column_spec columns[] = {
      {.name = "huge", .kind = BARO_COLUMN_TEXT, .text = huge_text},
  };
  baro_table_spec table = baro_table_functions;
  table.columns = columns;
  table.column_count = 1;
  baro_shared_profile *shared = make_profile();
  struct ArrowArrayStream stream = {0};
  baro_error err;
  assert_int_equal(baro_arrow_stream(&table, shared, &stream, &err), BARO_LIMIT);
  assert_string_equal(err.message, "column huge has more than 1073741824 bytes");
  assert_null(stream.release);
  baro_shared_profile_drop(shared);
}

static void test_recording_without_rows(void **state) {
  (void)state;
  given made = given_begin();
  baro_shared_profile *shared = baro_shared_profile_create(given_profile(&made), "x.baro");
  for (size_t i = 0; i < baro_table_count; i++) {
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    assert_int_equal(baro_arrow_stream(baro_tables[i], shared, &stream, NULL), BARO_OK);
    assert_int_equal(stream.get_next(&stream, &array), 0);
    assert_int_equal(array.length, baro_tables[i] == &baro_table_nodes ? 1 : 0);
    for (int64_t c = 0; c < array.n_children; c++) {
      const struct ArrowArray *column = array.children[c];
      for (int64_t b = 1; b < column->n_buffers; b++) {
        assert_non_null(column->buffers[b]);
      }
    }
    array.release(&array);
    stream.release(&stream);
  }
  baro_shared_profile_drop(shared);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_schema_of_every_table),
      cmocka_unit_test(test_every_column_gets_its_values_in_one_way),
      cmocka_unit_test(test_values_and_nulls),
      cmocka_unit_test(test_columns_of_the_profile_are_not_copied),
      cmocka_unit_test(test_root_of_the_tree_has_no_parent),
      cmocka_unit_test(test_stream_that_nobody_reads),
      cmocka_unit_test(test_children_moved_out_outlive_the_array),
      cmocka_unit_test(test_schemas_moved_out_outlive_the_schema),
      cmocka_unit_test(test_last_release_may_be_in_another_thread),
      cmocka_unit_test(test_text_beyond_the_limit_is_refused),
      cmocka_unit_test(test_recording_without_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
