#include "cli/cli.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/own_input.h"

/* One write for one line, so that it is not torn by what the target prints meanwhile. */
static void print_line(const char *format, va_list arguments) {
  char line[BARO_ERROR_MESSAGE_BYTES + 256] = "barograph: ";
  size_t start = strlen(line);
  int length = vsnprintf(line + start, sizeof(line) - start - 1, format, arguments);
  if (length < 0)
    return;
  size_t end = start + (size_t)length;
  if (end > sizeof(line) - 2) {
    end = sizeof(line) - 2;
    memcpy(line + end - 3, "...", 3);
  }
  for (size_t i = 0; i < end; i++) {
    unsigned char c = (unsigned char)line[i];
    if (c < 0x20 || c == 0x7f)
      line[i] = '?';
  }
  line[end++] = '\n';
  fwrite(line, 1, end, stderr);
  fflush(stderr);
}

int baro_cli_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line(format, arguments);
  va_end(arguments);
  return BARO_EXIT_USAGE;
}

int baro_cli_fail_with(const baro_error *err) {
  return baro_cli_fail("%s", err->message);
}

void baro_cli_say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line(format, arguments);
  va_end(arguments);
}

int baro_cli_print(const baro_buffer *text) {
  if (text->failed)
    return baro_cli_fail("out of memory");
  errno = 0;
  size_t written = fwrite(text->data, 1, text->length, stdout);
  if (written != text->length || fflush(stdout) != 0)
    return baro_cli_fail("write standard output: %s", strerror(errno));
  return BARO_EXIT_OK;
}

int baro_cli_finish(baro_stream *stream) {
  baro_error err;
  if (baro_stream_finish(stream, &err) != BARO_OK)
    return baro_cli_fail("standard output: %s", err.message);
  if (fflush(stdout) != 0)
    return baro_cli_fail("write standard output: %s", strerror(errno));
  return BARO_EXIT_OK;
}

static int wrong_operands(const baro_command *command, const baro_parsed *parsed) {
  if (parsed->operand_count < command->operands_at_least)
    return baro_cli_fail("%s: an argument is missing; usage: barograph %s %.*s", command->name,
                         command->name, (int)strcspn(command->usage, "\n"), command->usage);
  return baro_cli_fail("%s: unexpected argument '%s'; see: barograph help %s", command->name,
                       parsed->operands[command->operands_at_most], command->name);
}

static int run_command(const baro_command *command, int argc, char **argv) {
  alignas(max_align_t) unsigned char values[BARO_COMMAND_VALUES_BYTES] = {0};
  assert(command->values_size <= sizeof(values));
  if (command->defaults != NULL)
    memcpy(values, command->defaults, command->values_size);
  baro_parsed parsed;
  baro_error err;
  if (baro_options_parse(&command->options, argc, argv, values, &parsed, &err) != BARO_OK)
    return baro_cli_fail("%s: %s; see: barograph help %s", command->name, err.message,
                         command->name);
  if (parsed.help)
    return baro_help_command(command);
  if (parsed.operand_count < command->operands_at_least ||
      (command->operands_at_most >= 0 && parsed.operand_count > command->operands_at_most))
    return wrong_operands(command, &parsed);
  parsed.operands[parsed.operand_count] = NULL;
  const baro_call call = {.command = command,
                          .values = values,
                          .operands = parsed.operands,
                          .operand_count = parsed.operand_count};
  int status = baro_own_input_check(&call);
  return status == BARO_EXIT_OK ? command->run(&call) : status;
}

int baro_cli_main(int argc, char **argv) {
  if (argc < 2)
    return baro_help_short();
  const char *name = argv[1];
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
    static const char version[] = "barograph " BARO_VERSION "\n";
    return baro_cli_print(
        &(baro_buffer){.data = (uint8_t *)(uintptr_t)version, .length = sizeof(version) - 1});
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
    return baro_help_all();
  const baro_command *command = baro_command_find(name);
  if (command != NULL)
    return run_command(command, argc - 2, argv + 2);
  if (name[0] == '-')
    return baro_cli_fail("unknown option '%s'; see: barograph help", name);
  const char *suggestion = baro_command_suggest(name);
  if (suggestion != NULL)
    return baro_cli_fail("unknown command '%s'; did you mean '%s'? see: barograph help", name,
                         suggestion);
  return baro_cli_fail("unknown command '%s'; see: barograph help", name);
}
