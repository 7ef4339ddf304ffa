/* The samples of one thread while they are recorded or read, in order of recording.
 * Flow: builder.c (as samples come) -> runs of columns -> samples.c moves them into the profile's columns.
 *
 *   baro_raw_samples: first -> run of 2 -> run of 4 -> ... -> run of 2 MiB -> run of 2 MiB
 *
 * A run is one piece of memory with a column for each field, and is given back when it was moved, so that samples never exist
 * twice; large ones come from the kernel and go back to it. Runs begin small, because a program may have a million threads. */
#ifndef BARO_PROFILE_RAW_SAMPLES_H
#define BARO_PROFILE_RAW_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "profile/profile.h"

typedef struct baro_raw_run baro_raw_run;

typedef struct baro_raw_samples {
  baro_raw_run *first; /* owned */
  baro_raw_run *last;
} baro_raw_samples;

typedef struct baro_raw_sample {
  uint64_t time_ns;
  uint64_t weight_ns;
  float cpu_ns;
  float runnable_ns;
  uint32_t stack; /* as recorded */
  uint32_t ticks;
  uint8_t state;
} baro_raw_sample;

/* false when out of memory. */
bool baro_raw_samples_add(baro_raw_samples *samples, const baro_raw_sample *sample);

/* Where samples go: columns of the profile, and those that only building needs. node gets the stacks. */
typedef struct baro_sample_columns {
  baro_profile_samples *samples; /* borrowed */
  float *cpu_ns;                 /* borrowed */
  float *runnable_ns;            /* borrowed */
} baro_sample_columns;

/* Moves all of them to place `at` and behind; none are left. */
void baro_raw_samples_move(baro_raw_samples *samples, const baro_sample_columns *columns,
                           uint64_t at);
void baro_raw_samples_release(baro_raw_samples *samples);

#endif
