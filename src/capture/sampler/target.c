#include "capture/sampler/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os_proc.h"
#include "capture/sampler/code_entry.h"
#include "capture/sampler/target_threads.h"

enum {
  COMMAND_BYTES = 4096,
};

/* Between readings of the process' own CPU clock: what its last reading did not see is lost where others reap it. */
static const uint64_t CPU_NS = 10000000;

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
    status = baro_code_marked_stack(writer, "(no Python frame)", BARO_FUNCTION_NO_PYTHON,
                                    &target->observer.no_python_stack);
  return status;
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
  target->chance = now_ns ^ (uint64_t)options->pid;
  target->last_tick_ns = now_ns;
  target->process = BARO_NONE_ID;
  target->stat_fd = -1;
  if (baro_clock_of_process(options->pid,
                            &target->cpu_clock)) /* else it is gone, as will be seen */
    (void)!baro_clock_read(target->cpu_clock, &target->base_cpu_ns);
  baro_program_mark_read(options->pid, &target->program);
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
  status = target->codes == NULL ? BARO_NO_MEMORY : baro_target_read_list(target);
  if (status == BARO_OK && options->stop_target && is_traced(options->pid))
    status = BARO_NO_PERMISSION;
  /* From here on it is in the recording: what is refused, perhaps time and again, is no process of it. */
  if (status == BARO_OK)
    status = define_process(target, now_ns);
  if (status == BARO_OK)
    status = baro_target_take_list(target, now_ns);
  if (status != BARO_OK) {
    baro_target_destroy(target, now_ns, -1);
    if (status == BARO_NO_PERMISSION) /* the caller says which barrier it was */
      return status;
    return baro_error_set(err, status, "attach %d: %s", (int)options->pid,
                          baro_status_text(status));
  }
  (void)baro_target_look(target); /* it may be stopped already */
  *ret_target = target;
  return BARO_OK;
}

baro_status baro_target_tick(baro_target *target, uint64_t now_ns) {
  target->counters[BARO_COUNTER_TICKS]++;
  if (target->next_cpu_ns == 0) /* the first: its threads are counted from now on, and so is it */
    (void)!baro_clock_read(target->cpu_clock, &target->base_cpu_ns);
  if (now_ns >= target->next_cpu_ns) {
    target->next_cpu_ns = now_ns + CPU_NS;
    baro_target_read_cpu(target);
  }
  baro_status status = baro_target_tick_threads(target, now_ns);
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
  if (baro_clock_read(target->cpu_clock, &cpu_ns) && cpu_ns > target->base_cpu_ns &&
      cpu_ns - target->base_cpu_ns > *counter)
    *counter = cpu_ns - target->base_cpu_ns;
}

void baro_target_settle(baro_target *target, uint64_t now_ns) {
  baro_target_read_cpu(target);
  for (uint32_t i = 0; i < target->thread_count && !target->lost; i++)
    baro_sampled_thread_settle(target->threads[i], &target->observer, now_ns);
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
  baro_target_drop_threads(target, now_ns);
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

bool baro_target_thread(const baro_target *target, pid_t tid, uint32_t *ret_thread) {
  for (uint32_t i = 0; i < target->thread_count; i++) {
    if (target->threads[i]->tid == tid) {
      *ret_thread = target->threads[i]->id;
      return true;
    }
  }
  return false;
}
