#include "show/json_writer.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "show/utf8.h"

void baro_json_init(baro_json *json, baro_stream *output, bool indent) {
  *json = (baro_json){.output = output, .indent = indent};
  json->compact[0] = true;
}

static void new_line(baro_json *json) {
  if (json->indent && !json->compact[json->depth]) {
    baro_stream_char(json->output, '\n');
    for (unsigned i = 0; i < json->depth; i++) {
      baro_stream_text(json->output, "  ");
    }
  }
}

/* What stands before a value: comma, line, name. */
static void begin_value(baro_json *json, const char *name) {
  if (json->has_value[json->depth]) {
    bool space = json->indent && json->compact[json->depth];
    baro_stream_text(json->output, space ? ", " : ",");
  }
  json->has_value[json->depth] = true;
  new_line(json);
  if (name != NULL) {
    baro_json_quote(json->output, baro_view_of(name));
    baro_stream_text(json->output, json->indent ? ": " : ":");
  }
}

static void open_container(baro_json *json, const char *name, bool compact, char bracket) {
  begin_value(json, name);
  baro_stream_char(json->output, bracket);
  assert(json->depth + 1 < BARO_JSON_DEPTH);
  bool inside_compact = json->depth != 0 && json->compact[json->depth];
  json->depth++;
  json->has_value[json->depth] = false;
  json->compact[json->depth] = compact || inside_compact;
}

static void close_container(baro_json *json, char bracket) {
  assert(json->depth > 0);
  bool empty = !json->has_value[json->depth];
  bool compact = json->compact[json->depth];
  json->depth--;
  if (!empty && !compact && json->indent) {
    /* The bracket stands on the level of the line that opened it. */
    bool outer = json->compact[json->depth];
    json->compact[json->depth] = false;
    new_line(json);
    json->compact[json->depth] = outer;
  }
  baro_stream_char(json->output, bracket);
  if (json->depth == 0 && json->indent) {
    baro_stream_char(json->output, '\n');
  }
}

void baro_json_object(baro_json *json, const char *name, bool compact) {
  open_container(json, name, compact, '{');
}

void baro_json_array(baro_json *json, const char *name, bool compact) {
  open_container(json, name, compact, '[');
}

void baro_json_end_object(baro_json *json) {
  close_container(json, '}');
}

void baro_json_end_array(baro_json *json) {
  close_container(json, ']');
}

/* The escape of a byte that must not stand in a string as it is, or NULL. */
static const char *escape_of(uint8_t byte, char room[8]) {
  switch (byte) {
  case '"': return "\\\"";
  case '\\': return "\\\\";
  case '\n': return "\\n";
  case '\r': return "\\r";
  case '\t': return "\\t";
  default:
    if (byte >= 0x20 && byte != 0x7f) {
      return NULL;
    }
    (void)snprintf(room, 8, "\\u%04x", byte);
    return room;
  }
}

void baro_json_quote(baro_stream *output, baro_view text) {
  baro_stream_char(output, '"');
  size_t done = 0; /* what stands before it is written; plain runs go out at once */
  size_t position = 0;
  while (position < text.length) {
    size_t length = baro_utf8_length(text, position);
    char room[8];
    const char *instead = length == 0   ? "\xef\xbf\xbd"
                          : length == 1 ? escape_of(text.data[position], room)
                                        : NULL;
    if (instead != NULL) {
      baro_stream_bytes(output, text.data + done, position - done);
      baro_stream_text(output, instead);
      position++;
      done = position;
    } else {
      position += length;
    }
  }
  if (position != done) {
    baro_stream_bytes(output, text.data + done, position - done);
  }
  baro_stream_char(output, '"');
}

void baro_json_string(baro_json *json, const char *name, baro_view value) {
  begin_value(json, name);
  baro_json_quote(json->output, value);
}

void baro_json_text(baro_json *json, const char *name, const char *value) {
  baro_json_string(json, name, baro_view_of(value));
}

void baro_json_u64(baro_json *json, const char *name, uint64_t value) {
  begin_value(json, name);
  baro_stream_u64(json->output, value);
}

void baro_json_i64(baro_json *json, const char *name, int64_t value) {
  begin_value(json, name);
  if (value < 0) {
    baro_stream_char(json->output, '-');
  }
  baro_stream_u64(json->output, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void baro_json_bool(baro_json *json, const char *name, bool value) {
  begin_value(json, name);
  baro_stream_text(json->output, value ? "true" : "false");
}

void baro_json_null(baro_json *json, const char *name) {
  begin_value(json, name);
  baro_stream_text(json->output, "null");
}

void baro_json_number(baro_json *json, const char *name, double value) {
  if (!isfinite(value)) {
    baro_json_null(json, name);
    return;
  }
  begin_value(json, name);
  char text[32];
  int length = snprintf(text, sizeof(text), "%.9g", value);
  /* A locale's decimal comma would break the file. */
  for (int i = 0; i < length; i++) {
    text[i] = text[i] == ',' ? '.' : text[i];
  }
  baro_stream_bytes(json->output, text, (size_t)length);
}
