/* barograph record: options -> capture's baro_record -> one or two lines about the result. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/os_proc.h"
#include "base/os_process.h"
#include "base/plural.h"
#include "capture/sampler/recorder.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "show/crowd.h"
#include "show/units.h"

enum {
  EXIT_NOT_EXECUTABLE = 126, /* as shells have them */
  EXIT_NOT_FOUND = 127,
  EXIT_SIGNAL_BASE = 128,
  DEFAULT_HZ = 1000,
};

typedef struct record_values {
  const char *output;
  double rate_hz; /* 0: not given */
  const char *calls;
  const char *overhead;
  double duration_s;
  uint64_t pid;
  bool overwrite;
  bool no_children;
  bool stop;
  bool quiet;
  bool spool;
} record_values;

/* Set by the handler only: signal handlers have no context argument. */
static volatile sig_atomic_t stop_requested;
static volatile sig_atomic_t forward_signal;
static volatile uint64_t first_signal_ns;

/* timeout(1) sends its signal to its child and to its process group: two within this time are one. */
static const uint64_t SAME_SIGNAL_NS = 200000000;

/* What the terminal sends (Ctrl-C, a hang-up) reaches the command too, which is in the same process
 * group; what a process sends (kill, timeout) reaches us alone and is passed on. */
static void on_signal(int signal_number, siginfo_t *info, void *context) {
  (void)context;
  forward_signal = info->si_code == SI_KERNEL ? 0 : signal_number;
  uint64_t now_ns = baro_clock_now_ns();
  if (stop_requested == 0)
    first_signal_ns = now_ns;
  if (stop_requested == 0 || now_ns - first_signal_ns >= SAME_SIGNAL_NS)
    stop_requested = stop_requested == 0 ? 1 : 2;
}

/* A background job of a shell script has SIGINT ignored; `kill -INT` must end its recording too. A
 * hang-up stays ignored under nohup. */
static void catch_signals(void) {
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct sigaction before;
  if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
    sigaction(SIGHUP, &action, NULL);
}

/* 0 when path can be executed, else the errno that says why not. */
static int check_executable(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0)
    return errno;
  if (S_ISDIR(info.st_mode))
    return EISDIR;
  return access(path, X_OK) == 0 ? 0 : errno;
}

/* As execvp searches: the first executable in PATH; else EACCES if one was there, else ENOENT. */
static int check_program(const char *name) {
  if (strchr(name, '/') != NULL)
    return check_executable(name);
  const char *path = getenv("PATH");
  int result = ENOENT;
  for (const char *at = path != NULL ? path : "/bin:/usr/bin"; result != 0; at++) {
    size_t length = strcspn(at, ":");
    char candidate[PATH_MAX];
    int written = snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)length, at,
                           length > 0 ? "/" : "", name);
    if (written > 0 && (size_t)written < sizeof(candidate)) {
      int problem = check_executable(candidate);
      if (problem == 0 || problem == EACCES)
        result = problem;
    }
    at += length;
    if (*at == '\0')
      break;
  }
  return result;
}

/* BARO_EXIT_OK, or says why the command cannot be run and gives the shells' status for it. */
static int check_command(const char *name, const char *calls) {
  int problem = check_program(name);
  size_t length = strlen(name);
  bool script = length > 3 && strcmp(name + length - 3, ".py") == 0;
  if (problem == 0)
    return BARO_EXIT_OK;
  if (problem == EACCES && script)
    baro_cli_fail("record: %s is not executable; did you mean: barograph record -- python3 %s",
                  name, name);
  else if (problem == ENOENT && strchr(name, '/') == NULL && script && access(name, F_OK) == 0)
    baro_cli_fail("record: %s is not a command; did you mean: barograph record -- python3 %s", name,
                  name);
  else if (problem == ENOENT && strpbrk(name, "*?[,.") != NULL && strchr(name, '/') == NULL &&
           calls != NULL && calls[0] == '\0')
    baro_cli_fail("record: %s: command not found; a pattern belongs to its option: --calls='%s'",
                  name, name);
  else if (problem == ENOENT && strchr(name, '/') == NULL)
    baro_cli_fail("record: %s: command not found", name);
  else
    baro_cli_fail("record: %s: %s", name, strerror(problem));
  return problem == ENOENT || problem == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

static void show_progress(void *context, const baro_recorder_progress *progress) {
  (void)context;
  if (progress->elapsed_ns < 1000000000)
    return;
  fprintf(stderr, "\r\033[K%s  %s samples  ", baro_text_duration(progress->elapsed_ns).text,
          baro_text_count(progress->samples).text);
  if (progress->achieved_hz > 0)
    fprintf(stderr, "%s Hz  ", baro_text_rate(progress->achieved_hz).text);
  fputs(baro_text_bytes(progress->file_bytes).text, stderr);
  fflush(stderr);
}

/* A spawned command shares the terminal, and its output must stay readable: progress only when
 * attached. */
static bool wants_progress(const record_values *values) {
  const char *term = getenv("TERM");
  return values->pid != 0 && !values->quiet && isatty(STDERR_FILENO) && term != NULL &&
         strcmp(term, "dumb") != 0;
}

/* The process that waits for this line reads one. */
static void say_spool(const char *spool) {
  (void)puts(spool);
  (void)fflush(stdout);
}

/* Processes that outlive the first one: nobody should wonder who still runs, or why the report ends early. */
static void say_living(const baro_recorder_result *result) {
  if (result->living_count == 0)
    return;
  baro_buffer list = {0};
  uint32_t shown =
      result->living_count < BARO_LIVING_PIDS ? result->living_count : BARO_LIVING_PIDS;
  for (uint32_t i = 0; i < shown; i++) {
    char name[BARO_COMM_BYTES] = "";
    (void)!baro_proc_comm(result->living_pids[i], 0, name, NULL);
    baro_write_format(&list, "%s%d%s%s%s", i > 0 ? ", " : "", (int)result->living_pids[i],
                      name[0] != '\0' ? " (" : "", name, name[0] != '\0' ? ")" : "");
  }
  if (shown < result->living_count)
    baro_write_text(&list, ", ...");
  baro_write_u8(&list, 0);
  if (!list.failed)
    baro_cli_say("%s %s that it started %s on and %s no longer recorded: %s; to record one: "
                 "barograph record -p PID",
                 baro_text_count(result->living_count).text,
                 baro_plural(result->living_count, "process", "processes"),
                 baro_plural(result->living_count, "lives", "live"),
                 baro_plural(result->living_count, "is", "are"), (const char *)list.data);
  baro_buffer_release(&list);
}

/* What was recorded, the rate, how many processes. */
static void write_amounts(baro_buffer *out, const record_values *values,
                          const baro_recorder_result *result) {
  bool samples = result->samples > 0;
  if (samples)
    baro_write_format(out, "%s %s", baro_text_count(result->samples).text,
                      baro_plural(result->samples, "sample", "samples"));
  if (result->calls > 0)
    baro_write_format(out, "%s%s %s", samples ? " and " : "", baro_text_count(result->calls).text,
                      baro_plural(result->calls, "call", "calls"));
  baro_write_format(out, " in %s", baro_text_duration(result->duration_ns).text);
  if (samples) {
    baro_write_format(out, " (%s Hz asked", baro_text_rate(values->rate_hz).text);
    if (result->achieved_hz > 0)
      baro_write_format(out, ", %s achieved", baro_text_rate(result->achieved_hz).text);
    baro_write_text(out, ")");
  }
  uint64_t processes =
      result->processes > result->call_processes ? result->processes : result->call_processes;
  if (result->calls > 0 && result->call_threads > 1)
    baro_write_format(out, ", %s threads", baro_text_count(result->call_threads).text);
  if (processes > 1)
    baro_write_format(out, ", %s processes", baro_text_count(processes).text);
}

static void say_troubles(const record_values *values, const baro_recorder_result *result) {
  if (result->note[0] != '\0')
    baro_cli_say("%s", result->note);
  else if (result->samples == 0 && values->rate_hz > 0 && !values->quiet)
    baro_cli_say("no samples: no Python interpreter was seen running");
  if (result->calls_note[0] != '\0' && (!values->quiet || values->spool))
    baro_cli_say("%s", result->calls_note);
  if (result->lost_events > 0)
    baro_cli_say("%s %s of calls %s lost: the recorder could not keep up, or a thread could "
                 "get no buffer",
                 baro_text_count(result->lost_events).text,
                 baro_plural(result->lost_events, "event", "events"),
                 baro_plural(result->lost_events, "was", "were"));
  if (result->dropped_samples > 0)
    baro_cli_say(
        "%s %s lost because %s could not be written", baro_text_count(result->dropped_samples).text,
        baro_plural(result->dropped_samples, "sample was", "samples were"), values->output);
  if (result->dropped_events > 0)
    baro_cli_say("%s %s of calls %s lost because %s could not be written",
                 baro_text_count(result->dropped_events).text,
                 baro_plural(result->dropped_events, "event", "events"),
                 baro_plural(result->dropped_events, "was", "were"), values->output);
  if (result->target_left_running)
    baro_cli_say("the command is still running");
  if (!values->quiet)
    say_living(result);
}

/* Without a budget every call has a row: where a few functions make most of them, what to do next time. */
static void say_crowd(const record_values *values, const baro_recorder_result *result) {
  uint64_t rows[BARO_MOST_CALLED];
  baro_crowd_member members[BARO_CROWD_FUNCTIONS];
  for (uint32_t i = 0; i < result->most_called_count; i++)
    rows[i] = result->most_called[i].rows;
  baro_crowd crowd = baro_crowd_choose(rows, NULL, result->most_called_count, result->calls);
  if (!crowd.is_crowd || values->overhead != NULL)
    return;
  for (uint32_t i = 0; i < crowd.count; i++) {
    const baro_recorder_function *function = &result->most_called[crowd.functions[i]];
    members[i] = (baro_crowd_member){.module = baro_view_of(function->module),
                                     .qualified_name = baro_view_of(function->qualified_name)};
  }
  baro_buffer text = {0};
  baro_crowd_write(members, crowd.count, crowd.rows, result->calls, baro_view_of(values->calls),
                   &text);
  baro_write_u8(&text, 0);
  if (!text.failed)
    baro_cli_say("%s", (const char *)text.data);
  baro_buffer_release(&text);
}

static void say_result(const record_values *values, const baro_recorder_result *result) {
  baro_buffer amounts = {0};
  say_troubles(values, result);
  if ((result->samples == 0 && result->calls == 0) || values->quiet)
    return;
  say_crowd(values, result);
  write_amounts(&amounts, values, result);
  baro_write_u8(&amounts, 0);
  if (!amounts.failed)
    baro_cli_say("%s, %s -> %s; see: barograph report %s", (const char *)amounts.data,
                 baro_text_bytes(result->file_bytes).text, values->output, values->output);
  baro_buffer_release(&amounts);
}

static int exit_status_of(const baro_recorder_result *result) {
  if (result->target_left_running)
    return BARO_EXIT_OK;
  if (WIFSIGNALED(result->wait_status))
    return EXIT_SIGNAL_BASE + WTERMSIG(result->wait_status);
  return WEXITSTATUS(result->wait_status);
}

/* "5%", "0.5%": 0.01 to 1,000. The grammar of `overhead` in Python, too (tracing.py): "5" may be meant as 500 %, and what else
 * a number may look like (0x5, 5e0) nobody means. False: it is no such text. */
static bool read_percent(const char *text, double *ret_percent) {
  static const char digits[] = "0123456789";
  size_t whole = strspn(text, digits);
  size_t length = whole;
  if (text[length] == '.') {
    size_t fraction = strspn(text + length + 1, digits);
    length = fraction == 0 ? 0 : length + 1 + fraction;
  }
  if (whole == 0 || length == 0 || strcmp(text + length, "%") != 0)
    return false;
  *ret_percent = strtod(text, NULL);
  return *ret_percent >= 0.01 && *ret_percent <= 1000;
}

static int record(const record_values *values, double overhead_percent, char *const *command) {
  bool progress = wants_progress(values);
  baro_recorder_options options = {
      .path = values->output,
      .overwrite = values->overwrite,
      .rate_hz = values->rate_hz,
      .calls = values->calls,
      .overhead_percent = overhead_percent,
      .duration_ns = (uint64_t)(values->duration_s * 1e9),
      .follow_children = !values->no_children,
      .stop_target = values->stop,
      .attach_pid = (pid_t)values->pid,
      .command = command,
      .calls_ready = values->spool ? say_spool : NULL,
      .stop_requested = &stop_requested,
      .forward_signal = &forward_signal,
      .progress = progress ? show_progress : NULL,
  };
  baro_recorder_result result = {0};
  baro_error err;
  catch_signals();
  baro_status status = baro_record(&options, &result, &err);
  if (progress) {
    fputs("\r\033[K", stderr);
    fflush(stderr);
  }
  bool spawned = values->pid == 0;
  if (status != BARO_OK) {
    if (result.samples > 0 ||
        result.calls > 0) /* the samples that were made; the report knows those that are there */
      baro_cli_fail("record: %s; what was written before is kept; see: barograph report %s",
                    err.message, values->output);
    else
      baro_cli_fail("record: %s", err.message);
    int own = spawned && result.target_ran ? exit_status_of(&result) : 0;
    return own != 0 ? own : BARO_EXIT_USAGE;
  }
  say_result(values, &result);
  return spawned ? exit_status_of(&result) : BARO_EXIT_OK;
}

/* Slips that would match nothing, which is said at the end only: in the one word that is no GLOB, and in a bracket. */
static int check_patterns(const char *calls) {
  for (const char *at = calls; *at != '\0'; at += *at == ',') {
    size_t length = strcspn(at, ",");
    if (*at == '@' && (length != strlen("@trace") || memcmp(at, "@trace", length) != 0))
      return baro_cli_fail("record: --calls: '%.*s' is no GLOB; with @ there is only @trace: what "
                           "@barograph.trace marks",
                           (int)length, at);
    const char *open = memchr(at, '[', length);
    if (open != NULL && memchr(open, ']', length - (size_t)(open - at)) == NULL)
      return baro_cli_fail("record: --calls: '%.*s' has a [ without ]; in a GLOB [ab] stands for "
                           "one letter of these, and a comma ends it",
                           (int)length, at);
    at += length;
  }
  return BARO_EXIT_OK;
}

static int run(const baro_call *call) {
  record_values filled = *(const record_values *)call->values;
  const record_values *values = &filled;
  if (values->spool && (values->calls == NULL || values->pid == 0 || values->rate_hz > 0))
    return baro_cli_fail("record: --spool is for --calls of a process -p PID that starts the agent "
                         "itself, without --rate");
  if (values->calls != NULL && check_patterns(values->calls) != BARO_EXIT_OK)
    return BARO_EXIT_USAGE;
  if (values->calls != NULL && values->pid != 0 && !values->spool)
    return baro_cli_fail("record: --calls needs a command: nothing can be put into a process that "
                         "runs already; without it, -p PID samples (barograph.record of "
                         "Python records the calls of the program it is called in)");
  if (values->calls != NULL && values->stop && values->rate_hz == 0)
    return baro_cli_fail("record: --stop is about samples, which --calls alone does not take; "
                         "give --rate too");
  double overhead_percent = 0;
  if (values->overhead != NULL && values->calls == NULL)
    return baro_cli_fail(
        "record: --overhead is a budget for --calls; samples cost the program next "
        "to nothing, and --rate says how many there are");
  if (values->overhead != NULL && !read_percent(values->overhead, &overhead_percent))
    return baro_cli_fail(
        "record: --overhead takes a percentage from 0.01%% to 1000%%, like 5%%, not '%s'",
        values->overhead);
  if (values->calls == NULL && values->rate_hz == 0)
    filled.rate_hz = DEFAULT_HZ;
  if (values->pid != 0 && call->operand_count > 0)
    return baro_cli_fail("record: give either -p PID or a command, not both ('%s')",
                         call->operands[0]);
  if (values->pid == 0 && call->operand_count == 0)
    return baro_cli_fail("record: nothing to record; give a command (barograph record -- python3 "
                         "app.py) or a running process (-p PID)");
  if (strcmp(values->output, "-") == 0)
    return baro_cli_fail(
        "record: a recording cannot be written to standard output; give -o FILE (or "
        "-o ./- for a file of that name)");
  if (values->pid == 0) {
    int status = check_command(call->operands[0], values->calls);
    if (status != BARO_EXIT_OK)
      return status;
  }
  if (values->pid != 0 && !baro_process_exists((pid_t)values->pid))
    return baro_cli_fail("record: there is no process %d", (int)values->pid);
  return record(values, overhead_percent, values->pid == 0 ? call->operands : NULL);
}

static const baro_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = BARO_OPTION_TEXT,
     .value = "FILE",
     .offset = offsetof(record_values, output),
     .completion = BARO_COMPLETE_RECORDING,
     .help = "write the recording to FILE (default: barograph.baro)"},
    {.name = "force",
     .letter = 'f',
     .offset = offsetof(record_values, overwrite),
     .help = "replace an existing FILE; it is kept as FILE.old"},
    {.name = "rate",
     .kind = BARO_OPTION_NUMBER,
     .value = "HZ",
     .minimum = 1,
     .maximum = 100000,
     .offset = offsetof(record_values, rate_hz),
     .help = "sample every thread HZ times a second on average (default: 1000; with --calls: no "
             "samples)"},
    {.name = "calls",
     .kind = BARO_OPTION_OPTIONAL_TEXT,
     .value = "GLOB,...",
     .offset = offsetof(record_values, calls),
     .help = "record every call of the program's own functions, or of modules and functions that "
             "match a GLOB (mypkg.*), by an agent inside the program; -GLOB leaves out"},
    {.name = "overhead",
     .kind = BARO_OPTION_TEXT,
     .value = "PERCENT",
     .offset = offsetof(record_values, overhead),
     .help =
         "with --calls: where recording costs more than PERCENT (5%) of the program's own time, "
         "record only a random part of the calls of the functions that are called most; calls are "
         "still counted, and times stay true on average"},
    {.name = "duration",
     .kind = BARO_OPTION_NUMBER,
     .value = "SECONDS",
     .minimum = 0.001,
     .maximum = 31536000,
     .offset = offsetof(record_values, duration_s),
     .help = "stop recording after SECONDS (default: when the program ends)"},
    BARO_OPTION_ROW_PID(offsetof(record_values, pid),
                        "record the running process PID; it is left as it was"),
    {.name = "no-children",
     .offset = offsetof(record_values, no_children),
     .help = "leave out processes that the program starts"},
    {.name = "stop",
     .offset = offsetof(record_values, stop),
     .help = "stop the program for each sample: slower, and a check on the default way"},
    {.name = "quiet",
     .letter = 'q',
     .offset = offsetof(record_values, quiet),
     .help = "print no line about the recording at its end, and no progress"},
    {.name = "spool",
     .offset = offsetof(record_values, spool),
     .help =
         "with --calls -p PID: print where PID, which starts the agent itself, is to write, and "
         "record until it says so (what barograph.record of Python runs)"},
};

static const record_values defaults = {.output = "barograph.baro"};

const baro_command baro_command_record = {
    .name = "record",
    .summary = "run a program, or attach to one, and record where its time goes",
    .usage = "[OPTION...] [--] COMMAND [ARG...]\n[OPTION...] -p PID",
    .description =
        "Samples the stacks of all threads of a Python program from outside and writes them, with "
        "what each thread was running or waiting for, to a recording. The program is not changed "
        "and not stopped. Python processes that it starts are recorded too.\n\n"
        "With --calls an agent inside the program tells every call: who, when, how long, how it "
        "ended. CPython 3.9 and later; not with free-threading, nor with python -I, -E or -S.\n\n"
        "The exit status is the command's own, 128+n when it was ended by signal n, so that record "
        "can stand before the command in any script; 126 or 127 when it cannot be run, 2 for "
        "errors of barograph. Ctrl-C, or SIGTERM, ends the recording and keeps it; a second one "
        "stops at once.",
    .examples = "  barograph record -- python3 app.py --rows 1000\n"
                "  barograph record -o pool.baro -- python3 -m mypkg.worker\n"
                "  barograph record --rate 200 --duration 30 -p 4312\n"
                "  barograph record --calls='mypkg.*,json.*' -- python3 app.py\n"
                "  barograph record --calls='*,-mypkg.vector.*' --overhead 5% -- python3 app.py\n",
    .options = {.rows = options,
                .count = sizeof(options) / sizeof(options[0]),
                .stop_at_operand = true},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .operands_at_most = -1,
    .operand_completion = BARO_COMPLETE_COMMAND,
    .run = run,
};
