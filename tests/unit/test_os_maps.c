/* os_maps: lines of /proc/PID/maps, and the mappings of this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os_maps.h"

static baro_status parse(const char *line, char *path, size_t path_bytes, baro_mapping *mapping) {
  return baro_parse_mapping(baro_view_of(line), path, path_bytes, mapping);
}

static void line_gives_all_fields(void **state) {
  (void)state;
  char path[256];
  baro_mapping mapping;
  assert_int_equal(parse("559bcc815000-559bcc81b000 r-xp 00002000 fe:0a 247278                     "
                         "/usr/bin/head",
                         path, sizeof path, &mapping),
                   BARO_OK);
  assert_true(mapping.start_addr == 0x559bcc815000 && mapping.end_addr == 0x559bcc81b000);
  assert_true(mapping.readable && !mapping.writable && mapping.executable && !mapping.shared);
  assert_int_equal(mapping.file_offset_bytes, 0x2000);
  assert_int_equal(mapping.device_major, 0xfe);
  assert_int_equal(mapping.device_minor, 0x0a);
  assert_int_equal(mapping.inode, 247278);
  assert_false(mapping.deleted);
  assert_string_equal(mapping.path, "/usr/bin/head");
}

/* Paths with spaces, parentheses, newlines: others' tools stop at the first space. */
static void paths_are_taken_whole(void **state) {
  (void)state;
  char path[256];
  baro_mapping mapping;
  static const char head[] = "1000-2000 rw-s 00000000 00:00 7   ";
  static const struct {
    const char *written;
    const char *path;
    bool deleted;
  } cases[] = {
      {"", "", false},
      {"[heap]", "[heap]", false},
      {"/a b/c (d).so", "/a b/c (d).so", false},
      {"/a b.so (deleted)", "/a b.so", true},
      {"/a (deleted) (deleted)", "/a (deleted)", true},
      {"/x\\012y", "/x\ny", false},
      {"/x\\013y", "/x\\013y", false},
      {"(deleted)", "(deleted)", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char line[256];
    (void)snprintf(line, sizeof line, "%s%s", head, cases[i].written);
    assert_int_equal(parse(line, path, sizeof path, &mapping), BARO_OK);
    assert_string_equal(mapping.path, cases[i].path);
    assert_int_equal(mapping.deleted, cases[i].deleted);
  }
}

static void bad_lines_are_refused(void **state) {
  (void)state;
  char path[16];
  baro_mapping mapping;
  static const char *const bad[] = {
      "",
      "x",
      "1000-2000",
      "1000 2000 r--p 0 0:0 0",
      "2000-1000 r--p 00000000 00:00 0",
      "1000-1000 r--p 00000000 00:00 0",
      "1000-2000 r--p00000000 00:00 0",
      "1000-2000 r--p 0000000z 00:00 0",
      "10000000000000000-20000000000000000 r--p 00000000 00:00 0",
      "1000-2000 r--p 00000000 00:00 0  /a/path/too/long/for/the/buffer",
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(parse(bad[i], path, sizeof path, &mapping), BARO_INVALID);
}

static void own_mappings_hold_our_code(void **state) {
  (void)state;
  baro_arena arena = {0};
  baro_maps maps;
  int local = 0;
  assert_int_equal(baro_maps_read(getpid(), &arena, &maps, NULL), BARO_OK);
  assert_true(maps.count > 3 && !maps.cut);
  for (size_t i = 1; i < maps.count; i++)
    assert_true(maps.mappings[i - 1].end_addr <= maps.mappings[i].start_addr);
  const baro_mapping *code = baro_maps_find(&maps, (uint64_t)(uintptr_t)own_mappings_hold_our_code);
  assert_non_null(code);
  assert_true(code->executable);
  assert_non_null(strstr(code->path, "test_os_maps"));
  const baro_mapping *stack = baro_maps_find(&maps, (uint64_t)(uintptr_t)&local);
  assert_non_null(stack);
  assert_true(stack->writable);
  assert_null(baro_maps_find(&maps, 1));
  char path[PATH_MAX];
  assert_int_equal(baro_maps_open_path(getpid(), code, path, sizeof path, NULL), BARO_OK);
  assert_int_equal(access(path, R_OK), 0);
  assert_int_equal(baro_maps_open_path(getpid(), stack, path, sizeof path, NULL), BARO_NOT_FOUND);
  baro_arena_release(&arena);
}

/* A library replaced while it is mapped: its old bytes, or a refusal; never the new file. */
static void deleted_file_is_its_own(void **state) {
  (void)state;
  char name[] = "baro test (x)\nXXXXXX";
  char path[PATH_MAX];
  char bytes[4] = "";
  baro_arena arena = {0};
  baro_maps maps;
  int fd = mkstemp(name);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "old", 4), 4);
  void *mapped = mmap(NULL, 4, PROT_READ, MAP_PRIVATE, fd, 0);
  assert_true(mapped != MAP_FAILED);
  (void)close(fd);
  assert_int_equal(unlink(name), 0);
  fd = open(name, O_CREAT | O_WRONLY, 0600);
  assert_int_equal(write(fd, "new", 4), 4);
  (void)close(fd);
  assert_int_equal(baro_maps_read(getpid(), &arena, &maps, NULL), BARO_OK);
  const baro_mapping *mapping = baro_maps_find(&maps, (uint64_t)(uintptr_t)mapped);
  assert_non_null(mapping);
  assert_true(mapping->deleted);
  assert_string_equal(strrchr(mapping->path, '/') + 1, name);
  baro_status status = baro_maps_open_path(getpid(), mapping, path, sizeof path, NULL);
  if (status == BARO_OK) {
    fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, 4), 4);
    assert_string_equal(bytes, "old");
    (void)close(fd);
  } else {
    assert_int_equal(status, BARO_NOT_FOUND); /* without the capability for map_files */
  }
  assert_int_equal(unlink(name), 0);
  assert_int_equal(munmap(mapped, 4), 0);
  baro_arena_release(&arena);
}

static void ended_process_is_gone(void **state) {
  (void)state;
  baro_arena arena = {0};
  baro_maps maps;
  assert_int_equal(baro_maps_read(INT_MAX, &arena, &maps, NULL), BARO_GONE);
  baro_arena_release(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(line_gives_all_fields),   cmocka_unit_test(paths_are_taken_whole),
      cmocka_unit_test(bad_lines_are_refused),   cmocka_unit_test(own_mappings_hold_our_code),
      cmocka_unit_test(deleted_file_is_its_own), cmocka_unit_test(ended_process_is_gone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
