/* The kernel's threads joined with the interpreters', of live interpreters. Wrong here means threads without
 * stacks, or with another thread's. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/sampler/thread_list.h"
#include "support/live_python.h"
#include "support/synthetic_python.h"

/* Tells the native ids of its threads; three wait without the GIL. */
static const char THREADS[] = "import sys, threading, ctypes\n"
                              "gone = threading.Event()\n"
                              "ids = []\n"
                              "def work():\n"
                              "    ids.append(threading.get_native_id()); started.release()\n"
                              "    gone.wait()\n"
                              "started = threading.Semaphore(0)\n"
                              "for _ in range(3):\n"
                              "    threading.Thread(target=work, daemon=True).start()\n"
                              "for _ in range(3):\n"
                              "    started.acquire()\n"
                              "print(threading.get_native_id(), *ids)\n"
                              "print('ready', flush=True)\n"
                              "sys.stdin.read()\n";

static live_python pythons[LIVE_PYTHON_MAX];
static size_t python_count;

static void find(const live_target *live, baro_interpreter *interpreter) {
  baro_error err = {0};
  if (baro_interpreter_find(live->pid, NULL, interpreter, &err) != BARO_OK)
    fail_msg("%s", err.message);
}

static void test_every_thread_has_its_own_state(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    live_target live = live_start((const char *[]){pythons[i].path, "-c", THREADS, NULL});
    baro_interpreter interpreter;
    baro_thread_list list = {0};
    find(&live, &interpreter);
    for (int round = 0; round < 2; round++) { /* a list may be read into again */
      assert_int_equal(baro_thread_list_read(&list, &interpreter), BARO_OK);
      assert_int_equal(list.count, 4);
      assert_int_equal(list.interp_count, 1);
      assert_false(list.unbound);
      assert_false(list.changing);
    }
    char *at = live.output;
    for (int k = 0; k < 4; k++) {
      pid_t tid = (pid_t)strtol(at, &at, 10);
      const baro_thread_entry *entry = baro_thread_list_find(&list, tid);
      assert_non_null(entry);
      assert_int_not_equal(entry->thread_addr, 0);
      assert_int_equal(entry->interp_addr, list.interps[0].addr);
      assert_int_equal(entry->gil_addr == 0, interpreter.layout.free_threaded);
      assert_false(entry->holds_gil); /* all wait */
      for (uint32_t other = 0; other < list.count; other++)
        assert_true(&list.entries[other] == entry ||
                    list.entries[other].thread_addr != entry->thread_addr);
    }
    for (uint32_t k = 1; k < list.count; k++)
      assert_true(list.entries[k - 1].tid < list.entries[k].tid);
    assert_null(baro_thread_list_find(&list, 1));
    baro_thread_list_release(&list);
    live_stop(&live);
  }
}

/* Also in free-threaded builds, where a GIL is used when asked for. */
static void test_who_computes_holds_the_gil(void **state) {
  static const char busy[] = "import sys\n"
                             "print('ready', flush=True)\n"
                             "sys.stdin.readline()\n"
                             "while True: pass\n";
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    live_target live =
        live_start((const char *[]){pythons[i].path, "-X", "gil=1", "-c", busy, NULL});
    baro_interpreter interpreter;
    baro_thread_list list = {0};
    bool held = false;
    find(&live, &interpreter);
    assert_int_equal(write(live.input, "\n", 1), 1);
    for (int tries = 0; tries < 100000 && !held; tries++) { /* until it has read that */
      assert_int_equal(baro_thread_list_read(&list, &interpreter), BARO_OK);
      held = list.entries[0].holds_gil;
    }
    assert_true(held);
    baro_thread_list_release(&list);
    assert_int_equal(kill(live.pid, SIGKILL), 0);
    live_stop(&live);
  }
}

/* A thread that Python does not know, made by C. */
static void test_native_threads_are_listed_without_a_state(void **state) {
  static const char native[] = "import sys, ctypes\n"
                               "libc = ctypes.CDLL(None)\n"
                               "thread = ctypes.c_ulong()\n"
                               "start = ctypes.cast(libc.sleep, ctypes.c_void_p)\n"
                               "create = libc.pthread_create\n"
                               "create.argtypes = [ctypes.c_void_p] * 4\n"
                               "assert create(ctypes.byref(thread), None, start, 100) == 0\n"
                               "print('ready', flush=True)\n"
                               "sys.stdin.read()\n";
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    live_target live = live_start((const char *[]){pythons[i].path, "-c", native, NULL});
    baro_interpreter interpreter;
    baro_thread_list list = {0};
    find(&live, &interpreter);
    assert_int_equal(baro_thread_list_read(&list, &interpreter), BARO_OK);
    assert_int_equal(list.count, 2);
    /* Where numbers of threads began anew in between, the later thread has the smaller one. */
    bool is_first = baro_thread_list_find(&list, live.pid) == &list.entries[0];
    assert_int_not_equal(list.entries[is_first ? 0 : 1].thread_addr, 0);
    assert_int_equal(list.entries[is_first ? 1 : 0].thread_addr, 0);
    baro_thread_list_release(&list);
    assert_int_equal(kill(live.pid, SIGKILL), 0);
    live_stop(&live);
  }
}

static void test_an_ended_process_is_gone(void **state) {
  (void)state;
  live_target live = live_start((const char *[]){pythons[0].path, "-c", THREADS, NULL});
  baro_interpreter interpreter;
  baro_thread_list list = {0};
  find(&live, &interpreter);
  live_stop(&live);
  assert_int_equal(baro_thread_list_read(&list, &interpreter), BARO_GONE);
  baro_thread_list_release(&list);
}

/* --- what no interpreter shows on demand --- */

typedef struct bench {
  synthetic_python python;
  baro_interpreter interpreter;
  baro_thread_list list;
} bench;

/* A runtime that lists the synthetic interpreter, whose one thread is this process. */
static void begin(bench *it) {
  *it = (bench){0};
  synthetic_init(&it->python, SYNTHETIC_DIRECT);
  const baro_layout *layout = &it->python.layout;
  uint8_t *runtime = synthetic_alloc(&it->python, layout->runtime.interpreters_head + 8);
  synthetic_store(runtime, layout->runtime.interpreters_head, synthetic_addr(it->python.interp));
  synthetic_store(it->python.thread, layout->thread.native_thread_id, (uint64_t)getpid());
  it->interpreter = (baro_interpreter){
      .pid = getpid(), .layout = *layout, .runtime_addr = synthetic_addr(runtime)};
}

static void end(bench *it) {
  baro_thread_list_release(&it->list);
  synthetic_release(&it->python);
}

static void test_lists_that_go_in_a_circle_end(void **state) {
  (void)state;
  bench it;
  begin(&it);
  const baro_layout *layout = &it.interpreter.layout;
  synthetic_store(it.python.thread, layout->thread.next, synthetic_addr(it.python.thread));
  synthetic_store(it.python.interp, layout->interp.next, synthetic_addr(it.python.interp));
  assert_int_equal(baro_thread_list_read(&it.list, &it.interpreter), BARO_OK);
  assert_true(it.list.interp_count <= BARO_MAX_INTERPS);
  const baro_thread_entry *entry = baro_thread_list_find(&it.list, getpid());
  assert_int_equal(entry->thread_addr, synthetic_addr(it.python.thread));
  end(&it);
}

static void test_a_state_freed_meanwhile_is_marked_and_asked_again(void **state) {
  (void)state;
  bench it;
  begin(&it);
  const baro_layout *layout = &it.interpreter.layout;
  static const uint64_t bad[] = {8, 0x10000, UINT64_MAX - 7};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    synthetic_store(it.python.thread, layout->thread.next, bad[i]);
    assert_int_equal(baro_thread_list_read(&it.list, &it.interpreter), BARO_OK);
    assert_true(it.list.changing);
    assert_int_not_equal(baro_thread_list_find(&it.list, getpid())->thread_addr, 0);
  }
  synthetic_store(it.python.thread, layout->thread.next, 0);
  assert_int_equal(baro_thread_list_read(&it.list, &it.interpreter), BARO_OK);
  assert_false(it.list.changing);
  end(&it);
}

static void test_a_state_that_is_being_started_is_unbound(void **state) {
  (void)state;
  bench it;
  begin(&it);
  synthetic_store(it.python.thread, it.interpreter.layout.thread.native_thread_id, 0);
  assert_int_equal(baro_thread_list_read(&it.list, &it.interpreter), BARO_OK);
  assert_true(it.list.unbound);
  assert_int_equal(baro_thread_list_find(&it.list, getpid())->thread_addr, 0);
  end(&it);
}

/* The interpreters up to 3.11 fill in the ids of the starting thread first. Taken for its state, the empty one
 * left that thread without stacks for up to a second. */
static void test_a_state_with_its_starters_ids_does_not_replace_the_starters(void **state) {
  (void)state;
  bench it;
  begin(&it);
  const baro_layout *layout = &it.interpreter.layout;
  uint8_t *started = synthetic_alloc(&it.python, layout->thread.read_bytes);
  synthetic_store(started, layout->thread.interp, synthetic_addr(it.python.interp));
  synthetic_store(started, layout->thread.next, synthetic_addr(it.python.thread));
  synthetic_store(started, layout->thread.native_thread_id, (uint64_t)getpid());
  synthetic_store(it.python.interp, layout->interp.threads_head, synthetic_addr(started));
  assert_int_equal(baro_thread_list_read(&it.list, &it.interpreter), BARO_OK);
  assert_true(it.list.unbound); /* to be asked again soon */
  assert_int_equal(baro_thread_list_find(&it.list, getpid())->thread_addr,
                   synthetic_addr(it.python.thread));
  end(&it);
}

/* Finalized, or replaced by a program that is starting up at the same address. */
static void test_a_runtime_without_interpreters_is_gone(void **state) {
  (void)state;
  bench it;
  begin(&it);
  uint8_t *runtime = (uint8_t *)(uintptr_t)it.interpreter.runtime_addr;
  synthetic_store(runtime, it.interpreter.layout.runtime.interpreters_head, 0);
  assert_int_equal(baro_thread_list_read(&it.list, &it.interpreter), BARO_GONE);
  end(&it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_thread_has_its_own_state),
      cmocka_unit_test(test_who_computes_holds_the_gil),
      cmocka_unit_test(test_native_threads_are_listed_without_a_state),
      cmocka_unit_test(test_an_ended_process_is_gone),
      cmocka_unit_test(test_lists_that_go_in_a_circle_end),
      cmocka_unit_test(test_a_state_freed_meanwhile_is_marked_and_asked_again),
      cmocka_unit_test(test_a_state_that_is_being_started_is_unbound),
      cmocka_unit_test(test_a_state_with_its_starters_ids_does_not_replace_the_starters),
      cmocka_unit_test(test_a_runtime_without_interpreters_is_gone),
  };
  python_count = live_pythons(pythons);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
