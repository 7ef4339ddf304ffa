/* speedscope's own format: frames once, then a sampled profile for each thread, whose stacks stand in order of
 * time with the wall time that each stands for. Neighbours of the same stack are one. Time in which a thread
 * has no sample is an empty stack, so that the timeline stays true. Weights are as recorded, not scaled: they
 * are the lengths of intervals. */
#include <stdio.h>

#include "show/export_formats.h"
#include "show/json_writer.h"
#include "show/node_path.h"
#include "show/thread_label.h"

/* A thread's samples as runs of equal stack and state. */
typedef struct stack_run {
  uint32_t node; /* BARO_NONE_ID: no sample */
  int state;     /* -1 when states are not shown */
  uint64_t weight_ns;
} stack_run;

typedef struct run_cursor {
  const baro_profile *profile;
  const baro_export_options *options;
  uint64_t sample; /* next */
  uint64_t end;
  uint64_t time_ns; /* end of the last run */
} run_cursor;

static run_cursor runs_of(const baro_profile *profile, const baro_export_options *options,
                          const baro_profile_thread *thread) {
  run_cursor all = {
      .profile = profile,
      .options = options,
      .sample = thread->first_sample,
      .end = thread->first_sample + thread->sample_count,
      .time_ns = profile->start_ns,
  };
  return all;
}

/* Begin of sample s on the thread's timeline: not before the end of what came before it. */
static uint64_t begin_ns(const run_cursor *runs, uint64_t s) {
  const baro_profile_samples *samples = &runs->profile->samples;
  uint64_t weight_ns = samples->weight_ns[s];
  uint64_t time_ns = samples->time_ns[s];
  uint64_t start_ns = weight_ns < time_ns ? time_ns - weight_ns : 0;
  return start_ns > runs->time_ns ? start_ns : runs->time_ns;
}

static int shown_state(const run_cursor *runs, uint64_t s) {
  return runs->options->states ? runs->profile->samples.state[s] : -1;
}

static bool next_run(run_cursor *runs, stack_run *ret_run) {
  const baro_profile_samples *samples = &runs->profile->samples;
  /* Up to the recorder's rounding, neighbours touch. */
  const uint64_t touch_ns = 2000;
  if (runs->sample == runs->end) {
    return false;
  }
  uint64_t first_ns = begin_ns(runs, runs->sample);
  if (first_ns - runs->time_ns > touch_ns) {
    *ret_run =
        (stack_run){.node = BARO_NONE_ID, .state = -1, .weight_ns = first_ns - runs->time_ns};
    runs->time_ns = first_ns;
    return true;
  }
  stack_run merged = {.node = samples->node[runs->sample],
                      .state = shown_state(runs, runs->sample)};
  uint64_t start_ns = runs->time_ns;
  while (runs->sample != runs->end && samples->node[runs->sample] == merged.node &&
         shown_state(runs, runs->sample) == merged.state &&
         begin_ns(runs, runs->sample) - runs->time_ns <= touch_ns) {
    uint64_t time_ns = samples->time_ns[runs->sample++];
    runs->time_ns = time_ns > runs->time_ns ? time_ns : runs->time_ns;
  }
  merged.weight_ns = runs->time_ns - start_ns;
  *ret_run = merged;
  return true;
}

static void write_frames(baro_json *json, const baro_profile *profile,
                         const baro_export_options *options) {
  baro_json_object(json, "shared", false);
  baro_json_array(json, "frames", false);
  for (uint32_t f = 0; f < profile->frames.count; f++) {
    const baro_profile_function *function = &profile->functions.rows[profile->frames.function[f]];
    baro_view file = baro_profile_string(profile, function->file_string);
    baro_json_object(json, NULL, true);
    baro_json_string(json, "name", baro_profile_string(profile, function->qualified_string));
    if (file.length != 0) {
      baro_json_string(json, "file", file);
    }
    if (profile->frames.line[f] != 0) {
      baro_json_u64(json, "line", profile->frames.line[f]);
    }
    baro_json_end_object(json);
  }
  /* Behind them a frame for each state, as the leaf of what waits. */
  for (int state = 0; state < BARO_STATE_COUNT && options->states; state++) {
    char name[64];
    (void)snprintf(name, sizeof(name), "[%s]", baro_state_words((baro_state)state));
    baro_json_object(json, NULL, true);
    baro_json_text(json, "name", name);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
  baro_json_end_object(json);
}

static void write_stack(baro_json *json, const baro_profile *profile, baro_node_path *path,
                        const stack_run *run) {
  baro_json_array(json, NULL, true);
  if (run->node != BARO_NONE_ID) {
    baro_node_path_set(path, profile, run->node);
    for (uint32_t i = 0; i < path->count; i++) {
      baro_json_u64(json, NULL, profile->nodes.frame[path->nodes[i]]);
    }
    if (run->state >= 0 && run->state != BARO_STATE_CPU) {
      baro_json_u64(json, NULL, profile->frames.count + (uint64_t)run->state);
    }
  }
  baro_json_end_array(json);
}

/* "worker (pid 12, thread 34)" */
static void write_thread_name(baro_json *json, const baro_profile *profile,
                              const baro_profile_thread *thread) {
  baro_buffer name = {0};
  baro_write_thread_label(&name, profile, thread);
  baro_write_format(&name, "%s(pid %u, thread %u)", name.length == 0 ? "" : " ",
                    profile->processes[thread->process].os_pid, thread->os_tid);
  baro_json_string(json, "name", (baro_view){.data = name.data, .length = name.length});
  baro_buffer_release(&name);
}

static void write_thread(baro_json *json, const baro_profile *profile,
                         const baro_export_options *options, const baro_profile_thread *thread,
                         baro_node_path *path) {
  stack_run run;
  baro_json_object(json, NULL, false);
  baro_json_text(json, "type", "sampled");
  write_thread_name(json, profile, thread);
  baro_json_text(json, "unit", "nanoseconds");
  run_cursor all = runs_of(profile, options, thread);
  while (next_run(&all, &run)) {
  }
  baro_json_u64(json, "startValue", 0);
  baro_json_u64(json, "endValue", all.time_ns - profile->start_ns);
  baro_json_array(json, "samples", false);
  all = runs_of(profile, options, thread);
  while (next_run(&all, &run)) {
    write_stack(json, profile, path, &run);
  }
  baro_json_end_array(json);
  baro_json_array(json, "weights", true);
  all = runs_of(profile, options, thread);
  while (next_run(&all, &run)) {
    baro_json_u64(json, NULL, run.weight_ns);
  }
  baro_json_end_array(json);
  baro_json_end_object(json);
}

/* The thread with most time that is not idle: what to open first. */
static uint64_t busiest(const baro_profile *profile) {
  uint64_t best = 0;
  uint64_t best_ns = 0;
  uint64_t index = 0;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    if (thread->sample_count == 0) {
      continue;
    }
    uint64_t run_ns = 0;
    for (int state = 0; state < BARO_STATE_COUNT; state++) {
      run_ns += state == BARO_STATE_IDLE ? 0 : thread->run_state_ns[state];
    }
    if (run_ns > best_ns) {
      best = index;
      best_ns = run_ns;
    }
    index++;
  }
  return best;
}

baro_status baro_export_speedscope(const baro_profile *profile, const baro_export_options *options,
                                   baro_stream *output, baro_error *err) {
  baro_node_path path;
  baro_status status = baro_node_path_init(&path, profile, err);
  if (status != BARO_OK) {
    return status;
  }
  baro_json json;
  baro_json_init(&json, output, false);
  baro_json_object(&json, NULL, false);
  baro_json_text(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
  baro_json_text(&json, "exporter", "barograph " BARO_VERSION);
  if (options->name != NULL) {
    baro_json_text(&json, "name", options->name);
  }
  baro_json_u64(&json, "activeProfileIndex", busiest(profile));
  write_frames(&json, profile, options);
  baro_json_array(&json, "profiles", false);
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    if (profile->threads[t].sample_count != 0) {
      write_thread(&json, profile, options, &profile->threads[t], &path);
    }
  }
  baro_json_end_array(&json);
  baro_json_end_object(&json);
  baro_node_path_release(&path);
  return BARO_OK;
}
