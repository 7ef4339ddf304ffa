#include "import/torch_output.h"

#include <stdlib.h>

#include "base/grow.h"
#include "import/torch_operators.h"
#include "import/trace_walk.h"

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
  uint8_t *kind_of;      /* owned; by label */
  uint32_t *operator_of; /* owned; by label: the first; BARO_NONE_ID: none */
  baro_torch_operators operators;
  baro_map by_correlation; /* -> the operator of the call that launched it */
  baro_map by_external_id; /* -> operator */
  baro_map flow_starts;    /* id -> operator */
  flow *flow_ends;         /* owned */
  uint32_t flow_count, flow_capacity;
  uint32_t key_strings[BARO_TORCH_AMOUNT_COUNT];
  uint32_t track;
  level *levels; /* owned */
  uint32_t depth, capacity;
  int64_t since_ns;
  uint32_t unflushed;
} torch;

/* --- tasks --- */

typedef struct amounts {
  baro_task_amount list[BARO_TORCH_AMOUNT_COUNT];
  uint64_t sums[BARO_TORCH_AMOUNT_COUNT];
  uint32_t count;
} amounts;

/* Arguments may be told as often as one likes. */
static void add_amount(uint64_t *sum, uint64_t value) {
  *sum = value > UINT64_MAX - *sum ? UINT64_MAX : *sum + value;
}

static void gather(torch *all, const level *of, const baro_trace_slice *slice, uint64_t lasted_ns,
                   amounts *ret_amounts) {
  uint64_t *sums = ret_amounts->sums;
  if (slice->extra != BARO_NONE_ID) {
    const baro_trace_extra *extra = &all->model->extras[slice->extra];
    for (uint32_t v = 0; v < extra->value_count; v++) {
      const baro_trace_value *value = &all->model->values[extra->first_value + v];
      add_amount(&sums[value->key], value->value);
    }
  }
  add_amount(&sums[BARO_TORCH_AMOUNT_MEMORY], of->allocated_bytes);
  add_amount(&sums[BARO_TORCH_AMOUNT_FREED], of->freed_bytes);
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
  if (baro_view_starts_with(file, "torch/")) {
    return true;
  }
  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    if (baro_view_contains(file, parts[i])) {
      return true;
    }
  }
  return file.length == 0 || file.data[0] == '<';
}

/* What it is a part of: of what a device did, the operator that had it done. */
static void find_parent_of_device(const torch *all, const baro_trace_slice *slice,
                                  uint32_t *ret_parent, uint32_t *ret_launch) {
  *ret_parent = BARO_TORCH_RUN_OPERATOR;
  *ret_launch = BARO_NONE_ID;
  if (slice->extra == BARO_NONE_ID) {
    return;
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
    *ret_parent = baro_torch_operator_parent(&all->operators, *ret_launch);
  } else if (by != NULL) {
    *ret_parent = (uint32_t)*by;
  }
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
  return status == BARO_OK ? baro_torch_operator_shapes(&all->operators, made->operator_id, extra)
                           : status;
}

static baro_status begin_operator(torch *all, const baro_trace_slice *slice, level *made) {
  uint32_t parent = made->operator_id == BARO_NONE_ID ? BARO_TORCH_RUN_OPERATOR : made->operator_id;
  uint32_t launch = BARO_NONE_ID;
  bool is_device = baro_torch_is_device(made->kind);
  if (is_device) {
    find_parent_of_device(all, slice, &parent, &launch);
  }
  baro_status status =
      baro_torch_operator_of(&all->operators, slice->label, made->kind,
                             is_device ? BARO_NONE_ID : made->place, parent, &made->operator_id);
  if (status == BARO_OK && all->operator_of[slice->label] == BARO_NONE_ID) {
    all->operator_of[slice->label] = made->operator_id;
  }
  if (status == BARO_OK && launch != BARO_NONE_ID) {
    status = baro_torch_operator_edge(&all->operators, launch, made->operator_id,
                                      BARO_OPERATOR_EDGE_CONTROL);
  }
  return status == BARO_OK && !is_device ? note_ids(all, slice, made) : status;
}

static baro_status enter(void *context, const baro_trace_slice *slice, int64_t time_ns) {
  torch *all = context;
  level made = {.operator_id = BARO_NONE_ID, .place = BARO_NONE_ID};
  if (baro_grow(&all->levels, &all->capacity, all->depth, sizeof(*all->levels)) != BARO_OK) {
    return BARO_NO_MEMORY;
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
  for (uint32_t d = all->depth; d-- > 0;) {
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
  if (baro_grow(&all->flow_ends, &all->flow_capacity, all->flow_count, sizeof(*all->flow_ends)) !=
      BARO_OK) {
    return BARO_NO_MEMORY;
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
    if (value->key == BARO_TORCH_AMOUNT_MEMORY) {
      add_amount(&in->allocated_bytes, value->value);
    } else if (value->key == BARO_TORCH_AMOUNT_FREED) {
      add_amount(&in->freed_bytes, value->value);
    }
  }
  return BARO_OK;
}

static bool is_device_track(const baro_trace_model *model, const uint8_t *kind_of, uint32_t track) {
  uint32_t from;
  uint32_t to;
  baro_trace_slices_of(model, track, &from, &to);
  return from < to && baro_torch_is_device((baro_torch_kind)kind_of[model->slices[from].label]);
}

/* Launches stand before what they launch: first the threads of CPUs. */
static baro_status walk_tracks(torch *all) {
  baro_trace_visitor visitor = {.context = all, .enter = enter, .leave = leave, .moment = moment};
  baro_status status = BARO_OK;
  for (int device = 0; device < 2; device++) {
    for (uint32_t t = 0; t < all->model->track_count && status == BARO_OK; t++) {
      if (all->output->thread_of[t] != BARO_NONE_ID &&
          is_device_track(all->model, all->kind_of, t) == (device == 1)) {
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
  for (uint32_t f = 0; f < all->flow_count && status == BARO_OK; f++) {
    const flow *end = &all->flow_ends[f];
    const uint64_t *from = baro_map_find(&all->flow_starts, (uint64_t)end->id);
    if (from != NULL) {
      status = baro_torch_operator_edge(&all->operators, (uint32_t)*from, end->operator_id,
                                        BARO_OPERATOR_EDGE_DATA);
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
      status = baro_torch_operator_edge(&all->operators, from, to,
                                        link->is_control ? BARO_OPERATOR_EDGE_CONTROL
                                                         : BARO_OPERATOR_EDGE_DATA);
    }
  }
  return status;
}

/* --- the whole --- */

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

/* Slices of a stream that overlap stand on tracks of their own. */
static baro_status spread_tracks(baro_trace_model *model, const uint8_t *kind_of) {
  baro_status status = BARO_OK;
  /* From the last one on: what was moved stands out of order behind those that are still to be found. */
  for (uint32_t t = model->track_count; t-- > 0 && status == BARO_OK;) {
    if (model->has_lanes || is_device_track(model, kind_of, t)) {
      status = baro_trace_spread(model, t);
    }
  }
  baro_trace_sort(model);
  return status;
}

static baro_status write_operators(torch *all) {
  baro_status status = BARO_OK;
  for (int a = 0; a < BARO_TORCH_AMOUNT_COUNT && status == BARO_OK; a++) {
    baro_view key = baro_view_of(baro_torch_amount_key((baro_torch_amount)a));
    status = baro_writer_string(all->writer, key, &all->key_strings[a]);
  }
  if (status == BARO_OK) {
    status = baro_torch_operators_begin(&all->operators, all->model, all->writer);
  }
  if (status == BARO_OK) {
    status = baro_torch_run_facts(&all->operators);
  }
  if (status == BARO_OK) {
    status = walk_tracks(all);
  }
  if (status == BARO_OK) {
    status = put_flows(all);
  }
  return status == BARO_OK ? put_links(all) : status;
}

static void release(torch *all) {
  free(all->kind_of);
  free(all->operator_of);
  baro_torch_operators_release(&all->operators);
  baro_map_release(&all->by_correlation);
  baro_map_release(&all->by_external_id);
  baro_map_release(&all->flow_starts);
  free(all->flow_ends);
  free(all->levels);
}

baro_status baro_torch_write(baro_trace_model *model, baro_writer *writer,
                             baro_import_log_result *ret_result, baro_error *err) {
  baro_trace_output output = {0};
  torch all = {.output = &output,
               .model = model,
               .writer = writer,
               .kind_of = kinds_of_labels(model),
               .operator_of = no_operators(model)};
  baro_status status = all.kind_of == NULL || all.operator_of == NULL
                           ? BARO_NO_MEMORY
                           : spread_tracks(model, all.kind_of);
  if (status == BARO_OK) {
    status = baro_trace_output_init(&output, model, writer, err);
  }
  if (status == BARO_OK) {
    status = baro_trace_write(&output);
  }
  if (status == BARO_OK) {
    status = write_operators(&all);
  }
  *ret_result = output.result;
  baro_trace_output_release(&output);
  release(&all);
  return status == BARO_NO_MEMORY ? baro_error_set(err, status, "out of memory") : status;
}
