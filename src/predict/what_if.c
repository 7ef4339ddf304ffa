#include "predict/what_if.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "predict/predictor.h"
#include "predict/what_if_build.h"

enum { THREADS_MAX = 8 };

typedef struct maker {
  const baro_profile *profile;
  baro_job_graph *graph;    /* owned; NULL: a Python program, or a trace */
  baro_predictor predictor; /* owned */
  baro_what_if *to;
  uint64_t budget;
} maker;

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
}

/* --- one point --- */

baro_scenario baro_what_if_scenario(const baro_what_if *what_if, const baro_what_if_point *point) {
  baro_scenario scenario = {0};
  for (uint32_t a = 0; a < what_if->axis_count; a++) {
    const baro_what_if_axis *axis = &what_if->axes[a];
    if (axis->position_count == 0 || point->positions[a] == axis->base) {
      continue;
    }
    const baro_scenario_value *value = &axis->positions[point->positions[a]].value;
    if (axis->function == NULL) {
      scenario.values[axis->key] = *value;
    } else {
      baro_scenario_function *function = &scenario.functions[scenario.function_count++];
      memcpy(function->name, axis->function, strlen(axis->function) + 1);
      function->factor = value->value;
    }
  }
  return scenario;
}

/* --- which points --- */

/* A scenario's replays, in tasks and slots: terms at both ends, the bootstrap, each change alone. */
static uint64_t cost_of(const maker *all, const uint8_t *positions) {
  enum { REPLAYS_OF_TERMS = 10 };
  /* All tasks some seven times, in 15 ns each where one of Spark takes 35, and all threads twice. */
  if (all->predictor.path != NULL) {
    return 3 * (uint64_t)all->profile->dataflow.task_count +
           2 * (uint64_t)all->profile->thread_count;
  }
  if (all->graph == NULL) {
    return 1;
  }
  double tasks = (double)all->graph->task_count;
  double slots = (double)all->graph->slot_count;
  for (uint32_t a = 0; a < all->to->axis_count; a++) {
    const baro_what_if_axis *axis = &all->to->axes[a];
    double ratio = axis->position_count > 0 ? axis->positions[positions[a]].ratio : 1;
    if (axis->key == BARO_SCENARIO_INPUT || axis->key == BARO_SCENARIO_PARTITIONS) {
      tasks *= fmax(1, ratio);
    } else if (axis->key == BARO_SCENARIO_CORES || axis->key == BARO_SCENARIO_NODES) {
      slots *= fmax(1, ratio);
    }
  }
  double replays = REPLAYS_OF_TERMS + all->predictor.tasks->bootstrap_count;
  return (uint64_t)(replays * (tasks + slots + (double)all->graph->node_count));
}

static baro_what_if_point *add_point(maker *all) {
  baro_what_if_point *point = &all->to->points[all->to->point_count++];
  for (uint32_t a = 0; a < all->to->axis_count; a++) {
    point->positions[a] = (uint8_t)all->to->axes[a].base;
  }
  return point;
}

/* Points of two axes; to be counted (add false), or added. What they cost. */
static uint64_t pair_axes(maker *all, uint32_t a, uint32_t b, bool add, size_t *count) {
  const baro_what_if_axis *axes = all->to->axes;
  uint64_t cost = 0;
  for (uint32_t p = 0; p < axes[a].position_count; p++) {
    for (uint32_t q = 0; q < axes[b].position_count; q++) {
      if (p == axes[a].base || q == axes[b].base) {
        continue;
      }
      (*count)++;
      if (add) {
        baro_what_if_point *point = add_point(all);
        point->positions[a] = (uint8_t)p;
        point->positions[b] = (uint8_t)q;
        continue;
      }
      uint8_t positions[BARO_WHAT_IF_AXES_MAX];
      for (uint32_t o = 0; o < all->to->axis_count; o++) {
        positions[o] = (uint8_t)(o == a ? p : o == b ? q : axes[o].base);
      }
      cost += cost_of(all, positions);
    }
  }
  return cost;
}

/* Pairs with the first axis only, or all of them. */
static uint64_t pair_all(maker *all, bool only_first, bool add, size_t *count) {
  const baro_what_if *to = all->to;
  uint64_t cost = 0;
  uint32_t first = 0;
  while (first < to->axis_count && to->axes[first].position_count == 0) {
    first++;
  }
  for (uint32_t a = first; a < to->axis_count && (a == first || !only_first); a++) {
    for (uint32_t b = a + 1; b < to->axis_count; b++) {
      cost += pair_axes(all, a, b, add, count);
    }
  }
  return cost;
}

static uint64_t cost_of_singles(const maker *all) {
  const baro_what_if *to = all->to;
  uint8_t positions[BARO_WHAT_IF_AXES_MAX];
  uint64_t cost = 0;
  for (uint32_t a = 0; a < to->axis_count; a++) {
    positions[a] = (uint8_t)to->axes[a].base;
  }
  for (uint32_t a = 0; a < to->axis_count; a++) {
    for (uint32_t p = 0; p < to->axes[a].position_count; p++) {
      positions[a] = (uint8_t)p;
      cost += cost_of(all, positions);
    }
    positions[a] = (uint8_t)to->axes[a].base;
  }
  return cost;
}

/* The position that is asked for least: furthest from twice and half of what was recorded. False: no axis has two besides it. */
static bool drop_position(baro_what_if *to) {
  baro_what_if_axis *of = NULL;
  uint32_t worst = 0;
  double worst_distance = -1;
  for (uint32_t a = 0; a < to->axis_count; a++) {
    baro_what_if_axis *axis = &to->axes[a];
    for (uint32_t p = 0; p < axis->position_count && axis->position_count > 2; p++) {
      double distance = fabs(fabs(log2(axis->positions[p].ratio)) - 1);
      distance += axis->positions[p].ratio < 1 ? 0.5 : 0;
      if (p != axis->base && distance > worst_distance) {
        of = axis;
        worst = p;
        worst_distance = distance;
      }
    }
  }
  if (of == NULL) {
    return false;
  }
  of->position_count--;
  memmove(&of->positions[worst], &of->positions[worst + 1],
          (of->position_count - worst) * sizeof(of->positions[0]));
  of->base -= worst < of->base;
  return true;
}

static baro_status choose_points(maker *all, baro_error *err) {
  baro_what_if *to = all->to;
  while (cost_of_singles(all) > all->budget && drop_position(to)) {
    to->reach = BARO_WHAT_IF_SOME;
  }
  size_t singles = 1;
  for (uint32_t a = 0; a < to->axis_count; a++) {
    singles += to->axes[a].position_count;
  }
  uint64_t left = all->budget > cost_of_singles(all) ? all->budget - cost_of_singles(all) : 0;
  size_t firsts = 0;
  size_t pairs = 0;
  if (to->reach != BARO_WHAT_IF_SOME && pair_all(all, true, false, &firsts) <= left) {
    to->reach =
        pair_all(all, false, false, &pairs) <= left ? BARO_WHAT_IF_PAIRS : BARO_WHAT_IF_FIRST;
  }
  size_t count = singles + (to->reach == BARO_WHAT_IF_PAIRS ? pairs : firsts);
  to->points = baro_arena_array(&to->arena, count, sizeof(*to->points));
  if (to->points == NULL) {
    return no_memory(err);
  }
  (void)add_point(all);
  for (uint32_t a = 0; a < to->axis_count; a++) {
    for (uint32_t p = 0; p < to->axes[a].position_count; p++) {
      if (p != to->axes[a].base) {
        add_point(all)->positions[a] = (uint8_t)p;
      }
    }
  }
  if (to->reach >= BARO_WHAT_IF_FIRST) {
    size_t again = 0;
    (void)pair_all(all, to->reach == BARO_WHAT_IF_FIRST, true, &again);
  }
  return BARO_OK;
}

/* --- all of them --- */

typedef struct work {
  const maker *all;
  atomic_uint next;
  atomic_bool failed;
  char (*refusals)[BARO_ERROR_MESSAGE_BYTES]; /* by point; "" none */
} work;

static void *make_points(void *context) {
  work *shared = context;
  baro_what_if *to = shared->all->to;
  for (;;) {
    uint32_t p = atomic_fetch_add(&shared->next, 1);
    if (p >= to->point_count || atomic_load(&shared->failed)) {
      return NULL;
    }
    baro_what_if_point *point = &to->points[p];
    baro_scenario scenario = baro_what_if_scenario(to, point);
    baro_error err = {0};
    baro_status status =
        baro_predictor_make(&shared->all->predictor, &scenario, &point->forecast, &err);
    if (status == BARO_NO_MEMORY) {
      atomic_store(&shared->failed, true);
    } else if (status != BARO_OK) {
      memcpy(shared->refusals[p], err.message, sizeof(err.message));
    }
  }
}

/* Whichever thread makes a point, its numbers are the same. */
static baro_status run_work(maker *all, baro_error *err) {
  baro_what_if *to = all->to;
  baro_arena scratch = {0};
  work shared = {.all = all};
  pthread_t others[THREADS_MAX];
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  int wanted = cpus < 2 ? 0 : cpus > THREADS_MAX ? THREADS_MAX - 1 : (int)cpus - 1;
  int count = 0;
  shared.refusals = baro_arena_array(&scratch, to->point_count, sizeof(*shared.refusals));
  if (shared.refusals == NULL) {
    return no_memory(err);
  }
  while (count < wanted && pthread_create(&others[count], NULL, make_points, &shared) == 0) {
    count++;
  }
  (void)make_points(&shared);
  for (int t = 0; t < count; t++) {
    (void)pthread_join(others[t], NULL);
  }
  bool failed = atomic_load(&shared.failed);
  for (uint32_t p = 0; p < to->point_count && !failed; p++) {
    const char *refusal = shared.refusals[p];
    if (refusal[0] != '\0') {
      to->points[p].refusal = baro_arena_copy(&to->arena, refusal, strlen(refusal));
      failed = to->points[p].refusal == NULL;
    }
  }
  baro_arena_release(&scratch);
  return failed ? no_memory(err) : BARO_OK;
}

/* --- what cannot be told --- */

static baro_status refuse_all(baro_what_if *to, const baro_error *why, baro_error *err) {
  to->refusal = baro_arena_copy(&to->arena, why->message, strlen(why->message));
  to->axis_count = 0;
  return to->refusal == NULL ? no_memory(err) : BARO_OK;
}

/* Keys that are none for this recording, in the words of `predict --set KEY=2x`. */
static baro_status add_refused(maker *all, baro_error *err) {
  baro_what_if *to = all->to;
  for (int k = 0; k <= BARO_SCENARIO_KEY_COUNT; k++) {
    bool is_function = k == BARO_SCENARIO_KEY_COUNT;
    bool is_there = is_function && all->predictor.functions != NULL;
    for (uint32_t a = 0; a < to->axis_count; a++) {
      is_there = is_there || (int)to->axes[a].key == k;
    }
    if (is_there) {
      continue;
    }
    baro_scenario scenario = {.function_count = is_function ? 1 : 0};
    baro_forecast none;
    baro_error why = {0};
    if (is_function) {
      scenario.functions[0].factor = 2;
    } else {
      scenario.values[k] = (baro_scenario_value){.is_set = true, .is_factor = true, .value = 2};
    }
    baro_status status = baro_predictor_make(&all->predictor, &scenario, &none, &why);
    if (status == BARO_OK) {
      baro_forecast_release(&none);
      continue;
    }
    baro_what_if_axis *axis = &to->axes[to->axis_count++];
    *axis = (baro_what_if_axis){.key = (baro_scenario_key)k,
                                .refusal =
                                    baro_arena_copy(&to->arena, why.message, strlen(why.message))};
    if (status == BARO_NO_MEMORY || axis->refusal == NULL) {
      return no_memory(err);
    }
  }
  return BARO_OK;
}

/* --- the whole --- */

static baro_status open_tasks(maker *all, baro_error *err) {
  baro_error why = {0};
  baro_status status = baro_job_graph_create(all->profile, &all->graph, &why);
  if (status == BARO_OK) {
    status = baro_predictor_init(&all->predictor, all->profile, all->graph, NULL, NULL, 0, &why);
  }
  if (status == BARO_OK) {
    all->to->task_count = all->graph->task_count;
    status = baro_what_if_find_axes(all->graph, all->to);
  }
  return status == BARO_OK          ? BARO_OK
         : status == BARO_NO_MEMORY ? no_memory(err)
                                    : refuse_all(all->to, &why, err);
}

static baro_status open_path(maker *all, baro_error *err) {
  baro_error why = {0};
  baro_status status =
      baro_predictor_init(&all->predictor, all->profile, NULL, NULL, NULL, 0, &why);
  if (status == BARO_OK) {
    baro_what_if_find_path_axes(&all->predictor, all->to);
  }
  return status == BARO_OK          ? BARO_OK
         : status == BARO_NO_MEMORY ? no_memory(err)
                                    : refuse_all(all->to, &why, err);
}

static baro_status open_functions(maker *all, baro_error *err) {
  const char *names[BARO_WHAT_IF_AXES_MAX];
  uint32_t count = 0;
  baro_error why = {0};
  baro_status status = baro_python_forecast_check(all->profile, &why);
  if (status != BARO_OK) {
    return refuse_all(all->to, &why, err);
  }
  status = baro_what_if_find_python_axes(all->profile, all->to);
  for (uint32_t a = 0; a < all->to->axis_count; a++) {
    if (all->to->axes[a].function != NULL) {
      names[count++] = all->to->axes[a].function;
    }
  }
  if (status == BARO_OK) {
    status = baro_predictor_init(&all->predictor, all->profile, NULL, NULL, names, count, &why);
  }
  return status == BARO_OK ? BARO_OK : no_memory(err);
}

bool baro_what_if_applies(const baro_profile *profile) {
  bool has_time = profile->samples.count > 0 && baro_profile_weight_unit(profile).length == 0;
  return has_time || profile->dataflow.task_count > 0;
}

baro_status baro_what_if_make(const baro_profile *profile, uint64_t budget,
                              baro_what_if **ret_what_if, baro_error *err) {
  baro_what_if *to = calloc(1, sizeof(*to));
  if (to == NULL) {
    return no_memory(err);
  }
  to->reach = BARO_WHAT_IF_SINGLES;
  maker all = {.profile = profile, .to = to, .budget = budget > 0 ? budget : BARO_WHAT_IF_BUDGET};
  baro_status status = baro_predictor_wants_graph(profile) ? open_tasks(&all, err)
                       : profile->dataflow.task_count > 0  ? open_path(&all, err)
                                                           : open_functions(&all, err);
  if (status == BARO_OK && to->refusal == NULL) {
    status = choose_points(&all, err);
    if (status == BARO_OK) {
      status = run_work(&all, err);
    }
    if (status == BARO_OK) {
      status = add_refused(&all, err);
    }
  }
  baro_predictor_release(&all.predictor);
  baro_job_graph_destroy(all.graph);
  if (status != BARO_OK) {
    baro_what_if_destroy(to);
    return status;
  }
  *ret_what_if = to;
  return BARO_OK;
}

void baro_what_if_destroy(baro_what_if *what_if) {
  if (what_if == NULL) {
    return;
  }
  for (uint32_t p = 0; p < what_if->point_count; p++) {
    if (what_if->points[p].refusal == NULL) {
      baro_forecast_release(&what_if->points[p].forecast);
    }
  }
  baro_arena_release(&what_if->arena);
  free(what_if);
}
