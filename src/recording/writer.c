#include "recording/writer.h"

#include <assert.h>

#include "base/clock.h"
#include "recording/writer_state.h"

#define NS_PER_SECOND UINT64_C(1000000000)

enum { ANCHOR_PERIOD_SECONDS = 60 };

/* --- Records --- */

baro_buffer *baro_writer_record_begin(baro_writer *writer) {
  if (writer->raw.length >= BARO_WRITER_GATHER_BYTES) {
    baro_writer_flush_quietly(writer);
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
    baro_writer_flush_quietly(writer);
    /* Still there only when there was no memory to seal. */
    baro_writer_drop_pending(writer);
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
    bool keep = writer->queue.waiting.length <= BARO_WRITER_BACKLOG_BYTES;
    baro_call_encoder_put(&writer->calls, thread, events, part, keep, &writer->raw);
    /* Blocks count as well: they go out with the next chunk. */
    if (writer->raw.length + writer->calls.pending_bytes >= BARO_WRITER_GATHER_BYTES) {
      baro_writer_flush_quietly(writer);
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
  baro_writer_flush_quietly(writer);
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
