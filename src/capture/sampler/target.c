#include "capture/sampler/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/os_proc.h"
#include "capture/sampler/sampled_thread.h"
#include "capture/sampler/thread_list.h"

enum {
  COMMAND_BYTES = 4096,
  LISTING_TRIES = 3, /* of a list that changes while it is read */
};

/* How long the list of threads may be unasked although nothing says it changed. */
static const uint64_t TASK_COUNT_NS = 10000000; /* native threads: by the number of tasks */
static const uint64_t LISTING_NS = 1000000000;  /* and in full */
static const uint64_t UNBOUND_NS = 1000000;     /* while a thread state without a thread is seen */

/* Between readings of the process' own CPU clock: what its last reading did not see is lost where others reap it. */
static const uint64_t CPU_NS = 10000000;

struct baro_target {
  baro_target_options options;
  baro_interpreter interpreter;
  baro_code_cache *codes;
  baro_fd_cache fds;
  baro_observer observer;
  baro_sampled_interp interps[BARO_MAX_INTERPS];
  uint32_t interp_count;
  baro_sampled_thread **threads; /* owned */
  uint32_t thread_count;
  uint32_t thread_capacity;
  baro_thread_list list; /* as read last */
  uint32_t process;      /* in the recording */
  uint64_t counters[BARO_COUNTER_COUNT];
  uint64_t unknown_reasons[BARO_WAIT_REASON_COUNT];
  uint64_t threads_seen;
  uint64_t last_tick_ns;
  uint64_t next_count_ns;
  uint64_t next_listing_ns;
  uint64_t next_cpu_ns;
  uint64_t base_cpu_ns; /* of its CPU clock when it was attached */
  bool lost;            /* the last tick found no interpreter any more */
  uint32_t task_count;
  int stat_fd; /* owned, -1 not open */
};

/* --- threads --- */

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

static baro_status read_list(baro_target *target) {
  baro_status status = BARO_OK;
  target->list.changing = true;
  for (int tries = 0; tries < LISTING_TRIES && status == BARO_OK && target->list.changing; tries++)
    status = baro_thread_list_read(&target->list, &target->interpreter);
  return status;
}

/* Makes the threads those of the list. */
static baro_status take_list(baro_target *target, uint64_t now_ns) {
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

static baro_status list_threads(baro_target *target, uint64_t now_ns) {
  baro_status status = read_list(target);
  return status == BARO_OK ? take_list(target, now_ns) : status;
}

/* --- the process --- */

/* The kernel's clock of the whole process, threads that ended included; a zombie still has it. */
static bool process_cpu_ns(pid_t pid, uint64_t *ret_cpu_ns) {
  clockid_t clock;
  struct timespec time;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
    return false;
  *ret_cpu_ns = (uint64_t)time.tv_sec * UINT64_C(1000000000) + (uint64_t)time.tv_nsec;
  return true;
}

static baro_status define_process(baro_target *target, uint64_t now_ns) {
  baro_writer *writer = target->options.writer;
  baro_buffer command = {0};
  baro_task_stat stat = {0};
  baro_process_record record = {.os_pid = (uint32_t)target->options.pid,
                                .parent_process = target->options.parent_process,
                                .seen_ns = now_ns,
                                .start_ns = now_ns};
  if (baro_proc_stat(target->options.pid, 0, &stat, NULL) == BARO_OK)
    record.start_ns = baro_proc_start_ns(stat.start_ticks);
  (void)!baro_proc_command_line(target->options.pid, COMMAND_BYTES, &command, NULL);
  baro_view text = {.data = command.data, .length = command.length};
  baro_status status = baro_writer_string(writer, text, &record.command_string);
  baro_buffer_release(&command);
  if (status == BARO_OK)
    status = baro_writer_string(writer, baro_view_of(target->interpreter.version),
                                &record.python_string);
  if (status == BARO_OK)
    status = baro_writer_process(writer, &record, &target->process);
  if (status == BARO_OK)
    status = baro_code_cache_marked_stack(writer, "(no Python frame)", BARO_FUNCTION_NO_PYTHON,
                                          &target->observer.no_python_stack);
  return status;
}

/* The 10 ms look at the process: number of threads, and stopped by a signal or not. */
static bool process_changed(baro_target *target) {
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

/* By somebody else, so that we cannot stop it. */
static bool is_traced(pid_t pid) {
  baro_proc_status status;
  return baro_proc_status_read(pid, &status, NULL) == BARO_OK && status.tracer_pid != 0;
}

baro_status baro_target_attach(const baro_target_options *options, uint64_t now_ns,
                               baro_target **ret_target, baro_error *err) {
  baro_target *target = calloc(1, sizeof *target);
  if (target == NULL)
    return baro_error_set(err, BARO_NO_MEMORY, "attach %d", (int)options->pid);
  target->options = *options;
  target->last_tick_ns = now_ns;
  target->process = BARO_NONE_ID;
  target->stat_fd = -1;
  (void)process_cpu_ns(options->pid, &target->base_cpu_ns); /* fails when it is gone only */
  baro_status status =
      baro_interpreter_find(options->pid, options->cache, &target->interpreter, err);
  if (status != BARO_OK) {
    free(target);
    return status;
  }
  baro_fd_cache_init(&target->fds, options->pid);
  target->codes = baro_code_cache_create(&target->interpreter, options->writer);
  target->observer = (baro_observer){.interpreter = &target->interpreter,
                                     .codes = target->codes,
                                     .writer = options->writer,
                                     .fds = &target->fds,
                                     .placement = options->placement,
                                     .counters = target->counters,
                                     .unknown_reasons = target->unknown_reasons,
                                     .stop_target = options->stop_target,
                                     .no_schedstat = !baro_proc_has_schedstat()};
  status = target->codes == NULL ? BARO_NO_MEMORY : read_list(target);
  if (status == BARO_OK && options->stop_target && is_traced(options->pid))
    status = BARO_NO_PERMISSION;
  /* From here on it is in the recording: what is refused, perhaps time and again, is no process of it. */
  if (status == BARO_OK)
    status = define_process(target, now_ns);
  if (status == BARO_OK)
    status = take_list(target, now_ns);
  if (status != BARO_OK) {
    baro_target_destroy(target, now_ns, -1);
    if (status == BARO_NO_PERMISSION) /* the caller says which barrier it was */
      return status;
    return baro_error_set(err, status, "attach %d: %s", (int)options->pid,
                          baro_status_text(status));
  }
  (void)process_changed(target); /* it may be stopped already */
  *ret_target = target;
  return BARO_OK;
}

/* Is it time to look for new threads? */
static bool listing_due(baro_target *target, uint64_t now_ns) {
  if (target->observer.threads_changed || now_ns >= target->next_listing_ns)
    return true;
  if (now_ns < target->next_count_ns)
    return false;
  target->next_count_ns = now_ns + TASK_COUNT_NS;
  return process_changed(target);
}

static baro_status tick_threads(baro_target *target, uint64_t now_ns) {
  if (listing_due(target, now_ns)) {
    baro_status status = list_threads(target, now_ns);
    if (status != BARO_OK)
      return status;
  }
  for (uint32_t i = target->thread_count; i-- > 0;) {
    baro_status status = baro_sampled_thread_tick(target->threads[i], &target->observer, now_ns);
    if (status == BARO_OK)
      continue;
    if (status != BARO_GONE)
      return status;
    remove_thread(target, i, now_ns);
    target->observer.threads_changed = true;
  }
  target->last_tick_ns = now_ns;
  return target->thread_count > 0 ? BARO_OK : BARO_GONE;
}

baro_status baro_target_tick(baro_target *target, uint64_t now_ns) {
  target->counters[BARO_COUNTER_TICKS]++;
  if (now_ns >= target->next_cpu_ns) {
    target->next_cpu_ns = now_ns + CPU_NS;
    baro_target_read_cpu(target);
  }
  baro_status status = tick_threads(target, now_ns);
  target->lost = status != BARO_OK;
  return status;
}

void baro_target_missed(baro_target *target, uint64_t ticks) {
  target->counters[BARO_COUNTER_TICKS] += ticks;
  target->counters[BARO_COUNTER_MISSED] += ticks;
}

void baro_target_read_cpu(baro_target *target) {
  uint64_t *counter = &target->counters[BARO_COUNTER_TARGET_CPU_NS];
  uint64_t cpu_ns = 0;
  if (process_cpu_ns(target->options.pid, &cpu_ns) && cpu_ns > target->base_cpu_ns &&
      cpu_ns - target->base_cpu_ns > *counter)
    *counter = cpu_ns - target->base_cpu_ns;
}

void baro_target_settle(baro_target *target, uint64_t now_ns) {
  baro_target_read_cpu(target);
  for (uint32_t i = 0; i < target->thread_count && !target->lost; i++)
    baro_sampled_thread_settle(target->threads[i], now_ns);
}

static void write_counters(baro_target *target, uint64_t now_ns) {
  baro_counters_record record = {.process = target->process, .time_ns = now_ns};
  baro_proc_status status;
  baro_target_read_cpu(target);
  if (baro_proc_status_read(target->options.pid, &status, NULL) == BARO_OK &&
      status.rss_bytes > 0) {
    target->counters[BARO_COUNTER_RSS_BYTES] = status.rss_bytes;
    target->counters[BARO_COUNTER_RSS_PEAK_BYTES] = status.rss_peak_bytes;
  }
  memcpy(record.values, target->counters, sizeof record.values);
  baro_writer_counters(target->options.writer, &record);
}

void baro_target_flush(baro_target *target, uint64_t now_ns) {
  for (uint32_t i = 0; i < target->thread_count; i++)
    baro_sampled_thread_flush(target->threads[i], target->options.writer);
  write_counters(target, now_ns);
}

/* One note per reason, so that "unknown" in a report has its why. */
static void write_unknown_notes(const baro_target *target, uint64_t now_ns) {
  for (int reason = 0; reason < BARO_WAIT_REASON_COUNT; reason++) {
    char text[256];
    if (target->unknown_reasons[reason] == 0)
      continue;
    int length = snprintf(text, sizeof text, "state unknown for %llu thread ticks: %s",
                          (unsigned long long)target->unknown_reasons[reason],
                          baro_wait_reason_words((baro_wait_reason)reason));
    baro_note_record note = {.time_ns = now_ns,
                             .process = target->process,
                             .text = {.data = (const uint8_t *)text, .length = (size_t)length}};
    baro_writer_note(target->options.writer, &note);
  }
}

void baro_target_destroy(baro_target *target, uint64_t now_ns, int wait_status) {
  if (target == NULL)
    return;
  while (target->thread_count > 0)
    remove_thread(target, target->thread_count - 1, now_ns);
  if (target->process != BARO_NONE_ID) {
    baro_end_record end = {.index = target->process, .time_ns = now_ns, .wait_status = wait_status};
    write_counters(target, now_ns);
    write_unknown_notes(target, now_ns);
    baro_writer_process_end(target->options.writer, &end);
  }
  if (target->stat_fd >= 0)
    (void)close(target->stat_fd);
  baro_code_cache_destroy(target->codes);
  baro_fd_cache_release(&target->fds);
  baro_thread_list_release(&target->list);
  free(target->threads);
  free(target);
}

pid_t baro_target_pid(const baro_target *target) {
  return target->options.pid;
}
uint32_t baro_target_process(const baro_target *target) {
  return target->process;
}
uint64_t baro_target_counter(const baro_target *target, baro_counter counter) {
  return target->counters[counter];
}
uint64_t baro_target_threads_seen(const baro_target *target) {
  return target->threads_seen;
}
