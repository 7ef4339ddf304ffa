/* What a prediction cannot know: one row each, with the range it may have and where that comes from.
 * Flow: here -> task_times.c takes a value of each; forecast.c runs the replay with the ends of each range.
 * None of these numbers was fitted to runs that predictions are tested on; docs/commands/predict.md cites their sources. */
#ifndef BARO_PREDICT_TERMS_H
#define BARO_PREDICT_TERMS_H

/* id, key, low, point, high, where it is from (measured in this recording, or a prior), what it is. */
#define BARO_TERM_LIST(X)                                                                                                                 \
  /* Power of the wave ratio that waves.c measures. */                                                                                    \
  X(WAVE, "first_wave", 0.5, 1, 1.5, MEASURED,                                                                                            \
    "first tasks of a slot are slower, by as much as in this recording")                                                                  \
  /* Canali's CPU load test, 3 runs each: linear scaling is 11 % off at 20 tasks at once, 31 % at 40, 52 % at 60. */                      \
  X(CORES_CONTENTION, "contention_cores", 0.039, 0.100, 0.180, PRIOR,                                                                     \
    "more tasks at once on one machine slow each other down, fewer less: time goes with this "                                            \
    "power of their number")                                                                                                              \
  /* 154 TPC-H jobs of Decima: later waves 1.13 times as long on 40 executors as on 5. */                                                 \
  X(NODES_CONTENTION, "contention_nodes", 0, 0.059, 0.118, PRIOR,                                                                         \
    "more executors share network and storage: task time goes with this power of their number")                                           \
  X(PARALLELISM, "parallelism", 0, 1, 1, BOUND,                                                                                           \
    "stages that had as many tasks as there were slots, as Spark plans scans and coalesces "                                              \
    "shuffled data, have as "                                                                                                             \
    "many as there are then (1), or as they had (0)")                                                                                     \
  /* 8 jobs of tools/make_pairs.py, one slot instead of two: what is left of unexplained time is 14 to 31 %, 60 % with Python. */         \
  X(QUEUED, "queued", 0.4, 0.75, 0.9, PRIOR,                                                                                              \
    "share of unexplained task time that waited for a core because of the other tasks of the "                                            \
    "executor; it goes with their number")                                                                                                \
  X(QUEUED_PYTHON, "queued_python", 0.2, 0.4, 0.75, PRIOR,                                                                                \
    "the same, of stages with Python workers")                                                                                            \
  X(CROWDED, "crowded", 0, 0.5, 1, BOUND,                                                                                                 \
    "local mode: the machine has a core for each slot (0), or its cores are shared by more (1); "                                         \
    "1 "                                                                                                                                  \
    "where deserializing tasks waited for them")                                                                                          \
  /* 4 jobs of tools/make_pairs.py (aggregate, join, score, users) on 1, 2 and 4 slots of a full machine: 0 to 1.8. */                    \
  X(BACKGROUND, "background", 0, 0.7, 1.8, PRIOR,                                                                                         \
    "local mode: cores that the JVM itself keeps busy (compiling, collecting, the driver) beside "                                        \
    "tasks")                                                                                                                              \
  /* Deserializing a task needs a core and nothing else, and has both clocks. 2 jobs of tools/make_pairs.py (aggregate, join) under     \
   * CPU quotas: what other code waits is 0.37 to 0.73 of that. */ \
  X(CORE_WAIT, "core_wait", 0.25, 0.55, 1, PRIOR,                                                                                         \
    "a second of computing waited for a core this share of what a second of deserializing tasks "                                         \
    "did")                                                                                                                                \
  X(NO_FILES_CPU, "no_files", 0.3, 1, 1, PRIOR,                                                                                           \
    "share of what is left of unexplained task time, where a stage has no files, that follows "                                           \
    "the "                                                                                                                                \
    "speed of cores")                                                                                                                     \
  X(OTHER_CPU, "unexplained_cpu", 0, 0.333, 1, PRIOR,                                                                                     \
    "share of unexplained task time that follows the speed of cores")                                                                     \
  /* A job of tools/make_pairs.py (users): 0.94 and more under CPU quotas, 0.2 with a slow disk. */                                       \
  X(PYTHON_CPU, "python_cpu", 0.1, 0.95, 1, PRIOR,                                                                                        \
    "share of unexplained task time of stages with Python workers that follows the speed of "                                             \
    "cores")                                                                                                                              \
  X(OTHER_DISK, "unexplained_disk", 0, 0.333, 1, PRIOR,                                                                                   \
    "share of unexplained task time, where a stage reads input, writes output or spills, that "                                           \
    "follows the disks")                                                                                                                  \
  X(OTHER_NETWORK, "unexplained_network", 0, 0.167, 1, PRIOR,                                                                             \
    "share of unexplained task time, where a stage reads input or writes output, that follows "                                           \
    "the network")                                                                                                                        \
  X(OVERLAP, "overlap", 0, 0, 1, BOUND,                                                                                                   \
    "fetching overlaps computing: 0 one after the other (their sum), 1 at once (the longer one)")                                         \
  /* 4 jobs of tools/make_pairs.py (aggregate, join, score, users) under CPU quotas: 0.9 to 1. Less where it lists files far away. */     \
  X(DRIVER_SPEED, "driver_speed", 0.4, 0.95, 1, PRIOR,                                                                                    \
    "share of the driver's own time that follows the speed of cores")                                                                     \
  X(LIVE_HEAP, "live_heap", 0.1, 0.3, 0.45, PRIOR,                                                                                        \
    "share of the heap that is in use after a collection: collecting takes as this to what is "                                           \
    "free")                                                                                                                               \
  X(SPILL_COST, "spill_cost", 0, 1, 2, DERIVED,                                                                                           \
    "spilled bytes written and read once at the speed that shuffle files were written with, "                                             \
    "times this")                                                                                                                         \
  /* 2 jobs of tools/make_pairs.py (aggregate, join) with half the memory: 2.7, 4.8 and 8.0 ns of CPU time a byte, by stage. */           \
  X(SPILL_CPU, "spill_cpu", 2, 5, 10, PRIOR,                                                                                              \
    "ns of computing that a byte takes which is spilled: sorted, packed, and merged again")                                               \
  X(SPILL_ROOM, "spill_room", 0.5, 1, 1, BOUND,                                                                                           \
    "share of the memory for tasks and cached data that tasks get: cached data may keep half")                                            \
  X(NEW_SPILL, "new_spill", 0, 0, 1, BOUND,                                                                                               \
    "where the size of the heap is not known: tasks that did not spill had memory to spare (0), "                                         \
    "or all they had was full (1)")                                                                                                       \
  /* A pair of runs on taxi data: twice the splits, each 0.95 times as long. */                                                           \
  X(INPUT_POWER, "input_power", 0.926, 1, 1.1, PRIOR,                                                                                     \
    "work goes with this power of the input's size (sorting: a little above 1)")                                                          \
  /* 8 jobs of tools/make_pairs.py with twice the input: time of tasks that did not grow, in executors younger than 30 s; none to all. */ \
  X(WARMING, "warming_up", 0, 0.5, 0.95, PRIOR,                                                                                           \
    "share of tasks' time that stays whatever the size of the data, in executors that are "                                               \
    "younger "                                                                                                                            \
    "than 30 s: code is loaded and compiled")                                                                                             \
  X(INPUT_OTHERS, "input_others", 0, 1, 1, BOUND,                                                                                         \
    "stages that read neither input nor shuffled data grow with the input (1) or not (0)")                                                \
  X(SKEW, "skew", 0, 0, 1, BOUND,                                                                                                         \
    "what the longest task of a stage has above the mean can be divided (0), or is one key "                                              \
    "(1)")                                                                                                                                \
  /* 10 Gb/s; 1 Gb/s at most. */                                                                                                          \
  X(NEW_NETWORK, "new_network", 0, 0.8, 8, PRIOR,                                                                                         \
    "ns a byte takes that comes over the network and did not before")                                                                     \
  X(LOCALITY, "locality", 0, 1, 1, BOUND,                                                                                                 \
    "a slot waits spark.locality.wait before it gets a task whose data is elsewhere (1), or "                                             \
    "not at all, "                                                                                                                        \
    "where data has copies (0)")                                                                                                          \
  /* Of Python programs. */                                                                                                               \
  X(RUNNABLE, "waiting_for_cpu", 0, 0.5, 1, PRIOR,                                                                                        \
    "share of waiting for a CPU that follows the speed of cores")                                                                         \
  /* One program on a shared machine of two cores, three runs: 6.5, 6.6 and 10.5 s of it. None is what a free machine has. */             \
  X(BUSY, "busy_machine", 0, 1, 2, PRIOR,                                                                                                 \
    "waiting for a CPU that other programs had: this many times the recorded one")                                                        \
  X(HELD, "waiting_for_others", 0, 0.5, 1, PRIOR,                                                                                         \
    "share of waiting for locks, the GIL, pipes and children that follows the speed of cores")                                            \
  X(ALONE, "alone", 0, 1, 1, BOUND,                                                                                                       \
    "of the time that other threads ran as well, what is saved shortens the run (1) or not (0)")

typedef enum baro_term {
#define X(id, key, low, point, high, source, words) BARO_TERM_##id,
  BARO_TERM_LIST(X)
#undef X
      BARO_TERM_COUNT
} baro_term;

typedef enum baro_term_source {
  BARO_TERM_MEASURED, /* in this recording, or from a second one */
  BARO_TERM_DERIVED,  /* from measured amounts */
  BARO_TERM_PRIOR,    /* from other people's measurements, or even odds */
  BARO_TERM_BOUND,    /* the two ends are what is possible */
} baro_term_source;

const char *baro_term_source_text(baro_term_source source);

typedef struct baro_term_row {
  const char *key;
  double low;
  double point;
  double high;
  baro_term_source source;
  const char *words;
} baro_term_row;

/* By term. */
extern const baro_term_row baro_terms[BARO_TERM_COUNT];

/* Of CROWDED: whatever deserializing tells, since something else tells all that more tasks at once do. */
#define BARO_TERM_NOT_CROWDED (-1)

/* From one run to the next of the same job on the same machines: the median coefficient of variation of 118 TPC-DS queries, 6 runs
 * each, on a shared cluster (0.073; another cluster, 4 runs of one job: 0.020). */
#define BARO_TERM_NOISE_RATIO 0.073

#endif
