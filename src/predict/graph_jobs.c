/* Jobs and stages of a run as its log tells them, and where the program began. */
#include <stdlib.h>

#include "predict/graph_build.h"

static bool is_text(baro_view view, const char *text) {
  return baro_view_equal(view, baro_view_of(text));
}

static int compare_jobs(const void *left, const void *right) {
  const baro_graph_span *a = left;
  const baro_graph_span *b = right;
  if (a->submitted_ns != b->submitted_ns) {
    return a->submitted_ns < b->submitted_ns ? -1 : 1;
  }
  return a->id != b->id ? (a->id < b->id ? -1 : 1) : a->operator_id < b->operator_id ? -1 : 1;
}

static int compare_stages(const void *left, const void *right) {
  const baro_graph_span *a = left;
  const baro_graph_span *b = right;
  if (a->job != b->job) {
    return a->job < b->job ? -1 : 1; /* of no job: last */
  }
  return a->id != b->id ? (a->id < b->id ? -1 : 1) : a->operator_id < b->operator_id ? -1 : 1;
}

/* What the log says of an operator's times; 0: it does not. */
static baro_graph_span span_of(const baro_dataflow *dataflow, uint32_t operator_id,
                               const char *id_key) {
  const baro_dataflow_operator *one = &dataflow->operators[operator_id];
  baro_graph_span span = {
      .operator_id = operator_id, .job = BARO_NONE_ID, .first_ns = UINT64_MAX, .id = UINT64_MAX};
  (void)baro_dataflow_fact_number(dataflow, operator_id, "submitted_ns", &span.submitted_ns);
  (void)baro_dataflow_fact_number(dataflow, operator_id, "completed_ns", &span.completed_ns);
  (void)baro_dataflow_fact_number(dataflow, operator_id, id_key, &span.id);
  for (uint32_t t = one->first_task; t < one->first_task + one->task_count; t++) {
    const baro_dataflow_task *task = &dataflow->tasks[t];
    span.first_ns = task->start_ns < span.first_ns ? task->start_ns : span.first_ns;
    span.last_ns = task->end_ns > span.last_ns ? task->end_ns : span.last_ns;
  }
  return span;
}

/* A stage whose times the log lacks, or which contradict its tasks, is where its tasks are. */
static void settle_stage(baro_graph_span *stage) {
  if (stage->submitted_ns == 0 || stage->submitted_ns > stage->first_ns) {
    stage->submitted_ns = stage->first_ns;
  }
  if (stage->completed_ns < stage->submitted_ns) {
    stage->completed_ns = stage->last_ns;
  }
}

static baro_status collect_stages(baro_graph_build *build, const uint32_t *job_of_operator) {
  const baro_profile *profile = build->profile;
  const baro_dataflow *dataflow = &profile->dataflow;
  build->stages =
      baro_arena_array(&build->scratch, dataflow->operator_count, sizeof(*build->stages));
  if (build->stages == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    const baro_dataflow_operator *one = &dataflow->operators[o];
    if (one->task_count == 0 ||
        !is_text(baro_profile_string(profile, one->kind_string), "spark.stage")) {
      continue;
    }
    baro_graph_span stage = span_of(dataflow, o, "stage_id");
    settle_stage(&stage);
    if (one->parent != BARO_NONE_ID) {
      stage.job = job_of_operator[one->parent];
    }
    if (stage.job != BARO_NONE_ID) {
      baro_graph_span *job = &build->jobs[stage.job];
      job->first_ns = stage.submitted_ns < job->first_ns ? stage.submitted_ns : job->first_ns;
      job->last_ns = stage.completed_ns > job->last_ns ? stage.completed_ns : job->last_ns;
    }
    build->stages[build->stage_count++] = stage;
  }
  qsort(build->stages, build->stage_count, sizeof(*build->stages), compare_stages);
  return BARO_OK;
}

static baro_status collect_jobs(baro_graph_build *build, uint32_t *job_of_operator) {
  const baro_dataflow *dataflow = &build->profile->dataflow;
  build->jobs = baro_arena_array(&build->scratch, dataflow->operator_count, sizeof(*build->jobs));
  if (build->jobs == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    job_of_operator[o] = BARO_NONE_ID;
    if (is_text(baro_profile_string(build->profile, dataflow->operators[o].kind_string),
                "spark.job")) {
      build->jobs[build->job_count++] = span_of(dataflow, o, "job_id");
    }
  }
  qsort(build->jobs, build->job_count, sizeof(*build->jobs), compare_jobs);
  for (uint32_t j = 0; j < build->job_count; j++) {
    job_of_operator[build->jobs[j].operator_id] = j;
  }
  return BARO_OK;
}

/* Jobs without times are where their stages are; those without stages last no time if the log does not say. */
static void settle_jobs(baro_graph_build *build) {
  for (uint32_t j = 0; j < build->job_count; j++) {
    baro_graph_span *job = &build->jobs[j];
    if (job->submitted_ns == 0 || job->submitted_ns > job->first_ns) {
      job->submitted_ns = job->first_ns == UINT64_MAX ? build->start_ns : job->first_ns;
    }
    if (job->completed_ns < job->submitted_ns) {
      job->completed_ns = job->last_ns > job->submitted_ns ? job->last_ns : job->submitted_ns;
    }
  }
}

uint32_t baro_graph_application(const baro_graph_build *build) {
  const baro_dataflow *dataflow = &build->profile->dataflow;
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    if (is_text(baro_profile_string(build->profile, dataflow->operators[o].kind_string),
                "spark.application")) {
      return o;
    }
  }
  return BARO_NONE_ID;
}

/* When a session is ready, as a multiple of when its driver registers as an owner of blocks. Of 283 runs of Spark
 * 3.5, on an idle and a busy machine, with CPU quotas, in local mode and with executors: median 1.75, 90 % 1.59 to 1.93, one run 3.7;
 * of 10 of Spark 4.0, which makes more of its session at once, 2.9 to 3.75. */
typedef struct session {
  double ready;
  double error;
} session;

static session session_of(const baro_graph_build *build, uint32_t application) {
  baro_view version = {0};
  (void)baro_dataflow_fact_text(&build->profile->dataflow, application, "spark_version", &version);
  return baro_view_starts_with(version, "4.") ? (session){3.4, 0.5} : (session){1.75, 0.35};
}

/* The program begins when its session is ready. When that is no event tells: it is some time after the driver registered, or, where
 * that is not told either, between the session's start and the first job. */
static void find_start(baro_graph_build *build) {
  uint64_t first_ns = UINT64_MAX;
  for (uint32_t j = 0; j < build->job_count; j++) {
    const baro_graph_span *job = &build->jobs[j];
    uint64_t at_ns = job->submitted_ns != 0 ? job->submitted_ns : job->first_ns;
    first_ns = at_ns < first_ns ? at_ns : first_ns;
  }
  for (uint32_t s = 0; s < build->stage_count; s++) {
    const baro_graph_span *stage = &build->stages[s];
    first_ns = stage->submitted_ns < first_ns ? stage->submitted_ns : first_ns;
  }
  const baro_profile *profile = build->profile;
  uint64_t session_ns = profile->anchor_count > 0 ? profile->anchors[0].monotonic_ns : first_ns;
  double gap_ns = session_ns < first_ns ? (double)(first_ns - session_ns) : 0;
  double lead_ns = gap_ns / 2;
  double error_ns = lead_ns;
  uint32_t application = baro_graph_application(build);
  uint64_t registered_ns;
  if (application != BARO_NONE_ID &&
      baro_dataflow_fact_number(&profile->dataflow, application, "driver_registered_ns",
                                &registered_ns) &&
      registered_ns > session_ns && registered_ns < first_ns) {
    const session of = session_of(build, application);
    double half_ns = (double)(registered_ns - session_ns);
    lead_ns = gap_ns > of.ready * half_ns ? gap_ns - of.ready * half_ns : 0;
    error_ns = of.error * half_ns < gap_ns ? of.error * half_ns : gap_ns;
  }
  build->start_ns = first_ns - (uint64_t)lead_ns;
  build->graph->lead_ns = (double)(uint64_t)lead_ns;
  build->graph->lead_error_ns = error_ns;
}

baro_status baro_graph_find_jobs(baro_graph_build *build) {
  uint32_t *job_of_operator =
      baro_arena_array(&build->scratch, build->profile->dataflow.operator_count, sizeof(uint32_t));
  baro_status status =
      job_of_operator == NULL ? BARO_NO_MEMORY : collect_jobs(build, job_of_operator);
  if (status == BARO_OK) {
    status = collect_stages(build, job_of_operator);
  }
  if (status == BARO_OK && build->stage_count > 0) {
    find_start(build);
    settle_jobs(build);
  }
  return status;
}
