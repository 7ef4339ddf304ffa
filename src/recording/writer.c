#include "recording/writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/os_file.h"
#include "recording/output.h"
#include "recording/writer_state.h"

#define NS_PER_SECOND UINT64_C(1000000000)

enum {
  CHUNK_GATHER_BYTES = 1024 * 1024,
  BACKLOG_LIMIT_BYTES = 64 * 1024 * 1024,
  ANCHOR_PERIOD_SECONDS = 60,
};

/* --- Chunks --- */

static void drop_pending(baro_writer *writer) {
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
  if (writer->queue.waiting.length > BACKLOG_LIMIT_BYTES ||
      writer->raw.length > CHUNK_GATHER_BYTES * 2 ||
      writer->head.samples > BARO_CHUNK_SAMPLE_LIMIT - BARO_SAMPLE_BLOCK_LIMIT ||
      baro_sample_encode(&writer->encoder, writer->pending, writer->pending_count,
                         writer->stack_count, &writer->raw) != BARO_OK) {
    drop_pending(writer);
    return;
  }
  head_add_samples(writer);
  writer->cut = start;
  writer->pending_count = 0;
}

static void encode_pending(baro_writer *writer) {
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

static baro_status tell_number(baro_writer *writer, baro_record_type type, uint64_t number,
                               uint64_t *told) {
  baro_buffer_clear(&writer->scratch);
  baro_write_varint(&writer->scratch, number);
  baro_status status = baro_writer_record_append(writer, type);
  if (status == BARO_OK) {
    *told = number;
  }
  return status;
}

/* What was dropped since that was last told. */
static baro_status tell_dropped(baro_writer *writer) {
  baro_status status = BARO_OK;
  if (writer->dropped != writer->dropped_told) {
    status = tell_number(writer, BARO_RECORD_DROPPED, writer->dropped, &writer->dropped_told);
  }
  if (status == BARO_OK && writer->calls.untold != writer->dropped_calls_told) {
    status = tell_number(writer, BARO_RECORD_DROPPED_CALLS, writer->calls.untold,
                         &writer->dropped_calls_told);
  }
  return status;
}

/* Makes a sealed chunk of what has gathered. When memory is short, it stays where it is. */
static baro_status seal(baro_writer *writer) {
  encode_pending(writer);
  baro_status told = tell_dropped(writer);
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

static baro_status write_out(baro_writer *writer) {
  baro_error trouble = {0};
  if (baro_chunk_queue_write(&writer->queue, &trouble) != BARO_OK) {
    (void)baro_error_prefix(&trouble, trouble.status, "%s", writer->name);
  }
  writer->trouble = trouble;
  return trouble.status;
}

baro_status baro_writer_flush(baro_writer *writer, baro_error *err) {
  baro_status status = seal(writer);
  if (status != BARO_OK) {
    baro_error_set(&writer->trouble, status, "write %s: out of memory", writer->name);
  } else {
    status = write_out(writer);
  }
  if (status != BARO_OK && err != NULL) {
    *err = writer->trouble;
  }
  return status;
}

/* For the callers that cannot fail: the trouble is kept for baro_writer_trouble. */
static void flush_quietly(baro_writer *writer) {
  baro_status ignored = baro_writer_flush(writer, NULL);
  (void)ignored;
}

/* --- Records --- */

baro_buffer *baro_writer_record_begin(baro_writer *writer) {
  if (writer->raw.length >= CHUNK_GATHER_BYTES) {
    flush_quietly(writer);
  }
  baro_buffer_clear(&writer->scratch);
  return &writer->scratch;
}

baro_status baro_writer_record_append(baro_writer *writer, baro_record_type type) {
  enum { HEAD_BYTES = 20 };
  const baro_buffer *payload = &writer->scratch;
  /* A chunk that cannot be sealed for lack of memory grows no further than readers take it. */
  size_t room = BARO_CHUNK_RAW_LIMIT_BYTES / 2 - writer->raw.length;
  if (payload->failed || payload->length + HEAD_BYTES > room ||
      !baro_buffer_reserve(&writer->raw, payload->length + HEAD_BYTES)) {
    writer->raw.failed = false; /* nothing was dropped yet */
    return BARO_NO_MEMORY;
  }
  baro_write_varint(&writer->raw, (uint64_t)type);
  baro_write_varint(&writer->raw, payload->length);
  baro_write_bytes(&writer->raw, payload->data, payload->length);
  return BARO_OK;
}

/* The same for events, which never fail. */
static void event_append(baro_writer *writer, baro_record_type type) {
  if (baro_writer_record_append(writer, type) != BARO_OK) {
    writer->dropped++;
  }
}

void baro_writer_put_optional_id(baro_buffer *buffer, uint32_t id) {
  baro_write_varint(buffer, id == BARO_NONE_ID ? 0 : (uint64_t)id + 1);
}

baro_view baro_writer_cut(baro_view text) {
  if (text.length > BARO_STRING_LIMIT_BYTES) {
    text.length = BARO_STRING_LIMIT_BYTES;
  }
  return text;
}

/* --- Events --- */

void baro_writer_thread_name(baro_writer *writer, uint32_t thread, uint32_t name_string) {
  assert(thread < writer->encoder.model.count && name_string < writer->strings.count);
  baro_buffer *record = baro_writer_record_begin(writer);
  baro_write_varint(record, thread);
  baro_write_varint(record, name_string);
  event_append(writer, BARO_RECORD_THREAD_NAME);
}

static void write_end(baro_writer *writer, const baro_end_record *end, baro_record_type type) {
  baro_buffer *record = baro_writer_record_begin(writer);
  baro_write_varint(record, end->index);
  baro_write_varint(record, end->time_ns);
  baro_write_zigzag(record, end->wait_status);
  event_append(writer, type);
}

void baro_writer_process_end(baro_writer *writer, const baro_end_record *end) {
  assert(end->index < writer->process_count);
  write_end(writer, end, BARO_RECORD_PROCESS_END);
}

void baro_writer_thread_end(baro_writer *writer, const baro_end_record *end) {
  assert(end->index < writer->encoder.model.count);
  write_end(writer, end, BARO_RECORD_THREAD_END);
  /* Without memory for this little, its state stays as long as the writer. */
  if (baro_buffer_reserve(&writer->ended, sizeof(uint32_t))) {
    baro_write_u32(&writer->ended, end->index);
  }
  writer->ended.failed = false;
}

void baro_writer_sample(baro_writer *writer, const baro_sample_record *sample) {
  assert(sample->thread < writer->encoder.model.count);
  assert(sample->stack < writer->stack_count || sample->stack == BARO_NONE_ID);
  assert((unsigned)sample->state < BARO_STATE_COUNT);
  writer->pending[writer->pending_count++] = *sample;
  writer->samples++;
  if (writer->pending_count == BARO_SAMPLE_BLOCK_LIMIT) {
    flush_quietly(writer);
    /* Still there only when there was no memory to seal. */
    drop_pending(writer);
  }
}

/* Bugs of who writes: readers would refuse the chunk. */
static void check_calls(const baro_writer *writer, const baro_call_event *events, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const baro_call_event *event = &events[i];
    bool is_enter = event->kind == BARO_CALL_ENTER || event->kind == BARO_CALL_ENTER_SUSPENDABLE;
    assert(!(is_enter || event->kind == BARO_CALL_SKIPPED) ||
           event->function < writer->functions.count);
    assert(event->kind != BARO_CALL_RAISE || event->exception_string == BARO_NONE_ID ||
           event->exception_string < writer->strings.count);
    (void)is_enter;
  }
  (void)writer;
}

void baro_writer_calls(baro_writer *writer, uint32_t thread, const baro_call_event *events,
                       uint32_t count) {
  assert(thread < writer->encoder.model.count);
  while (count != 0) {
    uint32_t part = count < BARO_CALL_BLOCK_LIMIT ? count : BARO_CALL_BLOCK_LIMIT;
    check_calls(writer, events, part);
    bool keep = writer->queue.waiting.length <= BACKLOG_LIMIT_BYTES;
    baro_call_encoder_put(&writer->calls, thread, events, part, keep, &writer->raw);
    /* Blocks count as well: they go out with the next chunk. */
    if (writer->raw.length + writer->calls.pending_bytes >= CHUNK_GATHER_BYTES) {
      flush_quietly(writer);
    }
    events += part;
    count -= part;
  }
}

void baro_writer_counters(baro_writer *writer, const baro_counters_record *counters) {
  assert(counters->process < writer->process_count || counters->process == BARO_NONE_ID);
  baro_buffer *record = baro_writer_record_begin(writer);
  baro_writer_put_optional_id(record, counters->process);
  baro_write_varint(record, counters->time_ns);
  baro_write_varint(record, BARO_COUNTER_COUNT);
  for (size_t i = 0; i < BARO_COUNTER_COUNT; i++) {
    baro_write_varint(record, i);
    baro_write_varint(record, counters->values[i]);
  }
  event_append(writer, BARO_RECORD_COUNTERS);
}

void baro_writer_note(baro_writer *writer, const baro_note_record *note) {
  assert(note->process < writer->process_count || note->process == BARO_NONE_ID);
  baro_buffer *record = baro_writer_record_begin(writer);
  baro_write_varint(record, note->time_ns);
  baro_writer_put_optional_id(record, note->process);
  baro_write_string(record, baro_writer_cut(note->text));
  event_append(writer, BARO_RECORD_NOTE);
}

void baro_writer_process_fact(baro_writer *writer, const baro_process_fact_record *fact) {
  assert(fact->process < writer->process_count);
  baro_buffer *record = baro_writer_record_begin(writer);
  baro_write_varint(record, fact->process);
  baro_write_string(record, baro_writer_cut(fact->key));
  baro_write_string(record, baro_writer_cut(fact->value));
  event_append(writer, BARO_RECORD_PROCESS_FACT);
}

void baro_writer_info(baro_writer *writer, const char *key, const char *value) {
  baro_buffer *record = baro_writer_record_begin(writer);
  baro_write_string(record, baro_writer_cut(baro_view_of(key)));
  baro_write_string(record, baro_writer_cut(baro_view_of(value)));
  event_append(writer, BARO_RECORD_INFO);
}

void baro_writer_anchor(baro_writer *writer, const baro_clock_anchor *anchor) {
  baro_buffer *record = baro_writer_record_begin(writer);
  baro_write_varint(record, anchor->monotonic_ns);
  baro_write_varint(record, anchor->utc_ns);
  event_append(writer, BARO_RECORD_ANCHOR);
}

static void write_anchor(baro_writer *writer) {
  baro_clock_anchor anchor = baro_clock_anchor_now();
  baro_writer_anchor(writer, &anchor);
}

void baro_writer_tick(baro_writer *writer, uint64_t now_ns) {
  if (now_ns - writer->chunk_ns < NS_PER_SECOND) {
    return;
  }
  /* A new pair each minute: UTC may be stepped or slewed while we record. */
  if (now_ns - writer->anchor_ns >= ANCHOR_PERIOD_SECONDS * NS_PER_SECOND) {
    if (writer->anchor_ns != 0) {
      write_anchor(writer);
    }
    writer->anchor_ns = now_ns;
  }
  writer->chunk_ns = now_ns;
  flush_quietly(writer);
}

/* --- Life --- */

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
    write_anchor(writer);
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
  encode_pending(writer);
  baro_call_encoder_drop(&writer->calls); /* what found no memory */
  baro_status status = tell_dropped(writer);
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
  drop_pending(writer);
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
      tell_number(writer, BARO_RECORD_DROPPED, writer->dropped, &writer->dropped_told);
  writer->dropped_calls_told = 0;
  if (status == BARO_OK) {
    status = write_close_record(writer);
  }
  if (status == BARO_OK) {
    status = seal(writer);
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
  return write_out(writer);
}

/* All that can be written, in an order that keeps every prefix good. */
static baro_status finish(baro_writer *writer, baro_error *err) {
  /* Twice: the close record counts what the first flush had to drop. */
  flush_quietly(writer);
  baro_status status = write_close_record(writer);
  if (status == BARO_OK) {
    status = seal(writer);
  }
  if (status != BARO_OK) {
    return baro_error_set(err, status, "write %s: out of memory", writer->name);
  }
  status = write_out(writer);
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

/* --- Questions --- */

const baro_error *baro_writer_trouble(const baro_writer *writer) {
  return writer->trouble.status == BARO_OK ? NULL : &writer->trouble;
}

uint64_t baro_writer_dropped_samples(const baro_writer *writer) {
  return writer->dropped;
}

uint64_t baro_writer_file_bytes(const baro_writer *writer) {
  return writer->queue.written_bytes;
}

uint64_t baro_writer_samples(const baro_writer *writer) {
  return writer->samples;
}

uint64_t baro_writer_dropped_call_events(const baro_writer *writer) {
  return writer->calls.dropped;
}
