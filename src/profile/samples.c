/* Orders threads by process and samples by thread and time. */
#include <stdlib.h>
#include <string.h>

#include "base/os_cpu.h"
#include "profile/build.h"

/* Stable counting sort of threads by process; ret_position maps raw to new indices. */
static baro_status order_threads(baro_profile *profile, uint32_t *ret_position) {
  uint32_t count = profile->thread_count;
  baro_profile_thread *ordered = baro_arena_array(&profile->arena, count, sizeof(*ordered));
  if (ordered == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t t = 0; t < count; t++) {
    profile->processes[profile->threads[t].process].thread_count++;
  }
  uint32_t first = 0;
  for (uint32_t p = 0; p < profile->process_count; p++) {
    profile->processes[p].first_thread = first;
    first += profile->processes[p].thread_count;
    profile->processes[p].thread_count = 0;
  }
  for (uint32_t t = 0; t < count; t++) {
    baro_profile_process *process = &profile->processes[profile->threads[t].process];
    ret_position[t] = process->first_thread + process->thread_count++;
    ordered[ret_position[t]] = profile->threads[t];
  }
  profile->threads = ordered;
  uint64_t first_sample = 0;
  for (uint32_t t = 0; t < count; t++) {
    ordered[t].first_sample = first_sample;
    first_sample += ordered[t].sample_count;
  }
  return BARO_OK;
}

static baro_status allocate(baro_profile_builder *builder) {
  baro_profile_samples *samples = &builder->profile->samples;
  size_t count = samples->count == 0 ? 1 : (size_t)samples->count;
  samples->time_ns = malloc(count * sizeof(*samples->time_ns));
  samples->weight_ns = malloc(count * sizeof(*samples->weight_ns));
  samples->run_ns = malloc(count * sizeof(*samples->run_ns));
  samples->running_ratio = malloc(count * sizeof(*samples->running_ratio));
  samples->ticks = malloc(count * sizeof(*samples->ticks));
  samples->node = malloc(count * sizeof(*samples->node));
  samples->state = malloc(count * sizeof(*samples->state));
  builder->cpu_ns = malloc(count * sizeof(*builder->cpu_ns));
  builder->runnable_ns = malloc(count * sizeof(*builder->runnable_ns));
  bool all = samples->time_ns != NULL && samples->weight_ns != NULL && samples->run_ns != NULL &&
             samples->running_ratio != NULL && samples->ticks != NULL && samples->node != NULL &&
             samples->state != NULL && builder->cpu_ns != NULL && builder->runnable_ns != NULL;
  return all ? BARO_OK : BARO_NO_MEMORY;
}

/* Moves all raw samples to their places, in order of recording within a thread. */
static void move_all(baro_profile_builder *builder, const uint32_t *position) {
  baro_profile *profile = builder->profile;
  baro_sample_columns columns = {
      .samples = &profile->samples, .cpu_ns = builder->cpu_ns, .runnable_ns = builder->runnable_ns};
  for (uint32_t t = 0; t < builder->samples_count; t++) {
    if (builder->samples[t].first != NULL) {
      baro_raw_samples_move(&builder->samples[t], &columns,
                            profile->threads[position[t]].first_sample);
    }
  }
}

/* The samples' nodes, which are stacks until now. */
static void find_nodes(baro_profile_builder *builder) {
  enum { AHEAD = 24 };
  baro_profile_samples *samples = &builder->profile->samples;
  const uint32_t *node_of_stack = builder->node_of_stack.items;
  for (uint64_t s = 0; s < samples->count; s++) {
    if (samples->count - s > AHEAD && samples->node[s + AHEAD] != BARO_NONE_ID) {
      BARO_OS_FETCH(&node_of_stack[samples->node[s + AHEAD]]);
    }
    uint32_t stack = samples->node[s];
    uint32_t node = stack == BARO_NONE_ID ? builder->unreadable_node : node_of_stack[stack];
    samples->node[s] = node == 0 ? builder->no_python_node : node;
  }
}

typedef struct order_key {
  uint64_t time_ns;
  uint64_t sample;
} order_key;

static int compare_keys(const void *left, const void *right) {
  const order_key *a = left;
  const order_key *b = right;
  if (a->time_ns != b->time_ns) {
    return a->time_ns < b->time_ns ? -1 : 1;
  }
  return (a->sample > b->sample) - (a->sample < b->sample);
}

static void permute(void *column, size_t size, const order_key *order, uint64_t first,
                    uint64_t count, uint8_t *scratch) {
  uint8_t *bytes = column;
  for (uint64_t i = 0; i < count; i++) {
    memcpy(scratch + i * size, bytes + order[i].sample * size, size);
  }
  memcpy(bytes + first * size, scratch, count * size);
}

/* Recorders write a thread's samples in order; only a foreign or hostile recording comes here. */
static baro_status sort_thread(baro_profile_builder *builder, const baro_profile_thread *thread) {
  baro_profile_samples *samples = &builder->profile->samples;
  uint64_t first = thread->first_sample;
  uint64_t count = thread->sample_count;
  order_key *order = malloc(count * sizeof(*order));
  uint8_t *scratch = malloc(count * sizeof(uint64_t));
  if (order == NULL || scratch == NULL) {
    free(order);
    free(scratch);
    return BARO_NO_MEMORY;
  }
  for (uint64_t i = 0; i < count; i++) {
    order[i] = (order_key){.time_ns = samples->time_ns[first + i], .sample = first + i};
  }
  qsort(order, count, sizeof(*order), compare_keys);
  permute(samples->time_ns, sizeof(*samples->time_ns), order, first, count, scratch);
  permute(samples->weight_ns, sizeof(*samples->weight_ns), order, first, count, scratch);
  permute(samples->ticks, sizeof(*samples->ticks), order, first, count, scratch);
  permute(samples->node, sizeof(*samples->node), order, first, count, scratch);
  permute(samples->state, sizeof(*samples->state), order, first, count, scratch);
  permute(builder->cpu_ns, sizeof(*builder->cpu_ns), order, first, count, scratch);
  permute(builder->runnable_ns, sizeof(*builder->runnable_ns), order, first, count, scratch);
  free(order);
  free(scratch);
  return BARO_OK;
}

static bool in_order(const baro_profile_samples *samples, const baro_profile_thread *thread) {
  for (uint64_t i = 1; i < thread->sample_count; i++) {
    uint64_t s = thread->first_sample + i;
    if (samples->time_ns[s] < samples->time_ns[s - 1]) {
      return false;
    }
  }
  return true;
}

baro_status baro_build_samples(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  uint32_t *position = malloc((profile->thread_count + (size_t)1) * sizeof(*position));
  builder->thread_position = position;
  baro_status status = position == NULL ? BARO_NO_MEMORY : order_threads(profile, position);
  if (status == BARO_OK) {
    status = allocate(builder);
  }
  if (status == BARO_OK) {
    move_all(builder, position);
    find_nodes(builder);
  }
  for (uint32_t t = 0; t < profile->thread_count && status == BARO_OK; t++) {
    if (!in_order(&profile->samples, &profile->threads[t])) {
      status = sort_thread(builder, &profile->threads[t]);
    }
  }
  return status;
}
