/* What writer and reader know before each sample, and from it, which number model to code under.
 * Flow: sample_block asks for a model, codes a number, and tells what it was.
 * Invariant: model in the writer = model in the reader before each number. All here is unsigned
 * arithmetic modulo 2^64, so that hostile numbers cannot do more than be wrong.
 * Specified in docs/recording-format.md, "Samples". Internal to src/recording; not thread-safe per object. */
#ifndef BARO_RECORDING_SAMPLE_MODEL_H
#define BARO_RECORDING_SAMPLE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "recording/number_coder.h"

/* All part of the format. */
enum {
  BARO_SAMPLE_RECENT_STACKS = 128,
  BARO_SAMPLE_OWN_MODELS = 3, /* of the first threads, for their stacks; the others share one */
  BARO_SAMPLE_NO_STATE = 12, /* of a stack that was not recent; and newer states are taken as one */
};

/* A number model, empty unless it was used since the last reset. */
typedef struct baro_sample_number {
  uint64_t resets; /* before it was last used */
  baro_number_model model;
} baro_sample_number;

typedef struct baro_sample_numbers {
  baro_sample_number thread[4]; /* by whether the last two threads were the expected ones */
  baro_sample_number step;
  baro_sample_number weight;
  baro_sample_number ticks[8];
  baro_sample_number stack[BARO_SAMPLE_OWN_MODELS + 1];
  baro_sample_number state[(BARO_SAMPLE_NO_STATE + 1) * 4];
  baro_sample_number movement[28];
  baro_sample_number share[24];
} baro_sample_numbers;

/* Stacks of a thread, latest first. Apart, because it is most of what is known of a thread, and of no use once it ended:
 * a program may start a million. */
typedef struct baro_sample_recents {
  uint32_t stacks[BARO_SAMPLE_RECENT_STACKS];
  uint8_t states[BARO_SAMPLE_RECENT_STACKS]; /* that they were last seen in */
} baro_sample_recents;

/* What is known of a thread before its next sample; nothing unless there was one since the last reset. */
typedef struct baro_sample_thread {
  uint64_t resets;        /* before it was last used; 0: never was */
  uint64_t time_us;       /* end of its previous sample */
  uint64_t round;         /* of its previous sample */
  uint64_t due_us;        /* weight since its CPU or waiting time last moved */
  uint32_t successor;     /* the thread of the sample that came after this thread's last one */
  bool successor_is_next; /* and whether it was of the next round */
  bool is_seen;           /* false: there is no previous sample */
  uint8_t state;
  uint8_t recent_count;
  baro_sample_recents *recent; /* owned; NULL before baro_sample_model_ready and once let go */
} baro_sample_thread;

typedef struct baro_sample_model {
  baro_sample_numbers *numbers; /* owned; NULL until the first thread */
  baro_sample_thread *threads;  /* owned; index = thread; see baro_sample_model_thread */
  uint32_t count;
  uint32_t capacity;
  uint32_t previous_thread;
  uint32_t previous_other; /* the last stack that was not among the recent ones */
  uint64_t round;
  uint32_t misses; /* a bit a sample, latest lowest: its thread was not the expected one */
  uint64_t resets; /* so far: what was last used before the latest is empty */
} baro_sample_model;

/* Makes threads 0 .. count-1 known. BARO_NO_MEMORY leaves the model as it was. */
baro_status baro_sample_model_grow(baro_sample_model *model, uint32_t count) BARO_MUST_USE;
/* Makes thread ready for a sample. BARO_NO_MEMORY leaves the model as it was. */
baro_status baro_sample_model_ready(baro_sample_model *model, uint32_t thread) BARO_MUST_USE;
/* Frees most of what is known of a thread that has ended. Only after a reset there may be samples of it again. */
void baro_sample_model_let_go(baro_sample_model *model, uint32_t thread);
/* True when that is so: there were samples, and what they taught is gone. */
bool baro_sample_model_was_let_go(const baro_sample_model *model, uint32_t thread);
/* Forgets all that was learned, not the threads. As cheap with a million threads as with one: a few bytes of a file can
 * ask for it. */
void baro_sample_model_reset(baro_sample_model *model);
void baro_sample_model_release(baro_sample_model *model);

/* What is the same for all numbers of a sample, and what earlier numbers of it said. */
typedef struct baro_sample_context {
  baro_sample_thread *thread;
  uint32_t index; /* of thread */
  bool is_next;   /* in the next round, not in that of the previous sample */
  bool was_cpu;   /* the thread's previous state */
} baro_sample_context;

/* The thread as it is since the last reset. */
baro_sample_thread *baro_sample_model_thread(const baro_sample_model *model, uint32_t thread);

baro_number_model *baro_sample_thread_model(const baro_sample_model *model);
/* Says which thread it was, which was the expected one or not, and gives what the others need. */
baro_sample_context baro_sample_model_enter(baro_sample_model *model, uint32_t thread, bool is_next,
                                            bool is_expected);

baro_number_model *baro_sample_step_model(const baro_sample_model *model);
baro_number_model *baro_sample_weight_model(const baro_sample_model *model);

/* Rounds since the thread's previous sample, as far as known. */
uint64_t baro_sample_elapsed(const baro_sample_model *model, const baro_sample_context *context);
baro_number_model *baro_sample_ticks_model(const baro_sample_model *model,
                                           const baro_sample_context *context, uint64_t elapsed);
void baro_sample_model_ticks(baro_sample_model *model, const baro_sample_context *context,
                             uint64_t elapsed, uint64_t ticks);

baro_number_model *baro_sample_stack_model(const baro_sample_model *model,
                                           const baro_sample_context *context);
/* Moves the stack at position to the front; position = recent_count puts a new one there. The state
 * that it is expected to be seen in, or BARO_SAMPLE_NO_STATE. */
uint8_t baro_sample_recent_touch(baro_sample_thread *thread, uint32_t position, uint32_t stack);

baro_number_model *baro_sample_state_model(const baro_sample_model *model,
                                           const baro_sample_context *context, uint8_t stack_state,
                                           uint64_t ticks);
/* Remembers state for the thread and for the stack that was touched last. */
void baro_sample_model_state(const baro_sample_context *context, uint8_t state);

/* due: what is expected to have moved. After baro_sample_model_state. */
baro_number_model *baro_sample_movement_model(const baro_sample_model *model,
                                              const baro_sample_context *context, uint64_t due);
baro_number_model *baro_sample_share_model(const baro_sample_model *model,
                                           const baro_sample_context *context, uint64_t movement);

#endif
