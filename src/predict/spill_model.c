/* Spilling: what a task cannot hold in memory it sorts, packs, writes, and merges again. */
#include <math.h>

#include "predict/task_build.h"

/* Shuffle files of a run that wrote none: what an SSD takes. */
static const double BYTES_PER_NS = 0.5;
/* Of data that was not spilled, how large it would be packed: tools/make_pairs.py, aggregate 0.22, join 0.42. */
static const double PACKED = 0.3;
/* Of a task's time, no more than that is spilling: it computes on what it merges, too. */
static const double SHARE_MAX = 0.5;

/* What spilled, for a reason that is not in the log, had a little less than it needed. */
static const double FULL = 0.999;

/* --- how much fits --- */

/* Spark divides an executor's memory by the tasks that run at once. Slots of another machine come with memory of their own, those of
 * the same one (local mode) share it. */
baro_spill_room baro_task_spill_room(const baro_task_maker *all, uint32_t count,
                                     uint32_t after_count) {
  const baro_job_graph *graph = all->input->graph;
  double executors = (double)graph->executor_count;
  double slots = (double)graph->slot_count / executors;
  double slots_then = graph->is_local ? slots * all->cores_ratio : slots;
  double at_once = fmax(1, fmin(slots, (double)count / executors));
  double then = fmax(1, fmin(slots_then, (double)after_count / executors / all->nodes_ratio));
  double bytes = graph->execution_bytes * all->input->terms[BARO_TERM_SPILL_ROOM];
  return (baro_spill_room){.before_bytes = bytes / at_once,
                           .then_bytes = bytes * all->input->change->execution_ratio / then};
}

/* Data that a task spilled, of which it can hold less: between all of it, and all but the last that fits. */
static double spilled_of(double data_bytes, double room_bytes) {
  return data_bytes > room_bytes ? data_bytes - room_bytes / 2 : 0;
}

/* --- what it costs --- */

/* Of ns a byte of memory. */
static double price(const baro_task_maker *all, const baro_task_draft *task, double packed) {
  const double *terms = all->input->terms;
  const baro_change *change = all->input->change;
  double measured = all->input->graph->write_bytes_per_ns;
  double speed = (measured > 0 ? measured : BYTES_PER_NS) * change->disk_ratio;
  double cpu_ns = task->need_ns[BARO_NEED_CPU];
  double waits = cpu_ns > 0 ? 1 + baro_task_core_wait_ns(all, task) / cpu_ns : 1;
  return terms[BARO_TERM_SPILL_CPU] * waits / change->cpu_ratio +
         terms[BARO_TERM_SPILL_COST] * 2 * packed / speed;
}

/* Where it is not known what fits: what would not if all that a task had was full, at least. */
static double unknown_room_ns(const baro_task_maker *all, const baro_task_draft *task,
                              double growth) {
  double ratio = all->input->change->execution_ratio;
  double less = task->peak_bytes * (task->size - ratio);
  if (task->spilled_bytes > 0) {
    double left = fmax(0, task->spilled_bytes * task->size + less);
    double packed = task->spilled_disk_bytes / task->spilled_bytes;
    return price(all, task, packed) * (left - task->spilled_bytes * growth);
  }
  return less > 0 ? all->input->terms[BARO_TERM_NEW_SPILL] * price(all, task, PACKED) * less : 0;
}

double baro_task_spill_ns(const baro_task_maker *all, const baro_task_draft *task,
                          const baro_spill_room *room, double growth) {
  double had = task->spilled_bytes;
  if (!(room->before_bytes > 0)) {
    return unknown_room_ns(all, task, growth);
  }
  /* Of what it held at the end only the most that it held at any time is known. What it spilled had no room, what it did not had. */
  double data = had > 0 ? had + task->peak_bytes / 2 : task->peak_bytes;
  double before = had > 0 ? fmin(room->before_bytes, FULL * data) : fmax(room->before_bytes, data);
  double then = before * room->then_bytes / room->before_bytes;
  double packed = had > 0 ? task->spilled_disk_bytes / had : PACKED;
  double ns = price(all, task, packed);
  double scale = had > 0 ? had / spilled_of(data, before) : 1;
  double took_ns = ns * had;
  double most_ns = SHARE_MAX * (task->need_ns[BARO_NEED_CPU] + task->need_ns[BARO_NEED_DISK] +
                                task->need_ns[BARO_NEED_OTHER]);
  ns *= took_ns > most_ns ? most_ns / took_ns : 1;
  return ns * (scale * spilled_of(data * task->size, then) - had * growth);
}
