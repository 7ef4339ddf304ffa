#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "show/text_width.h"

enum { SUGGEST_LENGTH = 40 };

bool baro_parse_number(const char *text, double *ret_value) {
  /* strtod also takes hexadecimal, "inf" and leading blanks; a typo should not become a rate. */
  if (text[0] == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
    return false;
  char *end = NULL;
  double value = strtod(text, &end);
  if (*end != '\0' || !isfinite(value))
    return false;
  *ret_value = value;
  return true;
}

bool baro_parse_count(const char *text, uint64_t *ret_value) {
  if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
    return false;
  errno = 0;
  unsigned long long value = strtoull(text, NULL, 10);
  if (errno != 0)
    return false;
  *ret_value = value;
  return true;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Damerau-Levenshtein distance (optimal string alignment) of two short words. */
static size_t distance_between(const char *a, const char *b) {
  size_t rows[3][SUGGEST_LENGTH + 1];
  size_t a_length = strlen(a), b_length = strlen(b);
  size_t *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b_length; j++)
    above[j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      size_t replace = above[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = smaller(replace, smaller(above[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = smaller(row[j], before[j - 2] + 1);
    }
    size_t *freed = before;
    before = above;
    above = row;
    row = freed;
  }
  return above[b_length];
}

const char *baro_suggest(const char *word, const char *(*name)(const void *context, size_t index),
                         const void *context) {
  size_t length = strlen(word);
  if (length < 2 || length > SUGGEST_LENGTH)
    return NULL;
  size_t best_distance = (length + 2) / 3 + 1;
  const char *best = NULL;
  const char *candidate;
  for (size_t i = 0; (candidate = name(context, i)) != NULL; i++) {
    if (strlen(candidate) > SUGGEST_LENGTH)
      continue;
    size_t distance = distance_between(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

const char *baro_suggestion_words(const char *near, baro_buffer *room) {
  enum { CELLS = 100 };
  if (near == NULL)
    return "";
  baro_write_text(room, "; did you mean '");
  (void)baro_write_fitted(room, baro_view_of(near), CELLS, BARO_CUT_END, true);
  baro_write_text(room, "'?");
  baro_write_u8(room, '\0');
  return room->failed ? "" : (const char *)room->data;
}

static const char *option_name(const void *context, size_t index) {
  const baro_option_table *table = context;
  if (index < table->count)
    return table->rows[index].name;
  return index == table->count ? "help" : NULL;
}

static const baro_option *find_long(const baro_option_table *table, const char *name,
                                    size_t length) {
  for (size_t i = 0; i < table->count; i++) {
    const baro_option *option = &table->rows[i];
    if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
      return option;
  }
  return NULL;
}

static const baro_option *find_short(const baro_option_table *table, char letter) {
  for (size_t i = 0; i < table->count; i++) {
    if (table->rows[i].letter == letter)
      return &table->rows[i];
  }
  return NULL;
}

static baro_status unknown_long(const baro_option_table *table, const char *name, size_t length,
                                baro_error *err) {
  char word[SUGGEST_LENGTH + 1];
  const char *suggestion = NULL;
  if (length < sizeof(word)) {
    memcpy(word, name, length);
    word[length] = '\0';
    suggestion = baro_suggest(word, option_name, table);
  }
  if (suggestion != NULL)
    return baro_error_set(err, BARO_USAGE, "unknown option '--%.*s'; did you mean '--%s'?",
                          (int)length, name, suggestion);
  return baro_error_set(err, BARO_USAGE, "unknown option '--%.*s'", (int)length, name);
}

static bool find_choice(const char *choices, const char *text, int *ret_index) {
  size_t length = strlen(text);
  int index = 0;
  for (const char *at = choices; length > 0; index++) {
    size_t word = strcspn(at, "|");
    if (word == length && memcmp(at, text, length) == 0) {
      *ret_index = index;
      return true;
    }
    if (at[word] == '\0')
      return false;
    at += word + 1;
  }
  return false;
}

static baro_status store_choice(const baro_option *option, const char *text, void *place,
                                baro_error *err) {
  int index = 0;
  if (!find_choice(option->choices, text, &index)) {
    char words[128];
    size_t used = 0;
    for (const char *at = option->choices; *at != '\0' && used + 3 < sizeof(words); at++) {
      words[used++] = *at == '|' ? ',' : *at;
      if (*at == '|')
        words[used++] = ' ';
    }
    words[used] = '\0';
    return baro_error_set(err, BARO_USAGE, "--%s: '%s' is none of: %s", option->name, text, words);
  }
  memcpy(place, &index, sizeof(index));
  return BARO_OK;
}

static baro_status out_of_range(const baro_option *option, const char *text, const char *what,
                                baro_error *err) {
  return baro_error_set(err, BARO_USAGE, "--%s: '%s' is not a %s from %.15g to %.15g", option->name,
                        text, what, option->minimum, option->maximum);
}

static baro_status store(const baro_option *option, const char *text, void *values,
                         baro_error *err) {
  char *place = (char *)values + option->offset;
  switch (option->kind) {
  case BARO_OPTION_FLAG: {
    bool given = true;
    memcpy(place, &given, sizeof(given));
    return BARO_OK;
  }
  case BARO_OPTION_TEXT:
    if (text[0] == '\0')
      return baro_error_set(err, BARO_USAGE, "--%s: the %s is empty", option->name, option->value);
    memcpy(place, &text, sizeof(text));
    return BARO_OK;
  case BARO_OPTION_OPTIONAL_TEXT: memcpy(place, &text, sizeof(text)); return BARO_OK;
  case BARO_OPTION_NUMBER: {
    double value = 0;
    if (!baro_parse_number(text, &value) || value < option->minimum || value > option->maximum)
      return out_of_range(option, text, "number", err);
    memcpy(place, &value, sizeof(value));
    return BARO_OK;
  }
  case BARO_OPTION_COUNT: {
    uint64_t value = 0;
    if (!baro_parse_count(text, &value) || (double)value < option->minimum ||
        (double)value > option->maximum)
      return out_of_range(option, text, "whole number", err);
    memcpy(place, &value, sizeof(value));
    return BARO_OK;
  }
  case BARO_OPTION_CHOICE: return store_choice(option, text, place, err);
  }
  return baro_error_set(err, BARO_USAGE, "--%s: unknown kind", option->name);
}

/* The walk over argv. */
typedef struct option_cursor {
  const baro_option_table *table;
  char **argv;
  int argc;
  int at;
  void *values;
  bool help;
} option_cursor;

/* The value of the option just read: what stands behind it, or the next argument. */
static baro_status take_value(option_cursor *cursor, const baro_option *option,
                              const char *attached, baro_error *err) {
  if (attached == NULL) {
    if (cursor->at + 1 >= cursor->argc)
      return baro_error_set(err, BARO_USAGE, "--%s needs a value: %s", option->name, option->value);
    attached = cursor->argv[++cursor->at];
  }
  return store(option, attached, cursor->values, err);
}

static baro_status parse_long(option_cursor *cursor, const char *name, baro_error *err) {
  size_t length = strcspn(name, "=");
  const char *attached = name[length] == '=' ? name + length + 1 : NULL;
  const baro_option *option = find_long(cursor->table, name, length);
  if (option == NULL && length == 4 && memcmp(name, "help", 4) == 0 && attached == NULL) {
    cursor->help = true;
    return BARO_OK;
  }
  if (option == NULL)
    return unknown_long(cursor->table, name, length, err);
  if (option->kind == BARO_OPTION_OPTIONAL_TEXT && attached != NULL && attached[0] == '\0')
    return baro_error_set(err, BARO_USAGE, "--%s: the %s is empty", option->name, option->value);
  if (option->kind == BARO_OPTION_OPTIONAL_TEXT)
    return store(option, attached != NULL ? attached : "", cursor->values, err);
  if (option->kind != BARO_OPTION_FLAG)
    return take_value(cursor, option, attached, err);
  if (attached != NULL)
    return baro_error_set(err, BARO_USAGE, "--%s takes no value", option->name);
  return store(option, "", cursor->values, err);
}

static baro_status parse_short(option_cursor *cursor, const char *letters, baro_error *err) {
  for (const char *at = letters; *at != '\0' && !cursor->help; at++) {
    const baro_option *option = find_short(cursor->table, *at);
    if (option == NULL && *at == 'h') {
      cursor->help = true;
    } else if (option == NULL) {
      /* -rate is more often a --rate than four flags. */
      if (find_long(cursor->table, letters, strcspn(letters, "=")) != NULL)
        return baro_error_set(err, BARO_USAGE, "unknown option '-%s'; did you mean '--%s'?",
                              letters, letters);
      return baro_error_set(err, BARO_USAGE, "unknown option '-%c'", *at);
    } else if (option->kind != BARO_OPTION_FLAG && option->kind != BARO_OPTION_OPTIONAL_TEXT) {
      return take_value(cursor, option, at[1] != '\0' ? at + 1 : NULL, err);
    } else {
      baro_status status = store(option, "", cursor->values, err);
      if (status != BARO_OK)
        return status;
    }
  }
  return BARO_OK;
}

baro_status baro_options_parse(const baro_option_table *table, int argc, char **argv, void *values,
                               baro_parsed *ret_parsed, baro_error *err) {
  option_cursor cursor = {.table = table, .argv = argv, .argc = argc, .values = values};
  int operands = 0;
  bool terminator = false;
  for (; cursor.at < argc && !cursor.help; cursor.at++) {
    char *argument = argv[cursor.at];
    baro_status status = BARO_OK;
    if (strcmp(argument, "--") == 0) {
      terminator = true;
      cursor.at++;
      break;
    }
    if (argument[0] == '-' && argument[1] == '-') {
      status = parse_long(&cursor, argument + 2, err);
    } else if (argument[0] == '-' && argument[1] != '\0') {
      status = parse_short(&cursor, argument + 1, err);
    } else {
      if (table->stop_at_operand)
        break;
      argv[operands++] = argument; /* operands <= at: nothing unread is overwritten */
    }
    if (status != BARO_OK)
      return status;
  }
  while (cursor.at < argc)
    argv[operands++] = argv[cursor.at++];
  *ret_parsed = (baro_parsed){
      .operands = argv, .operand_count = operands, .help = cursor.help, .terminator = terminator};
  return BARO_OK;
}
