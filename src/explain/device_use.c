/* What devices did, and the host meanwhile: one sweep over the ends of all tasks. */
#include <stdlib.h>
#include <string.h>

#include "explain/finding_kinds.h"
#include "explain/operator_times.h"

typedef enum doing {
  NOTHING,
  KERNEL,
  COLLECTIVE,
  COPY,
  LOADING,   /* the host, as all below: at the data loader, or what that called */
  LAUNCHING, /* in operators and calls of the runtime that do not wait */
  CODE,      /* in the program's own code */
  DOING_COUNT
} doing;

typedef struct moment {
  uint64_t at_ns;
  uint8_t of; /* doing */
  bool begins;
} moment;

static doing doing_of(const baro_profile *profile, uint32_t operator_id, bool is_loading) {
  if (baro_is_span_kind(profile, operator_id, "kernel")) {
    return KERNEL;
  }
  if (baro_is_span_kind(profile, operator_id, "collective")) {
    return COLLECTIVE;
  }
  if (baro_is_span_kind(profile, operator_id, "copy") ||
      baro_is_span_kind(profile, operator_id, "memset")) {
    return COPY;
  }
  if (is_loading) {
    return LOADING;
  }
  baro_view state;
  bool runs = baro_dataflow_fact_text(&profile->dataflow, operator_id, "state", &state) &&
              baro_view_equal(state, baro_view_of(baro_state_key(BARO_STATE_CPU)));
  return runs ? LAUNCHING : baro_is_span_kind(profile, operator_id, "annotation") ? CODE : NOTHING;
}

/* By operator; NULL: no memory. Parents stand before their parts. */
static uint8_t *doings(const baro_profile *profile) {
  const baro_dataflow *dataflow = &profile->dataflow;
  uint8_t *made = malloc((size_t)dataflow->operator_count + 1);
  for (uint32_t o = 0; made != NULL && o < dataflow->operator_count; o++) {
    uint32_t parent = dataflow->operators[o].parent;
    bool is_loading = baro_is_span_kind(profile, o, "dataloader") ||
                      (parent != BARO_NONE_ID && made[parent] == LOADING);
    made[o] = (uint8_t)doing_of(profile, o, is_loading);
  }
  return made;
}

static int compare_moments(const void *left, const void *right) {
  const moment *a = left;
  const moment *b = right;
  return a->at_ns < b->at_ns ? -1 : a->at_ns > b->at_ns;
}

/* While no kernel and no collective ran. */
static void add_idle(baro_device_use *use, const uint32_t *running, uint64_t ns) {
  use->idle_ns += ns;
  if (running[COPY] != 0) {
    use->copying_ns += ns;
  } else if (running[LOADING] != 0) {
    use->loading_ns += ns;
  } else if (running[LAUNCHING] != 0) {
    use->launching_ns += ns;
  } else if (running[CODE] != 0) {
    use->code_ns += ns;
  }
}

static void sweep(baro_device_use *use, const moment *moments, size_t count) {
  uint32_t running[DOING_COUNT] = {0};
  for (size_t m = 0; m + 1 < count; m++) {
    if (moments[m].of != NOTHING) {
      running[moments[m].of] += moments[m].begins ? 1 : UINT32_MAX; /* modulo 2^32 */
    }
    uint64_t ns = moments[m + 1].at_ns - moments[m].at_ns;
    if (running[KERNEL] == 0) {
      use->collective_alone_ns += running[COLLECTIVE] != 0 ? ns : 0;
      if (running[COLLECTIVE] == 0) {
        add_idle(use, running, ns);
      }
    }
  }
}

/* Sums over tasks, and where each begins and ends; the run's own ends, at which nothing does. */
static size_t make_moments(const baro_explanation *all, const uint8_t *what, baro_device_use *use,
                           moment *ret_moments, uint64_t *lengths) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  size_t count = 0;
  ret_moments[count++] = (moment){.at_ns = all->path.begin_ns, .of = NOTHING};
  ret_moments[count++] = (moment){.at_ns = all->path.end_ns, .of = NOTHING};
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    const baro_dataflow_task *task = &dataflow->tasks[t];
    uint8_t of = what[task->operator_id];
    uint64_t ns = baro_dataflow_task_ns(task);
    if (of == NOTHING) {
      continue;
    }
    if (of == KERNEL) {
      lengths[use->kernel_count++] = ns;
      baro_add_ns(&use->kernel_ns, ns);
    } else if (of == COLLECTIVE) {
      use->collective_count++;
      baro_add_ns(&use->collective_ns, ns);
    } else if (of == COPY) {
      use->copy_count++;
      baro_add_ns(&use->copy_ns, ns);
    }
    ret_moments[count++] = (moment){.at_ns = task->start_ns, .of = of, .begins = true};
    ret_moments[count++] = (moment){.at_ns = task->end_ns, .of = of};
  }
  qsort(ret_moments, count, sizeof(*ret_moments), compare_moments);
  return count;
}

static void add_loaders(const baro_explanation *all, const uint8_t *what, baro_device_use *use) {
  for (uint32_t r = 0; r < all->operator_count; r++) {
    const baro_operator_time *row = &all->operators[r];
    if (what[row->operator_id] == LOADING) {
      use->loader_path_ns += row->path_ns;
      baro_add_ns(&use->loader_task_ns, row->task_ns);
    }
  }
}

baro_status baro_device_use_of(const baro_explanation *all, baro_device_use *ret_use) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  uint8_t *what = doings(all->profile);
  moment *moments = malloc(((size_t)dataflow->task_count + 1) * 2 * sizeof(*moments));
  uint64_t *lengths = malloc(((size_t)dataflow->task_count + 1) * sizeof(*lengths));
  bool good = what != NULL && moments != NULL && lengths != NULL;
  *ret_use = (baro_device_use){0};
  if (good) {
    add_loaders(all, what, ret_use);
    size_t count = make_moments(all, what, ret_use, moments, lengths);
    if (ret_use->kernel_count + ret_use->collective_count != 0) {
      sweep(ret_use, moments, count);
      ret_use->median_kernel_ns = baro_median_of(lengths, ret_use->kernel_count);
    }
  }
  free(what);
  free(moments);
  free(lengths);
  return good ? BARO_OK : BARO_NO_MEMORY;
}
