#include "recording/record_reader.h"

#include "recording/format.h"

/* Each read_X reads the payload of one record (bytes after the known fields belong to a newer minor
 * version), checks it and calls the visitor. is_sound false = the record breaks a rule. */
typedef struct reading {
  baro_record_reader *records;
  const baro_visitor *visitor;
  baro_reader payload;
  baro_error *err;
  bool is_sound;
} reading;

/* Calls a visitor's slot if it is set and the record is good so far. */
#define VISIT(r, slot, ...)                                                                        \
  ((r)->is_sound && !(r)->payload.failed && (r)->visitor->slot != NULL                             \
       ? (r)->visitor->slot((r)->visitor->context, __VA_ARGS__, (r)->err)                          \
       : BARO_OK)

static uint32_t read_id(reading *r, uint32_t defined) {
  uint32_t id = baro_read_varint32(&r->payload);
  r->is_sound = r->is_sound && id < defined;
  return id;
}

/* Coded as the distance back from the latest. */
static uint32_t read_id_back(reading *r, uint32_t defined) {
  uint32_t distance = read_id(r, defined);
  return r->is_sound ? defined - 1 - distance : 0;
}

/* A string, coded as the distance from another. */
static uint32_t read_string_near(reading *r, uint32_t other) {
  uint64_t id = other + (uint64_t)baro_read_zigzag(&r->payload);
  r->is_sound = r->is_sound && id < r->records->strings;
  return r->is_sound ? (uint32_t)id : 0;
}

/* 0 = none, else id + 1. */
static uint32_t read_optional_id(reading *r, uint32_t defined) {
  uint64_t code = baro_read_varint(&r->payload);
  r->is_sound = r->is_sound && code <= defined;
  return code == 0 ? BARO_NONE_ID : (uint32_t)(code - 1);
}

/* The id of a new definition; ids end before BARO_NONE_ID. */
static uint32_t next_id(reading *r, uint32_t *defined) {
  r->is_sound = r->is_sound && !r->payload.failed && *defined < BARO_NONE_ID - 1;
  return r->is_sound ? (*defined)++ : 0;
}

/* Fields are read in statements of their own: initialisers have no order in C. */

static baro_status read_info(reading *r) {
  baro_info_record info;
  info.key = baro_read_string(&r->payload);
  info.value = baro_read_string(&r->payload);
  return VISIT(r, info, &info);
}

static baro_status read_anchor(reading *r) {
  baro_clock_anchor anchor;
  anchor.monotonic_ns = baro_read_varint(&r->payload);
  anchor.utc_ns = baro_read_varint(&r->payload);
  return VISIT(r, anchor, &anchor);
}

static baro_status read_string(reading *r) {
  size_t length = baro_reader_left(&r->payload);
  baro_view text = baro_read_bytes(&r->payload, length);
  r->is_sound = length <= BARO_STRING_LIMIT_BYTES;
  uint32_t id = next_id(r, &r->records->strings);
  return VISIT(r, string, id, text);
}

static baro_status read_function(reading *r) {
  baro_function_record function;
  function.name_string = read_id_back(r, r->records->strings);
  function.qualified_string = read_string_near(r, function.name_string);
  function.file_string = read_string_near(r, r->records->function_file);
  function.first_line = baro_read_varint32(&r->payload);
  function.flags = baro_read_varint32(&r->payload);
  function.module_string = BARO_NONE_ID;
  if (baro_reader_left(&r->payload) != 0) { /* those that know no module may end before it */
    function.module_string = read_optional_id(r, r->records->strings);
  }
  uint32_t id = next_id(r, &r->records->functions);
  r->records->function_file = function.file_string;
  return VISIT(r, function, id, &function);
}

static baro_status read_frame(reading *r) {
  baro_frame_record frame;
  frame.function = read_id_back(r, r->records->functions);
  frame.line = baro_read_varint32(&r->payload);
  uint32_t id = next_id(r, &r->records->frames);
  return VISIT(r, frame, id, &frame);
}

static baro_status read_stack(reading *r) {
  uint64_t parent_distance = baro_read_varint(&r->payload);
  uint64_t frame_distance = baro_read_varint(&r->payload);
  r->is_sound = parent_distance <= r->records->stacks && frame_distance < r->records->frames;
  if (!r->is_sound) {
    return BARO_OK;
  }
  baro_stack_record stack = {.parent = BARO_NONE_ID,
                             .frame = r->records->frames - 1 - (uint32_t)frame_distance};
  if (parent_distance != 0) {
    stack.parent = r->records->stacks - (uint32_t)parent_distance;
  }
  uint32_t id = next_id(r, &r->records->stacks);
  return VISIT(r, stack, id, &stack);
}

static baro_status read_process(reading *r) {
  baro_process_record process;
  process.os_pid = baro_read_varint32(&r->payload);
  process.parent_process = read_optional_id(r, r->records->processes);
  process.start_ns = baro_read_varint(&r->payload);
  process.seen_ns = baro_read_varint(&r->payload);
  process.command_string = read_id(r, r->records->strings);
  process.python_string = read_id(r, r->records->strings);
  uint32_t id = next_id(r, &r->records->processes);
  return VISIT(r, process, id, &process);
}

static baro_status read_process_fact(reading *r) {
  baro_process_fact_record fact;
  fact.process = read_id(r, r->records->processes);
  fact.key = baro_read_string(&r->payload);
  fact.value = baro_read_string(&r->payload);
  return VISIT(r, process_fact, &fact);
}

static baro_status read_operator(reading *r) {
  baro_operator_record operator;
  operator.kind_string = read_id(r, r->records->strings);
  operator.name_string = read_id(r, r->records->strings);
  operator.place_string = read_id(r, r->records->strings);
  operator.parent_operator = read_optional_id(r, r->records->operators);
  uint32_t id = next_id(r, &r->records->operators);
  return VISIT(r, operator, id, &operator);
}

static baro_status read_operator_fact(reading *r) {
  baro_operator_fact_record fact;
  fact.operator_id = read_id(r, r->records->operators);
  fact.key = baro_read_string(&r->payload);
  fact.value = baro_read_string(&r->payload);
  return VISIT(r, operator_fact, &fact);
}

static baro_status read_operator_edge(reading *r) {
  baro_operator_edge_record edge;
  edge.from_operator = read_id(r, r->records->operators);
  edge.to_operator = read_id(r, r->records->operators);
  uint64_t kind = baro_read_varint(&r->payload);
  if (kind >= BARO_OPERATOR_EDGE_COUNT) { /* of a newer minor version */
    r->records->unknown_records++;
    return BARO_OK;
  }
  edge.kind = (baro_operator_edge)kind;
  return VISIT(r, operator_edge, &edge);
}

static baro_status read_task(reading *r) {
  baro_task_amount amounts[BARO_TASK_AMOUNTS_MAX];
  baro_task_record task = {.amounts = amounts};
  task.operator_id = read_id(r, r->records->operators);
  task.thread = read_id(r, r->records->threads);
  task.start_ns = baro_read_varint(&r->payload);
  uint64_t lasted_ns = baro_read_varint(&r->payload);
  uint64_t outcome = baro_read_varint(&r->payload);
  uint64_t count = baro_read_varint(&r->payload);
  r->is_sound =
      r->is_sound && lasted_ns <= UINT64_MAX - task.start_ns && count <= BARO_TASK_AMOUNTS_MAX;
  for (uint64_t i = 0; i < count && r->is_sound && !r->payload.failed; i++) {
    amounts[i].key_string = read_id(r, r->records->strings);
    amounts[i].value = baro_read_varint(&r->payload);
  }
  task.end_ns = task.start_ns + lasted_ns;
  task.outcome = outcome < BARO_TASK_OUTCOME_COUNT ? (baro_task_outcome)outcome : BARO_TASK_UNKNOWN;
  task.amount_count = (uint32_t)count;
  return VISIT(r, task, &task);
}

static baro_status read_thread(reading *r) {
  baro_thread_record thread;
  thread.process = read_id(r, r->records->processes);
  thread.os_tid = baro_read_varint32(&r->payload);
  thread.seen_ns = baro_read_varint(&r->payload);
  thread.name_string = read_id(r, r->records->strings);
  thread.is_main = (baro_read_varint(&r->payload) & 1) != 0;
  r->is_sound = r->is_sound && r->records->threads < BARO_THREAD_LIMIT;
  uint32_t id = next_id(r, &r->records->threads);
  return VISIT(r, thread, id, &thread);
}

static baro_status read_thread_name(reading *r) {
  uint32_t thread = read_id(r, r->records->threads);
  uint32_t name_string = read_id(r, r->records->strings);
  return VISIT(r, thread_name, thread, name_string);
}

static baro_end_record end_fields(reading *r, uint32_t defined) {
  baro_end_record end;
  end.index = read_id(r, defined);
  end.time_ns = baro_read_varint(&r->payload);
  int64_t wait_status = baro_read_zigzag(&r->payload);
  r->is_sound = r->is_sound && wait_status >= INT32_MIN && wait_status <= INT32_MAX;
  end.wait_status = r->is_sound ? (int32_t)wait_status : 0;
  return end;
}

static baro_status read_process_end(reading *r) {
  baro_end_record end = end_fields(r, r->records->processes);
  return VISIT(r, process_end, &end);
}

static baro_status read_thread_end(reading *r) {
  baro_end_record end = end_fields(r, r->records->threads);
  return VISIT(r, thread_end, &end);
}

static baro_status read_counters(reading *r) {
  baro_counters_record counters = {0};
  counters.process = read_optional_id(r, r->records->processes);
  counters.time_ns = baro_read_varint(&r->payload);
  uint64_t count = baro_read_varint(&r->payload);
  for (uint64_t i = 0; i < count && !r->payload.failed; i++) {
    uint64_t counter = baro_read_varint(&r->payload);
    uint64_t value = baro_read_varint(&r->payload);
    if (counter < BARO_COUNTER_COUNT) {
      counters.values[counter] = value;
    }
  }
  return VISIT(r, counters, &counters);
}

static baro_status read_note(reading *r) {
  baro_note_record note;
  note.time_ns = baro_read_varint(&r->payload);
  note.process = read_optional_id(r, r->records->processes);
  note.text = baro_read_string(&r->payload);
  return VISIT(r, note, &note);
}

static void count_sample(baro_record_reader *records, uint64_t time_ns) {
  if (records->chunk_samples == 0 || time_ns < records->chunk_first_ns) {
    records->chunk_first_ns = time_ns;
  }
  if (records->chunk_samples == 0 || time_ns > records->chunk_last_ns) {
    records->chunk_last_ns = time_ns;
  }
  records->chunk_samples++;
  records->samples++;
}

static baro_status read_samples(reading *r) {
  baro_record_reader *records = r->records;
  baro_sample_decoder decoder;
  baro_view payload = baro_read_bytes(&r->payload, baro_reader_left(&r->payload));
  baro_status status = baro_sample_decoder_init(&decoder, &records->model, payload,
                                                records->threads, records->stacks, r->err);
  if (status == BARO_OK && records->chunk_samples + decoder.left > BARO_CHUNK_SAMPLE_LIMIT) {
    status = baro_error_set(r->err, BARO_CORRUPT, "too many samples in a chunk");
  }
  bool is_more = status == BARO_OK;
  while (is_more) {
    baro_sample_record sample;
    status = baro_sample_decode(&decoder, &sample, &is_more, r->err);
    if (status != BARO_OK) {
      return status;
    }
    if (is_more) {
      count_sample(records, sample.time_ns);
      status = VISIT(r, sample, &sample);
      records->is_visitor_error = status != BARO_OK;
      is_more = status == BARO_OK;
    }
  }
  return status;
}

static baro_status read_calls(reading *r) {
  baro_record_reader *records = r->records;
  baro_call_limits limits = {
      .threads = records->threads, .functions = records->functions, .strings = records->strings};
  uint32_t thread = 0;
  uint32_t count = 0;
  baro_status status =
      baro_call_decode(&records->calls, &r->payload, &limits, &thread, &count, r->err);
  r->is_sound = status != BARO_CORRUPT;
  if (status == BARO_OK && count != 0) {
    status = VISIT(r, calls, thread, records->calls.events, count);
    records->is_visitor_error = status != BARO_OK;
  }
  return status;
}

static baro_status read_dropped_calls(reading *r) {
  uint64_t dropped = baro_read_varint(&r->payload);
  r->is_sound = dropped >= r->records->dropped_call_events;
  r->records->dropped_call_events = dropped;
  return BARO_OK;
}

static baro_status read_dropped(reading *r) {
  uint64_t dropped = baro_read_varint(&r->payload);
  r->is_sound = dropped >= r->records->dropped_samples;
  r->records->dropped_samples = dropped;
  return BARO_OK;
}

static baro_status read_close(reading *r) {
  uint64_t samples = baro_read_varint(&r->payload);
  uint64_t dropped = baro_read_varint(&r->payload);
  r->is_sound = samples == r->records->samples && dropped == r->records->dropped_samples &&
                !r->payload.failed && !r->records->is_closed;
  r->records->is_closed = r->is_sound;
  return BARO_OK;
}

typedef struct record_row {
  baro_status (*read)(reading *r);
  const char *word;
} record_row;

/* Of most records only the visitor fails; blocks tell themselves whose failure it was. */
static bool is_block(const record_row *row) {
  return row->read == read_samples || row->read == read_calls;
}

static const record_row rows[] = {
#define X(name, word, value) [value] = {read_##word, #word},
    BARO_RECORD_TYPE_LIST(X)
#undef X
};

/* One record; its type is known. */
static baro_status read_record(baro_record_reader *records, const record_row *row,
                               baro_view payload, baro_error *err) {
  reading r = {.records = records,
               .visitor = records->visitor,
               .payload = baro_reader_of(payload.data, payload.length),
               .err = err,
               .is_sound = true};
  baro_status status = row->read(&r);
  if (!r.is_sound || r.payload.failed) {
    return baro_error_set(err, BARO_CORRUPT, "%s record breaks a rule", row->word);
  }
  if (status != BARO_OK && !is_block(row)) {
    records->is_visitor_error = true;
  }
  return status;
}

baro_status baro_record_reader_chunk(baro_record_reader *reader, baro_view raw, baro_error *err) {
  reader->chunk_samples = 0;
  reader->chunk_first_ns = 0;
  reader->chunk_last_ns = 0;
  baro_reader bytes = baro_reader_of(raw.data, raw.length);
  while (baro_reader_left(&bytes) != 0) {
    uint64_t type = baro_read_varint(&bytes);
    baro_view payload = baro_read_string(&bytes);
    if (bytes.failed) {
      return baro_error_set(err, BARO_CORRUPT, "record is longer than its chunk");
    }
    if (reader->is_closed) {
      return baro_error_set(err, BARO_CORRUPT, "record after the close record");
    }
    if (type >= sizeof(rows) / sizeof(rows[0]) || rows[type].read == NULL) {
      reader->unknown_records++;
      continue;
    }
    baro_status status = read_record(reader, &rows[type], payload, err);
    if (status != BARO_OK) {
      return status;
    }
  }
  return BARO_OK;
}

void baro_record_reader_release(baro_record_reader *reader) {
  baro_sample_model_release(&reader->model);
  baro_call_decoder_release(&reader->calls);
}
