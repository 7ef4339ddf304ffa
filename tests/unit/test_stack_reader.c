/* Stacks of a synthetic interpreter in this process's own memory, of every layout: what is there is read, what
 * cannot be is refused in bounded time. A failure means stacks in reports that never were, or a recorder
 * that hangs on a broken target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "capture/sampler/stack_copy.h"
#include "capture/sampler/stack_reader.h"
#include "support/stack_fixture.h"
static void assert_codes(const stack_bench *it, const uint64_t *codes, uint32_t count) {
  assert_int_equal(it->stack.count, count);
  for (uint32_t i = 0; i < count; i++)
    assert_int_equal(it->stack.frames[i].code_addr, codes[i]);
}

static bool has_chunks(const stack_bench *it) {
  return it->python.layout.frame_kind == BARO_FRAME_DATA_STACK;
}

static void test_a_thread_that_runs_nothing_has_no_frames(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    stack_bench_read(&it);
    assert_int_equal(it.stack.count, 0);
    assert_false(it.stack.cut);
    stack_bench_end(&it);
  }
}

static void test_frames_come_leaf_first_with_code_and_instruction(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    const uint8_t *root = synthetic_call(&it.python, 0x1000, 32);
    (void)synthetic_call(&it.python, 0x2000, 0);
    const uint8_t *leaf = synthetic_call(&it.python, 0x3000, 800);
    for (int round = 0; round < 3; round++) { /* learning, and as predicted */
      stack_bench_read(&it);
      assert_codes(&it, (uint64_t[]){0x3000, 0x2000, 0x1000}, 3);
      assert_int_equal(it.stack.frames[0].frame_addr, synthetic_addr(leaf));
      assert_int_equal(it.stack.frames[2].frame_addr, synthetic_addr(root));
      assert_int_equal(it.stack.frames[1].ip, kind == SYNTHETIC_HEAP ? 6 : 0x2008);
      assert_false(it.stack.cut);
    }
    stack_bench_end(&it);
  }
}

static void test_entries_from_c_are_left_out(void **state) {
  (void)state;
  for (int kind = SYNTHETIC_CFRAME; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    (void)synthetic_call(&it.python, 0x1000, 0);
    (void)synthetic_enter_from_c(&it.python);
    (void)synthetic_call(&it.python, 0x2000, 0);
    (void)synthetic_enter_from_c(&it.python);
    stack_bench_read(&it);
    assert_codes(&it, (uint64_t[]){0x2000, 0x1000}, 2);
    stack_bench_end(&it);
  }
}

static void test_tags_of_code_pointers_are_taken_off(void **state) {
  stack_bench it;
  (void)state;
  stack_bench_begin(&it, SYNTHETIC_BASE);
  (void)synthetic_call(&it.python, 0x1000 | 1, 0);
  (void)synthetic_call(&it.python, 0x2000 | 3, 0);
  stack_bench_read(&it);
  assert_codes(&it, (uint64_t[]){0x2000, 0x1000}, 2);
  stack_bench_end(&it);
}

static void test_generators_lie_outside_the_chunks(void **state) {
  (void)state;
  for (int kind = SYNTHETIC_ENTRY; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    (void)synthetic_call(&it.python, 0x1000, 0);
    (void)synthetic_call_generator(&it.python, 0x2000);
    (void)synthetic_call(&it.python, 0x3000, 0);
    stack_bench_read(&it); /* in the middle */
    assert_codes(&it, (uint64_t[]){0x3000, 0x2000, 0x1000}, 3);
    (void)synthetic_call_generator(&it.python, 0x4000);
    stack_bench_read(&it); /* and as the leaf */
    assert_codes(&it, (uint64_t[]){0x4000, 0x3000, 0x2000, 0x1000}, 4);
    stack_bench_end(&it);
  }
}

/* More generators than one system call has ranges for. */
static void test_many_generators_far_apart(void **state) {
  (void)state;
  for (int kind = SYNTHETIC_ENTRY; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    (void)synthetic_call(&it.python, 0x8, 0);
    for (uint64_t i = 2; i <= 300; i++)
      (void)synthetic_call_generator(&it.python, i * 8);
    for (int round = 0; round < 2; round++) {
      stack_bench_read(&it);
      assert_int_equal(it.stack.count, 300);
      assert_int_equal(it.stack.frames[0].code_addr, 300 * 8);
      assert_int_equal(it.stack.frames[299].code_addr, 8);
      assert_false(it.stack.cut);
    }
    stack_bench_end(&it);
  }
}

static void test_stacks_go_on_in_older_chunks(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    for (uint64_t i = 1; i <= 1000; i++)
      (void)synthetic_call(&it.python, i * 8, 40);
    for (int round = 0; round < 2; round++) {
      stack_bench_read(&it);
      assert_int_equal(it.stack.count, 1000);
      for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(it.stack.frames[i].code_addr, (1000 - i) * 8);
      /* Also where it lies beyond what was copied of the newest chunk at first. */
      assert_int_equal(baro_stack_reader_glimpse(it.reader).code_addr, 1000 * 8);
    }
    stack_bench_end(&it);
  }
}

/* The end of an older chunk is read twice, so that a chunk filled anew is noticed: also where the topmost
 * frame has more locals than that piece. */
static void test_a_wide_frame_on_top_of_an_older_chunk(void **state) {
  (void)state;
  for (int kind = SYNTHETIC_ENTRY; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    (void)synthetic_call(&it.python, 0x1000, 0);
    (void)synthetic_call(&it.python, 0x2000, 4000);
    synthetic_push_chunk(&it.python, SYNTHETIC_CHUNK_BYTES);
    (void)synthetic_call(&it.python, 0x3000, 0);
    for (int round = 0; round < 3; round++) {
      stack_bench_read(&it);
      assert_codes(&it, (uint64_t[]){0x3000, 0x2000, 0x1000}, 3);
    }
    stack_bench_end(&it);
  }
}

static void test_growth_beyond_the_predicted_copy_loses_nothing(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    uint64_t depth = 1;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    (void)synthetic_call(&it.python, 8, 0);
    stack_bench_read(&it);
    for (int round = 0; round < 40; round++) {
      for (int i = 0; i < 45; i++)
        (void)synthetic_call(&it.python, ++depth * 8, 24);
      stack_bench_read(&it);
      assert_int_equal(it.stack.count, depth);
      assert_int_equal(it.stack.frames[0].code_addr, depth * 8);
    }
    while (has_chunks(&it) && it.python.chunk_used_bytes > 2000) { /* and back */
      synthetic_return(&it.python, 24);
      depth--;
    }
    stack_bench_read(&it);
    assert_int_equal(it.stack.frames[0].code_addr, has_chunks(&it) ? depth * 8 : 1801 * 8);
    stack_bench_end(&it);
  }
}

/* Deep stacks are read by what is known of the last one, whatever became of it. */
static void test_deep_stacks_that_change_between_reads_are_as_they_are_now(void **state) {
  enum { DEPTH = 400 };
  static const uint64_t kept[] = {399, 398, 395, 380, 340, 100, 2, 400, 3, 399};
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    uint64_t frames[DEPTH];
    uint64_t codes[DEPTH];
    uint64_t depth = 0;
    size_t used_bytes[DEPTH];
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    if (has_chunks(&it)) /* all in one, so that returning is one step */
      synthetic_push_chunk(&it.python, 256 * 1024);
    for (uint64_t round = 0; round < sizeof kept / sizeof kept[0]; round++) {
      for (; depth < DEPTH; depth++) {
        used_bytes[depth] = it.python.chunk_used_bytes;
        codes[depth] = (round * DEPTH + depth + 1) * 8;
        frames[depth] = synthetic_addr(synthetic_call(&it.python, codes[depth], 0));
      }
      for (int reads = 0; reads < 2; reads++) {
        stack_bench_read(&it);
        assert_int_equal(it.stack.count, depth);
        for (uint64_t i = 0; i < depth; i++)
          assert_int_equal(it.stack.frames[i].code_addr, codes[depth - 1 - i]);
      }
      depth = kept[round];
      if (depth < DEPTH)
        it.python.chunk_used_bytes = used_bytes[depth];
      synthetic_set_current(&it.python, frames[depth - 1]);
      stack_bench_read(&it);
      assert_int_equal(it.stack.count, depth);
      assert_int_equal(it.stack.frames[0].code_addr, codes[depth - 1]);
      assert_int_equal(it.stack.frames[depth - 1].code_addr, codes[0]);
      /* One in the middle, in place. */
      codes[depth / 2] += 0x100000;
      synthetic_store((uint8_t *)(uintptr_t)frames[depth / 2], it.python.layout.frame.code,
                      codes[depth / 2]);
    }
    stack_bench_end(&it);
  }
}

static void test_stacks_beyond_the_limit_are_cut_at_the_root_and_say_so(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    uint64_t depth = BARO_STACK_MAX_FRAMES + 1000;
    for (uint64_t i = 1; i <= depth; i++)
      (void)synthetic_call(&it.python, i * 8, 0);
    baro_status status = BARO_AGAIN;
    for (int tries = 0; tries < 64 && status == BARO_AGAIN; tries++)
      status = baro_stack_reader_read(it.reader, &it.stack, NULL);
    assert_int_equal(status, BARO_OK);
    assert_true(it.stack.cut);
    assert_true(it.stack.count > 10000 && it.stack.count <= BARO_STACK_MAX_FRAMES);
    for (uint64_t i = 0; i < it.stack.count; i++)
      assert_int_equal(it.stack.frames[i].code_addr, (depth - i) * 8);
    stack_bench_end(&it);
  }
}

static void test_a_circle_of_frames_is_refused_soon(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    for (int length = 1; length <= 9; length += 4) {
      stack_bench it;
      stack_bench_begin(&it, (synthetic_kind)kind);
      (void)synthetic_enter_from_c(&it.python);
      (void)synthetic_call(&it.python, 8, 0);
      uint8_t *low = synthetic_call(&it.python, 16, 0);
      for (int i = 1; i < length; i++)
        (void)(i % 2 != 0 && has_chunks(&it) ? synthetic_call_generator(&it.python, 24)
                                             : synthetic_call(&it.python, 24, 0));
      synthetic_store(low, it.python.layout.frame.previous, synthetic_current(&it.python));
      uint64_t start_ns = baro_clock_now_ns();
      for (int tries = 0; tries < 100; tries++)
        assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, NULL), BARO_AGAIN);
      assert_true(it.stack.count < 100);
      assert_true(baro_clock_now_ns() - start_ns < UINT64_C(5000000000));
      stack_bench_end(&it);
    }
  }
}

static void test_broken_links_are_refused_not_followed(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    uint8_t *root = synthetic_call(&it.python, 8, 0);
    (void)synthetic_call(&it.python, 16, 0);
    uint64_t good;
    memcpy(&good, root + it.python.layout.frame.previous, sizeof good);
    static const uint64_t bad[] = {
        1, 8, 0x4141414141414141, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 63};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
      synthetic_store(root, it.python.layout.frame.previous, bad[i]);
      assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, NULL), BARO_AGAIN);
      synthetic_set_current(&it.python, bad[i]);
      assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, NULL), BARO_AGAIN);
      synthetic_set_current(&it.python, synthetic_addr(root));
      synthetic_store(root, it.python.layout.frame.previous, good);
      stack_bench_read(&it); /* and it is none the worse for it */
      assert_codes(&it, (uint64_t[]){8}, 1);
    }
    stack_bench_end(&it);
  }
}

/* Between the moments when its cframe and its newest frame are set, 3.12 names a frame without caller. */
static void test_a_stack_that_ends_where_none_does_is_refused(void **state) {
  (void)state;
  for (int kind = SYNTHETIC_CFRAME; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    uint8_t *root = synthetic_call(&it.python, 8, 0);
    synthetic_store(root, it.python.layout.frame.previous, 0);
    assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, NULL), BARO_AGAIN);
    stack_bench_end(&it);
  }
}

enum { LOCAL_WORDS = 3, STACK_WORDS = 2, FRAME_WORDS = LOCAL_WORDS + STACK_WORDS };

static uint64_t sized_code(synthetic_python *python, const char *name) {
  uint8_t *code =
      synthetic_make_code(python, (synthetic_code){.name = name, .file = "f.py", .first_line = 1});
  int32_t words[2] = {LOCAL_WORDS, STACK_WORDS};
  memcpy(code + python->layout.code.local_words, &words[0], sizeof words[0]);
  memcpy(code + python->layout.code.stack_words, &words[1], sizeof words[1]);
  return synthetic_addr(code);
}

/* 3.11 and 3.12: the frame of the call lies on the data stack, and a new cframe is current that holds nothing but
 * what was on the C stack before. */
static void test_a_call_from_c_being_entered_shows_its_caller(void **state) {
  static const uint64_t leftovers[][2] = {{0, 0}, {0x68, 0x68}, {0x1000003, 8}, {UINT64_MAX, 1}};
  (void)state;
  for (int kind = SYNTHETIC_ENTRY; kind <= SYNTHETIC_CFRAME; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    synthetic_python *python = &it.python;
    uint64_t codes[] = {sized_code(python, "main"), sized_code(python, "sort"),
                        sized_code(python, "key")};
    (void)synthetic_enter_from_c(python);
    (void)synthetic_call(python, codes[0], FRAME_WORDS * 8);
    const uint8_t *caller = synthetic_call(python, codes[1], FRAME_WORDS * 8);
    stack_bench_read(&it);
    (void)synthetic_call(python, codes[2], FRAME_WORDS * 8);
    synthetic_set_current(python, synthetic_addr(caller));
    synthetic_store(python->thread, python->layout.thread.datastack_top,
                    synthetic_addr(python->chunk) + python->chunk_used_bytes);
    uint8_t *entered = synthetic_alloc(python, 8192) + 8000;
    synthetic_store(python->thread, python->layout.thread.frame, synthetic_addr(entered));
    for (size_t i = 0; i < sizeof leftovers / sizeof leftovers[0]; i++) {
      synthetic_store(entered, python->layout.thread.cframe_current_frame, leftovers[i][0]);
      synthetic_store(entered, python->layout.thread.cframe_current_frame + 8, leftovers[i][1]);
      stack_bench_read(&it);
      assert_codes(&it, (uint64_t[]){codes[1], codes[0]}, 2);
    }
    /* A generator entered from main: its frame is no part of the data stack. */
    synthetic_store(python->thread, python->layout.thread.datastack_top, synthetic_addr(caller));
    stack_bench_read(&it);
    assert_codes(&it, (uint64_t[]){codes[0]}, 1);
    /* Where nothing fits, nothing is shown. */
    synthetic_store(python->thread, python->layout.thread.datastack_top,
                    synthetic_addr(python->chunk) + python->chunk_used_bytes + 8);
    for (int tries = 0; tries < 4; tries++)
      assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, NULL), BARO_AGAIN);
    stack_bench_end(&it);
  }
}

static void test_a_thread_state_in_use_by_another_thread_is_gone(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    const baro_layout *layout = &it.python.layout;
    uint32_t identity = layout->thread.native_thread_id != BARO_ABSENT
                            ? layout->thread.native_thread_id
                            : layout->thread.thread_id;
    (void)synthetic_enter_from_c(&it.python);
    (void)synthetic_call(&it.python, 8, 0);
    synthetic_store(it.python.thread, identity, SYNTHETIC_NATIVE_ID);
    stack_bench_read(&it);
    synthetic_store(it.python.thread, identity, SYNTHETIC_NATIVE_ID + 1);
    assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, NULL), BARO_GONE);
    synthetic_store(it.python.thread, identity, SYNTHETIC_NATIVE_ID);
    stack_bench_read(&it);
    synthetic_store(it.python.thread, layout->thread.interp, 0);
    assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, NULL), BARO_GONE);
    stack_bench_end(&it);
  }
}

static void test_memory_or_process_that_is_gone(void **state) {
  (void)state;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    stack_bench_open_reader(&it, getpid(), 0x10000);
    assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, NULL), BARO_GONE);
    stack_bench_open_reader(&it, child, synthetic_addr(it.python.thread));
    baro_error err = {0};
    assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, &err), BARO_GONE);
    assert_non_null(strstr(err.message, "stack of a thread"));
    stack_bench_end(&it);
  }
}

static void test_a_glimpse_names_the_newest_frame_also_of_a_rejected_read(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    uint8_t *root = synthetic_call(&it.python, 8, 0);
    const uint8_t *leaf = synthetic_call(&it.python, 0x7000, 0);
    stack_bench_read(&it);
    baro_stack_glimpse seen = baro_stack_reader_glimpse(it.reader);
    assert_int_equal(seen.frame_addr, synthetic_addr(leaf));
    assert_int_equal(seen.code_addr, 0x7000);
    synthetic_store(root, it.python.layout.frame.previous, 1);
    assert_int_equal(baro_stack_reader_read(it.reader, &it.stack, NULL), BARO_AGAIN);
    baro_stack_glimpse rejected = baro_stack_reader_glimpse(it.reader);
    assert_int_equal(rejected.frame_addr, seen.frame_addr);
    assert_int_equal(rejected.code_addr, seen.code_addr);
    stack_bench_end(&it);
  }
}

static void test_a_frame_is_still_there_or_not(void **state) {
  stack_bench it;
  (void)state;
  stack_bench_begin(&it, SYNTHETIC_DIRECT);
  (void)synthetic_enter_from_c(&it.python);
  uint8_t *leaf = synthetic_call(&it.python, 8, 0);
  stack_bench_read(&it);
  assert_true(baro_stack_reader_still_has(it.reader, &it.stack.frames[0]));
  synthetic_store(leaf, it.python.layout.frame.code, 16);
  assert_false(baro_stack_reader_still_has(it.reader, &it.stack.frames[0]));
  stack_bench_end(&it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_thread_that_runs_nothing_has_no_frames),
      cmocka_unit_test(test_frames_come_leaf_first_with_code_and_instruction),
      cmocka_unit_test(test_entries_from_c_are_left_out),
      cmocka_unit_test(test_tags_of_code_pointers_are_taken_off),
      cmocka_unit_test(test_generators_lie_outside_the_chunks),
      cmocka_unit_test(test_many_generators_far_apart),
      cmocka_unit_test(test_stacks_go_on_in_older_chunks),
      cmocka_unit_test(test_a_wide_frame_on_top_of_an_older_chunk),
      cmocka_unit_test(test_growth_beyond_the_predicted_copy_loses_nothing),
      cmocka_unit_test(test_deep_stacks_that_change_between_reads_are_as_they_are_now),
      cmocka_unit_test(test_stacks_beyond_the_limit_are_cut_at_the_root_and_say_so),
      cmocka_unit_test(test_a_circle_of_frames_is_refused_soon),
      cmocka_unit_test(test_broken_links_are_refused_not_followed),
      cmocka_unit_test(test_a_stack_that_ends_where_none_does_is_refused),
      cmocka_unit_test(test_a_call_from_c_being_entered_shows_its_caller),
      cmocka_unit_test(test_a_thread_state_in_use_by_another_thread_is_gone),
      cmocka_unit_test(test_memory_or_process_that_is_gone),
      cmocka_unit_test(test_a_glimpse_names_the_newest_frame_also_of_a_rejected_read),
      cmocka_unit_test(test_a_frame_is_still_there_or_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
