#include "profile/raw_samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/os_pages.h"

/* Columns stand in the order of this list, widest first. */
#define COLUMNS(X)                                                                                 \
  X(uint64_t, time_ns)                                                                             \
  X(uint64_t, weight_ns)                                                                           \
  X(float, cpu_ns)                                                                                 \
  X(float, runnable_ns)                                                                            \
  X(uint32_t, stack)                                                                               \
  X(uint32_t, ticks)                                                                               \
  X(uint8_t, state)

struct baro_raw_run {
  baro_raw_run *next; /* owned; later samples */
  uint32_t count;
  uint32_t capacity;
};

enum {
  LARGE_RUN_BYTES = 2 * 1024 * 1024,
#define X(type, name) +sizeof(type)
  SAMPLE_BYTES = 0 COLUMNS(X),
#undef X
  FIRST_CAPACITY = 2,
  LAST_CAPACITY = (LARGE_RUN_BYTES - sizeof(baro_raw_run)) / SAMPLE_BYTES / 8 * 8,
  /* Smaller ones malloc gives and takes back often enough. */
  LARGEST_OF_MALLOC = LAST_CAPACITY / 4,
};

/* Where each column of a run begins. */
typedef struct run_columns {
#define X(type, name) type *name;
  COLUMNS(X)
#undef X
} run_columns;

static inline run_columns columns_of(baro_raw_run *run) {
  run_columns columns;
  uint8_t *at = (uint8_t *)(run + 1);
#define X(type, name)                                                                              \
  columns.name = (type *)(void *)at;                                                               \
  at += run->capacity * sizeof(type);
  COLUMNS(X)
#undef X
  return columns;
}

static void run_destroy(baro_raw_run *run) {
  if (run->capacity == LAST_CAPACITY) {
    baro_pages_give(run, LARGE_RUN_BYTES);
  } else {
    free(run);
  }
}

static bool add_run(baro_raw_samples *samples) {
  baro_raw_run *last = samples->last;
  uint32_t capacity = last == NULL ? FIRST_CAPACITY : last->capacity * 2;
  baro_raw_run *run;
  if (capacity > LARGEST_OF_MALLOC) {
    capacity = LAST_CAPACITY;
    run = baro_pages_take(LARGE_RUN_BYTES);
  } else {
    run = malloc(sizeof(*run) + capacity * (size_t)SAMPLE_BYTES);
  }
  if (run == NULL) {
    return false;
  }
  *run = (baro_raw_run){.capacity = capacity};
  if (last == NULL) {
    samples->first = run;
  } else {
    last->next = run;
  }
  samples->last = run;
  return true;
}

bool baro_raw_samples_add(baro_raw_samples *samples, const baro_raw_sample *sample) {
  if ((samples->last == NULL || samples->last->count == samples->last->capacity) &&
      !add_run(samples)) {
    return false;
  }
  run_columns columns = columns_of(samples->last);
  uint32_t at = samples->last->count++;
#define X(type, name) columns.name[at] = sample->name;
  COLUMNS(X)
#undef X
  return true;
}

static void move_run(baro_raw_run *run, const baro_sample_columns *to, uint64_t at) {
  run_columns from = columns_of(run);
  size_t count = run->count;
  memcpy(&to->samples->time_ns[at], from.time_ns, count * sizeof(*from.time_ns));
  memcpy(&to->samples->weight_ns[at], from.weight_ns, count * sizeof(*from.weight_ns));
  memcpy(&to->cpu_ns[at], from.cpu_ns, count * sizeof(*from.cpu_ns));
  memcpy(&to->runnable_ns[at], from.runnable_ns, count * sizeof(*from.runnable_ns));
  memcpy(&to->samples->node[at], from.stack, count * sizeof(*from.stack));
  memcpy(&to->samples->ticks[at], from.ticks, count * sizeof(*from.ticks));
  memcpy(&to->samples->state[at], from.state, count * sizeof(*from.state));
}

void baro_raw_samples_move(baro_raw_samples *samples, const baro_sample_columns *columns,
                           uint64_t at) {
  while (samples->first != NULL) {
    baro_raw_run *run = samples->first;
    move_run(run, columns, at);
    at += run->count;
    samples->first = run->next;
    run_destroy(run);
  }
  samples->last = NULL;
}

void baro_raw_samples_release(baro_raw_samples *samples) {
  while (samples->first != NULL) {
    baro_raw_run *run = samples->first;
    samples->first = run->next;
    run_destroy(run);
  }
  samples->last = NULL;
}
