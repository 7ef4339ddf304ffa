#include "cli/dump_print.h"

#include <inttypes.h>

#include "profile/profile.h"
#include "show/json_writer.h"
#include "show/place.h"
#include "show/text_table.h"
#include "show/text_wrap.h"

/* Where printing stands. */
typedef struct dump_printer {
  const char *directory;
  const char *home;
  const baro_terminal *terminal;
  baro_buffer *out;
} dump_printer;

static void write_styled(dump_printer *printer, baro_style style, const char *text) {
  baro_style_begin(printer->out, printer->terminal, style);
  baro_write_clean(printer->out, baro_view_of(text), printer->terminal->unicode);
  baro_style_end(printer->out, printer->terminal, style);
}

static void write_thread_head(dump_printer *printer, const baro_dump_thread *thread) {
  baro_buffer *out = printer->out;
  baro_write_u8(out, '\n');
  baro_style_begin(out, printer->terminal, BARO_STYLE_STRONG);
  baro_write_format(out, "Thread %" PRIu32, thread->os_tid);
  baro_style_end(out, printer->terminal, BARO_STYLE_STRONG);
  if (thread->name[0] != '\0') {
    baro_write_u8(out, ' ');
    write_styled(printer, BARO_STYLE_STRONG, thread->name);
  }
  if (thread->is_main)
    baro_write_text(out, " (main)");
  baro_write_text(out, "  ");
  baro_write_bar(out, printer->terminal, thread->state, 1);
  baro_write_format(out, " %s", baro_state_words(thread->state));
  if (thread->detail[0] != '\0') {
    baro_write_text(out, ": ");
    baro_write_clean(out, baro_view_of(thread->detail), printer->terminal->unicode);
  }
  baro_write_text(out, thread->holds_gil ? "; holds the GIL\n" : "\n");
}

static void write_frames(dump_printer *printer, const baro_dump_thread *thread) {
  static const baro_column columns[] = {
      {.title = "", .cut = BARO_CUT_MIDDLE, .minimum = 16, .maximum = 100},
      {.title = "", .cut = BARO_CUT_PATH, .minimum = 16},
  };
  baro_text_table table;
  baro_text_table_init(&table, columns, 2);
  table.no_heading = true;
  baro_buffer place = {0};
  for (size_t i = 0; i < thread->frame_count; i++) {
    const baro_dump_frame *frame = &thread->frames[i];
    baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of(frame->function));
    baro_view file = baro_view_of(frame->file);
    baro_write_place(&place, file, frame->line, baro_origin_of(file), printer->directory,
                     printer->home);
    if (place.failed)
      table.failed = true;
    baro_text_table_add(&table, BARO_STYLE_FAINT, (baro_view){place.data, place.length});
    baro_buffer_clear(&place);
  }
  baro_text_table_write(&table, printer->terminal, 4, printer->out);
  baro_buffer_release(&place);
  baro_text_table_release(&table);
}

void baro_dump_print_text(const baro_dump *dump, const char *directory, const char *home,
                          const baro_terminal *terminal, baro_buffer *out) {
  dump_printer printer = {.directory = directory, .home = home, .terminal = terminal, .out = out};
  baro_style_begin(out, terminal, BARO_STYLE_STRONG);
  baro_write_format(out, "Process %" PRIu32, dump->os_pid);
  baro_style_end(out, terminal, BARO_STYLE_STRONG);
  baro_write_text(out, "  ");
  baro_buffer command = {0};
  baro_write_one_line(&command, baro_view_of(dump->command));
  baro_write_fitted(out, (baro_view){command.data, command.length},
                    terminal->columns > 40 ? terminal->columns - 18 : 22, BARO_CUT_END,
                    terminal->unicode);
  if (command.failed)
    out->failed = true;
  baro_buffer_release(&command);
  baro_write_format(out, "\nPython %s, %zu thread%s\n",
                    dump->python[0] != '\0' ? dump->python : "of unknown version",
                    dump->thread_count, dump->thread_count == 1 ? "" : "s");
  for (size_t i = 0; i < dump->thread_count; i++) {
    const baro_dump_thread *thread = &dump->threads[i];
    write_thread_head(&printer, thread);
    if (thread->frame_count > 0)
      write_frames(&printer, thread);
    if (thread->problem[0] != '\0') {
      baro_write_text(out, "    ");
      write_styled(&printer, BARO_STYLE_FAINT, thread->problem);
      baro_write_u8(out, '\n');
    }
  }
}

/* Unknown is null. */
static void json_text_or_null(baro_json *json, const char *name, const char *text) {
  if (text[0] == '\0')
    baro_json_null(json, name);
  else
    baro_json_text(json, name, text);
}

static void json_frame(baro_json *json, const baro_dump_frame *frame) {
  baro_json_object(json, NULL, true);
  baro_json_text(json, "name", frame->function);
  json_text_or_null(json, "file", frame->file);
  if (frame->line == 0)
    baro_json_null(json, "line");
  else
    baro_json_u64(json, "line", frame->line);
  baro_json_end_object(json);
}

static void json_thread(baro_json *json, const baro_dump_thread *thread) {
  baro_json_object(json, NULL, false);
  baro_json_u64(json, "thread_id", thread->os_tid);
  json_text_or_null(json, "name", thread->name);
  baro_json_bool(json, "is_main", thread->is_main);
  baro_json_text(json, "state", baro_state_key(thread->state));
  json_text_or_null(json, "detail", thread->detail);
  baro_json_bool(json, "holds_gil", thread->holds_gil);
  json_text_or_null(json, "problem", thread->problem);
  baro_json_array(json, "frames", false);
  for (size_t i = 0; i < thread->frame_count; i++)
    json_frame(json, &thread->frames[i]);
  baro_json_end_array(json);
  baro_json_end_object(json);
}

void baro_dump_print_json(const baro_dump *dump, baro_stream *output) {
  baro_json json;
  baro_json_init(&json, output, true);
  baro_json_object(&json, NULL, false);
  baro_json_text(&json, "schema", "barograph.dump/1");
  baro_json_u64(&json, "process_id", dump->os_pid);
  json_text_or_null(&json, "command", dump->command);
  json_text_or_null(&json, "python", dump->python);
  baro_json_array(&json, "threads", false);
  for (size_t i = 0; i < dump->thread_count; i++)
    json_thread(&json, &dump->threads[i]);
  baro_json_end_array(&json);
  baro_json_end_object(&json);
  baro_stream_char(output, '\n');
}
