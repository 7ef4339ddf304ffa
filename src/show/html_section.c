#include "show/html_section.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "show/utf8.h"

enum {
  TRIAL_BYTES = 256 * 1024,
  ROOM_BYTES = 32 * 1024,
  VALUE_BYTES = 10,
  WINDOW_BITS_RAW = -15,
  MEMORY_LEVEL = 9
};

struct baro_html_packer {
  z_stream stream;
  uint64_t previous; /* of a column of differences */
  bool is_chosen;    /* how it is packed; until then everything waits in first */
  bool failed;       /* out of memory: everything since is dropped */
  baro_buffer first;
  baro_buffer packed;
  size_t used;
  uint8_t room[ROOM_BYTES];
};

/* How a column is packed is tried on what comes first. */
typedef struct effort {
  int level;
  int strategy;
} effort;

/* Noise gets no smaller by a search for matches, which takes most of the time; columns that fit into the trial may take all
 * the time there is. Ten million samples, 2026-11: 2.3 s with level 6 for all, 0.9 s with these, and 2 % smaller. */
static const effort quick_efforts[] = {{1, Z_HUFFMAN_ONLY}, {1, Z_RLE}, {5, Z_DEFAULT_STRATEGY}};
static const effort small_efforts[] = {{1, Z_HUFFMAN_ONLY}, {1, Z_RLE}, {9, Z_DEFAULT_STRATEGY}};
enum { EFFORTS = 3, SEARCH = 2 };

static void packer_destroy(baro_html_packer *packer) {
  if (packer != NULL) {
    if (packer->is_chosen) {
      (void)deflateEnd(&packer->stream);
    }
    baro_buffer_release(&packer->first);
    baro_buffer_release(&packer->packed);
    free(packer);
  }
}

static baro_html_packer *packer_create(void) {
  baro_html_packer *packer = malloc(sizeof(*packer));
  if (packer != NULL) {
    packer->stream = (z_stream){0};
    packer->previous = 0;
    packer->is_chosen = packer->failed = false;
    packer->first = packer->packed = (baro_buffer){0};
    packer->used = 0;
  }
  return packer;
}

static bool begin_stream(baro_html_packer *packer, effort how) {
  packer->stream = (z_stream){0};
  return deflateInit2(&packer->stream, how.level, Z_DEFLATED, WINDOW_BITS_RAW, MEMORY_LEVEL,
                      how.strategy) == Z_OK;
}

/* deflate cannot fail here: the state is sound and there is always room. */
static void deflate_all(baro_html_packer *packer, const uint8_t *bytes, size_t length, int flush) {
  packer->stream.next_in = (Bytef *)bytes; /* zlib does not write to it */
  packer->stream.avail_in = (uInt)length;
  do {
    if (!baro_buffer_reserve(&packer->packed, ROOM_BYTES)) {
      packer->failed = true;
      break;
    }
    packer->stream.next_out = packer->packed.data + packer->packed.length;
    packer->stream.avail_out = ROOM_BYTES;
    (void)deflate(&packer->stream, flush);
    packer->packed.length += ROOM_BYTES - packer->stream.avail_out;
  } while (packer->stream.avail_out == 0);
}

/* Bytes that the first ones become, or SIZE_MAX without memory. */
static size_t try_effort(baro_html_packer *packer, effort how) {
  if (!begin_stream(packer, how)) {
    return SIZE_MAX;
  }
  deflate_all(packer, packer->first.data, packer->first.length, Z_FINISH);
  size_t length = packer->failed ? SIZE_MAX : packer->packed.length;
  (void)deflateEnd(&packer->stream);
  baro_buffer_clear(&packer->packed);
  return length;
}

/* is_all: the column ends with what is there. */
static void choose_effort(baro_html_packer *packer, bool is_all) {
  const effort *efforts = is_all ? small_efforts : quick_efforts;
  size_t best = 0, best_length = SIZE_MAX;
  for (size_t e = 0; e < EFFORTS; e++) {
    size_t length = try_effort(packer, efforts[e]);
    /* A search has to be worth its time, where there is much to come. */
    size_t worth = e == SEARCH && !is_all ? length + length / 16 : length;
    if (worth < best_length) {
      best = e;
      best_length = length;
    }
  }
  packer->is_chosen = begin_stream(packer, efforts[best]);
  packer->failed = packer->failed || !packer->is_chosen;
}

static void pack(baro_html_packer *packer, int flush) {
  bool is_last = flush != Z_NO_FLUSH;
  if (!packer->is_chosen && !packer->failed) {
    baro_write_bytes(&packer->first, packer->room, packer->used);
    packer->used = 0;
    packer->failed = packer->failed || packer->first.failed;
    if (!packer->failed && (is_last || packer->first.length >= TRIAL_BYTES)) {
      choose_effort(packer, is_last);
      if (packer->is_chosen) {
        deflate_all(packer, packer->first.data, packer->first.length, Z_NO_FLUSH);
      }
      baro_buffer_release(&packer->first);
    }
  }
  if (packer->is_chosen) {
    deflate_all(packer, packer->room, packer->used, flush);
  }
  packer->used = 0;
}

static baro_html_section *newest_section(baro_html_sections *sections) {
  return &sections->rows[sections->count - 1];
}

static void close_columns(baro_html_section *section) {
  for (unsigned c = 0; c < section->column_count; c++) {
    packer_destroy(section->columns[c].packer);
    section->columns[c].packer = NULL;
  }
}

void baro_html_sections_release(baro_html_sections *sections) {
  for (unsigned i = 0; i < sections->count; i++) {
    close_columns(&sections->rows[i]);
    baro_buffer_release(&sections->rows[i].packed);
  }
  *sections = (baro_html_sections){0};
}

void baro_html_begin(baro_html_sections *sections, const char *name, bool is_late) {
  if (sections->failed || sections->count == BARO_HTML_SECTIONS_MAX) {
    sections->failed = true;
    return;
  }
  baro_html_section *section = &sections->rows[sections->count++];
  *section = (baro_html_section){.is_late = is_late};
  strncpy(section->name, name, sizeof(section->name) - 1);
}

baro_html_column *baro_html_column_begin(baro_html_sections *sections, const char *name,
                                         baro_html_encoding encoding) {
  if (sections->failed) {
    return NULL;
  }
  baro_html_section *section = newest_section(sections);
  baro_html_packer *packer =
      section->column_count == BARO_HTML_COLUMNS_MAX ? NULL : packer_create();
  if (packer == NULL) {
    sections->failed = true;
    return NULL;
  }
  baro_html_column *column = &section->columns[section->column_count++];
  *column = (baro_html_column){.name = name, .encoding = encoding, .packer = packer};
  return column;
}

void baro_html_end(baro_html_sections *sections) {
  if (sections->failed) {
    return;
  }
  baro_html_section *section = newest_section(sections);
  for (unsigned c = 0; c < section->column_count; c++) {
    baro_html_packer *packer = section->columns[c].packer;
    /* A block of no bytes ends a column on a whole byte; none but the last says that the stream is over. */
    pack(packer, c + 1 < section->column_count ? Z_SYNC_FLUSH : Z_FINISH);
    baro_write_bytes(&section->packed, packer->packed.data, packer->packed.length);
    sections->failed = sections->failed || packer->failed;
    packer_destroy(packer);
    section->columns[c].packer = NULL;
  }
  sections->failed = sections->failed || section->packed.failed;
}

void baro_html_sections_join(baro_html_sections *sections, baro_html_sections *take_more) {
  sections->failed = sections->failed || take_more->failed ||
                     take_more->count > BARO_HTML_SECTIONS_MAX - sections->count;
  for (unsigned s = 0; s < take_more->count && !sections->failed; s++) {
    sections->rows[sections->count++] = take_more->rows[s];
    take_more->rows[s].packed = (baro_buffer){0};
  }
  baro_html_sections_release(take_more);
}

static void put_byte(baro_html_column *column, uint8_t byte) {
  baro_html_packer *packer = column->packer;
  if (packer->used == ROOM_BYTES) {
    pack(packer, Z_NO_FLUSH);
  }
  packer->room[packer->used++] = byte;
  column->bytes++;
  column->count++;
}

static void put_varint(baro_html_column *column, uint64_t value) {
  baro_html_packer *packer = column->packer;
  if (packer->used > ROOM_BYTES - VALUE_BYTES) {
    pack(packer, Z_NO_FLUSH);
  }
  uint8_t *room = packer->room + packer->used;
  uint8_t *at = room;
  while (value >= 0x80) {
    *at++ = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  *at++ = (uint8_t)value;
  packer->used += (size_t)(at - room);
  column->bytes += (uint64_t)(at - room);
  column->count++;
}

static uint64_t zigzag(int64_t value) {
  uint64_t bits = (uint64_t)value;
  return bits << 1 ^ (0 - (bits >> 63));
}

void baro_html_put(baro_html_column *column, uint64_t value) {
  if (column == NULL) {
    return;
  }
  value = value < BARO_HTML_VALUE_MAX ? value : BARO_HTML_VALUE_MAX;
  switch (column->encoding) {
  case BARO_HTML_UNSIGNED: put_varint(column, value); break;
  case BARO_HTML_ZIGZAG: put_varint(column, zigzag((int64_t)value)); break;
  case BARO_HTML_DIFFERENCE:
    put_varint(column, zigzag((int64_t)(value - column->packer->previous)));
    column->packer->previous = value;
    break;
  case BARO_HTML_BYTE: put_byte(column, (uint8_t)value); break;
  case BARO_HTML_STRING: break; /* has its own function */
  }
}

void baro_html_put_signed(baro_html_column *column, int64_t value) {
  if (column == NULL) {
    return;
  }
  const int64_t most = (int64_t)(BARO_HTML_VALUE_MAX / 2); /* its code is twice as big */
  value = value > most ? most : value < -most ? -most : value;
  put_varint(column, zigzag(value));
}

static void put_bytes(baro_html_column *column, const uint8_t *bytes, size_t length) {
  baro_html_packer *packer = column->packer;
  column->bytes += length;
  while (length > 0) {
    if (packer->used == ROOM_BYTES) {
      pack(packer, Z_NO_FLUSH);
    }
    size_t part = ROOM_BYTES - packer->used;
    part = length < part ? length : part;
    memcpy(packer->room + packer->used, bytes, part);
    packer->used += part;
    bytes += part;
    length -= part;
  }
}

void baro_html_put_string(baro_html_column *column, baro_view text) {
  static const uint8_t end = 0, zero_shown[] = "\xe2\x90\x80";
  if (column == NULL) {
    return;
  }
  baro_buffer clean = {0};
  baro_write_utf8(&clean, text);
  const uint8_t *at = clean.data;
  size_t left = clean.length;
  while (left > 0) {
    const uint8_t *zero = memchr(at, 0, left);
    size_t plain = zero == NULL ? left : (size_t)(zero - at);
    put_bytes(column, at, plain);
    if (zero != NULL) {
      put_bytes(column, zero_shown, sizeof(zero_shown) - 1);
      plain++;
    }
    at += plain;
    left -= plain;
  }
  put_bytes(column, &end, 1);
  column->count++;
  column->packer->failed = column->packer->failed || clean.failed;
  baro_buffer_release(&clean);
}

void baro_html_describe(const baro_html_sections *sections, baro_json *json) {
  baro_json_object(json, "sections", false);
  for (unsigned s = 0; s < sections->count; s++) {
    const baro_html_section *section = &sections->rows[s];
    uint64_t bytes = 0;
    for (unsigned c = 0; c < section->column_count; c++) {
      bytes += section->columns[c].bytes;
    }
    baro_json_object(json, section->name, false);
    baro_json_u64(json, "bytes", bytes);
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
