#include "import/json_reader.h"

#include <stdlib.h>
#include <string.h>

baro_json_reader baro_json_reader_of(baro_view bytes) {
  return (baro_json_reader){
      .start = bytes.data, .at = bytes.data, .end = bytes.data + bytes.length};
}

void baro_json_fail(baro_json_reader *reader, const char *expected) {
  if (reader->expected == NULL) {
    reader->expected = expected;
  }
}

baro_status baro_json_failed(const baro_json_reader *reader, baro_error *err) {
  if (reader->expected == NULL) {
    return BARO_OK;
  }
  return baro_error_set(err, BARO_INVALID, "byte %zu: expected %s",
                        (size_t)(reader->at - reader->start), reader->expected);
}

uint8_t baro_json_peek(baro_json_reader *reader) {
  if (reader->expected != NULL) {
    return 0;
  }
  while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                      *reader->at == '\r' || *reader->at == '\t')) {
    reader->at++;
  }
  return reader->at < reader->end ? *reader->at : 0;
}

static bool take(baro_json_reader *reader, uint8_t byte, const char *expected) {
  if (baro_json_peek(reader) != byte || byte == 0) {
    baro_json_fail(reader, expected);
    return false;
  }
  reader->at++;
  return true;
}

bool baro_json_enter(baro_json_reader *reader, uint8_t bracket) {
  reader->is_first = true;
  return take(reader, bracket, bracket == '{' ? "an object" : "a list");
}

/* Whether something follows in the container that `bracket` ends. */
static bool goes_on(baro_json_reader *reader, uint8_t bracket) {
  bool is_first = reader->is_first;
  reader->is_first = false;
  if (baro_json_peek(reader) == bracket) {
    reader->at++;
    return false;
  }
  return is_first ? reader->expected == NULL
                  : take(reader, ',', "a comma or the end of what began");
}

/* The bytes of a string as they stand, without its quotes. */
static baro_view raw_string(baro_json_reader *reader) {
  baro_view none = {0};
  if (!take(reader, '"', "a text in quotes")) {
    return none;
  }
  const uint8_t *from = reader->at;
  const uint8_t *at = from;
  for (; at < reader->end && *at != '"'; at++) {
    if (*at == '\\' && ++at == reader->end) {
      break;
    }
  }
  if (at >= reader->end) {
    reader->at = reader->end;
    baro_json_fail(reader, "the end of a text");
    return none;
  }
  reader->at = at + 1;
  return (baro_view){.data = from, .length = (size_t)(at - from)};
}

bool baro_json_member(baro_json_reader *reader, baro_view *ret_name) {
  if (!goes_on(reader, '}')) {
    return false;
  }
  *ret_name = raw_string(reader);
  return take(reader, ':', "a colon behind a name");
}

bool baro_json_element(baro_json_reader *reader) {
  return goes_on(reader, ']');
}

/* Most numbers are short and whole. */
static bool whole_number(baro_json_reader *reader, double *ret_number) {
  enum { DIGITS = 15 }; /* which a double holds exactly */
  uint64_t number = 0;
  const uint8_t *at = reader->at;
  while (at < reader->end && *at >= '0' && *at <= '9' && at - reader->at <= DIGITS) {
    number = number * 10 + (uint64_t)(*at++ - '0');
  }
  bool ends = at == reader->end || (*at != '.' && *at != 'e' && *at != 'E' && *at != '+' &&
                                    *at != '-' && (*at < '0' || *at > '9'));
  if (at == reader->at || at - reader->at > DIGITS || !ends) {
    return false;
  }
  reader->at = at;
  *ret_number = (double)number;
  return true;
}

double baro_json_number_value(baro_json_reader *reader) {
  double whole;
  if (baro_json_peek(reader) != 0 && whole_number(reader, &whole)) {
    return whole;
  }
  /* strtod wants an end, and knows more than JSON: hexadecimal, infinities, a locale's comma. */
  char text[64];
  size_t length = 0;
  uint8_t first = baro_json_peek(reader);
  if (first != '-' && (first < '0' || first > '9')) {
    baro_json_fail(reader, "a number");
    return 0;
  }
  const uint8_t *at = reader->at;
  while (at < reader->end && strchr("+-.eE0123456789", *at) != NULL && *at != 0 &&
         length < sizeof(text) - 1) {
    text[length++] = (char)*at++;
  }
  text[length] = '\0';
  char *end = NULL;
  double number = strtod(text, &end);
  if (end != text + length || length == sizeof(text) - 1) {
    baro_json_fail(reader, "a number");
    return 0;
  }
  reader->at = at;
  return number;
}

/* Four hexadecimal digits at position; UINT32_MAX when there are none. */
static uint32_t code_unit(baro_view raw, size_t position) {
  uint32_t unit = 0;
  if (raw.length < 4 || position > raw.length - 4) {
    return UINT32_MAX;
  }
  for (size_t i = position; i < position + 4; i++) {
    uint8_t byte = raw.data[i];
    uint32_t digit = byte >= '0' && byte <= '9'   ? (uint32_t)(byte - '0')
                     : byte >= 'a' && byte <= 'f' ? (uint32_t)(byte - 'a') + 10
                     : byte >= 'A' && byte <= 'F' ? (uint32_t)(byte - 'A') + 10
                                                  : UINT32_MAX;
    if (digit == UINT32_MAX) {
      return UINT32_MAX;
    }
    unit = unit << 4 | digit;
  }
  return unit;
}

static void put_character(baro_buffer *text, uint32_t code) {
  if (code < 0x80) {
    baro_write_u8(text, (uint8_t)code);
  } else if (code < 0x800) {
    baro_write_u8(text, (uint8_t)(0xc0 | code >> 6));
    baro_write_u8(text, (uint8_t)(0x80 | (code & 0x3f)));
  } else if (code < 0x10000) {
    baro_write_u8(text, (uint8_t)(0xe0 | code >> 12));
    baro_write_u8(text, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
    baro_write_u8(text, (uint8_t)(0x80 | (code & 0x3f)));
  } else {
    baro_write_u8(text, (uint8_t)(0xf0 | code >> 18));
    baro_write_u8(text, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
    baro_write_u8(text, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
    baro_write_u8(text, (uint8_t)(0x80 | (code & 0x3f)));
  }
}

/* The escape at position (of the letter behind the backslash); how many bytes it has, 0: it is none. */
static size_t put_escape(baro_buffer *text, baro_view raw, size_t position) {
  static const char letters[] = "\"\\/bfnrt";
  static const char bytes[] = "\"\\/\b\f\n\r\t";
  uint8_t letter = raw.data[position];
  const char *found = letter == 0 ? NULL : strchr(letters, letter);
  if (found != NULL) {
    baro_write_u8(text, (uint8_t)bytes[found - letters]);
    return 1;
  }
  uint32_t unit = letter == 'u' ? code_unit(raw, position + 1) : UINT32_MAX;
  if (unit == UINT32_MAX) {
    return 0;
  }
  if (unit >= 0xd800 && unit < 0xdc00 && position + 6 < raw.length &&
      raw.data[position + 5] == '\\' && raw.data[position + 6] == 'u') {
    uint32_t low = code_unit(raw, position + 7);
    if (low >= 0xdc00 && low < 0xe000) {
      put_character(text, 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00)));
      return 11;
    }
  }
  put_character(text, unit >= 0xd800 && unit < 0xe000 ? 0xfffd : unit);
  return 5;
}

void baro_json_string_value(baro_json_reader *reader, baro_buffer *text) {
  baro_view raw = raw_string(reader);
  size_t done = 0;
  baro_buffer_clear(text);
  for (size_t i = 0; i < raw.length;) {
    if (raw.data[i] != '\\') {
      i++;
      continue;
    }
    baro_write_bytes(text, raw.data + done, i - done);
    size_t length = i + 1 < raw.length ? put_escape(text, raw, i + 1) : 0;
    if (length == 0) {
      baro_json_fail(reader, "an escape of JSON in the text before");
      return;
    }
    i += 1 + length;
    done = i;
  }
  if (raw.length > done) {
    baro_write_bytes(text, raw.data + done, raw.length - done);
  }
}

static void skip_word(baro_json_reader *reader) {
  static const char *const words[] = {"true", "false", "null"};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    size_t length = strlen(words[i]);
    if ((size_t)(reader->end - reader->at) >= length && memcmp(reader->at, words[i], length) == 0) {
      reader->at += length;
      return;
    }
  }
  baro_json_fail(reader, "a value");
}

static void skip_scalar(baro_json_reader *reader, uint8_t first) {
  if (first == '"') {
    (void)raw_string(reader);
  } else if (first == '-' || (first >= '0' && first <= '9')) {
    (void)baro_json_number_value(reader);
  } else {
    skip_word(reader);
  }
}

void baro_json_skip(baro_json_reader *reader) {
  uint8_t closing[BARO_JSON_READ_DEPTH];
  size_t depth = 0;
  do {
    uint8_t first = baro_json_peek(reader);
    if (first == '{' || first == '[') {
      if (depth == BARO_JSON_READ_DEPTH) {
        baro_json_fail(reader, "fewer brackets within each other");
        return;
      }
      closing[depth++] = first == '{' ? '}' : ']';
      (void)baro_json_enter(reader, first);
    } else {
      skip_scalar(reader, first);
    }
    /* On to the next value that is still within, or out. */
    while (depth != 0 && reader->expected == NULL) {
      baro_view name;
      bool more =
          closing[depth - 1] == '}' ? baro_json_member(reader, &name) : baro_json_element(reader);
      if (more) {
        break;
      }
      depth--;
    }
  } while (depth != 0 && reader->expected == NULL);
}

void baro_json_finish(baro_json_reader *reader) {
  if (baro_json_peek(reader) != 0) {
    baro_json_fail(reader, "the end of the file");
  }
}
