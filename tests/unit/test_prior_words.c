/* Words of a text: what is cut where, what is a pair, what is a name; and that nothing is read beyond a text's end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain/prior_words.h"

static void gather(void *context, const char *key, size_t length) {
  baro_buffer *all = context;
  assert_true(length > 0 && length <= BARO_PRIOR_KEY_MAX);
  baro_write_bytes(all, key, length);
  baro_write_u8(all, '|');
}

/* All that is told of a text, which stands at the end of its memory so that reading on is seen. */
static void check_bytes(const char *text, size_t length, baro_prior_part part,
                        const char *expected) {
  uint8_t *copy = malloc(length + 1);
  baro_buffer found = {0};
  assert_non_null(copy);
  memcpy(copy, text, length);
  copy = realloc(copy, length > 0 ? length : 1);
  baro_prior_words((baro_view){.data = copy, .length = length}, part, gather, &found);
  baro_write_u8(&found, '\0');
  assert_string_equal((const char *)found.data, expected);
  baro_buffer_release(&found);
  free(copy);
}

static void check(const char *text, const char *expected) {
  check_bytes(text, strlen(text), BARO_PRIOR_TEXT, expected);
}

static void names_are_cut_where_case_changes(void **state) {
  (void)state;
  check("HashJoin", "hash|join|hash join|=hashjoin|");
  check("HTTPServer2Go", "http|server2|http server2|go|server2 go|=httpserver2go|");
  check("open_file", "open|file|open file|=openfile|");
  check("md5sum", "md5sum|=md5sum|");
  check("ABC", "abc|=abc|");
  check("ABc", "bc|=abc|"); /* "A" alone is too short */
}

static void pairs_do_not_cross_statements(void **state) {
  (void)state;
  check("fs.open", "fs|open|fs open|=fs|=open|");
  check("fs(open)", "fs|open|=fs|=open|");
  check("one;two", "one|two|=one|=two|");
  check("one - two", "one|two|one two|=one|=two|");
  check("one -- two", "one|two|=one|=two|"); /* four between */
  check("one a two", "one|two|=one|=a|=two|");
}

static void short_long_and_numeric_words_do_not_count(void **state) {
  (void)state;
  check("a 1 22 3d", "=a|=1|=22|=3d|");
  check("abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvwx|=abcdefghijklmnopqrstuvwx|");
  check("abcdefghijklmnopqrstuvwxy", "=abcdefghijklmnopqrstuvwxy|");
  check("a23456789_123456789_123456789_123456789_12345678",
        "a23456789|=a23456789123456789123456789123456789"
        "12345678|");
  check("a23456789_123456789_123456789_123456789_123456789", "a23456789|"); /* 49 long */
}

static void of_a_name_words_are_marked(void **state) {
  (void)state;
  check_bytes("FileScan parquet", 16, BARO_PRIOR_NAME, "^file|^scan|^parquet|");
}

static void any_bytes_may_come(void **state) {
  (void)state;
  check("", "");
  check("\xc3\xa4"
        "file\xff"
        "file",
        "file|file|=file|=file|");
  check_bytes("file\0file", 9, BARO_PRIOR_TEXT, "file|file|=file|=file|");
  check_bytes("A", 1, BARO_PRIOR_TEXT, "=a|");
  check_bytes("fileA", 5, BARO_PRIOR_TEXT, "file|=filea|");
}

static void count(void *context, const char *key, size_t length) {
  (void)key;
  (void)length;
  (*(size_t *)context)++;
}

static void a_text_has_an_end(void **state) {
  (void)state;
  size_t length = BARO_PRIOR_TEXT_MAX + 300;
  uint8_t *text = malloc(length);
  size_t found = 0;
  assert_non_null(text);
  for (size_t i = 0; i < length; i++) {
    text[i] = i % 4 == 3 ? ';' : 'x'; /* "xxx;xxx;" */
  }
  baro_prior_words((baro_view){.data = text, .length = length}, BARO_PRIOR_TEXT, count, &found);
  assert_int_equal(found, 2 * BARO_PRIOR_TEXT_MAX / 4); /* a word and a name each */
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_cut_where_case_changes),
      cmocka_unit_test(pairs_do_not_cross_statements),
      cmocka_unit_test(short_long_and_numeric_words_do_not_count),
      cmocka_unit_test(of_a_name_words_are_marked),
      cmocka_unit_test(any_bytes_may_come),
      cmocka_unit_test(a_text_has_an_end),
  };
  return cmocka_run_group_tests_name("prior_words", tests, NULL, NULL);
}
