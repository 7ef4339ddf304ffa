#include "recording/writer.h"

#include <assert.h>
#include <string.h>

#include "recording/writer_state.h"

/* --- Definitions. Each: look up, append the record, remember it; if that fails, the record is
 * taken back, so that ids in the file and in memory stay the same. --- */

baro_status baro_writer_string(baro_writer *writer, baro_view text, uint32_t *ret_id) {
  text = baro_writer_cut(text);
  if (baro_intern_find(&writer->strings, text, ret_id)) {
    return BARO_OK;
  }
  baro_buffer *record = baro_writer_record_begin(writer);
  size_t before = writer->raw.length;
  baro_write_bytes(record, text.data, text.length);
  baro_status status = baro_writer_record_append(writer, BARO_RECORD_STRING);
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
  assert(function->module_string < writer->strings.count ||
         function->module_string == BARO_NONE_ID);
  /* Six u32 without padding: the struct is its own key. */
  baro_view key = {.data = (const uint8_t *)function, .length = sizeof(*function)};
  if (baro_intern_find(&writer->functions, key, ret_id)) {
    return BARO_OK;
  }
  baro_buffer *record = baro_writer_record_begin(writer);
  size_t before = writer->raw.length;
  /* Distances: the strings were mostly defined just now, and the file is that of the last one. */
  baro_write_varint(record, writer->strings.count - 1 - function->name_string);
  baro_write_zigzag(record, (int64_t)function->qualified_string - function->name_string);
  baro_write_zigzag(record, (int64_t)function->file_string - writer->function_file);
  baro_write_varint(record, function->first_line);
  baro_write_varint(record, function->flags);
  if (function->module_string != BARO_NONE_ID) {
    baro_writer_put_optional_id(record, function->module_string);
  }
  baro_status status = baro_writer_record_append(writer, BARO_RECORD_FUNCTION);
  if (status == BARO_OK) {
    status = baro_intern_put(&writer->functions, key, ret_id, NULL);
    writer->raw.length = status == BARO_OK ? writer->raw.length : before;
  }
  if (status == BARO_OK) {
    writer->function_file = function->file_string;
  }
  return status;
}

void baro_writer_function_names(const baro_writer *writer, uint32_t function, baro_view *ret_module,
                                baro_view *ret_qualified) {
  baro_function_record record;
  assert(function < writer->functions.count);
  memcpy(&record, writer->functions.views[function].data, sizeof(record));
  *ret_qualified = writer->strings.views[record.qualified_string];
  *ret_module = record.module_string == BARO_NONE_ID ? (baro_view){0}
                                                     : writer->strings.views[record.module_string];
}

/* Id of a definition that is a pair of numbers: a known one, or the next after its record, which is
 * made of first_code and second_code. */
static baro_status define_pair(baro_writer *writer, baro_record_type type, baro_map *known,
                               uint64_t key, uint64_t first_code, uint64_t second_code,
                               uint32_t *count, uint32_t *ret_id) {
  baro_buffer *record = baro_writer_record_begin(writer);
  size_t before = writer->raw.length;
  baro_write_varint(record, first_code);
  baro_write_varint(record, second_code);
  baro_status status =
      *count == BARO_NONE_ID - 1 ? BARO_NO_MEMORY : baro_writer_record_append(writer, type);
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
  baro_buffer *record = baro_writer_record_begin(writer);
  baro_write_varint(record, process->os_pid);
  baro_writer_put_optional_id(record, process->parent_process);
  baro_write_varint(record, process->start_ns);
  baro_write_varint(record, process->seen_ns);
  baro_write_varint(record, process->command_string);
  baro_write_varint(record, process->python_string);
  baro_status status = baro_writer_record_append(writer, BARO_RECORD_PROCESS);
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
  baro_buffer *record = baro_writer_record_begin(writer);
  size_t before = writer->raw.length;
  baro_write_varint(record, thread->process);
  baro_write_varint(record, thread->os_tid);
  baro_write_varint(record, thread->seen_ns);
  baro_write_varint(record, thread->name_string);
  baro_write_varint(record, thread->is_main ? 1 : 0);
  baro_status status = baro_writer_record_append(writer, BARO_RECORD_THREAD);
  if (status == BARO_OK) {
    status = baro_sample_encoder_add_thread(&writer->encoder);
    writer->raw.length = status == BARO_OK ? writer->raw.length : before;
  }
  if (status == BARO_OK) {
    *ret_id = id;
  }
  return status;
}
