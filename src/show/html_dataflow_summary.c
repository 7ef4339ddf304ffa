/* The page's sentences of a framework's log: the bottleneck, the critical path, what stands out most, how well slots were used. */
#include <stdio.h>

#include "base/plural.h"
#include "explain/finding_kinds.h"
#include "show/explain_show.h"
#include "show/html_dataflow.h"
#include "show/html_sentence.h"
#include "show/units.h"

static baro_html_link to_view(const char *view, uint32_t operator_id) {
  baro_html_link to = baro_html_no_link;
  to.view = view;
  to.operator_id = operator_id;
  return to;
}

static void write_bottleneck(const baro_explanation *of, baro_json *json) {
  const baro_resource_time *most = &of->resources[0];
  bool has_operator = of->resource_count > 0 && most->most_row != BARO_NONE_ID;
  baro_html_link to =
      to_view("operators", has_operator ? of->operators[most->most_row].operator_id : BARO_NONE_ID);
  baro_buffer text = {0};
  baro_explain_summary(of, &text);
  baro_html_sentence_begin(json);
  baro_html_sentence_buffer(json, &text, &to);
  baro_html_sentence_end(json);
}

/* "; most of it, 2.43 s, is in stage 8: collect (app.py:25)" */
static void write_largest(const baro_explanation *of, baro_json *json) {
  static const baro_explain_options whole = {0};
  const baro_operator_time *most = &of->operators[0];
  baro_html_link to = to_view("operators", most->operator_id);
  baro_buffer name = {0};
  char text[80];
  (void)snprintf(text, sizeof(text), "; most of it, %s, is in ",
                 baro_text_duration(most->path_ns).text);
  baro_html_sentence_text(json, text, &baro_html_no_link);
  baro_explain_operator(of->profile, most->operator_id, &whole, &name);
  baro_html_sentence_buffer(json, &name, &to);
}

static void write_path(const baro_explanation *of, baro_json *json) {
  char text[160];
  uint64_t tasks = 0;
  for (uint32_t i = 0; i < of->path.step_count; i++) {
    tasks += of->path.steps[i].kind == BARO_STEP_TASK;
  }
  if (tasks == 0) {
    return;
  }
  uint64_t task_ns = of->path.kind_ns[BARO_STEP_TASK];
  baro_html_link to = to_view("tasks", BARO_NONE_ID);
  baro_html_sentence_begin(json);
  (void)snprintf(text, sizeof(text), "The critical path is %s %s, %s", baro_text_count(tasks).text,
                 baro_plural(tasks, "task", "tasks"), baro_text_duration(task_ns).text);
  baro_html_sentence_text(json, text, &to);
  if (of->run_ns > task_ns) {
    (void)snprintf(text, sizeof(text), ", and %s between them",
                   baro_text_duration(of->run_ns - task_ns).text);
    baro_html_sentence_text(json, text, &baro_html_no_link);
  }
  if (of->operators[0].path_ns > 0) {
    write_largest(of, json);
  }
  baro_html_sentence_text(json, ".", &baro_html_no_link);
  baro_html_sentence_end(json);
}

static void write_finding(const baro_explanation *of, baro_json *json) {
  static const baro_explain_options whole = {0};
  if (of->finding_count == 0) {
    return;
  }
  const baro_finding *first = &of->findings[0];
  baro_html_link to =
      to_view(first->operator_id == BARO_NONE_ID ? "tasks" : "operators", first->operator_id);
  baro_buffer text = {0};
  char title[160];
  (void)snprintf(title, sizeof(title), "%s, %s", first->kind->title,
                 baro_text_duration(first->explains_ns).text);
  baro_html_sentence_begin(json);
  baro_html_sentence_text(json, "What stands out most: ", &baro_html_no_link);
  baro_html_sentence_text(json, title, &to);
  baro_write_text(&text, ": ");
  baro_explain_sentence(of, first, &whole, &text);
  baro_write_text(&text, ".");
  baro_html_sentence_buffer(json, &text, &baro_html_no_link);
  baro_html_sentence_end(json);
}

static void write_slots(const baro_explanation *of, baro_json *json) {
  bool is_plan = baro_tasks_are_partitions(of->profile);
  bool has_slots = baro_has_slots(of->profile);
  char text[320];
  baro_html_link to = to_view("tasks", BARO_NONE_ID);
  (void)snprintf(text, sizeof(text), "%s %s of %s %s ran on %s %s",
                 baro_text_count(of->profile->dataflow.task_count).text,
                 baro_plural(of->profile->dataflow.task_count, "task", "tasks"),
                 baro_text_count(of->operator_count).text,
                 is_plan ? baro_plural(of->operator_count, "stage", "stages")
                         : baro_plural(of->operator_count, "operator", "operators"),
                 baro_text_count(of->slot_count).text,
                 has_slots ? baro_plural(of->slot_count, "slot", "slots")
                           : baro_plural(of->slot_count, "thread or stream", "threads or streams"));
  baro_html_sentence_begin(json);
  baro_html_sentence_text(json, text, &to);
  if (has_slots && of->busy_ns > 0) {
    (void)snprintf(text, sizeof(text), "; while any task ran, %s of the slots' time was unused",
                   baro_text_percent_whole((double)of->idle_ns / (double)of->busy_ns).text);
    baro_html_sentence_text(json, text, &baro_html_no_link);
  }
  baro_html_sentence_text(json, ".", &baro_html_no_link);
  baro_html_sentence_end(json);
}

void baro_html_dataflow_summary(const baro_html_dataflow *dataflow, baro_json *json) {
  write_bottleneck(dataflow->of, json);
  write_path(dataflow->of, json);
  write_finding(dataflow->of, json);
  write_slots(dataflow->of, json);
}
