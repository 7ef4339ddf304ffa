#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "cli/cli.h"
#include "show/text_wrap.h"

enum {
  HELP_COLUMNS = 79,   /* readable in the smallest usual terminal */
  OPTION_COLUMN = 24,  /* where the help of an option begins */
  COMMAND_COLUMN = 14, /* where the summary of a command begins */
};

static void write_spaces(baro_buffer *out, size_t count) {
  for (size_t i = 0; i < count; i++)
    baro_write_u8(out, ' ');
}

/* The words of text from column `indent` on, where the cursor stands. */
static void write_wrapped(baro_buffer *out, const char *text, size_t length, size_t indent) {
  baro_wrap wrap = {.column = indent, .indent = indent, .columns = HELP_COLUMNS, .unicode = true};
  baro_write_wrapped(out, &wrap, (baro_view){(const uint8_t *)text, length});
}

static void write_paragraphs(baro_buffer *out, const char *text) {
  while (*text != '\0') {
    const char *gap = strstr(text, "\n\n");
    size_t length = gap != NULL ? (size_t)(gap - text) : strlen(text);
    write_wrapped(out, text, length, 0);
    baro_write_text(out, "\n\n");
    text += length;
    while (*text == '\n')
      text++;
  }
}

static void write_commands(baro_buffer *out) {
  for (size_t i = 0; baro_commands[i] != NULL; i++)
    baro_write_format(out, "  %-*s%s\n", COMMAND_COLUMN - 2, baro_commands[i]->name,
                      baro_commands[i]->summary);
}

static void write_all(baro_buffer *out) {
  baro_write_text(out, "barograph records where a Python program's time and waiting go, and says "
                       "why.\n\nUsage: barograph COMMAND [OPTION...] [ARGUMENT...]\n\nCommands:\n");
  write_commands(out);
  baro_write_text(out, "\nStart with:\n"
                       "  barograph record -- python app.py\n"
                       "  barograph report\n"
                       "\nMore on one command: barograph help COMMAND. Version: barograph "
                       "--version.\n");
}

static int finish(baro_buffer *out) {
  int status = baro_cli_print(out);
  baro_buffer_release(out);
  return status;
}

int baro_help_all(void) {
  baro_buffer out = {0};
  write_all(&out);
  return finish(&out);
}

int baro_help_short(void) {
  baro_buffer out = {0};
  write_all(&out);
  if (!out.failed)
    fwrite(out.data, 1, out.length, stderr);
  baro_buffer_release(&out);
  return BARO_EXIT_USAGE;
}

static void write_usage(baro_buffer *out, const baro_command *command) {
  const char *lead = "Usage:";
  for (const char *at = command->usage;;) {
    size_t length = strcspn(at, "\n");
    baro_write_format(out, "%-6s barograph %s", lead, command->name);
    size_t indent = strlen("Usage: barograph ") + strlen(command->name) + 1;
    if (length > 0) {
      baro_write_u8(out, ' ');
      write_wrapped(out, at, length, indent);
    }
    baro_write_u8(out, '\n');
    if (at[length] == '\0')
      break;
    at += length + 1;
    lead = "";
  }
  baro_write_u8(out, '\n');
}

static void write_option(baro_buffer *out, const baro_option *option) {
  size_t start = out->length;
  if (option->letter != 0)
    baro_write_format(out, "  -%c, --%s", option->letter, option->name);
  else
    baro_write_format(out, "      --%s", option->name);
  if (option->kind == BARO_OPTION_OPTIONAL_TEXT)
    baro_write_format(out, "[=%s]", option->value);
  else if (option->value != NULL)
    baro_write_format(out, " %s", option->value);
  size_t column = out->length - start;
  if (column + 2 > OPTION_COLUMN) {
    baro_write_u8(out, '\n');
    column = 0;
  }
  write_spaces(out, OPTION_COLUMN - column);
  write_wrapped(out, option->help, strlen(option->help), OPTION_COLUMN);
  baro_write_u8(out, '\n');
}

int baro_help_command(const baro_command *command) {
  static const baro_option help_row = {
      .name = "help", .letter = 'h', .help = "print this help and exit"};
  baro_buffer out = {0};
  write_usage(&out, command);
  write_paragraphs(&out, command->description);
  baro_write_text(&out, "Options:\n");
  for (size_t i = 0; i < command->options.count; i++)
    write_option(&out, &command->options.rows[i]);
  write_option(&out, &help_row);
  if (command->more_help != NULL)
    command->more_help(&out);
  if (command->examples != NULL)
    baro_write_format(&out, "\nExamples:\n%s", command->examples);
  return finish(&out);
}
