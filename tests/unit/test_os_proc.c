/* os_proc: texts of /proc as values, and the real files of processes made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os_proc.h"

/* A child that waits for a signal under the given name. Both ends of a pipe tell when it is ready. */
static pid_t start_child(const char *name) {
  int ready[2];
  char byte;
  assert_int_equal(pipe(ready), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, name);
    (void)!write(ready[1], "x", 1);
    for (;;)
      (void)pause();
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  (void)close(ready[0]);
  (void)close(ready[1]);
  return pid;
}

static void end_child(pid_t pid) {
  (void)kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static bool contains(const baro_pid_list *list, pid_t pid) {
  for (size_t i = 0; i < list->count; i++)
    if (list->pids[i] == pid)
      return true;
  return false;
}

/* --- Parsers. --- */

static void cpu_times_are_those_of_all_cpus(void **state) {
  (void)state;
  baro_cpu_times times;
  baro_view all = baro_view_of("cpu  70 5 20 1000 30 1 4 25 60 3\ncpu0 9 9 9 9 9 9 9 9 9 9\n");
  assert_int_equal(baro_parse_cpu_times(all, &times), BARO_OK);
  assert_int_equal(times.busy_ticks, 100);
  assert_int_equal(times.stolen_ticks, 25);
  /* Linux 2.6.0 told no more. */
  assert_int_equal(baro_parse_cpu_times(baro_view_of("cpu 1 2 3 4 5\n"), &times), BARO_OK);
  assert_int_equal(times.busy_ticks, 6);
  assert_int_equal(times.stolen_ticks, 0);
  static const char *const bad[] = {
      "", "cpu", "cpu ", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 3 4", "cpu 1 2 x 4 5 6 7 8"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(baro_parse_cpu_times(baro_view_of(bad[i]), &times), BARO_INVALID);
  baro_cpu_times first = baro_proc_cpu_times();
  assert_true(first.busy_ticks > 0);
  baro_cpu_times second = baro_proc_cpu_times();
  assert_true(second.busy_ticks >= first.busy_ticks);
}

static void schedstat_takes_three_numbers_only(void **state) {
  (void)state;
  baro_schedstat stat;
  assert_int_equal(baro_parse_schedstat(baro_view_of("47528 25207 1\n"), &stat), BARO_OK);
  assert_int_equal(stat.exec_ns, 47528);
  assert_int_equal(stat.delay_ns, 25207);
  assert_int_equal(stat.slices, 1);
  assert_int_equal(baro_parse_schedstat(baro_view_of("18446744073709551615 0 9"), &stat), BARO_OK);
  assert_true(stat.exec_ns == UINT64_MAX);
  static const char *const bad[] = {"", "\n", "1 2", "1 2 x", "-1 2 3", "18446744073709551616 0 1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(baro_parse_schedstat(baro_view_of(bad[i]), &stat), BARO_INVALID);
}

static void syscall_tells_running_inside_and_outside(void **state) {
  (void)state;
  baro_syscall_info info;
  assert_int_equal(baro_parse_syscall(baro_view_of("running\n"), &info), BARO_OK);
  assert_int_equal(info.kind, BARO_SYSCALL_RUNNING);
  assert_int_equal(
      baro_parse_syscall(
          baro_view_of("202 0x7f1 0x189 0x0 0x7ffe00daf4b0 0x0 0xffffffffffffffff 0xa 0xb\n"),
          &info),
      BARO_OK);
  assert_int_equal(info.kind, BARO_SYSCALL_INSIDE);
  assert_int_equal(info.number, 202);
  assert_true(info.arguments[0] == 0x7f1 && info.arguments[5] == UINT64_MAX);
  assert_true(info.stack_addr == 0xa && info.code_addr == 0xb);
  assert_int_equal(baro_parse_syscall(baro_view_of("-1 0x7ffe 0x55aa\n"), &info), BARO_OK);
  assert_int_equal(info.kind, BARO_SYSCALL_OUTSIDE);
  assert_true(info.stack_addr == 0x7ffe && info.code_addr == 0x55aa);
  static const char *const bad[] = {"",
                                    "202",
                                    "202 0x1 0x2",
                                    "-1",
                                    "x",
                                    "1 1 2 3 4 5 6 7 8",
                                    "0 0x10000000000000000 0x0 0x0 0x0 0x0 0x0 0x0 0x0"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(baro_parse_syscall(baro_view_of(bad[i]), &info), BARO_INVALID);
}

/* Austin misread names with ')' in them: the last one ends the name. */
static void stat_survives_hostile_names(void **state) {
  (void)state;
  static const char text[] =
      "4312 (a) R 1 (b) S 4311 4312 6578 0 -1 4194368 18 0 0 0 250 17 0 0 20 0 7 0 15661 8192 "
      "3 18446744073709551615 1 2 3 4 5 0 0 0 0 0 0 0 17 5 0 0 0 0 0\n";
  baro_task_stat stat;
  assert_int_equal(baro_parse_stat(baro_view_of(text), &stat), BARO_OK);
  assert_string_equal(stat.comm, "a) R 1 (b");
  assert_int_equal(stat.state, 'S');
  assert_int_equal(stat.parent_pid, 4311);
  assert_int_equal(stat.user_ns, UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK) * 250);
  assert_int_equal(stat.system_ns, UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK) * 17);
  assert_int_equal(stat.thread_count, 7);
  assert_int_equal(stat.start_ticks, 15661);
  assert_int_equal(stat.rss_bytes, 3 * sysconf(_SC_PAGESIZE));
  assert_int_equal(stat.processor, 5);
}

/* Every prefix is refused or gives the whole; nothing is read beyond it (sanitizers watch). */
static void stat_may_end_anywhere(void **state) {
  (void)state;
  static const char text[] =
      "1 (x) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 5 0 1 0 0 0 0 0 0 0 0 0 "
      "0 0 0 0 17 3";
  size_t accepted = 0;
  for (size_t length = 0; length < sizeof text; length++) {
    char *copy = malloc(length + 1);
    baro_task_stat stat;
    memcpy(copy, text, length);
    baro_view view = {.data = (uint8_t *)copy, .length = length};
    accepted += baro_parse_stat(view, &stat) == BARO_OK;
    free(copy);
  }
  assert_in_range(accepted, 1, 6); /* from the field before the processor on */
}

static void status_reads_ids_and_namespaces(void **state) {
  (void)state;
  static const char text[] = "Name:\tx Uid:\t7\nState:\tS (sleeping)\nTgid:\t4312\nPid:\t4313\n"
                             "PPid:\t1\nTracerPid:\t77\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"
                             "NSpid:\t4312\t12\t1\nVmHWM:\t    20 kB\nVmRSS:\t    10 kB\n"
                             "Threads:\t3\nCapPrm:\t00000000a80425fb\nCapEff:\t0000000000080000\n"
                             "Seccomp:\t2\n";
  baro_proc_status status;
  assert_int_equal(baro_parse_status(baro_view_of(text), &status), BARO_OK);
  assert_int_equal(status.state, 'S');
  assert_int_equal(status.process_pid, 4312);
  assert_int_equal(status.tracer_pid, 77);
  assert_int_equal(status.uids[2], 3);
  assert_int_equal(status.gids[0], 5);
  assert_int_equal(status.namespace_pid_count, 3);
  assert_int_equal(status.namespace_pids[2], 1);
  assert_int_equal(status.capabilities_permitted, 0xa80425fb);
  assert_int_equal(status.capabilities_effective, 1u << 19);
  assert_int_equal(status.seccomp_mode, 2);
  assert_int_equal(status.rss_bytes, 10 * 1024);
  assert_int_equal(status.rss_peak_bytes, 20 * 1024);
  assert_int_equal(status.thread_count, 3);
  assert_int_equal(baro_parse_status(baro_view_of("Name:\tx\n"), &status), BARO_INVALID);
}

/* --- Real processes. --- */

static void own_stat_is_ours(void **state) {
  (void)state;
  baro_task_stat stat;
  baro_proc_status status;
  assert_int_equal(baro_proc_stat(getpid(), 0, &stat, NULL), BARO_OK);
  assert_int_equal(stat.parent_pid, getppid());
  assert_int_equal(stat.state, 'R');
  assert_true(stat.rss_bytes > 0);
  assert_int_equal(baro_proc_status_read(getpid(), &status, NULL), BARO_OK);
  assert_int_equal(status.process_pid, getpid());
  assert_int_equal(status.uids[0], getuid());
  assert_int_equal(status.namespace_pids[0], getpid());
}

static void start_time_is_monotonic(void **state) {
  (void)state;
  uint64_t before_ns = baro_clock_now_ns();
  pid_t pid = start_child("starts");
  uint64_t after_ns = baro_clock_now_ns();
  baro_task_stat stat;
  assert_int_equal(baro_proc_stat(pid, 0, &stat, NULL), BARO_OK);
  uint64_t start_ns = baro_proc_start_ns(stat.start_ticks);
  uint64_t tick_ns = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
  assert_true(start_ns + 2 * tick_ns > before_ns && start_ns < after_ns + tick_ns);
  end_child(pid);
}

static void names_and_command_lines_keep_any_byte(void **state) {
  (void)state;
  char comm[BARO_COMM_BYTES];
  baro_task_stat stat;
  baro_buffer text = {0};
  pid_t pid = start_child("a) S\n(\x01\xff");
  assert_int_equal(baro_proc_comm(pid, pid, comm, NULL), BARO_OK);
  assert_string_equal(comm, "a) S\n(\x01\xff");
  assert_int_equal(baro_proc_stat(pid, 0, &stat, NULL), BARO_OK);
  assert_int_equal(stat.parent_pid, getpid());
  assert_int_equal(baro_proc_command_line(pid, 4096, &text, NULL), BARO_OK);
  assert_non_null(memmem(text.data, text.length, "test_os_proc", 12));
  assert_int_equal(baro_proc_command_line(pid, 5, &text, NULL), BARO_OK);
  assert_int_equal(text.length, 5);
  end_child(pid);
  baro_buffer_release(&text);
}

static void failures_tell_gone_from_unknown(void **state) {
  (void)state;
  baro_error err;
  int fd = -1;
  int kept = -1;
  char buffer[128];
  baro_view view;
  baro_task_stat stat;
  pid_t pid = start_child("ends");
  assert_int_equal(baro_proc_open(pid, 0, "no_such_file", &fd, &err), BARO_NOT_FOUND);
  assert_int_equal(baro_proc_open(pid, pid, "schedstat", &kept, &err), BARO_OK);
  assert_int_equal(baro_proc_read_kept(kept, buffer, sizeof buffer, &view), BARO_OK);
  assert_int_equal(baro_proc_read_kept(kept, buffer, sizeof buffer, &view), BARO_OK);
  assert_true(view.length > 0);
  end_child(pid);
  assert_int_equal(baro_proc_read_kept(kept, buffer, sizeof buffer, &view), BARO_GONE);
  assert_int_equal(baro_proc_open(pid, 0, "stat", &fd, &err), BARO_GONE);
  assert_int_equal(baro_proc_open(getpid(), pid, "stat", &fd, &err), BARO_GONE);
  assert_int_equal(baro_proc_stat(pid, 0, &stat, &err), BARO_GONE);
  assert_non_null(strstr(err.message, "is gone"));
  (void)close(kept);
}

static void *wait_for_end(void *barrier) {
  (void)pthread_barrier_wait(barrier); /* all are there */
  (void)pthread_barrier_wait(barrier); /* all may go */
  return NULL;
}

static void all_threads_are_listed(void **state) {
  (void)state;
  enum { THREADS = 5 };
  pthread_t threads[THREADS];
  pthread_barrier_t barrier;
  baro_pid_list list = {0};
  uint32_t before = baro_proc_task_count(getpid());
  assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS + 1), 0);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, wait_for_end, &barrier), 0);
  (void)pthread_barrier_wait(&barrier);
  assert_int_equal(baro_proc_task_count(getpid()), before + THREADS);
  assert_int_equal(baro_proc_list_tasks(getpid(), &list, NULL), BARO_OK);
  assert_int_equal(list.count, before + THREADS);
  assert_true(contains(&list, getpid()));
  (void)pthread_barrier_wait(&barrier);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  (void)pthread_barrier_destroy(&barrier);
  assert_int_equal(baro_proc_list_tasks(INT_MAX, &list, NULL), BARO_GONE);
  assert_int_equal(baro_proc_task_count(INT_MAX), 0);
  baro_pid_list_release(&list);
}

static void children_are_found(void **state) {
  (void)state;
  baro_pid_list list = {0};
  baro_process_table table = {0};
  pid_t first = start_child("first");
  assert_int_equal(baro_process_table_update(&table, NULL, NULL), BARO_OK);
  pid_t second = start_child("second");
  assert_int_equal(baro_proc_list_children(getpid(), &list, NULL), BARO_OK);
  assert_int_equal(list.count, 2);
  assert_true(contains(&list, first) && contains(&list, second));
  bool changed = false;
  assert_int_equal(baro_process_table_update(&table, &changed, NULL), BARO_OK);
  assert_true(changed); /* `second` is new */
  assert_int_equal(baro_process_table_children(&table, getpid(), &list), BARO_OK);
  assert_int_equal(list.count, 2);
  assert_true(contains(&list, first) && contains(&list, second));
  end_child(first);
  pid_t third = start_child("third");
  assert_int_equal(baro_process_table_update(&table, NULL, NULL), BARO_OK);
  assert_int_equal(baro_process_table_children(&table, getpid(), &list), BARO_OK);
  assert_int_equal(list.count, 2);
  assert_true(contains(&list, third) && !contains(&list, first));
  end_child(second);
  end_child(third);
  baro_process_table_release(&table);
  baro_pid_list_release(&list);
}

/* An id is given out before its process is in /proc: a table made in between has the id's number and not the process. */
static void a_process_that_a_listing_missed_is_found(void **state) {
  (void)state;
  baro_pid_list list = {0};
  baro_process_table table = {0};
  pid_t child = start_child("late");
  assert_int_equal(baro_process_table_update(&table, NULL, NULL), BARO_OK);
  baro_map_release(&table.parents);
  table.parents = (baro_map){0};
  for (int looks = 0; looks < 500 && !contains(&list, child); looks++) {
    (void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_int_equal(baro_process_table_update(&table, NULL, NULL), BARO_OK);
    assert_int_equal(baro_process_table_children(&table, getpid(), &list), BARO_OK);
  }
  assert_true(contains(&list, child));
  end_child(child);
  baro_process_table_release(&table);
  baro_pid_list_release(&list);
}

/* What costs 2 us instead of a listing. Others may create a process between two updates: then it is tried again. */
static void a_settled_table_is_not_made_anew(void **state) {
  (void)state;
  baro_process_table table = {0};
  bool changed = true;
  for (int tries = 0; tries < 1000 && changed; tries++) {
    assert_int_equal(baro_process_table_update(&table, NULL, NULL), BARO_OK);
    table.moved_ns = 0; /* as if the last process were old */
    assert_int_equal(baro_process_table_update(&table, &changed, NULL), BARO_OK);
  }
  assert_false(changed);
  table.listed_ns = 0; /* and as if it were long since the listing */
  assert_int_equal(baro_process_table_update(&table, &changed, NULL), BARO_OK);
  assert_true(changed);
  baro_process_table_release(&table);
}

static void schedstat_stands_still_while_blocked(void **state) {
  (void)state;
  char buffer[128];
  baro_view view;
  baro_task_stat stat = {0};
  baro_schedstat before;
  baro_schedstat after;
  assert_true(baro_proc_has_schedstat());
  pid_t pid = start_child("still");
  while (stat.state != 'S') /* its way into pause() */
    assert_int_equal(baro_proc_stat(pid, 0, &stat, NULL), BARO_OK);
  assert_int_equal(baro_proc_read(pid, pid, "schedstat", buffer, sizeof buffer, &view, NULL), 0);
  assert_int_equal(baro_parse_schedstat(view, &before), BARO_OK);
  assert_int_equal(baro_proc_read(pid, pid, "schedstat", buffer, sizeof buffer, &view, NULL), 0);
  assert_int_equal(baro_parse_schedstat(view, &after), BARO_OK);
  assert_memory_equal(&before, &after, sizeof before);
  assert_true(after.slices > 0);
  end_child(pid);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cpu_times_are_those_of_all_cpus),
      cmocka_unit_test(schedstat_takes_three_numbers_only),
      cmocka_unit_test(syscall_tells_running_inside_and_outside),
      cmocka_unit_test(stat_survives_hostile_names),
      cmocka_unit_test(stat_may_end_anywhere),
      cmocka_unit_test(status_reads_ids_and_namespaces),
      cmocka_unit_test(own_stat_is_ours),
      cmocka_unit_test(start_time_is_monotonic),
      cmocka_unit_test(names_and_command_lines_keep_any_byte),
      cmocka_unit_test(failures_tell_gone_from_unknown),
      cmocka_unit_test(all_threads_are_listed),
      cmocka_unit_test(children_are_found),
      cmocka_unit_test(a_process_that_a_listing_missed_is_found),
      cmocka_unit_test(a_settled_table_is_not_made_anew),
      cmocka_unit_test(schedstat_stands_still_while_blocked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
