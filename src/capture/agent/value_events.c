/* Arguments and results on their way into the ring, with what they cost, and what else has no constant cost:
 * captured_values.h. */
#include <string.h>

#include "base/clock.h"
#include "capture/agent/budget.h"
#include "capture/agent/captured_values.h"
#include "capture/agent/events.h"

enum { USAGE_SLOTS = 2, OWN_SLOTS = 1 };

static double
    tick_ns; /* of the clock of events; of the process, set before its first event; 0: unknown */

void baro_capture_start(double ns_per_tick) {
  tick_ns = ns_per_tick;
}

static uint64_t ns_of(uint64_t ticks) {
  return (uint64_t)((double)ticks * tick_ns);
}

static uint64_t slots_of(size_t bytes) {
  return 1 + baro_ring_value_slots((uint32_t)bytes);
}

/* There is room. */
static void write_value(baro_events_thread *here, baro_ring_value which, const char *text,
                        size_t length) {
  baro_events_write(here, 0, baro_ring_word(BARO_RING_VALUE, (uint32_t)length, which));
  for (size_t at = 0; at < length; at += sizeof(baro_ring_event)) {
    baro_ring_event slot = {0};
    size_t left = length - at;
    memcpy(&slot, text + at, left < sizeof(slot) ? left : sizeof(slot));
    baro_events_write(here, slot.time, slot.word);
  }
}

static bool has_room(baro_events_thread *here, uint64_t count) {
  return here->limit - here->head >= count || baro_events_make_room(count);
}

typedef struct own_time {
  uint64_t all_ns;
  uint64_t wait_ns; /* of it, not on a CPU */
} own_time;

static own_time own_of(uint64_t ticks, uint64_t wait_ns) {
  uint64_t all_ns = ns_of(ticks);
  return (own_time){.all_ns = all_ns, .wait_ns = wait_ns < all_ns ? wait_ns : all_ns};
}

/* There is room. */
static void put_own(baro_events_thread *here, uint64_t slot, own_time own) {
  uint64_t wait_us = own.wait_ns / 1000 < UINT32_MAX ? own.wait_ns / 1000 : UINT32_MAX;
  here->events[slot & here->mask] = (baro_ring_event){
      .time = own.all_ns,
      .word = baro_ring_word(BARO_RING_OWN, (uint32_t)wait_us, 0),
  };
}

static void charge(uint64_t word, own_time own) {
  if (baro_budget_runs) {
    baro_budget_charge(baro_ring_word_id(word), own.all_ns - own.wait_ns);
  }
}

void baro_capture_begin(uint64_t word, uint64_t frame_addr, const baro_captured *captured) {
  baro_events_thread *here = &baro_events_here;
  uint64_t count = 2 + slots_of(captured->positional_bytes) + slots_of(captured->keyword_bytes);
  if (!has_room(here, count + 2 * OWN_SLOTS + USAGE_SLOTS)) {
    return;
  }
  own_time own = own_of(captured->took, captured->wait_ns);
  charge(word, own);
  uint64_t since = baro_events_now();
  if (since >= here->usage_due) {
    /* In front of the reading, which knows of it, too. */
    put_own(here, here->head++, own);
    baro_events_put_usage(here);
    own = (own_time){0};
    since = baro_events_now();
  }
  uint64_t own_slot = here->head++;
  uint64_t slot = here->head++;
  if (frame_addr != 0) {
    baro_events_write(here, frame_addr, BARO_RING_FRAME);
  }
  if (captured->is_taken) {
    write_value(here, BARO_RING_VALUE_ARGUMENTS, captured->text, captured->positional_bytes);
    if (captured->has_keyword) {
      write_value(here, BARO_RING_VALUE_KEYWORD_ARGUMENTS,
                  captured->text + captured->positional_bytes, captured->keyword_bytes);
    }
  }
  own.all_ns += ns_of(baro_events_now() - since);
  put_own(here, own_slot, own);
  /* The clock is read last. */
  here->events[slot & here->mask] = (baro_ring_event){.time = baro_events_now(), .word = word};
  baro_events_commit(here);
}

void baro_capture_end(uint64_t time, uint64_t word, uint64_t frame_addr,
                      const baro_captured *captured) {
  baro_events_thread *here = &baro_events_here;
  uint64_t count = 2 + OWN_SLOTS + slots_of(captured->positional_bytes);
  baro_events_wait wait = {0};
  if (here->limit - here->head < count && !baro_events_find_room(count, &wait)) {
    return;
  }
  uint64_t since = baro_events_now();
  if (captured->is_taken) {
    write_value(here, BARO_RING_VALUE_RETURN, captured->text, captured->positional_bytes);
  }
  baro_events_write(here, time, word);
  if (frame_addr != 0) {
    baro_events_write(here, frame_addr, BARO_RING_FRAME);
  }
  own_time own = own_of(captured->took + (baro_events_now() - since), captured->wait_ns);
  own_time all = {.all_ns = own.all_ns + wait.all_ns, .wait_ns = own.wait_ns + wait.idle_ns};
  put_own(here, here->head++, all);
  baro_events_commit(here);
  charge(word, own);
  if (time >= here->usage_due) {
    baro_events_put_usage(here);
  }
}

void baro_capture_tell_own(uint64_t since, uint64_t since_cpu_ns) {
  baro_events_thread *here = &baro_events_here;
  if (here->ring == NULL || here->limit - here->head <= OWN_SLOTS || baro_events_stopped()) {
    return;
  }
  uint64_t cpu_ns = baro_clock_thread_cpu_ns() - since_cpu_ns;
  uint64_t all_ns = ns_of(baro_events_now() - since);
  uint64_t wait_ns = all_ns > cpu_ns ? all_ns - cpu_ns : 0;
  put_own(here, here->head++, (own_time){.all_ns = all_ns, .wait_ns = wait_ns});
  baro_events_commit(here);
}
