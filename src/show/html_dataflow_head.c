/* What the head says of a dataflow: what src/explain found, and the words for the numbers of the sections. */
#include <stdio.h>

#include "base/plural.h"
#include "explain/finding_kinds.h"
#include "explain/quartiles.h"
#include "show/explain_show.h"
#include "show/html_dataflow.h"
#include "show/html_sentence.h"
#include "show/units.h"

enum { FINDINGS_MAX = 100 };

static void write_buffer(baro_json *json, const char *key, baro_buffer *text) {
  if (text->failed) {
    baro_html_sentence_fail(json);
  }
  baro_json_string(json, key, (baro_view){.data = text->data, .length = text->length});
  baro_buffer_clear(text);
}

static void write_words(baro_json *json, const char *key, const char *words) {
  baro_json_object(json, NULL, true);
  baro_json_text(json, "key", key);
  baro_json_text(json, "words", words);
  baro_json_end_object(json);
}

/* Which number is what: in the order of the lists that they come from. */
static void write_vocabulary(baro_json *json) {
  baro_json_array(json, "evidence", false);
#define X(name, key, words) write_words(json, key, words);
  BARO_EVIDENCE_LIST(X)
#undef X
  baro_json_end_array(json);
  baro_json_array(json, "quantities", false);
  for (int q = 0; q < BARO_QUANTITY_COUNT; q++) {
    write_words(json, baro_quantity_key((baro_quantity)q), baro_quantity_words((baro_quantity)q));
  }
  baro_json_end_array(json);
  baro_json_array(json, "steps", false);
  for (int k = 0; k < BARO_STEP_COUNT; k++) {
    write_words(json, baro_step_key((baro_step_kind)k), baro_step_words((baro_step_kind)k));
  }
  baro_json_end_array(json);
  baro_json_array(json, "outcomes", true);
#define X(name, key) baro_json_text(json, NULL, key);
  BARO_TASK_OUTCOME_LIST(X)
#undef X
  baro_json_end_array(json);
}

static void write_resources(const baro_explanation *of, baro_json *json) {
  baro_json_array(json, "resources", false);
  for (uint32_t r = 0; r < of->resource_count; r++) {
    const baro_resource_time *row = &of->resources[r];
    baro_json_object(json, NULL, true);
    baro_json_text(json, "key", row->key);
    baro_json_text(json, "words", row->words);
    baro_json_text(json, "evidence", baro_evidence_key(row->evidence));
    baro_json_u64(json, "path_ns", row->path_ns);
    baro_json_u64(json, "tasks_ns", row->task_ns);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

static void write_finding(const baro_explanation *of, const baro_finding *finding,
                          baro_json *json) {
  static const baro_explain_options whole = {0}; /* paths as they are */
  baro_buffer text = {0};
  baro_json_object(json, NULL, false);
  baro_json_text(json, "kind", finding->kind->key);
  baro_json_text(json, "title", finding->kind->title);
  baro_json_u64(json, "explains_ns", finding->explains_ns);
  baro_json_text(json, "evidence", baro_evidence_key(finding->evidence));
  if (finding->operator_id == BARO_NONE_ID) {
    baro_json_null(json, "operator");
  } else {
    baro_json_u64(json, "operator", finding->operator_id);
  }
  baro_explain_sentence(of, finding, &whole, &text);
  write_buffer(json, "sentence", &text);
  baro_explain_advice(of, finding, &text);
  write_buffer(json, "try", &text);
  baro_json_end_object(json);
  baro_buffer_release(&text);
}

void baro_html_dataflow_head(const baro_html_dataflow *dataflow, baro_json *json) {
  const baro_explanation *of = dataflow->of;
  if (of == NULL) {
    baro_json_null(json, "dataflow");
    return;
  }
  baro_buffer text = {0};
  baro_json_object(json, "dataflow", false);
  baro_explain_summary(of, &text);
  write_buffer(json, "summary", &text);
  baro_buffer_release(&text);
  baro_json_u64(json, "run_ns", of->run_ns);
  baro_json_u64(json, "time_unit_ns", dataflow->time_unit_ns);
  baro_json_u64(json, "tasks", of->profile->dataflow.task_count);
  baro_json_u64(json, "operators", of->operator_count);
  baro_json_u64(json, "executors", of->executor_count);
  baro_json_u64(json, "slots", of->slot_count);
  baro_json_bool(json, "has_slots", baro_has_slots(of->profile));
  baro_json_bool(json, "has_stages", baro_tasks_are_partitions(of->profile));
  baro_json_u64(json, "busy_ns", of->busy_ns);
  baro_json_u64(json, "idle_slots_ns", of->idle_ns);
  write_vocabulary(json);
  write_resources(of, json);
  baro_json_array(json, "findings", false);
  for (uint32_t i = 0; i < of->finding_count && i < FINDINGS_MAX; i++) {
    write_finding(of, &of->findings[i], json);
  }
  baro_json_end_array(json);
  baro_json_end_object(json);
}

void baro_html_dataflow_limits(const baro_html_dataflow *dataflow, baro_json *json) {
  const baro_explanation *of = dataflow->of;
  char text[480];
  if (of == NULL) {
    return;
  }
  const baro_dataflow *all = &of->profile->dataflow;
  if (dataflow->tasks < all->task_count) {
    (void)snprintf(text, sizeof(text),
                   "%s tasks are %s blocks: what follows each other on a slot is put together",
                   baro_text_count(all->task_count).text, baro_text_count(dataflow->tasks).text);
    baro_json_text(json, "tasks", text);
  }
  if (dataflow->operators < all->operator_count || dataflow->edges_left_out > 0 ||
      dataflow->facts_left_out > 0) {
    (void)snprintf(
        text, sizeof(text), "the %s with most time of %s; %s %s and %s %s of others are left out",
        baro_text_count(dataflow->operators).text, baro_text_count(all->operator_count).text,
        baro_text_count(dataflow->facts_left_out).text,
        baro_plural(dataflow->facts_left_out, "fact", "facts"),
        baro_text_count(dataflow->edges_left_out).text,
        baro_plural(dataflow->edges_left_out, "edge", "edges"));
    baro_json_text(json, "operators", text);
  }
  if (dataflow->steps < of->path.step_count) {
    (void)snprintf(
        text, sizeof(text), "%s steps of it are %s: what follows each other of one operator is one",
        baro_text_count(of->path.step_count).text, baro_text_count(dataflow->steps).text);
    baro_json_text(json, "path", text);
  }
}
