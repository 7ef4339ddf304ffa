#include "predict/task_times.h"

#include <math.h>

/* Shuffle files of a run that wrote none: what an SSD takes. */
static const double SPILL_BYTES_PER_NS = 0.5;

typedef struct maker {
  const baro_task_times_input *input;
  baro_replay_node *nodes;
  baro_replay_task *tasks;
  uint32_t task_count;
  uint64_t random;
  uint32_t slot_count;
  double cores_ratio; /* slots of an executor, on average */
  double nodes_ratio;
  double driver_ratio; /* of its time, and of what it takes to hand out tasks */
} maker;

/* A task as it is before the models: a recorded one, or pieces of several. */
typedef struct draft {
  double need_ns[BARO_NEED_COUNT];
  double shuffled_bytes;
  double remote_bytes;
  double spilled_bytes;
  double spilled_disk_bytes;
  double peak_bytes;
  double dispatch_ns;
  double near_bytes; /* read from the place where it is at home */
  bool was_first;
  bool is_early;
} draft;

/* --- how many tasks, and how large --- */

typedef struct resize {
  uint32_t count; /* of tasks */
  double
      size; /* of each, to that of a recorded one; where they are cut, in addition to what the cutting does */
  bool is_cut; /* the stage's data is divided anew; else tasks are repeated */
} resize;

/* spark.sql.files.maxPartitionBytes by its default: a scan that is cut by the number of cores has no larger pieces. */
static const double SCAN_BYTES_MAX = 128 * 1024 * 1024;

static uint32_t scaled_count(uint32_t count, double ratio) {
  double wanted = round((double)count * ratio);
  return wanted < 1 ? 1 : wanted > BARO_TASK_TIMES_MAX ? BARO_TASK_TIMES_MAX : (uint32_t)wanted;
}

/* How many times as many tasks read that much more input: files are cut in splits of a size, or by the number of cores while
 * the pieces are small. */
static double split_ratio(const baro_graph_node *node, double input_ratio) {
  double count = (double)node->plan.task_count;
  if (node->pieces_max == 0) {
    return input_ratio;
  }
  double pieces = ceil(node->read_bytes * input_ratio / SCAN_BYTES_MAX);
  return pieces > count ? pieces / count : 1;
}

/* More input is more tasks, or larger ones; shuffled data comes in a number of partitions, so more of it is larger tasks. */
static resize resize_stage(const maker *all, const baro_graph_node *node) {
  const baro_change *change = all->input->change;
  uint32_t count = node->plan.task_count;
  resize to = {.count = count, .size = 1};
  double work = 1;
  if (change->input_ratio < 1 || change->input_ratio > 1) {
    work = pow(change->input_ratio, all->input->terms[BARO_TERM_INPUT_POWER]);
    if (node->reads_input && !node->reads_shuffle) {
      to.count = scaled_count(count, split_ratio(node, change->input_ratio));
      to.size = work * (double)count / (double)to.count;
    } else {
      to.size =
          node->reads_shuffle ? work : 1 + all->input->terms[BARO_TERM_INPUT_OTHERS] * (work - 1);
    }
  }
  if (change->changes_partitions && node->reads_shuffle && count > 1) {
    to.count = change->partitions_ratio > 0 ? scaled_count(count, change->partitions_ratio)
                                            : change->partitions_count;
    to.is_cut = true;
  } else if (node->pieces_max > 0 && all->slot_count != all->input->graph->slot_count &&
             all->input->terms[BARO_TERM_PARALLELISM] >= 0.5) {
    uint32_t pieces = all->slot_count < node->pieces_max ? all->slot_count : node->pieces_max;
    to.is_cut = pieces != count;
    to.count = to.is_cut ? pieces : to.count;
  }
  to.size = to.is_cut ? work : to.size; /* cutting keeps the sum */
  return to;
}

/* --- tasks before the models --- */

/* splitmix64: Steele, Lea and Flood, 2014 */
static uint64_t next_random(maker *all) {
  uint64_t z = all->random += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static double work_of(const baro_graph_task *task) {
  double work_ns = 0;
  for (int n = 0; n < BARO_NEED_COUNT; n++) {
    work_ns += n == BARO_NEED_FIXED ? 0 : (double)task->need_ns[n];
  }
  return work_ns;
}

/* Adds a part of a recorded task; what is fixed comes once, with the first part. */
static void add_part(draft *to, const baro_graph_task *from, double part) {
  for (int n = 0; n < BARO_NEED_COUNT; n++) {
    if (n != BARO_NEED_FIXED) {
      to->need_ns[n] += part * (double)from->need_ns[n];
    }
  }
  to->shuffled_bytes += part * ((double)from->remote_bytes + (double)from->local_bytes);
  to->remote_bytes += part * (double)from->remote_bytes;
  to->near_bytes += part * ((double)from->local_bytes + (double)from->input_bytes);
  to->spilled_bytes += part * (double)from->spilled_bytes;
  to->spilled_disk_bytes += part * (double)from->spilled_disk_bytes;
  double peak_bytes = part * (double)from->peak_bytes;
  to->peak_bytes = peak_bytes > to->peak_bytes ? peak_bytes : to->peak_bytes;
}

static draft begin_draft(const baro_graph_task *from) {
  draft to = {.dispatch_ns = (double)from->dispatch_ns,
              .was_first = from->was_first,
              .is_early = from->is_early};
  to.need_ns[BARO_NEED_FIXED] = (double)from->need_ns[BARO_NEED_FIXED];
  return to;
}

/* A stage's data divided anew. */
typedef struct cutting {
  const baro_graph_task *tasks;
  uint32_t count;
  uint32_t pieces;
  double middle_ns; /* what a task has above it may be one key, which cannot be cut: */
  double skew;      /* a share of that stays with its first piece */
  double
      wave_ratio; /* what was first of its slot, and goes on in a task that has begun, is as much faster */
} cutting;

/* The recorded tasks side by side, cut at other places. */
static draft cut_piece(const cutting *cut, uint32_t piece) {
  double from = (double)piece * (double)cut->count / (double)cut->pieces;
  double to = (double)(piece + 1) * (double)cut->count / (double)cut->pieces;
  uint32_t first = (uint32_t)from < cut->count ? (uint32_t)from : cut->count - 1;
  draft made = begin_draft(&cut->tasks[first]);
  for (uint32_t t = first; t < cut->count && (double)t < to; t++) {
    double begin = from > (double)t ? from : (double)t;
    double end = to < (double)(t + 1) ? to : (double)(t + 1);
    if (!(end > begin)) {
      continue;
    }
    double work_ns = work_of(&cut->tasks[t]);
    double whole = work_ns > cut->middle_ns ? cut->skew * (work_ns - cut->middle_ns) / work_ns : 0;
    double part = (end - begin) * (1 - whole) + (begin <= (double)t ? whole : 0);
    bool goes_on = t > first && cut->tasks[t].was_first;
    add_part(&made, &cut->tasks[t], goes_on ? part / cut->wave_ratio : part);
  }
  return made;
}

static double mean_work(const baro_graph_task *tasks, uint32_t count) {
  double sum_ns = 0;
  for (uint32_t t = 0; t < count; t++) {
    sum_ns += work_of(&tasks[t]);
  }
  return count > 0 ? sum_ns / (double)count : 0;
}

/* --- one model a resource --- */

static double lesser(double a, double b) {
  return a < b ? a : b;
}

/* Of unexplained time, what the task waited for a core, by the ratio that deserializing tells. */
static double core_wait_ns(const maker *all, const draft *task) {
  double computed_ns = task->need_ns[BARO_NEED_CPU] + task->need_ns[BARO_NEED_COLLECTOR];
  double ratio = all->input->terms[BARO_TERM_CORE_WAIT] * all->input->graph->core_wait_ratio;
  return lesser(task->need_ns[BARO_NEED_OTHER], ratio * computed_ns);
}

/* Shares of other unexplained time that follow cores, disks and the network; the rest follows nothing. */
typedef struct shares {
  double cpu;
  double disk;
  double network;
} shares;

/* Of files it is not known whether they are here or elsewhere; in local mode they are taken to be here. */
static shares share_files(const maker *all, double part) {
  double disk = all->input->terms[BARO_TERM_OTHER_DISK];
  double network = all->input->graph->is_local ? 0 : all->input->terms[BARO_TERM_OTHER_NETWORK];
  double sum = disk + network;
  return sum > 0 ? (shares){.disk = part * disk / sum, .network = part * network / sum}
                 : (shares){0};
}

/* With a clock of waiting for cores: what waited neither for them nor for what has a clock waited for files, if there are any. */
static shares share_clocked(const maker *all, const baro_graph_node *node, const draft *task) {
  const double *terms = all->input->terms;
  bool has_files = node->reads_input || node->writes_output || task->spilled_bytes > 0;
  double cpu = node->runs_python ? terms[BARO_TERM_PYTHON_CPU]
               : has_files       ? 0
                                 : terms[BARO_TERM_NO_FILES_CPU];
  shares of = has_files ? share_files(all, 1 - cpu) : (shares){0};
  of.cpu = cpu;
  return of;
}

static shares share_other(const maker *all, const baro_graph_node *node, const draft *task) {
  const double *terms = all->input->terms;
  if (all->input->graph->core_wait_ratio > 0) {
    return share_clocked(all, node, task);
  }
  bool has_files = node->reads_input || node->writes_output;
  shares of = {
      .cpu = terms[node->runs_python ? BARO_TERM_PYTHON_CPU : BARO_TERM_OTHER_CPU],
      .disk = has_files || task->spilled_bytes > 0 ? terms[BARO_TERM_OTHER_DISK] : 0,
      .network = has_files ? terms[BARO_TERM_OTHER_NETWORK] : 0,
  };
  double sum = of.cpu + of.disk + of.network;
  if (sum > 1) {
    of = (shares){of.cpu / sum, of.disk / sum, of.network / sum};
  }
  return of;
}

/* Collecting takes as what is live to what is free: with half the memory more often. */
static double collector_ratio(const maker *all) {
  double live = all->input->terms[BARO_TERM_LIVE_HEAP];
  return (1 - live) / (all->input->change->memory_ratio - live);
}

/* What spilling costs more, or less (negative), than when it was recorded. */
static double spill_extra(const maker *all, const draft *task) {
  const baro_change *change = all->input->change;
  const double *terms = all->input->terms;
  double ratio = change->execution_ratio;
  double measured = all->input->graph->write_bytes_per_ns;
  double speed = (measured > 0 ? measured : SPILL_BYTES_PER_NS) * change->disk_ratio;
  if (!(ratio < 1 || ratio > 1)) {
    return 0;
  }
  if (task->spilled_bytes > 0) {
    /* What it had in memory when it spilled is its share of the memory. */
    double left = task->spilled_bytes + task->peak_bytes * (1 - ratio);
    left = left > 0 ? left : 0;
    double cost_ns = terms[BARO_TERM_SPILL_COST] * 2 * task->spilled_disk_bytes / speed;
    cost_ns = lesser(cost_ns, task->need_ns[BARO_NEED_CPU] + task->need_ns[BARO_NEED_DISK] +
                                  task->need_ns[BARO_NEED_OTHER]);
    return cost_ns * (left / task->spilled_bytes - 1);
  }
  return ratio < 1 ? terms[BARO_TERM_NEW_SPILL] * 2 * task->peak_bytes * (1 - ratio) / speed : 0;
}

/* Time for the network: what it waited, with the part of the data that comes from other executors, and what was none before. */
static double remote_ratio(const maker *all) {
  double before = (double)all->input->graph->executor_count;
  double after = (double)all->input->change->executor_count;
  return before > 1 ? (1 - 1 / after) / (1 - 1 / before) : 1;
}

static double new_network_ns(const maker *all, const draft *task) {
  const baro_change *change = all->input->change;
  if (all->input->graph->executor_count > 1 || change->executor_count == 1) {
    return 0;
  }
  return task->shuffled_bytes * (1 - 1 / (double)change->executor_count) *
         all->input->terms[BARO_TERM_NEW_NETWORK] / change->network_ratio;
}

/* Longer, where its data comes over the network. */
static double away_ns(const maker *all, const draft *task, double size) {
  return task->near_bytes * size * all->input->terms[BARO_TERM_NEW_NETWORK] /
         all->input->change->network_ratio;
}

/* How much longer tasks take because of more of them at once: only as many run at once as the stage has. */
typedef struct crowding {
  double inflation; /* factor on all that a task does */
  double queue;     /* factor on the other tasks at once in an executor, at most 1 */
  double wait;      /* of the time that a task computes, waiting for cores that are not there */
} crowding;

static crowding crowd(const maker *all, uint32_t before_tasks, uint32_t after_tasks) {
  const double *terms = all->input->terms;
  double slots = (double)all->input->graph->slot_count;
  double change = all->cores_ratio * all->nodes_ratio;
  double before = lesser(slots, (double)before_tasks);
  double after = lesser(slots * change, (double)after_tasks);
  double felt = 1;
  if (fabs(log(change)) > 1e-9) {
    felt = log(after / before) / log(change);
    felt = felt < 0 ? 0 : felt > 1 ? 1 : felt;
  }
  double power = felt * (terms[BARO_TERM_CORES_CONTENTION] * log(all->cores_ratio) +
                         terms[BARO_TERM_NODES_CONTENTION] * log(all->nodes_ratio));
  double at_once = before / (double)all->input->graph->executor_count;
  double then = at_once * pow(all->cores_ratio, felt);
  double queue = at_once > 1 && then < at_once ? (then > 1 ? then - 1 : 0) / (at_once - 1) : 1;
  bool is_crowded = all->input->graph->is_local && then > at_once;
  return (crowding){
      .inflation = exp(power),
      .queue = queue,
      .wait = is_crowded ? terms[BARO_TERM_CROWDED] * (1 - at_once / then) : 0,
  };
}

/* What a slot's first task takes above a later one is loading and compiling code, and so is a part of what tasks of a young
 * executor take: it does not grow with the data. */
static double grown(const maker *all, const draft *task, double size, double wave_ratio) {
  double first = task->was_first ? 1 - 1 / wave_ratio : 0;
  double early = task->is_early ? all->input->terms[BARO_TERM_WARMING] : 0;
  return 1 + (size - 1) * (1 - (first > early ? first : early));
}

static double task_time(const maker *all, const baro_graph_node *node, const draft *task,
                        double growth, const crowding *crowd_of) {
  const baro_change *change = all->input->change;
  const double *terms = all->input->terms;
  shares of = share_other(all, node, task);
  double cpu_ns = task->need_ns[BARO_NEED_CPU];
  double network_ns = task->need_ns[BARO_NEED_NETWORK] * remote_ratio(all) / change->network_ratio;
  double queued = terms[node->runs_python ? BARO_TERM_QUEUED_PYTHON : BARO_TERM_QUEUED];
  double python_ns =
      node->runs_python ? terms[BARO_TERM_PYTHON_CPU] * task->need_ns[BARO_NEED_OTHER] : 0;
  double wait_ns = crowd_of->wait * (cpu_ns + python_ns) / change->cpu_ratio;
  double core_ns = core_wait_ns(all, task);
  double rest_ns = (task->need_ns[BARO_NEED_OTHER] - core_ns) *
                   (1 - of.cpu - of.disk - of.network + of.cpu / change->cpu_ratio +
                    of.disk / change->disk_ratio + of.network / change->network_ratio);
  double other_ns = (core_ns / change->cpu_ratio + rest_ns) * (1 - queued * (1 - crowd_of->queue));
  double serial_ns = cpu_ns / change->cpu_ratio + network_ns;
  double computed_ns = serial_ns;
  if (task->need_ns[BARO_NEED_NETWORK] > 0) {
    /* All at once: it waited, so the network was the longer one, all the time that the task computed too. */
    double fetched_ns =
        (cpu_ns + task->need_ns[BARO_NEED_NETWORK]) * remote_ratio(all) / change->network_ratio;
    double parallel_ns =
        cpu_ns / change->cpu_ratio > fetched_ns ? cpu_ns / change->cpu_ratio : fetched_ns;
    computed_ns += terms[BARO_TERM_OVERLAP] * (parallel_ns - serial_ns);
  }
  double work_ns = computed_ns + other_ns + wait_ns + new_network_ns(all, task) +
                   task->need_ns[BARO_NEED_COLLECTOR] * collector_ratio(all) / change->cpu_ratio +
                   task->need_ns[BARO_NEED_DISK] / change->disk_ratio + spill_extra(all, task);
  return task->need_ns[BARO_NEED_FIXED] * all->driver_ratio +
         (work_ns > 0 ? work_ns : 0) * growth * crowd_of->inflation;
}

/* --- places --- */

/* Executors first, then hosts. */
static uint32_t executor_place(uint32_t executor) {
  return BARO_REPLAY_NOWHERE + 1 + executor;
}

static uint32_t host_place(const baro_task_times_input *input, uint32_t executor) {
  const baro_job_graph *graph = input->graph;
  uint32_t copy = executor / graph->executor_count;
  uint32_t host = graph->executors[executor % graph->executor_count].host;
  return BARO_REPLAY_NOWHERE + 1 + input->change->executor_count + host + copy * graph->host_count;
}

/* Where a task is at home when there are so many executors: on the like of its executor, or of its host. Executors that are more
 * than before have their share of what the like of them had. index: of the task in its stage. */
static uint32_t place_of(const maker *all, const baro_graph_task *task, uint32_t index) {
  const baro_job_graph *graph = all->input->graph;
  uint32_t before = graph->executor_count;
  uint32_t after = all->input->change->executor_count;
  if (task->home == BARO_GRAPH_HOME_NOWHERE || after < 2) {
    return BARO_REPLAY_NOWHERE;
  }
  uint32_t like = graph->executor_of_slot[task->slot];
  uint32_t copies = (after + before - 1) / before;
  uint64_t executor = like + (uint64_t)before * (index / before % copies);
  executor = executor < after ? executor : like % after;
  return task->home == BARO_GRAPH_HOME_EXECUTOR ? executor_place((uint32_t)executor)
                                                : host_place(all->input, (uint32_t)executor);
}

/* --- the whole --- */

static void make_stage(maker *all, uint32_t index, const resize *to) {
  const baro_task_times_input *input = all->input;
  const baro_graph_node *node = &input->graph->nodes[index];
  const baro_graph_task *tasks = &input->graph->tasks[node->plan.first_task];
  uint32_t count = node->plan.task_count;
  crowding crowd_of = crowd(all, count, to->count);
  const cutting cut = {.tasks = tasks,
                       .count = count,
                       .pieces = to->count,
                       .middle_ns = to->is_cut ? mean_work(tasks, count) : 0,
                       .skew = input->terms[BARO_TERM_SKEW],
                       .wave_ratio = all->nodes[index].wave_ratio};
  all->nodes[index].first_task = all->task_count;
  all->nodes[index].task_count = to->count;
  for (uint32_t t = 0; t < to->count; t++) {
    draft task;
    uint32_t place = BARO_REPLAY_NOWHERE; /* data that is cut anew is somewhere else */
    if (to->is_cut) {
      task = cut_piece(&cut, t);
    } else {
      uint32_t from = to->count == count ? t : (uint32_t)((uint64_t)t * count / to->count);
      double dispatch_ns = (double)tasks[from].dispatch_ns;
      place = place_of(all, &tasks[from], t);
      from = input->seed != 0 ? (uint32_t)(next_random(all) % count) : from;
      task = begin_draft(&tasks[from]);
      task.dispatch_ns = dispatch_ns;
      add_part(&task, &tasks[from], 1);
    }
    double growth = grown(all, &task, to->size, all->nodes[index].wave_ratio);
    all->tasks[all->task_count++] =
        (baro_replay_task){.work_ns = task_time(all, node, &task, growth, &crowd_of),
                           .dispatch_ns = task.dispatch_ns,
                           .away_ns = (float)away_ns(all, &task, to->size),
                           .place = place,
                           .was_first = task.was_first};
  }
}

static baro_status make_slots(const maker *all, baro_arena *keep, baro_replay *replay,
                              baro_error *err) {
  const baro_job_graph *graph = all->input->graph;
  const baro_change *change = all->input->change;
  baro_replay_slot *slots = baro_arena_array(keep, all->slot_count, sizeof(*slots));
  if (slots == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  for (uint32_t e = 0; e < change->executor_count; e++) {
    const baro_graph_executor *like = &graph->executors[e % graph->executor_count];
    for (uint32_t s = 0; s < baro_change_slots(change, like); s++) {
      slots[replay->slot_count++] =
          (baro_replay_slot){.from_ns = like->from_ns,
                             .until_ns = like->until_ns,
                             .places = {executor_place(e), host_place(all->input, e)}};
    }
  }
  replay->slots = slots;
  return BARO_OK;
}

static double average_cores_ratio(const baro_task_times_input *input) {
  uint64_t slots = 0;
  for (uint32_t e = 0; e < input->graph->executor_count; e++) {
    slots += baro_change_slots(input->change, &input->graph->executors[e]);
  }
  return (double)slots / (double)input->graph->slot_count;
}

static baro_status count_slots(maker *all, baro_error *err) {
  const baro_job_graph *graph = all->input->graph;
  const baro_change *change = all->input->change;
  uint64_t count = 0;
  for (uint32_t e = 0; e < change->executor_count; e++) {
    count += baro_change_slots(change, &graph->executors[e % graph->executor_count]);
  }
  if (count > BARO_TASK_TIMES_MAX) {
    return baro_error_set(err, BARO_LIMIT, "that would be more than %d slots", BARO_TASK_TIMES_MAX);
  }
  all->slot_count = (uint32_t)count;
  return BARO_OK;
}

baro_status baro_task_times_build(const baro_task_times_input *input, baro_arena *keep,
                                  baro_replay *ret_replay, baro_error *err) {
  const baro_job_graph *graph = input->graph;
  maker all = {.input = input,
               .random = input->seed,
               .cores_ratio = average_cores_ratio(input),
               .nodes_ratio =
                   (double)input->change->executor_count / (double)graph->executor_count};
  uint64_t task_count = 0;
  baro_status status = count_slots(&all, err);
  if (status != BARO_OK) {
    return status;
  }
  for (uint32_t n = 0; n < graph->node_count; n++) {
    task_count +=
        graph->nodes[n].plan.task_count > 0 ? resize_stage(&all, &graph->nodes[n]).count : 0;
  }
  if (task_count > BARO_TASK_TIMES_MAX) {
    return baro_error_set(err, BARO_LIMIT, "that would be more than %d tasks", BARO_TASK_TIMES_MAX);
  }
  all.nodes = baro_arena_array(keep, graph->node_count, sizeof(*all.nodes));
  all.tasks = baro_arena_array(keep, task_count, sizeof(*all.tasks));
  if (all.nodes == NULL || all.tasks == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  all.driver_ratio = 1 + input->terms[BARO_TERM_DRIVER_SPEED] * (1 / input->change->cpu_ratio - 1);
  for (uint32_t n = 0; n < graph->node_count; n++) {
    all.nodes[n] = graph->nodes[n].plan;
    all.nodes[n].delay_ns *= all.driver_ratio;
    all.nodes[n].launch_ns *= all.driver_ratio;
    all.nodes[n].finish_ns *= all.driver_ratio;
    all.nodes[n].wave_ratio = pow(input->waves->ratios[n], input->terms[BARO_TERM_WAVE]);
    if (graph->nodes[n].plan.task_count > 0) {
      resize to = resize_stage(&all, &graph->nodes[n]);
      make_stage(&all, n, &to);
    }
  }
  *ret_replay =
      (baro_replay){.nodes = all.nodes,
                    .node_count = graph->node_count,
                    .after = graph->after,
                    .tasks = all.tasks,
                    .locality_wait_ns = graph->locality_wait_ns * input->terms[BARO_TERM_LOCALITY],
                    .waits_from_refusal = graph->waits_from_refusal};
  return make_slots(&all, keep, ret_replay, err);
}
