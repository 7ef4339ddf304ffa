#include "support/recording_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording/format.h"
#include "recording/reader.h"

/* An abort that also holds where asserts are compiled out. */
static void require(bool condition, const char *what) {
  if (!condition) {
    fprintf(stderr, "recording_fixture: %s\n", what);
    abort();
  }
}

/* --- A disk in memory --- */

static baro_status disk_write(void *context, uint64_t offset, baro_view bytes, baro_error *err) {
  fixture_disk *disk = context;
  disk->writes++;
  require(offset <= disk->bytes.length, "hole in the file");
  size_t room = disk->capacity_bytes > offset ? (size_t)(disk->capacity_bytes - offset) : 0;
  size_t fits = bytes.length < room ? bytes.length : room;
  size_t inside = disk->bytes.length - (size_t)offset;
  if (inside > fits) {
    inside = fits;
  }
  if (inside != 0) {
    memcpy(disk->bytes.data + offset, bytes.data, inside);
  }
  baro_write_bytes(&disk->bytes, bytes.data + inside, fits - inside);
  require(!disk->bytes.failed, "out of memory");
  return fits == bytes.length ? BARO_OK : baro_error_set(err, BARO_NO_SPACE, "write: disk is full");
}

static baro_status disk_reserve(void *context, uint64_t offset, uint64_t length, baro_error *err) {
  fixture_disk *disk = context;
  if (offset + length > disk->capacity_bytes) {
    return baro_error_set(err, BARO_NO_SPACE, "write: disk is full");
  }
  if (disk->reserved_end < offset + length) {
    disk->reserved_end = offset + length;
  }
  return BARO_OK;
}

static baro_status disk_truncate(void *context, uint64_t length, baro_error *err) {
  fixture_disk *disk = context;
  if (disk->is_truncate_broken) {
    return baro_error_set(err, BARO_IO, "truncate: broken");
  }
  require(length <= disk->bytes.length, "truncate makes the file longer");
  disk->bytes.length = (size_t)length;
  disk->reserved_end = length;
  return BARO_OK;
}

static baro_status disk_sync(void *context, baro_error *err) {
  const fixture_disk *disk = context;
  return disk->is_sync_broken ? baro_error_set(err, BARO_IO, "sync: broken") : BARO_OK;
}

static baro_status disk_close(void *context, baro_error *err) {
  (void)err;
  fixture_disk *disk = context;
  require(!disk->is_closed, "closed twice");
  disk->is_closed = true;
  return BARO_OK;
}

baro_output fixture_disk_output(fixture_disk *disk) {
  if (disk->capacity_bytes == 0) {
    disk->capacity_bytes = UINT64_MAX;
  }
  return (baro_output){.context = disk,
                       .write = disk_write,
                       .reserve = disk->has_reserve ? disk_reserve : NULL,
                       .truncate = disk_truncate,
                       .sync = disk_sync,
                       .close = disk_close};
}

baro_view fixture_disk_view(const fixture_disk *disk) {
  return (baro_view){.data = disk->bytes.data, .length = disk->bytes.length};
}

void fixture_disk_release(fixture_disk *disk) {
  baro_buffer_release(&disk->bytes);
}

baro_writer *fixture_writer(fixture_disk *disk) {
  baro_output output = fixture_disk_output(disk);
  baro_writer *writer = NULL;
  baro_error err = {0};
  require(baro_writer_create_on(&output, "memory", NULL, &writer, &err) == BARO_OK, err.message);
  return writer;
}

void fixture_require_message(baro_status status, const baro_error *err) {
  require(status == BARO_OK || (err->message[0] != '\0' && strchr(err->message, '\n') == NULL),
          "a failure has no line to say");
}

void fixture_require_whole(baro_writer *take_writer, fixture_disk *disk) {
  static const baro_visitor visitor = {0};
  baro_damage damage;
  require(baro_writer_close(take_writer, NULL) == BARO_OK, "the writer does not close");
  require(baro_recording_read_memory(fixture_disk_view(disk), "memory", &visitor, &damage, NULL) ==
              BARO_OK,
          "the recording cannot be read");
  require(damage.complete && !damage.corrupt, "the recording is damaged");
  fixture_disk_release(disk);
}

/* --- Random numbers --- */

uint64_t fixture_next(fixture_random *random) {
  uint64_t x = random->state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  random->state = x;
  return x;
}

double fixture_uniform(fixture_random *random) {
  return (double)(fixture_next(random) >> 11) / 9007199254740992.0;
}

uint64_t fixture_below(fixture_random *random, uint64_t limit) {
  return (fixture_next(random) >> 11) % limit;
}

/* --- Recordings --- */

static uint32_t define_string(baro_writer *writer, baro_view text) {
  uint32_t id = BARO_NONE_ID;
  require(baro_writer_string(writer, text, &id) == BARO_OK, "string");
  return id;
}

static uint32_t define_text(baro_writer *writer, const char *text) {
  return define_string(writer, baro_view_of(text));
}

static uint32_t define_function(baro_writer *writer, const baro_function_record *function) {
  uint32_t id = BARO_NONE_ID;
  require(baro_writer_function(writer, function, &id) == BARO_OK, "function");
  return id;
}

static uint32_t define_frame(baro_writer *writer, uint32_t function, uint32_t line) {
  uint32_t id = BARO_NONE_ID;
  baro_frame_record frame = {.function = function, .line = line};
  require(baro_writer_frame(writer, &frame, &id) == BARO_OK, "frame");
  return id;
}

static uint32_t define_stack(baro_writer *writer, uint32_t parent, uint32_t frame) {
  uint32_t id = BARO_NONE_ID;
  baro_stack_record stack = {.parent = parent, .frame = frame};
  require(baro_writer_stack(writer, &stack, &id) == BARO_OK, "stack");
  return id;
}

static uint32_t define_process(baro_writer *writer, const baro_process_record *process) {
  uint32_t id = BARO_NONE_ID;
  require(baro_writer_process(writer, process, &id) == BARO_OK, "process");
  return id;
}

static uint32_t define_thread(baro_writer *writer, const baro_thread_record *thread) {
  uint32_t id = BARO_NONE_ID;
  require(baro_writer_thread(writer, thread, &id) == BARO_OK, "thread");
  return id;
}

static void write_odd_samples(baro_writer *writer, const uint32_t stacks[2]) {
  static const uint64_t start_ns = UINT64_C(1234567890123456);
  /* In order: a first one, a gap that is not the weight, one at the same time on another thread, a
   * step back in time, a merged one without a stack, one with everything large, one of weight below
   * 1 us. */
  const baro_sample_record samples[] = {
      {start_ns, 1000999, 1, 0, stacks[0], BARO_STATE_CPU, 999, 1},
      {start_ns + 5000001, 1500000, 1, 0, stacks[1], BARO_STATE_GIL, 4000001, 1500},
      {start_ns + 5000001, 1000, 1, 1, stacks[0], BARO_STATE_DISK, 0, 0},
      {start_ns + 2000000, 700, 1, 0, stacks[0], BARO_STATE_DISK, 999, 999},
      {start_ns + 7000000, 900000000, 870, 1, BARO_NONE_ID, BARO_STATE_IDLE, 0, 0},
      {start_ns + 8000000, UINT64_C(1) << 60, UINT32_MAX, 2, stacks[1], BARO_STATE_COLLECTOR,
       UINT64_C(1) << 61, UINT64_C(1) << 61},
      {start_ns + 9000000, 1, 0, 2, BARO_NONE_ID, BARO_STATE_UNKNOWN, 0, 3},
      {start_ns + 9000300, 300, 1, 1, BARO_NONE_ID, BARO_STATE_RUNNABLE, 0, 300},
  };
  for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
    baro_writer_sample(writer, &samples[i]);
  }
}

void fixture_write_everything(baro_writer *writer) {
  static const uint8_t binary[] = {0x00, 0xff, '"', '\\', 0x80, '\n', 0xc3, 0xa4};
  baro_writer_info(writer, "tool_version", "0.0-test");
  baro_writer_info(writer, "rate_hz", "1000");
  baro_writer_info(writer, "empty", "");
  uint32_t empty = define_text(writer, "");
  uint32_t name = define_text(writer, "load");
  uint32_t file = define_string(writer, (baro_view){binary, sizeof(binary)});
  uint32_t qualified = define_text(writer, "Größe.<locals>.load");
  require(empty == 0 && qualified == 3 && define_text(writer, "load") == name, "ids of strings");

  baro_function_record function = {name, qualified, file, UINT32_MAX, UINT32_MAX, BARO_NONE_ID};
  uint32_t large = define_function(writer, &function);
  baro_function_record small = {.module_string = BARO_NONE_ID};
  uint32_t none = define_function(writer, &small);
  require(large == 0 && none == 1 && define_function(writer, &function) == 0, "ids of functions");

  uint32_t frame = define_frame(writer, large, UINT32_MAX);
  uint32_t other = define_frame(writer, none, 0);
  require(frame == 0 && other == 1 && define_frame(writer, none, 0) == 1, "ids of frames");
  uint32_t stacks[2];
  stacks[0] = define_stack(writer, BARO_NONE_ID, frame);
  stacks[1] = define_stack(writer, stacks[0], other);
  uint32_t root = define_stack(writer, BARO_NONE_ID, other);
  require(root == 2 && define_stack(writer, stacks[0], other) == 1, "ids of stacks");

  baro_process_record process = {1, BARO_NONE_ID, 0, UINT64_MAX, name, empty};
  uint32_t parent = define_process(writer, &process);
  baro_process_record child = {UINT32_MAX, parent, UINT64_MAX, 0, file, name};
  require(define_process(writer, &child) == 1, "ids of processes");
  baro_thread_record thread = {0, 1, 17, name, true};
  uint32_t main_thread = define_thread(writer, &thread);
  baro_thread_record worker = {1, UINT32_MAX, UINT64_MAX, empty, false};
  uint32_t workers[2] = {define_thread(writer, &worker), define_thread(writer, &worker)};
  require(main_thread == 0 && workers[0] == 1 && workers[1] == 2, "ids of threads");

  write_odd_samples(writer, stacks);
  baro_writer_thread_name(writer, 1, qualified);
  baro_counters_record counters = {.process = 1, .time_ns = UINT64_MAX};
  for (size_t i = 0; i < BARO_COUNTER_COUNT; i++) {
    counters.values[i] = UINT64_MAX >> (i * 5);
  }
  baro_writer_counters(writer, &counters);
  counters = (baro_counters_record){.process = BARO_NONE_ID, .time_ns = 1};
  baro_writer_counters(writer, &counters);
  baro_note_record note = {UINT64_MAX, BARO_NONE_ID, {binary, sizeof(binary)}};
  baro_writer_note(writer, &note);
  note = (baro_note_record){0, 1, {0}};
  baro_writer_note(writer, &note);
  baro_end_record end = {1, UINT64_C(99), INT32_MAX};
  baro_writer_process_end(writer, &end);
  end = (baro_end_record){2, 0, -1};
  baro_writer_thread_end(writer, &end);
  end = (baro_end_record){0, UINT64_MAX, INT32_MIN};
  baro_writer_process_end(writer, &end);
  baro_writer_info(writer, "end", "exit");
}

static uint32_t define_program_stack(fixture_program *program, baro_writer *writer,
                                     const uint32_t *frames, size_t frame_count) {
  uint32_t stack = BARO_NONE_ID;
  uint64_t depth = 15 + fixture_below(&program->random, 20);
  for (uint64_t i = 0; i < depth; i++) {
    /* The same way in, then each its own. */
    uint64_t pick = i < 8 ? i : fixture_below(&program->random, frame_count);
    stack = define_stack(writer, stack, frames[pick]);
  }
  return stack;
}

void fixture_program_start(fixture_program *program, baro_writer *writer, uint32_t threads,
                           uint64_t seed) {
  enum { FUNCTIONS = 300 };
  *program = (fixture_program){.random = {.state = seed * 0x9e3779b97f4a7c15u | 1},
                               .threads = threads,
                               .time_ns = UINT64_C(1000000000000)};
  uint32_t frames[FUNCTIONS];
  for (uint32_t i = 0; i < FUNCTIONS; i++) {
    char name[64];
    snprintf(name, sizeof(name), "function_number_%u", i * 7);
    baro_function_record function = {.name_string = define_text(writer, name),
                                     .module_string = BARO_NONE_ID};
    snprintf(name, sizeof(name), "Class%u.function_number_%u", i % 30, i * 7);
    function.qualified_string = define_text(writer, name);
    snprintf(name, sizeof(name), "/usr/lib/python3/site-packages/package%u/module.py", i % 20);
    function.file_string = define_text(writer, name);
    function.first_line = i * 13;
    frames[i] = define_frame(writer, define_function(writer, &function), i * 13 + 5);
  }
  for (size_t i = 0; i < sizeof(program->stacks) / sizeof(program->stacks[0]); i++) {
    program->stacks[i] = define_program_stack(program, writer, frames, FUNCTIONS);
  }
  uint32_t command = define_text(writer, "python app.py");
  uint32_t python = define_text(writer, "3.12.1");
  baro_process_record process = {4312, BARO_NONE_ID, 5, program->time_ns, command, python};
  uint32_t process_id = define_process(writer, &process);
  for (uint32_t i = 0; i < threads; i++) {
    baro_thread_record thread = {process_id, 4312 + i, program->time_ns, command, i == 0};
    require(define_thread(writer, &thread) == i, "a program needs a writer of its own");
  }
}

void fixture_program_round(fixture_program *program, baro_sample_record *samples) {
  static const uint64_t tick_ns = 4000000;
  fixture_random *random = &program->random;
  uint64_t before_ns = program->time_ns;
  program->time_ns += (uint64_t)(-log(1 - fixture_uniform(random)) * 1e6) + 1;
  uint64_t ticks = program->time_ns / tick_ns - before_ns / tick_ns;
  for (uint32_t i = 0; i < program->threads; i++) {
    baro_sample_record *sample = &samples[i];
    uint32_t stack = sample->stack;
    bool is_first = sample->weight_ns == 0;
    if (is_first || fixture_uniform(random) < 0.5) {
      uint32_t rank = 0;
      while (rank < 199 && fixture_uniform(random) < 0.97) {
        rank++;
      }
      stack = program->stacks[rank];
    }
    *sample = (baro_sample_record){.time_ns = program->time_ns,
                                   .weight_ns = program->time_ns - before_ns,
                                   .ticks = 1,
                                   .thread = i,
                                   .stack = stack,
                                   .state = BARO_STATE_CPU};
    if (ticks != 0) {
      sample->cpu_ns = ticks * tick_ns - 1500 + fixture_below(random, 3000);
    }
    program->sums_ns[0] += sample->weight_ns;
    program->sums_ns[1] += sample->cpu_ns;
  }
}

void fixture_program_run(fixture_program *program, baro_writer *writer, uint32_t count) {
  baro_sample_record *samples = calloc(program->threads, sizeof(*samples));
  require(samples != NULL, "out of memory");
  uint32_t written = 0;
  while (written < count) {
    fixture_program_round(program, samples);
    for (uint32_t i = 0; i < program->threads && written < count; i++, written++) {
      baro_writer_sample(writer, &samples[i]);
    }
    baro_writer_tick(writer, program->time_ns);
  }
  free(samples);
}

/* --- By hand --- */

void fixture_put_head(baro_buffer *file, uint16_t major, uint16_t minor) {
  baro_write_bytes(file, BARO_FORMAT_MAGIC, BARO_FORMAT_MAGIC_BYTES);
  baro_write_u16(file, major);
  baro_write_u16(file, minor);
  baro_write_u32(file, 0);
  baro_write_u32(file, baro_crc32(file->data, file->length));
}

void fixture_put_chunk_head(baro_buffer *file, baro_chunk_head head, baro_view raw) {
  baro_chunk_packer *packer = baro_chunk_packer_create(0);
  require(packer != NULL && baro_chunk_pack(packer, &head, raw, 0, file) == BARO_OK,
          "out of memory");
  baro_chunk_packer_destroy(packer);
}

void fixture_put_chunk(baro_buffer *file, uint8_t type, uint32_t sequence, baro_view raw) {
  fixture_put_chunk_head(file, (baro_chunk_head){.type = type, .sequence = sequence}, raw);
}

void fixture_put_record(baro_buffer *raw, uint64_t type, baro_view payload) {
  baro_write_varint(raw, type);
  baro_write_string(raw, payload);
}

void fixture_put_bytes(baro_buffer *raw, uint64_t type, const char *bytes, size_t length) {
  fixture_put_record(raw, type, (baro_view){(const uint8_t *)bytes, length});
}

void fixture_put_definitions(baro_buffer *raw) {
  FIXTURE_PUT(raw, BARO_RECORD_STRING, "a");
  FIXTURE_PUT(raw, BARO_RECORD_STRING, "b");
  FIXTURE_PUT(raw, BARO_RECORD_FUNCTION, "\1\2\2\7\0");
  FIXTURE_PUT(raw, BARO_RECORD_FRAME, "\0\x09");
  FIXTURE_PUT(raw, BARO_RECORD_STACK, "\0\0");
  FIXTURE_PUT(raw, BARO_RECORD_PROCESS, "\5\0\1\2\0\1");
  FIXTURE_PUT(raw, BARO_RECORD_THREAD, "\0\5\3\0\1");
}
