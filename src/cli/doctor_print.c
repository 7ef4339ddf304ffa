#include "cli/doctor_print.h"

#include <inttypes.h>
#include <string.h>

#include "show/json_writer.h"
#include "show/text_width.h"
#include "show/text_wrap.h"

enum { LEVEL_COLUMNS = 9, TITLE_COLUMNS = 22 };

baro_check_level baro_doctor_level(const baro_doctor *doctor) {
  baro_check_level level = BARO_CHECK_OK;
  for (uint32_t i = 0; i < doctor->check_count; i++)
    if (doctor->checks[i].level > level)
      level = doctor->checks[i].level;
  return level;
}

/* --- Text. --- */

static void write_padded(baro_buffer *out, const char *text, size_t columns) {
  baro_write_text(out, text);
  for (size_t i = baro_text_width(baro_view_of(text)); i < columns; i++)
    baro_write_u8(out, ' ');
}

/* One paragraph in the third column; label may be "". */
static void write_paragraph(baro_buffer *out, const baro_terminal *terminal, const char *label,
                            const char *text) {
  /* A narrow terminal gets the text below the title. */
  size_t indent = terminal->columns >= 64 ? LEVEL_COLUMNS + TITLE_COLUMNS : LEVEL_COLUMNS;
  baro_wrap wrap = {.column = indent,
                    .indent = indent,
                    .columns = terminal->columns,
                    .unicode = terminal->unicode};
  baro_write_text(out, label);
  wrap.column += strlen(label);
  baro_write_wrapped(out, &wrap, baro_view_of(text));
  baro_write_u8(out, '\n');
}

static void write_check(baro_buffer *out, const baro_terminal *terminal, const baro_check *check) {
  bool is_narrow = terminal->columns < 64;
  size_t indent = is_narrow ? LEVEL_COLUMNS : LEVEL_COLUMNS + TITLE_COLUMNS;
  baro_style style = check->level == BARO_CHECK_OK ? BARO_STYLE_FAINT : BARO_STYLE_WARN;
  baro_style_begin(out, terminal, style);
  write_padded(out, baro_check_level_text(check->level), LEVEL_COLUMNS);
  baro_style_end(out, terminal, style);
  write_padded(out, check->title, is_narrow ? 0 : TITLE_COLUMNS);
  if (is_narrow) {
    baro_write_u8(out, '\n');
    write_padded(out, "", indent);
  }
  write_paragraph(out, terminal, "", check->found);
  if (check->follows[0] != '\0') {
    write_padded(out, "", indent);
    write_paragraph(out, terminal, "so: ", check->follows);
  }
  if (check->allow[0] != '\0') {
    write_padded(out, "", indent);
    write_paragraph(out, terminal, "to allow it: ", check->allow);
  }
}

static void write_title(const baro_doctor *doctor, const baro_terminal *terminal,
                        baro_buffer *out) {
  baro_style_begin(out, terminal, BARO_STYLE_STRONG);
  baro_write_text(out, "barograph " BARO_VERSION);
  baro_style_end(out, terminal, BARO_STYLE_STRONG);
  if (doctor->kernel[0] != '\0') {
    baro_write_text(out, " on Linux ");
    baro_write_clean(out, baro_view_of(doctor->kernel), terminal->unicode);
  }
  baro_write_u8(out, '\n');
  if (doctor->pid != 0) {
    baro_style_begin(out, terminal, BARO_STYLE_STRONG);
    baro_write_format(out, "Process %" PRIu32, doctor->pid);
    baro_style_end(out, terminal, BARO_STYLE_STRONG);
    if (doctor->command[0] != '\0')
      baro_write_text(out, "  ");
    baro_write_fitted(out, baro_view_of(doctor->command),
                      terminal->columns > 40 ? terminal->columns - 20 : 20, BARO_CUT_END,
                      terminal->unicode);
    baro_write_u8(out, '\n');
  }
  baro_write_u8(out, '\n');
}

static const char *conclusion(const baro_doctor *doctor) {
  switch (baro_doctor_level(doctor)) {
  case BARO_CHECK_OK:
    return doctor->pid != 0 ? "This process can be recorded."
                            : "Nothing known on this machine forbids recording.";
  case BARO_CHECK_LIMITED:
    return doctor->pid != 0
               ? "This process can be recorded, with the limits above."
               : "Nothing known on this machine forbids recording; there are the limits above.";
  case BARO_CHECK_BLOCKED:
    return doctor->pid != 0 ? "This process cannot be recorded: see what is blocked."
                            : "Nothing can be recorded here: see what is blocked.";
  }
  return "";
}

void baro_doctor_print_text(const baro_doctor *doctor, const baro_terminal *terminal,
                            baro_buffer *out) {
  write_title(doctor, terminal, out);
  for (uint32_t i = 0; i < doctor->check_count; i++)
    write_check(out, terminal, &doctor->checks[i]);
  baro_wrap wrap = {.columns = terminal->columns, .unicode = terminal->unicode};
  baro_write_u8(out, '\n');
  baro_style_begin(out, terminal, BARO_STYLE_STRONG);
  baro_write_wrapped(out, &wrap, baro_view_of(conclusion(doctor)));
  baro_style_end(out, terminal, BARO_STYLE_STRONG);
  baro_write_u8(out, '\n');
}

/* --- JSON. --- */

static void json_text_or_null(baro_json *json, const char *name, const char *text) {
  if (text[0] != '\0')
    baro_json_text(json, name, text);
  else
    baro_json_null(json, name);
}

static void json_check(baro_json *json, const baro_check *check) {
  baro_json_object(json, NULL, false);
  baro_json_text(json, "name", check->name);
  baro_json_text(json, "level", baro_check_level_text(check->level));
  baro_json_text(json, "found", check->found);
  json_text_or_null(json, "follows", check->follows);
  json_text_or_null(json, "allow", check->allow);
  baro_json_end_object(json);
}

static void json_process(baro_json *json, const baro_doctor *doctor) {
  if (doctor->pid == 0) {
    baro_json_null(json, "process");
    return;
  }
  const baro_interpreter *interpreter = &doctor->interpreter;
  baro_json_object(json, "process", false);
  baro_json_u64(json, "process_id", doctor->pid);
  json_text_or_null(json, "command", doctor->command);
  if (doctor->thread_count != 0)
    baro_json_u64(json, "thread_count", doctor->thread_count);
  else
    baro_json_null(json, "thread_count");
  if (doctor->has_interpreter) {
    baro_json_object(json, "interpreter", false);
    baro_json_text(json, "version", interpreter->version);
    baro_json_text(json, "file", interpreter->file);
    baro_json_bool(json, "free_threaded", interpreter->layout.free_threaded);
    baro_json_bool(json, "self_check", doctor->interpreter_agrees);
    baro_json_u64(json, "interpreter_count", interpreter->checked_interpreters);
    baro_json_u64(json, "python_thread_count", interpreter->checked_threads);
    baro_json_end_object(json);
  } else {
    baro_json_null(json, "interpreter");
  }
  baro_json_end_object(json);
}

void baro_doctor_print_json(const baro_doctor *doctor, baro_stream *stream) {
  baro_json json;
  baro_json_init(&json, stream, true);
  baro_json_object(&json, NULL, false);
  baro_json_text(&json, "schema", "barograph.doctor/1");
  baro_json_text(&json, "version", BARO_VERSION);
  json_text_or_null(&json, "kernel", doctor->kernel);
  baro_json_text(&json, "level", baro_check_level_text(baro_doctor_level(doctor)));
  json_process(&json, doctor);
  baro_json_array(&json, "checks", false);
  for (uint32_t i = 0; i < doctor->check_count; i++)
    json_check(&json, &doctor->checks[i]);
  baro_json_end_array(&json);
  baro_json_end_object(&json);
  baro_stream_char(stream, '\n');
}
