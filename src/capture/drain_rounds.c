#include "capture/drain_rounds.h"

#include <stdlib.h>

#include "capture/drain_events.h"

static const uint64_t SHORTEST_PAUSE_NS = 1000000;
static const uint64_t LONGEST_PAUSE_NS = 16000000; /* a ring is full after 20 ms at the earliest */

enum { MOST_FORCED = 4096 }; /* events of a process that do not wait any longer, in one visit */

/* --- asking --- */

static bool is_one_waiting(const baro_drain_process *process) {
  for (uint32_t i = 0; i < process->thread_count; i++)
    if (process->threads[i]->is_waiting)
      return true;
  return false;
}

static void poll_thread(const baro_drain_process *process, baro_drain_thread *thread,
                        const baro_drain_shared *shared) {
  baro_drain_ring_poll(&thread->ring);
  thread->polled_ns = shared->now_ns;
  bool is_idle = thread->ring.is_ready && baro_drain_ring_pending(&thread->ring) == 0;
  thread->pause_ns = !is_idle                                  ? 0
                     : thread->pause_ns == 0                   ? SHORTEST_PAUSE_NS
                     : thread->pause_ns * 2 < LONGEST_PAUSE_NS ? thread->pause_ns * 2
                                                               : LONGEST_PAUSE_NS;
  thread->next_poll_ns = shared->now_ns + thread->pause_ns;
  baro_drain_ring_tell(&thread->ring, process->is_ignored ? BARO_RING_BEAT_OVER : shared->now_ns);
}

void baro_drain_poll(baro_drain_process *process, baro_drain_shared *shared) {
  bool all = shared->is_final || process->is_dead || is_one_waiting(process);
  for (uint32_t i = 0; i < process->thread_count; i++)
    if (all || shared->now_ns >= process->threads[i]->next_poll_ns)
      poll_thread(process, process->threads[i], shared);
}

/* Where a thread stopped, those that seem to have nothing are asked once more. False: all were, in this visit. */
static bool poll_idle(const baro_drain_process *process, const baro_drain_shared *shared) {
  bool is_one_stopped = false;
  bool was_one_asked = false;
  for (uint32_t i = 0; i < process->thread_count; i++)
    is_one_stopped |= process->threads[i]->is_stopped;
  for (uint32_t i = 0; i < process->thread_count && is_one_stopped; i++) {
    baro_drain_thread *thread = process->threads[i];
    if (thread->polled_ns >= shared->now_ns || thread->ring.is_closed ||
        baro_drain_ring_pending(&thread->ring) > 0)
      continue;
    poll_thread(process, thread, shared);
    was_one_asked = true;
  }
  return was_one_asked;
}

/* --- bounds --- */

static bool is_silent(const baro_drain_process *process, const baro_drain_shared *shared) {
  return shared->is_final || process->is_dead;
}

static uint64_t bound_of(const baro_drain_process *process, const baro_drain_thread *thread,
                         const baro_drain_shared *shared) {
  const baro_drain_ring *ring = &thread->ring;
  if (baro_drain_ring_pending(ring) > 0) {
    if (thread->is_stopped || thread->is_waiting)
      return thread->stop_ns;
    return thread->id == BARO_NONE_ID ? ring->birth_ns : thread->order.last_ns;
  }
  if (is_silent(process, shared) || ring->is_closed || ring->is_broken)
    return UINT64_MAX;
  return thread->polled_ns;
}

typedef struct bounds {
  const baro_drain_thread *first; /* whose it is */
  uint64_t first_ns;
  uint64_t second_ns; /* the lowest of the others */
} bounds;

static bounds find_bounds(const baro_drain_process *process, const baro_drain_shared *shared) {
  bounds found = {.first_ns = UINT64_MAX, .second_ns = UINT64_MAX};
  for (uint32_t i = 0; i < process->thread_count; i++) {
    uint64_t bound_ns = bound_of(process, process->threads[i], shared);
    if (found.first == NULL || bound_ns < found.first_ns) {
      found.second_ns = found.first_ns;
      found.first_ns = bound_ns;
      found.first = process->threads[i];
    } else if (bound_ns < found.second_ns) {
      found.second_ns = bound_ns;
    }
  }
  return found;
}

/* Threads that nobody knows yet may have told something since the visit began. What stays later than its visit was
 * written by no clock of ours. */
static uint64_t limit_of(const baro_drain_process *process, baro_drain_thread *thread,
                         const baro_drain_shared *shared, const bounds *found) {
  uint64_t limit_ns = thread == found->first ? found->second_ns : found->first_ns;
  if (is_silent(process, shared) || limit_ns < shared->now_ns)
    return limit_ns;
  if (!thread->is_stopped || thread->stop_ns <= shared->now_ns)
    thread->late_visit = 0;
  else if (thread->late_visit == 0)
    thread->late_visit = shared->visit;
  else if (thread->late_visit != shared->visit)
    return limit_ns;
  return shared->now_ns;
}

/* --- rounds --- */

/* The thread that waited in earlier visits already, and longest: what it waits for will not come, for all others were
 * asked since. With a single thread there is nobody to wait for. */
static baro_drain_thread *hopeless_thread(const baro_drain_process *process,
                                          const baro_drain_shared *shared) {
  baro_drain_thread *found = NULL;
  for (uint32_t i = 0; i < process->thread_count; i++) {
    baro_drain_thread *thread = process->threads[i];
    if (!thread->is_waiting ||
        (thread->waiting_visit == shared->visit && process->thread_count > 1))
      continue;
    if (found == NULL || thread->order.last_ns < found->order.last_ns)
      found = thread;
  }
  return found;
}

typedef struct round_answer {
  uint64_t taken;
  bool is_held;   /* a thread has more than its budget */
  bool has_moved; /* a bound may be another now */
} round_answer;

/* One round over all threads. */
static baro_status take_round(baro_drain_process *process, baro_drain_shared *shared,
                              const baro_drain_thread *forced, uint64_t *budgets,
                              round_answer *ret_answer) {
  bounds found = find_bounds(process, shared);
  *ret_answer = (round_answer){0};
  for (uint32_t i = 0; i < process->thread_count; i++) {
    baro_drain_thread *thread = process->threads[i];
    uint64_t taken = 0;
    if (baro_drain_ring_pending(&thread->ring) == 0) {
      thread->is_waiting = false; /* its ring broke meanwhile */
      thread->is_stopped = false;
      continue;
    }
    baro_status status = baro_drain_identify_thread(process, thread, shared);
    if (status == BARO_AGAIN) {
      ret_answer->is_held = true;
      continue;
    }
    baro_drain_leave leave = {.is_forced = thread == forced,
                              .limit_ns = limit_of(process, thread, shared, &found),
                              .budget = budgets[i]};
    if (thread->is_stopped && thread->stop_ns > leave.limit_ns && !leave.is_forced)
      continue;
    uint64_t bound_ns = bound_of(process, thread, shared);
    if (status == BARO_OK)
      status = baro_drain_take(process, thread, shared, &leave, &taken);
    if (status != BARO_OK)
      return status;
    budgets[i] = leave.budget;
    ret_answer->taken += taken;
    ret_answer->is_held |= budgets[i] == 0 && !thread->is_waiting;
    ret_answer->has_moved |= taken > 0 || bound_of(process, thread, shared) > bound_ns;
  }
  return BARO_OK;
}

baro_status baro_drain_take_threads(baro_drain_process *process, baro_drain_shared *shared,
                                    uint64_t *ret_events) {
  uint64_t *budgets = malloc((process->thread_count + 1) * sizeof *budgets);
  baro_drain_thread *forced = NULL;
  uint32_t forced_count = 0;
  baro_status status = budgets == NULL ? BARO_NO_MEMORY : BARO_OK;
  for (uint32_t i = 0; i < process->thread_count && budgets != NULL; i++)
    budgets[i] = BARO_DRAIN_VISIT_EVENTS;
  while (status == BARO_OK) {
    round_answer round;
    status = take_round(process, shared, forced, budgets, &round);
    *ret_events += round.taken;
    bool was_forced = forced != NULL;
    forced = NULL;
    if (status != BARO_OK)
      break;
    if (round.has_moved || poll_idle(process, shared))
      continue;
    if (!is_one_waiting(process))
      break;
    *ret_events += 1; /* come again soon */
    forced = round.is_held || was_forced ? NULL : hopeless_thread(process, shared);
    /* Each costs a round over all threads: who makes them on purpose must not hold up other processes. */
    if (forced == NULL || ++forced_count > MOST_FORCED)
      break;
  }
  free(budgets);
  return status;
}
