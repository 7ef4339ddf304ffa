#include "explain/explain.h"

#include <stdlib.h>
#include <string.h>

#include "explain/finding_kinds.h"
#include "explain/operator_times.h"

static const char *const evidence_keys[] = {
#define X(name, key, words) key,
    BARO_EVIDENCE_LIST(X)
#undef X
};

static const char *const evidence_words[] = {
#define X(name, key, words) words,
    BARO_EVIDENCE_LIST(X)
#undef X
};

const char *baro_evidence_key(baro_evidence evidence) {
  return evidence_keys[evidence];
}

const char *baro_evidence_words(baro_evidence evidence) {
  return evidence_words[evidence];
}

bool baro_finding_matters(const baro_finding_list *list, uint64_t explains_ns) {
  return explains_ns > 0 && (double)explains_ns >= BARO_FINDING_SHARE * (double)list->of->run_ns;
}

static baro_finding blank(const baro_finding_kind *kind, uint64_t explains_ns,
                          const char *sentence) {
  return (baro_finding){.kind = kind,
                        .explains_ns = explains_ns,
                        .evidence = BARO_EVIDENCE_MEASURED,
                        .operator_id = BARO_NONE_ID,
                        .task = BARO_NONE_ID,
                        .query = BARO_NONE_ID,
                        .function = BARO_NONE_ID,
                        .inner = BARO_NONE_ID,
                        .sentence = sentence};
}

baro_finding *baro_finding_add_always(baro_finding_list *list, const baro_finding_kind *kind,
                                      uint64_t explains_ns, const char *sentence) {
  baro_finding *finding = &list->nowhere;
  if (list->count == list->capacity) {
    uint32_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
    baro_finding *grown = realloc(list->items, capacity * sizeof(*grown));
    list->failed = list->failed || grown == NULL;
    list->items = grown == NULL ? list->items : grown;
    list->capacity = grown == NULL ? list->capacity : capacity;
  }
  if (list->count < list->capacity) {
    finding = &list->items[list->count++];
  }
  *finding = blank(kind, explains_ns, sentence);
  return finding;
}

baro_finding *baro_finding_add(baro_finding_list *list, const baro_finding_kind *kind,
                               uint64_t explains_ns, const char *sentence) {
  if (baro_finding_matters(list, explains_ns)) {
    return baro_finding_add_always(list, kind, explains_ns, sentence);
  }
  bool is_largest = explains_ns > list->rest.explains_ns;
  baro_finding *finding = is_largest ? &list->rest : &list->nowhere;
  *finding = blank(kind, explains_ns, sentence);
  list->rest_ns +=
      explains_ns; /* parts of the path: no more than the run for each kind and operator */
  list->rest_count += explains_ns != 0;
  return finding;
}

void baro_finding_number_add(baro_finding *finding, const char *key, double value) {
  if (finding->number_count < BARO_FINDING_NUMBERS) {
    finding->numbers[finding->number_count++] = (baro_finding_number){.key = key, .value = value};
  }
}

uint64_t baro_amounts_of(const baro_dataflow *dataflow, uint32_t task, const uint32_t *keys,
                         size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t value;
    if (keys[i] != BARO_NONE_ID && baro_dataflow_amount(dataflow, task, keys[i], &value)) {
      sum = value > UINT64_MAX - sum ? UINT64_MAX : sum + value;
    }
  }
  return sum;
}

/* Ties stand in the order of the table, then of their operators: the same in every run. */
static int compare_findings(const void *left, const void *right) {
  const baro_finding *a = left;
  const baro_finding *b = right;
  if (a->explains_ns != b->explains_ns) {
    return a->explains_ns > b->explains_ns ? -1 : 1;
  }
  if (a->kind != b->kind) {
    return a->kind < b->kind ? -1 : 1;
  }
  return a->operator_id < b->operator_id ? -1 : a->operator_id > b->operator_id;
}

/* What is small by itself and much together: sixty stages that lose a second each. */
static void add_rest(baro_finding_list *list, const baro_finding_kind *kind) {
  uint64_t all_ns = list->rest_ns < list->of->run_ns ? list->rest_ns : list->of->run_ns;
  if (list->rest_count > 1 && baro_finding_matters(list, all_ns)) {
    baro_finding whole = list->rest;
    whole.explains_ns = all_ns;
    whole.others = list->rest_count - 1;
    *baro_finding_add_always(list, kind, all_ns, NULL) = whole;
  }
  list->rest = (baro_finding){0};
  list->rest_ns = 0;
  list->rest_count = 0;
}

static baro_status find_all(baro_explanation *all) {
  baro_finding_list list = {.of = all};
  for (size_t k = 0; k < baro_finding_kind_count; k++) {
    const baro_finding_kind *kind = &baro_finding_kinds[k];
    if (kind->of_dataflow == all->is_dataflow) {
      kind->find(&list, kind);
      add_rest(&list, kind);
    }
  }
  all->findings = baro_arena_array(&all->arena, list.count, sizeof(*all->findings));
  bool good = !list.failed && all->findings != NULL;
  if (good && list.count != 0) {
    qsort(list.items, list.count, sizeof(*list.items), compare_findings);
    memcpy(all->findings, list.items, list.count * sizeof(*list.items));
    all->finding_count = list.count;
  }
  free(list.items);
  return good ? BARO_OK : BARO_NO_MEMORY;
}

baro_status baro_explain(const baro_profile *profile, baro_explanation *ret) {
  *ret = (baro_explanation){.profile = profile, .is_dataflow = profile->dataflow.task_count != 0};
  baro_status status = baro_operator_rows_init(ret);
  if (status == BARO_OK && ret->is_dataflow) {
    status = baro_critical_path_find(profile, &ret->arena, &ret->path);
    if (status == BARO_OK) {
      ret->run_ns = ret->path.end_ns - ret->path.begin_ns;
      status = baro_operator_times(ret);
    }
    if (status == BARO_OK) {
      status = baro_device_use_of(ret, &ret->devices);
    }
  } else if (status == BARO_OK) {
    ret->run_ns = baro_profile_basis_ns(profile, BARO_MEASURE_RUN);
  }
  return status == BARO_OK ? find_all(ret) : status;
}

void baro_explanation_release(baro_explanation *explanation) {
  baro_arena_release(&explanation->arena);
}
