/* pprof's profile.proto, unpacked. Parts of the message refer to each other by ids and stand in any order, so it is walked
 * through twice: strings, functions and locations first, then the samples. One of a sample's values is imported, the file's
 * default or that of options->type; beside it the one that counts samples. Threads, processes and states come from labels as
 * ours and others write them. Stacks have the innermost frame first, and so have lines of a location, where calls were inlined.
 * Aggregated as they are, samples have no times. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pprof_fields.h"
#include "import/import_formats.h"

enum { FIELD_MAX = 15 }; /* of a profile */

enum { TYPES_MAX = 64 };

typedef struct field {
  uint32_t number;
  uint8_t wire; /* 0 varint, 1 and 5 fixed, 2 bytes */
  uint64_t value;
  baro_view bytes;
} field;

/* Things with ids, as bytes of the file: their fields are read when they are needed. */
typedef struct id_table {
  baro_map by_id;   /* owned; id -> row */
  baro_buffer rows; /* owned; baro_view */
} id_table;

typedef struct pprof_input {
  const baro_import_options *options;
  baro_import_output *output;
  baro_view bytes;
  baro_buffer strings; /* owned; baro_view */
  uint64_t no_string;  /* the number of a text that there is not, 0: none was asked for */
  id_table functions;
  id_table locations;
  id_table mappings;
  field types[TYPES_MAX];
  uint32_t type_count;
  uint32_t chosen; /* of the types */
  uint32_t counts; /* the one that counts samples; TYPES_MAX: none */
  uint64_t time_ns;
  uint64_t default_type;
  baro_buffer location_ids; /* owned; uint64_t, of one sample */
  baro_buffer values;       /* owned; likewise */
  baro_buffer lines;        /* owned; baro_view of one location */
  uint32_t
      *frames; /* owned; by row of locations: frame + 1 of those with one frame; 0: not known yet */
} pprof_input;

static bool next_field(baro_reader *reader, field *ret_field) {
  if (baro_reader_left(reader) == 0 || reader->failed) {
    return false;
  }
  uint64_t key = baro_read_varint(reader);
  *ret_field = (field){.number = (uint32_t)(key >> 3), .wire = (uint8_t)(key & 7)};
  if (key >> 3 == 0 || key >> 3 > UINT32_MAX) {
    reader->failed = true;
  }
  switch (ret_field->wire) {
  case 0: ret_field->value = baro_read_varint(reader); break;
  case 1: ret_field->value = baro_read_u64(reader); break;
  case 2: ret_field->bytes = baro_read_string(reader); break;
  case 5: ret_field->value = baro_read_u32(reader); break;
  default: reader->failed = true; break;
  }
  return !reader->failed;
}

static baro_reader reader_of(baro_view bytes) {
  return baro_reader_of(bytes.data, bytes.length);
}

bool baro_sniff_pprof(baro_view bytes) {
  baro_reader reader = reader_of(bytes);
  field part;
  bool has_type = false;
  bool has_strings = false;
  while (next_field(&reader, &part)) {
    bool is_message = part.number <= BARO_PPROF_PROFILE_STRING_TABLE || part.number == 11;
    if (part.number > FIELD_MAX || (is_message && part.wire != 2)) {
      return false;
    }
    has_type |= part.number == BARO_PPROF_PROFILE_SAMPLE_TYPE;
    has_strings |= part.number == BARO_PPROF_PROFILE_STRING_TABLE;
  }
  return !reader.failed && has_type && has_strings;
}

static baro_status broken(const pprof_input *input, const char *what, baro_error *err) {
  (void)input;
  return baro_error_set(err, BARO_INVALID, "expected %s", what);
}

/* The text of that number; "" for one that there is not. */
static baro_view string_of(pprof_input *input, uint64_t number) {
  baro_view text = {0};
  if (number < input->strings.length / sizeof(text)) {
    memcpy(&text, input->strings.data + number * sizeof(text), sizeof(text));
  } else {
    input->no_string = number;
  }
  return text;
}

/* --- the first walk --- */

static baro_status put_row(id_table *table, baro_view message) {
  baro_reader reader = reader_of(message);
  field part;
  uint64_t id = 0;
  while (next_field(&reader, &part)) {
    id = part.number == 1 && part.wire == 0 ? part.value : id; /* the id, of all three */
  }
  uint64_t row = table->rows.length / sizeof(message);
  baro_write_bytes(&table->rows, &message, sizeof(message));
  if (table->rows.failed || row >= UINT32_MAX) {
    return BARO_NO_MEMORY;
  }
  return baro_map_set(&table->by_id, id, row);
}

static bool get_row(const id_table *table, uint64_t id, uint32_t *ret_row, baro_view *ret_message) {
  const uint64_t *row = baro_map_find(&table->by_id, id);
  if (row == NULL) {
    return false;
  }
  *ret_row = (uint32_t)*row;
  memcpy(ret_message, table->rows.data + *row * sizeof(*ret_message), sizeof(*ret_message));
  return true;
}

static baro_status read_definitions(pprof_input *input, baro_error *err) {
  baro_reader reader = reader_of(input->bytes);
  field part;
  baro_status status = BARO_OK;
  while (status == BARO_OK && next_field(&reader, &part)) {
    bool is_message = part.wire == 2;
    if (part.number == BARO_PPROF_PROFILE_STRING_TABLE && is_message) {
      baro_write_bytes(&input->strings, &part.bytes, sizeof(part.bytes));
      status = input->strings.failed ? BARO_NO_MEMORY : BARO_OK;
    } else if (part.number == BARO_PPROF_PROFILE_FUNCTION && is_message) {
      status = put_row(&input->functions, part.bytes);
    } else if (part.number == BARO_PPROF_PROFILE_LOCATION && is_message) {
      status = put_row(&input->locations, part.bytes);
    } else if (part.number == BARO_PPROF_PROFILE_MAPPING && is_message) {
      status = put_row(&input->mappings, part.bytes);
    } else if (part.number == BARO_PPROF_PROFILE_SAMPLE_TYPE && is_message) {
      if (input->type_count == TYPES_MAX) {
        return baro_error_set(err, BARO_LIMIT, "more than %d types of values", TYPES_MAX);
      }
      input->types[input->type_count++] = part;
    } else if (part.number == BARO_PPROF_PROFILE_TIME_NANOS) {
      input->time_ns = part.value;
    } else if (part.number == BARO_PPROF_PROFILE_DEFAULT_SAMPLE_TYPE) {
      input->default_type = part.value;
    }
  }
  if (reader.failed) {
    return baro_error_set(err, BARO_INVALID, "byte %zu: expected a field of a protocol buffer",
                          (size_t)(reader.at - input->bytes.data));
  }
  return status;
}

/* --- which value --- */

static baro_view type_text(pprof_input *input, uint32_t type, uint32_t which) {
  baro_reader reader = reader_of(input->types[type].bytes);
  field part;
  uint64_t number = 0;
  while (next_field(&reader, &part)) {
    number = part.number == which ? part.value : number;
  }
  return string_of(input, number);
}

static baro_status unknown_type(pprof_input *input, baro_error *err) {
  baro_buffer names = {0};
  for (uint32_t t = 0; t < input->type_count; t++) {
    baro_view name = type_text(input, t, BARO_PPROF_VALUE_TYPE_TYPE);
    baro_write_text(&names, t == 0 ? "" : ", ");
    baro_write_bytes(&names, name.data, name.length);
  }
  baro_status status =
      baro_error_set(err, BARO_USAGE, "no values of type %s; there are: %.*s", input->options->type,
                     (int)names.length, names.length == 0 ? "" : (const char *)names.data);
  baro_buffer_release(&names);
  return status;
}

static baro_status choose_type(pprof_input *input, baro_error *err) {
  if (input->type_count == 0) {
    return broken(input, "a type of values", err);
  }
  /* As pprof does: the default, or the last. */
  bool found = input->options->type == NULL;
  baro_view wanted =
      found ? string_of(input, input->default_type) : baro_view_of(input->options->type);
  input->chosen = input->type_count - 1;
  input->counts = TYPES_MAX;
  for (uint32_t t = 0; t < input->type_count; t++) {
    if (wanted.length != 0 &&
        baro_view_equal(type_text(input, t, BARO_PPROF_VALUE_TYPE_TYPE), wanted)) {
      input->chosen = t;
      found = true;
    }
    if (baro_view_equal(type_text(input, t, BARO_PPROF_VALUE_TYPE_TYPE), baro_view_of("samples"))) {
      input->counts = t;
    }
  }
  if (!found) {
    return unknown_type(input, err);
  }
  baro_view unit = type_text(input, input->chosen, BARO_PPROF_VALUE_TYPE_UNIT);
  baro_view name = type_text(input, input->chosen, BARO_PPROF_VALUE_TYPE_TYPE);
  /* Counts say by their type of what: "alloc_objects". */
  if (baro_view_equal(unit, baro_view_of("count")) && input->chosen != input->counts) {
    unit = name;
  }
  if (unit.length == 0) {
    unit = baro_view_of("samples");
  }
  return baro_import_unit(input->output, unit, input->options->rate_hz, err);
}

/* --- samples --- */

/* A repeated varint, packed or not. */
static bool put_numbers(baro_buffer *numbers, const field *part) {
  if (part->wire != 2) {
    baro_write_u64(numbers, part->value);
    return !numbers->failed;
  }
  baro_reader reader = reader_of(part->bytes);
  while (baro_reader_left(&reader) != 0 && !reader.failed) {
    baro_write_u64(numbers, baro_read_varint(&reader));
  }
  return !reader.failed && !numbers->failed;
}

static uint64_t number_at(const baro_buffer *numbers, size_t index) {
  uint64_t number;
  memcpy(&number, numbers->data + index * sizeof(number), sizeof(number));
  return number;
}

static uint32_t line_number(uint64_t line) {
  return line <= INT32_MAX ? (uint32_t)line : 0;
}

/* Frame of one line of a location. */
static baro_status line_frame(pprof_input *input, baro_view message, uint32_t *ret_frame,
                              baro_error *err) {
  baro_reader reader = reader_of(message);
  field part;
  uint64_t function = 0;
  uint64_t line = 0;
  uint64_t name = 0;
  uint64_t system_name = 0;
  uint64_t file = 0;
  uint64_t first_line = 0;
  uint32_t row;
  while (next_field(&reader, &part)) {
    function = part.number == BARO_PPROF_LINE_FUNCTION_ID ? part.value : function;
    line = part.number == BARO_PPROF_LINE_LINE ? part.value : line;
  }
  if (!get_row(&input->functions, function, &row, &message)) {
    return broken(input, "locations to refer to functions of this file", err);
  }
  reader = reader_of(message);
  while (next_field(&reader, &part)) {
    name = part.number == BARO_PPROF_FUNCTION_NAME ? part.value : name;
    system_name = part.number == BARO_PPROF_FUNCTION_SYSTEM_NAME ? part.value : system_name;
    file = part.number == BARO_PPROF_FUNCTION_FILENAME ? part.value : file;
    first_line = part.number == BARO_PPROF_FUNCTION_START_LINE ? part.value : first_line;
  }
  /* As pprof does: some tools write only the name that the linker knows. */
  baro_view text = string_of(input, name);
  text = text.length != 0 ? text : string_of(input, system_name);
  return baro_import_frame(input->output, text, string_of(input, file), line_number(first_line),
                           line_number(line), ret_frame);
}

/* A place in a program without names: its address. */
static baro_status address_frame(pprof_input *input, uint64_t address, uint64_t mapping,
                                 uint32_t *ret_frame) {
  char name[32];
  baro_view message;
  baro_view file = {0};
  uint32_t row;
  (void)snprintf(name, sizeof(name), "0x%llx", (unsigned long long)address);
  if (get_row(&input->mappings, mapping, &row, &message)) {
    baro_reader reader = reader_of(message);
    field part;
    while (next_field(&reader, &part)) {
      file = part.number == BARO_PPROF_MAPPING_FILENAME ? string_of(input, part.value) : file;
    }
  }
  return baro_import_frame(input->output, baro_view_of(name), file, 0, 0, ret_frame);
}

static baro_status push(pprof_input *input, uint32_t frame, uint32_t *stack) {
  baro_stack_record record = {.parent = *stack, .frame = frame};
  return baro_writer_stack(input->output->writer, &record, stack);
}

static baro_status push_location(pprof_input *input, uint64_t id, uint32_t *stack,
                                 baro_error *err) {
  baro_view message;
  uint32_t row;
  uint32_t frame;
  uint64_t address = 0;
  uint64_t mapping = 0;
  field part;
  if (!get_row(&input->locations, id, &row, &message)) {
    return broken(input, "samples to refer to locations of this file", err);
  }
  if (input->frames[row] != 0) {
    return push(input, input->frames[row] - 1, stack);
  }
  baro_buffer_clear(&input->lines);
  baro_reader reader = reader_of(message);
  while (next_field(&reader, &part)) {
    address = part.number == BARO_PPROF_LOCATION_ADDRESS ? part.value : address;
    mapping = part.number == BARO_PPROF_LOCATION_MAPPING_ID ? part.value : mapping;
    if (part.number == BARO_PPROF_LOCATION_LINE && part.wire == 2) {
      baro_write_bytes(&input->lines, &part.bytes, sizeof(part.bytes));
    }
  }
  if (input->lines.failed) {
    return BARO_NO_MEMORY;
  }
  size_t count = input->lines.length / sizeof(message);
  baro_status status = BARO_OK;
  if (count == 0) {
    status = address_frame(input, address, mapping, &frame);
    status = status == BARO_OK ? push(input, frame, stack) : status;
  }
  for (size_t i = count; i-- > 0 && status == BARO_OK;) {
    memcpy(&message, input->lines.data + i * sizeof(message), sizeof(message));
    status = line_frame(input, message, &frame, err);
    status = status == BARO_OK ? push(input, frame, stack) : status;
  }
  if (status == BARO_OK && count <= 1) {
    input->frames[row] = frame + 1; /* most have one, and most are in many stacks */
  }
  return status;
}

typedef struct label_values {
  uint64_t pid;
  uint64_t tid;
  baro_view name;
  baro_state state;
} label_values;

static uint64_t small_number(baro_view text) {
  uint64_t number = 0;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9' || number > UINT32_MAX) {
      return 0;
    }
    number = number * 10 + (uint64_t)(text.data[i] - '0');
  }
  return number;
}

static bool is_key(baro_view key, const char *ours, const char *others, const char *more) {
  return baro_view_equal(key, baro_view_of(ours)) || baro_view_equal(key, baro_view_of(others)) ||
         baro_view_equal(key, baro_view_of(more));
}

static void read_label(pprof_input *input, baro_view message, label_values *labels) {
  baro_reader reader = reader_of(message);
  field part;
  baro_view key = {0};
  baro_view text = {0};
  uint64_t number = 0;
  while (next_field(&reader, &part)) {
    key = part.number == BARO_PPROF_LABEL_KEY ? string_of(input, part.value) : key;
    text = part.number == BARO_PPROF_LABEL_STR ? string_of(input, part.value) : text;
    number = part.number == BARO_PPROF_LABEL_NUM ? part.value : number;
  }
  number = text.length != 0 ? small_number(text) : number;
  if (is_key(key, "process", "pid", "process_id")) {
    labels->pid = number;
  } else if (is_key(key, "thread id", "tid", "thread_id")) {
    labels->tid = number;
  } else if (is_key(key, "thread", "thread_name", "thread name")) {
    labels->name = text;
  } else if (baro_view_equal(key, baro_view_of("state"))) {
    (void)baro_import_state_of_key(text, &labels->state);
  }
}

static baro_status read_sample(pprof_input *input, baro_view message, baro_state usual_state,
                               baro_error *err) {
  baro_reader reader = reader_of(message);
  label_values labels = {.state = usual_state};
  field part;
  bool good = true;
  baro_buffer_clear(&input->location_ids);
  baro_buffer_clear(&input->values);
  while (good && next_field(&reader, &part)) {
    if (part.number == BARO_PPROF_SAMPLE_LOCATION_ID) {
      good = put_numbers(&input->location_ids, &part);
    } else if (part.number == BARO_PPROF_SAMPLE_VALUE) {
      good = put_numbers(&input->values, &part);
    } else if (part.number == BARO_PPROF_SAMPLE_LABEL && part.wire == 2) {
      read_label(input, part.bytes, &labels);
    }
  }
  if (input->location_ids.failed || input->values.failed) {
    return BARO_NO_MEMORY;
  }
  if (!good || reader.failed || input->values.length / sizeof(uint64_t) != input->type_count) {
    return broken(input, "samples with a value of each type", err);
  }
  uint64_t value = number_at(&input->values, input->chosen);
  baro_import_sample sample = {
      .stack = BARO_NONE_ID, .state = labels.state, .amount = (double)(int64_t)value};
  if (value == 0) {
    return BARO_OK;
  }
  if (input->counts != TYPES_MAX) {
    sample.ticks = number_at(&input->values, input->counts);
  }
  baro_status status = baro_import_thread(
      input->output, labels.pid <= UINT32_MAX ? (uint32_t)labels.pid : 0,
      labels.tid <= UINT32_MAX ? (uint32_t)labels.tid : 0, labels.name, &sample.thread);
  for (size_t i = input->location_ids.length / sizeof(uint64_t); i-- > 0 && status == BARO_OK;) {
    status = push_location(input, number_at(&input->location_ids, i), &sample.stack, err);
  }
  return status == BARO_OK ? baro_import_add(input->output, &sample, err) : status;
}

static baro_status read_samples(pprof_input *input, baro_error *err) {
  baro_reader reader = reader_of(input->bytes);
  field part;
  baro_status status = BARO_OK;
  bool is_cpu = baro_view_equal(type_text(input, input->chosen, BARO_PPROF_VALUE_TYPE_TYPE),
                                baro_view_of("cpu"));
  for (uint64_t number = 1; status == BARO_OK && next_field(&reader, &part);) {
    if (part.number != BARO_PPROF_PROFILE_SAMPLE || part.wire != 2) {
      continue;
    }
    status = read_sample(input, part.bytes, is_cpu ? BARO_STATE_CPU : BARO_STATE_UNKNOWN, err);
    if (status != BARO_OK && status != BARO_NO_MEMORY) {
      return baro_error_prefix(err, status, "sample %llu", (unsigned long long)number);
    }
    number++;
  }
  return status;
}

baro_status baro_import_pprof(baro_view bytes, const baro_import_options *options,
                              baro_import_output *output, baro_error *err) {
  pprof_input input = {.options = options, .output = output, .bytes = bytes};
  baro_status status = read_definitions(&input, err);
  if (status == BARO_OK) {
    input.frames = calloc(input.locations.rows.length / sizeof(baro_view) + 1, sizeof(uint32_t));
    status = input.frames == NULL ? BARO_NO_MEMORY : choose_type(&input, err);
  }
  if (status == BARO_OK && input.time_ns != 0) {
    baro_clock_anchor anchor = {.monotonic_ns = BARO_IMPORT_START_NS, .utc_ns = input.time_ns};
    baro_writer_anchor(output->writer, &anchor);
  }
  if (status == BARO_OK) {
    status = read_samples(&input, err);
  }
  if (input.no_string != 0 && status == BARO_OK) {
    status = baro_error_set(err, BARO_INVALID, "expected texts up to number %llu, found %zu",
                            (unsigned long long)input.no_string,
                            input.strings.length / sizeof(baro_view));
  }
  id_table *const tables[] = {&input.functions, &input.locations, &input.mappings};
  for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
    baro_map_release(&tables[i]->by_id);
    baro_buffer_release(&tables[i]->rows);
  }
  baro_buffer_release(&input.strings);
  baro_buffer_release(&input.location_ids);
  baro_buffer_release(&input.values);
  baro_buffer_release(&input.lines);
  free(input.frames);
  return status;
}
