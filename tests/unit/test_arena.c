/* The arena: wrong here means memory that moves, overlaps or is not zero. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void pieces_are_zero_aligned_and_apart(void **state) {
  (void)state;
  enum { PIECES = 5000 };
  static uint8_t *pieces[PIECES];
  baro_arena arena = {0};
  for (size_t i = 0; i < PIECES; i++) {
    size_t size = i % 97;
    pieces[i] = baro_arena_alloc(&arena, size);
    assert_non_null(pieces[i]);
    assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
    for (size_t j = 0; j < size; j++) {
      assert_int_equal(pieces[i][j], 0);
    }
    memset(pieces[i], (int)(i % 251 + 1), size);
  }
  for (size_t i = 0; i < PIECES; i++) {
    for (size_t j = 0; j < i % 97; j++) {
      assert_int_equal(pieces[i][j], i % 251 + 1);
    }
    assert_true(i == 0 || pieces[i] != pieces[i - 1]);
  }
  baro_arena_release(&arena);
  assert_int_equal(arena.used_bytes, 0);
}

static void a_large_piece_leaves_the_block_in_use(void **state) {
  (void)state;
  baro_arena arena = {0};
  uint8_t *before = baro_arena_alloc(&arena, 16);
  uint8_t *large = baro_arena_alloc(&arena, 3 << 20);
  uint8_t *after = baro_arena_alloc(&arena, 16);
  assert_non_null(large);
  memset(large, 1, 3 << 20);
  assert_ptr_equal(after, before + 16);
  assert_true(arena.used_bytes >= (3 << 20) + 64 * 1024);
  baro_arena_release(&arena);
}

static void clear_gives_zeroed_memory_again(void **state) {
  (void)state;
  baro_arena arena = {0};
  baro_arena_clear(&arena);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 100; i++) {
      uint8_t *piece = baro_arena_alloc(&arena, 4096);
      assert_non_null(piece);
      assert_int_equal(piece[0] | piece[4095], 0);
      memset(piece, 0xaa, 4096);
    }
    baro_arena_clear(&arena);
    assert_true(arena.used_bytes <= 1 << 20);
  }
  baro_arena_release(&arena);
}

static void sizes_that_overflow_are_refused(void **state) {
  (void)state;
  baro_arena arena = {0};
  assert_null(baro_arena_array(&arena, SIZE_MAX / 2, 3));
  assert_null(baro_arena_array(&arena, SIZE_MAX, SIZE_MAX));
  assert_null(baro_arena_alloc(&arena, SIZE_MAX));
  assert_null(baro_arena_alloc(&arena, SIZE_MAX - 15));
  assert_null(baro_arena_copy(&arena, "x", SIZE_MAX));
  assert_non_null(baro_arena_array(&arena, 0, SIZE_MAX));
  baro_arena_release(&arena);
}

static void copies_end_in_nul(void **state) {
  (void)state;
  baro_arena arena = {0};
  char *copy = baro_arena_copy(&arena, "a\0bcd", 4);
  assert_memory_equal(copy, "a\0bc\0", 5);
  assert_string_equal(baro_arena_copy(&arena, NULL, 0), "");
  assert_string_equal(baro_arena_format(&arena, "%s-%d", "x", 5), "x-5");
  baro_arena_release(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_are_zero_aligned_and_apart),
      cmocka_unit_test(a_large_piece_leaves_the_block_in_use),
      cmocka_unit_test(clear_gives_zeroed_memory_again),
      cmocka_unit_test(sizes_that_overflow_are_refused),
      cmocka_unit_test(copies_end_in_nul),
  };
  return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
