#include "profile/builder.h"

#include <stdlib.h>
#include <string.h>

#include "profile/build.h"

baro_status baro_u32s_push(baro_u32s *array, uint32_t value) {
  baro_status status = baro_grow(&array->items, &array->capacity, array->count, sizeof(uint32_t));
  if (status == BARO_OK) {
    array->items[array->count++] = value;
  }
  return status;
}

baro_status baro_table_grow(void **items, uint32_t *capacity, uint32_t count, size_t size,
                            uint32_t limit, const char *what, baro_error *err) {
  if (count >= limit) {
    return baro_error_set(err, BARO_LIMIT, "the recording has more than %u %s", limit, what);
  }
  if (baro_grow(items, capacity, count, size) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  return BARO_OK;
}

baro_status baro_build_copy(baro_profile_builder *builder, baro_view text, baro_view *ret_copy,
                            baro_error *err) {
  if (text.length > BARO_PROFILE_STRING_BYTES_MAX - builder->string_bytes) {
    return baro_error_set(err, BARO_LIMIT, "the recording's names take more than %zu bytes",
                          BARO_PROFILE_STRING_BYTES_MAX);
  }
  char *copy = baro_arena_copy(&builder->profile->arena, text.data, text.length);
  if (copy == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  builder->string_bytes += text.length;
  *ret_copy = (baro_view){.data = (const uint8_t *)copy, .length = text.length};
  return BARO_OK;
}

/* Threads get their place here with the first sample of one of them. */
static baro_raw_samples *samples_of(baro_profile_builder *builder, uint32_t thread) {
  if (thread >= builder->samples_count) {
    uint32_t count = builder->thread_capacity;
    baro_raw_samples *samples = realloc(builder->samples, count * sizeof(*samples));
    if (samples == NULL) {
      return NULL;
    }
    memset(&samples[builder->samples_count], 0,
           (count - builder->samples_count) * sizeof(*samples));
    builder->samples = samples;
    builder->samples_count = count;
  }
  return &builder->samples[thread];
}

static baro_status on_sample(void *context, const baro_sample_record *sample, baro_error *err) {
  baro_profile_builder *builder = context;
  uint64_t *count = &builder->profile->samples.count;
  if (*count >= BARO_PROFILE_SAMPLES_MAX) {
    return baro_error_set(err, BARO_LIMIT, "the recording has more than %u samples",
                          BARO_PROFILE_SAMPLES_MAX);
  }
  uint32_t state = (uint32_t)sample->state;
  baro_raw_sample raw = {
      .time_ns = sample->time_ns,
      .weight_ns = sample->weight_ns,
      .cpu_ns = (float)sample->cpu_ns,
      .runnable_ns = (float)sample->runnable_ns,
      .stack = sample->stack,
      .ticks = sample->ticks == 0 ? 1 : sample->ticks,
      .state = (uint8_t)(state < BARO_STATE_COUNT ? state : BARO_STATE_UNKNOWN),
  };
  baro_raw_samples *samples = samples_of(builder, sample->thread);
  if (samples == NULL || !baro_raw_samples_add(samples, &raw)) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  ++*count;
  /* Summed here and not from the floats, which round. */
  baro_profile_thread *thread = &builder->threads[sample->thread];
  thread->cpu_ns = baro_sum_ns(thread->cpu_ns, sample->cpu_ns);
  thread->runnable_ns = baro_sum_ns(thread->runnable_ns, sample->runnable_ns);
  thread->wall_ns = baro_sum_ns(thread->wall_ns, sample->weight_ns);
  thread->ticks = baro_sum_ns(thread->ticks, raw.ticks);
  thread->sample_count++;
  return BARO_OK;
}

baro_status baro_profile_builder_create(baro_profile_builder **ret_builder, baro_error *err) {
  baro_profile_builder *builder = calloc(1, sizeof(*builder));
  baro_profile *profile = calloc(1, sizeof(*profile));
  if (builder == NULL || profile == NULL) {
    free(builder);
    free(profile);
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  builder->profile = profile;
  builder->visitor.context = builder;
  builder->visitor.sample = on_sample;
  baro_build_calls_visit(builder);
  baro_build_dataflow_visit(builder);
  baro_build_tables(builder);
  baro_status status = baro_build_definitions(builder, err);
  if (status != BARO_OK) {
    baro_profile_builder_destroy(builder);
    return status;
  }
  *ret_builder = builder;
  return BARO_OK;
}

const baro_visitor *baro_profile_builder_visitor(const baro_profile_builder *builder) {
  return &builder->visitor;
}

void baro_profile_builder_destroy(baro_profile_builder *builder) {
  if (builder == NULL) {
    return;
  }
  for (uint32_t t = 0; t < builder->samples_count; t++) {
    baro_raw_samples_release(&builder->samples[t]);
  }
  free(builder->samples);
  free(builder->cpu_ns);
  free(builder->runnable_ns);
  free(builder->thread_position);
  free(builder->function_number);
  baro_build_calls_release(builder);
  baro_build_dataflow_release(builder);
  baro_build_definitions_release(builder);
  baro_build_tables_release(builder);
  baro_profile_destroy(builder->profile);
  free(builder);
}

baro_status baro_profile_builder_finish(baro_profile_builder *take_builder,
                                        const baro_damage *damage, baro_profile **ret_profile,
                                        baro_error *err) {
  typedef baro_status step(baro_profile_builder *);
  static step *const steps[] = {
      baro_build_head,      baro_build_samples,  baro_build_tree,     baro_build_idle,
      baro_build_run_queue, baro_build_run_time, baro_build_totals,   baro_build_calls,
      baro_build_origins,   baro_build_entries,  baro_build_dataflow,
  };
  baro_profile_builder *builder = take_builder;
  builder->profile->damage = *damage;
  baro_status status = BARO_OK;
  for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == BARO_OK; i++) {
    status = steps[i](builder);
  }
  if (status != BARO_OK) {
    status = baro_error_set(err, status, "build the profile: %s", baro_status_text(status));
  } else {
    *ret_profile = builder->profile;
    builder->profile = NULL;
  }
  baro_profile_builder_destroy(builder);
  return status;
}
