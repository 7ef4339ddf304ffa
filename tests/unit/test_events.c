/* The producer of rings: wrong here means events that are torn, counted twice or lost in silence, a program that waits for a
 * recorder that is gone, or one that is killed by a full disk. Rings are read as the drain reads them, by pread. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "capture/agent/events.h"
#include "capture/agent/spool.h"

static char spool[64];
static int stops;

/* Stands in for the GIL. */
static pthread_mutex_t gil = PTHREAD_MUTEX_INITIALIZER;

static void *release_gil(void) {
  pthread_mutex_unlock(&gil);
  return &gil;
}

static void acquire_gil(void *held) {
  pthread_mutex_lock(held);
}

static void name_thread(char *name, size_t size) {
  (void)snprintf(name, size, "tested");
}

static void count_stop(void) {
  stops++;
}

static bool never(void) {
  return false;
}

static const baro_events_hooks hooks = {release_gil, acquire_gil, name_thread, count_stop, never};

static void remove_spool(void) {
  char command[128];
  (void)snprintf(command, sizeof(command), "rm -rf %s", spool);
  assert_int_equal(system(command), 0);
}

static int enter(void **state) {
  (void)state;
  strcpy(spool, "/tmp/barograph-test-XXXXXX");
  if (mkdtemp(spool) == NULL || !baro_spool_open(spool, "3.99.0"))
    return -1;
  stops = 0;
  pthread_mutex_lock(&gil);
  return baro_events_start(&hooks) ? 0 : -1;
}

static int leave(void **state) {
  (void)state;
  baro_events_stop();
  baro_events_release();
  pthread_mutex_unlock(&gil);
  remove_spool();
  return 0;
}

/* --- The ring, from outside --- */

enum { SERIALS = 200 };

/* The nth of those that are there: serials go on from one test, and recording, to the next. */
static int open_ring(unsigned n) {
  int file = -1;
  for (uint64_t serial = 0; serial < SERIALS; serial++) {
    char path[BARO_SPOOL_PATH_BYTES];
    baro_spool_ring_path(serial, path);
    if (access(path, F_OK) == 0 && n-- == 0) {
      file = open(path, O_RDWR | O_CLOEXEC);
      break;
    }
  }
  assert_true(file >= 0);
  return file;
}

typedef struct ring_head {
  uint64_t magic, capacity, serial, head, lost;
  uint32_t os_pid, closed;
  char name[BARO_RING_NAME_BYTES];
} ring_head;

static ring_head read_head(int file) {
  baro_ring_head head;
  assert_int_equal(pread(file, &head, sizeof(head), 0), sizeof(head));
  ring_head copy = {
      .magic = head.magic,
      .capacity = head.capacity,
      .serial = head.serial,
      .head = head.head,
      .lost = head.lost,
      .os_pid = head.os_pid,
      .closed = head.closed,
  };
  memcpy(copy.name, head.name, sizeof(copy.name));
  return copy;
}

static void write_word(int file, size_t offset, uint64_t word) {
  assert_int_equal(pwrite(file, &word, sizeof(word), (off_t)offset), sizeof(word));
}

static baro_ring_event read_event(int file, uint64_t index) {
  baro_ring_event event;
  off_t offset = BARO_RING_HEAD_BYTES + (off_t)(index % BARO_RING_EVENTS * sizeof(event));
  assert_int_equal(pread(file, &event, sizeof(event), offset), sizeof(event));
  return event;
}

static void expect_event(int file, uint64_t index, uint64_t time, uint64_t word) {
  baro_ring_event event = read_event(file, index);
  assert_int_equal(event.time, time);
  assert_int_equal(event.word, word);
}

/* As if the drain had come for the last time an hour after the machine started. */
static void let_drain_die(int file) {
  write_word(file, offsetof(baro_ring_head, birth_monotonic_ns), 0);
  write_word(file, offsetof(baro_ring_head, beat_ns), 1);
}

static bool is_mapped(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  assert_non_null(maps);
  char line[512];
  bool found = false;
  while (fgets(line, sizeof(line), maps) != NULL) {
    found |= strstr(line, spool) != NULL && strstr(line, ".ring") != NULL;
  }
  (void)fclose(maps);
  return found;
}

/* A ring that begins with one event, time 7, and has no readings of usage from then on. */
static int make_ring(void) {
  baro_events_end(7, baro_ring_word(BARO_RING_RETURN, 0, 0));
  baro_events_here.usage_due = UINT64_MAX;
  return open_ring(0);
}

/* Up to `end` in all; the time is the index. */
static void fill(uint64_t end) {
  for (uint64_t i = baro_events_here.head; i < end; i++) {
    baro_events_end(i, baro_ring_word(BARO_RING_RETURN, 1, 0));
  }
}

/* --- Events --- */

static void events_are_in_order_with_their_frames(void **state) {
  (void)state;
  int file = make_ring();
  uint64_t first = baro_events_here.head;
  uint64_t before = baro_events_now();
  baro_events_begin(baro_ring_word(BARO_RING_ENTER, 5, 0));
  baro_events_begin_frame(baro_ring_word(BARO_RING_RESUME, 6, 0), 0xf00d);
  uint64_t after = baro_events_now();
  baro_events_end_frame(11, baro_ring_word(BARO_RING_RAISE, 6, 0xffffff), 0xf00d);
  baro_events_end(12, baro_ring_word(BARO_RING_RETURN, 5, 0));

  ring_head head = read_head(file);
  assert_int_equal(head.magic, BARO_RING_MAGIC);
  assert_int_equal(head.capacity, BARO_RING_EVENTS);
  assert_int_equal(head.os_pid, getpid());
  assert_string_equal(head.name, "tested");
  assert_int_equal(head.head, first + 6);
  assert_int_equal(head.lost, 0);
  baro_ring_event entered = read_event(file, first);
  baro_ring_event resumed = read_event(file, first + 1);
  assert_int_equal(entered.word, baro_ring_word(BARO_RING_ENTER, 5, 0));
  assert_int_equal(resumed.word, baro_ring_word(BARO_RING_RESUME, 6, 0));
  assert_true(before <= entered.time && entered.time <= resumed.time && resumed.time <= after);
  expect_event(file, first + 2, 0xf00d, BARO_RING_FRAME);
  expect_event(file, first + 3, 11, baro_ring_word(BARO_RING_RAISE, 6, 0xffffff));
  expect_event(file, first + 4, 0xf00d, BARO_RING_FRAME);
  expect_event(file, first + 5, 12, baro_ring_word(BARO_RING_RETURN, 5, 0));
  (void)close(file);
}

static void errno_is_the_programs(void **state) {
  (void)state;
  errno = 4711;
  baro_events_begin(baro_ring_word(BARO_RING_ENTER, 0, 0)); /* makes the ring */
  assert_int_equal(errno, 4711);
  remove_spool();
  fill(BARO_RING_EVENTS); /* finds its directory gone */
  assert_int_equal(errno, 4711);
}

/* --- Room --- */

static void a_full_ring_counts_what_is_lost(void **state) {
  (void)state;
  int file = make_ring();
  fill(BARO_RING_EVENTS);
  assert_int_equal(read_head(file).head, BARO_RING_EVENTS);
  let_drain_die(file);
  for (int i = 0; i < 9; i++) {
    baro_events_end(99, baro_ring_word(BARO_RING_RETURN, 2, 0));
  }
  /* Two slots that belong together are one event. */
  baro_events_begin_frame(baro_ring_word(BARO_RING_ENTER, 3, 0), 1);
  ring_head head = read_head(file);
  assert_int_equal(head.head, BARO_RING_EVENTS);
  assert_int_equal(head.lost, 10);
  expect_event(file, 0, 7, baro_ring_word(BARO_RING_RETURN, 0, 0)); /* nothing is overwritten */

  /* One slot is free: it is not enough for the event and what says how many are missing. */
  write_word(file, offsetof(baro_ring_head, tail), 1);
  baro_events_end(100, baro_ring_word(BARO_RING_RETURN, 2, 0));
  assert_int_equal(read_head(file).head, BARO_RING_EVENTS);
  write_word(file, offsetof(baro_ring_head, tail), 3);
  baro_events_end(101, baro_ring_word(BARO_RING_RETURN, 2, 0));
  assert_int_equal(read_head(file).head, BARO_RING_EVENTS + 2);
  expect_event(file, BARO_RING_EVENTS, 11, BARO_RING_LOST);
  expect_event(file, BARO_RING_EVENTS + 1, 101, baro_ring_word(BARO_RING_RETURN, 2, 0));
  assert_int_equal(read_head(file).lost, 11);
  (void)close(file);
}

static void a_tail_that_lies_gives_no_room(void **state) {
  (void)state;
  int file = make_ring();
  fill(BARO_RING_EVENTS);
  let_drain_die(file);
  static const uint64_t lies[] = {BARO_RING_EVENTS + 1, UINT64_MAX, UINT64_C(1) << 63};
  for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
    write_word(file, offsetof(baro_ring_head, tail), lies[i]);
    baro_events_end(99, baro_ring_word(BARO_RING_RETURN, 2, 0));
    assert_int_equal(read_head(file).head, BARO_RING_EVENTS);
    assert_int_equal(read_head(file).lost, i + 1);
  }
  expect_event(file, 0, 7, baro_ring_word(BARO_RING_RETURN, 0, 0));
  (void)close(file);
}

/* What stands for the disk is a path that cannot be opened: room is asked for before it is written to. */
static void a_full_disk_kills_nobody(void **state) {
  (void)state;
  int file = make_ring();
  char path[BARO_SPOOL_PATH_BYTES];
  baro_spool_ring_path(read_head(file).serial, path);
  assert_int_equal(unlink(path), 0);
  assert_int_equal(symlink("/dev/full", path), 0);
  uint64_t before = baro_events_here.head;
  for (int i = 0; i < BARO_RING_EVENTS; i++) {
    baro_events_end(1, baro_ring_word(BARO_RING_RETURN, 1, 0));
  }
  ring_head head = read_head(file);
  assert_true(head.head > before && head.head < BARO_RING_EVENTS);
  assert_int_equal(head.head + head.lost, before + BARO_RING_EVENTS);
  assert_int_equal(stops, 0); /* the recording goes on: there may be room again */
  (void)close(file);
}

typedef struct consumer {
  int file;
  uint64_t begin; /* times of the events */
  uint64_t end;
  uint64_t waits; /* how often the thread told that it had waited for us */
  uint64_t wrong;
} consumer;

static void *take_events(void *argument) {
  consumer *drain = argument;
  uint64_t tail = drain->begin;
  while (tail - drain->waits < drain->end) {
    uint64_t head = 0;
    if (pread(drain->file, &head, sizeof(head), offsetof(baro_ring_head, head)) != sizeof(head)) {
      drain->wrong++;
    }
    for (; tail < head; tail++) {
      baro_ring_event event = {0};
      off_t offset = BARO_RING_HEAD_BYTES + (off_t)(tail % BARO_RING_EVENTS * sizeof(event));
      if (pread(drain->file, &event, sizeof(event), offset) != sizeof(event)) {
        drain->wrong++;
      }
      if (baro_ring_word_kind(event.word) == BARO_RING_OWN) {
        drain->waits++;
        drain->wrong += event.time == 0;
        continue;
      }
      drain->wrong +=
          event.time != tail - drain->waits || event.word != baro_ring_word(BARO_RING_RETURN, 1, 0);
    }
    uint64_t now_ns = baro_clock_now_ns();
    if (pwrite(drain->file, &tail, 8, offsetof(baro_ring_head, tail)) != 8 ||
        pwrite(drain->file, &now_ns, 8, offsetof(baro_ring_head, beat_ns)) != 8) {
      drain->wrong++;
    }
    (void)sched_yield();
  }
  return NULL;
}

static void a_living_drain_is_waited_for(void **state) {
  (void)state;
  consumer drain = {.file = make_ring()};
  drain.begin = baro_events_here.head;
  drain.end = BARO_RING_EVENTS * 2 + 1000;
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, take_events, &drain), 0);
  for (uint64_t i = drain.begin; i < drain.end; i++) {
    baro_events_end(i, baro_ring_word(BARO_RING_RETURN, 1, 0));
  }
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(drain.wrong, 0);
  assert_int_equal(read_head(drain.file).lost, 0);
  /* The last event may have been taken before the wait in front of it was told. */
  uint64_t told = read_head(drain.file).head - drain.end;
  assert_true(told == drain.waits || told == drain.waits + 1);
  (void)close(drain.file);
}

/* --- Ends --- */

static void the_end_of_the_recording_stops_the_engine(void **state) {
  (void)state;
  int file = make_ring();
  write_word(file, offsetof(baro_ring_head, beat_ns), BARO_RING_BEAT_OVER);
  for (int i = 0; i < BARO_RING_EVENTS; i++) {
    baro_events_end(1, baro_ring_word(BARO_RING_RETURN, 1, 0));
  }
  assert_true(baro_events_stopped());
  assert_int_equal(stops, 1);
  assert_true(read_head(file).head < BARO_RING_EVENTS);
  assert_int_equal(read_head(file).lost, 0); /* what comes after the end is none of it */
  (void)close(file);
}

static void a_directory_that_is_gone_is_the_end(void **state) {
  (void)state;
  remove_spool();
  baro_events_begin(baro_ring_word(BARO_RING_ENTER, 0, 0));
  assert_true(baro_events_stopped());
  assert_int_equal(stops, 1);
  assert_false(is_mapped());
}

/* --- Threads --- */

enum { CALLS = 2000 };

static void *call_often(void *argument) {
  const uint32_t *id = argument;
  pthread_mutex_lock(&gil);
  for (int i = 0; i < CALLS; i++) {
    baro_events_begin(baro_ring_word(BARO_RING_ENTER, *id, 0));
    baro_events_end(baro_events_now(), baro_ring_word(BARO_RING_RETURN, *id, 0));
    if (i % 64 == 0) {
      pthread_mutex_unlock(&gil);
      (void)sched_yield();
      pthread_mutex_lock(&gil);
    }
  }
  pthread_mutex_unlock(&gil);
  return NULL;
}

/* Which id the thread of a ring had; its events must be its own. */
static uint32_t expect_calls(int file) {
  ring_head head = read_head(file);
  assert_int_equal(head.closed, 1);
  assert_int_equal(head.lost, 0);
  uint32_t id = UINT32_MAX;
  uint64_t calls = 0;
  for (uint64_t i = 0; i < head.head; i++) {
    uint64_t word = read_event(file, i).word;
    if (baro_ring_word_kind(word) == BARO_RING_ENTER) {
      assert_true(calls == 0 || id == baro_ring_word_id(word));
      id = baro_ring_word_id(word);
      calls++;
    }
  }
  assert_int_equal(calls, CALLS);
  return id;
}

static void threads_have_rings_of_their_own(void **state) {
  (void)state;
  enum { THREADS = 4, ROUNDS = 3 };
  uint32_t ids[ROUNDS * THREADS];
  for (uint32_t round = 0; round < ROUNDS; round++) {
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
      ids[round * THREADS + i] = round * THREADS + i;
      assert_int_equal(pthread_create(&threads[i], NULL, call_often, &ids[round * THREADS + i]), 0);
    }
    pthread_mutex_unlock(&gil);
    for (uint32_t i = 0; i < THREADS; i++) {
      assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    pthread_mutex_lock(&gil);
    assert_false(is_mapped()); /* rings of threads that ended are let go of */
  }
  bool seen[ROUNDS * THREADS] = {false};
  for (unsigned n = 0; n < ROUNDS * THREADS; n++) {
    int file = open_ring(n);
    uint32_t id = expect_calls(file);
    assert_true(id < ROUNDS * THREADS && !seen[id]);
    seen[id] = true;
    (void)close(file);
  }
}

/* --- Forks, and one recording after the other --- */

static void a_fork_has_rings_of_its_own(void **state) {
  (void)state;
  int file = make_ring();
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    baro_events_forked();
    baro_spool_forked();
    bool good = !is_mapped(); /* the parent's memory is not kept */
    baro_events_end(8, baro_ring_word(BARO_RING_RETURN, 9, 0));
    int own = open_ring(0);
    ring_head head = read_head(own);
    good = good && head.os_pid == (uint32_t)getpid() && head.serial == 0 && head.lost == 0;
    good = good && read_event(own, 0).word == baro_ring_word(BARO_RING_RETURN, 9, 0);
    _exit(good ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  uint64_t head = baro_events_here.head;
  assert_int_equal(read_head(file).head, head);
  baro_events_end(9, baro_ring_word(BARO_RING_RETURN, 0, 0));
  assert_int_equal(read_head(file).head, head + 1);
  (void)close(file);
}

static pthread_barrier_t barrier;

static void *outlive_a_recording(void *unused) {
  (void)unused;
  pthread_mutex_lock(&gil);
  baro_events_end(1, baro_ring_word(BARO_RING_RETURN, 1, 0));
  pthread_mutex_unlock(&gil);
  pthread_barrier_wait(&barrier); /* meanwhile another recording has begun */
  pthread_barrier_wait(&barrier);
  pthread_mutex_lock(&gil);
  baro_events_end(2, baro_ring_word(BARO_RING_RETURN, 2, 0));
  pthread_mutex_unlock(&gil);
  return NULL;
}

static void another_recording_has_other_rings(void **state) {
  (void)state;
  pthread_t thread;
  assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
  assert_int_equal(pthread_create(&thread, NULL, outlive_a_recording, NULL), 0);
  pthread_mutex_unlock(&gil);
  pthread_barrier_wait(&barrier);
  pthread_mutex_lock(&gil);
  int first = open_ring(0);
  assert_int_equal(read_event(first, 0).time, 1);

  baro_events_stop();
  baro_events_end(3, baro_ring_word(BARO_RING_RETURN, 3, 0));
  baro_events_release();
  assert_false(is_mapped()); /* nothing stays of it, threads that live included */
  remove_spool();
  assert_int_equal(mkdir(spool, 0700), 0);
  assert_true(baro_spool_open(spool, "3.99.0"));
  assert_true(baro_events_start(&hooks));
  pthread_mutex_unlock(&gil);
  pthread_barrier_wait(&barrier);
  assert_int_equal(pthread_join(thread, NULL), 0);
  pthread_mutex_lock(&gil);
  int second = open_ring(0);
  assert_int_equal(read_event(second, 0).time, 2);
  assert_int_equal(read_head(second).closed, 1);
  (void)close(first);
  (void)close(second);
  (void)pthread_barrier_destroy(&barrier);
}

/* Where there is no GIL: Python is called amid an event, as a code's name is asked for, and the recording ends. */
static void *call_python_amid_an_event(void *unused) {
  baro_events_end(1, baro_ring_word(BARO_RING_RETURN, 1, 0));
  baro_events_leave_ring();
  baro_events_leave_ring(); /* they nest */
  baro_events_return_to_ring();
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  baro_events_return_to_ring();
  assert_false(is_mapped());
  baro_events_end(2, baro_ring_word(BARO_RING_RETURN, 2, 0)); /* of none */
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  baro_events_end(3, baro_ring_word(BARO_RING_RETURN, 3, 0));
  baro_events_leave_ring();
  baro_events_return_to_ring();
  baro_events_end(4, baro_ring_word(BARO_RING_RETURN, 4, 0));
  return unused;
}

static void a_ring_that_was_let_go_is_its_threads_own(void **state) {
  (void)state;
  pthread_t thread;
  assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
  assert_int_equal(pthread_create(&thread, NULL, call_python_amid_an_event, NULL), 0);
  pthread_barrier_wait(&barrier);
  baro_events_stop();
  baro_events_release();
  assert_true(is_mapped()); /* it is in use */
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  remove_spool();
  assert_int_equal(mkdir(spool, 0700), 0);
  assert_true(baro_spool_open(spool, "3.99.0"));
  assert_true(baro_events_start(&hooks));
  pthread_barrier_wait(&barrier);
  assert_int_equal(pthread_join(thread, NULL), 0);
  int ring = open_ring(0);
  assert_int_equal(read_head(ring).head, 4); /* what the thread has used is among them */
  assert_int_equal(read_head(ring).lost, 0);
  assert_int_equal(read_event(ring, 0).time, 3);
  assert_int_equal(read_event(ring, 3).time, 4);
  (void)close(ring);
  (void)pthread_barrier_destroy(&barrier);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(events_are_in_order_with_their_frames, enter, leave),
      cmocka_unit_test_setup_teardown(errno_is_the_programs, enter, leave),
      cmocka_unit_test_setup_teardown(a_full_ring_counts_what_is_lost, enter, leave),
      cmocka_unit_test_setup_teardown(a_tail_that_lies_gives_no_room, enter, leave),
      cmocka_unit_test_setup_teardown(a_full_disk_kills_nobody, enter, leave),
      cmocka_unit_test_setup_teardown(a_living_drain_is_waited_for, enter, leave),
      cmocka_unit_test_setup_teardown(the_end_of_the_recording_stops_the_engine, enter, leave),
      cmocka_unit_test_setup_teardown(a_directory_that_is_gone_is_the_end, enter, leave),
      cmocka_unit_test_setup_teardown(threads_have_rings_of_their_own, enter, leave),
      cmocka_unit_test_setup_teardown(a_fork_has_rings_of_its_own, enter, leave),
      cmocka_unit_test_setup_teardown(another_recording_has_other_rings, enter, leave),
      cmocka_unit_test_setup_teardown(a_ring_that_was_let_go_is_its_threads_own, enter, leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
