/* barograph dump: the stacks of a running process now. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/os_process.h"
#include "capture/sampler/dump.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/dump_print.h"

enum { PID_LIMIT = 1 << 22 };

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
    {.name = "pid",
     .letter = 'p',
     .kind = BARO_OPTION_COUNT,
     .value = "PID",
     .minimum = 1,
     .maximum = PID_LIMIT,
     .offset = offsetof(dump_values, pid),
     .completion = BARO_COMPLETE_PID,
     .help = "the process to look at"},
    {.name = "json",
     .offset = offsetof(dump_values, json),
     .help = "print JSON (schema barograph.dump/1) instead of text"},
    {.name = "color",
     .kind = BARO_OPTION_CHOICE,
     .value = "WHEN",
     .choices = "auto|always|never",
     .offset = offsetof(dump_values, color),
     .help =
         "use colours: on a terminal unless NO_COLOR is set (auto, the default), always, never"},
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
