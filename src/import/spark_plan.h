/* SQL queries of a Spark log: the plan that counts of each, and what was measured of the plan's nodes.
 * Flow: spark_sql.c (events) and spark_tasks.c (updates of tasks) -> here -> spark_sql_output.c.
 * A plan names accumulators; what tasks, stages and the driver say of one of them is a measure. Adaptive queries are planned
 * anew while they run: the newest plan replaces the one before, and measures stay, for what has run is in the new plan too.
 * Invariants: measures are kept for accumulators only that a plan of the query has named, so memory grows with plans, never
 * with what tasks claim; plans are bounded, and what is above is counted. Once a query has ended, its newest plan and what was
 * measured of that are all that stays of it.
 * One thread. Does not read JSON. */
#ifndef BARO_IMPORT_SPARK_PLAN_H
#define BARO_IMPORT_SPARK_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/status.h"
#include "recording/records.h"

enum {
  BARO_SPARK_PLAN_DEPTH = 1000,     /* nodes within each other */
  BARO_SPARK_PLAN_NODES = 50000,    /* of one plan */
  BARO_SPARK_NODE_METRICS = 500,    /* of one node */
  BARO_SPARK_PLANS_NODES = 4000000, /* of all plans that are kept */
  BARO_SPARK_MEASURES = 16000000,   /* named by queries that have not ended */
  BARO_SPARK_MEASURE_STAGES = 4
};

/* How Spark means a metric. */
typedef enum baro_spark_metric_type {
  BARO_SPARK_SUM,    /* a number of things; also of types that are not known */
  BARO_SPARK_SIZE,   /* bytes */
  BARO_SPARK_TIMING, /* ms */
  BARO_SPARK_NS_TIMING,
  BARO_SPARK_AVERAGE /* tenths; its sum means nothing */
} baro_spark_metric_type;

typedef struct baro_spark_measure {
  uint64_t sum;    /* of tasks that succeeded */
  uint64_t most;   /* of one of them, or of the driver */
  uint64_t driver; /* what the driver added itself */
  uint64_t
      stage_value; /* the greatest that a stage told at its end, which has all before it in it, too */
  uint32_t tasks;                             /* and the driver's */
  uint32_t stages[BARO_SPARK_MEASURE_STAGES]; /* indices, the first ones; BARO_NONE_ID: no more */
  uint8_t task_metric; /* baro_spark_metric that tasks have, too; BARO_SPARK_METRIC_COUNT: none */
} baro_spark_measure;

/* A part of the plan's text. */
typedef struct baro_spark_words {
  uint32_t at;
  uint32_t length;
} baro_spark_words;

typedef struct baro_spark_plan_metric {
  int64_t accumulator;
  uint32_t name;    /* texts of the model */
  uint32_t measure; /* index; BARO_NONE_ID: nothing was measured. Right once the query was closed */
  baro_spark_metric_type type;
} baro_spark_plan_metric;

typedef struct baro_spark_plan_node {
  uint32_t
      parent; /* index, before this one; BARO_NONE_ID at the root. Parents take in what children put out */
  uint32_t first_metric;
  uint32_t metric_count;
  uint32_t first_detail; /* of details: key and value by turns */
  uint32_t detail_count;
  baro_spark_words name;
  baro_spark_words description;
} baro_spark_plan_node;

typedef struct baro_spark_plan {
  baro_spark_plan_node *nodes; /* owned, as all here */
  uint32_t node_count, node_capacity;
  baro_spark_plan_metric *metrics;
  uint32_t metric_count, metric_capacity;
  baro_spark_words *details;
  uint32_t detail_count, detail_capacity;
  baro_buffer text;
  uint64_t left_out; /* subtrees above the bounds */
} baro_spark_plan;

void baro_spark_plan_release(baro_spark_plan *plan);
baro_view baro_spark_plan_text(const baro_spark_plan *plan, baro_spark_words words);

typedef struct baro_spark_execution {
  int64_t id;
  int64_t root; /* the query that it is a part of, usually itself; BARO_SPARK_UNKNOWN */
  int64_t started_ms;
  int64_t ended_ms;
  uint32_t description; /* text; BARO_NONE_ID: none, as all texts here */
  uint32_t place;       /* text: the line of the driver's stack that is the user's */
  uint32_t failure;
  uint32_t replanned; /* times */
  bool has_plan;
  bool is_closed; /* its measures are those of the plan, in its order */
  baro_spark_plan plan;
  baro_map measure_of; /* accumulator -> 1 + index of measures; 0: named, and not measured */
  baro_spark_measure *measures;
  uint32_t measure_count, measure_capacity;
} baro_spark_execution;

typedef struct baro_spark_executions {
  baro_spark_execution
      *items; /* owned; a query stays where it is only until the next one is found */
  uint32_t count, capacity;
  baro_map by_id;
  uint64_t kept_nodes;
  uint64_t named;         /* accumulators of queries that are open */
  uint64_t left_out;      /* plans, subtrees, queries, above the bounds */
  uint64_t late_measures; /* of queries that had ended */
} baro_spark_executions;

void baro_spark_executions_release(baro_spark_executions *all);
/* Found or made. *ret_execution is BARO_NONE_ID where there are too many. */
baro_status baro_spark_execution_of(baro_spark_executions *all, int64_t id,
                                    uint32_t *ret_execution) BARO_MUST_USE;
/* The newest plan; takes what is in it, and leaves it empty. */
baro_status baro_spark_execution_plan(baro_spark_executions *all, uint32_t execution,
                                      baro_spark_plan *take_plan) BARO_MUST_USE;
/* The query's plans have this accumulator. task_metric: what tasks have of it, or BARO_SPARK_METRIC_COUNT. */
baro_status baro_spark_execution_name(baro_spark_executions *all, uint32_t execution,
                                      int64_t accumulator, uint8_t task_metric) BARO_MUST_USE;
bool baro_spark_execution_knows(const baro_spark_execution *execution, int64_t accumulator);
/* The measure of an accumulator, which is made; NULL: no plan names it, or there is no memory. Valid until the next is made. */
baro_spark_measure *baro_spark_measure_of(baro_spark_execution *execution, int64_t accumulator);
void baro_spark_measure_stage(baro_spark_measure *measure, uint32_t stage);
void baro_spark_measure_add(baro_spark_measure *measure, uint64_t value);
/* Keeps what its plan needs. */
baro_status baro_spark_execution_close(baro_spark_executions *all,
                                       uint32_t execution) BARO_MUST_USE;

#endif
