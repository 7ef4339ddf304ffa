/* What the parts of task_times.c share. Internal to src/predict.
 * Flow: job graph + change + terms -> stage_pieces.c (how many tasks of what) -> task_models.c, spill_model.c (how long each) -> task_times.c. */
#ifndef BARO_PREDICT_TASK_BUILD_H
#define BARO_PREDICT_TASK_BUILD_H

#include "predict/task_times.h"

typedef struct baro_task_maker {
  const baro_task_times_input *input;
  baro_replay_node *nodes;
  baro_replay_task *tasks;
  uint32_t task_count;
  uint64_t random;
  uint32_t slot_count;
  double cores_ratio; /* slots of an executor, on average */
  double nodes_ratio;
  double driver_ratio; /* of its time, and of what it takes to hand out tasks */
} baro_task_maker;

/* A task as it is before the models: a recorded one, or pieces of several. */
typedef struct baro_task_draft {
  double need_ns[BARO_NEED_COUNT];
  double shuffled_bytes;
  double remote_bytes;
  double spilled_bytes;
  double spilled_disk_bytes;
  double peak_bytes;
  double dispatch_ns;
  double near_bytes; /* read from the place where it is at home */
  double size;       /* of its data then, to what is in here */
  bool was_first;
  bool is_early;
} baro_task_draft;

/* Of a task's CPU time no more than that is warming up, so that of large ones it is a lesser share (tools/make_pairs.py, aggregate:
 * 1.6 s of tasks of 3 s, of which half is CPU time, and no more of those of 9 s). */
#define BARO_WARMING_CPU_NS 1e9

static inline double baro_warming_share(double share, double cpu_ns) {
  return share * cpu_ns > BARO_WARMING_CPU_NS ? BARO_WARMING_CPU_NS / cpu_ns : share;
}

/* --- stage_pieces.c --- */

typedef struct baro_stage_size {
  uint32_t count; /* of tasks */
  double
      size; /* of each, to that of a recorded one; where they are cut, in addition to what cutting does */
  bool is_cut; /* the stage's data is divided anew; else tasks are repeated */
} baro_stage_size;

/* More input is more tasks, or larger ones; shuffled data comes in a number of partitions, so more of it is larger tasks. */
baro_stage_size baro_stage_resize(const baro_task_maker *all, const baro_graph_node *node);

baro_task_draft baro_task_draft_begin(const baro_graph_task *from);
/* Adds a part of a recorded task's work, and a part of its data; what is fixed comes once, with the first part. */
void baro_task_draft_add(baro_task_draft *to, const baro_graph_task *from, double work,
                         double data);

/* A stage's data divided anew. */
typedef struct baro_stage_cut {
  const baro_graph_task *tasks;
  uint32_t count;
  uint32_t pieces;
  const double *offsets; /* in bytes, count + 1 of them; NULL: tasks are taken for equally large */
  double middle_ns;      /* what a task has above it may be one key, which cannot be cut: */
  double skew;           /* a share of that stays with its first piece */
  double
      wave_ratio; /* what was first of its slot, and goes on in a task that has begun, is as much faster */
  double
      warming; /* of a young executor's task, what each piece takes anew, as it is the first of its slot; 0: it is not */
} baro_stage_cut;

/* The recorded tasks side by side, cut at other places. */
baro_task_draft baro_stage_piece(const baro_stage_cut *cut, uint32_t piece);
/* Where each task's data begins; NULL where a task read none, or without memory: tasks are then equally large. */
const double *baro_stage_offsets(const baro_graph_task *tasks, uint32_t count, baro_arena *keep);
/* Of the recorded tasks, the mean to the longest, without what first ones of a slot take longer: 1 where all are as long. */
double baro_stage_evenness(const baro_graph_task *tasks, uint32_t count, double wave_ratio);
double baro_stage_mean_ns(const baro_graph_task *tasks, uint32_t count);

/* --- spill_model.c --- */

/* What a task of a stage may hold in memory, as it was and then; 0: not known. */
typedef struct baro_spill_room {
  double before_bytes;
  double then_bytes;
} baro_spill_room;

baro_spill_room baro_task_spill_room(const baro_task_maker *all, uint32_t count,
                                     uint32_t after_count);
/* What its spilling costs more, or less (negative), than its work has in it that was recorded and is growth times as much then. */
double baro_task_spill_ns(const baro_task_maker *all, const baro_task_draft *task,
                          const baro_spill_room *room, double growth);

/* --- task_models.c --- */

/* How much longer tasks take because of more of them at once: only as many run at once as the stage has. */
typedef struct baro_crowding {
  double inflation; /* factor on all that a task does */
  double queue;     /* factor on the other tasks at once in an executor, at most 1 */
  double stretch;   /* factor on computing and waiting for a core */
} baro_crowding;

/* count: of the recorded tasks, of which there are after_count then. */
baro_crowding baro_task_crowding(const baro_task_maker *all, const baro_graph_task *tasks,
                                 uint32_t count, uint32_t after_count, double wave_ratio);
/* What a slot's first task takes above a later one is loading and compiling code, and so is a part of what tasks of a young
 * executor take: it does not grow with the data, and all that run at once wait for it together. */
double baro_task_fixed_share(const baro_task_maker *all, const baro_task_draft *task,
                             double wave_ratio);
/* All it takes on its slot, in ns. growth: factor on its work, as its data grows; fixed: its fixed share. */
double baro_task_time(const baro_task_maker *all, const baro_graph_node *node,
                      const baro_task_draft *task, double growth, const baro_crowding *crowding_of,
                      const baro_spill_room *room, double fixed);
/* Of unexplained time, what the task waited for a core, by the ratio that deserializing tells. */
double baro_task_core_wait_ns(const baro_task_maker *all, const baro_task_draft *task);
/* Longer, where its data comes over the network. */
double baro_task_away_ns(const baro_task_maker *all, const baro_task_draft *task, double size);

#endif
