#include "explain/quartiles.h"

#include <stdlib.h>

#include "explain/finding_kinds.h"
#include "explain/operator_times.h"

static const char *const quantity_keys[] = {
#define X(name, key, words) key,
    BARO_QUANTITY_LIST(X)
#undef X
};

static const char *const quantity_words[] = {
#define X(name, key, words) words,
    BARO_QUANTITY_LIST(X)
#undef X
};

const char *baro_quantity_key(baro_quantity quantity) {
  return quantity_keys[quantity];
}

const char *baro_quantity_words(baro_quantity quantity) {
  return quantity_words[quantity];
}

enum { KEYS_MAX = 5 };

/* Amounts of tasks that a quantity is the sum of, by whatever framework; those of the shuffle come first. */
static const struct {
  const char *keys[KEYS_MAX];
  unsigned shuffle_count; /* so many of them are between operators */
} amounts[BARO_QUANTITY_COUNT] = {
    [BARO_QUANTITY_READ] = {{"shuffle_remote_read_bytes", "shuffle_local_read_bytes", "read_bytes",
                             "input_bytes"},
                            3},
    [BARO_QUANTITY_READ_ROWS] = {{"shuffle_read_rows", "read_rows", "input_rows"}, 2},
    [BARO_QUANTITY_WRITTEN] = {{"shuffle_written_bytes", "written_bytes", "output_bytes"}, 2},
    [BARO_QUANTITY_WRITTEN_ROWS] = {{"shuffle_written_rows", "written_rows", "output_rows"}, 2},
    [BARO_QUANTITY_SPILLED] = {{"disk_spilled_bytes"}, 0},
    [BARO_QUANTITY_COLLECTOR] = {{"gc_ns"}, 0},
};

/* Those that this recording has. */
static uint32_t find_keys(const baro_profile *profile, int quantity, bool of_shuffle,
                          uint32_t ret_keys[KEYS_MAX]) {
  unsigned limit = of_shuffle ? amounts[quantity].shuffle_count : KEYS_MAX;
  uint32_t count = 0;
  for (unsigned i = 0; i < limit && amounts[quantity].keys[i] != NULL; i++) {
    uint32_t key = baro_dataflow_key(profile, amounts[quantity].keys[i]);
    if (key != BARO_NONE_ID) {
      ret_keys[count++] = key;
    }
  }
  return count;
}

static bool tells(const baro_dataflow *dataflow, uint32_t task, const uint32_t *keys,
                  uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    uint64_t value;
    if (baro_dataflow_amount(dataflow, task, keys[i], &value)) {
      return true;
    }
  }
  return false;
}

/* Values of all tasks of the operator; one that tells nothing had none of it. */
static bool read_values(const baro_explanation *all, const baro_operator_time *row, int quantity,
                        uint64_t *ret_values) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  uint32_t first = dataflow->operators[row->operator_id].first_task;
  uint32_t keys[KEYS_MAX];
  uint32_t count = find_keys(all->profile, quantity, false, keys);
  bool is_told = quantity == BARO_QUANTITY_DURATION;
  for (uint32_t i = 0; i < row->task_count; i++) {
    if (quantity == BARO_QUANTITY_DURATION) {
      ret_values[i] = baro_dataflow_task_ns(&dataflow->tasks[first + i]);
    } else {
      ret_values[i] = baro_amounts_of(dataflow, first + i, keys, count);
      is_told = is_told || tells(dataflow, first + i, keys, count);
    }
  }
  return is_told;
}

baro_status baro_quartiles_of(const baro_explanation *all, const baro_operator_time *row,
                              baro_quartiles ret[BARO_QUANTITY_COUNT]) {
  uint64_t *values = malloc(((size_t)row->task_count + 1) * sizeof(*values));
  if (values == NULL) {
    return BARO_NO_MEMORY;
  }
  for (int q = 0; q < BARO_QUANTITY_COUNT; q++) {
    ret[q] = (baro_quartiles){0};
    if (row->task_count == 0 || !read_values(all, row, q, values)) {
      continue;
    }
    ret[q].is_told = true;
    for (uint32_t i = 0; i < row->task_count; i++) {
      baro_add_ns(&ret[q].sum, values[i]);
    }
    (void)baro_median_of(values, row->task_count); /* puts them in order */
    for (uint64_t i = 0; i < BARO_QUARTILES; i++) {
      ret[q].at[i] = values[i * (row->task_count - 1) / (BARO_QUARTILES - 1)];
    }
  }
  free(values);
  return BARO_OK;
}

double baro_skew_of(const baro_operator_time *row) {
  return row->task_count < 2 || row->median_ns == 0
             ? 0
             : (double)row->longest_ns / (double)row->median_ns;
}

/* --- edges --- */

/* Quantities that go along edges: bytes and rows read, and written. */
enum { EXCHANGED = BARO_QUANTITY_WRITTEN_ROWS - BARO_QUANTITY_READ + 1 };

/* What an operator took from others and gave to them, and by how many edges. */
typedef struct exchange {
  uint32_t incoming;
  uint32_t outgoing;
  bool has[EXCHANGED]; /* by quantity - BARO_QUANTITY_READ */
  uint64_t sum[EXCHANGED];
} exchange;

static void add_tasks(const baro_profile *profile, const uint32_t keys[EXCHANGED][KEYS_MAX],
                      const uint32_t counts[EXCHANGED], exchange *exchanges) {
  const baro_dataflow *dataflow = &profile->dataflow;
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    exchange *one = &exchanges[dataflow->tasks[t].operator_id];
    for (int q = 0; q < EXCHANGED; q++) {
      if (tells(dataflow, t, keys[q], counts[q])) {
        one->has[q] = true;
        baro_add_ns(&one->sum[q], baro_amounts_of(dataflow, t, keys[q], counts[q]));
      }
    }
  }
}

/* Facts of a node of a plan, the best first. */
static bool first_fact(const baro_dataflow *dataflow, uint32_t of, const char *const *keys,
                       size_t count, uint64_t *ret_value) {
  for (size_t i = 0; i < count; i++) {
    if (baro_dataflow_fact_number(dataflow, of, keys[i], ret_value)) {
      return true;
    }
  }
  return false;
}

static baro_edge_amount amount_of_node(const baro_dataflow *dataflow, uint32_t from) {
  static const char *const bytes[] = {"shuffle_bytes_written_bytes", "data_size_bytes",
                                      "partition_data_size_bytes"};
  static const char *const rows[] = {"output_rows", "shuffle_records_written"};
  baro_edge_amount amount = {0};
  amount.has_bytes = first_fact(dataflow, from, bytes, 3, &amount.bytes);
  amount.has_rows = first_fact(dataflow, from, rows, 2, &amount.rows);
  return amount;
}

static bool pick(const exchange *from, const exchange *to, int read, uint64_t *ret_value) {
  int written = read + BARO_QUANTITY_WRITTEN - BARO_QUANTITY_READ;
  if (to->incoming == 1 && to->has[read]) {
    *ret_value = to->sum[read];
    return true;
  }
  if (from->outgoing == 1 && from->has[written]) {
    *ret_value = from->sum[written];
    return true;
  }
  return false;
}

baro_status baro_edge_amounts(const baro_profile *profile, baro_arena *keep,
                              baro_edge_amount **ret_amounts) {
  const baro_dataflow *dataflow = &profile->dataflow;
  uint32_t keys[EXCHANGED][KEYS_MAX];
  uint32_t counts[EXCHANGED];
  exchange *exchanges = calloc((size_t)dataflow->operator_count + 1, sizeof(*exchanges));
  *ret_amounts = baro_arena_array(keep, dataflow->edge_count, sizeof(**ret_amounts));
  if (exchanges == NULL || *ret_amounts == NULL) {
    free(exchanges);
    return BARO_NO_MEMORY;
  }
  for (int q = 0; q < EXCHANGED; q++) {
    counts[q] = find_keys(profile, BARO_QUANTITY_READ + q, true, keys[q]);
  }
  add_tasks(profile, keys, counts, exchanges);
  for (uint32_t e = 0; e < dataflow->edge_count; e++) {
    if (dataflow->edges[e].kind == BARO_OPERATOR_EDGE_DATA) {
      exchanges[dataflow->edges[e].from].outgoing++;
      exchanges[dataflow->edges[e].to].incoming++;
    }
  }
  for (uint32_t e = 0; e < dataflow->edge_count; e++) {
    const baro_dataflow_edge *edge = &dataflow->edges[e];
    baro_edge_amount *amount = &(*ret_amounts)[e];
    *amount = (baro_edge_amount){0};
    if (edge->kind != BARO_OPERATOR_EDGE_DATA) {
      continue;
    }
    if (dataflow->operators[edge->from].task_count == 0) {
      *amount = amount_of_node(dataflow, edge->from);
      continue;
    }
    const exchange *from = &exchanges[edge->from];
    const exchange *to = &exchanges[edge->to];
    amount->has_bytes = pick(from, to, 0, &amount->bytes);
    amount->has_rows = pick(from, to, 1, &amount->rows);
  }
  free(exchanges);
  return BARO_OK;
}
