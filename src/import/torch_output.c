#include "import/torch_output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/torch_events.h"
#include "import/trace_walk.h"
#include "recording/records.h"

typedef struct level {
  uint32_t operator_id; /* that its time is of; BARO_NONE_ID: none */
  uint32_t place;       /* label of the user's function that it is in; BARO_NONE_ID: not known */
  baro_torch_kind kind;
  uint64_t allocated_bytes, freed_bytes;
} level;

typedef struct flow {
  int64_t id;
  uint32_t operator_id;
} flow;

typedef struct torch {
  baro_trace_output *output;
  baro_trace_model *model;
  baro_writer *writer;
  uint8_t *kind_of;           /* owned; by label */
  uint32_t *operator_of;      /* owned; by label: the first; BARO_NONE_ID: none */
  baro_intern operators;      /* key -> operator */
  uint32_t *dims_of;          /* owned; by operator: the first that was told; BARO_NONE_ID: none */
  uint8_t *has_varied;        /* owned; by operator */
  uint32_t operator_capacity; /* of both */
  baro_intern edges;
  baro_map by_correlation; /* -> the operator of the call that launched it */
  baro_map by_external_id; /* -> operator */
  uint32_t *parent_of;     /* owned; by operator */
  baro_map flow_starts;    /* id -> operator */
  flow *flow_ends;         /* owned */
  size_t flow_count, flow_capacity;
  uint32_t key_strings[BARO_TORCH_AMOUNT_COUNT];
  uint32_t run;
  uint32_t track;
  level *levels; /* owned */
  size_t depth, capacity;
  int64_t since_ns;
  uint32_t unflushed;
} torch;

/* --- operators --- */

static bool ends_in_number(baro_view text, size_t *ret_length) {
  size_t at = text.length;
  while (at > 0 && text.data[at - 1] >= '0' && text.data[at - 1] <= '9') {
    at--;
  }
  *ret_length = at == 0 ? 0 : at - 1;
  return at > 1 && at < text.length && text.data[at - 1] == '#';
}

/* Steps are one operator: "ProfilerStep#12". */
static baro_status shown_name(torch *all, uint32_t label, baro_torch_kind kind,
                              uint32_t *ret_text) {
  size_t length;
  *ret_text = all->model->labels[label].name;
  baro_view name = baro_trace_text(all->model, *ret_text);
  if (kind != BARO_TORCH_ANNOTATION || !ends_in_number(name, &length)) {
    return BARO_OK;
  }
  return baro_trace_text_put(all->model, (baro_view){.data = name.data, .length = length},
                             ret_text);
}

static baro_status grow_operators(torch *all, uint32_t operator_id) {
  if (operator_id < all->operator_capacity) {
    return BARO_OK;
  }
  uint32_t capacity = 2 * operator_id + 64;
  uint32_t *dims = realloc(all->dims_of, capacity * sizeof(*dims));
  all->dims_of = dims != NULL ? dims : all->dims_of;
  uint8_t *varied = realloc(all->has_varied, capacity);
  all->has_varied = varied != NULL ? varied : all->has_varied;
  uint32_t *parents = realloc(all->parent_of, capacity * sizeof(*parents));
  all->parent_of = parents != NULL ? parents : all->parent_of;
  if (dims == NULL || varied == NULL || parents == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t o = all->operator_capacity; o < capacity; o++) {
    dims[o] = parents[o] = BARO_NONE_ID;
    varied[o] = 0;
  }
  all->operator_capacity = capacity;
  return BARO_OK;
}

static baro_status place_text(torch *all, uint32_t place, uint32_t *ret_string) {
  baro_view name;
  baro_view file = {0};
  uint32_t line = 0;
  char text[512] = "";
  if (place != BARO_NONE_ID) {
    baro_trace_place(all->model, place, &name, &file, &line);
    (void)snprintf(text, sizeof(text), "%.*s:%u", (int)(file.length < 480 ? file.length : 480),
                   (const char *)file.data, line);
  }
  return baro_writer_string(all->writer, baro_view_of(text), ret_string);
}

static baro_status put_fact(torch *all, uint32_t of, const char *key, baro_view value) {
  if (value.length == 0) {
    return BARO_OK;
  }
  return baro_writer_operator_fact(
      all->writer,
      &(baro_operator_fact_record){.operator_id = of, .key = baro_view_of(key), .value = value});
}

static baro_status make_operator(torch *all, baro_torch_kind kind, baro_view name, uint32_t place,
                                 uint32_t parent, uint32_t *ret_operator) {
  baro_operator_record record = {.parent_operator = parent};
  char text[64];
  (void)snprintf(text, sizeof(text), "%s%s", all->model->is_tensorflow ? "tf." : "torch.",
                 baro_torch_kind_text(kind));
  baro_status status = baro_writer_string(all->writer, baro_view_of(text), &record.kind_string);
  if (status == BARO_OK) {
    status = baro_writer_string(all->writer, name, &record.name_string);
  }
  if (status == BARO_OK) {
    status = place_text(all, place, &record.place_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_operator(all->writer, &record, ret_operator);
  }
  if (status == BARO_OK) {
    status = grow_operators(all, *ret_operator);
  }
  if (status != BARO_OK) {
    return status;
  }
  all->parent_of[*ret_operator] = parent;
  baro_state state = baro_torch_state_of(kind, name);
  return state == BARO_STATE_UNKNOWN
             ? BARO_OK
             : put_fact(all, *ret_operator, "state", baro_view_of(baro_state_key(state)));
}

/* The one of this name and place in its parent. */
static baro_status find_operator(torch *all, uint32_t label, uint32_t place, uint32_t parent,
                                 uint32_t *ret_operator) {
  baro_torch_kind kind = (baro_torch_kind)all->kind_of[label];
  uint32_t key[4] = {parent, place, (uint32_t)kind, 0};
  uint32_t index;
  bool is_new;
  baro_status status = shown_name(all, label, kind, &key[3]);
  if (status == BARO_OK) {
    status = baro_intern_put(&all->operators,
                             (baro_view){.data = (const uint8_t *)key, .length = sizeof(key)},
                             &index, &is_new);
  }
  if (status != BARO_OK) {
    return status;
  }
  if (is_new) {
    return make_operator(all, kind, baro_trace_text(all->model, key[3]), place, parent,
                         ret_operator);
  }
  *ret_operator = index + 1; /* behind the run, in the same order */
  return BARO_OK;
}

/* Shapes: those that were seen first, and whether there were others. */
static baro_status note_shapes(torch *all, uint32_t of, const baro_trace_extra *extra) {
  if (extra->dims == BARO_NONE_ID) {
    return BARO_OK;
  }
  if (all->dims_of[of] == BARO_NONE_ID) {
    all->dims_of[of] = extra->dims;
    baro_status status = put_fact(all, of, "input_dims", baro_trace_text(all->model, extra->dims));
    return status == BARO_OK
               ? put_fact(all, of, "input_types", baro_trace_text(all->model, extra->types))
               : status;
  }
  if (all->dims_of[of] != extra->dims && !all->has_varied[of]) {
    all->has_varied[of] = 1;
    return put_fact(all, of, "input_dims_vary", baro_view_of("1"));
  }
  return BARO_OK;
}

static baro_status put_edge(torch *all, uint32_t from, uint32_t to, baro_operator_edge kind) {
  uint32_t key[3] = {from, to, (uint32_t)kind};
  uint32_t index;
  bool is_new;
  baro_status status =
      baro_intern_put(&all->edges, (baro_view){.data = (const uint8_t *)key, .length = sizeof(key)},
                      &index, &is_new);
  if (status != BARO_OK || !is_new || from == to) {
    return status;
  }
  return baro_writer_operator_edge(
      all->writer,
      &(baro_operator_edge_record){.from_operator = from, .to_operator = to, .kind = kind});
}

/* --- tasks --- */

typedef struct amounts {
  baro_task_amount list[BARO_TORCH_AMOUNT_COUNT];
  uint64_t sums[BARO_TORCH_AMOUNT_COUNT];
  uint32_t count;
} amounts;

static void gather(torch *all, const level *of, const baro_trace_slice *slice, uint64_t lasted_ns,
                   amounts *ret_amounts) {
  uint64_t *sums = ret_amounts->sums;
  if (slice->extra != BARO_NONE_ID) {
    const baro_trace_extra *extra = &all->model->extras[slice->extra];
    for (uint32_t v = 0; v < extra->value_count; v++) {
      const baro_trace_value *value = &all->model->values[extra->first_value + v];
      sums[value->key] += value->value;
    }
  }
  sums[BARO_TORCH_AMOUNT_MEMORY] += of->allocated_bytes;
  sums[BARO_TORCH_AMOUNT_FREED] += of->freed_bytes;
  sums[BARO_TORCH_AMOUNT_INVOCATIONS] = 1;
  if (of->kind == BARO_TORCH_KERNEL || of->kind == BARO_TORCH_COLLECTIVE) {
    sums[BARO_TORCH_AMOUNT_GPU] = lasted_ns;
  } else if (of->kind == BARO_TORCH_COPY || of->kind == BARO_TORCH_MEMSET) {
    sums[BARO_TORCH_AMOUNT_COPYING] = lasted_ns;
  }
  for (uint32_t a = 0; a < BARO_TORCH_AMOUNT_COUNT; a++) {
    if (sums[a] != 0) {
      ret_amounts->list[ret_amounts->count++] =
          (baro_task_amount){.key_string = all->key_strings[a], .value = sums[a]};
    }
  }
}

/* What the innermost operator did since the last change; slice: it ends now. */
static baro_status put_piece(torch *all, int64_t now_ns, const baro_trace_slice *slice) {
  int64_t since_ns = all->since_ns;
  all->since_ns = now_ns;
  const level *top = all->depth == 0 ? NULL : &all->levels[all->depth - 1];
  if (top == NULL || top->operator_id == BARO_NONE_ID || (slice == NULL && now_ns <= since_ns)) {
    return BARO_OK;
  }
  amounts of = {0};
  baro_task_record record = {.operator_id = top->operator_id,
                             .thread = all->output->thread_of[all->track],
                             .start_ns = baro_trace_time(all->output, since_ns),
                             .end_ns = baro_trace_time(all->output, now_ns),
                             .outcome = BARO_TASK_UNKNOWN};
  if (slice != NULL) {
    gather(all, top, slice, (uint64_t)(now_ns - since_ns), &of);
    record.amounts = of.list;
    record.amount_count = of.count;
  }
  baro_status status = baro_writer_task(all->writer, &record);
  if (status == BARO_OK && ++all->unflushed == 4096) {
    all->unflushed = 0;
    status = baro_writer_flush(all->writer, NULL);
  }
  return status;
}

/* --- the walk --- */

static bool is_of_library(baro_view file) {
  static const char *const parts[] = {"site-packages/", "dist-packages/", "/lib/python"};
  if (file.length >= 6 && memcmp(file.data, "torch/", 6) == 0) {
    return true;
  }
  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    if (file.length != 0 && memmem(file.data, file.length, parts[i], strlen(parts[i])) != NULL) {
      return true;
    }
  }
  return file.length == 0 || file.data[0] == '<';
}

/* What it is a part of: of what a device did, the operator that had it done. */
static baro_status parent_of_device(torch *all, const baro_trace_slice *slice, uint32_t *ret_parent,
                                    uint32_t *ret_launch) {
  *ret_parent = all->run;
  *ret_launch = BARO_NONE_ID;
  if (slice->extra == BARO_NONE_ID) {
    return BARO_OK;
  }
  const baro_trace_extra *extra = &all->model->extras[slice->extra];
  const uint64_t *launch = extra->correlation == 0
                               ? NULL
                               : baro_map_find(&all->by_correlation, (uint64_t)extra->correlation);
  const uint64_t *by = extra->external_id == 0
                           ? NULL
                           : baro_map_find(&all->by_external_id, (uint64_t)extra->external_id);
  if (launch != NULL) {
    *ret_launch = (uint32_t)*launch;
    *ret_parent = all->parent_of[*launch];
  } else if (by != NULL) {
    *ret_parent = (uint32_t)*by;
  }
  return BARO_OK;
}

static baro_status note_ids(torch *all, const baro_trace_slice *slice, const level *made) {
  if (slice->extra == BARO_NONE_ID) {
    return BARO_OK;
  }
  const baro_trace_extra *extra = &all->model->extras[slice->extra];
  baro_status status = BARO_OK;
  if (made->kind == BARO_TORCH_RUNTIME && extra->correlation != 0) {
    status = baro_map_set(&all->by_correlation, (uint64_t)extra->correlation, made->operator_id);
  } else if (made->kind != BARO_TORCH_RUNTIME && extra->external_id != 0) {
    status = baro_map_set(&all->by_external_id, (uint64_t)extra->external_id, made->operator_id);
  }
  return status == BARO_OK ? note_shapes(all, made->operator_id, extra) : status;
}

static baro_status begin_operator(torch *all, const baro_trace_slice *slice, level *made) {
  uint32_t parent = made->operator_id == BARO_NONE_ID ? all->run : made->operator_id;
  uint32_t launch = BARO_NONE_ID;
  bool is_device = baro_torch_is_device(made->kind);
  baro_status status = is_device ? parent_of_device(all, slice, &parent, &launch) : BARO_OK;
  if (status == BARO_OK) {
    status = find_operator(all, slice->label, is_device ? BARO_NONE_ID : made->place, parent,
                           &made->operator_id);
  }
  if (status == BARO_OK && all->operator_of[slice->label] == BARO_NONE_ID) {
    all->operator_of[slice->label] = made->operator_id;
  }
  if (status == BARO_OK && launch != BARO_NONE_ID) {
    status = put_edge(all, launch, made->operator_id, BARO_OPERATOR_EDGE_CONTROL);
  }
  return status == BARO_OK && !is_device ? note_ids(all, slice, made) : status;
}

static baro_status enter(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  torch *all = context;
  level made = {.operator_id = BARO_NONE_ID, .place = BARO_NONE_ID};
  if (all->depth == all->capacity) {
    size_t capacity = all->capacity == 0 ? 64 : 2 * all->capacity;
    level *grown = realloc(all->levels, capacity * sizeof(*grown));
    if (grown == NULL) {
      return BARO_NO_MEMORY;
    }
    all->levels = grown;
    all->capacity = capacity;
  }
  if (all->depth != 0) {
    made.operator_id = all->levels[all->depth - 1].operator_id;
    made.place = all->levels[all->depth - 1].place;
  }
  made.kind = (baro_torch_kind)all->kind_of[slice->label];
  baro_status status = BARO_OK;
  if (made.kind != BARO_TORCH_NONE) {
    status = put_piece(all, time_ns, NULL);
    status = status == BARO_OK ? begin_operator(all, slice, &made) : status;
  } else {
    baro_view name;
    baro_view file;
    uint32_t line;
    baro_trace_place(all->model, slice->label, &name, &file, &line);
    made.place = line != 0 && !is_of_library(file) ? slice->label : made.place;
  }
  all->levels[all->depth++] = made;
  return status;
}

static baro_status leave(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  torch *all = context;
  baro_status status = BARO_OK;
  if (all->kind_of[slice->label] != BARO_TORCH_NONE) {
    status = put_piece(all, time_ns, slice);
  }
  all->depth--;
  return status;
}

/* The operator that a moment stands in; NULL: none. What a function of Python takes in it, it takes. */
static level *operator_level(torch *all) {
  for (size_t d = all->depth; d-- > 0;) {
    if (all->levels[d].kind != BARO_TORCH_NONE) {
      return &all->levels[d];
    }
  }
  return NULL;
}

static baro_status keep_flow(torch *all, const baro_trace_extra *extra, uint32_t operator_id) {
  if (extra->correlation == 1) {
    return baro_map_set(&all->flow_starts, (uint64_t)extra->external_id, operator_id);
  }
  if (all->flow_count == all->flow_capacity) {
    size_t capacity = all->flow_capacity == 0 ? 64 : 2 * all->flow_capacity;
    flow *grown = realloc(all->flow_ends, capacity * sizeof(*grown));
    if (grown == NULL) {
      return BARO_NO_MEMORY;
    }
    all->flow_ends = grown;
    all->flow_capacity = capacity;
  }
  all->flow_ends[all->flow_count++] = (flow){.id = extra->external_id, .operator_id = operator_id};
  return BARO_OK;
}

static baro_status moment(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  torch *all = context;
  level *in = operator_level(all);
  const baro_trace_extra *extra = &all->model->extras[slice->extra];
  const baro_trace_label *label = &all->model->labels[slice->label];
  (void)time_ns;
  if (in == NULL) {
    return BARO_OK;
  }
  if (baro_trace_text_is(all->model, label->category, "fwdbwd") ||
      baro_trace_text_is(all->model, label->category, "forward_backward")) {
    return keep_flow(all, extra, in->operator_id);
  }
  for (uint32_t v = 0; v < extra->value_count; v++) {
    const baro_trace_value *value = &all->model->values[extra->first_value + v];
    in->allocated_bytes += value->key == BARO_TORCH_AMOUNT_MEMORY ? value->value : 0;
    in->freed_bytes += value->key == BARO_TORCH_AMOUNT_FREED ? value->value : 0;
  }
  return BARO_OK;
}

static bool is_device_track(const torch *all, uint32_t track) {
  uint32_t from;
  uint32_t to;
  baro_trace_slices_of(all->model, track, &from, &to);
  return from < to &&
         baro_torch_is_device((baro_torch_kind)all->kind_of[all->model->slices[from].label]);
}

/* Launches stand before what they launch: first the threads of CPUs. */
static baro_status walk_tracks(torch *all) {
  baro_trace_visitor visitor = {.context = all, .enter = enter, .leave = leave, .moment = moment};
  baro_status status = BARO_OK;
  for (int device = 0; device < 2; device++) {
    for (uint32_t t = 0; t < all->model->track_count && status == BARO_OK; t++) {
      if (all->output->thread_of[t] != BARO_NONE_ID && is_device_track(all, t) == (device == 1)) {
        baro_trace_oddities counted_before = {0};
        all->track = t;
        all->depth = 0;
        status = baro_trace_walk(all->model, t, &visitor, &counted_before);
      }
    }
  }
  return status;
}

static baro_status put_flows(torch *all) {
  baro_status status = BARO_OK;
  for (size_t f = 0; f < all->flow_count && status == BARO_OK; f++) {
    const flow *end = &all->flow_ends[f];
    const uint64_t *from = baro_map_find(&all->flow_starts, (uint64_t)end->id);
    if (from != NULL) {
      status = put_edge(all, (uint32_t)*from, end->operator_id, BARO_OPERATOR_EDGE_DATA);
    }
  }
  return status;
}

static baro_status put_links(torch *all) {
  const baro_trace_model *model = all->model;
  baro_status status = BARO_OK;
  for (uint32_t l = 0; l < model->link_count && status == BARO_OK; l++) {
    const baro_trace_link *link = &model->links[l];
    uint32_t from = all->operator_of[link->from_label];
    uint32_t to = all->operator_of[link->to_label];
    if (from != BARO_NONE_ID && to != BARO_NONE_ID) {
      status = put_edge(all, from, to,
                        link->is_control ? BARO_OPERATOR_EDGE_CONTROL : BARO_OPERATOR_EDGE_DATA);
    }
  }
  return status;
}

/* --- the run --- */

static baro_status put_device(torch *all, baro_json_walk *walk, uint32_t index) {
  static const struct {
    const char *member;
    const char *key;
  } members[] = {{"name", "name"},
                 {"totalGlobalMem", "memory_bytes"},
                 {"numSms", "multiprocessors"},
                 {"computeMajor", "compute_major"},
                 {"computeMinor", "compute_minor"}};
  baro_view name;
  baro_view value;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    char key[64];
    if (!baro_json_walk_value(walk, &value)) {
      break;
    }
    for (size_t m = 0; m < sizeof(members) / sizeof(members[0]) && status == BARO_OK; m++) {
      if (baro_view_equal(name, baro_view_of(members[m].member))) {
        bool is_text = value.length >= 2 && value.data[0] == '"';
        (void)snprintf(key, sizeof(key), "device_%u_%s", index, members[m].key);
        status = put_fact(
            all, all->run, key,
            (baro_view){.data = value.data + is_text, .length = value.length - (is_text ? 2 : 0)});
      }
    }
  }
  return status;
}

enum { DEVICES_MAX = 32 };

static baro_status put_devices(torch *all) {
  baro_json_walk walk = baro_json_walk_of(baro_trace_text(all->model, all->model->devices));
  baro_status status = BARO_OK;
  uint32_t index = 0;
  if (walk.at == walk.end || !baro_json_walk_enter(&walk, '[')) {
    return BARO_OK;
  }
  while (status == BARO_OK && index < DEVICES_MAX && baro_json_walk_element(&walk)) {
    status = put_device(all, &walk, index++);
  }
  return status;
}

static baro_status put_rank(torch *all) {
  baro_json_walk walk = baro_json_walk_of(baro_trace_text(all->model, all->model->distributed));
  baro_view name;
  baro_view value;
  baro_status status = BARO_OK;
  if (walk.at == walk.end || !baro_json_walk_enter(&walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(&walk, &name) &&
         baro_json_walk_value(&walk, &value)) {
    bool is_rank = baro_view_equal(name, baro_view_of("rank"));
    if (is_rank || baro_view_equal(name, baro_view_of("world_size"))) {
      status = put_fact(all, all->run, is_rank ? "rank" : "world_size", value);
    }
  }
  return status;
}

static baro_status make_run(torch *all) {
  baro_view name = baro_trace_text(all->model, all->model->run_name);
  if (name.length == 0) {
    name = baro_view_of(all->model->is_tensorflow ? "TensorFlow" : "PyTorch");
  }
  baro_status status =
      make_operator(all, BARO_TORCH_RUN, name, BARO_NONE_ID, BARO_NONE_ID, &all->run);
  if (status == BARO_OK) {
    status = put_devices(all);
  }
  return status == BARO_OK ? put_rank(all) : status;
}

static uint32_t *no_operators(const baro_trace_model *model) {
  uint32_t *operators = malloc(((size_t)model->label_count + 1) * sizeof(*operators));
  for (uint32_t l = 0; operators != NULL && l < model->label_count; l++) {
    operators[l] = BARO_NONE_ID;
  }
  return operators;
}

static uint8_t *kinds_of_labels(const baro_trace_model *model) {
  uint8_t *kinds = malloc((size_t)model->label_count + 1);
  for (uint32_t l = 0; kinds != NULL && l < model->label_count; l++) {
    const baro_trace_label *label = &model->labels[l];
    kinds[l] = (uint8_t)baro_torch_kind_of(baro_trace_text(model, label->category),
                                           baro_trace_text(model, label->name));
  }
  return kinds;
}

baro_status baro_torch_spread(baro_trace_model *model) {
  torch all = {.model = model, .kind_of = kinds_of_labels(model)};
  baro_status status = all.kind_of == NULL ? BARO_NO_MEMORY : BARO_OK;
  uint32_t tracks = model->track_count;
  /* From the last one on: what was moved stands out of order behind those that are still to be found. */
  for (uint32_t t = tracks; t-- > 0 && status == BARO_OK;) {
    if (model->has_lanes || is_device_track(&all, t)) {
      status = baro_trace_spread(model, t);
    }
  }
  baro_trace_sort(model);
  free(all.kind_of);
  return status;
}

baro_status baro_torch_write(baro_trace_output *output) {
  torch all = {.output = output, .model = output->model, .writer = output->writer};
  all.kind_of = kinds_of_labels(output->model);
  all.operator_of = no_operators(output->model);
  baro_status status = all.kind_of == NULL || all.operator_of == NULL ? BARO_NO_MEMORY : BARO_OK;
  for (int a = 0; a < BARO_TORCH_AMOUNT_COUNT && status == BARO_OK; a++) {
    baro_view key = baro_view_of(baro_torch_amount_key((baro_torch_amount)a));
    status = baro_writer_string(all.writer, key, &all.key_strings[a]);
  }
  if (status == BARO_OK) {
    status = make_run(&all);
  }
  if (status == BARO_OK) {
    status = walk_tracks(&all);
  }
  if (status == BARO_OK) {
    status = put_flows(&all);
  }
  if (status == BARO_OK) {
    status = put_links(&all);
  }
  free(all.kind_of);
  free(all.operator_of);
  baro_intern_release(&all.operators);
  baro_intern_release(&all.edges);
  baro_map_release(&all.by_correlation);
  baro_map_release(&all.by_external_id);
  baro_map_release(&all.flow_starts);
  free(all.dims_of);
  free(all.has_varied);
  free(all.parent_of);
  free(all.flow_ends);
  free(all.levels);
  return status;
}
