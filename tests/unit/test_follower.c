/* The tree of processes, on live ones: children are found and attached, other programs and ended ones are let go. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "capture/sampler/follower.h"
#include "recording/reader.h"
#include "support/live_python.h"
#include "support/recording_fixture.h"

enum { PROCESSES_MAX = 64 };

static live_python pythons[LIVE_PYTHON_MAX];
static size_t python_count;
static baro_process_record processes[PROCESSES_MAX];
static int32_t wait_statuses[PROCESSES_MAX];
static uint32_t process_count;
static uint32_t ended_count;

typedef struct session {
  fixture_disk disk;
  baro_writer *writer;
  baro_placement placement;
  baro_followers *followers;
} session;

static void begin(session *it, pid_t root, bool follow_children) {
  *it = (session){0};
  it->writer = fixture_writer(&it->disk);
  baro_placement_init(&it->placement);
  baro_followers_options options = {.root = root,
                                    .follow_children = follow_children,
                                    .writer = it->writer,
                                    .placement = &it->placement};
  assert_int_equal(baro_followers_create(&options, &it->followers, NULL), BARO_OK);
}

static baro_status take_process(void *context, uint32_t id, const baro_process_record *process,
                                baro_error *err) {
  (void)context;
  (void)err;
  assert_true(id < PROCESSES_MAX);
  processes[id] = *process;
  process_count = id + 1;
  return BARO_OK;
}

static baro_status take_process_end(void *context, const baro_end_record *end, baro_error *err) {
  (void)context;
  (void)err;
  wait_statuses[end->index] = end->wait_status;
  ended_count++;
  return BARO_OK;
}

static void finish(session *it, int root_wait_status) {
  static const baro_visitor visitor = {.process = take_process, .process_end = take_process_end};
  baro_damage damage;
  process_count = 0;
  ended_count = 0;
  baro_followers_destroy(it->followers, baro_clock_now_ns(), root_wait_status);
  assert_int_equal(baro_writer_close(it->writer, NULL), BARO_OK);
  assert_int_equal(
      baro_recording_read_memory(fixture_disk_view(&it->disk), "memory", &visitor, &damage, NULL),
      BARO_OK);
  fixture_disk_release(&it->disk);
}

static void step(session *it) {
  uint64_t next_ns;
  uint64_t now_ns = baro_clock_now_ns();
  assert_int_equal(baro_followers_update(it->followers, now_ns, false, &next_ns, NULL), BARO_OK);
  assert_true(next_ns > now_ns && next_ns <= now_ns + UINT64_C(1000000000));
  baro_followers_tick(it->followers, baro_clock_now_ns(), 0);
  (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Until so many processes are sampled at once. */
static void await_active(session *it, uint32_t count) {
  for (int waited = 0; waited < 20000 && baro_followers_active(it->followers) != count; waited++)
    step(it);
  assert_int_equal(baro_followers_active(it->followers), count);
}

static void await_root_end(session *it) {
  for (int waited = 0; waited < 20000 && !baro_followers_root_ended(it->followers); waited++)
    step(it);
  assert_true(baro_followers_root_ended(it->followers));
}

static uint64_t processes_sampled(const session *it) {
  baro_followers_totals totals;
  baro_followers_sum(it->followers, &totals);
  return totals.processes;
}

/* A fork that execs late, as on a busy machine, is two processes of the recording, of one number. */
static uint32_t numbers_of_processes(void) {
  uint32_t different = 0;
  for (uint32_t i = 0; i < process_count; i++) {
    uint32_t k = 0;
    while (processes[k].os_pid != processes[i].os_pid)
      k++;
    different += k == i;
  }
  return different;
}

/* Starts children when its input gives a line, and lets them go at the next. */
static const char PARENT[] =
    "import os, subprocess, sys\n"
    "print('ready', flush=True)\n"
    "sys.stdin.readline()\n"
    "wait = 'import sys; sys.stdin.read()'\n"
    "direct = subprocess.Popen([sys.executable, '-c', wait], stdin=subprocess.PIPE)\n"
    "behind = subprocess.Popen(['sh', '-c', '\"$0\" -c \"$1\"; exit 0', sys.executable, wait],\n"
    "                          stdin=subprocess.PIPE)\n"
    "sys.stdin.readline()\n"
    "direct.communicate(); behind.communicate()\n"
    "sys.stdin.read()\n";

static void test_children_and_their_children_are_followed(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    session it;
    live_target live = live_start((const char *[]){pythons[i].path, "-c", PARENT, NULL});
    begin(&it, live.pid, true);
    await_active(&it, 1);
    assert_int_equal(write(live.input, "\n", 1), 1);
    await_active(&it, 3); /* one of them behind a shell */
    assert_int_equal(write(live.input, "\n", 1), 1);
    await_active(&it, 1);
    uint64_t sampled = processes_sampled(&it);
    finish(&it, -1);
    pid_t pid = live.pid;
    live_stop(&live);
    assert_int_equal(numbers_of_processes(), 3);
    assert_int_equal(process_count, sampled);
    assert_int_equal(ended_count, sampled);
    assert_int_equal(processes[0].os_pid, pid);
    assert_int_equal(processes[0].parent_process, BARO_NONE_ID);
    for (uint32_t k = 1; k < process_count; k++)
      assert_int_equal(processes[k].parent_process, 0);
  }
}

static void test_children_are_left_alone_unless_wanted(void **state) {
  (void)state;
  session it;
  live_target live = live_start((const char *[]){pythons[0].path, "-c", PARENT, NULL});
  begin(&it, live.pid, false);
  await_active(&it, 1);
  assert_int_equal(write(live.input, "\n", 1), 1);
  for (int i = 0; i < 500; i++)
    step(&it);
  assert_int_equal(processes_sampled(&it), 1);
  finish(&it, -1);
  live_stop(&live);
}

/* A Python that execs a Python that execs something else. */
static void test_an_exec_is_another_process_of_the_same_number(void **state) {
  static const char first[] =
      "import os, sys\n"
      "print('ready', flush=True)\n"
      "sys.stdin.readline()\n"
      "os.execv(sys.executable, [sys.executable, '-c', 'import sys, os; sys.stdin.read(); '\n"
      "         'os.execvp(\"sleep\", [\"sleep\", \"20\"])'])\n";
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    session it;
    live_target live = live_start((const char *[]){pythons[i].path, "-c", first, NULL});
    begin(&it, live.pid, true);
    await_active(&it, 1);
    assert_int_equal(write(live.input, "\n", 1), 1);
    for (int waited = 0; waited < 20000 && processes_sampled(&it) < 2; waited++)
      step(&it);
    await_active(&it, 1);
    (void)close(live.input);
    live.input = -1;
    await_active(&it, 0);
    for (int k = 0; k < 100; k++) /* and stays so: sleep is no Python */
      step(&it);
    assert_int_equal(processes_sampled(&it), 2);
    assert_false(baro_followers_root_ended(it.followers));
    assert_int_equal(kill(live.pid, SIGKILL), 0);
    await_root_end(&it);
    finish(&it, 9);
    assert_int_equal(process_count, 2);
    assert_int_equal(processes[1].os_pid, live.pid);
    assert_int_equal(processes[1].parent_process, 0);
    live_stop(&live);
  }
}

/* Nothing is asked while the second program starts: where an interpreter has its globals at fixed addresses, as
 * Debian's, it looks like the first one then. */
static void test_an_exec_between_two_ticks_is_seen(void **state) {
  static const char first[] =
      "import os, sys\n"
      "print('ready', flush=True)\n"
      "sys.stdin.readline()\n"
      "os.execv(sys.executable, [sys.executable, '-c', 'import sys; open(sys.argv[1], \"w\"); '\n"
      "         'sys.stdin.read()', sys.argv[1]])\n";
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    session it;
    char started[1024];
    (void)snprintf(started, sizeof started, "%s/started-%zu", live_folder(), i);
    live_target live = live_start((const char *[]){pythons[i].path, "-c", first, started, NULL});
    begin(&it, live.pid, false);
    await_active(&it, 1);
    assert_int_equal(write(live.input, "\n", 1), 1);
    for (int waited = 0; waited < 20000 && access(started, F_OK) != 0; waited++)
      (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_int_equal(access(started, F_OK), 0);
    for (int waited = 0; waited < 20000 && processes_sampled(&it) < 2; waited++)
      step(&it);
    finish(&it, -1);
    live_stop(&live);
    assert_int_equal(process_count, 2);
    assert_int_equal(processes[1].os_pid, processes[0].os_pid);
  }
}

static void test_the_end_of_the_root_is_told_with_its_status(void **state) {
  (void)state;
  session it;
  live_target live = live_start((const char *[]){pythons[0].path, "-c", PARENT, NULL});
  begin(&it, live.pid, true);
  await_active(&it, 1);
  assert_int_equal(kill(live.pid, SIGTERM), 0);
  await_root_end(&it);
  finish(&it, SIGTERM);
  live_stop(&live);
  assert_int_equal(process_count, 1);
  assert_int_equal(wait_statuses[0], SIGTERM);
}

/* `record -p` of what has ended, or is no Python, is refused at once with the reason. */
static void test_a_first_attach_that_cannot_be_is_refused(void **state) {
  (void)state;
  uint64_t next_ns;
  baro_error err = {0};
  session it;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(0);
  siginfo_t info;
  assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0); /* a zombie */
  begin(&it, child, true);
  assert_int_equal(baro_followers_update(it.followers, baro_clock_now_ns(), true, &next_ns, &err),
                   BARO_GONE);
  assert_non_null(strstr(err.message, "ended"));
  finish(&it, -1);
  assert_int_equal(waitpid(child, NULL, 0), child);

  live_target live = live_start_only((const char *[]){"sleep", "20", NULL});
  begin(&it, live.pid, true);
  baro_status status = BARO_AGAIN;
  for (int tries = 0; tries < 1000 && (status == BARO_AGAIN || status == BARO_OK); tries++) {
    status = baro_followers_update(it.followers, baro_clock_now_ns(), true, &next_ns, &err);
    (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  assert_int_equal(status, BARO_NOT_FOUND);
  finish(&it, -1);
  assert_int_equal(kill(live.pid, SIGKILL), 0);
  live_stop(&live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_children_and_their_children_are_followed),
      cmocka_unit_test(test_children_are_left_alone_unless_wanted),
      cmocka_unit_test(test_an_exec_is_another_process_of_the_same_number),
      cmocka_unit_test(test_an_exec_between_two_ticks_is_seen),
      cmocka_unit_test(test_the_end_of_the_root_is_told_with_its_status),
      cmocka_unit_test(test_a_first_attach_that_cannot_be_is_refused),
  };
  python_count = live_pythons(pythons);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
