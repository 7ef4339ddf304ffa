/* speedscope's own format: sampled profiles (stacks with weights) and evented ones (frames that open and close), a thread
 * each. The file is walked through three times, since frames may stand behind the stacks that refer to them, and stacks stand
 * beside their weights; nothing of it is kept but the frames.
 * Lines of frames are where a thread was, as most exporters write them; in files of ours they are where functions begin. */
#include <stdio.h>
#include <string.h>

#include "import/import_formats.h"
#include "import/json_reader.h"

typedef struct speedscope_frame {
  uint32_t frame;
  uint8_t state; /* of a frame that stands for a state; BARO_STATE_COUNT: it is none */
} speedscope_frame;

typedef struct speedscope_input {
  const baro_import_options *options;
  baro_import_output *output;
  baro_buffer frames; /* owned; speedscope_frame */
  baro_buffer text;   /* owned */
  baro_buffer file;   /* owned */
  baro_buffer stack;  /* owned; of an evented profile, open_frame */
  bool is_ours;
  baro_buffer parts; /* owned; profile_parts, of each profile */
  bool has_unit;
} speedscope_input;

/* The parts of a profile, wherever they stand in it. */
typedef struct profile_parts {
  baro_json_reader name;
  baro_json_reader unit;
  baro_json_reader samples;
  baro_json_reader weights;
  baro_json_reader events;
  double start;
  double end;
  double ns_per_unit;
} profile_parts;

typedef struct open_frame {
  uint32_t index;
  uint32_t stack;
  uint8_t state;
} open_frame;

static bool is(baro_view name, const char *text) {
  return baro_view_equal(name, baro_view_of(text));
}

/* Where the value begins; it is skipped. */
static baro_json_reader place_of(baro_json_reader *json) {
  (void)baro_json_peek(json);
  baro_json_reader place = *json;
  baro_json_skip(json);
  return place;
}

bool baro_sniff_speedscope(baro_view bytes) {
  enum { SCHEMA_WITHIN = 64 * 1024 };
  baro_json_reader json = baro_json_reader_of(bytes);
  if (baro_json_peek(&json) != '{') {
    return false;
  }
  /* Its schema is usually said at once; else by the shape. */
  size_t within = bytes.length < SCHEMA_WITHIN ? bytes.length : SCHEMA_WITHIN;
  static const char *const marks[] = {"speedscope", "\"profiles\"", "\"activeProfileIndex\""};
  for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
    if (memmem(bytes.data, within, marks[i], strlen(marks[i])) != NULL) {
      return true;
    }
  }
  return false;
}

static baro_status read_frame(speedscope_input *input, baro_json_reader *json) {
  speedscope_frame frame = {.state = BARO_STATE_COUNT};
  double line = 0;
  baro_view name;
  baro_buffer_clear(&input->text);
  baro_buffer_clear(&input->file);
  (void)baro_json_enter(json, '{');
  while (baro_json_member(json, &name)) {
    if (is(name, "name")) {
      baro_json_string_value(json, &input->text);
    } else if (is(name, "file") && baro_json_peek(json) == '"') {
      baro_json_string_value(json, &input->file);
    } else if (is(name, "line") && baro_json_peek(json) != 'n') {
      line = baro_json_number_value(json);
    } else {
      baro_json_skip(json);
    }
  }
  baro_view text = {.data = input->text.data, .length = input->text.length};
  baro_view file = {.data = input->file.data, .length = input->file.length};
  uint32_t at = line >= 1 && line <= UINT32_MAX ? (uint32_t)line : 0;
  baro_state state;
  if (file.length == 0 && baro_import_state_of_words(text, &state)) {
    frame.state = (uint8_t)state;
  }
  baro_status status = baro_import_frame(input->output, text, file, input->is_ours ? at : 0,
                                         input->is_ours ? 0 : at, &frame.frame);
  baro_write_bytes(&input->frames, &frame, sizeof(frame));
  return input->frames.failed || input->text.failed || input->file.failed ? BARO_NO_MEMORY : status;
}

static baro_status read_frames(speedscope_input *input, baro_json_reader shared, baro_error *err) {
  baro_view name;
  baro_status status = BARO_OK;
  (void)baro_json_enter(&shared, '{');
  while (status == BARO_OK && baro_json_member(&shared, &name)) {
    if (!is(name, "frames")) {
      baro_json_skip(&shared);
      continue;
    }
    (void)baro_json_enter(&shared, '[');
    while (status == BARO_OK && baro_json_element(&shared)) {
      status = read_frame(input, &shared);
    }
  }
  return status == BARO_OK ? baro_json_failed(&shared, err) : status;
}

static bool get_frame(const speedscope_input *input, double index, speedscope_frame *ret_frame) {
  size_t count = input->frames.length / sizeof(*ret_frame);
  if (!(index >= 0 && index < (double)count)) {
    return false;
  }
  memcpy(ret_frame, input->frames.data + (size_t)index * sizeof(*ret_frame), sizeof(*ret_frame));
  return true;
}

/* --- sampled --- */

static baro_status push(const speedscope_input *input, uint32_t frame, uint32_t *stack) {
  baro_stack_record record = {.parent = *stack, .frame = frame};
  return baro_writer_stack(input->output->writer, &record, stack);
}

/* A name as a state's is one at the end of a stack only. */
static baro_status read_stack(speedscope_input *input, baro_json_reader *json,
                              baro_import_sample *sample) {
  baro_status status = BARO_OK;
  sample->stack = BARO_NONE_ID;
  sample->state = BARO_STATE_UNKNOWN;
  speedscope_frame last = {.state = BARO_STATE_COUNT};
  bool any = false;
  (void)baro_json_enter(json, '[');
  while (status == BARO_OK && baro_json_element(json)) {
    speedscope_frame frame;
    any = true;
    if (last.state != BARO_STATE_COUNT) {
      status = push(input, last.frame, &sample->stack);
    }
    if (!get_frame(input, baro_json_number_value(json), &frame)) {
      baro_json_fail(json, "numbers of frames of this file");
      return BARO_OK;
    }
    last = frame;
    if (status == BARO_OK && frame.state == BARO_STATE_COUNT) {
      status = push(input, frame.frame, &sample->stack);
    }
  }
  if (last.state != BARO_STATE_COUNT) {
    sample->state = (baro_state)last.state;
  }
  if (!any) {
    sample->amount = 0; /* nothing ran: time goes on, and there is no sample */
  }
  return status;
}

static baro_status read_sampled(speedscope_input *input, profile_parts *parts, uint32_t thread,
                                double offset, baro_error *err) {
  baro_json_reader *samples = &parts->samples;
  baro_json_reader *weights = &parts->weights;
  baro_status status = BARO_OK;
  double at = offset;
  (void)baro_json_enter(samples, '[');
  (void)baro_json_enter(weights, '[');
  while (status == BARO_OK && baro_json_element(samples)) {
    if (!baro_json_element(weights)) {
      baro_json_fail(weights, "as many weights as samples");
      break;
    }
    double weight = baro_json_number_value(weights);
    baro_import_sample sample = {
        .thread = thread, .has_end = input->output->is_time, .end = at + weight, .amount = weight};
    at += weight;
    status = read_stack(input, samples, &sample);
    if (status == BARO_OK && samples->expected == NULL && weights->expected == NULL) {
      status = baro_import_add(input->output, &sample, err);
    }
  }
  if (status == BARO_OK && samples->expected == NULL && baro_json_element(weights)) {
    baro_json_fail(weights, "as many weights as samples");
  }
  if (status == BARO_OK) {
    status = baro_json_failed(samples, err);
  }
  return status == BARO_OK ? baro_json_failed(weights, err) : status;
}

/* --- evented --- */

typedef struct event {
  uint8_t type; /* O or C */
  double frame;
  double at;
} event;

static event read_event(speedscope_input *input, baro_json_reader *json) {
  event read = {.frame = -1};
  baro_view name;
  (void)baro_json_enter(json, '{');
  while (baro_json_member(json, &name)) {
    if (is(name, "type")) {
      baro_json_string_value(json, &input->text);
      read.type = input->text.length == 1 ? input->text.data[0] : 0;
    } else if (is(name, "frame")) {
      read.frame = baro_json_number_value(json);
    } else if (is(name, "at")) {
      read.at = baro_json_number_value(json);
    } else {
      baro_json_skip(json);
    }
  }
  return read;
}

static bool top_of(const speedscope_input *input, open_frame *ret_top) {
  if (input->stack.length == 0) {
    return false;
  }
  memcpy(ret_top, input->stack.data + input->stack.length - sizeof(*ret_top), sizeof(*ret_top));
  return true;
}

static baro_status open_next(speedscope_input *input, baro_json_reader *json, const event *next) {
  speedscope_frame frame, below;
  open_frame top = {.stack = BARO_NONE_ID, .state = BARO_STATE_COUNT};
  baro_status status = BARO_OK;
  if (!get_frame(input, next->frame, &frame)) {
    baro_json_fail(json, "an event of a frame of this file");
    return BARO_OK;
  }
  if (top_of(input, &top) && top.state != BARO_STATE_COUNT && get_frame(input, top.index, &below)) {
    status = push(input, below.frame, &top.stack);
  }
  open_frame opened = {.index = (uint32_t)next->frame, .stack = top.stack, .state = frame.state};
  if (status == BARO_OK && frame.state == BARO_STATE_COUNT) {
    status = push(input, frame.frame, &opened.stack);
  }
  baro_write_bytes(&input->stack, &opened, sizeof(opened));
  return input->stack.failed ? BARO_NO_MEMORY : status;
}

/* What the open frames did since `from`. */
static baro_status add_open(speedscope_input *input, uint32_t thread, double from, double until,
                            double origin, baro_error *err) {
  open_frame top;
  if (!top_of(input, &top) || !(until > from)) {
    return BARO_OK;
  }
  baro_import_sample sample = {
      .thread = thread,
      .stack = top.stack,
      .state = top.state == BARO_STATE_COUNT ? BARO_STATE_UNKNOWN : (baro_state)top.state,
      .has_end = input->output->is_time,
      .end = until - origin,
      .amount = until - from,
  };
  return baro_import_add(input->output, &sample, err);
}

/* origin: what of the profile's own values is the recording's beginning. */
static baro_status read_evented(speedscope_input *input, profile_parts *parts, uint32_t thread,
                                double origin, baro_error *err) {
  baro_json_reader *json = &parts->events;
  baro_status status = BARO_OK;
  double last = parts->start;
  baro_buffer_clear(&input->stack);
  (void)baro_json_enter(json, '[');
  while (status == BARO_OK && baro_json_element(json)) {
    event next = read_event(input, json);
    open_frame top;
    if (json->expected != NULL) {
      break;
    }
    if (!(next.at >= last)) {
      baro_json_fail(json, "events in the order of their times");
      break;
    }
    status = add_open(input, thread, last, next.at, origin, err);
    last = next.at;
    if (status != BARO_OK) {
      break;
    }
    if (next.type == 'O') {
      status = open_next(input, json, &next);
    } else if (next.type == 'C' && top_of(input, &top) && (double)top.index == next.frame) {
      input->stack.length -= sizeof(top);
    } else {
      baro_json_fail(json, "an event that opens a frame, or closes the last that is open");
    }
  }
  if (status == BARO_OK) {
    status = baro_json_failed(json, err);
  }
  return status == BARO_OK ? add_open(input, thread, last, parts->end, origin, err) : status;
}

/* --- profiles --- */

/* "main (pid 12, thread 34)", as ours are called, and py-spy's Thread 34 "main" and Process 12 Thread 34 "main". */
static baro_status find_thread(speedscope_input *input, baro_json_reader name, uint32_t index,
                               uint32_t *ret_thread) {
  char text[256] = "";
  unsigned pid = 0;
  unsigned tid = index + 1;
  int end = 0;
  if (name.start != NULL) {
    baro_json_string_value(&name, &input->text);
  } else {
    baro_buffer_clear(&input->text);
  }
  baro_view whole = {.data = input->text.data, .length = input->text.length};
  baro_view shown = whole;
  const uint8_t *suffix = whole.length == 0 ? NULL : memrchr(whole.data, '(', whole.length);
  size_t from = suffix == NULL ? 0 : (size_t)(suffix - whole.data);
  size_t length = whole.length < sizeof(text) ? whole.length : sizeof(text) - 1;
  if (suffix != NULL && whole.length - from < sizeof(text)) {
    memcpy(text, suffix, whole.length - from);
    if (sscanf(text, "(pid %9u, thread %9u)%n", &pid, &tid, &end) == 2 &&
        (size_t)end == whole.length - from) {
      shown.length = from > 0 ? from - 1 : 0;
      return baro_import_thread(input->output, pid, tid, shown, ret_thread);
    }
  }
  pid = 0;
  tid = index + 1;
  if (length != 0) {
    memcpy(text, whole.data, length);
  }
  text[length] = '\0';
  if (sscanf(text, "Process %9u Thread %9u", &pid, &tid) != 2) {
    pid = 0;
    if (sscanf(text, "Thread %9u", &tid) != 1) {
      tid = index + 1;
    }
  }
  return baro_import_thread(input->output, pid, tid, shown, ret_thread);
}

static baro_status set_unit(speedscope_input *input, baro_json_reader unit, baro_error *err) {
  baro_import_output *output = input->output;
  bool was_time = output->is_time;
  char before[sizeof(output->unit)];
  memcpy(before, output->unit, sizeof(before));
  baro_buffer_clear(&input->text);
  if (unit.start != NULL) {
    baro_json_string_value(&unit, &input->text);
  }
  baro_view text = {.data = input->text.data, .length = input->text.length};
  if (text.length == 0 || is(text, "none")) {
    text = baro_view_of(input->options->unit != NULL ? input->options->unit : "samples");
  }
  if (input->has_unit && !was_time && is(text, before)) {
    return BARO_OK; /* said already */
  }
  baro_status status = baro_import_unit(output, text, input->options->rate_hz, err);
  if (status == BARO_OK && input->has_unit &&
      (was_time != output->is_time || strcmp(before, output->unit) != 0)) {
    return baro_error_set(err, BARO_UNSUPPORTED, "profiles of different units (%s and %.*s)",
                          was_time ? "time" : before, (int)text.length, (const char *)text.data);
  }
  input->has_unit = true;
  return status;
}

static profile_parts read_parts(baro_json_reader *json) {
  profile_parts parts = {0};
  baro_view name;
  (void)baro_json_enter(json, '{');
  while (baro_json_member(json, &name)) {
    if (is(name, "startValue")) {
      parts.start = baro_json_number_value(json);
    } else if (is(name, "endValue")) {
      parts.end = baro_json_number_value(json);
    } else {
      baro_json_reader unused;
      baro_json_reader *place = is(name, "name")      ? &parts.name
                                : is(name, "unit")    ? &parts.unit
                                : is(name, "samples") ? &parts.samples
                                : is(name, "weights") ? &parts.weights
                                : is(name, "events")  ? &parts.events
                                                      : &unused;
      *place = place_of(json);
    }
  }
  return parts;
}

static bool has_content(const profile_parts *parts) {
  baro_json_reader rows = parts->events.start != NULL ? parts->events : parts->samples;
  return rows.start != NULL && baro_json_enter(&rows, '[') && baro_json_element(&rows);
}

/* All profiles' parts; the one that begins first is where the recording does, whatever their order and units. */
static baro_status read_profiles(speedscope_input *input, baro_json_reader *json,
                                 profile_parts *ret_first, baro_error *err) {
  baro_status status = BARO_OK;
  bool any = false;
  (void)baro_json_enter(json, '[');
  while (status == BARO_OK && baro_json_element(json)) {
    profile_parts parts = read_parts(json);
    if (json->expected != NULL) {
      break;
    }
    status = set_unit(input, parts.unit, err);
    parts.ns_per_unit = input->output->ns_per_unit;
    baro_write_bytes(&input->parts, &parts, sizeof(parts));
    if (status == BARO_OK && input->parts.failed) {
      status = BARO_NO_MEMORY;
    }
    if (has_content(&parts) &&
        (!any || parts.start * parts.ns_per_unit < ret_first->start * ret_first->ns_per_unit)) {
      *ret_first = parts;
      any = true;
    }
  }
  return status == BARO_OK ? baro_json_failed(json, err) : status;
}

static baro_status add_profile(speedscope_input *input, profile_parts *parts,
                               const profile_parts *first, uint32_t index, baro_error *err) {
  uint32_t thread;
  baro_status status = find_thread(input, parts->name, index, &thread);
  if (status != BARO_OK) {
    return status;
  }
  input->output->ns_per_unit = parts->ns_per_unit;
  double offset = parts->start - first->start * (first->ns_per_unit / parts->ns_per_unit);
  offset = offset > 0 ? offset : 0;
  if (parts->events.start != NULL) {
    return read_evented(input, parts, thread, parts->start - offset, err);
  }
  if (parts->samples.start != NULL && parts->weights.start != NULL) {
    return read_sampled(input, parts, thread, offset, err);
  }
  return baro_error_set(err, BARO_INVALID, "profile %u: expected samples and weights, or events",
                        index + 1);
}

static baro_status add_profiles(speedscope_input *input, const profile_parts *first,
                                baro_error *err) {
  baro_status status = BARO_OK;
  size_t count = input->parts.length / sizeof(*first);
  for (size_t i = 0; i < count && status == BARO_OK; i++) {
    profile_parts parts;
    memcpy(&parts, input->parts.data + i * sizeof(parts), sizeof(parts));
    status = add_profile(input, &parts, first, (uint32_t)i, err);
  }
  return status;
}

static baro_status read_all(speedscope_input *input, baro_view bytes, baro_error *err) {
  baro_json_reader json = baro_json_reader_of(bytes);
  baro_json_reader shared = {0};
  baro_json_reader profiles = {0};
  baro_view name;
  (void)baro_json_enter(&json, '{');
  while (baro_json_member(&json, &name)) {
    if (is(name, "shared")) {
      shared = place_of(&json);
    } else if (is(name, "profiles")) {
      profiles = place_of(&json);
    } else if (is(name, "exporter") && baro_json_peek(&json) == '"') {
      baro_json_string_value(&json, &input->text);
      input->is_ours = input->text.length > 10 && memcmp(input->text.data, "barograph ", 10) == 0;
    } else {
      baro_json_skip(&json);
    }
  }
  baro_json_finish(&json);
  if (json.expected == NULL && (shared.start == NULL || profiles.start == NULL)) {
    return baro_error_set(err, BARO_INVALID, "expected \"shared\" frames and \"profiles\"");
  }
  baro_status status = baro_json_failed(&json, err);
  if (status == BARO_OK) {
    status = read_frames(input, shared, err);
  }
  profile_parts first = {.ns_per_unit = 1};
  if (status == BARO_OK) {
    status = read_profiles(input, &profiles, &first, err);
  }
  return status == BARO_OK ? add_profiles(input, &first, err) : status;
}

baro_status baro_import_speedscope(baro_view bytes, const baro_import_options *options,
                                   baro_import_output *output, baro_error *err) {
  speedscope_input input = {.options = options, .output = output};
  baro_status status = read_all(&input, bytes, err);
  baro_buffer_release(&input.frames);
  baro_buffer_release(&input.text);
  baro_buffer_release(&input.file);
  baro_buffer_release(&input.stack);
  baro_buffer_release(&input.parts);
  return status;
}
