#include "predict/replay.h"

#include <assert.h>
#include <string.h>

#include "base/map.h"
#include "recording/records.h"

/* --- heaps --- */

typedef struct entry {
  double key;     /* the lowest comes first, */
  uint64_t order; /* then the lowest of these */
  uint32_t node;
  uint32_t slot; /* BARO_NONE_ID: none */
} entry;

typedef struct heap {
  entry *entries;
  uint32_t count;
} heap;

static bool before(const entry *a, const entry *b) {
  return a->key < b->key || (!(b->key < a->key) && a->order < b->order);
}

static void push(heap *to, entry one) {
  uint32_t at = to->count++;
  while (at > 0 && before(&one, &to->entries[(at - 1) / 2])) {
    to->entries[at] = to->entries[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  to->entries[at] = one;
}

static entry pop(heap *from) {
  assert(from->count > 0);
  entry top = from->entries[0];
  entry last = from->entries[--from->count];
  uint32_t at = 0;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= from->count) {
      break;
    }
    if (child + 1 < from->count && before(&from->entries[child + 1], &from->entries[child])) {
      child++;
    }
    if (!before(&from->entries[child], &last)) {
      break;
    }
    from->entries[at] = from->entries[child];
    at = child;
  }
  from->entries[at] = last;
  return top;
}

/* --- the run --- */

typedef struct run {
  const baro_replay *input;
  heap events;          /* key: when. A node that is submitted or done, a slot that becomes free */
  heap ready;           /* key: priority. Nodes with tasks left to launch */
  heap idle;            /* key: slot */
  uint32_t *waits;      /* by node: how many it waits for */
  uint32_t *launched;   /* by node: tasks */
  uint32_t *unfinished; /* by node: tasks */
  bool *is_submitted;
  uint32_t *first_next; /* by node, of `next`: those that wait for it */
  uint32_t *next;
  baro_map seen;   /* slot << 32 | node */
  double *done_ns; /* may be NULL */
  uint64_t order;
  baro_replay_result result;
} run;

static bool begin_lists(run *all, baro_arena *scratch) {
  const baro_replay *input = all->input;
  size_t after_count = 0;
  for (uint32_t n = 0; n < input->node_count; n++) {
    after_count += input->nodes[n].after_count;
  }
  all->next = baro_arena_array(scratch, after_count, sizeof(uint32_t));
  all->first_next = baro_arena_array(scratch, (size_t)input->node_count + 2, sizeof(uint32_t));
  if (all->next == NULL || all->first_next == NULL) {
    return false;
  }
  for (uint32_t n = 0; n < input->node_count; n++) {
    const baro_replay_node *node = &input->nodes[n];
    for (uint32_t a = 0; a < node->after_count; a++) {
      all->first_next[input->after[node->first_after + a] + 2]++;
    }
  }
  for (uint32_t n = 0; n < input->node_count; n++) {
    all->first_next[n + 2] += all->first_next[n + 1];
  }
  for (uint32_t n = 0; n < input->node_count; n++) {
    const baro_replay_node *node = &input->nodes[n];
    for (uint32_t a = 0; a < node->after_count; a++) {
      all->next[all->first_next[input->after[node->first_after + a] + 1]++] = n;
    }
  }
  return true;
}

static bool begin_arrays(run *all, baro_arena *scratch) {
  const baro_replay *input = all->input;
  size_t nodes = (size_t)input->node_count + 1;
  size_t slots = (size_t)input->slot_count + 1;
  all->events.entries = baro_arena_array(scratch, 2 * nodes + slots, sizeof(entry));
  all->ready.entries = baro_arena_array(scratch, nodes, sizeof(entry));
  all->idle.entries = baro_arena_array(scratch, slots, sizeof(entry));
  all->waits = baro_arena_array(scratch, nodes, sizeof(uint32_t));
  all->launched = baro_arena_array(scratch, nodes, sizeof(uint32_t));
  all->unfinished = baro_arena_array(scratch, nodes, sizeof(uint32_t));
  all->is_submitted = baro_arena_array(scratch, nodes, sizeof(bool));
  return all->events.entries != NULL && all->ready.entries != NULL && all->idle.entries != NULL &&
         all->waits != NULL && all->launched != NULL && all->unfinished != NULL &&
         all->is_submitted != NULL && begin_lists(all, scratch);
}

static void add_event(run *all, double at_ns, uint32_t node, uint32_t slot) {
  push(&all->events, (entry){.key = at_ns, .order = all->order++, .node = node, .slot = slot});
}

/* All that it waits for is done at that time. */
static void submit(run *all, uint32_t node, double at_ns) {
  const baro_replay_node *one = &all->input->nodes[node];
  double launch_ns = one->task_count > 0 ? one->launch_ns : 0;
  add_event(all, at_ns + one->delay_ns + launch_ns, node, BARO_NONE_ID);
}

static void node_done(run *all, uint32_t node, double at_ns) {
  if (all->done_ns != NULL) {
    all->done_ns[node] = at_ns;
  }
  if (at_ns > all->result.end_ns) {
    all->result.end_ns = at_ns;
  }
  for (uint32_t n = all->first_next[node]; n < all->first_next[node + 1]; n++) {
    uint32_t next = all->next[n];
    if (--all->waits[next] == 0) {
      submit(all, next, at_ns);
    }
  }
}

/* Events of a node are: submitted, then done. Of a slot: it is there, then free of a task of its node again and again. */
static void on_event(run *all, const entry *event) {
  const baro_replay_node *nodes = all->input->nodes;
  if (event->slot != BARO_NONE_ID) {
    push(&all->idle, (entry){.key = 0, .order = event->slot, .slot = event->slot});
    if (event->node != BARO_NONE_ID && --all->unfinished[event->node] == 0) {
      add_event(all, event->key + nodes[event->node].finish_ns, event->node, BARO_NONE_ID);
    }
  } else if (all->is_submitted[event->node]) {
    node_done(all, event->node, event->key);
  } else {
    all->is_submitted[event->node] = true;
    if (nodes[event->node].task_count == 0) {
      add_event(all, event->key + nodes[event->node].finish_ns, event->node, BARO_NONE_ID);
    } else {
      /* Priorities are below 2^53, which double holds. */
      push(&all->ready, (entry){.key = (double)nodes[event->node].priority,
                                .order = event->node,
                                .node = event->node});
    }
  }
}

/* Whether no task of the node ran on the slot before. */
static baro_status is_first_there(run *all, uint32_t slot, uint32_t node, bool *ret_first) {
  *ret_first = false;
  const baro_replay_node *one = &all->input->nodes[node];
  if (!(one->wave_ratio > 1 || one->wave_ratio < 1)) {
    return BARO_OK; /* it would change nothing */
  }
  uint64_t key = (uint64_t)slot << 32 | node;
  if (baro_map_find(&all->seen, key) != NULL) {
    return BARO_OK;
  }
  *ret_first = true;
  return baro_map_set(&all->seen, key, 1);
}

static baro_status launch(run *all, double now_ns) {
  while (all->ready.count > 0 && all->idle.count > 0) {
    uint32_t node = all->ready.entries[0].node;
    uint32_t slot = pop(&all->idle).slot;
    const baro_replay_node *one = &all->input->nodes[node];
    const baro_replay_task *task = &all->input->tasks[one->first_task + all->launched[node]++];
    bool is_first;
    baro_status status = is_first_there(all, slot, node, &is_first);
    if (status != BARO_OK) {
      return status;
    }
    double work_ns = task->work_ns;
    if (is_first != task->was_first && (one->wave_ratio > 1 || one->wave_ratio < 1)) {
      work_ns = is_first ? work_ns * one->wave_ratio : work_ns / one->wave_ratio;
    }
    double takes_ns = task->dispatch_ns + work_ns;
    all->result.busy_ns += takes_ns;
    add_event(all, now_ns + takes_ns, node, slot);
    if (all->launched[node] == one->task_count) {
      (void)pop(&all->ready);
    }
  }
  return BARO_OK;
}

static baro_status simulate(run *all, baro_error *err) {
  const baro_replay *input = all->input;
  for (uint32_t s = 0; s < input->slot_count; s++) {
    add_event(all, input->slots[s].from_ns, BARO_NONE_ID, s);
  }
  uint64_t left = 0;
  for (uint32_t n = 0; n < input->node_count; n++) {
    all->waits[n] = input->nodes[n].after_count;
    all->unfinished[n] = input->nodes[n].task_count;
    left += input->nodes[n].task_count;
    if (all->waits[n] == 0) {
      submit(all, n, 0);
    }
  }
  if (left > 0 && input->slot_count == 0) {
    return baro_error_set(err, BARO_INVALID, "there are tasks, and no slot to run them");
  }
  while (all->events.count > 0) {
    double now_ns = all->events.entries[0].key;
    /* All of one moment first: which slot is free must not depend on the order of equal times. */
    while (all->events.count > 0 && all->events.entries[0].key <= now_ns) {
      entry event = pop(&all->events);
      on_event(all, &event);
    }
    baro_status status = launch(all, now_ns);
    if (status != BARO_OK) {
      return baro_error_set(err, status, "%s", baro_status_text(status));
    }
  }
  for (uint32_t n = 0; n < input->node_count; n++) {
    if (all->waits[n] > 0) {
      return baro_error_set(err, BARO_INVALID, "stages wait for each other");
    }
  }
  return BARO_OK;
}

baro_status baro_replay_run(const baro_replay *replay, baro_arena *scratch, double *ret_done_ns,
                            baro_replay_result *ret_result, baro_error *err) {
  run all = {.input = replay, .done_ns = ret_done_ns};
  if (!begin_arrays(&all, scratch)) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  baro_status status = simulate(&all, err);
  baro_map_release(&all.seen);
  if (status == BARO_OK) {
    *ret_result = all.result;
  }
  return status;
}
