/* barograph doctor: what this machine and a process allow, and how to allow it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/os_access.h"
#include "base/os_proc.h"
#include "base/plural.h"
#include "capture/cpython/interpreter.h"
#include "capture/sampler/permission.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/doctor_print.h"

enum { COMMAND_BYTES = 4096, OFFSETS_FROM_MINOR = 13 };

typedef struct doctor_values {
  uint64_t pid;
  int color;
  bool json;
} doctor_values;

static baro_check *add_check(baro_doctor *doctor, const char *name, const char *title) {
  baro_check *check = &doctor->checks[doctor->check_count++];
  *check = (baro_check){.name = name, .title = title, .level = BARO_CHECK_OK};
  return check;
}

static void set_problem(baro_check *check, baro_status status, const char *message) {
  bool is_starting = status == BARO_AGAIN;
  check->level = is_starting ? BARO_CHECK_LIMITED : BARO_CHECK_BLOCKED;
  (void)snprintf(check->found, sizeof check->found, "%.300s", message);
  (void)snprintf(check->follows, sizeof check->follows, "%s",
                 is_starting ? "recording begins when it is ready"
                             : "its Python code cannot be sampled");
}

static void check_interpreter(baro_doctor *doctor) {
  baro_error err;
  baro_interpreter *interpreter = &doctor->interpreter;
  baro_check *check = add_check(doctor, "interpreter", "interpreter");
  baro_status status = baro_interpreter_locate((pid_t)doctor->pid, NULL, interpreter, &err);
  if (status != BARO_OK) {
    set_problem(check, status, err.message);
    return;
  }
  doctor->has_interpreter = true;
  (void)snprintf(check->found, sizeof check->found, "CPython %s in %.200s; layout from %s",
                 interpreter->version, interpreter->file,
                 interpreter->layout.minor >= OFFSETS_FROM_MINOR ? "its own debug offsets"
                                                                 : "our table");
  check = add_check(doctor, "self_check", "self-check");
  status = baro_interpreter_check(interpreter, &err);
  if (status != BARO_OK) {
    set_problem(check, status, err.message);
    return;
  }
  doctor->interpreter_agrees = true;
  (void)snprintf(
      check->found, sizeof check->found, "%u of %u %s %s of Python; %u %s, %u %s read and sound",
      interpreter->checked_threads, doctor->thread_count,
      baro_plural(doctor->thread_count, "thread", "threads"),
      baro_plural(interpreter->checked_threads, "is", "are"), interpreter->checked_interpreters,
      baro_plural(interpreter->checked_interpreters, "interpreter", "interpreters"),
      interpreter->checked_frames, baro_plural(interpreter->checked_frames, "frame", "frames"));
}

/* command is kept by the caller as long as doctor. */
static void examine(pid_t pid, baro_doctor *doctor, baro_buffer *command) {
  baro_permission_facts facts;
  baro_permission_gather(pid, &facts);
  doctor->check_count = baro_permission_checks(&facts, doctor->checks);
  if (pid == 0)
    return;
  doctor->pid = (uint32_t)pid;
  doctor->thread_count = baro_proc_task_count(pid);
  if (baro_proc_command_line(pid, COMMAND_BYTES, command, NULL) == BARO_OK) {
    baro_write_u8(command, '\0');
    doctor->command = command->failed ? "" : (const char *)command->data;
  }
  baro_permission_verdict verdict;
  baro_permission_decide(&facts, &verdict);
  if (verdict.status == BARO_OK)
    check_interpreter(doctor);
}

static int print(const baro_doctor *doctor, const doctor_values *values) {
  if (values->json) {
    baro_stream stream;
    baro_stream_init(&stream, baro_sink_stream, stdout);
    baro_doctor_print_json(doctor, &stream);
    return baro_cli_finish(&stream);
  }
  baro_buffer out = {0};
  baro_terminal terminal = baro_terminal_of(STDOUT_FILENO, (baro_color_choice)values->color);
  baro_doctor_print_text(doctor, &terminal, &out);
  int status = baro_cli_print(&out);
  baro_buffer_release(&out);
  return status;
}

static int run(const baro_call *call) {
  const doctor_values *values = call->values;
  char kernel[128];
  baro_buffer command = {0};
  baro_doctor doctor = {.kernel = kernel, .command = ""};
  if (!baro_access_read_line("/proc/sys/kernel/osrelease", kernel, sizeof kernel))
    kernel[0] = '\0';
  examine((pid_t)values->pid, &doctor, &command);
  int status = print(&doctor, values);
  baro_buffer_release(&command);
  if (status != BARO_EXIT_OK)
    return status;
  return baro_doctor_level(&doctor) == BARO_CHECK_BLOCKED ? BARO_EXIT_NO : BARO_EXIT_OK;
}

static const baro_option options[] = {
    BARO_OPTION_ROW_PID(offsetof(doctor_values, pid), "look at the running process PID as well"),
    BARO_OPTION_ROW_JSON(offsetof(doctor_values, json), "doctor/1"),
    BARO_OPTION_ROW_COLOR(offsetof(doctor_values, color)),
};

static const doctor_values defaults = {0};

const baro_command baro_command_doctor = {
    .name = "doctor",
    .summary = "say what this machine and a process allow, and how to allow it",
    .usage = "[OPTION...] [-p PID]",
    .description =
        "Checks what sampling needs: /proc, reading the memory of other processes, and what may "
        "stand in the way: seccomp, capabilities, Yama, user namespaces, security modules. With -p "
        "PID it also checks that process: may we read it, which Python runs in it, do its "
        "structures hold what we expect. Nothing is changed, in the process neither.\n\n"
        "Each line says ok, limited or blocked, what was found, what follows from it, and how to "
        "allow it. The exit status is 1 when something is blocked, else 0.",
    .examples =
        "  barograph doctor\n"
        "  barograph doctor -p 4312\n"
        "  barograph doctor --json | jq -r '.checks[] | select(.level != \"ok\") | .allow'\n",
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .run = run,
};
