#include "explain/critical_path.h"

#include <stdlib.h>
#include <string.h>

#include "explain/device_sides.h"
#include "explain/run_span.h"

static const char *const keys[] = {
#define X(name, key, words) key,
    BARO_STEP_LIST(X)
#undef X
};

static const char *const words[] = {
#define X(name, key, words) words,
    BARO_STEP_LIST(X)
#undef X
};

const char *baro_step_key(baro_step_kind kind) {
  return keys[kind];
}

const char *baro_step_words(baro_step_kind kind) {
  return words[kind];
}

/* What is known of an operator's begin; UINT64_MAX: it is not. */
typedef struct beginning {
  uint64_t submitted_ns;
  uint64_t job_ns;      /* when what it is a part of was submitted */
  uint64_t inputs_ns;   /* when the last task ended of the operators that it takes in; 0: none */
  uint32_t inputs_task; /* that task */
} beginning;

typedef struct search {
  const baro_profile *profile;
  const baro_dataflow *dataflow;
  beginning *beginnings; /* by operator */
  uint32_t *by_end;      /* tasks, ascending by end */
  uint32_t *on_slot;     /* by task: the one that began before it on its slot, or BARO_NONE_ID */
  uint64_t first_submitted_ns;
  const uint8_t *sides; /* by operator, a baro_side; NULL: there is no device */
  baro_critical_path path;
} search;

/* --- what the walk needs --- */

typedef struct task_end {
  uint64_t end_ns;
  uint64_t start_ns;
  uint32_t task;
} task_end;

static int compare_ends(const void *left, const void *right) {
  const task_end *a = left;
  const task_end *b = right;
  if (a->end_ns != b->end_ns) {
    return a->end_ns < b->end_ns ? -1 : 1;
  }
  if (a->start_ns != b->start_ns) {
    return a->start_ns < b->start_ns ? -1 : 1;
  }
  return a->task < b->task ? -1 : a->task > b->task;
}

static baro_status order_by_end(search *s) {
  uint32_t count = s->dataflow->task_count;
  task_end *ends = malloc(((size_t)count + 1) * sizeof(*ends));
  s->by_end = malloc(((size_t)count + 1) * sizeof(*s->by_end));
  if (ends == NULL || s->by_end == NULL) {
    free(ends);
    return BARO_NO_MEMORY;
  }
  for (uint32_t t = 0; t < count; t++) {
    const baro_dataflow_task *task = &s->dataflow->tasks[t];
    ends[t] = (task_end){.end_ns = task->end_ns, .start_ns = task->start_ns, .task = t};
  }
  qsort(ends, count, sizeof(*ends), compare_ends);
  for (uint32_t t = 0; t < count; t++) {
    s->by_end[t] = ends[t].task;
  }
  free(ends);
  return BARO_OK;
}

/* --- what was on a slot before --- */

typedef struct slot_place {
  uint32_t thread;
  uint32_t task;
  uint64_t start_ns;
} slot_place;

static int compare_slots(const void *left, const void *right) {
  const slot_place *a = left;
  const slot_place *b = right;
  if (a->thread != b->thread) {
    return a->thread < b->thread ? -1 : 1;
  }
  if (a->start_ns != b->start_ns) {
    return a->start_ns < b->start_ns ? -1 : 1;
  }
  return a->task < b->task ? -1 : a->task > b->task;
}

static baro_status read_slots(search *s) {
  uint32_t count = s->dataflow->task_count;
  slot_place *places = malloc(((size_t)count + 1) * sizeof(*places));
  s->on_slot = malloc(((size_t)count + 1) * sizeof(*s->on_slot));
  if (places == NULL || s->on_slot == NULL) {
    free(places);
    return BARO_NO_MEMORY;
  }
  for (uint32_t t = 0; t < count; t++) {
    const baro_dataflow_task *task = &s->dataflow->tasks[t];
    places[t] = (slot_place){.thread = task->thread, .task = t, .start_ns = task->start_ns};
  }
  qsort(places, count, sizeof(*places), compare_slots);
  for (uint32_t i = 0; i < count; i++) {
    bool is_first = i == 0 || places[i - 1].thread != places[i].thread;
    s->on_slot[places[i].task] = is_first ? BARO_NONE_ID : places[i - 1].task;
  }
  free(places);
  return BARO_OK;
}

static uint64_t fact_or_none(const baro_dataflow *dataflow, uint32_t operator_id, const char *key) {
  uint64_t value;
  return baro_dataflow_fact_number(dataflow, operator_id, key, &value) ? value : UINT64_MAX;
}

static baro_status read_beginnings(search *s) {
  const baro_dataflow *dataflow = s->dataflow;
  s->beginnings = calloc((size_t)dataflow->operator_count + 1, sizeof(*s->beginnings));
  if (s->beginnings == NULL) {
    return BARO_NO_MEMORY;
  }
  baro_run_span run = {0};
  (void)baro_run_span_of(s->profile, &run);
  s->path.begin_ns = run.begin_ns;
  s->path.end_ns = run.end_ns;
  s->first_submitted_ns = UINT64_MAX;
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    const baro_dataflow_operator *row = &dataflow->operators[o];
    beginning *begins = &s->beginnings[o];
    begins->submitted_ns = fact_or_none(dataflow, o, "submitted_ns");
    begins->job_ns =
        row->parent == BARO_NONE_ID ? UINT64_MAX : s->beginnings[row->parent].submitted_ns;
    if (row->task_count != 0) {
      uint64_t from_ns = dataflow->tasks[row->first_task].start_ns;
      from_ns = begins->submitted_ns < from_ns ? begins->submitted_ns : from_ns;
      s->first_submitted_ns = from_ns < s->first_submitted_ns ? from_ns : s->first_submitted_ns;
    }
  }
  return BARO_OK;
}

/* The last end among an operator's own tasks. */
static uint32_t last_task(const baro_dataflow *dataflow, uint32_t operator_id) {
  const baro_dataflow_operator *row = &dataflow->operators[operator_id];
  uint32_t last = BARO_NONE_ID;
  for (uint32_t t = row->first_task; t < row->first_task + row->task_count; t++) {
    if (last == BARO_NONE_ID || dataflow->tasks[t].end_ns > dataflow->tasks[last].end_ns) {
      last = t;
    }
  }
  return last;
}

static baro_status read_inputs(search *s) {
  const baro_dataflow *dataflow = s->dataflow;
  uint32_t *last = malloc(((size_t)dataflow->operator_count + 1) * sizeof(*last));
  if (last == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    last[o] = last_task(dataflow, o);
    s->beginnings[o].inputs_task = BARO_NONE_ID;
  }
  for (uint32_t e = 0; e < dataflow->edge_count; e++) {
    beginning *to = &s->beginnings[dataflow->edges[e].to];
    uint32_t task = last[dataflow->edges[e].from];
    if (task != BARO_NONE_ID &&
        (to->inputs_task == BARO_NONE_ID || dataflow->tasks[task].end_ns > to->inputs_ns)) {
      to->inputs_task = task;
      to->inputs_ns = dataflow->tasks[task].end_ns;
    }
  }
  free(last);
  return BARO_OK;
}

/* --- the walk --- */

/* How many of the first `below` places of by_end have ended at at_ns. */
static uint32_t ended(const search *s, uint64_t at_ns, uint32_t below) {
  uint32_t low = 0;
  uint32_t high = below;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (s->dataflow->tasks[s->by_end[middle]].end_ns <= at_ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static void push(search *s, baro_step_kind kind, uint32_t task, uint64_t start_ns,
                 uint64_t end_ns) {
  if (start_ns >= end_ns && kind != BARO_STEP_TASK) {
    return;
  }
  s->path.steps[s->path.step_count++] = (baro_path_step){
      .kind = kind,
      .task = task,
      .operator_id = task == BARO_NONE_ID ? BARO_NONE_ID : s->dataflow->tasks[task].operator_id,
      .start_ns = start_ns,
      .end_ns = end_ns};
  s->path.kind_ns[kind] += end_ns - start_ns;
}

static uint64_t between(uint64_t value, uint64_t low, uint64_t high) {
  return value < low ? low : value > high ? high : value;
}

/* What lies before `task`, from from_ns on; the later part first, as the walk goes backwards. */
static void push_gap(search *s, uint32_t task, uint64_t from_ns) {
  const baro_dataflow_task *row = &s->dataflow->tasks[task];
  const beginning *begins = &s->beginnings[row->operator_id];
  uint64_t known_ns = begins->submitted_ns != UINT64_MAX ? begins->submitted_ns : begins->job_ns;
  if (known_ns == UINT64_MAX) { /* spans without a plan: nobody says what was waited for */
    push(s, BARO_STEP_NOTHING, task, from_ns, row->start_ns);
    return;
  }
  uint64_t executor_ns = s->profile->processes[s->profile->threads[row->thread].process].start_ns;
  uint64_t submitted_ns = between(known_ns, from_ns, row->start_ns);
  executor_ns = between(executor_ns, submitted_ns, row->start_ns);
  uint64_t first_ns = between(s->first_submitted_ns, from_ns, submitted_ns);
  push(s, BARO_STEP_SCHEDULING, task, executor_ns, row->start_ns);
  push(s, BARO_STEP_EXECUTORS, task, submitted_ns, executor_ns);
  push(s, BARO_STEP_DRIVER, task, first_ns, submitted_ns);
  push(s, BARO_STEP_STARTUP, task, from_ns, first_ns);
}

/* How likely it is that `task` waited for the other one, which ended when another did: a stream goes on behind its own kernel, else
 * behind its launch; the host behind its own last call, but where that is one that waited for the device, behind the device. */
static int preference(const search *s, uint32_t task, uint32_t other) {
  const baro_dataflow_task *tasks = s->dataflow->tasks;
  baro_side side = (baro_side)s->sides[tasks[task].operator_id];
  baro_side of = (baro_side)s->sides[tasks[other].operator_id];
  bool is_own = tasks[task].thread == tasks[other].thread;
  if (side == BARO_SIDE_DEVICE) {
    return is_own ? 2 : of != BARO_SIDE_DEVICE;
  }
  return of == BARO_SIDE_HOST ? (is_own ? 3 : 2) : of == BARO_SIDE_DEVICE;
}

/* Of the first `count` places of by_end the last one, or of those that ended in the same nanosecond the one that `task` waited for. */
static uint32_t last_ended(const search *s, uint32_t task, uint32_t count) {
  enum { TIES_MAX = 64 }; /* a forged trace may have a million */
  const baro_dataflow_task *tasks = s->dataflow->tasks;
  uint32_t best = s->by_end[count - 1];
  uint64_t end_ns = tasks[best].end_ns;
  for (uint32_t i = 1; s->sides != NULL && i < TIES_MAX && i < count; i++) {
    uint32_t other = s->by_end[count - 1 - i];
    if (tasks[other].end_ns != end_ns) {
      break;
    }
    best = preference(s, task, other) > preference(s, task, best) ? other : best;
  }
  return best;
}

/* The task that `task` waited for; BARO_NONE_ID: none. It began before, or at the same time and has an earlier place in by_end:
 * so the walk comes to its end. */
static uint32_t waited_for(const search *s, uint32_t task, const uint32_t *place) {
  const baro_dataflow_task *tasks = s->dataflow->tasks;
  const baro_dataflow_task *row = &tasks[task];
  const beginning *begins = &s->beginnings[row->operator_id];
  uint32_t before = s->on_slot[task];
  if (before != BARO_NONE_ID && tasks[before].end_ns > row->start_ns &&
      tasks[before].start_ns < row->start_ns) {
    return before;
  }
  uint32_t count = ended(s, row->start_ns, place[task]);
  if (count == 0) {
    return BARO_NONE_ID;
  }
  uint32_t last = last_ended(s, task, count);
  bool has_inputs = begins->submitted_ns != UINT64_MAX && begins->inputs_task != BARO_NONE_ID &&
                    place[begins->inputs_task] < count;
  bool waited_for_slot = tasks[last].end_ns > begins->submitted_ns;
  bool job_waited = begins->job_ns != UINT64_MAX && begins->inputs_ns >= begins->job_ns &&
                    begins->inputs_ns <= begins->submitted_ns;
  return has_inputs && !waited_for_slot && job_waited ? begins->inputs_task : last;
}

static void walk(search *s, const uint32_t *place) {
  const baro_dataflow_task *tasks = s->dataflow->tasks;
  uint32_t task = s->by_end[s->dataflow->task_count - 1];
  uint64_t until_ns = tasks[task].end_ns;
  push(s, BARO_STEP_CLOSING, BARO_NONE_ID, until_ns, s->path.end_ns);
  while (task != BARO_NONE_ID) {
    push(s, BARO_STEP_TASK, task, tasks[task].start_ns, until_ns);
    s->path.on_ns[task] = until_ns - tasks[task].start_ns;
    uint32_t before = waited_for(s, task, place);
    until_ns = before == BARO_NONE_ID ? s->path.begin_ns : tasks[before].end_ns;
    until_ns = until_ns < tasks[task].start_ns ? until_ns : tasks[task].start_ns;
    push_gap(s, task, until_ns);
    task = before;
  }
}

static void turn_round(baro_critical_path *path) {
  for (uint32_t i = 0; i < path->step_count / 2; i++) {
    baro_path_step step = path->steps[i];
    path->steps[i] = path->steps[path->step_count - 1 - i];
    path->steps[path->step_count - 1 - i] = step;
  }
}

/* Of a task that is cut, each state in proportion. */
void baro_path_states(const baro_dataflow *dataflow, uint32_t task, uint64_t on_ns,
                      uint64_t ret_state_ns[BARO_STATE_COUNT]) {
  uint64_t all_ns = baro_dataflow_task_ns(&dataflow->tasks[task]);
  double part = all_ns == 0 ? 0 : (double)on_ns / (double)all_ns;
  uint64_t left_ns = on_ns;
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    double exact_ns = (double)baro_dataflow_state_ns(dataflow, task, (baro_state)state) * part;
    uint64_t ns = exact_ns < (double)left_ns ? (uint64_t)exact_ns : left_ns;
    ret_state_ns[state] = ns;
    left_ns -= ns;
  }
  ret_state_ns[BARO_STATE_UNKNOWN] += left_ns;
}

static void sum_states(search *s) {
  baro_critical_path *path = &s->path;
  for (uint32_t i = 0; i < path->step_count; i++) {
    const baro_path_step *step = &path->steps[i];
    uint64_t state_ns[BARO_STATE_COUNT];
    if (step->kind == BARO_STEP_TASK) {
      baro_path_states(s->dataflow, step->task, path->on_ns[step->task], state_ns);
      for (int state = 0; state < BARO_STATE_COUNT; state++) {
        path->state_ns[state] += state_ns[state];
      }
    }
  }
}

static baro_status find(search *s, baro_arena *keep) {
  uint32_t count = s->dataflow->task_count;
  uint32_t *place = malloc(((size_t)count + 1) * sizeof(*place)); /* task -> in by_end */
  baro_status status = place == NULL ? BARO_NO_MEMORY : order_by_end(s);
  if (status == BARO_OK) {
    status = read_beginnings(s);
  }
  if (status == BARO_OK) {
    status = read_inputs(s);
  }
  if (status == BARO_OK) {
    status = read_slots(s);
  }
  if (status == BARO_OK) {
    uint8_t *sides = NULL;
    status = baro_device_sides(s->profile, keep, &sides);
    s->sides = sides;
  }
  if (status == BARO_OK) {
    enum { STEPS_A_TASK = 5 };
    s->path.steps =
        baro_arena_array(keep, (size_t)count * STEPS_A_TASK + 1, sizeof(*s->path.steps));
    s->path.on_ns = baro_arena_array(keep, count, sizeof(*s->path.on_ns));
    status = s->path.steps == NULL || s->path.on_ns == NULL ? BARO_NO_MEMORY : BARO_OK;
  }
  if (status == BARO_OK) {
    for (uint32_t i = 0; i < count; i++) {
      place[s->by_end[i]] = i;
    }
    walk(s, place);
    turn_round(&s->path);
    sum_states(s);
  }
  free(place);
  return status;
}

baro_status baro_critical_path_find(const baro_profile *profile, baro_arena *keep,
                                    baro_critical_path *ret_path) {
  search s = {.profile = profile, .dataflow = &profile->dataflow};
  baro_status status = find(&s, keep);
  free(s.beginnings);
  free(s.by_end);
  free(s.on_slot);
  if (status == BARO_OK) {
    *ret_path = s.path;
  }
  return status;
}
