/* CPU time of calls, and by how much the peak of memory rose meanwhile.
 * A thread's usage is read at some of its events: at the first one after a while T (100 us or so). Two readings bound a
 * window, which took elapsed = used + wait. Wherever in the window the thread waited, it was either within T of the first
 * reading or between the last event in front of the second reading and that reading: an event behind T would have
 * been read at. So the wait is counted where the second reading stands, and what may have been earlier is said to be unsure.
 * Waits while values were told (BARO_CALL_OWN) are no part of it: that time is taken off as a whole.
 * CPU time of a call is its active time without the waits that were counted meanwhile. It may be too large by as much as
 * the call was active at the ends of the windows in which it began and ended, but by no more than the waits of these; the
 * window of its end is known when it is over, so calls are pending until then. A call with no reading between its first
 * event and its last, or whose CPU time is not sure to 5 %, has none. The peak of memory is treated alike; where a reading has none
 * (a process that was started by a larger one: agent_usage.h), nothing is known of both windows. Functions have what their calls were active without what
 * they waited; where the waits of a thread that are unsure exceed 5 % of its time they have none. */
#include <stdlib.h>

#include "profile/call_build.h"

enum {
  SURE_RATIO = 20,         /* 5 % */
  READING_ERROR_NS = 1000, /* the two clocks of a reading are read one after the other */
  /* No machine gives a process memory faster: 30 GB/s. */
  RAISE_KIB_PER_US = 32,
};

static uint64_t less(uint64_t a, uint64_t b) {
  return a > b ? a - b : 0;
}

static uint64_t smaller(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* --- rows --- */

static baro_status grow(baro_call_build *build) {
  baro_profile_calls *rows = &build->rows;
  uint32_t count = rows->usage_count;
  uint32_t capacity = build->usage_capacity;
  if (count < capacity) {
    return BARO_OK;
  }
  capacity = capacity == 0 ? 64 : capacity * 2;
  if (count > UINT32_MAX / 2 ||
      !baro_call_grow_column(&rows->usage_call, capacity, sizeof(*rows->usage_call)) ||
      !baro_call_grow_column(&rows->usage_cpu_ns, capacity, sizeof(*rows->usage_cpu_ns)) ||
      !baro_call_grow_column(&rows->usage_memory_bytes, capacity,
                             sizeof(*rows->usage_memory_bytes))) {
    return BARO_NO_MEMORY;
  }
  build->usage_capacity = capacity;
  return BARO_OK;
}

static void add_row(baro_call_build *build, const baro_call_pending *known) {
  uint64_t limit_ns = known->active_ns / SURE_RATIO;
  bool is_sure = limit_ns >= READING_ERROR_NS && known->unsure_ns <= limit_ns - READING_ERROR_NS;
  bool has_peak = known->has_reading && known->unsure_kib <= known->raised_kib / SURE_RATIO;
  if (!is_sure && !has_peak) {
    return;
  }
  if (grow(build) != BARO_OK) {
    build->no_memory = true;
    return;
  }
  baro_profile_calls *rows = &build->rows;
  uint32_t row = rows->usage_count++;
  rows->usage_call[row] = known->call;
  rows->usage_cpu_ns[row] = is_sure ? known->cpu_ns : BARO_UNKNOWN_AMOUNT;
  rows->usage_memory_bytes[row] = has_peak ? known->raised_kib * 1024 : BARO_UNKNOWN_AMOUNT;
}

/* What is known of a call, or of a step, when the window of its end is over. */
static void settle(baro_call_build *build, const baro_call_pending *pending) {
  if (pending->suspendable == BARO_NONE_ID) {
    add_row(build, pending);
    return;
  }
  baro_suspendable_usage *sum = &build->suspendable_usage[pending->suspendable];
  sum->cpu_ns = baro_sum_ns(sum->cpu_ns, pending->cpu_ns);
  sum->unsure_ns = baro_sum_ns(sum->unsure_ns, pending->unsure_ns);
  sum->raised_kib = baro_sum_ns(sum->raised_kib, pending->raised_kib);
  sum->unsure_kib = baro_sum_ns(sum->unsure_kib, pending->unsure_kib);
  sum->has_reading |= pending->has_reading;
}

/* --- readings --- */

typedef struct window {
  uint64_t wait_ns;
  uint32_t raised_kib;
  bool is_blind; /* the peak is not known at one of its ends */
} window;

/* How much of the window's raise may lie in a part of it. */
static uint64_t unsure_kib(uint64_t part_ns, window over) {
  if (over.is_blind) {
    return UINT32_MAX;
  }
  return smaller(part_ns / 1000 * RAISE_KIB_PER_US, over.raised_kib);
}

/* Calls that began in the window, and are active still. */
static void close_begins(baro_call_thread *thread, window over) {
  for (uint32_t d = thread->depth; d > 0 && thread->stack[d - 1].window == thread->window; d--) {
    baro_open_call *open = &thread->stack[d - 1];
    uint64_t behind_ns = less(open->since_ns + open->own_ns, thread->read_ns);
    open->unsure_ns = smaller(behind_ns, over.wait_ns);
    open->unsure_kib = unsure_kib(behind_ns, over);
  }
}

static void close_ends(baro_call_build *build, baro_call_thread *thread, window over) {
  for (uint32_t i = 0; i < thread->pending_count; i++) {
    baro_call_pending *pending = &thread->pending[i];
    pending->unsure_ns += smaller(pending->behind_ns, over.wait_ns);
    pending->unsure_kib = baro_sum_ns(pending->unsure_kib, unsure_kib(pending->behind_ns, over));
    settle(build, pending);
  }
  thread->pending_count = 0;
}

/* Nothing is known of the time behind the last reading. */
static void settle_rest(baro_call_build *build, baro_call_thread *thread) {
  for (uint32_t i = 0; i < thread->pending_count; i++) {
    thread->pending[i].unsure_ns += thread->pending[i].behind_ns;
    /* As if the peak had risen as fast as it can. */
    thread->pending[i].unsure_kib =
        baro_sum_ns(thread->pending[i].unsure_kib,
                    unsure_kib(thread->pending[i].behind_ns, (window){.raised_kib = UINT32_MAX}));
    settle(build, &thread->pending[i]);
  }
  thread->pending_count = 0;
}

void baro_call_usage_read(baro_call_build *build, baro_call_thread *thread,
                          const baro_call_event *reading, uint64_t gap_ns) {
  thread->pending_ns += thread->costs.usage_ns;
  if (thread->window != 0) {
    uint64_t elapsed_ns = less(reading->time_ns, thread->read_ns);
    window over = {
        .wait_ns =
            less(less(elapsed_ns, less(reading->cpu_ns, thread->read_cpu_ns)), thread->own_wait_ns),
        .raised_kib = (uint32_t)less(reading->peak_kib, thread->read_peak_kib),
        .is_blind = reading->peak_kib == 0 || thread->read_peak_kib == 0,
    };
    over.raised_kib = over.is_blind ? 0 : over.raised_kib;
    close_begins(thread, over);
    close_ends(build, thread, over);
    thread->wait_ns += over.wait_ns;
    thread->unsure_ns += smaller(over.wait_ns, less(gap_ns, thread->read_ns));
    thread->raised_kib += over.raised_kib;
    thread->blind_windows += over.is_blind;
  } else {
    settle_rest(build, thread);
    thread->first_cpu_ns = reading->cpu_ns;
    for (uint32_t d = 0; d < thread->depth; d++) { /* from before the first one: nothing is known */
      thread->stack[d].unsure_ns = BARO_UNKNOWN_AMOUNT / 2;
      thread->stack[d].unsure_kib = UINT32_MAX;
    }
  }
  thread->own_wait_ns = 0;
  thread->window++;
  thread->read_ns = reading->time_ns;
  thread->read_cpu_ns = reading->cpu_ns;
  thread->read_peak_kib = reading->peak_kib;
}

/* A step between two readings is unsure as a whole; the next reading says by how much it is not. */
static baro_call_pending pending_of(const baro_call_thread *thread, const baro_open_call *open,
                                    uint64_t time_ns) {
  uint64_t active_ns = time_ns - thread->own_ns - open->since_ns;
  bool has_reading = open->window != thread->window;
  uint64_t behind_ns = less(time_ns, thread->read_ns);
  uint64_t unsure = has_reading ? open->unsure_kib : 0;
  if (open->blind_windows != thread->blind_windows) {
    unsure = UINT32_MAX;
  }
  return (baro_call_pending){
      .call = open->call,
      .suspendable = open->number == 0 ? BARO_NONE_ID : open->suspendable,
      .active_ns = active_ns,
      .cpu_ns = less(active_ns, thread->wait_ns - open->wait_ns),
      .unsure_ns = has_reading ? open->unsure_ns : 0,
      .behind_ns = has_reading ? behind_ns : active_ns,
      .raised_kib = thread->raised_kib - open->raised_kib,
      .unsure_kib = unsure,
      .has_reading = has_reading,
  };
}

void baro_call_usage_end(baro_call_build *build, baro_call_thread *thread,
                         const baro_open_call *open, uint64_t time_ns) {
  if (open->number != 0) {
    baro_suspendable_usage *sum = &build->suspendable_usage[open->suspendable];
    sum->own_ns = baro_sum_ns(sum->own_ns, thread->own_ns - open->own_ns);
    if (thread->window == 0) { /* nothing is known, and perhaps never will be */
      uint64_t active_ns = time_ns - thread->own_ns - open->since_ns;
      sum->unsure_ns = baro_sum_ns(sum->unsure_ns, active_ns);
      return;
    }
  }
  baro_call_pending pending = pending_of(thread, open, time_ns);
  if (pending.behind_ns == 0) {
    settle(build, &pending);
    return;
  }
  if (BARO_CALL_GROW(thread->pending, thread->pending_capacity, thread->pending_count) != BARO_OK) {
    build->no_memory = true;
    return;
  }
  thread->pending[thread->pending_count++] = pending;
}

/* --- the end --- */

void baro_call_usage_finish(baro_call_build *build) {
  bool any = false;
  for (uint32_t t = 0; t < build->thread_capacity; t++) {
    if (build->threads[t] != NULL) {
      const baro_call_thread *thread = build->threads[t];
      settle_rest(build, build->threads[t]);
      any |= thread->window != 0;
      build->rows.threads_cpu_ns =
          baro_sum_ns(build->rows.threads_cpu_ns, less(thread->read_cpu_ns, thread->first_cpu_ns));
    }
  }
  baro_profile_calls *rows = &build->rows;
  for (uint32_t s = 0; any && s < rows->suspendable_count; s++) {
    const baro_suspendable_usage *sum = &build->suspendable_usage[s];
    add_row(build, &(baro_call_pending){
                       .call = rows->suspendable_call[s],
                       .active_ns = rows->suspendable_active_ns[s],
                       .cpu_ns = sum->cpu_ns,
                       .unsure_ns = sum->unsure_ns,
                       .raised_kib = sum->raised_kib,
                       .unsure_kib = sum->unsure_kib,
                       .has_reading = sum->has_reading,
                   });
  }
}

baro_status baro_call_usage_order(baro_call_build *build) {
  baro_profile_calls *rows = &build->rows;
  uint32_t count = rows->usage_count;
  uint32_t *order;
  baro_status status = baro_call_sort_sparse(build, rows->usage_call, count, &order);
  if (status != BARO_OK) {
    return status;
  }
  status = baro_call_permute(&rows->usage_cpu_ns, sizeof(*rows->usage_cpu_ns), order, count);
  if (status == BARO_OK) {
    status = baro_call_permute(&rows->usage_memory_bytes, sizeof(*rows->usage_memory_bytes), order,
                               count);
  }
  free(order);
  return status;
}

bool baro_call_usage_is_unsure(const baro_call_thread *thread) {
  return thread->window < 2 ||
         thread->unsure_ns > (thread->last_ns - thread->first_ns) / SURE_RATIO;
}
