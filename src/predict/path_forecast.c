#include "predict/path_forecast.h"

#include <math.h>
#include <stdlib.h>

#include "explain/device_sides.h"
#include "predict/forecast_build.h"
#include "predict/trace_replay.h"

static const double NS = 1e9;
/* Of steps of training on one machine that is not shared, as of Python programs. */
static const double NOISE_RATIO = 0.020;

typedef baro_trace_use use;

struct baro_path_forecaster {
  double base_ns;
  double path_ns[BARO_TRACE_USES]
                [2]; /* of the critical path: alone, and while something else ran */
  uint32_t track_count;
  double (*track_ns)[BARO_TRACE_USES]; /* by thread or stream: what it has to do */
  const baro_trace_replay *replay;     /* in the arena */
  bool has_device;
  baro_arena arena;
};

/* --- what tasks use --- */

static baro_state main_state(const baro_dataflow *dataflow, uint32_t task) {
  baro_state most = BARO_STATE_UNKNOWN;
  uint64_t most_ns = 0;
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    uint64_t ns = baro_dataflow_state_ns(dataflow, task, (baro_state)s);
    if (ns > most_ns) {
      most = (baro_state)s;
      most_ns = ns;
    }
  }
  return most;
}

static use use_of(const baro_profile *profile, uint32_t task) {
  bool on_device = baro_is_on_device(profile, profile->dataflow.tasks[task].operator_id);
  switch (main_state(&profile->dataflow, task)) {
  case BARO_STATE_CPU:
  case BARO_STATE_COLLECTOR: return BARO_TRACE_COMPUTE;
  case BARO_STATE_GPU: return on_device ? BARO_TRACE_DEVICE : BARO_TRACE_WAIT;
  case BARO_STATE_COPY: return on_device ? BARO_TRACE_COPY : BARO_TRACE_WAIT;
  case BARO_STATE_NETWORK: return BARO_TRACE_NETWORK;
  case BARO_STATE_DISK: return BARO_TRACE_DISK;
  case BARO_STATE_CHILD:
  case BARO_STATE_PIPE: return BARO_TRACE_WORKERS;
  case BARO_STATE_UNKNOWN: return BARO_TRACE_CODE;
  case BARO_STATE_RUNNABLE:
  case BARO_STATE_GIL:
  case BARO_STATE_LOCK:
  case BARO_STATE_SLEEP:
  case BARO_STATE_IDLE:
  case BARO_STATE_COUNT: break;
  }
  return BARO_TRACE_NONE;
}

typedef struct moment {
  uint64_t at_ns;
  uint32_t task; /* BARO_NONE_ID: an end of a step of the path */
  bool begins;
} moment;

static int compare_moments(const void *left, const void *right) {
  const moment *a = left;
  const moment *b = right;
  return a->at_ns < b->at_ns ? -1 : a->at_ns > b->at_ns;
}

/* Whether anything that is no part of it ran meanwhile, and could be what the run waits for next. */
static bool is_shared(const uint32_t *running, use of) {
  for (int u = BARO_TRACE_CODE; u < BARO_TRACE_WAIT; u++) {
    if (u != (int)of && running[u] != 0) {
      return true;
    }
  }
  return false;
}

static use what_device_does(const uint32_t *running) {
  return running[BARO_TRACE_DEVICE] != 0    ? BARO_TRACE_DEVICE
         : running[BARO_TRACE_NETWORK] != 0 ? BARO_TRACE_NETWORK
         : running[BARO_TRACE_COPY] != 0    ? BARO_TRACE_COPY
                                            : BARO_TRACE_NONE;
}

static void sweep(baro_path_forecaster *to, const baro_critical_path *path, const uint8_t *uses,
                  const moment *moments, size_t count) {
  uint32_t running[BARO_TRACE_USES] = {0};
  uint32_t step = 0;
  for (size_t m = 0; m + 1 < count; m++) {
    if (moments[m].task != BARO_NONE_ID) {
      running[uses[moments[m].task]] += moments[m].begins ? 1 : UINT32_MAX; /* modulo 2^32 */
    }
    while (step + 1 < path->step_count && path->steps[step].end_ns <= moments[m].at_ns) {
      step++;
    }
    bool is_task = path->steps[step].kind == BARO_STEP_TASK;
    use of = is_task ? (use)uses[path->steps[step].task] : BARO_TRACE_CODE;
    of = of == BARO_TRACE_WAIT ? what_device_does(running) : of;
    uint64_t ns = moments[m + 1].at_ns - moments[m].at_ns;
    to->path_ns[of][is_shared(running, of)] += (double)ns;
  }
}

static baro_status add_path(baro_path_forecaster *to, const baro_profile *profile,
                            const baro_critical_path *path, const uint8_t *uses) {
  const baro_dataflow *dataflow = &profile->dataflow;
  size_t most = ((size_t)dataflow->task_count * 2) + ((size_t)path->step_count * 2) + 1;
  moment *moments = malloc(most * sizeof(*moments));
  if (moments == NULL) {
    return BARO_NO_MEMORY;
  }
  size_t count = 0;
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    const baro_dataflow_task *task = &dataflow->tasks[t];
    moments[count++] = (moment){.at_ns = task->start_ns, .task = t, .begins = true};
    moments[count++] = (moment){.at_ns = task->end_ns, .task = t};
  }
  for (uint32_t s = 0; s < path->step_count; s++) {
    moments[count++] = (moment){.at_ns = path->steps[s].start_ns, .task = BARO_NONE_ID};
    moments[count++] = (moment){.at_ns = path->steps[s].end_ns, .task = BARO_NONE_ID};
  }
  qsort(moments, count, sizeof(*moments), compare_moments);
  sweep(to, path, uses, moments, count);
  free(moments);
  return BARO_OK;
}

static void add_tracks(baro_path_forecaster *to, const baro_dataflow *dataflow,
                       const uint8_t *uses) {
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    const baro_dataflow_task *task = &dataflow->tasks[t];
    to->track_ns[task->thread][uses[t]] += (double)baro_dataflow_task_ns(task);
    to->has_device = to->has_device || uses[t] == BARO_TRACE_DEVICE;
  }
}

/* --- what is left of time --- */

typedef struct model {
  const baro_path_forecaster *from;
  const baro_scenario *scenario;
} model;

static double speed_of(const baro_scenario *scenario, baro_scenario_key key) {
  return scenario->values[key].is_set ? scenario->values[key].value : 1;
}

static double left_of(const baro_scenario *scenario, use of, const double *terms) {
  double saved = 1 / speed_of(scenario, BARO_SCENARIO_CPU_SPEED) - 1;
  switch (of) {
  case BARO_TRACE_COMPUTE: return 1 + saved;
  case BARO_TRACE_CODE: return 1 + terms[BARO_TERM_OTHER_CPU] * saved;
  case BARO_TRACE_WORKERS: return 1 + terms[BARO_TERM_HELD] * saved;
  case BARO_TRACE_DEVICE: return 1 / speed_of(scenario, BARO_SCENARIO_GPU);
  case BARO_TRACE_NETWORK: return 1 / speed_of(scenario, BARO_SCENARIO_NETWORK);
  case BARO_TRACE_DISK: return 1 / speed_of(scenario, BARO_SCENARIO_DISK);
  case BARO_TRACE_NONE:
  case BARO_TRACE_COPY:
  case BARO_TRACE_WAIT:
  case BARO_TRACE_USES: break;
  }
  return 1;
}

/* What one thread or stream has to do, whatever it waits for. */
static double longest_track_ns(const baro_path_forecaster *from,
                               const double left[BARO_TRACE_USES]) {
  double longest_ns = 0;
  for (uint32_t track = 0; track < from->track_count; track++) {
    double ns = 0;
    for (int u = BARO_TRACE_CODE; u < BARO_TRACE_WAIT; u++) {
      ns += from->track_ns[track][u] * left[u];
    }
    longest_ns = fmax(longest_ns, ns);
  }
  return longest_ns;
}

static void set_points(double ret_terms[BARO_TERM_COUNT]) {
  for (int t = 0; t < BARO_TERM_COUNT; t++) {
    ret_terms[t] = baro_terms[t].point;
  }
}

/* The tasks once more; where nothing is taken to be alone, the recorded path with those of its moments shortened that were. */
static baro_status seconds_of(const model *of, const double terms[BARO_TERM_COUNT], double *ret_s,
                              baro_error *err) {
  double left[BARO_TRACE_USES];
  double ns = 0;
  for (int u = 0; u < BARO_TRACE_USES; u++) {
    left[u] = left_of(of->scenario, (use)u, terms);
    double shared = 1 - terms[BARO_TERM_ALONE] * (1 - left[u]);
    ns += of->from->path_ns[u][0] * left[u] + of->from->path_ns[u][1] * shared;
  }
  ns = fmax(ns, longest_track_ns(of->from, left));
  if (terms[BARO_TERM_ALONE] >= 1 &&
      baro_trace_replay_run(of->from->replay, left, &ns) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  *ret_s = fmax(ns, of->from->base_ns * 1e-9) / NS;
  return BARO_OK;
}

static baro_status try_term(const model *of, baro_term term, baro_forecast *to, baro_error *err) {
  const baro_term_row *row = &baro_terms[term];
  double terms[BARO_TERM_COUNT];
  double ends_s[2];
  set_points(terms);
  for (int end = 0; end < 2; end++) {
    terms[term] = end == 0 ? row->low : row->high;
    baro_status status = seconds_of(of, terms, &ends_s[end], err);
    if (status != BARO_OK) {
      return status;
    }
  }
  const baro_forecast_term tried = {
      .term = term, .low = row->low, .point = row->point, .high = row->high, .source = row->source};
  baro_forecast_add_term(to, tried, ends_s);
  return BARO_OK;
}

/* --- the whole --- */

bool baro_path_forecast_applies(const baro_profile *profile) {
  return profile->dataflow.task_count > 0 &&
         (baro_operators_are_of(profile, "torch.") || baro_operators_are_of(profile, "tf."));
}

static baro_status check_scenario(const baro_path_forecaster *from, const baro_scenario *scenario,
                                  baro_error *err) {
  static const baro_scenario_key refused[] = {BARO_SCENARIO_CORES, BARO_SCENARIO_NODES,
                                              BARO_SCENARIO_MEMORY, BARO_SCENARIO_INPUT,
                                              BARO_SCENARIO_PARTITIONS};
  static const char can[] = "what can be set is gpu, cpu_speed, network and disk";
  for (size_t k = 0; k < sizeof(refused) / sizeof(refused[0]); k++) {
    if (scenario->values[refused[k]].is_set) {
      return baro_error_set(err, BARO_UNSUPPORTED,
                            "%s: a trace does not say what it would change; %s",
                            baro_scenario_name(refused[k]), can);
    }
  }
  if (scenario->function_count > 0) {
    return baro_error_set(err, BARO_UNSUPPORTED,
                          "function: operators of a trace are not known by function; %s", can);
  }
  if (scenario->values[BARO_SCENARIO_GPU].is_set && !from->has_device) {
    return baro_error_set(err, BARO_UNSUPPORTED, "gpu: no kernel of one is in the trace");
  }
  return BARO_OK;
}

static baro_status make_parts(const baro_path_forecaster *from, const baro_scenario *scenario,
                              baro_forecast *to, baro_error *err) {
  double points[BARO_TERM_COUNT];
  set_points(points);
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT; k++) {
    if (scenario->values[k].is_set) {
      baro_scenario alone = {0};
      alone.values[k] = scenario->values[k];
      const model of = {.from = from, .scenario = &alone};
      baro_forecast_part *part = &to->parts[to->part_count++];
      *part = (baro_forecast_part){.key = (baro_scenario_key)k, .function = BARO_NONE_ID};
      baro_status status = seconds_of(&of, points, &part->alone_s, err);
      if (status != BARO_OK) {
        return status;
      }
    }
  }
  return BARO_OK;
}

static void assume(baro_forecast *to, const char *text) {
  to->assumptions[to->assumption_count++] = text;
}

static void make_assumptions(const baro_path_forecaster *from, const baro_scenario *scenario,
                             baro_forecast *to) {
  assume(to,
         "all tasks run once more, each as long as what it uses then takes, behind what it waited "
         "for: its launch, its stream, a device, another thread, as far as the trace tells; copies "
         "stay, as do batches and the number of launches");
  if (scenario->values[BARO_SCENARIO_NETWORK].is_set &&
      !(from->path_ns[BARO_TRACE_NETWORK][0] + from->path_ns[BARO_TRACE_NETWORK][1] > 0)) {
    assume(to, "nothing on the path is known to have waited for the network");
  }
  if (scenario->values[BARO_SCENARIO_DISK].is_set &&
      !(from->path_ns[BARO_TRACE_DISK][0] + from->path_ns[BARO_TRACE_DISK][1] > 0)) {
    assume(to, "nothing on the path is known to have waited for disks: data loaders are not told "
               "from what they wait for");
  }
  assume(to,
         "the interval is for one more run, 90 % if the terms' ranges hold: it is not calibrated "
         "on runs; 2 % from run to run");
  if (baro_forecast_is_far(to)) {
    assume(to, "a factor of more than 4 is far from what was recorded: the interval is widened");
  }
}

static baro_status fill(baro_path_forecaster *to, const baro_profile *profile, baro_error *err) {
  baro_critical_path path = {0};
  baro_arena scratch = {0};
  uint8_t *uses = baro_arena_array(&scratch, profile->dataflow.task_count, sizeof(*uses));
  to->track_count = profile->thread_count;
  to->track_ns = baro_arena_array(&to->arena, profile->thread_count, sizeof(*to->track_ns));
  baro_status status = uses == NULL || to->track_ns == NULL
                           ? BARO_NO_MEMORY
                           : baro_critical_path_find(profile, &scratch, &path);
  if (status == BARO_OK) {
    for (uint32_t t = 0; t < profile->dataflow.task_count; t++) {
      uses[t] = (uint8_t)use_of(profile, t);
    }
    to->base_ns = (double)(path.end_ns - path.begin_ns);
    add_tracks(to, &profile->dataflow, uses);
    status = add_path(to, profile, &path, uses);
  }
  if (status == BARO_OK) {
    status =
        baro_trace_replay_make(profile, uses, path.begin_ns, path.end_ns, &to->arena, &to->replay);
  }
  baro_arena_release(&scratch);
  if (status != BARO_OK) {
    return baro_error_set(err, status, "%s", baro_status_text(status));
  }
  return to->base_ns > 0 ? BARO_OK
                         : baro_error_set(err, BARO_UNSUPPORTED, "its run lasted no time");
}

baro_status baro_path_forecaster_create(const baro_profile *profile,
                                        baro_path_forecaster **ret_forecaster, baro_error *err) {
  baro_path_forecaster *to = calloc(1, sizeof(*to));
  if (to == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  baro_status status = fill(to, profile, err);
  if (status == BARO_OK) {
    *ret_forecaster = to;
  } else {
    baro_path_forecaster_destroy(to);
  }
  return status;
}

void baro_path_forecaster_destroy(baro_path_forecaster *forecaster) {
  if (forecaster != NULL) {
    baro_arena_release(&forecaster->arena);
    free(forecaster);
  }
}

baro_status baro_path_forecaster_make(const baro_path_forecaster *forecaster,
                                      const baro_scenario *scenario, baro_forecast *ret_forecast,
                                      baro_error *err) {
  static const baro_term terms[] = {BARO_TERM_OTHER_CPU, BARO_TERM_HELD, BARO_TERM_ALONE};
  baro_status status = check_scenario(forecaster, scenario, err);
  if (status != BARO_OK) {
    return status;
  }
  const model of = {.from = forecaster, .scenario = scenario};
  const double base_s = forecaster->base_ns / NS;
  *ret_forecast = (baro_forecast){.run_s = base_s,
                                  .base_s = base_s,
                                  .replayed_s = base_s,
                                  .noise_ratio = NOISE_RATIO,
                                  .distance = baro_forecast_distance(scenario),
                                  .calibration = baro_calibration_none()};
  double points[BARO_TERM_COUNT];
  set_points(points);
  status = seconds_of(&of, points, &ret_forecast->predicted_s, err);
  for (size_t t = 0; t < sizeof(terms) / sizeof(terms[0]) && status == BARO_OK; t++) {
    status = try_term(&of, terms[t], ret_forecast, err);
  }
  if (status == BARO_OK) {
    status = make_parts(forecaster, scenario, ret_forecast, err);
  }
  if (status != BARO_OK) {
    baro_forecast_release(ret_forecast);
    return status;
  }
  baro_forecast_bound(ret_forecast, scenario);
  make_assumptions(forecaster, scenario, ret_forecast);
  return BARO_OK;
}
