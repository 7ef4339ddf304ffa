#include "predict/forecast.h"

#include <math.h>
#include <stdlib.h>

#include "explain/run_span.h"
#include "predict/forecast_build.h"
#include "predict/task_times.h"

/* Of many tasks chance is small beside all else, and eight draws say so as well as more. */
enum { BOOTSTRAPS = BARO_FORECAST_BOOTSTRAPS_MAX, BOOTSTRAPS_LARGE = 8, LARGE_TASKS = 10000 };
static const double NS = 1e9;
/* Below, a replay is as good as can be. */
static const double REPLAY_OFF = 0.02;

typedef struct maker {
  const baro_job_graph *graph;
  const baro_forecaster *shared;
  const baro_scenario *scenario;
  baro_forecast *to;
  baro_change change;
  double low[BARO_TERM_COUNT];
  double point[BARO_TERM_COUNT];
  double high[BARO_TERM_COUNT];
  baro_term_source source[BARO_TERM_COUNT];
  double
      fewer_ratio; /* of a prediction that fewer slots bound to the one without that bound; 1: none */
} maker;

/* --- replays --- */

static baro_status replay(const maker *all, const baro_change *change, const double *terms,
                          uint64_t seed, baro_replay_result *ret_result, uint32_t *ret_slots,
                          baro_error *err) {
  baro_arena scratch = {0};
  baro_replay input;
  const baro_task_times_input times = {.graph = all->graph,
                                       .change = change,
                                       .terms = terms,
                                       .waves = &all->shared->waves,
                                       .seed = seed};
  baro_status status = baro_task_times_build(&times, &scratch, &input, err);
  if (status == BARO_OK) {
    status = baro_replay_run(&input, &scratch, NULL, ret_result, err);
  }
  if (status == BARO_OK && ret_slots != NULL) {
    *ret_slots = input.slot_count;
  }
  baro_arena_release(&scratch);
  return status;
}

/* A run of no time at all is none that logarithms are fit for. */
static double scaled_s(const baro_forecast *to, double end_ns) {
  return to->base_s * fmax(end_ns / (to->replayed_s * NS), 1e-9);
}

/* A prediction with these terms. */
static baro_status predict(const maker *all, const baro_change *change, const double *terms,
                           double *ret_s, baro_error *err) {
  baro_replay_result result;
  baro_status status = replay(all, change, terms, 0, &result, NULL, err);
  if (status == BARO_OK) {
    *ret_s = scaled_s(all->to, result.end_ns);
  }
  return status;
}

/* More slots of the same kind do nothing longer than fewer, which are among them: what a list scheduler makes of it, with first
 * tasks that are slower, is not told by any measurement. It is where a machine stays as it is (local mode), or where a second
 * recording tells. Lowers *s to the least of 1, 2, 4 ... times the recorded slots, all else being as in the change. */
static baro_status bound_by_fewer(const maker *all, const baro_change *change, double *s,
                                  baro_error *err) {
  baro_change fewer;
  baro_status status = BARO_OK;
  bool is_measured = all->graph->is_local || all->shared->fit != NULL;
  for (uint32_t doublings = 0; !is_measured && status == BARO_OK &&
                               baro_change_fewer_slots(change, all->graph, doublings, &fewer);
       doublings++) {
    double fewer_s;
    status = predict(all, &fewer, all->point, &fewer_s, err);
    *s = status == BARO_OK && fewer_s < *s ? fewer_s : *s;
  }
  return status;
}

/* --- what is uncertain --- */

/* Whether a term can matter: what a replay would say too, for less. */
static bool matters(const maker *all, baro_term term) {
  const baro_change *change = &all->change;
  bool changes_nodes = change->executor_count != all->graph->executor_count;
  switch (term) {
  case BARO_TERM_WAVE:
    return change->changes_cores || changes_nodes || change->changes_partitions ||
           baro_change_differs(change->input_ratio);
  case BARO_TERM_PARALLELISM:
    return (change->changes_cores || changes_nodes) && !change->changes_partitions;
  case BARO_TERM_CORES_CONTENTION: return change->changes_cores;
  case BARO_TERM_QUEUED:
  case BARO_TERM_QUEUED_PYTHON: return change->changes_cores && !all->graph->is_local;
  case BARO_TERM_CROWDED:
  case BARO_TERM_BACKGROUND: return change->changes_cores && all->graph->is_local;
  case BARO_TERM_NODES_CONTENTION: return changes_nodes;
  case BARO_TERM_NO_FILES_CPU:
    return all->graph->core_wait_ratio > 0 && baro_change_differs(change->cpu_ratio);
  case BARO_TERM_PYTHON_CPU:
    return baro_change_differs(change->cpu_ratio) ||
           (all->graph->core_wait_ratio > 0 && (baro_change_differs(change->disk_ratio) ||
                                                baro_change_differs(change->network_ratio)));
  case BARO_TERM_OTHER_CPU:
  case BARO_TERM_DRIVER_SPEED: return baro_change_differs(change->cpu_ratio);
  case BARO_TERM_CORE_WAIT:
    return all->graph->core_wait_ratio > 0 &&
           (baro_change_differs(change->cpu_ratio) || baro_change_differs(change->disk_ratio) ||
            baro_change_differs(change->network_ratio));
  case BARO_TERM_OTHER_DISK: return baro_change_differs(change->disk_ratio);
  case BARO_TERM_OTHER_NETWORK: return baro_change_differs(change->network_ratio);
  case BARO_TERM_OVERLAP:
    return baro_change_differs(change->network_ratio) || baro_change_differs(change->cpu_ratio) ||
           changes_nodes;
  case BARO_TERM_SPILL_COST:
  case BARO_TERM_SPILL_CPU:
  case BARO_TERM_SPILL_ROOM:
  case BARO_TERM_NEW_SPILL:
    return baro_change_differs(change->memory_ratio) || baro_change_differs(change->input_ratio) ||
           change->changes_partitions || change->changes_cores || changes_nodes;
  case BARO_TERM_LIVE_HEAP: return baro_change_differs(change->memory_ratio);
  case BARO_TERM_WARMING:
    return change->changes_cores || changes_nodes || baro_change_differs(change->input_ratio);
  case BARO_TERM_INPUT_POWER:
  case BARO_TERM_INPUT_OTHERS: return baro_change_differs(change->input_ratio);
  case BARO_TERM_SKEW: return change->changes_partitions;
  case BARO_TERM_NEW_NETWORK:
    return all->graph->home_count > 0 || (all->graph->executor_count == 1 && changes_nodes);
  case BARO_TERM_LOCALITY: return all->graph->home_count > 0;
  case BARO_TERM_RUNNABLE:
  case BARO_TERM_BUSY:
  case BARO_TERM_HELD:
  case BARO_TERM_ALONE: /* of Python programs */
  case BARO_TERM_COUNT: break;
  }
  return false;
}

/* Where tasks run decides the run that was recorded as well: it is compared with its own replay. */
static baro_status predict_placed(const maker *all, const double *terms, double *ret_s,
                                  baro_error *err) {
  const baro_change none = baro_change_none(all->graph);
  double before_s = 0;
  baro_status status = predict(all, &none, terms, &before_s, err);
  if (status == BARO_OK) {
    status = predict(all, &all->change, terms, ret_s, err);
    *ret_s *= all->to->base_s / before_s;
  }
  return status;
}

static baro_status try_term(const maker *all, baro_term term, baro_error *err) {
  double ends_s[2];
  bool is_of_places = term == BARO_TERM_LOCALITY || term == BARO_TERM_NEW_NETWORK;
  for (int end = 0; end < 2; end++) {
    double terms[BARO_TERM_COUNT];
    for (int t = 0; t < BARO_TERM_COUNT; t++) {
      terms[t] = all->point[t];
    }
    terms[term] = end == 0 ? all->low[term] : all->high[term];
    baro_status status = is_of_places && all->graph->home_count > 0
                             ? predict_placed(all, terms, &ends_s[end], err)
                             : predict(all, &all->change, terms, &ends_s[end], err);
    if (status != BARO_OK) {
      return status;
    }
    ends_s[end] *= all->fewer_ratio;
  }
  const baro_forecast_term tried = {.term = term,
                                    .low = all->low[term],
                                    .point = all->point[term],
                                    .high = all->high[term],
                                    .source = all->source[term]};
  baro_forecast_add_term(all->to, tried, ends_s);
  return BARO_OK;
}

/* Tasks of the stages by chance, the same ones with and without the change. */
static baro_status bootstrap(const maker *all, baro_error *err) {
  double sum = 0;
  double squares = 0;
  int count = 0;
  for (int b = 0; b < all->shared->bootstrap_count; b++) {
    baro_replay_result with;
    baro_status status = replay(all, &all->change, all->point, (uint64_t)b + 1, &with, NULL, err);
    if (status != BARO_OK) {
      return status;
    }
    /* A draw of tasks without any length has no ratio. */
    if (with.end_ns > 0 && all->shared->bootstrap_ns[b] > 0) {
      double ratio = log(with.end_ns / all->shared->bootstrap_ns[b]);
      sum += ratio;
      squares += ratio * ratio;
      count++;
    }
  }
  double mean = sum / fmax(1, count);
  double variance = count < 2 ? 0 : (squares / count - mean * mean) * count / (count - 1);
  all->to->bootstrap_ratio = variance > 0 ? sqrt(variance) : 0;
  return BARO_OK;
}

/* --- the whole --- */

static void set_terms(maker *all, const baro_contention_fit *fit) {
  for (int t = 0; t < BARO_TERM_COUNT; t++) {
    all->low[t] = baro_terms[t].low;
    all->point[t] = baro_terms[t].point;
    all->high[t] = baro_terms[t].high;
    all->source[t] = baro_terms[t].source;
  }
  if (fit != NULL && fit->term != BARO_TERM_COUNT) {
    all->low[fit->term] = fit->power - BARO_FORECAST_NINETY * fit->error_power;
    all->point[fit->term] = fit->power;
    all->high[fit->term] = fit->power + BARO_FORECAST_NINETY * fit->error_power;
    all->source[fit->term] = BARO_TERM_MEASURED;
    if (fit->term == BARO_TERM_CORES_CONTENTION) {
      /* The two runs tell all that more tasks at once do, waiting for a core as well. */
      static const baro_term WAITS[] = {BARO_TERM_QUEUED, BARO_TERM_QUEUED_PYTHON,
                                        BARO_TERM_CROWDED};
      for (size_t w = 0; w < sizeof(WAITS) / sizeof(WAITS[0]); w++) {
        double none = WAITS[w] == BARO_TERM_CROWDED ? BARO_TERM_NOT_CROWDED : 0;
        all->low[WAITS[w]] = none;
        all->point[WAITS[w]] = none;
        all->high[WAITS[w]] = none;
      }
    }
  }
}

static baro_status make_parts(const maker *all, baro_error *err) {
  baro_forecast *to = all->to;
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT; k++) {
    if (!all->scenario->values[k].is_set) {
      continue;
    }
    baro_scenario alone = {0};
    baro_change change;
    alone.values[k] = all->scenario->values[k];
    baro_forecast_part *part = &to->parts[to->part_count++];
    part->key = (baro_scenario_key)k;
    part->function = BARO_NONE_ID;
    baro_status status = baro_change_resolve(&alone, all->graph, &change, err);
    if (status == BARO_OK) {
      double distance = baro_change_distance(&change, all->graph);
      if (distance > 1 || change.changes_partitions) {
        baro_calibration_add(&to->calibration, part->key, distance);
      }
      status = predict(all, &change, all->point, &part->alone_s, err);
    }
    if (status == BARO_OK) {
      status = bound_by_fewer(all, &change, &part->alone_s, err);
    }
    if (status != BARO_OK) {
      return status;
    }
  }
  return BARO_OK;
}

static double busy_ratio(const baro_replay_result *result, uint32_t slots) {
  return result->end_ns > 0 ? result->busy_ns / (result->end_ns * (double)slots) : 0;
}

static double run_s(const baro_profile *profile) {
  baro_run_span run;
  return baro_run_span_of(profile, &run) ? (double)(run.end_ns - run.begin_ns) / NS : 0;
}

static baro_status make_point(maker *all, baro_error *err) {
  baro_forecast *to = all->to;
  const baro_replay_result *before = &all->shared->base;
  baro_replay_result after = {0};
  to->run_s = run_s(all->graph->profile);
  to->base_s = all->graph->base_ns / NS;
  to->lead_s = all->graph->lead_ns / NS;
  to->lead_error_s = all->graph->lead_error_ns / NS;
  /* Of the driver's time all may follow the speed of cores. */
  double sure_lead_ns = fmax(0, all->graph->lead_ns - all->graph->lead_error_ns);
  to->floor_s = (all->graph->driver_ns - all->graph->lead_ns + sure_lead_ns) / NS /
                fmax(1, all->change.cpu_ratio);
  to->noise_ratio = BARO_TERM_NOISE_RATIO;
  to->distance = baro_change_distance(&all->change, all->graph);
  to->base_slots = all->shared->base_slots;
  baro_status status = replay(all, &all->change, all->point, 0, &after, &to->slots, err);
  if (status == BARO_OK) {
    to->replayed_s = before->end_ns / NS;
    double free_s = scaled_s(to, after.end_ns);
    to->predicted_s = free_s;
    status = bound_by_fewer(all, &all->change, &to->predicted_s, err);
    all->fewer_ratio = to->predicted_s / free_s;
    to->base_busy_ratio = busy_ratio(before, to->base_slots);
    to->busy_ratio = busy_ratio(&after, to->slots);
  }
  return status;
}

/* --- what forecasts of one recording share --- */

/* Executors that had no task take more where there is more. Where the recorded run replays better without them, something kept it
 * from them that is not known here (where its data is, whom it excludes), and would again. */
static baro_status leave_out_idle(maker *all, baro_forecaster *forecaster, baro_error *err) {
  baro_job_graph *trimmed = &forecaster->with_tasks;
  *trimmed = *forecaster->graph;
  while (trimmed->executor_count > 1 &&
         !trimmed->executors[trimmed->executor_count - 1].had_tasks) {
    trimmed->slot_count -= trimmed->executors[--trimmed->executor_count].slot_count;
  }
  double with = fabs(log(forecaster->base.end_ns / all->graph->base_ns));
  if (trimmed->executor_count == forecaster->graph->executor_count || with < REPLAY_OFF) {
    return BARO_OK;
  }
  const baro_replay_result kept = forecaster->base;
  const uint32_t kept_slots = forecaster->base_slots;
  const baro_job_graph *graph = all->graph;
  all->graph = trimmed;
  const baro_change none = baro_change_none(trimmed);
  baro_status status =
      replay(all, &none, all->point, 0, &forecaster->base, &forecaster->base_slots, err);
  if (status == BARO_OK && fabs(log(forecaster->base.end_ns / graph->base_ns)) < with) {
    forecaster->graph = trimmed;
    return BARO_OK;
  }
  all->graph = graph;
  forecaster->base = kept;
  forecaster->base_slots = kept_slots;
  return status;
}

/* The recorded run again, and with other tasks of its stages. */
static baro_status replay_base(maker *all, baro_forecaster *forecaster, baro_error *err) {
  baro_change none = baro_change_none(all->graph);
  baro_status status =
      replay(all, &none, all->point, 0, &forecaster->base, &forecaster->base_slots, err);
  if (status == BARO_OK && !(forecaster->base.end_ns > 0 && all->graph->base_ns > 0)) {
    status = baro_error_set(err, BARO_UNSUPPORTED, "its run lasted no time");
  }
  if (status == BARO_OK) {
    status = leave_out_idle(all, forecaster, err);
    none = baro_change_none(all->graph);
  }
  forecaster->bootstrap_count =
      all->graph->task_count > LARGE_TASKS ? BOOTSTRAPS_LARGE : BOOTSTRAPS;
  for (int b = 0; b < forecaster->bootstrap_count && status == BARO_OK; b++) {
    baro_replay_result result = {0};
    status = replay(all, &none, all->point, (uint64_t)b + 1, &result, NULL, err);
    forecaster->bootstrap_ns[b] = result.end_ns;
  }
  return status;
}

baro_status baro_forecaster_create(const baro_job_graph *graph, const baro_contention_fit *fit,
                                   baro_forecaster **ret_forecaster, baro_error *err) {
  baro_forecaster *forecaster = calloc(1, sizeof(*forecaster));
  if (forecaster == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  forecaster->graph = graph;
  forecaster->fit = fit;
  maker all = {.graph = graph, .shared = forecaster};
  set_terms(&all, fit);
  baro_status status = baro_waves_measure(graph, &forecaster->arena, &forecaster->waves);
  status = status != BARO_OK ? baro_error_set(err, status, "%s", baro_status_text(status))
                             : replay_base(&all, forecaster, err);
  if (status != BARO_OK) {
    baro_forecaster_destroy(forecaster);
    return status;
  }
  *ret_forecaster = forecaster;
  return BARO_OK;
}

void baro_forecaster_destroy(baro_forecaster *forecaster) {
  if (forecaster != NULL) {
    baro_arena_release(&forecaster->arena);
    free(forecaster);
  }
}

baro_status baro_forecaster_make(const baro_forecaster *forecaster, const baro_scenario *scenario,
                                 baro_forecast *ret_forecast, baro_error *err) {
  baro_forecast to = {.calibration = baro_calibration_none()};
  maker all = {.graph = forecaster->graph, .shared = forecaster, .scenario = scenario, .to = &to};
  set_terms(&all, forecaster->fit);
  baro_status status = baro_change_resolve(scenario, all.graph, &all.change, err);
  if (status == BARO_OK) {
    status = make_point(&all, err);
  }
  for (int t = 0; t < BARO_TERM_COUNT && status == BARO_OK; t++) {
    status = matters(&all, (baro_term)t) ? try_term(&all, (baro_term)t, err) : BARO_OK;
  }
  if (status == BARO_OK) {
    status = bootstrap(&all, err);
  }
  if (status == BARO_OK) {
    status = make_parts(&all, err);
  }
  if (status == BARO_OK) {
    baro_forecast_bound(&to, scenario);
    baro_forecast_assume(&to, all.graph, &all.change, &forecaster->waves);
    *ret_forecast = to;
  } else {
    baro_forecast_release(&to);
  }
  return status;
}

baro_status baro_forecast_make(const baro_job_graph *graph, const baro_scenario *scenario,
                               const baro_contention_fit *fit, baro_forecast *ret_forecast,
                               baro_error *err) {
  baro_forecaster *forecaster = NULL;
  baro_status status = baro_forecaster_create(graph, fit, &forecaster, err);
  if (status == BARO_OK) {
    status = baro_forecaster_make(forecaster, scenario, ret_forecast, err);
  }
  baro_forecaster_destroy(forecaster);
  return status;
}

void baro_forecast_release(baro_forecast *forecast) {
  baro_arena_release(&forecast->arena);
}
