/* Debug offsets come from the target: every value that could make a reader leave its buffers must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/cpython/debug_offsets.h"
#include "capture/cpython/layout.h"

static const baro_debug_table *const tables[] = {&baro_debug_table_3_13, &baro_debug_table_3_14,
                                                 &baro_debug_table_3_15};

/* Values as a 64-bit build without the GIL's absence has them, the same for all minors here. */
static const uint32_t plain[BARO_DEBUG_FIELD_COUNT] = {
    [BARO_DEBUG_RUNTIME_SIZE] = 300000,
    [BARO_DEBUG_RUNTIME_FINALIZING] = 784,
    [BARO_DEBUG_RUNTIME_INTERPRETERS_HEAD] = 808,
    [BARO_DEBUG_INTERP_SIZE] = 225864,
    [BARO_DEBUG_INTERP_ID] = 7280,
    [BARO_DEBUG_INTERP_NEXT] = 7272,
    [BARO_DEBUG_INTERP_THREADS_HEAD] = 7344,
    [BARO_DEBUG_INTERP_GC] = 7408,
    [BARO_DEBUG_INTERP_CEVAL_GIL] = 16,
    [BARO_DEBUG_INTERP_GIL] = 7784,
    [BARO_DEBUG_INTERP_GIL_LOCKED] = 7800,
    [BARO_DEBUG_INTERP_GIL_HOLDER] = 7792,
    [BARO_DEBUG_INTERP_CODE_GENERATION] = 7992,
    [BARO_DEBUG_THREAD_SIZE] = 832,
    [BARO_DEBUG_THREAD_NEXT] = 8,
    [BARO_DEBUG_THREAD_INTERP] = 16,
    [BARO_DEBUG_THREAD_FRAME] = 72,
    [BARO_DEBUG_THREAD_BASE_FRAME] = 80,
    [BARO_DEBUG_THREAD_STATUS] = 32,
    [BARO_DEBUG_THREAD_ID] = 152,
    [BARO_DEBUG_THREAD_NATIVE_ID] = 160,
    [BARO_DEBUG_THREAD_CHUNK] = 232,
    [BARO_DEBUG_THREAD_HOLDS_GIL] = 36,
    [BARO_DEBUG_THREAD_GIL_REQUESTED] = 40,
    [BARO_DEBUG_FRAME_SIZE] = 88,
    [BARO_DEBUG_FRAME_PREVIOUS] = 8,
    [BARO_DEBUG_FRAME_INSTRUCTION] = 56,
    [BARO_DEBUG_FRAME_LOCALS] = 80,
    [BARO_DEBUG_FRAME_OWNER] = 74,
    [BARO_DEBUG_FRAME_STACKPOINTER] = 64,
    [BARO_DEBUG_CODE_SIZE] = 216,
    [BARO_DEBUG_CODE_FILENAME] = 112,
    [BARO_DEBUG_CODE_NAME] = 120,
    [BARO_DEBUG_CODE_QUALNAME] = 128,
    [BARO_DEBUG_CODE_LINETABLE] = 136,
    [BARO_DEBUG_CODE_FIRST_LINE] = 68,
    [BARO_DEBUG_CODE_LOCAL_NAMES] = 96,
    [BARO_DEBUG_CODE_INSTRUCTIONS] = 208,
    [BARO_DEBUG_OBJECT_SIZE] = 16,
    [BARO_DEBUG_OBJECT_TYPE] = 8,
    [BARO_DEBUG_BYTES_SIZE] = 40,
    [BARO_DEBUG_BYTES_LENGTH] = 16,
    [BARO_DEBUG_BYTES_DATA] = 32,
    [BARO_DEBUG_STR_SIZE] = 64,
    [BARO_DEBUG_STR_STATE] = 32,
    [BARO_DEBUG_STR_LENGTH] = 16,
    [BARO_DEBUG_STR_ASCII_SIZE] = 40,
    [BARO_DEBUG_STR_COMPACT_SIZE] = 56,
    [BARO_DEBUG_GC_SIZE] = 264,
    [BARO_DEBUG_GC_COLLECTING] = 192,
};

typedef struct image {
  uint64_t words[BARO_DEBUG_OFFSETS_MAX_BYTES / 8];
  size_t bytes;
} image;

static image make(const baro_debug_table *table) {
  image made = {.bytes = (size_t)table->word_count * 8};
  memcpy(made.words, BARO_DEBUG_OFFSETS_COOKIE, 8);
  made.words[1] = 0x030000f0u | (uint64_t)table->minor << 16 | 2 << 8;
  for (unsigned i = 0; i < BARO_DEBUG_FIELD_COUNT; i++) {
    if (table->words[i] != 0)
      made.words[table->words[i]] = plain[i];
  }
  return made;
}

static baro_status parse(const image *made, baro_layout *ret_layout, baro_error *err) {
  return baro_layout_from_debug_offsets(made->words, made->bytes, ret_layout, err);
}

static void test_plain(void **state) {
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    image made = make(tables[i]);
    baro_layout layout;
    baro_error err = {0};
    assert_int_equal(parse(&made, &layout, &err), BARO_OK);
    assert_int_equal(layout.minor, tables[i]->minor);
    assert_int_equal(layout.micro, 2);
    assert_int_equal(layout.frame_root, BARO_FRAME_ROOT_DIRECT);
    assert_int_equal(layout.thread.datastack_top, 240);
    assert_int_equal(layout.gil.last_holder, 8);
    assert_int_equal(layout.gil.locked, 16);
    assert_true(layout.gil.size_bytes > 100);
    assert_int_equal(layout.code.version, 92);
    assert_int_equal(layout.str.compact_data, 56);
    assert_int_equal(layout.interp.gc_collecting, 7600);
    assert_int_equal(layout.interp.code_generation, layout.minor == 13 ? BARO_ABSENT : 7992);
    assert_int_equal(layout.thread.base_frame, layout.minor == 15 ? 80 : BARO_ABSENT);
    assert_int_equal(layout.thread.attachment, BARO_ABSENT);
    assert_true(layout.interp.read_offset <= 7272);
    assert_true(layout.interp.read_offset + layout.interp.read_bytes >=
                (layout.minor == 13 ? 7604u : 8000u));
  }
}

static void test_free_threaded(void **state) {
  (void)state;
  image made = make(&baro_debug_table_3_14);
  const baro_debug_table *table = &baro_debug_table_3_14;
  made.words[2] = 1;
  made.words[table->words[BARO_DEBUG_FRAME_TLBC_INDEX]] = 72;
  made.words[table->words[BARO_DEBUG_FRAME_OWNER]] = 78;
  made.words[table->words[BARO_DEBUG_CODE_TLBC]] = 200;
  made.words[table->words[BARO_DEBUG_INTERP_TLBC_GENERATION]] = 17628;
  made.words[table->words[BARO_DEBUG_OBJECT_SIZE]] = 32;
  made.words[table->words[BARO_DEBUG_OBJECT_TYPE]] = 24;
  baro_layout layout;
  assert_int_equal(parse(&made, &layout, NULL), BARO_OK);
  assert_true(layout.free_threaded);
  assert_int_equal(layout.frame.tlbc_index, 72);
  assert_int_equal(layout.code.tlbc, 200);
  assert_int_equal(layout.interp.tlbc_generation, 17628); /* far from the other fields */
  assert_int_equal(layout.code.unit_count, 32);
  assert_int_equal(layout.str.kind_shift, 8);
  assert_int_equal(layout.gil.enabled, 0);
  static const uint32_t attachments[] = {40, 44, 48};
  for (size_t i = 0; i < 3; i++) {
    made = make(tables[i]);
    made.words[2] = 1;
    assert_int_equal(parse(&made, &layout, NULL), BARO_OK);
    assert_int_equal(layout.thread.attachment, attachments[i]);
    made.words[tables[i]->words[BARO_DEBUG_THREAD_STATUS]] = 1020;
    made.words[tables[i]->words[BARO_DEBUG_THREAD_SIZE]] = 4096;
    assert_int_equal(parse(&made, &layout, NULL), BARO_INVALID);
  }
}

/* Whatever one word says, the result is a refusal or a layout that stays within its limits. */
static void check_bounds(const baro_layout *layout) {
  assert_true(layout->interp.read_bytes <= BARO_LAYOUT_INTERP_MAX_BYTES);
  assert_true(layout->thread.read_bytes <= BARO_LAYOUT_THREAD_MAX_BYTES);
  assert_true(layout->frame.read_bytes <= BARO_LAYOUT_FRAME_MAX_BYTES);
  assert_true(layout->code.read_bytes <= BARO_LAYOUT_CODE_MAX_BYTES);
  const uint32_t interp[] = {layout->interp.next, layout->interp.id, layout->interp.threads_head};
  for (size_t i = 0; i < 3; i++) {
    assert_true(interp[i] >= layout->interp.read_offset);
    assert_true(interp[i] - layout->interp.read_offset + 8 <= layout->interp.read_bytes);
  }
  assert_true(layout->thread.next + 8 <= layout->thread.read_bytes);
  assert_true(layout->thread.datastack_top + 8 <= layout->thread.read_bytes);
  assert_true(layout->thread.frame + 8 <= layout->thread.read_bytes);
  assert_true(layout->frame.code + 8 <= layout->frame.read_bytes);
  assert_true(layout->frame.ip + 8 <= layout->frame.read_bytes);
  assert_true(layout->frame.owner + 1 <= layout->frame.read_bytes);
  assert_true(layout->code.line_table + 8 <= layout->code.read_bytes);
  for (int i = 0; i < BARO_LAYOUT_CODE_RANGES; i++)
    assert_true(layout->code.identity[i].offset + layout->code.identity[i].length <=
                (int)layout->code.read_bytes);
}

static void test_every_word_hostile(void **state) {
  (void)state;
  static const uint64_t values[] = {0,
                                    1,
                                    3,
                                    4,
                                    7,
                                    8,
                                    24,
                                    56,
                                    80,
                                    255,
                                    256,
                                    511,
                                    512,
                                    1000,
                                    1023,
                                    4095,
                                    4096,
                                    65535,
                                    65536,
                                    225860,
                                    1u << 24,
                                    (1u << 24) + 8,
                                    UINT32_MAX,
                                    (uint64_t)UINT32_MAX + 9,
                                    UINT64_MAX,
                                    UINT64_MAX - 7,
                                    (uint64_t)1 << 63};
  size_t refused = 0;
  for (size_t t = 0; t < 3; t++) {
    for (unsigned i = 0; i < BARO_DEBUG_FIELD_COUNT; i++) {
      if (tables[t]->words[i] == 0)
        continue;
      for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
        image made = make(tables[t]);
        made.words[tables[t]->words[i]] = values[v];
        baro_layout layout;
        baro_error err = {0};
        baro_status status = parse(&made, &layout, &err);
        if (status == BARO_OK) {
          check_bounds(&layout);
          continue;
        }
        assert_int_equal(status, BARO_INVALID);
        assert_true(err.message[0] != '\0');
        refused++;
      }
      /* No field takes the end of the address space. */
      image made = make(tables[t]);
      made.words[tables[t]->words[i]] = UINT64_MAX - 7;
      baro_layout layout;
      assert_int_equal(parse(&made, &layout, NULL), BARO_INVALID);
    }
  }
  assert_true(refused > 2000);
}

static void test_head(void **state) {
  (void)state;
  baro_layout layout;
  baro_error err = {0};
  image made = make(&baro_debug_table_3_15);
  for (size_t bytes = 0; bytes < made.bytes; bytes++) {
    image cut = made;
    cut.bytes = bytes;
    assert_int_equal(parse(&cut, &layout, NULL), bytes < 24 ? BARO_NOT_FOUND : BARO_TRUNCATED);
  }
  ((char *)made.words)[0] = 'y';
  assert_int_equal(parse(&made, &layout, NULL), BARO_NOT_FOUND);
  made = make(&baro_debug_table_3_15);
  made.words[2] = 2;
  assert_int_equal(parse(&made, &layout, NULL), BARO_INVALID);
  made.words[1] = 0x031000f0;
  assert_int_equal(parse(&made, &layout, &err), BARO_UNSUPPORTED);
  assert_non_null(strstr(err.message, "CPython 3.16 is newer"));
  made.words[1] = 0x030f00a3;
  assert_int_equal(parse(&made, &layout, &err), BARO_UNSUPPORTED);
  assert_non_null(strstr(err.message, "3.15.0a3"));
  made.words[1] = 0x030c00f0;
  assert_int_equal(parse(&made, &layout, NULL), BARO_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),
      cmocka_unit_test(test_free_threaded),
      cmocka_unit_test(test_every_word_hostile),
      cmocka_unit_test(test_head),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
