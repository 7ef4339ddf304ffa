/* Why a run took as long as it did: which resource was used or waited for, on the critical path and in all, and what stands out.
 * Flow: profile -> here -> show/explain_text.c, show/explain_json.c; prediction reads the same path.
 * Of a framework's log (the profile has tasks): the critical path, time by resource for each operator and in all, findings. Of a
 * sampled program: findings by what it waited for, and where.
 * All is computed from the profile; what it does not say is unknown, and no finding has seconds that are not summed here.
 * Findings overlap (a skewed partition leaves slots idle): their seconds do not add up. Reading is thread-safe. */
#ifndef BARO_EXPLAIN_EXPLAIN_H
#define BARO_EXPLAIN_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "explain/critical_path.h"
#include "profile/profile.h"

/* Where an amount of time comes from. key, words */
#define BARO_EVIDENCE_LIST(X)                                                                      \
  X(MEASURED, "measured", "measured")                                                              \
  X(DERIVED, "derived", "derived") /* what measured times leave, or bytes by a measured rate */    \
  X(PRIOR, "prior", "prior") /* what the operators' code and documentation make likely: prior.h */ \
  X(UNKNOWN, "unknown", "no clock") /* the log has no clock for it */

typedef enum baro_evidence {
#define X(name, key, words) BARO_EVIDENCE_##name,
  BARO_EVIDENCE_LIST(X)
#undef X
} baro_evidence;

const char *baro_evidence_key(baro_evidence evidence);
const char *baro_evidence_words(baro_evidence evidence);

/* Of an operator that has tasks. */
typedef struct baro_operator_time {
  uint32_t operator_id;
  uint32_t task_count;
  uint32_t bad_tasks; /* failed or killed */
  uint32_t slots;     /* that ran any of its tasks */
  uint64_t start_ns;  /* of the first task */
  uint64_t end_ns;    /* of the last one */
  uint64_t task_ns;   /* sum of the tasks' lengths */
  uint64_t median_ns; /* of these */
  uint64_t longest_ns;
  uint32_t longest_task;
  uint64_t
      state_ns[BARO_STATE_COUNT]; /* they add up to task_ns: what samples do not tell is unknown */
  uint64_t path_ns;               /* of its tasks on the critical path */
  uint64_t between_ns;            /* of the path, between its tasks: none had come yet */
  uint64_t path_state_ns[BARO_STATE_COUNT];
  /* Of the time in state unknown, what the resource prior gives to others: a guess, in no other number here. */
  uint64_t prior_ns[BARO_STATE_COUNT];
  uint64_t path_prior_ns[BARO_STATE_COUNT];
} baro_operator_time;

/* A resource, or what else the run waited for. What is guessed of one is a row of its own: "prior_disk". */
typedef struct baro_resource_time {
  const char *key;
  const char *words;
  baro_evidence evidence;
  uint64_t task_ns; /* over all tasks; 0 of gaps */
  uint64_t path_ns; /* on the critical path: without it the run would be shorter by this at most */
  uint32_t
      most_row; /* of tasks: the operator with most of path_ns, index into operators; else BARO_NONE_ID */
  uint64_t most_ns;
} baro_resource_time;

enum {
  BARO_SPAN_KINDS_MAX = 16,
  BARO_RESOURCES_MAX = 2 * BARO_STATE_COUNT + BARO_STEP_COUNT + BARO_SPAN_KINDS_MAX
};

enum { BARO_FINDING_NUMBERS = 12 };

/* The unit stands at the end of the key: "_ns", "_bytes", "_percent"; else it is a count. */
typedef struct baro_finding_number {
  const char *key;
  double value;
} baro_finding_number;

typedef struct baro_finding {
  const struct baro_finding_kind *kind; /* finding_kinds.h */
  uint64_t explains_ns;                 /* of run time, at most */
  baro_evidence evidence;
  uint32_t operator_id; /* BARO_NONE_ID: of the whole run */
  uint32_t task;        /* BARO_NONE_ID */
  uint32_t query;       /* of SQL, that the driver was at; BARO_NONE_ID: the log tells none */
  uint32_t function;    /* of sampled programs; BARO_NONE_ID */
  uint32_t inner;       /* function below it that waited; BARO_NONE_ID, or equal to it */
  uint32_t
      others; /* small ones of its kind that its seconds include; the rest is of the largest of them */
  /* With "{name}" where a number of that key, the {operator}, the {query}, the {function} or the {inner} one goes, and
   * "{name|task|tasks}" where a word goes by that number. */
  const char *sentence;
  const char *advice; /* what to try here, instead of what its kind says; NULL */
  uint32_t number_count;
  baro_finding_number numbers[BARO_FINDING_NUMBERS];
} baro_finding;

/* Of traces: what devices did, and the host while they had no kernel. All counts are 0 where there was no device. */
typedef struct baro_device_use {
  uint32_t kernel_count; /* without collectives */
  uint32_t collective_count;
  uint32_t copy_count; /* and memory sets */
  uint64_t kernel_ns;  /* sums of their lengths, as the next two */
  uint64_t collective_ns;
  uint64_t copy_ns;
  uint64_t median_kernel_ns;
  uint64_t collective_alone_ns; /* a collective ran, and no other kernel */
  uint64_t idle_ns;             /* of the run: neither ran, on any device */
  uint64_t copying_ns;          /* of that: a copy ran; else */
  uint64_t loading_ns;          /* the host was at the data loader; else */
  uint64_t launching_ns;        /* in operators and calls that do not wait; else */
  uint64_t code_ns;             /* in the program's own code */
  uint64_t
      loader_path_ns; /* on the path, at the data loader or in what that called; set without a device, too */
  uint64_t loader_task_ns; /* the same of all tasks */
} baro_device_use;

typedef struct baro_explanation {
  const baro_profile *profile; /* borrowed */
  bool is_dataflow;
  uint64_t run_ns; /* of a sampled program: without idle, what shares are shares of */
  /* Dataflow; empty otherwise. */
  baro_critical_path path;
  uint32_t slot_count; /* at most at once: threads that ran a task, or as many as executors say */
  uint32_t executor_count;
  uint64_t busy_ns; /* at least one task ran */
  uint64_t idle_ns; /* of that: what full use of all slots would have saved */
  uint32_t operator_count;
  baro_operator_time *operators; /* most time on the path first, then most time of tasks */
  uint32_t *operator_row; /* operator -> index into the above, or BARO_NONE_ID: it has no tasks */
  uint32_t resource_count;
  baro_resource_time resources[BARO_RESOURCES_MAX]; /* most time on the path first */
  baro_device_use devices;
  /* Both. */
  uint32_t finding_count;
  baro_finding *findings; /* the most seconds first */
  baro_arena arena;
} baro_explanation;

/* *ret is released by baro_explanation_release, also on failure. BARO_NO_MEMORY. */
baro_status baro_explain(const baro_profile *profile, baro_explanation *ret) BARO_MUST_USE;
void baro_explanation_release(baro_explanation *explanation);

/* Whether the operators' kinds begin with that: "spark.". */
bool baro_operators_are_of(const baro_profile *profile, const char *framework);
/* Whether the operator is of a trace, and of that kind: "kernel" of "torch.kernel" or "tf.kernel". */
bool baro_is_span_kind(const baro_profile *profile, uint32_t operator_id, const char *kind);
/* Whether tasks are each a part of one input, so that they can be compared. */
bool baro_tasks_are_partitions(const baro_profile *profile);
/* Whether a slot runs one task at a time and takes any: of Spark. Flink's run a task of each operator, a trace has threads. */
bool baro_has_slots(const baro_profile *profile);
/* Whether a "spark.master" is a run within one process: "local", "local[4]"; "local-cluster[2,1,1024]" is none. */
bool baro_is_local_master(baro_view master);

enum { BARO_TIME_PARTS_MAX = 2 * BARO_STATE_COUNT };

/* A part of an operator's time. */
typedef struct baro_time_part {
  uint32_t resource; /* index into resources */
  baro_evidence evidence;
  uint64_t task_ns;
  uint64_t path_ns;
} baro_time_part;

/* What the time of an operator's tasks went into, in the order of states, guesses where no clock is; the parts add up to it. Returns how many there are. */
uint32_t baro_operator_parts(const baro_explanation *all, const baro_operator_time *row,
                             baro_time_part ret_parts[BARO_TIME_PARTS_MAX]);
/* What most of a task's time went into, index into resources; BARO_NONE_ID: it had no time. */
uint32_t baro_task_resource(const baro_explanation *all, uint32_t task);

/* Whether an operator's time in a state is measured: by its tasks' amounts. */
baro_evidence baro_state_evidence(const baro_profile *profile, const baro_operator_time *row,
                                  baro_state state);

#endif
