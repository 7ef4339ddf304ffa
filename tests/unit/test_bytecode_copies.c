/* Copies of bytecode by thread: a wrong address here puts samples on a wrong line, one that is kept too long on
 * that of a thread that ended. The target is this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/sampler/bytecode_copies.h"

enum { TLBC_OFFSET = 8, GENERATION_OFFSET = 4, COPY_COUNT = 4 };

typedef struct fake {
  _Alignas(8) uint32_t interp[2];
  struct {
    uint64_t size;
    uint64_t entries[BARO_BYTECODE_COPIES_MAX + 1];
  } array;
  uint64_t code[2];
  baro_interpreter interpreter;
} fake;

static uint64_t addr_of(const void *at) {
  return (uint64_t)(uintptr_t)at;
}

static void init(fake *it) {
  *it = (fake){.interp = {0, 7}};
  it->array.size = COPY_COUNT;
  for (uint64_t i = 0; i < COPY_COUNT - 1; i++) /* the last is not made yet */
    it->array.entries[i] = 0x1000 * (i + 1);
  it->code[1] = addr_of(&it->array);
  it->interpreter.pid = getpid();
  it->interpreter.layout.frame_kind = BARO_FRAME_DATA_STACK;
  it->interpreter.layout.code.tlbc = TLBC_OFFSET;
  it->interpreter.layout.interp.tlbc_generation = GENERATION_OFFSET;
}

static uint64_t find(fake *it, baro_bytecode_copies *copies, int32_t index) {
  uint64_t base_addr = 0;
  baro_bytecode_epoch epoch = baro_bytecode_epoch_read(&it->interpreter, addr_of(it->interp));
  assert_int_equal(baro_bytecode_copies_find(copies, &it->interpreter, addr_of(it->code), index,
                                             epoch, &base_addr),
                   BARO_OK);
  return base_addr;
}

static void an_address_is_kept_until_the_counter_moves(void **state) {
  (void)state;
  static fake it;
  baro_bytecode_copies copies = {0};
  init(&it);
  assert_int_equal(find(&it, &copies, 1), 0x2000);
  it.array.entries[1] = 0x9000;
  assert_int_equal(find(&it, &copies, 1), 0x2000); /* was not read again */
  assert_int_equal(find(&it, &copies, 2), 0x3000);
  it.interp[1]++;
  assert_int_equal(find(&it, &copies, 1), 0x9000);
  assert_int_equal(find(&it, &copies, 2), 0x3000);
  baro_bytecode_copies_release(&copies);
  assert_int_equal(copies.count, 0);
}

static void without_a_counter_nothing_is_kept(void **state) {
  (void)state;
  static fake it;
  baro_bytecode_copies copies = {0};
  init(&it);
  it.interpreter.layout.interp.tlbc_generation = BARO_ABSENT;
  assert_int_equal(find(&it, &copies, 1), 0x2000);
  it.array.entries[1] = 0x9000;
  assert_int_equal(find(&it, &copies, 1), 0x9000);
  assert_int_equal(copies.count, 0);
  baro_bytecode_epoch epoch = baro_bytecode_epoch_read(&it.interpreter, addr_of(it.interp));
  assert_false(epoch.is_known);
}

/* Indices come from frames of the target: any number, and memory does not grow with it. */
static void hostile_indices_are_refused(void **state) {
  (void)state;
  static fake it;
  baro_bytecode_copies copies = {0};
  init(&it);
  const struct {
    int32_t index;
    baro_status status;
  } rows[] = {{-1, BARO_INVALID},
              {COPY_COUNT, BARO_INVALID},
              {INT32_MAX, BARO_INVALID},
              {COPY_COUNT - 1, BARO_AGAIN}};
  baro_bytecode_epoch epoch = baro_bytecode_epoch_read(&it.interpreter, addr_of(it.interp));
  assert_true(epoch.is_known);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint64_t base_addr = 5;
    assert_int_equal(baro_bytecode_copies_find(&copies, &it.interpreter, addr_of(it.code),
                                               rows[i].index, epoch, &base_addr),
                     rows[i].status);
    assert_int_equal(base_addr, 5);
  }
  it.array.size = BARO_BYTECODE_COPIES_MAX + 1;
  it.array.entries[BARO_BYTECODE_COPIES_MAX] = 0x7000;
  assert_int_equal(find(&it, &copies, BARO_BYTECODE_COPIES_MAX), 0x7000);
  it.array.entries[BARO_BYTECODE_COPIES_MAX] = 0x8000;
  assert_int_equal(find(&it, &copies, BARO_BYTECODE_COPIES_MAX), 0x8000);
  assert_true(copies.count <= BARO_BYTECODE_COPIES_MAX);
  baro_bytecode_copies_release(&copies);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_address_is_kept_until_the_counter_moves),
      cmocka_unit_test(without_a_counter_nothing_is_kept),
      cmocka_unit_test(hostile_indices_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
