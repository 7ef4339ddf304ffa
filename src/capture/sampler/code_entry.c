#include "capture/sampler/code_entry.h"

#include <stdlib.h>
#include <string.h>

static baro_status define_function(baro_writer *writer, baro_view qualified, baro_view file,
                                   uint32_t first_line, uint32_t flags, uint32_t *ret_function) {
  baro_view name = qualified;
  for (size_t i = qualified.length; i > 0; i--) {
    if (qualified.data[i - 1] != '.')
      continue;
    name = (baro_view){.data = qualified.data + i, .length = qualified.length - i};
    break;
  }
  baro_function_record function = {
      .first_line = first_line, .flags = flags, .module_string = BARO_NONE_ID};
  baro_status status = baro_writer_string(writer, name, &function.name_string);
  if (status == BARO_OK)
    status = baro_writer_string(writer, qualified, &function.qualified_string);
  if (status == BARO_OK)
    status = baro_writer_string(writer, file, &function.file_string);
  if (status == BARO_OK)
    status = baro_writer_function(writer, &function, ret_function);
  return status;
}

baro_status baro_code_marked_stack(baro_writer *writer, const char *text, uint32_t flags,
                                   uint32_t *ret_stack_id) {
  baro_frame_record frame = {0};
  baro_stack_record stack = {.parent = BARO_NONE_ID};
  baro_status status =
      define_function(writer, baro_view_of(text), baro_view_of(""), 0, flags, &frame.function);
  if (status == BARO_OK)
    status = baro_writer_frame(writer, &frame, &stack.frame);
  if (status == BARO_OK)
    status = baro_writer_stack(writer, &stack, ret_stack_id);
  return status;
}

static uint32_t function_flags(uint32_t code_flags) {
  uint32_t flags = 0;
  if (code_flags & (BARO_CODE_NAME_CUT | BARO_CODE_FILE_CUT))
    flags |= BARO_FUNCTION_NAME_CUT;
  if (code_flags & (BARO_CODE_NAME_UNREADABLE | BARO_CODE_FILE_UNREADABLE))
    flags |= BARO_FUNCTION_UNREADABLE;
  if (code_flags & BARO_CODE_LINES_UNKNOWN)
    flags |= BARO_FUNCTION_LINES_UNKNOWN;
  if (code_flags & BARO_CODE_SHIM)
    flags |= BARO_FUNCTION_SHIM;
  return flags;
}

static baro_status fill_entry(const baro_interpreter *interpreter, baro_writer *writer,
                              const baro_code *code, baro_code_entry *item) {
  item->identity = code->identity;
  item->instructions_bytes = code->instructions_bytes;
  item->first_line = code->first_line;
  baro_status status = define_function(writer, code->name, code->file, code->first_line,
                                       function_flags(code->flags), &item->function);
  if (status != BARO_OK)
    return status;
  baro_frame_record unknown = {.function = item->function,
                               .line =
                                   code->flags & BARO_CODE_LINES_UNKNOWN ? code->first_line : 0};
  status = baro_writer_frame(writer, &unknown, &item->unknown_frame);
  if (status != BARO_OK)
    return status;
  status = baro_code_base(interpreter, item->code_addr, 0, &item->base_addr, NULL);
  if (status != BARO_OK)
    return status;
  item->lines = code->lines;
  item->lines.ranges = NULL;
  if (code->lines.count == 0)
    return BARO_OK;
  baro_line_range *ranges = malloc(code->lines.count * sizeof *ranges);
  if (ranges == NULL)
    return BARO_NO_MEMORY;
  memcpy(ranges, code->lines.ranges, code->lines.count * sizeof *ranges);
  item->lines.ranges = ranges;
  return BARO_OK;
}

/* A code object that is not one (any more): its frames are shown as unreadable. */
static baro_status fill_unreadable(baro_writer *writer, baro_code_entry *item) {
  item->identity = 0;
  baro_status status = define_function(writer, baro_view_of("(unreadable)"), baro_view_of(""), 0,
                                       BARO_FUNCTION_UNREADABLE, &item->function);
  if (status != BARO_OK)
    return status;
  baro_frame_record frame = {.function = item->function};
  return baro_writer_frame(writer, &frame, &item->unknown_frame);
}

baro_status baro_code_entry_unreadable(baro_writer *writer, uint64_t code_addr,
                                       baro_code_entry **ret_entry) {
  baro_code_entry *item = calloc(1, sizeof *item);
  if (item == NULL)
    return BARO_NO_MEMORY;
  item->code_addr = code_addr;
  baro_status status = fill_unreadable(writer, item);
  if (status == BARO_OK)
    *ret_entry = item;
  else
    baro_code_entry_destroy(item);
  return status;
}

baro_status baro_code_entry_read(const baro_interpreter *interpreter, baro_writer *writer,
                                 uint64_t code_addr, baro_code_entry **ret_entry) {
  baro_arena scratch = {0};
  baro_code code;
  baro_code_entry *item = calloc(1, sizeof *item);
  if (item == NULL)
    return BARO_NO_MEMORY;
  item->code_addr = code_addr;
  baro_status status = BARO_AGAIN;
  for (int tries = 0; tries < 3 && status == BARO_AGAIN; tries++)
    status = baro_code_read(interpreter, code_addr, &scratch, &code, NULL);
  if (status == BARO_OK)
    status = fill_entry(interpreter, writer, &code, item);
  else if (status == BARO_INVALID)
    status = fill_unreadable(writer, item);
  baro_arena_release(&scratch);
  if (status == BARO_OK)
    *ret_entry = item;
  else
    baro_code_entry_destroy(item);
  return status;
}

size_t baro_code_entry_line_bytes(const baro_code_entry *item) {
  size_t lines = item->lines.ranges != NULL ? item->lines.count * sizeof *item->lines.ranges : 0;
  return lines + item->copies.count * sizeof *item->copies.items;
}

void baro_code_entry_destroy(baro_code_entry *item) {
  if (item == NULL)
    return;
  free((void *)(uintptr_t)item->lines.ranges);
  baro_bytecode_copies_release(&item->copies);
  free(item);
}
