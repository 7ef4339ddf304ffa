/* speedscope's own format: frames once, then a sampled profile for each thread, whose stacks stand in order of
 * time with the wall time that each stands for. Neighbours of the same stack are one. Time in which a thread
 * has no sample is an empty stack, so that the timeline stays true. Weights are as recorded, not scaled: they
 * are the lengths of intervals. A frame is a function, unless lines are asked for: its sandwich view shows each frame
 * as a function of its own.
 * Of recorded calls a stack is a call, where it began, with its own time in one piece: weights add up to the calls' own times,
 * and what was no call takes no room. */
#include <stdio.h>
#include <stdlib.h>

#include "show/export_formats.h"
#include "show/json_writer.h"
#include "show/node_path.h"
#include "show/stacks.h"
#include "show/thread_label.h"
#include "show/touch.h"

typedef struct speedscope_file {
  const baro_profile *profile;
  const baro_export_options *options;
  baro_stacks stacks;  /* owned */
  uint32_t *canonical; /* owned */
  baro_node_path path; /* owned */
  uint64_t touch_ns;
  baro_json json;
} speedscope_file;

/* A thread's samples as runs of equal stack and state. */
typedef struct stack_run {
  uint32_t node; /* BARO_NONE_ID: no sample */
  int state;     /* -1 when states are not shown */
  uint64_t weight_ns;
} stack_run;

typedef struct run_cursor {
  const speedscope_file *file;
  const baro_profile_thread *thread;
  uint64_t index; /* of the next entry */
  uint64_t count;
  uint64_t time_ns; /* end of the last run */
} run_cursor;

static run_cursor runs_of(const speedscope_file *file, const baro_profile_thread *thread) {
  return (run_cursor){
      .file = file,
      .thread = thread,
      .count = baro_stacks_count(&file->stacks, thread),
      .time_ns = file->profile->start_ns,
  };
}

/* A piece of the thread's timeline: it does not begin before the end of what came before it. */
typedef struct piece {
  uint32_t node;
  int state;
  uint64_t start_ns;
  uint64_t end_ns;
} piece;

static piece next_piece(const run_cursor *runs) {
  const speedscope_file *file = runs->file;
  baro_stack_entry entry = baro_stacks_entry(&file->stacks, runs->thread, runs->index);
  piece next = {.node = file->canonical[entry.node],
                .state = file->options->states ? (int)entry.state : -1,
                .start_ns = entry.start_ns > runs->time_ns ? entry.start_ns : runs->time_ns,
                .end_ns = entry.end_ns > runs->time_ns ? entry.end_ns : runs->time_ns};
  if (file->stacks.of_calls) {
    next.state = -1;
    next.start_ns = runs->time_ns;
    next.end_ns = runs->time_ns + (entry.end_ns - entry.start_ns);
  }
  return next;
}

static bool next_run(run_cursor *runs, stack_run *ret_run) {
  const uint64_t touch_ns = runs->file->touch_ns;
  if (runs->index == runs->count) {
    return false;
  }
  piece first = next_piece(runs);
  if (first.start_ns - runs->time_ns > touch_ns) {
    *ret_run =
        (stack_run){.node = BARO_NONE_ID, .state = -1, .weight_ns = first.start_ns - runs->time_ns};
    runs->time_ns = first.start_ns;
    return true;
  }
  uint64_t start_ns = runs->time_ns;
  while (runs->index != runs->count) {
    piece next = next_piece(runs);
    if (next.node != first.node || next.state != first.state ||
        next.start_ns - runs->time_ns > touch_ns) {
      break;
    }
    runs->time_ns = next.end_ns;
    runs->index++;
  }
  *ret_run =
      (stack_run){.node = first.node, .state = first.state, .weight_ns = runs->time_ns - start_ns};
  return true;
}

static void write_frame(speedscope_file *file, uint32_t f, uint32_t line) {
  baro_json *json = &file->json;
  baro_stack_function function = baro_stacks_function(&file->stacks, f);
  baro_json_object(json, NULL, true);
  baro_json_string(json, "name", function.qualified);
  if (function.file.length != 0) {
    baro_json_string(json, "file", function.file);
  }
  line = line == 0 ? function.first_line : line;
  if (line != 0) {
    baro_json_u64(json, "line", line);
  }
  baro_json_end_object(json);
}

/* Frames of the file are functions or, with lines, the profile's frames. */
static uint32_t frame_count(const speedscope_file *file) {
  return file->options->lines ? file->stacks.frame_count : file->stacks.function_count;
}

static void write_frames(speedscope_file *file) {
  const baro_stacks *stacks = &file->stacks;
  baro_json *json = &file->json;
  baro_json_object(json, "shared", false);
  baro_json_array(json, "frames", false);
  for (uint32_t f = 0; f < frame_count(file); f++) {
    if (file->options->lines) {
      write_frame(file, stacks->frame_function[f], baro_stacks_line(stacks, f));
    } else {
      write_frame(file, f, 0);
    }
  }
  /* Behind them a frame for each state, as the leaf of what waits. */
  for (int state = 0; state < BARO_STATE_COUNT && file->options->states; state++) {
    char name[64];
    (void)snprintf(name, sizeof(name), "[%s]", baro_state_words((baro_state)state));
    baro_json_object(json, NULL, true);
    baro_json_text(json, "name", name);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
  baro_json_end_object(json);
}

static void write_stack(speedscope_file *file, const stack_run *run) {
  const baro_stacks *stacks = &file->stacks;
  baro_json *json = &file->json;
  baro_json_array(json, NULL, true);
  if (run->node != BARO_NONE_ID) {
    baro_node_path_set(&file->path, stacks, run->node);
    for (uint32_t i = 0; i < file->path.count; i++) {
      uint32_t frame = stacks->frame[file->path.nodes[i]];
      baro_json_u64(json, NULL, file->options->lines ? frame : stacks->frame_function[frame]);
    }
    if (run->state >= 0 && run->state != BARO_STATE_CPU) {
      baro_json_u64(json, NULL, frame_count(file) + (uint64_t)run->state);
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

/* The schema knows units of time, and two others. */
static const char *unit_of(const speedscope_file *file) {
  baro_view unit = baro_profile_weight_unit(file->profile);
  bool is_bytes = baro_view_equal(unit, baro_view_of("bytes"));
  return file->stacks.of_calls || unit.length == 0 ? "nanoseconds" : is_bytes ? "bytes" : "none";
}

static void write_thread(speedscope_file *file, const baro_profile_thread *thread) {
  baro_json *json = &file->json;
  stack_run run;
  baro_json_object(json, NULL, false);
  baro_json_text(json, "type", "sampled");
  write_thread_name(json, file->profile, thread);
  baro_json_text(json, "unit", unit_of(file));
  run_cursor all = runs_of(file, thread);
  while (next_run(&all, &run)) {
  }
  baro_json_u64(json, "startValue", 0);
  baro_json_u64(json, "endValue", all.time_ns - file->profile->start_ns);
  baro_json_array(json, "samples", false);
  all = runs_of(file, thread);
  while (next_run(&all, &run)) {
    write_stack(file, &run);
  }
  baro_json_end_array(json);
  baro_json_array(json, "weights", true);
  all = runs_of(file, thread);
  while (next_run(&all, &run)) {
    baro_json_u64(json, NULL, run.weight_ns);
  }
  baro_json_end_array(json);
  baro_json_end_object(json);
}

/* Time of the thread that is not idle. */
static uint64_t busy_ns(const speedscope_file *file, const baro_profile_thread *thread) {
  uint64_t busy = thread->calls_self_ns;
  if (!file->stacks.of_calls) {
    busy = 0;
    for (int state = 0; state < BARO_STATE_COUNT; state++) {
      busy += state == BARO_STATE_IDLE ? 0 : thread->run_state_ns[state];
    }
  }
  return busy;
}

/* The thread with most of it: what to open first. A number, also where there is none: null is against the schema. */
static uint64_t busiest(const speedscope_file *file) {
  uint64_t best = 0;
  uint64_t best_ns = 0;
  uint64_t index = 0;
  for (uint32_t t = 0; t < file->profile->thread_count; t++) {
    const baro_profile_thread *thread = &file->profile->threads[t];
    if (baro_stacks_count(&file->stacks, thread) == 0) {
      continue;
    }
    uint64_t thread_ns = busy_ns(file, thread);
    if (thread_ns > best_ns) {
      best = index;
      best_ns = thread_ns;
    }
    index++;
  }
  return best;
}

static void write_all(speedscope_file *file) {
  baro_json *json = &file->json;
  baro_json_object(json, NULL, false);
  baro_json_text(json, "$schema", "https://www.speedscope.app/file-format-schema.json");
  baro_json_text(json, "exporter", "barograph " BARO_VERSION);
  if (file->options->name != NULL) {
    baro_json_text(json, "name", file->options->name);
  }
  baro_json_u64(json, "activeProfileIndex", busiest(file));
  write_frames(file);
  baro_json_array(json, "profiles", false);
  for (uint32_t t = 0; t < file->profile->thread_count; t++) {
    if (baro_stacks_count(&file->stacks, &file->profile->threads[t]) != 0) {
      write_thread(file, &file->profile->threads[t]);
    }
  }
  baro_json_end_array(json);
  baro_json_end_object(json);
}

baro_status baro_export_speedscope(const baro_profile *profile, const baro_export_options *options,
                                   baro_stream *output, baro_error *err) {
  speedscope_file file = {
      .profile = profile, .options = options, .touch_ns = baro_touch_ns(profile)};
  baro_status status = baro_stacks_init(&file.stacks, profile, options->of_calls, err);
  if (status != BARO_OK) {
    return status;
  }
  status = baro_stacks_canonical(&file.stacks, options->lines, &file.canonical);
  if (status == BARO_OK) {
    status = baro_node_path_init(&file.path, &file.stacks, NULL);
  }
  if (status == BARO_OK) {
    baro_json_init(&file.json, output, false);
    write_all(&file);
  }
  baro_node_path_release(&file.path);
  free(file.canonical);
  baro_stacks_release(&file.stacks);
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
}
