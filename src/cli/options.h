/* Command line options, read by tables.
 * Flow: argv + a command's option rows -> the command's own struct of values + its operands.
 * Each row says where in that struct its value goes (offset) and what it may be, so that parsing,
 * `--help` and shell completion come from one place and a command never looks at argv.
 * Understood: -x, -xVALUE, -x VALUE, -xyz (flags together), --name, --name=VALUE, --name VALUE, --name[=VALUE],
 * `--` ends the options. The last of repeated options counts. Names are never abbreviated: a script
 * must not change its meaning when an option is added; instead, typos get a suggestion.
 * Allocates nothing; texts stay borrowed from argv. */
#ifndef BARO_CLI_OPTIONS_H
#define BARO_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

typedef enum baro_option_kind {
  BARO_OPTION_FLAG,          /* bool: true when given */
  BARO_OPTION_TEXT,          /* const char *: borrowed from argv */
  BARO_OPTION_OPTIONAL_TEXT, /* the same, "" when only --name was given: its value stands behind = alone */
  BARO_OPTION_NUMBER,        /* double within [minimum, maximum] */
  BARO_OPTION_COUNT,         /* uint64_t within [minimum, maximum] */
  BARO_OPTION_CHOICE,        /* int: index of the word in choices */
} baro_option_kind;

/* What a shell offers for a value or an operand. */
typedef enum baro_completion {
  BARO_COMPLETE_NOTHING,
  BARO_COMPLETE_FILE,
  BARO_COMPLETE_RECORDING, /* files, *.baro first */
  BARO_COMPLETE_PID,
  BARO_COMPLETE_COMMAND, /* a program and its own arguments */
  BARO_COMPLETE_TOPIC,   /* a command of barograph */
  BARO_COMPLETE_FORMAT,  /* of exporters */
  BARO_COMPLETE_WORDS,   /* the words of `choices` */
} baro_completion;

typedef struct baro_option {
  const char *name; /* without "--"; never NULL */
  char letter;      /* 0 = none */
  baro_option_kind kind;
  const char *value;   /* word for the value in the help, NULL for flags */
  const char *choices; /* CHOICE: "auto|always|never"; TEXT with BARO_COMPLETE_WORDS: suggestions */
  double minimum;      /* NUMBER, COUNT */
  double maximum;
  size_t offset; /* of the value in the command's struct */
  baro_completion completion;
  const char *help; /* one sentence without a full stop; wrapped when printed */
} baro_option;

/* The rows of one command. */
typedef struct baro_option_table {
  const baro_option *rows; /* borrowed, static */
  size_t count;
  bool stop_at_operand; /* the first operand ends the options, as of env and perf */
} baro_option_table;

typedef struct baro_parsed {
  char **operands; /* borrowed: within argv, whose order is changed */
  int operand_count;
  bool help;       /* --help or -h was given; nothing else was checked then */
  bool terminator; /* `--` was given */
} baro_parsed;

/* Reads argv[0 .. argc) (without program and command name) into values. argv is reordered so that
 * the operands stand together. BARO_USAGE with a message that names the argument. */
baro_status baro_options_parse(const baro_option_table *table, int argc, char **argv, void *values,
                               baro_parsed *ret_parsed, baro_error *err) BARO_MUST_USE;

/* Strict numbers: decimal digits, point and exponent for numbers; digits alone for counts. */
bool baro_parse_number(const char *text, double *ret_value);
bool baro_parse_count(const char *text, uint64_t *ret_value);

/* The candidate nearest to word (Damerau-Levenshtein distance, at most a third of its letters), or
 * NULL. Candidates are asked for one after the other: name(context, i) until NULL. */
const char *baro_suggest(const char *word, const char *(*name)(const void *context, size_t index),
                         const void *context);

/* What ends a line about a name that is not there: "; did you mean 'NEAR'?", of a name from a recording, which is cleaned and cut,
 * or "" for NULL and without memory. Within room, which is empty at first and the caller releases. */
const char *baro_suggestion_words(const char *near, baro_buffer *room);

#endif
