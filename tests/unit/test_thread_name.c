/* Names of threads, read out of live interpreters and compared with what each says of itself
 * (tests/targets/thread_names.py): a wrong one would be in every report. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/cpython/instance_layout.h"
#include "capture/cpython/thread_name.h"
#include "support/live_python.h"

static live_python pythons[LIVE_PYTHON_MAX];
static size_t python_count;

enum { NAME_ROWS = 21, RENAME_READS = 3000 };

/* Bytes of the hexadecimal text; its length. */
static size_t from_hex(const char *hex, char *ret_bytes, size_t size) {
  size_t length = strlen(hex) / 2;
  assert_true(length <= size);
  for (size_t i = 0; i < length; i++) {
    char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
    ret_bytes[i] = (char)strtoul(digits, NULL, 16);
  }
  return length;
}

static baro_interpreter attach(const live_target *target) {
  baro_interpreter interpreter;
  baro_error err = {0};
  if (baro_interpreter_find(target->pid, NULL, &interpreter, &err) != BARO_OK)
    fail_msg("%s", err.message);
  return interpreter;
}

/* The whole name, or its first characters up to the limit. */
static void check_name(const baro_interpreter *interpreter, uint64_t object_addr, const char *hex) {
  char want[4096];
  baro_arena keep = {0};
  baro_view name = {0};
  baro_error err = {0};
  baro_status status = baro_thread_object_name(interpreter, object_addr, &keep, &name, &err);
  if (strcmp(hex, "-") == 0) {
    assert_int_equal(status, BARO_NOT_FOUND);
    baro_arena_release(&keep);
    return;
  }
  size_t length = from_hex(hex, want, sizeof want);
  if (status != BARO_OK)
    fail_msg("%.*s: %s", (int)length, want, err.message);
  if (length > BARO_THREAD_NAME_MAX_BYTES) {
    assert_true(name.length > BARO_THREAD_NAME_MAX_BYTES - 4);
    assert_true(name.length <= BARO_THREAD_NAME_MAX_BYTES);
    assert_true((want[name.length] & 0xc0) != 0x80);
  } else {
    assert_int_equal(name.length, length);
  }
  assert_memory_equal(name.data, want, name.length);
  baro_arena_release(&keep);
}

/* A name that changes while it is read is one of the two that were given, or none. */
static void check_rename(const baro_interpreter *interpreter, uint64_t object_addr) {
  static const char *const names[] = {"left-left-left-left-left-left-left-left-",
                                      "rightrightrightrightrightrightrightright"};
  size_t seen[2] = {0, 0};
  for (int i = 0; i < RENAME_READS; i++) {
    baro_arena keep = {0};
    baro_view name;
    baro_status status = baro_thread_object_name(interpreter, object_addr, &keep, &name, NULL);
    if (status == BARO_OK) {
      bool left = baro_view_equal(name, baro_view_of(names[0]));
      if (!left && !baro_view_equal(name, baro_view_of(names[1])))
        fail_msg("%.*s was never its name", (int)name.length, (const char *)name.data);
      seen[left ? 0 : 1]++;
    } else if (status != BARO_AGAIN && status != BARO_NOT_FOUND) {
      fail_msg("%s", baro_status_text(status));
    }
    baro_arena_release(&keep);
  }
  print_message("#   renamed: %zu and %zu of %d\n", seen[0], seen[1], RENAME_READS);
  assert_true(seen[0] > 0 && seen[1] > 0);
}

static void check_target(const live_target *target, const baro_interpreter *interpreter) {
  char *at = target->output;
  size_t rows = 0;
  bool has_keys = false;
  bool has_rename = false;
  for (char *line = strsep(&at, "\n"); line != NULL; line = strsep(&at, "\n")) {
    char *kind = strsep(&line, " ");
    if (strcmp(kind, "keys") == 0) {
      const baro_instance_layout *layout = baro_instance_layout_for(interpreter->layout.minor);
      assert_non_null(layout);
      assert_int_equal(layout->cached_keys + interpreter->layout.object.head_bytes,
                       strtoul(line, NULL, 10));
      has_keys = true;
    } else if (strcmp(kind, "thread") == 0) {
      uint64_t addr = strtoull(strsep(&line, " "), NULL, 10);
      check_name(interpreter, addr, line);
      rows++;
    } else if (strcmp(kind, "rename") == 0) {
      assert_int_equal(write(target->input, "\n", 1), 1);
      check_rename(interpreter, strtoull(strsep(&line, " "), NULL, 10));
      has_rename = true;
    }
  }
  assert_true(has_keys && has_rename);
  assert_int_equal(rows, NAME_ROWS);
}

static void names_are_those_of_the_program(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    print_message("# %s (%s)\n", pythons[i].version, pythons[i].path);
    const char *argv[] = {pythons[i].path, "-I", live_program("thread_names.py"), NULL};
    live_target target = live_start(argv);
    baro_interpreter interpreter = attach(&target);
    check_target(&target, &interpreter);
    live_stop(&target);
  }
}

/* Other objects, other memory and none at all: no name. With the tables of another version too: they are
 * wrong then, and must not harm. */
static void what_is_no_thread_has_no_name(void **state) {
  (void)state;
  const live_python *python = &pythons[python_count - 1];
  const char *argv[] = {python->path, "-I", live_program("thread_names.py"), NULL};
  live_target target = live_start(argv);
  baro_interpreter interpreter = attach(&target);
  uint64_t thread = strtoull(strstr(target.output, "thread ") + strlen("thread "), NULL, 10);
  const uint64_t wrong[] = {0,
                            8,
                            thread + 4,
                            thread + 8,
                            interpreter.runtime_addr,
                            interpreter.unicode_type_addr,
                            UINT64_MAX,
                            (uint64_t)1 << 63};
  baro_arena keep = {0};
  baro_view name;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_int_equal(baro_thread_object_name(&interpreter, wrong[i], &keep, &name, NULL),
                     BARO_NOT_FOUND);
  assert_int_equal(baro_thread_name_read(&interpreter, thread, thread, &keep, &name, NULL),
                   BARO_NOT_FOUND);
  baro_interpreter other = interpreter;
  for (uint8_t minor = BARO_PYTHON_OLDEST_MINOR; minor <= 12; minor++) {
    other.layout.minor = minor;
    assert_int_not_equal(baro_thread_object_name(&other, thread, &keep, &name, NULL), BARO_OK);
  }
  other = interpreter;
  other.layout.free_threaded = !interpreter.layout.free_threaded;
  assert_int_not_equal(baro_thread_object_name(&other, thread, &keep, &name, NULL), BARO_OK);
  live_stop(&target);
  assert_int_equal(baro_thread_object_name(&interpreter, thread, &keep, &name, NULL), BARO_GONE);
  baro_arena_release(&keep);
}

/* Every version that is sampled has its row. */
static void all_versions_are_known(void **state) {
  (void)state;
  for (unsigned minor = BARO_PYTHON_OLDEST_MINOR; minor <= BARO_PYTHON_NEWEST_MINOR; minor++)
    assert_non_null(baro_instance_layout_for(minor));
  assert_null(baro_instance_layout_for(BARO_PYTHON_NEWEST_MINOR + 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_those_of_the_program),
      cmocka_unit_test(what_is_no_thread_has_no_name),
      cmocka_unit_test(all_versions_are_known),
  };
  python_count = live_pythons(pythons);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
