/* What a log is packed in, the window of its packed bytes, and plain text. */
#include "import/log_input.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os_file.h"
#include "import/block_codecs.h"
#include "import/log_packings.h"

enum { READ_BYTES = 256 * 1024, SNIFFED_BYTES = 4096 };

/* --- sources --- */

static baro_status read_file(void *context, uint64_t offset, void *data, size_t length,
                             size_t *ret_length, baro_error *err) {
  return baro_file_read_at(*(int *)context, offset, data, length, ret_length, err);
}

baro_log_source baro_log_source_of_file(int *file) {
  return (baro_log_source){.read = read_file, .context = file};
}

static baro_status read_bytes(void *context, uint64_t offset, void *data, size_t length,
                              size_t *ret_length, baro_error *err) {
  (void)err;
  const baro_view *bytes = context;
  size_t left = offset < bytes->length ? bytes->length - (size_t)offset : 0;
  *ret_length = left < length ? left : length;
  if (*ret_length != 0) {
    memcpy(data, bytes->data + offset, *ret_length);
  }
  return BARO_OK;
}

baro_log_source baro_log_source_of_bytes(baro_view *bytes) {
  return (baro_log_source){.read = read_bytes, .context = bytes};
}

/* --- the window of packed bytes --- */

size_t baro_log_input_end(baro_log_input *input, baro_status status, const char *format, ...) {
  if (input->has_ended) {
    return 0;
  }
  input->has_ended = true;
  if (input->ending.status != BARO_OK) { /* the source's own words */
    return 0;
  }
  if (status == BARO_OK) {
    return 0;
  }
  char words[160];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(words, sizeof(words), format, arguments);
  va_end(arguments);
  (void)!baro_error_set(&input->ending, status, "byte %" PRIu64 ": %s",
                        baro_log_input_packed_bytes(input), words);
  return 0;
}

const uint8_t *baro_log_packed_at(const baro_log_input *input) {
  return input->packed + input->packed_from;
}

void baro_log_packed_take(baro_log_input *input, size_t length) {
  input->packed_from += length;
}

uint64_t baro_log_input_packed_bytes(const baro_log_input *input) {
  return input->source_offset - (input->packed_to - input->packed_from);
}

uint64_t baro_log_input_plain_bytes(const baro_log_input *input) {
  return input->plain_bytes;
}

/* The source failed, or there is no memory: what was read before it is given still. */
static void stop_source(baro_log_input *input, baro_status status, const char *words) {
  input->source_ended = true;
  (void)!baro_error_set(&input->ending, status, "byte %" PRIu64 ": %s", input->source_offset,
                        words);
}

static void read_source(baro_log_input *input, uint8_t *data, size_t room, size_t *ret_length) {
  baro_error err = {0};
  baro_status status =
      input->source.read(input->source.context, input->source_offset, data, room, ret_length, &err);
  if (status != BARO_OK) {
    *ret_length = 0;
    stop_source(input, status, err.message);
    return;
  }
  input->source_offset += *ret_length;
  input->source_ended = *ret_length < room;
}

/* Moves what is left to the front, and sees to it that there is room behind it. */
static bool make_packed_room(baro_log_input *input) {
  size_t left = input->packed_to - input->packed_from;
  if (left != 0 && input->packed_from != 0) {
    memmove(input->packed, baro_log_packed_at(input), left);
  }
  input->packed_from = 0;
  input->packed_to = left;
  if (left < input->packed_capacity) {
    return true;
  }
  size_t capacity = input->packed_capacity == 0 ? READ_BYTES : 2 * input->packed_capacity;
  uint8_t *packed = realloc(input->packed, capacity + BARO_BLOCK_SLACK_BYTES);
  if (packed == NULL) {
    stop_source(input, BARO_NO_MEMORY, "out of memory");
    return false;
  }
  input->packed = packed;
  input->packed_capacity = capacity;
  return true;
}

size_t baro_log_packed_need(baro_log_input *input, size_t length) {
  while (input->packed_to - input->packed_from < length && !input->source_ended) {
    size_t got = 0;
    if (make_packed_room(input)) {
      read_source(input, input->packed + input->packed_to,
                  input->packed_capacity - input->packed_to, &got);
    }
    input->packed_to += got;
  }
  return input->packed_to - input->packed_from;
}

uint8_t *baro_log_block_room(baro_log_input *input, size_t length) {
  if (input->block == NULL || length > input->block_capacity) {
    uint8_t *block = realloc(input->block, length + BARO_BLOCK_SLACK_BYTES);
    if (block == NULL) {
      (void)baro_log_input_end(input, BARO_NO_MEMORY, "out of memory");
      return NULL;
    }
    input->block = block;
    input->block_capacity = length;
  }
  return input->block;
}

/* --- plain --- */

static size_t read_plain(baro_log_input *input, uint8_t *data, size_t room) {
  size_t length = input->packed_to - input->packed_from;
  if (length != 0) { /* what was looked at */
    length = length < room ? length : room;
    memcpy(data, baro_log_packed_at(input), length);
    baro_log_packed_take(input, length);
    return length;
  }
  if (!input->source_ended) {
    read_source(input, data, room, &length);
  }
  return length != 0 ? length : baro_log_input_end(input, BARO_OK, "%s", "");
}

static const baro_log_packing plain = {.name = "plain", .magic = "", .read = read_plain};

/* --- what it is --- */

static const baro_log_packing *const packings[] = {
    &baro_log_gzip, &baro_log_zstd,   &baro_log_zstd_skippable,
    &baro_log_lz4,  &baro_log_snappy, &baro_log_lzf,
};

typedef struct known_magic {
  const char *magic;
  size_t length;
  const char *words;
} known_magic;

/* What people give by mistake, or must unpack or decrypt themselves. */
static const known_magic not_read[] = {
    {"Salted__", 8, "encrypted by openssl"},
    {"-----BEGIN PGP", 14, "encrypted by PGP"},
    {"age-encryption.org", 18, "encrypted by age"},
    {"PK\003\004", 4, "a zip archive: unpack it"},
    {"\xfd"
     "7zXZ",
     5, "packed by xz: unpack it"},
    {"BZh", 3, "packed by bzip2: unpack it"},
    {"\x04\x22\x4d\x18", 4, "an LZ4 frame, which Spark does not write: unpack it by lz4 -d"},
    {"\xff\x06\0\0sNaPpY", 10, "framed Snappy, which Spark does not write: unpack it"},
    {"PAR1", 4, "a Parquet file"},
    {"ORC", 3, "an ORC file"},
    {"\xff\xfe", 2, "UTF-16 text; logs are UTF-8"},
    {"\xfe\xff", 2, "UTF-16 text; logs are UTF-8"},
};

/* Of a file that ends within the magic, what there is must agree. */
static bool has_magic(const baro_log_packing *packing, baro_view head) {
  size_t length = head.length < packing->magic_length ? head.length : packing->magic_length;
  const uint8_t *magic = (const uint8_t *)packing->magic;
  return length != 0 && (head.data[0] & packing->first_mask) == magic[0] &&
         memcmp(head.data + 1, magic + 1, length - 1) == 0;
}

static bool is_text(baro_view head) {
  for (size_t i = 0; i < head.length; i++) {
    uint8_t byte = head.data[i];
    if (byte < ' ' && byte != '\n' && byte != '\r' && byte != '\t') {
      return false;
    }
  }
  return true;
}

static baro_status choose_packing(baro_log_input *input, baro_view head, baro_error *err) {
  for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
    if (has_magic(packings[i], head)) {
      input->packing = packings[i];
      return BARO_OK;
    }
  }
  for (size_t i = 0; i < sizeof(not_read) / sizeof(not_read[0]); i++) {
    if (head.length >= not_read[i].length &&
        memcmp(head.data, not_read[i].magic, not_read[i].length) == 0) {
      return baro_error_set(err, BARO_UNSUPPORTED, "no log that can be read: %s",
                            not_read[i].words);
    }
  }
  if (!is_text(head)) {
    return baro_error_set(err, BARO_UNSUPPORTED,
                          "no log: neither text nor gzip, zstd, lz4, snappy or lzf; encrypted, or "
                          "something else");
  }
  input->packing = &plain;
  if (head.length >= 3 && memcmp(head.data, "\xef\xbb\xbf", 3) == 0) {
    baro_log_packed_take(input, 3); /* a byte order mark, as some editors leave it */
  }
  return BARO_OK;
}

/* --- the input --- */

baro_status baro_log_input_create(const baro_log_source *source, baro_log_input **ret_input,
                                  baro_error *err) {
  baro_log_input *input = calloc(1, sizeof(*input));
  if (input == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  input->source = *source;
  size_t length = baro_log_packed_need(input, SNIFFED_BYTES);
  baro_view head = {.data = input->packed,
                    .length = length < SNIFFED_BYTES ? length : SNIFFED_BYTES};
  baro_status status = input->ending.status;
  if (status != BARO_OK && length == 0) { /* with some bytes read, they are worth more */
    status = baro_error_set(err, status, "%s", input->ending.message);
  } else {
    status = choose_packing(input, head, err);
  }
  if (status == BARO_OK && input->packing->begin != NULL) {
    status = input->packing->begin(input, err);
  }
  if (status != BARO_OK) {
    baro_log_input_destroy(input);
    return status;
  }
  *ret_input = input;
  return BARO_OK;
}

void baro_log_input_destroy(baro_log_input *input) {
  if (input == NULL) {
    return;
  }
  if (input->packing != NULL && input->packing->release != NULL) {
    input->packing->release(input);
  }
  free(input->packed);
  free(input->block);
  free(input);
}

const char *baro_log_input_packing(const baro_log_input *input) {
  return input->packing->name;
}

size_t baro_log_input_read(baro_log_input *input, uint8_t *data, size_t room) {
  size_t length = input->has_ended ? 0 : input->packing->read(input, data, room);
  input->plain_bytes += length;
  return length;
}

baro_status baro_log_input_ending(const baro_log_input *input, baro_error *err) {
  if (!input->has_ended || input->ending.status == BARO_OK) {
    return BARO_OK;
  }
  return baro_error_set(err, input->ending.status, "%s", input->ending.message);
}
