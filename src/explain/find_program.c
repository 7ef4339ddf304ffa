/* Sampled programs: what the run waited for, by reason, and where; whose own CPU it was. In the run's own time
 * (BARO_MEASURE_RUN): a wait that something else overlaps explains nothing. */
#include <stdlib.h>
#include <string.h>

#include "explain/finding_kinds.h"

/* Fewer looks than this say little. */
enum { TICKS_AT_LEAST = 20, CPU_FINDINGS = 3 };
static const double CPU_SHARE = 0.05;

/* Who in the user's own code a node's time is of: the nearest such function, or the innermost one where there is none. */
typedef struct places {
  uint32_t *user;  /* by node: function */
  uint64_t *of_ns; /* by function */
} places;

static bool places_make(const baro_profile *profile, places *ret_places) {
  const baro_profile_nodes *nodes = &profile->nodes;
  places made = {.user = malloc(((size_t)nodes->count + 1) * sizeof(uint32_t)),
                 .of_ns = calloc((size_t)profile->functions.count + 1, sizeof(uint64_t))};
  *ret_places = made;
  if (made.user == NULL || made.of_ns == NULL) {
    return false;
  }
  for (uint32_t n = 0; n < nodes->count; n++) { /* parents come first */
    uint32_t function = baro_profile_node_function(profile, n);
    uint32_t above = n == 0 ? BARO_NONE_ID : made.user[nodes->parent_node[n]];
    bool is_user =
        function != BARO_NONE_ID && profile->functions.rows[function].origin == BARO_ORIGIN_USER;
    made.user[n] = is_user ? function : above;
  }
  return true;
}

static void places_release(places *made) {
  free(made->user);
  free(made->of_ns);
}

static uint32_t place_of(const baro_profile *profile, const places *made, uint32_t node) {
  return made->user[node] != BARO_NONE_ID ? made->user[node]
                                          : baro_profile_node_function(profile, node);
}

static uint32_t largest(const uint64_t *of_ns, uint32_t count) {
  uint32_t found = BARO_NONE_ID;
  for (uint32_t f = 0; f < count; f++) {
    if (of_ns[f] > 0 && (found == BARO_NONE_ID || of_ns[f] > of_ns[found])) {
      found = f;
    }
  }
  return found;
}

/* Sums a state by place; the largest, and the function below it that has most of that. */
static void find_place(const baro_profile *profile, places *made, baro_measure measure,
                       baro_finding *ret_finding, uint64_t *ret_ns) {
  baro_state state = ret_finding->kind->state;
  const baro_profile_nodes *nodes = &profile->nodes;
  for (uint32_t n = 1; n < nodes->count; n++) {
    uint32_t place = place_of(profile, made, n);
    uint64_t ns = baro_node_ns(nodes, measure, state, n);
    if (place != BARO_NONE_ID) {
      made->of_ns[place] += ns;
    }
  }
  uint32_t function = largest(made->of_ns, profile->functions.count);
  ret_finding->function = function;
  *ret_ns = function == BARO_NONE_ID ? 0 : made->of_ns[function];
  memset(made->of_ns, 0, (size_t)profile->functions.count * sizeof(uint64_t));
  for (uint32_t n = 1; n < nodes->count; n++) {
    uint32_t inner = baro_profile_node_function(profile, n);
    if (inner != BARO_NONE_ID && place_of(profile, made, n) == function) {
      made->of_ns[inner] += baro_node_ns(nodes, measure, state, n);
    }
  }
  ret_finding->inner = largest(made->of_ns, profile->functions.count);
}

static uint64_t ticks_of(const baro_profile *profile) {
  uint64_t ticks = 0;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    ticks += profile->threads[t].ticks;
  }
  return ticks;
}

static void find_state(baro_finding_list *list, const baro_finding_kind *kind, uint64_t explains_ns,
                       baro_measure measure) {
  const baro_profile *profile = list->of->profile;
  places made;
  uint64_t place_ns = 0;
  if (!baro_finding_matters(list, explains_ns)) {
    return;
  }
  baro_finding *finding = baro_finding_add(list, kind, explains_ns, NULL);
  if (places_make(profile, &made)) {
    find_place(profile, &made, measure, finding, &place_ns);
  } else {
    list->failed = true;
  }
  places_release(&made);
  bool has_inner = finding->inner != BARO_NONE_ID && finding->inner != finding->function;
  finding->sentence =
      finding->function == BARO_NONE_ID ? "where, no stack says"
      : measure == BARO_MEASURE_THREAD
          ? "one thread waited so long, all together {threads_ns}, most in {function}"
      : has_inner ? "{place_ns} of it in {function}, within {inner}"
                  : "{place_ns} of it in {function}";
  baro_finding_number_add(finding, "place_ns", (double)place_ns);
  baro_finding_number_add(finding, "threads_ns",
                          (double)profile->state_ns[BARO_MEASURE_THREAD][kind->state]);
}

void baro_find_program_state(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_profile *profile = list->of->profile;
  uint64_t explains_ns = profile->state_ns[BARO_MEASURE_RUN][kind->state];
  double share = (double)explains_ns / (double)list->of->run_ns;
  if (share * (double)ticks_of(profile) >= TICKS_AT_LEAST) {
    find_state(list, kind, explains_ns, BARO_MEASURE_RUN);
  }
}

/* Whoever waits for the GIL waits for a thread that runs, so the run's own time has nearly none of it. Without the GIL no thread
 * would end earlier than by its own waits for it: the longest of these is what the run could gain at most. */
void baro_find_gil(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_profile *profile = list->of->profile;
  uint64_t longest_ns = 0;
  uint64_t all_ns = 0;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    uint64_t ns = profile->threads[t].state_ns[BARO_STATE_GIL];
    longest_ns = ns > longest_ns ? ns : longest_ns;
    all_ns += ns;
  }
  if ((double)all_ns * (double)ticks_of(profile) >= TICKS_AT_LEAST * (double)profile->wall_ns) {
    find_state(list, kind, longest_ns < list->of->run_ns ? longest_ns : list->of->run_ns,
               BARO_MEASURE_THREAD);
  }
}

/* The functions with most CPU time of their own. */
void baro_find_program_cpu(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_profile *profile = list->of->profile;
  const baro_profile_functions *functions = &profile->functions;
  const uint64_t *cpu_ns = functions->self[BARO_MEASURE_RUN].by_state_ns[BARO_STATE_CPU];
  uint32_t found[CPU_FINDINGS];
  uint32_t count = 0;
  for (uint32_t f = 0; cpu_ns != NULL && f < functions->count; f++) {
    if ((double)cpu_ns[f] < CPU_SHARE * (double)list->of->run_ns ||
        functions->self_ticks[f] < TICKS_AT_LEAST || cpu_ns[f] == 0) {
      continue;
    }
    uint32_t at =
        count < CPU_FINDINGS ? count++ : CPU_FINDINGS; /* kept in order, the last falls off */
    while (at > 0 && cpu_ns[found[at - 1]] < cpu_ns[f]) {
      if (at < CPU_FINDINGS) {
        found[at] = found[at - 1];
      }
      at--;
    }
    if (at < CPU_FINDINGS) {
      found[at] = f;
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    baro_finding *finding =
        baro_finding_add(list, kind, cpu_ns[found[i]],
                         "{function} itself ran so long; it and what it calls took {total_ns}");
    finding->function = found[i];
    baro_finding_number_add(
        finding, "total_ns",
        (double)baro_amount_busy(&functions->total[BARO_MEASURE_RUN], found[i]));
  }
}
