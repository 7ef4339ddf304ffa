/* From the calls as they came to the profile's columns: by thread, with the profile's functions, and summed up. */
#include <stdlib.h>
#include <string.h>

#include "profile/call_build.h"
#include "profile/call_weights.h"

/* --- order --- */

/* Gives every thread its rows, and every segment its place among them. False: all stand where they are to be. */
static bool place_segments(baro_profile_builder *builder) {
  baro_call_build *build = builder->calls;
  baro_profile *profile = builder->profile;
  for (uint32_t s = 0; s < build->segment_count; s++) {
    baro_profile_thread *thread =
        &profile->threads[builder->thread_position[build->segments[s].thread]];
    thread->call_count += baro_call_segment_end(build, s) - build->segments[s].first_call;
  }
  uint32_t first = 0;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    profile->threads[t].first_call = first;
    first += profile->threads[t].call_count;
    profile->threads[t].call_count = 0;
  }
  bool is_moved = false;
  for (uint32_t s = 0; s < build->segment_count; s++) {
    baro_call_segment *segment = &build->segments[s];
    baro_profile_thread *thread = &profile->threads[builder->thread_position[segment->thread]];
    segment->place = thread->first_call + thread->call_count;
    thread->call_count += baro_call_segment_end(build, s) - segment->first_call;
    is_moved |= segment->place != segment->first_call;
  }
  return is_moved;
}

static void place_parents(baro_call_build *build) {
  uint32_t *parent = build->rows.parent_call;
  for (uint32_t s = 0; s < build->segment_count; s++) {
    uint32_t end = baro_call_segment_end(build, s);
    for (uint32_t c = build->segments[s].first_call; c < end; c++) {
      if (parent[c] != BARO_NONE_ID) {
        parent[c] = baro_call_placed(build, s, parent[c]);
      }
    }
  }
}

/* Column by column, so that one exists twice at a time. */
static bool move_column(const baro_call_build *build, void *column_address, size_t size) {
  uint8_t *column;
  memcpy(&column, column_address, sizeof(column));
  uint8_t *moved = malloc((size_t)build->rows.count * size);
  if (moved == NULL) {
    return false;
  }
  for (uint32_t s = 0; s < build->segment_count; s++) {
    const baro_call_segment *segment = &build->segments[s];
    size_t count = baro_call_segment_end(build, s) - segment->first_call;
    memcpy(moved + (size_t)segment->place * size, column + (size_t)segment->first_call * size,
           count * size);
  }
  free(column);
  memcpy(column_address, &moved, sizeof(moved));
  return true;
}

/* A column that is as long as it has to be. */
static bool cut_column(void *column_address, uint32_t count, size_t size) {
  void *column;
  memcpy(&column, column_address, sizeof(column));
  void *cut = realloc(column, count == 0 ? 1 : (size_t)count * size);
  if (cut == NULL) {
    return false;
  }
  memcpy(column_address, &cut, sizeof(cut));
  return true;
}

static baro_status order_rows(baro_profile_builder *builder) {
  baro_call_build *build = builder->calls;
  baro_profile_calls *rows = &build->rows;
  bool is_moved = place_segments(builder);
  if (is_moved) {
    place_parents(build);
  }
  const struct {
    void *column;
    size_t size;
  } columns[] = {
      {&rows->function, sizeof(*rows->function)}, {&rows->parent_call, sizeof(*rows->parent_call)},
      {&rows->start_ns, sizeof(*rows->start_ns)}, {&rows->duration_ns, sizeof(*rows->duration_ns)},
      {&rows->self_ns, sizeof(*rows->self_ns)},   {&rows->outcome, sizeof(*rows->outcome)},
      {&rows->own_ns, sizeof(*rows->own_ns)},
  };
  for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
    bool good = is_moved ? move_column(build, columns[i].column, columns[i].size)
                         : cut_column(columns[i].column, rows->count, columns[i].size);
    if (!good) {
      return BARO_NO_MEMORY;
    }
  }
  return BARO_OK;
}

/* --- the few: raised, suspendable --- */

static int compare_segments(const void *left, const void *right) {
  const baro_call_segment *a = left;
  const baro_call_segment *b = right;
  return (a->place > b->place) - (a->place < b->place);
}

/* First row of suspendables that is of this call or a later one. */
static uint32_t first_suspendable(const baro_profile_calls *rows, uint32_t call) {
  uint32_t low = 0;
  uint32_t high = rows->suspendable_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (rows->suspendable_call[middle] < call) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Those of a segment stand together, before and after. Needs the segments in their first order, and takes it. */
static baro_status order_suspendables(baro_call_build *build) {
  baro_profile_calls *rows = &build->rows;
  size_t count = rows->suspendable_count;
  uint32_t *call = malloc((count + 1) * sizeof(*call));
  uint64_t *active_ns = malloc((count + 1) * sizeof(*active_ns));
  uint32_t *resumes = malloc((count + 1) * sizeof(*resumes));
  baro_call_segment *ordered = malloc((build->segment_count + (size_t)1) * sizeof(*ordered));
  if (call == NULL || active_ns == NULL || resumes == NULL || ordered == NULL) {
    free(call);
    free(active_ns);
    free(resumes);
    free(ordered);
    return BARO_NO_MEMORY;
  }
  memcpy(ordered, build->segments, build->segment_count * sizeof(*ordered));
  qsort(ordered, build->segment_count, sizeof(*ordered), compare_segments);
  uint32_t to = 0;
  for (uint32_t s = 0; s < build->segment_count; s++) {
    uint32_t from = first_suspendable(rows, ordered[s].first_call);
    uint32_t end_call = ordered[s].first_call;
    /* Its end is where the next one by place begins, as far as they are of one thread or not. */
    uint32_t length =
        (s + 1 < build->segment_count ? ordered[s + 1].place : rows->count) - ordered[s].place;
    end_call += length;
    for (; from < rows->suspendable_count && rows->suspendable_call[from] < end_call; from++) {
      call[to] = ordered[s].place + (rows->suspendable_call[from] - ordered[s].first_call);
      active_ns[to] = rows->suspendable_active_ns[from];
      resumes[to++] = rows->suspendable_resumes[from];
    }
  }
  free(ordered);
  free(rows->suspendable_call);
  free(rows->suspendable_active_ns);
  free(rows->suspendable_resumes);
  rows->suspendable_call = call;
  rows->suspendable_active_ns = active_ns;
  rows->suspendable_resumes = resumes;
  return BARO_OK;
}

static baro_status order_raised(baro_call_build *build) {
  baro_profile_calls *rows = &build->rows;
  uint32_t *order;
  baro_status status = baro_call_sort_sparse(build, rows->raised_call, rows->raised_count, &order);
  if (status == BARO_OK) {
    status = baro_call_permute(&rows->raised_exception, sizeof(*rows->raised_exception), order,
                               rows->raised_count);
    free(order);
  }
  return status;
}

/* --- functions --- */

void baro_build_calls_mark(const baro_profile_builder *builder, uint8_t *ret_used) {
  const baro_call_build *build = builder->calls;
  for (uint32_t t = 0; build != NULL && t < build->thread_capacity; t++) {
    const baro_call_thread *thread = build->threads[t];
    for (uint32_t a = 0; thread != NULL && a < thread->actor_count; a++) {
      ret_used[thread->actors[a].function] = 1;
    }
  }
}

static void number_functions(baro_profile_builder *builder) {
  baro_profile_calls *rows = &builder->calls->rows;
  const uint32_t *number = builder->function_number;
  for (uint32_t c = 0; c < rows->count; c++) {
    rows->function[c] = number[rows->function[c]];
  }
}

static void add(uint64_t *sum, uint64_t amount) {
  *sum = baro_sum_ns(*sum, amount);
}

static baro_status allocate_sums(baro_profile *profile) {
  baro_profile_call_sums *sums = &profile->call_sums;
  uint64_t **const columns[] = {&sums->calls,   &sums->primitive_calls, &sums->raised,
                                &sums->self_ns, &sums->total_ns,        &sums->duration_ns,
                                &sums->cpu_ns,  &sums->p50_ns,          &sums->p99_ns,
                                &sums->max_ns,  &sums->skipped,         &sums->thinned_ns};
  for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
    *columns[i] = baro_arena_array(&profile->arena, profile->functions.count, sizeof(uint64_t));
    if (*columns[i] == NULL) {
      return BARO_NO_MEMORY;
    }
  }
  return BARO_OK;
}

static void add_cpu(uint64_t *sum, const baro_call_thread *thread, const baro_call_actor *actor) {
  if (*sum == BARO_UNKNOWN_AMOUNT || baro_call_usage_is_unsure(thread)) {
    *sum = BARO_UNKNOWN_AMOUNT;
  } else {
    add(sum, actor->total_ns > actor->wait_ns ? actor->total_ns - actor->wait_ns : 0);
  }
}

static void sum_functions(baro_profile_builder *builder) {
  const baro_call_build *build = builder->calls;
  const baro_profile_calls *rows = &build->rows;
  baro_profile_call_sums *sums = &builder->profile->call_sums;
  for (uint32_t c = 0; c < rows->count; c++) {
    uint32_t function = rows->function[c];
    sums->calls[function]++;
    sums->raised[function] += rows->outcome[c] == BARO_OUTCOME_RAISED;
    add(&sums->self_ns[function], rows->self_ns[c]);
    add(&sums->duration_ns[function], rows->duration_ns[c]);
    if (rows->duration_ns[c] > sums->max_ns[function]) {
      sums->max_ns[function] = rows->duration_ns[c];
    }
  }
  for (uint32_t t = 0; t < build->thread_capacity; t++) {
    const baro_call_thread *thread = build->threads[t];
    for (uint32_t a = 0; thread != NULL && a < thread->actor_count; a++) {
      uint32_t function = builder->function_number[thread->actors[a].function];
      sums->primitive_calls[function] += thread->actors[a].primitive_calls;
      add(&sums->total_ns[function], thread->actors[a].total_ns);
      add_cpu(&sums->cpu_ns[function], thread, &thread->actors[a]);
    }
  }
}

/* --- edges --- */

/* A link with the profile's functions. */
typedef struct edge {
  uint32_t caller;
  uint32_t callee;
  const baro_call_link *link;
} edge;

static int compare_edges(const void *left, const void *right) {
  const edge *a = left;
  const edge *b = right;
  if (a->caller != b->caller) {
    return a->caller < b->caller ? -1 : 1;
  }
  return (a->callee > b->callee) - (a->callee < b->callee);
}

/* All links of all threads in order; *ret_count how many. NULL: out of memory. */
static edge *gather_edges(const baro_profile_builder *builder, size_t *ret_count) {
  const baro_call_build *build = builder->calls;
  const uint32_t *number = builder->function_number;
  size_t count = 0;
  for (uint32_t t = 0; t < build->thread_capacity; t++) {
    count += build->threads[t] == NULL ? 0 : build->threads[t]->link_count - 1;
  }
  edge *edges = malloc((count + 1) * sizeof(*edges));
  size_t used = 0;
  for (uint32_t t = 0; edges != NULL && t < build->thread_capacity; t++) {
    const baro_call_thread *thread = build->threads[t];
    for (uint32_t l = 1; thread != NULL && l < thread->link_count; l++) {
      const baro_call_link *link = &thread->links[l];
      edges[used++] = (edge){
          .caller = link->caller == BARO_NONE_ID ? BARO_NONE_ID : number[link->caller],
          .callee = number[link->callee],
          .link = link,
      };
    }
  }
  if (edges != NULL) {
    qsort(edges, used, sizeof(*edges), compare_edges);
  }
  *ret_count = used;
  return edges;
}

static baro_status allocate_edges(baro_profile *profile, uint32_t count) {
  baro_profile_call_edges *edges = &profile->call_edges;
  baro_arena *arena = &profile->arena;
  edges->caller = baro_arena_array(arena, count, sizeof(uint32_t));
  edges->callee = baro_arena_array(arena, count, sizeof(uint32_t));
  edges->calls = baro_arena_array(arena, count, sizeof(uint64_t));
  edges->primitive_calls = baro_arena_array(arena, count, sizeof(uint64_t));
  edges->self_ns = baro_arena_array(arena, count, sizeof(uint64_t));
  edges->total_ns = baro_arena_array(arena, count, sizeof(uint64_t));
  bool all = edges->caller != NULL && edges->callee != NULL && edges->calls != NULL &&
             edges->primitive_calls != NULL && edges->self_ns != NULL && edges->total_ns != NULL;
  return all ? BARO_OK : BARO_NO_MEMORY;
}

/* *ret_extras: owned by the caller, also where it fails; of each edge. */
static baro_status sum_edges(baro_profile_builder *builder, baro_call_extra **ret_extras) {
  baro_profile *profile = builder->profile;
  size_t link_count;
  edge *links = gather_edges(builder, &link_count);
  if (links == NULL) {
    return BARO_NO_MEMORY;
  }
  uint32_t count = 0;
  for (size_t i = 0; i < link_count; i++) {
    count += i == 0 || compare_edges(&links[i - 1], &links[i]) != 0;
  }
  baro_status status = allocate_edges(profile, count);
  baro_profile_call_edges *edges = &profile->call_edges;
  baro_call_extra *extras = calloc((size_t)count + 1, sizeof(*extras));
  *ret_extras = extras;
  if (extras == NULL) {
    status = BARO_NO_MEMORY;
  }
  for (size_t i = 0; i < link_count && status == BARO_OK; i++) {
    if (i == 0 || compare_edges(&links[i - 1], &links[i]) != 0) {
      edges->caller[edges->count] = links[i].caller;
      edges->callee[edges->count++] = links[i].callee;
    }
    uint32_t e = edges->count - 1;
    const baro_call_link *link = links[i].link;
    add(&edges->calls[e], link->calls);
    add(&edges->primitive_calls[e], link->primitive_calls);
    add(&edges->self_ns[e], link->self_ns);
    add(&edges->total_ns[e], link->total_ns);
    extras[e].self_ns += link->self_extra_ns;
    extras[e].total_ns += link->total_extra_ns;
  }
  free(links);
  return status;
}

/* --- threads, the whole --- */

static uint64_t last_event_ns(const baro_call_build *build) {
  uint64_t last_ns = 0;
  for (uint32_t t = 0; t < build->thread_capacity; t++) {
    if (build->threads[t] != NULL && build->threads[t]->last_ns > last_ns) {
      last_ns = build->threads[t]->last_ns;
    }
  }
  return last_ns;
}

/* Calls of processes that live on are open until then, also where nothing happens any more. */
static uint64_t recording_end_ns(const baro_profile_builder *builder) {
  uint64_t end_ns = last_event_ns(builder->calls);
  end_ns = builder->recorder_ns > end_ns ? builder->recorder_ns : end_ns;
  return end_ns > builder->profile->end_ns ? end_ns : builder->profile->end_ns;
}

/* What samples say of a thread's time stands; where there are none, it is the span of its calls. */
static void bound_threads(baro_profile_builder *builder) {
  const baro_call_build *build = builder->calls;
  baro_profile *profile = builder->profile;
  bool any = profile->samples.count != 0;
  for (uint32_t t = 0; t < build->thread_capacity && t < profile->thread_count; t++) {
    const baro_call_thread *calls = build->threads[t];
    if (calls == NULL) {
      continue;
    }
    baro_profile_thread *thread = &profile->threads[builder->thread_position[t]];
    thread->calls_start_ns = calls->first_ns;
    thread->calls_end_ns = calls->last_ns;
    uint64_t counting_ns = baro_call_counting_ns(calls);
    add(&builder->calls->rows.own_cost_ns, calls->own_ns);
    add(&builder->calls->rows.own_cost_ns, counting_ns);
    for (uint32_t c = 0; c < calls->link_count; c++) {
      add(&thread->calls_self_ns, calls->links[c].self_ns);
    }
    thread->calls_self_ns -=
        counting_ns < thread->calls_self_ns ? counting_ns : thread->calls_self_ns;
    if (thread->sample_count == 0) {
      thread->wall_ns = calls->last_ns - calls->first_ns;
      add(&profile->wall_ns, thread->wall_ns);
    }
    if (!any || calls->first_ns < profile->start_ns) {
      profile->start_ns = calls->first_ns;
    }
    if (!any || calls->last_ns > profile->end_ns) {
      profile->end_ns = calls->last_ns;
    }
    any = true;
  }
}

/* Those that no event of the recording stands for: the disk was full, or they made no sense. */
static void count_dropped(baro_profile *profile) {
  profile->calls.lost_events =
      baro_sum_ns(profile->calls.lost_events, profile->damage.dropped_call_events);
}

baro_status baro_build_calls(baro_profile_builder *builder) {
  baro_call_build *build = builder->calls;
  baro_profile *profile = builder->profile;
  baro_status status = allocate_sums(profile);
  if (build == NULL || status != BARO_OK) {
    count_dropped(profile);
    return status == BARO_OK ? allocate_edges(profile, 0) : status;
  }
  if (build->segment_count != 0 &&
      build->segments[build->segment_count - 1].first_call == build->rows.count) {
    build->segment_count--; /* its thread entered nothing more: of the others each has a row */
  }
  baro_call_events_end(builder, recording_end_ns(builder));
  bound_threads(builder);
  status = order_rows(builder);
  if (status == BARO_OK) {
    status = order_suspendables(build);
  }
  if (status == BARO_OK) {
    status = order_raised(build);
  }
  if (status == BARO_OK) {
    status = baro_call_usage_order(build);
  }
  if (status == BARO_OK) {
    status = baro_call_order_tasks(build);
  }
  if (status == BARO_OK) {
    status = baro_call_order_values(build);
  }
  if (status == BARO_OK) {
    status = baro_call_order_weights(build);
  }
  baro_call_extra *edge_extras = NULL;
  if (status == BARO_OK) {
    number_functions(builder);
    sum_functions(builder);
    status = sum_edges(builder, &edge_extras);
  }
  if (status == BARO_OK) {
    status = baro_call_sum_weights(builder, edge_extras);
  }
  free(edge_extras);
  profile->calls = build->rows;
  build->rows = (baro_profile_calls){0};
  count_dropped(profile);
  baro_build_calls_release(builder); /* what follows allocates */
  return status == BARO_OK ? baro_build_call_quantiles(profile) : status;
}
