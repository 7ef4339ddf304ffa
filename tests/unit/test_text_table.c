/* Tables at several widths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/text_table.h"

static const baro_column columns[] = {
    {.title = "n", .right = true},
    {.title = "extra", .drop = 1},
    {.title = "name", .cut = BARO_CUT_MIDDLE, .minimum = 4, .pleasant = 10},
    {.title = "place", .cut = BARO_CUT_START, .minimum = 4},
};

static char *written(uint32_t width, const char *name, const char *place) {
  baro_text_table table;
  baro_text_table_init(&table, columns, 4);
  baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%d", 7);
  baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "xx");
  baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of(name));
  baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of(place));
  baro_terminal terminal = {.columns = width, .unicode = true};
  baro_buffer out = {0};
  baro_text_table_write(&table, &terminal, 1, &out);
  baro_text_table_release(&table);
  baro_write_u8(&out, 0);
  assert_false(out.failed);
  return (char *)out.data; /* freed by the caller */
}

static void assert_written(uint32_t width, const char *name, const char *place,
                           const char *expected) {
  char *text = written(width, name, place);
  assert_string_equal(text, expected);
  free(text);
}

static void wide_enough_shows_all(void **state) {
  (void)state;
  assert_written(60, "function", "file.py:1",
                 " n  extra  name      place\n 7  xx     function  file.py:1\n");
}

static void a_column_goes_before_names_get_unpleasant(void **state) {
  (void)state;
  assert_written(26, "long_function", "file.py:1",
                 " n  name         place\n 7  lon…unction  file.py:1\n");
}

static void names_shrink_at_last(void **state) {
  (void)state;
  assert_written(20, "long_function", "some/file.py:1",
                 " n  name     place\n 7  lo…tion  …e.py:1\n");
}

static void wide_characters_keep_columns_straight(void **state) {
  (void)state;
  assert_written(60, "日本", "p", " n  extra  name  place\n 7  xx     日本  p\n");
}

/* A name of a megabyte must neither take the layout minutes nor show. */
static void endless_names_are_cut_at_once(void **state) {
  (void)state;
  char *name = malloc(1 << 20);
  assert_non_null(name);
  memset(name, 'n', (1 << 20) - 1);
  name[(1 << 20) - 1] = '\0';
  char *text = written(40, name, name);
  for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
    assert_true(baro_text_width(baro_view_of(line)) <= 40);
  free(text);
  free(name);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wide_enough_shows_all),
      cmocka_unit_test(a_column_goes_before_names_get_unpleasant),
      cmocka_unit_test(names_shrink_at_last),
      cmocka_unit_test(wide_characters_keep_columns_straight),
      cmocka_unit_test(endless_names_are_cut_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
