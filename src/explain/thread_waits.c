#include "explain/thread_waits.h"

#include <stdlib.h>

#include "explain/own_places.h"

static const double SHARE_MIN = 0.10;

/* Functions of the library in which a thread waits for what another one does, and not for what it holds. */
static const char *const words_of_others[] = {
    "_wait_for_tstate_lock", "join", "_shutdown", "wait", "wait_for", "_join_thread",
};

/* Also of a thread that runs no Python, such as a math library's that waits for work. */
static bool waits_for_word(const baro_profile *profile, uint32_t function) {
  const baro_profile_function *row = &profile->functions.rows[function];
  if ((row->flags & BARO_FUNCTION_NO_PYTHON) != 0) {
    return true;
  }
  baro_view name = baro_profile_string(profile, row->name_string);
  for (size_t i = 0; i < sizeof(words_of_others) / sizeof(words_of_others[0]); i++) {
    if (row->origin == BARO_ORIGIN_STANDARD &&
        baro_view_equal(name, baro_view_of(words_of_others[i]))) {
      return true;
    }
  }
  return false;
}

/* By node; NULL: out of memory. */
static bool *find_nodes(const baro_profile *profile, baro_state state) {
  const baro_profile_nodes *nodes = &profile->nodes;
  bool *counts = calloc((size_t)nodes->count + 1, sizeof(*counts));
  for (uint32_t n = 1; counts != NULL && n < nodes->count; n++) {
    counts[n] = (nodes->states[n] >> state & 1) != 0 &&
                (state != BARO_STATE_LOCK ||
                 !waits_for_word(profile, baro_profile_node_function(profile, n)));
  }
  return counts;
}

/* Of a thread's time in the state, the part that its samples have at these nodes. */
static uint64_t thread_ns(const baro_profile *profile, const baro_profile_thread *thread,
                          baro_state state, const bool *counts) {
  const baro_profile_samples *samples = &profile->samples;
  double all = 0, here = 0;
  uint64_t end = thread->first_sample + thread->sample_count;
  for (uint64_t s = thread->first_sample; s < end; s++) {
    if (samples->state[s] == state) {
      all += (double)samples->weight_ns[s];
      here += counts[samples->node[s]] ? (double)samples->weight_ns[s] : 0;
    }
  }
  return all > 0 ? (uint64_t)((double)thread->state_ns[state] * (here / all)) : 0;
}

baro_status baro_thread_wait_find(const baro_profile *profile, baro_state state,
                                  baro_thread_wait *ret_wait) {
  const baro_profile_nodes *nodes = &profile->nodes;
  uint32_t function_count = profile->functions.count;
  baro_thread_wait wait = {.function = BARO_NONE_ID};
  baro_own_places places;
  baro_status status = baro_own_places_init(&places, profile);
  bool *counts = find_nodes(profile, state);
  uint64_t *of_ns = calloc((size_t)function_count + 1, sizeof(*of_ns));
  if (status == BARO_OK && counts != NULL && of_ns != NULL) {
    for (uint32_t n = 1; n < nodes->count; n++) {
      uint64_t ns = counts[n] ? baro_node_ns(nodes, BARO_MEASURE_THREAD, state, n) : 0;
      wait.all_ns += ns;
      of_ns[places.function[n]] += ns;
    }
    for (uint32_t t = 0; t < profile->thread_count; t++) {
      uint64_t ns = thread_ns(profile, &profile->threads[t], state, counts);
      wait.longest_ns = ns > wait.longest_ns ? ns : wait.longest_ns;
      wait.thread_count += ns > 0;
    }
    wait.function = baro_largest_of(of_ns, function_count);
    wait.place_ns = wait.function == BARO_NONE_ID ? 0 : of_ns[wait.function];
    *ret_wait = wait;
  } else {
    status = BARO_NO_MEMORY;
  }
  free(of_ns);
  free(counts);
  baro_own_places_release(&places);
  return status;
}

bool baro_thread_wait_matters(const baro_profile *profile, baro_state state,
                              const baro_thread_wait *wait) {
  double threads_ns = (double)baro_profile_basis_ns(profile, BARO_MEASURE_THREAD);
  double run_ns = (double)baro_profile_basis_ns(profile, BARO_MEASURE_RUN);
  double share = threads_ns > 0 ? (double)wait->all_ns / threads_ns : 0;
  double of_run = run_ns > 0 ? (double)profile->state_ns[BARO_MEASURE_RUN][state] / run_ns : 0;
  return share >= SHARE_MIN && of_run < share / 2;
}
