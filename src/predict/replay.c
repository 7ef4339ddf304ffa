#include <assert.h>
#include <string.h>

#include "predict/replay_state.h"

/* --- heaps --- */

static bool before(const baro_replay_entry *a, const baro_replay_entry *b) {
  return a->key < b->key || (!(b->key < a->key) && a->order < b->order);
}

static void push(baro_replay_heap *to, baro_replay_entry one) {
  uint32_t at = to->count++;
  while (at > 0 && before(&one, &to->entries[(at - 1) / 2])) {
    to->entries[at] = to->entries[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  to->entries[at] = one;
}

static baro_replay_entry pop(baro_replay_heap *from) {
  assert(from->count > 0);
  baro_replay_entry top = from->entries[0];
  baro_replay_entry last = from->entries[--from->count];
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

static bool begin_lists(baro_replay_state *all, baro_arena *scratch) {
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

static bool begin_arrays(baro_replay_state *all, baro_arena *scratch) {
  const baro_replay *input = all->input;
  size_t nodes = (size_t)input->node_count + 1;
  size_t slots = (size_t)input->slot_count + 1;
  all->events.entries = baro_arena_array(scratch, 3 * nodes + slots, sizeof(baro_replay_entry));
  all->idle.entries = baro_arena_array(scratch, slots, sizeof(baro_replay_entry));
  all->ready = baro_arena_array(scratch, nodes, sizeof(uint32_t));
  all->refused = baro_arena_array(scratch, slots, sizeof(uint32_t));
  all->waits = baro_arena_array(scratch, nodes, sizeof(uint32_t));
  all->launched = baro_arena_array(scratch, nodes, sizeof(uint32_t));
  all->unfinished = baro_arena_array(scratch, nodes, sizeof(uint32_t));
  all->is_submitted = baro_arena_array(scratch, nodes, sizeof(bool));
  all->waiting = baro_arena_array(scratch, nodes, sizeof(baro_replay_waiting));
  return all->events.entries != NULL && all->idle.entries != NULL && all->ready != NULL &&
         all->refused != NULL && all->waits != NULL && all->launched != NULL &&
         all->unfinished != NULL && all->is_submitted != NULL && all->waiting != NULL &&
         begin_lists(all, scratch) && baro_replay_begin_places(all, scratch);
}

void baro_replay_event(baro_replay_state *all, double at_ns, uint32_t node, uint32_t slot) {
  push(&all->events,
       (baro_replay_entry){.key = at_ns, .order = all->order++, .node = node, .slot = slot});
}

/* All that it waits for is done at that time. */
static void submit(baro_replay_state *all, uint32_t node, double at_ns) {
  const baro_replay_node *one = &all->input->nodes[node];
  double launch_ns = one->task_count > 0 ? one->launch_ns : 0;
  baro_replay_event(all, at_ns + one->delay_ns + launch_ns, node, BARO_NONE_ID);
}

static void node_done(baro_replay_state *all, uint32_t node, double at_ns) {
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

/* --- slots without a task --- */

static void baro_replay_add_idle(baro_replay_state *all, uint32_t slot) {
  push(&all->idle, (baro_replay_entry){.order = slot, .slot = slot});
}

/* There is something new to offer them. */
static void baro_replay_offer_again(baro_replay_state *all) {
  while (all->refused_count > 0) {
    baro_replay_add_idle(all, all->refused[--all->refused_count]);
  }
}

/* The next one that is still there. */
static bool baro_replay_next_idle(baro_replay_state *all, double now_ns, uint32_t *ret_slot) {
  while (all->idle.count > 0) {
    uint32_t slot = pop(&all->idle).slot;
    double until_ns = all->input->slots[slot].until_ns;
    if (!(until_ns > 0) || now_ns < until_ns) {
      *ret_slot = slot;
      return true;
    }
  }
  return false;
}

/* --- nodes with tasks to launch --- */

static bool goes_first(const baro_replay_state *all, uint32_t a, uint32_t b) {
  const baro_replay_node *nodes = all->input->nodes;
  return nodes[a].priority != nodes[b].priority ? nodes[a].priority < nodes[b].priority : a < b;
}

static baro_status add_ready(baro_replay_state *all, uint32_t node, double now_ns) {
  uint32_t at = all->ready_count++;
  while (at > 0 && goes_first(all, all->ready[at - 1], node)) {
    all->ready[at] = all->ready[at - 1];
    at--;
  }
  all->ready[at] = node;
  baro_replay_offer_again(all);
  if (!all->waiting[node].has_places) {
    return BARO_OK;
  }
  all->near_count++;
  all->waiting[node].counts = !all->input->waits_from_refusal;
  all->waiting[node].since_ns = now_ns;
  return baro_replay_list_tasks(all, node);
}

static void remove_ready(baro_replay_state *all, uint32_t at) {
  all->near_count -= all->waiting[all->ready[at]].has_places;
  all->ready_count--;
  memmove(&all->ready[at], &all->ready[at + 1], (all->ready_count - at) * sizeof(uint32_t));
}

/* Events of a node are: submitted, then done. Of a slot: it is there, then free of a task of its node again and again. */
static baro_status on_event(baro_replay_state *all, const baro_replay_entry *event) {
  const baro_replay_node *nodes = all->input->nodes;
  if (event->slot == BARO_REPLAY_WAKE) {
    all->waiting[event->node].is_woken = false;
    baro_replay_offer_again(all);
    return BARO_OK;
  }
  if (event->slot != BARO_NONE_ID) {
    baro_replay_add_idle(all, event->slot);
    if (event->node != BARO_NONE_ID && --all->unfinished[event->node] == 0) {
      baro_replay_event(all, event->key + nodes[event->node].finish_ns, event->node, BARO_NONE_ID);
    }
    return BARO_OK;
  }
  if (all->is_submitted[event->node]) {
    node_done(all, event->node, event->key);
    return BARO_OK;
  }
  all->is_submitted[event->node] = true;
  if (nodes[event->node].task_count == 0) {
    baro_replay_event(all, event->key + nodes[event->node].finish_ns, event->node, BARO_NONE_ID);
    return BARO_OK;
  }
  return add_ready(all, event->node, event->key);
}

/* --- tasks and slots --- */

/* Whether no task of the node ran on the slot before. */
static baro_status is_first_there(baro_replay_state *all, uint32_t slot, uint32_t node,
                                  bool *ret_first) {
  *ret_first = false;
  const baro_replay_node *one = &all->input->nodes[node];
  if (!(one->first_ns > 0)) {
    return BARO_OK; /* it would change nothing */
  }
  uint64_t key = (uint64_t)slot << 32 | node;
  if (baro_map_find(&all->seen, key) != NULL) {
    return BARO_OK;
  }
  *ret_first = true;
  return baro_map_set(&all->seen, key, 1);
}

static baro_status begin_task(baro_replay_state *all, uint32_t node, uint32_t index, uint32_t slot,
                              double now_ns) {
  const baro_replay_node *one = &all->input->nodes[node];
  const baro_replay_task *task = &all->input->tasks[index];
  const uint32_t *places = all->input->slots[slot].places;
  bool is_first;
  baro_status status = is_first_there(all, slot, node, &is_first);
  if (status != BARO_OK) {
    return status;
  }
  double work_ns = task->work_ns;
  if (task->place != BARO_REPLAY_NOWHERE && task->place != places[0] && task->place != places[1]) {
    work_ns += (double)task->away_ns;
    all->result.away_count++;
  }
  if (is_first && !task->was_first) {
    work_ns += one->first_ns;
  } else if (one->first_ns > 0 && task->was_first && !is_first) {
    double most_ns = task->work_ns * (1 - 1 / one->wave_ratio);
    work_ns -= one->first_ns < most_ns ? one->first_ns : most_ns;
  }
  double takes_ns = task->dispatch_ns + work_ns;
  all->result.busy_ns += takes_ns;
  all->launched[node]++;
  baro_replay_event(all, now_ns + takes_ns, node, slot);
  return BARO_OK;
}

/* The slot goes to the first node that has a task for it. */
static baro_status offer(baro_replay_state *all, uint32_t slot, double now_ns) {
  for (uint32_t r = all->ready_count; r-- > 0;) {
    uint32_t node = all->ready[r];
    const baro_replay_node *one = &all->input->nodes[node];
    uint32_t task = one->first_task + all->launched[node];
    if (all->waiting[node].has_places) {
      if (!baro_replay_task_for(all, node, slot, now_ns, &task)) {
        continue;
      }
      all->is_launched[task] = true;
    }
    baro_status status = begin_task(all, node, task, slot, now_ns);
    if (all->launched[node] == one->task_count) {
      remove_ready(all, r);
    }
    return status;
  }
  all->refused[all->refused_count++] = slot;
  return BARO_OK;
}

static baro_status launch(baro_replay_state *all, double now_ns) {
  uint32_t slot;
  while (all->ready_count > 0 && baro_replay_next_idle(all, now_ns, &slot)) {
    baro_status status = offer(all, slot, now_ns);
    if (status != BARO_OK) {
      return status;
    }
  }
  if (all->near_count > 0) {
    baro_replay_count_waits(all, now_ns);
  }
  return BARO_OK;
}

/* --- the whole --- */

static baro_status begin(baro_replay_state *all, baro_error *err) {
  const baro_replay *input = all->input;
  bool one_stays = false;
  for (uint32_t s = 0; s < input->slot_count; s++) {
    baro_replay_event(all, input->slots[s].from_ns, BARO_NONE_ID, s);
    one_stays = one_stays || !(input->slots[s].until_ns > 0);
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
  return left > 0 && !one_stays
             ? baro_error_set(err, BARO_INVALID, "there are tasks, and no slot to run them")
             : BARO_OK;
}

static baro_status simulate(baro_replay_state *all, baro_error *err) {
  const baro_replay *input = all->input;
  baro_status status = begin(all, err);
  if (status != BARO_OK) {
    return status;
  }
  while (all->events.count > 0) {
    double now_ns = all->events.entries[0].key;
    /* All of one moment first: which slot is free must not depend on the order of equal times. */
    while (all->events.count > 0 && all->events.entries[0].key <= now_ns && status == BARO_OK) {
      baro_replay_entry event = pop(&all->events);
      status = on_event(all, &event);
    }
    if (status == BARO_OK) {
      status = launch(all, now_ns);
    }
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
  baro_replay_state all = {.input = replay, .done_ns = ret_done_ns};
  if (!begin_arrays(&all, scratch)) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  baro_status status = simulate(&all, err);
  baro_map_release(&all.seen);
  baro_map_release(&all.lists);
  if (status == BARO_OK) {
    *ret_result = all.result;
  }
  return status;
}
