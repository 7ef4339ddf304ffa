#include "import/import_output.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FLUSH_SAMPLES = 64 * 1024 }; /* the writer keeps a few MiB and drops what comes beyond */

static const struct {
  const char *name;
  double ns;
} time_units[] = {
    {"nanoseconds", 1},    {"nanosecond", 1},    {"ns", 1},
    {"microseconds", 1e3}, {"microsecond", 1e3}, {"us", 1e3},
    {"milliseconds", 1e6}, {"millisecond", 1e6}, {"ms", 1e6},
    {"seconds", 1e9},      {"second", 1e9},      {"s", 1e9},
};

void baro_import_output_init(baro_import_output *output, baro_writer *writer) {
  *output = (baro_import_output){
      .writer = writer, .is_time = true, .ns_per_unit = 1, .next_ns = BARO_IMPORT_START_NS};
}

void baro_import_output_release(baro_import_output *output) {
  baro_intern_release(&output->threads);
  baro_map_release(&output->processes);
  *output = (baro_import_output){0};
}

static bool is_count(baro_view unit) {
  return baro_view_equal(unit, baro_view_of("count")) ||
         baro_view_equal(unit, baro_view_of("samples")) ||
         baro_view_equal(unit, baro_view_of("none"));
}

baro_status baro_import_unit(baro_import_output *output, baro_view unit, double rate_hz,
                             baro_error *err) {
  output->is_count = is_count(unit);
  for (size_t i = 0; i < sizeof(time_units) / sizeof(time_units[0]); i++) {
    if (baro_view_equal(unit, baro_view_of(time_units[i].name))) {
      output->is_time = true;
      output->ns_per_unit = time_units[i].ns;
      return BARO_OK;
    }
  }
  if (is_count(unit) && rate_hz > 0) {
    output->is_time = true;
    output->ns_per_unit = 1e9 / rate_hz;
    return BARO_OK;
  }
  if (unit.length == 0 || unit.length >= sizeof(output->unit)) {
    return baro_error_set(err, BARO_INVALID, "a unit of %zu letters; expected one like bytes",
                          unit.length);
  }
  baro_view name = is_count(unit) ? baro_view_of("samples") : unit;
  memcpy(output->unit, name.data, name.length);
  output->unit[name.length] = '\0';
  output->is_time = false;
  output->ns_per_unit = 1;
  baro_writer_info(output->writer, "weight_unit", output->unit);
  char note[192];
  (void)snprintf(
      note, sizeof(note),
      "imported amounts are %s, not time: where a time of samples stands, 1 ns is 1 of them",
      output->unit);
  baro_writer_note(output->writer, &(baro_note_record){.time_ns = BARO_IMPORT_START_NS,
                                                       .process = BARO_NONE_ID,
                                                       .text = baro_view_of(note)});
  return BARO_OK;
}

baro_status baro_import_frame(baro_import_output *output, baro_view name, baro_view file,
                              uint32_t first_line, uint32_t line, uint32_t *ret_frame) {
  baro_writer *writer = output->writer;
  baro_function_record function = {.first_line = first_line, .module_string = BARO_NONE_ID};
  uint32_t function_id;
  if (baro_writer_string(writer, name, &function.qualified_string) != BARO_OK ||
      baro_writer_string(writer, file, &function.file_string) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  /* "Store.load.<locals>.<lambda>": the bare name is what follows the last dot. */
  size_t from = name.length;
  while (from > 0 && name.data[from - 1] != '.') {
    from--;
  }
  baro_view bare = name;
  if (from > 0 && from < name.length) {
    bare = (baro_view){.data = name.data + from, .length = name.length - from};
  }
  if (baro_writer_string(writer, bare, &function.name_string) != BARO_OK ||
      baro_writer_function(writer, &function, &function_id) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  baro_frame_record frame = {.function = function_id, .line = line};
  return baro_writer_frame(writer, &frame, ret_frame);
}

static baro_status find_process(baro_import_output *output, uint32_t pid, uint32_t *ret_process) {
  const uint64_t *found = baro_map_find(&output->processes, pid);
  if (found != NULL) {
    *ret_process = (uint32_t)*found;
    return BARO_OK;
  }
  baro_process_record record = {.os_pid = pid,
                                .parent_process = BARO_NONE_ID,
                                .start_ns = BARO_IMPORT_START_NS,
                                .seen_ns = BARO_IMPORT_START_NS};
  baro_view nothing = {0};
  if (baro_writer_string(output->writer, nothing, &record.command_string) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  record.python_string = record.command_string;
  baro_status status = baro_writer_process(output->writer, &record, ret_process);
  return status == BARO_OK ? baro_map_set(&output->processes, pid, *ret_process) : status;
}

baro_status baro_import_thread(baro_import_output *output, uint32_t pid, uint32_t tid,
                               baro_view name, uint32_t *ret_thread) {
  baro_buffer key = {0};
  bool is_new = false;
  uint32_t known = 0;
  baro_write_u32(&key, pid);
  baro_write_u32(&key, tid);
  baro_write_bytes(&key, name.data, name.length);
  baro_view bytes = {.data = key.data, .length = key.length};
  baro_status status =
      key.failed ? BARO_NO_MEMORY : baro_intern_put(&output->threads, bytes, &known, &is_new);
  baro_buffer_release(&key);
  if (status == BARO_OK && is_new) {
    baro_thread_record record = {
        .os_tid = tid, .seen_ns = BARO_IMPORT_START_NS, .is_main = pid != 0 && tid == pid};
    uint32_t id = 0;
    status = find_process(output, pid, &record.process);
    if (status == BARO_OK) {
      status = baro_writer_string(output->writer, name, &record.name_string);
    }
    if (status == BARO_OK) {
      status = baro_writer_thread(output->writer, &record, &id);
    }
  }
  *ret_thread = known; /* ids of both are dense and go the same way */
  return status;
}

/* A file's number as a whole number of what is kept. */
static bool to_kept(const baro_import_output *output, double number, uint64_t *ret_kept) {
  double kept = number * output->ns_per_unit;
  if (!(kept >= 0 && kept <= (double)BARO_IMPORT_AMOUNT_MAX)) {
    return false;
  }
  *ret_kept = (uint64_t)llround(kept);
  return true;
}

/* As whole amounts that add up to what the file's do: ten of 1.5 ns are 15 ns. */
static uint64_t with_carry(baro_import_output *output, double number) {
  if (number == 0) {
    return 0;
  }
  double kept = number * output->ns_per_unit + output->carry;
  long long whole = kept > 0 ? llround(kept) : 0;
  output->carry = kept - (double)whole;
  return (uint64_t)whole;
}

baro_status baro_import_add(baro_import_output *output, const baro_import_sample *sample,
                            baro_error *err) {
  uint64_t amount;
  uint64_t end_ns = 0;
  if (!to_kept(output, sample->amount, &amount) ||
      (sample->has_end && !to_kept(output, sample->end, &end_ns))) {
    return baro_error_set(err, BARO_INVALID, "an amount of %g; expected 0 to 2^60", sample->amount);
  }
  amount = with_carry(output, sample->amount);
  if (amount == 0) {
    return BARO_OK;
  }
  end_ns = sample->has_end ? BARO_IMPORT_START_NS + end_ns : output->next_ns + amount;
  if (!sample->has_end) {
    if (end_ns > BARO_IMPORT_AMOUNT_MAX) {
      return baro_error_set(err, BARO_LIMIT, "amounts of more than 2^60 in all");
    }
    output->next_ns = end_ns;
  }
  baro_sample_record record = {
      .time_ns = end_ns,
      .weight_ns = amount,
      .ticks = sample->ticks == 0           ? 1
               : sample->ticks < UINT32_MAX ? (uint32_t)sample->ticks
                                            : UINT32_MAX,
      .thread = sample->thread,
      .stack = sample->stack,
      .state = sample->state,
  };
  output->lacks_ticks |= sample->ticks == 0;
  baro_writer_sample(output->writer, &record);
  output->samples++;
  if (++output->unflushed == FLUSH_SAMPLES) {
    output->unflushed = 0;
    return baro_writer_flush(output->writer, err);
  }
  return BARO_OK;
}

bool baro_import_state_of_words(baro_view text, baro_state *ret_state) {
  if (text.length < 3 || text.data[0] != '[' || text.data[text.length - 1] != ']') {
    return false;
  }
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    const char *words = baro_state_words((baro_state)state);
    /* Formats that end a frame with a space have "_" instead. */
    bool same = strlen(words) == text.length - 2;
    for (size_t i = 0; same && words[i] != '\0'; i++) {
      uint8_t byte = text.data[i + 1];
      same = byte == (uint8_t)words[i] || (byte == '_' && words[i] == ' ');
    }
    if (same) {
      *ret_state = (baro_state)state;
      return true;
    }
  }
  return false;
}

bool baro_import_state_of_key(baro_view text, baro_state *ret_state) {
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    if (baro_view_equal(text, baro_view_of(baro_state_key((baro_state)state)))) {
      *ret_state = (baro_state)state;
      return true;
    }
  }
  return false;
}
