#include "recording/reader.h"

#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "base/os_file.h"
#include "recording/chunk.h"
#include "recording/chunk_queue.h"
#include "recording/format.h"
#include "recording/record_reader.h"

/* Where the bytes come from: memory, or a file that is read piece by piece. */
typedef struct source {
  const char *name;
  uint64_t bytes;
  const uint8_t *memory; /* borrowed; NULL: file */
  int file;
} source;

typedef struct recording {
  source source;
  baro_record_reader records;
  ZSTD_DCtx *decompressor; /* owned */
  baro_buffer stored;      /* the chunk as it is in the file */
  baro_buffer raw;
  baro_buffer index; /* entries of the chunks read so far */
  uint32_t sequence; /* of the next chunk */
  bool is_ended;     /* the index was there: nothing may follow */
  baro_damage *damage;
} recording;

static void damage_tell(baro_damage *damage, uint64_t offset, const char *why) {
  /* The path and so on stand in the caller's message; here only where and why. */
  (void)snprintf(damage->reason, sizeof(damage->reason), "%.120s at byte %llu", why,
                 (unsigned long long)offset);
}

/* length bytes at offset. BARO_TRUNCATED when the source ends before. */
static baro_status source_read(const source *from, uint64_t offset, size_t length,
                               baro_buffer *buffer, baro_view *ret_view, baro_error *err) {
  if (offset > from->bytes || length > from->bytes - offset) {
    return BARO_TRUNCATED;
  }
  if (from->memory != NULL) {
    *ret_view = (baro_view){.data = from->memory + offset, .length = length};
    return BARO_OK;
  }
  baro_buffer_clear(buffer);
  if (!baro_buffer_reserve(buffer, length)) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory for a chunk of %zu bytes", length);
  }
  size_t got = 0;
  baro_status status = baro_file_read_at(from->file, offset, buffer->data, length, &got, err);
  if (status != BARO_OK) {
    return status;
  }
  *ret_view = (baro_view){.data = buffer->data, .length = got};
  return got == length ? BARO_OK : BARO_TRUNCATED;
}

static baro_status read_file_head(recording *r, baro_error *err) {
  baro_view head;
  baro_status status = source_read(&r->source, 0, BARO_FORMAT_HEAD_BYTES, &r->stored, &head, err);
  if (status == BARO_TRUNCATED) {
    return baro_error_set(err, BARO_TRUNCATED, "not a recording: only %llu bytes",
                          (unsigned long long)r->source.bytes);
  }
  if (status != BARO_OK) {
    return status;
  }
  if (memcmp(head.data, BARO_FORMAT_MAGIC, BARO_FORMAT_MAGIC_BYTES) != 0) {
    return baro_error_set(
        err, BARO_INVALID,
        "not a recording; what other tools wrote becomes one by barograph import");
  }
  baro_reader reader = baro_reader_of(head.data, head.length);
  baro_reader_skip(&reader, BARO_FORMAT_MAGIC_BYTES);
  uint16_t major = baro_read_u16(&reader);
  uint16_t minor = baro_read_u16(&reader);
  baro_reader_skip(&reader, 4);
  if (baro_read_u32(&reader) != baro_crc32(head.data, BARO_FORMAT_HEAD_BYTES - 4)) {
    return baro_error_set(err, BARO_CORRUPT, "checksum of the file head");
  }
  if (major != BARO_FORMAT_MAJOR) {
    return baro_error_set(err, BARO_UNSUPPORTED,
                          "recording has format %u.%u, this barograph reads %d.x%s", major, minor,
                          BARO_FORMAT_MAJOR, major > BARO_FORMAT_MAJOR ? "; use a newer one" : "");
  }
  return BARO_OK;
}

/* The index says again what was read; a difference means that one of the two is wrong. */
static baro_status check_index(recording *r, baro_view raw, uint64_t offset, baro_error *err) {
  baro_buffer expected = {0};
  baro_view entries = {.data = r->index.data, .length = r->index.length};
  baro_chunk_index_finish(&expected, entries, r->sequence, offset);
  baro_view payload = {.data = expected.data, .length = expected.length};
  baro_status status = BARO_OK;
  if (expected.failed || r->index.failed) {
    status = baro_error_set(err, BARO_NO_MEMORY, "out of memory for the index");
  } else if (!baro_view_equal(raw, payload)) {
    status = baro_error_set(err, BARO_CORRUPT, "index disagrees with the chunks");
  }
  baro_buffer_release(&expected);
  r->is_ended = true;
  return status;
}

static baro_status read_records(recording *r, const baro_chunk_head *head, baro_view raw,
                                baro_error *err) {
  baro_record_reader *records = &r->records;
  baro_status status = baro_record_reader_chunk(records, raw, err);
  if (status == BARO_OK &&
      (head->samples != records->chunk_samples || head->first_ns != records->chunk_first_ns ||
       head->last_ns != records->chunk_last_ns)) {
    status = baro_error_set(err, BARO_CORRUPT, "chunk head disagrees with its samples");
  }
  return status;
}

/* Reads the chunk at offset. BARO_TRUNCATED without a message when the file ends inside it. */
static baro_status read_chunk(recording *r, uint64_t offset, uint64_t *ret_next, baro_error *err) {
  baro_view bytes;
  baro_chunk_head head;
  baro_status status =
      source_read(&r->source, offset, BARO_CHUNK_HEAD_BYTES, &r->stored, &bytes, err);
  if (status == BARO_OK) {
    status = baro_chunk_head_read(bytes.data, &head, err);
  }
  if (status != BARO_OK) {
    return status;
  }
  if (r->is_ended || head.sequence != r->sequence) {
    return baro_error_set(err, BARO_CORRUPT,
                          r->is_ended ? "chunk after the index" : "chunk out of order");
  }
  uint64_t payload = offset + BARO_CHUNK_HEAD_BYTES;
  status = source_read(&r->source, payload, head.stored_bytes, &r->stored, &bytes, err);
  baro_view raw;
  if (status == BARO_OK) {
    status = baro_chunk_unpack(r->decompressor, &head, bytes, &r->raw, &raw, err);
  }
  if (status != BARO_OK) {
    return status;
  }
  if (head.type == BARO_CHUNK_RECORDS) {
    status = read_records(r, &head, raw, err);
  } else if (head.type == BARO_CHUNK_INDEX) {
    status = check_index(r, raw, offset, err);
  } else {
    r->records.unknown_records++;
  }
  baro_chunk_index_add(&r->index, &head);
  r->sequence++;
  *ret_next = payload + head.stored_bytes;
  return status;
}

/* All chunks. What is wrong with the recording goes into damage; what is wrong with us (memory,
 * reading, the visitor) fails. */
static baro_status read_chunks(recording *r, baro_error *err) {
  uint64_t offset = BARO_FORMAT_HEAD_BYTES;
  while (offset < r->source.bytes) {
    baro_error why = {0};
    uint64_t next = offset;
    baro_status status = read_chunk(r, offset, &next, &why);
    if (r->records.is_visitor_error) {
      if (err != NULL) {
        *err = why;
      }
      return status;
    }
    switch (status) {
    case BARO_OK: break;
    case BARO_TRUNCATED:
      r->damage->truncated = true;
      damage_tell(r->damage, offset, "file ends inside the chunk");
      return BARO_OK;
    case BARO_CORRUPT:
      r->damage->corrupt = true;
      damage_tell(r->damage, offset, why.message);
      return BARO_OK;
    default:
      if (err != NULL) {
        *err = why;
      }
      return status;
    }
    offset = next;
    r->damage->good_bytes = offset;
    r->damage->chunks = r->sequence;
  }
  return BARO_OK;
}

static baro_status read_source(const source *from, const baro_visitor *visitor,
                               baro_damage *ret_damage, baro_error *err) {
  static const baro_visitor nobody = {0};
  *ret_damage = (baro_damage){.file_bytes = from->bytes};
  recording r = {.source = *from, .damage = ret_damage};
  r.records.visitor = visitor != NULL ? visitor : &nobody;
  r.decompressor = ZSTD_createDCtx();
  baro_status status = r.decompressor == NULL ? baro_error_set(err, BARO_NO_MEMORY, "out of memory")
                                              : read_file_head(&r, err);
  if (status == BARO_OK) {
    ret_damage->good_bytes = BARO_FORMAT_HEAD_BYTES;
    status = read_chunks(&r, err);
  }
  ret_damage->complete = r.records.is_closed;
  ret_damage->unknown_records = r.records.unknown_records;
  ret_damage->dropped_samples = r.records.dropped_samples;
  ret_damage->dropped_call_events = r.records.dropped_call_events;
  ZSTD_freeDCtx(r.decompressor);
  baro_buffer_release(&r.stored);
  baro_buffer_release(&r.raw);
  baro_buffer_release(&r.index);
  baro_record_reader_release(&r.records);
  return status == BARO_OK || r.records.is_visitor_error
             ? status
             : baro_error_prefix(err, status, "%s", from->name);
}

baro_status baro_recording_read_memory(baro_view bytes, const char *name,
                                       const baro_visitor *visitor, baro_damage *ret_damage,
                                       baro_error *err) {
  static const uint8_t nothing[1] = {0};
  source from = {.name = name,
                 .bytes = bytes.length,
                 .memory = bytes.length == 0 ? nothing : bytes.data,
                 .file = -1};
  return read_source(&from, visitor, ret_damage, err);
}

baro_status baro_recording_read(const char *path, const baro_visitor *visitor,
                                baro_damage *ret_damage, baro_error *err) {
  source from = {.name = path};
  baro_status status = baro_file_open(path, &from.file, &from.bytes, err);
  if (status != BARO_OK) {
    return status;
  }
  status = read_source(&from, visitor, ret_damage, err);
  baro_status ignored = baro_file_close(from.file, NULL);
  (void)ignored;
  return status;
}
