/* The JSON of explain: schema barograph.explain/1. */
#include <string.h>

#include "explain/finding_kinds.h"
#include "show/explain_show.h"
#include "show/json_writer.h"

typedef struct page {
  const baro_explanation *of;
  const baro_profile *profile;
  baro_json json;
  bool failed;
} page;

static void write_operator_name(page *p, uint32_t operator_id) {
  const baro_dataflow_operator *row = &p->profile->dataflow.operators[operator_id];
  baro_json_u64(&p->json, "operator_id", operator_id);
  baro_json_string(&p->json, "operator", baro_profile_string(p->profile, row->name_string));
  baro_view place = baro_profile_string(p->profile, row->place_string);
  if (place.length > 0)
    baro_json_string(&p->json, "place", place);
  else
    baro_json_null(&p->json, "place");
}

static void write_function_name(page *p, const char *key, uint32_t function) {
  const baro_profile_function *row = &p->profile->functions.rows[function];
  baro_json_object(&p->json, key, true);
  baro_json_string(&p->json, "name", baro_profile_string(p->profile, row->qualified_string));
  baro_json_string(&p->json, "file", baro_profile_string(p->profile, row->file_string));
  baro_json_u64(&p->json, "line", row->first_line);
  baro_json_end_object(&p->json);
}

static void write_states(page *p, const char *key, const uint64_t *state_ns) {
  baro_json_object(&p->json, key, true);
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    if (state_ns[s] != 0)
      baro_json_u64(&p->json, baro_state_key((baro_state)s), state_ns[s]);
  }
  baro_json_end_object(&p->json);
}

void baro_explain_json_parts(const baro_explanation *explanation, const baro_operator_time *row,
                             const char *key, baro_json *json) {
  baro_time_part parts[BARO_TIME_PARTS_MAX];
  uint32_t count = row == NULL ? 0 : baro_operator_parts(explanation, row, parts);
  baro_json_array(json, key, false);
  for (uint32_t i = 0; i < count; i++) {
    baro_json_object(json, NULL, true);
    baro_json_text(json, "resource", explanation->resources[parts[i].resource].key);
    baro_json_text(json, "evidence", baro_evidence_key(parts[i].evidence));
    baro_json_u64(json, "path_ns", parts[i].path_ns);
    baro_json_u64(json, "tasks_ns", parts[i].task_ns);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

static void write_resources(page *p) {
  baro_json_array(&p->json, "resources", false);
  for (uint32_t i = 0; i < p->of->resource_count; i++) {
    const baro_resource_time *row = &p->of->resources[i];
    baro_json_object(&p->json, NULL, true);
    baro_json_text(&p->json, "resource", row->key);
    baro_json_text(&p->json, "evidence", baro_evidence_key(row->evidence));
    baro_json_u64(&p->json, "path_ns", row->path_ns);
    baro_json_u64(&p->json, "tasks_ns", row->task_ns);
    baro_json_end_object(&p->json);
  }
  baro_json_end_array(&p->json);
}

static void write_bottleneck(page *p) {
  const baro_resource_time *most = &p->of->resources[0];
  if (p->of->resource_count == 0 || most->path_ns == 0) {
    baro_json_null(&p->json, "bottleneck");
    return;
  }
  baro_json_object(&p->json, "bottleneck", true);
  baro_json_text(&p->json, "resource", most->key);
  baro_json_text(&p->json, "evidence", baro_evidence_key(most->evidence));
  baro_json_u64(&p->json, "at_most_ns", most->path_ns);
  baro_json_end_object(&p->json);
}

static void write_path(page *p) {
  const baro_critical_path *path = &p->of->path;
  baro_json_array(&p->json, "critical_path", false);
  for (uint32_t i = 0; i < path->step_count; i++) {
    const baro_path_step *step = &path->steps[i];
    baro_json_object(&p->json, NULL, true);
    baro_json_text(&p->json, "kind", baro_step_key(step->kind));
    baro_json_u64(&p->json, "start_ns", step->start_ns - path->begin_ns);
    baro_json_u64(&p->json, "duration_ns", step->end_ns - step->start_ns);
    if (step->operator_id == BARO_NONE_ID)
      baro_json_null(&p->json, "operator_id");
    else
      baro_json_u64(&p->json, "operator_id", step->operator_id);
    baro_json_end_object(&p->json);
  }
  baro_json_end_array(&p->json);
}

static void write_operators(page *p) {
  baro_json_array(&p->json, "operators", false);
  for (uint32_t i = 0; i < p->of->operator_count; i++) {
    const baro_operator_time *row = &p->of->operators[i];
    baro_json_object(&p->json, NULL, false);
    write_operator_name(p, row->operator_id);
    baro_json_string(&p->json, "kind",
                     baro_profile_string(
                         p->profile, p->profile->dataflow.operators[row->operator_id].kind_string));
    baro_json_u64(&p->json, "tasks", row->task_count);
    baro_json_u64(&p->json, "failed_tasks", row->bad_tasks);
    baro_json_u64(&p->json, "slots", row->slots);
    baro_json_u64(&p->json, "start_ns", row->start_ns - p->of->path.begin_ns);
    baro_json_u64(&p->json, "end_ns", row->end_ns - p->of->path.begin_ns);
    baro_json_u64(&p->json, "tasks_ns", row->task_ns);
    baro_json_u64(&p->json, "path_ns", row->path_ns);
    baro_json_u64(&p->json, "median_ns", row->median_ns);
    baro_json_u64(&p->json, "longest_ns", row->longest_ns);
    write_states(p, "by_resource_ns", row->state_ns);
    write_states(p, "path_by_resource_ns", row->path_state_ns);
    write_states(p, "prior_ns", row->prior_ns);
    write_states(p, "path_prior_ns", row->path_prior_ns);
    baro_json_object(&p->json, "evidence", true);
    for (int s = 0; s < BARO_STATE_COUNT; s++) {
      if (row->state_ns[s] != 0)
        baro_json_text(&p->json, baro_state_key((baro_state)s),
                       baro_evidence_key(baro_state_evidence(p->profile, row, (baro_state)s)));
    }
    baro_json_end_object(&p->json);
    baro_json_end_object(&p->json);
  }
  baro_json_end_array(&p->json);
}

static void write_buffer(page *p, const char *key, baro_buffer *text) {
  p->failed = p->failed || text->failed;
  baro_json_string(&p->json, key, (baro_view){text->data, text->length});
  baro_buffer_clear(text);
}

static void write_finding(page *p, const baro_finding *finding) {
  static const baro_explain_options whole = {0}; /* paths as they are */
  baro_buffer text = {0};
  baro_json_object(&p->json, NULL, false);
  baro_json_text(&p->json, "kind", finding->kind->key);
  baro_json_text(&p->json, "title", finding->kind->title);
  baro_json_u64(&p->json, "explains_ns", finding->explains_ns);
  baro_json_text(&p->json, "evidence", baro_evidence_key(finding->evidence));
  baro_json_u64(&p->json, "others", finding->others);
  if (finding->query != BARO_NONE_ID) {
    uint32_t name = p->profile->dataflow.operators[finding->query].name_string;
    baro_json_u64(&p->json, "query_id", finding->query);
    baro_json_string(&p->json, "query", baro_profile_string(p->profile, name));
  }
  if (finding->operator_id != BARO_NONE_ID)
    write_operator_name(p, finding->operator_id);
  if (finding->function != BARO_NONE_ID)
    write_function_name(p, "function", finding->function);
  if (finding->inner != BARO_NONE_ID)
    write_function_name(p, "within", finding->inner);
  baro_json_object(&p->json, "numbers", true);
  for (uint32_t i = 0; i < finding->number_count; i++)
    baro_json_number(&p->json, finding->numbers[i].key, finding->numbers[i].value);
  baro_json_end_object(&p->json);
  baro_explain_sentence(p->of, finding, &whole, &text);
  write_buffer(p, "sentence", &text);
  baro_explain_advice(p->of, finding, &text);
  write_buffer(p, "try", &text);
  baro_json_end_object(&p->json);
  baro_buffer_release(&text);
}

static void write_notes(page *p) {
  baro_json_array(&p->json, "notes", false);
  for (uint32_t i = 0; i < p->profile->note_count; i++)
    baro_json_string(&p->json, NULL, p->profile->notes[i].text);
  baro_json_end_array(&p->json);
}

static void write_dataflow(page *p) {
  const baro_explanation *of = p->of;
  baro_json_u64(&p->json, "tasks", p->profile->dataflow.task_count);
  baro_json_u64(&p->json, "executors", of->executor_count);
  baro_json_u64(&p->json, "slots", of->slot_count);
  baro_json_u64(&p->json, "busy_ns", of->busy_ns);
  baro_json_u64(&p->json, "idle_slots_ns", of->idle_ns);
  write_bottleneck(p);
  write_resources(p);
}

baro_status baro_explain_json(const baro_explanation *explanation,
                              const baro_explain_options *options, baro_stream *output,
                              baro_error *err) {
  page p = {.of = explanation, .profile = explanation->profile};
  baro_buffer text = {0};
  uint32_t count = explanation->finding_count;
  uint32_t shown = options->top == 0 || count < options->top ? count : options->top;
  baro_json_init(&p.json, output, true);
  baro_json_object(&p.json, NULL, false);
  baro_json_text(&p.json, "schema", "barograph.explain/1");
  baro_json_text(&p.json, "kind", explanation->is_dataflow ? "dataflow" : "program");
  baro_explain_summary(explanation, &text);
  write_buffer(&p, "summary", &text);
  baro_buffer_release(&text);
  baro_json_u64(&p.json, "run_ns", explanation->run_ns);
  write_notes(&p);
  if (explanation->is_dataflow)
    write_dataflow(&p);
  baro_json_array(&p.json, "findings", false);
  for (uint32_t i = 0; i < shown; i++)
    write_finding(&p, &explanation->findings[i]);
  baro_json_end_array(&p.json);
  if (explanation->is_dataflow) {
    write_path(&p);
    write_operators(&p);
  }
  baro_json_end_object(&p.json);
  return p.failed ? baro_error_set(err, BARO_NO_MEMORY, "out of memory") : BARO_OK;
}
