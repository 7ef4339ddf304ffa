#include "show/html_entries.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/os_cpu.h"

/* A node with one entry has its number in `newest` itself, with this bit: one look at memory that is far away, not two. So
 * there are never that many entries. */
#define IS_NUMBER (UINT32_C(1) << 31)

/* Samples are in order of time and nodes are not: what is known of those to come is asked for some samples before, the
 * place of the node's number first. */
enum { NUMBER_AHEAD = 48, NEWEST_AHEAD = 32, ROW_AHEAD = 16 };

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

baro_status baro_html_entries_init(baro_html_entries *entries, uint32_t node_count,
                                   baro_error *err) {
  *entries = (baro_html_entries){.node_count = node_count};
  entries->newest = malloc(((size_t)node_count + 1) * sizeof(*entries->newest));
  if (entries->newest == NULL) {
    return no_memory(err);
  }
  memset(entries->newest, 0xff, ((size_t)node_count + 1) * sizeof(*entries->newest));
  return BARO_OK;
}

void baro_html_entries_release(baro_html_entries *entries) {
  free(entries->rows);
  free(entries->order);
  free(entries->newest);
  free(entries->sorting);
  *entries = (baro_html_entries){0};
}

static uint64_t add(uint64_t sum, uint64_t amount) {
  uint64_t result;
  return __builtin_add_overflow(sum, amount, &result) ? UINT64_MAX : result;
}

/* The row of (node, thread, state): an old one, or a new one. Those of a thread are made together, so the newest of a node
 * is of this thread or of none that matters. NULL: out of memory. */
static baro_html_entry *find_row(baro_html_entries *entries, uint32_t node, uint32_t thread,
                                 uint8_t state) {
  uint32_t at = entries->newest[node];
  for (; at != BARO_NONE_ID && at >= entries->thread_first; at = entries->rows[at].link) {
    if (entries->rows[at].state == state) {
      return &entries->rows[at];
    }
  }
  if (entries->count == entries->capacity) {
    uint32_t capacity = entries->capacity == 0 ? 1024 : entries->capacity + entries->capacity / 2;
    baro_html_entry *rows =
        capacity <= entries->capacity ? NULL : realloc(entries->rows, capacity * sizeof(*rows));
    if (rows == NULL) {
      return NULL;
    }
    entries->rows = rows;
    entries->capacity = capacity;
  }
  baro_html_entry *row = &entries->rows[entries->count];
  *row = (baro_html_entry){
      .node = node, .thread = thread, .state = state, .link = entries->newest[node]};
  entries->newest[node] = entries->count++;
  return row;
}

static int compare_rows(const void *a_pointer, const void *b_pointer) {
  const baro_html_entry *a = a_pointer, *b = b_pointer;
  if (a->node != b->node) {
    return a->node < b->node ? -1 : 1;
  }
  return a->state < b->state ? -1 : a->state > b->state;
}

/* Copies the node's entries of the thread at hand, the few states in order. */
static uint32_t collect_node(const baro_html_entries *entries, uint32_t node,
                             baro_html_entry *ret_rows) {
  uint32_t count = 0, at = entries->newest[node];
  for (; at != BARO_NONE_ID && at >= entries->thread_first; at = entries->rows[at].link) {
    uint32_t place = count++;
    for (; place > 0 && ret_rows[place - 1].state > entries->rows[at].state; place--) {
      ret_rows[place] = ret_rows[place - 1];
    }
    ret_rows[place] = entries->rows[at];
  }
  return count;
}

/* The entries of the thread at hand are complete. Those of a busy thread are found by going through all nodes. */
static bool sort_thread(baro_html_entries *entries) {
  enum { FEW = 32 };
  uint32_t first = entries->thread_first, count = entries->count - first;
  if (count <= entries->node_count / FEW || count < 2) {
    if (count > 1) {
      qsort(&entries->rows[first], count, sizeof(*entries->rows), compare_rows);
    }
    return true;
  }
  if (count > entries->sorting_capacity) {
    free(entries->sorting);
    entries->sorting = malloc(count * sizeof(*entries->sorting));
    entries->sorting_capacity = entries->sorting == NULL ? 0 : count;
    if (entries->sorting == NULL) {
      return false;
    }
  }
  uint32_t sorted = 0;
  for (uint32_t n = 0; n < entries->node_count; n++) {
    uint32_t newest = entries->newest[n + ROW_AHEAD < entries->node_count ? n + ROW_AHEAD : n];
    BARO_OS_FETCH(&entries->rows[newest == BARO_NONE_ID ? 0 : newest]);
    sorted += collect_node(entries, n, &entries->sorting[sorted]);
  }
  memcpy(&entries->rows[first], entries->sorting, sorted * sizeof(*entries->rows));
  return true;
}

/* As totals.c rounds, so that sums are the profile's own. */
static uint64_t round_ns(double ns) {
  if (!(ns > 0)) {
    return 0;
  }
  return ns < 18446744073709549568.0 ? (uint64_t)(ns + 0.5) : UINT64_MAX;
}

/* Samples next to each other of one node and state. */
typedef struct sample_run {
  uint32_t node;
  uint8_t state;
  uint64_t time_ns;
  uint64_t run_ns;
  uint64_t runnable_ns; /* of these, waiting for a CPU: a state of its own */
  uint64_t runnable_run_ns;
  bool has_runnable;
  uint64_t samples; /* 0: there are none */
} sample_run;

static bool close_run(baro_html_entries *entries, uint32_t thread, sample_run *run) {
  if (run->samples == 0) {
    return true;
  }
  baro_html_entry *row = find_row(entries, run->node, thread, run->state);
  if (row == NULL) {
    return false;
  }
  row->time_ns = add(row->time_ns, run->time_ns);
  row->run_ns = add(row->run_ns, run->run_ns);
  row->samples += run->samples;
  entries->run_count++;
  if (run->has_runnable) {
    row = find_row(entries, run->node, thread, BARO_STATE_RUNNABLE);
    if (row == NULL) {
      return false;
    }
    row->time_ns = add(row->time_ns, run->runnable_ns);
    row->run_ns = add(row->run_ns, run->runnable_run_ns);
  }
  return true;
}

static void add_sample(sample_run *run, const baro_profile *profile,
                       const baro_profile_thread *thread, uint64_t s) {
  baro_sample_split split = baro_profile_sample_split(profile, thread, s);
  double run_ns = (double)profile->samples.run_ns[s];
  double running_ns = run_ns * (double)profile->samples.running_ratio[s];
  uint64_t runnable_ns = round_ns(split.runnable_ns), waited_ns = round_ns(run_ns - running_ns);
  run->time_ns = add(run->time_ns, round_ns(split.state_ns));
  run->run_ns = add(run->run_ns, round_ns(running_ns));
  run->samples++;
  if (runnable_ns != 0 || waited_ns != 0) {
    run->has_runnable = true;
    run->runnable_ns = add(run->runnable_ns, runnable_ns);
    run->runnable_run_ns = add(run->runnable_run_ns, waited_ns);
  }
}

/* Threads [from, to) of a profile, added to entries. */
typedef struct sample_work {
  baro_html_entries *entries;
  const baro_profile *profile;
  const uint32_t *of_node;
  uint32_t first_thread; /* page's number of the profile's thread 0 */
  uint32_t from;
  uint32_t to;
  bool good;
} sample_work;

static bool add_thread(const sample_work *work, uint32_t t) {
  const baro_profile_samples *samples = &work->profile->samples;
  const baro_profile_thread *thread = &work->profile->threads[t];
  uint64_t end = thread->first_sample + thread->sample_count;
  sample_run run = {0};
  work->entries->thread_first = work->entries->count;
  for (uint64_t s = thread->first_sample; s < end; s++) {
    if (end - s > NUMBER_AHEAD) {
      const uint32_t *to_come = &samples->node[s];
      uint32_t newest = work->entries->newest[work->of_node[to_come[ROW_AHEAD]]];
      BARO_OS_FETCH(&work->of_node[to_come[NUMBER_AHEAD]]);
      BARO_OS_FETCH(&work->entries->newest[work->of_node[to_come[NEWEST_AHEAD]]]);
      BARO_OS_FETCH(newest == BARO_NONE_ID ? (const void *)to_come : &work->entries->rows[newest]);
    }
    uint32_t node = work->of_node[samples->node[s]];
    if (run.samples == 0 || run.node != node || run.state != samples->state[s]) {
      if (!close_run(work->entries, work->first_thread + t, &run)) {
        return false;
      }
      run = (sample_run){.node = node, .state = samples->state[s]};
    }
    add_sample(&run, work->profile, thread, s);
  }
  return close_run(work->entries, work->first_thread + t, &run) && sort_thread(work->entries);
}

static void *add_threads(void *context) {
  sample_work *work = context;
  work->good = true;
  for (uint32_t t = work->from; work->good && t < work->to; t++) {
    work->good = add_thread(work, t);
  }
  return NULL;
}

/* The first thread with which at least half of the samples stand before it. */
static uint32_t half_of(const baro_profile *profile) {
  uint64_t sum = 0;
  uint32_t t = 0;
  for (; t < profile->thread_count && sum < profile->samples.count / 2; t++) {
    sum += profile->threads[t].sample_count;
  }
  return t;
}

/* Puts the rows of more behind those of entries; from the last on, so that what was copied can be given back: together
 * they are the largest part of a page being made. */
static bool append(baro_html_entries *entries, baro_html_entries *more) {
  enum { AT_ONCE = 1 << 18 };
  uint32_t count = entries->count + more->count;
  if (count < entries->count || count >= IS_NUMBER) {
    return false;
  }
  baro_html_entry *rows = realloc(entries->rows, ((size_t)count + 1) * sizeof(*rows));
  if (rows == NULL) {
    return false;
  }
  for (uint32_t left = more->count; left > 0;) {
    uint32_t part = left < AT_ONCE ? left : AT_ONCE;
    left -= part;
    memcpy(&rows[entries->count + left], &more->rows[left], part * sizeof(*rows));
    baro_html_entry *less = left == 0 ? NULL : realloc(more->rows, left * sizeof(*less));
    more->rows = less == NULL ? more->rows : less;
  }
  entries->rows = rows;
  entries->count = entries->capacity = count;
  entries->run_count += more->run_count;
  return true;
}

/* Of the last thread's sorting nothing is needed any more. */
static void forget_sorting(baro_html_entries *entries) {
  free(entries->sorting);
  entries->sorting = NULL;
  entries->sorting_capacity = 0;
}

baro_status baro_html_entries_add_samples(baro_html_entries *entries, const baro_profile *profile,
                                          const uint32_t *of_node, uint32_t first_thread,
                                          baro_error *err) {
  enum { WORTH_A_THREAD = 1000000 };
  baro_html_entries more;
  sample_work work = {.entries = entries,
                      .profile = profile,
                      .of_node = of_node,
                      .first_thread = first_thread,
                      .to = profile->thread_count};
  if (profile->samples.count < WORTH_A_THREAD || profile->thread_count < 2 ||
      baro_html_entries_init(&more, entries->node_count, NULL) != BARO_OK) {
    (void)add_threads(&work);
    return work.good ? BARO_OK : no_memory(err);
  }
  sample_work other = work;
  pthread_t beside;
  work.to = other.from = half_of(profile);
  other.entries = &more;
  bool has_thread = pthread_create(&beside, NULL, add_threads, &other) == 0;
  (void)add_threads(&work);
  if (has_thread) {
    (void)pthread_join(beside, NULL);
  } else {
    (void)add_threads(&other);
  }
  forget_sorting(entries);
  forget_sorting(&more);
  bool good = work.good && other.good && append(entries, &more);
  baro_html_entries_release(&more);
  return good ? BARO_OK : no_memory(err);
}

baro_status baro_html_entries_add_calls(baro_html_entries *entries, const baro_profile *profile,
                                        const uint32_t *node_of_call, uint32_t first_thread,
                                        baro_error *err) {
  const baro_profile_calls *calls = &profile->calls;
  uint32_t weighted = 0;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    entries->thread_first = entries->count;
    for (uint32_t i = 0; i < thread->call_count; i++) {
      uint32_t call = thread->first_call + i;
      uint64_t weight = 1;
      if (weighted < calls->weighted_count && calls->weighted_call[weighted] == call) {
        weight = calls->weighted_weight[weighted++];
      }
      baro_html_entry *row =
          find_row(entries, node_of_call[call], first_thread + t, BARO_HTML_STATE_OF_CALLS);
      uint64_t self_ns;
      if (row == NULL) {
        return no_memory(err);
      }
      if (__builtin_mul_overflow(calls->self_ns[call], weight, &self_ns)) {
        self_ns = UINT64_MAX;
      }
      row->time_ns = add(row->time_ns, self_ns);
      row->samples = add(row->samples, weight);
    }
    if (!sort_thread(entries)) {
      return no_memory(err);
    }
  }
  return BARO_OK;
}

baro_status baro_html_entries_sort(baro_html_entries *entries, baro_error *err) {
  size_t places = (size_t)entries->node_count + 1;
  uint32_t *next = calloc(places, sizeof(*next));
  entries->order = malloc(((size_t)entries->count + 1) * sizeof(*entries->order));
  if (next == NULL || entries->order == NULL) {
    free(next);
    return no_memory(err);
  }
  for (uint32_t i = 0; i < entries->count; i++) {
    next[entries->rows[i].node + 1]++;
  }
  for (size_t n = 1; n < places; n++) {
    next[n] += next[n - 1];
  }
  /* By node; threads and states come in their order. */
  for (uint32_t i = 0; i < entries->count; i++) {
    entries->order[next[entries->rows[i].node]++] = i;
  }
  free(next);
  return BARO_OK;
}

/* --- Numbers of a thread's entries --- */

enum { SAMPLE_CLASSES = 65 };

static unsigned class_of(uint64_t samples) {
  return samples == 0 ? 0 : 64 - (unsigned)__builtin_clzll(samples);
}

/* Of runnable most entries are parts of what samples on the run queue stand for. */
static bool is_of_runs(const baro_html_entry *row) {
  return row->state != BARO_STATE_RUNNABLE || row->samples > 0;
}

baro_status baro_html_entries_rank(baro_html_entries *entries, uint32_t thread_count,
                                   baro_error *err) {
  uint32_t *next = calloc((size_t)thread_count * SAMPLE_CLASSES + 1, sizeof(*next));
  if (next == NULL) {
    return no_memory(err);
  }
  for (uint32_t i = 0; i < entries->count; i++) {
    const baro_html_entry *row = &entries->rows[i];
    next[(size_t)row->thread * SAMPLE_CLASSES + class_of(row->samples)] += is_of_runs(row);
  }
  for (uint32_t t = 0; t < thread_count; t++) {
    uint32_t sum = 0;
    for (unsigned c = SAMPLE_CLASSES; c-- > 0;) {
      uint32_t *place = &next[(size_t)t * SAMPLE_CLASSES + c];
      uint32_t count = *place;
      *place = sum;
      sum += count;
    }
  }
  /* A thread's own entries stand in the order of all. */
  for (uint32_t i = 0; i < entries->count; i++) {
    baro_html_entry *row = &entries->rows[i];
    if (is_of_runs(row)) {
      row->link = next[(size_t)row->thread * SAMPLE_CLASSES + class_of(row->samples)]++;
    }
  }
  free(next);
  return BARO_OK;
}

void baro_html_entries_of_thread(baro_html_entries *entries, uint32_t thread, uint32_t *first) {
  uint32_t i = *first;
  while (i < entries->count && entries->rows[i].thread == thread) {
    const baro_html_entry *row = &entries->rows[i];
    uint32_t end = i + 1, told = 0;
    for (; end < entries->count && entries->rows[end].thread == thread &&
           entries->rows[end].node == row->node;
         end++) {
      told += is_of_runs(&entries->rows[end]);
    }
    bool is_alone = is_of_runs(row) && told == 0 && row->link < IS_NUMBER;
    entries->newest[row->node] = is_alone ? row->link | IS_NUMBER : i;
    i = end;
  }
  *first = i;
}

uint32_t baro_html_entry_rank(const baro_html_entries *entries, uint32_t node, uint8_t state) {
  uint32_t at = entries->newest[node];
  if ((at & IS_NUMBER) != 0) {
    return at & ~IS_NUMBER;
  }
  while (entries->rows[at].state != state) {
    at++;
  }
  return entries->rows[at].link;
}
