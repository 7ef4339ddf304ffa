/* barograph dump: the stacks of a running process now. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/os_process.h"
#include "capture/sampler/dump.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/dump_print.h"

typedef struct dump_values {
  uint64_t pid;
  int color;
  bool json;
} dump_values;

static int print_json(const baro_dump *dump) {
  baro_stream stream;
  baro_stream_init(&stream, baro_sink_stream, stdout);
  baro_dump_print_json(dump, &stream);
  return baro_cli_finish(&stream);
}

static int print_text(const baro_dump *dump, baro_color_choice color) {
  char directory[PATH_MAX];
  baro_buffer out = {0};
  baro_terminal terminal = baro_terminal_of(STDOUT_FILENO, color);
  baro_dump_print_text(dump, getcwd(directory, sizeof(directory)), getenv("HOME"), &terminal, &out);
  int status = baro_cli_print(&out);
  baro_buffer_release(&out);
  return status;
}

static int run(const baro_call *call) {
  const dump_values *values = call->values;
  if (values->pid == 0)
    return baro_cli_fail("dump: which process? give -p PID");
  if (!baro_process_exists((pid_t)values->pid))
    return baro_cli_fail("dump: there is no process %d", (int)values->pid);
  baro_dump dump = {0};
  baro_error err;
  if (baro_dump_take((pid_t)values->pid, &dump, &err) != BARO_OK)
    return baro_cli_fail("dump: %s", err.message);
  int status =
      values->json ? print_json(&dump) : print_text(&dump, (baro_color_choice)values->color);
  baro_dump_release(&dump);
  return status;
}

static const baro_option options[] = {
    BARO_OPTION_ROW_PID(offsetof(dump_values, pid), "the process to look at"),
    BARO_OPTION_ROW_JSON(offsetof(dump_values, json), "dump/1"),
    BARO_OPTION_ROW_COLOR(offsetof(dump_values, color)),
};

static const dump_values defaults = {0};

const baro_command baro_command_dump = {
    .name = "dump",
    .summary = "print what every thread of a running process does now",
    .usage = "[OPTION...] -p PID",
    .description =
        "Prints the Python stack of every thread of process PID, innermost frame first, and what "
        "the thread is running or waiting for. The process is not stopped: each stack is one that "
        "existed, but stacks of different threads are some microseconds apart.",
    .examples = "  barograph dump -p 4312\n"
                "  barograph dump --json -p 4312 | jq '.threads[].state'\n",
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .run = run,
};
