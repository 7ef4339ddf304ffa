/* Runs a graph of tasks on slots, as a framework's own scheduler would: a discrete simulation over plain arrays.
 * Flow: job_graph.h + a scenario -> task_times.c -> here -> forecast.c.
 *
 *   node = what waits for others and then has tasks: a stage. Without tasks it is a moment: a job's begin, a job's end.
 *
 *     after ... after        all of them are done
 *          |
 *        delay_ns            the driver's time: planning, code generation; kept, it needs no slot
 *          |
 *       launch_ns            until its tasks may be launched
 *          |
 *     task task task ...     in their order, each on the first slot that is free: dispatch_ns, then work_ns
 *          |
 *       finish_ns            until those after it hear of it
 *
 * A slot that is free takes the next task of the ready node with the lowest priority: first in, first out by job and stage, as
 * Spark, Flink's batch jobs and thread pools do. Of several free slots the one with the lowest index takes it.
 *
 * Locality, as Spark's delay scheduling (Zaharia et al., EuroSys 2010): a task may be at home in one place, where its data is.
 * A slot takes of a node first what is at home in its first place (its executor), then in its second one (its host), then what
 * is at home nowhere. What is at home elsewhere it takes only after the node has waited for locality_wait_ns, and that task then
 * takes away_ns longer. Meanwhile nodes behind it may have the slot. What the wait is counted from differs by version:
 *   - waits_from_refusal (Spark 3.1 and later): since a slot was refused; anew once no slot stands idle;
 *   - else: since the node was ready, and since the last of its tasks that was launched at home.
 *
 * The first task of a node on a slot is slower than later ones (code that is not compiled yet, connections, caches): a task
 * that becomes the first of its slot takes the node's first_ns longer, and one that was it when it was recorded and is no
 * longer takes as much less, but no more than the node's wave_ratio says. An amount, and not a factor on its own time: what
 * is loaded is the same for a task that is ten times as long as others, so that it is no slower on more slots.
 * Times are ns from the start of the run, as double: whole up to 104 days. Pure: no profile, no clock, nothing random. */
#ifndef BARO_PREDICT_REPLAY_H
#define BARO_PREDICT_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

/* Of a task: at home nowhere. Of a slot: no such place. Places count from 1. */
enum { BARO_REPLAY_NOWHERE = 0 };

typedef struct baro_replay_task {
  double work_ns;
  double dispatch_ns; /* the slot's time before it: the scheduler's round trip */
  float away_ns;      /* longer, on a slot of other places than its own */
  uint32_t place;
  bool was_first; /* of its node on its slot, when it was recorded */
} baro_replay_task;

typedef struct baro_replay_node {
  double delay_ns;
  double launch_ns;
  double finish_ns;
  double wave_ratio;    /* of first tasks' time to others'; 1: they are as fast */
  double first_ns;      /* what first tasks take longer */
  uint64_t priority;    /* lower ones first; ties by index */
  uint32_t first_after; /* of `after` */
  uint32_t after_count;
  uint32_t first_task; /* of `tasks` */
  uint32_t task_count;
} baro_replay_node;

typedef struct baro_replay_slot {
  double from_ns;     /* when it is there */
  double until_ns;    /* when it goes: no task begins on it any more; 0: it stays */
  uint32_t places[2]; /* its executor, its host */
} baro_replay_slot;

/* All arrays are borrowed. */
typedef struct baro_replay {
  const baro_replay_node *nodes;
  uint32_t node_count;
  const uint32_t *after; /* nodes */
  const baro_replay_task *tasks;
  const baro_replay_slot *slots;
  uint32_t slot_count; /* at least one of them stays, if there are tasks */
  double locality_wait_ns;
  bool waits_from_refusal;
} baro_replay;

typedef struct baro_replay_result {
  double end_ns;       /* when the last node is done */
  double busy_ns;      /* sum over slots, dispatching included */
  uint64_t away_count; /* tasks that ran where they are not at home */
} baro_replay_result;

/* ret_done_ns: of each node when it was done, node_count of them; NULL: not asked for. scratch: what it needs meanwhile.
 * BARO_INVALID: tasks without a slot that stays, or nodes that wait for each other; BARO_NO_MEMORY. */
baro_status baro_replay_run(const baro_replay *replay, baro_arena *scratch, double *ret_done_ns,
                            baro_replay_result *ret_result, baro_error *err) BARO_MUST_USE;

#endif
