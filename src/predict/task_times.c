#include "predict/task_times.h"

#include <math.h>

#include "predict/task_build.h"

/* splitmix64: Steele, Lea and Flood, 2014 */
static uint64_t next_random(baro_task_maker *all) {
  uint64_t z = all->random += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
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
static uint32_t place_of(const baro_task_maker *all, const baro_graph_task *task, uint32_t index) {
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

/* What tasks of a stage take as a rule, when they are not the first of their slot: the geometric mean, which one long task does
 * not make much longer. */
typedef struct usual_work {
  double logs;
  uint32_t count;
} usual_work;

static void add_work(usual_work *to, double work_ns) {
  if (work_ns > 0) {
    to->logs += log(work_ns);
    to->count++;
  }
}

static double usual_ns(const usual_work *of) {
  return of->count > 0 ? exp(of->logs / of->count) : 0;
}

static void make_stage(baro_task_maker *all, uint32_t index, const baro_stage_size *to,
                       baro_arena *keep) {
  const baro_task_times_input *input = all->input;
  const baro_graph_node *node = &input->graph->nodes[index];
  const baro_graph_task *tasks = &input->graph->tasks[node->plan.first_task];
  uint32_t count = node->plan.task_count;
  double wave_ratio = all->nodes[index].wave_ratio;
  baro_crowding crowd_of = baro_task_crowding(all, tasks, count, to->count, wave_ratio);
  const baro_spill_room room = baro_task_spill_room(all, count, to->count);
  const baro_stage_cut cut = {.tasks = tasks,
                              .count = count,
                              .pieces = to->count,
                              .middle_ns = to->is_cut ? baro_stage_mean_ns(tasks, count) : 0,
                              .skew = input->terms[BARO_TERM_SKEW],
                              .wave_ratio = all->nodes[index].wave_ratio,
                              .offsets = to->is_cut && node->pieces_max > 0 && node->reads_input
                                             ? baro_stage_offsets(tasks, count, keep)
                                             : NULL,
                              .warming = to->count <= all->slot_count && node->pieces_max > 0
                                             ? input->terms[BARO_TERM_WARMING]
                                             : 0};
  double ratio_then = 1 + (wave_ratio - 1) / crowd_of.stretch;
  usual_work usual = {0};
  all->nodes[index].wave_ratio = ratio_then;
  all->nodes[index].first_task = all->task_count;
  all->nodes[index].task_count = to->count;
  for (uint32_t t = 0; t < to->count; t++) {
    baro_task_draft task;
    uint32_t place = BARO_REPLAY_NOWHERE; /* data that is cut anew is somewhere else */
    if (to->is_cut) {
      task = baro_stage_piece(&cut, t);
    } else {
      uint32_t from = to->count == count ? t : (uint32_t)((uint64_t)t * count / to->count);
      double dispatch_ns = (double)tasks[from].dispatch_ns;
      place = place_of(all, &tasks[from], t);
      from = input->seed != 0 ? (uint32_t)(next_random(all) % count) : from;
      task = baro_task_draft_begin(&tasks[from]);
      task.dispatch_ns = dispatch_ns;
      baro_task_draft_add(&task, &tasks[from], 1, 1);
    }
    task.size = to->size;
    double fixed = baro_task_fixed_share(all, &task, wave_ratio);
    double growth = 1 + (to->size - 1) * (1 - fixed);
    double work_ns = baro_task_time(all, node, &task, growth, &crowd_of, &room, fixed);
    add_work(&usual, work_ns / growth / (task.was_first ? ratio_then : 1));
    all->tasks[all->task_count++] =
        (baro_replay_task){.work_ns = work_ns,
                           .dispatch_ns = task.dispatch_ns,
                           .away_ns = (float)baro_task_away_ns(all, &task, to->size),
                           .place = place,
                           .was_first = task.was_first};
  }
  all->nodes[index].first_ns = (ratio_then - 1) * usual_ns(&usual);
}

static baro_status make_slots(const baro_task_maker *all, baro_arena *keep, baro_replay *replay,
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

static baro_status count_slots(baro_task_maker *all, baro_error *err) {
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
  baro_task_maker all = {.input = input,
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
        graph->nodes[n].plan.task_count > 0 ? baro_stage_resize(&all, &graph->nodes[n]).count : 0;
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
      baro_stage_size to = baro_stage_resize(&all, &graph->nodes[n]);
      make_stage(&all, n, &to, keep);
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
