#include "predict/python_forecast.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

static const double NS = 1e9;
static const double NINETY = 1.645;
/* Runs of one program on one machine that is not shared; the smaller of the two figures that terms.h has for clusters. */
static const double NOISE_RATIO = 0.020;
static const double FAR = 4;

/* Time that a scenario treats alike: of stacks with the same of its functions, in one state. Sums are whole numbers, so that they
 * do not depend on how stacks were put together: a scenario's numbers are the same whatever else was asked for. */
__extension__ typedef unsigned __int128 wide;

typedef struct sums {
  uint64_t run_ns; /* of the run's own time; of threads; */
  uint64_t thread_ns;
  uint64_t sampled_ns; /* of the samples, in the run's own time, */
  wide square;         /* and for their error: sum of the squares to the number of looks */
} sums;

struct baro_python_forecaster {
  const baro_profile *profile;
  char names[BARO_SCENARIO_FUNCTIONS_MAX][BARO_SCENARIO_NAME_BYTES];
  bool is_found[BARO_SCENARIO_FUNCTIONS_MAX];
  uint32_t name_count;
  uint32_t mask_count;
  uint32_t *masks; /* which of the names are on a path: those that occur */
  sums *rows;      /* by place of the mask, then state */
  baro_arena arena;
};

typedef struct maker {
  const baro_scenario *scenario;
  sums *rows; /* by mask of the scenario's functions, then state */
  double terms[BARO_TERM_COUNT];
} maker;

/* --- functions --- */

/* By its qualified name, or its bare one. */
static bool is_called(const baro_profile *profile, uint32_t function, const char *name) {
  const baro_profile_function *row = &profile->functions.rows[function];
  return baro_view_equal(baro_profile_string(profile, row->qualified_string), baro_view_of(name)) ||
         baro_view_equal(baro_profile_string(profile, row->name_string), baro_view_of(name));
}

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
}

/* By node: which of the names are on its path. */
static uint32_t *find_masks(baro_python_forecaster *to, baro_arena *scratch) {
  const baro_profile *profile = to->profile;
  uint32_t *bits = baro_arena_array(scratch, profile->functions.count, sizeof(*bits));
  uint32_t *masks = baro_arena_array(scratch, profile->nodes.count, sizeof(*masks));
  if (bits == NULL || masks == NULL) {
    return NULL;
  }
  for (uint32_t f = 0; f < to->name_count; f++) {
    for (uint32_t r = 0; r < profile->functions.count; r++) {
      if (is_called(profile, r, to->names[f])) {
        bits[r] |= 1u << f;
        to->is_found[f] = to->is_found[f] || profile->functions.total_samples[r] > 0;
      }
    }
  }
  for (uint32_t n = 1; n < profile->nodes.count; n++) {
    masks[n] = masks[profile->nodes.parent_node[n]] | bits[baro_profile_node_function(profile, n)];
  }
  return masks;
}

/* Puts each node's place among the masks where its mask was. */
static baro_status number_masks(baro_python_forecaster *to, uint32_t *masks) {
  uint32_t node_count = to->profile->nodes.count;
  baro_map places = {0};
  baro_status status = BARO_OK;
  for (uint32_t n = 0; n < node_count && status == BARO_OK; n++) {
    if (baro_map_find(&places, masks[n]) == NULL) {
      status = baro_map_set(&places, masks[n], places.count);
    }
  }
  to->mask_count = (uint32_t)places.count;
  to->masks = baro_arena_array(&to->arena, places.count, sizeof(*to->masks));
  status = status == BARO_OK && to->masks == NULL ? BARO_NO_MEMORY : status;
  for (uint32_t n = 0; n < node_count && status == BARO_OK; n++) {
    uint32_t place = (uint32_t)*baro_map_find(&places, masks[n]);
    to->masks[place] = masks[n];
    masks[n] = place;
  }
  baro_map_release(&places);
  return status;
}

static void sum_nodes(baro_python_forecaster *to, const uint32_t *places) {
  const baro_profile_nodes *nodes = &to->profile->nodes;
  for (uint32_t n = 1; n < nodes->count; n++) {
    for (int s = 0; s < BARO_STATE_COUNT; s++) {
      if ((nodes->states[n] >> s & 1) == 0 || s == BARO_STATE_IDLE) {
        continue;
      }
      sums *row = &to->rows[(size_t)places[n] * BARO_STATE_COUNT + (size_t)s];
      row->run_ns += baro_node_ns(nodes, BARO_MEASURE_RUN, (baro_state)s, n);
      row->thread_ns += baro_node_ns(nodes, BARO_MEASURE_THREAD, (baro_state)s, n);
    }
  }
}

/* A sample of n ticks is n looks. */
static void sum_samples(baro_python_forecaster *to, const uint32_t *places) {
  const baro_profile_samples *samples = &to->profile->samples;
  for (uint64_t s = 0; s < samples->count; s++) {
    sums *row = &to->rows[(size_t)places[samples->node[s]] * BARO_STATE_COUNT + samples->state[s]];
    uint64_t run_ns = samples->run_ns[s] < 0x1p53F ? (uint64_t)samples->run_ns[s] : 0;
    row->sampled_ns += run_ns;
    row->square += (wide)run_ns * run_ns / (samples->ticks[s] > 0 ? samples->ticks[s] : 1);
  }
}

/* What the scenario tells apart, of what the forecaster does. */
static baro_status find_rows(const baro_python_forecaster *from, maker *all, baro_arena *scratch,
                             baro_error *err) {
  uint32_t bits[BARO_SCENARIO_FUNCTIONS_MAX];
  uint32_t count = all->scenario->function_count;
  for (uint32_t f = 0; f < count; f++) {
    const char *name = all->scenario->functions[f].name;
    uint32_t place = 0;
    while (place < from->name_count && strcmp(from->names[place], name) != 0) {
      place++;
    }
    if (place == from->name_count || !from->is_found[place]) {
      return baro_error_set(err, BARO_UNSUPPORTED, "function:%.200s: no sample has it", name);
    }
    bits[f] = place;
  }
  all->rows = baro_arena_array(scratch, (size_t)BARO_STATE_COUNT << count, sizeof(*all->rows));
  if (all->rows == NULL) {
    return no_memory(err);
  }
  for (uint32_t m = 0; m < from->mask_count; m++) {
    size_t mask = 0;
    for (uint32_t f = 0; f < count; f++) {
      mask |= (size_t)(from->masks[m] >> bits[f] & 1) << f;
    }
    for (size_t s = 0; s < BARO_STATE_COUNT; s++) {
      const sums *row = &from->rows[(size_t)m * BARO_STATE_COUNT + s];
      sums *to = &all->rows[mask * BARO_STATE_COUNT + s];
      to->run_ns += row->run_ns;
      to->thread_ns += row->thread_ns;
      to->sampled_ns += row->sampled_ns;
      to->square += row->square;
    }
  }
  return BARO_OK;
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

static size_t row_count(const maker *all) {
  return (size_t)BARO_STATE_COUNT << all->scenario->function_count;
}

static double gone_of(const maker *all, const baro_scenario *scenario, size_t row) {
  return 1 - left_of(all, scenario, row / BARO_STATE_COUNT, (baro_state)(row % BARO_STATE_COUNT));
}

/* What the run loses in s (negative: gains). */
static double saved_s(const maker *all, const baro_scenario *scenario) {
  double run_ns = 0;
  double thread_ns = 0;
  for (size_t r = 0; r < row_count(all); r++) {
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

/* Differences of nearly the same numbers may come out as nothing, or less. */
static double rest_s(const maker *all, const baro_scenario *scenario, const baro_forecast *to) {
  return fmax(to->base_s - saved_s(all, scenario), to->base_s * 1e-9);
}

/* Standard error of what is saved: samples are drawn by chance. */
static double error_s(const maker *all) {
  double sum_ns = 0;
  double gone_ns = 0;
  for (size_t r = 0; r < row_count(all); r++) {
    sum_ns += (double)all->rows[r].sampled_ns;
    gone_ns += gone_of(all, all->scenario, r) * (double)all->rows[r].sampled_ns;
  }
  double ratio = sum_ns > 0 ? gone_ns / sum_ns : 0;
  double square = 0;
  for (size_t r = 0; r < row_count(all); r++) {
    double off = gone_of(all, all->scenario, r) - ratio;
    square += off * off * (double)all->rows[r].square;
  }
  return sqrt(square) / NS;
}

/* --- the whole --- */

static const baro_scenario_key REFUSED[] = {BARO_SCENARIO_CORES, BARO_SCENARIO_NODES,
                                            BARO_SCENARIO_MEMORY, BARO_SCENARIO_INPUT,
                                            BARO_SCENARIO_PARTITIONS};

baro_status baro_python_forecast_check(const baro_profile *profile, baro_error *err) {
  if (profile->samples.count == 0) {
    return baro_error_set(err, BARO_UNSUPPORTED,
                          "it has neither tasks nor samples; record with --rate too");
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
  assert(name_count <= BARO_SCENARIO_FUNCTIONS_MAX);
  to->profile = profile;
  to->name_count = name_count;
  for (uint32_t f = 0; f < name_count; f++) {
    (void)snprintf(to->names[f], sizeof(to->names[f]), "%s", names[f]);
  }
  baro_arena scratch = {0};
  uint32_t *masks = find_masks(to, &scratch);
  status = masks == NULL ? BARO_NO_MEMORY : number_masks(to, masks);
  if (status == BARO_OK) {
    to->rows =
        baro_arena_array(&to->arena, (size_t)to->mask_count * BARO_STATE_COUNT, sizeof(*to->rows));
    status = to->rows == NULL ? BARO_NO_MEMORY : BARO_OK;
  }
  if (status == BARO_OK) {
    sum_nodes(to, masks);
    sum_samples(to, masks);
    *ret_forecaster = to;
  } else {
    baro_python_forecaster_destroy(to);
  }
  baro_arena_release(&scratch);
  return status == BARO_OK ? status : no_memory(err);
}

void baro_python_forecaster_destroy(baro_python_forecaster *forecaster) {
  if (forecaster != NULL) {
    baro_arena_release(&forecaster->arena);
    free(forecaster);
  }
}

baro_status baro_python_forecaster_make(const baro_python_forecaster *forecaster,
                                        const baro_scenario *scenario, baro_forecast *ret_forecast,
                                        baro_error *err) {
  static const baro_term terms[] = {BARO_TERM_RUNNABLE, BARO_TERM_HELD, BARO_TERM_ALONE};
  baro_forecast to = {.noise_ratio = NOISE_RATIO};
  maker all = {.scenario = scenario};
  baro_arena scratch = {0};
  for (int t = 0; t < BARO_TERM_COUNT; t++) {
    all.terms[t] = baro_terms[t].point;
  }
  baro_status status = check_keys(scenario, err);
  if (status == BARO_OK) {
    status = find_rows(forecaster, &all, &scratch, err);
  }
  if (status == BARO_OK) {
    to.base_s = (double)forecaster->profile->all_ns[BARO_MEASURE_RUN] / NS;
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
