#include "support/stack_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

void stack_bench_open_reader(stack_bench *it, pid_t pid, uint64_t thread_addr) {
  baro_stack_reader_destroy(it->reader);
  assert_int_equal(baro_stack_reader_create(pid, &it->python.layout,
                                            synthetic_addr(it->python.interp), thread_addr,
                                            SYNTHETIC_NATIVE_ID, &it->reader, NULL),
                   BARO_OK);
}

void stack_bench_begin(stack_bench *it, synthetic_kind kind) {
  *it = (stack_bench){0};
  synthetic_init(&it->python, kind);
  stack_bench_open_reader(it, getpid(), synthetic_addr(it->python.thread));
}

void stack_bench_end(stack_bench *it) {
  baro_stack_reader_destroy(it->reader);
  baro_raw_stack_release(&it->stack);
  synthetic_release(&it->python);
}

void stack_bench_read(stack_bench *it) {
  baro_status status = BARO_AGAIN;
  for (int tries = 0; tries < 4 && status == BARO_AGAIN; tries++)
    status = baro_stack_reader_read(it->reader, &it->stack, NULL);
  assert_int_equal(status, BARO_OK);
}
