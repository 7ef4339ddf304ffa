#include "import/json_items.h"
#include "base/plural.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW_BYTES = 1 << 20, NO_BYTE = -1 };

void baro_json_items_init(baro_json_items *items, baro_log_input *input, const char *array,
                          size_t limit_bytes) {
  *items = (baro_json_items){.input = input, .array = array, .limit_bytes = limit_bytes};
}

void baro_json_items_release(baro_json_items *items) {
  free(items->window);
  items->window = NULL;
}

static uint64_t offset_of(const baro_json_items *items, size_t at) {
  return baro_log_input_plain_bytes(items->input) - (items->to - at);
}

static void end(baro_json_items *items, baro_status status, const char *words) {
  if (!items->has_ended && status != BARO_OK) {
    (void)!baro_error_set(&items->ending, status, "byte %" PRIu64 ": %s",
                          offset_of(items, items->from), words);
  }
  items->has_ended = true;
}

/* --- the window --- */

static bool make_room(baro_json_items *items) {
  size_t left = items->to - items->from;
  if (items->from != 0 && left != 0) {
    memmove(items->window, items->window + items->from, left);
  }
  items->from = 0;
  items->to = left;
  if (left < items->capacity) {
    return true;
  }
  size_t capacity = items->capacity == 0 ? WINDOW_BYTES : 2 * items->capacity;
  uint8_t *window = realloc(items->window, capacity + BARO_JSON_LINE_PADDING);
  if (window == NULL) {
    end(items, BARO_NO_MEMORY, "out of memory");
    return false;
  }
  memset(window + items->to, ' ', capacity + BARO_JSON_LINE_PADDING - items->to);
  items->window = window;
  items->capacity = capacity;
  return true;
}

/* More bytes behind those that are there; what stood at `from` is then at 0. False: there are none. */
static bool fill(baro_json_items *items) {
  if (items->has_ended || !make_room(items)) {
    return false;
  }
  uint8_t *at = items->window + items->to;
  size_t count = baro_log_input_read(items->input, at, items->capacity - items->to);
  for (size_t i = 0; i < count; i++) {
    at[i] = at[i] == '\n' ? ' ' : at[i];
  }
  items->to += count;
  if (items->progress != NULL && count != 0) {
    uint64_t done = baro_log_input_packed_bytes(items->input);
    /* A file that is written still may have grown. */
    bool is_within = done < items->all_bytes || items->all_bytes == 0;
    items->progress->show(items->progress->context, is_within ? done : items->all_bytes,
                          items->all_bytes);
  }
  return count != 0;
}

/* The next byte that is no space, which `from` is then at. */
static int peek(baro_json_items *items) {
  for (;;) {
    while (items->from < items->to) {
      uint8_t byte = items->window[items->from];
      if (byte != ' ' && byte != '\t' && byte != '\r') {
        return byte;
      }
      items->from++;
    }
    if (!fill(items)) {
      return NO_BYTE;
    }
  }
}

/* --- values --- */

typedef struct value_scan {
  size_t length; /* bytes from `from` that were looked at */
  uint32_t depth;
  bool in_string;
  bool is_escaped;
  bool has_begun;
  bool is_dropped;
} value_scan;

static bool ends_scalar(uint8_t byte) {
  return byte == ',' || byte == ']' || byte == '}' || byte == ':' || byte == ' ' || byte == '\t' ||
         byte == '\r';
}

/* Over the bytes that are there. True: the value ended, before `length`. */
static bool scan_on(value_scan *scan, const uint8_t *bytes, size_t count) {
  size_t at = scan->length;
  for (; at < count; at++) {
    uint8_t byte = bytes[at];
    if (scan->in_string) {
      if (scan->is_escaped) {
        scan->is_escaped = false;
      } else if (byte == '\\') {
        scan->is_escaped = true;
      } else if (byte == '"') {
        scan->in_string = false;
        if (scan->depth == 0) {
          break;
        }
      }
    } else if (byte == '"') {
      scan->in_string = true;
    } else if (byte == '{' || byte == '[') {
      scan->depth++;
    } else if (scan->depth == 0 && scan->has_begun && ends_scalar(byte)) {
      scan->length = at;
      return true;
    } else if ((byte == '}' || byte == ']') && (scan->depth == 0 || --scan->depth == 0)) {
      break;
    }
    scan->has_begun = true;
  }
  scan->length = at < count ? at + 1 : at;
  return at < count;
}

/* The value that begins at `from`; kept bytes in front of it, its name, stay in the window. False: the document ends within. */
static bool take_value(baro_json_items *items, size_t kept, value_scan *scan) {
  *scan = (value_scan){0};
  for (;;) {
    size_t begin = items->from + (scan->is_dropped ? 0 : kept);
    if (scan_on(scan, items->window + begin, items->to - begin)) {
      return true;
    }
    if (scan->is_dropped || kept + scan->length > items->limit_bytes) {
      scan->is_dropped = true;
      items->from = items->to;
      scan->length = 0;
    }
    if (!fill(items)) {
      return false;
    }
  }
}

/* --- the document --- */

static bool begin(baro_json_items *items) {
  int byte = peek(items);
  static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
  if (byte == mark[0] && items->to - items->from >= 3 &&
      memcmp(items->window + items->from, mark, 3) == 0) {
    items->from += 3;
    byte = peek(items);
  }
  if (byte != '{' && byte != '[') {
    end(items, BARO_INVALID, "expected a JSON object or array");
    return false;
  }
  items->from++;
  items->has_begun = items->is_first = true;
  items->is_object = byte == '{';
  items->is_in_array = byte == '[';
  return true;
}

/* On to the next member or element of the container; false: there is none, and `from` is behind its end. */
static bool go_on(baro_json_items *items) {
  int byte = peek(items);
  uint8_t bracket = items->is_in_array ? ']' : '}';
  if (byte == ',' && !items->is_first) {
    items->from++;
    byte = peek(items);
  } else if (byte != bracket && byte != NO_BYTE && !items->is_first) {
    end(items, BARO_INVALID, "expected a comma or the end of what began");
    return false;
  }
  items->is_first = false;
  if (byte == NO_BYTE) {
    /* The format lets programs that are killed leave out the end of the bare array. */
    end(items, items->is_object ? BARO_TRUNCATED : BARO_OK, "the document ends in the middle");
    return false;
  }
  if (byte == bracket) {
    items->from++;
    return false;
  }
  return true;
}

/* ret_bytes: of the name with its quotes, the colon and all spaces, which stay in the window. */
static bool take_name(baro_json_items *items, baro_view *ret_name, size_t *ret_bytes) {
  value_scan scan;
  if (peek(items) != '"') {
    end(items, BARO_INVALID, "expected a name in quotes");
    return false;
  }
  if (!take_value(items, 0, &scan) || scan.is_dropped) {
    end(items, scan.is_dropped ? BARO_INVALID : BARO_TRUNCATED, "the end of a name is missing");
    return false;
  }
  size_t length = scan.length;
  bool has_colon = false;
  for (size_t at = length;; at++) {
    if (items->from + at == items->to && !fill(items)) {
      end(items, BARO_TRUNCATED, "the document ends in the middle");
      return false;
    }
    uint8_t byte = items->window[items->from + at];
    if (byte == ':' && !has_colon) {
      has_colon = true;
    } else if (byte != ' ' && byte != '\t' && byte != '\r') {
      *ret_bytes = at;
      break;
    }
    if (at > items->limit_bytes) {
      break;
    }
  }
  if (!has_colon) {
    end(items, BARO_INVALID, "expected a colon behind a name");
    return false;
  }
  *ret_name = (baro_view){.data = items->window + items->from + 1, .length = length - 2};
  return true;
}

static void leave_array(baro_json_items *items) {
  items->is_in_array = false;
  if (!items->is_object) {
    if (peek(items) != NO_BYTE) {
      end(items, BARO_INVALID, "something stands behind the end of the document");
    }
    items->has_ended = true;
  }
}

static bool is_array(const baro_json_items *items, baro_view name, size_t bytes) {
  return baro_view_equal(name, baro_view_of(items->array)) &&
         items->window[items->from + bytes] == '[';
}

/* A member or an element; false: none was given, and there may be more. */
static bool next_item(baro_json_items *items, baro_json_item *ret_item) {
  baro_view name = {0};
  size_t kept = 0;
  value_scan scan;
  if (!go_on(items)) {
    if (!items->has_ended && items->is_in_array) {
      leave_array(items);
    } else if (!items->has_ended) {
      items->is_first = false;
      if (peek(items) != NO_BYTE) {
        end(items, BARO_INVALID, "something stands behind the end of the document");
      }
      items->has_ended = true;
    }
    return false;
  }
  if (!items->is_in_array && !take_name(items, &name, &kept)) {
    return false;
  }
  if (!items->is_in_array && is_array(items, name, kept)) {
    items->from += kept + 1;
    items->is_in_array = items->is_first = items->has_array = true;
    return false;
  }
  items->last_byte = offset_of(items, items->from);
  size_t name_length = name.length;
  bool is_member = name.data != NULL;
  if (!take_value(items, kept, &scan)) {
    end(items, BARO_TRUNCATED, "the document ends in the middle of a value");
    return false;
  }
  if (scan.is_dropped || scan.length > items->limit_bytes) {
    items->too_long++;
    items->from += (scan.is_dropped ? 0 : kept) + scan.length;
    return false;
  }
  if (scan.length == 0) {
    end(items, BARO_INVALID, "expected a value");
    return false;
  }
  const uint8_t *at = items->window + items->from;
  ret_item->name = is_member ? (baro_view){.data = at + 1, .length = name_length} : (baro_view){0};
  ret_item->value = (baro_view){.data = at + kept, .length = scan.length};
  items->from += kept + scan.length;
  items->given++;
  return true;
}

bool baro_json_items_next(baro_json_items *items, baro_json_item *ret_item) {
  if (!items->has_begun && !items->has_ended) {
    (void)begin(items);
  }
  while (!items->has_ended) {
    if (next_item(items, ret_item)) {
      return true;
    }
  }
  return false;
}

void baro_json_items_refuse(baro_json_items *items, const baro_json_walk *walk) {
  if (items->refused++ == 0) {
    items->first_refused_byte = items->last_byte;
    (void)!baro_json_walk_failed(walk, &items->first_reason);
  }
}

baro_status baro_json_file_open(baro_json_file *file, const baro_log_place *place,
                                baro_error *err) {
  *file = (baro_json_file){.file = -1};
  baro_status status = baro_log_files_open_place(place, &file->files, err);
  file->is_open = status == BARO_OK;
  if (status == BARO_OK) {
    status = file->files.kind == BARO_LOG_SINGLE
                 ? baro_log_files_open_source(&file->files, 0, &file->file, &file->source, err)
                 : baro_error_set(err, BARO_INVALID, "a folder; expected a file");
  }
  return status == BARO_OK ? baro_log_input_create(&file->source, &file->input, err) : status;
}

void baro_json_file_close(baro_json_file *file) {
  baro_log_input_destroy(file->input);
  if (file->file >= 0) {
    (void)close(file->file);
  }
  if (file->is_open) {
    baro_log_files_release(&file->files);
  }
}

void baro_json_items_note(const baro_json_items *items, const char *one, const char *many,
                          baro_writer *writer) {
  baro_error packing = {0};
  (void)!baro_log_input_ending(items->input, &packing);
  const baro_error *ending = packing.status != BARO_OK ? &packing : &items->ending;
  if (ending->status != BARO_OK) {
    baro_import_note(writer, "the file is damaged or cut; what stands before that counts: %s",
                     ending->message);
    baro_writer_info(writer, "log_part", "the file is damaged or cut");
  }
  if (items->too_long != 0) {
    baro_import_note(writer, "%" PRIu64 " %s of more than %zu MiB %s left out", items->too_long,
                     baro_plural(items->too_long, one, many), items->limit_bytes >> 20,
                     baro_plural(items->too_long, "was", "were"));
  }
  if (items->refused != 0) {
    baro_import_note(writer,
                     "%" PRIu64 " of %" PRIu64 " %s %s left out, the first at byte %" PRIu64 ": %s",
                     items->refused, items->given, baro_plural(items->given, one, many),
                     baro_plural(items->refused, "was", "were"), items->first_refused_byte,
                     items->first_reason.message);
  }
}
