#include "capture/drain_definitions.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/grow.h"
#include "base/os_file.h"
#include "capture/agent/ring.h"

/* Of a file: a million functions with long names. */
static const uint64_t MOST_BYTES = 256 * 1024 * 1024;

enum {
  STEP_BYTES = 512 * 1024,    /* read at once: more than the longest definition */
  LONGEST_BYTES = 300 * 1024, /* four strings of 64 KiB and their numbers */
  COMMAND_BYTES = 4096,       /* as records of processes have it */
  VERSION_BYTES = 64,
  NAME_BYTES = 64 * 1024,
  NOTE_BYTES = 1024,
  /* co_flags of what can be suspended: generators, coroutines, functions made coroutines by
   * types.coroutine, asynchronous generators. */
  SUSPENDABLE_FLAGS = 0x20 | 0x80 | 0x100 | 0x200,
};

void baro_drain_definitions_init(baro_drain_definitions *definitions, int take_file) {
  *definitions = (baro_drain_definitions){
      .file = take_file, .command_string = BARO_NONE_ID, .python_string = BARO_NONE_ID};
}

void baro_drain_definitions_release(baro_drain_definitions *definitions) {
  if (definitions->file >= 0)
    (void)close(definitions->file);
  free(definitions->codes);
  free(definitions->exceptions);
  baro_buffer_release(&definitions->notes);
  baro_buffer_release(&definitions->facts);
  baro_drain_definitions_init(definitions, -1);
}

static baro_view read_text(baro_reader *reader, size_t limit_bytes) {
  baro_view text = baro_read_bytes(reader, baro_read_u32(reader));
  if (text.length > limit_bytes)
    text.length = limit_bytes;
  return text;
}

/* --- the tables --- */

/* Room for `count` of them; new ones are unknown. */
static baro_status reserve_codes(baro_drain_definitions *definitions, uint32_t count) {
  uint32_t old = definitions->code_capacity;
  baro_status status = BARO_OK;
  while (status == BARO_OK && definitions->code_capacity < count)
    status = baro_grow(&definitions->codes, &definitions->code_capacity, definitions->code_capacity,
                       sizeof *definitions->codes);
  for (uint32_t i = old; i < definitions->code_capacity; i++)
    definitions->codes[i] = (baro_drain_code){.function = BARO_NONE_ID};
  return status;
}

static baro_status reserve_exceptions(baro_drain_definitions *definitions, uint32_t count) {
  uint32_t old = definitions->exception_capacity;
  baro_status status = BARO_OK;
  while (status == BARO_OK && definitions->exception_capacity < count)
    status = baro_grow(&definitions->exceptions, &definitions->exception_capacity,
                       definitions->exception_capacity, sizeof *definitions->exceptions);
  for (uint32_t i = old; i < definitions->exception_capacity; i++)
    definitions->exceptions[i] = BARO_NONE_ID;
  return status;
}

/* --- one definition each: INVALID when it makes no sense --- */

static baro_status take_process(baro_drain_definitions *definitions, baro_reader *fields,
                                baro_writer *writer) {
  (void)baro_read_u32(fields); /* the pid, which the file's name says too */
  uint32_t parent_pid = baro_read_u32(fields);
  baro_view python = read_text(fields, VERSION_BYTES);
  baro_view command = read_text(fields, COMMAND_BYTES);
  if (fields->failed || definitions->has_process)
    return BARO_INVALID;
  baro_status status = baro_writer_string(writer, command, &definitions->command_string);
  if (status == BARO_OK)
    status = baro_writer_string(writer, python, &definitions->python_string);
  if (status != BARO_OK)
    return status;
  definitions->parent_pid = parent_pid;
  definitions->has_process = true;
  return BARO_OK;
}

static baro_status take_code(baro_drain_definitions *definitions, baro_reader *fields,
                             baro_writer *writer) {
  baro_function_record record = {.module_string = BARO_NONE_ID};
  uint32_t id = baro_read_u32(fields);
  record.first_line = baro_read_u32(fields);
  uint32_t flags = baro_read_u32(fields);
  baro_view name = read_text(fields, NAME_BYTES);
  baro_view qualified = read_text(fields, NAME_BYTES);
  baro_view file = read_text(fields, NAME_BYTES);
  baro_view module = read_text(fields, NAME_BYTES);
  if (fields->failed || id >= BARO_DRAIN_CODE_LIMIT || baro_drain_code_of(definitions, id) != NULL)
    return BARO_INVALID;
  baro_drain_code code = {.is_suspendable = (flags & SUSPENDABLE_FLAGS) != 0};
  baro_status status = reserve_codes(definitions, id + 1);
  if (status == BARO_OK)
    status = baro_writer_string(writer, name, &record.name_string);
  if (status == BARO_OK)
    status = baro_writer_string(writer, qualified, &record.qualified_string);
  if (status == BARO_OK)
    status = baro_writer_string(writer, file, &record.file_string);
  if (status == BARO_OK && module.length > 0)
    status = baro_writer_string(writer, module, &record.module_string);
  if (status == BARO_OK)
    status = baro_writer_function(writer, &record, &code.function);
  if (status != BARO_OK)
    return status;
  definitions->codes[id] = code;
  if (id >= definitions->code_count)
    definitions->code_count = id + 1;
  return BARO_OK;
}

static baro_status take_exception(baro_drain_definitions *definitions, baro_reader *fields,
                                  baro_writer *writer) {
  uint32_t id = baro_read_u32(fields);
  baro_view name = read_text(fields, NAME_BYTES);
  if (fields->failed || id == 0 || id > BARO_DRAIN_EXCEPTION_LIMIT)
    return BARO_INVALID;
  baro_status status = reserve_exceptions(definitions, id);
  if (status == BARO_OK)
    status = baro_writer_string(writer, name, &definitions->exceptions[id - 1]);
  if (status == BARO_OK && id > definitions->exception_count)
    definitions->exception_count = id;
  return status;
}

/* Control characters would break the one line that a note is. */
static void append_printable(baro_buffer *line, baro_view text) {
  for (size_t i = 0; i < text.length; i++)
    baro_write_u8(line, text.data[i] < 0x20 || text.data[i] == 0x7f ? '?' : text.data[i]);
}

static baro_status take_note(baro_drain_definitions *definitions, baro_reader *fields) {
  baro_view key = read_text(fields, NOTE_BYTES);
  baro_view value = read_text(fields, NOTE_BYTES);
  if (fields->failed)
    return BARO_INVALID;
  if (definitions->note_count == BARO_DRAIN_NOTE_LIMIT)
    return BARO_OK;
  size_t separator = key.length > 0 && value.length > 0 ? 2 : 0;
  if (!baro_buffer_reserve(&definitions->notes, 4 + key.length + separator + value.length)) {
    definitions->notes.failed = false; /* nothing was dropped yet */
    return BARO_NO_MEMORY;
  }
  definitions->note_count++;
  baro_write_u32(&definitions->notes, (uint32_t)(key.length + separator + value.length));
  append_printable(&definitions->notes, key);
  baro_write_text(&definitions->notes, separator > 0 ? ": " : "");
  append_printable(&definitions->notes, value);
  return BARO_OK;
}

/* They wait for the process' id, as notes do. */
static baro_status take_fact(baro_drain_definitions *definitions, baro_reader *fields) {
  baro_view key = read_text(fields, NOTE_BYTES);
  baro_view value = read_text(fields, NOTE_BYTES);
  if (fields->failed || key.length == 0)
    return BARO_INVALID;
  if (definitions->fact_count == BARO_DRAIN_FACT_LIMIT)
    return BARO_OK;
  if (!baro_buffer_reserve(&definitions->facts, 8 + key.length + value.length)) {
    definitions->facts.failed = false; /* nothing was dropped yet */
    return BARO_NO_MEMORY;
  }
  definitions->fact_count++;
  baro_write_u32(&definitions->facts, (uint32_t)key.length);
  baro_write_bytes(&definitions->facts, key.data, key.length);
  baro_write_u32(&definitions->facts, (uint32_t)value.length);
  baro_write_bytes(&definitions->facts, value.data, value.length);
  return BARO_OK;
}

static baro_status take_definition(baro_drain_definitions *definitions, baro_view bytes,
                                   baro_writer *writer) {
  baro_reader fields = baro_reader_of(bytes.data, bytes.length);
  switch (baro_read_u8(&fields)) {
  case BARO_RING_DEFINE_PROCESS: return take_process(definitions, &fields, writer);
  case BARO_RING_DEFINE_CODE: return take_code(definitions, &fields, writer);
  case BARO_RING_DEFINE_EXCEPTION: return take_exception(definitions, &fields, writer);
  case BARO_RING_DEFINE_NOTE: return take_note(definitions, &fields);
  case BARO_RING_DEFINE_FACT: return take_fact(definitions, &fields);
  default: return BARO_INVALID;
  }
}

/* --- the file --- */

/* Takes the whole definitions of a piece; *ret_taken: their bytes. */
static baro_status take_piece(baro_drain_definitions *definitions, baro_view piece,
                              baro_writer *writer, size_t *ret_taken) {
  baro_reader reader = baro_reader_of(piece.data, piece.length);
  *ret_taken = 0;
  while (baro_reader_left(&reader) > 4) {
    uint32_t length = baro_read_u32(&reader);
    if (length == 0 || length > LONGEST_BYTES)
      return BARO_INVALID;
    if (length > baro_reader_left(&reader))
      return BARO_OK;
    baro_status status = take_definition(definitions, baro_read_bytes(&reader, length), writer);
    if (status != BARO_OK)
      return status;
    *ret_taken += 4 + (size_t)length;
  }
  return BARO_OK;
}

baro_status baro_drain_definitions_read(baro_drain_definitions *definitions, baro_writer *writer) {
  if (definitions->file < 0 || definitions->is_broken)
    return BARO_OK;
  if (definitions->offset > MOST_BYTES) {
    definitions->is_broken = true;
    return BARO_OK;
  }
  uint8_t *piece = NULL;
  baro_status status = BARO_OK;
  for (;;) {
    size_t length = 0;
    size_t taken = 0;
    uint8_t first;
    /* Mostly there is nothing new: one small read tells. */
    if (piece == NULL) {
      if (baro_file_read_at(definitions->file, definitions->offset, &first, 1, &length, NULL) !=
              BARO_OK ||
          length == 0)
        return BARO_OK;
      piece = malloc(STEP_BYTES);
      if (piece == NULL)
        return BARO_NO_MEMORY;
    }
    if (baro_file_read_at(definitions->file, definitions->offset, piece, STEP_BYTES, &length,
                          NULL) != BARO_OK)
      break;
    baro_view view = {.data = piece, .length = length};
    status = take_piece(definitions, view, writer, &taken);
    definitions->offset += taken;
    if (status != BARO_OK || taken == 0)
      break;
  }
  free(piece);
  if (status == BARO_INVALID) {
    definitions->is_broken = true;
    return BARO_OK;
  }
  return status;
}
