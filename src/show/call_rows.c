#include "show/call_rows.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

bool baro_calls_recorded(const baro_profile *profile) {
  baro_view kind = {0};
  if (profile->calls.count > 0 || profile->calls.lost_events > 0)
    return true;
  return baro_profile_info(profile, "kind", &kind) && baro_view_contains(kind, "calls");
}

static uint64_t add(uint64_t sum, uint64_t amount) {
  uint64_t result;
  return __builtin_add_overflow(sum, amount, &result) ? UINT64_MAX : result;
}

uint64_t baro_calls_basis_ns(const baro_profile *profile) {
  uint64_t sum = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++)
    sum = add(sum, profile->call_sums.self_ns[f]);
  return sum;
}

uint64_t baro_calls_mean_ns(const baro_profile *profile, uint32_t function) {
  uint64_t calls = profile->call_sums.calls[function];
  return calls == 0 ? 0 : profile->call_sums.duration_ns[function] / calls;
}

typedef struct row_key {
  uint64_t first;
  uint64_t second;
  uint32_t index;
} row_key;

static int compare(const void *a_pointer, const void *b_pointer) {
  const row_key *a = a_pointer, *b = b_pointer;
  if (a->first != b->first)
    return a->first < b->first ? 1 : -1;
  if (a->second != b->second)
    return a->second < b->second ? 1 : -1;
  return a->index < b->index ? -1 : a->index > b->index;
}

/* Indices of the keys in their order. */
static uint32_t *ordered(row_key *keys, uint32_t count, baro_arena *keep) {
  uint32_t *order = baro_arena_array(keep, count, sizeof(*order));
  if (order == NULL)
    return NULL;
  if (count > 1)
    qsort(keys, count, sizeof(*keys), compare);
  for (uint32_t i = 0; i < count; i++)
    order[i] = keys[i].index;
  return order;
}

uint32_t *baro_call_functions(const baro_profile *profile, baro_report_sort sort, baro_arena *keep,
                              uint32_t *ret_count) {
  const baro_profile_call_sums *sums = &profile->call_sums;
  baro_arena scratch = {0};
  row_key *keys = baro_arena_array(&scratch, profile->functions.count, sizeof(*keys));
  uint32_t count = 0;
  for (uint32_t f = 0; keys != NULL && f < profile->functions.count; f++) {
    bool by_total = sort == BARO_SORT_TOTAL;
    if (sums->calls[f] > 0)
      keys[count++] = (row_key){.first = by_total ? sums->total_ns[f] : sums->self_ns[f],
                                .second = by_total ? sums->self_ns[f] : sums->total_ns[f],
                                .index = f};
  }
  uint32_t *order = keys == NULL ? NULL : ordered(keys, count, keep);
  baro_arena_release(&scratch);
  *ret_count = count;
  return order;
}

typedef enum name_match { MATCH_QUALIFIED, MATCH_BARE, MATCH_PATTERN, MATCH_KINDS } name_match;

static bool matches(const baro_profile *profile, uint32_t function, const char *name,
                    name_match kind) {
  const baro_profile_function *row = &profile->functions.rows[function];
  baro_view qualified = baro_profile_string(profile, row->qualified_string);
  switch (kind) {
  case MATCH_QUALIFIED: return baro_view_equal(qualified, baro_view_of(name));
  case MATCH_BARE:
    return baro_view_equal(baro_profile_string(profile, row->name_string), baro_view_of(name));
  case MATCH_PATTERN:
    /* Strings of a profile end with a NUL. */
    return qualified.length > 0 && fnmatch(name, (const char *)qualified.data, 0) == 0;
  case MATCH_KINDS: break;
  }
  return false;
}

uint32_t *baro_call_functions_named(const baro_profile *profile, const char *name, baro_arena *keep,
                                    uint32_t *ret_count) {
  uint32_t all = 0;
  uint32_t *functions = baro_call_functions(profile, BARO_SORT_TOTAL, keep, &all);
  uint32_t count = 0;
  for (int kind = 0; functions != NULL && kind < MATCH_KINDS && count == 0; kind++) {
    for (uint32_t i = 0; i < all; i++) {
      /* What is kept stands before what is still to be read; nothing is overwritten while none is kept. */
      if (matches(profile, functions[i], name, (name_match)kind))
        functions[count++] = functions[i];
    }
  }
  *ret_count = count;
  return functions;
}

uint32_t *baro_call_relatives(const baro_profile *profile, uint32_t function, bool callers,
                              baro_arena *keep, uint32_t *ret_count) {
  const baro_profile_call_edges *edges = &profile->call_edges;
  const uint32_t *side = callers ? edges->callee : edges->caller;
  uint32_t count = 0;
  for (uint32_t e = 0; e < edges->count; e++)
    count += side[e] == function;
  baro_arena scratch = {0};
  row_key *keys = baro_arena_array(&scratch, count, sizeof(*keys));
  uint32_t used = 0;
  for (uint32_t e = 0; keys != NULL && e < edges->count; e++) {
    if (side[e] == function)
      keys[used++] = (row_key){.first = edges->total_ns[e], .second = edges->calls[e], .index = e};
  }
  uint32_t *order = keys == NULL ? NULL : ordered(keys, used, keep);
  baro_arena_release(&scratch);
  *ret_count = used;
  return order;
}

uint64_t baro_call_next_active_ns(const baro_profile_calls *calls, uint32_t call,
                                  uint32_t *suspendable) {
  uint32_t row = *suspendable;
  if (row == calls->suspendable_count || calls->suspendable_call[row] != call)
    return calls->duration_ns[call];
  (*suspendable)++;
  uint64_t active_ns = calls->suspendable_active_ns[row], duration_ns = calls->duration_ns[call];
  return active_ns < duration_ns ? active_ns : duration_ns;
}

bool *baro_suspendable_functions(const baro_profile *profile, baro_arena *keep) {
  const baro_profile_calls *calls = &profile->calls;
  bool *are = baro_arena_array(keep, (size_t)profile->functions.count + 1, sizeof(*are));
  if (are == NULL)
    return NULL;
  memset(are, 0, profile->functions.count * sizeof(*are));
  for (uint32_t row = 0; row < calls->suspendable_count; row++)
    are[calls->function[calls->suspendable_call[row]]] = true;
  return are;
}

uint32_t *baro_slowest_calls(const baro_profile *profile, baro_report_sort sort, uint32_t most,
                             baro_arena *keep, uint32_t *ret_count) {
  const baro_profile_calls *calls = &profile->calls;
  uint32_t *slowest = baro_arena_array(keep, (size_t)most + 1, sizeof(*slowest));
  uint64_t *slowest_ns = baro_arena_array(keep, (size_t)most + 1, sizeof(*slowest_ns));
  uint32_t count = 0, suspendable = 0;
  if (slowest == NULL || slowest_ns == NULL)
    return NULL;
  for (uint32_t c = 0; most > 0 && c < calls->count; c++) {
    uint64_t ns = sort == BARO_SORT_TOTAL ? baro_call_next_active_ns(calls, c, &suspendable)
                                          : calls->self_ns[c];
    if (count == most && ns <= slowest_ns[count - 1])
      continue;
    uint32_t place = count < most ? count++ : most - 1;
    for (; place > 0 && slowest_ns[place - 1] < ns; place--) {
      slowest[place] = slowest[place - 1];
      slowest_ns[place] = slowest_ns[place - 1];
    }
    slowest[place] = c;
    slowest_ns[place] = ns;
  }
  *ret_count = count;
  return slowest;
}

/* Place of call in ascending calls; BARO_NONE_ID when it is not there. */
static uint32_t find_call(const uint32_t *calls, uint32_t count, uint32_t call) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (calls[middle] < call)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && calls[low] == call ? low : BARO_NONE_ID;
}

uint32_t baro_call_exception(const baro_profile *profile, uint32_t call) {
  const baro_profile_calls *calls = &profile->calls;
  if (calls->outcome[call] != BARO_OUTCOME_RAISED)
    return BARO_NONE_ID;
  uint32_t row = find_call(calls->raised_call, calls->raised_count, call);
  return row == BARO_NONE_ID ? BARO_NONE_ID : calls->raised_exception[row];
}

uint32_t baro_call_suspendable(const baro_profile *profile, uint32_t call) {
  return find_call(profile->calls.suspendable_call, profile->calls.suspendable_count, call);
}

uint64_t baro_call_active_ns(const baro_profile *profile, uint32_t call) {
  uint32_t row = baro_call_suspendable(profile, call);
  return row == BARO_NONE_ID ? profile->calls.duration_ns[call]
                             : profile->calls.suspendable_active_ns[row];
}

uint64_t baro_call_suspended_ns(const baro_profile *profile, uint32_t call) {
  uint64_t active_ns = baro_call_active_ns(profile, call);
  uint64_t duration_ns = profile->calls.duration_ns[call];
  return duration_ns > active_ns ? duration_ns - active_ns : 0;
}

uint32_t baro_call_task(const baro_profile *profile, uint32_t call) {
  return profile->calls.task_call == NULL ? BARO_NONE_ID : profile->calls.task_call[call];
}

bool baro_call_cpu_ns(const baro_profile *profile, uint32_t call, uint64_t *ret_ns) {
  const baro_profile_calls *calls = &profile->calls;
  uint32_t row = find_call(calls->usage_call, calls->usage_count, call);
  *ret_ns = row == BARO_NONE_ID ? BARO_UNKNOWN_AMOUNT : calls->usage_cpu_ns[row];
  return *ret_ns != BARO_UNKNOWN_AMOUNT;
}

bool baro_call_memory_bytes(const baro_profile *profile, uint32_t call, uint64_t *ret_bytes) {
  const baro_profile_calls *calls = &profile->calls;
  uint32_t row = find_call(calls->usage_call, calls->usage_count, call);
  *ret_bytes = row == BARO_NONE_ID ? BARO_UNKNOWN_AMOUNT : calls->usage_memory_bytes[row];
  return *ret_bytes != BARO_UNKNOWN_AMOUNT;
}

bool baro_call_value_text(const baro_profile *profile, uint32_t call, baro_call_value which,
                          baro_view *ret_text) {
  const baro_profile_call_values *values = &profile->calls.values[which - 1];
  uint32_t row = find_call(values->call, values->count, call);
  *ret_text =
      row == BARO_NONE_ID ? (baro_view){0} : profile->calls.value_texts.views[values->text[row]];
  return row != BARO_NONE_ID;
}

uint64_t baro_call_weight(const baro_profile *profile, uint32_t call) {
  const baro_profile_calls *calls = &profile->calls;
  uint32_t row = find_call(calls->weighted_call, calls->weighted_count, call);
  return row == BARO_NONE_ID ? 1 : calls->weighted_weight[row];
}

baro_calls_thinned baro_calls_thinned_of(const baro_profile *profile) {
  const baro_profile_call_sums *sums = &profile->call_sums;
  baro_calls_thinned thinned = {0};
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    uint64_t since_ns = sums->thinned_ns[f];
    thinned.calls = add(thinned.calls, sums->calls[f]);
    thinned.skipped = add(thinned.skipped, sums->skipped[f]);
    thinned.functions += since_ns != 0;
    if (since_ns != 0 && (thinned.since_ns == 0 || since_ns < thinned.since_ns))
      thinned.since_ns = since_ns;
  }
  return thinned;
}

uint64_t baro_calls_made(const baro_profile *profile) {
  return add(profile->calls.count, baro_calls_thinned_of(profile).skipped);
}

const char *baro_outcome_key(baro_outcome outcome) {
  static const char *const keys[BARO_OUTCOME_COUNT] = {
#define X(name, word) word,
      BARO_OUTCOME_LIST(X)
#undef X
  };
  return keys[outcome];
}
