#include "explain/prior_words.h"

#include <stdbool.h>
#include <string.h>

enum { WORD_MIN = 2, GAP_MAX = 3 };

static bool is_lower(uint8_t c) {
  return c >= 'a' && c <= 'z';
}

static bool is_upper(uint8_t c) {
  return c >= 'A' && c <= 'Z';
}

static bool is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

static bool is_part(uint8_t c) {
  return is_lower(c) || is_upper(c) || is_digit(c);
}

static char lower(uint8_t c) {
  return (char)(is_upper(c) ? c - 'A' + 'a' : c);
}

/* Whether a new word begins at `at`, within a run of letters and digits. */
static bool begins_word(baro_view text, size_t at) {
  uint8_t before = text.data[at - 1];
  if (!is_upper(text.data[at])) {
    return false;
  }
  return !is_upper(before) || (at + 1 < text.length && is_lower(text.data[at + 1]));
}

static size_t end_of_word(baro_view text, size_t begin) {
  size_t at = begin + 1;
  while (at < text.length && is_part(text.data[at]) && !begins_word(text, at)) {
    at++;
  }
  return at;
}

static bool is_gap(baro_view text, size_t begin, size_t end) {
  if (end - begin > GAP_MAX) {
    return false;
  }
  for (size_t i = begin; i < end; i++) {
    if (text.data[i] == '\0' || strchr(" _.\n-:#", text.data[i]) == NULL) {
      return false;
    }
  }
  return true;
}

static void copy_lower(char *out, baro_view text, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i++) {
    *out++ = lower(text.data[i]);
  }
}

static void tell_words(baro_view text, bool is_name, baro_prior_word_found *found, void *context) {
  char key[BARO_PRIOR_KEY_MAX];
  size_t last = 0; /* where the word before begins, and how long it is: 0 none */
  size_t last_length = 0;
  for (size_t at = 0; at < text.length;) {
    if (!is_part(text.data[at])) {
      at++;
      continue;
    }
    size_t end = end_of_word(text, at);
    size_t length = end - at;
    if (length >= WORD_MIN && length <= BARO_PRIOR_WORD_MAX && !is_digit(text.data[at])) {
      key[0] = '^';
      copy_lower(key + 1, text, at, end);
      found(context, is_name ? key : key + 1, length + is_name);
      if (!is_name && last_length > 0 && is_gap(text, last + last_length, at)) {
        copy_lower(key, text, last, last + last_length);
        key[last_length] = ' ';
        copy_lower(key + last_length + 1, text, at, end);
        found(context, key, last_length + 1 + length);
      }
      last = at;
      last_length = length;
    }
    at = end;
  }
}

static void tell_names(baro_view text, baro_prior_word_found *found, void *context) {
  char key[1 + BARO_PRIOR_NAME_MAX] = "=";
  for (size_t at = 0; at < text.length;) {
    size_t end = at;
    size_t length = 1;
    while (end < text.length && (is_part(text.data[end]) || text.data[end] == '_')) {
      if (text.data[end] != '_' && length < sizeof(key)) {
        key[length++] = lower(text.data[end]);
      }
      end++;
    }
    if (length > 1 && end - at <= BARO_PRIOR_NAME_MAX) {
      found(context, key, length);
    }
    at = end + 1;
  }
}

void baro_prior_words(baro_view text, baro_prior_part part, baro_prior_word_found *found,
                      void *context) {
  if (text.length > BARO_PRIOR_TEXT_MAX) {
    text.length = BARO_PRIOR_TEXT_MAX;
  }
  tell_words(text, part == BARO_PRIOR_NAME, found, context);
  if (part == BARO_PRIOR_TEXT) {
    tell_names(text, found, context);
  }
}
