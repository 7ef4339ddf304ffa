/* One live process under a target: the time of its threads adds up, whatever happens between the ticks. The clock
 * is the test's, so that sums can be compared to the nanosecond. */
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

#include "base/os_proc.h"
#include "base/os_process.h"
#include "capture/sampler/target.h"
#include "capture/sampler/thread_state.h"
#include "recording/reader.h"
#include "support/live_python.h"
#include "support/recording_fixture.h"

enum { THREADS_MAX = 4096, TICKS = 120 };

#define START_NS UINT64_C(7000000000000)
#define TICK_NS UINT64_C(1234567)

/* Threads that come and go, wait and compute, all the while. */
static const char CHURN[] = "import sys, threading, time\n"
                            "def work():\n"
                            "    sum(range(20000)); time.sleep(0.003)\n"
                            "def stay():\n"
                            "    while True: sum(range(3000)); time.sleep(0.001)\n"
                            "def churn():\n"
                            "    while True:\n"
                            "        t = threading.Thread(target=work); t.start(); t.join()\n"
                            "print('ready', flush=True)\n"
                            "sys.stdin.readline()\n"
                            "for f in (stay, stay, churn, churn):\n"
                            "    threading.Thread(target=f, daemon=True).start()\n"
                            "sys.stdin.read()\n";

typedef struct thread_sum {
  uint64_t seen_ns;
  uint64_t end_ns;
  uint64_t last_ns; /* of its samples */
  uint64_t weight_ns;
  uint64_t unknown_ns; /* of it: in that state */
  uint32_t samples;
  bool is_main;
  bool overlaps; /* samples of one thread follow each other without gap or overlap */
} thread_sum;

static live_python pythons[LIVE_PYTHON_MAX];
static size_t python_count;
static thread_sum sums[THREADS_MAX];
static uint32_t thread_count;
static uint64_t ended_processes;
static baro_counters_record counters;

static baro_status take_thread(void *context, uint32_t id, const baro_thread_record *thread,
                               baro_error *err) {
  (void)context;
  (void)err;
  assert_true(id < THREADS_MAX);
  sums[id] = (thread_sum){
      .seen_ns = thread->seen_ns, .last_ns = thread->seen_ns, .is_main = thread->is_main};
  thread_count = id + 1;
  return BARO_OK;
}

/* Times are stored in whole us, and what rounding took is carried on: 2 us of slack at each end. */
static baro_status take_sample(void *context, const baro_sample_record *sample, baro_error *err) {
  thread_sum *sum = &sums[sample->thread];
  (void)context;
  (void)err;
  uint64_t begin_ns = sample->time_ns - sample->weight_ns;
  uint64_t gap_ns = begin_ns > sum->last_ns ? begin_ns - sum->last_ns : sum->last_ns - begin_ns;
  sum->overlaps = sum->overlaps || gap_ns > 3000;
  sum->last_ns = sample->time_ns;
  sum->weight_ns += sample->weight_ns;
  sum->unknown_ns += sample->state == BARO_STATE_UNKNOWN ? sample->weight_ns : 0;
  sum->samples++;
  return BARO_OK;
}

static baro_status take_thread_end(void *context, const baro_end_record *end, baro_error *err) {
  (void)context;
  (void)err;
  sums[end->index].end_ns = end->time_ns;
  return BARO_OK;
}

static baro_status take_process_end(void *context, const baro_end_record *end, baro_error *err) {
  (void)context;
  (void)end;
  (void)err;
  ended_processes++;
  return BARO_OK;
}

static baro_status take_counters(void *context, const baro_counters_record *record,
                                 baro_error *err) {
  (void)context;
  (void)err;
  counters = *record;
  return BARO_OK;
}

static void read_recording(baro_writer *writer, fixture_disk *disk) {
  static const baro_visitor visitor = {.thread = take_thread,
                                       .sample = take_sample,
                                       .thread_end = take_thread_end,
                                       .process_end = take_process_end,
                                       .counters = take_counters};
  baro_damage damage;
  thread_count = 0;
  ended_processes = 0;
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  assert_int_equal(
      baro_recording_read_memory(fixture_disk_view(disk), "memory", &visitor, &damage, NULL),
      BARO_OK);
  assert_true(damage.complete);
  fixture_disk_release(disk);
}

static live_target start_churn(const live_python *python) {
  live_target live = live_start((const char *[]){python->path, "-c", CHURN, NULL});
  assert_int_equal(write(live.input, "\n", 1), 1);
  return live;
}

typedef struct session {
  fixture_disk disk;
  baro_writer *writer;
  baro_interpreter_cache *cache;
  baro_placement placement;
  baro_target *target;
  uint64_t now_ns;
} session;

static void attach(session *it, pid_t pid, bool stop_target) {
  baro_error err = {0};
  *it = (session){.now_ns = START_NS};
  it->writer = fixture_writer(&it->disk);
  it->cache = baro_interpreter_cache_create();
  baro_placement_init(&it->placement);
  baro_target_options options = {.pid = pid,
                                 .parent_process = BARO_NONE_ID,
                                 .stop_target = stop_target,
                                 .cache = it->cache,
                                 .writer = it->writer,
                                 .placement = &it->placement};
  if (baro_target_attach(&options, it->now_ns, &it->target, &err) != BARO_OK)
    fail_msg("%s", err.message);
}

static void detach(session *it) {
  baro_target_destroy(it->target, it->now_ns, -1);
  baro_interpreter_cache_destroy(it->cache);
  read_recording(it->writer, &it->disk);
}

static baro_status tick(session *it, uint64_t step_ns) {
  it->now_ns += step_ns;
  (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  return baro_target_tick(it->target, it->now_ns);
}

/* The invariant of sampled_thread.h. */
static void assert_times_add_up(uint64_t last_tick_ns) {
  assert_int_equal(ended_processes, 1);
  for (uint32_t i = 0; i < thread_count; i++) {
    const thread_sum *sum = &sums[i];
    uint64_t observed_ns = sum->last_ns - sum->seen_ns;
    assert_false(sum->overlaps);
    assert_in_range(sum->weight_ns, observed_ns < 3000 ? 0 : observed_ns - 3000,
                    observed_ns + 3000);
    assert_true(sum->end_ns + 3000 >= sum->last_ns);
    if (sum->is_main) /* there from the first tick to the last */
      assert_in_range(sum->weight_ns, last_tick_ns - START_NS - 3000,
                      last_tick_ns - START_NS + 3000);
  }
}

static void test_weights_add_up_to_the_time_of_each_thread(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    live_target live = start_churn(&pythons[i]);
    session it;
    attach(&it, live.pid, false);
    for (int k = 0; k < TICKS; k++) {
      assert_int_equal(tick(&it, k % 7 == 3 ? 40 * TICK_NS : TICK_NS), BARO_OK);
      if (k % 50 == 49)
        baro_target_flush(it.target, it.now_ns);
    }
    uint64_t seen = baro_target_threads_seen(it.target);
    detach(&it);
    live_stop(&live);
    assert_times_add_up(it.now_ns);
    assert_int_equal(thread_count, seen);
    assert_true(thread_count > 5); /* main, the four, and some of those that come and go */
    assert_int_equal(counters.values[BARO_COUNTER_TICKS], TICKS);
    assert_true(counters.values[BARO_COUNTER_STACKS] > TICKS / 4);
    assert_true(counters.values[BARO_COUNTER_TARGET_CPU_NS] > 0);
  }
}

/* The last look stands for the time up to the end, which at low rates is long. */
static void test_the_end_of_the_recording_is_no_gap(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    live_target live = start_churn(&pythons[i]);
    session it;
    attach(&it, live.pid, false);
    for (int k = 0; k < 20; k++) {
      assert_int_equal(tick(&it, TICK_NS), BARO_OK);
      if (k == 19 && i % 2 == 0) /* with and without a pending sample */
        baro_target_flush(it.target, it.now_ns);
    }
    it.now_ns += 1000 * TICK_NS;
    baro_target_settle(it.target, it.now_ns);
    detach(&it);
    live_stop(&live);
    assert_times_add_up(it.now_ns);
  }
}

enum { SLEEPERS = 20, WAKERS = 4, ALL_THREADS = SLEEPERS + WAKERS + 1, EXPECTED_TICKS = 45 };

/* Most sleep all the time; some wake up so rarely that nobody expects it. */
static const char SLEEP[] = "import sys, threading, time\n"
                            "def wake():\n"
                            "    while True: time.sleep(0.2); sum(range(2000))\n"
                            "over = threading.Event()\n"
                            "for f in (over.wait,) * 20 + (wake,) * 4:\n"
                            "    threading.Thread(target=f, daemon=True).start()\n"
                            "print('ready', flush=True)\n"
                            "sys.stdin.read()\n";

static baro_schedstat ask(baro_thread_probe *probe) {
  baro_schedstat now;
  assert_int_equal(baro_thread_probe_schedstat(probe, &now), BARO_OK);
  return now;
}

static uint64_t looks_at_stacks(const session *it) {
  return baro_target_counter(it->target, BARO_COUNTER_STACKS) +
         baro_target_counter(it->target, BARO_COUNTER_REJECTED) +
         baro_target_counter(it->target, BARO_COUNTER_UNREADABLE);
}

/* Ticks of threads in which they were not asked and of which nothing is known yet. */
static uint64_t ticks_open(const session *it, uint64_t ticks) {
  return ticks * ALL_THREADS - looks_at_stacks(it) -
         baro_target_counter(it->target, BARO_COUNTER_UNMOVED);
}

/* Sleeping threads are asked now and then. But one that has run, which the test finds by asking each before a tick,
 * is looked at in that tick. */
static void test_a_sleeping_thread_that_has_run_is_looked_at(void **state) {
  (void)state;
  live_target live = live_start((const char *[]){pythons[0].path, "-c", SLEEP, NULL});
  baro_thread_probe probes[ALL_THREADS];
  baro_schedstat after[ALL_THREADS];
  uint64_t moved_tick[ALL_THREADS] = {0};
  uint64_t woken_count = 0;
  uint64_t most_open = 0;
  baro_pid_list tasks = {0};
  session it;
  assert_int_equal(baro_proc_list_tasks(live.pid, &tasks, NULL), BARO_OK);
  assert_int_equal(tasks.count, ALL_THREADS);
  for (int i = 0; i < ALL_THREADS; i++)
    baro_thread_probe_init(&probes[i], live.pid, tasks.pids[i]);
  attach(&it, live.pid, false);
  for (uint64_t k = 0; k < 5 * TICKS; k++) {
    uint64_t woken = 0;
    for (int i = 0; i < ALL_THREADS; i++) {
      baro_schedstat now = ask(&probes[i]);
      if (k == 0 || now.exec_ns == after[i].exec_ns)
        continue;
      /* One that ran a short while ago is asked in every tick, and accounts for itself; so may one that was
       * running already in the last tick. */
      woken += k - moved_tick[i] > EXPECTED_TICKS && now.slices != after[i].slices;
      moved_tick[i] = k;
    }
    uint64_t looks = looks_at_stacks(&it);
    it.now_ns += TICK_NS;
    assert_int_equal(baro_target_tick(it.target, it.now_ns), BARO_OK);
    assert_true(looks_at_stacks(&it) - looks >= woken);
    for (int i = 0; i < ALL_THREADS; i++)
      after[i] = ask(&probes[i]);
    uint64_t open = ticks_open(&it, k + 1);
    most_open = open > most_open ? open : most_open;
    woken_count += woken;
    (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  detach(&it);
  for (int i = 0; i < ALL_THREADS; i++)
    baro_thread_probe_release(&probes[i]);
  baro_pid_list_release(&tasks);
  live_stop(&live);
  assert_true(woken_count >= WAKERS);
  assert_true(most_open > SLEEPERS);
  assert_times_add_up(it.now_ns);
}

/* The last look found it running, and then it waited for a second: that it did not run is known, where it waited is not. */
static void test_a_wait_that_nobody_saw_is_unknown(void **state) {
  static const char program[] = "import sys\n"
                                "print('ready', flush=True)\n"
                                "sys.stdin.readline()\n"
                                "while True: sum(range(1000))\n";
  (void)state;
  live_target live = live_start((const char *[]){pythons[0].path, "-c", program, NULL});
  session it;
  attach(&it, live.pid, false);
  assert_int_equal(write(live.input, "\n", 1), 1);
  for (int k = 0; k < 60; k++)
    assert_int_equal(tick(&it, TICK_NS), BARO_OK);
  /* On the test's own clock a second passes; the program uses far less of it. */
  it.now_ns += 1000 * TICK_NS;
  baro_target_settle(it.target, it.now_ns);
  detach(&it);
  live_stop(&live);
  assert_times_add_up(it.now_ns);
  assert_int_equal(thread_count, 1);
  assert_in_range(sums[0].unknown_ns, 600 * TICK_NS, 1000 * TICK_NS);
}

static uint64_t clock_of_process_ns(pid_t pid) {
  clockid_t clock;
  struct timespec time;
  assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
  assert_int_equal(clock_gettime(clock, &time), 0);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* What it used before it was attached, to start alone some 10 ms, is not of the recording. What it used last is, if it
 * is asked for before somebody reaps it. */
static void test_cpu_time_of_the_process_counts_from_attaching_to_its_end(void **state) {
  static const char program[] = "import sys\n"
                                "sum(range(3000000))\n"
                                "print('ready', flush=True)\n"
                                "sys.stdin.readline()\n"
                                "sum(range(6000000))\n"
                                "print('ready', flush=True)\n";
  (void)state;
  live_target live = live_start((const char *[]){pythons[0].path, "-c", program, NULL});
  session it;
  uint64_t before_ns = clock_of_process_ns(live.pid);
  attach(&it, live.pid, false);
  for (int k = 0; k < 20; k++)
    assert_int_equal(tick(&it, TICK_NS), BARO_OK);
  assert_true(baro_target_counter(it.target, BARO_COUNTER_TARGET_CPU_NS) < before_ns / 4);
  assert_int_equal(write(live.input, "\n", 1), 1);
  siginfo_t info;
  assert_int_equal(waitid(P_PID, (id_t)live.pid, &info, WEXITED | WNOWAIT), 0);
  uint64_t used_ns = clock_of_process_ns(live.pid) - before_ns;
  baro_target_settle(it.target, it.now_ns);
  assert_int_equal(waitpid(live.pid, NULL, 0), live.pid);
  detach(&it);
  live.pid = 0;
  live_stop(&live);
  assert_true(used_ns > 20000000);
  assert_in_range(counters.values[BARO_COUNTER_TARGET_CPU_NS], used_ns - used_ns / 10, used_ns);
}

static void test_a_stopped_target_keeps_its_time(void **state) {
  (void)state;
  live_target live = start_churn(&pythons[python_count - 1]);
  session it;
  attach(&it, live.pid, false);
  for (int k = 0; k < 90; k++) {
    if (k == 30)
      assert_int_equal(kill(live.pid, SIGSTOP), 0);
    if (k == 60)
      assert_int_equal(kill(live.pid, SIGCONT), 0);
    assert_int_equal(tick(&it, TICK_NS), BARO_OK);
  }
  detach(&it);
  live_stop(&live);
  assert_times_add_up(it.now_ns);
}

static void test_a_killed_target_is_gone_at_the_next_tick(void **state) {
  (void)state;
  live_target live = start_churn(&pythons[python_count - 1]);
  session it;
  attach(&it, live.pid, false);
  for (int k = 0; k < 10; k++)
    assert_int_equal(tick(&it, TICK_NS), BARO_OK);
  assert_int_equal(kill(live.pid, SIGKILL), 0);
  baro_status status = BARO_OK;
  for (int k = 0; k < 1000 && status == BARO_OK; k++)
    status = tick(&it, TICK_NS);
  assert_int_equal(status, BARO_GONE);
  detach(&it);
  live_stop(&live);
  assert_int_equal(ended_processes, 1);
  for (uint32_t i = 0; i < thread_count; i++)
    assert_false(sums[i].overlaps);
}

/* After an exec the pid lives on with another program. */
static void test_an_exec_ends_the_target(void **state) {
  (void)state;
  static const char program[] = "import os, sys\n"
                                "print('ready', flush=True)\n"
                                "sys.stdin.read()\n"
                                "os.execvp('sleep', ['sleep', '20'])\n";
  for (size_t i = 0; i < python_count; i++) {
    live_target live = live_start((const char *[]){pythons[i].path, "-c", program, NULL});
    session it;
    attach(&it, live.pid, false);
    for (int k = 0; k < 5; k++)
      assert_int_equal(tick(&it, TICK_NS), BARO_OK);
    close(live.input);
    live.input = -1;
    baro_status status = BARO_OK;
    for (int k = 0; k < 5000 && status == BARO_OK; k++)
      status = tick(&it, TICK_NS);
    assert_int_equal(status, BARO_GONE);
    detach(&it);
    assert_int_equal(kill(live.pid, 0), 0); /* and it runs on */
    assert_int_equal(kill(live.pid, SIGKILL), 0);
    live_stop(&live);
  }
}

/* --stop: the target is left running, with all its threads. */
static void test_the_stopping_mode_leaves_no_thread_stopped(void **state) {
  (void)state;
  live_target live = start_churn(&pythons[python_count - 1]);
  session it;
  attach(&it, live.pid, true);
  for (int k = 0; k < 60; k++) {
    baro_trace_pump(0);
    assert_int_equal(tick(&it, TICK_NS), BARO_OK);
  }
  detach(&it);
  baro_trace_pump(0); /* threads that had ended while traced: as the recorder does, and its end */
  baro_pid_list tasks = {0};
  baro_proc_status status;
  assert_int_equal(baro_proc_list_tasks(live.pid, &tasks, NULL), BARO_OK);
  for (size_t i = 0; i < tasks.count; i++) {
    if (baro_proc_status_read(tasks.pids[i], &status, NULL) != BARO_OK)
      continue;
    assert_int_equal(status.tracer_pid, 0);
    assert_int_not_equal(status.state, 'T');
    assert_int_not_equal(status.state, 't');
  }
  baro_pid_list_release(&tasks);
  live_stop(&live);
  assert_times_add_up(it.now_ns);
}

/* What is refused is no process of the recording: record and report would count differently. */
static void test_a_refused_target_is_not_in_the_recording(void **state) {
  (void)state;
  live_target live = start_churn(&pythons[python_count - 1]);
  int ready[2];
  assert_int_equal(pipe(ready), 0);
  pid_t tracer = fork();
  assert_true(tracer >= 0);
  if (tracer == 0) {
    bool seized = baro_trace_seize(live.pid, NULL) == BARO_OK;
    (void)!write(ready[1], seized ? "y" : "n", 1);
    (void)pause();
    _exit(0);
  }
  char answer = 0;
  assert_int_equal(read(ready[0], &answer, 1), 1);
  assert_int_equal(answer, 'y');
  session it = {.now_ns = START_NS};
  it.writer = fixture_writer(&it.disk);
  it.cache = baro_interpreter_cache_create();
  baro_target_options options = {.pid = live.pid,
                                 .parent_process = BARO_NONE_ID,
                                 .stop_target = true,
                                 .cache = it.cache,
                                 .writer = it.writer,
                                 .placement = &it.placement};
  assert_int_equal(baro_target_attach(&options, it.now_ns, &it.target, NULL), BARO_NO_PERMISSION);
  detach(&it);
  assert_int_equal(ended_processes, 0);
  assert_int_equal(thread_count, 0);
  assert_int_equal(kill(tracer, SIGKILL), 0);
  assert_int_equal(waitpid(tracer, NULL, 0), tracer);
  (void)close(ready[0]);
  (void)close(ready[1]);
  live_stop(&live);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_weights_add_up_to_the_time_of_each_thread),
      cmocka_unit_test(test_the_end_of_the_recording_is_no_gap),
      cmocka_unit_test(test_a_sleeping_thread_that_has_run_is_looked_at),
      cmocka_unit_test(test_a_wait_that_nobody_saw_is_unknown),
      cmocka_unit_test(test_cpu_time_of_the_process_counts_from_attaching_to_its_end),
      cmocka_unit_test(test_a_stopped_target_keeps_its_time),
      cmocka_unit_test(test_a_killed_target_is_gone_at_the_next_tick),
      cmocka_unit_test(test_an_exec_ends_the_target),
      cmocka_unit_test(test_the_stopping_mode_leaves_no_thread_stopped),
      cmocka_unit_test(test_a_refused_target_is_not_in_the_recording),
  };
  python_count = live_pythons(pythons);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
