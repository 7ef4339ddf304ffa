/* Names and lines of stacks, from code objects of a synthetic interpreter. Wrong here means samples under the
 * name of a function that was freed, which no report shows to be wrong. Time is given, never waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/sampler/code_cache.h"
#include "capture/sampler/code_entry.h"
#include "recording/reader.h"
#include "support/recording_fixture.h"
#include "support/synthetic_python.h"

enum { DEFINITIONS_MAX = 4096, GENERATION_OFFSET = 240 };

#define START_NS UINT64_C(9000000000)

typedef struct bench {
  synthetic_python python;
  baro_interpreter interpreter;
  baro_stack_reader *reader;
  baro_raw_stack stack;
  baro_stack_memo memo;
  fixture_disk disk;
  baro_writer *writer;
  baro_code_cache *cache;
} bench;

static void begin(bench *it, bool has_generation) {
  *it = (bench){0};
  synthetic_init(&it->python, SYNTHETIC_DIRECT);
  if (has_generation) {
    it->python.layout.interp.code_generation = GENERATION_OFFSET;
    it->python.layout.interp.code_generation_bytes = 8;
  }
  it->interpreter = (baro_interpreter){.pid = getpid(), .layout = it->python.layout};
  it->writer = fixture_writer(&it->disk);
  it->cache = baro_code_cache_create(&it->interpreter, it->writer);
  assert_non_null(it->cache);
  assert_int_equal(baro_stack_reader_create(
                       getpid(), &it->interpreter.layout, synthetic_addr(it->python.interp),
                       synthetic_addr(it->python.thread), SYNTHETIC_NATIVE_ID, &it->reader, NULL),
                   BARO_OK);
  (void)synthetic_enter_from_c(&it->python);
}

/* Calls a function of that code, in its first line. */
static uint8_t *call(bench *it, const uint8_t *code) {
  uint8_t *frame = synthetic_call(&it->python, synthetic_addr(code), 16);
  synthetic_set_line(&it->python, frame, code, 0);
  return frame;
}

static uint8_t *make(bench *it, const char *name, uint32_t first_line) {
  return synthetic_make_code(
      &it->python, (synthetic_code){.name = name, .file = "app.py", .first_line = first_line});
}

static void remake(bench *it, uint8_t *code, const char *name, uint32_t first_line) {
  synthetic_remake_code(&it->python, code,
                        (synthetic_code){.name = name, .file = "new.py", .first_line = first_line});
}

static baro_status try_resolve(bench *it, uint64_t now_ns, bool last_try, uint32_t *ret_stack) {
  uint64_t generation = 0;
  memcpy(&generation, it->python.interp + GENERATION_OFFSET, sizeof generation);
  baro_resolve_request request = {.stack = &it->stack,
                                  .reader = it->reader,
                                  .memo = &it->memo,
                                  .now_ns = now_ns,
                                  .code_generation = generation,
                                  .last_try = last_try};
  return baro_code_cache_resolve(it->cache, &request, ret_stack);
}

static void read_stack(bench *it) {
  baro_status status = BARO_AGAIN;
  for (int tries = 0; tries < 4 && status == BARO_AGAIN; tries++)
    status = baro_stack_reader_read(it->reader, &it->stack, NULL);
  assert_int_equal(status, BARO_OK);
}

static uint32_t resolve(bench *it, uint64_t now_ns) {
  uint32_t stack = 0;
  read_stack(it);
  assert_int_equal(try_resolve(it, now_ns, false, &stack), BARO_OK);
  return stack;
}

/* --- what the recording says --- */

typedef struct definitions {
  char *strings[DEFINITIONS_MAX];
  baro_function_record functions[DEFINITIONS_MAX];
  baro_frame_record frames[DEFINITIONS_MAX];
  baro_stack_record stacks[DEFINITIONS_MAX];
} definitions;

static definitions found;

static baro_status take_string(void *context, uint32_t id, baro_view text, baro_error *err) {
  (void)context;
  (void)err;
  assert_true(id < DEFINITIONS_MAX);
  free(found.strings[id]);
  found.strings[id] = text.length > 0 ? strndup((const char *)text.data, text.length) : strdup("");
  return BARO_OK;
}

static baro_status take_function(void *context, uint32_t id, const baro_function_record *function,
                                 baro_error *err) {
  (void)context;
  (void)err;
  assert_true(id < DEFINITIONS_MAX);
  found.functions[id] = *function;
  return BARO_OK;
}

static baro_status take_frame(void *context, uint32_t id, const baro_frame_record *frame,
                              baro_error *err) {
  (void)context;
  (void)err;
  assert_true(id < DEFINITIONS_MAX);
  found.frames[id] = *frame;
  return BARO_OK;
}

static baro_status take_stack(void *context, uint32_t id, const baro_stack_record *stack,
                              baro_error *err) {
  (void)context;
  (void)err;
  assert_true(id < DEFINITIONS_MAX);
  found.stacks[id] = *stack;
  return BARO_OK;
}

/* Ends the bench; what it recorded can be asked for from here on. */
static void end(bench *it) {
  static const baro_visitor visitor = {
      .string = take_string, .function = take_function, .frame = take_frame, .stack = take_stack};
  baro_damage damage;
  baro_code_cache_destroy(it->cache);
  baro_stack_reader_destroy(it->reader);
  baro_raw_stack_release(&it->stack);
  baro_stack_memo_release(&it->memo);
  assert_int_equal(baro_writer_close(it->writer, NULL), BARO_OK);
  assert_int_equal(
      baro_recording_read_memory(fixture_disk_view(&it->disk), "memory", &visitor, &damage, NULL),
      BARO_OK);
  assert_true(damage.complete);
  fixture_disk_release(&it->disk);
  synthetic_release(&it->python);
}

static void release_found(void) {
  for (size_t i = 0; i < DEFINITIONS_MAX; i++)
    free(found.strings[i]);
  found = (definitions){0};
}

/* "app.py:f:10 app.py:g:20", leaf first. */
static const char *text_of(uint32_t stack) {
  static char text[512];
  size_t length = 0;
  text[0] = '\0';
  for (int depth = 0; stack != BARO_NONE_ID && depth < 6; depth++) {
    const baro_frame_record *frame = &found.frames[found.stacks[stack].frame];
    const baro_function_record *function = &found.functions[frame->function];
    length += (size_t)snprintf(text + length, sizeof text - length, "%s%s:%s:%u",
                               depth == 0 ? "" : " ", found.strings[function->file_string],
                               found.strings[function->qualified_string], frame->line);
    stack = found.stacks[stack].parent;
  }
  return text;
}

static const baro_function_record *leaf_function(uint32_t stack) {
  return &found.functions[found.frames[found.stacks[stack].frame].function];
}

/* --- tests --- */

static void test_frames_have_names_and_current_lines(void **state) {
  (void)state;
  bench it;
  begin(&it, false);
  const uint8_t *outer = make(&it, "outer", 10);
  const uint8_t *inner = make(&it, "Thing.inner", 20);
  (void)call(&it, outer);
  uint8_t *leaf = call(&it, inner);
  uint32_t first = resolve(&it, START_NS);
  synthetic_set_line(&it.python, leaf, inner, 1);
  uint32_t second = resolve(&it, START_NS + 1);
  synthetic_set_line(&it.python, leaf, inner, 0);
  uint32_t third = resolve(&it, START_NS + 2);
  end(&it);
  assert_string_equal(text_of(first), "app.py:Thing.inner:20 app.py:outer:10");
  assert_string_equal(text_of(second), "app.py:Thing.inner:21 app.py:outer:10");
  assert_int_equal(third, first);
  assert_string_equal(found.strings[leaf_function(first)->name_string], "inner");
  assert_int_equal(leaf_function(first)->flags, 0);
  release_found();
}

/* A deep call that is left and made again has its frames elsewhere, and is the same stack: it is taken from the memo, where
 * looking up each of 900 frames anew takes as long as reading them. */
static void test_frames_that_lie_elsewhere_are_the_same_stack(void **state) {
  (void)state;
  enum { MARK = 4000 }; /* no stack has this id: it can come from the memo only */
  bench it;
  begin(&it, false);
  const uint8_t *outer = make(&it, "outer", 10);
  const uint8_t *inner = make(&it, "inner", 20);
  uint64_t root_addr = synthetic_current(&it.python);
  (void)call(&it, outer);
  (void)call(&it, inner);
  uint32_t first = resolve(&it, START_NS);
  uint64_t first_addr = it.stack.frames[0].frame_addr;
  it.memo.stack_ids[1] = MARK;
  synthetic_set_current(&it.python, root_addr);
  (void)call(&it, outer);
  uint8_t *leaf = call(&it, inner);
  uint32_t moved = resolve(&it, START_NS + 1);
  assert_int_not_equal(it.stack.frames[0].frame_addr, first_addr);
  synthetic_set_line(&it.python, leaf, inner, 1);
  uint32_t other_line = resolve(&it, START_NS + 2);
  synthetic_set_line(&it.python, leaf, inner, 0);
  uint32_t last = resolve(&it, START_NS + 3);
  end(&it);
  assert_int_equal(moved, MARK);
  assert_string_equal(text_of(other_line), "app.py:inner:21 app.py:outer:10");
  assert_int_equal(last, first);
  release_found();
}

/* exec and lambda churn: the next code object gets the memory of the last one. */
static void test_memory_used_again_is_another_function(void **state) {
  (void)state;
  uint32_t stacks[20];
  bench it;
  begin(&it, false);
  const uint8_t *outer = make(&it, "outer", 10);
  uint8_t *churned = make(&it, "f0", 100);
  (void)call(&it, outer);
  (void)call(&it, churned);
  for (uint32_t i = 0; i < 20; i++) {
    char name[16];
    snprintf(name, sizeof name, "f%u", i);
    remake(&it, churned, name, 100 + i);
    stacks[i] = resolve(&it, START_NS + i * 1000);
  }
  end(&it);
  for (uint32_t i = 0; i < 20; i++) {
    char expected[64];
    snprintf(expected, sizeof expected, "new.py:f%u:%u app.py:outer:10", i, 100 + i);
    assert_string_equal(text_of(stacks[i]), expected);
  }
  release_found();
}

/* Not only the leaf: a function in the middle, between frames that stay where they are. */
static void test_a_replaced_caller_is_seen_below_unchanged_frames(void **state) {
  (void)state;
  bench it;
  begin(&it, false);
  uint8_t *outer = make(&it, "outer", 10);
  (void)call(&it, outer);
  (void)call(&it, make(&it, "inner", 20));
  uint32_t before = resolve(&it, START_NS);
  remake(&it, outer, "replaced", 10);
  uint32_t after = resolve(&it, START_NS + 1000);
  end(&it);
  assert_string_equal(text_of(before), "app.py:inner:20 app.py:outer:10");
  assert_string_equal(text_of(after), "app.py:inner:20 new.py:replaced:10");
  release_found();
}

static void test_the_memo_of_another_thread_is_dropped_too(void **state) {
  (void)state;
  bench it;
  baro_stack_memo other = {0};
  begin(&it, false);
  uint8_t *outer = make(&it, "outer", 10);
  (void)call(&it, outer);
  (void)resolve(&it, START_NS);
  baro_stack_memo mine = it.memo;
  it.memo = other;
  (void)resolve(&it, START_NS + 1);
  remake(&it, outer, "replaced", 10);
  (void)resolve(&it, START_NS + 2); /* noticed with the other thread's memo */
  other = it.memo;
  it.memo = mine;
  uint32_t after = resolve(&it, START_NS + 3);
  baro_stack_memo_release(&other);
  end(&it);
  assert_string_equal(text_of(after), "new.py:replaced:10");
  release_found();
}

/* What has been the same for a second is compared every 10 ms only: that is what a sample may be wrong for. */
static void test_settled_code_is_compared_again_after_its_time(void **state) {
  (void)state;
  bench it;
  begin(&it, false);
  uint8_t *code = make(&it, "old", 10);
  (void)call(&it, code);
  (void)resolve(&it, START_NS);
  uint64_t settled_ns = START_NS + BARO_CODE_SETTLED_NS;
  (void)resolve(&it, settled_ns);
  remake(&it, code, "new", 30);
  uint32_t believed = resolve(&it, settled_ns + BARO_CODE_RECHECK_NS - 1);
  uint32_t compared = resolve(&it, settled_ns + BARO_CODE_RECHECK_NS);
  remake(&it, code, "newer", 40);
  uint32_t young = resolve(&it, settled_ns + BARO_CODE_RECHECK_NS + 1);
  end(&it);
  assert_string_equal(text_of(believed), "app.py:old:10");
  assert_string_equal(text_of(compared), "new.py:new:30");
  assert_string_equal(text_of(young), "new.py:newer:40");
  release_found();
}

/* Where the interpreter counts freed code objects, the counter alone tells. */
static void test_the_interpreters_counter_replaces_comparing(void **state) {
  (void)state;
  bench it;
  begin(&it, true);
  uint8_t *code = make(&it, "old", 10);
  (void)call(&it, code);
  (void)resolve(&it, START_NS);
  remake(&it, code, "new", 30);
  uint32_t believed = resolve(&it, START_NS + UINT64_C(5000000000));
  synthetic_store(it.python.interp, GENERATION_OFFSET, 1);
  uint32_t compared = resolve(&it, START_NS + UINT64_C(5000000001));
  end(&it);
  assert_string_equal(text_of(believed), "app.py:old:10");
  assert_string_equal(text_of(compared), "new.py:new:30");
  release_found();
}

/* A module with many functions in one stack: none is believed for being the 257th. */
static void test_all_of_a_deep_stack_are_compared(void **state) {
  (void)state;
  enum { DEPTH = 700 };
  static uint8_t *codes[DEPTH];
  bench it;
  begin(&it, false);
  for (uint32_t i = 0; i < DEPTH; i++) {
    codes[i] = make(&it, "old", i + 1);
    (void)call(&it, codes[i]);
  }
  (void)resolve(&it, START_NS);
  for (uint32_t i = 0; i < DEPTH; i++)
    remake(&it, codes[i], "new", i + 1);
  uint32_t after = resolve(&it, START_NS + 1000);
  end(&it);
  uint32_t depth = 0;
  for (uint32_t stack = after; stack != BARO_NONE_ID; stack = found.stacks[stack].parent) {
    const baro_function_record *function = leaf_function(stack);
    assert_string_equal(found.strings[function->qualified_string], "new");
    assert_int_equal(function->first_line, DEPTH - depth++);
  }
  assert_int_equal(depth, DEPTH);
  release_found();
}

static void test_what_cannot_be_read_is_marked_until_it_can(void **state) {
  (void)state;
  static const uint64_t bad[] = {0, 8, UINT64_C(0x7000000000000000), UINT64_MAX - 7};
  bench it;
  begin(&it, false);
  uint8_t *code = make(&it, "later", 10);
  memset(code, 0, SYNTHETIC_CODE_BYTES);
  const uint8_t *outer = make(&it, "outer", 10);
  (void)call(&it, outer);
  uint8_t *leaf = call(&it, code);
  uint32_t unreadable = resolve(&it, START_NS);
  remake(&it, code, "later", 10);
  uint32_t readable = resolve(&it, START_NS + 2000000);
  uint32_t others[4];
  for (int i = 0; i < 4; i++) {
    synthetic_store(leaf, it.python.layout.frame.code, bad[i]);
    others[i] = resolve(&it, START_NS + 3000000 + (uint64_t)i);
    assert_int_equal(resolve(&it, START_NS + 3000000 + (uint64_t)i), others[i]);
  }
  end(&it);
  assert_string_equal(text_of(unreadable), ":(unreadable):0 app.py:outer:10");
  assert_int_equal(leaf_function(unreadable)->flags, BARO_FUNCTION_UNREADABLE);
  assert_string_equal(text_of(readable), "new.py:later:10 app.py:outer:10");
  for (int i = 0; i < 4; i++)
    assert_string_equal(text_of(others[i]), ":(unreadable):0 app.py:outer:10");
  release_found();
}

/* The frame had returned before its code object was read: whose name it would be is not known. */
static void test_a_frame_that_is_gone_gets_no_name_of_another(void **state) {
  (void)state;
  uint32_t last = 0;
  uint32_t unused = 12345;
  bench it;
  begin(&it, false);
  const uint8_t *old = make(&it, "old", 10);
  const uint8_t *other = make(&it, "other", 20);
  uint8_t *leaf = call(&it, old);
  read_stack(&it);
  synthetic_store(leaf, it.python.layout.frame.code, synthetic_addr(other));
  assert_int_equal(try_resolve(&it, START_NS, false, &unused), BARO_AGAIN);
  assert_int_equal(unused, 12345);
  assert_int_equal(try_resolve(&it, START_NS, true, &last), BARO_OK);
  uint32_t next = resolve(&it, START_NS + 1);
  end(&it);
  assert_string_equal(text_of(last), ":(unreadable):0");
  assert_string_equal(text_of(next), "app.py:other:20");
  release_found();
}

static void test_a_cut_stack_says_so_at_its_root(void **state) {
  (void)state;
  bench it;
  begin(&it, false);
  (void)call(&it, make(&it, "leaf", 10));
  uint32_t whole = resolve(&it, START_NS);
  it.stack.cut = true;
  uint32_t cut = 0;
  assert_int_equal(try_resolve(&it, START_NS + 1, false, &cut), BARO_OK);
  end(&it);
  assert_string_equal(text_of(whole), "app.py:leaf:10");
  assert_string_equal(text_of(cut), "app.py:leaf:10 :(deeper frames cut):0");
  assert_int_equal(leaf_function(found.stacks[cut].parent)->flags, BARO_FUNCTION_DEPTH_CUT);
  release_found();
}

static void test_marked_stacks_are_one_each(void **state) {
  (void)state;
  uint32_t first = 0;
  uint32_t again = 1;
  bench it;
  begin(&it, false);
  assert_int_equal(
      baro_code_marked_stack(it.writer, "(no Python frame)", BARO_FUNCTION_NO_PYTHON, &first),
      BARO_OK);
  assert_int_equal(
      baro_code_marked_stack(it.writer, "(no Python frame)", BARO_FUNCTION_NO_PYTHON, &again),
      BARO_OK);
  end(&it);
  assert_int_equal(first, again);
  assert_int_equal(leaf_function(first)->flags, BARO_FUNCTION_NO_PYTHON);
  release_found();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames_have_names_and_current_lines),
      cmocka_unit_test(test_frames_that_lie_elsewhere_are_the_same_stack),
      cmocka_unit_test(test_memory_used_again_is_another_function),
      cmocka_unit_test(test_a_replaced_caller_is_seen_below_unchanged_frames),
      cmocka_unit_test(test_the_memo_of_another_thread_is_dropped_too),
      cmocka_unit_test(test_settled_code_is_compared_again_after_its_time),
      cmocka_unit_test(test_the_interpreters_counter_replaces_comparing),
      cmocka_unit_test(test_all_of_a_deep_stack_are_compared),
      cmocka_unit_test(test_what_cannot_be_read_is_marked_until_it_can),
      cmocka_unit_test(test_a_frame_that_is_gone_gets_no_name_of_another),
      cmocka_unit_test(test_a_cut_stack_says_so_at_its_root),
      cmocka_unit_test(test_marked_stacks_are_one_each),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
