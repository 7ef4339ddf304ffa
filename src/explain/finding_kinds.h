/* What can stand out in a run: one row a kind, one function that looks for it. Internal to src/explain but for the names.
 * To add a kind: a row in finding_kinds.c, a function in a find_NAME.c, a line in docs/commands/explain.md, a test. */
#ifndef BARO_EXPLAIN_FINDING_KINDS_H
#define BARO_EXPLAIN_FINDING_KINDS_H

#include "explain/explain.h"

typedef struct baro_finding_list baro_finding_list;

typedef struct baro_finding_kind {
  const char *key;
  const char *title;
  bool of_dataflow;         /* else of sampled programs */
  baro_state state;         /* of those that look at one state */
  const char *advice;       /* what to try */
  const char *spark_advice; /* behind it, where the operators are Spark's; NULL: nothing */
  void (*find)(baro_finding_list *list, const struct baro_finding_kind *kind);
} baro_finding_kind;

extern const baro_finding_kind baro_finding_kinds[];
extern const size_t baro_finding_kind_count;

/* --- for find_*.c --- */

struct baro_finding_list {
  baro_explanation *of;
  baro_finding *items; /* owned */
  uint32_t count;
  uint32_t capacity;
  bool failed;          /* no memory */
  baro_finding nowhere; /* what is written there, nobody reads */
  /* Of the kind that is being looked for, those that do not matter by themselves; together they may. */
  baro_finding rest; /* the largest */
  uint64_t rest_ns;
  uint32_t rest_count;
};

/* Below this share of the run nothing stands out. */
#define BARO_FINDING_SHARE 0.02

/* Whether this much is worth a finding. */
bool baro_finding_matters(const baro_finding_list *list, uint64_t explains_ns);
/* A new finding without operator, task or function, to be filled in; never NULL. Those that do not matter are one in the end, if
 * they do together: the largest, with the seconds of all. The pointer holds until the next one. */
baro_finding *baro_finding_add(baro_finding_list *list, const baro_finding_kind *kind,
                               uint64_t explains_ns, const char *sentence);
/* The same of what is told even where it explains nothing now. */
baro_finding *baro_finding_add_always(baro_finding_list *list, const baro_finding_kind *kind,
                                      uint64_t explains_ns, const char *sentence);
void baro_finding_number_add(baro_finding *finding, const char *key, double value);

/* Sum of some of a task's amounts: those of `keys` (BARO_NONE_ID: not in this recording). */
uint64_t baro_amounts_of(const baro_dataflow *dataflow, uint32_t task, const uint32_t *keys,
                         size_t count);
/* Whether its tasks hand rows to Python processes, whose time no clock of the tasks has. */
bool baro_runs_python(const baro_explanation *all, const baro_operator_time *row);
/* The median of values, which are put in order; 0 of none. */
uint64_t baro_median_of(uint64_t *values, uint32_t count);

void baro_find_skew(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_stragglers(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_spill(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_path_state(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_stream_wait(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_few_partitions(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_many_partitions(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_idle_slots(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_attempts(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_driver(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_operators(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_executors(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_python_workers(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_gpu_idle(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_small_kernels(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_copies(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_collectives(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_data_loader(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_program_state(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_runnable(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_lock(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_gil(baro_finding_list *list, const baro_finding_kind *kind);
void baro_find_program_cpu(baro_finding_list *list, const baro_finding_kind *kind);

#endif
