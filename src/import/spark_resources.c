/* Events of resources: what executors and tasks ask for, settings that decide it, executors that were excluded, and the peaks
 * of memory of those that were polled. */
#include "base/grow.h"
#include "import/spark_names.h"

static const int64_t MIB = INT64_C(1) << 20;

/* No setting may tell a secret: these are numbers, sizes, switches, and the address of a cluster. */
static const char *const setting_names[] = {
    "spark.cores.max",
    "spark.default.parallelism",
    "spark.driver.cores",
    "spark.driver.memory",
    "spark.dynamicAllocation.enabled",
    "spark.dynamicAllocation.executorIdleTimeout",
    "spark.dynamicAllocation.initialExecutors",
    "spark.dynamicAllocation.maxExecutors",
    "spark.dynamicAllocation.minExecutors",
    "spark.executor.cores",
    "spark.executor.instances",
    "spark.executor.memory",
    "spark.executor.memoryOverhead",
    "spark.executor.memoryOverheadFactor",
    "spark.executor.pyspark.memory",
    "spark.executor.resource.gpu.amount",
    "spark.io.compression.codec",
    "spark.kryoserializer.buffer.max",
    "spark.locality.wait",
    "spark.master",
    "spark.memory.fraction",
    "spark.memory.offHeap.enabled",
    "spark.memory.offHeap.size",
    "spark.memory.storageFraction",
    "spark.python.worker.memory",
    "spark.python.worker.reuse",
    "spark.reducer.maxSizeInFlight",
    "spark.scheduler.mode",
    "spark.serializer",
    "spark.shuffle.compress",
    "spark.shuffle.service.enabled",
    "spark.shuffle.spill.compress",
    "spark.speculation",
    "spark.speculation.multiplier",
    "spark.speculation.quantile",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes",
    "spark.sql.adaptive.coalescePartitions.enabled",
    "spark.sql.adaptive.enabled",
    "spark.sql.adaptive.skewJoin.enabled",
    "spark.sql.autoBroadcastJoinThreshold",
    "spark.sql.execution.arrow.maxRecordsPerBatch",
    "spark.sql.execution.arrow.pyspark.enabled",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.shuffle.partitions",
    "spark.submit.deployMode",
    "spark.task.cpus",
    "spark.task.maxFailures",
    "spark.task.resource.gpu.amount",
};
enum { SETTINGS = sizeof(setting_names) / sizeof(setting_names[0]), VALUE_BYTES_MAX = 300 };
_Static_assert((int)SETTINGS <= (int)BARO_SPARK_SETTINGS_MAX, "all have room");

typedef struct resource_event {
  int64_t stage;
  int64_t attempt;
  int64_t profile;
  uint32_t executor;
  baro_spark_profile asked;
  uint64_t peaks[BARO_SPARK_PEAK_COUNT];
} resource_event;

/* --- settings --- */

static baro_status keep_setting(baro_spark_model *model, const char *name, baro_view raw) {
  uint32_t at = 0;
  while (at < model->setting_count && model->settings[at].name != name) {
    at++;
  }
  uint32_t value;
  baro_status status = baro_spark_text(model, raw, &value);
  if (status == BARO_OK) {
    model->settings[at] = (baro_spark_setting){.name = name, .value = value};
    model->setting_count += at == model->setting_count;
  }
  return status;
}

static baro_status read_settings(baro_spark_model *model, baro_json_walk *walk) {
  baro_view name;
  baro_view raw;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    const char *known = NULL;
    for (int i = 0; i < SETTINGS && known == NULL; i++) {
      known = baro_spark_is_text(name, setting_names[i]) ? setting_names[i] : NULL;
    }
    if (known == NULL) {
      baro_json_walk_skip(walk);
    } else if (baro_json_walk_text(walk, &raw) && raw.length <= VALUE_BYTES_MAX) {
      status = keep_setting(model, known, raw);
    }
  }
  return status;
}

/* --- resource profiles --- */

/* {"Resource Name":"cores","Amount":1,...} */
static double read_amount(baro_json_walk *walk) {
  baro_view name;
  double amount = 0;
  if (!baro_json_walk_enter(walk, '{')) {
    return 0;
  }
  while (baro_json_walk_member(walk, &name)) {
    if (!baro_spark_is_text(name, "Amount")) {
      baro_json_walk_skip(walk);
    } else if (!baro_json_walk_number(walk, &amount)) {
      amount = 0;
    }
  }
  return amount >= 0 && amount <= 1e12 ? amount : 0; /* a PiB in MiB is less */
}

static void read_asked(baro_json_walk *walk, baro_spark_profile *asked, bool are_of_task) {
  baro_view name;
  if (!baro_json_walk_enter(walk, '{')) {
    return;
  }
  while (baro_json_walk_member(walk, &name)) {
    double amount = read_amount(walk);
    if (are_of_task) {
      asked->task_cpus = baro_spark_is_text(name, "cpus") ? amount : asked->task_cpus;
      asked->task_gpus = baro_spark_is_text(name, "gpu") ? amount : asked->task_gpus;
      continue;
    }
    const struct {
      const char *name;
      int64_t *to;
      int64_t unit;
    } amounts[] = {{"cores", &asked->cores, 1},
                   {"memory", &asked->memory_bytes, MIB},
                   {"memoryOverhead", &asked->overhead_bytes, MIB},
                   {"offHeap", &asked->off_heap_bytes, MIB},
                   {"pyspark.memory", &asked->python_bytes, MIB},
                   {"gpu", &asked->gpus, 1}};
    for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
      if (baro_spark_is_text(name, amounts[i].name)) {
        *amounts[i].to = (int64_t)amount * amounts[i].unit;
      }
    }
  }
}

static baro_status take_profile(baro_spark_model *model, const resource_event *event) {
  if (event->profile < 0) {
    return BARO_OK;
  }
  if (baro_spark_profile_find(model, event->profile) != NULL) {
    model->odd.twice++;
    return BARO_OK;
  }
  if (model->profile_count == BARO_SPARK_PROFILES_MAX) {
    return BARO_OK;
  }
  if (baro_grow(&model->profiles, &model->profile_capacity, model->profile_count,
                sizeof(*model->profiles)) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  model->profiles[model->profile_count] = event->asked;
  model->profiles[model->profile_count++].id = event->profile;
  return BARO_OK;
}

/* --- peaks --- */

static void read_peaks(baro_json_walk *walk, resource_event *event) {
  static const char *const members[] = {
#define X(name, member, key) member,
      BARO_SPARK_PEAK_LIST(X)
#undef X
  };
  baro_view name;
  if (!baro_json_walk_enter(walk, '{')) {
    return;
  }
  while (baro_json_walk_member(walk, &name)) {
    int64_t value = baro_spark_count(walk);
    for (int p = 0; p < BARO_SPARK_PEAK_COUNT; p++) {
      if (value > 0 && baro_spark_is_text(name, members[p])) {
        event->peaks[p] = (uint64_t)value;
      }
    }
  }
}

/* Of stages that the log knows: these come when the stage has ended. */
static void take_peaks(baro_spark_model *model, const resource_event *event) {
  const baro_spark_stage *found =
      event->stage < 0
          ? NULL
          : baro_spark_stage_find(model, event->stage, event->attempt < 0 ? 0 : event->attempt);
  if (found == NULL) {
    return;
  }
  baro_spark_stage *stage = &model->stages[found - model->stages];
  for (int p = 0; p < BARO_SPARK_PEAK_COUNT; p++) {
    stage->peaks[p] = event->peaks[p] > stage->peaks[p] ? event->peaks[p] : stage->peaks[p];
  }
}

/* --- events --- */

static baro_status read_resources(baro_spark_model *model, baro_json_walk *walk,
                                  resource_event *event) {
  baro_view name;
  baro_view raw;
  baro_status status = BARO_OK;
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    if (baro_spark_is_text(name, "Spark Properties")) {
      status = read_settings(model, walk);
    } else if (baro_spark_is_text(name, "Resource Profile Id")) {
      event->profile = baro_spark_count(walk);
    } else if (baro_spark_is_text(name, "Executor Resource Requests")) {
      read_asked(walk, &event->asked, false);
    } else if (baro_spark_is_text(name, "Task Resource Requests")) {
      read_asked(walk, &event->asked, true);
    } else if (baro_spark_is_text(name, "Stage ID")) {
      event->stage = baro_spark_count(walk);
    } else if (baro_spark_is_text(name, "Stage Attempt ID")) {
      event->attempt = baro_spark_count(walk);
    } else if (baro_spark_is_text(name, "Executor Metrics")) {
      read_peaks(walk, event);
    } else if (baro_spark_is_text(name, "executorId")) {
      if (baro_json_walk_text(walk, &raw)) {
        status = baro_spark_executor_named(model, raw, &event->executor);
      }
    } else {
      baro_json_walk_skip(walk);
    }
  }
  return status;
}

baro_status baro_spark_on_resources(baro_spark_model *model, baro_json_walk *walk, uint32_t kind) {
  resource_event event = {.stage = BARO_SPARK_UNKNOWN,
                          .attempt = BARO_SPARK_UNKNOWN,
                          .profile = BARO_SPARK_UNKNOWN,
                          .executor = BARO_NONE_ID};
  baro_status status = read_resources(model, walk, &event);
  if (status != BARO_OK || !baro_json_walk_finish(walk)) {
    return status != BARO_OK ? status : BARO_INVALID;
  }
  baro_spark_executor *executor =
      event.executor == BARO_NONE_ID ? NULL : &model->executors[event.executor];
  if (kind == PROFILE_ADDED) {
    return take_profile(model, &event);
  }
  if (kind == STAGE_METRICS) {
    take_peaks(model, &event);
  } else if (kind == SPECULATIVE_SUBMITTED && event.stage >= 0) {
    const baro_spark_stage *stage =
        baro_spark_stage_find(model, event.stage, event.attempt < 0 ? 0 : event.attempt);
    if (stage != NULL) {
      model->stages[stage - model->stages].speculative++;
    }
  } else if (executor != NULL) {
    executor->excluded[0] += kind == EXECUTOR_EXCLUDED;
    executor->excluded[1] += kind == EXECUTOR_BLACKLISTED;
    executor->excluded_for_stage[0] += kind == EXECUTOR_EXCLUDED_FOR_STAGE;
    executor->excluded_for_stage[1] += kind == EXECUTOR_BLACKLISTED_FOR_STAGE;
  }
  return BARO_OK;
}
