/* What is to be different: "cores=2x,nodes=8,function:parse=3x".
 * Flow: command line -> here -> forecast.c. Text in, numbers out: knows no recording, so that an absolute number is compared with
 * what was recorded later. A mistake is one line that names what is allowed. */
#ifndef BARO_PREDICT_SCENARIO_H
#define BARO_PREDICT_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* id, name, also a whole number or bytes, what it is */
#define BARO_SCENARIO_LIST(X)                                                                      \
  X(CORES, "cores", COUNT, "task slots of each executor")                                          \
  X(NODES, "nodes", COUNT, "executors, each like the recorded ones")                               \
  X(CPU_SPEED, "cpu_speed", FACTOR, "speed of a core")                                             \
  X(DISK, "disk", FACTOR, "bandwidth of disks")                                                    \
  X(NETWORK, "network", FACTOR, "bandwidth of the network")                                        \
  X(GPU, "gpu", FACTOR, "speed of GPUs: of their kernels (traces)")                                \
  X(MEMORY, "memory", BYTES, "memory of each executor")                                            \
  X(INPUT, "input", FACTOR, "size of all input")                                                   \
  X(PARTITIONS, "partitions", COUNT, "tasks of each stage that reads shuffled data")

typedef enum baro_scenario_key {
#define X(id, name, form, words) BARO_SCENARIO_##id,
  BARO_SCENARIO_LIST(X)
#undef X
      BARO_SCENARIO_KEY_COUNT
} baro_scenario_key;

/* What a value may be besides a factor. */
typedef enum baro_scenario_form {
  BARO_SCENARIO_FORM_FACTOR, /* what it is over what it was: quantity.h */
  BARO_SCENARIO_FORM_COUNT,
  BARO_SCENARIO_FORM_BYTES,
} baro_scenario_form;

typedef struct baro_scenario_value {
  bool is_set;
  bool is_factor; /* of what was recorded; else absolute: a count, or bytes */
  double value;   /* > 0 */
} baro_scenario_value;

enum {
  BARO_SCENARIO_FUNCTIONS_MAX = 16,
  BARO_SCENARIO_NAME_BYTES = 256,
  /* The square root of 2, from 0.001x to 1000x. */
  BARO_SCENARIO_SWEEP_MAX = 42
};

/* A function of a Python program that is so many times as fast. */
typedef struct baro_scenario_function {
  char name[BARO_SCENARIO_NAME_BYTES];
  double factor;
} baro_scenario_function;

typedef struct baro_scenario {
  baro_scenario_value values[BARO_SCENARIO_KEY_COUNT];
  baro_scenario_function functions[BARO_SCENARIO_FUNCTIONS_MAX];
  uint32_t function_count;
} baro_scenario;

const char *baro_scenario_name(baro_scenario_key key);
const char *baro_scenario_words(baro_scenario_key key);
baro_scenario_form baro_scenario_form_of(baro_scenario_key key);
/* "700m", "4g", "1024k" as Spark and we have them, powers of 1024; 0: it is none. */
double baro_scenario_bytes(const char *text);

/* "2x", "8", "4.29 GB": as it would be given, rounded. */
void baro_scenario_value_text(baro_scenario_key key, const baro_scenario_value *value,
                              char ret_text[32]);

/* text: "key=value,..."; "" and NULL change nothing. BARO_USAGE with a message that names the part. */
baro_status baro_scenario_parse(const char *text, baro_scenario *ret_scenario,
                                baro_error *err) BARO_MUST_USE;

/* One key through a range. */
typedef struct baro_scenario_sweep {
  baro_scenario_key key;
  uint32_t count; /* 2 .. BARO_SCENARIO_SWEEP_MAX */
  baro_scenario_value points[BARO_SCENARIO_SWEEP_MAX];
} baro_scenario_sweep;

/* text: "cores=1..64", "disk=0.5x..4x". Counts: each up to 12 of them, else doubling from the first one to the last, as factors of
 * what is counted do; other factors in steps of the square root of 2. */
baro_status baro_scenario_sweep_parse(const char *text, baro_scenario_sweep *ret_sweep,
                                      baro_error *err) BARO_MUST_USE;

#endif
