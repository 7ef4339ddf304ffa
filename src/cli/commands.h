/* The commands of the program: one row each, one file cmd_NAME.c each.
 * Flow: main -> the row by name -> options read into a copy of the row's defaults -> run(call).
 * Help, `help CMD`, suggestions and shell completion are made from the rows. To add a command:
 * write cmd_NAME.c with a `const baro_command baro_command_NAME`, add it to commands.c and to
 * meson.build, write docs/commands/NAME.md and tests/cli/test_NAME.py. */
#ifndef BARO_CLI_COMMANDS_H
#define BARO_CLI_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "cli/options.h"

/* Exit statuses of the program; record gives the recorded command's own instead. */
typedef enum baro_exit {
  BARO_EXIT_OK = 0,
  BARO_EXIT_NO = 1,    /* it ran, but what was asked for does not hold */
  BARO_EXIT_USAGE = 2, /* bad usage or bad input */
} baro_exit;

typedef struct baro_command baro_command;

/* One call of a command. */
typedef struct baro_call {
  const baro_command *command;
  const void *values; /* borrowed: the row's struct, filled from the options */
  char **operands;    /* borrowed from argv; operands[operand_count] is NULL */
  int operand_count;
} baro_call;

struct baro_command {
  const char *name;
  const char *summary;     /* one line, lower case, no full stop: for the list of commands */
  const char *usage;       /* after "barograph NAME "; further forms after "\n" */
  const char *description; /* paragraphs separated by an empty line; wrapped when printed */
  const char *examples;    /* lines, printed as they are; NULL = none */
  void (*more_help)(baro_buffer *out); /* appends to the help what a table knows; NULL = nothing */
  baro_option_table options;
  const void *defaults; /* borrowed: struct of the values before options are read */
  size_t values_size;   /* of that struct; at most BARO_COMMAND_VALUES_BYTES */
  int operands_at_least;
  int operands_at_most; /* -1 = any number */
  baro_completion operand_completion;
  const char *operand_words; /* BARO_COMPLETE_WORDS: "bash|zsh" */
  /* Does the work; prints its own errors by baro_cli_fail; returns the exit status. */
  int (*run)(const baro_call *call);
};

enum { BARO_COMMAND_VALUES_BYTES = 256 };

/* All commands in the order in which the help lists them; ends with NULL. */
extern const baro_command *const baro_commands[];

/* The row of that name, or NULL. */
const baro_command *baro_command_find(const char *name);
/* The name nearest to a mistyped one, or NULL. */
const char *baro_command_suggest(const char *name);

/* The files that a call reads, in their order: operands, or barograph.baro of a command that reads one recording and was given none.
 * NULL behind the last one, and of commands whose operands are no files to read. */
const char *baro_call_input(const baro_call *call, int index);

/* The rows: each defined in its cmd_NAME.c. */
extern const baro_command baro_command_completion;
extern const baro_command baro_command_diff;
extern const baro_command baro_command_doctor;
extern const baro_command baro_command_dump;
extern const baro_command baro_command_explain;
extern const baro_command baro_command_export;
extern const baro_command baro_command_help;
extern const baro_command baro_command_import;
extern const baro_command baro_command_predict;
extern const baro_command baro_command_record;
extern const baro_command baro_command_report;
extern const baro_command baro_command_view;

#endif
