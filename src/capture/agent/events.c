#include "capture/agent/events.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/agent/budget.h"
#include "capture/agent/spool.h"

enum {
  RING_BYTES = BARO_RING_HEAD_BYTES + BARO_RING_EVENTS * (int)sizeof(baro_ring_event),
  /* Room is taken from the file system in pieces, so that a thread with few calls takes little; and the drain's word is
   * looked at as often, so that the end of the recording is noticed. */
  PIECE_EVENTS = 1 << 14,
  /* A full ring yields to the drain this often before the thread gives up the GIL and sleeps. */
  YIELDS = 16,
  FIRST_SLEEP_NS = 100000,
  LONGEST_SLEEP_NS = 2000000,
  /* Threads whose ring could not be made ask again after so long. */
  RETRY_NS = 100000000,
};
/* A drain that has not come for so long is dead: it comes every 20 ms. A busy machine must not look like death. */
static const uint64_t drain_dead_ns = 2000000000u;

/* The cold part of a thread's ring. Never freed, so that a fork can walk the list at any moment; reused. */
typedef struct baro_events_ring {
  struct baro_events_ring *next;     /* of all there are */
  _Atomic(baro_ring_head *) mapping; /* owned; NULL: the ring has gone */
  atomic_bool taken;                 /* by a thread */
  uint64_t serial;
  uint64_t allocated_events; /* whose slots the file system has given room */
  uint64_t missing;          /* events lost since the last one that was written */
  baro_events_thread *owner; /* borrowed: the thread's; under lock. NULL: it has none, or waits */
  bool is_let_go;            /* its owner calls Python; under lock */
  uint32_t recording;        /* which one it was made for */
  bool disk_full;
} baro_events_ring;

_Thread_local baro_events_thread baro_events_here;
baro_ring_clock baro_events_clock;

/* Events of this thread that were lost before it had a ring, and when it may ask the disk for room again. */
static _Thread_local uint64_t missing_before_ring;
static _Thread_local uint64_t retry_at_ns;
static _Thread_local uint32_t recording_here; /* these are of */

/* One agent a process, so its state is the module's. */
static baro_events_hooks hooks;
static _Atomic(baro_events_ring *) rings;
static atomic_bool stopped = true;
static pthread_key_t end_of_thread;
static bool have_key;
static _Atomic uint64_t next_serial;
static _Atomic uint32_t recording; /* counts them */
/* Between threads that end, which have no GIL, and release. Held for a few instructions. */
static atomic_flag owners_lock = ATOMIC_FLAG_INIT;

static bool ask_for_end_of_thread(void);

static void set_owner(baro_events_ring *ring, baro_events_thread *owner) {
  while (atomic_flag_test_and_set(&owners_lock)) {
    (void)sched_yield();
  }
  ring->owner = owner;
  atomic_flag_clear(&owners_lock);
}

/* How often this thread has let go, and not taken back. */
static _Thread_local uint32_t away;

/* The ring is the thread's own from now on: whoever ends the recording releases it, too. False: that is over already, and the
 * next event must ask for room. */
static bool own_ring(baro_events_thread *here) {
  if (away != 0) {
    return true;
  }
  while (atomic_flag_test_and_set(&owners_lock)) {
    (void)sched_yield();
  }
  here->ring->is_let_go = false;
  bool is_over = atomic_load(&stopped) || here->ring->recording != atomic_load(&recording);
  if (is_over) {
    here->limit = here->head;
  } else {
    here->ring->owner = here;
  }
  atomic_flag_clear(&owners_lock);
  return !is_over;
}

/* --- A ring's life --- */

static baro_events_ring *take_ring(void) {
  for (baro_events_ring *ring = atomic_load(&rings); ring != NULL; ring = ring->next) {
    bool expected = false;
    if (atomic_compare_exchange_strong(&ring->taken, &expected, true)) {
      return ring;
    }
  }
  baro_events_ring *ring = calloc(1, sizeof(*ring));
  if (ring != NULL) {
    atomic_store(&ring->taken, true);
    ring->next = atomic_load(&rings);
    while (!atomic_compare_exchange_weak(&rings, &ring->next, ring)) {
    }
  }
  return ring;
}

static void drop_ring(baro_events_ring *ring) {
  baro_ring_head *mapping = atomic_exchange(&ring->mapping, NULL);
  if (mapping != NULL) {
    (void)munmap(mapping, RING_BYTES);
  }
  atomic_store(&ring->taken, false);
}

/* Takes room for the next piece of the ring from the file system: a store into a hole of the file would kill the program
 * where the disk is full. */
static bool extend(baro_events_ring *ring, int file) {
  off_t offset = BARO_RING_HEAD_BYTES + (off_t)(ring->allocated_events * sizeof(baro_ring_event));
  off_t length = PIECE_EVENTS * (off_t)sizeof(baro_ring_event);
  if (ring->allocated_events == 0) {
    length += offset;
    offset = 0;
  }
  int failed;
  do {
    failed = posix_fallocate(file, offset, length);
  } while (failed == EINTR);
  if (failed != 0) {
    errno = failed;
    return false;
  }
  ring->allocated_events += PIECE_EVENTS;
  return true;
}

static baro_ring_head *map_new_file(baro_events_ring *ring) {
  char path[BARO_SPOOL_PATH_BYTES];
  baro_spool_ring_path(ring->serial, path);
  int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    return NULL;
  }
  void *mapping = MAP_FAILED;
  if (ftruncate(file, RING_BYTES) == 0 && extend(ring, file)) {
    mapping = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  int reason = errno;
  (void)close(file);
  if (mapping == MAP_FAILED) {
    (void)unlink(path);
    errno = reason;
    return NULL;
  }
  return mapping;
}

static void fill_head(const baro_events_ring *ring, baro_ring_head *head) {
  head->head_bytes = BARO_RING_HEAD_BYTES;
  head->clock = (uint32_t)baro_events_clock;
  head->capacity = BARO_RING_EVENTS;
  head->birth_monotonic_ns = baro_clock_now_ns();
  head->birth_clock = baro_events_now();
  head->os_pid = (uint32_t)getpid();
  head->os_tid = (uint32_t)syscall(SYS_gettid);
  head->serial = ring->serial;
  hooks.thread_name(head->name, sizeof(head->name));
  atomic_store_explicit(&head->magic, BARO_RING_MAGIC, memory_order_release);
}

static void end_events(void) {
  baro_events_stop();
  if (baro_events_here.ring != NULL) {
    set_owner(baro_events_here.ring, NULL); /* it is in use: what is called now is Python */
  }
  hooks.stop();
}

/* Once in a process: its calls are lost, and no ring is there to say so. */
static void tell_no_ring(int reason) {
  static pid_t told;
  char text[96];
  if (told == getpid()) {
    return;
  }
  told = getpid();
  (void)snprintf(text, sizeof(text), "a thread has no buffer of %d MiB: %s", RING_BYTES >> 20,
                 strerror(reason));
  baro_spool_note("lost_calls", text);
}

static bool make_ring(baro_events_thread *here) {
  if (retry_at_ns != 0 && baro_clock_now_ns() < retry_at_ns) {
    return false;
  }
  retry_at_ns = baro_clock_now_ns() + RETRY_NS;
  if (!baro_spool_introduce()) {
    if (errno == ENOENT) {
      end_events(); /* the directory is no more: the recording is over */
    }
    return false;
  }
  baro_events_ring *ring = ask_for_end_of_thread() ? take_ring() : NULL;
  if (ring == NULL) {
    return false;
  }
  ring->serial = next_serial++;
  ring->allocated_events = 0;
  ring->missing = missing_before_ring;
  ring->disk_full = false;
  ring->recording = recording;
  baro_ring_head *head = map_new_file(ring);
  if (head == NULL) {
    int reason = errno;
    drop_ring(ring);
    if (reason == ENOENT) {
      end_events();
    } else {
      tell_no_ring(reason);
    }
    return false;
  }
  atomic_store(&ring->mapping, head);
  fill_head(ring, head);
  atomic_store_explicit(&head->lost, ring->missing, memory_order_relaxed);
  missing_before_ring = 0;
  retry_at_ns = 0;
  *here = (baro_events_thread){
      .mask = BARO_RING_EVENTS - 1,
      .events = (baro_ring_event *)(void *)((char *)head + BARO_RING_HEAD_BYTES),
      .ring_head = &head->head,
      .ring = ring,
  };
  (void)own_ring(here);
  return true;
}

/* Sets the limit to what the drain has given back and the file system has given room; asks neither for more. */
static void refresh_limit(baro_events_thread *here, const baro_ring_head *head) {
  uint64_t tail = atomic_load_explicit(&head->tail, memory_order_acquire);
  if (tail > here->head || here->head - tail > BARO_RING_EVENTS || here->ring->missing > 0) {
    return; /* not the drain's doing; or it is to be told of a loss first */
  }
  uint64_t end = tail + BARO_RING_EVENTS;
  uint64_t allocated = here->ring->allocated_events;
  here->limit = allocated < BARO_RING_EVENTS && allocated < end ? allocated : end;
}

/* What a thread's budget has counted and not told: nobody waits for room here. */
static void end_budget(baro_events_thread *here) {
  baro_ring_head *head = here->ring == NULL ? NULL : atomic_load(&here->ring->mapping);
  if (head != NULL && here->budget != NULL) {
    refresh_limit(here, head);
    baro_budget_tell(here->budget);
  }
  baro_budget_thread_free(here->budget);
  here->budget = NULL;
}

/* Some thread's ring. A process that has changed its user, or has no descriptors left, reaches the spool by nothing else than
 * the rings that it has. Locked by the caller: as long no owner changes, and no thread drops what it has let go of. NULL: none
 * has one. */
static baro_ring_head *any_head(void) {
  for (baro_events_ring *ring = atomic_load(&rings); ring != NULL; ring = ring->next) {
    baro_ring_head *head = atomic_load(&ring->mapping);
    bool is_held = ring->owner != NULL || ring->is_let_go || ring == baro_events_here.ring;
    if (is_held && ring->recording == recording && head != NULL) {
      return head;
    }
  }
  return NULL;
}

/* One more, in the field of its head that counts them. False: no thread has a ring. */
static bool tell_elsewhere(bool is_function) {
  while (atomic_flag_test_and_set(&owners_lock)) {
    (void)sched_yield();
  }
  baro_ring_head *head = any_head();
  if (head != NULL) {
    (void)atomic_fetch_add_explicit(is_function ? &head->untold : &head->lost, 1,
                                    memory_order_relaxed);
  }
  atomic_flag_clear(&owners_lock);
  return head != NULL;
}

void baro_events_untold(void) {
  (void)tell_elsewhere(true);
}

void baro_events_leave_ring(void) {
  baro_events_ring *ring = baro_events_here.ring;
  if (away++ == 0 && ring != NULL) {
    while (atomic_flag_test_and_set(&owners_lock)) {
      (void)sched_yield();
    }
    ring->owner = NULL;
    ring->is_let_go = true;
    atomic_flag_clear(&owners_lock);
  }
}

void baro_events_return_to_ring(void) {
  baro_events_thread *here = &baro_events_here;
  baro_events_ring *ring = here->ring;
  if (--away != 0 || ring == NULL || own_ring(here)) {
    return;
  }
  /* The recording is over, and this ring was not to be touched when all others were let go of. */
  end_budget(here);
  *here = (baro_events_thread){0};
  drop_ring(ring);
}

/* Of the pthread key: the thread is over, perhaps without Python ever knowing it. */
static void at_end_of_thread(void *unused) {
  (void)unused;
  while (atomic_flag_test_and_set(&owners_lock)) {
    (void)sched_yield();
  }
  baro_events_ring *ring = baro_events_here.ring;
  end_budget(&baro_events_here);
  baro_events_here = (baro_events_thread){0};
  if (ring != NULL) {
    ring->owner = NULL;
    ring->is_let_go = false;
  }
  atomic_flag_clear(&owners_lock);
  if (ring == NULL) {
    return;
  }
  baro_ring_head *head = atomic_load(&ring->mapping);
  if (head != NULL) {
    atomic_store_explicit(&head->closed, 1, memory_order_release);
  }
  drop_ring(ring);
}

/* Of threads that were joined, for Python, but have not come to the end of theirs; and of those that never end. */
static void end_other_budgets(void) {
  while (atomic_flag_test_and_set(&owners_lock)) {
    (void)sched_yield();
  }
  for (baro_events_ring *ring = atomic_load(&rings); ring != NULL; ring = ring->next) {
    if (ring->owner != NULL && ring->owner != &baro_events_here) {
      end_budget(ring->owner);
    }
  }
  atomic_flag_clear(&owners_lock);
}

/* The main thread has no such end: it runs exit(), after Python's own finalization. */
static __attribute__((destructor)) void at_end_of_process(void) {
  if (baro_events_here.budget != NULL) {
    end_budget(&baro_events_here);
  }
  /* What exit() finds in the middle of a program may still count. */
  if (have_key && hooks.is_finalized()) {
    end_other_budgets();
  }
}

static bool ask_for_end_of_thread(void) {
  /* Any value but NULL has the destructor called. */
  return pthread_setspecific(end_of_thread, &rings) == 0;
}

/* --- Room --- */

static bool extend_by_path(baro_events_ring *ring) {
  char path[BARO_SPOOL_PATH_BYTES];
  baro_spool_ring_path(ring->serial, path);
  int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) {
    if (errno == ENOENT) {
      end_events();
    }
    return false;
  }
  bool extended = extend(ring, file);
  (void)close(file);
  return extended;
}

/* Whether `wanted` events fit now; sets the limit up to which nobody needs to ask. */
static bool has_room(baro_events_thread *here, const baro_ring_head *head, uint64_t wanted) {
  baro_events_ring *ring = here->ring;
  uint64_t tail = atomic_load_explicit(&head->tail, memory_order_acquire);
  if (tail > here->head || here->head - tail > BARO_RING_EVENTS) {
    return false; /* not the drain's doing: nothing may be overwritten by it */
  }
  uint64_t end = tail + BARO_RING_EVENTS;
  while (ring->allocated_events < here->head + wanted &&
         ring->allocated_events < BARO_RING_EVENTS) {
    /* A disk that is full is not asked for every event. */
    if (retry_at_ns != 0 && baro_clock_now_ns() < retry_at_ns) {
      break;
    }
    ring->disk_full = !extend_by_path(ring);
    retry_at_ns = ring->disk_full ? baro_clock_now_ns() + RETRY_NS : 0;
    if (ring->disk_full) {
      break;
    }
  }
  if (ring->allocated_events < BARO_RING_EVENTS && end > ring->allocated_events) {
    end = ring->allocated_events;
  }
  if (end - here->head < wanted) {
    return false;
  }
  here->limit = end < here->head + PIECE_EVENTS ? end : here->head + PIECE_EVENTS;
  return true;
}

static bool drain_is_dead(const baro_ring_head *head) {
  uint64_t sign_ns = atomic_load_explicit(&head->beat_ns, memory_order_relaxed);
  if (sign_ns < head->birth_monotonic_ns) {
    sign_ns = head->birth_monotonic_ns; /* it has not found the ring yet */
  }
  uint64_t now_ns = baro_clock_now_ns();
  return now_ns > sign_ns && now_ns - sign_ns > drain_dead_ns;
}

/* Gives the GIL up meanwhile: the other threads of the program need not wait for this one's ring. */
static void sleep_without_gil(baro_events_thread *here, long duration_ns) {
  set_owner(here->ring, NULL); /* it is in use */
  void *held = hooks.release();
  struct timespec duration = {.tv_nsec = duration_ns};
  (void)nanosleep(&duration, NULL);
  hooks.acquire(held);
  (void)own_ring(here);
}

static bool wait_for_room(baro_events_thread *here, const baro_ring_head *head, uint64_t wanted) {
  long sleep_ns = FIRST_SLEEP_NS;
  for (unsigned round = 0;; round++) {
    if (atomic_load_explicit(&head->beat_ns, memory_order_relaxed) == BARO_RING_BEAT_OVER) {
      end_events();
    }
    if (here->ring->disk_full || baro_events_stopped() || drain_is_dead(head)) {
      return false;
    }
    if (round < YIELDS) {
      (void)sched_yield();
    } else {
      sleep_without_gil(here, sleep_ns);
      sleep_ns = sleep_ns * 2 < LONGEST_SLEEP_NS ? sleep_ns * 2 : LONGEST_SLEEP_NS;
    }
    if (baro_events_stopped() || here->ring->recording != recording) {
      return false;
    }
    if (has_room(here, head, wanted)) {
      return true;
    }
  }
}

/* What this thread knows of a recording before this one is of no use. */
static void forget_earlier(baro_events_thread *here) {
  if (here->ring != NULL && here->ring->recording != recording) {
    baro_events_ring *ring = here->ring;
    set_owner(ring, NULL);
    baro_budget_thread_free(here->budget);
    *here = (baro_events_thread){0};
    drop_ring(ring);
  }
  if (recording_here != recording) {
    recording_here = recording;
    missing_before_ring = 0;
    retry_at_ns = 0;
  }
}

/* What it takes is ours, not the program's. */
static bool wait_on_the_clock(baro_events_thread *here, const baro_ring_head *head, uint64_t wanted,
                              baro_events_wait *wait) {
  uint64_t since_ns = baro_clock_now_ns();
  uint64_t since_cpu_ns = baro_clock_thread_cpu_ns();
  bool found = wait_for_room(here, head, wanted);
  uint64_t cpu_ns = baro_clock_thread_cpu_ns() - since_cpu_ns;
  wait->all_ns = baro_clock_now_ns() - since_ns;
  wait->idle_ns = wait->all_ns > cpu_ns ? wait->all_ns - cpu_ns : 0;
  return found;
}

static bool find_room(baro_events_thread *here, uint64_t count, baro_events_wait *wait) {
  if (baro_events_stopped()) {
    return false;
  }
  forget_earlier(here);
  if (here->ring == NULL && !make_ring(here)) {
    missing_before_ring += baro_events_stopped() || tell_elsewhere(false) ? 0 : 1;
    return false;
  }
  baro_events_ring *ring = here->ring;
  if (baro_events_stopped() || ring->recording != recording) {
    here->limit = here->head; /* while the ring was made, other threads may have run */
    return false;
  }
  baro_ring_head *head = atomic_load_explicit(&ring->mapping, memory_order_relaxed);
  if (atomic_load_explicit(&head->beat_ns, memory_order_relaxed) == BARO_RING_BEAT_OVER) {
    end_events();
    return false;
  }
  uint64_t wanted = count + (ring->missing > 0 ? 1 : 0);
  if (!has_room(here, head, wanted) && !wait_on_the_clock(here, head, wanted, wait)) {
    here->limit = here->head; /* whatever its size, the next event must come here first */
    if (baro_events_stopped() || ring->recording != recording) {
      return false; /* over: this event is none of it */
    }
    ring->missing++;
    (void)atomic_fetch_add_explicit(&head->lost, 1, memory_order_relaxed);
    return false;
  }
  if (ring->missing > 0) {
    baro_events_write(here, ring->missing, BARO_RING_LOST);
    baro_events_commit(here);
    ring->missing = 0;
  }
  return true;
}

bool baro_events_find_room(uint64_t count, baro_events_wait *wait) {
  int kept = errno;
  bool room = find_room(&baro_events_here, count, wait);
  errno = kept;
  return room;
}

/* --- The process --- */

bool baro_events_start(const baro_events_hooks *given) {
  if (!have_key && pthread_key_create(&end_of_thread, at_end_of_thread) != 0) {
    return false;
  }
  have_key = true;
  hooks = *given;
  baro_events_clock = baro_agent_clock_choose();
  recording++;
  atomic_store(&stopped, false);
  return true;
}

void baro_events_stop(void) {
  atomic_store(&stopped, true);
}

void baro_events_release(void) {
  while (atomic_flag_test_and_set(&owners_lock)) {
    (void)sched_yield();
  }
  for (baro_events_ring *ring = atomic_load(&rings); ring != NULL; ring = ring->next) {
    if (ring->owner != NULL) {
      end_budget(ring->owner);
      *ring->owner = (baro_events_thread){0};
      ring->owner = NULL;
      drop_ring(ring);
    }
  }
  atomic_flag_clear(&owners_lock);
}

bool baro_events_stopped(void) {
  return atomic_load_explicit(&stopped, memory_order_relaxed);
}

void baro_events_forked(void) {
  baro_budget_forked(baro_events_here.budget);
  baro_events_here = (baro_events_thread){0};
  missing_before_ring = 0;
  retry_at_ns = 0;
  next_serial = 0;
  atomic_flag_clear(&owners_lock); /* of a thread that is not here */
  /* The parent's rings are the parent's: kept mapped, they would take its memory for as long as the child lives. */
  for (baro_events_ring *ring = atomic_load(&rings); ring != NULL; ring = ring->next) {
    ring->owner = NULL;
    ring->is_let_go = false;
    drop_ring(ring);
  }
}
