#include "profile/builder.h"

#include <stdlib.h>

#include "profile/build.h"

baro_status baro_grow(void **items, uint32_t *capacity, uint32_t count, size_t size) {
  if (count < *capacity) {
    return BARO_OK;
  }
  if (*capacity > UINT32_MAX / 2) {
    return BARO_NO_MEMORY;
  }
  uint32_t grown = *capacity == 0 ? 64 : *capacity * 2;
  void *moved = realloc(*items, (size_t)grown * size);
  if (moved == NULL) {
    return BARO_NO_MEMORY;
  }
  *items = moved;
  *capacity = grown;
  return BARO_OK;
}

baro_status baro_u32s_push(baro_u32s *array, uint32_t value) {
  void *items = array->items;
  baro_status status = baro_grow(&items, &array->capacity, array->count, sizeof(uint32_t));
  if (status != BARO_OK) {
    return status;
  }
  array->items = items;
  array->items[array->count++] = value;
  return BARO_OK;
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

/* The run that takes the next sample. */
static baro_raw_run *run_with_room(baro_profile_builder *builder) {
  baro_raw_run *last = builder->last_run;
  if (last != NULL && last->count < BARO_RAW_RUN_SAMPLES) {
    return last;
  }
  baro_raw_run *run = malloc(sizeof(*run));
  if (run == NULL) {
    return NULL;
  }
  run->next = NULL;
  run->count = 0;
  if (last == NULL) {
    builder->first_run = run;
  } else {
    last->next = run;
  }
  builder->last_run = run;
  return run;
}

static baro_status on_sample(void *context, const baro_sample_record *sample, baro_error *err) {
  baro_profile_builder *builder = context;
  uint64_t *count = &builder->profile->samples.count;
  if (*count >= BARO_PROFILE_SAMPLES_MAX) {
    return baro_error_set(err, BARO_LIMIT, "the recording has more than %u samples",
                          BARO_PROFILE_SAMPLES_MAX);
  }
  baro_raw_run *run = run_with_room(builder);
  if (run == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  uint32_t node = sample->stack == BARO_NONE_ID ? builder->unreadable_node
                                                : builder->node_of_stack.items[sample->stack];
  uint32_t state = (uint32_t)sample->state;
  baro_raw_sample *raw = &run->samples[run->count++];
  *raw = (baro_raw_sample){
      .time_ns = sample->time_ns,
      .weight_ns = sample->weight_ns,
      .cpu_ns = (float)sample->cpu_ns,
      .runnable_ns = (float)sample->runnable_ns,
      .thread = sample->thread,
      .node = node == 0 ? builder->no_python_node : node,
      .ticks = sample->ticks == 0 ? 1 : sample->ticks,
      .state = (uint8_t)(state < BARO_STATE_COUNT ? state : BARO_STATE_UNKNOWN),
  };
  ++*count;
  /* Summed here and not from the floats, which round. */
  baro_profile_thread *thread = &builder->threads[sample->thread];
  thread->cpu_ns = baro_sum_ns(thread->cpu_ns, sample->cpu_ns);
  thread->runnable_ns = baro_sum_ns(thread->runnable_ns, sample->runnable_ns);
  thread->wall_ns = baro_sum_ns(thread->wall_ns, sample->weight_ns);
  thread->ticks = baro_sum_ns(thread->ticks, raw->ticks);
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
  while (builder->first_run != NULL) {
    baro_raw_run *next = builder->first_run->next;
    free(builder->first_run);
    builder->first_run = next;
  }
  free(builder->cpu_ns);
  free(builder->runnable_ns);
  free(builder->thread_position);
  free(builder->function_number);
  baro_build_calls_release(builder);
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
      baro_build_head,   baro_build_samples,   baro_build_tree,
      baro_build_idle,   baro_build_run_queue, baro_build_run_time,
      baro_build_totals, baro_build_calls,     baro_build_entries,
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
