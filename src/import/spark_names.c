#include "import/spark_names.h"

#include <stdlib.h>

/* The year 2112: beyond it a time is a mistake, and the longest time between two in ns would not fit into a sample. */
static const int64_t LATEST_MS = INT64_C(4500000000000);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const event_names[] = {
    "SparkListenerTaskEnd",
    "SparkListenerTaskStart",
    "SparkListenerStageSubmitted",
    "SparkListenerStageCompleted",
    "SparkListenerJobStart",
    "SparkListenerJobEnd",
    "SparkListenerExecutorAdded",
    "SparkListenerExecutorRemoved",
    "SparkListenerApplicationStart",
    "SparkListenerApplicationEnd",
    "SparkListenerLogStart",
    "SparkListenerBlockManagerAdded",
    "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart",
    "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionEnd",
    "org.apache.spark.sql.execution.ui.SparkListenerSQLAdaptiveExecutionUpdate",
    "org.apache.spark.sql.execution.ui.SparkListenerSQLAdaptiveSQLMetricUpdates",
    "org.apache.spark.sql.execution.ui.SparkListenerDriverAccumUpdates",
    "SparkListenerEnvironmentUpdate",
    "SparkListenerResourceProfileAdded",
    "SparkListenerStageExecutorMetrics",
    "SparkListenerSpeculativeTaskSubmitted",
    "org.apache.spark.scheduler.SparkListenerExecutorExcluded",
    "org.apache.spark.scheduler.SparkListenerExecutorBlacklisted",
    "org.apache.spark.scheduler.SparkListenerExecutorExcludedForStage",
    "org.apache.spark.scheduler.SparkListenerExecutorBlacklistedForStage",
    /* Known, and nothing in them is asked for. */
    "SparkListenerTaskGettingResult",
    "SparkListenerBlockManagerRemoved",
    "SparkListenerUnpersistRDD",
    "SparkListenerBlockUpdated",
    "SparkListenerExecutorMetricsUpdate",
    "org.apache.spark.scheduler.SparkListenerExecutorUnexcluded",
    "org.apache.spark.scheduler.SparkListenerExecutorUnblacklisted",
    "org.apache.spark.scheduler.SparkListenerNodeExcluded",
    "org.apache.spark.scheduler.SparkListenerNodeBlacklisted",
    "org.apache.spark.scheduler.SparkListenerNodeExcludedForStage",
    "org.apache.spark.scheduler.SparkListenerNodeBlacklistedForStage",
    "org.apache.spark.scheduler.SparkListenerNodeUnexcluded",
    "org.apache.spark.scheduler.SparkListenerNodeUnblacklisted",
    "org.apache.spark.scheduler.SparkListenerUnschedulableTaskSetAdded",
    "org.apache.spark.scheduler.SparkListenerUnschedulableTaskSetRemoved",
    "org.apache.spark.scheduler.SparkListenerMiscellaneousProcessAdded",
    "org.apache.spark.sql.streaming.StreamingQueryListener$QueryStartedEvent",
    "org.apache.spark.sql.streaming.StreamingQueryListener$QueryProgressEvent",
    "org.apache.spark.sql.streaming.StreamingQueryListener$QueryIdleEvent",
    "org.apache.spark.sql.streaming.StreamingQueryListener$QueryTerminatedEvent",
};
const uint32_t baro_spark_event_kinds = COUNT(event_names);

static const char *const task_names[] = {"Stage ID",  "Stage Attempt ID",      "Task End Reason",
                                         "Task Info", "Task Executor Metrics", "Task Metrics"};

static const char *const info_names[] = {
    "Task ID", "Index",    "Attempt",     "Launch Time",         "Executor ID",
    "Host",    "Locality", "Speculative", "Getting Result Time", "Finish Time",
    "Failed",  "Killed",   "Accumulables"};

const baro_spark_metric_member
    baro_spark_metric_members[METRIC_OBJECTS][BARO_SPARK_METRIC_MEMBERS_MAX] = {
        [METRICS] = {{"Executor Deserialize Time", BARO_SPARK_DESERIALIZE, 1000000},
                     {"Executor Deserialize CPU Time", BARO_SPARK_DESERIALIZE_CPU, 1},
                     {"Executor Run Time", BARO_SPARK_RUN, 1000000},
                     {"Executor CPU Time", BARO_SPARK_CPU, 1},
                     {"Peak Execution Memory", BARO_SPARK_PEAK_MEMORY, 1},
                     {"Peak Off Heap Execution Memory", BARO_SPARK_PEAK_OFF_HEAP, 1},
                     {"Result Size", BARO_SPARK_RESULT_BYTES, 1},
                     {"JVM GC Time", BARO_SPARK_GC, 1000000},
                     {"Result Serialization Time", BARO_SPARK_RESULT_SERIALIZE, 1000000},
                     {"Memory Bytes Spilled", BARO_SPARK_MEMORY_SPILLED, 1},
                     {"Disk Bytes Spilled", BARO_SPARK_DISK_SPILLED, 1},
                     {"Shuffle Read Metrics", BARO_SPARK_METRIC_COUNT, SHUFFLE_READ},
                     {"Shuffle Write Metrics", BARO_SPARK_METRIC_COUNT, SHUFFLE_WRITE},
                     {"Input Metrics", BARO_SPARK_METRIC_COUNT, INPUT_METRICS},
                     {"Output Metrics", BARO_SPARK_METRIC_COUNT, OUTPUT_METRICS}},
        [SHUFFLE_READ] = {{"Remote Blocks Fetched", BARO_SPARK_REMOTE_BLOCKS, 1},
                          {"Local Blocks Fetched", BARO_SPARK_LOCAL_BLOCKS, 1},
                          {"Fetch Wait Time", BARO_SPARK_FETCH_WAIT, 1000000},
                          {"Remote Bytes Read", BARO_SPARK_REMOTE_READ, 1},
                          {"Remote Bytes Read To Disk", BARO_SPARK_REMOTE_READ_TO_DISK, 1},
                          {"Local Bytes Read", BARO_SPARK_LOCAL_READ, 1},
                          {"Total Records Read", BARO_SPARK_READ_ROWS, 1},
                          {"Remote Requests Duration", BARO_SPARK_REMOTE_REQUESTS, 1000000}},
        [SHUFFLE_WRITE] = {{"Shuffle Bytes Written", BARO_SPARK_SHUFFLE_WRITTEN, 1},
                           {"Shuffle Write Time", BARO_SPARK_SHUFFLE_WRITE, 1},
                           {"Shuffle Records Written", BARO_SPARK_WRITTEN_ROWS, 1}},
        [INPUT_METRICS] = {{"Bytes Read", BARO_SPARK_INPUT, 1},
                           {"Records Read", BARO_SPARK_INPUT_ROWS, 1}},
        [OUTPUT_METRICS] = {{"Bytes Written", BARO_SPARK_OUTPUT, 1},
                            {"Records Written", BARO_SPARK_OUTPUT_ROWS, 1}},
        [EXECUTOR_METRICS] = {{"JVMHeapMemory", BARO_SPARK_JVM_HEAP, 1},
                              {"ProcessTreeJVMRSSMemory", BARO_SPARK_JVM_RESIDENT, 1},
                              {"ProcessTreePythonRSSMemory", BARO_SPARK_PYTHON_RESIDENT, 1}},
};

static const char *const stage_names[] = {"Stage ID",        "Stage Attempt ID",   "Stage Name",
                                          "Number of Tasks", "RDD Info",           "Parent IDs",
                                          "Submission Time", "Completion Time",    "Failure Reason",
                                          "Accumulables",    "Resource Profile Id"};

static const char *const other_names[] = {
    "Job ID",     "Submission Time", "Stage Infos",   "Properties",     "Completion Time",
    "Job Result", "Stage Info",      "Timestamp",     "Executor ID",    "Executor Info",
    "App Name",   "App ID",          "Spark Version", "Removed Reason", "Block Manager ID",
};

baro_spark_names *baro_spark_names_create(void) {
  baro_spark_names *names = malloc(sizeof(*names));
  if (names == NULL) {
    return NULL;
  }
  baro_json_names_init(&names->events, event_names, COUNT(event_names));
  baro_json_names_init(&names->task, task_names, COUNT(task_names));
  baro_json_names_init(&names->info, info_names, COUNT(info_names));
  for (int object = 0; object < METRIC_OBJECTS; object++) {
    const char *texts[BARO_SPARK_METRIC_MEMBERS_MAX];
    uint32_t count = 0;
    while (count < BARO_SPARK_METRIC_MEMBERS_MAX &&
           baro_spark_metric_members[object][count].name != NULL) {
      texts[count] = baro_spark_metric_members[object][count].name;
      count++;
    }
    baro_json_names_init(&names->metrics[object], texts, count);
  }
  baro_json_names_init(&names->stage, stage_names, COUNT(stage_names));
  baro_json_names_init(&names->other, other_names, COUNT(other_names));
  return names;
}

int64_t baro_spark_time(baro_spark_model *model, baro_json_walk *walk) {
  int64_t ms;
  if (!baro_json_walk_integer(walk, &ms) || ms <= 0 || ms > LATEST_MS) {
    return BARO_SPARK_UNKNOWN;
  }
  if (ms > model->newest_ms) {
    model->newest_ms = ms;
  }
  return ms;
}

/* More of anything is a mistake of the log, and nothing that is added to one overflows. */
static const int64_t MOST_COUNT = INT64_C(1) << 62;

int64_t baro_spark_count(baro_json_walk *walk) {
  int64_t count;
  bool is_count = baro_json_walk_integer(walk, &count) && count >= 0 && count <= MOST_COUNT;
  return is_count ? count : BARO_SPARK_UNKNOWN;
}

bool baro_spark_text_member(baro_json_walk *walk, const char *name, baro_view *ret_raw) {
  baro_view member;
  bool found = false;
  if (!baro_json_walk_enter(walk, '{')) {
    return false;
  }
  while (baro_json_walk_member(walk, &member)) {
    if (!baro_spark_is_text(member, name)) {
      baro_json_walk_skip(walk);
    } else {
      found = baro_json_walk_text(walk, ret_raw) || found;
    }
  }
  return found;
}
