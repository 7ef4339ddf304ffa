#include "capture/sampler/target_threads.h"

#include <stdlib.h>

#include "base/clock.h"

enum {
  LISTING_TRIES = 3, /* of a list that changes while it is read */
  ASKED_ONE_IN = 8,  /* ticks of a thread that sleeps, at most; at low rates in all */
};

/* A thread that sleeps is asked so often on average, if there are that many ticks. */
static const uint64_t ASKED_EACH_NS = 8000000;

/* How long the list of threads may be unasked although nothing says it changed. */
static const uint64_t TASK_COUNT_NS = 10000000; /* native threads: by the number of tasks */
static const uint64_t LISTING_NS = 1000000000;  /* and in full */
static const uint64_t UNBOUND_NS = 1000000;     /* while a thread state without a thread is seen */

/* --- which there are --- */

static baro_status add_thread(baro_target *target, pid_t tid, baro_sampled_thread **ret_thread) {
  if (target->thread_count == BARO_MAX_THREADS)
    return BARO_LIMIT;
  if (target->thread_count == target->thread_capacity) {
    uint32_t capacity = target->thread_capacity < 16 ? 16 : target->thread_capacity * 2;
    baro_sampled_thread **threads = realloc(target->threads, capacity * sizeof *threads);
    if (threads == NULL)
      return BARO_NO_MEMORY;
    target->threads = threads;
    target->thread_capacity = capacity;
  }
  baro_status status =
      baro_sampled_thread_create(&target->observer, target->process, target->options.pid, tid,
                                 target->last_tick_ns, ret_thread);
  if (status != BARO_OK)
    return status;
  target->threads[target->thread_count++] = *ret_thread;
  target->threads_seen++;
  return BARO_OK;
}

static void remove_thread(baro_target *target, uint32_t index, uint64_t now_ns) {
  baro_sampled_thread_destroy(target->threads[index], target->options.writer, now_ns);
  target->threads[index] = target->threads[--target->thread_count];
}

/* The kernel's listing of a folder that changes may leave out a thread that lives on: seen once in 271. */
static bool has_ended(baro_sampled_thread *thread) {
  baro_schedstat ignored;
  return baro_thread_probe_schedstat(&thread->probe, &ignored) == BARO_GONE;
}

static bool is_used(const baro_target *target, const baro_sampled_interp *interp) {
  for (uint32_t i = 0; i < target->list.interp_count; i++)
    if (target->list.interps[i].addr == interp->addr)
      return true;
  for (uint32_t i = 0; i < target->thread_count; i++)
    if (target->threads[i]->interp == interp)
      return true;
  return false;
}

/* Keeps interpreters in their slots, as threads point to them; slots of ended ones are used again. Of
 * too many, the threads of the rest count as threads without Python. */
static void keep_interp(baro_target *target, const baro_interp_entry *entry) {
  uint32_t slot = 0;
  while (slot < target->interp_count && target->interps[slot].addr != entry->addr)
    slot++;
  if (slot == target->interp_count)
    for (slot = 0; slot < target->interp_count && is_used(target, &target->interps[slot]);)
      slot++;
  if (slot == BARO_MAX_INTERPS)
    return;
  if (slot == target->interp_count)
    target->interp_count++;
  target->interps[slot] = (baro_sampled_interp){
      .addr = entry->addr, .gil_addr = entry->gil_addr, .threads_head = entry->threads_head};
}

static const baro_sampled_interp *find_interp(const baro_target *target, uint64_t addr) {
  for (uint32_t i = 0; i < target->interp_count; i++)
    if (target->interps[i].addr == addr)
      return &target->interps[i];
  return NULL;
}

/* thread: as known so far, NULL if it is new. */
static baro_status update_thread(baro_target *target, baro_sampled_thread *thread,
                                 const baro_thread_entry *entry) {
  const baro_sampled_interp *interp =
      entry->thread_addr != 0 ? find_interp(target, entry->interp_addr) : NULL;
  uint64_t thread_addr = interp != NULL ? entry->thread_addr : 0;
  if (thread == NULL) {
    baro_status status = add_thread(target, entry->tid, &thread);
    if (status != BARO_OK)
      return status;
  }
  if (thread->thread_addr == thread_addr && thread->interp == interp)
    return BARO_OK;
  if (thread_addr == 0 && target->list.changing) /* its thread state was perhaps not come to */
    return BARO_OK;
  return baro_sampled_thread_bind(thread, &target->observer, interp, thread_addr, entry->native_id);
}

static int compare_threads(const void *left, const void *right) {
  pid_t a = (*(baro_sampled_thread *const *)left)->tid;
  pid_t b = (*(baro_sampled_thread *const *)right)->tid;
  return a < b ? -1 : a > b;
}

/* Goes along both lists, which ascend by thread id. */
static baro_status update_threads(baro_target *target) {
  uint32_t known_count = target->thread_count;
  uint32_t known = 0;
  if (known_count > 1)
    qsort(target->threads, known_count, sizeof(baro_sampled_thread *), compare_threads);
  for (uint32_t i = 0; i < target->list.count; i++) {
    const baro_thread_entry *entry = &target->list.entries[i];
    while (known < known_count && target->threads[known]->tid < entry->tid)
      known++;
    bool is_known = known < known_count && target->threads[known]->tid == entry->tid;
    baro_status status = update_thread(target, is_known ? target->threads[known] : NULL, entry);
    if (status != BARO_OK && status != BARO_LIMIT && status != BARO_GONE)
      return status;
  }
  return BARO_OK;
}

baro_status baro_target_read_list(baro_target *target) {
  baro_status status = BARO_OK;
  target->list.changing = true;
  for (int tries = 0; tries < LISTING_TRIES && status == BARO_OK && target->list.changing; tries++)
    status = baro_thread_list_read(&target->list, &target->interpreter);
  return status;
}

baro_status baro_target_take_list(baro_target *target, uint64_t now_ns) {
  target->observer.threads_changed = target->list.changing;
  target->next_listing_ns = now_ns + (target->list.unbound ? UNBOUND_NS : LISTING_NS);
  target->next_count_ns = now_ns + TASK_COUNT_NS;
  target->task_count = (uint32_t)target->list.tasks.count;
  for (uint32_t i = 0; i < target->list.interp_count; i++)
    keep_interp(target, &target->list.interps[i]);
  baro_status status = update_threads(target);
  for (uint32_t i = target->thread_count; status == BARO_OK && i-- > 0;)
    if (baro_thread_list_find(&target->list, target->threads[i]->tid) == NULL &&
        has_ended(target->threads[i]))
      remove_thread(target, i, now_ns);
  return status;
}

bool baro_target_look(baro_target *target) {
  char buffer[1024];
  baro_view text;
  baro_task_stat stat;
  if (target->stat_fd < 0 &&
      baro_proc_open(target->options.pid, 0, "stat", &target->stat_fd, NULL) != BARO_OK)
    return true;
  if (baro_proc_read_kept(target->stat_fd, buffer, sizeof buffer, &text) != BARO_OK ||
      baro_parse_stat(text, &stat) != BARO_OK)
    return true;
  bool stopped = stat.state == 'T' || stat.state == 't';
  if (stopped != target->observer.stopped)
    for (uint32_t i = 0; i < target->thread_count; i++)
      target->threads[i]->look_again = true;
  target->observer.stopped = stopped;
  return stat.thread_count != target->task_count;
}

static baro_status list_threads(baro_target *target, uint64_t now_ns) {
  baro_status status = baro_target_read_list(target);
  return status == BARO_OK ? baro_target_take_list(target, now_ns) : status;
}

/* Looks for new threads when it is time to, and whether it is the same program still. */
static baro_status look_around(baro_target *target, uint64_t now_ns) {
  bool is_due = target->observer.threads_changed || now_ns >= target->next_listing_ns;
  if (!is_due && now_ns < target->next_count_ns)
    return BARO_OK;
  if (!baro_program_mark_holds(target->options.pid, &target->program))
    return BARO_GONE;
  target->next_count_ns = now_ns + TASK_COUNT_NS;
  return is_due || baro_target_look(target) ? list_threads(target, now_ns) : BARO_OK;
}

void baro_target_drop_threads(baro_target *target, uint64_t now_ns) {
  while (target->thread_count > 0)
    remove_thread(target, target->thread_count - 1, now_ns);
  free(target->threads);
  target->threads = NULL;
  target->thread_capacity = 0;
}

/* --- the tick --- */

/* After a tick of a thread: one that ended is dropped. */
static baro_status note_end(baro_target *target, uint32_t index, uint64_t now_ns,
                            baro_status status) {
  if (status != BARO_GONE)
    return status;
  remove_thread(target, index, now_ns);
  target->observer.threads_changed = true;
  return BARO_OK;
}

/* Which threads need not be asked in this tick, as they most likely sleep. Is there any? */
static bool find_resting(baro_target *target, uint64_t now_ns) {
  bool is_any = false;
  for (uint32_t i = 0; i < target->thread_count; i++) {
    baro_sampled_thread *thread = target->threads[i];
    thread->is_resting = baro_sampled_thread_likely_rests(thread, &target->observer, now_ns);
    is_any = is_any || thread->is_resting;
  }
  return is_any;
}

/* Ticks the threads that do not rest, and adds up how long they ran since they were asked last. */
static baro_status tick_restless(baro_target *target, uint64_t now_ns, uint64_t *ret_ran_ns) {
  *ret_ran_ns = 0;
  for (uint32_t i = target->thread_count; i-- > 0;) {
    baro_sampled_thread *thread = target->threads[i];
    if (thread->is_resting)
      continue;
    uint32_t count = target->thread_count;
    uint64_t before_ns = thread->exec_ns;
    baro_status status = baro_sampled_thread_tick(thread, &target->observer, now_ns);
    status = note_end(target, i, now_ns, status);
    if (status != BARO_OK)
      return status;
    if (count != target->thread_count || !thread->exec_known)
      target->is_settled = false;
    else
      *ret_ran_ns += thread->exec_ns - before_ns;
  }
  return BARO_OK;
}

/* Is a thread that sleeps to be asked in this tick? Chance must not depend on what the thread does; it may on the time
 * since the tick before. */
static bool is_asked(baro_target *target, uint64_t now_ns) {
  uint64_t since_ns = now_ns - target->last_tick_ns;
  uint64_t part_ns =
      since_ns > ASKED_EACH_NS / ASKED_ONE_IN ? since_ns : ASKED_EACH_NS / ASKED_ONE_IN;
  target->chance = target->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (target->chance >> 32) % ASKED_EACH_NS < part_ns;
}

/* Ticks the others, when nothing is known to have moved only one in so many of them, by chance. */
static baro_status tick_resting(baro_target *target, uint64_t now_ns, bool is_still) {
  for (uint32_t i = target->thread_count; i-- > 0;) {
    baro_sampled_thread *thread = target->threads[i];
    baro_status status = BARO_OK;
    if (!thread->is_resting)
      continue;
    if (is_asked(target, now_ns)) /* by chance: whatever else is known */
      status = baro_sampled_thread_tick(thread, &target->observer, now_ns);
    else if (!is_still)
      status = baro_sampled_thread_check(thread, &target->observer, now_ns);
    else
      baro_sampled_thread_skip(thread, now_ns);
    status = note_end(target, i, now_ns, status);
    if (status != BARO_OK)
      return status;
  }
  return BARO_OK;
}

/* Were all threads asked in this tick, with an answer? */
static bool all_known(const baro_target *target) {
  for (uint32_t i = 0; i < target->thread_count; i++)
    if (!target->threads[i]->exec_known)
      return false;
  return true;
}

/* A thread that has slept for a while is asked in one tick of ASKED_ONE_IN only, chosen by chance, so that its shares
 * stay right: a sample stands for the time since the thread was last asked. What this would miss is found by the
 * kernel's CPU clock of the process: it grows by what all threads ran, and when those that were asked do not account
 * for it, all others are checked at once. The clock alone would not do: the kernel adds what a thread runs when it
 * leaves its CPU or at a scheduler tick, so that for up to 4 ms (10 at HZ=100) only the thread's own statistics tell
 * that it has woken up. The books are opened by asking all while the sum stands still.
 * (Twelve threads that run 2 ms every 80 ms, 2.56 % of their time: 2.48 to 2.75 % seen; 0.1 to 1 % by the clock
 * alone; 5 % if a check counted as chance does. 2026-11.) */
static baro_status tick_all(baro_target *target, uint64_t now_ns) {
  uint64_t before_ns = 0;
  uint64_t after_ns = 0;
  uint64_t ran_ns = 0;
  /* Where all are asked anyway the clock would tell nothing. */
  bool has_resting = find_resting(target, now_ns);
  bool is_clocked = has_resting && baro_clock_read(target->cpu_clock, &before_ns);
  baro_status status = tick_restless(target, now_ns, &ran_ns);
  if (status != BARO_OK || !has_resting) {
    target->is_settled = false;
    return status;
  }
  is_clocked = is_clocked && baro_clock_read(target->cpu_clock, &after_ns) && after_ns == before_ns;
  bool is_still = is_clocked && target->is_settled && before_ns - target->settled_cpu_ns == ran_ns;
  status = tick_resting(target, now_ns, is_still);
  if (!is_still && is_clocked)
    is_clocked =
        baro_clock_read(target->cpu_clock, &after_ns) && after_ns == before_ns && all_known(target);
  target->is_settled = is_clocked && status == BARO_OK;
  target->settled_cpu_ns = before_ns;
  return status;
}

baro_status baro_target_tick_threads(baro_target *target, uint64_t now_ns) {
  baro_status status = look_around(target, now_ns);
  if (status != BARO_OK)
    return status;
  status = tick_all(target, now_ns);
  target->last_tick_ns = now_ns;
  return status != BARO_OK || target->thread_count > 0 ? status : BARO_GONE;
}
