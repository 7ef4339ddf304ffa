#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "predict/change.h"
#include "predict/what_if_build.h"

/* Below, a faster one would not be seen beside what runs of one program differ by. */
static const double FUNCTION_RATIO_MIN = 0.02;

static baro_what_if_axis *add_axis(baro_what_if *to, baro_scenario_key key) {
  baro_what_if_axis *axis = &to->axes[to->axis_count++];
  *axis = (baro_what_if_axis){.key = key};
  return axis;
}

static void add_position(baro_what_if_axis *axis, bool is_factor, double value, double ratio) {
  if (ratio > 1 - 1e-9 && ratio < 1 + 1e-9) {
    axis->base = axis->position_count;
  }
  axis->positions[axis->position_count++] = (baro_what_if_position){
      .value = {.is_set = true, .is_factor = is_factor, .value = value}, .ratio = ratio};
}

/* --- a framework's run --- */

/* What is asked of each axis: times what was recorded; 0: the end. Numbers of slots and executors are made whole, and told as
 * such. */
static const double ratios[BARO_SCENARIO_KEY_COUNT][BARO_WHAT_IF_POSITIONS_MAX] = {
    [BARO_SCENARIO_CORES] = {0.25, 0.5, 1, 2, 4, 8, 16},
    [BARO_SCENARIO_NODES] = {0.25, 0.5, 1, 2, 4, 8},
    [BARO_SCENARIO_CPU_SPEED] = {0.5, 0.75, 1, 1.25, 1.5, 2, 4},
    [BARO_SCENARIO_DISK] = {0.25, 0.5, 1, 2, 4, 10},
    [BARO_SCENARIO_NETWORK] = {0.1, 0.25, 0.5, 1, 2, 4, 10},
    [BARO_SCENARIO_GPU] = {0.5, 0.75, 1, 1.25, 1.5, 2, 4},
    [BARO_SCENARIO_MEMORY] = {0.5, 0.75, 1, 1.5, 2, 4},
    [BARO_SCENARIO_INPUT] = {0.25, 0.5, 1, 2, 4, 10},
    [BARO_SCENARIO_PARTITIONS] = {0.25, 0.5, 1, 2, 4, 8},
};

/* A number that all executors have alike; 0: they differ, and only factors will do. */
static double recorded_count(const baro_job_graph *graph, baro_scenario_key key) {
  if (key == BARO_SCENARIO_NODES) {
    return (double)graph->executor_count;
  }
  for (uint32_t e = 1; e < graph->executor_count; e++) {
    if (graph->executors[e].slot_count != graph->executors[0].slot_count) {
      return 0;
    }
  }
  return (double)graph->executors[0].slot_count;
}

/* Keeps what can be resolved; the first reason why not is the axis's. */
static baro_status try_position(const baro_job_graph *graph, baro_what_if *to,
                                baro_what_if_axis *axis, bool is_factor, double value,
                                double ratio) {
  baro_scenario scenario = {0};
  baro_change change;
  baro_error err = {0};
  scenario.values[axis->key] =
      (baro_scenario_value){.is_set = true, .is_factor = is_factor, .value = value};
  if (baro_change_resolve(&scenario, graph, &change, &err) == BARO_OK) {
    add_position(axis, is_factor, value, ratio);
  } else if (axis->refusal == NULL) {
    axis->refusal = baro_arena_copy(&to->arena, err.message, strlen(err.message));
    return axis->refusal == NULL ? BARO_NO_MEMORY : BARO_OK;
  }
  return BARO_OK;
}

static baro_status add_key(const baro_job_graph *graph, baro_what_if *to, baro_scenario_key key) {
  baro_what_if_axis *axis = add_axis(to, key);
  bool counts = key == BARO_SCENARIO_CORES || key == BARO_SCENARIO_NODES;
  double recorded = counts ? recorded_count(graph, key) : 0;
  double last = 0;
  baro_status status = BARO_OK;
  for (int p = 0; p < BARO_WHAT_IF_POSITIONS_MAX && ratios[key][p] > 0 && status == BARO_OK; p++) {
    double ratio = ratios[key][p];
    if (!(recorded > 0)) {
      status = try_position(graph, to, axis, true, ratio, ratio);
      continue;
    }
    double count = fmax(1, round(recorded * ratio));
    if (count > last) {
      status = try_position(graph, to, axis, false, count, count / recorded);
    }
    last = count;
  }
  if (axis->position_count < 2) {
    axis->position_count = 0; /* nothing but what was recorded */
  }
  return status;
}

baro_status baro_what_if_find_axes(const baro_job_graph *graph, baro_what_if *to) {
  baro_status status = BARO_OK;
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT && status == BARO_OK; k++) {
    status = add_key(graph, to, (baro_scenario_key)k);
  }
  return status;
}

static void add_factors(baro_what_if *to, baro_scenario_key key) {
  baro_what_if_axis *axis = add_axis(to, key);
  for (int p = 0; p < BARO_WHAT_IF_POSITIONS_MAX && ratios[key][p] > 0; p++) {
    add_position(axis, true, ratios[key][p], ratios[key][p]);
  }
}

/* --- a trace --- */

void baro_what_if_find_path_axes(const baro_predictor *predictor, baro_what_if *to) {
  static const baro_scenario_key keys[] = {BARO_SCENARIO_GPU, BARO_SCENARIO_CPU_SPEED,
                                           BARO_SCENARIO_NETWORK, BARO_SCENARIO_DISK};
  for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
    baro_scenario scenario = {0};
    baro_forecast forecast;
    baro_error err = {0};
    scenario.values[keys[k]] = (baro_scenario_value){.is_set = true, .is_factor = true, .value = 2};
    /* What is refused gets its axis, and the reason, where all others do. */
    if (baro_predictor_make(predictor, &scenario, &forecast, &err) == BARO_OK) {
      add_factors(to, keys[k]);
      baro_forecast_release(&forecast);
    }
  }
}

/* --- a Python program --- */

static double self_ratio(const baro_profile *profile, uint32_t function) {
  return (double)baro_amount_busy(&profile->functions.self[BARO_MEASURE_RUN], function) /
         (double)profile->all_ns[BARO_MEASURE_RUN];
}

/* A name that --set can say, and that is no other's of those that are taken: functions are set by name. */
static bool can_be_set(const baro_what_if *to, baro_view name) {
  if (name.length == 0 || name.length >= BARO_SCENARIO_NAME_BYTES) {
    return false;
  }
  for (size_t i = 0; i < name.length; i++) {
    if (name.data[i] == ',' || name.data[i] < 0x20 || name.data[i] == 0x7f) {
      return false;
    }
  }
  for (uint32_t a = 0; a < to->axis_count; a++) {
    if (to->axes[a].function != NULL && baro_view_equal(name, baro_view_of(to->axes[a].function))) {
      return false;
    }
  }
  return true;
}

/* Those with most of the run's own time for themselves: what a person would make faster. */
static baro_status add_functions(const baro_profile *profile, baro_what_if *to) {
  static const double factors[] = {0.5, 1, 1.5, 2, 4, 10, 1000};
  double last = INFINITY;
  uint32_t last_row = 0;
  for (uint32_t taken = 0; taken < BARO_WHAT_IF_FUNCTIONS_MAX;) {
    uint32_t best = BARO_NONE_ID;
    double best_ratio = FUNCTION_RATIO_MIN;
    for (uint32_t f = 0; f < profile->functions.count; f++) {
      double ratio = self_ratio(profile, f);
      bool is_behind = ratio < last || (!(ratio > last) && f > last_row);
      if (profile->functions.rows[f].origin != BARO_ORIGIN_NONE && is_behind &&
          ratio > best_ratio) {
        best = f;
        best_ratio = ratio;
      }
    }
    if (best == BARO_NONE_ID) {
      break;
    }
    last = best_ratio;
    last_row = best;
    baro_view name = baro_profile_string(profile, profile->functions.rows[best].qualified_string);
    if (!can_be_set(to, name)) {
      continue; /* the next one */
    }
    taken++;
    baro_what_if_axis *axis = add_axis(to, BARO_SCENARIO_KEY_COUNT);
    axis->function = baro_arena_copy(&to->arena, name.data, name.length);
    if (axis->function == NULL) {
      return BARO_NO_MEMORY;
    }
    axis->run_ratio = (double)baro_amount_busy(&profile->functions.total[BARO_MEASURE_RUN], best) /
                      (double)profile->all_ns[BARO_MEASURE_RUN];
    for (size_t p = 0; p < sizeof(factors) / sizeof(factors[0]); p++) {
      add_position(axis, true, factors[p], factors[p]);
    }
  }
  return BARO_OK;
}

baro_status baro_what_if_find_python_axes(const baro_profile *profile, baro_what_if *to) {
  static const baro_scenario_key keys[] = {BARO_SCENARIO_CPU_SPEED, BARO_SCENARIO_DISK,
                                           BARO_SCENARIO_NETWORK};
  for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
    add_factors(to, keys[k]);
  }
  return add_functions(profile, to);
}
