/* What a prediction of a framework's run rests on, in words for people. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/plural.h"
#include "predict/forecast_build.h"

static const double NS = 1e9;

typedef struct assumed {
  baro_forecast *to;
  const baro_job_graph *graph;
  const baro_change *change;
  const baro_waves *waves;
} assumed;

__attribute__((format(printf, 2, 3))) static void assume(baro_forecast *to, const char *format,
                                                         ...) {
  char text[400];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  if (length > 0 && to->assumption_count < BARO_FORECAST_ASSUMPTIONS_MAX) {
    size_t used = (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;
    const char *copy = baro_arena_copy(&to->arena, text, used);
    if (copy != NULL) {
      to->assumptions[to->assumption_count++] = copy;
    }
  }
}

static uint32_t executors_without_tasks(const baro_job_graph *graph) {
  uint32_t count = 0;
  for (uint32_t e = 0; e < graph->executor_count; e++) {
    count += !graph->executors[e].had_tasks;
  }
  return count;
}

static void assume_run(const assumed *all) {
  baro_forecast *to = all->to;
  const baro_job_graph *graph = all->graph;
  assume(to,
         "what is predicted ends with the last job, and begins %.3g s before the first one, when "
         "the session was ready, which no event tells: it is %.2g s sooner or later",
         graph->lead_ns / NS, graph->lead_error_ns / NS);
  assume(
      to,
      "a job is submitted when all jobs are done that had ended before it; the %.3g s in which no "
      "task ran are the driver's%s",
      graph->driver_ns / NS, baro_change_differs(all->change->cpu_ratio) ? "" : ", and stay");
  assume(to,
         "a free slot takes the next task of the oldest job's oldest stage; executors stay once "
         "they are there");
  if (graph->home_count > 0) {
    assume(to,
           "%u of %u tasks ran where their data was, and do so again: other slots get them when "
           "they stood idle for %.3g s (spark.locality.wait), and then read over the network",
           graph->home_count, graph->task_count, graph->locality_wait_ns / NS);
  }
  uint32_t without_tasks = executors_without_tasks(graph);
  if (without_tasks > 0) {
    assume(to, "%u of the %u executors had no task: more tasks would go to them, too",
           without_tasks, graph->executor_count);
  }
  double off = fabs(to->replayed_s / to->base_s - 1);
  if (off > 0.02) {
    assume(to, "replaying the recorded run gives %.4g s for %.4g s: predictions are scaled by that",
           to->replayed_s, to->base_s);
  }
  if (graph->unfinished_tasks > 0) {
    assume(to, "the log ended while %u %s ran: what came later is not in the prediction",
           graph->unfinished_tasks, baro_plural(graph->unfinished_tasks, "task", "tasks"));
  }
  if (graph->failed_tasks > 0) {
    assume(to, "%u %s failed, and %s again", graph->failed_tasks,
           baro_plural(graph->failed_tasks, "task", "tasks"),
           baro_plural(graph->failed_tasks, "fails", "fail"));
  }
}

static void assume_slots(const assumed *all) {
  baro_forecast *to = all->to;
  const baro_change *change = all->change;
  bool changes_nodes = change->executor_count != all->graph->executor_count;
  if (change->changes_cores && all->graph->is_local) {
    assume(to,
           "cores: %u slot%s instead of %u, on the same machine (local mode): cores that were all "
           "in use are shared; of a machine with %.3g times the cores, set cpu_speed=%.3gx as well",
           to->slots, to->slots == 1 ? "" : "s", to->base_slots,
           (double)to->slots / (double)to->base_slots, (double)to->slots / (double)to->base_slots);
  } else if (change->changes_cores) {
    assume(to,
           "cores: %u slot%s instead of %u, on machines that have them, and with as much memory "
           "for each task",
           to->slots, to->slots == 1 ? "" : "s", to->base_slots);
  }
  if (changes_nodes) {
    assume(
        to,
        "nodes: %u executors instead of %u, the new ones there as soon as the recorded ones were",
        change->executor_count, all->graph->executor_count);
  }
  if ((change->changes_cores || changes_nodes) && all->waves->measured_stages == 0) {
    assume(to,
           "no slot had two tasks of one stage: how much slower first tasks are is unknown, and "
           "taken for nothing");
  }
}

static void assume_resources(const assumed *all) {
  baro_forecast *to = all->to;
  const baro_change *change = all->change;
  const double *need_ns = all->graph->need_ns;
  double sum_ns = 0;
  for (int n = 0; n < BARO_NEED_COUNT; n++) {
    sum_ns += need_ns[n];
  }
  if (sum_ns > 0 &&
      (baro_change_differs(change->cpu_ratio) || baro_change_differs(change->disk_ratio) ||
       baro_change_differs(change->network_ratio) || change->changes_cores)) {
    assume(to,
           "%.0f %% of the tasks' time is explained by no clock of the framework: shares of it are "
           "assumed",
           100 * need_ns[BARO_NEED_OTHER] / sum_ns);
  }
  if (all->graph->core_wait_ratio > 0 &&
      (baro_change_differs(change->cpu_ratio) || baro_change_differs(change->disk_ratio) ||
       baro_change_differs(change->network_ratio) ||
       (change->changes_cores && all->graph->is_local))) {
    assume(
        to,
        "deserializing tasks, which needs nothing but a core, took %.3g s for each second of its "
        "CPU time: so much more than that CPU time tells did what else they computed wait",
        1 + all->graph->core_wait_ratio);
  }
  if (baro_change_differs(change->network_ratio) && !(need_ns[BARO_NEED_NETWORK] > 0)) {
    assume(to, "no task waited for the network, as far as it was measured");
  }
  if (baro_change_differs(change->disk_ratio) && !(need_ns[BARO_NEED_DISK] > 0)) {
    assume(to, "no task waited for disks, as far as it was measured");
  }
  if (baro_change_differs(change->memory_ratio)) {
    assume(to,
           "memory: it changes collecting and spilling, and nothing else (no cached data that was "
           "dropped); an end by \"out of memory\" is not foreseen");
  }
  if (baro_change_differs(change->input_ratio)) {
    assume(to, "input: all of it grows alike; stages that read it have more tasks, those that read "
               "shuffled data larger ones; plans stay the same");
  }
  if (change->changes_partitions) {
    assume(to,
           "partitions: tasks cut the same data anew, and what a task needs to start stays; stages "
           "of one task keep it");
  }
}

static void assume_interval(const assumed *all) {
  baro_forecast *to = all->to;
  const baro_calibration *calibration = &to->calibration;
  if (calibration->is_calibrated) {
    assume(to,
           "the interval is for one more run, 90 %%: %.2f times as wide as the terms' ranges make "
           "it, by %u comparisons of predictions with runs, of %u jobs of 4 to 40 s on one machine "
           "of two cores, one thing changed at a time",
           calibration->factor, calibration->comparisons, calibration->jobs);
  } else if (calibration->outside == BARO_SCENARIO_KEY_COUNT) {
    assume(to,
           "the interval is for one more run, 90 %%: runs of one job differ by %.1f %% (standard "
           "deviation)",
           100 * to->noise_ratio);
  } else if (calibration->up_to > 0) {
    assume(to,
           "the interval is %.2f times as wide as the terms' ranges make it, the most that any "
           "change needed: runs were compared with %s changed up to %.4gx only",
           calibration->factor, baro_scenario_name(calibration->outside), calibration->up_to);
  } else {
    assume(to,
           "the interval is %.2f times as wide as the terms' ranges make it, the most that any "
           "change needed: no runs with other %s were compared",
           calibration->factor, baro_scenario_name(calibration->outside));
  }
  if (baro_forecast_is_far(to)) {
    assume(to,
           "a factor of %.3g is far from what was recorded: the interval is widened, and may still "
           "be too narrow",
           to->distance);
  }
}

void baro_forecast_assume(baro_forecast *to, const baro_job_graph *graph, const baro_change *change,
                          const baro_waves *waves) {
  const assumed all = {.to = to, .graph = graph, .change = change, .waves = waves};
  assume_run(&all);
  assume_slots(&all);
  assume_resources(&all);
  assume_interval(&all);
}
