#include "recording/sample_model.h"

#include <stdlib.h>
#include <string.h>

#include "recording/records.h"

static void thread_clear(const baro_sample_model *model, uint32_t thread,
                         baro_sample_recents *recent) {
  model->threads[thread] = (baro_sample_thread){
      .resets = model->resets, .successor = thread, .successor_is_next = true, .recent = recent};
}

baro_sample_thread *baro_sample_model_thread(const baro_sample_model *model, uint32_t thread) {
  baro_sample_thread *it = &model->threads[thread];
  if (it->resets != model->resets) {
    thread_clear(model, thread, it->recent);
  }
  return it;
}

static baro_number_model *number_model(const baro_sample_model *model, baro_sample_number *number) {
  if (number->resets != model->resets) {
    *number = (baro_sample_number){.resets = model->resets};
  }
  return &number->model;
}

baro_status baro_sample_model_grow(baro_sample_model *model, uint32_t count) {
  if (model->numbers == NULL) {
    model->numbers = calloc(1, sizeof(*model->numbers));
    if (model->numbers == NULL) {
      return BARO_NO_MEMORY;
    }
    model->resets = 1; /* what is all zero bytes is of before it, and set up at its first use */
  }
  if (count > model->capacity) {
    size_t capacity = model->capacity == 0 ? 16 : model->capacity;
    while (capacity < count) {
      capacity *= 2;
    }
    /* Not realloc: what is kept for threads that are never sampled stays untouched, and takes no memory. */
    baro_sample_thread *threads = calloc(capacity, sizeof(*threads));
    if (threads == NULL) {
      return BARO_NO_MEMORY;
    }
    if (model->count != 0) {
      memcpy(threads, model->threads, model->count * sizeof(*threads));
    }
    free(model->threads);
    model->threads = threads;
    model->capacity = (uint32_t)capacity;
  }
  if (model->count < count) {
    model->count = count;
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
  const baro_sample_thread *it = baro_sample_model_thread(model, thread);
  return it->recent == NULL && it->recent_count != 0;
}

void baro_sample_model_reset(baro_sample_model *model) {
  model->resets++;
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
  return number_model(model, &model->numbers->thread[model->misses & 3]);
}

baro_sample_context baro_sample_model_enter(baro_sample_model *model, uint32_t thread, bool is_next,
                                            bool is_expected) {
  baro_sample_thread *previous = baro_sample_model_thread(model, model->previous_thread);
  previous->successor = thread;
  previous->successor_is_next = is_next;
  model->previous_thread = thread;
  model->misses = model->misses << 1 | !is_expected;
  model->round += is_next;
  baro_sample_thread *entered = baro_sample_model_thread(model, thread);
  return (baro_sample_context){.thread = entered,
                               .index = thread,
                               .is_next = is_next,
                               .was_cpu = entered->state == BARO_STATE_CPU};
}

/* --- Time, weight and ticks --- */

baro_number_model *baro_sample_step_model(const baro_sample_model *model) {
  return number_model(model, &model->numbers->step);
}

baro_number_model *baro_sample_weight_model(const baro_sample_model *model) {
  return number_model(model, &model->numbers->weight);
}

uint64_t baro_sample_elapsed(const baro_sample_model *model, const baro_sample_context *context) {
  return context->thread->is_seen ? model->round - context->thread->round : 1;
}

baro_number_model *baro_sample_ticks_model(const baro_sample_model *model,
                                           const baro_sample_context *context, uint64_t elapsed) {
  unsigned index = context->is_next * 4U + (elapsed == 1) * 2U + context->was_cpu;
  return number_model(model, &model->numbers->ticks[index]);
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
  uint32_t index =
      context->index < BARO_SAMPLE_OWN_MODELS ? context->index : BARO_SAMPLE_OWN_MODELS;
  return number_model(model, &model->numbers->stack[index]);
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
  unsigned index = known * 4 + (ticks > 1) * 2U + context->was_cpu;
  return number_model(model, &model->numbers->state[index]);
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
  unsigned index = magnitude(due, 6) * 4 + cpu_now_and_before(context);
  return number_model(model, &model->numbers->movement[index]);
}

baro_number_model *baro_sample_share_model(const baro_sample_model *model,
                                           const baro_sample_context *context, uint64_t movement) {
  unsigned index = magnitude(movement, 5) * 4 + cpu_now_and_before(context);
  return number_model(model, &model->numbers->share[index]);
}
