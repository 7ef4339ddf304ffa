#include "explain/run_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

static const char *const match_keys[] = {
#define X(name, key, words) [BARO_MATCH_##name] = key,
    BARO_MATCH_LIST(X)
#undef X
};
static const char *const match_words[] = {
#define X(name, key, words) [BARO_MATCH_##name] = words,
    BARO_MATCH_LIST(X)
#undef X
};

const char *baro_match_key(baro_match match) {
  return match_keys[match];
}

const char *baro_match_words(baro_match match) {
  return match_words[match];
}

/* Of an operator's tasks. */
typedef struct operator_sums {
  bool is_told[BARO_QUANTITY_COUNT];
  uint64_t amount[BARO_QUANTITY_COUNT];
} operator_sums;

/* While operators are matched. */
typedef struct matching {
  baro_run_diff *diff;
  baro_intern keys;   /* of all ways, over both runs */
  baro_arena scratch; /* what dies with it */
  baro_buffer text;
  uint32_t *key_of[BARO_DIFF_SIDES][BARO_MATCH_COUNT]; /* by operator: id of its key */
  uint32_t *rows[BARO_DIFF_SIDES];                     /* of the explanation, by start */
  operator_sums *sums[BARO_DIFF_SIDES];                /* by row */
  uint32_t *partner;                                   /* by row before: row after */
  bool *is_taken;                                      /* by row after */
} matching;

/* --- what an operator is known by --- */

static baro_status find_sums(matching *m, int side) {
  const baro_explanation *of = m->diff->sides[side];
  baro_quartiles all[BARO_QUANTITY_COUNT];
  m->sums[side] =
      baro_arena_array(&m->scratch, (size_t)of->operator_count + 1, sizeof(operator_sums));
  baro_status status = m->sums[side] == NULL ? BARO_NO_MEMORY : BARO_OK;
  for (uint32_t i = 0; i < of->operator_count && status == BARO_OK; i++) {
    status = baro_quartiles_of(of, &of->operators[i], all);
    for (int q = 0; q < BARO_QUANTITY_COUNT && status == BARO_OK; q++) {
      m->sums[side][i].is_told[q] = all[q].is_told;
      m->sums[side][i].amount[q] = all[q].sum;
    }
  }
  return status;
}

/* "stage 4: collect" -> "stage : collect": a Spark's numbers are no name. */
static void put_name(baro_view kind, baro_view name, baro_buffer *out) {
  size_t at = 0;
  bool is_numbered = kind.length > 6 && memcmp(kind.data, "spark.", 6) == 0;
  while (is_numbered && at < name.length && name.data[at] != ' ') {
    at++;
  }
  size_t from = at < name.length ? at + 1 : at;
  size_t to = from;
  while (is_numbered && to < name.length && name.data[to] >= '0' && name.data[to] <= '9') {
    to++;
  }
  baro_write_bytes(out, name.data, from);
  baro_write_bytes(out, name.data + to, name.length - to);
}

static baro_status put_key(matching *m, uint32_t *ret_id) {
  baro_status status =
      m->text.failed
          ? BARO_NO_MEMORY
          : baro_intern_put(&m->keys, (baro_view){m->text.data, m->text.length}, ret_id, NULL);
  baro_buffer_clear(&m->text);
  return status;
}

/* Begins with the way, so that keys of two ways are never one. */
static void begin_key(matching *m, baro_match way, const baro_profile *profile,
                      const baro_dataflow_operator *one) {
  baro_view kind = baro_profile_string(profile, one->kind_string);
  baro_write_u8(&m->text, (uint8_t)way);
  baro_write_bytes(&m->text, kind.data, kind.length + 1); /* and its NUL */
  put_name(kind, baro_profile_string(profile, one->name_string), &m->text);
  baro_write_u8(&m->text, 0);
}

static void put_view(matching *m, baro_view text) {
  baro_write_bytes(&m->text, text.data, text.length);
  baro_write_u8(&m->text, 0);
}

/* Rows are the same whatever packs them; where none are told, bytes. Without either an operator is like no other. */
static void put_data(matching *m, int side, uint32_t operator_id) {
  static const baro_quantity ways[2][2] = {{BARO_QUANTITY_READ_ROWS, BARO_QUANTITY_WRITTEN_ROWS},
                                           {BARO_QUANTITY_READ, BARO_QUANTITY_WRITTEN}};
  uint32_t row = m->diff->sides[side]->operator_row[operator_id];
  const operator_sums *sums = row == BARO_NONE_ID ? NULL : &m->sums[side][row];
  for (int way = 0; way < 2 && sums != NULL; way++) {
    uint64_t first = sums->amount[ways[way][0]], second = sums->amount[ways[way][1]];
    if (first > 0 || second > 0) {
      baro_write_u64(&m->text, first);
      baro_write_u64(&m->text, second);
      return;
    }
  }
  baro_write_u8(&m->text, (uint8_t)side);
  baro_write_u32(&m->text, operator_id);
}

static void put_rest(matching *m, int side, baro_match way, uint32_t operator_id) {
  const baro_profile *profile = m->diff->sides[side]->profile;
  const baro_dataflow_operator *one = &profile->dataflow.operators[operator_id];
  baro_view scope = {0};
  if (way >= BARO_MATCH_PLACE) {
    put_view(m, baro_profile_string(profile, one->place_string));
  }
  if (way == BARO_MATCH_SCOPES || way == BARO_MATCH_DATA) {
    (void)baro_dataflow_fact_text(&profile->dataflow, operator_id, "scope", &scope);
    put_view(m, scope);
  }
  /* What it is a part of, by the sums of no task: of what has none the data would tell nothing. */
  if (one->parent != BARO_NONE_ID && (way == BARO_MATCH_PARENTS || way == BARO_MATCH_SCOPES)) {
    baro_write_u32(&m->text, m->key_of[side][way][one->parent]);
  } else if (one->parent != BARO_NONE_ID && way == BARO_MATCH_DATA) {
    baro_write_u32(&m->text, m->key_of[side][BARO_MATCH_SCOPES][one->parent]);
  }
  if (way == BARO_MATCH_DATA || way == BARO_MATCH_PLACE_DATA) {
    put_data(m, side, operator_id);
  }
}

static baro_status find_keys(matching *m, int side) {
  const baro_profile *profile = m->diff->sides[side]->profile;
  const baro_dataflow *dataflow = &profile->dataflow;
  baro_status status = BARO_OK;
  for (int way = BARO_MATCH_NAME; way < BARO_MATCH_COUNT && status == BARO_OK; way++) {
    m->key_of[side][way] =
        baro_arena_array(&m->scratch, (size_t)dataflow->operator_count + 1, sizeof(uint32_t));
    if (m->key_of[side][way] == NULL) {
      return BARO_NO_MEMORY;
    }
    for (uint32_t o = 0; o < dataflow->operator_count && status == BARO_OK; o++) {
      begin_key(m, (baro_match)way, profile, &dataflow->operators[o]);
      put_rest(m, side, (baro_match)way, o);
      status = put_key(m, &m->key_of[side][way][o]);
    }
  }
  return status;
}

/* --- which is which --- */

/* qsort has no context: what is sorted brings what it is sorted by. */
typedef struct started {
  uint64_t start_ns;
  uint32_t operator_id;
  uint32_t row;
} started;

static int compare_started(const void *left, const void *right) {
  const started *a = left, *b = right;
  if (a->start_ns != b->start_ns) {
    return a->start_ns < b->start_ns ? -1 : 1;
  }
  return a->operator_id < b->operator_id ? -1 : a->operator_id > b->operator_id;
}

static baro_status order_rows(matching *m, int side) {
  const baro_explanation *of = m->diff->sides[side];
  size_t count = of->operator_count;
  started *all = baro_arena_array(&m->scratch, count + 1, sizeof(*all));
  m->rows[side] = baro_arena_array(&m->scratch, count + 1, sizeof(uint32_t));
  if (all == NULL || m->rows[side] == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t i = 0; i < count; i++) {
    all[i] = (started){of->operators[i].start_ns, of->operators[i].operator_id, i};
  }
  qsort(all, count, sizeof(*all), compare_started);
  for (size_t i = 0; i < count; i++) {
    m->rows[side][i] = all[i].row;
  }
  return BARO_OK;
}

static uint32_t key_of_row(const matching *m, int side, baro_match way, uint32_t row) {
  return m->key_of[side][way][m->diff->sides[side]->operators[row].operator_id];
}

/* First with first, second with second, of all that are left and have one key. */
static baro_status match_by(matching *m, baro_match way, baro_match *ret_matches) {
  uint32_t before = m->diff->sides[BARO_BEFORE]->operator_count;
  uint32_t after = m->diff->sides[BARO_AFTER]->operator_count;
  uint32_t *first =
      baro_arena_array(&m->scratch, (size_t)m->keys.count + 1, sizeof(uint32_t)); /* row + 1 */
  uint32_t *next = baro_arena_array(&m->scratch, (size_t)after + 1, sizeof(uint32_t));
  if (first == NULL || next == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t i = after; i-- > 0;) {
    uint32_t row = m->rows[BARO_AFTER][i];
    if (!m->is_taken[row]) {
      uint32_t key = key_of_row(m, BARO_AFTER, way, row);
      next[row] = first[key];
      first[key] = row + 1;
    }
  }
  for (uint32_t i = 0; i < before; i++) {
    uint32_t row = m->rows[BARO_BEFORE][i];
    uint32_t key = key_of_row(m, BARO_BEFORE, way, row);
    if (m->partner[row] == BARO_NONE_ID && first[key] != 0) {
      uint32_t other = first[key] - 1;
      first[key] = next[other];
      m->partner[row] = other;
      m->is_taken[other] = true;
      ret_matches[row] = way;
    }
  }
  return BARO_OK;
}

/* --- amounts --- */

static void add_sums(const matching *m, baro_operator_diff *row) {
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    if (row->row[side] != NULL) {
      size_t at = (size_t)(row->row[side] - m->diff->sides[side]->operators);
      memcpy(row->is_told[side], m->sums[side][at].is_told, sizeof(row->is_told[side]));
      memcpy(row->amount[side], m->sums[side][at].amount, sizeof(row->amount[side]));
    }
  }
}

uint64_t baro_operator_path_ns(const baro_operator_diff *diff, int side) {
  return diff->row[side] == NULL ? 0 : diff->row[side]->path_ns;
}

uint64_t baro_operator_task_ns(const baro_operator_diff *diff, int side) {
  return diff->row[side] == NULL ? 0 : diff->row[side]->task_ns;
}

static uint64_t distance(uint64_t a, uint64_t b) {
  return a > b ? a - b : b - a;
}

static uint64_t path_change(const baro_operator_diff *row) {
  return distance(baro_operator_path_ns(row, BARO_BEFORE), baro_operator_path_ns(row, BARO_AFTER));
}

static uint64_t task_change(const baro_operator_diff *row) {
  return distance(baro_operator_task_ns(row, BARO_BEFORE), baro_operator_task_ns(row, BARO_AFTER));
}

static int compare_operators(const void *left, const void *right) {
  const baro_operator_diff *a = left, *b = right;
  uint64_t first = path_change(a), second = path_change(b);
  if (first == second) {
    first = task_change(a);
    second = task_change(b);
  }
  if (first != second) {
    return first > second ? -1 : 1;
  }
  /* Pairs before what has none; then as the explanations order them. */
  for (int side = BARO_DIFF_SIDES - 1; side >= 0; side--) {
    if ((a->row[side] == NULL) != (b->row[side] == NULL)) {
      return a->row[side] == NULL ? 1 : -1;
    }
    if (a->row[side] != b->row[side]) {
      return a->row[side] < b->row[side] ? -1 : 1;
    }
  }
  return 0;
}

static baro_status put_operators(matching *m, const baro_match *matches) {
  baro_run_diff *diff = m->diff;
  const baro_explanation *before = diff->sides[BARO_BEFORE], *after = diff->sides[BARO_AFTER];
  size_t most = (size_t)before->operator_count + after->operator_count;
  diff->operators = baro_arena_array(&diff->arena, most + 1, sizeof(*diff->operators));
  if (diff->operators == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t i = 0; i < before->operator_count; i++) {
    uint32_t other = m->partner[i];
    diff->operators[diff->operator_count++] = (baro_operator_diff){
        .row = {&before->operators[i], other == BARO_NONE_ID ? NULL : &after->operators[other]},
        .match = matches[i]};
  }
  for (uint32_t i = 0; i < after->operator_count; i++) {
    if (!m->is_taken[i]) {
      diff->operators[diff->operator_count++] =
          (baro_operator_diff){.row = {NULL, &after->operators[i]}};
    }
  }
  for (uint32_t i = 0; i < diff->operator_count; i++) {
    add_sums(m, &diff->operators[i]);
  }
  qsort(diff->operators, diff->operator_count, sizeof(*diff->operators), compare_operators);
  return BARO_OK;
}

static baro_status match_operators(matching *m) {
  size_t before = m->diff->sides[BARO_BEFORE]->operator_count;
  size_t after = m->diff->sides[BARO_AFTER]->operator_count;
  baro_status status = BARO_OK;
  for (int side = 0; side < BARO_DIFF_SIDES && status == BARO_OK; side++) {
    status = find_sums(m, side);
    if (status == BARO_OK) {
      status = find_keys(m, side);
    }
    if (status == BARO_OK) {
      status = order_rows(m, side);
    }
  }
  m->partner = baro_arena_array(&m->scratch, before + 1, sizeof(uint32_t));
  m->is_taken = baro_arena_array(&m->scratch, after + 1, sizeof(bool));
  baro_match *matches = baro_arena_array(&m->scratch, before + 1, sizeof(*matches));
  if (status != BARO_OK || m->partner == NULL || m->is_taken == NULL || matches == NULL) {
    return BARO_NO_MEMORY;
  }
  memset(m->partner, 0xff, (before + 1) * sizeof(uint32_t)); /* BARO_NONE_ID */
  for (int way = BARO_MATCH_COUNT - 1; way > BARO_MATCH_NONE && status == BARO_OK; way--) {
    status = match_by(m, (baro_match)way, matches);
  }
  return status == BARO_OK ? put_operators(m, matches) : status;
}

/* --- resources --- */

static void add_resource(baro_resource_diff *rows, uint32_t *count, int side,
                         const baro_resource_time *resource, const baro_time_part *part) {
  uint32_t at = 0;
  while (at < *count && strcmp(rows[at].key, resource->key) != 0) {
    at++;
  }
  if (at == *count) {
    rows[(*count)++] = (baro_resource_diff){.key = resource->key,
                                            .words = resource->words,
                                            .evidence = {part->evidence, part->evidence}};
  }
  rows[at].evidence[side] = part->evidence;
  rows[at].path_ns[side] += part->path_ns;
  rows[at].task_ns[side] += part->task_ns;
}

static int compare_changes(uint64_t first, uint64_t second, const char *a, const char *b) {
  return first == second ? strcmp(a, b) : first > second ? -1 : 1;
}

static int compare_paths(const void *left, const void *right) {
  const baro_resource_diff *a = left, *b = right;
  return compare_changes(distance(a->path_ns[0], a->path_ns[1]),
                         distance(b->path_ns[0], b->path_ns[1]), a->key, b->key);
}

static int compare_tasks(const void *left, const void *right) {
  const baro_resource_diff *a = left, *b = right;
  return compare_changes(distance(a->task_ns[0], a->task_ns[1]),
                         distance(b->task_ns[0], b->task_ns[1]), a->key, b->key);
}

static void add_resources(baro_run_diff *diff) {
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    const baro_explanation *of = diff->sides[side];
    for (uint32_t r = 0; r < of->resource_count; r++) {
      const baro_resource_time *row = &of->resources[r];
      const baro_time_part part = {r, row->evidence, row->task_ns, row->path_ns};
      add_resource(diff->resources, &diff->resource_count, side, row, &part);
    }
  }
  qsort(diff->resources, diff->resource_count, sizeof(*diff->resources), compare_paths);
}

uint32_t baro_operator_resource_diffs(const baro_run_diff *diff, const baro_operator_diff *row,
                                      baro_resource_diff ret[BARO_DIFF_RESOURCES_MAX]) {
  uint32_t count = 0;
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    const baro_explanation *of = diff->sides[side];
    baro_time_part parts[BARO_TIME_PARTS_MAX];
    uint32_t part_count =
        row->row[side] == NULL ? 0 : baro_operator_parts(of, row->row[side], parts);
    for (uint32_t i = 0; i < part_count; i++) {
      add_resource(ret, &count, side, &of->resources[parts[i].resource], &parts[i]);
    }
  }
  qsort(ret, count, sizeof(*ret), path_change(row) != 0 ? compare_paths : compare_tasks);
  return count;
}

/* --- settings --- */

/* The first operator that is no part of another: the application, the job, the run. */
static uint32_t root_of(const baro_dataflow *dataflow) {
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    if (dataflow->operators[o].parent == BARO_NONE_ID) {
      return o;
    }
  }
  return BARO_NONE_ID;
}

/* When something was, and numbers of this run alone, are no settings. */
static bool is_setting(baro_view key) {
  static const char *const ends[] = {"_ns", "_id", "spark.app.name"};
  for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
    size_t length = strlen(ends[i]);
    if (key.length >= length && memcmp(key.data + key.length - length, ends[i], length) == 0) {
      return false;
    }
  }
  return true;
}

static void add_settings(baro_run_diff *diff, int side) {
  const baro_dataflow *mine = &diff->sides[side]->profile->dataflow;
  const baro_dataflow *other = &diff->sides[1 - side]->profile->dataflow;
  uint32_t root = root_of(mine), other_root = root_of(other);
  if (root == BARO_NONE_ID || other_root == BARO_NONE_ID) {
    return;
  }
  const baro_dataflow_operator *one = &mine->operators[root];
  for (uint32_t f = one->first_fact; f < one->first_fact + one->fact_count; f++) {
    const baro_dataflow_fact *fact = &mine->facts[f];
    baro_view value = {0};
    bool is_there =
        baro_dataflow_fact_text(other, other_root, (const char *)fact->key.data, &value);
    /* What both have is told once, in the order of the run before. */
    if (!is_setting(fact->key) || (is_there && side == BARO_AFTER) ||
        (is_there && baro_view_equal(value, fact->value)) ||
        diff->setting_count == BARO_DIFF_SETTINGS_MAX) {
      continue;
    }
    baro_setting_diff *row = &diff->settings[diff->setting_count++];
    row->key = fact->key;
    row->value[side] = fact->value;
    row->value[1 - side] = value;
  }
}

baro_status baro_run_diff_make(const baro_explanation *const sides[BARO_DIFF_SIDES],
                               baro_run_diff *ret) {
  *ret = (baro_run_diff){.sides = {sides[BARO_BEFORE], sides[BARO_AFTER]}};
  matching m = {.diff = ret};
  baro_status status = match_operators(&m);
  if (status == BARO_OK) {
    add_resources(ret);
    add_settings(ret, BARO_BEFORE);
    add_settings(ret, BARO_AFTER);
  }
  baro_intern_release(&m.keys);
  baro_arena_release(&m.scratch);
  baro_buffer_release(&m.text);
  return status;
}

void baro_run_diff_release(baro_run_diff *diff) {
  baro_arena_release(&diff->arena);
  *diff = (baro_run_diff){0};
}
