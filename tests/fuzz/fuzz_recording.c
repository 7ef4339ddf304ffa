/* Feeds the reader of recordings. An input that begins like a recording is read as one: heads,
 * checksums, frames. Nearly every change to such a file ends at a checksum, so any other input is
 * taken as what lies behind them: the records of a chunk, and after 0xff 0xfe 0xfd those of the next.
 * The seeds are made by tests/tools/make_recordings. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "recording/format.h"
#include "recording/reader.h"
#include "recording/record_reader.h"

enum { CALL_THREADS = 64 };

/* What a visitor relies on: ids are dense, references are defined, calls end that began. */
typedef struct counts {
  uint32_t strings;
  uint32_t functions;
  uint32_t frames;
  uint32_t stacks;
  uint32_t processes;
  uint32_t threads;
  uint32_t depths[CALL_THREADS];   /* active calls, of the first threads */
  uint64_t times_ns[CALL_THREADS]; /* of their last events */
  uint64_t bytes;                  /* of views, read so that a sanitizer sees them */
} counts;

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

static void touch(counts *seen, baro_view view) {
  for (size_t i = 0; i < view.length; i++) {
    seen->bytes += view.data[i];
  }
}

static baro_status see_info(void *context, const baro_info_record *info, baro_error *err) {
  (void)err;
  touch(context, info->key);
  touch(context, info->value);
  return BARO_OK;
}

static baro_status see_string(void *context, uint32_t id, baro_view text, baro_error *err) {
  (void)err;
  counts *seen = context;
  require(id == seen->strings++);
  touch(seen, text);
  return BARO_OK;
}

static baro_status see_function(void *context, uint32_t id, const baro_function_record *function,
                                baro_error *err) {
  (void)err;
  counts *seen = context;
  require(id == seen->functions++ && function->name_string < seen->strings &&
          function->qualified_string < seen->strings && function->file_string < seen->strings);
  return BARO_OK;
}

static baro_status see_frame(void *context, uint32_t id, const baro_frame_record *frame,
                             baro_error *err) {
  (void)err;
  counts *seen = context;
  require(id == seen->frames++ && frame->function < seen->functions);
  return BARO_OK;
}

static baro_status see_stack(void *context, uint32_t id, const baro_stack_record *stack,
                             baro_error *err) {
  (void)err;
  counts *seen = context;
  require(stack->frame < seen->frames && (stack->parent < id || stack->parent == BARO_NONE_ID));
  require(id == seen->stacks++);
  return BARO_OK;
}

static baro_status see_process(void *context, uint32_t id, const baro_process_record *process,
                               baro_error *err) {
  (void)err;
  counts *seen = context;
  require(process->parent_process < id || process->parent_process == BARO_NONE_ID);
  require(process->command_string < seen->strings && process->python_string < seen->strings);
  require(id == seen->processes++);
  return BARO_OK;
}

static baro_status see_thread(void *context, uint32_t id, const baro_thread_record *thread,
                              baro_error *err) {
  (void)err;
  counts *seen = context;
  require(thread->process < seen->processes && thread->name_string < seen->strings);
  require(id == seen->threads++);
  return BARO_OK;
}

static baro_status see_thread_name(void *context, uint32_t thread, uint32_t name_string,
                                   baro_error *err) {
  (void)err;
  const counts *seen = context;
  require(thread < seen->threads && name_string < seen->strings);
  return BARO_OK;
}

static baro_status see_process_end(void *context, const baro_end_record *end, baro_error *err) {
  (void)err;
  require(end->index < ((const counts *)context)->processes);
  return BARO_OK;
}

static baro_status see_thread_end(void *context, const baro_end_record *end, baro_error *err) {
  (void)err;
  require(end->index < ((const counts *)context)->threads);
  return BARO_OK;
}

static baro_status see_sample(void *context, const baro_sample_record *sample, baro_error *err) {
  (void)err;
  const counts *seen = context;
  require(sample->thread < seen->threads && (unsigned)sample->state < BARO_STATE_COUNT);
  require(sample->stack < seen->stacks || sample->stack == BARO_NONE_ID);
  return BARO_OK;
}

static void check_value(const baro_call_event *event) {
  baro_view value = baro_call_event_value(event);
  require(value.length <= BARO_CALL_VALUE_LIMIT_BYTES);
  require(event->which >= BARO_CALL_VALUE_ARGUMENTS && event->which <= BARO_CALL_VALUE_RETURN);
  uint8_t sum = 0; /* all bytes are there */
  for (size_t i = 0; i < value.length; i++) {
    sum ^= value.data[i];
  }
  volatile uint8_t keep = sum;
  (void)keep;
}

static uint32_t depth_after(const counts *seen, const baro_call_event *event, uint32_t depth) {
  switch (event->kind) {
  case BARO_CALL_ENTER:
  case BARO_CALL_ENTER_SUSPENDABLE:
    require(event->function < seen->functions);
    require(event->kind == BARO_CALL_ENTER || event->call != 0);
    return depth + 1;
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW: require(event->call != 0); return depth + 1;
  case BARO_CALL_RAISE:
    require(event->exception_string < seen->strings || event->exception_string == BARO_NONE_ID);
    require(depth != 0);
    return depth - 1;
  case BARO_CALL_RETURN:
  case BARO_CALL_SUSPEND: require(depth != 0); return depth - 1;
  case BARO_CALL_LOST: require(event->lost != 0); return 0;
  case BARO_CALL_USAGE:
  case BARO_CALL_OWN: return depth;
  case BARO_CALL_SPAWN: require(event->call != 0); return depth;
  case BARO_CALL_SKIPPED:
    require(event->function < seen->functions && event->skipped != 0);
    return depth;
  case BARO_CALL_WEIGHT: require(event->weight != 0); return depth;
  case BARO_CALL_VALUE:
    check_value(event);
    require(depth != 0);
    return depth;
  case BARO_CALL_EVENT_KIND_COUNT: break;
  }
  abort();
}

static baro_status see_calls(void *context, uint32_t thread, const baro_call_event *events,
                             uint32_t count, baro_error *err) {
  (void)err;
  counts *seen = context;
  require(thread < seen->threads && count != 0);
  for (uint32_t i = 0; i < count && thread < CALL_THREADS; i++) {
    require(events[i].time_ns >= seen->times_ns[thread]);
    seen->times_ns[thread] = events[i].time_ns;
    seen->depths[thread] = depth_after(seen, &events[i], seen->depths[thread]);
  }
  return BARO_OK;
}

static baro_status see_counters(void *context, const baro_counters_record *counters,
                                baro_error *err) {
  (void)err;
  const counts *seen = context;
  require(counters->process < seen->processes || counters->process == BARO_NONE_ID);
  return BARO_OK;
}

static baro_status see_note(void *context, const baro_note_record *note, baro_error *err) {
  (void)err;
  counts *seen = context;
  require(note->process < seen->processes || note->process == BARO_NONE_ID);
  touch(seen, note->text);
  return BARO_OK;
}

static baro_visitor visitor_of(counts *seen) {
  return (baro_visitor){.context = seen,
                        .info = see_info,
                        .string = see_string,
                        .function = see_function,
                        .frame = see_frame,
                        .stack = see_stack,
                        .process = see_process,
                        .thread = see_thread,
                        .thread_name = see_thread_name,
                        .process_end = see_process_end,
                        .thread_end = see_thread_end,
                        .sample = see_sample,
                        .calls = see_calls,
                        .counters = see_counters,
                        .note = see_note};
}

static void read_file(const uint8_t *data, size_t size) {
  counts seen = {0};
  baro_visitor visitor = visitor_of(&seen);
  baro_damage damage;
  baro_error err = {0};
  baro_status status =
      baro_recording_read_memory((baro_view){data, size}, "fuzz", &visitor, &damage, &err);
  require((status == BARO_OK) == (err.message[0] == '\0'));
  require(strchr(err.message, '\n') == NULL && strchr(damage.reason, '\n') == NULL);
  require(status != BARO_OK || damage.good_bytes <= size);
}

static size_t chunk_length(const uint8_t *data, size_t size) {
  static const uint8_t mark[3] = {0xff, 0xfe, 0xfd};
  for (size_t i = 0; i + sizeof(mark) <= size; i++) {
    if (memcmp(data + i, mark, sizeof(mark)) == 0) {
      return i;
    }
  }
  return size;
}

static void read_records(const uint8_t *data, size_t size) {
  counts seen = {0};
  baro_visitor visitor = visitor_of(&seen);
  baro_record_reader reader = {.visitor = &visitor};
  baro_status status = BARO_OK;
  while (status == BARO_OK && size != 0) {
    size_t length = chunk_length(data, size);
    status = baro_record_reader_chunk(&reader, (baro_view){data, length}, NULL);
    require(status == BARO_OK || status == BARO_CORRUPT || status == BARO_NO_MEMORY);
    size_t used = length + 3 < size ? length + 3 : size;
    data += used;
    size -= used;
  }
  baro_record_reader_release(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size >= BARO_FORMAT_MAGIC_BYTES &&
      memcmp(data, BARO_FORMAT_MAGIC, BARO_FORMAT_MAGIC_BYTES) == 0) {
    read_file(data, size);
  } else {
    read_records(data, size);
  }
  return 0;
}
