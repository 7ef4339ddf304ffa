/* Operators and tasks: records as they come, facts and tasks in order when all have. Recordings without them get no further
 * than a NULL pointer. */
#include <stdlib.h>
#include <string.h>

#include "profile/build.h"

/* A fact as it came; the last one of a key counts. */
typedef struct raw_fact {
  uint32_t operator_id;
  uint32_t key;      /* of fact_keys */
  uint32_t sequence; /* in which it came */
  baro_view value;
} raw_fact;

struct baro_dataflow_build {
  baro_dataflow made; /* its arrays, until the profile takes them */
  uint32_t operator_capacity;
  uint32_t edge_capacity;
  uint32_t task_capacity;
  uint32_t amount_key_capacity;
  uint32_t amount_value_capacity;
  baro_intern fact_keys;
  baro_view *fact_key_copies; /* by id of fact_keys; the profile's arena has the bytes */
  uint32_t fact_key_capacity;
  raw_fact *facts;
  uint32_t fact_count;
  uint32_t fact_capacity;
  baro_intern amount_keys; /* text -> index into keys */
  baro_u32s keys;
  baro_u32s key_of_string; /* a recording's string -> 1 + index into keys; 0: not asked yet */
};

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

static uint32_t ours(uint32_t string) {
  return string + BARO_OWN_STRINGS;
}

static struct baro_dataflow_build *build_of(baro_profile_builder *builder) {
  if (builder->dataflow == NULL) {
    builder->dataflow = calloc(1, sizeof(*builder->dataflow));
  }
  return builder->dataflow;
}

/* --- records as they come; the reader has checked what they refer to --- */

static baro_status on_operator(void *context, uint32_t id, const baro_operator_record *record,
                               baro_error *err) {
  struct baro_dataflow_build *build = build_of(context);
  (void)id;
  if (build == NULL) {
    return no_memory(err);
  }
  void *items = build->made.operators;
  baro_status status = baro_table_grow(&items, &build->operator_capacity,
                                       build->made.operator_count, sizeof(*build->made.operators),
                                       BARO_DATAFLOW_OPERATORS_MAX, "operators", err);
  build->made.operators = items;
  if (status == BARO_OK) {
    build->made.operators[build->made.operator_count++] =
        (baro_dataflow_operator){.kind_string = ours(record->kind_string),
                                 .name_string = ours(record->name_string),
                                 .place_string = ours(record->place_string),
                                 .parent = record->parent_operator};
  }
  return status;
}

static baro_status on_operator_fact(void *context, const baro_operator_fact_record *record,
                                    baro_error *err) {
  baro_profile_builder *builder = context;
  struct baro_dataflow_build *build = builder->dataflow;
  raw_fact fact = {.operator_id = record->operator_id, .sequence = build->fact_count};
  bool is_new;
  if (baro_intern_put(&build->fact_keys, record->key, &fact.key, &is_new) != BARO_OK) {
    return no_memory(err);
  }
  void *items = build->fact_key_copies;
  baro_status status =
      baro_table_grow(&items, &build->fact_key_capacity, fact.key, sizeof(*build->fact_key_copies),
                      BARO_DATAFLOW_FACTS_MAX, "keys of operators' facts", err);
  build->fact_key_copies = items;
  if (status == BARO_OK && is_new) {
    status = baro_build_copy(builder, record->key, &build->fact_key_copies[fact.key], err);
  }
  items = build->facts;
  if (status == BARO_OK) {
    status =
        baro_table_grow(&items, &build->fact_capacity, build->fact_count, sizeof(*build->facts),
                        BARO_DATAFLOW_FACTS_MAX, "facts of operators", err);
    build->facts = items;
  }
  if (status == BARO_OK) {
    status = baro_build_copy(builder, record->value, &fact.value, err);
  }
  if (status == BARO_OK) {
    build->facts[build->fact_count++] = fact;
  }
  return status;
}

static baro_status on_operator_edge(void *context, const baro_operator_edge_record *record,
                                    baro_error *err) {
  struct baro_dataflow_build *build = ((baro_profile_builder *)context)->dataflow;
  void *items = build->made.edges;
  baro_status status =
      baro_table_grow(&items, &build->edge_capacity, build->made.edge_count,
                      sizeof(*build->made.edges), BARO_DATAFLOW_EDGES_MAX, "operators' edges", err);
  build->made.edges = items;
  if (status == BARO_OK) {
    build->made.edges[build->made.edge_count++] = (baro_dataflow_edge){
        .from = record->from_operator, .to = record->to_operator, .kind = record->kind};
  }
  return status;
}

/* The one string that stands for all of its text. Tasks name the same few: looked up by their number. */
static baro_status key_of(baro_profile_builder *builder, uint32_t string, uint32_t *ret_key) {
  struct baro_dataflow_build *build = builder->dataflow;
  while (build->key_of_string.count <= string) {
    if (baro_u32s_push(&build->key_of_string, 0) != BARO_OK) {
      return BARO_NO_MEMORY;
    }
  }
  uint32_t *known = &build->key_of_string.items[string];
  if (*known == 0) {
    uint32_t id;
    bool is_new;
    baro_status status =
        baro_intern_put(&build->amount_keys, builder->strings[ours(string)], &id, &is_new);
    if (status == BARO_OK && is_new) {
      status = baro_u32s_push(&build->keys, ours(string));
    }
    if (status != BARO_OK) {
      return status;
    }
    *known = id + 1;
  }
  *ret_key = build->keys.items[*known - 1];
  return BARO_OK;
}

static baro_status add_amount(baro_profile_builder *builder, const baro_task_amount *amount,
                              baro_error *err) {
  struct baro_dataflow_build *build = builder->dataflow;
  baro_dataflow *made = &build->made;
  uint32_t key = 0;
  void *keys = made->amount_key;
  void *values = made->amount_value;
  if (key_of(builder, amount->key_string, &key) != BARO_OK) {
    return no_memory(err);
  }
  baro_status status = baro_table_grow(&keys, &build->amount_key_capacity, made->amount_count,
                                       sizeof(*made->amount_key), BARO_DATAFLOW_AMOUNTS_MAX,
                                       "amounts of tasks", err);
  made->amount_key = keys;
  if (status == BARO_OK) {
    status = baro_table_grow(&values, &build->amount_value_capacity, made->amount_count,
                             sizeof(*made->amount_value), BARO_DATAFLOW_AMOUNTS_MAX,
                             "amounts of tasks", err);
    made->amount_value = values;
  }
  if (status == BARO_OK) {
    made->amount_key[made->amount_count] = key;
    made->amount_value[made->amount_count++] = amount->value;
  }
  return status;
}

static baro_status on_task(void *context, const baro_task_record *record, baro_error *err) {
  baro_profile_builder *builder = context;
  struct baro_dataflow_build *build = builder->dataflow;
  baro_dataflow_task task = {.start_ns = record->start_ns,
                             .end_ns = record->end_ns,
                             .operator_id = record->operator_id,
                             .thread = record->thread,
                             .first_amount = build->made.amount_count,
                             .amount_count = (uint16_t)record->amount_count,
                             .outcome = (uint8_t)record->outcome};
  void *items = build->made.tasks;
  baro_status status =
      baro_table_grow(&items, &build->task_capacity, build->made.task_count,
                      sizeof(*build->made.tasks), BARO_DATAFLOW_TASKS_MAX, "tasks", err);
  build->made.tasks = items;
  for (uint32_t i = 0; i < record->amount_count && status == BARO_OK; i++) {
    status = add_amount(builder, &record->amounts[i], err);
  }
  if (status == BARO_OK) {
    build->made.tasks[build->made.task_count++] = task;
    build->made.operators[task.operator_id].task_count++;
  }
  return status;
}

void baro_build_dataflow_visit(baro_profile_builder *builder) {
  builder->visitor.operator= on_operator;
  builder->visitor.operator_fact = on_operator_fact;
  builder->visitor.operator_edge = on_operator_edge;
  builder->visitor.task = on_task;
}

void baro_dataflow_release(baro_dataflow *dataflow) {
  free(dataflow->operators);
  free(dataflow->order);
  free(dataflow->edges);
  free(dataflow->facts);
  free(dataflow->tasks);
  free(dataflow->state_ns);
  free(dataflow->amount_key);
  free(dataflow->amount_value);
  free(dataflow->keys);
}

void baro_build_dataflow_release(baro_profile_builder *builder) {
  struct baro_dataflow_build *build = builder->dataflow;
  if (build == NULL) {
    return;
  }
  baro_dataflow_release(&build->made);
  baro_intern_release(&build->fact_keys);
  free(build->fact_key_copies);
  free(build->facts);
  baro_intern_release(&build->amount_keys);
  free(build->keys.items);
  free(build->key_of_string.items);
  free(build);
}

/* --- facts --- */

static int compare_facts(const void *left, const void *right) {
  const raw_fact *a = left;
  const raw_fact *b = right;
  if (a->operator_id != b->operator_id) {
    return a->operator_id < b->operator_id ? -1 : 1;
  }
  if (a->key != b->key) {
    return a->key < b->key ? -1 : 1;
  }
  return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static baro_status order_facts(struct baro_dataflow_build *build) {
  baro_dataflow *made = &build->made;
  made->facts = malloc(((size_t)build->fact_count + 1) * sizeof(*made->facts));
  if (made->facts == NULL) {
    return BARO_NO_MEMORY;
  }
  if (build->fact_count > 1) {
    qsort(build->facts, build->fact_count, sizeof(*build->facts), compare_facts);
  }
  uint32_t f = 0;
  for (uint32_t o = 0; o < made->operator_count; o++) {
    baro_dataflow_operator *row = &made->operators[o];
    row->first_fact = made->fact_count;
    for (; f < build->fact_count && build->facts[f].operator_id == o; f++) {
      const raw_fact *fact = &build->facts[f];
      bool is_last =
          f + 1 == build->fact_count || fact[1].operator_id != o || fact[1].key != fact->key;
      if (is_last && row->fact_count < BARO_DATAFLOW_OPERATOR_FACTS_MAX) {
        made->facts[made->fact_count++] =
            (baro_dataflow_fact){.key = build->fact_key_copies[fact->key], .value = fact->value};
        row->fact_count++;
      }
    }
  }
  return BARO_OK;
}

/* --- tasks --- */

static int compare_tasks(const void *left, const void *right) {
  const baro_dataflow_task *a = left;
  const baro_dataflow_task *b = right;
  if (a->operator_id != b->operator_id) {
    return a->operator_id < b->operator_id ? -1 : 1;
  }
  if (a->start_ns != b->start_ns) {
    return a->start_ns < b->start_ns ? -1 : 1;
  }
  if (a->end_ns != b->end_ns) {
    return a->end_ns < b->end_ns ? -1 : 1;
  }
  if (a->thread != b->thread) {
    return a->thread < b->thread ? -1 : 1;
  }
  return a->first_amount < b->first_amount ? -1 : a->first_amount > b->first_amount;
}

static void order_tasks(baro_dataflow *made, const uint32_t *thread_position) {
  if (made->task_count > 1) {
    qsort(made->tasks, made->task_count, sizeof(*made->tasks), compare_tasks);
  }
  for (uint32_t t = 0; t < made->task_count; t++) {
    made->tasks[t].thread = thread_position[made->tasks[t].thread];
  }
  uint32_t first = 0;
  for (uint32_t o = 0; o < made->operator_count; o++) {
    made->operators[o].first_task = first;
    first += made->operators[o].task_count;
  }
}

baro_status baro_build_dataflow(baro_profile_builder *builder) {
  struct baro_dataflow_build *build = builder->dataflow;
  if (build == NULL) {
    return BARO_OK;
  }
  baro_dataflow *made = &build->made;
  made->keys = build->keys.items;
  made->key_count = build->keys.count;
  build->keys = (baro_u32s){0};
  baro_status status = order_facts(build);
  if (status == BARO_OK) {
    status = baro_order_operators(made);
  }
  if (status == BARO_OK) {
    order_tasks(made, builder->thread_position);
    status = baro_build_task_states(builder->profile, made);
  }
  if (status == BARO_OK) {
    builder->profile->dataflow = *made;
    *made = (baro_dataflow){0};
  }
  return status;
}
