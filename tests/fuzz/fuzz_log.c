/* A log in any packing, its lines and all their values: whatever the bytes are, reading them ends, stays within them and within
 * bounds, and says how it ended in one line. The first byte chooses how many bytes are asked for at once. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/json_lines.h"
#include "import/json_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLAIN_BYTES_MAX = 8 << 20, LINE_BYTES_MAX = 1 << 20, DEPTH_MAX = 8 };

static void check_words(const baro_error *err) {
  if (err->message[0] == '\0' || strchr(err->message, '\n') != NULL)
    abort();
}

static void check_within(const baro_json_walk *walk, baro_view view) {
  if (view.data < walk->start || view.data + view.length > walk->end)
    abort();
}

static void walk_value(baro_json_walk *walk, baro_json_names *names, int depth);

static void walk_object(baro_json_walk *walk, baro_json_names *names, int depth) {
  baro_view name;
  if (!baro_json_walk_enter(walk, '{'))
    return;
  while (baro_json_walk_member(walk, &name)) {
    check_within(walk, name);
    if (baro_json_names_find(names, name) == 0) {
      baro_json_walk_skip(walk);
      baro_json_walk_leave(walk);
      return;
    }
    walk_value(walk, names, depth + 1);
  }
}

static void walk_value(baro_json_walk *walk, baro_json_names *names, int depth) {
  baro_view view;
  int64_t integer;
  double number;
  bool flag;
  uint8_t first = baro_json_walk_peek(walk);
  if (first == '{' && depth < DEPTH_MAX) {
    walk_object(walk, names, depth);
  } else if (first == '[' && depth < DEPTH_MAX) {
    if (baro_json_walk_enter(walk, '['))
      while (baro_json_walk_element(walk))
        walk_value(walk, names, depth + 1);
  } else if (first == '"') {
    baro_buffer text = {0};
    if (baro_json_walk_text(walk, &view)) {
      check_within(walk, view);
      (void)baro_json_text_integer(view, &integer);
      if (baro_json_text_unescape(view, &text) && text.length > view.length)
        abort();
    }
    baro_buffer_release(&text);
  } else if (first == 't' || first == 'f') {
    (void)baro_json_walk_boolean(walk, &flag);
  } else if (first == '-') {
    (void)baro_json_walk_number(walk, &number);
  } else if (depth % 2 == 0) {
    (void)baro_json_walk_integer(walk, &integer);
  } else if (baro_json_walk_value(walk, &view)) {
    check_within(walk, view);
  }
}

static void read_lines(baro_log_input *input) {
  static const char *const texts[] = {"leave", "Event", "ID", "Executor CPU Time"};
  baro_json_names names;
  baro_json_lines lines;
  baro_view line;
  baro_json_names_init(&names, texts, sizeof(texts) / sizeof(texts[0]));
  baro_json_lines_init(&lines, LINE_BYTES_MAX);
  baro_json_lines_attach(&lines, input);
  uint64_t number = 0;
  /* A small file may unpack to very much: that is for callers to stop. */
  while (baro_log_input_plain_bytes(input) < PLAIN_BYTES_MAX &&
         baro_json_lines_next(&lines, &line)) {
    if (lines.number <= number || line.length > LINE_BYTES_MAX ||
        memchr(line.data, '\n', line.length) != NULL)
      abort();
    number = lines.number;
    baro_json_walk skipped = baro_json_walk_of(line), walk = skipped;
    walk_value(&walk, &names, 0);
    if (!baro_json_walk_finish(&walk)) {
      baro_error err = {0};
      if (baro_json_walk_failed(&walk, &err) != BARO_INVALID)
        abort();
      check_words(&err);
      baro_json_lines_refuse(&lines, &walk);
      continue;
    }
    /* What can be walked over can be skipped. */
    baro_json_walk_skip(&skipped);
    if (!baro_json_walk_finish(&skipped))
      abort();
  }
  if (lines.capacity > 4 * LINE_BYTES_MAX)
    abort();
  if (lines.first_refused != 0)
    check_words(&lines.first_reason);
  baro_json_lines_release(&lines);
}

static void read_bytes(baro_log_input *input, size_t room) {
  uint8_t *data = malloc(room);
  if (data == NULL)
    abort();
  uint64_t total = 0;
  for (size_t got; (got = baro_log_input_read(input, data, room)) != 0;) {
    total += got;
    if (got > room || total > PLAIN_BYTES_MAX)
      break;
  }
  if (baro_log_input_plain_bytes(input) != total)
    abort();
  free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return 0;
  baro_view bytes = {.data = data + 1, .length = size - 1};
  baro_log_source source = baro_log_source_of_bytes(&bytes);
  baro_log_input *input;
  baro_error err = {0};
  if (baro_log_input_create(&source, &input, &err) != BARO_OK) {
    check_words(&err);
    return 0;
  }
  if (data[0] < 128)
    read_lines(input);
  else
    read_bytes(input, (size_t)1 + (size_t)(data[0] - 128) * 97);
  if (baro_log_input_packed_bytes(input) > bytes.length)
    abort();
  if (baro_log_input_ending(input, &err) != BARO_OK)
    check_words(&err);
  baro_log_input_destroy(input);
  return 0;
}
