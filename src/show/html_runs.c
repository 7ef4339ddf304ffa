#include "show/html_runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/os_cpu.h"

/* 255 = 15 * 17: shares in seventeen steps are still right at both ends. */
enum { SHARE_ALL = 255, SHARE_STEP_COARSE = 17, STEP_FACTOR = 2 };

/* Of coarser steps a timeline would have no use. */
static const uint64_t STEP_MAX_NS = UINT64_C(1) << 40;

/* By which the running part of what becomes one run may differ. */
static const double RUNNING_MARGIN = 1.0 / 16;

/* A run that may still grow. */
typedef struct open_run {
  uint64_t start;
  uint64_t end; /* = start: there is none */
  double run_ns;
  double time_ns;
  double running_ns; /* of time_ns: it was not waiting for a CPU */
  uint32_t node;
  uint8_t state;
} open_run;

/* The columns, and where the thread at hand is. */
typedef struct run_lane {
  uint64_t origin_ns;
  uint64_t step_ns;    /* ticks that are told apart */
  uint64_t step_ticks; /* the same in ticks of the page */
  uint64_t written;    /* end of the last run that is in the columns, in steps */
  uint64_t count;      /* of the thread's runs */
  uint64_t all;        /* of all threads' */
  open_run open;
  baro_html_column *counts; /* all NULL where runs are only counted */
  baro_html_column *gaps;
  baro_html_column *times;
  baro_html_column *entry_ranks;
  baro_html_column *shares;
  baro_html_column *runnings; /* NULL also where nothing waited for a CPU */
  baro_html_entries *entries; /* borrowed */
  uint32_t first_entry;       /* of the next thread */
  unsigned share_step;        /* shares are told in multiples of it */
} run_lane;

static void begin_section(run_lane *lane, baro_html_sections *sections, const char *tree) {
  char title[BARO_HTML_NAME_BYTES];
  (void)snprintf(title, sizeof(title), "runs:%s", tree);
  baro_html_begin(sections, title, true);
  lane->counts = baro_html_column_begin(sections, "count", BARO_HTML_UNSIGNED);
  lane->gaps = baro_html_column_begin(sections, "gap", BARO_HTML_UNSIGNED);
  lane->times = baro_html_column_begin(sections, "time", BARO_HTML_UNSIGNED);
  lane->entry_ranks = baro_html_column_begin(sections, "entry", BARO_HTML_UNSIGNED);
  lane->shares = baro_html_column_begin(sections, "share", BARO_HTML_BYTE);
}

static uint64_t share_of(const run_lane *lane, double part_ns, double whole_ns) {
  double share = whole_ns > 0 ? fmin(part_ns / whole_ns, 1) : 1;
  return (uint64_t)floor(share * SHARE_ALL / lane->share_step + 0.5) * lane->share_step;
}

static void close_run(run_lane *lane) {
  open_run *run = &lane->open;
  if (run->end <= run->start) {
    return;
  }
  if (lane->entry_ranks != NULL) {
    baro_html_put(lane->gaps, (run->start - lane->written) * lane->step_ticks);
    baro_html_put(lane->times, (run->end - run->start) * lane->step_ticks);
    baro_html_put(lane->entry_ranks, baro_html_entry_rank(lane->entries, run->node, run->state));
    baro_html_put(lane->shares, share_of(lane, run->run_ns, run->time_ns));
    if (lane->runnings != NULL) {
      baro_html_put(lane->runnings, share_of(lane, run->running_ns, run->time_ns));
    }
  }
  lane->written = run->end;
  lane->count++;
  *run = (open_run){.start = lane->written, .end = lane->written};
}

static void begin_thread(run_lane *lane, uint32_t thread) {
  if (lane->entry_ranks != NULL) {
    baro_html_entries_of_thread(lane->entries, thread, &lane->first_entry);
  }
}

static void end_thread(run_lane *lane) {
  close_run(lane);
  baro_html_put(lane->counts, lane->count);
  lane->all += lane->count;
  lane->written = lane->count = 0;
  lane->open = (open_run){0};
}

static uint64_t steps_at(const run_lane *lane, uint64_t time_ns) {
  return time_ns > lane->origin_ns ? (time_ns - lane->origin_ns) / lane->step_ns : 0;
}

/* On the run queue: what waited for a CPU would be spread over all of a run that goes on for seconds. */
static bool ran_as_much(const open_run *open, const open_run *next) {
  double running_ns = next->running_ns * open->time_ns;
  return fabs(open->running_ns * next->time_ns - running_ns) <=
         RUNNING_MARGIN * open->time_ns * next->time_ns;
}

/* Time goes on: what begins before the end of what was there begins at it, and what gets no tick is gone. */
static void add_run(run_lane *lane, const open_run *next) {
  open_run *open = &lane->open;
  uint64_t start = next->start > open->end ? next->start : open->end;
  if (next->end <= start) {
    return;
  }
  if (open->end > open->start && start == open->end && open->node == next->node &&
      open->state == next->state && ran_as_much(open, next)) {
    open->end = next->end;
    open->run_ns += next->run_ns;
    open->time_ns += next->time_ns;
    open->running_ns += next->running_ns;
    return;
  }
  close_run(lane);
  *open = *next;
  open->start = start;
}

/* --- Samples --- */

/* As in html_entries.c. */
enum { NUMBER_AHEAD = 32, RANK_AHEAD = 16 };

static void add_samples(run_lane *lane, const baro_profile *profile, const uint32_t *of_node,
                        const baro_profile_thread *thread) {
  const baro_profile_samples *samples = &profile->samples;
  uint64_t end = thread->first_sample + thread->sample_count;
  for (uint64_t s = thread->first_sample; s < end; s++) {
    if (end - s > NUMBER_AHEAD) {
      BARO_OS_FETCH(&of_node[samples->node[s + NUMBER_AHEAD]]);
      BARO_OS_FETCH(&lane->entries->newest[of_node[samples->node[s + RANK_AHEAD]]]);
    }
    uint64_t end_ns = samples->time_ns[s], weight_ns = samples->weight_ns[s];
    baro_sample_split split = baro_profile_sample_split(profile, thread, s);
    open_run next = {
        .start = steps_at(lane, end_ns > weight_ns ? end_ns - weight_ns : 0),
        .end = steps_at(lane, end_ns),
        .run_ns = (double)samples->run_ns[s],
        .time_ns = split.state_ns + split.runnable_ns,
        .running_ns = split.state_ns,
        .node = of_node[samples->node[s]],
        .state = samples->state[s],
    };
    add_run(lane, &next);
  }
  end_thread(lane);
}

static uint64_t runs_that_fit(const baro_html_page *page, baro_html_tree_kind kind) {
  return (uint64_t)(page->room.runs_bytes[kind] / BARO_HTML_RUN_BYTES);
}

static void coarsen(const baro_html_page *page, run_lane *lane) {
  lane->step_ticks *= STEP_FACTOR;
  lane->step_ns = page->tick_ns * lane->step_ticks;
}

/* All threads of all sides. */
static void walk_samples(const baro_html_page *page, run_lane *lane) {
  lane->all = 0;
  for (unsigned side = 0; side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    const uint32_t *of_node = page->trees[BARO_HTML_OF_SAMPLES].of_source[side];
    lane->origin_ns = page->origin_ns[side];
    for (uint32_t t = 0; t < profile->thread_count; t++) {
      begin_thread(lane, page->first_thread[side] + t);
      add_samples(lane, profile, of_node, &profile->threads[t]);
    }
  }
}

static bool any_waited_for_cpu(const baro_html_page *page) {
  bool any = false;
  for (unsigned side = 0; side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    for (uint32_t t = 0; t < profile->thread_count; t++) {
      any |= profile->threads[t].state_ns[BARO_STATE_RUNNABLE] > 0;
    }
  }
  return any;
}

void baro_html_runs_of_samples(baro_html_page *page, baro_html_entries *entries,
                               baro_html_sections *sections) {
  uint64_t samples = 0;
  for (unsigned side = 0; side < page->side_count; side++) {
    samples += page->profiles[side]->samples.count;
  }
  run_lane lane = {.step_ns = page->tick_ns,
                   .step_ticks = 1,
                   .share_step = samples > BARO_HTML_FINE_SAMPLES ? SHARE_STEP_COARSE : 1,
                   .entries = entries};
  /* Counting them takes as long as writing them: only where they may be too many. */
  uint64_t most = runs_that_fit(page, BARO_HTML_OF_SAMPLES);
  if (entries->run_count > most) {
    walk_samples(page, &lane);
    while (lane.all > most && lane.step_ns < STEP_MAX_NS) {
      coarsen(page, &lane);
      walk_samples(page, &lane);
    }
  }
  page->step_ticks[BARO_HTML_OF_SAMPLES] = lane.step_ticks;
  begin_section(&lane, sections, baro_html_tree_names[BARO_HTML_OF_SAMPLES]);
  if (any_waited_for_cpu(page)) {
    lane.runnings = baro_html_column_begin(sections, "running", BARO_HTML_BYTE);
  }
  walk_samples(page, &lane);
  page->trees[BARO_HTML_OF_SAMPLES].runs = lane.all;
  baro_html_end(sections);
}

/* --- Calls --- */

/* A call that has not ended at the moment that the walk has come to. */
typedef struct active_call {
  uint64_t end_ns;
  uint32_t node;
} active_call;

typedef struct call_stack {
  active_call *rows; /* owned */
  size_t count;
  size_t capacity;
  uint64_t now_ns;
} call_stack;

/* The top of the stack has the time until until_ns, but for what ended before: then the next one has it. */
static void advance(call_stack *stack, run_lane *lane, uint64_t until_ns) {
  while (stack->count > 0 && stack->now_ns < until_ns) {
    active_call *top = &stack->rows[stack->count - 1];
    uint64_t end_ns = top->end_ns < until_ns ? top->end_ns : until_ns;
    if (end_ns > stack->now_ns) {
      open_run next = {.start = steps_at(lane, stack->now_ns),
                       .end = steps_at(lane, end_ns),
                       .node = top->node,
                       .state = BARO_HTML_STATE_OF_CALLS};
      add_run(lane, &next);
      stack->now_ns = end_ns;
    }
    stack->count -= top->end_ns <= end_ns;
  }
  stack->now_ns = until_ns;
}

static bool push(call_stack *stack, active_call call) {
  if (stack->count == stack->capacity) {
    size_t capacity = stack->capacity == 0 ? 256 : stack->capacity * 2;
    active_call *rows = realloc(stack->rows, capacity * sizeof(*rows));
    if (rows == NULL) {
      return false;
    }
    stack->rows = rows;
    stack->capacity = capacity;
  }
  stack->rows[stack->count++] = call;
  return true;
}

/* suspendable: the next row of those that can be suspended; they ascend by call, as the walk does. */
static bool add_calls(run_lane *lane, call_stack *stack, const baro_profile *profile,
                      const uint32_t *of_call, const baro_profile_thread *thread,
                      uint32_t *suspendable) {
  const baro_profile_calls *calls = &profile->calls;
  for (uint32_t c = thread->first_call; c < thread->first_call + thread->call_count; c++) {
    bool was_suspended = false;
    if (*suspendable < calls->suspendable_count && calls->suspendable_call[*suspendable] == c) {
      was_suspended = calls->suspendable_resumes[*suspendable] > 0;
      ++*suspendable;
    }
    advance(stack, lane, calls->start_ns[c]);
    active_call call = {.end_ns = calls->start_ns[c] + baro_call_clocked_ns(calls, c),
                        .node = of_call[c]};
    if (!was_suspended && !push(stack, call)) {
      return false;
    }
  }
  advance(stack, lane, UINT64_MAX);
  stack->now_ns = 0;
  end_thread(lane);
  return true;
}

/* All threads of all sides. */
static bool walk_calls(const baro_html_page *page, run_lane *lane) {
  call_stack stack = {0};
  bool good = true;
  lane->all = 0;
  for (unsigned side = 0; good && side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    const uint32_t *of_call = page->trees[BARO_HTML_OF_CALLS].of_source[side];
    uint32_t suspendable = 0;
    lane->origin_ns = page->origin_ns[side];
    for (uint32_t t = 0; good && t < profile->thread_count; t++) {
      begin_thread(lane, page->first_thread[side] + t);
      good = add_calls(lane, &stack, profile, of_call, &profile->threads[t], &suspendable);
    }
  }
  free(stack.rows);
  return good;
}

baro_status baro_html_runs_of_calls(baro_html_page *page, baro_html_entries *entries,
                                    baro_html_sections *sections, baro_error *err) {
  run_lane lane = {.step_ns = page->tick_ns, .step_ticks = 1, .share_step = 1, .entries = entries};
  bool good = walk_calls(page, &lane); /* only counted: there are no columns yet */
  uint64_t most = runs_that_fit(page, BARO_HTML_OF_CALLS);
  most = most < BARO_HTML_CALL_RUNS_MAX ? most : BARO_HTML_CALL_RUNS_MAX;
  while (good && lane.all > most && lane.step_ns < STEP_MAX_NS) {
    coarsen(page, &lane);
    good = walk_calls(page, &lane);
  }
  page->step_ticks[BARO_HTML_OF_CALLS] = lane.step_ticks;
  begin_section(&lane, sections, baro_html_tree_names[BARO_HTML_OF_CALLS]);
  good = good && walk_calls(page, &lane);
  page->trees[BARO_HTML_OF_CALLS].runs = lane.all;
  baro_html_end(sections);
  return good ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}
