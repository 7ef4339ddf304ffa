/* Events that find no room at once: what waiting for it took stands beside them. events.h. */
#include "capture/agent/events.h"

/* If it fits in front of `count` more. */
static void tell_wait(baro_events_thread *here, const baro_events_wait *wait, uint64_t count) {
  if (wait->all_ns != 0 && here->limit - here->head > count) {
    uint32_t idle_us =
        wait->idle_ns / 1000 < UINT32_MAX ? (uint32_t)(wait->idle_ns / 1000) : UINT32_MAX;
    baro_events_write(here, wait->all_ns, baro_ring_word(BARO_RING_OWN, idle_us, 0));
    baro_events_commit(here);
  }
}

bool baro_events_make_room(uint64_t count) {
  baro_events_wait wait = {0};
  bool room = baro_events_find_room(count, &wait);
  if (room) {
    tell_wait(&baro_events_here, &wait, count);
  }
  return room;
}

void baro_events_end_in_new_room(uint64_t time, uint64_t word, uint64_t frame_addr) {
  baro_events_thread *here = &baro_events_here;
  baro_events_wait wait = {0};
  if (!baro_events_find_room(frame_addr != 0 ? 2 : 1, &wait)) {
    return;
  }
  baro_events_write(here, time, word);
  if (frame_addr != 0) {
    baro_events_write(here, frame_addr, BARO_RING_FRAME);
  }
  baro_events_commit(here);
  tell_wait(here, &wait, 0);
  if (time >= here->usage_due) {
    baro_events_put_usage(here);
  }
}
