#include "capture/sampler/sampled_thread.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/os_memory.h"
#include "base/os_process.h"
#include "capture/cpython/thread_name.h"
#include "capture/sampler/attachment.h"

enum {
  MAX_TRIES = 32,
  MAX_TRY_NS = 1000000, /* a stack that is not still for a millisecond of tries is lost */
  TRIES_PER_CLOCK = 8,
  TRIES_APART = 2, /* rejected so often while running beside the target: go to its CPU */
  EARLY_TRIES = 4, /* in which a frame that cannot be named counts as a torn stack */
  STOPPED_TRIES = 8,
  MATCHING_TRIES = 20, /* that insist on the newest frame of the first glimpse */
};

/* When a thread is asked for its name again. */
static const uint64_t RENAME_NS = 200000000;

static const uint64_t LET_GO_ON_NS = 5000;

/* For how long after our last stop a traced stop is taken for that one, and not for a signal's. */
static const uint64_t OWN_STOP_NS = 10000000;

/* A running thread's statistics may be behind by a scheduler tick (10 ms at 100 Hz): what they do not account for beyond
 * that, it waited. */
static const uint64_t UNSEEN_NS = 20000000;

/* A thread that ran so recently will soon run again: it is asked, as a sum that does not add up costs asking all. */
static const uint64_t RECENTLY_NS = 50000000;

baro_status baro_sampled_thread_create(const baro_observer *observer, uint32_t process, pid_t pid,
                                       pid_t tid, uint64_t first_ns,
                                       baro_sampled_thread **ret_thread) {
  char comm[BARO_COMM_BYTES] = "";
  baro_thread_record record = {
      .process = process, .os_tid = (uint32_t)tid, .seen_ns = first_ns, .is_main = tid == pid};
  baro_sampled_thread *thread = calloc(1, sizeof *thread);
  if (thread == NULL)
    return BARO_NO_MEMORY;
  (void)!baro_proc_comm(pid, tid, comm, NULL);
  baro_status status = observer->stop_target ? baro_trace_seize(tid, NULL) : BARO_OK;
  thread->seized = observer->stop_target && status == BARO_OK;
  if (status == BARO_OK)
    status = baro_writer_string(observer->writer, baro_view_of(comm), &record.name_string);
  if (status == BARO_OK)
    status = baro_writer_thread(observer->writer, &record, &thread->id);
  if (status != BARO_OK) {
    if (thread->seized)
      baro_trace_detach(tid);
    free(thread);
    return status;
  }
  thread->tid = tid;
  thread->last_ns = first_ns;
  thread->stack_id = observer->no_python_stack;
  thread->name_string = record.name_string;
  baro_thread_probe_init(&thread->probe, pid, tid);
  *ret_thread = thread;
  return BARO_OK;
}

void baro_sampled_thread_flush(baro_sampled_thread *thread, baro_writer *writer) {
  if (thread->has_pending && thread->pending.weight_ns > 0)
    baro_writer_sample(writer, &thread->pending);
  thread->has_pending = false;
}

baro_status baro_sampled_thread_bind(baro_sampled_thread *thread, const baro_observer *observer,
                                     const baro_sampled_interp *interp, uint64_t thread_addr,
                                     uint64_t native_id) {
  baro_stack_reader_destroy(thread->reader);
  thread->reader = NULL;
  thread->interp = thread_addr != 0 ? interp : NULL;
  thread->thread_addr = thread_addr;
  thread->look_again = true;
  thread->stack_id = observer->no_python_stack;
  thread->name_due_ns = thread->tid == observer->interpreter->pid ? UINT64_MAX : 0;
  thread->name_read = false;
  if (thread_addr == 0)
    return BARO_OK;
  return baro_stack_reader_create(observer->interpreter->pid, &observer->interpreter->layout,
                                  interp->addr, thread_addr, native_id, &thread->reader, NULL);
}

/* --- one stack --- */

static uint64_t load_field(const uint8_t *window, uint32_t offset, uint32_t bytes) {
  uint64_t value = 0;
  memcpy(&value, window + offset, bytes);
  return value;
}

static uint64_t code_generation(const baro_layout *layout, const uint8_t *interp_window) {
  if (layout->interp.code_generation == BARO_ABSENT)
    return 0;
  return load_field(interp_window, layout->interp.code_generation - layout->interp.read_offset,
                    layout->interp.code_generation_bytes);
}

static bool same_glimpse(baro_stack_glimpse a, baro_stack_glimpse b) {
  bool same_code = a.code_addr == b.code_addr || a.code_addr == 0 || b.code_addr == 0;
  return a.frame_addr == b.frame_addr && same_code; /* 0: not known */
}

static baro_status resolve(baro_sampled_thread *thread, baro_observer *observer, uint64_t now_ns,
                           int tries, int most_tries, uint32_t *ret_stack_id) {
  baro_resolve_request request = {
      .stack = &thread->raw,
      .reader = thread->reader,
      .memo = &thread->memo,
      .now_ns = now_ns,
      .code_generation = code_generation(&observer->interpreter->layout,
                                         baro_stack_reader_interp_window(thread->reader)),
      .interp_addr = thread->interp->addr,
      .early_try = tries < EARLY_TRIES,
      .last_try = tries >= most_tries / 4,
  };
  if (thread->raw.count == 0 && !thread->raw.cut) {
    *ret_stack_id = observer->no_python_stack;
    return BARO_OK;
  }
  return baro_code_cache_resolve(observer->codes, &request, ret_stack_id);
}

/* Reads and resolves until both succeed, at once. *ret_stack_id only on BARO_OK; AGAIN: lost.
 * After a rejection an accepted stack must fit the glimpse of the first try (see
 * baro_stack_reader_glimpse), unless the sampler shares the thread's CPU by then: nothing is rejected there,
 * so nothing is favoured. */
static baro_status read_stack(baro_sampled_thread *thread, baro_observer *observer, uint64_t now_ns,
                              uint32_t *ret_stack_id) {
  baro_stack_glimpse wanted = {0};
  bool insist = false;
  uint64_t deadline_ns = 0;
  for (int tries = 0; tries < MAX_TRIES; tries++) {
    baro_status status = baro_stack_reader_read(thread->reader, &thread->raw, NULL);
    baro_stack_glimpse glimpse = baro_stack_reader_glimpse(thread->reader);
    if (status == BARO_OK && insist && tries < MATCHING_TRIES && !same_glimpse(glimpse, wanted))
      status = BARO_AGAIN;
    if (status == BARO_OK)
      status = resolve(thread, observer, now_ns, tries, MAX_TRIES, ret_stack_id);
    if (status != BARO_AGAIN)
      return status;
    observer->counters[BARO_COUNTER_RETRIES]++;
    if (tries == 0) {
      wanted = glimpse;
      insist = wanted.frame_addr != 0;
    }
    if (tries >= TRIES_APART - 1 && thread->wait.state == BARO_STATE_CPU &&
        baro_placement_join(observer->placement, observer->interpreter->pid, thread->tid, now_ns)) {
      /* While we are here the thread stands still, also if it stands between two steps of the interpreter that
       * leave a stack incomplete: then it has to go on before the next try. */
      if (tries >= TRIES_APART)
        (void)baro_clock_sleep_until(baro_clock_now_ns() + LET_GO_ON_NS);
      insist = false;
    }
    if (tries % TRIES_PER_CLOCK != TRIES_PER_CLOCK - 1)
      continue;
    uint64_t clock_ns = baro_clock_now_ns();
    if (deadline_ns == 0)
      deadline_ns = clock_ns + MAX_TRY_NS;
    if (clock_ns >= deadline_ns)
      break;
  }
  return BARO_AGAIN;
}

/* Blocked in a system call a thread stands still, and is not to be disturbed. One that still stands where our last
 * stop left it looks blocked too, as in the middle of any system call, and goes on any moment. */
static bool may_run(const baro_sampled_thread *thread, pid_t pid, uint64_t now_ns) {
  baro_task_stat stat;
  if (thread->wait.state == BARO_STATE_CPU)
    return true;
  if (baro_proc_stat(pid, thread->tid, &stat, NULL) != BARO_OK)
    return false;
  return stat.state == 'R' || (stat.state == 't' && now_ns < thread->let_go_ns + OWN_STOP_NS);
}

/* The reference: stops the thread for each try, since a stopped stack does not change by itself. */
static baro_status read_stopped(baro_sampled_thread *thread, baro_observer *observer,
                                uint64_t now_ns, uint32_t *ret_stack_id) {
  baro_status status = BARO_AGAIN;
  for (int tries = 0; tries < STOPPED_TRIES && status == BARO_AGAIN; tries++) {
    if (baro_trace_stop(thread->tid, NULL) != BARO_OK) {
      thread->let_go_ns = 0;
      return read_stack(thread, observer, now_ns, ret_stack_id);
    }
    /* A thread that a signal stopped would not have stopped for us. */
    thread->wait = (baro_wait){.state = BARO_STATE_CPU, .syscall_number = -1, .fd = -1};
    status = baro_stack_reader_read(thread->reader, &thread->raw, NULL);
    if (status == BARO_OK)
      status = resolve(thread, observer, now_ns, tries, STOPPED_TRIES, ret_stack_id);
    baro_trace_continue(thread->tid);
    thread->let_go_ns = now_ns;
    if (status == BARO_AGAIN)
      observer->counters[BARO_COUNTER_RETRIES]++;
  }
  return status;
}

/* Does this thread run the collector? Only the holder of the GIL can, or, without one, who stopped all others:
 * while those run, beside finalizers, nothing tells who of them it is. */
static bool is_collecting(const baro_sampled_thread *thread, const baro_observer *observer) {
  const baro_layout *layout = &observer->interpreter->layout;
  if (thread->reader == NULL || layout->interp.gc_collecting == BARO_ABSENT)
    return false;
  const uint8_t *interp = baro_stack_reader_interp_window(thread->reader);
  if (load_field(interp, layout->interp.gc_collecting - layout->interp.read_offset, 4) == 0)
    return false;
  if (layout->free_threaded && thread->interp->gil_addr == 0)
    return baro_attachment_is_alone(
        observer->interpreter,
        load_field(interp, layout->interp.threads_head - layout->interp.read_offset, 8),
        thread->thread_addr);
  if (layout->thread.holds_gil != BARO_ABSENT) {
    const uint8_t *window = baro_stack_reader_thread_window(thread->reader);
    return (load_field(window, layout->thread.holds_gil, 4) & layout->thread.holds_gil_mask) != 0;
  }
  uint64_t holder = 0;
  if (thread->interp->gil_addr == 0 || layout->gil.last_holder == BARO_ABSENT)
    return true;
  return baro_memory_read_u64(observer->interpreter->pid,
                              thread->interp->gil_addr + layout->gil.last_holder, &holder,
                              NULL) == BARO_OK &&
         holder == thread->thread_addr;
}

static void note_new_threads(const baro_sampled_thread *thread, baro_observer *observer) {
  const baro_layout *layout = &observer->interpreter->layout;
  const uint8_t *interp = baro_stack_reader_interp_window(thread->reader);
  if (load_field(interp, layout->interp.threads_head - layout->interp.read_offset, 8) !=
      thread->interp->threads_head)
    observer->threads_changed = true;
}

/* Stack of a thread that runs or has just come to rest. */
static baro_status take_stack(baro_sampled_thread *thread, baro_observer *observer,
                              uint64_t now_ns) {
  thread->stack_id = observer->no_python_stack;
  if (thread->reader == NULL)
    return BARO_OK;
  baro_status status = thread->seized && may_run(thread, observer->interpreter->pid, now_ns)
                           ? read_stopped(thread, observer, now_ns, &thread->stack_id)
                           : read_stack(thread, observer, now_ns, &thread->stack_id);
  if (status == BARO_OK) {
    thread->was_gone = false;
    observer->counters[BARO_COUNTER_STACKS]++;
    note_new_threads(thread, observer);
    return BARO_OK;
  }
  thread->stack_id = BARO_NONE_ID;
  if (status == BARO_AGAIN) {
    observer->counters[BARO_COUNTER_REJECTED]++;
    return BARO_OK;
  }
  if (status == BARO_NO_MEMORY || status == BARO_NO_PERMISSION)
    return status;
  observer->threads_changed = true;
  if (!thread
           ->was_gone) { /* the next listing of threads tells more: the next sample stands for this one too */
    thread->was_gone = true;
    return BARO_AGAIN;
  }
  /* The thread state is gone while the thread lives: it is ending, or the program was replaced. */
  observer->counters[BARO_COUNTER_UNREADABLE]++;
  return BARO_OK;
}

/* --- the name --- */

/* Reads the name the program gave this thread: with its first stack, and once more a little later, as many
 * programs name a thread from inside. raw holds the last accepted stack. */
static void read_name(baro_sampled_thread *thread, const baro_observer *observer, uint64_t now_ns) {
  if (thread->stack_id == BARO_NONE_ID || thread->stack_id == observer->no_python_stack ||
      thread->raw.count == 0 || thread->raw.cut)
    return;
  const baro_raw_frame *root = &thread->raw.frames[thread->raw.count - 1];
  baro_arena scratch = {0};
  baro_view name;
  uint32_t string = 0;
  thread->name_due_ns = thread->name_read ? UINT64_MAX : now_ns + RENAME_NS;
  thread->name_read = true;
  /* No name is no failure: the kernel's stays. */
  if (baro_thread_name_read(observer->interpreter, root->frame_addr, root->code_addr, &scratch,
                            &name, NULL) == BARO_OK &&
      baro_writer_string(observer->writer, name, &string) == BARO_OK &&
      string != thread->name_string) {
    baro_writer_thread_name(observer->writer, thread->id, string);
    thread->name_string = string;
  }
  baro_arena_release(&scratch);
}

/* --- the tick --- */

static bool is_on_queue(baro_state state) {
  return state == BARO_STATE_CPU || state == BARO_STATE_COLLECTOR;
}

/* A thread that is woken on a busy machine waits for a CPU first, and its statistics move only when it gets one:
 * until then it looked blocked. The end of the pending sample that belongs to the run queue is cut off into a
 * sample of its own. The arrival lies somewhere in the last interval: with one arrival its middle is
 * expected; with several only what cannot have been inside the interval is cut. */
static void cut_queue_time(baro_sampled_thread *thread, const baro_observer *observer,
                           uint64_t now_ns, baro_schedstat *moved) {
  baro_sample_record *blocked = &thread->pending;
  uint64_t interval_ns = now_ns - thread->last_ns;
  uint64_t inside_ns = moved->slices == 1 ? interval_ns / 2 : interval_ns;
  if (!thread->has_pending || is_on_queue(blocked->state) || moved->delay_ns <= inside_ns)
    return;
  uint64_t queue_ns = moved->delay_ns - inside_ns;
  /* A microsecond stays: the sample also carries CPU time. */
  if (blocked->weight_ns <= 1000)
    return;
  if (queue_ns >= blocked->weight_ns)
    queue_ns = blocked->weight_ns - 1000;
  baro_sample_record queued = *blocked;
  queued.state = BARO_STATE_CPU;
  queued.weight_ns = queue_ns;
  queued.ticks = 1;
  queued.cpu_ns = 0;
  queued.runnable_ns = queue_ns;
  moved->delay_ns -= queue_ns;
  blocked->time_ns -= queue_ns;
  blocked->weight_ns -= queue_ns;
  baro_sampled_thread_flush(thread, observer->writer);
  thread->pending = queued;
  thread->has_pending = true;
}

static void begin_sample(baro_sampled_thread *thread, const baro_observer *observer,
                         uint64_t now_ns, baro_schedstat *moved) {
  cut_queue_time(thread, observer, now_ns, moved);
  baro_sampled_thread_flush(thread, observer->writer);
  thread->pending = (baro_sample_record){
      .time_ns = now_ns,
      .weight_ns = now_ns - thread->last_ns,
      .ticks = 1 + thread->skipped,
      .thread = thread->id,
      .stack = thread->stack_id,
      .state = thread->wait.state,
      .cpu_ns = moved->exec_ns,
      .runnable_ns = moved->delay_ns,
  };
  thread->has_pending = true;
  thread->skipped = 0;
}

static void extend_sample(baro_sampled_thread *thread, uint64_t now_ns) {
  if (!thread->has_pending) {
    thread->pending = (baro_sample_record){
        .thread = thread->id, .stack = thread->stack_id, .state = thread->wait.state};
    thread->has_pending = true;
  }
  thread->pending.time_ns = now_ns;
  thread->pending.weight_ns += now_ns - thread->last_ns;
}

static void lengthen_sample(baro_sampled_thread *thread, uint64_t now_ns) {
  extend_sample(thread, now_ns);
  thread->pending.ticks += 1 + thread->skipped;
  thread->skipped = 0;
  thread->last_ns = now_ns;
}

/* It was not asked any more, and did not run before the last tick in which it was not. */
static void take_skipped(baro_sampled_thread *thread) {
  if (thread->skipped == 0)
    return;
  thread->skipped--;
  lengthen_sample(thread, thread->skipped_ns);
}

void baro_sampled_thread_destroy(baro_sampled_thread *thread, baro_writer *writer,
                                 uint64_t now_ns) {
  if (thread == NULL)
    return;
  take_skipped(thread);
  baro_sampled_thread_flush(thread, writer);
  baro_end_record end = {.index = thread->id, .time_ns = now_ns, .wait_status = -1};
  baro_writer_thread_end(writer, &end);
  if (thread->seized)
    baro_trace_detach(thread->tid);
  baro_stack_reader_destroy(thread->reader);
  baro_thread_probe_release(&thread->probe);
  baro_stack_memo_release(&thread->memo);
  baro_raw_stack_release(&thread->raw);
  free(thread);
}

static baro_status probe_state(baro_sampled_thread *thread, const baro_observer *observer) {
  baro_wait_context context = {
      .fds = observer->fds,
      .stopped = observer->stopped,
      .attachment_addr = baro_attachment_addr(&observer->interpreter->layout, thread->thread_addr)};
  if (thread->interp != NULL && thread->interp->gil_addr != 0) {
    context.gil_addr = thread->interp->gil_addr;
    context.gil_bytes = observer->interpreter->layout.gil.size_bytes;
  }
  return baro_thread_probe_state(&thread->probe, &context, &thread->wait);
}

static bool has_moved(const baro_sampled_thread *thread, const baro_observer *observer,
                      const baro_schedstat *now) {
  return !thread->has_last || thread->look_again || observer->no_schedstat ||
         now->exec_ns != thread->last.exec_ns || now->delay_ns != thread->last.delay_ns ||
         now->slices != thread->last.slices;
}

/* Out of descriptors: nothing can be asked, but the time has passed. */
static void blind_sample(baro_sampled_thread *thread, baro_observer *observer, uint64_t now_ns) {
  baro_schedstat unknown = {0};
  thread->wait = (baro_wait){.state = BARO_STATE_UNKNOWN,
                             .reason = BARO_WAIT_REASON_NO_DESCRIPTORS,
                             .syscall_number = -1,
                             .fd = -1};
  thread->stack_id = BARO_NONE_ID; /* looks anew as soon as it can */
  observer->counters[BARO_COUNTER_UNREADABLE]++;
  observer->unknown_reasons[thread->wait.reason]++;
  if (now_ns > thread->last_ns)
    begin_sample(thread, observer, now_ns, &unknown);
  thread->last_ns = now_ns;
}

static bool may_rest(const baro_sampled_thread *thread, const baro_observer *observer) {
  return thread->has_last && !thread->look_again && !observer->no_schedstat &&
         !is_on_queue(thread->wait.state) && thread->stack_id != BARO_NONE_ID;
}

bool baro_sampled_thread_likely_rests(const baro_sampled_thread *thread,
                                      const baro_observer *observer, uint64_t now_ns) {
  return may_rest(thread, observer) && now_ns - thread->moved_ns > RECENTLY_NS;
}

void baro_sampled_thread_skip(baro_sampled_thread *thread, uint64_t now_ns) {
  thread->skipped++;
  thread->skipped_ns = now_ns;
}

/* Unmoved and blocked: as it was. */
static void rest(baro_sampled_thread *thread, baro_observer *observer, uint64_t now_ns) {
  uint64_t ticks = 1 + (uint64_t)thread->skipped;
  observer->counters[BARO_COUNTER_UNMOVED] += ticks;
  if (thread->wait.state == BARO_STATE_UNKNOWN)
    observer->unknown_reasons[thread->wait.reason] += ticks;
  lengthen_sample(thread, now_ns);
  if (now_ns >= thread->name_due_ns)
    read_name(thread, observer, now_ns);
}

/* Asks for its scheduler statistics. LIMIT: out of descriptors, and its time is accounted for. */
static baro_status ask(baro_sampled_thread *thread, baro_observer *observer, uint64_t now_ns,
                       baro_schedstat *ret_now) {
  *ret_now = (baro_schedstat){0};
  baro_status status = baro_thread_probe_schedstat(&thread->probe, ret_now);
  thread->exec_known = status == BARO_OK;
  if (ret_now->exec_ns != thread->exec_ns)
    thread->moved_ns = now_ns;
  thread->exec_ns = ret_now->exec_ns;
  if (status == BARO_LIMIT)
    blind_sample(thread, observer, now_ns);
  return status;
}

/* A sample of what it does now. */
static baro_status look(baro_sampled_thread *thread, baro_observer *observer, uint64_t now_ns,
                        const baro_schedstat *now) {
  bool moved = has_moved(thread, observer, now);
  bool was_running = is_on_queue(thread->wait.state);
  baro_status status = moved ? probe_state(thread, observer) : BARO_OK;
  if (status != BARO_OK)
    return status;
  if (was_running && !moved)
    thread->wait.state = BARO_STATE_CPU;
  status = take_stack(thread, observer, now_ns);
  if (status != BARO_OK)
    return status == BARO_AGAIN ? BARO_OK : status;
  if (now_ns >= thread->name_due_ns)
    read_name(thread, observer, now_ns);
  if (thread->wait.state == BARO_STATE_CPU && thread->stack_id != BARO_NONE_ID &&
      is_collecting(thread, observer))
    thread->wait.state = BARO_STATE_COLLECTOR;
  if (thread->wait.state == BARO_STATE_UNKNOWN)
    observer->unknown_reasons[thread->wait.reason]++;
  /* The first look at a thread knows no movement yet: its earlier CPU time is not of this recording. */
  baro_schedstat change = {0};
  if (thread->has_last) {
    change.exec_ns = now->exec_ns - thread->last.exec_ns;
    change.delay_ns = now->delay_ns - thread->last.delay_ns;
    change.slices = now->slices - thread->last.slices;
  }
  observer->counters[BARO_COUNTER_UNMOVED] += thread->skipped;
  thread->last = *now;
  thread->has_last = true;
  thread->look_again = false;
  if (now_ns > thread->last_ns)
    begin_sample(thread, observer, now_ns, &change);
  thread->last_ns = now_ns;
  return BARO_OK;
}

baro_status baro_sampled_thread_tick(baro_sampled_thread *thread, baro_observer *observer,
                                     uint64_t now_ns) {
  baro_schedstat now;
  baro_status status = ask(thread, observer, now_ns, &now);
  if (status != BARO_OK)
    return status == BARO_LIMIT ? BARO_OK : status;
  if (has_moved(thread, observer, &now) || !may_rest(thread, observer))
    return look(thread, observer, now_ns, &now);
  rest(thread, observer, now_ns);
  return BARO_OK;
}

baro_status baro_sampled_thread_check(baro_sampled_thread *thread, baro_observer *observer,
                                      uint64_t now_ns) {
  baro_schedstat now;
  baro_status status = ask(thread, observer, now_ns, &now);
  if (status != BARO_OK)
    return status == BARO_LIMIT ? BARO_OK : status;
  if (!has_moved(thread, observer, &now) && may_rest(thread, observer)) {
    baro_sampled_thread_skip(thread, now_ns);
    return BARO_OK;
  }
  observer->counters[BARO_COUNTER_UNMOVED] += thread->skipped;
  take_skipped(thread);
  return look(thread, observer, now_ns, &now);
}

void baro_sampled_thread_settle(baro_sampled_thread *thread, const baro_observer *observer,
                                uint64_t now_ns) {
  baro_schedstat now = {0};
  if (!thread->has_last || now_ns <= thread->last_ns ||
      baro_thread_probe_schedstat(&thread->probe, &now) != BARO_OK)
    return;
  take_skipped(thread);
  uint64_t gap_ns = now_ns - thread->last_ns;
  uint64_t cpu_ns = now.exec_ns - thread->last.exec_ns;
  uint64_t runnable_ns = now.delay_ns - thread->last.delay_ns;
  uint64_t blocked_ns = gap_ns > cpu_ns + runnable_ns ? gap_ns - cpu_ns - runnable_ns : 0;
  bool is_unseen = is_on_queue(thread->wait.state) && blocked_ns > UNSEEN_NS;
  extend_sample(thread, is_unseen ? now_ns - blocked_ns : now_ns);
  if (thread->pending.ticks == 0) /* its last one is written already */
    thread->pending.ticks = 1;
  thread->pending.cpu_ns += cpu_ns;
  thread->pending.runnable_ns += runnable_ns;
  if (is_unseen) {
    baro_sampled_thread_flush(thread, observer->writer);
    observer->unknown_reasons[BARO_WAIT_REASON_NO_LOOK]++;
    thread->pending = (baro_sample_record){.time_ns = now_ns,
                                           .weight_ns = blocked_ns,
                                           .ticks = 1,
                                           .thread = thread->id,
                                           .stack = BARO_NONE_ID,
                                           .state = BARO_STATE_UNKNOWN};
    thread->has_pending = true;
  }
  thread->last = now;
  thread->last_ns = now_ns;
}
