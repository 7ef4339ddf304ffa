/* One event of a trace, into the model. The format: "Trace Event Format", Google 2016; what Chrome, Perfetto and other
 * programs make of it is wider, so members of any kind may be missing or of another type. */
#include <stdlib.h>
#include <string.h>

#include "import/json_names.h"
#include "import/trace_model.h"
#include "recording/records.h"

static const char *const member_names[] = {"ph", "name", "cat", "pid", "tid",
                                           "ts", "dur",  "id",  "id2", "args"};
enum { PH, NAME, CAT, PID, TID, TS, DUR, ID, ID2, ARGS, MEMBER_COUNT };

struct baro_trace_names {
  baro_json_names members;
  baro_buffer last_track; /* pid and tid as they stood in the event before */
  uint32_t last_index;    /* and which track that was */
};

baro_trace_names *baro_trace_names_create(void) {
  baro_trace_names *names = calloc(1, sizeof(*names));
  if (names != NULL) {
    baro_json_names_init(&names->members, member_names, MEMBER_COUNT);
  }
  return names;
}

void baro_trace_names_destroy(baro_trace_names *names) {
  if (names != NULL) {
    baro_buffer_release(&names->last_track);
  }
  free(names);
}

/* The text of a value: without its quotes where it is one in quotes. */
static baro_view bare(baro_view value) {
  if (value.length >= 2 && value.data[0] == '"') {
    return (baro_view){.data = value.data + 1, .length = value.length - 2};
  }
  return value;
}

/* Digits, and up to three decimals; the fourth rounds. Behind them `at` stays. False: there is no digit, or too many. */
static bool take_thousandths(const uint8_t **at, const uint8_t *end, int64_t *ret_value) {
  int64_t value = 0;
  int digits = 0;
  for (; *at < end && **at >= '0' && **at <= '9'; (*at)++, digits++) {
    if (value > BARO_TRACE_TIME_MAX_NS / 10000) {
      return false;
    }
    value = value * 10 + (**at - '0');
  }
  value *= 1000;
  if (*at < end && **at == '.') {
    int64_t unit = 100;
    bool is_fourth = false;
    for ((*at)++; *at < end && **at >= '0' && **at <= '9'; (*at)++, digits++) {
      value += is_fourth ? **at >= '5' : unit * (**at - '0');
      is_fourth = unit == 1;
      unit /= 10;
    }
  }
  *ret_value = value;
  return digits != 0;
}

/* Microseconds, exactly: a double would lose the decimals of times since 1970. */
static bool take_us(baro_view value, int64_t *ret_ns) {
  baro_view text = bare(value);
  if (text.length == 0) {
    return false;
  }
  const uint8_t *at = text.data;
  const uint8_t *end = at + text.length;
  bool is_negative = *at == '-';
  at += is_negative;
  if (take_thousandths(&at, end, ret_ns) && at == end) {
    *ret_ns = is_negative ? -*ret_ns : *ret_ns;
    return true;
  }
  double us; /* with an exponent */
  baro_json_walk walk = baro_json_walk_of(text);
  if (!baro_json_walk_number(&walk, &us) || !baro_json_walk_finish(&walk) ||
      !(us > -1e15 && us < 1e15)) {
    return false;
  }
  *ret_ns = (int64_t)(us * 1000 + (us < 0 ? -0.5 : 0.5));
  return true;
}

/* --- tracks --- */

static baro_status find_process(baro_trace_model *model, baro_view pid, uint32_t *ret_process) {
  return baro_trace_process_put(model, bare(pid), ret_process);
}

/* Of the thread; mostly that of the event before. */
static baro_status find_thread(baro_trace_model *model, const baro_view *members,
                               uint32_t *ret_track) {
  baro_trace_names *names = model->names;
  baro_buffer *last = &names->last_track;
  baro_view pid = members[PID];
  baro_view tid = members[TID];
  uint32_t process;
  if (last->length == pid.length + tid.length + 1 &&
      (pid.length == 0 || memcmp(last->data, pid.data, pid.length) == 0) &&
      last->data[pid.length] == 0 &&
      (tid.length == 0 || memcmp(last->data + pid.length + 1, tid.data, tid.length) == 0)) {
    *ret_track = names->last_index;
    return BARO_OK;
  }
  baro_status status = find_process(model, pid, &process);
  if (status == BARO_OK) {
    status = baro_trace_track_put(model, process, bare(tid), false, ret_track);
  }
  if (status == BARO_OK) {
    baro_buffer_clear(last);
    baro_write_bytes(last, pid.data, pid.length);
    baro_write_u8(last, 0);
    baro_write_bytes(last, tid.data, tid.length);
    status = last->failed ? BARO_NO_MEMORY : BARO_OK;
    names->last_index = *ret_track;
  }
  return status;
}

/* Of asynchronous slices: those of a category and an id, within the process. */
static baro_status find_async(baro_trace_model *model, const baro_view *members,
                              uint32_t *ret_track) {
  baro_view id = members[ID].length != 0 ? members[ID] : members[ID2];
  baro_buffer key = {0};
  uint32_t process;
  baro_write_bytes(&key, bare(members[CAT]).data, bare(members[CAT]).length);
  baro_write_u8(&key, ':');
  baro_write_bytes(&key, bare(id).data, bare(id).length);
  baro_status status = key.failed ? BARO_NO_MEMORY : find_process(model, members[PID], &process);
  if (status == BARO_OK) {
    status = baro_trace_track_put(
        model, process, (baro_view){.data = key.data, .length = key.length}, true, ret_track);
  }
  baro_buffer_release(&key);
  return status;
}

/* --- what an event says --- */

/* What stands between quotes, without escapes. */
static baro_status put_text(baro_trace_model *model, baro_view raw, uint32_t *ret_text) {
  if (raw.length == 0 || memchr(raw.data, '\\', raw.length) == NULL) {
    return baro_trace_text_put(model, raw, ret_text);
  }
  baro_buffer_clear(&model->scratch);
  if (raw.data[-1] != '"' || !baro_json_text_unescape(raw, &model->scratch)) {
    return baro_trace_text_put(model, raw, ret_text); /* as it stands */
  }
  return model->scratch.failed
             ? BARO_NO_MEMORY
             : baro_trace_text_put(
                   model, (baro_view){.data = model->scratch.data, .length = model->scratch.length},
                   ret_text);
}

/* A member of args that is a text; length 0: there is none. */
static baro_view text_of_args(baro_view args, const char *wanted) {
  baro_view name;
  baro_view found = {0};
  baro_json_walk walk = baro_json_walk_of(args);
  if (args.length == 0 || !baro_json_walk_enter(&walk, '{')) {
    return found;
  }
  while (baro_json_walk_member(&walk, &name)) {
    baro_view value;
    if (baro_view_equal(name, baro_view_of(wanted)) && baro_json_walk_text(&walk, &value)) {
      found = value;
    } else if (!baro_view_equal(name, baro_view_of(wanted))) {
      baro_json_walk_skip(&walk);
    }
  }
  return walk.expected == NULL ? found : (baro_view){0};
}

/* Objects of PyTorch's stacks have their address in their name: "<built-in method f of C object at 0x7f00>". Each would be a function
 * of its own. */
static baro_status put_name(baro_trace_model *model, baro_view raw, baro_view category,
                            uint32_t *ret_text) {
  static const char mark[] = " at 0x";
  const uint8_t *at = NULL;
  if (model->is_torch && raw.length != 0 &&
      baro_view_equal(category, baro_view_of("python_function"))) {
    at = memmem(raw.data, raw.length, mark, sizeof(mark) - 1);
  }
  if (at == NULL) {
    return put_text(model, raw, ret_text);
  }
  const uint8_t *end = raw.data + raw.length;
  const uint8_t *behind = at + sizeof(mark) - 1;
  while (behind < end &&
         ((*behind >= '0' && *behind <= '9') || (*behind >= 'a' && *behind <= 'f'))) {
    behind++;
  }
  baro_buffer_clear(&model->scratch);
  baro_write_bytes(&model->scratch, raw.data, (size_t)(at - raw.data));
  baro_write_bytes(&model->scratch, behind, (size_t)(end - behind));
  return model->scratch.failed
             ? BARO_NO_MEMORY
             : baro_trace_text_put(
                   model, (baro_view){.data = model->scratch.data, .length = model->scratch.length},
                   ret_text);
}

static baro_status find_label(baro_trace_model *model, const baro_view *members,
                              uint32_t *ret_label) {
  baro_trace_label label = {.place = model->empty};
  baro_view category = bare(members[CAT]);
  bool is_sample = baro_view_equal(category, baro_view_of("sample"));
  bool is_state = baro_view_equal(category, baro_view_of("state"));
  baro_status status = put_name(model, bare(members[NAME]), category, &label.name);
  if (status == BARO_OK) {
    status = baro_trace_text_put(model, category, &label.category);
  }
  if (status == BARO_OK && (is_sample || baro_view_equal(category, baro_view_of("call")))) {
    status = put_text(model, text_of_args(members[ARGS], "place"), &label.place);
  }
  model->own_samples += is_sample || is_state;
  model->has_states |= is_state;
  return status == BARO_OK ? baro_trace_label_put(model, &label, ret_label) : status;
}

static baro_status read_metadata(baro_trace_model *model, const baro_view *members) {
  baro_view what = bare(members[NAME]);
  bool is_thread = baro_view_equal(what, baro_view_of("thread_name"));
  bool is_labels = baro_view_equal(what, baro_view_of("process_labels"));
  uint32_t text;
  uint32_t index;
  if (!is_thread && !is_labels && !baro_view_equal(what, baro_view_of("process_name"))) {
    return BARO_OK; /* the order of tracks, and others of Chrome's own */
  }
  baro_view name = text_of_args(members[ARGS], is_labels ? "labels" : "name");
  baro_status status = put_text(model, name, &text);
  if (status == BARO_OK) {
    status =
        is_thread ? find_thread(model, members, &index) : find_process(model, members[PID], &index);
  }
  if (status == BARO_OK && is_thread) {
    model->tracks[index].name = text;
  } else if (status == BARO_OK && is_labels) {
    model->processes[index].labels = text;
  } else if (status == BARO_OK) {
    model->processes[index].name = text;
  }
  return status;
}

static baro_status find_extra(baro_trace_model *model, const baro_view *members, uint32_t label,
                              uint32_t *ret_extra) {
  *ret_extra = BARO_NONE_ID;
  if (!model->is_torch) {
    return BARO_OK;
  }
  return baro_torch_args(model, model->labels[label].category, members[ARGS], ret_extra);
}

static baro_status read_slice(baro_trace_model *model, const baro_view *members, int64_t start_ns) {
  baro_trace_slice slice = {.start_ns = start_ns};
  if (members[DUR].length != 0 && !take_us(members[DUR], &slice.dur_ns)) {
    model->odd.without_times++;
    return BARO_OK;
  }
  model->odd.backward += slice.dur_ns < 0;
  slice.dur_ns = slice.dur_ns < 0 ? 0 : slice.dur_ns;
  if (model->is_torch && baro_torch_is_repeated(bare(members[CAT]))) {
    model->odd.repeated += !baro_view_equal(bare(members[CAT]), baro_view_of("Trace"));
    return BARO_OK;
  }
  baro_status status = find_thread(model, members, &slice.track);
  if (status == BARO_OK) {
    status = find_label(model, members, &slice.label);
  }
  if (status == BARO_OK) {
    status = find_extra(model, members, slice.label, &slice.extra);
  }
  return status == BARO_OK ? baro_trace_slice_add(model, &slice) : status;
}

static baro_status read_begin(baro_trace_model *model, const baro_view *members, bool is_async,
                              int64_t start_ns) {
  baro_trace_opened begun = {.start_ns = start_ns};
  uint32_t track;
  baro_status status =
      is_async ? find_async(model, members, &track) : find_thread(model, members, &track);
  if (status == BARO_OK) {
    status = find_label(model, members, &begun.label);
  }
  if (status == BARO_OK) {
    status = find_extra(model, members, begun.label, &begun.extra);
  }
  return status == BARO_OK ? baro_trace_open(model, track, &begun) : status;
}

static baro_status read_end(baro_trace_model *model, const baro_view *members, bool is_async,
                            int64_t end_ns) {
  uint32_t track;
  baro_status status =
      is_async ? find_async(model, members, &track) : find_thread(model, members, &track);
  return status == BARO_OK ? baro_trace_close(model, track, end_ns) : status;
}

/* Of PyTorch: where memory was taken, and the ends of flows. */
static baro_status read_moment(baro_trace_model *model, const baro_view *members, int64_t at_ns) {
  baro_trace_slice slice = {.start_ns = at_ns, .dur_ns = BARO_TRACE_MOMENT};
  uint8_t kind = bare(members[PH]).data[0];
  baro_trace_extra flow = {.dims = BARO_NONE_ID, .types = BARO_NONE_ID};
  baro_status status = find_thread(model, members, &slice.track);
  if (status == BARO_OK) {
    status = find_label(model, members, &slice.label);
  }
  if (status == BARO_OK && kind == 'i') {
    status = find_extra(model, members, slice.label, &slice.extra);
  } else if (status == BARO_OK) {
    slice.extra = BARO_NONE_ID;
    if (baro_json_text_integer(bare(members[ID]), &flow.external_id)) {
      flow.correlation = kind == 's' ? 1 : 2;
      status = baro_trace_extra_add(model, &flow, &slice.extra);
    }
  }
  return status == BARO_OK && slice.extra != BARO_NONE_ID ? baro_trace_slice_add(model, &slice)
                                                          : status;
}

static baro_status read_timed(baro_trace_model *model, const baro_view *members) {
  uint8_t kind = bare(members[PH]).data[0];
  int64_t time_ns;
  if (!take_us(members[TS], &time_ns)) {
    model->odd.without_times++;
    return BARO_OK;
  }
  switch (kind) {
  case 'X': return read_slice(model, members, time_ns);
  case 'B': return read_begin(model, members, false, time_ns);
  case 'E': return read_end(model, members, false, time_ns);
  case 'b':
  case 'S': return read_begin(model, members, true, time_ns);
  case 'e':
  case 'F': return read_end(model, members, true, time_ns);
  default: return read_moment(model, members, time_ns);
  }
}

static baro_status read_event(baro_trace_model *model, const baro_view *members) {
  baro_view kind = bare(members[PH]);
  if (kind.length == 0 && members[NAME].length == 0) {
    return BARO_OK; /* {} stands at the end of files whose writer puts a comma behind each event */
  }
  switch (kind.length == 1 ? kind.data[0] : 0) {
  case 'X':
  case 'B':
  case 'E':
  case 'b':
  case 'S':
  case 'e':
  case 'F': return read_timed(model, members);
  case 'M': return read_metadata(model, members);
  case 'i':
  case 'I':
  case 'R':
  case 'n':
  case 'T':
  case 'p': model->odd.instants += !model->is_torch; break;
  case 'C': model->odd.counters++; return BARO_OK;
  case 's':
  case 't':
  case 'f': model->odd.flows += !model->is_torch; break;
  case 'N':
  case 'O':
  case 'D': model->odd.objects++; return BARO_OK;
  default: model->odd.unknown++; return BARO_OK;
  }
  return model->is_torch ? read_timed(model, members) : BARO_OK;
}

baro_status baro_trace_event(baro_trace_model *model, baro_view event, baro_json_walk *ret_walk) {
  baro_view members[MEMBER_COUNT] = {{0}};
  baro_view name;
  baro_json_walk *walk = ret_walk;
  *walk = baro_json_walk_of(event);
  if (baro_json_walk_peek(walk) != '{') {
    baro_json_walk_fail(walk, "an event in braces");
  } else {
    (void)baro_json_walk_enter(walk, '{');
    while (baro_json_walk_member(walk, &name)) {
      uint32_t member = baro_json_names_find(&model->names->members, name);
      if (member == MEMBER_COUNT) {
        baro_json_walk_skip(walk);
      } else {
        (void)baro_json_walk_value(walk, &members[member]);
      }
    }
  }
  if (!baro_json_walk_finish(walk)) {
    return BARO_INVALID;
  }
  return read_event(model, members);
}
