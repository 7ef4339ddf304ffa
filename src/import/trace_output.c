#include "import/trace_output.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "import/import_output.h"
#include "import/trace_walk.h"

uint64_t baro_trace_time(const baro_trace_output *output, int64_t ns) {
  return ns <= output->model->first_ns
             ? BARO_IMPORT_START_NS
             : BARO_IMPORT_START_NS + (uint64_t)(ns - output->model->first_ns);
}

/* --- names --- */

/* Digits between from and to; 0: something else. */
static uint32_t line_of(const uint8_t *from, const uint8_t *to) {
  uint32_t line = 0;
  if (from == to || to - from > 8) {
    return 0;
  }
  for (; from < to; from++) {
    if (*from < '0' || *from > '9') {
      return 0;
    }
    line = line * 10 + (uint32_t)(*from - '0');
  }
  return line;
}

/* "FILE:LINE" */
static bool split_colon(baro_view text, baro_view *ret_file, uint32_t *ret_line) {
  for (size_t at = text.length; at-- > 1;) {
    if (text.data[at] == ':') {
      *ret_line = line_of(text.data + at + 1, text.data + text.length);
      *ret_file = (baro_view){.data = text.data, .length = at};
      return *ret_line != 0;
    }
  }
  return false;
}

/* viztracer: "NAME (FILE:LINE)" */
static bool split_brackets(baro_view text, baro_view *ret_name, baro_view *ret_file,
                           uint32_t *ret_line) {
  if (text.length < 4 || text.data[text.length - 1] != ')') {
    return false;
  }
  for (size_t at = 1; at + 1 < text.length; at++) {
    if (text.data[at] == ' ' && text.data[at + 1] == '(') {
      *ret_name = (baro_view){.data = text.data, .length = at};
      return split_colon((baro_view){.data = text.data + at + 2, .length = text.length - at - 3},
                         ret_file, ret_line);
    }
  }
  return false;
}

/* Python's functions in XPlane: "$FILE:LINE NAME" */
static bool split_dollar(baro_view text, baro_view *ret_name, baro_view *ret_file,
                         uint32_t *ret_line) {
  const uint8_t *space =
      text.length == 0 || text.data[0] != '$' ? NULL : memchr(text.data, ' ', text.length);
  if (space == NULL ||
      !split_colon((baro_view){.data = text.data + 1, .length = (size_t)(space - text.data) - 1},
                   ret_file, ret_line)) {
    return false;
  }
  *ret_name =
      (baro_view){.data = space + 1, .length = text.length - (size_t)(space - text.data) - 1};
  return true;
}

/* PyTorch: "FILE(LINE): NAME" */
static bool split_front(baro_view text, baro_view *ret_name, baro_view *ret_file,
                        uint32_t *ret_line) {
  const uint8_t *open = text.length == 0 ? NULL : memchr(text.data, '(', text.length);
  const uint8_t *end = text.data + text.length;
  const uint8_t *close = open == NULL ? NULL : memchr(open, ')', (size_t)(end - open));
  if (close == NULL || open == text.data || end - close < 4 || close[1] != ':' || close[2] != ' ') {
    return false;
  }
  *ret_line = line_of(open + 1, close);
  *ret_file = (baro_view){.data = text.data, .length = (size_t)(open - text.data)};
  *ret_name = (baro_view){.data = close + 3, .length = (size_t)(end - close - 3)};
  return *ret_line != 0;
}

void baro_trace_place(const baro_trace_model *model, uint32_t label, baro_view *ret_name,
                      baro_view *ret_file, uint32_t *ret_line) {
  const baro_trace_label *of = &model->labels[label];
  baro_view text = baro_trace_text(model, of->name);
  baro_view place = baro_trace_text(model, of->place);
  if (place.length != 0) {
    *ret_name = text;
    if (!split_colon(place, ret_file, ret_line)) {
      *ret_file = place;
      *ret_line = 0;
    }
    return;
  }
  bool is_python = baro_trace_text_is(model, of->category, "python_function") ||
                   baro_trace_text_is(model, of->category, "Python");
  if (is_python              ? split_front(text, ret_name, ret_file, ret_line)
      : model->is_tensorflow ? split_dollar(text, ret_name, ret_file, ret_line)
                             : split_brackets(text, ret_name, ret_file, ret_line)) {
    return;
  }
  *ret_name = text;
  *ret_file = (baro_view){0};
  *ret_line = 0;
}

static baro_status make_function(baro_trace_output *output, uint32_t label,
                                 uint32_t *ret_function) {
  baro_view name;
  baro_view file;
  baro_function_record record = {.module_string = BARO_NONE_ID};
  if (output->function_of[label] != BARO_NONE_ID) {
    *ret_function = output->function_of[label];
    return BARO_OK;
  }
  baro_trace_place(output->model, label, &name, &file, &record.first_line);
  baro_status status = baro_writer_string(
      output->writer, name.length == 0 ? baro_view_of("(no name)") : name, &record.name_string);
  record.qualified_string = record.name_string;
  if (status == BARO_OK) {
    status = baro_writer_string(output->writer, file, &record.file_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_function(output->writer, &record, ret_function);
  }
  if (status == BARO_OK) {
    output->function_of[label] = *ret_function;
  }
  return status;
}

/* --- processes and threads --- */

/* An id of the system, or one of ours, from 1, where the file has a word. */
static uint32_t number_of(baro_view key, uint32_t index) {
  int64_t number;
  return baro_json_text_integer(key, &number) && number >= 0 && number < UINT32_MAX
             ? (uint32_t)number
             : index + 1;
}

static baro_status put_joined(baro_trace_output *output, baro_view text, const char *between,
                              baro_view more, uint32_t *ret_string) {
  baro_buffer *scratch = &output->model->scratch;
  baro_buffer_clear(scratch);
  baro_write_bytes(scratch, text.data, text.length);
  if (more.length != 0) {
    baro_write_text(scratch, text.length == 0 ? "" : between);
    baro_write_bytes(scratch, more.data, more.length);
  }
  return scratch->failed
             ? BARO_NO_MEMORY
             : baro_writer_string(output->writer,
                                  (baro_view){.data = scratch->data, .length = scratch->length},
                                  ret_string);
}

static baro_status make_process(baro_trace_output *output, uint32_t process) {
  const baro_trace_model *model = output->model;
  const baro_trace_process *of = &model->processes[process];
  baro_view name = baro_trace_text(model, of->name);
  baro_view key = baro_trace_text(model, of->key);
  int64_t number;
  if (output->process_of[process] != BARO_NONE_ID) {
    return BARO_OK;
  }
  baro_process_record record = {.os_pid = number_of(key, process),
                                .parent_process = BARO_NONE_ID,
                                .start_ns = BARO_IMPORT_START_NS,
                                .seen_ns = BARO_IMPORT_START_NS};
  if (name.length == 0 && !baro_json_text_integer(key, &number)) {
    name = key;
  }
  baro_status status =
      put_joined(output, name, ", ", baro_trace_text(model, of->labels), &record.command_string);
  if (status == BARO_OK) {
    status = baro_writer_string(output->writer, (baro_view){0}, &record.python_string);
  }
  return status == BARO_OK
             ? baro_writer_process(output->writer, &record, &output->process_of[process])
             : status;
}

static baro_status make_thread(baro_trace_output *output, uint32_t track) {
  const baro_trace_model *model = output->model;
  const baro_trace_track *of = &model->tracks[track];
  baro_view key = baro_trace_text(model, of->key);
  baro_view name = baro_trace_text(model, of->name);
  int64_t number;
  bool is_numbered = !of->is_async && baro_json_text_integer(key, &number);
  baro_buffer lane = {0};
  baro_status status = make_process(output, of->process);
  baro_thread_record record = {.process = output->process_of[of->process],
                               .os_tid = number_of(of->is_async ? (baro_view){0} : key, track),
                               .seen_ns = BARO_IMPORT_START_NS};
  record.is_main = is_numbered && of->lane == 0 &&
                   baro_view_equal(key, baro_trace_text(model, model->processes[of->process].key));
  if (of->is_async) {
    name = baro_view_of("async");
  } else if (name.length == 0 && (!is_numbered || of->lane != 0)) {
    name = key;
  }
  if (of->lane != 0) {
    baro_write_format(&lane, "%u", of->lane + 1);
  }
  if (status == BARO_OK) {
    status = put_joined(output, name, " / ", (baro_view){.data = lane.data, .length = lane.length},
                        &record.name_string);
  }
  baro_buffer_release(&lane);
  if (status == BARO_OK) {
    status = baro_writer_thread(output->writer, &record, &output->thread_of[track]);
    output->result.slots++;
  }
  return status;
}

/* --- slices as calls --- */

enum { BATCH_EVENTS = 512, FLUSH_EVENTS = 1 << 16 };

typedef struct calls {
  baro_trace_output *output;
  uint32_t thread;
  uint32_t count;
  uint32_t unflushed;
  baro_call_event events[BATCH_EVENTS];
} calls;

static baro_status put_batch(calls *all) {
  baro_writer_calls(all->output->writer, all->thread, all->events, all->count);
  all->unflushed += all->count;
  all->count = 0;
  if (all->unflushed < FLUSH_EVENTS) {
    return BARO_OK;
  }
  all->unflushed = 0;
  return baro_writer_flush(all->output->writer, NULL);
}

static baro_status put_event(calls *all, const baro_call_event *event) {
  all->events[all->count++] = *event;
  return all->count == BATCH_EVENTS ? put_batch(all) : BARO_OK;
}

static baro_status enter_call(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  calls *all = context;
  baro_call_event event = {.time_ns = baro_trace_time(all->output, time_ns),
                           .kind = BARO_CALL_ENTER};
  baro_status status = make_function(all->output, slice->label, &event.function);
  all->output->result.tasks++;
  return status == BARO_OK ? put_event(all, &event) : status;
}

static baro_status leave_call(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  calls *all = context;
  (void)slice;
  return put_event(all, &(baro_call_event){.time_ns = baro_trace_time(all->output, time_ns),
                                           .kind = BARO_CALL_RETURN});
}

static baro_status write_calls(baro_trace_output *output) {
  calls all = {.output = output};
  baro_trace_visitor visitor = {.context = &all, .enter = enter_call, .leave = leave_call};
  baro_status status = BARO_OK;
  for (uint32_t t = 0; t < output->model->track_count && status == BARO_OK; t++) {
    if (output->thread_of[t] != BARO_NONE_ID) {
      all.thread = output->thread_of[t];
      status = baro_trace_walk(output->model, t, &visitor, &output->model->odd);
      if (status == BARO_OK) {
        status = put_batch(&all);
      }
    }
  }
  return status;
}

/* --- slices as samples --- */

typedef struct level {
  uint32_t stack;
  baro_state state;
} level;

typedef struct samples {
  baro_trace_output *output;
  uint32_t thread;
  level *levels; /* owned */
  uint32_t depth, capacity;
  int64_t since_ns;
  uint32_t unflushed;
} samples;

/* What the thread did since the last change. */
static baro_status put_sample(samples *all, int64_t now_ns) {
  int64_t since_ns = all->since_ns;
  all->since_ns = now_ns;
  if (all->depth == 0 || now_ns <= since_ns) {
    return BARO_OK;
  }
  const level *top = &all->levels[all->depth - 1];
  baro_sample_record record = {.time_ns = baro_trace_time(all->output, now_ns),
                               .weight_ns = (uint64_t)(now_ns - since_ns),
                               .ticks = 1,
                               .thread = all->thread,
                               .stack = top->stack,
                               .state = top->state};
  baro_writer_sample(all->output->writer, &record);
  all->output->result.samples++;
  if (++all->unflushed < FLUSH_EVENTS) {
    return BARO_OK;
  }
  all->unflushed = 0;
  return baro_writer_flush(all->output->writer, NULL);
}

static baro_status enter_level(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  samples *all = context;
  baro_trace_model *model = all->output->model;
  baro_frame_record frame = {0};
  baro_stack_record stack = {.parent = all->depth == 0 ? BARO_NONE_ID
                                                       : all->levels[all->depth - 1].stack};
  baro_status status = put_sample(all, time_ns);
  if (status == BARO_OK) {
    status = baro_grow(&all->levels, &all->capacity, all->depth, sizeof(*all->levels));
  }
  if (status != BARO_OK) {
    return status;
  }
  level *made = &all->levels[all->depth];
  made->stack = stack.parent;
  made->state = model->has_states ? BARO_STATE_CPU : BARO_STATE_UNKNOWN;
  const baro_trace_label *label = &model->labels[slice->label];
  if (baro_trace_text_is(model, label->category, "state") &&
      baro_import_state_of_words(baro_trace_text(model, label->name), &made->state)) {
    all->depth++;
    return BARO_OK;
  }
  status = make_function(all->output, slice->label, &frame.function);
  if (status == BARO_OK) {
    status = baro_writer_frame(all->output->writer, &frame, &stack.frame);
  }
  if (status == BARO_OK) {
    status = baro_writer_stack(all->output->writer, &stack, &made->stack);
  }
  all->depth += status == BARO_OK;
  return status;
}

static baro_status leave_level(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  samples *all = context;
  (void)slice;
  baro_status status = put_sample(all, time_ns);
  all->depth--;
  return status;
}

static baro_status write_samples(baro_trace_output *output) {
  samples all = {.output = output};
  baro_trace_visitor visitor = {.context = &all, .enter = enter_level, .leave = leave_level};
  baro_status status = BARO_OK;
  for (uint32_t t = 0; t < output->model->track_count && status == BARO_OK; t++) {
    if (output->thread_of[t] != BARO_NONE_ID) {
      all.thread = output->thread_of[t];
      all.depth = 0;
      status = baro_trace_walk(output->model, t, &visitor, &output->model->odd);
    }
  }
  free(all.levels);
  return status;
}

/* --- the whole --- */

static uint32_t *none_ids(uint32_t count) {
  uint32_t *ids = malloc(((size_t)count + 1) * sizeof(*ids));
  if (ids != NULL) {
    memset(ids, 0xff, ((size_t)count + 1) * sizeof(*ids)); /* BARO_NONE_ID */
  }
  return ids;
}

baro_status baro_trace_output_init(baro_trace_output *output, baro_trace_model *model,
                                   baro_writer *writer, baro_error *err) {
  *output = (baro_trace_output){.model = model, .writer = writer};
  output->process_of = none_ids(model->process_count);
  output->thread_of = none_ids(model->track_count);
  output->function_of = none_ids(model->label_count);
  if (output->process_of == NULL || output->thread_of == NULL || output->function_of == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  if (model->last_ns < model->first_ns) {
    return baro_error_set(err, BARO_INVALID, "no slice with a time in it");
  }
  return BARO_OK;
}

void baro_trace_output_release(baro_trace_output *output) {
  free(output->process_of);
  free(output->thread_of);
  free(output->function_of);
}

/* Since 2001 in microseconds: no clock that began with a machine is that far. */
static const int64_t SINCE_1970_NS = INT64_C(1000000000000000000);

static void put_anchor(const baro_trace_output *output) {
  const baro_trace_model *model = output->model;
  int64_t utc_ns = model->base_ns + model->first_ns;
  if (utc_ns >= SINCE_1970_NS) {
    baro_writer_anchor(output->writer, &(baro_clock_anchor){.monotonic_ns = BARO_IMPORT_START_NS,
                                                            .utc_ns = (uint64_t)utc_ns});
  }
}

baro_status baro_trace_write(baro_trace_output *output) {
  const baro_trace_model *model = output->model;
  baro_status status = BARO_OK;
  put_anchor(output);
  for (uint32_t t = 0; t < model->track_count && status == BARO_OK; t++) {
    if (model->tracks[t].slices != 0) {
      status = make_thread(output, t);
    }
  }
  if (status != BARO_OK) {
    return status;
  }
  return model->own_samples == model->slice_count ? write_samples(output) : write_calls(output);
}
