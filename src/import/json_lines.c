#include "import/json_lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Stays in the second cache, with what it is read from. */
enum { FIRST_BYTES = 256 * 1024 };

void baro_json_lines_init(baro_json_lines *lines, size_t line_limit_bytes) {
  *lines = (baro_json_lines){.line_limit_bytes = line_limit_bytes};
}

void baro_json_lines_release(baro_json_lines *lines) {
  free(lines->window);
  *lines = (baro_json_lines){0};
}

void baro_json_lines_attach(baro_json_lines *lines, baro_log_input *input) {
  lines->input = input;
  lines->from = lines->to = lines->searched = 0;
  lines->is_dropping = false;
}

static bool grow(baro_json_lines *lines) {
  size_t capacity = lines->capacity == 0 ? FIRST_BYTES : 2 * lines->capacity;
  uint8_t *window = realloc(lines->window, capacity + BARO_JSON_LINE_PADDING);
  if (window == NULL) {
    lines->out_of_memory = true;
    return false;
  }
  /* Scans read it, and what they find there is outside of the line; it is not to be undefined. */
  memset(window + lines->capacity, 0, capacity + BARO_JSON_LINE_PADDING - lines->capacity);
  lines->window = window;
  lines->capacity = capacity;
  return true;
}

/* Reads on behind what is there; false at the end. */
static bool fill(baro_json_lines *lines) {
  size_t left = lines->to - lines->from;
  if (lines->from != 0) {
    memmove(lines->window, lines->window + lines->from, left);
    lines->searched -= lines->from;
    lines->to = left;
    lines->from = 0;
  }
  if (left == lines->capacity && !grow(lines)) {
    return false;
  }
  size_t got = baro_log_input_read(lines->input, lines->window + left, lines->capacity - left);
  lines->to += got;
  return got != 0;
}

static void note_refused(baro_json_lines *lines) {
  if (lines->first_refused == 0) {
    lines->first_refused = lines->number;
  }
}

/* What of a line is there is too much already. */
static void drop_line(baro_json_lines *lines) {
  lines->from = lines->searched = lines->to;
  if (!lines->is_dropping) {
    lines->is_dropping = true;
    lines->number++;
    lines->too_long++;
    if (lines->first_refused == 0) {
      (void)!baro_error_set(&lines->first_reason, BARO_LIMIT,
                            "line %" PRIu64 ": longer than %zu bytes", lines->number,
                            lines->line_limit_bytes);
    }
    note_refused(lines);
  }
}

/* The next line, or what the end of the file left of one; false: there is none. */
static bool find_line(baro_json_lines *lines, baro_view *ret_line) {
  for (;;) {
    uint8_t *newline = NULL;
    if (lines->searched != lines->to) { /* before the first read there is no window */
      newline = memchr(lines->window + lines->searched, '\n', lines->to - lines->searched);
    }
    lines->is_last_unended = newline == NULL;
    if (newline != NULL) {
      const uint8_t *start = lines->window + lines->from;
      *ret_line = (baro_view){.data = start, .length = (size_t)(newline - start)};
      lines->from = lines->searched = (size_t)(newline + 1 - lines->window);
      return true;
    }
    lines->searched = lines->to;
    if (lines->is_dropping || lines->to - lines->from > lines->line_limit_bytes) {
      drop_line(lines);
    }
    if (fill(lines)) {
      continue;
    }
    if (lines->from == lines->to || lines->out_of_memory) {
      return false;
    }
    *ret_line = (baro_view){.data = lines->window + lines->from, .length = lines->to - lines->from};
    lines->from = lines->searched = lines->to;
    return true;
  }
}

static bool is_blank(baro_view line) {
  for (size_t i = 0; i < line.length; i++) {
    if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r') {
      return false;
    }
  }
  return true;
}

bool baro_json_lines_next(baro_json_lines *lines, baro_view *ret_line) {
  baro_view line;
  while (!lines->out_of_memory && find_line(lines, &line)) {
    if (lines->is_dropping) { /* this is its end */
      lines->is_dropping = false;
      continue;
    }
    lines->number++;
    if (line.length > lines->line_limit_bytes) {
      lines->number--; /* counts it itself */
      size_t from = lines->from;
      drop_line(lines);
      lines->is_dropping = false;
      lines->from = lines->searched = from;
      continue;
    }
    if (is_blank(line)) {
      continue;
    }
    lines->given++;
    *ret_line = line;
    return true;
  }
  return false;
}

void baro_json_lines_refuse(baro_json_lines *lines, const baro_json_walk *walk) {
  if (lines->is_last_unended) {
    lines->is_cut = true;
    return;
  }
  lines->refused++;
  if (lines->first_refused == 0) {
    baro_status status = baro_json_walk_failed(walk, &lines->first_reason);
    (void)!baro_error_prefix(&lines->first_reason, status, "line %" PRIu64, lines->number);
  }
  note_refused(lines);
}
