/* Sampled programs: what the run waited for, by reason, and where; whose own CPU it was. In the run's own time
 * (BARO_MEASURE_RUN): a wait that something else overlaps explains nothing. */
#include <stdlib.h>
#include <string.h>

#include "explain/cpu_wait.h"
#include "explain/finding_kinds.h"
#include "explain/own_places.h"
#include "explain/thread_waits.h"

/* Fewer looks than this say little. */
enum { TICKS_AT_LEAST = 20, CPU_FINDINGS = 3 };
static const double CPU_SHARE = 0.05;

/* Sums a state by place; the largest, and the function below it that has most of that. of_ns: zeros, by function. */
static void find_place(const baro_profile *profile, const baro_own_places *places,
                       baro_measure measure, uint64_t *of_ns, baro_finding *ret_finding,
                       uint64_t *ret_ns) {
  baro_state state = ret_finding->kind->state;
  const baro_profile_nodes *nodes = &profile->nodes;
  for (uint32_t n = 1; n < nodes->count; n++) {
    of_ns[places->function[n]] += baro_node_ns(nodes, measure, state, n);
  }
  uint32_t function = baro_largest_of(of_ns, profile->functions.count);
  ret_finding->function = function;
  *ret_ns = function == BARO_NONE_ID ? 0 : of_ns[function];
  memset(of_ns, 0, (size_t)profile->functions.count * sizeof(uint64_t));
  for (uint32_t n = 1; n < nodes->count; n++) {
    if (places->function[n] == function) {
      of_ns[baro_profile_node_function(profile, n)] += baro_node_ns(nodes, measure, state, n);
    }
  }
  ret_finding->inner = baro_largest_of(of_ns, profile->functions.count);
}

static uint64_t ticks_of(const baro_profile *profile) {
  uint64_t ticks = 0;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    ticks += profile->threads[t].ticks;
  }
  return ticks;
}

/* NULL: it does not matter. */
static baro_finding *find_state(baro_finding_list *list, const baro_finding_kind *kind,
                                uint64_t explains_ns, baro_measure measure) {
  const baro_profile *profile = list->of->profile;
  if (!baro_finding_matters(list, explains_ns)) {
    return NULL;
  }
  uint64_t place_ns = 0;
  baro_finding *finding = baro_finding_add(list, kind, explains_ns, NULL);
  baro_own_places places;
  uint64_t *of_ns = calloc((size_t)profile->functions.count + 1, sizeof(*of_ns));
  if (baro_own_places_init(&places, profile) == BARO_OK && of_ns != NULL) {
    find_place(profile, &places, measure, of_ns, finding, &place_ns);
  } else {
    list->failed = true;
  }
  baro_own_places_release(&places);
  free(of_ns);
  bool has_inner = finding->inner != BARO_NONE_ID && finding->inner != finding->function;
  finding->sentence =
      finding->function == BARO_NONE_ID ? "where, no stack says"
      : measure == BARO_MEASURE_THREAD
          ? "one thread waited so long while others ran, all together {threads_ns}, most in "
            "{function}; the run's own time, which goes to who runs, has {run_ns} of it"
      : has_inner ? "{place_ns} of it in {function}, within {inner}"
                  : "{place_ns} of it in {function}";
  baro_finding_number_add(finding, "place_ns", (double)place_ns);
  baro_finding_number_add(finding, "threads_ns",
                          (double)profile->state_ns[BARO_MEASURE_THREAD][kind->state]);
  baro_finding_number_add(finding, "run_ns",
                          (double)profile->state_ns[BARO_MEASURE_RUN][kind->state]);
  return finding;
}

static baro_finding *find_state_of_run(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_profile *profile = list->of->profile;
  uint64_t explains_ns = profile->state_ns[BARO_MEASURE_RUN][kind->state];
  double share = (double)explains_ns / (double)list->of->run_ns;
  bool is_seen = share * (double)ticks_of(profile) >= TICKS_AT_LEAST;
  return is_seen ? find_state(list, kind, explains_ns, BARO_MEASURE_RUN) : NULL;
}

void baro_find_program_state(baro_finding_list *list, const baro_finding_kind *kind) {
  (void)find_state_of_run(list, kind);
}

/* Fewer workers help only where the program itself has more threads than there are CPUs. */
void baro_find_runnable(baro_finding_list *list, const baro_finding_kind *kind) {
  baro_finding *finding = find_state_of_run(list, kind);
  baro_cpu_wait wait;
  if (finding == NULL) {
    return;
  }
  if (baro_cpu_wait_find(list->of->profile, &wait) != BARO_OK) {
    list->failed = true;
    return;
  }
  double own = 1 - baro_cpu_wait_of_others(&wait);
  baro_finding_number_add(finding, "own_percent", 100 * own);
  baro_finding_number_add(finding, "cpus", wait.cpu_count);
  if (wait.wait_ns > 0 && baro_cpu_wait_is_of_others(&wait)) {
    finding->advice =
        "its own threads hardly ever wanted more CPUs than there are: other programs had them, or "
        "a quota (of a container) or an affinity kept it off; run it where nothing else runs, or "
        "raise the quota, before you compare its times";
  }
}

/* As of the GIL: whoever waits for a lock waits for a thread that runs. */
void baro_find_lock(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_profile *profile = list->of->profile;
  baro_thread_wait wait;
  if (baro_thread_wait_find(profile, kind->state, &wait) != BARO_OK) {
    list->failed = true;
    return;
  }
  double looks = (double)wait.all_ns * (double)ticks_of(profile);
  if (!baro_thread_wait_matters(profile, kind->state, &wait) || wait.function == BARO_NONE_ID ||
      looks < TICKS_AT_LEAST * (double)profile->wall_ns) {
    baro_find_program_state(list, kind);
    return;
  }
  uint64_t run_ns = profile->state_ns[BARO_MEASURE_RUN][kind->state];
  uint64_t most_ns = wait.longest_ns > run_ns ? wait.longest_ns : run_ns;
  baro_finding *finding = baro_finding_add(
      list, kind, most_ns < list->of->run_ns ? most_ns : list->of->run_ns,
      "one thread waited so long while others ran, {threads} {threads|thread|threads} together "
      "{threads_ns}, {place_ns} of it in {function}; the run's own time, which goes to "
      "who runs, has {run_ns} of it");
  finding->function = wait.function;
  baro_finding_number_add(finding, "threads", wait.thread_count);
  baro_finding_number_add(finding, "threads_ns", (double)wait.all_ns);
  baro_finding_number_add(finding, "place_ns", (double)wait.place_ns);
  baro_finding_number_add(finding, "run_ns", (double)run_ns);
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
    (void)find_state(list, kind, longest_ns < list->of->run_ns ? longest_ns : list->of->run_ns,
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
