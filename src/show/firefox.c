/* The Firefox Profiler's processed format, version 57: https://profiler.firefox.com. It is an old version on purpose, the last
 * before the tables of all threads became one: newer profilers read all older versions, and other tools read this one.
 * A thread has its own tables of functions, frames and stacks, with what its samples use. What it did is the category of a
 * stack's innermost frame, so a frame in which threads ran and waited stands there once for each. Samples have their weight
 * in ms, and the CPU time since the one before; a sample whose time on the run queue was running and waiting in part is two.
 * A recorded call is a sample where it began, of the weight of its own time, and a marker from there to its end (firefox_markers.c).
 * Of a command line only the program is told: profiles are handed on. */
#include <stdio.h>
#include <stdlib.h>

#include "show/export_formats.h"
#include "show/firefox_parts.h"
#include "show/stacks.h"
#include "show/thread_label.h"
#include "show/used_rows.h"

enum { NO_VALUE = -1 };

typedef struct firefox_file {
  const baro_profile *profile;
  baro_stacks stacks; /* owned */
  baro_view unit;     /* of amounts that are no time; "" for time */
  baro_json json;
  baro_firefox_texts texts; /* owned */
  baro_used_rows nodes;
  baro_used_rows frames;
  baro_used_rows functions;
  bool failed; /* out of memory */
} firefox_file;

static const struct {
  const char *name;
  const char *color;
} categories[BARO_STATE_COUNT] = {
    /* The profiler wants one that is grey, for what has none. Names are the words of reports, but "Idle", which it knows. */
    [BARO_STATE_UNKNOWN] = {"Other", "grey"},
    [BARO_STATE_CPU] = {"Running", "yellow"},
    [BARO_STATE_RUNNABLE] = {"Waiting for a CPU", "orange"},
    [BARO_STATE_GIL] = {"Waiting for the GIL", "red"},
    [BARO_STATE_LOCK] = {"Waiting for a lock", "purple"},
    [BARO_STATE_DISK] = {"Waiting for disk", "blue"},
    [BARO_STATE_NETWORK] = {"Waiting for network", "lightblue"},
    [BARO_STATE_PIPE] = {"Waiting for a pipe", "green"},
    [BARO_STATE_CHILD] = {"Waiting for a child", "lightgreen"},
    [BARO_STATE_SLEEP] = {"Sleeping", "darkgrey"},
    [BARO_STATE_IDLE] = {"Idle", "transparent"},
    [BARO_STATE_COLLECTOR] = {"Collecting garbage", "magenta"},
    [BARO_STATE_GPU] = {"Using a GPU", "brown"},
    [BARO_STATE_COPY] = {"Copying to or from a GPU", "lightred"},
};

/* --- what a thread uses --- */

/* The state of frames that are not the innermost ones. */
static int base_state(const firefox_file *file) {
  return file->stacks.of_calls ? BARO_STATE_UNKNOWN : BARO_STATE_CPU;
}

static void use_stack(firefox_file *file, uint32_t node, int state) {
  baro_used_add(&file->nodes, node, state);
  for (node = file->stacks.parent_node[node]; node != 0 && node != BARO_NONE_ID;
       node = file->stacks.parent_node[node]) {
    if ((file->nodes.states[node] >> base_state(file) & 1) != 0) {
      return; /* and so are those above it */
    }
    baro_used_add(&file->nodes, node, base_state(file));
  }
}

/* --- rows of a thread's samples --- */

typedef struct sample_row {
  uint32_t node; /* BARO_NONE_ID: no stack, of no weight: the end of a time without samples */
  int state;
  uint64_t time_ns;
  uint64_t weight_ns;
  uint64_t cpu_ns;
} sample_row;

typedef struct row_cursor {
  const firefox_file *file;
  const baro_profile_thread *thread;
  uint64_t entry;
  uint64_t end_ns; /* of the last entry; 0: there was none */
  bool second;     /* of the two that an entry is */
  double carry_ns; /* that rounding took: the sum stays true */
} row_cursor;

/* The next part of an entry, be it 0. */
static sample_row next_part(row_cursor *rows, const baro_stack_entry *entry) {
  bool waits = entry->runnable_ns > 0 && !rows->second; /* first, so that the other ends in time */
  uint64_t weight_ns = baro_whole(waits ? entry->runnable_ns : entry->state_ns, &rows->carry_ns);
  bool ran = !waits && (entry->state == BARO_STATE_CPU || entry->state == BARO_STATE_COLLECTOR);
  uint64_t time_ns = rows->file->stacks.of_calls ? entry->start_ns : entry->end_ns;
  if (waits) {
    double span_ns = (double)(entry->end_ns - entry->start_ns);
    double all_ns = entry->state_ns + entry->runnable_ns;
    uint64_t part_ns = baro_whole(span_ns * (entry->runnable_ns / all_ns), &(double){0});
    time_ns = part_ns < entry->end_ns - entry->start_ns ? entry->start_ns + part_ns : entry->end_ns;
  }
  rows->second = waits;
  rows->entry += waits ? 0 : 1;
  rows->end_ns = waits ? rows->end_ns : entry->end_ns;
  return (sample_row){
      .node = entry->node,
      .state = waits ? BARO_STATE_RUNNABLE : (int)entry->state,
      .time_ns = time_ns,
      .weight_ns = weight_ns,
      .cpu_ns = ran ? weight_ns : 0,
  };
}

static bool next_row(row_cursor *rows, sample_row *ret_row) {
  const uint64_t touch_ns = 2000; /* up to the recorder's rounding, neighbours touch */
  const baro_stacks *stacks = &rows->file->stacks;
  uint64_t count = baro_stacks_count(stacks, rows->thread);
  while (rows->entry != count) {
    baro_stack_entry entry = baro_stacks_entry(stacks, rows->thread, rows->entry);
    /* CPU time of a thread's first sample is ignored: so there is one before all. */
    if (!stacks->of_calls && !rows->second &&
        (rows->end_ns == 0 || entry.start_ns > rows->end_ns + touch_ns)) {
      rows->end_ns = entry.start_ns > 1 ? entry.start_ns : 1;
      *ret_row = (sample_row){.node = BARO_NONE_ID, .time_ns = entry.start_ns};
      return true;
    }
    *ret_row = next_part(rows, &entry);
    if (ret_row->weight_ns != 0) {
      return true;
    }
  }
  return false;
}

static row_cursor rows_of(const firefox_file *file, const baro_profile_thread *thread) {
  return (row_cursor){.file = file, .thread = thread};
}

static uint64_t since_start(const baro_profile *profile, uint64_t time_ns) {
  return time_ns > profile->start_ns ? time_ns - profile->start_ns : 0;
}

/* Columns are written one after the other: the rows are walked through for each. */
typedef enum sample_column { STACK, TIME, WEIGHT, CPU_DELTA } sample_column;

static void put_stack(firefox_file *file, const sample_row *row) {
  if (row->node == BARO_NONE_ID) {
    baro_stream_text(file->json.output, "null");
  } else {
    baro_stream_u64(file->json.output, baro_used_id(&file->nodes, row->node, row->state));
  }
}

static void put_sample_column(firefox_file *file, const baro_profile_thread *thread,
                              const char *name, sample_column column) {
  baro_stream *output = file->json.output;
  row_cursor rows = rows_of(file, thread);
  sample_row row;
  uint64_t last_ns = 0;
  baro_json_array(&file->json, name, true);
  for (bool any = false; next_row(&rows, &row); any = true) {
    if (any) {
      baro_stream_char(output, ',');
    }
    switch (column) {
    case STACK: put_stack(file, &row); break;
    case TIME:
      last_ns = row.time_ns > last_ns ? row.time_ns : last_ns; /* never goes back */
      baro_firefox_ms(output, since_start(file->profile, last_ns));
      break;
    case WEIGHT:
      if (file->unit.length == 0) {
        baro_firefox_ms(output, row.weight_ns);
      } else {
        baro_stream_u64(output, row.weight_ns);
      }
      break;
    case CPU_DELTA: baro_stream_u64(output, row.cpu_ns); break;
    }
  }
  baro_json_end_array(&file->json);
}

static void put_samples(firefox_file *file, const baro_profile_thread *thread) {
  uint64_t count = 0;
  sample_row row;
  for (row_cursor rows = rows_of(file, thread); next_row(&rows, &row);) {
    count++;
  }
  baro_json_object(&file->json, "samples", false);
  put_sample_column(file, thread, "stack", STACK);
  put_sample_column(file, thread, "time", TIME);
  put_sample_column(file, thread, "weight", WEIGHT);
  if (!file->stacks.of_calls && file->unit.length == 0) {
    put_sample_column(file, thread, "threadCPUDelta", CPU_DELTA);
  }
  bool is_bytes = baro_view_equal(file->unit, baro_view_of("bytes"));
  baro_json_text(&file->json, "weightType",
                 file->unit.length == 0 ? "tracing-ms"
                 : is_bytes             ? "bytes"
                                        : "samples");
  baro_json_u64(&file->json, "length", count);
  baro_json_end_object(&file->json);
}

/* --- tables of a thread --- */

static void put_same(firefox_file *file, const char *name, uint32_t count, const char *value) {
  baro_json_array(&file->json, name, true);
  for (uint32_t i = 0; i < count; i++) {
    baro_stream_text(file->json.output, i == 0 ? "" : ",");
    baro_stream_text(file->json.output, value);
  }
  baro_json_end_array(&file->json);
}

/* null where the number is not known. */
static void put_number_or_null(baro_json *json, int64_t value) {
  if (value == NO_VALUE) {
    baro_json_null(json, NULL);
  } else {
    baro_json_i64(json, NULL, value);
  }
}

typedef int64_t row_value(firefox_file *file, uint32_t row, int state);

static void put_rows(firefox_file *file, const baro_used_rows *used, const char *name,
                     row_value *value) {
  baro_json_array(&file->json, name, true);
  for (uint32_t i = 0; i < used->count; i++) {
    uint32_t row = used->rows[i];
    for (int state = 0; state < BARO_STATE_COUNT; state++) {
      if ((used->states[row] >> state & 1) != 0) {
        put_number_or_null(&file->json, value(file, row, state));
      }
    }
  }
  baro_json_end_array(&file->json);
}

static int64_t stack_frame(firefox_file *file, uint32_t node, int state) {
  return baro_used_id(&file->frames, file->stacks.frame[node], state);
}

static int64_t stack_prefix(firefox_file *file, uint32_t node, int state) {
  (void)state;
  uint32_t parent = file->stacks.parent_node[node];
  return parent == 0 ? NO_VALUE : (int64_t)baro_used_id(&file->nodes, parent, base_state(file));
}

static int64_t frame_category(firefox_file *file, uint32_t frame, int state) {
  (void)file;
  (void)frame;
  return state;
}

static int64_t frame_function(firefox_file *file, uint32_t frame, int state) {
  (void)state;
  return baro_used_id(&file->functions, file->stacks.frame_function[frame], 0);
}

static int64_t frame_line(firefox_file *file, uint32_t frame, int state) {
  (void)state;
  uint32_t line = baro_stacks_line(&file->stacks, frame);
  return line == 0 ? NO_VALUE : (int64_t)line;
}

static int64_t function_name(firefox_file *file, uint32_t function, int state) {
  (void)state;
  return baro_firefox_text(&file->texts, baro_stacks_function(&file->stacks, function).qualified);
}

static int64_t function_file(firefox_file *file, uint32_t function, int state) {
  (void)state;
  baro_view name = baro_stacks_function(&file->stacks, function).file;
  return name.length == 0 ? NO_VALUE : (int64_t)baro_firefox_text(&file->texts, name);
}

static int64_t function_line(firefox_file *file, uint32_t function, int state) {
  (void)state;
  uint32_t line = baro_stacks_function(&file->stacks, function).first_line;
  return line == 0 ? NO_VALUE : (int64_t)line;
}

static void put_empty(firefox_file *file, const char *name, const char *const *columns) {
  baro_json_object(&file->json, name, true);
  for (; *columns != NULL; columns++) {
    put_same(file, *columns, 0, "");
  }
  baro_json_u64(&file->json, "length", 0);
  baro_json_end_object(&file->json);
}

static void put_tables(firefox_file *file) {
  static const char *const resources[] = {"lib", "name", "host", "type", NULL};
  static const char *const symbols[] = {"libIndex", "address", "name", "functionSize", NULL};
  uint32_t frames = file->frames.ids;
  uint32_t functions = file->functions.ids;
  baro_json_object(&file->json, "stackTable", false);
  put_rows(file, &file->nodes, "frame", stack_frame);
  put_rows(file, &file->nodes, "prefix", stack_prefix);
  baro_json_u64(&file->json, "length", file->nodes.ids);
  baro_json_end_object(&file->json);
  baro_json_object(&file->json, "frameTable", false);
  put_same(file, "address", frames, "-1");
  put_same(file, "inlineDepth", frames, "0");
  put_rows(file, &file->frames, "category", frame_category);
  put_same(file, "subcategory", frames, "0");
  put_rows(file, &file->frames, "func", frame_function);
  put_same(file, "nativeSymbol", frames, "null");
  put_same(file, "innerWindowID", frames, "null");
  put_same(file, "implementation", frames, "null");
  put_rows(file, &file->frames, "line", frame_line);
  put_same(file, "column", frames, "null");
  baro_json_u64(&file->json, "length", frames);
  baro_json_end_object(&file->json);
  baro_json_object(&file->json, "funcTable", false);
  put_rows(file, &file->functions, "name", function_name);
  put_same(file, "isJS", functions, "false");
  put_same(file, "relevantForJS", functions, "false");
  put_same(file, "resource", functions, "-1");
  put_rows(file, &file->functions, "fileName", function_file);
  put_rows(file, &file->functions, "lineNumber", function_line);
  put_same(file, "columnNumber", functions, "null");
  baro_json_u64(&file->json, "length", functions);
  baro_json_end_object(&file->json);
  put_empty(file, "resourceTable", resources);
  put_empty(file, "nativeSymbols", symbols);
}

/* What the thread's rows need, with ids. */
static void find_used(firefox_file *file, const baro_profile_thread *thread) {
  sample_row row;
  baro_used_clear(&file->nodes);
  baro_used_clear(&file->frames);
  baro_used_clear(&file->functions);
  for (row_cursor rows = rows_of(file, thread); next_row(&rows, &row);) {
    if (row.node != BARO_NONE_ID) {
      use_stack(file, row.node, row.state);
    }
  }
  baro_used_number(&file->nodes);
  for (uint32_t i = 0; i < file->nodes.count; i++) {
    uint32_t node = file->nodes.rows[i];
    uint32_t frame = file->stacks.frame[node];
    for (int state = 0; state < BARO_STATE_COUNT; state++) {
      if ((file->nodes.states[node] >> state & 1) != 0) {
        baro_used_add(&file->frames, frame, state);
      }
    }
    baro_used_add(&file->functions, file->stacks.frame_function[frame], 0);
  }
  baro_used_number(&file->frames);
  baro_used_number(&file->functions);
}

/* --- threads, and the head --- */

/* The program of a command line, without its folder and arguments. */
static baro_view program_of(baro_view command) {
  size_t end = 0;
  size_t from = 0;
  for (; end < command.length && command.data[end] != ' '; end++) {
    from = command.data[end] == '/' ? end + 1 : from;
  }
  return (baro_view){.data = command.data + from, .length = end - from};
}

static void put_time_or_null(firefox_file *file, const char *name, uint64_t time_ns) {
  if (time_ns == 0) {
    baro_json_null(&file->json, name);
  } else {
    baro_json_number(&file->json, name, (double)since_start(file->profile, time_ns) / 1e6);
  }
}

static void put_thread(firefox_file *file, const baro_profile_thread *thread,
                       const baro_profile_process *process) {
  const baro_profile *profile = file->profile;
  baro_view program = program_of(baro_profile_string(profile, process->command_string));
  baro_buffer label = {0};
  char pid[16];
  (void)snprintf(pid, sizeof(pid), "%u", process->os_pid);
  if (profile->thread_count > 0) {
    baro_write_thread_label(&label, profile, thread);
  } else {
    baro_write_text(&label, "(nothing was recorded)");
  }
  find_used(file, thread);
  baro_json_object(&file->json, NULL, false);
  baro_json_text(&file->json, "processType", "default");
  baro_json_string(&file->json, "processName",
                   program.length == 0 ? baro_view_of("process") : program);
  baro_json_number(&file->json, "processStartupTime", 0);
  put_time_or_null(file, "processShutdownTime", process->end_ns);
  baro_json_number(&file->json, "registerTime",
                   (double)since_start(profile, thread->seen_ns) / 1e6);
  put_time_or_null(file, "unregisterTime", thread->end_ns);
  put_same(file, "pausedRanges", 0, "");
  baro_json_string(&file->json, "name",
                   label.length == 0 ? baro_view_of("thread")
                                     : (baro_view){.data = label.data, .length = label.length});
  baro_json_bool(&file->json, "isMainThread", thread->is_main);
  baro_json_text(&file->json, "pid", pid); /* a text, in this format */
  baro_json_u64(&file->json, "tid", thread->os_tid);
  put_samples(file, thread);
  put_tables(file);
  baro_firefox_markers(&file->json, profile, thread, file->stacks.of_calls, &file->texts);
  baro_json_end_object(&file->json);
  file->failed |= label.failed;
  baro_buffer_release(&label);
}

static void put_categories(baro_json *json) {
  baro_json_array(json, "categories", false);
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    baro_json_object(json, NULL, true);
    baro_json_text(json, "name", categories[state].name);
    baro_json_text(json, "color", categories[state].color);
    baro_json_array(json, "subcategories", true);
    baro_json_text(json, NULL, "Other");
    baro_json_end_array(json);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

static void put_meta(firefox_file *file, const char *name) {
  const baro_profile *profile = file->profile;
  baro_json *json = &file->json;
  double rate_hz;
  uint64_t utc_ns = 0;
  bool has_rate = !file->stacks.of_calls &&
                  baro_profile_info_number(profile, "rate_hz", &rate_hz) && rate_hz >= 1e-3;
  bool has_utc = baro_profile_utc_ns(profile, profile->start_ns, &utc_ns);
  baro_json_object(json, "meta", false);
  baro_json_u64(json, "preprocessedProfileVersion", 57);
  baro_json_u64(json, "version", 31); /* of the other, unprocessed format */
  baro_json_number(json, "interval", has_rate ? 1000 / rate_hz : 1);
  baro_json_u64(json, "startTime", has_utc ? utc_ns / 1000000 : 0);
  baro_json_text(json, "product", name == NULL ? "Python" : name);
  baro_json_text(json, "importedFrom", "barograph " BARO_VERSION);
  baro_json_u64(json, "processType", 0);
  baro_json_u64(json, "stackwalk", 0);
  baro_json_text(json, "platform", "Linux");
  baro_json_text(json, "oscpu", "Linux");
  baro_json_text(json, "misc", "");
  baro_json_text(json, "abi", "");
  baro_json_text(json, "toolkit", "");
  baro_json_bool(json, "symbolicated", true);
  baro_json_bool(json, "usesOnlyOneStackType", true);
  baro_json_bool(json, "sourceCodeIsNotOnSearchfox", true);
  put_categories(json);
  baro_firefox_marker_schema(json, file->stacks.of_calls);
  baro_json_object(json, "sampleUnits", true);
  baro_json_text(json, "time", "ms");
  baro_json_text(json, "eventDelay", "ms");
  baro_json_text(json, "threadCPUDelta", "ns");
  baro_json_end_object(json);
  baro_json_end_object(json);
}

/* They are known when all threads were written. */
static void put_strings(firefox_file *file) {
  baro_json_object(&file->json, "shared", false);
  baro_json_array(&file->json, "stringArray", false);
  for (uint32_t i = 0; i < file->texts.strings.count; i++) {
    baro_json_string(&file->json, NULL, file->texts.strings.views[i]);
  }
  baro_json_end_array(&file->json);
  baro_json_end_object(&file->json);
}

static void put_all(firefox_file *file, const baro_export_options *options) {
  const baro_profile *profile = file->profile;
  baro_json_object(&file->json, NULL, false);
  put_meta(file, options->name);
  put_same(file, "libs", 0, "");
  put_same(file, "pages", 0, "");
  baro_json_array(&file->json, "threads", false);
  bool any = false;
  for (uint32_t t = 0; t < profile->thread_count && !file->failed && !file->texts.failed; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    if (baro_stacks_count(&file->stacks, thread) != 0) {
      put_thread(file, thread, &profile->processes[thread->process]);
      any = true;
    }
  }
  if (!any) { /* the profiler does not open a file without a thread */
    static const baro_profile_thread nobody;
    static const baro_profile_process nothing;
    bool has_thread = profile->thread_count > 0;
    const baro_profile_thread *thread = has_thread ? &profile->threads[0] : &nobody;
    put_thread(file, thread, has_thread ? &profile->processes[thread->process] : &nothing);
  }
  baro_json_end_array(&file->json);
  put_strings(file);
  baro_json_end_object(&file->json);
}

baro_status baro_export_firefox(const baro_profile *profile, const baro_export_options *options,
                                baro_stream *output, baro_error *err) {
  firefox_file file = {.profile = profile};
  baro_status status = baro_stacks_init(&file.stacks, profile, options->of_calls, err);
  if (status != BARO_OK) {
    return status;
  }
  baro_json_init(&file.json, output, false);
  if (!options->of_calls) {
    file.unit = baro_profile_weight_unit(profile);
  }
  file.failed = !baro_used_init(&file.nodes, file.stacks.node_count) ||
                !baro_used_init(&file.frames, file.stacks.frame_count) ||
                !baro_used_init(&file.functions, file.stacks.function_count);
  if (!file.failed) {
    put_all(&file, options);
  }
  baro_used_release(&file.nodes);
  baro_used_release(&file.frames);
  baro_used_release(&file.functions);
  baro_intern_release(&file.texts.strings);
  baro_buffer_release(&file.texts.scratch);
  baro_stacks_release(&file.stacks);
  return file.failed || file.texts.failed ? baro_error_set(err, BARO_NO_MEMORY, "out of memory")
                                          : BARO_OK;
}
