/* Tasks on the page, slot by slot, and the critical path. Where there are too many tasks, those of a slot that follow each other
 * are one block: their time, what most of it went into and how many they are stay true, only where in the block each ran is not
 * told. */
#include <stdlib.h>

#include "show/html_dataflow.h"

enum {
  TASK_BYTES = 40, /* of a page that may be spent for one: with base64 they take 5 to 15 */
  IS_ON_PATH = 8,
  IS_BLOCK = 16,
  NO_RESOURCE = 255,
};

/* A task, or several one after another. */
typedef struct task_row {
  uint64_t start_ns;
  uint64_t end_ns;
  uint64_t busy_ns; /* sum of the tasks' lengths */
  uint64_t resource_ns[BARO_RESOURCES_MAX];
  uint32_t operator_id; /* BARO_NONE_ID: of several */
  uint32_t thread;
  uint32_t task; /* the first */
  uint32_t count;
  bool is_on_path;
  bool is_bad;
} task_row;

/* --- order and unit --- */

typedef struct task_order {
  uint64_t start_ns;
  uint64_t end_ns;
  uint32_t thread;
  uint32_t task;
} task_order;

static int compare_order(const void *left, const void *right) {
  const task_order *a = left, *b = right;
  if (a->thread != b->thread) {
    return a->thread < b->thread ? -1 : 1;
  }
  if (a->start_ns != b->start_ns) {
    return a->start_ns < b->start_ns ? -1 : 1;
  }
  if (a->end_ns != b->end_ns) {
    return a->end_ns < b->end_ns ? -1 : 1;
  }
  return a->task < b->task ? -1 : a->task > b->task;
}

static task_order *make_order(const baro_dataflow *dataflow) {
  task_order *order = malloc(((size_t)dataflow->task_count + 1) * sizeof(*order));
  for (uint32_t t = 0; order != NULL && t < dataflow->task_count; t++) {
    const baro_dataflow_task *task = &dataflow->tasks[t];
    order[t] = (task_order){task->start_ns, task->end_ns, task->thread, t};
  }
  if (order != NULL) {
    qsort(order, dataflow->task_count, sizeof(*order), compare_order);
  }
  return order;
}

/* Logs of milliseconds are told in milliseconds: exactly, and in two bytes instead of five. */
static uint64_t common_unit_ns(const baro_explanation *of) {
  const baro_dataflow *dataflow = &of->profile->dataflow;
  uint64_t unit_ns = 1000000;
  for (uint32_t t = 0; t < dataflow->task_count && unit_ns > 1; t++) {
    uint64_t start_ns = dataflow->tasks[t].start_ns - of->path.begin_ns;
    uint64_t end_ns = dataflow->tasks[t].end_ns - of->path.begin_ns;
    while (start_ns % unit_ns != 0 || end_ns % unit_ns != 0) {
      unit_ns /= 1000;
    }
  }
  for (uint32_t i = 0; i < of->path.step_count && unit_ns > 1; i++) {
    while ((of->path.steps[i].end_ns - of->path.begin_ns) % unit_ns != 0) {
      unit_ns /= 1000;
    }
  }
  return unit_ns;
}

/* --- blocks --- */

/* What may be put together. */
typedef struct block_rule {
  uint64_t step_ns; /* blocks are not longer; 0: none */
  bool mixes;       /* also tasks of several operators */
} block_rule;

static bool is_bad(const baro_dataflow_task *task) {
  return task->outcome == BARO_TASK_FAILED || task->outcome == BARO_TASK_KILLED;
}

/* Without what it went into. */
static task_row row_of(const baro_explanation *of, uint32_t t) {
  const baro_dataflow_task *task = &of->profile->dataflow.tasks[t];
  return (task_row){.start_ns = task->start_ns,
                    .end_ns = task->end_ns,
                    .busy_ns = baro_dataflow_task_ns(task),
                    .operator_id = task->operator_id,
                    .thread = task->thread,
                    .task = t,
                    .count = 1,
                    .is_on_path = of->path.on_ns[t] != 0,
                    .is_bad = is_bad(task)};
}

static bool fits(const task_row *block, const task_row *next, const block_rule *rule) {
  uint64_t end_ns = next->end_ns > block->end_ns ? next->end_ns : block->end_ns;
  return rule->step_ns != 0 && block->thread == next->thread &&
         end_ns - block->start_ns <= rule->step_ns &&
         (rule->mixes || (block->operator_id == next->operator_id &&
                          block->is_on_path == next->is_on_path && block->is_bad == next->is_bad));
}

static void join(task_row *block, const task_row *next) {
  block->end_ns = next->end_ns > block->end_ns ? next->end_ns : block->end_ns;
  block->busy_ns += next->busy_ns;
  block->count += next->count;
  block->is_on_path |= next->is_on_path;
  block->is_bad |= next->is_bad;
  if (block->operator_id != next->operator_id) {
    block->operator_id = BARO_NONE_ID;
  }
}

static uint32_t count_rows(const baro_explanation *of, const task_order *order,
                           const block_rule *rule) {
  uint32_t count = 0;
  task_row block = {0};
  for (uint32_t i = 0; i < of->profile->dataflow.task_count; i++) {
    task_row next = row_of(of, order[i].task);
    if (i > 0 && fits(&block, &next, rule)) {
      join(&block, &next);
    } else {
      block = next;
      count++;
    }
  }
  return count;
}

/* At first blocks that cannot be seen, then longer ones; whatever ran is put together only where nothing else helps. */
static block_rule choose_rule(const baro_explanation *of, const task_order *order, uint32_t limit) {
  enum { PIXELS = 4096, LONG = 64 };
  block_rule rule = {0};
  if (of->profile->dataflow.task_count <= limit) {
    return rule;
  }
  rule.step_ns = of->run_ns / PIXELS / 16 + 1;
  while (count_rows(of, order, &rule) > limit && rule.step_ns < of->run_ns) {
    rule.step_ns = rule.step_ns < of->run_ns / 2 ? rule.step_ns * 2 : of->run_ns;
    rule.mixes = rule.step_ns > of->run_ns / LONG;
  }
  return rule;
}

/* --- writing --- */

typedef struct task_columns {
  baro_html_column *gap;
  baro_html_column *length;
  baro_html_column *slack;
  baro_html_column *operator_id;
  baro_html_column *resource;
  baro_html_column *flags;
  baro_html_column *partition;
  baro_html_column *count;
  uint32_t partition_key; /* BARO_NONE_ID: there are none */
} task_columns;

static uint32_t most_of(const task_row *row) {
  uint32_t most = NO_RESOURCE;
  for (uint32_t r = 0; r < BARO_RESOURCES_MAX; r++) {
    if (row->resource_ns[r] > (most == NO_RESOURCE ? 0 : row->resource_ns[most])) {
      most = r;
    }
  }
  return most;
}

static void write_row(const baro_html_dataflow *dataflow, const task_row *row, uint64_t since_ns,
                      const task_columns *columns) {
  const baro_explanation *of = dataflow->of;
  uint64_t unit_ns = dataflow->time_unit_ns;
  uint64_t partition = 0;
  bool has_partition =
      columns->partition_key != BARO_NONE_ID && row->count == 1 &&
      baro_dataflow_amount(&of->profile->dataflow, row->task, columns->partition_key, &partition) &&
      partition < UINT32_MAX;
  baro_task_outcome outcome = (baro_task_outcome)of->profile->dataflow.tasks[row->task].outcome;
  baro_html_put_signed(columns->gap,
                       (int64_t)(row->start_ns / unit_ns) - (int64_t)(since_ns / unit_ns));
  baro_html_put(columns->length, (row->end_ns - row->start_ns) / unit_ns);
  baro_html_put_signed(columns->slack, (int64_t)((row->end_ns - row->start_ns) / unit_ns) -
                                           (int64_t)(row->busy_ns / unit_ns));
  baro_html_put(columns->operator_id,
                row->operator_id == BARO_NONE_ID ? 0 : (uint64_t)row->operator_id + 1);
  baro_html_put(columns->resource, most_of(row));
  baro_html_put(columns->flags,
                (uint64_t)(row->count > 1 ? (row->is_bad ? BARO_TASK_FAILED : BARO_TASK_SUCCEEDED)
                                          : outcome) |
                    (row->is_on_path ? IS_ON_PATH : 0) | (row->count > 1 ? IS_BLOCK : 0));
  baro_html_put(columns->partition, has_partition ? partition + 1 : 0);
  baro_html_put(columns->count, row->count);
}

static void add_resource(const baro_explanation *of, task_row *row, uint32_t task) {
  uint32_t resource = baro_task_resource(of, task);
  if (resource != BARO_NONE_ID) {
    row->resource_ns[resource] += baro_dataflow_task_ns(&of->profile->dataflow.tasks[task]);
  }
}

/* Rows of all slots, and how many each has. */
static void write_rows(baro_html_dataflow *dataflow, const task_order *order,
                       const block_rule *rule, const task_columns *columns, uint32_t *of_thread) {
  const baro_explanation *of = dataflow->of;
  uint32_t count = of->profile->dataflow.task_count;
  uint64_t since_ns = of->path.begin_ns;
  for (uint32_t i = 0; i < count;) {
    task_row block = row_of(of, order[i].task);
    add_resource(of, &block, order[i].task);
    for (i++; i < count; i++) {
      task_row next = row_of(of, order[i].task);
      if (!fits(&block, &next, rule)) {
        break;
      }
      join(&block, &next);
      add_resource(of, &block, order[i].task);
    }
    write_row(dataflow, &block, since_ns, columns);
    of_thread[block.thread]++;
    dataflow->tasks++;
    bool is_last = i == count || order[i].thread != block.thread;
    since_ns = is_last ? of->path.begin_ns : block.end_ns;
  }
}

static void write_slots(const baro_html_dataflow *dataflow, const uint32_t *of_thread,
                        baro_html_sections *sections) {
  baro_html_begin(sections, "task_slots", true);
  baro_html_column *thread = baro_html_column_begin(sections, "thread", BARO_HTML_DIFFERENCE);
  baro_html_column *count = baro_html_column_begin(sections, "count", BARO_HTML_UNSIGNED);
  for (uint32_t t = 0; t < dataflow->of->profile->thread_count; t++) {
    if (of_thread[t] != 0) {
      baro_html_put(thread, t);
      baro_html_put(count, of_thread[t]);
    }
  }
  baro_html_end(sections);
}

static void write_path(baro_html_dataflow *dataflow, baro_html_sections *sections) {
  const baro_critical_path *path = &dataflow->of->path;
  baro_html_begin(sections, "path", true);
  baro_html_column *kind = baro_html_column_begin(sections, "kind", BARO_HTML_BYTE);
  baro_html_column *operator_id = baro_html_column_begin(sections, "operator", BARO_HTML_UNSIGNED);
  baro_html_column *length = baro_html_column_begin(sections, "length", BARO_HTML_UNSIGNED);
  baro_html_column *count = baro_html_column_begin(sections, "tasks", BARO_HTML_UNSIGNED);
  bool merges = path->step_count > BARO_HTML_STEPS;
  dataflow->steps = 0;
  for (uint32_t i = 0; i < path->step_count;) {
    const baro_path_step *first = &path->steps[i];
    uint64_t tasks = first->kind == BARO_STEP_TASK;
    uint64_t end_ns = first->end_ns;
    for (i++; merges && i < path->step_count && path->steps[i].kind == first->kind &&
              path->steps[i].operator_id == first->operator_id;
         i++) {
      tasks += first->kind == BARO_STEP_TASK;
      end_ns = path->steps[i].end_ns;
    }
    dataflow->steps++;
    baro_html_put(kind, first->kind);
    baro_html_put(operator_id,
                  first->operator_id == BARO_NONE_ID ? 0 : (uint64_t)first->operator_id + 1);
    baro_html_put(length, (end_ns - first->start_ns) / dataflow->time_unit_ns);
    baro_html_put(count, tasks);
  }
  baro_html_end(sections);
}

baro_status baro_html_write_tasks(baro_html_dataflow *dataflow, uint64_t limit_bytes,
                                  baro_html_sections *sections, baro_error *err) {
  const baro_explanation *of = dataflow->of;
  if (of == NULL) {
    return BARO_OK;
  }
  uint64_t room = limit_bytes / TASK_BYTES;
  uint32_t limit = room < BARO_HTML_TASKS ? (uint32_t)room : BARO_HTML_TASKS;
  task_order *order = make_order(&of->profile->dataflow);
  uint32_t *of_thread = calloc((size_t)of->profile->thread_count + 1, sizeof(*of_thread));
  bool good = order != NULL && of_thread != NULL;
  dataflow->tasks = 0;
  dataflow->time_unit_ns = common_unit_ns(of);
  if (good) {
    block_rule rule = choose_rule(of, order, limit);
    baro_html_begin(sections, "tasks", true);
    const task_columns columns = {
        .gap = baro_html_column_begin(sections, "gap", BARO_HTML_ZIGZAG),
        .length = baro_html_column_begin(sections, "length", BARO_HTML_UNSIGNED),
        .slack = baro_html_column_begin(sections, "slack", BARO_HTML_ZIGZAG),
        .operator_id = baro_html_column_begin(sections, "operator", BARO_HTML_DIFFERENCE),
        .resource = baro_html_column_begin(sections, "resource", BARO_HTML_BYTE),
        .flags = baro_html_column_begin(sections, "flags", BARO_HTML_BYTE),
        .partition = baro_html_column_begin(sections, "partition", BARO_HTML_DIFFERENCE),
        .count = baro_html_column_begin(sections, "count", BARO_HTML_UNSIGNED),
        .partition_key = baro_dataflow_key(of->profile, "partition"),
    };
    write_rows(dataflow, order, &rule, &columns, of_thread);
    baro_html_end(sections);
    write_slots(dataflow, of_thread, sections);
    write_path(dataflow, sections);
  }
  free(order);
  free(of_thread);
  return good ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}
