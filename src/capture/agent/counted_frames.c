#include "capture/agent/counted_frames.h"

#include <sched.h>
#include <stdatomic.h>

#include "base/map.h"
#include "capture/agent/agent_lock.h"

static baro_map frames;
static atomic_flag frames_lock = ATOMIC_FLAG_INIT;

static inline void lock(void) {
  while (BARO_FREE_THREADED && atomic_flag_test_and_set(&frames_lock)) {
    (void)sched_yield();
  }
}

static inline void unlock(void) {
  if (BARO_FREE_THREADED) {
    atomic_flag_clear(&frames_lock);
  }
}

bool baro_counted_frames_have(uint64_t frame) {
  lock();
  bool have = frames.count != 0 && baro_map_find(&frames, frame) != NULL;
  unlock();
  return have;
}

bool baro_counted_frames_add(uint64_t frame) {
  lock();
  bool added = baro_map_set(&frames, frame, 1) == BARO_OK;
  unlock();
  return added;
}

void baro_counted_frames_remove(uint64_t frame) {
  lock();
  if (frames.count != 0) {
    (void)baro_map_remove(&frames, frame);
  }
  unlock();
}

void baro_counted_frames_clear(void) {
  lock();
  baro_map_release(&frames);
  unlock();
}

void baro_counted_frames_forked(void) {
  frames = (baro_map){0};
  unlock(); /* of a thread that is not here */
}
