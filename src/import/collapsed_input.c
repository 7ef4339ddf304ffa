/* Collapsed stacks: "a;b;c COUNT" a line, root first. A frame may say where it is, "name (file:line)", as ours and py-spy's
 * do; the line is then that of the frame, since most tools write where it was and not where the function begins. austin has
 * "file:name:line", and processes and threads as the first two frames; our --threads has these, too. A last frame such as
 * "[waiting for disk]" is a state. Lines that begin with "#" are remarks.
 * A line without a stack (py-spy writes some) is time of which nobody knows where it went: it is kept so. */
#include <string.h>

#include "import/import_formats.h"

typedef struct line_parts {
  baro_view stack;
  uint64_t count;
} line_parts;

typedef struct frame_parts {
  baro_view name;
  baro_view file;
  uint32_t line;
} frame_parts;

static baro_view cut(baro_view text, size_t from, size_t end) {
  return (baro_view){.data = text.data + from, .length = end - from};
}

/* A whole number of digits only. */
static bool parse_number(baro_view text, uint64_t limit, uint64_t *ret_number) {
  uint64_t number = 0;
  for (size_t i = 0; i < text.length; i++) {
    uint64_t digit = (uint64_t)(text.data[i] - '0');
    if (text.data[i] < '0' || text.data[i] > '9' || number > (limit - digit) / 10) {
      return false;
    }
    number = number * 10 + digit;
  }
  *ret_number = number;
  return text.length != 0;
}

static bool parse_line(baro_view line, line_parts *ret_parts) {
  size_t space = line.length;
  while (space > 0 && line.data[space - 1] != ' ') {
    space--;
  }
  if (space == 0 ||
      !parse_number(cut(line, space, line.length), BARO_IMPORT_AMOUNT_MAX, &ret_parts->count)) {
    return false;
  }
  ret_parts->stack = cut(line, 0, space - 1);
  return true;
}

/* The next line, without its end; false at the end of the text. */
static bool next_line(baro_view *text, baro_view *ret_line) {
  if (text->length == 0) {
    return false;
  }
  const uint8_t *end = memchr(text->data, '\n', text->length);
  size_t length = end == NULL ? text->length : (size_t)(end - text->data);
  *ret_line = cut(*text, 0, length);
  size_t used = end == NULL ? length : length + 1;
  *text = cut(*text, used, text->length);
  if (length != 0 && ret_line->data[length - 1] == '\r') {
    ret_line->length--;
  }
  return true;
}

static bool is_remark(baro_view line) {
  return line.length == 0 || line.data[0] == '#';
}

bool baro_sniff_collapsed(baro_view bytes) {
  enum { LINES = 20 };
  baro_view line;
  line_parts parts;
  int good = 0;
  if (memchr(bytes.data, '\0', bytes.length < 4096 ? bytes.length : 4096) != NULL) {
    return false;
  }
  for (int i = 0; i < LINES && next_line(&bytes, &line); i++) {
    if (is_remark(line)) {
      continue;
    }
    if (!parse_line(line, &parts)) {
      return false;
    }
    good++;
  }
  return good != 0;
}

/* The next of the frames of a stack, which a ";" ends. */
static baro_view next_frame(baro_view *stack) {
  const uint8_t *end = memchr(stack->data, ';', stack->length);
  size_t length = end == NULL ? stack->length : (size_t)(end - stack->data);
  baro_view frame = cut(*stack, 0, length);
  *stack = cut(*stack, end == NULL ? length : length + 1, stack->length);
  return frame;
}

/* Where the bracket is that the last byte closes; 0: nowhere, or at the beginning. Files have brackets of their own,
 * "C:/Program Files (x86)/app.py", and so have names of C++, "void (anonymous namespace)::run(int)". */
static size_t opening_bracket(baro_view frame) {
  size_t depth = 0;
  for (size_t at = frame.length; at-- > 0;) {
    if (frame.data[at] == ')') {
      depth++;
    } else if (frame.data[at] == '(' && --depth == 0) {
      return at;
    }
  }
  return 0;
}

static bool ends_in_line(baro_view frame) {
  size_t from = frame.length - 1;
  while (from > 0 && frame.data[from - 1] >= '0' && frame.data[from - 1] <= '9') {
    from--;
  }
  return from > 0 && from < frame.length - 1 && frame.data[from - 1] == ':';
}

/* "name (file:12)" and "name (file)". */
static bool parse_bracketed(baro_view frame, frame_parts *ret_parts) {
  if (frame.length < 4 || frame.data[frame.length - 1] != ')') {
    return false;
  }
  size_t open = opening_bracket(frame);
  if (open <= 1 || frame.data[open - 1] != ' ') {
    if (!ends_in_line(frame)) {
      return false;
    }
    /* A place all the same: its file has a bracket without another. */
    open = frame.length - 1;
    while (open > 1 && !(frame.data[open] == '(' && frame.data[open - 1] == ' ')) {
      open--;
    }
  }
  if (open <= 1) {
    return false;
  }
  baro_view place = cut(frame, open + 1, frame.length - 1);
  *ret_parts = (frame_parts){.name = cut(frame, 0, open - 1), .file = place};
  size_t colon = place.length;
  while (colon > 0 && place.data[colon - 1] != ':') {
    colon--;
  }
  uint64_t line;
  if (colon > 1 && parse_number(cut(place, colon, place.length), UINT32_MAX, &line)) {
    ret_parts->file = cut(place, 0, colon - 1);
    ret_parts->line = (uint32_t)line;
  }
  return place.length != 0;
}

/* "/srv/app.py:name:12" */
static bool parse_austin(baro_view frame, frame_parts *ret_parts) {
  size_t second = frame.length;
  while (second > 0 && frame.data[second - 1] != ':') {
    second--;
  }
  uint64_t line;
  if (second < 4 || !parse_number(cut(frame, second, frame.length), UINT32_MAX, &line)) {
    return false;
  }
  size_t first = second - 1;
  while (first > 0 && frame.data[first - 1] != ':') {
    first--;
  }
  if (first < 2 || first + 1 >= second) {
    return false;
  }
  *ret_parts = (frame_parts){.name = cut(frame, first, second - 1),
                             .file = cut(frame, 0, first - 1),
                             .line = (uint32_t)line};
  return true;
}

/* Digits at the beginning of text, and what follows. */
static bool leading_number(baro_view text, uint32_t *ret_number, baro_view *ret_rest) {
  size_t length = 0;
  uint64_t number;
  while (length < text.length && text.data[length] >= '0' && text.data[length] <= '9') {
    length++;
  }
  if (!parse_number(cut(text, 0, length), UINT32_MAX, &number)) {
    return false;
  }
  *ret_number = (uint32_t)number;
  *ret_rest = cut(text, length, text.length);
  return true;
}

/* "process 10", py-spy's "process 10:"app.py"" and austin's "P10". */
static bool parse_process(baro_view frame, uint32_t *ret_pid) {
  baro_view rest;
  size_t lead = baro_view_starts_with(frame, "process ") ? 8
                : baro_view_starts_with(frame, "P")      ? 1
                                                         : 0;
  return lead != 0 && leading_number(cut(frame, lead, frame.length), ret_pid, &rest) &&
         (rest.length == 0 || (lead == 8 && rest.data[0] == ':'));
}

/* py-spy's "thread (11): main" and "thread (11)". */
static bool parse_pyspy_thread(baro_view frame, uint32_t *ret_tid, baro_view *ret_name) {
  baro_view rest;
  if (!baro_view_starts_with(frame, "thread (") ||
      !leading_number(cut(frame, 8, frame.length), ret_tid, &rest) ||
      !baro_view_starts_with(rest, ")")) {
    return false;
  }
  *ret_name = baro_view_starts_with(rest, "): ") ? cut(rest, 3, rest.length) : (baro_view){0};
  return rest.length == 1 || ret_name->length != 0;
}

/* Our "thread main (11)". */
static bool parse_our_thread(baro_view frame, uint32_t *ret_tid, baro_view *ret_name) {
  baro_view rest;
  size_t open = frame.length;
  while (open > 0 && frame.data[open - 1] != '(') {
    open--;
  }
  if (!baro_view_starts_with(frame, "thread ") || open < 9 ||
      !leading_number(cut(frame, open, frame.length), ret_tid, &rest) || rest.length != 1 ||
      rest.data[0] != ')') {
    return false;
  }
  *ret_name = cut(frame, 7, open - 2);
  return true;
}

/* austin's "T11" and "T0:11", of interpreter and thread. */
static bool parse_austin_thread(baro_view frame, uint32_t *ret_tid) {
  baro_view rest;
  const uint8_t *colon = memchr(frame.data, ':', frame.length);
  size_t from = colon == NULL ? 1 : (size_t)(colon - frame.data) + 1;
  return baro_view_starts_with(frame, "T") &&
         leading_number(cut(frame, from, frame.length), ret_tid, &rest) && rest.length == 0;
}

/* The thread that the first frames name; without such frames the one thread of the file. */
static baro_status find_thread(baro_import_output *output, baro_view *stack, uint32_t *ret_thread) {
  baro_view rest = *stack;
  uint32_t pid = 0;
  uint32_t tid = 0;
  baro_view name = {0};
  baro_view frame = next_frame(&rest);
  bool has_process = parse_process(frame, &pid);
  if (has_process) {
    *stack = rest;
    frame = next_frame(&rest);
  }
  if (parse_pyspy_thread(frame, &tid, &name) ||
      (has_process && (parse_our_thread(frame, &tid, &name) || parse_austin_thread(frame, &tid)))) {
    *stack = rest;
  }
  return baro_import_thread(output, pid, tid, name, ret_thread);
}

static baro_status add_line(baro_import_output *output, baro_view stack, uint64_t count,
                            bool is_austin, baro_error *err) {
  baro_import_sample sample = {
      .stack = BARO_NONE_ID, .state = BARO_STATE_UNKNOWN, .amount = (double)count};
  sample.ticks = output->is_count ? count : 0;
  baro_status status = find_thread(output, &stack, &sample.thread);
  while (stack.length != 0 && status == BARO_OK) {
    baro_view frame = next_frame(&stack);
    if (stack.length == 0 && baro_import_state_of_words(frame, &sample.state)) {
      break;
    }
    frame_parts parts = {.name = frame};
    if (!(is_austin && parse_austin(frame, &parts)) && !parse_bracketed(frame, &parts)) {
      parts = (frame_parts){.name = frame};
    }
    baro_stack_record record = {.parent = sample.stack};
    status = baro_import_frame(output, parts.name, parts.file, 0, parts.line, &record.frame);
    if (status == BARO_OK) {
      status = baro_writer_stack(output->writer, &record, &sample.stack);
    }
  }
  return status == BARO_OK ? baro_import_add(output, &sample, err) : status;
}

/* austin says what it measured in remarks before the stacks; times are us, memory is bytes. */
static baro_view unit_of(baro_view bytes, const baro_import_options *options, bool *ret_is_austin) {
  baro_view line;
  baro_view unit = baro_view_of(options->unit != NULL ? options->unit : "samples");
  *ret_is_austin = false;
  while (next_line(&bytes, &line) && is_remark(line)) {
    *ret_is_austin |= baro_view_starts_with(line, "# austin: ");
    if (options->unit == NULL && *ret_is_austin && baro_view_starts_with(line, "# mode: ")) {
      baro_view mode = cut(line, 8, line.length);
      bool memory = baro_view_equal(mode, baro_view_of("memory"));
      unit = baro_view_of(memory ? "bytes" : "microseconds");
    }
  }
  return unit;
}

baro_status baro_import_collapsed(baro_view bytes, const baro_import_options *options,
                                  baro_import_output *output, baro_error *err) {
  bool is_austin;
  baro_view unit = unit_of(bytes, options, &is_austin);
  baro_status status = baro_import_unit(output, unit, options->rate_hz, err);
  baro_view line;
  for (uint64_t number = 1; status == BARO_OK && next_line(&bytes, &line); number++) {
    line_parts parts;
    if (is_remark(line)) {
      continue;
    }
    if (!parse_line(line, &parts)) {
      return baro_error_set(err, BARO_INVALID,
                            "line %llu: expected frames and a whole number, as in a;b;c 12",
                            (unsigned long long)number);
    }
    status = add_line(output, parts.stack, parts.count, is_austin, err);
  }
  return status;
}
