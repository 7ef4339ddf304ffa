#include "recording/writer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/os_file.h"
#include "recording/chunk_queue.h"
#include "recording/format.h"
#include "recording/output.h"
#include "recording/sample_block.h"

#define NS_PER_SECOND UINT64_C(1000000000)

enum {
  CHUNK_GATHER_BYTES = 1024 * 1024,
  BACKLOG_LIMIT_BYTES = 64 * 1024 * 1024,
  ANCHOR_PERIOD_SECONDS = 60,
};

struct baro_writer {
  baro_arena arena; /* owns name and pending */
  const char *name; /* for messages */
  baro_chunk_queue queue;

  /* The open chunk: records gather in raw, samples in pending until the chunk is sealed. */
  baro_buffer raw;
  baro_buffer scratch;         /* the record being made */
  baro_sample_record *pending; /* BARO_SAMPLE_BLOCK_LIMIT of them */
  uint32_t pending_count;
  baro_chunk_head head; /* samples and times of what is encoded in raw */
  size_t cut;           /* where in raw the samples begin; 0 = none worth a block of their own */
  baro_sample_encoder encoder;
  baro_buffer ended; /* u32 each: threads that ended, whose last samples may be pending */

  /* Definitions so far. Stacks and frames are pairs of ids: a 64-bit key each. */
  baro_intern strings;
  baro_intern functions;
  baro_map frames;
  baro_map stacks;
  uint32_t function_file; /* of the last function */
  uint32_t frame_count;
  uint32_t stack_count;
  uint32_t process_count;

  uint64_t chunk_ns;  /* when the last chunk was written, the caller's clock */
  uint64_t anchor_ns; /* when the last anchor was */
  uint64_t samples;
  uint64_t dropped;
  uint64_t dropped_told; /* of these: already in the recording */
  baro_error trouble;
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
    uint64_t time_ns = writer->pending[i].time_ns / 1000 * 1000; /* as readers will see it */
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
  if (writer->pending_count != 0) {
    encode_samples(writer);
  }
  baro_reader ended = baro_reader_of(writer->ended.data, writer->ended.length);
  while (baro_reader_left(&ended) != 0) {
    baro_sample_encoder_end_thread(&writer->encoder, baro_read_u32(&ended));
  }
  baro_buffer_clear(&writer->ended);
}

static baro_status record_append(baro_writer *writer, baro_record_type type);

/* Makes a sealed chunk of what has gathered. When memory is short, it stays where it is. */
static baro_status seal(baro_writer *writer) {
  encode_pending(writer);
  if (writer->dropped != writer->dropped_told) {
    baro_buffer_clear(&writer->scratch);
    baro_write_varint(&writer->scratch, writer->dropped);
    if (record_append(writer, BARO_RECORD_DROPPED) == BARO_OK) {
      writer->dropped_told = writer->dropped;
    }
  }
  if (writer->raw.length == 0) {
    return BARO_OK;
  }
  writer->head.type = BARO_CHUNK_RECORDS;
  baro_view raw = {.data = writer->raw.data, .length = writer->raw.length};
  baro_status status = baro_chunk_queue_add(&writer->queue, &writer->head, raw, writer->cut);
  if (status == BARO_OK) {
    baro_buffer_clear(&writer->raw);
    writer->head = (baro_chunk_head){0};
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

/* Where the next record's payload is made. A large chunk goes out first, so that what follows can
 * be taken back. */
static baro_buffer *record_begin(baro_writer *writer) {
  if (writer->raw.length >= CHUNK_GATHER_BYTES) {
    flush_quietly(writer);
  }
  baro_buffer_clear(&writer->scratch);
  return &writer->scratch;
}

/* Appends the record in scratch. BARO_NO_MEMORY leaves the chunk as it was. */
static baro_status record_append(baro_writer *writer, baro_record_type type) {
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
  if (record_append(writer, type) != BARO_OK) {
    writer->dropped++;
  }
}

static void write_optional_id(baro_buffer *buffer, uint32_t id) {
  baro_write_varint(buffer, id == BARO_NONE_ID ? 0 : (uint64_t)id + 1);
}

static baro_view cut_to_limit(baro_view text) {
  if (text.length > BARO_STRING_LIMIT_BYTES) {
    text.length = BARO_STRING_LIMIT_BYTES;
  }
  return text;
}

/* --- Definitions. Each: look up, append the record, remember it; if that fails, the record is
 * taken back, so that ids in the file and in memory stay the same. --- */

baro_status baro_writer_string(baro_writer *writer, baro_view text, uint32_t *ret_id) {
  text = cut_to_limit(text);
  if (baro_intern_find(&writer->strings, text, ret_id)) {
    return BARO_OK;
  }
  baro_buffer *record = record_begin(writer);
  size_t before = writer->raw.length;
  baro_write_bytes(record, text.data, text.length);
  baro_status status = record_append(writer, BARO_RECORD_STRING);
  if (status == BARO_OK) {
    status = baro_intern_put(&writer->strings, text, ret_id, NULL);
    writer->raw.length = status == BARO_OK ? writer->raw.length : before;
  }
  return status;
}

baro_status baro_writer_function(baro_writer *writer, const baro_function_record *function,
                                 uint32_t *ret_id) {
  assert(function->name_string < writer->strings.count);
  assert(function->qualified_string < writer->strings.count);
  assert(function->file_string < writer->strings.count);
  /* Five u32 without padding: the struct is its own key. */
  baro_view key = {.data = (const uint8_t *)function, .length = sizeof(*function)};
  if (baro_intern_find(&writer->functions, key, ret_id)) {
    return BARO_OK;
  }
  baro_buffer *record = record_begin(writer);
  size_t before = writer->raw.length;
  /* Distances: the strings were mostly defined just now, and the file is that of the last one. */
  baro_write_varint(record, writer->strings.count - 1 - function->name_string);
  baro_write_zigzag(record, (int64_t)function->qualified_string - function->name_string);
  baro_write_zigzag(record, (int64_t)function->file_string - writer->function_file);
  baro_write_varint(record, function->first_line);
  baro_write_varint(record, function->flags);
  baro_status status = record_append(writer, BARO_RECORD_FUNCTION);
  if (status == BARO_OK) {
    status = baro_intern_put(&writer->functions, key, ret_id, NULL);
    writer->raw.length = status == BARO_OK ? writer->raw.length : before;
  }
  if (status == BARO_OK) {
    writer->function_file = function->file_string;
  }
  return status;
}

/* Id of a definition that is a pair of numbers: a known one, or the next after its record, which is
 * made of first_code and second_code. */
static baro_status define_pair(baro_writer *writer, baro_record_type type, baro_map *known,
                               uint64_t key, uint64_t first_code, uint64_t second_code,
                               uint32_t *count, uint32_t *ret_id) {
  baro_buffer *record = record_begin(writer);
  size_t before = writer->raw.length;
  baro_write_varint(record, first_code);
  baro_write_varint(record, second_code);
  baro_status status = *count == BARO_NONE_ID - 1 ? BARO_NO_MEMORY : record_append(writer, type);
  if (status != BARO_OK) {
    return status;
  }
  status = baro_map_set(known, key, *count);
  if (status != BARO_OK) {
    writer->raw.length = before;
    return status;
  }
  *ret_id = (*count)++;
  return BARO_OK;
}

baro_status baro_writer_frame(baro_writer *writer, const baro_frame_record *frame,
                              uint32_t *ret_id) {
  assert(frame->function < writer->functions.count);
  uint64_t key = (uint64_t)frame->function << 32 | frame->line;
  const uint64_t *known = baro_map_find(&writer->frames, key);
  if (known != NULL) {
    *ret_id = (uint32_t)*known;
    return BARO_OK;
  }
  uint64_t function_code = writer->functions.count - 1 - frame->function;
  return define_pair(writer, BARO_RECORD_FRAME, &writer->frames, key, function_code, frame->line,
                     &writer->frame_count, ret_id);
}

baro_status baro_writer_stack(baro_writer *writer, const baro_stack_record *stack,
                              uint32_t *ret_id) {
  assert(stack->frame < writer->frame_count);
  assert(stack->parent < writer->stack_count || stack->parent == BARO_NONE_ID);
  uint64_t key = (uint64_t)stack->parent << 32 | stack->frame;
  const uint64_t *known = baro_map_find(&writer->stacks, key);
  if (known != NULL) {
    *ret_id = (uint32_t)*known;
    return BARO_OK;
  }
  /* Distances back: the parent is mostly the stack just defined, the frame a recent one. */
  uint64_t parent_code = stack->parent == BARO_NONE_ID ? 0 : writer->stack_count - stack->parent;
  uint64_t frame_code = writer->frame_count - 1 - stack->frame;
  return define_pair(writer, BARO_RECORD_STACK, &writer->stacks, key, parent_code, frame_code,
                     &writer->stack_count, ret_id);
}

baro_status baro_writer_process(baro_writer *writer, const baro_process_record *process,
                                uint32_t *ret_id) {
  assert(process->command_string < writer->strings.count);
  assert(process->python_string < writer->strings.count);
  assert(process->parent_process < writer->process_count ||
         process->parent_process == BARO_NONE_ID);
  baro_buffer *record = record_begin(writer);
  baro_write_varint(record, process->os_pid);
  write_optional_id(record, process->parent_process);
  baro_write_varint(record, process->start_ns);
  baro_write_varint(record, process->seen_ns);
  baro_write_varint(record, process->command_string);
  baro_write_varint(record, process->python_string);
  baro_status status = record_append(writer, BARO_RECORD_PROCESS);
  if (status == BARO_OK) {
    *ret_id = writer->process_count++;
  }
  return status;
}

baro_status baro_writer_thread(baro_writer *writer, const baro_thread_record *thread,
                               uint32_t *ret_id) {
  assert(thread->process < writer->process_count);
  assert(thread->name_string < writer->strings.count);
  uint32_t id = writer->encoder.model.count;
  if (id == BARO_THREAD_LIMIT) {
    return BARO_NO_MEMORY;
  }
  baro_buffer *record = record_begin(writer);
  size_t before = writer->raw.length;
  baro_write_varint(record, thread->process);
  baro_write_varint(record, thread->os_tid);
  baro_write_varint(record, thread->seen_ns);
  baro_write_varint(record, thread->name_string);
  baro_write_varint(record, thread->is_main ? 1 : 0);
  baro_status status = record_append(writer, BARO_RECORD_THREAD);
  if (status == BARO_OK) {
    status = baro_sample_encoder_add_thread(&writer->encoder);
    writer->raw.length = status == BARO_OK ? writer->raw.length : before;
  }
  if (status == BARO_OK) {
    *ret_id = id;
  }
  return status;
}

/* --- Events --- */

void baro_writer_thread_name(baro_writer *writer, uint32_t thread, uint32_t name_string) {
  assert(thread < writer->encoder.model.count && name_string < writer->strings.count);
  baro_buffer *record = record_begin(writer);
  baro_write_varint(record, thread);
  baro_write_varint(record, name_string);
  event_append(writer, BARO_RECORD_THREAD_NAME);
}

static void write_end(baro_writer *writer, const baro_end_record *end, baro_record_type type) {
  baro_buffer *record = record_begin(writer);
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

void baro_writer_counters(baro_writer *writer, const baro_counters_record *counters) {
  assert(counters->process < writer->process_count || counters->process == BARO_NONE_ID);
  baro_buffer *record = record_begin(writer);
  write_optional_id(record, counters->process);
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
  baro_buffer *record = record_begin(writer);
  baro_write_varint(record, note->time_ns);
  write_optional_id(record, note->process);
  baro_write_string(record, cut_to_limit(note->text));
  event_append(writer, BARO_RECORD_NOTE);
}

void baro_writer_info(baro_writer *writer, const char *key, const char *value) {
  baro_buffer *record = record_begin(writer);
  baro_write_string(record, cut_to_limit(baro_view_of(key)));
  baro_write_string(record, cut_to_limit(baro_view_of(value)));
  event_append(writer, BARO_RECORD_INFO);
}

static void write_anchor(baro_writer *writer) {
  baro_clock_anchor anchor = baro_clock_anchor_now();
  baro_buffer *record = record_begin(writer);
  baro_write_varint(record, anchor.monotonic_ns);
  baro_write_varint(record, anchor.utc_ns);
  event_append(writer, BARO_RECORD_ANCHOR);
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
  if (status == BARO_OK) {
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
  baro_buffer *record = record_begin(writer);
  baro_write_varint(record, writer->samples);
  baro_write_varint(record, writer->dropped);
  return record_append(writer, BARO_RECORD_CLOSE);
}

/* Instead of what cannot be written any more a few bytes, for which room was kept: that it is missing, and why. What
 * the recording has is then whole. Where even that fails, it just ends. */
static void leave_mark(baro_writer *writer, baro_status why) {
  baro_chunk_queue *queue = &writer->queue;
  uint64_t lost = baro_chunk_queue_drop(queue) + writer->head.samples;
  writer->samples -= lost;
  writer->dropped += lost;
  drop_pending(writer);
  baro_buffer_clear(&writer->raw);
  writer->head = (baro_chunk_head){0};
  baro_writer_info(writer, "end", why == BARO_NO_SPACE ? "disk_full" : "write_failed");
  baro_buffer_clear(&writer->scratch);
  baro_write_varint(&writer->scratch, writer->dropped);
  baro_status status = record_append(writer, BARO_RECORD_DROPPED);
  writer->dropped_told = writer->dropped;
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
