/* From records that gathered to sealed chunks, and to the file. */
#include "recording/writer_state.h"

void baro_writer_drop_pending(baro_writer *writer) {
  writer->dropped += writer->pending_count;
  writer->samples -= writer->pending_count;
  writer->pending_count = 0;
}

static void head_add_samples(baro_writer *writer) {
  baro_chunk_head *head = &writer->head;
  for (uint32_t i = 0; i < writer->pending_count; i++) {
    uint64_t unit_ns = writer->encoder.in_ns ? 1 : 1000;
    uint64_t time_ns = writer->pending[i].time_ns / unit_ns * unit_ns; /* as readers will see it */
    if (head->samples == 0 || time_ns < head->first_ns) {
      head->first_ns = time_ns;
    }
    if (head->samples == 0 || time_ns > head->last_ns) {
      head->last_ns = time_ns;
    }
    head->samples++;
  }
}

/* Moves the pending samples into raw, or drops them where there is no room. */
static void encode_samples(baro_writer *writer) {
  size_t start = writer->raw.length;
  if (writer->queue.waiting.length > BARO_WRITER_BACKLOG_BYTES ||
      writer->raw.length > BARO_WRITER_GATHER_BYTES * 2 ||
      writer->head.samples > BARO_CHUNK_SAMPLE_LIMIT - BARO_SAMPLE_BLOCK_LIMIT ||
      baro_sample_encode(&writer->encoder, writer->pending, writer->pending_count,
                         writer->stack_count, &writer->raw) != BARO_OK) {
    baro_writer_drop_pending(writer);
    return;
  }
  head_add_samples(writer);
  writer->cut = start;
  writer->pending_count = 0;
}

void baro_writer_encode_pending(baro_writer *writer) {
  baro_call_encoder_flush(&writer->calls, &writer->raw);
  if (writer->pending_count != 0) {
    encode_samples(writer);
  }
  baro_reader ended = baro_reader_of(writer->ended.data, writer->ended.length);
  while (baro_reader_left(&ended) != 0) {
    baro_sample_encoder_end_thread(&writer->encoder, baro_read_u32(&ended));
  }
  baro_buffer_clear(&writer->ended);
}

baro_status baro_writer_tell_number(baro_writer *writer, baro_record_type type, uint64_t number,
                                    uint64_t *told) {
  baro_buffer_clear(&writer->scratch);
  baro_write_varint(&writer->scratch, number);
  baro_status status = baro_writer_record_append(writer, type);
  if (status == BARO_OK) {
    *told = number;
  }
  return status;
}

baro_status baro_writer_tell_dropped(baro_writer *writer) {
  baro_status status = BARO_OK;
  if (writer->dropped != writer->dropped_told) {
    status = baro_writer_tell_number(writer, BARO_RECORD_DROPPED, writer->dropped,
                                     &writer->dropped_told);
  }
  if (status == BARO_OK && writer->calls.untold != writer->dropped_calls_told) {
    status = baro_writer_tell_number(writer, BARO_RECORD_DROPPED_CALLS, writer->calls.untold,
                                     &writer->dropped_calls_told);
  }
  return status;
}

baro_status baro_writer_seal(baro_writer *writer) {
  baro_writer_encode_pending(writer);
  baro_status told = baro_writer_tell_dropped(writer);
  (void)told; /* else the next chunk tells it */
  if (writer->raw.length == 0) {
    return BARO_OK;
  }
  writer->head.type = BARO_CHUNK_RECORDS;
  writer->head.call_events = writer->calls.raw_events;
  baro_view raw = {.data = writer->raw.data, .length = writer->raw.length};
  baro_status status = baro_chunk_queue_add(&writer->queue, &writer->head, raw, writer->cut);
  if (status == BARO_OK) {
    baro_buffer_clear(&writer->raw);
    writer->head = (baro_chunk_head){0};
    writer->calls.raw_events = 0;
  }
  writer->cut = 0;
  return status;
}

baro_status baro_writer_write_out(baro_writer *writer) {
  baro_error trouble = {0};
  if (baro_chunk_queue_write(&writer->queue, &trouble) != BARO_OK) {
    (void)baro_error_prefix(&trouble, trouble.status, "%s", writer->name);
  }
  writer->trouble = trouble;
  return trouble.status;
}

baro_status baro_writer_flush(baro_writer *writer, baro_error *err) {
  baro_status status = baro_writer_seal(writer);
  if (status != BARO_OK) {
    baro_error_set(&writer->trouble, status, "write %s: out of memory", writer->name);
  } else {
    status = baro_writer_write_out(writer);
  }
  if (status != BARO_OK && err != NULL) {
    *err = writer->trouble;
  }
  return status;
}

void baro_writer_flush_quietly(baro_writer *writer) {
  baro_status ignored = baro_writer_flush(writer, NULL);
  (void)ignored;
}
