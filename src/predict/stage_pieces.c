/* How many tasks a stage has under a change, and what of the recorded ones each has. */
#include <math.h>

#include "predict/task_build.h"

/* --- how many tasks, and how large --- */

/* spark.sql.files.maxPartitionBytes by its default: a scan that is cut by the number of cores has no larger pieces. */
static const double SCAN_BYTES_MAX = 128 * 1024 * 1024;

static uint32_t scaled_count(uint32_t count, double ratio) {
  double wanted = round((double)count * ratio);
  return wanted < 1 ? 1 : wanted > BARO_TASK_TIMES_MAX ? BARO_TASK_TIMES_MAX : (uint32_t)wanted;
}

/* How many times as many tasks read that much more input: files are cut in splits of a size, or by the number of cores while
 * the pieces are small. */
static double split_ratio(const baro_graph_node *node, double input_ratio) {
  double count = (double)node->plan.task_count;
  if (node->pieces_max == 0) {
    return input_ratio;
  }
  double pieces = ceil(node->read_bytes * input_ratio / SCAN_BYTES_MAX);
  return pieces > count ? pieces / count : 1;
}

baro_stage_size baro_stage_resize(const baro_task_maker *all, const baro_graph_node *node) {
  const baro_change *change = all->input->change;
  uint32_t count = node->plan.task_count;
  baro_stage_size to = {.count = count, .size = 1};
  double work = 1;
  if (change->input_ratio < 1 || change->input_ratio > 1) {
    work = pow(change->input_ratio, all->input->terms[BARO_TERM_INPUT_POWER]);
    if (node->reads_input && !node->reads_shuffle) {
      to.count = scaled_count(count, split_ratio(node, change->input_ratio));
      to.size = work * (double)count / (double)to.count;
    } else {
      to.size =
          node->reads_shuffle ? work : 1 + all->input->terms[BARO_TERM_INPUT_OTHERS] * (work - 1);
    }
  }
  if (change->changes_partitions && node->reads_shuffle && count > 1) {
    to.count = change->partitions_ratio > 0 ? scaled_count(count, change->partitions_ratio)
                                            : change->partitions_count;
    to.is_cut = true;
  } else if (node->pieces_max > 0 && all->slot_count != all->input->graph->slot_count &&
             all->input->terms[BARO_TERM_PARALLELISM] >= 0.5) {
    to.count = all->slot_count < node->pieces_max ? all->slot_count : node->pieces_max;
    to.is_cut = true;
  }
  to.size = to.is_cut ? work : to.size; /* cutting keeps the sum */
  return to;
}

/* --- tasks before the models --- */

static double work_of(const baro_graph_task *task) {
  double work_ns = 0;
  for (int n = 0; n < BARO_NEED_COUNT; n++) {
    work_ns += n == BARO_NEED_FIXED ? 0 : (double)task->need_ns[n];
  }
  return work_ns;
}

void baro_task_draft_add(baro_task_draft *to, const baro_graph_task *from, double work,
                         double data) {
  for (int n = 0; n < BARO_NEED_COUNT; n++) {
    if (n != BARO_NEED_FIXED) {
      to->need_ns[n] += work * (double)from->need_ns[n];
    }
  }
  to->shuffled_bytes += data * ((double)from->remote_bytes + (double)from->local_bytes);
  to->remote_bytes += data * (double)from->remote_bytes;
  to->near_bytes += data * ((double)from->local_bytes + (double)from->input_bytes);
  to->spilled_bytes += data * (double)from->spilled_bytes;
  to->spilled_disk_bytes += data * (double)from->spilled_disk_bytes;
  to->peak_bytes += data * (double)from->peak_bytes;
}

baro_task_draft baro_task_draft_begin(const baro_graph_task *from) {
  baro_task_draft to = {.dispatch_ns = (double)from->dispatch_ns,
                        .was_first = from->was_first,
                        .is_early = from->is_early};
  to.need_ns[BARO_NEED_FIXED] = (double)from->need_ns[BARO_NEED_FIXED];
  return to;
}

static double offset_of(const baro_stage_cut *cut, uint32_t task) {
  return cut->offsets != NULL ? cut->offsets[task] : (double)task;
}

/* How much of a task's data goes into a piece that has that share of its bytes: one key stays whole. */
static double data_of(const baro_stage_cut *cut, uint32_t task, double share, bool begins) {
  double work_ns = work_of(&cut->tasks[task]);
  double whole = work_ns > cut->middle_ns ? cut->skew * (work_ns - cut->middle_ns) / work_ns : 0;
  return share * (1 - whole) + (begins ? whole : 0);
}

/* How much of its work goes with that part of its data. */
static double part_of(const baro_stage_cut *cut, uint32_t task, double data, bool is_first) {
  const baro_graph_task *one = &cut->tasks[task];
  if (one->is_early && cut->warming > 0) {
    double warming = baro_warming_share(cut->warming, (double)one->need_ns[BARO_NEED_CPU]);
    return (1 - warming) * data + (is_first ? warming : 0);
  }
  return !is_first && one->was_first ? data / cut->wave_ratio : data;
}

/* The task whose data is at that offset. */
static uint32_t task_at(const baro_stage_cut *cut, double offset) {
  uint32_t low = 0;
  uint32_t high = cut->count - 1;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (offset_of(cut, middle + 1) <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

baro_task_draft baro_stage_piece(const baro_stage_cut *cut, uint32_t piece) {
  double all = offset_of(cut, cut->count);
  double from = (double)piece * all / (double)cut->pieces;
  double to = (double)(piece + 1) * all / (double)cut->pieces;
  uint32_t first = task_at(cut, from);
  baro_task_draft made = baro_task_draft_begin(&cut->tasks[first]);
  for (uint32_t t = first; t < cut->count && offset_of(cut, t) < to; t++) {
    double start = offset_of(cut, t);
    double stop = offset_of(cut, t + 1);
    double begin = from > start ? from : start;
    double end = to < stop ? to : stop;
    if (end > begin) {
      double share = (end - begin) / (stop - start);
      double data = data_of(cut, t, share, begin <= start);
      baro_task_draft_add(&made, &cut->tasks[t], part_of(cut, t, data, t == first), data);
    }
  }
  return made;
}

const double *baro_stage_offsets(const baro_graph_task *tasks, uint32_t count, baro_arena *keep) {
  double *offsets = baro_arena_array(keep, (size_t)count + 1, sizeof(*offsets));
  for (uint32_t t = 0; t < count && offsets != NULL; t++) {
    if (!(tasks[t].input_bytes > 0)) {
      return NULL;
    }
    offsets[t + 1] = offsets[t] + (double)tasks[t].input_bytes;
  }
  return offsets;
}

double baro_stage_mean_ns(const baro_graph_task *tasks, uint32_t count) {
  double sum_ns = 0;
  for (uint32_t t = 0; t < count; t++) {
    sum_ns += work_of(&tasks[t]);
  }
  return count > 0 ? sum_ns / (double)count : 0;
}

double baro_stage_evenness(const baro_graph_task *tasks, uint32_t count, double wave_ratio) {
  double longest_ns = 0;
  double sum_ns = 0;
  for (uint32_t t = 0; t < count; t++) {
    double work_ns = work_of(&tasks[t]) / (tasks[t].was_first ? wave_ratio : 1);
    longest_ns = work_ns > longest_ns ? work_ns : longest_ns;
    sum_ns += work_ns;
  }
  return longest_ns > 0 ? sum_ns / longest_ns / (double)count : 1;
}
