#include "import/spark_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "import/json_walk.h"

/* Ids of stages are below it, and so are attempts: more than any driver lives to see. */
enum { ATTEMPT_BITS = 20 };

const char *baro_spark_metric_key(baro_spark_metric metric) {
  static const char *const keys[] = {
#define X(name, key) [BARO_SPARK_##name] = key,
      BARO_SPARK_METRIC_LIST(X)
#undef X
  };
  return keys[metric];
}

baro_status baro_spark_model_init(baro_spark_model *model) {
  *model = (baro_spark_model){.names = baro_spark_names_create(),
                              .app_name = BARO_NONE_ID,
                              .app_id = BARO_NONE_ID,
                              .spark_version = BARO_NONE_ID,
                              .started_ms = BARO_SPARK_UNKNOWN,
                              .registered_ms = BARO_SPARK_UNKNOWN,
                              .ended_ms = BARO_SPARK_UNKNOWN,
                              .newest_ms = BARO_SPARK_UNKNOWN};
  return model->names == NULL ? BARO_NO_MEMORY : BARO_OK;
}

void baro_spark_model_release(baro_spark_model *model) {
  baro_intern_release(&model->texts);
  free(model->executors);
  free(model->jobs);
  free(model->stages);
  free(model->tasks);
  free(model->values);
  free(model->parents);
  free(model->profiles);
  free(model->updates);
  baro_spark_executions_release(&model->executions);
  baro_map_release(&model->executor_by_name);
  baro_map_release(&model->job_by_id);
  baro_map_release(&model->stage_by_id);
  baro_map_release(&model->job_of_stage);
  baro_map_release(&model->rdd_of_stage);
  baro_map_release(&model->stage_of_rdd);
  baro_map_release(&model->task_by_id);
  free(model->names);
  *model = (baro_spark_model){0};
}

#define GROW(model, one)                                                                           \
  baro_grow(&(model)->one##s, &(model)->one##_capacity, (model)->one##_count,                      \
            sizeof(*(model)->one##s))

baro_status baro_spark_text(baro_spark_model *model, baro_view raw, uint32_t *ret_text) {
  baro_buffer text = {0};
  if (raw.length == 0 || memchr(raw.data, '\\', raw.length) == NULL) {
    return baro_intern_put(&model->texts, raw, ret_text, NULL);
  }
  if (!baro_json_text_unescape(raw, &text)) {
    baro_buffer_clear(&text);
    baro_write_bytes(&text, raw.data, raw.length); /* as it stands */
  }
  baro_status status =
      text.failed
          ? BARO_NO_MEMORY
          : baro_intern_put(&model->texts, (baro_view){.data = text.data, .length = text.length},
                            ret_text, NULL);
  baro_buffer_release(&text);
  return status;
}

baro_status baro_spark_executor_named(baro_spark_model *model, baro_view name,
                                      uint32_t *ret_executor) {
  uint32_t text;
  baro_status status = baro_spark_text(model, name, &text);
  if (status != BARO_OK) {
    return status;
  }
  const uint64_t *known = baro_map_find(&model->executor_by_name, text);
  if (known != NULL) {
    *ret_executor = (uint32_t)*known;
    return BARO_OK;
  }
  uint32_t executor = model->executor_count;
  if (GROW(model, executor) != BARO_OK ||
      baro_map_set(&model->executor_by_name, text, executor) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  model->executors[model->executor_count++] =
      (baro_spark_executor){.name = text,
                            .host = BARO_NONE_ID,
                            .added_ms = BARO_SPARK_UNKNOWN,
                            .removed_ms = BARO_SPARK_UNKNOWN,
                            .profile = BARO_SPARK_UNKNOWN,
                            .reason = BARO_NONE_ID};
  *ret_executor = executor;
  return BARO_OK;
}

/* The index that map has for key, or `next`, which it then has. */
static baro_status index_of(baro_map *map, uint64_t key, uint32_t next, uint32_t *ret_index,
                            bool *ret_is_new) {
  const uint64_t *known = baro_map_find(map, key);
  *ret_is_new = known == NULL;
  if (known != NULL) {
    *ret_index = (uint32_t)*known;
    return BARO_OK;
  }
  *ret_index = next;
  return baro_map_set(map, key, next);
}

baro_status baro_spark_job_of(baro_spark_model *model, int64_t id, uint32_t *ret_job,
                              bool *ret_is_new) {
  if (GROW(model, job) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  baro_status status =
      index_of(&model->job_by_id, (uint64_t)id, model->job_count, ret_job, ret_is_new);
  if (status == BARO_OK && *ret_is_new) {
    model->jobs[model->job_count++] = (baro_spark_job){.id = id,
                                                       .submitted_ms = BARO_SPARK_UNKNOWN,
                                                       .completed_ms = BARO_SPARK_UNKNOWN,
                                                       .execution = BARO_NONE_ID,
                                                       .description = BARO_NONE_ID,
                                                       .group = BARO_NONE_ID};
  }
  return status;
}

static uint64_t stage_key(int64_t id, int64_t attempt) {
  return (uint64_t)id << ATTEMPT_BITS ^ (uint64_t)attempt;
}

baro_status baro_spark_stage_of(baro_spark_model *model, int64_t id, int64_t attempt,
                                uint32_t *ret_stage, bool *ret_is_new) {
  if (GROW(model, stage) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  baro_status status = index_of(&model->stage_by_id, stage_key(id, attempt), model->stage_count,
                                ret_stage, ret_is_new);
  if (status == BARO_OK && *ret_is_new) {
    model->stages[model->stage_count++] = (baro_spark_stage){.id = id,
                                                             .attempt = attempt,
                                                             .submitted_ms = BARO_SPARK_UNKNOWN,
                                                             .completed_ms = BARO_SPARK_UNKNOWN,
                                                             .job = BARO_NONE_ID,
                                                             .name = BARO_NONE_ID,
                                                             .scope = BARO_NONE_ID,
                                                             .persisted = BARO_NONE_ID,
                                                             .failure = BARO_NONE_ID,
                                                             .place = BARO_NONE_ID,
                                                             .execution = BARO_NONE_ID,
                                                             .profile = BARO_SPARK_UNKNOWN};
  }
  return status;
}

const baro_spark_stage *baro_spark_stage_find(const baro_spark_model *model, int64_t id,
                                              int64_t attempt) {
  const uint64_t *found = baro_map_find(&model->stage_by_id, stage_key(id, attempt));
  return found == NULL ? NULL : &model->stages[*found];
}

baro_status baro_spark_task_of(baro_spark_model *model, int64_t id, uint32_t *ret_task,
                               bool *ret_is_new) {
  if (GROW(model, task) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  baro_status status =
      index_of(&model->task_by_id, (uint64_t)id, model->task_count, ret_task, ret_is_new);
  if (status == BARO_OK && *ret_is_new) {
    model->tasks[model->task_count++] = (baro_spark_task){.id = id,
                                                          .launched_ms = BARO_SPARK_UNKNOWN,
                                                          .finished_ms = BARO_SPARK_UNKNOWN,
                                                          .stage = BARO_NONE_ID,
                                                          .executor = BARO_NONE_ID,
                                                          .outcome = BARO_TASK_UNFINISHED};
  }
  return status;
}

baro_status baro_spark_parent_add(baro_spark_model *model, int64_t stage_id) {
  if (GROW(model, parent) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  model->parents[model->parent_count++] = stage_id;
  return BARO_OK;
}

baro_status baro_spark_value_add(baro_spark_model *model, baro_spark_metric metric,
                                 uint64_t value) {
  if (GROW(model, value) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  model->values[model->value_count++] = (baro_spark_value){.metric = metric, .value = value};
  return BARO_OK;
}

const baro_spark_profile *baro_spark_profile_find(const baro_spark_model *model, int64_t id) {
  for (uint32_t p = 0; p < model->profile_count; p++) {
    if (model->profiles[p].id == id) {
      return &model->profiles[p];
    }
  }
  return NULL;
}

baro_status baro_spark_model_finish(baro_spark_model *model) {
  baro_status status = BARO_OK;
  for (uint32_t e = 0; e < model->executions.count && status == BARO_OK; e++) {
    status = baro_spark_execution_close(&model->executions, e);
  }
  return status;
}
