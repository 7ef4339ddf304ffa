#include "capture/drain_ring.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_file.h"

enum { HEAD_TRIES = 4 };

static const uint64_t TELL_NS = 100000000;

/* The fields that a producer moves, as they stand in the file; and the two that the drain does. */
typedef struct producer_fields {
  uint64_t head;
  uint64_t lost;
  uint64_t untold;
} producer_fields;

typedef struct drain_fields {
  uint64_t tail;
  uint64_t beat_ns;
} drain_fields;

_Static_assert(offsetof(baro_ring_head, lost) - offsetof(baro_ring_head, head) == 8, "together");
_Static_assert(offsetof(baro_ring_head, untold) - offsetof(baro_ring_head, head) == 16, "together");
_Static_assert(offsetof(baro_ring_head, beat_ns) - offsetof(baro_ring_head, tail) == 8, "together");

void baro_drain_ring_init(baro_drain_ring *ring, int take_file) {
  *ring = (baro_drain_ring){.file = take_file};
}

void baro_drain_ring_release(baro_drain_ring *ring) {
  if (ring->file >= 0)
    (void)close(ring->file);
  ring->file = -1;
}

static bool read_whole(const baro_drain_ring *ring, uint64_t offset, void *data, size_t length) {
  size_t got = 0;
  return baro_file_read_at(ring->file, offset, data, length, &got, NULL) == BARO_OK &&
         got == length;
}

static bool is_power_of_two(uint64_t value) {
  return value != 0 && (value & (value - 1)) == 0;
}

/* Reads what is written once. Nothing happens before the producer says that it is there. */
static void make_ready(baro_drain_ring *ring) {
  baro_ring_head head;
  struct stat info;
  if (!read_whole(ring, 0, &head, sizeof head) || head.magic == 0)
    return;
  bool is_known = head.magic == BARO_RING_MAGIC && head.head_bytes == BARO_RING_HEAD_BYTES &&
                  head.clock <= BARO_RING_CLOCK_TSC && is_power_of_two(head.capacity) &&
                  head.capacity <= BARO_RING_EVENTS_MAX;
  uint64_t bytes = BARO_RING_HEAD_BYTES + head.capacity * sizeof(baro_ring_event);
  if (!is_known || fstat(ring->file, &info) != 0 || (uint64_t)info.st_size < bytes) {
    ring->is_broken = true;
    return;
  }
  ring->clock = (baro_ring_clock)head.clock;
  ring->capacity = head.capacity;
  ring->birth_ns = head.birth_monotonic_ns;
  ring->os_pid = head.os_pid;
  ring->os_tid = head.os_tid;
  memcpy(ring->name, head.name, sizeof ring->name);
  ring->name[sizeof ring->name - 1] = '\0';
  ring->is_ready = true;
}

static bool is_possible(const baro_drain_ring *ring, uint64_t head) {
  return head >= ring->head && head - ring->tail <= ring->capacity;
}

/* Copies of files are not atomic: a head that moves meanwhile may be torn, too high or too low. The lower of two copies,
 * one after the other, is one that was there, unless both are torn; then it is mostly an impossible one. */
static bool read_fields(const baro_drain_ring *ring, producer_fields *ret_fields) {
  for (int i = 0; i < HEAD_TRIES; i++) {
    producer_fields again;
    if (!read_whole(ring, offsetof(baro_ring_head, head), ret_fields, sizeof *ret_fields))
      return false;
    if (ret_fields->head == ring->head)
      return true;
    if (!read_whole(ring, offsetof(baro_ring_head, head), &again, sizeof again))
      return false;
    if (again.head < ret_fields->head)
      ret_fields->head = again.head;
    if (is_possible(ring, ret_fields->head))
      return true;
  }
  return false;
}

void baro_drain_ring_poll(baro_drain_ring *ring) {
  producer_fields fields;
  uint32_t closed = 0;
  if (ring->file < 0 || ring->is_broken)
    return;
  if (!ring->is_ready)
    make_ready(ring);
  if (!ring->is_ready)
    return;
  /* Closed is asked first: what it says is about a head that comes after it. */
  if (!read_whole(ring, offsetof(baro_ring_head, closed), &closed, sizeof closed) ||
      !read_fields(ring, &fields)) {
    ring->is_broken = true;
    ring->head = ring->tail;
    return;
  }
  ring->is_closed = closed != 0;
  ring->head = fields.head;
  ring->lost = fields.lost;
  ring->untold = fields.untold;
  atomic_thread_fence(memory_order_acquire);
}

uint32_t baro_drain_ring_read(baro_drain_ring *ring, baro_ring_event *ret_events, uint32_t limit) {
  uint64_t count = baro_drain_ring_pending(ring);
  if (count == 0 || ring->is_broken)
    return 0;
  uint64_t slot = ring->tail & (ring->capacity - 1);
  if (count > limit)
    count = limit;
  uint64_t straight = ring->capacity - slot < count ? ring->capacity - slot : count;
  size_t event_bytes = sizeof *ret_events;
  bool is_read = read_whole(ring, BARO_RING_HEAD_BYTES + slot * event_bytes, ret_events,
                            (size_t)straight * event_bytes);
  if (is_read && straight < count) /* the rest stands at the beginning */
    is_read = read_whole(ring, BARO_RING_HEAD_BYTES, ret_events + straight,
                         (size_t)(count - straight) * event_bytes);
  if (!is_read) {
    ring->is_broken = true;
    ring->head = ring->tail;
    return 0;
  }
  return (uint32_t)count;
}

void baro_drain_ring_take(baro_drain_ring *ring, uint32_t count) {
  assert(count <= baro_drain_ring_pending(ring));
  ring->tail += count;
}

void baro_drain_ring_tell(baro_drain_ring *ring, uint64_t now_ns) {
  drain_fields fields = {.tail = ring->tail, .beat_ns = now_ns};
  if (ring->file < 0 || !ring->is_ready)
    return;
  if (ring->tail == ring->told_tail && ring->told_ns != 0 && now_ns - ring->told_ns < TELL_NS)
    return;
  ring->told_tail = ring->tail;
  ring->told_ns = now_ns;
  baro_view bytes = {.data = (const uint8_t *)&fields, .length = sizeof fields};
  /* Where this fails the file is of no use, and the next poll says so. */
  (void)!baro_file_write_at(ring->file, offsetof(baro_ring_head, tail), bytes, NULL);
}
