#include "show/html_section.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "show/utf8.h"

enum { ROOM_BYTES = 64 * 1024, VALUE_BYTES = 10, WINDOW_BITS_RAW = -15, MEMORY_LEVEL = 9 };

struct baro_html_packer {
  z_stream stream;
  uint64_t previous; /* of a column of differences */
  size_t used;
  uint8_t room[ROOM_BYTES];
};

static baro_html_section *open_section(baro_html_sections *sections) {
  return &sections->rows[sections->count - 1];
}

static baro_html_column *open_column(baro_html_sections *sections) {
  baro_html_section *section = open_section(sections);
  return &section->columns[section->column_count - 1];
}

static void close_packer(baro_html_sections *sections) {
  if (sections->packer != NULL) {
    (void)deflateEnd(&sections->packer->stream);
    free(sections->packer);
    sections->packer = NULL;
  }
}

void baro_html_sections_release(baro_html_sections *sections) {
  close_packer(sections);
  for (unsigned i = 0; i < sections->count; i++) {
    baro_buffer_release(&sections->rows[i].packed);
  }
  *sections = (baro_html_sections){0};
}

/* deflate cannot fail here: the state is sound and there is always room. */
static void pack(baro_html_sections *sections, int flush) {
  baro_html_packer *packer = sections->packer;
  baro_html_section *section = open_section(sections);
  section->bytes += packer->used;
  packer->stream.next_in = packer->room;
  packer->stream.avail_in = (uInt)packer->used;
  do {
    if (!baro_buffer_reserve(&section->packed, ROOM_BYTES)) {
      sections->failed = true;
      break;
    }
    packer->stream.next_out = section->packed.data + section->packed.length;
    packer->stream.avail_out = ROOM_BYTES;
    (void)deflate(&packer->stream, flush);
    section->packed.length += ROOM_BYTES - packer->stream.avail_out;
  } while (packer->stream.avail_out == 0);
  packer->used = 0;
}

/* Where the next `most` bytes go; NULL after a failure. */
static uint8_t *room_for(baro_html_sections *sections, size_t most) {
  baro_html_packer *packer = sections->packer;
  if (packer == NULL) {
    return NULL;
  }
  if (most > ROOM_BYTES - packer->used) {
    pack(sections, Z_NO_FLUSH);
  }
  return packer->room + packer->used;
}

static void put_bytes(baro_html_sections *sections, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    size_t part = length < ROOM_BYTES ? length : ROOM_BYTES;
    uint8_t *room = room_for(sections, part);
    if (room == NULL) {
      return;
    }
    memcpy(room, bytes, part);
    sections->packer->used += part;
    open_column(sections)->bytes += part;
    bytes += part;
    length -= part;
  }
}

void baro_html_begin(baro_html_sections *sections, const char *name, bool is_late, int level) {
  if (sections->failed) {
    return;
  }
  baro_html_packer *packer = malloc(sizeof(*packer));
  if (packer != NULL) {
    packer->stream = (z_stream){0};
    packer->used = 0;
    packer->previous = 0;
  }
  if (packer == NULL || sections->count == BARO_HTML_SECTIONS_MAX ||
      deflateInit2(&packer->stream, level, Z_DEFLATED, WINDOW_BITS_RAW, MEMORY_LEVEL,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    free(packer);
    sections->failed = true;
    return;
  }
  sections->packer = packer;
  baro_html_section *section = &sections->rows[sections->count++];
  *section = (baro_html_section){.is_late = is_late};
  strncpy(section->name, name, sizeof(section->name) - 1);
}

void baro_html_column_begin(baro_html_sections *sections, const char *name,
                            baro_html_encoding encoding) {
  if (sections->packer == NULL) {
    return;
  }
  baro_html_section *section = open_section(sections);
  if (section->column_count == BARO_HTML_COLUMNS_MAX) {
    sections->failed = true;
    return;
  }
  section->columns[section->column_count++] =
      (baro_html_column){.name = name, .encoding = encoding};
  sections->packer->previous = 0;
}

void baro_html_end(baro_html_sections *sections) {
  if (sections->packer != NULL) {
    pack(sections, Z_FINISH);
  }
  close_packer(sections);
}

static void put_varint(baro_html_sections *sections, uint64_t value) {
  uint8_t *room = room_for(sections, VALUE_BYTES);
  if (room == NULL) {
    return;
  }
  uint8_t *at = room;
  while (value >= 0x80) {
    *at++ = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  *at++ = (uint8_t)value;
  baro_html_column *column = open_column(sections);
  column->count++;
  column->bytes += (uint64_t)(at - room);
  sections->packer->used += (size_t)(at - room);
}

static uint64_t zigzag(int64_t value) {
  uint64_t bits = (uint64_t)value;
  return bits << 1 ^ (0 - (bits >> 63));
}

void baro_html_put(baro_html_sections *sections, uint64_t value) {
  if (sections->packer == NULL) {
    return;
  }
  value = value < BARO_HTML_VALUE_MAX ? value : BARO_HTML_VALUE_MAX;
  baro_html_column *column = open_column(sections);
  switch (column->encoding) {
  case BARO_HTML_UNSIGNED: put_varint(sections, value); break;
  case BARO_HTML_ZIGZAG: put_varint(sections, zigzag((int64_t)value)); break;
  case BARO_HTML_DIFFERENCE:
    put_varint(sections, zigzag((int64_t)(value - sections->packer->previous)));
    sections->packer->previous = value;
    break;
  case BARO_HTML_BYTE:
    *room_for(sections, 1) = (uint8_t)value;
    sections->packer->used++;
    column->count++;
    column->bytes++;
    break;
  case BARO_HTML_STRING: break; /* has its own function */
  }
}

void baro_html_put_signed(baro_html_sections *sections, int64_t value) {
  if (sections->packer == NULL) {
    return;
  }
  const int64_t most = (int64_t)(BARO_HTML_VALUE_MAX / 2); /* its code is twice as big */
  value = value > most ? most : value < -most ? -most : value;
  put_varint(sections, zigzag(value));
}

void baro_html_put_string(baro_html_sections *sections, baro_view text) {
  static const uint8_t end = 0;
  if (sections->packer == NULL) {
    return;
  }
  baro_buffer clean = {0};
  baro_write_utf8(&clean, text);
  size_t done = 0;
  while (done < clean.length) {
    const uint8_t *zero = memchr(clean.data + done, 0, clean.length - done);
    size_t plain = zero == NULL ? clean.length - done : (size_t)(zero - (clean.data + done));
    put_bytes(sections, clean.data + done, plain);
    done += plain;
    if (zero != NULL) {
      put_bytes(sections, (const uint8_t *)"\xe2\x90\x80", 3);
      done++;
    }
  }
  put_bytes(sections, &end, 1);
  open_column(sections)->count++;
  sections->failed = sections->failed || clean.failed;
  baro_buffer_release(&clean);
}

void baro_html_describe(const baro_html_sections *sections, baro_json *json) {
  baro_json_object(json, "sections", false);
  for (unsigned s = 0; s < sections->count; s++) {
    const baro_html_section *section = &sections->rows[s];
    baro_json_object(json, section->name, false);
    baro_json_u64(json, "bytes", section->bytes);
    baro_json_array(json, "columns", false);
    for (unsigned c = 0; c < section->column_count; c++) {
      const baro_html_column *column = &section->columns[c];
      const char encoding[2] = {(char)column->encoding, '\0'};
      baro_json_object(json, NULL, true);
      baro_json_text(json, "name", column->name);
      baro_json_text(json, "encoding", encoding);
      baro_json_u64(json, "count", column->count);
      baro_json_u64(json, "bytes", column->bytes);
      baro_json_end_object(json);
    }
    baro_json_end_array(json);
    baro_json_end_object(json);
  }
  baro_json_end_object(json);
}
