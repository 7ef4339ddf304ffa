/* A replay while it runs: what its two halves share. Private to replay.c and replay_places.c. */
#ifndef BARO_PREDICT_REPLAY_STATE_H
#define BARO_PREDICT_REPLAY_STATE_H

#include "base/map.h"
#include "predict/replay.h"
#include "recording/records.h"

typedef struct baro_replay_entry {
  double key;     /* the lowest comes first, */
  uint64_t order; /* then the lowest of these */
  uint32_t node;
  uint32_t slot; /* BARO_NONE_ID: none */
} baro_replay_entry;

typedef struct baro_replay_heap {
  baro_replay_entry *entries;
  uint32_t count;
} baro_replay_heap;

/* Of an event, as its slot: a node need not wait for its places any longer. */
#define BARO_REPLAY_WAKE (BARO_NONE_ID - 1)

/* A node of which tasks are at home somewhere. */
typedef struct baro_replay_waiting {
  bool has_places;
  bool counts;   /* since_ns is set */
  bool is_woken; /* an event that ends the wait is on its way */
  double since_ns;
} baro_replay_waiting;

typedef struct baro_replay_state {
  const baro_replay *input;
  baro_replay_heap
      events;            /* key: when. A node that is submitted or done, a slot that becomes free */
  baro_replay_heap idle; /* key: slot. Not offered to the ready nodes yet, or there are none */
  uint32_t *ready;       /* nodes with tasks left to launch, the last one goes first */
  uint32_t ready_count;
  uint32_t near_count; /* of them, with places */
  uint32_t *refused;   /* slots that no ready node has a task for, for now */
  uint32_t refused_count;
  uint32_t *waits;      /* by node: how many it waits for */
  uint32_t *launched;   /* by node: tasks */
  uint32_t *unfinished; /* by node: tasks */
  bool *is_submitted;
  baro_replay_waiting *waiting; /* by node */
  uint32_t *first_next;         /* by node, of `next`: those that wait for it */
  uint32_t *next;
  baro_map seen;   /* slot << 32 | node */
  double *done_ns; /* may be NULL */
  uint64_t order;
  baro_replay_result result;
  /* Of nodes with places; NULL: there are none. Tasks of one node at home in one place are a list in the order of their launch. */
  uint32_t *next_there; /* by task: the next one of its list */
  bool *is_launched;    /* by task */
  uint32_t *first_left; /* by node: of its tasks, none before it is left */
  baro_map lists;       /* node << 32 | place -> first task of the list that may be left */
} baro_replay_state;

/* --- replay.c --- */

void baro_replay_event(baro_replay_state *all, double at_ns, uint32_t node, uint32_t slot);

/* --- replay_places.c --- */

/* Which nodes have tasks that are at home somewhere, and room for their lists; false: no memory. */
bool baro_replay_begin_places(baro_replay_state *all, baro_arena *scratch);
/* The tasks of a node with places, which becomes ready. */
baro_status baro_replay_list_tasks(baro_replay_state *all, uint32_t node) BARO_MUST_USE;
/* Whether a node with places has a task for that slot now; it is then launched. */
bool baro_replay_task_for(baro_replay_state *all, uint32_t node, uint32_t slot, double now_ns,
                          uint32_t *ret_task);
/* Starts and ends the waits of ready nodes, after all idle slots were offered. */
void baro_replay_count_waits(baro_replay_state *all, double now_ns);

#endif
