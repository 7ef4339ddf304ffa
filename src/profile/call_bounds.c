/* What weights make of few recorded calls is right on average, and may be far off: an interrupt of 10 us in one call of 50 ns
 * counts 2,048 times. But where a function is not thinned, all its calls have been clocked. What it called cannot have taken
 * more than these took: where estimates leave it less than nothing for its own time, they are too large by that much, and are
 * made smaller in proportion; nor can its own time be more than all of its time. So times add up to what passed. Below a
 * function that is thinned itself nothing is known for sure, and nothing is changed. */
#include <stdlib.h>

#include "profile/call_weights.h"

/* Of a function that is not thinned. */
typedef struct deficit {
  double missing_ns;  /* own time below nothing; 0 for others */
  double offered_ns;  /* what estimates of what it called add */
  double negative_ns; /* of missing_ns, by the edges to it */
  double gained_ns;
} deficit;

static double own_ns(uint64_t sum_ns, const baro_call_extra *extra) {
  return (double)sum_ns + extra->self_ns;
}

/* Recursion is its own caller, and a thread's first call has none. */
static bool adds_to_caller(const baro_profile_call_edges *edges, const baro_call_extra *extras,
                           uint32_t e) {
  return edges->caller[e] != BARO_NONE_ID && edges->caller[e] != edges->callee[e] &&
         extras[e].total_ns > 0;
}

static bool is_clocked(const baro_profile *profile, const baro_call_extra *functions, uint32_t f) {
  return profile->call_sums.skipped[f] == 0 && functions[f].weights == 0;
}

static void find_deficits(const baro_profile *profile, const baro_call_extra *functions,
                          const baro_call_extra *extras, deficit *deficits) {
  const baro_profile_call_edges *edges = &profile->call_edges;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    double self_ns = own_ns(profile->call_sums.self_ns[f], &functions[f]);
    if (self_ns < 0 && is_clocked(profile, functions, f)) {
      deficits[f].missing_ns = -self_ns;
    }
  }
  for (uint32_t e = 0; e < edges->count; e++) {
    double self_ns = own_ns(edges->self_ns[e], &extras[e]);
    deficits[edges->callee[e]].negative_ns -= self_ns < 0 ? self_ns : 0;
    if (adds_to_caller(edges, extras, e)) {
      deficits[edges->caller[e]].offered_ns += extras[e].total_ns;
    }
  }
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    deficit *one = &deficits[f];
    one->gained_ns = one->missing_ns < one->offered_ns ? one->missing_ns : one->offered_ns;
  }
}

static void give_back(const baro_profile_call_edges *edges, const deficit *deficits,
                      baro_call_extra *extras) {
  for (uint32_t e = 0; e < edges->count; e++) {
    const deficit *to = &deficits[edges->callee[e]];
    double self_ns = own_ns(edges->self_ns[e], &extras[e]);
    if (self_ns < 0 && to->gained_ns > 0) {
      extras[e].self_ns += to->gained_ns * (-self_ns / to->negative_ns);
    }
  }
}

static void take_from_estimates(const baro_profile_call_edges *edges, const deficit *deficits,
                                baro_call_extra *functions, baro_call_extra *extras) {
  for (uint32_t e = 0; e < edges->count; e++) {
    if (!adds_to_caller(edges, extras, e) || !(deficits[edges->caller[e]].gained_ns > 0)) {
      continue;
    }
    const deficit *from = &deficits[edges->caller[e]];
    double part_ns = from->gained_ns * (extras[e].total_ns / from->offered_ns);
    baro_call_extra *callee = &functions[edges->callee[e]];
    extras[e].total_ns -= part_ns;
    extras[e].self_ns -= part_ns;
    callee->self_ns -= part_ns;
    callee->total_ns -= part_ns;
    callee->cpu_ns -= part_ns;
    callee->duration_ns -= part_ns;
  }
}

/* Where what is thinned calls what is thinned, one row within another may add millions to who called both. */
static void limit_own_time(const baro_profile *profile, baro_call_extra *functions,
                           baro_call_extra *extras) {
  const baro_profile_call_sums *sums = &profile->call_sums;
  const baro_profile_call_edges *edges = &profile->call_edges;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    double most_ns = (double)sums->total_ns[f] + functions[f].total_ns - (double)sums->self_ns[f];
    if (is_clocked(profile, functions, f) && functions[f].self_ns > most_ns) {
      functions[f].self_ns = most_ns;
    }
  }
  for (uint32_t e = 0; e < edges->count; e++) {
    double most_ns = (double)edges->total_ns[e] + extras[e].total_ns - (double)edges->self_ns[e];
    if (is_clocked(profile, functions, edges->callee[e]) && extras[e].self_ns > most_ns) {
      extras[e].self_ns = most_ns;
    }
  }
}

baro_status baro_call_bound_extras(const baro_profile *profile, baro_call_extra *functions,
                                   baro_call_extra *edges) {
  uint32_t count = profile->functions.count;
  deficit *deficits = calloc((size_t)count + 1, sizeof(*deficits));
  if (deficits == NULL) {
    return BARO_NO_MEMORY;
  }
  find_deficits(profile, functions, edges, deficits);
  give_back(&profile->call_edges, deficits, edges);
  for (uint32_t f = 0; f < count; f++) {
    functions[f].self_ns += deficits[f].gained_ns;
  }
  take_from_estimates(&profile->call_edges, deficits, functions, edges);
  limit_own_time(profile, functions, edges);
  free(deficits);
  return BARO_OK;
}
