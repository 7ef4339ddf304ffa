/* Which code is recorded: wrong here means calls that nobody asked for, or a program that seems to call nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/agent/patterns.h"

/* Made of at most three globs. */
static baro_patterns patterns_of(const char *first, const char *second, const char *third) {
  baro_patterns patterns = {0};
  const char *globs[] = {first, second, third};
  for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
    assert_true(globs[i] == NULL || baro_patterns_add_glob(&patterns, globs[i]));
  }
  assert_true(baro_patterns_add_library(&patterns, "/usr/lib/python3"));
  assert_true(baro_patterns_set_startup(&patterns, "/opt/barograph/_startup"));
  return patterns;
}

static const baro_pattern_subject own = {"shop.stock", "Box.put", "/home/me/shop/stock.py",
                                         "/home/me/shop/stock.py", ""};

static bool asks_for(const char *glob, const baro_pattern_subject *subject) {
  baro_patterns patterns = patterns_of(glob, NULL, NULL);
  bool matches = baro_patterns_match(&patterns, subject);
  baro_patterns_release(&patterns);
  return matches;
}

static bool is_own(const char *file, const char *module, const char *module_file) {
  baro_pattern_subject subject = {module, "f", file, module_file, ""};
  bool by_default = asks_for(NULL, &subject);
  assert_int_equal(by_default, asks_for("*", &subject));
  return by_default;
}

static void the_users_own_code_is_the_default(void **state) {
  (void)state;
  assert_true(is_own("/home/me/app.py", "app", "/home/me/app.py"));
  assert_true(is_own("app.py", "__main__", "app.py"));
  assert_true(is_own("/usr/lib/python3x/app.py", "app", "")); /* another folder */
  assert_false(is_own("/usr/lib/python3/json/decoder.py", "json.decoder", ""));
  assert_false(is_own("/home/me/.venv/lib/site-packages/click/core.py", "click.core", ""));
  assert_false(is_own("site-packages/click/core.py", "click.core", ""));
  assert_false(is_own("/usr/lib/dist-packages/apt.py", "apt", ""));
  assert_true(is_own("/home/me/my-site-packages/app.py", "app", ""));
  assert_true(is_own("/home/me/site-packages.py", "app", ""));
  assert_false(is_own("<frozen importlib._bootstrap>", "importlib._bootstrap", ""));
  assert_false(is_own("/opt/barograph/_startup/sitecustomize.py", "sitecustomize", ""));
}

static void code_without_a_file_belongs_where_it_runs(void **state) {
  (void)state;
  assert_true(is_own("<string>", "app", "/home/me/app.py"));
  assert_true(is_own("<stdin>", "__main__", ""));
  assert_false(is_own("<string>", "click.core", "/lib/site-packages/click/core.py"));
  assert_false(is_own("<string>", "namedtuple_Point", ""));
}

static void globs_match_module_or_qualified_name(void **state) {
  (void)state;
  static const char *const matching[] = {"shop.*",      "shop.stock", "shop.stock.Box.put",
                                         "*.Box.put",   "*put",       "shop.st?ck.Box.*",
                                         "shop.[rs]*k", "*.stock",    "shop.stock.Box.[!x]ut"};
  for (size_t i = 0; i < sizeof(matching) / sizeof(matching[0]); i++) {
    assert_true(asks_for(matching[i], &own));
  }
  static const char *const others[] = {"shop", "shop.stock.Box", "stock.*",
                                       "",     "Box.put",        "shop.stock.Box.pu",
                                       "**x",  "shop.stoc[",     "SHOP.STOCK.*"};
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    assert_false(asks_for(others[i], &own));
  }
  baro_pattern_subject slash = {"a\\b", "f", "/a.py", "/a.py", ""};
  assert_true(asks_for("a\\b.f", &slash)); /* a backslash is one */
}

static void libraries_are_recorded_where_asked_for(void **state) {
  (void)state;
  baro_pattern_subject decoder = {"json.decoder", "JSONDecoder.decode",
                                  "/usr/lib/python3/json/decoder.py", "", ""};
  assert_true(asks_for("json.*", &decoder));
  assert_false(asks_for("shop.*", &decoder));
  baro_pattern_subject hook = {"sitecustomize", "f", "/opt/barograph/_startup/sitecustomize.py", "",
                               ""};
  assert_false(asks_for("sitecustomize", &hook)); /* ours never */
}

static void the_script_has_two_names(void **state) {
  (void)state;
  baro_pattern_subject script = {"__main__", "main", "/home/me/app.py", "/home/me/app.py", "app"};
  assert_true(asks_for("__main__.main", &script));
  assert_true(asks_for("app.main", &script));
  assert_true(asks_for("app", &script));
  script.module =
      "__mp_main__"; /* in a process that multiprocessing spawned: what was asked for holds there */
  assert_true(asks_for("__main__.main", &script));
  assert_true(asks_for("__mp_main__.main", &script));
  assert_true(asks_for("app.main", &script));
  baro_patterns without = patterns_of("*", "-__main__.main", NULL);
  assert_true(baro_patterns_leave_out(&without, &script));
  baro_patterns_release(&without);
  script.import_name = "";
  assert_false(asks_for("app.main", &script));
}

static void several_patterns_add_up(void **state) {
  (void)state;
  baro_pattern_subject decoder = {"json.decoder", "f", "/usr/lib/python3/json/decoder.py", "", ""};
  baro_patterns patterns = patterns_of("json.*", "*", "nowhere.*");
  assert_true(baro_patterns_match(&patterns, &decoder));
  assert_true(baro_patterns_match(&patterns, &own));
  baro_patterns_release(&patterns);
  patterns = patterns_of("json.*", "nowhere.*", NULL);
  assert_true(baro_patterns_match(&patterns, &decoder));
  assert_false(baro_patterns_match(&patterns, &own));
  baro_patterns_release(&patterns);
}

static void trace_alone_asks_for_nothing_else(void **state) {
  (void)state;
  baro_patterns patterns = patterns_of("@trace", NULL, NULL);
  assert_true(baro_patterns_only_marked(&patterns));
  assert_false(baro_patterns_match(&patterns, &own)); /* marks are looked at before patterns */
  assert_false(baro_patterns_exclude_file(&patterns, "/usr/lib/python3/json/decoder.py"));
  baro_patterns_release(&patterns);
  patterns = patterns_of("@trace", "shop.*", NULL);
  assert_false(baro_patterns_only_marked(&patterns));
  assert_true(baro_patterns_match(&patterns, &own));
  baro_patterns_release(&patterns);
}

static void names_of_left_out_files_need_not_be_known(void **state) {
  (void)state;
  baro_patterns patterns = patterns_of("*", NULL, NULL);
  assert_true(baro_patterns_exclude_file(&patterns, "/usr/lib/python3/json/decoder.py"));
  assert_false(baro_patterns_exclude_file(&patterns, "/home/me/app.py"));
  baro_patterns_release(&patterns);
  patterns = patterns_of("json.*", NULL, NULL);
  assert_false(baro_patterns_exclude_file(&patterns, "/usr/lib/python3/json/decoder.py"));
  baro_patterns_release(&patterns);
}

static void what_begins_with_a_minus_is_left_out(void **state) {
  (void)state;
  assert_false(asks_for("-shop.stock.Box.put", &own));
  assert_false(asks_for("-shop.*", &own));
  assert_true(asks_for("-shop.stock.Box",
                       &own)); /* nothing is called so: of the own code all is recorded */
  baro_patterns patterns = patterns_of("shop.*", "-*.put", "@trace");
  assert_false(baro_patterns_match(&patterns, &own));
  assert_true(baro_patterns_leave_out(&patterns, &own)); /* marks too */
  baro_pattern_subject other = own;
  other.qualified_name = "Box.take";
  assert_true(baro_patterns_match(&patterns, &other));
  assert_false(baro_patterns_leave_out(&patterns, &other));
  baro_patterns_release(&patterns);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_users_own_code_is_the_default),
      cmocka_unit_test(code_without_a_file_belongs_where_it_runs),
      cmocka_unit_test(globs_match_module_or_qualified_name),
      cmocka_unit_test(libraries_are_recorded_where_asked_for),
      cmocka_unit_test(the_script_has_two_names),
      cmocka_unit_test(several_patterns_add_up),
      cmocka_unit_test(what_begins_with_a_minus_is_left_out),
      cmocka_unit_test(trace_alone_asks_for_nothing_else),
      cmocka_unit_test(names_of_left_out_files_need_not_be_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
