/* Where each thread enters the user's code: what a person calls it by when its name says nothing. */
#include <stdlib.h>

#include "base/os_cpu.h"
#include "profile/build.h"

/* How well a function says what a thread is for; 0: not at all. */
static uint32_t rank_of(const baro_profile *profile, uint32_t function) {
  if (function == BARO_NONE_ID) {
    return 0;
  }
  const baro_profile_function *row = &profile->functions.rows[function];
  if (row->origin == BARO_ORIGIN_PACKAGE) {
    return 1;
  }
  if (row->origin != BARO_ORIGIN_USER) {
    return 0;
  }
  /* A "<string>" may be the program (python -c), or a line by which multiprocessing starts it. */
  baro_view file = baro_profile_string(profile, row->file_string);
  return baro_view_equal(file, baro_view_of("<string>")) ? 2 : 3;
}

/* For each node the outermost function of the highest rank on its path; ranks: room for that of each function. */
static void find_entries(const baro_profile *profile, uint8_t *ranks, uint32_t *ret_entry) {
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    ranks[f] = (uint8_t)rank_of(profile, f);
  }
  ret_entry[0] = BARO_NONE_ID;
  for (uint32_t n = 1; n < profile->nodes.count; n++) {
    uint32_t above = ret_entry[profile->nodes.parent_node[n]];
    uint32_t own = baro_profile_node_function(profile, n);
    uint8_t rank_above = above == BARO_NONE_ID ? 0 : ranks[above];
    ret_entry[n] = ranks[own] > rank_above ? own : above;
  }
}

/* What threads find; weight_ns has a place for each function, and is all 0 before and after a thread, found has room for
 * as many. */
typedef struct entry_sums {
  const uint32_t *entry;
  uint64_t *weight_ns; /* owned, as found */
  uint32_t *found;     /* the functions in order of appearance */
} entry_sums;

static uint32_t thread_entry(const baro_profile *profile, const baro_profile_thread *thread,
                             const entry_sums *sums) {
  enum { AHEAD = 24 };
  const baro_profile_samples *samples = &profile->samples;
  uint64_t end = thread->first_sample + thread->sample_count;
  uint32_t found = 0;
  for (uint64_t s = thread->first_sample; s < end; s++) {
    if (end - s > AHEAD) {
      BARO_OS_FETCH(&sums->entry[samples->node[s + AHEAD]]);
    }
    uint32_t function = sums->entry[samples->node[s]];
    if (function == BARO_NONE_ID) {
      continue;
    }
    uint64_t *weight_ns = &sums->weight_ns[function];
    if (*weight_ns == 0) {
      sums->found[found++] = function;
      *weight_ns = 1; /* so that those of no weight are found once, too */
    }
    *weight_ns = baro_sum_ns(*weight_ns, samples->weight_ns[s]);
  }
  uint32_t best = BARO_NONE_ID;
  uint32_t best_rank = 0;
  uint64_t best_ns = 0;
  /* Not the whole column: a recording may have as many threads as functions. */
  for (uint32_t i = 0; i < found; i++) {
    uint32_t function = sums->found[i];
    uint32_t rank = rank_of(profile, function);
    uint64_t weight_ns = sums->weight_ns[function];
    if (rank > best_rank || (rank == best_rank && weight_ns > best_ns)) {
      best = function;
      best_rank = rank;
      best_ns = weight_ns;
    }
    sums->weight_ns[function] = 0;
  }
  return best;
}

/* Of a thread that was not sampled: its outermost call of the highest rank, the longest of them. */
static uint32_t called_entry(const baro_profile *profile, const baro_profile_thread *thread) {
  const baro_profile_calls *calls = &profile->calls;
  uint32_t best = BARO_NONE_ID;
  uint32_t best_rank = 0;
  uint64_t best_ns = 0;
  for (uint32_t i = 0; i < thread->call_count; i++) {
    uint32_t c = thread->first_call + i;
    uint32_t parent = calls->parent_call[c];
    if (parent != BARO_NONE_ID && parent - thread->first_call < thread->call_count) {
      continue; /* one of another thread did not lead to it */
    }
    uint32_t rank = rank_of(profile, calls->function[c]);
    if (rank > best_rank || (rank == best_rank && calls->duration_ns[c] > best_ns && rank != 0)) {
      best = calls->function[c];
      best_rank = rank;
      best_ns = calls->duration_ns[c];
    }
  }
  return best;
}

baro_status baro_build_entries(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  uint32_t *entry = malloc(profile->nodes.count * sizeof(*entry));
  size_t functions = (size_t)profile->functions.count + 1;
  entry_sums sums = {.entry = entry,
                     .weight_ns = calloc(functions, sizeof(uint64_t)),
                     .found = malloc(functions * sizeof(uint32_t))};
  uint8_t *ranks = malloc(functions);
  bool good = ranks != NULL && entry != NULL && sums.weight_ns != NULL && sums.found != NULL;
  baro_status status = good ? BARO_OK : BARO_NO_MEMORY;
  if (status == BARO_OK) {
    find_entries(profile, ranks, entry);
    for (uint32_t t = 0; t < profile->thread_count; t++) {
      baro_profile_thread *thread = &profile->threads[t];
      thread->entry_function = thread->sample_count == 0 ? called_entry(profile, thread)
                                                         : thread_entry(profile, thread, &sums);
    }
  }
  free(entry);
  free(ranks);
  free(sums.weight_ns);
  free(sums.found);
  return status;
}
