/* Table samples: by thread and in order of time within each. All but thread_index is the profile's
 * own memory. */
#include "pyext/tables.h"

static uint64_t row_count(const baro_profile *profile) {
  return profile->samples.count;
}

static void *thread_index(const baro_profile *profile, baro_arena *keep) {
  uint32_t *index = baro_arena_array(keep, profile->samples.count, sizeof(*index));
  for (uint32_t t = 0; index != NULL && t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    for (uint64_t s = 0; s < thread->sample_count; s++) {
      index[thread->first_sample + s] = t;
    }
  }
  return index;
}

static const void *time_ns(const baro_profile *profile) {
  return profile->samples.time_ns;
}

static const void *weight_ns(const baro_profile *profile) {
  return profile->samples.weight_ns;
}

static const void *run_ns(const baro_profile *profile) {
  return profile->samples.run_ns;
}

static const void *running_ratio(const baro_profile *profile) {
  return profile->samples.running_ratio;
}

static const void *ticks(const baro_profile *profile) {
  return profile->samples.ticks;
}

static const void *node_index(const baro_profile *profile) {
  return profile->samples.node;
}

static const void *state(const baro_profile *profile) {
  return profile->samples.state;
}

static const baro_column_spec columns[] = {
    {.name = "thread_index", .kind = BARO_COLUMN_U32, .compute = thread_index},
    {.name = "time_ns", .kind = BARO_COLUMN_U64, .borrow = time_ns},
    {.name = "weight_ns", .kind = BARO_COLUMN_U64, .borrow = weight_ns},
    {.name = "run_ns", .kind = BARO_COLUMN_F32, .borrow = run_ns},
    {.name = "running_ratio", .kind = BARO_COLUMN_F32, .borrow = running_ratio},
    {.name = "ticks", .kind = BARO_COLUMN_U32, .borrow = ticks},
    {.name = "node_index", .kind = BARO_COLUMN_U32, .borrow = node_index},
    {.name = "state", .kind = BARO_COLUMN_STATE, .borrow = state},
};

const baro_table_spec baro_table_samples = {
    .name = "samples",
    .row_count = row_count,
    BARO_COLUMNS(columns),
};
