/* Writes the recordings of tests/recordings, and seeds for the fuzzers of the reader and of the profile
 * into SEEDS/recording and SEEDS/profile (tests/fuzz/corpus): make_recordings FOLDER [SEEDS]
 * Run once per version of the format, then tests/recordings/README.md says how to go on. Those with a
 * newer minor version and with broken rules are made by hand, because no writer of ours makes them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/os_file.h"
#include "recording/format.h"
#include "recording/sample_model.h"
#include "support/call_fixture.h"
#include "support/recording_fixture.h"

static const char *folder;
static const char *seeds; /* NULL: not wanted */

static void save_as(const char *place, const char *name, baro_view bytes) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s", place, name);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(bytes.data, 1, bytes.length, file) != bytes.length ||
      fclose(file) != 0) {
    perror(path);
    exit(1);
  }
}

/* The records of all whole chunks, in the form of fuzz_recording. */
static void put_payloads(baro_buffer *out, baro_view file) {
  ZSTD_DCtx *decompressor = ZSTD_createDCtx();
  baro_buffer buffer = {0};
  size_t at = BARO_FORMAT_HEAD_BYTES;
  baro_chunk_head head;
  while (file.length - at >= BARO_CHUNK_HEAD_BYTES &&
         baro_chunk_head_read(file.data + at, &head, NULL) == BARO_OK) {
    baro_view stored = {file.data + at + BARO_CHUNK_HEAD_BYTES, head.stored_bytes};
    at += BARO_CHUNK_HEAD_BYTES + stored.length;
    baro_view raw;
    if (at > file.length ||
        baro_chunk_unpack(decompressor, &head, stored, &buffer, &raw, NULL) != BARO_OK) {
      break;
    }
    if (head.type == BARO_CHUNK_RECORDS) {
      baro_write_bytes(out, raw.data, raw.length);
      baro_write_bytes(out, "\xff\xfe\xfd", 3);
    }
  }
  baro_buffer_release(&buffer);
  ZSTD_freeDCtx(decompressor);
}

/* The same with the two bytes that choose options of fuzz_profile: others for each seed. */
static void save_profile_seed(const char *name, baro_view payloads) {
  static uint8_t choice;
  char file_name[64];
  snprintf(file_name, sizeof(file_name), "profile/%s", name);
  baro_buffer seed = {0};
  baro_write_u8(&seed, choice);
  baro_write_u8(&seed, (uint8_t)(choice * 3));
  baro_write_bytes(&seed, payloads.data, payloads.length);
  save_as(seeds, file_name, (baro_view){seed.data, seed.length});
  baro_buffer_release(&seed);
  choice = (uint8_t)(choice + 0x2d);
}

static void save_seeds(const char *name, baro_view bytes) {
  enum { SEED_LIMIT_BYTES = 8192 }; /* small ones are mutated faster */
  if (seeds == NULL || bytes.length >= SEED_LIMIT_BYTES) {
    return;
  }
  char file_name[64];
  snprintf(file_name, sizeof(file_name), "recording/%s", name);
  save_as(seeds, file_name, bytes);
  baro_buffer payloads = {0};
  put_payloads(&payloads, bytes);
  baro_view view = {payloads.data, payloads.length};
  if (payloads.length != 0) {
    snprintf(file_name, sizeof(file_name), "recording/%s_records", name);
    save_as(seeds, file_name, view);
    save_profile_seed(name, view);
  }
  baro_buffer_release(&payloads);
}

static void save(const char *name, baro_view bytes) {
  char file_name[64];
  snprintf(file_name, sizeof(file_name), "%s.baro", name);
  save_as(folder, file_name, bytes);
  save_seeds(name, bytes);
}

static void must(baro_status status) {
  if (status != BARO_OK) {
    abort();
  }
}

static void close_writer(baro_writer *writer) {
  baro_error err = {0};
  if (baro_writer_close(writer, &err) != BARO_OK) {
    fprintf(stderr, "make_recordings: %s\n", err.message);
    exit(1);
  }
}

static void make_empty(void) {
  fixture_disk disk = {0};
  close_writer(fixture_writer(&disk));
  save("empty", fixture_disk_view(&disk));
  fixture_disk_release(&disk);
}

static void make_everything(void) {
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_write_everything(writer);
  close_writer(writer);
  save("everything", fixture_disk_view(&disk));
  fixture_disk_release(&disk);
}

/* Several chunks of a program with threads; then the same as a recorder killed while writing leaves
 * it: without the last chunks, and with a torn one. */
static void make_threads_and_killed(void) {
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_program program;
  fixture_program_start(&program, writer, 5, 1);
  for (int i = 0; i < 5; i++) {
    fixture_program_run(&program, writer, 300);
    if (baro_writer_flush(writer, NULL) != BARO_OK) {
      abort();
    }
  }
  size_t flushed = disk.bytes.length;
  close_writer(writer);
  save("threads", fixture_disk_view(&disk));
  save("killed", (baro_view){.data = disk.bytes.data, .length = flushed - 100});
  fixture_disk_release(&disk);
}

static uint32_t program_string(baro_writer *writer, const char *text) {
  uint32_t id;
  must(baro_writer_string(writer, baro_view_of(text), &id));
  return id;
}

/* A function each of the program, a package, the library and the interpreter, and stacks of them in which
 * the first three call each other. */
enum { PROGRAM_STACKS = 12, PROGRAM_THREADS = 3 };
static void define_program(baro_writer *writer) {
  static const char *const names[] = {"main", "get", "wait", "<shim>", "lookup"};
  static const char *const files[] = {"/srv/app/run.py", "/usr/lib/python3/site-packages/p/q.py",
                                      "/usr/lib/python3.12/threading.py", "", "libc.so.6"};
  static const uint32_t flags[] = {0, BARO_FUNCTION_NAME_CUT, 0, BARO_FUNCTION_SHIM,
                                   BARO_FUNCTION_NO_PYTHON};
  enum { FUNCTIONS = sizeof(names) / sizeof(names[0]) };
  uint32_t stack = BARO_NONE_ID;
  for (uint32_t i = 0; i < PROGRAM_STACKS; i++) {
    uint32_t row = i % FUNCTIONS;
    baro_function_record function = {.name_string = program_string(writer, names[row]),
                                     .file_string = program_string(writer, files[row]),
                                     .first_line = 10 * row,
                                     .flags = flags[row],
                                     .module_string = BARO_NONE_ID};
    function.qualified_string = function.name_string;
    baro_frame_record frame = {.line = 10 * row + i};
    must(baro_writer_function(writer, &function, &frame.function));
    baro_stack_record record = {.parent = i % 4 == 0 ? BARO_NONE_ID : stack};
    must(baro_writer_frame(writer, &frame, &record.frame));
    must(baro_writer_stack(writer, &record, &stack));
  }
  uint32_t process = BARO_NONE_ID;
  for (uint32_t i = 0; i < PROGRAM_THREADS; i++) {
    uint32_t name = program_string(writer, i == 0 ? "python3" : "Thread-1 (wait)");
    if (i != 1) {
      baro_process_record record = {100 + i, process, 5, 10, name, name};
      must(baro_writer_process(writer, &record, &process));
    }
    baro_thread_record thread = {process, 100 + i, 10, name, i != 1};
    uint32_t id;
    must(baro_writer_thread(writer, &thread, &id));
  }
}

/* Three threads in two processes go through all states: a seed only. */
static void make_program(void) {
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  define_program(writer);
  for (uint32_t i = 0; i < 90; i++) {
    uint64_t weight_ns = 1000000 + i % 7 * 1000;
    baro_sample_record sample = {.time_ns = UINT64_C(1000000000) + i / 3 * UINT64_C(1000000),
                                 .weight_ns = weight_ns,
                                 .ticks = 1 + (i % 11 == 0),
                                 .thread = i % PROGRAM_THREADS,
                                 .stack = i % 13 == 0 ? BARO_NONE_ID : i / 5 % PROGRAM_STACKS,
                                 .state = (baro_state)(i / 4 % BARO_STATE_COUNT),
                                 .cpu_ns = i % 3 * 300000,
                                 .runnable_ns = i % 5 * 100000};
    baro_writer_sample(writer, &sample);
    if (i == 60) {
      must(baro_writer_flush(writer, NULL));
    }
  }
  close_writer(writer);
  save_seeds("program", fixture_disk_view(&disk));
  fixture_disk_release(&disk);
}

/* Calls of three threads, with all that can happen to one, in two chunks; and two that do not get in. */
static void make_calls(void) {
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, 3);
  const baro_call_event without_beginning = {.time_ns = 1, .kind = BARO_CALL_RETURN};
  baro_writer_calls(writer, 2, &without_beginning, 1);
  fixture_calls calls;
  fixture_calls_start(&calls, 4);
  for (uint32_t i = 0; i < 150; i++) {
    baro_call_event events[5];
    for (uint32_t j = 0; j < 5; j++) {
      events[j] = fixture_calls_next(&calls, i / 4 % 3);
    }
    baro_writer_calls(writer, i / 4 % 3, events, 5);
    if (i == 90) {
      must(baro_writer_flush(writer, NULL));
    }
  }
  const baro_call_event unknown = {
      .time_ns = calls.threads[1].time_ns + 5, .kind = BARO_CALL_THROW, .call = UINT64_MAX};
  baro_writer_calls(writer, 1, &unknown, 1);
  close_writer(writer);
  save("calls", fixture_disk_view(&disk));
  fixture_disk_release(&disk);
}

/* What is said beside calls, in three threads; facts of processes, and a function whose module is known. */
static void make_remarks(void) {
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, 3);
  baro_function_record function = {.name_string = program_string(writer, "f"), .first_line = 3};
  function.qualified_string = function.name_string;
  function.file_string = program_string(writer, "/srv/app.py");
  function.module_string = program_string(writer, "app");
  uint32_t f;
  must(baro_writer_function(writer, &function, &f));
  const baro_process_fact_record facts[] = {
      {0, baro_view_of("recursion_limit"), baro_view_of("1000")},
      {0, baro_view_of("own_cost_inner_ns"), baro_view_of("31.5")},
      {0, baro_view_of("recursion_limit"), baro_view_of("")}};
  for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
    baro_writer_process_fact(writer, &facts[i]);
  }
  static uint8_t text[BARO_CALL_VALUE_LIMIT_BYTES];
  for (size_t i = 0; i < sizeof(text); i++) {
    text[i] = (uint8_t)(i % 251 + 5);
  }
  const baro_call_event first[] = {
      {.time_ns = 10, .kind = BARO_CALL_USAGE, .cpu_ns = UINT64_MAX - 9, .peak_kib = UINT32_MAX},
      {.time_ns = 10, .kind = BARO_CALL_WEIGHT, .weight = UINT64_MAX, .is_recursive = 1},
      {.time_ns = 12, .kind = BARO_CALL_ENTER, .function = f},
      {.kind = BARO_CALL_VALUE, .which = 1, .value_bytes = 0, .value = text},
      {.kind = BARO_CALL_VALUE, .which = 2, .value_bytes = sizeof(text), .value = text},
      {.kind = BARO_CALL_SPAWN, .call = 7},
      {.kind = BARO_CALL_SPAWN, .call = 5},
      {.kind = BARO_CALL_VALUE, .which = 3, .value_bytes = 6, .value = text + 60},
      {.time_ns = 20, .kind = BARO_CALL_RETURN},
      {.time_ns = 21, .kind = BARO_CALL_USAGE, .cpu_ns = UINT64_MAX, .peak_kib = 0},
      {.kind = BARO_CALL_SKIPPED, .function = f, .skipped = UINT64_MAX},
      {.kind = BARO_CALL_SKIPPED, .function = 0, .skipped = 1}};
  const baro_call_event second[] = {
      {.kind = BARO_CALL_SPAWN, .call = UINT64_MAX},
      {.time_ns = 30, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 1, .call = 5},
      {.time_ns = 31, .kind = BARO_CALL_SUSPEND},
      {.time_ns = 32, .kind = BARO_CALL_WEIGHT, .weight = 1},
      {.time_ns = 33, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 1, .call = 9}};
  baro_writer_calls(writer, 0, first, sizeof(first) / sizeof(first[0]));
  baro_writer_calls(writer, 2, second, sizeof(second) / sizeof(second[0]));
  must(baro_writer_flush(writer, NULL));
  const baro_call_event third[] = {
      {.time_ns = 40, .kind = BARO_CALL_USAGE, .cpu_ns = 5, .peak_kib = 80},
      {.time_ns = 41, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 1, .call = 7},
      {.time_ns = 43, .kind = BARO_CALL_USAGE, .cpu_ns = 5, .peak_kib = 90}};
  baro_writer_calls(writer, 1, third, sizeof(third) / sizeof(third[0]));
  close_writer(writer);
  save("remarks", fixture_disk_view(&disk));
  fixture_disk_release(&disk);
}

/* What recording itself took, between calls of two threads. */
static void make_own_time(void) {
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, 2);
  const baro_call_event first[] = {
      {.time_ns = 10, .kind = BARO_CALL_ENTER, .function = 0},
      {.kind = BARO_CALL_OWN, .own_ns = 3500, .own_wait_us = 0},
      {.time_ns = 4000, .kind = BARO_CALL_ENTER, .function = 1},
      {.kind = BARO_CALL_VALUE, .which = 1, .value_bytes = 3, .value = (const uint8_t *)"a=1"},
      {.time_ns = 4100, .kind = BARO_CALL_RETURN},
      {.kind = BARO_CALL_OWN, .own_ns = 2500000, .own_wait_us = 2100},
      {.time_ns = 2600000, .kind = BARO_CALL_USAGE, .cpu_ns = 500000, .peak_kib = 80},
      {.time_ns = 2700000, .kind = BARO_CALL_RETURN}};
  const baro_call_event second[] = {
      {.kind = BARO_CALL_OWN, .own_ns = UINT64_MAX, .own_wait_us = UINT32_MAX},
      {.kind = BARO_CALL_OWN, .own_ns = 0, .own_wait_us = 0}};
  baro_writer_calls(writer, 0, first, sizeof(first) / sizeof(first[0]));
  baro_writer_calls(writer, 1, second, sizeof(second) / sizeof(second[0]));
  close_writer(writer);
  save("own_time", fixture_disk_view(&disk));
  fixture_disk_release(&disk);
}

/* What a dataflow framework ran: operators within one another, edges, tasks with no amounts and with the most that there may be. */
static void make_dataflow(void) {
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, 2);
  uint32_t stage_kind = program_string(writer, "spark.stage");
  baro_operator_record record = {.kind_string = program_string(writer, "spark.job"),
                                 .name_string = program_string(writer, "collect"),
                                 .place_string = program_string(writer, "app.py:25"),
                                 .parent_operator = BARO_NONE_ID};
  uint32_t job;
  uint32_t first;
  uint32_t second;
  must(baro_writer_operator(writer, &record, &job));
  record.kind_string = stage_kind;
  record.place_string = program_string(writer, "");
  record.parent_operator = job;
  must(baro_writer_operator(writer, &record, &first));
  must(baro_writer_operator(writer, &record, &second));
  must(baro_writer_operator_fact(
      writer, &(baro_operator_fact_record){job, baro_view_of("tasks"), baro_view_of("2")}));
  must(baro_writer_operator_fact(
      writer, &(baro_operator_fact_record){second, baro_view_of(""), baro_view_of("\n\"")}));
  must(baro_writer_operator_edge(
      writer, &(baro_operator_edge_record){first, second, BARO_OPERATOR_EDGE_DATA}));
  must(baro_writer_operator_edge(
      writer, &(baro_operator_edge_record){second, second, BARO_OPERATOR_EDGE_CONTROL}));
  baro_task_amount amounts[BARO_TASK_AMOUNTS_MAX];
  for (uint32_t i = 0; i < BARO_TASK_AMOUNTS_MAX; i++) {
    char key[16];
    snprintf(key, sizeof(key), "amount_%u", i);
    amounts[i] = (baro_task_amount){.key_string = program_string(writer, key),
                                    .value = i % 2 == 0 ? i : UINT64_MAX - i};
  }
  for (uint32_t i = 0; i < BARO_TASK_OUTCOME_COUNT; i++) {
    baro_task_record task = {.operator_id = i % 2 == 0 ? first : second,
                             .thread = i % 2,
                             .start_ns = i == 0 ? 0 : UINT64_MAX - i,
                             .end_ns = UINT64_MAX,
                             .outcome = (baro_task_outcome)i,
                             .amount_count = i == 1 ? BARO_TASK_AMOUNTS_MAX : i,
                             .amounts = amounts};
    must(baro_writer_task(writer, &task));
  }
  close_writer(writer);
  save("dataflow", fixture_disk_view(&disk));
  fixture_disk_release(&disk);
}

/* The next sample of thread 0, of state 200, in a stack that is not among the recent ones. */
static void put_newer_sample(baro_number_writer *numbers, baro_sample_model *model, uint64_t step,
                             uint64_t weight, uint64_t stack, uint64_t movement, uint64_t share) {
  baro_number_put(numbers, baro_sample_thread_model(model), 0);
  baro_sample_context context = baro_sample_model_enter(model, 0, true, true);
  baro_number_put(numbers, baro_sample_step_model(model), step);
  baro_number_put(numbers, baro_sample_weight_model(model), weight);
  uint64_t elapsed = baro_sample_elapsed(model, &context);
  baro_number_put(numbers, baro_sample_ticks_model(model, &context, elapsed), 0);
  baro_sample_model_ticks(model, &context, elapsed, elapsed);
  context.thread->is_seen = true;
  baro_number_put(numbers, baro_sample_stack_model(model, &context), stack);
  uint8_t state = baro_sample_recent_touch(context.thread, context.thread->recent_count, 0);
  baro_number_put(numbers, baro_sample_state_model(model, &context, state, 1), 201);
  baro_sample_model_state(&context, 200);
  baro_number_put(numbers, baro_sample_movement_model(model, &context, 0), movement);
  if (movement != 0) {
    baro_number_put(numbers, baro_sample_share_model(model, &context, 6), share);
  }
}

/* Samples at 1000 us and 1001 us, and a field behind their numbers. */
static void put_newer_samples(baro_buffer *raw) {
  baro_sample_model model = {0};
  if (baro_sample_model_grow(&model, 1) != BARO_OK ||
      baro_sample_model_ready(&model, 0) != BARO_OK) {
    abort();
  }
  uint8_t bytes[16 * BARO_NUMBER_MAX_BYTES + BARO_NUMBER_END_BYTES];
  baro_number_writer numbers;
  baro_number_writer_init(&numbers, bytes);
  put_newer_sample(&numbers, &model, 0, 4, 129, 0, 0); /* 2 us; stack 0 */
  put_newer_sample(&numbers, &model, 1, 0, 128, 12,
                   5); /* no stack; 6 more than due, 2 of them CPU */
  size_t length = (size_t)(baro_number_writer_end(&numbers) - bytes);
  baro_buffer payload = {0};
  baro_write_bytes(&payload, "\0\2\xe8\x07", 4);
  baro_write_string(&payload, (baro_view){.data = bytes, .length = length});
  baro_write_text(&payload, " more fields");
  fixture_put_record(raw, BARO_RECORD_SAMPLES,
                     (baro_view){.data = payload.data, .length = payload.length});
  baro_buffer_release(&payload);
  baro_sample_model_release(&model);
}

/* Whatever version 1.7 may add: each must be skipped or taken as unknown. */
static void make_newer_minor(void) {
  baro_buffer raw = {0};
  fixture_put_definitions(&raw);
  FIXTURE_PUT(&raw, 1000000, "a record type of the future");
  FIXTURE_PUT(&raw, BARO_RECORD_FRAME, "\0\x0a more fields");
  FIXTURE_PUT(&raw, BARO_RECORD_COUNTERS, "\1\7\3\x00\x2a\x7b\x2b\x02\x2c and more");
  put_newer_samples(&raw);
  FIXTURE_PUT(&raw, 15 + 100, "");
  baro_buffer file = {0};
  fixture_put_head(&file, 1, 7);
  baro_chunk_head head = {
      .type = BARO_CHUNK_RECORDS, .samples = 2, .first_ns = 1000000, .last_ns = 1001000};
  fixture_put_chunk_head(&file, head, (baro_view){.data = raw.data, .length = raw.length});
  fixture_put_chunk(&file, 77, 1, baro_view_of("a chunk type of the future"));
  baro_buffer_clear(&raw);
  FIXTURE_PUT(&raw, BARO_RECORD_DROPPED, "\3 and why");
  FIXTURE_PUT(&raw, BARO_RECORD_CLOSE, "\2\3 more");
  fixture_put_chunk(&file, BARO_CHUNK_RECORDS, 2,
                    (baro_view){.data = raw.data, .length = raw.length});
  save("newer_minor", (baro_view){.data = file.data, .length = file.length});
  baro_buffer_release(&raw);
  baro_buffer_release(&file);
}

/* Remarks that a later version may add, fields behind those that there are, and a function with more of them. */
static void make_newer_remarks(void) {
  baro_buffer raw = {0};
  fixture_put_definitions(&raw);
  FIXTURE_PUT(&raw, BARO_RECORD_FUNCTION, "\1\2\0\7\0\2 more");
  FIXTURE_PUT(&raw, BARO_RECORD_PROCESS_FACT, "\0\1k\1v more");
  /* f enters, codes 30 and 300 are skipped, as a value of kind 9; a usage with more; f returns. */
  FIXTURE_PUT(&raw, BARO_RECORD_CALLS,
              "\0\6\x19\x01\x1e\x03"
              "abc\xac\x02\x00\x16\x02\x09q\x0e\x09\x05\x08 a more\x00\x06\1\2\3\4\5\6 and more");
  FIXTURE_PUT(&raw, BARO_RECORD_CALLS, "\0\1\2\x1e\0\1\7"); /* of which nothing is known */
  FIXTURE_PUT(&raw, BARO_RECORD_CLOSE, "\0\0");
  baro_buffer file = {0};
  fixture_put_head(&file, 1, 8);
  fixture_put_chunk(&file, BARO_CHUNK_RECORDS, 0,
                    (baro_view){.data = raw.data, .length = raw.length});
  save("newer_remarks", (baro_view){.data = file.data, .length = file.length});
  baro_buffer_release(&raw);
  baro_buffer_release(&file);
}

static void make_newer_major(void) {
  baro_buffer file = {0};
  fixture_put_head(&file, 2, 0);
  baro_write_text(&file, "anything");
  save("newer_major", (baro_view){.data = file.data, .length = file.length});
  baro_buffer_release(&file);
}

/* Good checksums, and a sample of a stack that is not there. */
static void make_broken_rule(void) {
  baro_buffer raw = {0};
  fixture_put_definitions(&raw);
  baro_buffer file = {0};
  fixture_put_head(&file, 1, 0);
  fixture_put_chunk(&file, BARO_CHUNK_RECORDS, 0,
                    (baro_view){.data = raw.data, .length = raw.length});
  baro_buffer_clear(&raw);
  FIXTURE_PUT(&raw, BARO_RECORD_STRING, "read before the broken record");
  FIXTURE_PUT(&raw, BARO_RECORD_STACK, "\0\5");
  fixture_put_chunk(&file, BARO_CHUNK_RECORDS, 1,
                    (baro_view){.data = raw.data, .length = raw.length});
  save("broken_rule", (baro_view){.data = file.data, .length = file.length});
  baro_buffer_release(&raw);
  baro_buffer_release(&file);
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) {
    fprintf(stderr, "usage: make_recordings FOLDER [SEEDS]\n");
    return 2;
  }
  folder = argv[1];
  seeds = argc == 3 ? argv[2] : NULL;
  make_empty();
  make_everything();
  make_threads_and_killed();
  make_newer_minor();
  make_newer_major();
  make_broken_rule();
  make_program();
  make_calls();
  make_remarks();
  make_own_time();
  make_dataflow();
  make_newer_remarks();
  return 0;
}
