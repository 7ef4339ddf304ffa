/* The begin and the end of a recording: head, close record, index, and what is left where the disk is full. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/os_file.h"
#include "recording/output.h"
#include "recording/writer_state.h"

static void writer_free(baro_writer *writer) {
  baro_chunk_queue_release(&writer->queue);
  baro_buffer_release(&writer->raw);
  baro_buffer_release(&writer->scratch);
  baro_sample_encoder_release(&writer->encoder);
  baro_buffer_release(&writer->ended);
  baro_call_encoder_release(&writer->calls);
  baro_intern_release(&writer->strings);
  baro_intern_release(&writer->functions);
  baro_map_release(&writer->frames);
  baro_map_release(&writer->stacks);
  baro_arena_release(&writer->arena);
  free(writer);
}

static baro_status write_file_head(baro_writer *writer, baro_error *err) {
  baro_buffer *head = &writer->scratch;
  baro_write_bytes(head, BARO_FORMAT_MAGIC, BARO_FORMAT_MAGIC_BYTES);
  baro_write_u16(head, BARO_FORMAT_MAJOR);
  baro_write_u16(head, BARO_FORMAT_MINOR);
  baro_write_u32(head, 0);
  baro_write_u32(head, baro_crc32(head->data, head->length));
  if (head->failed) {
    return baro_error_set(err, BARO_NO_MEMORY, "write %s: out of memory", writer->name);
  }
  baro_view bytes = {.data = head->data, .length = head->length};
  baro_status status = writer->queue.output.write(writer->queue.output.context, 0, bytes, err);
  if (status != BARO_OK) {
    return baro_error_prefix(err, status, "%s", writer->name);
  }
  writer->queue.written_bytes = bytes.length;
  return BARO_OK;
}

/* NULL when out of memory. Does not own the output yet. */
static baro_writer *writer_alloc(const char *name, int level) {
  baro_writer *writer = calloc(1, sizeof(*writer));
  if (writer == NULL) {
    return NULL;
  }
  writer->name = baro_arena_format(&writer->arena, "%s", name);
  writer->pending =
      baro_arena_array(&writer->arena, BARO_SAMPLE_BLOCK_LIMIT, sizeof(*writer->pending));
  writer->queue.packer = baro_chunk_packer_create(level);
  if (writer->name == NULL || writer->pending == NULL || writer->queue.packer == NULL ||
      !baro_buffer_reserve(&writer->scratch, BARO_FORMAT_HEAD_BYTES)) {
    writer_free(writer);
    return NULL;
  }
  return writer;
}

baro_status baro_writer_create_on(const baro_output *take_output, const char *name,
                                  const baro_writer_options *options, baro_writer **ret_writer,
                                  baro_error *err) {
  baro_writer *writer = writer_alloc(name, options == NULL ? 0 : options->compression_level);
  baro_status status = BARO_NO_MEMORY;
  if (writer == NULL) {
    status = baro_error_set(err, BARO_NO_MEMORY, "write %s: out of memory", name);
  } else {
    writer->queue.output = *take_output;
    status = write_file_head(writer, err);
  }
  if (status == BARO_OK && options != NULL && options->imported) {
    writer->encoder.in_ns = true;
  } else if (status == BARO_OK) {
    baro_clock_anchor anchor = baro_clock_anchor_now();
    baro_writer_anchor(writer, &anchor);
    status = baro_writer_flush(writer, err);
  }
  if (status != BARO_OK) {
    baro_status ignored = take_output->close(take_output->context, NULL);
    (void)ignored;
    if (writer != NULL) {
      writer_free(writer);
    }
    return status;
  }
  *ret_writer = writer;
  return BARO_OK;
}

baro_status baro_writer_create(const char *path, const baro_writer_options *options,
                               baro_writer **ret_writer, baro_error *err) {
  baro_output output;
  baro_status status =
      baro_output_create_file(path, options != NULL && options->overwrite, &output, err);
  if (status != BARO_OK) {
    return status;
  }
  status = baro_writer_create_on(&output, path, options, ret_writer, err);
  if (status != BARO_OK) {
    /* Made by us a moment ago and without a whole head: of no use to anyone. */
    baro_file_remove(path);
  }
  return status;
}

static baro_status write_close_record(baro_writer *writer) {
  baro_writer_encode_pending(writer);
  baro_call_encoder_drop(&writer->calls); /* what found no memory */
  baro_status status = baro_writer_tell_dropped(writer);
  if (status != BARO_OK) {
    return status;
  }
  baro_buffer *record = baro_writer_record_begin(writer);
  baro_write_varint(record, writer->samples);
  baro_write_varint(record, writer->dropped);
  return baro_writer_record_append(writer, BARO_RECORD_CLOSE);
}

/* Instead of what cannot be written any more a few bytes, for which room was kept: that it is missing, and why. What
 * the recording has is then whole. Where even that fails, it just ends. */
static void leave_mark(baro_writer *writer, baro_status why) {
  baro_chunk_queue *queue = &writer->queue;
  baro_chunk_loss waiting = baro_chunk_queue_drop(queue);
  uint64_t lost = waiting.samples + writer->head.samples;
  writer->samples -= lost;
  writer->dropped += lost;
  baro_writer_drop_pending(writer);
  uint64_t lost_events = waiting.call_events + writer->calls.raw_events;
  writer->calls.dropped += lost_events;
  writer->calls.untold += lost_events;
  writer->calls.raw_events = 0;
  baro_call_encoder_drop(&writer->calls);
  baro_buffer_clear(&writer->raw);
  writer->head = (baro_chunk_head){0};
  baro_writer_info(writer, "end", why == BARO_NO_SPACE ? "disk_full" : "write_failed");
  /* What was told before may be among what was given up. */
  baro_status status =
      baro_writer_tell_number(writer, BARO_RECORD_DROPPED, writer->dropped, &writer->dropped_told);
  writer->dropped_calls_told = 0;
  if (status == BARO_OK) {
    status = write_close_record(writer);
  }
  if (status == BARO_OK) {
    status = baro_writer_seal(writer);
  }
  if (status == BARO_OK) {
    status = baro_chunk_queue_add_index(queue);
  }
  if (status == BARO_OK) {
    queue->is_ending = true;
    status = baro_chunk_queue_write(queue, NULL);
  }
}

/* Behind the close record: nothing of the recording is missing without it. */
static baro_status write_index(baro_writer *writer) {
  baro_status status = baro_chunk_queue_add_index(&writer->queue);
  if (status != BARO_OK) {
    return baro_error_set(&writer->trouble, status, "write %s: out of memory", writer->name);
  }
  writer->queue.is_ending = true;
  return baro_writer_write_out(writer);
}

/* All that can be written, in an order that keeps every prefix good. */
static baro_status finish(baro_writer *writer, baro_error *err) {
  /* Twice: the close record counts what the first flush had to drop. */
  baro_writer_flush_quietly(writer);
  baro_status status = write_close_record(writer);
  if (status == BARO_OK) {
    status = baro_writer_seal(writer);
  }
  if (status != BARO_OK) {
    return baro_error_set(err, status, "write %s: out of memory", writer->name);
  }
  status = baro_writer_write_out(writer);
  if (status == BARO_OK) {
    status = write_index(writer);
  } else {
    leave_mark(writer, status);
  }
  baro_chunk_queue_unreserve(&writer->queue);
  if (status != BARO_OK) {
    if (err != NULL) {
      *err = writer->trouble;
    }
    return status;
  }
  status = writer->queue.output.sync(writer->queue.output.context, err);
  return status == BARO_OK ? status : baro_error_prefix(err, status, "%s", writer->name);
}

baro_status baro_writer_close(baro_writer *take_writer, baro_error *err) {
  baro_writer *writer = take_writer;
  if (writer == NULL) {
    return BARO_OK;
  }
  baro_status status = finish(writer, err);
  baro_output *output = &writer->queue.output;
  baro_status close_status = output->close(output->context, status == BARO_OK ? err : NULL);
  if (status == BARO_OK && close_status != BARO_OK) {
    status = baro_error_prefix(err, close_status, "%s", writer->name);
  }
  writer_free(writer);
  return status;
}
