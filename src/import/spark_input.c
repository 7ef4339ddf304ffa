#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "import/import_formats.h"
#include "import/log_reading.h"
#include "import/spark_output.h"

static baro_view without(baro_view view, size_t length) {
  return (baro_view){.data = view.data + length, .length = view.length - length};
}

/* Takes the text off the view, and blanks before it, which tools that rewrite logs put between; false: it is not there. */
static bool take_text(baro_view *view, const char *text) {
  while (view->length > 0 && (*view->data == ' ' || *view->data == '\t')) {
    *view = without(*view, 1);
  }
  if (!baro_view_starts_with(*view, text)) {
    return false;
  }
  *view = without(*view, strlen(text));
  return true;
}

bool baro_spark_sniff(baro_view line) {
  static const char *const firsts[] = {"\"SparkListener", "\"org.apache.spark.", "\"DBC"};
  bool is_event = take_text(&line, "{") && take_text(&line, "\"Event\"") && take_text(&line, ":");
  for (size_t i = 0; is_event && i < sizeof(firsts) / sizeof(firsts[0]); i++) {
    if (take_text(&line, firsts[i])) {
      return true;
    }
  }
  return false;
}

static baro_status read_lines(baro_log_reading *reading, baro_spark_model *model, baro_error *err) {
  baro_view line;
  for (;;) {
    baro_json_walk walk;
    baro_status status = baro_log_reading_next(reading, &line, err);
    if (status != BARO_OK || line.data == NULL) {
      return status;
    }
    status = baro_spark_model_line(model, line, &walk);
    if (status == BARO_INVALID) {
      baro_log_reading_refuse(reading, &walk);
    } else if (status != BARO_OK) {
      return baro_error_set(err, status, "out of memory");
    }
  }
}

/* --- what was missing --- */

static uint64_t count_unfinished(const baro_spark_model *model) {
  uint64_t count = 0;
  for (uint32_t t = 0; t < model->task_count; t++) {
    count += model->tasks[t].finished_ms == BARO_SPARK_UNKNOWN;
  }
  return count;
}

/* Tasks that stages should have had, successful or not: each has one end at least. */
static uint64_t count_missing(const baro_spark_model *model, uint64_t *ret_expected) {
  uint64_t expected = 0;
  uint64_t missing = 0;
  for (uint32_t s = 0; s < model->stage_count; s++) {
    const baro_spark_stage *stage = &model->stages[s];
    uint64_t seen = model->stages[s].seen_tasks;
    bool is_whole = stage->completed_ms != BARO_SPARK_UNKNOWN && stage->failure == BARO_NONE_ID;
    if (is_whole && stage->tasks > 0) {
      expected += (uint64_t)stage->tasks;
      missing += seen < (uint64_t)stage->tasks ? (uint64_t)stage->tasks - seen : 0;
    }
  }
  *ret_expected = expected;
  return missing;
}

/* Jobs or tasks that had not ended when the log did; an application that waits for more may well have none. */
static bool ends_amid(const baro_spark_model *model) {
  bool amid = count_unfinished(model) > 0;
  for (uint32_t j = 0; j < model->job_count; j++) {
    amid = amid || model->jobs[j].completed_ms == BARO_SPARK_UNKNOWN;
  }
  return amid && model->ended_ms == BARO_SPARK_UNKNOWN;
}

static void put_part(const baro_log_reading *reading, const baro_spark_model *model,
                     baro_writer *writer) {
  baro_buffer text = {0};
  uint64_t expected;
  uint64_t missing = count_missing(model, &expected);
  baro_log_reading_part(reading, &text);
  if (model->started_ms == BARO_SPARK_UNKNOWN) {
    baro_import_part(&text);
    baro_write_text(&text, "the start of the application is not in the log");
  }
  if (text.length == 0 && ends_amid(model)) {
    baro_write_text(&text, "the log ends before the application does");
  }
  if (missing != 0) {
    baro_import_part(&text);
    baro_write_format(&text, "%" PRIu64 " of %" PRIu64 " tasks %s not in the log", missing,
                      expected, baro_plural(missing, "is", "are"));
  }
  baro_import_put_part(writer, &text);
}

static void note_model(const baro_spark_model *model, baro_writer *writer) {
  uint64_t expected;
  uint64_t missing = count_missing(model, &expected);
  if (model->ended_ms == BARO_SPARK_UNKNOWN) {
    baro_import_note(
        writer, "the log does not say that the application ended: it runs still, or was killed");
  }
  if (missing != 0) {
    baro_import_note(writer,
                     "%" PRIu64 " of %" PRIu64
                     " tasks (%.0f %%) of stages that ended %s not in the log: %s "
                     "events were dropped",
                     missing, expected, 100.0 * (double)missing / (double)expected,
                     baro_plural(missing, "is", "are"), baro_plural(missing, "its", "their"));
  }
  const baro_import_count counts[] = {
      {count_unfinished(model), "task ran when the log ended", "tasks ran when the log ended"},
      {model->odd.unknown_events, "event of a kind that is not known here was left out",
       "events of kinds that are not known here were left out"},
      {model->odd.twice, "event came twice: the first counts",
       "events came twice: the first counts"},
      {model->odd.homeless_tasks, "stage has tasks, and no event of its own",
       "stages have tasks, and no event of their own"},
      {model->odd.backward_tasks, "task ended before it began: it counts as 0 ms long",
       "tasks ended before they began: they count as 0 ms long"},
      {model->odd.untimed_tasks, "task without a beginning, stage or number was left out",
       "tasks without a beginning, stage or number were left out"},
      {model->executions.left_out,
       "plan or part of a plan of a query was left out: it is too large, too deep, or one too many",
       "plans or parts of plans of queries were left out: they are too "
       "large, too deep, or too many"},
      {model->executions.late_measures,
       "event told metrics of a query that had ended: these are not in the sums of the plan's "
       "nodes",
       "events told metrics of queries that had ended: these are "
       "not in the sums of the plans' nodes"},
  };
  baro_import_note_counts(writer, counts, sizeof(counts) / sizeof(counts[0]));
}

static void put_infos(const baro_spark_model *model, baro_writer *writer) {
  const struct {
    const char *key;
    uint32_t text;
  } infos[] = {{"application", model->app_name},
               {"application_id", model->app_id},
               {"spark_version", model->spark_version}};
  for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
    char text[512];
    if (infos[i].text != BARO_NONE_ID) {
      baro_view view = model->texts.views[infos[i].text];
      (void)snprintf(text, sizeof(text), "%.*s", (int)(view.length < 500 ? view.length : 500),
                     (const char *)view.data);
      baro_writer_info(writer, infos[i].key, text);
    }
  }
}

baro_status baro_spark_import(const baro_log_place *place, baro_writer *writer,
                              baro_import_log_result *ret_result, baro_error *err) {
  baro_log_reading reading;
  baro_spark_model model;
  baro_status status = baro_log_reading_open(&reading, place, err);
  reading.progress = ret_result->progress;
  if (status == BARO_OK && baro_spark_model_init(&model) != BARO_OK) {
    status = baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  } else if (status == BARO_OK) {
    status = read_lines(&reading, &model, err);
    if (status == BARO_OK && baro_spark_model_finish(&model) != BARO_OK) {
      status = baro_error_set(err, BARO_NO_MEMORY, "out of memory");
    }
    if (status == BARO_OK) {
      put_infos(&model, writer);
      baro_log_reading_note(&reading, writer);
      put_part(&reading, &model, writer);
      note_model(&model, writer);
      status = baro_spark_write(&model, writer, ret_result, err);
    }
    baro_spark_model_release(&model);
  }
  baro_log_reading_close(&reading);
  return status;
}
