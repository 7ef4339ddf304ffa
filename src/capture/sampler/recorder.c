#include "capture/sampler/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os_file.h"
#include "base/os_proc.h"
#include "base/os_process.h"
#include "capture/sampler/follower.h"
#include "capture/sampler/recorder_calls.h"
#include "capture/sampler/schedule.h"
#include "recording/output.h"
#include "recording/writer.h"

static const uint64_t FLUSH_NS =
    950000000; /* to the file: a killed recorder loses less than a second */
static const uint64_t LONGEST_DEAF_NS = 5000000;
/* A sleep costs the sampler about 30 us of CPU time, and on a virtual machine ends 100 us and more late: what is due sooner is
 * waited for awake. At 1,000 Hz that is one tick in 33. (100,000 Hz asked, CPython 3.15: 29,200 samples a second with sleeps of
 * any length, 40,400 so. 2026-11.) */
static const uint64_t AWAKE_NS = 30000;
static const uint64_t PROGRESS_NS = 250000000;
static const uint64_t END_WAIT_NS = UINT64_C(10000000000); /* for a command that was asked to end */
/* Helpers of a process end by themselves right after it: only what is there longer lives on. */
static const uint64_t LIVING_WAIT_NS = 500000000;

typedef struct recorder {
  const baro_recorder_options *options;
  baro_recorder_result *result;
  baro_writer *writer;
  baro_followers *followers; /* NULL: nothing is sampled */
  baro_recorder_calls calls; /* of no use unless options say so */
  baro_schedule schedule;
  baro_placement placement;
  pid_t root;
  baro_signal_hold hold;      /* during the loop */
  baro_cpu_times first_times; /* when the recording began */
  uint64_t start_ns;          /* of sampling */
  /* The schedule starts anew when there is something to sample again: what the earlier ones counted. */
  uint64_t ticks_before;
  uint64_t missed_before;
  bool active; /* there is something to sample now */
  uint64_t next_flush_ns;
  uint64_t next_progress_ns;
  bool root_reaped;
  bool published;                           /* the recording is at its path */
  char staged_path[BARO_STAGED_PATH_BYTES]; /* where it is before */
  const char *end;                          /* why the recording ended, for info "end" */
} recorder;

/* Set by SIGCHLD, which is there to cut the sleep short. */
static volatile sig_atomic_t child_changed;

static void on_child(int number) {
  (void)number;
  child_changed = 1;
}

static bool wants_samples(const recorder *self) {
  return self->options->rate_hz > 0;
}

static bool wants_calls(const recorder *self) {
  return self->options->calls != NULL;
}

/* The target starts its agent itself, and nothing is sampled. */
static bool has_host(const recorder *self) {
  return self->options->attach_pid != 0 && self->options->calls_ready != NULL;
}

static int stop_level(const recorder *self) {
  return self->options->stop_requested != NULL ? *self->options->stop_requested : 0;
}

/* A file beyond the limit of its size (ulimit -f) is a failed write like others, not the end of the recorder. Not ignored:
 * the command would inherit that. */
static void on_file_limit(int number) {
  (void)number;
}

/* --- begin --- */

static const char *kind_of(const recorder *self) {
  if (!wants_calls(self))
    return "sample";
  return wants_samples(self) ? "sample,calls" : "calls";
}

static void write_infos(recorder *self) {
  char text[64];
  char host[256] = "";
  struct utsname system = {0};
  (void)gethostname(host, sizeof host - 1);
  (void)uname(&system);
  baro_writer_info(self->writer, "tool_version", BARO_VERSION);
  baro_writer_info(self->writer, "kind", kind_of(self));
  if (wants_calls(self))
    baro_writer_info(self->writer, "calls", self->options->calls);
  if (wants_calls(self) && self->options->overhead_percent > 0) {
    (void)snprintf(text, sizeof text, "%g", self->options->overhead_percent);
    baro_writer_info(self->writer, "overhead", text);
  }
  if (wants_samples(self)) {
    baro_writer_info(self->writer, "mode", self->options->stop_target ? "stop" : "nonblocking");
    (void)snprintf(text, sizeof text, "%g", self->options->rate_hz);
    baro_writer_info(self->writer, "rate_hz", text);
  }
  (void)snprintf(text, sizeof text, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
  baro_writer_info(self->writer, "cpu_count", text);
  baro_writer_info(self->writer, "host", host);
  baro_writer_info(self->writer, "kernel", system.release);
}

static void write_command(recorder *self) {
  baro_buffer text = {0};
  if (self->options->attach_pid != 0) {
    (void)!baro_proc_command_line(self->root, 4096, &text, NULL);
  } else {
    for (char *const *word = self->options->command; *word != NULL; word++) {
      if (word != self->options->command)
        baro_write_u8(&text, ' ');
      baro_write_text(&text, *word);
    }
  }
  baro_write_u8(&text, 0);
  if (!text.failed)
    baro_writer_info(self->writer, "command", (const char *)text.data);
  baro_buffer_release(&text);
}

/* An older recording at the path stays there until this one is known to come to something. */
static baro_status create_writer(recorder *self, baro_error *err) {
  baro_output output;
  baro_status status = baro_output_stage_file(self->options->path, self->options->overwrite,
                                              self->staged_path, &output, err);
  if (status != BARO_OK)
    return status;
  status = baro_writer_create_on(&output, self->options->path, NULL, &self->writer, err);
  if (status != BARO_OK)
    baro_file_remove(self->staged_path);
  return status;
}

static baro_status publish(recorder *self, baro_error *err) {
  if (self->published)
    return BARO_OK;
  baro_status status = baro_file_publish(self->staged_path, self->options->path, err);
  self->published = status == BARO_OK;
  return status;
}

static baro_status begin(recorder *self, baro_error *err) {
  struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
  baro_status status = create_writer(self, err);
  if (status != BARO_OK)
    return status;
  self->root = self->options->attach_pid;
  struct sigaction file_limit = {.sa_handler = on_file_limit, .sa_flags = SA_RESTART};
  (void)sigaction(SIGCHLD, &action, NULL);
  (void)sigaction(SIGXFSZ, &file_limit, NULL);
  if (wants_calls(self))
    status = baro_recorder_calls_prepare(&self->calls, self->options, err);
  if (status == BARO_OK && self->root == 0)
    status = baro_process_spawn(self->options->command, &self->root, err);
  if (wants_calls(self))
    baro_recorder_calls_spawned(&self->calls);
  if (status != BARO_OK) {
    self->root = 0;
    return status;
  }
  self->result->target_ran = true;
  return BARO_OK;
}

/* What watches the target, which runs by now. */
static baro_status begin_watching(recorder *self, baro_error *err) {
  baro_status status = BARO_OK;
  /* After the spawn: the command must not inherit what follows. */
  baro_process_raise_file_limit();
  baro_process_prefer_prompt();
  baro_placement_init(&self->placement);
  write_infos(self);
  write_command(self);
  /* What was recorded stays known on a disk that fills up with the first samples. */
  (void)!baro_writer_flush(self->writer, NULL);
  baro_followers_options followers = {.root = self->root,
                                      .follow_children = self->options->follow_children,
                                      .stop_target = self->options->stop_target,
                                      .writer = self->writer,
                                      .placement = &self->placement};
  if (wants_samples(self))
    status = baro_followers_create(&followers, &self->followers, err);
  if (status == BARO_OK && wants_calls(self))
    status =
        baro_recorder_calls_begin(&self->calls, self->writer, self->followers, self->root, err);
  if (status == BARO_OK)
    status = has_host(self) ? publish(self, err) : BARO_OK;
  if (status == BARO_OK && has_host(self))
    self->options->calls_ready(self->calls.spool.path);
  return status;
}

/* --- the loop --- */

/* Why it is time to end, or NULL. */
static const char *end_reason(recorder *self, uint64_t now_ns) {
  if (stop_level(self) > 0)
    return "interrupt";
  if (self->options->duration_ns > 0 && now_ns - self->start_ns >= self->options->duration_ns)
    return "duration";
  if (has_host(self))
    return baro_recorder_calls_host_end(self->root);
  /* Whoever started us may have left SIGCHLD blocked: the followers see the end too. */
  if (self->options->attach_pid == 0 &&
      (child_changed || self->followers == NULL || baro_followers_root_ended(self->followers))) {
    child_changed = 0;
    if (self->followers != NULL &&
        baro_process_is_zombie(self->root)) /* with it goes what the kernel knows of its CPU time */
      baro_followers_settle(self->followers, now_ns, true);
    self->root_reaped = baro_process_reap(self->root, &self->result->wait_status);
    if (self->root_reaped)
      return "exit";
  }
  if (self->options->attach_pid != 0 && baro_followers_root_ended(self->followers))
    return "exit";
  return NULL;
}

static uint64_t ticks_due(const recorder *self) {
  return self->ticks_before + self->schedule.ticks;
}

static uint64_t ticks_missed(const recorder *self) {
  return self->missed_before + self->schedule.missed;
}

static double achieved_hz(const recorder *self) {
  return baro_achieved_hz(self->options->rate_hz, ticks_due(self), ticks_missed(self));
}

static void report_progress(recorder *self, uint64_t now_ns) {
  if (self->options->progress == NULL || now_ns < self->next_progress_ns)
    return;
  self->next_progress_ns = now_ns + PROGRESS_NS;
  baro_followers_totals totals = {0};
  if (self->followers != NULL)
    baro_followers_sum(self->followers, &totals);
  uint64_t elapsed_ns = now_ns - self->start_ns;
  baro_recorder_progress progress = {
      .elapsed_ns = elapsed_ns,
      .samples = baro_writer_samples(self->writer),
      .file_bytes = baro_writer_file_bytes(self->writer),
      .achieved_hz = achieved_hz(self),
      .processes = totals.processes,
  };
  self->options->progress(self->options->progress_context, &progress);
}

static void write_recorder_counters(recorder *self, uint64_t now_ns) {
  baro_counters_record record = {.process = BARO_NONE_ID, .time_ns = now_ns};
  record.values[BARO_COUNTER_TICKS] = ticks_due(self);
  record.values[BARO_COUNTER_MISSED] = ticks_missed(self);
  record.values[BARO_COUNTER_SAMPLER_CPU_NS] = baro_clock_process_cpu_ns();
  baro_writer_counters(self->writer, &record);
}

static void flush_if_due(recorder *self, uint64_t now_ns) {
  if (now_ns < self->next_flush_ns)
    return;
  self->next_flush_ns = now_ns + FLUSH_NS;
  if (self->followers != NULL)
    baro_followers_flush(self->followers, now_ns);
  write_recorder_counters(self, now_ns);
  (void)!baro_writer_flush(self->writer, NULL); /* trouble stays known: baro_writer_trouble */
}

/* A round if one is due. */
static void tick_if_due(recorder *self, uint64_t now_ns) {
  if (now_ns < self->schedule.next_ns)
    return;
  uint64_t missed_before = self->schedule.missed;
  baro_schedule_advance(&self->schedule, now_ns);
  baro_placement_tick(&self->placement, now_ns);
  baro_followers_tick(self->followers, now_ns, self->schedule.missed - missed_before);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* The child that only we may reap, 0 when attached. */
static pid_t own_child(const recorder *self) {
  return self->options->attach_pid == 0 ? self->root : 0;
}

/* Starts and ends the schedule: nothing is due while there is nothing to sample. */
static void note_activity(recorder *self, bool active, uint64_t now_ns) {
  if (active == self->active)
    return;
  self->active = active;
  if (!active)
    return;
  self->ticks_before = ticks_due(self);
  self->missed_before = ticks_missed(self);
  baro_schedule_init(&self->schedule, self->options->rate_hz, now_ns,
                     now_ns ^ (uint64_t)self->root);
}

/* When there is something to do next. */
static uint64_t wake_ns(const recorder *self, uint64_t update_ns, bool active) {
  uint64_t until_ns = earlier(update_ns, self->next_flush_ns);
  if (active)
    until_ns = earlier(until_ns, self->schedule.next_ns);
  if (wants_calls(self))
    until_ns = earlier(until_ns, self->calls.next_ns);
  if (self->options->duration_ns > 0 && self->options->duration_ns < UINT64_MAX - self->start_ns)
    until_ns = earlier(until_ns, self->start_ns + self->options->duration_ns);
  return until_ns;
}

/* *slept_ns: when it last slept. */
static void wait_until(const recorder *self, uint64_t until_ns, uint64_t *slept_ns) {
  uint64_t now_ns = baro_clock_now_ns(); /* the round took its time, and the next may be due */
  bool is_late = until_ns <= now_ns;
  /* On the target's CPU the time is the target's. */
  bool is_near = !is_late && until_ns - now_ns <= AWAKE_NS && !self->placement.joined;
  /* Signals arrive in the sleep only: a sampler that never sleeps looks for them now and then. */
  if ((!is_late && !is_near) || now_ns - *slept_ns > LONGEST_DEAF_NS) {
    baro_process_sleep_until(&self->hold, is_near ? now_ns : until_ns);
    *slept_ns = now_ns;
  }
  if (is_near)
    baro_clock_wait_awake_until(until_ns);
}

static baro_status loop(recorder *self, baro_error *err) {
  bool first_attach = self->options->attach_pid != 0 && !has_host(self);
  uint64_t update_ns = 0;
  uint64_t slept_ns = 0;
  self->start_ns = baro_clock_now_ns();
  self->first_times = baro_proc_cpu_times();
  self->next_flush_ns = self->start_ns + FLUSH_NS;
  for (;;) {
    uint64_t now_ns = baro_clock_now_ns();
    self->end = end_reason(self, now_ns);
    if (self->end != NULL)
      return BARO_OK;
    if (self->followers == NULL) {
      update_ns = UINT64_MAX;
    } else if (now_ns >= update_ns) {
      baro_status status =
          baro_followers_update(self->followers, now_ns, first_attach, &update_ns, err);
      if (status != BARO_OK)
        return status;
      now_ns = baro_clock_now_ns();
    }
    bool active = self->followers != NULL && baro_followers_active(self->followers) > 0;
    note_activity(self, active, now_ns);
    first_attach = first_attach && !active;
    baro_status status = first_attach ? BARO_OK : publish(self, err);
    if (status != BARO_OK)
      return status;
    if (self->options->stop_target)
      baro_trace_pump(own_child(self));
    if (active)
      tick_if_due(self, now_ns);
    if (wants_calls(self))
      baro_recorder_calls_visit(&self->calls, now_ns);
    flush_if_due(self, now_ns);
    report_progress(self, now_ns);
    wait_until(self, wake_ns(self, update_ns, active), &slept_ns);
  }
}

/* --- end --- */

static void fill_result(recorder *self, uint64_t now_ns) {
  baro_recorder_result *result = self->result;
  baro_followers_totals totals = {0};
  if (self->followers != NULL)
    baro_followers_sum(self->followers, &totals);
  result->duration_ns = now_ns - self->start_ns;
  result->ticks = ticks_due(self);
  result->missed = ticks_missed(self);
  result->retries = totals.counters[BARO_COUNTER_RETRIES];
  result->rejected = totals.counters[BARO_COUNTER_REJECTED];
  result->unreadable = totals.counters[BARO_COUNTER_UNREADABLE];
  result->processes = totals.processes;
  result->threads = totals.threads;
  result->achieved_hz = achieved_hz(self);
  if (totals.problem[0] != '\0')
    (void)snprintf(result->note, sizeof result->note, "%s", totals.problem);
}

/* How much of what this machine's CPUs had to do its host took for others. */
static void write_stolen(recorder *self) {
  char text[32];
  baro_cpu_times now = baro_proc_cpu_times();
  uint64_t stolen = now.stolen_ticks - self->first_times.stolen_ticks;
  uint64_t busy = now.busy_ticks - self->first_times.busy_ticks;
  /* Counters of some kernels have gone backwards. */
  if (now.stolen_ticks < self->first_times.stolen_ticks ||
      now.busy_ticks < self->first_times.busy_ticks || stolen + busy == 0)
    return;
  (void)snprintf(text, sizeof text, "%.4f", (double)stolen / (double)(stolen + busy));
  baro_writer_info(self->writer, "stolen_ratio", text);
}

static void write_end(recorder *self) {
  char text[32];
  write_stolen(self);
  if (self->end != NULL)
    baro_writer_info(self->writer, "end", self->end);
  if (!self->root_reaped)
    return;
  int status = self->result->wait_status;
  int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  (void)snprintf(text, sizeof text, "%d", code);
  baro_writer_info(self->writer, "exit_status", text);
  if (!WIFSIGNALED(status))
    return;
  (void)snprintf(text, sizeof text, "%d", WTERMSIG(status));
  baro_writer_info(self->writer, "signal", text);
}

/* After the end of the first process: who lives on? */
static void find_living(recorder *self) {
  baro_recorder_result *result = self->result;
  uint64_t deadline_ns = baro_clock_now_ns() + LIVING_WAIT_NS;
  for (;;) {
    result->living_count =
        self->followers != NULL
            ? baro_followers_living(self->followers, result->living_pids, BARO_LIVING_PIDS)
            : baro_recorder_calls_living(&self->calls, result->living_pids, BARO_LIVING_PIDS);
    uint64_t now_ns = baro_clock_now_ns();
    if (result->living_count == 0 || now_ns >= deadline_ns || stop_level(self) > 0)
      return;
    (void)baro_clock_sleep_until(now_ns + 5000000);
  }
}

static void finish_watching(recorder *self, uint64_t now_ns) {
  if (self->followers != NULL) {
    baro_followers_settle(self->followers, now_ns, false);
    baro_followers_flush(self->followers, now_ns);
  }
  if (wants_calls(self)) /* while the followers still know who is who */
    baro_recorder_calls_finish(&self->calls, self->root, self->root_reaped, now_ns, self->result);
  fill_result(self, now_ns);
  write_recorder_counters(self, now_ns);
  if (self->end != NULL && strcmp(self->end, "exit") == 0) {
    (void)!baro_writer_flush(self->writer, NULL);
    find_living(self);
  }
  if (self->followers != NULL)
    baro_followers_destroy(self->followers, now_ns,
                           self->root_reaped ? self->result->wait_status : -1);
  self->followers = NULL;
  if (self->options->stop_target) /* threads and processes that ended meanwhile */
    baro_trace_pump(own_child(self));
}

/* Saves everything. The recording is safe from here on, whatever the command does. */
static baro_status finish_recording(recorder *self, baro_error *err) {
  if (self->followers != NULL || self->calls.drain != NULL)
    finish_watching(self, baro_clock_now_ns());
  write_end(self);
  (void)!baro_writer_flush(self->writer, NULL);
  self->result->samples = baro_writer_samples(self->writer);
  self->result->dropped_samples = baro_writer_dropped_samples(self->writer);
  self->result->dropped_events = baro_writer_dropped_call_events(self->writer);
  self->result->file_bytes = baro_writer_file_bytes(self->writer);
  baro_status status = baro_writer_close(self->writer, err);
  self->writer = NULL;
  return status;
}

/* After an early end of the recording the command runs on: its end is awaited, its status passed on. A
 * command that was asked to end and does not is left after 10 s, and said to be. */
static void await_command(recorder *self) {
  if (self->options->attach_pid != 0 || self->root_reaped || self->root <= 0)
    return;
  int forwarded = 0;
  uint64_t deadline_ns = UINT64_MAX;
  while (!baro_process_reap(self->root, &self->result->wait_status)) {
    int number = self->options->forward_signal != NULL ? *self->options->forward_signal : 0;
    if (number != 0 && number != forwarded) {
      (void)kill(self->root, number);
      forwarded = number;
    }
    uint64_t now_ns = baro_clock_now_ns();
    if (self->options
            ->stop_target) /* what could not be detached, and ended children of the command */
      baro_trace_pump(own_child(self));
    if (stop_level(self) > 0 && deadline_ns == UINT64_MAX)
      deadline_ns = now_ns + END_WAIT_NS;
    if (stop_level(self) >= 2 || now_ns >= deadline_ns) {
      self->result->target_left_running = true;
      return;
    }
    (void)baro_clock_sleep_until(now_ns + 5000000);
  }
  self->root_reaped = true;
}

baro_status baro_record(const baro_recorder_options *options, baro_recorder_result *ret_result,
                        baro_error *err) {
  recorder self = {.options = options, .result = ret_result, .calls.spool.config = -1};
  *ret_result = (baro_recorder_result){.target_ran = options->attach_pid != 0};
  baro_status status = begin(&self, err);
  if (status == BARO_OK)
    status = begin_watching(&self, err);
  if (status == BARO_OK) {
    baro_process_hold_signals(&self.hold);
    status = loop(&self, err);
    baro_process_release_signals(&self.hold);
  }
  if (self.writer != NULL) {
    if (status == BARO_OK) /* interrupted before the first look */
      status = publish(&self, err);
    baro_error *close_error = status == BARO_OK ? err : NULL;
    baro_status closed = finish_recording(&self, close_error);
    /* Nothing ran or nothing may be read: there is no recording, only its file. */
    if (status != BARO_OK && ret_result->samples == 0 && ret_result->processes == 0 &&
        ret_result->calls == 0)
      baro_file_remove(self.published ? options->path : self.staged_path);
    if (status == BARO_OK)
      status = closed;
  }
  if (wants_calls(&self))
    baro_recorder_calls_release(&self.calls);
  if (ret_result->target_ran)
    await_command(&self);
  return status;
}
