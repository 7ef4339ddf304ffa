/* One thread's ring, as the drain sees it: a file that a living, dead or hostile process writes.
 * Flow: PID-BIRTH-SERIAL.ring (agent/ring.h) -> here -> events.
 * The consumer's side of the ring: where it stands is kept here, and what the file says of it is not believed. A ring
 * that contradicts itself (more events than it has room for, a head that goes back, a file that shrinks) is broken: what was
 * taken before stays, nothing more is read. Private to the drain. */
#ifndef BARO_CAPTURE_DRAIN_RING_H
#define BARO_CAPTURE_DRAIN_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "capture/agent/ring.h"

typedef struct baro_drain_ring {
  int file; /* owned; -1 not open */
  bool is_ready;
  bool is_broken;
  bool is_closed; /* its thread has ended: head is final */
  baro_ring_clock clock;
  uint64_t capacity;
  uint64_t birth_ns;
  uint32_t os_pid;
  uint32_t os_tid;
  char name[BARO_RING_NAME_BYTES]; /* NUL-terminated */
  uint64_t head;                   /* events committed, as last asked */
  uint64_t tail;                   /* events taken */
  uint64_t lost;                   /* as the head says it */
  uint64_t untold;                 /* likewise */
  uint64_t told_ns;                /* when the producer was last told that we live */
  uint64_t told_tail;
} baro_drain_ring;

void baro_drain_ring_init(baro_drain_ring *ring, int take_file);
void baro_drain_ring_release(baro_drain_ring *ring);
/* Asks how far the producer is. A ring that is not ready yet, or broken, has nothing. */
void baro_drain_ring_poll(baro_drain_ring *ring);

static inline uint64_t baro_drain_ring_pending(const baro_drain_ring *ring) {
  return ring->head - ring->tail;
}

/* Copies the oldest events that were not taken, as many as are there and fit. 0: there are none, or the ring is broken
 * now. */
uint32_t baro_drain_ring_read(baro_drain_ring *ring, baro_ring_event *ret_events, uint32_t limit);
/* The oldest `count` events are done with. */
void baro_drain_ring_take(baro_drain_ring *ring, uint32_t count);
/* Gives the producer the room of what was taken, and tells it that the drain lived at now_ns. Left out while nothing was
 * taken and it was told so in the last 0.1 s. now_ns may be BARO_RING_BEAT_OVER. */
void baro_drain_ring_tell(baro_drain_ring *ring, uint64_t now_ns);

#endif
