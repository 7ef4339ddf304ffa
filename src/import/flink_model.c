#include "import/flink_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

#define GROW(model, what)                                                                          \
  baro_grow(&(model)->what##s, &(model)->what##_capacity, (model)->what##_count,                   \
            sizeof(*(model)->what##s))

void baro_flink_model_release(baro_flink_model *model) {
  baro_intern_release(&model->texts);
  baro_intern_release(&model->keys);
  baro_map_release(&model->by_key);
  free(model->jobs);
  free(model->vertexs);
  free(model->inputs);
  free(model->attempts);
}

baro_status baro_flink_text(baro_flink_model *model, baro_view raw, uint32_t *ret_text) {
  baro_buffer text = {0};
  if (raw.length == 0 || memchr(raw.data, '\\', raw.length) == NULL ||
      !baro_json_text_unescape(raw, &text)) {
    baro_buffer_release(&text);
    return baro_intern_put(&model->texts, raw, ret_text, NULL);
  }
  baro_status status =
      text.failed
          ? BARO_NO_MEMORY
          : baro_intern_put(&model->texts, (baro_view){.data = text.data, .length = text.length},
                            ret_text, NULL);
  baro_buffer_release(&text);
  return status;
}

/* Index by a kind and what names it; *ret_is_new: it gets `next`. */
static baro_status find_key(baro_flink_model *model, uint8_t kind, uint32_t of, baro_view name,
                            uint32_t next, uint32_t *ret_index, bool *ret_is_new) {
  baro_buffer key = {0};
  uint32_t id;
  baro_write_u8(&key, kind);
  baro_write_u32(&key, of);
  baro_write_bytes(&key, name.data, name.length);
  baro_status status =
      key.failed
          ? BARO_NO_MEMORY
          : baro_intern_put(&model->keys, (baro_view){.data = key.data, .length = key.length}, &id,
                            ret_is_new);
  baro_buffer_release(&key);
  if (status != BARO_OK) {
    return status;
  }
  const uint64_t *found = baro_map_find(&model->by_key, id);
  *ret_is_new = found == NULL; /* also where there was no memory for it before */
  *ret_index = found == NULL ? next : (uint32_t)*found;
  return found == NULL ? baro_map_set(&model->by_key, id, next) : BARO_OK;
}

baro_status baro_flink_job_of(baro_flink_model *model, baro_view id, uint32_t *ret_job) {
  bool is_new;
  baro_flink_job made = {.name = BARO_NONE_ID,
                         .state = BARO_NONE_ID,
                         .type = BARO_NONE_ID,
                         .failure = BARO_NONE_ID,
                         .started_ms = BARO_FLINK_UNKNOWN,
                         .ended_ms = BARO_FLINK_UNKNOWN};
  baro_status status = baro_flink_text(model, id, &made.id);
  if (status == BARO_OK) {
    status = GROW(model, job);
  }
  if (status == BARO_OK) {
    status = find_key(model, 'j', 0, id, model->job_count, ret_job, &is_new);
  }
  if (status == BARO_OK && is_new) {
    model->jobs[model->job_count++] = made;
  }
  return status;
}

baro_status baro_flink_vertex_of(baro_flink_model *model, uint32_t job, baro_view id,
                                 uint32_t *ret_vertex) {
  bool is_new;
  baro_flink_vertex made = {.job = job,
                            .name = BARO_NONE_ID,
                            .status = BARO_NONE_ID,
                            .description = BARO_NONE_ID,
                            .parallelism = BARO_FLINK_UNKNOWN,
                            .max_parallelism = BARO_FLINK_UNKNOWN};
  baro_status status = baro_flink_text(model, id, &made.id);
  if (status == BARO_OK) {
    status = GROW(model, vertex);
  }
  if (status == BARO_OK) {
    status = find_key(model, 'v', job, id, model->vertex_count, ret_vertex, &is_new);
  }
  if (status == BARO_OK && is_new) {
    model->vertexs[model->vertex_count++] = made;
  }
  return status;
}

baro_status baro_flink_attempt_of(baro_flink_model *model, uint32_t vertex, int64_t subtask,
                                  int64_t attempt, uint32_t *ret_attempt) {
  bool is_new;
  int64_t name[2] = {subtask, attempt};
  baro_flink_attempt made = {.vertex = vertex,
                             .subtask = subtask,
                             .attempt = attempt,
                             .status = BARO_NONE_ID,
                             .manager = BARO_NONE_ID,
                             .host = BARO_NONE_ID,
                             .started_ms = BARO_FLINK_UNKNOWN,
                             .ended_ms = BARO_FLINK_UNKNOWN,
                             .now_ms = BARO_FLINK_UNKNOWN};
  for (int m = 0; m < BARO_FLINK_METRIC_COUNT; m++) {
    made.metrics[m] = BARO_FLINK_UNKNOWN;
  }
  baro_status status = GROW(model, attempt);
  if (status == BARO_OK) {
    status = find_key(model, 'a', vertex,
                      (baro_view){.data = (const uint8_t *)name, .length = sizeof(name)},
                      model->attempt_count, ret_attempt, &is_new);
  }
  if (status != BARO_OK || !is_new) {
    return status;
  }
  model->attempts[model->attempt_count++] = made;
  uint32_t unused;
  status = find_key(model, 's', vertex, (baro_view){.data = (const uint8_t *)name, sizeof(name[0])},
                    0, &unused, &is_new);
  model->vertexs[vertex].subtasks += status == BARO_OK && is_new;
  return status;
}

baro_status baro_flink_input_of(baro_flink_model *model, uint32_t from, uint32_t to,
                                uint32_t *ret_input) {
  bool is_new;
  baro_status status = GROW(model, input);
  if (status == BARO_OK) {
    status = find_key(model, 'i', from, (baro_view){.data = (const uint8_t *)&to, sizeof(to)},
                      model->input_count, ret_input, &is_new);
  }
  if (status == BARO_OK && is_new) {
    model->inputs[model->input_count++] = (baro_flink_input){
        .from = from, .to = to, .ship_strategy = BARO_NONE_ID, .exchange = BARO_NONE_ID};
  }
  return status;
}
