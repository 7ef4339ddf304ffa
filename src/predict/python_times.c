#include "predict/python_times.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"

/* By its qualified name, or its bare one. */
static bool is_called(const baro_profile *profile, uint32_t function, const char *name) {
  const baro_profile_function *row = &profile->functions.rows[function];
  return baro_view_equal(baro_profile_string(profile, row->qualified_string), baro_view_of(name)) ||
         baro_view_equal(baro_profile_string(profile, row->name_string), baro_view_of(name));
}

bool baro_python_has(const baro_profile *profile, const char *name) {
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    if (is_called(profile, f, name) && profile->functions.total_samples[f] > 0) {
      return true;
    }
  }
  return false;
}

/* By node: which of the names are on its path. */
static uint32_t *find_masks(baro_python_times *to, baro_arena *scratch) {
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
static baro_status number_masks(baro_python_times *to, uint32_t *masks) {
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

static void sum_nodes(baro_python_times *to, const uint32_t *places) {
  const baro_profile_nodes *nodes = &to->profile->nodes;
  for (uint32_t n = 1; n < nodes->count; n++) {
    for (int s = 0; s < BARO_STATE_COUNT; s++) {
      if ((nodes->states[n] >> s & 1) == 0 || s == BARO_STATE_IDLE) {
        continue;
      }
      baro_python_time *row = &to->rows[(size_t)places[n] * BARO_STATE_COUNT + (size_t)s];
      row->run_ns += baro_node_ns(nodes, BARO_MEASURE_RUN, (baro_state)s, n);
      row->thread_ns += baro_node_ns(nodes, BARO_MEASURE_THREAD, (baro_state)s, n);
    }
  }
}

/* A sample of n ticks is n looks. */
static void sum_samples(baro_python_times *to, const uint32_t *places) {
  const baro_profile_samples *samples = &to->profile->samples;
  for (uint64_t s = 0; s < samples->count; s++) {
    baro_python_time *row =
        &to->rows[(size_t)places[samples->node[s]] * BARO_STATE_COUNT + samples->state[s]];
    uint64_t run_ns = samples->run_ns[s] < 0x1p53F ? (uint64_t)samples->run_ns[s] : 0;
    row->sampled_ns += run_ns;
    row->square += (baro_wide)run_ns * run_ns / (samples->ticks[s] > 0 ? samples->ticks[s] : 1);
  }
}

baro_status baro_python_times_init(baro_python_times *times, const baro_profile *profile,
                                   const char *const *names, uint32_t name_count) {
  assert(name_count <= BARO_SCENARIO_FUNCTIONS_MAX);
  *times = (baro_python_times){.profile = profile, .name_count = name_count};
  for (uint32_t f = 0; f < name_count; f++) {
    (void)snprintf(times->names[f], sizeof(times->names[f]), "%s", names[f]);
  }
  baro_arena scratch = {0};
  uint32_t *masks = find_masks(times, &scratch);
  baro_status status = masks == NULL ? BARO_NO_MEMORY : number_masks(times, masks);
  if (status == BARO_OK) {
    times->rows = baro_arena_array(&times->arena, (size_t)times->mask_count * BARO_STATE_COUNT,
                                   sizeof(*times->rows));
    status = times->rows == NULL ? BARO_NO_MEMORY : BARO_OK;
  }
  if (status == BARO_OK) {
    sum_nodes(times, masks);
    sum_samples(times, masks);
  }
  baro_arena_release(&scratch);
  return status;
}

void baro_python_times_release(baro_python_times *times) {
  baro_arena_release(&times->arena);
}

/* Of many masks of all names few of the scenario's are made. */
baro_status baro_python_times_of(const baro_python_times *times, const baro_scenario *scenario,
                                 baro_arena *keep, baro_python_time **ret_rows, baro_error *err) {
  uint32_t bits[BARO_SCENARIO_FUNCTIONS_MAX];
  uint32_t count = scenario->function_count;
  for (uint32_t f = 0; f < count; f++) {
    const char *name = scenario->functions[f].name;
    uint32_t place = 0;
    while (place < times->name_count && strcmp(times->names[place], name) != 0) {
      place++;
    }
    if (place == times->name_count || !times->is_found[place]) {
      return baro_error_set(err, BARO_UNSUPPORTED, "function:%.200s: no sample has it", name);
    }
    bits[f] = place;
  }
  baro_python_time *rows = baro_arena_array(keep, baro_python_time_count(scenario), sizeof(*rows));
  if (rows == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  for (uint32_t m = 0; m < times->mask_count; m++) {
    size_t mask = 0;
    for (uint32_t f = 0; f < count; f++) {
      mask |= (size_t)(times->masks[m] >> bits[f] & 1) << f;
    }
    for (size_t s = 0; s < BARO_STATE_COUNT; s++) {
      const baro_python_time *row = &times->rows[(size_t)m * BARO_STATE_COUNT + s];
      baro_python_time *to = &rows[mask * BARO_STATE_COUNT + s];
      to->run_ns += row->run_ns;
      to->thread_ns += row->thread_ns;
      to->sampled_ns += row->sampled_ns;
      to->square += row->square;
    }
  }
  *ret_rows = rows;
  return BARO_OK;
}
