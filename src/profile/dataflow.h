/* What a dataflow framework ran: operators, how they hang together, and their tasks. A part of the profile, empty (all counts 0, no
 * memory) where the recording has no operators.
 * Flow: operator, fact, edge and task records -> dataflow_build.c -> here -> explain, predict, show. Immutable, index-based, and
 * thread-safe to read, as all of the profile.
 *
 *   operators <--- parent ---+ (a stage is a part of a job)
 *       ^ ^                  |
 *       | +---- edges -------+ from, to
 *       +------ tasks ---> threads = slots ---> processes = executors, devices
 *                 +------> amounts (key, value)
 *
 * Invariants, whatever the recording says: an operator's parent has a smaller index; edges make no cycle (those that would are
 * left out and counted) and no two are the same; `order` has every operator once, behind all that its edges come from; tasks are grouped by
 * operator, and stand in order of start, then of end, within it; start_ns <= end_ns.
 * Trees and chains may be as deep as there are operators: loop by index or `order`, never recurse, and never climb from each. */
#ifndef BARO_PROFILE_DATAFLOW_H
#define BARO_PROFILE_DATAFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "recording/records.h"

struct baro_profile;

/* Beyond them building ends with BARO_LIMIT. */
#define BARO_DATAFLOW_OPERATORS_MAX (1u << 22)
#define BARO_DATAFLOW_EDGES_MAX (1u << 24)
#define BARO_DATAFLOW_TASKS_MAX (1u << 25)
#define BARO_DATAFLOW_AMOUNTS_MAX (1u << 28)
#define BARO_DATAFLOW_FACTS_MAX (1u << 24)
#define BARO_DATAFLOW_OPERATOR_FACTS_MAX 256u /* further keys of one operator are left out */

typedef struct baro_dataflow_operator {
  uint32_t kind_string; /* index into the profile's strings, as all *_string here */
  uint32_t name_string;
  uint32_t place_string; /* "" unknown */
  uint32_t parent;       /* index into operators, smaller than its own; BARO_NONE_ID: none */
  uint32_t first_task;   /* its own tasks: those of its parts are theirs */
  uint32_t task_count;
  uint32_t first_fact;
  uint32_t fact_count;
  uint32_t first_incoming; /* of `edges`: those that end here */
  uint32_t incoming_count;
} baro_dataflow_operator;

typedef struct baro_dataflow_task {
  uint64_t start_ns; /* monotonic */
  uint64_t end_ns;   /* >= start_ns */
  uint32_t operator_id;
  uint32_t thread; /* index into the profile's threads */
  uint32_t first_amount;
  uint16_t amount_count;
  uint8_t outcome; /* baro_task_outcome */
} baro_dataflow_task;

typedef struct baro_dataflow_edge {
  uint32_t from; /* index into operators */
  uint32_t to;
  baro_operator_edge kind;
} baro_dataflow_edge;

typedef struct baro_dataflow_fact {
  baro_view key; /* each once an operator; NUL behind it, as all strings of a profile */
  baro_view value;
} baro_dataflow_fact;

/* All arrays are owned by the profile. */
typedef struct baro_dataflow {
  uint32_t operator_count;
  baro_dataflow_operator *operators;
  uint32_t *order; /* of operators */
  uint32_t edge_count;
  baro_dataflow_edge *edges; /* ascending by to, from, kind */
  uint32_t cyclic_edges;     /* left out */
  uint32_t fact_count;
  baro_dataflow_fact *facts;
  uint32_t task_count;
  baro_dataflow_task *tasks;
  /* What the samples of its slot say of a task's time: state_ns[task * BARO_STATE_COUNT + state]. A moment of a slot on which
   * several tasks ran is of the one that began first, so that tasks add up to their slots; the sum over the states is at most the
   * task's length, and less where there are no samples. On a slot without samples all of a task is in the state that the fact `state` of its
   * operator tells, if it has one. */
  uint64_t *state_ns;
  uint32_t amount_count;
  uint32_t *amount_key; /* string; equal texts are the same one: see baro_dataflow_key */
  uint64_t *amount_value;
  uint32_t key_count;
  uint32_t *keys; /* strings: every key that any task has, in order of first use */
} baro_dataflow;

static inline uint64_t baro_dataflow_state_ns(const baro_dataflow *dataflow, uint32_t task,
                                              baro_state state) {
  return dataflow->state_ns[(size_t)task * BARO_STATE_COUNT + state];
}

static inline uint64_t baro_dataflow_task_ns(const baro_dataflow_task *task) {
  return task->end_ns - task->start_ns;
}

/* The string that stands for an amount's key ("cpu_ns"); BARO_NONE_ID: no task has it. Look it up once, not for each task. */
uint32_t baro_dataflow_key(const struct baro_profile *profile, const char *key);
/* What a task's amount of that key is; false where it has none. */
bool baro_dataflow_amount(const baro_dataflow *dataflow, uint32_t task, uint32_t key,
                          uint64_t *ret_value);
/* Value of a fact; false where the operator does not have it. */
bool baro_dataflow_fact_text(const baro_dataflow *dataflow, uint32_t operator_id, const char *key,
                             baro_view *ret_value);
/* As a whole number, in decimal digits; false also where it is none, or has no room in 64 bits. */
bool baro_dataflow_fact_number(const baro_dataflow *dataflow, uint32_t operator_id, const char *key,
                               uint64_t *ret_value);

#endif
