/* What a framework ran, on the page: operators with their times by resource, quartiles, facts and edges (html_operators.c), tasks
 * and the critical path (html_tasks.c), and in the head what src/explain found (html_dataflow_head.c). docs/view-page.md says
 * what the sections hold. All numbers are those of the explanation.
 * Flow: profile + explanation -> sections "operators", "operator_*", "task_slots", "tasks", "path" (and the code that shows them,
 * "dataflow_views": html_page.c); absent where the recording has no tasks, and of comparisons. Sizes are bounded: operators and
 * facts are left out, tasks put together into blocks, and the head says so. */
#ifndef BARO_SHOW_HTML_DATAFLOW_H
#define BARO_SHOW_HTML_DATAFLOW_H

#include "base/map.h"
#include "explain/explain.h"
#include "show/html_section.h"
#include "show/json_writer.h"

enum {
  BARO_HTML_OPERATORS = 20000, /* on a page, at most */
  BARO_HTML_FACTS = 200000,
  BARO_HTML_FACT_BYTES = 400, /* of a value */
  BARO_HTML_EDGES = 100000,
  BARO_HTML_TASKS =
      200000, /* above, or where they would fill a small page, there are blocks of them */
  BARO_HTML_STEPS = 100000,
};

/* What a page shows of a dataflow, while it is made. */
typedef struct baro_html_dataflow {
  const baro_explanation *of; /* borrowed; NULL: there is none */
  uint64_t time_unit_ns;      /* of tasks and steps: a power of ten that divides all of them */
  uint32_t operators;         /* on the page */
  uint32_t edges_left_out;
  uint32_t facts_left_out;
  uint32_t tasks; /* rows: tasks and blocks */
  uint32_t steps;
} baro_html_dataflow;

/* Sections; fills what the head tells of them. limit_bytes: of the page. BARO_NO_MEMORY. */
baro_status baro_html_write_operators(baro_html_dataflow *dataflow, baro_html_sections *sections,
                                      baro_error *err) BARO_MUST_USE;
baro_status baro_html_write_tasks(baro_html_dataflow *dataflow, uint64_t limit_bytes,
                                  baro_html_sections *sections, baro_error *err) BARO_MUST_USE;

/* The key "dataflow" of the head: null where there is none. */
void baro_html_dataflow_head(const baro_html_dataflow *dataflow, baro_json *json);
/* Sentences of the summary, each with links to what shows it. */
void baro_html_dataflow_summary(const baro_html_dataflow *dataflow, baro_json *json);
/* Members of the head's "limits". */
void baro_html_dataflow_limits(const baro_html_dataflow *dataflow, baro_json *json);

#endif
