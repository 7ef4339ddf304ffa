/* Accumulables: what tasks and ended stages say that they added to the accumulators of a query. Nearly half of the bytes of a
 * log, so what no plan names is left at its number. */
#include "base/grow.h"
#include "import/spark_names.h"

/* Numbers of SQL metrics are texts, those of Spark's own are numbers. */
static int64_t read_amount(baro_json_walk *walk) {
  baro_view raw;
  int64_t value;
  if (baro_json_walk_peek(walk) != '"') {
    return baro_spark_count(walk);
  }
  bool is_number = baro_json_walk_text(walk, &raw) && baro_json_text_integer(raw, &value);
  return is_number && value >= 0 ? value : BARO_SPARK_UNKNOWN; /* below 0: nothing was measured */
}

/* Tasks of a stage tell the same accumulators in the same order: what was found for the one in this place of the list last
 * is right nearly always, and takes no search. */
static baro_status find_measure(baro_spark_model *model, uint32_t execution, uint32_t place,
                                int64_t id, uint32_t *ret_measure) {
  baro_spark_execution *query = &model->executions.items[execution];
  baro_spark_told *told = &model->told[place % BARO_SPARK_TOLD];
  if (told->accumulator == id && told->execution == execution &&
      told->named == query->measure_of.count) {
    *ret_measure = told->measure;
    return BARO_OK;
  }
  *ret_measure = BARO_NONE_ID;
  if (baro_spark_execution_knows(query, id)) {
    const baro_spark_measure *measure = baro_spark_measure_of(query, id);
    if (measure == NULL) {
      return BARO_NO_MEMORY;
    }
    *ret_measure = (uint32_t)(measure - query->measures);
  }
  *told = (baro_spark_told){.accumulator = id,
                            .named = query->measure_of.count,
                            .execution = execution,
                            .measure = *ret_measure};
  return BARO_OK;
}

typedef struct accumulable {
  uint32_t measure; /* BARO_NONE_ID: it is of no plan */
  int64_t value;
} accumulable;

/* {"ID":71,"Name":"duration","Update":"1177","Value":"2354",...}; what stands behind is not looked at. */
static baro_status read_one(baro_spark_model *model, baro_json_walk *walk, uint32_t execution,
                            uint32_t place, bool is_of_task, accumulable *ret_one) {
  baro_view name;
  *ret_one = (accumulable){.measure = BARO_NONE_ID, .value = BARO_SPARK_UNKNOWN};
  while (baro_json_walk_member(walk, &name)) {
    if (baro_spark_is_text(name, "ID")) {
      int64_t id;
      bool has_id = baro_json_walk_integer(walk, &id) && id >= 0;
      baro_status status =
          has_id ? find_measure(model, execution, place, id, &ret_one->measure) : BARO_OK;
      if (status != BARO_OK || ret_one->measure == BARO_NONE_ID) {
        baro_json_walk_leave(walk);
        return status;
      }
    } else if (baro_spark_is_text(name, is_of_task ? "Update" : "Value")) {
      ret_one->value = read_amount(walk);
      if (ret_one->measure != BARO_NONE_ID) {
        baro_json_walk_leave(walk);
        return BARO_OK;
      }
    } else {
      baro_json_walk_skip(walk);
    }
  }
  return BARO_OK;
}

baro_status baro_spark_read_accumulables(baro_spark_model *model, baro_json_walk *walk,
                                         uint32_t execution, bool are_of_task) {
  model->update_count = 0;
  if (execution == BARO_NONE_ID || model->executions.items[execution].is_closed) {
    model->executions.late_measures += execution != BARO_NONE_ID;
    baro_json_walk_skip(walk);
    return BARO_OK;
  }
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  for (uint32_t place = 0; baro_json_walk_element(walk); place++) {
    accumulable one;
    if (!baro_json_walk_enter(walk, '{')) {
      continue;
    }
    baro_status status = read_one(model, walk, execution, place, are_of_task, &one);
    if (status != BARO_OK) {
      return status;
    }
    if (one.measure == BARO_NONE_ID || one.value < 0 ||
        model->update_count == BARO_SPARK_UPDATES_MAX) {
      continue;
    }
    if (baro_grow(&model->updates, &model->update_capacity, model->update_count,
                  sizeof(*model->updates)) != BARO_OK) {
      return BARO_NO_MEMORY;
    }
    model->updates[model->update_count++] =
        (baro_spark_update){.measure = one.measure, .value = (uint64_t)one.value};
  }
  return BARO_OK;
}

/* Times in ns. */
static uint64_t unit_of(uint8_t metric) {
  bool is_ms = metric == BARO_SPARK_PYTHON_START || metric == BARO_SPARK_PYTHON_INIT ||
               metric == BARO_SPARK_PYTHON_RUN;
  return is_ms ? 1000000 : 1;
}

baro_status baro_spark_take_task_updates(baro_spark_model *model, uint32_t stage) {
  enum { PYTHON_METRICS = BARO_SPARK_PYTHON_RUN - BARO_SPARK_PYTHON_SENT + 1 };
  uint64_t of_python[PYTHON_METRICS] = {0};
  uint32_t index = model->stages[stage].execution;
  if (model->update_count == 0 || index == BARO_NONE_ID) {
    return BARO_OK;
  }
  baro_spark_execution *execution = &model->executions.items[index];
  for (uint32_t u = 0; u < model->update_count; u++) {
    const baro_spark_update *update = &model->updates[u];
    baro_spark_measure *measure = &execution->measures[update->measure];
    baro_spark_measure_add(measure, update->value);
    baro_spark_measure_stage(measure, stage);
    if (measure->task_metric != BARO_SPARK_METRIC_COUNT &&
        update->value <= INT64_MAX / unit_of(measure->task_metric)) {
      uint64_t *sum = &of_python[measure->task_metric - BARO_SPARK_PYTHON_SENT];
      uint64_t added = update->value * unit_of(measure->task_metric);
      *sum = added > INT64_MAX - *sum ? INT64_MAX : *sum + added;
    }
  }
  for (int p = 0; p < PYTHON_METRICS; p++) {
    if (of_python[p] != 0 &&
        baro_spark_value_add(model, (baro_spark_metric)(BARO_SPARK_PYTHON_SENT + p),
                             of_python[p]) != BARO_OK) {
      return BARO_NO_MEMORY;
    }
  }
  return BARO_OK;
}

void baro_spark_take_stage_values(baro_spark_model *model, uint32_t stage) {
  uint32_t index = model->stages[stage].execution;
  for (uint32_t u = 0; u < model->update_count; u++) {
    baro_spark_measure *measure =
        &model->executions.items[index].measures[model->updates[u].measure];
    uint64_t value = model->updates[u].value;
    measure->stage_value = value > measure->stage_value ? value : measure->stage_value;
    baro_spark_measure_stage(measure, stage);
  }
}
