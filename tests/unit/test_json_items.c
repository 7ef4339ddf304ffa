/* Elements of a big array: none lost or joined wherever reads end, spaces and newlines where writers put them, and a document that ends
 * early counts up to there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/json_items.h"

typedef struct document {
  baro_view bytes;
  baro_log_source source;
  baro_log_input *input;
  baro_json_items items;
} document;

static void open_document(document *all, const char *text, size_t limit) {
  all->bytes = baro_view_of(text);
  all->source = baro_log_source_of_bytes(&all->bytes);
  assert_int_equal(baro_log_input_create(&all->source, &all->input, NULL), BARO_OK);
  baro_json_items_init(&all->items, all->input, "events", limit);
}

static void close_document(document *all) {
  baro_json_items_release(&all->items);
  baro_log_input_destroy(all->input);
}

/* All of it: "name=value|" of members, "value|" of elements. */
static void check(const char *text, const char *expected, baro_status ending) {
  document all;
  baro_json_item item;
  baro_buffer found = {0};
  open_document(&all, text, 1000);
  while (baro_json_items_next(&all.items, &item)) {
    if (item.name.data != NULL) {
      baro_write_bytes(&found, item.name.data, item.name.length);
      baro_write_text(&found, "=");
    }
    baro_write_bytes(&found, item.value.data, item.value.length);
    baro_write_text(&found, "|");
  }
  if (!baro_view_equal((baro_view){.data = found.data, .length = found.length},
                       baro_view_of(expected)))
    fail_msg("%s: %.*s", text, (int)found.length, (const char *)found.data);
  assert_int_equal(all.items.ending.status, ending);
  assert_false(baro_json_items_next(&all.items, &item));
  baro_buffer_release(&found);
  close_document(&all);
}

static void documents_of_all_kinds(void **state) {
  (void)state;
  check("{\"events\":[{\"a\":1},{\"b\":[2,3]}],\"c\":4}", "{\"a\":1}|{\"b\":[2,3]}|c=4|", BARO_OK);
  check("[{\"a\":1}, 2 ,\"x]\"]", "{\"a\":1}|2|\"x]\"|", BARO_OK);
  check("\xef\xbb\xbf \n[\n{\n\"a\"\n:\n1\n}\n,\n]\n", "{ \"a\" : 1 }|", BARO_OK);
  check("{\"s\" : \"a\\\"}\\\\\" , \"events\" : [ ] }", "s=\"a\\\"}\\\\\"|", BARO_OK);
  check("{\"n\":{\"events\":[1]},\"events\":{\"x\":[1]}}", "n={\"events\":[1]}|events={\"x\":[1]}|",
        BARO_OK);
  check("{}", "", BARO_OK);
  check("[]", "", BARO_OK);
}

/* A bare array may lack its end, and what was being written goes. */
static void documents_that_end_early(void **state) {
  (void)state;
  check("[{\"a\":1},", "{\"a\":1}|", BARO_OK);
  check("[{\"a\":1}", "{\"a\":1}|", BARO_OK);
  check("[{\"a\":1},{\"b\":", "{\"a\":1}|", BARO_TRUNCATED);
  check("{\"events\":[{\"a\":1},", "{\"a\":1}|", BARO_TRUNCATED);
  check("{\"events\":[{\"a\":1}]", "{\"a\":1}|", BARO_TRUNCATED);
  check("{\"events\":[{\"a\":1}],\"c", "{\"a\":1}|", BARO_TRUNCATED);
  check("{\"events\" ", "", BARO_TRUNCATED);
}

static void what_is_no_document(void **state) {
  (void)state;
  check("", "", BARO_INVALID);
  check("words", "", BARO_INVALID);
  check("[1 2]", "1|", BARO_INVALID);
  check("{\"a\" 1}", "", BARO_INVALID);
  check("{a:1}", "", BARO_INVALID);
  check("[1] 2", "1|", BARO_INVALID);
  check("{\"a\":1}}", "a=1|", BARO_INVALID);
}

static void keep_progress(void *context, uint64_t done_bytes, uint64_t all_bytes) {
  uint64_t *done = context;
  assert_int_equal(all_bytes, 3000000);
  assert_true(done_bytes > *done && done_bytes <= all_bytes);
  *done = done_bytes;
}

/* Told while reading, and never more than there is. */
static void progress_is_told(void **state) {
  (void)state;
  uint64_t done = 0;
  const baro_log_progress progress = {.show = keep_progress, .context = &done};
  baro_buffer text = {0};
  document all;
  baro_json_item item;
  baro_write_text(&text, "[1");
  while (text.length < 3000000 - 2)
    baro_write_text(&text, ",1");
  baro_write_text(&text, " ]");
  baro_write_u8(&text, 0);
  open_document(&all, (const char *)text.data, 1000);
  all.items.progress = &progress;
  all.items.all_bytes = text.length - 1;
  assert_true(baro_json_items_next(&all.items, &item));
  assert_true(done > 0 && done < 3000000);
  while (baro_json_items_next(&all.items, &item))
    assert_int_equal(item.value.length, 1);
  assert_int_equal(done, 3000000);
  assert_int_equal(all.items.given, 3000000 / 2 - 1);
  close_document(&all);
  baro_buffer_release(&text);
}

/* More than a window, and more than one read: each comes whole, and in order; too long ones are counted. */
static void many_of_all_lengths(void **state) {
  (void)state;
  enum { ITEMS = 4000 };
  baro_buffer text = {0};
  document all;
  baro_json_item item;
  baro_write_text(&text, "{\"events\":[");
  for (int i = 0; i < ITEMS; i++) {
    baro_write_format(&text, "%s{\"n\":%d,\n\"x\":\"", i == 0 ? "" : ",", i);
    for (int k = 0; k < i * 7919 % 2000; k++)
      baro_write_text(&text, "\\\\");
    baro_write_text(&text, "\"}");
  }
  baro_write_text(&text, "]}");
  baro_write_u8(&text, 0);
  open_document(&all, (const char *)text.data, 3000);
  int expected = 0, left_out = 0;
  for (;; expected++) {
    char start[32];
    int length = snprintf(start, sizeof(start), "{\"n\":%d, \"x\":\"", expected);
    size_t bytes = (size_t)length + (size_t)(expected * 7919 % 2000 * 2) + 2;
    if (expected < ITEMS && bytes > 3000) {
      left_out++;
      continue;
    }
    if (!baro_json_items_next(&all.items, &item))
      break;
    assert_int_equal(item.value.length, bytes);
    assert_memory_equal(item.value.data, start, (size_t)length);
  }
  assert_int_equal(expected, ITEMS);
  assert_int_equal(all.items.too_long, left_out);
  assert_int_equal(all.items.ending.status, BARO_OK);
  assert_int_equal(all.items.given + all.items.too_long, ITEMS);
  assert_true(all.items.too_long > 500);
  assert_true(all.items.capacity <= 2u << 20);
  close_document(&all);
  baro_buffer_release(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(documents_of_all_kinds), cmocka_unit_test(documents_that_end_early),
      cmocka_unit_test(what_is_no_document),    cmocka_unit_test(progress_is_told),
      cmocka_unit_test(many_of_all_lengths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
