#include "import/torch_operators.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/grow.h"
#include "import/trace_output.h"

typedef struct baro_torch_operator {
  uint32_t parent; /* BARO_NONE_ID: it is the run */
  uint32_t dims;   /* text: the shapes that were told first; BARO_NONE_ID: none were */
  bool has_varied; /* and it is told that others came */
} baro_torch_operator;

static bool ends_in_number(baro_view text, size_t *ret_length) {
  size_t at = text.length;
  while (at > 0 && text.data[at - 1] >= '0' && text.data[at - 1] <= '9') {
    at--;
  }
  *ret_length = at == 0 ? 0 : at - 1;
  return at > 1 && at < text.length && text.data[at - 1] == '#';
}

/* Steps are one operator: "ProfilerStep#12". */
static baro_status shown_name(baro_torch_operators *all, uint32_t label, baro_torch_kind kind,
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

static baro_status place_text(const baro_torch_operators *all, uint32_t place,
                              uint32_t *ret_string) {
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

static baro_status make_operator(baro_torch_operators *all, baro_torch_kind kind, baro_view name,
                                 uint32_t place, uint32_t parent, uint32_t *ret_operator) {
  baro_operator_record record = {.parent_operator = parent};
  char text[64];
  (void)snprintf(text, sizeof(text), "%s%s", all->model->is_tensorflow ? "tf." : "torch.",
                 baro_torch_kind_text(kind));
  baro_status status = baro_grow(&all->rows, &all->capacity, all->count, sizeof(*all->rows));
  if (status == BARO_OK) {
    status = baro_writer_string(all->writer, baro_view_of(text), &record.kind_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_string(all->writer, name, &record.name_string);
  }
  if (status == BARO_OK) {
    status = place_text(all, place, &record.place_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_operator(all->writer, &record, ret_operator);
  }
  if (status != BARO_OK) {
    return status;
  }
  /* Nobody else writes operators: they are numbered as they come. */
  all->rows[all->count++] = (baro_torch_operator){.parent = parent, .dims = BARO_NONE_ID};
  baro_state state = baro_torch_state_of(kind, name);
  return state == BARO_STATE_UNKNOWN ? BARO_OK
                                     : baro_writer_fact_text(all->writer, *ret_operator, "state",
                                                             baro_view_of(baro_state_key(state)));
}

baro_status baro_torch_operators_begin(baro_torch_operators *operators, baro_trace_model *model,
                                       baro_writer *writer) {
  uint32_t run;
  *operators = (baro_torch_operators){.model = model, .writer = writer};
  baro_view name = baro_trace_text(model, model->run_name);
  if (name.length == 0) {
    name = baro_view_of(model->is_tensorflow ? "TensorFlow" : "PyTorch");
  }
  return make_operator(operators, BARO_TORCH_RUN, name, BARO_NONE_ID, BARO_NONE_ID, &run);
}

void baro_torch_operators_release(baro_torch_operators *operators) {
  free(operators->rows);
  baro_intern_release(&operators->by_key);
  baro_intern_release(&operators->edges);
}

baro_status baro_torch_operator_of(baro_torch_operators *all, uint32_t label, baro_torch_kind kind,
                                   uint32_t place, uint32_t parent, uint32_t *ret_operator) {
  uint32_t key[4] = {parent, place, (uint32_t)kind, 0};
  uint32_t index;
  bool is_new;
  baro_status status = shown_name(all, label, kind, &key[3]);
  if (status == BARO_OK) {
    status = baro_intern_put(&all->by_key,
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

uint32_t baro_torch_operator_parent(const baro_torch_operators *operators, uint32_t operator_id) {
  return operators->rows[operator_id].parent;
}

baro_status baro_torch_operator_shapes(baro_torch_operators *all, uint32_t of,
                                       const baro_trace_extra *extra) {
  baro_torch_operator *row = &all->rows[of];
  if (extra->dims == BARO_NONE_ID) {
    return BARO_OK;
  }
  if (row->dims == BARO_NONE_ID) {
    row->dims = extra->dims;
    baro_status status = baro_writer_fact_text(all->writer, of, "input_dims",
                                               baro_trace_text(all->model, extra->dims));
    return status == BARO_OK ? baro_writer_fact_text(all->writer, of, "input_types",
                                                     baro_trace_text(all->model, extra->types))
                             : status;
  }
  if (row->dims != extra->dims && !row->has_varied) {
    row->has_varied = true;
    return baro_writer_fact_text(all->writer, of, "input_dims_vary", baro_view_of("1"));
  }
  return BARO_OK;
}

baro_status baro_torch_operator_edge(baro_torch_operators *all, uint32_t from, uint32_t to,
                                     baro_operator_edge kind) {
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
