/* Names of what a Spark log has in it, to be found fast, and its plain values; private to spark_tasks.c and spark_events.c.
 * Names and units are those of Spark's JsonProtocol. */
#ifndef BARO_IMPORT_SPARK_NAMES_H
#define BARO_IMPORT_SPARK_NAMES_H

#include <string.h>

#include "import/json_names.h"
#include "import/spark_model.h"

/* Events; those of most lines first. Of kinds from FIRST_IGNORED on nothing is asked for, and one behind the last of them is
 * unknown. */
enum {
  TASK_END,
  TASK_START,
  STAGE_SUBMITTED,
  STAGE_COMPLETED,
  JOB_START,
  JOB_END,
  EXECUTOR_ADDED,
  EXECUTOR_REMOVED,
  APPLICATION_START,
  APPLICATION_END,
  LOG_START,
  BLOCK_MANAGER_ADDED,
  SQL_START,
  SQL_END,
  SQL_UPDATE,
  SQL_METRICS,
  DRIVER_VALUES,
  ENVIRONMENT,
  PROFILE_ADDED,
  STAGE_METRICS,
  SPECULATIVE_SUBMITTED,
  EXECUTOR_EXCLUDED,
  EXECUTOR_BLACKLISTED,
  EXECUTOR_EXCLUDED_FOR_STAGE,
  EXECUTOR_BLACKLISTED_FOR_STAGE,
  FIRST_IGNORED
};

/* Members, in the order of the texts of their table. Of the event of a task, of its "Task Info", */
enum { END_STAGE, END_ATTEMPT, END_REASON, END_INFO, END_EXECUTOR, END_METRICS };
enum {
  INFO_ID,
  INFO_INDEX,
  INFO_ATTEMPT,
  INFO_LAUNCH,
  INFO_EXECUTOR,
  INFO_HOST,
  INFO_LOCALITY,
  INFO_SPECULATIVE,
  INFO_GETTING_RESULT,
  INFO_FINISH,
  INFO_FAILED,
  INFO_KILLED,
  INFO_ACCUMULABLES
};
/* the objects that its metrics stand in, a "Stage Info", and of all other events together. */
enum {
  METRICS,
  SHUFFLE_READ,
  SHUFFLE_WRITE,
  INPUT_METRICS,
  OUTPUT_METRICS,
  EXECUTOR_METRICS, /* of the event itself */
  METRIC_OBJECTS
};
enum {
  STAGE_ID,
  STAGE_ATTEMPT,
  STAGE_NAME,
  STAGE_TASKS,
  STAGE_RDDS,
  STAGE_PARENTS,
  STAGE_SUBMIT_TIME,
  STAGE_COMPLETE_TIME,
  STAGE_FAILURE,
  STAGE_ACCUMULABLES,
  STAGE_PROFILE
};
enum {
  OTHER_JOB,
  OTHER_SUBMITTED,
  OTHER_STAGES,
  OTHER_PROPERTIES,
  OTHER_COMPLETED,
  OTHER_RESULT,
  OTHER_STAGE,
  OTHER_TIMESTAMP,
  OTHER_EXECUTOR,
  OTHER_EXECUTOR_INFO,
  OTHER_APP_NAME,
  OTHER_APP_ID,
  OTHER_VERSION,
  OTHER_REASON,
  OTHER_BLOCK_MANAGER
};

enum { BARO_SPARK_METRIC_MEMBERS_MAX = 20 };

typedef struct baro_spark_metric_member {
  const char *name;
  baro_spark_metric metric; /* BARO_SPARK_METRIC_COUNT: an object with such members */
  uint64_t unit;            /* of its numbers, in that of the metric */
} baro_spark_metric_member;

/* By object; the end of each has name NULL. Names that are in two objects mean different things, so each has its own. */
extern const baro_spark_metric_member baro_spark_metric_members[METRIC_OBJECTS]
                                                               [BARO_SPARK_METRIC_MEMBERS_MAX];

struct baro_spark_names {
  baro_json_names events;
  baro_json_names task;
  baro_json_names info;
  baro_json_names metrics[METRIC_OBJECTS];
  baro_json_names stage;
  baro_json_names other;
};

/* How many kinds of events are known. */
extern const uint32_t baro_spark_event_kinds;

/* A time; BARO_SPARK_UNKNOWN for 0, which Spark writes for "not yet", and for what is none. */
int64_t baro_spark_time(baro_spark_model *model, baro_json_walk *walk);
/* A number from 0 to 2^62, or BARO_SPARK_UNKNOWN. */
int64_t baro_spark_count(baro_json_walk *walk);
/* In the header, for then the length of a text that is there in the code is known. */
static inline bool baro_spark_is_text(baro_view raw, const char *text) {
  return raw.length == strlen(text) && memcmp(raw.data, text, raw.length) == 0;
}
/* The text that the object which comes next has under a name; its other members are skipped. False: it has none. */
bool baro_spark_text_member(baro_json_walk *walk, const char *name, baro_view *ret_raw);

/* The rest of an event of a query; of resources and settings. */
baro_status baro_spark_on_sql(baro_spark_model *model, baro_json_walk *walk,
                              uint32_t kind) BARO_MUST_USE;
baro_status baro_spark_on_resources(baro_spark_model *model, baro_json_walk *walk,
                                    uint32_t kind) BARO_MUST_USE;
/* What a task, or a stage's end, says of accumulators, as updates of the model: those of the query only, and no others where
 * it has none. A task tells what it added, a stage what all have so far. */
baro_status baro_spark_read_accumulables(baro_spark_model *model, baro_json_walk *walk,
                                         uint32_t execution, bool are_of_task) BARO_MUST_USE;
/* The updates of the line count: of a task that succeeded, whose Python metrics become its values; of a stage. */
baro_status baro_spark_take_task_updates(baro_spark_model *model, uint32_t stage) BARO_MUST_USE;
void baro_spark_take_stage_values(baro_spark_model *model, uint32_t stage);
/* The rest of an event of a task, behind its name. BARO_INVALID: the line is no event. */
baro_status baro_spark_on_task(baro_spark_model *model, baro_json_walk *walk,
                               bool is_end) BARO_MUST_USE;

#endif
