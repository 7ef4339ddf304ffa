/* How long a task takes under a change: one model a resource, one function each. */
#include <math.h>

#include "predict/task_build.h"

static double lesser(double a, double b) {
  return a < b ? a : b;
}

double baro_task_core_wait_ns(const baro_task_maker *all, const baro_task_draft *task) {
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
static shares share_files(const baro_task_maker *all, double part) {
  double disk = all->input->terms[BARO_TERM_OTHER_DISK];
  double network = all->input->graph->is_local ? 0 : all->input->terms[BARO_TERM_OTHER_NETWORK];
  double sum = disk + network;
  return sum > 0 ? (shares){.disk = part * disk / sum, .network = part * network / sum}
                 : (shares){0};
}

/* Where cores are so scarce that deserializing waits for them twice as long as it computes, as on machines with a quota, all that no
 * clock explains waited for them: tools/make_pairs.py, 2 to 9 with a quota of half the cores and less, 0.8 to 1.3 with slow disks. */
static const double SCARCE_FROM_RATIO = 1.5;
static const double SCARCE_RATIO = 2;

static double core_scarcity(const baro_job_graph *graph) {
  double scarce = (graph->core_wait_ratio - SCARCE_FROM_RATIO) / (SCARCE_RATIO - SCARCE_FROM_RATIO);
  return scarce < 0 ? 0 : scarce > 1 ? 1 : scarce;
}

/* With a clock of waiting for cores: what waited neither for them nor for what has a clock waited for files, if there are any. */
static shares share_clocked(const baro_task_maker *all, const baro_graph_node *node,
                            const baro_task_draft *task) {
  const double *terms = all->input->terms;
  bool has_files = node->reads_input || node->writes_output || task->spilled_bytes > 0;
  double cpu = node->runs_python ? terms[BARO_TERM_PYTHON_CPU]
               : has_files       ? 0
                                 : terms[BARO_TERM_NO_FILES_CPU];
  double scarcity = core_scarcity(all->input->graph);
  cpu = cpu > scarcity ? cpu : scarcity;
  shares of = has_files ? share_files(all, 1 - cpu) : (shares){0};
  of.cpu = cpu;
  return of;
}

static shares share_other(const baro_task_maker *all, const baro_graph_node *node,
                          const baro_task_draft *task) {
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
static double collector_ratio(const baro_task_maker *all) {
  double live = all->input->terms[BARO_TERM_LIVE_HEAP];
  return (1 - live) / (all->input->change->memory_ratio - live);
}

/* Time for the network: what it waited, with the part of the data that comes from other executors, and what was none before. */
static double remote_ratio(const baro_task_maker *all) {
  double before = (double)all->input->graph->executor_count;
  double after = (double)all->input->change->executor_count;
  return before > 1 ? (1 - 1 / after) / (1 - 1 / before) : 1;
}

static double new_network_ns(const baro_task_maker *all, const baro_task_draft *task) {
  const baro_change *change = all->input->change;
  if (all->input->graph->executor_count > 1 || change->executor_count == 1) {
    return 0;
  }
  return task->shuffled_bytes * (1 - 1 / (double)change->executor_count) *
         all->input->terms[BARO_TERM_NEW_NETWORK] / change->network_ratio;
}

double baro_task_away_ns(const baro_task_maker *all, const baro_task_draft *task, double size) {
  return task->near_bytes * size * all->input->terms[BARO_TERM_NEW_NETWORK] /
         all->input->change->network_ratio;
}

/* In local mode the machine stays as it is, however many slots there are: cores are shared by the tasks and what else the JVM does
 * (compiling, collecting, the driver). Where they were all in use, a task takes as long as there are others. Whether they were
 * tells deserializing; between these ratios it is not clear. */
static const double FREE_WAIT_RATIO = 0.3;
static const double FULL_WAIT_RATIO = 0.8;

/* What is loaded and compiled once all tasks wait for together, however many they are; with fewer of them the compiler's threads
 * get more of the cores, too. tools/make_pairs.py, 4 slots to 2 and to 1: half of it does not get shorter. */
static const double CROWDED_WARMING = 0.5;

static double local_stretch(const baro_task_maker *all, double at_once, double then) {
  const double *terms = all->input->terms;
  double ratio = all->input->graph->core_wait_ratio;
  double full = (ratio - FREE_WAIT_RATIO) / (FULL_WAIT_RATIO - FREE_WAIT_RATIO);
  full = full > 1 ? 1 : full;
  full = full > terms[BARO_TERM_CROWDED] ? full : terms[BARO_TERM_CROWDED];
  full = terms[BARO_TERM_CROWDED] < 0 ? 0 : full;
  double others = terms[BARO_TERM_BACKGROUND];
  return 1 + full * ((then + others) / (at_once + others) - 1);
}

/* How many tasks run at once, on average over the stage: not more than there are slots, in whole waves, and while the longest one
 * runs on alone nothing slows it down. So a slot more never makes a stage slower than it is alone. */
static double average_at_once(double count, double evenness, double slots) {
  return count / fmax(1 / evenness, ceil(count / slots - 1e-9));
}

/* Which power of the change of slots tasks feel, from 0 to 1, by how many there are at once. */
static double felt_of(double before, double after, double change) {
  double felt = fabs(log(change)) > 1e-9 ? log(after / before) / log(change) : 1;
  return felt < 0 ? 0 : felt > 1 ? 1 : felt;
}

baro_crowding baro_task_crowding(const baro_task_maker *all, const baro_graph_task *tasks,
                                 uint32_t count, uint32_t after_count, double wave_ratio) {
  const double *terms = all->input->terms;
  double slots = (double)all->input->graph->slot_count;
  double change = all->cores_ratio * all->nodes_ratio;
  double before = lesser(slots, (double)count);
  double felt = felt_of(before, lesser(slots * change, (double)after_count), change);
  double evenness = baro_stage_evenness(tasks, count, wave_ratio);
  double slowed = felt_of(average_at_once((double)count, evenness, slots),
                          average_at_once((double)after_count, evenness, slots * change), change);
  double power = slowed * (terms[BARO_TERM_CORES_CONTENTION] * log(all->cores_ratio) +
                           terms[BARO_TERM_NODES_CONTENTION] * log(all->nodes_ratio));
  double at_once = before / (double)all->input->graph->executor_count;
  double then = at_once * pow(all->cores_ratio, felt);
  if (all->input->graph->is_local) {
    return (baro_crowding){
        .inflation = exp(power), .queue = 1, .stretch = local_stretch(all, at_once, then)};
  }
  double queue = at_once > 1 && then < at_once ? (then > 1 ? then - 1 : 0) / (at_once - 1) : 1;
  return (baro_crowding){.inflation = exp(power), .queue = queue, .stretch = 1};
}

double baro_task_fixed_share(const baro_task_maker *all, const baro_task_draft *task,
                             double wave_ratio) {
  double first = task->was_first ? 1 - 1 / wave_ratio : 0;
  double early = task->is_early ? all->input->terms[BARO_TERM_WARMING] : 0;
  return baro_warming_share(first > early ? first : early, task->need_ns[BARO_NEED_CPU]);
}

double baro_task_time(const baro_task_maker *all, const baro_graph_node *node,
                      const baro_task_draft *task, double growth, const baro_crowding *crowd_of,
                      const baro_spill_room *room, double fixed) {
  const baro_change *change = all->input->change;
  const double *terms = all->input->terms;
  shares of = share_other(all, node, task);
  double cpu_ns = task->need_ns[BARO_NEED_CPU];
  double network_ns = task->need_ns[BARO_NEED_NETWORK] * remote_ratio(all) / change->network_ratio;
  double queued = terms[node->runs_python ? BARO_TERM_QUEUED_PYTHON : BARO_TERM_QUEUED];
  double core_ns = baro_task_core_wait_ns(all, task);
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
  double collecting_ns =
      task->need_ns[BARO_NEED_COLLECTOR] * collector_ratio(all) / change->cpu_ratio;
  double stretch = crowd_of->stretch - 1;
  stretch *= stretch < 0 ? 1 - CROWDED_WARMING * fixed : 1 - fixed;
  /* No task is faster than what it computes. */
  double shared_ns = (cpu_ns / change->cpu_ratio + other_ns + collecting_ns) * stretch;
  shared_ns = shared_ns < -other_ns ? -other_ns : shared_ns;
  double work_ns = computed_ns + other_ns + shared_ns + new_network_ns(all, task) + collecting_ns +
                   task->need_ns[BARO_NEED_DISK] / change->disk_ratio;
  work_ns = work_ns * growth + baro_task_spill_ns(all, task, room, growth);
  return task->need_ns[BARO_NEED_FIXED] * all->driver_ratio +
         (work_ns > 0 ? work_ns : 0) * crowd_of->inflation;
}
