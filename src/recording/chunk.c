#include "recording/chunk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "recording/format.h"

/* zstd's own default. Only definitions and events are left to it, samples being as small as they get:
 * level 9 makes those 2 % smaller (recordings of examples/demo, 2026-11). Calls are many: level 1 makes them as
 * small and takes 10 ns less an event (tests/tools/recording_cost, 2026-11). */
enum { DEFAULT_LEVEL = 3, CALLS_LEVEL = 1 };

struct baro_chunk_packer {
  ZSTD_CCtx *context; /* owned */
  int level;          /* 0: by what is in the chunk */
};

uint32_t baro_crc32(const void *data, size_t length) {
  return (uint32_t)crc32_z(0, data, length);
}

baro_chunk_packer *baro_chunk_packer_create(int level) {
  baro_chunk_packer *packer = calloc(1, sizeof(*packer));
  if (packer == NULL) {
    return NULL;
  }
  packer->level = level;
  packer->context = ZSTD_createCCtx();
  if (packer->context == NULL) {
    baro_chunk_packer_destroy(packer);
    return NULL;
  }
  return packer;
}

void baro_chunk_packer_destroy(baro_chunk_packer *packer) {
  if (packer != NULL) {
    ZSTD_freeCCtx(packer->context);
    free(packer);
  }
}

/* One zstd frame of raw at out->length; false when zstd fails, which means memory. */
static bool compress_raw(ZSTD_CCtx *context, int level, baro_view raw, size_t cut,
                         baro_buffer *out) {
  if (ZSTD_isError(ZSTD_CCtx_reset(context, ZSTD_reset_session_only)) ||
      ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) ||
      ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(context, raw.length))) {
    return false;
  }
  ZSTD_outBuffer target = {.dst = out->data + out->length, .size = out->capacity - out->length};
  ZSTD_inBuffer source = {.src = raw.data, .size = cut};
  for (int i = cut == 0 ? 1 : 0; i < 2; i++) {
    ZSTD_EndDirective how = i == 0 ? ZSTD_e_flush : ZSTD_e_end;
    source.size = i == 0 ? cut : raw.length;
    size_t left;
    do {
      left = ZSTD_compressStream2(context, &target, &source, how);
      if (ZSTD_isError(left) || (left != 0 && target.pos == target.size)) {
        return false;
      }
    } while (left != 0);
  }
  out->length += target.pos;
  return true;
}

static void head_write(baro_buffer *out, const baro_chunk_head *head) {
  size_t start = out->length;
  baro_write_bytes(out, BARO_CHUNK_MAGIC, 4);
  baro_write_u8(out, head->type);
  baro_write_u8(out, head->flags);
  baro_write_u16(out, 0);
  baro_write_u32(out, head->sequence);
  baro_write_u32(out, head->stored_bytes);
  baro_write_u32(out, head->raw_bytes);
  baro_write_u32(out, head->samples);
  baro_write_u64(out, head->first_ns);
  baro_write_u64(out, head->last_ns);
  baro_write_u32(out, head->payload_crc);
  baro_write_u32(out, baro_crc32(out->data + start, out->length - start));
}

baro_status baro_chunk_pack(baro_chunk_packer *packer, baro_chunk_head *head, baro_view raw,
                            size_t cut, baro_buffer *out) {
  assert(cut <= raw.length);
  /* The cut may cost a block head and lose some compression: the bound is for one block run. */
  size_t room = BARO_CHUNK_HEAD_BYTES + ZSTD_compressBound(raw.length) + 128;
  if (raw.length > BARO_CHUNK_RAW_LIMIT_BYTES || !baro_buffer_reserve(out, room)) {
    out->failed = false; /* nothing was dropped: the caller keeps raw */
    return BARO_NO_MEMORY;
  }
  size_t start = out->length;
  size_t payload = start + BARO_CHUNK_HEAD_BYTES;
  out->length = payload;
  /* The index is stored as it is, so that its tail is the end of the file. */
  if (head->type == BARO_CHUNK_INDEX) {
    head->flags = 0;
    baro_write_bytes(out, raw.data, raw.length);
  } else {
    int fitting = head->call_events != 0 ? CALLS_LEVEL : DEFAULT_LEVEL;
    int level = packer->level != 0 ? packer->level : fitting;
    head->flags = BARO_CHUNK_FLAG_ZSTD;
    if (!compress_raw(packer->context, level, raw, cut, out)) {
      out->length = start;
      return BARO_NO_MEMORY;
    }
  }
  size_t stop = out->length;
  head->stored_bytes = (uint32_t)(stop - payload);
  head->raw_bytes = (uint32_t)raw.length;
  head->payload_crc = baro_crc32(out->data + payload, stop - payload);
  out->length = start;
  head_write(out, head);
  out->length = stop;
  return BARO_OK;
}

baro_status baro_chunk_head_read(const uint8_t *bytes, baro_chunk_head *ret_head, baro_error *err) {
  baro_reader reader = baro_reader_of(bytes, BARO_CHUNK_HEAD_BYTES);
  if (memcmp(bytes, BARO_CHUNK_MAGIC, 4) != 0) {
    return baro_error_set(err, BARO_CORRUPT, "no chunk here");
  }
  baro_reader_skip(&reader, 4);
  baro_chunk_head head = {0};
  head.type = baro_read_u8(&reader);
  head.flags = baro_read_u8(&reader);
  uint16_t reserved = baro_read_u16(&reader);
  head.sequence = baro_read_u32(&reader);
  head.stored_bytes = baro_read_u32(&reader);
  head.raw_bytes = baro_read_u32(&reader);
  head.samples = baro_read_u32(&reader);
  head.first_ns = baro_read_u64(&reader);
  head.last_ns = baro_read_u64(&reader);
  head.payload_crc = baro_read_u32(&reader);
  if (baro_read_u32(&reader) != baro_crc32(bytes, BARO_CHUNK_HEAD_BYTES - 4)) {
    return baro_error_set(err, BARO_CORRUPT, "checksum of the chunk head");
  }
  if (reserved != 0 || (head.flags & ~BARO_CHUNK_FLAG_ZSTD) != 0) {
    return baro_error_set(err, BARO_CORRUPT, "unknown flags of a chunk");
  }
  if (head.raw_bytes > BARO_CHUNK_RAW_LIMIT_BYTES ||
      head.stored_bytes > ZSTD_COMPRESSBOUND((size_t)BARO_CHUNK_RAW_LIMIT_BYTES)) {
    return baro_error_set(err, BARO_CORRUPT, "chunk larger than %d MiB",
                          BARO_CHUNK_RAW_LIMIT_BYTES >> 20);
  }
  *ret_head = head;
  return BARO_OK;
}

/* Exactly one zstd frame that says the size we expect: what it unpacks to is bounded beforehand. */
static bool frame_is_sound(const baro_chunk_head *head, baro_view stored) {
  return ZSTD_getFrameContentSize(stored.data, stored.length) == head->raw_bytes &&
         ZSTD_findFrameCompressedSize(stored.data, stored.length) == stored.length;
}

baro_status baro_chunk_unpack(void *decompressor, const baro_chunk_head *head, baro_view stored,
                              baro_buffer *buffer, baro_view *ret_raw, baro_error *err) {
  if (baro_crc32(stored.data, stored.length) != head->payload_crc) {
    return baro_error_set(err, BARO_CORRUPT, "checksum of the chunk");
  }
  if ((head->flags & BARO_CHUNK_FLAG_ZSTD) == 0) {
    if (head->raw_bytes != head->stored_bytes) {
      return baro_error_set(err, BARO_CORRUPT, "lengths of the chunk disagree");
    }
    *ret_raw = stored;
    return BARO_OK;
  }
  if (!frame_is_sound(head, stored)) {
    return baro_error_set(err, BARO_CORRUPT, "chunk is not one zstd frame of %u bytes",
                          head->raw_bytes);
  }
  baro_buffer_clear(buffer);
  if (!baro_buffer_reserve(buffer, head->raw_bytes)) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory for a chunk of %u bytes",
                          head->raw_bytes);
  }
  size_t got =
      ZSTD_decompressDCtx(decompressor, buffer->data, head->raw_bytes, stored.data, stored.length);
  if (ZSTD_isError(got)) {
    return baro_error_set(err, BARO_CORRUPT, "zstd: %s", ZSTD_getErrorName(got));
  }
  if (got != head->raw_bytes) {
    return baro_error_set(err, BARO_CORRUPT, "chunk unpacks to %zu bytes instead of %u", got,
                          head->raw_bytes);
  }
  *ret_raw = (baro_view){.data = buffer->data, .length = got};
  return BARO_OK;
}
