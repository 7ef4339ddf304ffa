#include "predict/replay_state.h"

/* Which task of a node a slot takes, where tasks are at home somewhere. */

/* Which nodes have tasks that are at home somewhere, and room for their lists. */
bool baro_replay_begin_places(baro_replay_state *all, baro_arena *scratch) {
  const baro_replay *input = all->input;
  size_t task_end = 0;
  for (uint32_t n = 0; n < input->node_count; n++) {
    const baro_replay_node *node = &input->nodes[n];
    for (uint32_t t = node->first_task; t < node->first_task + node->task_count; t++) {
      if (input->tasks[t].place != BARO_REPLAY_NOWHERE) {
        all->waiting[n].has_places = true;
        task_end = (size_t)node->first_task + node->task_count;
        break;
      }
    }
  }
  if (task_end == 0) {
    return true;
  }
  for (uint32_t n = 0; n < input->node_count; n++) {
    size_t end = (size_t)input->nodes[n].first_task + input->nodes[n].task_count;
    task_end = end > task_end ? end : task_end;
  }
  all->next_there = baro_arena_array(scratch, task_end, sizeof(uint32_t));
  all->is_launched = baro_arena_array(scratch, task_end, sizeof(bool));
  all->first_left = baro_arena_array(scratch, input->node_count, sizeof(uint32_t));
  return all->next_there != NULL && all->is_launched != NULL && all->first_left != NULL;
}

static uint64_t list_key(uint32_t node, uint32_t place) {
  return (uint64_t)node << 32 | place;
}

/* The tasks of a node by their places. */
baro_status baro_replay_list_tasks(baro_replay_state *all, uint32_t node) {
  const baro_replay_node *one = &all->input->nodes[node];
  all->first_left[node] = one->first_task;
  for (uint32_t t = one->first_task + one->task_count; t-- > one->first_task;) {
    uint64_t key = list_key(node, all->input->tasks[t].place);
    const uint64_t *first = baro_map_find(&all->lists, key);
    all->next_there[t] = first == NULL ? BARO_NONE_ID : (uint32_t)*first;
    baro_status status = baro_map_set(&all->lists, key, t);
    if (status != BARO_OK) {
      return status;
    }
  }
  return BARO_OK;
}

/* The first of the node's tasks at home there that is left. */
static bool next_at(baro_replay_state *all, uint32_t node, uint32_t place, uint32_t *ret_task) {
  uint64_t *first = baro_map_find(&all->lists, list_key(node, place));
  if (first == NULL) {
    return false;
  }
  uint32_t task = (uint32_t)*first;
  while (task != BARO_NONE_ID && all->is_launched[task]) {
    task = all->next_there[task];
  }
  *first = task;
  *ret_task = task;
  return task != BARO_NONE_ID;
}

static bool may_go_away(const baro_replay_state *all, uint32_t node, double now_ns) {
  const baro_replay_waiting *one = &all->waiting[node];
  double wait_ns = all->input->locality_wait_ns;
  return !(wait_ns > 0) || (one->counts && now_ns >= one->since_ns + wait_ns);
}

bool baro_replay_task_for(baro_replay_state *all, uint32_t node, uint32_t slot, double now_ns,
                          uint32_t *ret_task) {
  const uint32_t *places = all->input->slots[slot].places;
  for (int p = 0; p < 2; p++) {
    if (places[p] != BARO_REPLAY_NOWHERE && next_at(all, node, places[p], ret_task)) {
      if (!all->input->waits_from_refusal) {
        all->waiting[node].since_ns = now_ns;
      }
      return true;
    }
  }
  if (next_at(all, node, BARO_REPLAY_NOWHERE, ret_task)) {
    return true;
  }
  if (!may_go_away(all, node, now_ns)) {
    return false;
  }
  while (all->is_launched[all->first_left[node]]) {
    all->first_left[node]++;
  }
  *ret_task = all->first_left[node];
  return true;
}

/* Nodes whose tasks are all at home elsewhere wait while slots stand idle. */
void baro_replay_count_waits(baro_replay_state *all, double now_ns) {
  for (uint32_t r = 0; r < all->ready_count; r++) {
    baro_replay_waiting *one = &all->waiting[all->ready[r]];
    if (!one->has_places) {
      continue;
    }
    if (all->input->waits_from_refusal && (all->refused_count == 0 || !one->counts)) {
      one->counts = all->refused_count > 0;
      one->since_ns = now_ns;
    }
    if (all->refused_count > 0 && !one->is_woken) {
      one->is_woken = true;
      double at_ns = one->since_ns + all->input->locality_wait_ns;
      baro_replay_event(all, at_ns > now_ns ? at_ns : now_ns, all->ready[r], BARO_REPLAY_WAKE);
    }
  }
}
