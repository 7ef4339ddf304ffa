/* Threads of a free-threaded interpreter: wrong here means garbage collection booked on a thread that was held up by
 * it, or waits for it called waits for a lock. The target is this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/sampler/attachment.h"

typedef struct fake_thread {
  uint64_t next;
  int32_t attachment;
} fake_thread;

static uint64_t addr_of(const void *at) {
  return (uint64_t)(uintptr_t)at;
}

static baro_interpreter make(void) {
  baro_interpreter interpreter = {.pid = getpid()};
  interpreter.layout.free_threaded = true;
  interpreter.layout.thread.next = offsetof(fake_thread, next);
  interpreter.layout.thread.attachment = offsetof(fake_thread, attachment);
  return interpreter;
}

static void builds_with_a_gil_have_no_attachment(void **state) {
  (void)state;
  baro_interpreter interpreter = make();
  assert_int_equal(baro_attachment_addr(&interpreter.layout, 0x1000), 0x1008);
  assert_int_equal(baro_attachment_addr(&interpreter.layout, 0), 0);
  interpreter.layout.thread.attachment = BARO_ABSENT;
  assert_int_equal(baro_attachment_addr(&interpreter.layout, 0x1000), 0);
}

static void alone_is_who_goes_on_while_others_do_not(void **state) {
  (void)state;
  baro_interpreter interpreter = make();
  fake_thread older = {.attachment = BARO_ATTACHMENT_SUSPENDED};
  fake_thread newer = {.next = addr_of(&older), .attachment = BARO_ATTACHMENT_ATTACHED};
  uint64_t head = addr_of(&newer);
  assert_true(baro_attachment_is_alone(&interpreter, head, addr_of(&newer)));
  assert_false(baro_attachment_is_alone(&interpreter, head, addr_of(&older)));
  older.attachment = BARO_ATTACHMENT_ATTACHED;
  assert_false(baro_attachment_is_alone(&interpreter, head, addr_of(&newer)));
  assert_false(baro_attachment_is_alone(&interpreter, head, addr_of(&older)));
  older.attachment = BARO_ATTACHMENT_DETACHED; /* it could attach at any moment */
  assert_false(baro_attachment_is_alone(&interpreter, head, addr_of(&newer)));
  newer.attachment = BARO_ATTACHMENT_SUSPENDED;
  older.attachment = BARO_ATTACHMENT_ATTACHED;
  assert_true(baro_attachment_is_alone(&interpreter, head, addr_of(&older)));
  newer = (fake_thread){.attachment = BARO_ATTACHMENT_ATTACHED}; /* the only one */
  assert_true(baro_attachment_is_alone(&interpreter, head, addr_of(&newer)));
  interpreter.layout.thread.attachment = BARO_ABSENT;
  assert_false(baro_attachment_is_alone(&interpreter, head, addr_of(&newer)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(builds_with_a_gil_have_no_attachment),
      cmocka_unit_test(alone_is_who_goes_on_while_others_do_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
