#include "predict/python_forecast.h"

#include <math.h>
#include <stdio.h>

static const double NS = 1e9;
static const double NINETY = 1.645;
/* Runs of one program on one machine that is not shared; the smaller of the two figures that terms.h has for clusters. */
static const double NOISE_RATIO = 0.020;
static const double FAR = 4;

typedef struct maker {
  const baro_profile *profile;
  const baro_scenario *scenario;
  uint32_t *masks; /* by node: which of the scenario's functions are on its path */
  double terms[BARO_TERM_COUNT];
} maker;

/* --- functions --- */

/* By its qualified name, or its bare one. */
static bool is_called(const baro_profile *profile, uint32_t function, const char *name) {
  const baro_profile_function *row = &profile->functions.rows[function];
  return baro_view_equal(baro_profile_string(profile, row->qualified_string), baro_view_of(name)) ||
         baro_view_equal(baro_profile_string(profile, row->name_string), baro_view_of(name));
}

static baro_status find_functions(maker *all, baro_arena *scratch, baro_error *err) {
  const baro_profile *profile = all->profile;
  const baro_scenario *scenario = all->scenario;
  uint32_t *bits = baro_arena_array(scratch, profile->functions.count, sizeof(*bits));
  all->masks = baro_arena_array(scratch, profile->nodes.count, sizeof(*all->masks));
  if (bits == NULL || all->masks == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  for (uint32_t f = 0; f < scenario->function_count; f++) {
    bool found = false;
    for (uint32_t r = 0; r < profile->functions.count; r++) {
      if (is_called(profile, r, scenario->functions[f].name)) {
        bits[r] |= 1u << f;
        found = found || profile->functions.total_samples[r] > 0;
      }
    }
    if (!found) {
      return baro_error_set(err, BARO_UNSUPPORTED, "function:%.200s: no sample has it",
                            scenario->functions[f].name);
    }
  }
  for (uint32_t n = 1; n < profile->nodes.count; n++) {
    all->masks[n] =
        all->masks[profile->nodes.parent_node[n]] | bits[baro_profile_node_function(profile, n)];
  }
  return BARO_OK;
}

/* --- what is left of time --- */

static double speed_of(const baro_scenario *scenario, baro_scenario_key key) {
  return scenario->values[key].is_set ? scenario->values[key].value : 1;
}

/* Of time of a node in a state; 1: all. */
static double left_of(const maker *all, const baro_scenario *scenario, uint32_t node,
                      baro_state state) {
  double left = 1;
  for (uint32_t f = 0; f < all->scenario->function_count; f++) {
    if ((all->masks[node] >> f & 1) != 0) {
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

/* What the run loses in s (negative: gains). */
static double saved_s(const maker *all, const baro_scenario *scenario) {
  const baro_profile_nodes *nodes = &all->profile->nodes;
  double run_ns = 0;
  double thread_ns = 0;
  for (uint32_t n = 1; n < nodes->count; n++) {
    for (int s = 0; s < BARO_STATE_COUNT; s++) {
      if ((nodes->states[n] >> s & 1) == 0 || s == BARO_STATE_IDLE) {
        continue;
      }
      double gone = 1 - left_of(all, scenario, n, (baro_state)s);
      run_ns += gone * (double)baro_node_ns(nodes, BARO_MEASURE_RUN, (baro_state)s, n);
      thread_ns += gone * (double)baro_node_ns(nodes, BARO_MEASURE_THREAD, (baro_state)s, n);
    }
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

/* Differences of nearly the same numbers may come out as nothing, or less. */
static double rest_s(const maker *all, const baro_scenario *scenario, const baro_forecast *to) {
  return fmax(to->base_s - saved_s(all, scenario), to->base_s * 1e-9);
}

/* Standard error of what is saved: samples are drawn by chance. A sample of n ticks is n looks. */
static double error_s(const maker *all) {
  const baro_profile_samples *samples = &all->profile->samples;
  double sum_ns = 0;
  double gone_ns = 0;
  for (uint64_t s = 0; s < samples->count; s++) {
    double gone = 1 - left_of(all, all->scenario, samples->node[s], (baro_state)samples->state[s]);
    sum_ns += (double)samples->run_ns[s];
    gone_ns += gone * (double)samples->run_ns[s];
  }
  double ratio = sum_ns > 0 ? gone_ns / sum_ns : 0;
  double square = 0;
  for (uint64_t s = 0; s < samples->count; s++) {
    double gone = 1 - left_of(all, all->scenario, samples->node[s], (baro_state)samples->state[s]);
    double off = (double)samples->run_ns[s] * (gone - ratio);
    square += off * off / (double)(samples->ticks[s] > 0 ? samples->ticks[s] : 1);
  }
  return sqrt(square) / NS;
}

/* --- the whole --- */

static const baro_scenario_key REFUSED[] = {BARO_SCENARIO_CORES, BARO_SCENARIO_NODES,
                                            BARO_SCENARIO_MEMORY, BARO_SCENARIO_INPUT,
                                            BARO_SCENARIO_PARTITIONS};

static baro_status check(const baro_profile *profile, const baro_scenario *scenario,
                         baro_error *err) {
  if (profile->samples.count == 0) {
    return baro_error_set(err, BARO_UNSUPPORTED,
                          "it has neither tasks nor samples; record with --rate too");
  }
  if (baro_profile_weight_unit(profile).length > 0) {
    return baro_error_set(err, BARO_UNSUPPORTED, "its amounts are no time");
  }
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
  double fastest_s = fmin(fmin(ends_s[0], ends_s[1]), to->predicted_s);
  double slowest_s = fmax(fmax(ends_s[0], ends_s[1]), to->predicted_s);
  if (slowest_s > fastest_s * (1 + 1e-6)) {
    to->terms[to->term_count++] = (baro_forecast_term){.term = term,
                                                       .low = values[0],
                                                       .point = baro_terms[term].point,
                                                       .high = values[1],
                                                       .source = baro_terms[term].source,
                                                       .fastest_s = fastest_s,
                                                       .slowest_s = slowest_s};
  }
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

static void find_distance(const baro_scenario *scenario, baro_forecast *to) {
  to->distance = 1;
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT; k++) {
    double value = scenario->values[k].is_set ? scenario->values[k].value : 1;
    to->distance = fmax(to->distance, fmax(value, 1 / value));
  }
}

static void bound(const maker *all, baro_forecast *to) {
  double noise = NINETY * sqrt(2) * to->noise_ratio;
  double chance = NINETY * to->bootstrap_ratio;
  double below = chance * chance + noise * noise;
  double above = below;
  for (uint32_t t = 0; t < to->term_count; t++) {
    below += pow(log(to->predicted_s / to->terms[t].fastest_s), 2);
    above += pow(log(to->terms[t].slowest_s / to->predicted_s), 2);
  }
  double far = to->distance > FAR ? log(to->distance) / log(FAR) : 1;
  to->low_s = to->predicted_s * exp(-sqrt(below) * far);
  to->high_s = to->predicted_s * exp(sqrt(above) * far);
  static const char *const texts[] = {
      "the run's own time, as report has it: each moment counts once, for the threads that were "
      "furthest from waiting; what hides behind something else is not saved",
      "a function that is faster is so with all that it calls, waiting included",
      "the interval is for one more run, 90 % if the terms' ranges hold: sampling error, the "
      "terms, "
      "and 2 % from run to run",
      "a factor of more than 4 is far from what was recorded: the interval is widened",
  };
  for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
    bool holds = (t != 1 || all->scenario->function_count > 0) && (t != 3 || to->distance > FAR);
    if (holds) {
      to->assumptions[to->assumption_count++] = texts[t];
    }
  }
}

baro_status baro_python_forecast_make(const baro_profile *profile, const baro_scenario *scenario,
                                      baro_forecast *ret_forecast, baro_error *err) {
  static const baro_term terms[] = {BARO_TERM_RUNNABLE, BARO_TERM_HELD, BARO_TERM_ALONE};
  baro_forecast to = {.noise_ratio = NOISE_RATIO};
  maker all = {.profile = profile, .scenario = scenario};
  baro_arena scratch = {0};
  for (int t = 0; t < BARO_TERM_COUNT; t++) {
    all.terms[t] = baro_terms[t].point;
  }
  baro_status status = check(profile, scenario, err);
  if (status == BARO_OK) {
    status = find_functions(&all, &scratch, err);
  }
  to.base_s = (double)profile->all_ns[BARO_MEASURE_RUN] / NS;
  if (status == BARO_OK && !(to.base_s > 0)) {
    status = baro_error_set(err, BARO_UNSUPPORTED, "its run lasted no time");
  }
  if (status == BARO_OK) {
    to.replayed_s = to.base_s;
    to.predicted_s = rest_s(&all, scenario, &to);
    for (size_t t = 0; t < sizeof(terms) / sizeof(terms[0]); t++) {
      try_term(&all, terms[t], &to);
    }
    to.bootstrap_ratio = error_s(&all) / to.predicted_s;
    make_parts(&all, &to);
    find_distance(scenario, &to);
    bound(&all, &to);
    *ret_forecast = to;
  }
  baro_arena_release(&scratch);
  return status;
}
