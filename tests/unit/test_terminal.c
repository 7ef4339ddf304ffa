/* What decides on columns, colour and Unicode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/terminal.h"

static void columns_come_from_the_best_source(void **state) {
  (void)state;
  baro_terminal_facts facts = {.is_terminal = true, .window_columns = 132, .term = "xterm"};
  assert_int_equal(baro_terminal_decide(&facts, BARO_COLOR_AUTO).columns, 132);
  facts.columns = "90";
  assert_int_equal(baro_terminal_decide(&facts, BARO_COLOR_AUTO).columns, 90);
  facts.columns = "wide";
  assert_int_equal(baro_terminal_decide(&facts, BARO_COLOR_AUTO).columns, 132);
  facts.columns = "99999999999999999999";
  assert_int_equal(baro_terminal_decide(&facts, BARO_COLOR_AUTO).columns, BARO_COLUMNS_MAX);
  facts.columns = "3";
  assert_int_equal(baro_terminal_decide(&facts, BARO_COLOR_AUTO).columns, BARO_COLUMNS_MIN);
  facts = (baro_terminal_facts){.is_terminal = false};
  assert_int_equal(baro_terminal_decide(&facts, BARO_COLOR_AUTO).columns, BARO_COLUMNS_PIPED);
}

static bool colored(bool is_terminal, const char *term, const char *no_color,
                    baro_color_choice choice) {
  baro_terminal_facts facts = {.is_terminal = is_terminal, .term = term, .no_color = no_color};
  return baro_terminal_decide(&facts, choice).color;
}

static void color_is_for_terminals_that_want_it(void **state) {
  (void)state;
  assert_true(colored(true, "xterm", NULL, BARO_COLOR_AUTO));
  assert_true(colored(true, "xterm", "", BARO_COLOR_AUTO));
  assert_false(colored(true, "xterm", "1", BARO_COLOR_AUTO));
  assert_false(colored(true, "dumb", NULL, BARO_COLOR_AUTO));
  assert_false(colored(true, NULL, NULL, BARO_COLOR_AUTO));
  assert_false(colored(false, "xterm", NULL, BARO_COLOR_AUTO));
  assert_true(colored(false, "dumb", "1", BARO_COLOR_ALWAYS));
  assert_false(colored(true, "xterm", NULL, BARO_COLOR_NEVER));
}

/* charset NULL: the locale is not installed. */
static bool unicode(const char *locale, const char *charset) {
  baro_terminal_facts facts = {.locale = locale, .charset = charset};
  return baro_terminal_decide(&facts, BARO_COLOR_AUTO).unicode;
}

static void ascii_where_the_locale_is_not_utf8(void **state) {
  (void)state;
  assert_true(unicode(NULL, "ANSI_X3.4-1968")); /* nobody chose */
  assert_true(unicode("", "ANSI_X3.4-1968"));
  assert_false(unicode("C", "ANSI_X3.4-1968"));
  assert_false(unicode("POSIX", "ANSI_X3.4-1968"));
  assert_false(unicode("C", NULL));
  assert_true(unicode("C.UTF-8", "UTF-8"));
  assert_true(unicode("C.UTF-8", NULL));
  assert_true(unicode("de_DE.utf8", NULL));
  assert_true(unicode("de_DE", NULL));
  assert_true(unicode("de_DE", "UTF-8"));
  assert_false(unicode("de_DE", "ISO-8859-1"));
  assert_false(unicode("de_DE.ISO-8859-1", NULL));
  assert_false(unicode("ja_JP.EUC-JP", "EUC-JP"));
}

/* Colour alone must not tell states apart: each has its own letter. */
static void letters_differ(void **state) {
  (void)state;
  for (int a = 0; a < BARO_STATE_COUNT; a++) {
    for (int b = 0; b < a; b++)
      assert_int_not_equal(baro_state_letter((baro_state)a), baro_state_letter((baro_state)b));
  }
}

static void assert_bar(bool color, bool has_unicode, baro_state bar_state, uint32_t cells,
                       const char *expected) {
  baro_terminal terminal = {.columns = 80, .color = color, .unicode = has_unicode};
  baro_buffer out = {0};
  baro_write_bar(&out, &terminal, bar_state, cells);
  baro_write_u8(&out, 0);
  assert_string_equal((const char *)out.data, expected);
  baro_buffer_release(&out);
}

static void bars_show_letters(void **state) {
  (void)state;
  assert_bar(false, true, BARO_STATE_DISK, 3, "ddd");
  assert_bar(false, false, BARO_STATE_CPU, 2, "##");
  assert_bar(false, true, BARO_STATE_CPU, 1, "\xe2\x96\x88");
  assert_bar(true, true, BARO_STATE_DISK, 3, "\033[97;44md  \033[0m");
  assert_bar(true, true, BARO_STATE_DISK, 0, "");
}

/* A background alone would be lost where the text is copied. */
static void running_is_text_in_color_too(void **state) {
  (void)state;
  assert_bar(true, true, BARO_STATE_CPU, 2, "\033[32m\xe2\x96\x88\xe2\x96\x88\033[0m");
  assert_bar(true, false, BARO_STATE_CPU, 3, "\033[32m###\033[0m");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_come_from_the_best_source),
      cmocka_unit_test(color_is_for_terminals_that_want_it),
      cmocka_unit_test(ascii_where_the_locale_is_not_utf8),
      cmocka_unit_test(letters_differ),
      cmocka_unit_test(bars_show_letters),
      cmocka_unit_test(running_is_text_in_color_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
