/* Short paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/place.h"

static void assert_place(const char *file, uint32_t line, const char *directory, const char *home,
                         const char *expected) {
  baro_buffer out = {0};
  baro_view view = baro_view_of(file);
  baro_write_place(&out, view, line, baro_origin_of(view), directory, home);
  baro_write_u8(&out, 0);
  assert_string_equal((const char *)out.data, expected);
  baro_buffer_release(&out);
}

static void the_users_files_are_relative(void **state) {
  (void)state;
  assert_place("/srv/app/a.py", 4, "/srv/app", NULL, "a.py:4");
  assert_place("/srv/app/a.py", 4, "/srv/app/", NULL, "a.py:4");
  assert_place("/srv/app2/a.py", 4, "/srv/app", NULL, "/srv/app2/a.py:4");
  assert_place("/home/me/x/a.py", 4, "/srv", "/home/me", "~/x/a.py:4");
  assert_place("/home/me/x/a.py", 4, "/home/me/x", "/home/me", "a.py:4");
  assert_place("./a.py", 4, NULL, NULL, "a.py:4");
  assert_place("/a.py", 4, "/", "", "/a.py:4");
}

static void libraries_are_named(void **state) {
  (void)state;
  assert_place("/usr/lib/python3.12/json/decoder.py", 1, NULL, NULL, "<stdlib>/json/decoder.py:1");
  assert_place("/opt/python3.12/lib/python3.12/re.py", 1, NULL, NULL, "<stdlib>/re.py:1");
  assert_place("/v/lib/python3.9/site-packages/requests/api.py", 1, NULL, NULL,
               "site-packages/requests/api.py:1");
  assert_place("/usr/lib/python3/dist-packages/yaml/a.py", 1, NULL, NULL,
               "dist-packages/yaml/a.py:1");
}

static void what_is_unknown_is_left_out(void **state) {
  (void)state;
  assert_place("", 4, NULL, NULL, "");
  assert_place("/srv/a.py", 0, NULL, NULL, "/srv/a.py");
  assert_place("<string>", 3, "/srv", NULL, "<string>:3");
  assert_place("<frozen importlib._bootstrap>", 3, NULL, NULL, "<frozen importlib._bootstrap>:3");
}

static const char *common(const char *const *files, uint32_t count, baro_arena *arena) {
  static baro_view strings[8];
  static baro_profile_function rows[8];
  for (uint32_t i = 0; i < count; i++) {
    strings[i] = baro_view_of(files[i]);
    rows[i] = (baro_profile_function){.file_string = i, .origin = baro_origin_of(strings[i])};
  }
  baro_profile profile = {
      .strings = strings, .string_count = count, .functions = {.count = count, .rows = rows}};
  return baro_common_folder(&profile, arena);
}

static void the_folder_that_files_share(void **state) {
  (void)state;
  baro_arena arena = {0};
  static const char *const app[] = {"/srv/app/a.py", "/srv/app/pkg/b.py", "<string>",
                                    "/usr/lib/python3.12/re.py"};
  static const char *const similar[] = {"/srv/app/a.py", "/srv/apple/b.py"};
  static const char *const apart[] = {"/srv/a.py", "/home/b.py"};
  static const char *const one[] = {"/srv/app/a.py"};
  static const char *const nested[] = {"/srv/app/pkg/b.py", "/srv/app/a.py"};
  assert_string_equal(common(app, 4, &arena), "/srv/app");
  assert_string_equal(common(similar, 2, &arena), "/srv");
  assert_string_equal(common(apart, 2, &arena), "");
  assert_string_equal(common(one, 1, &arena), "/srv/app");
  assert_string_equal(common(nested, 2, &arena), "/srv/app");
  assert_string_equal(common(NULL, 0, &arena), "");
  baro_arena_release(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_users_files_are_relative),
      cmocka_unit_test(libraries_are_named),
      cmocka_unit_test(what_is_unknown_is_left_out),
      cmocka_unit_test(the_folder_that_files_share),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
