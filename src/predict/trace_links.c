/* What each task of a trace waited for. */
#include <stdlib.h>

#include "explain/device_sides.h"
#include "predict/trace_items.h"

/* A forged trace may have a million tasks that end in one nanosecond, and as many streams. */
enum { LOOK_BACK_MAX = 256, OTHERS_MAX = 16 };

typedef struct building {
  const baro_profile *profile;
  const baro_dataflow_task *tasks;
  uint32_t *order;   /* tasks by start */
  uint32_t *item_of; /* by task */
  uint32_t *by_end;  /* tasks by end */
  uint32_t *next;    /* by task: behind it on its track */
  uint32_t *launch;  /* by task: its launch, where edges tell */
  bool *on_device;   /* by task */
  uint32_t *others;
  uint32_t other_count;
  uint32_t other_room;
  baro_trace_item *items;
  uint32_t count;
  uint64_t begin_ns;
  double latency_ns; /* the least from a launch's start to what it launched */
  bool has_waits;
} building;

typedef struct sorted {
  uint64_t first_ns;
  uint64_t second_ns;
  uint32_t task;
} sorted;

static int compare_sorted(const void *left, const void *right) {
  const sorted *a = left;
  const sorted *b = right;
  if (a->first_ns != b->first_ns) {
    return a->first_ns < b->first_ns ? -1 : 1;
  }
  if (a->second_ns != b->second_ns) {
    return a->second_ns < b->second_ns ? -1 : 1;
  }
  return a->task < b->task ? -1 : a->task > b->task;
}

static void sort_tasks(building *all, sorted *scratch, bool by_end, uint32_t *ret_order) {
  for (uint32_t t = 0; t < all->count; t++) {
    const baro_dataflow_task *task = &all->tasks[t];
    scratch[t] = (sorted){.first_ns = by_end ? task->end_ns : task->start_ns,
                          .second_ns = by_end ? task->start_ns : task->end_ns,
                          .task = t};
  }
  qsort(scratch, all->count, sizeof(*scratch), compare_sorted);
  for (uint32_t i = 0; i < all->count; i++) {
    ret_order[i] = scratch[i].task;
  }
}

/* Launches of one operator and all that they launched, in pairs: both in the order of time. Where they are not as many, or one
 * would be launched before its launch, nobody knows which belongs to which. */
static void pair_launches(building *all, uint32_t launcher, sorted *launched, uint32_t count) {
  const baro_dataflow_operator *one = &all->profile->dataflow.operators[launcher];
  if (count != one->task_count) {
    return;
  }
  qsort(launched, count, sizeof(*launched), compare_sorted);
  for (uint32_t i = 0; i < count; i++) {
    if (all->tasks[one->first_task + i].start_ns > launched[i].first_ns) {
      return;
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t launch = one->first_task + i;
    double lag_ns = (double)(launched[i].first_ns - all->tasks[launch].start_ns);
    all->launch[launched[i].task] = launch;
    all->latency_ns = lag_ns < all->latency_ns ? lag_ns : all->latency_ns;
  }
}

typedef struct launch_edge {
  uint32_t from;
  uint32_t to;
} launch_edge;

static int compare_edges(const void *left, const void *right) {
  const launch_edge *a = left;
  const launch_edge *b = right;
  return a->from != b->from ? (a->from < b->from ? -1 : 1) : a->to < b->to ? -1 : a->to > b->to;
}

static bool is_launch(const building *all, const baro_dataflow_edge *edge) {
  const baro_dataflow_operator *from = &all->profile->dataflow.operators[edge->from];
  const baro_dataflow_operator *to = &all->profile->dataflow.operators[edge->to];
  return edge->kind == BARO_OPERATOR_EDGE_CONTROL && from->task_count > 0 && to->task_count > 0 &&
         !all->on_device[from->first_task] && all->on_device[to->first_task] &&
         to->incoming_count == 1;
}

static baro_status find_launches(building *all, sorted *scratch) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  launch_edge *edges = malloc(((size_t)dataflow->edge_count + 1) * sizeof(*edges));
  if (edges == NULL) {
    return BARO_NO_MEMORY;
  }
  uint32_t count = 0;
  for (uint32_t e = 0; e < dataflow->edge_count; e++) {
    if (is_launch(all, &dataflow->edges[e])) {
      edges[count++] = (launch_edge){dataflow->edges[e].from, dataflow->edges[e].to};
    }
  }
  qsort(edges, count, sizeof(*edges), compare_edges);
  uint32_t launched = 0;
  for (uint32_t e = 0; e < count; e++) {
    const baro_dataflow_operator *to = &dataflow->operators[edges[e].to];
    for (uint32_t t = to->first_task; t < to->first_task + to->task_count; t++) {
      scratch[launched++] = (sorted){
          .first_ns = all->tasks[t].start_ns, .second_ns = all->tasks[t].end_ns, .task = t};
    }
    if (e + 1 == count || edges[e + 1].from != edges[e].from) {
      pair_launches(all, edges[e].from, scratch, launched);
      launched = 0;
    }
  }
  free(edges);
  return BARO_OK;
}

/* How many tasks have ended at that time. */
static uint32_t ended(const building *all, uint64_t at_ns) {
  uint32_t low = 0;
  uint32_t high = all->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (all->tasks[all->by_end[middle]].end_ns <= at_ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Whether a task of another track may be what `task`, which begins at at_ns, waited for. */
static bool may_wait_for(const building *all, uint32_t task, uint32_t other, uint64_t at_ns) {
  if (all->tasks[other].thread == all->tasks[task].thread ||
      all->item_of[other] >= all->item_of[task]) {
    return false;
  }
  if (all->on_device[task]) {
    return all->on_device[other];
  }
  if (all->on_device[other]) {
    return !all->has_waits; /* where calls tell of waiting, other calls do not wait */
  }
  uint32_t next = all->next[other];
  return next == BARO_NONE_ID || all->tasks[next].start_ns >= at_ns;
}

/* What ended last in (from_ns, at_ns] and may be what it waited for; BARO_NONE_ID: nothing. */
static uint32_t last_ended(const building *all, uint32_t task, uint64_t from_ns, uint64_t at_ns) {
  uint32_t place = ended(all, at_ns);
  for (uint32_t looked = 0; looked < LOOK_BACK_MAX && looked < place; looked++) {
    uint32_t other = all->by_end[place - 1 - looked];
    if (all->tasks[other].end_ns <= from_ns) {
      break;
    }
    if (may_wait_for(all, task, other, at_ns)) {
      return other;
    }
  }
  return BARO_NONE_ID;
}

/* The call of a host that began last before it: what launched it, where no edge tells. */
static uint32_t last_call(const building *all, uint32_t place) {
  for (uint32_t looked = 0; looked < LOOK_BACK_MAX && looked < place; looked++) {
    uint32_t other = all->order[place - 1 - looked];
    if (!all->on_device[other]) {
      return other;
    }
  }
  return BARO_NONE_ID;
}

static void set_launch(const building *all, baro_trace_item *to, uint32_t launch, double lag_ns) {
  const baro_dataflow_task *call = &all->tasks[launch];
  double call_ns = (double)baro_dataflow_task_ns(call);
  to->launch = all->item_of[launch];
  to->launch_call_ns = lag_ns < call_ns ? lag_ns : call_ns;
  to->launch_lag_ns = lag_ns - to->launch_call_ns;
}

/* Of a kernel or a copy: what it waited for last keeps its lag, and the others are no more than bounds. */
static void link_device(const building *all, uint32_t task, uint64_t free_ns, baro_trace_item *to) {
  uint64_t start_ns = all->tasks[task].start_ns;
  uint32_t launch = all->launch[task];
  bool is_told = launch != BARO_NONE_ID;
  launch = is_told ? launch : last_call(all, all->item_of[task]);
  double begun_ns =
      launch == BARO_NONE_ID ? 0 : (double)(start_ns - all->tasks[launch].start_ns); /* ago */
  double launched_ns = is_told ? begun_ns - all->latency_ns : begun_ns;
  double waited_ns = (double)(start_ns - free_ns);
  uint32_t other = last_ended(all, task, free_ns, start_ns);
  if (other != BARO_NONE_ID && launch != BARO_NONE_ID &&
      (double)(start_ns - all->tasks[other].end_ns) >= launched_ns) {
    other = BARO_NONE_ID; /* it was launched later */
  }
  bool is_launched_last = other == BARO_NONE_ID && launch != BARO_NONE_ID &&
                          (launched_ns < waited_ns || to->before == BARO_NONE_ID);
  to->keeps_gap = other == BARO_NONE_ID && !is_launched_last;
  if (other != BARO_NONE_ID) {
    to->after = all->item_of[other];
    to->after_lag_ns = (double)(start_ns - all->tasks[other].end_ns);
  }
  if (is_launched_last || is_told) {
    set_launch(all, to, launch, is_launched_last ? begun_ns : all->latency_ns);
  }
}

static void link_host(const building *all, uint32_t task, uint64_t free_ns, baro_trace_item *to) {
  const baro_dataflow_task *row = &all->tasks[task];
  uint32_t other = last_ended(all, task, free_ns, row->start_ns);
  to->keeps_gap = other == BARO_NONE_ID;
  if (other != BARO_NONE_ID) {
    to->after = all->item_of[other];
    to->after_lag_ns = (double)(row->start_ns - all->tasks[other].end_ns);
  }
}

static bool waits_for_all_streams(const building *all, uint32_t task) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  const baro_dataflow_operator *of = &dataflow->operators[all->tasks[task].operator_id];
  baro_view name = baro_profile_string(all->profile, of->name_string);
  return baro_view_contains(name, "DeviceSynchronize") ||
         baro_view_contains(name, "CtxSynchronize");
}

static bool is_known(const building *all, const baro_trace_item *to, uint32_t first,
                     uint32_t thread) {
  bool known = first != BARO_NONE_ID && all->tasks[first].thread == thread;
  for (uint32_t o = to->first_other; o < to->first_other + to->other_count; o++) {
    known = known || all->tasks[all->order[all->others[o]]].thread == thread;
  }
  return known;
}

/* A wait of a host: for what a device ended last meanwhile, and where it waits for a whole device, for what its other streams did. */
static void link_wait(building *all, uint32_t task, baro_trace_item *to) {
  const baro_dataflow_task *row = &all->tasks[task];
  uint32_t place = ended(all, row->end_ns);
  uint32_t first = BARO_NONE_ID;
  bool is_whole = waits_for_all_streams(all, task);
  to->keeps_gap = true;
  to->first_other = all->other_count;
  for (uint32_t looked = 0; looked < LOOK_BACK_MAX && looked < place; looked++) {
    uint32_t other = all->by_end[place - 1 - looked];
    uint32_t thread = all->tasks[other].thread;
    if (all->tasks[other].end_ns <= row->start_ns || (first != BARO_NONE_ID && !is_whole)) {
      break;
    }
    if (!all->on_device[other] || is_known(all, to, first, thread)) {
      continue;
    }
    if (first == BARO_NONE_ID) {
      first = other;
      to->after = all->item_of[other];
      to->after_lag_ns = (double)(row->end_ns - all->tasks[other].end_ns);
    } else if (to->other_count < OTHERS_MAX && all->other_count < all->other_room) {
      all->others[all->other_count++] = all->item_of[other];
      to->other_count++;
    }
  }
}

static void link_tasks(building *all, const uint8_t *uses, uint32_t *last_of_track) {
  for (uint32_t i = 0; i < all->count; i++) {
    uint32_t task = all->order[i];
    const baro_dataflow_task *row = &all->tasks[task];
    uint32_t before = last_of_track[row->thread];
    uint64_t free_ns = before == BARO_NONE_ID ? all->begin_ns : all->tasks[before].end_ns;
    double gap_ns = (double)row->start_ns - (double)free_ns; /* < 0: they overlap */
    free_ns = free_ns < row->start_ns ? free_ns : row->start_ns;
    last_of_track[row->thread] = task;
    baro_trace_item *to = &all->items[i];
    *to = (baro_trace_item){.length_ns = (double)baro_dataflow_task_ns(row),
                            .gap_ns = gap_ns,
                            .before = before == BARO_NONE_ID ? BARO_NONE_ID : all->item_of[before],
                            .after = BARO_NONE_ID,
                            .launch = BARO_NONE_ID,
                            .use = uses[task],
                            .on_device = all->on_device[task]};
    if (to->on_device) {
      link_device(all, task, free_ns, to);
    } else if (to->use != BARO_TRACE_WAIT) {
      link_host(all, task, free_ns, to);
    } else {
      link_wait(all, task, to);
    }
  }
}

static void find_next(building *all, uint32_t *last_of_track) {
  for (uint32_t i = 0; i < all->count; i++) {
    uint32_t task = all->order[i];
    uint32_t *last = &last_of_track[all->tasks[task].thread];
    all->next[task] = BARO_NONE_ID;
    if (*last != BARO_NONE_ID) {
      all->next[*last] = task;
    }
    *last = task;
    all->item_of[task] = i;
  }
}

static void clear(uint32_t *ids, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    ids[i] = BARO_NONE_ID;
  }
}

static baro_status build(building *all, const uint8_t *uses, baro_arena *scratch) {
  uint32_t threads = all->profile->thread_count;
  sorted *sorting = baro_arena_array(scratch, (size_t)all->count + 1, sizeof(*sorting));
  uint32_t *last_of_track = baro_arena_array(scratch, (size_t)threads + 1, sizeof(uint32_t));
  uint32_t **const lists[] = {&all->order, &all->item_of, &all->by_end, &all->next, &all->launch};
  for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
    *lists[l] = baro_arena_array(scratch, (size_t)all->count + 1, sizeof(uint32_t));
    if (*lists[l] == NULL) {
      return BARO_NO_MEMORY;
    }
  }
  all->on_device = baro_arena_array(scratch, (size_t)all->count + 1, sizeof(bool));
  if (sorting == NULL || last_of_track == NULL || all->on_device == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t t = 0; t < all->count; t++) {
    all->on_device[t] = baro_is_on_device(all->profile, all->tasks[t].operator_id);
    all->has_waits = all->has_waits || uses[t] == BARO_TRACE_WAIT;
  }
  sort_tasks(all, sorting, false, all->order);
  sort_tasks(all, sorting, true, all->by_end);
  clear(last_of_track, threads);
  find_next(all, last_of_track);
  clear(all->launch, all->count);
  baro_status status = find_launches(all, sorting);
  if (status == BARO_OK) {
    clear(last_of_track, threads);
    link_tasks(all, uses, last_of_track);
  }
  return status;
}

baro_status baro_trace_replay_make(const baro_profile *profile, const uint8_t *uses,
                                   uint64_t begin_ns, uint64_t end_ns, baro_arena *keep,
                                   const baro_trace_replay **ret_replay) {
  const baro_dataflow *dataflow = &profile->dataflow;
  baro_arena scratch = {0};
  baro_trace_replay *replay = baro_arena_array(keep, 1, sizeof(*replay));
  building all = {.profile = profile,
                  .tasks = dataflow->tasks,
                  .items = baro_arena_array(keep, dataflow->task_count, sizeof(baro_trace_item)),
                  .others = baro_arena_array(keep, dataflow->task_count, sizeof(uint32_t)),
                  .other_room = dataflow->task_count,
                  .count = dataflow->task_count,
                  .begin_ns = begin_ns,
                  .latency_ns = 1e18};
  baro_status status = replay == NULL || all.items == NULL || all.others == NULL
                           ? BARO_NO_MEMORY
                           : build(&all, uses, &scratch);
  if (status == BARO_OK) {
    uint64_t last_ns = all.count > 0 ? all.tasks[all.by_end[all.count - 1]].end_ns : begin_ns;
    *replay = (baro_trace_replay){.items = all.items,
                                  .count = all.count,
                                  .others = all.others,
                                  .closing_ns = end_ns > last_ns ? (double)(end_ns - last_ns) : 0};
    *ret_replay = replay;
  }
  baro_arena_release(&scratch);
  return status;
}
