/* What processes had used at times: the counters of the recorder that are about them, in order. */
#include <stdlib.h>
#include <string.h>

#include "profile/build.h"

/* As many as 4,600 processes have in an hour. */
enum { READINGS_MAX = 1 << 24 };

baro_status baro_build_reading(baro_profile_builder *builder, const baro_counters_record *record,
                               baro_error *err) {
  uint64_t cpu_ns = record->values[BARO_COUNTER_TARGET_CPU_NS];
  uint64_t rss_bytes = record->values[BARO_COUNTER_RSS_BYTES];
  if (cpu_ns == 0 && rss_bytes == 0) {
    return BARO_OK;
  }
  void *items = builder->readings;
  baro_status status =
      baro_table_grow(&items, &builder->reading_capacity, builder->profile->reading_count,
                      sizeof(*builder->readings), READINGS_MAX, "readings of processes", err);
  builder->readings = items;
  if (status == BARO_OK) {
    builder->readings[builder->profile->reading_count++] =
        (baro_profile_reading){.process = record->process,
                               .time_ns = record->time_ns,
                               .cpu_ns = cpu_ns,
                               .rss_bytes = rss_bytes};
  }
  return status;
}

static int compare_readings(const void *left, const void *right) {
  const baro_profile_reading *a = left, *b = right;
  if (a->process != b->process) {
    return a->process < b->process ? -1 : 1;
  }
  if (a->time_ns != b->time_ns) {
    return a->time_ns < b->time_ns ? -1 : 1;
  }
  return (a->cpu_ns > b->cpu_ns) - (a->cpu_ns < b->cpu_ns);
}

baro_status baro_build_readings(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  uint32_t count = profile->reading_count;
  profile->readings = baro_arena_array(&profile->arena, count, sizeof(*profile->readings));
  if (profile->readings == NULL) {
    return BARO_NO_MEMORY;
  }
  if (count > 0) {
    memcpy(profile->readings, builder->readings, count * sizeof(*profile->readings));
    qsort(profile->readings, count, sizeof(*profile->readings), compare_readings);
  }
  for (uint32_t r = 1; r < count; r++) {
    baro_profile_reading *before = &profile->readings[r - 1], *reading = before + 1;
    if (reading->process == before->process && reading->cpu_ns < before->cpu_ns) {
      reading->cpu_ns = before->cpu_ns; /* time is never given back */
    }
  }
  return BARO_OK;
}
