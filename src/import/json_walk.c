#include "import/json_walk.h"

#include <assert.h>
#include <string.h>

#include "base/os_scan.h"
#include "import/json_reader.h"

static_assert((int)BARO_JSON_LINE_PADDING >= (int)BARO_SCAN_BYTES, "scans stay readable");

/* What is read of a text that is not there. */
static const uint8_t nothing[BARO_JSON_LINE_PADDING];

baro_json_walk baro_json_walk_of(baro_view line) {
  if (line.data == NULL) {
    line = (baro_view){.data = nothing};
  }
  return (baro_json_walk){.start = line.data, .at = line.data, .end = line.data + line.length};
}

/* At the end no byte is one that anything waits for, so fast paths need not ask whether there was a failure. */
void baro_json_walk_fail(baro_json_walk *walk, const char *expected) {
  if (walk->expected == NULL) {
    walk->expected = expected;
    walk->failed_at = (size_t)(walk->at - walk->start);
  }
  walk->at = walk->end;
}

baro_status baro_json_walk_failed(const baro_json_walk *walk, baro_error *err) {
  if (walk->expected == NULL) {
    return BARO_OK;
  }
  return baro_error_set(err, BARO_INVALID, "byte %zu: expected %s", walk->failed_at,
                        walk->expected);
}

static inline bool is_space(uint8_t byte) {
  return byte == ' ' || byte == '\t' || byte == '\r'; /* a newline is the end */
}

/* The end is '\n' where the line ends, and whatever is there where a value of it was taken (baro_json_walk_value): so
 * `at` is compared. */
static inline uint8_t peek(baro_json_walk *walk) {
  while (walk->at < walk->end && is_space(*walk->at)) {
    walk->at++;
  }
  return walk->at < walk->end ? *walk->at : '\n';
}

uint8_t baro_json_walk_peek(baro_json_walk *walk) {
  return peek(walk);
}

bool baro_json_walk_finish(baro_json_walk *walk) {
  if (peek(walk) != '\n') {
    baro_json_walk_fail(walk, "the end of the line");
  }
  return walk->expected == NULL;
}

bool baro_json_walk_enter(baro_json_walk *walk, uint8_t bracket) {
  if (peek(walk) != bracket) {
    baro_json_walk_skip(walk);
    return false;
  }
  walk->at++;
  walk->is_first = true;
  return true;
}

/* --- strings --- */

/* Which bytes a backslash before them takes their meaning from; *carry: whether the first one is, and then whether the
 * first of the next piece is. Runs of backslashes that begin at odd and at even places are told apart by a carry through
 * them (Langdale and Lemire, Parsing gigabytes of JSON per second, 2019). */
static inline uint64_t escaped_bytes(uint64_t backslashes, uint64_t *carry) {
  const uint64_t even = UINT64_C(0x5555555555555555);
  if (backslashes == 0) {
    uint64_t escaped = *carry;
    *carry = 0;
    return escaped;
  }
  backslashes &= ~*carry;
  uint64_t follows = backslashes << 1 | *carry;
  uint64_t odd_starts = backslashes & ~even & ~follows;
  uint64_t runs;
  *carry = __builtin_add_overflow(odd_starts, backslashes, &runs);
  return (even ^ runs << 1) & follows;
}

/* The quote that ends a string with escapes in it; `at` is at the first backslash. NULL: there is none. */
static const uint8_t *end_behind_escapes(const uint8_t *at, const uint8_t *end) {
  uint64_t carry = 0;
  for (; at < end; at += BARO_SCAN_BYTES) {
    baro_scan_masks masks = baro_scan_text(at);
    uint64_t quotes = masks.quotes & ~escaped_bytes(masks.backslashes, &carry);
    if (quotes != 0) {
      at += __builtin_ctzll(quotes);
      return at < end ? at : NULL;
    }
  }
  return NULL;
}

static inline const uint8_t *string_end(const uint8_t *at, const uint8_t *end) {
  for (; at < end; at += BARO_SCAN_SHORT_BYTES) {
    uint32_t found = baro_scan_string(at);
    if (found != 0) {
      at += __builtin_ctz(found);
      if (at >= end) {
        return NULL;
      }
      return *at == '"' ? at : end_behind_escapes(at, end);
    }
  }
  return NULL;
}

/* `at` is at the quote. */
static inline bool take_string(baro_json_walk *walk, baro_view *ret_raw) {
  const uint8_t *from = walk->at + 1;
  const uint8_t *quote = string_end(from, walk->end);
  if (quote == NULL) {
    baro_json_walk_fail(walk, "the end of a text");
    return false;
  }
  *ret_raw = (baro_view){.data = from, .length = (size_t)(quote - from)};
  walk->at = quote + 1;
  return true;
}

bool baro_json_walk_text(baro_json_walk *walk, baro_view *ret_raw) {
  if (peek(walk) != '"') {
    baro_json_walk_skip(walk);
    return false;
  }
  return take_string(walk, ret_raw);
}

bool baro_json_text_unescape(baro_view raw, baro_buffer *text) {
  /* The reader of whole files wants the quotes, which stand around it. */
  baro_json_reader reader =
      baro_json_reader_of((baro_view){.data = raw.data - 1, .length = raw.length + 2});
  baro_json_string_value(&reader, text);
  return baro_json_failed(&reader, NULL) == BARO_OK;
}

/* --- containers --- */

/* Whether something follows in the container that `bracket` ends; steps over the comma, or out. */
static inline bool goes_on(baro_json_walk *walk, uint8_t bracket) {
  uint8_t byte = peek(walk);
  bool is_first = walk->is_first;
  walk->is_first = false;
  if (byte == ',' && !is_first) {
    walk->at++;
    return true;
  }
  if (byte == bracket) {
    walk->at++;
    return false;
  }
  if (!is_first || byte == '\n') {
    baro_json_walk_fail(walk, "a comma or the end of what began");
    return false;
  }
  return true;
}

/* As nearly all members are written, without a space: `,"name":`. False: looked at nothing. */
static inline bool take_plain_member(baro_json_walk *walk, baro_view *ret_name) {
  size_t comma = walk->is_first ? 0 : 1;
  const uint8_t *at = walk->at;
  if ((size_t)(walk->end - at) < 2 || at[comma] != '"' || (comma != 0 && at[0] != ',')) {
    return false;
  }
  const uint8_t *from = at + comma + 1;
  const uint8_t *quote = string_end(from, walk->end);
  if (quote == NULL || quote + 1 >= walk->end || quote[1] != ':') {
    return false;
  }
  *ret_name = (baro_view){.data = from, .length = (size_t)(quote - from)};
  walk->at = quote + 2;
  walk->is_first = false;
  return true;
}

bool baro_json_walk_member(baro_json_walk *walk, baro_view *ret_name) {
  if (take_plain_member(walk, ret_name)) {
    return true;
  }
  if (!goes_on(walk, '}')) {
    return false;
  }
  if (peek(walk) != '"') {
    baro_json_walk_fail(walk, "a name in quotes");
    return false;
  }
  if (!take_string(walk, ret_name)) {
    return false;
  }
  if (peek(walk) != ':') {
    baro_json_walk_fail(walk, "a colon behind a name");
    return false;
  }
  walk->at++;
  return true;
}

bool baro_json_walk_element(baro_json_walk *walk) {
  return goes_on(walk, ']');
}

/* --- numbers --- */

/* The eight bytes of word that begin with digits: how many. */
static inline unsigned digit_count(uint64_t word) {
  uint64_t from_zero = word ^ UINT64_C(0x3030303030303030);
  uint64_t others =
      (((from_zero & UINT64_C(0x7f7f7f7f7f7f7f7f)) + UINT64_C(0x7676767676767676)) | from_zero) &
      UINT64_C(0x8080808080808080);
  return others == 0 ? 8 : (unsigned)__builtin_ctzll(others) / 8;
}

/* Eight digits at once: pairs, fours, all. */
static inline uint64_t eight_digits(uint64_t word) {
  word &= UINT64_C(0x0f0f0f0f0f0f0f0f);
  word = word * 10 + (word >> 8);
  return ((word & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
          (word >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >>
         32;
}

/* The number that begins at `at`, within limit; 0 digits: none. More than 19 do not fit in any case. */
static inline unsigned take_digits(const uint8_t *at, uint64_t *ret_value) {
  static const uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  enum { DIGITS_MAX = 19 };
  uint64_t value = 0;
  unsigned total = 0;
  for (;;) {
    uint64_t word = baro_scan_word(at + total);
    unsigned count = digit_count(word);
    if (count == 0) {
      break;
    }
    /* Zeros in front of them make eight of the digits. */
    uint64_t digits = eight_digits(word << (64 - 8 * count));
    total += count;
    if (total > DIGITS_MAX) {
      break;
    }
    value = value * powers[count] + digits;
    if (count < 8) {
      break;
    }
  }
  *ret_value = value;
  return total <= DIGITS_MAX ? total : DIGITS_MAX + 1;
}

static inline bool ends_number(uint8_t byte) {
  return byte == ',' || byte == '}' || byte == ']' || byte == '\n' || is_space(byte);
}

/* At a digit or '-'. False: it has a fraction or an exponent, or does not fit; then `at` stays. */
static inline bool take_integer(baro_json_walk *walk, int64_t *ret_value) {
  /* Half of all metrics are 0, or another digit. */
  const uint8_t *second = walk->at + 1;
  if (*walk->at != '-' && second < walk->end && (*second == ',' || *second == '}')) {
    *ret_value = *walk->at - '0';
    walk->at = second;
    return true;
  }
  bool is_negative = *walk->at == '-';
  const uint8_t *digits = walk->at + is_negative;
  uint64_t value;
  unsigned count = take_digits(digits, &value);
  const uint8_t *behind = digits + count;
  if (count == 0 || count > 19 || behind > walk->end ||
      (behind < walk->end && !ends_number(*behind)) || value > (uint64_t)INT64_MAX + is_negative) {
    return false;
  }
  walk->at = behind;
  *ret_value = is_negative ? (int64_t)(0 - value) : (int64_t)value;
  return true;
}

static inline bool begins_number(uint8_t byte) {
  return byte == '-' || (uint8_t)(byte - '0') < 10;
}

static void skip_number(baro_json_walk *walk) {
  int64_t value;
  if (take_integer(walk, &value)) {
    return;
  }
  while (walk->at < walk->end && (begins_number(*walk->at) || *walk->at == '.' ||
                                  *walk->at == '+' || (*walk->at | 0x20) == 'e')) {
    walk->at++;
  }
}

bool baro_json_walk_integer(baro_json_walk *walk, int64_t *ret_value) {
  if (begins_number(peek(walk)) && take_integer(walk, ret_value)) {
    return true;
  }
  baro_json_walk_skip(walk);
  return false;
}

bool baro_json_walk_number(baro_json_walk *walk, double *ret_value) {
  int64_t whole;
  if (!begins_number(peek(walk))) {
    baro_json_walk_skip(walk);
    return false;
  }
  const uint8_t *from = walk->at;
  /* Up to 2^53 a double has them all, and beyond strtod rounds as the conversion does. */
  if (take_integer(walk, &whole)) {
    *ret_value = (double)whole;
    return true;
  }
  skip_number(walk);
  baro_json_reader reader =
      baro_json_reader_of((baro_view){.data = from, .length = (size_t)(walk->at - from)});
  double value = baro_json_number_value(&reader);
  baro_json_finish(&reader);
  if (baro_json_failed(&reader, NULL) != BARO_OK) {
    walk->at = from;
    baro_json_walk_fail(walk, "a number");
    return false;
  }
  *ret_value = value;
  return true;
}

bool baro_json_text_integer(baro_view raw, int64_t *ret_value) {
  baro_json_walk walk = baro_json_walk_of(raw);
  return raw.length != 0 && begins_number(*raw.data) && take_integer(&walk, ret_value) &&
         walk.at == walk.end;
}

/* --- words --- */

/* true, false or null. */
static inline bool take_word(baro_json_walk *walk) {
  const uint8_t *at = walk->at;
  size_t left = (size_t)(walk->end - at);
  if (left >= 4 && (memcmp(at, "true", 4) == 0 || memcmp(at, "null", 4) == 0)) {
    walk->at += 4;
    return true;
  }
  if (left >= 5 && memcmp(at, "false", 5) == 0) {
    walk->at += 5;
    return true;
  }
  return false;
}

bool baro_json_walk_boolean(baro_json_walk *walk, bool *ret_value) {
  uint8_t byte = peek(walk);
  if ((byte == 't' || byte == 'f') && take_word(walk)) {
    *ret_value = byte == 't';
    return true;
  }
  baro_json_walk_skip(walk);
  return false;
}

/* --- skipping --- */

/* Every bit becomes that of itself and all below, added without carry: between quotes they are 1. */
static inline uint64_t between(uint64_t quotes) {
  for (unsigned shift = 1; shift < 64; shift *= 2) {
    quotes ^= quotes << shift;
  }
  return quotes;
}

/* Brackets are few among 64 bytes. */
static inline uint32_t bit_count(uint64_t mask) {
  uint32_t count = 0;
  for (; mask != 0; mask &= mask - 1) {
    count++;
  }
  return count;
}

/* On to behind the bracket that closes the outermost of `depth` containers; `at` is in no string. */
static void skip_containers(baro_json_walk *walk, uint32_t depth) {
  uint64_t carry = 0, in_string = 0;
  for (const uint8_t *at = walk->at; at < walk->end; at += BARO_SCAN_BYTES) {
    baro_scan_masks masks = baro_scan_text(at);
    uint64_t quotes = masks.quotes & ~escaped_bytes(masks.backslashes, &carry);
    uint64_t strings = between(quotes) ^ in_string;
    in_string = 0 - (strings >> 63);
    uint64_t opens = masks.opens & ~strings, closes = masks.closes & ~strings;
    for (; closes != 0; closes &= closes - 1) {
      uint64_t before = (closes & (0 - closes)) - 1;
      depth += bit_count(opens & before);
      opens &= ~before;
      if (depth > BARO_JSON_WALK_DEPTH) {
        break;
      }
      if (--depth == 0) {
        at += __builtin_ctzll(closes) + 1;
        if (at > walk->end) {
          baro_json_walk_fail(walk, "the end of what began");
          return;
        }
        walk->at = at;
        return;
      }
    }
    depth += bit_count(opens);
    if (depth > BARO_JSON_WALK_DEPTH) {
      baro_json_walk_fail(walk, "fewer brackets within each other");
      return;
    }
  }
  baro_json_walk_fail(walk, "the end of what began");
}

void baro_json_walk_skip(baro_json_walk *walk) {
  baro_view unused;
  uint8_t byte = peek(walk);
  if (begins_number(byte)) {
    skip_number(walk);
  } else if (byte == '"') {
    (void)take_string(walk, &unused);
  } else if (byte == '{' || byte == '[') {
    skip_containers(walk, 0);
  } else if (!take_word(walk)) {
    baro_json_walk_fail(walk, "a value");
  }
}

void baro_json_walk_leave(baro_json_walk *walk) {
  skip_containers(walk, 1);
  walk->is_first = false;
}

bool baro_json_walk_value(baro_json_walk *walk, baro_view *ret_value) {
  (void)peek(walk);
  const uint8_t *from = walk->at;
  baro_json_walk_skip(walk);
  if (walk->expected != NULL) {
    return false;
  }
  *ret_value = (baro_view){.data = from, .length = (size_t)(walk->at - from)};
  return true;
}
