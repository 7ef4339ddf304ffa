/* Operators on the page: what they are, what their time went into, how their tasks differ, and how they hang together. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "explain/quartiles.h"
#include "show/html_dataflow.h"

/* Of which operators the page tells, and the texts that its sections name. */
typedef struct operator_rows {
  const baro_explanation *of;
  const baro_profile *profile;
  const baro_dataflow *dataflow;
  uint8_t *is_shown; /* owned; by operator */
  baro_intern texts;
  bool failed;
} operator_rows;

static uint32_t text_of(operator_rows *rows, baro_view text) {
  uint32_t id = 0;
  rows->failed = baro_intern_put(&rows->texts, text, &id, NULL) != BARO_OK || rows->failed;
  return id;
}

/* An operator and what it is a part of, as far as there is room: trees may be as deep as there are operators. Climbing ends where it came
 * before, so that all of it takes as many steps as there is room. */
static void show(operator_rows *rows, uint32_t operator_id, uint32_t *room) {
  for (uint32_t o = operator_id; o != BARO_NONE_ID && *room > 0 && rows->is_shown[o] == 0;
       o = rows->dataflow->operators[o].parent) {
    rows->is_shown[o] = 1;
    (*room)--;
  }
}

/* Those with most time of the path first; then what has no tasks, as nodes of plans, in its order. Returns how many they are. */
static uint32_t choose(operator_rows *rows) {
  uint32_t room = BARO_HTML_OPERATORS;
  for (uint32_t r = 0; r < rows->of->operator_count; r++) {
    show(rows, rows->of->operators[r].operator_id, &room);
  }
  for (uint32_t o = 0; o < rows->dataflow->operator_count; o++) {
    show(rows, o, &room);
  }
  return BARO_HTML_OPERATORS - room;
}

typedef struct operator_columns {
  baro_html_column *id;
  baro_html_column *parent;
  baro_html_column *kind;
  baro_html_column *name;
  baro_html_column *place;
  baro_html_column *tasks;
  baro_html_column *bad_tasks;
  baro_html_column *slots;
  baro_html_column *start;
  baro_html_column *end;
  baro_html_column *task_time;
  baro_html_column *path_time;
} operator_columns;

/* Of an operator without tasks all counts and times are 0. */
static void write_operator(operator_rows *rows, uint32_t o, const operator_columns *columns) {
  const baro_dataflow_operator *one = &rows->dataflow->operators[o];
  uint32_t r = rows->of->operator_row[o];
  static const baro_operator_time none = {0};
  const baro_operator_time *time = r == BARO_NONE_ID ? &none : &rows->of->operators[r];
  uint64_t begin_ns = r == BARO_NONE_ID ? 0 : rows->of->path.begin_ns;
  const baro_profile *profile = rows->profile;
  baro_html_put(columns->id, o);
  bool has_parent = one->parent != BARO_NONE_ID && rows->is_shown[one->parent] != 0;
  baro_html_put(columns->parent, has_parent ? o - one->parent : 0);
  baro_html_put(columns->kind, text_of(rows, baro_profile_string(profile, one->kind_string)));
  baro_html_put(columns->name, text_of(rows, baro_profile_string(profile, one->name_string)));
  baro_html_put(columns->place, text_of(rows, baro_profile_string(profile, one->place_string)));
  baro_html_put(columns->tasks, time->task_count);
  baro_html_put(columns->bad_tasks, time->bad_tasks);
  baro_html_put(columns->slots, time->slots);
  baro_html_put(columns->start, time->start_ns - begin_ns);
  baro_html_put(columns->end, time->end_ns - begin_ns);
  baro_html_put(columns->task_time, time->task_ns);
  baro_html_put(columns->path_time, time->path_ns);
}

static void write_list(operator_rows *rows, baro_html_sections *sections) {
  baro_html_begin(sections, "operators", true);
  const operator_columns columns = {
      .id = baro_html_column_begin(sections, "id", BARO_HTML_DIFFERENCE),
      .parent = baro_html_column_begin(sections, "parent", BARO_HTML_UNSIGNED),
      .kind = baro_html_column_begin(sections, "kind", BARO_HTML_UNSIGNED),
      .name = baro_html_column_begin(sections, "name", BARO_HTML_UNSIGNED),
      .place = baro_html_column_begin(sections, "place", BARO_HTML_UNSIGNED),
      .tasks = baro_html_column_begin(sections, "tasks", BARO_HTML_UNSIGNED),
      .bad_tasks = baro_html_column_begin(sections, "bad_tasks", BARO_HTML_UNSIGNED),
      .slots = baro_html_column_begin(sections, "slots", BARO_HTML_UNSIGNED),
      .start = baro_html_column_begin(sections, "start_ns", BARO_HTML_UNSIGNED),
      .end = baro_html_column_begin(sections, "end_ns", BARO_HTML_UNSIGNED),
      .task_time = baro_html_column_begin(sections, "tasks_ns", BARO_HTML_UNSIGNED),
      .path_time = baro_html_column_begin(sections, "path_ns", BARO_HTML_UNSIGNED),
  };
  for (uint32_t o = 0; o < rows->dataflow->operator_count; o++) {
    if (rows->is_shown[o] != 0) {
      write_operator(rows, o, &columns);
    }
  }
  baro_html_end(sections);
}

static void write_times(operator_rows *rows, baro_html_sections *sections) {
  baro_html_begin(sections, "operator_times", true);
  baro_html_column *id = baro_html_column_begin(sections, "operator", BARO_HTML_DIFFERENCE);
  baro_html_column *resource = baro_html_column_begin(sections, "resource", BARO_HTML_BYTE);
  baro_html_column *evidence = baro_html_column_begin(sections, "evidence", BARO_HTML_BYTE);
  baro_html_column *task_time = baro_html_column_begin(sections, "tasks_ns", BARO_HTML_UNSIGNED);
  baro_html_column *path_time = baro_html_column_begin(sections, "path_ns", BARO_HTML_UNSIGNED);
  for (uint32_t o = 0; o < rows->dataflow->operator_count; o++) {
    uint32_t r = rows->of->operator_row[o];
    baro_time_part parts[BARO_TIME_PARTS_MAX];
    uint32_t count = rows->is_shown[o] == 0 || r == BARO_NONE_ID
                         ? 0
                         : baro_operator_parts(rows->of, &rows->of->operators[r], parts);
    for (uint32_t i = 0; i < count; i++) {
      baro_html_put(id, o);
      baro_html_put(resource, parts[i].resource);
      baro_html_put(evidence, parts[i].evidence);
      baro_html_put(task_time, parts[i].task_ns);
      baro_html_put(path_time, parts[i].path_ns);
    }
  }
  baro_html_end(sections);
}

static void write_quartiles(operator_rows *rows, baro_html_sections *sections) {
  static const char *const names[BARO_QUARTILES] = {"least", "p25", "p50", "p75", "most"};
  baro_html_begin(sections, "operator_quartiles", true);
  baro_html_column *id = baro_html_column_begin(sections, "operator", BARO_HTML_DIFFERENCE);
  baro_html_column *quantity = baro_html_column_begin(sections, "quantity", BARO_HTML_BYTE);
  baro_html_column *sum = baro_html_column_begin(sections, "sum", BARO_HTML_UNSIGNED);
  baro_html_column *at[BARO_QUARTILES];
  for (int i = 0; i < BARO_QUARTILES; i++) {
    at[i] = baro_html_column_begin(sections, names[i], BARO_HTML_UNSIGNED);
  }
  for (uint32_t o = 0; o < rows->dataflow->operator_count; o++) {
    uint32_t r = rows->of->operator_row[o];
    baro_quartiles of[BARO_QUANTITY_COUNT];
    if (rows->is_shown[o] == 0 || r == BARO_NONE_ID) {
      continue;
    }
    if (baro_quartiles_of(rows->of, &rows->of->operators[r], of) != BARO_OK) {
      rows->failed = true;
      continue;
    }
    for (int q = 0; q < BARO_QUANTITY_COUNT; q++) {
      if (!of[q].is_told) {
        continue;
      }
      baro_html_put(id, o);
      baro_html_put(quantity, (uint64_t)q);
      baro_html_put(sum, of[q].sum);
      for (int i = 0; i < BARO_QUARTILES; i++) {
        baro_html_put(at[i], of[q].at[i]);
      }
    }
  }
  baro_html_end(sections);
}

static baro_view cut(baro_view text) {
  if (text.length > BARO_HTML_FACT_BYTES) {
    text.length = BARO_HTML_FACT_BYTES;
  }
  return text;
}

enum { NUMBER_CHARS = 24 };

/* Times of the recording's clock are told as all others of the page: since the begin of the run. */
static baro_view value_of(const operator_rows *rows, uint32_t operator_id,
                          const baro_dataflow_fact *fact, char text[NUMBER_CHARS]) {
  static const char *const times[] = {"submitted_ns", "completed_ns"};
  uint64_t begin_ns = rows->of->path.begin_ns;
  for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
    uint64_t ns;
    if (baro_view_equal(fact->key, baro_view_of(times[i])) &&
        baro_dataflow_fact_number(rows->dataflow, operator_id, times[i], &ns) && ns >= begin_ns) {
      (void)snprintf(text, NUMBER_CHARS, "%" PRIu64, ns - begin_ns);
      return baro_view_of(text);
    }
  }
  return cut(fact->value);
}

static uint32_t write_facts(operator_rows *rows, baro_html_sections *sections) {
  const baro_dataflow *dataflow = rows->dataflow;
  uint32_t written = 0, all = 0;
  baro_html_begin(sections, "operator_facts", true);
  baro_html_column *id = baro_html_column_begin(sections, "operator", BARO_HTML_DIFFERENCE);
  baro_html_column *key = baro_html_column_begin(sections, "key", BARO_HTML_UNSIGNED);
  baro_html_column *value = baro_html_column_begin(sections, "value", BARO_HTML_UNSIGNED);
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    const baro_dataflow_operator *one = &dataflow->operators[o];
    all += one->fact_count;
    for (uint32_t f = 0; f < one->fact_count && rows->is_shown[o] != 0; f++) {
      if (written < BARO_HTML_FACTS) {
        const baro_dataflow_fact *fact = &dataflow->facts[one->first_fact + f];
        char number[NUMBER_CHARS];
        written++;
        baro_html_put(id, o);
        baro_html_put(key, text_of(rows, fact->key));
        baro_html_put(value, text_of(rows, value_of(rows, o, fact, number)));
      }
    }
  }
  baro_html_end(sections);
  return all - written;
}

/* An amount, and that it is known. */
static uint64_t known(bool is_known, uint64_t amount) {
  return !is_known ? 0 : amount < BARO_HTML_VALUE_MAX ? amount + 1 : BARO_HTML_VALUE_MAX;
}

static baro_status write_edges(operator_rows *rows, baro_html_sections *sections,
                               uint32_t *ret_left_out) {
  const baro_dataflow *dataflow = rows->dataflow;
  baro_arena scratch = {0};
  baro_edge_amount *amounts;
  baro_status status = baro_edge_amounts(rows->profile, &scratch, &amounts);
  uint32_t written = 0;
  baro_html_begin(sections, "operator_edges", true);
  baro_html_column *from = baro_html_column_begin(sections, "from", BARO_HTML_UNSIGNED);
  baro_html_column *to = baro_html_column_begin(sections, "to", BARO_HTML_DIFFERENCE);
  baro_html_column *kind = baro_html_column_begin(sections, "kind", BARO_HTML_BYTE);
  baro_html_column *bytes = baro_html_column_begin(sections, "bytes", BARO_HTML_UNSIGNED);
  baro_html_column *row_count = baro_html_column_begin(sections, "rows", BARO_HTML_UNSIGNED);
  for (uint32_t e = 0; e < dataflow->edge_count && status == BARO_OK; e++) {
    const baro_dataflow_edge *edge = &dataflow->edges[e];
    if (rows->is_shown[edge->from] != 0 && rows->is_shown[edge->to] != 0 &&
        written < BARO_HTML_EDGES) {
      written++;
      baro_html_put(from, edge->from);
      baro_html_put(to, edge->to);
      baro_html_put(kind, edge->kind);
      baro_html_put(bytes, known(amounts[e].has_bytes, amounts[e].bytes));
      baro_html_put(row_count, known(amounts[e].has_rows, amounts[e].rows));
    }
  }
  baro_html_end(sections);
  *ret_left_out = dataflow->edge_count - written;
  baro_arena_release(&scratch);
  return status;
}

static void write_texts(const operator_rows *rows, baro_html_sections *sections) {
  baro_html_begin(sections, "operator_texts", true);
  baro_html_column *text = baro_html_column_begin(sections, "text", BARO_HTML_STRING);
  for (uint32_t i = 0; i < rows->texts.count; i++) {
    baro_html_put_string(text, rows->texts.views[i]);
  }
  baro_html_end(sections);
}

baro_status baro_html_write_operators(baro_html_dataflow *dataflow, baro_html_sections *sections,
                                      baro_error *err) {
  if (dataflow->of == NULL) {
    return BARO_OK;
  }
  operator_rows rows = {.of = dataflow->of,
                        .profile = dataflow->of->profile,
                        .dataflow = &dataflow->of->profile->dataflow};
  rows.is_shown = calloc((size_t)rows.dataflow->operator_count + 1, 1);
  bool good = rows.is_shown != NULL;
  if (good) {
    dataflow->operators = choose(&rows);
    write_list(&rows, sections);
    write_times(&rows, sections);
    write_quartiles(&rows, sections);
    dataflow->facts_left_out = write_facts(&rows, sections);
    good = write_edges(&rows, sections, &dataflow->edges_left_out) == BARO_OK && !rows.failed;
    write_texts(&rows, sections);
  }
  baro_intern_release(&rows.texts);
  free(rows.is_shown);
  return good ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}
