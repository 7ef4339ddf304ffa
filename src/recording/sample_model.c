#include "recording/sample_model.h"

#include <stdlib.h>
#include <string.h>

#include "recording/records.h"

static void thread_clear(baro_sample_thread *thread, uint32_t index, baro_sample_recents *recent) {
  *thread = (baro_sample_thread){.successor = index, .successor_is_next = true, .recent = recent};
}

baro_status baro_sample_model_grow(baro_sample_model *model, uint32_t count) {
  if (model->numbers == NULL) {
    model->numbers = calloc(1, sizeof(*model->numbers));
    if (model->numbers == NULL) {
      return BARO_NO_MEMORY;
    }
  }
  if (count > model->capacity) {
    size_t capacity = model->capacity == 0 ? 16 : model->capacity;
    while (capacity < count) {
      capacity *= 2;
    }
    baro_sample_thread *threads = realloc(model->threads, capacity * sizeof(*threads));
    if (threads == NULL) {
      return BARO_NO_MEMORY;
    }
    model->threads = threads;
    model->capacity = (uint32_t)capacity;
  }
  while (model->count < count) {
    thread_clear(&model->threads[model->count], model->count, NULL);
    model->count++;
  }
  return BARO_OK;
}

baro_status baro_sample_model_ready(baro_sample_model *model, uint32_t thread) {
  baro_sample_thread *it = &model->threads[thread];
  if (it->recent == NULL) {
    it->recent = malloc(sizeof(*it->recent));
  }
  return it->recent == NULL ? BARO_NO_MEMORY : BARO_OK;
}

void baro_sample_model_let_go(baro_sample_model *model, uint32_t thread) {
  free(model->threads[thread].recent);
  model->threads[thread].recent = NULL;
}

bool baro_sample_model_was_let_go(const baro_sample_model *model, uint32_t thread) {
  const baro_sample_thread *it = &model->threads[thread];
  return it->recent == NULL && it->recent_count != 0;
}

void baro_sample_model_reset(baro_sample_model *model) {
  for (uint32_t i = 0; i < model->count; i++) {
    thread_clear(&model->threads[i], i, model->threads[i].recent);
  }
  if (model->numbers != NULL) {
    memset(model->numbers, 0, sizeof(*model->numbers));
  }
  model->previous_thread = 0;
  model->previous_other = 0;
  model->round = 0;
  model->misses = 0;
}

void baro_sample_model_release(baro_sample_model *model) {
  for (uint32_t i = 0; i < model->count; i++) {
    free(model->threads[i].recent);
  }
  free(model->numbers);
  free(model->threads);
  *model = (baro_sample_model){0};
}

/* --- Thread --- */

baro_number_model *baro_sample_thread_model(const baro_sample_model *model) {
  return &model->numbers->thread[model->misses & 3];
}

baro_sample_context baro_sample_model_enter(baro_sample_model *model, uint32_t thread, bool is_next,
                                            bool is_expected) {
  baro_sample_thread *previous = &model->threads[model->previous_thread];
  previous->successor = thread;
  previous->successor_is_next = is_next;
  model->previous_thread = thread;
  model->misses = model->misses << 1 | !is_expected;
  model->round += is_next;
  baro_sample_thread *entered = &model->threads[thread];
  return (baro_sample_context){.thread = entered,
                               .index = thread,
                               .is_next = is_next,
                               .was_cpu = entered->state == BARO_STATE_CPU};
}

/* --- Ticks --- */

uint64_t baro_sample_elapsed(const baro_sample_model *model, const baro_sample_context *context) {
  return context->thread->is_seen ? model->round - context->thread->round : 1;
}

baro_number_model *baro_sample_ticks_model(const baro_sample_model *model,
                                           const baro_sample_context *context, uint64_t elapsed) {
  unsigned index = context->is_next * 4U + (elapsed == 1) * 2U + context->was_cpu;
  return &model->numbers->ticks[index];
}

void baro_sample_model_ticks(baro_sample_model *model, const baro_sample_context *context,
                             uint64_t elapsed, uint64_t ticks) {
  /* The first sample of a round tells how many rounds passed: others of it need not tell again. */
  if (context->is_next) {
    model->round += ticks - elapsed;
  }
  context->thread->round = model->round;
}

/* --- Stack and state --- */

baro_number_model *baro_sample_stack_model(const baro_sample_model *model,
                                           const baro_sample_context *context) {
  uint32_t index = context->index;
  return &model->numbers->stack[index < BARO_SAMPLE_OWN_MODELS ? index : BARO_SAMPLE_OWN_MODELS];
}

uint8_t baro_sample_recent_touch(baro_sample_thread *thread, uint32_t position, uint32_t stack) {
  uint8_t state = BARO_SAMPLE_NO_STATE;
  if (position < thread->recent_count) {
    state = thread->recent->states[position];
  } else if (position == BARO_SAMPLE_RECENT_STACKS) {
    position--; /* the oldest is forgotten */
  } else {
    thread->recent_count++;
  }
  baro_sample_recents *recent = thread->recent;
  memmove(&recent->stacks[1], &recent->stacks[0], position * sizeof(recent->stacks[0]));
  memmove(&recent->states[1], &recent->states[0], position);
  recent->stacks[0] = stack;
  return state;
}

baro_number_model *baro_sample_state_model(const baro_sample_model *model,
                                           const baro_sample_context *context, uint8_t stack_state,
                                           uint64_t ticks) {
  unsigned known = stack_state < BARO_SAMPLE_NO_STATE ? stack_state : BARO_SAMPLE_NO_STATE;
  return &model->numbers->state[known * 4 + (ticks > 1) * 2U + context->was_cpu];
}

void baro_sample_model_state(const baro_sample_context *context, uint8_t state) {
  context->thread->state = state;
  context->thread->recent->states[0] = state;
}

/* --- CPU and waiting time --- */

/* 0 for 0, 1 for 1, 2 up to 3, 3 up to 7 ... at most limit. */
static unsigned magnitude(uint64_t value, unsigned limit) {
  unsigned bits = 0;
  while (value != 0 && bits < limit) {
    value >>= 1;
    bits++;
  }
  return bits;
}

static unsigned cpu_now_and_before(const baro_sample_context *context) {
  return (context->thread->state == BARO_STATE_CPU) * 2U + context->was_cpu;
}

baro_number_model *baro_sample_movement_model(const baro_sample_model *model,
                                              const baro_sample_context *context, uint64_t due) {
  return &model->numbers->movement[magnitude(due, 6) * 4 + cpu_now_and_before(context)];
}

baro_number_model *baro_sample_share_model(const baro_sample_model *model,
                                           const baro_sample_context *context, uint64_t movement) {
  return &model->numbers->share[magnitude(movement, 5) * 4 + cpu_now_and_before(context)];
}
