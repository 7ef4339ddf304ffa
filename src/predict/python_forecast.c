#include "predict/python_forecast.h"

#include <math.h>
#include <stdlib.h>

#include "explain/cpu_wait.h"
#include "predict/forecast_build.h"
#include "predict/python_times.h"

static const double NS = 1e9;
/* Runs of one program on one machine that is not shared; the smaller of the two figures that terms.h has for clusters. */
static const double NOISE_RATIO = 0.020;

/* Less of the run is noise. */
static const double BUSY_MIN = 0.01;

struct baro_python_forecaster {
  baro_python_times times;
  double busy_ratio; /* of the time that threads waited for a CPU, while others had it */
};

typedef struct maker {
  const baro_scenario *scenario;
  baro_python_time *rows; /* by mask of the scenario's functions, then state */
  double busy_ratio;
  double terms[BARO_TERM_COUNT];
} maker;

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
}

/* --- what is left of time --- */

static double speed_of(const baro_scenario *scenario, baro_scenario_key key) {
  return scenario->values[key].is_set ? scenario->values[key].value : 1;
}

/* Of time with these functions on the stack, in a state; 1: all. */
static double left_of(const maker *all, const baro_scenario *scenario, size_t mask,
                      baro_state state) {
  double left = 1;
  for (uint32_t f = 0; f < scenario->function_count; f++) {
    if ((mask >> f & 1) != 0) {
      left /= scenario->functions[f].factor;
    }
  }
  double saved = 1 / speed_of(scenario, BARO_SCENARIO_CPU_SPEED) - 1;
  switch (state) {
  case BARO_STATE_CPU:
  case BARO_STATE_COLLECTOR: return left * (1 + saved);
  case BARO_STATE_RUNNABLE: return left * (1 + all->terms[BARO_TERM_RUNNABLE] * saved);
  case BARO_STATE_GIL:
  case BARO_STATE_LOCK:
  case BARO_STATE_PIPE:
  case BARO_STATE_CHILD: return left * (1 + all->terms[BARO_TERM_HELD] * saved);
  case BARO_STATE_DISK: return left / speed_of(scenario, BARO_SCENARIO_DISK);
  case BARO_STATE_NETWORK: return left / speed_of(scenario, BARO_SCENARIO_NETWORK);
  case BARO_STATE_UNKNOWN:
  case BARO_STATE_SLEEP:
  case BARO_STATE_IDLE:
  case BARO_STATE_GPU:
  case BARO_STATE_COPY:
  case BARO_STATE_COUNT: break;
  }
  return left;
}

static double gone_of(const maker *all, const baro_scenario *scenario, size_t row) {
  return 1 - left_of(all, scenario, row / BARO_STATE_COUNT, (baro_state)(row % BARO_STATE_COUNT));
}

/* What the run loses in s (negative: gains). */
static double saved_s(const maker *all, const baro_scenario *scenario) {
  double run_ns = 0;
  double thread_ns = 0;
  for (size_t r = 0; r < baro_python_time_count(all->scenario); r++) {
    double gone = gone_of(all, scenario, r);
    run_ns += gone * (double)all->rows[r].run_ns;
    thread_ns += gone * (double)all->rows[r].thread_ns;
  }
  /* Of what is saved, the part that nobody shares: it has the sign of the whole. */
  double alone_ns = 2 * run_ns - thread_ns;
  if (run_ns >= 0) {
    alone_ns = alone_ns > 0 ? alone_ns : 0;
  } else {
    alone_ns = alone_ns < run_ns ? run_ns : alone_ns < 0 ? alone_ns : 0;
  }
  return (alone_ns + all->terms[BARO_TERM_ALONE] * (run_ns - alone_ns)) / NS;
}

/* What is left of waiting for a CPU that other programs had, which goes with what else runs and not with the program. */
static double busy_s(const maker *all, const baro_scenario *scenario) {
  double left_ns = 0;
  for (size_t r = BARO_STATE_RUNNABLE; r < baro_python_time_count(all->scenario);
       r += BARO_STATE_COUNT) {
    left_ns += (1 - gone_of(all, scenario, r)) * (double)all->rows[r].run_ns;
  }
  return all->busy_ratio * left_ns / NS;
}

/* Differences of nearly the same numbers may come out as nothing, or less. */
static double rest_s(const maker *all, const baro_scenario *scenario, const baro_forecast *to) {
  double more_s = (all->terms[BARO_TERM_BUSY] - 1) * busy_s(all, scenario);
  return fmax(to->base_s - saved_s(all, scenario) + more_s, to->base_s * 1e-9);
}

/* Standard error of what is saved: samples are drawn by chance. */
static double error_s(const maker *all) {
  double sum_ns = 0;
  double gone_ns = 0;
  for (size_t r = 0; r < baro_python_time_count(all->scenario); r++) {
    sum_ns += (double)all->rows[r].sampled_ns;
    gone_ns += gone_of(all, all->scenario, r) * (double)all->rows[r].sampled_ns;
  }
  double ratio = sum_ns > 0 ? gone_ns / sum_ns : 0;
  double square = 0;
  for (size_t r = 0; r < baro_python_time_count(all->scenario); r++) {
    double off = gone_of(all, all->scenario, r) - ratio;
    square += off * off * (double)all->rows[r].square;
  }
  return sqrt(square) / NS;
}

/* --- the whole --- */

static const baro_scenario_key REFUSED[] = {BARO_SCENARIO_CORES,      BARO_SCENARIO_NODES,
                                            BARO_SCENARIO_MEMORY,     BARO_SCENARIO_INPUT,
                                            BARO_SCENARIO_PARTITIONS, BARO_SCENARIO_GPU};

baro_status baro_python_forecast_check(const baro_profile *profile, baro_error *err) {
  if (profile->samples.count == 0) {
    baro_view from;
    bool is_recorded = !baro_profile_info(profile, "imported_from", &from);
    bool is_damaged = profile->damage.corrupt || profile->damage.truncated;
    return baro_error_set(err, BARO_UNSUPPORTED, "it has neither tasks nor samples%s",
                          is_damaged ? ": it is damaged, see: barograph report"
                          : is_recorded && profile->calls.count > 0 ? "; record with --rate too"
                                                                    : "");
  }
  if (baro_profile_weight_unit(profile).length > 0) {
    return baro_error_set(err, BARO_UNSUPPORTED, "its amounts are no time");
  }
  if (profile->all_ns[BARO_MEASURE_RUN] == 0) {
    return baro_error_set(err, BARO_UNSUPPORTED, "its run lasted no time");
  }
  return BARO_OK;
}

static baro_status check_keys(const baro_scenario *scenario, baro_error *err) {
  for (size_t k = 0; k < sizeof(REFUSED) / sizeof(REFUSED[0]); k++) {
    if (scenario->values[REFUSED[k]].is_set) {
      return baro_error_set(
          err, BARO_UNSUPPORTED,
          "%s: samples do not say what it would change; what can be set is cpu_speed, "
          "disk, network and function:NAME",
          baro_scenario_name(REFUSED[k]));
    }
  }
  return BARO_OK;
}

static void try_term(maker *all, baro_term term, baro_forecast *to) {
  double ends_s[2];
  const double values[2] = {baro_terms[term].low, baro_terms[term].high};
  for (int end = 0; end < 2; end++) {
    all->terms[term] = values[end];
    ends_s[end] = rest_s(all, all->scenario, to);
  }
  all->terms[term] = baro_terms[term].point;
  const baro_forecast_term tried = {.term = term,
                                    .low = values[0],
                                    .point = baro_terms[term].point,
                                    .high = values[1],
                                    .source = baro_terms[term].source};
  baro_forecast_add_term(to, tried, ends_s);
}

static void make_parts(maker *all, baro_forecast *to) {
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT + (int)all->scenario->function_count; k++) {
    baro_scenario alone = *all->scenario;
    bool is_function = k >= BARO_SCENARIO_KEY_COUNT;
    if (!is_function && !all->scenario->values[k].is_set) {
      continue;
    }
    for (int other = 0; other < BARO_SCENARIO_KEY_COUNT; other++) {
      alone.values[other].is_set = other == k;
    }
    for (uint32_t f = 0; f < alone.function_count; f++) {
      alone.functions[f].factor = is_function && f == (uint32_t)(k - BARO_SCENARIO_KEY_COUNT)
                                      ? alone.functions[f].factor
                                      : 1;
    }
    to->parts[to->part_count++] = (baro_forecast_part){
        .key = is_function ? BARO_SCENARIO_KEY_COUNT : (baro_scenario_key)k,
        .function = is_function ? (uint32_t)(k - BARO_SCENARIO_KEY_COUNT) : BARO_NONE_ID,
        .alone_s = rest_s(all, &alone, to)};
  }
}

static void assume(const maker *all, baro_forecast *to) {
  static const char *const texts[] = {
      "the run's own time, as report has it: each moment counts once, for the threads that were "
      "furthest from waiting; what hides behind something else is not saved",
      "a function that is faster is so with all that it calls, waiting included",
      "the interval is for one more run, 90 % if the terms' ranges hold: sampling error, the "
      "terms, and 2 % from run to run",
      "a factor of more than 4 is far from what was recorded: the interval is widened",
      "the run waited for a CPU while other programs had it, or a quota kept it off: what that is "
      "the next time goes with what else runs; the interval is from none of it to twice as much",
  };
  bool is_busy = busy_s(all, all->scenario) >= BUSY_MIN * to->predicted_s;
  for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
    bool holds = (t != 1 || all->scenario->function_count > 0) &&
                 (t != 3 || baro_forecast_is_far(to)) && (t != 4 || is_busy);
    if (holds) {
      to->assumptions[to->assumption_count++] = texts[t];
    }
  }
}

baro_status baro_python_forecaster_create(const baro_profile *profile, const char *const *names,
                                          uint32_t name_count,
                                          baro_python_forecaster **ret_forecaster,
                                          baro_error *err) {
  baro_status status = baro_python_forecast_check(profile, err);
  if (status != BARO_OK) {
    return status;
  }
  baro_python_forecaster *to = calloc(1, sizeof(*to));
  if (to == NULL) {
    return no_memory(err);
  }
  baro_cpu_wait wait = {0};
  if (baro_python_times_init(&to->times, profile, names, name_count) != BARO_OK ||
      baro_cpu_wait_find(profile, &wait) != BARO_OK) {
    baro_python_forecaster_destroy(to);
    return no_memory(err);
  }
  to->busy_ratio = baro_cpu_wait_of_others(&wait);
  *ret_forecaster = to;
  return BARO_OK;
}

void baro_python_forecaster_destroy(baro_python_forecaster *forecaster) {
  if (forecaster != NULL) {
    baro_python_times_release(&forecaster->times);
    free(forecaster);
  }
}

baro_status baro_python_forecaster_make(const baro_python_forecaster *forecaster,
                                        const baro_scenario *scenario, baro_forecast *ret_forecast,
                                        baro_error *err) {
  static const baro_term terms[] = {BARO_TERM_RUNNABLE, BARO_TERM_HELD, BARO_TERM_ALONE,
                                    BARO_TERM_BUSY};
  baro_forecast to = {.noise_ratio = NOISE_RATIO, .calibration = baro_calibration_none()};
  maker all = {.scenario = scenario, .busy_ratio = forecaster->busy_ratio};
  baro_arena scratch = {0};
  for (int t = 0; t < BARO_TERM_COUNT; t++) {
    all.terms[t] = baro_terms[t].point;
  }
  baro_status status = check_keys(scenario, err);
  if (status == BARO_OK) {
    status = baro_python_times_of(&forecaster->times, scenario, &scratch, &all.rows, err);
  }
  if (status == BARO_OK) {
    to.base_s = (double)forecaster->times.profile->all_ns[BARO_MEASURE_RUN] / NS;
    to.replayed_s = to.base_s;
    to.predicted_s = rest_s(&all, scenario, &to);
    for (size_t t = 0; t < sizeof(terms) / sizeof(terms[0]); t++) {
      try_term(&all, terms[t], &to);
    }
    to.bootstrap_ratio = error_s(&all) / to.predicted_s;
    make_parts(&all, &to);
    to.distance = baro_forecast_distance(scenario);
    baro_forecast_bound(&to, scenario);
    assume(&all, &to);
    *ret_forecast = to;
  }
  baro_arena_release(&scratch);
  return status;
}

baro_status baro_python_forecast_make(const baro_profile *profile, const baro_scenario *scenario,
                                      baro_forecast *ret_forecast, baro_error *err) {
  const char *names[BARO_SCENARIO_FUNCTIONS_MAX];
  for (uint32_t f = 0; f < scenario->function_count; f++) {
    names[f] = scenario->functions[f].name;
  }
  baro_python_forecaster *forecaster = NULL;
  baro_status status =
      baro_python_forecaster_create(profile, names, scenario->function_count, &forecaster, err);
  if (status == BARO_OK) {
    status = baro_python_forecaster_make(forecaster, scenario, ret_forecast, err);
  }
  baro_python_forecaster_destroy(forecaster);
  return status;
}
