/* pprof's profile.proto, gzipped. Samples are summed up by stack, thread and state. Functions and locations are
 * the profile's functions and frames, with ids one higher (0 is not an id there). A string is written where it
 * is first used: the format numbers strings by their order in the file alone. Recorded calls are summed up by stack and
 * thread; nobody knows what they waited for.
 * The recorded command line is left out: a profile that is handed on must not carry arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/pprof_fields.h"
#include "show/export_formats.h"
#include "show/gzip_output.h"
#include "show/node_path.h"
#include "show/protobuf.h"
#include "show/stacks.h"
#include "show/thread_label.h"
#include "show/utf8.h"

/* The values of a sample, in the order of sample types. Of calls, the first are their number, and there is no third; nor is there
 * of imported amounts that are no time, where the second has their name. */
enum { VALUE_SAMPLES, VALUE_WALL_NS, VALUE_CPU_NS, VALUE_COUNT };

typedef struct pprof_writer {
  const baro_profile *profile;
  baro_gzip *gzip;
  baro_buffer message; /* scratch, owned, as below */
  baro_buffer inner;
  baro_buffer text;
  baro_intern strings;       /* text -> number in the file */
  baro_stacks stacks;        /* owned */
  baro_node_path path;       /* owned */
  uint64_t *locations;       /* owned; room for the deepest stack */
  double *sums;              /* owned; [node][VALUE_COUNT] of one thread and state */
  double carry[VALUE_COUNT]; /* that rounding took: sums stay true */
  bool failed;               /* out of memory */
} pprof_writer;

static baro_view unit_of(const pprof_writer *pprof) {
  return pprof->stacks.of_calls ? (baro_view){0} : baro_profile_weight_unit(pprof->profile);
}

/* What is counted in samples is the first value alone: the second would be the same. */
static int value_count(const pprof_writer *pprof) {
  baro_view unit = unit_of(pprof);
  bool is_count = baro_view_equal(unit, baro_view_of("samples"));
  return is_count                                     ? VALUE_WALL_NS
         : pprof->stacks.of_calls || unit.length != 0 ? VALUE_CPU_NS
                                                      : VALUE_COUNT;
}

static void emit(pprof_writer *pprof, uint32_t field) {
  baro_buffer_clear(&pprof->text);
  baro_protobuf_message(&pprof->text, field, &pprof->message);
  pprof->failed |= pprof->text.failed;
  if (!pprof->text.failed) {
    baro_gzip_write(pprof->gzip,
                    (baro_view){.data = pprof->text.data, .length = pprof->text.length});
  }
}

static void emit_u64(pprof_writer *pprof, uint32_t field, uint64_t value) {
  baro_buffer_clear(&pprof->text);
  baro_protobuf_u64(&pprof->text, field, value);
  pprof->failed |= pprof->text.failed;
  baro_gzip_write(pprof->gzip, (baro_view){.data = pprof->text.data, .length = pprof->text.length});
}

/* Number of text in the string table, which gets it on first use. */
static uint64_t string_number(pprof_writer *pprof, baro_view text) {
  baro_buffer_clear(&pprof->text);
  baro_write_utf8(&pprof->text, text);
  for (size_t i = 0; i < pprof->text.length; i++) {
    /* pprof prints names as they are: what would drive the terminal must not reach it. */
    if (pprof->text.data[i] < ' ' || pprof->text.data[i] == 0x7f) {
      pprof->text.data[i] = '?';
    }
  }
  baro_view valid = {.data = pprof->text.data, .length = pprof->text.length};
  uint32_t id;
  bool is_new;
  if (pprof->text.failed || baro_intern_put(&pprof->strings, valid, &id, &is_new) != BARO_OK) {
    pprof->failed = true;
    return 0;
  }
  if (is_new) {
    baro_buffer entry = {0};
    baro_protobuf_bytes(&entry, BARO_PPROF_PROFILE_STRING_TABLE, valid);
    pprof->failed |= entry.failed;
    baro_gzip_write(pprof->gzip, (baro_view){.data = entry.data, .length = entry.length});
    baro_buffer_release(&entry);
  }
  return id;
}

static uint64_t text_number(pprof_writer *pprof, const char *text) {
  return string_number(pprof, baro_view_of(text));
}

static void emit_value_type(pprof_writer *pprof, uint32_t field, const char *type,
                            const char *unit) {
  uint64_t type_number = text_number(pprof, type);
  uint64_t unit_number = text_number(pprof, unit);
  baro_buffer_clear(&pprof->message);
  baro_protobuf_u64(&pprof->message, BARO_PPROF_VALUE_TYPE_TYPE, type_number);
  baro_protobuf_u64(&pprof->message, BARO_PPROF_VALUE_TYPE_UNIT, unit_number);
  emit(pprof, field);
}

static void emit_head(pprof_writer *pprof) {
  const baro_profile *profile = pprof->profile;
  (void)text_number(pprof, ""); /* string 0 by definition */
  emit_value_type(pprof, BARO_PPROF_PROFILE_SAMPLE_TYPE,
                  pprof->stacks.of_calls ? "calls" : "samples", "count");
  char name[64] = "wall";
  baro_view unit = unit_of(pprof);
  if (unit.length != 0) {
    (void)snprintf(name, sizeof(name), "%.*s", (int)unit.length, (const char *)unit.data);
  }
  bool is_bytes = strcmp(name, "bytes") == 0;
  if (value_count(pprof) > VALUE_WALL_NS) {
    emit_value_type(pprof, BARO_PPROF_PROFILE_SAMPLE_TYPE, is_bytes ? "space" : name,
                    unit.length == 0 ? "nanoseconds"
                    : is_bytes       ? "bytes"
                                     : "count");
  }
  if (value_count(pprof) > VALUE_CPU_NS) {
    emit_value_type(pprof, BARO_PPROF_PROFILE_SAMPLE_TYPE, "cpu", "nanoseconds");
  }
  emit_u64(pprof, BARO_PPROF_PROFILE_DEFAULT_SAMPLE_TYPE,
           text_number(pprof, is_bytes ? "space" : name));
  uint64_t utc_ns;
  if (baro_profile_utc_ns(profile, profile->start_ns, &utc_ns)) {
    emit_u64(pprof, BARO_PPROF_PROFILE_TIME_NANOS, utc_ns);
  }
  if (unit.length == 0) {
    emit_u64(pprof, BARO_PPROF_PROFILE_DURATION_NANOS, profile->end_ns - profile->start_ns);
  }
  double rate_hz;
  if (!pprof->stacks.of_calls && baro_profile_info_number(profile, "rate_hz", &rate_hz) &&
      rate_hz >= 1e-3) {
    emit_value_type(pprof, BARO_PPROF_PROFILE_PERIOD_TYPE, "wall", "nanoseconds");
    emit_u64(pprof, BARO_PPROF_PROFILE_PERIOD, (uint64_t)(1e9 / rate_hz));
  }
  emit_u64(pprof, BARO_PPROF_PROFILE_COMMENT, text_number(pprof, "barograph " BARO_VERSION));
  for (uint32_t i = 0; i < profile->note_count; i++) {
    emit_u64(pprof, BARO_PPROF_PROFILE_COMMENT, string_number(pprof, profile->notes[i].text));
  }
}

static void emit_mapping(pprof_writer *pprof) {
  const baro_profile *profile = pprof->profile;
  baro_view python = {0};
  if (profile->process_count != 0) {
    python = baro_profile_string(profile, profile->processes[0].python_string);
  }
  char name[128];
  int length = python.length < 100 ? (int)python.length : 0;
  (void)snprintf(name, sizeof(name), "python%s%.*s", length == 0 ? "" : " ", length,
                 length == 0 ? "" : (const char *)python.data);
  uint64_t name_number = text_number(pprof, name);
  baro_buffer_clear(&pprof->message);
  baro_protobuf_u64(&pprof->message, BARO_PPROF_MAPPING_ID, 1);
  baro_protobuf_u64(&pprof->message, BARO_PPROF_MAPPING_FILENAME, name_number);
  baro_protobuf_u64(&pprof->message, BARO_PPROF_MAPPING_HAS_FUNCTIONS, 1);
  baro_protobuf_u64(&pprof->message, BARO_PPROF_MAPPING_HAS_FILENAMES, 1);
  baro_protobuf_u64(&pprof->message, BARO_PPROF_MAPPING_HAS_LINE_NUMBERS, 1);
  emit(pprof, BARO_PPROF_PROFILE_MAPPING);
}

static void emit_functions(pprof_writer *pprof) {
  const baro_stacks *stacks = &pprof->stacks;
  for (uint32_t f = 0; f < stacks->function_count && !pprof->failed; f++) {
    baro_stack_function function = baro_stacks_function(stacks, f);
    uint64_t name = string_number(pprof, function.qualified);
    uint64_t file = string_number(pprof, function.file);
    baro_buffer_clear(&pprof->message);
    baro_protobuf_u64(&pprof->message, BARO_PPROF_FUNCTION_ID, (uint64_t)f + 1);
    baro_protobuf_u64(&pprof->message, BARO_PPROF_FUNCTION_NAME, name);
    /* No system name: one that is equal makes pprof demangle the name, and "<module>" vanish. */
    baro_protobuf_u64(&pprof->message, BARO_PPROF_FUNCTION_FILENAME, file);
    baro_protobuf_u64(&pprof->message, BARO_PPROF_FUNCTION_START_LINE, function.first_line);
    emit(pprof, BARO_PPROF_PROFILE_FUNCTION);
  }
}

static void emit_locations(pprof_writer *pprof) {
  const baro_stacks *stacks = &pprof->stacks;
  for (uint32_t f = 0; f < stacks->frame_count && !pprof->failed; f++) {
    uint32_t function = stacks->frame_function[f];
    uint32_t line = stacks->of_calls ? baro_stacks_function(stacks, function).first_line
                                     : baro_stacks_line(stacks, f);
    baro_buffer_clear(&pprof->inner);
    baro_protobuf_u64(&pprof->inner, BARO_PPROF_LINE_FUNCTION_ID, (uint64_t)function + 1);
    baro_protobuf_u64(&pprof->inner, BARO_PPROF_LINE_LINE, line);
    baro_buffer_clear(&pprof->message);
    baro_protobuf_u64(&pprof->message, BARO_PPROF_LOCATION_ID, (uint64_t)f + 1);
    baro_protobuf_u64(&pprof->message, BARO_PPROF_LOCATION_MAPPING_ID, 1);
    /* No address exists; without a distinct one, views by address would merge all lines. */
    baro_protobuf_u64(&pprof->message, BARO_PPROF_LOCATION_ADDRESS, (uint64_t)f + 1);
    baro_protobuf_message(&pprof->message, BARO_PPROF_LOCATION_LINE, &pprof->inner);
    emit(pprof, BARO_PPROF_PROFILE_LOCATION);
  }
}

/* Labels that all samples of a thread and state have. */
typedef struct label_set {
  uint64_t thread_key;
  uint64_t thread_name;
  uint64_t thread_id_key;
  uint64_t thread_id;
  uint64_t process_key;
  uint64_t process;
  uint64_t state_key;
  uint64_t state;
} label_set;

static label_set labels_of(pprof_writer *pprof, const baro_profile_thread *thread,
                           baro_state state) {
  const baro_profile *profile = pprof->profile;
  char pid[16];
  baro_buffer label = {0};
  baro_write_thread_label(&label, profile, thread);
  pprof->failed |= label.failed;
  uint64_t name = string_number(pprof, (baro_view){.data = label.data, .length = label.length});
  baro_buffer_release(&label);
  (void)snprintf(pid, sizeof(pid), "%u", profile->processes[thread->process].os_pid);
  return (label_set){
      .thread_key = text_number(pprof, "thread"),
      .thread_name = name,
      .thread_id_key = text_number(pprof, "thread id"),
      .thread_id = thread->os_tid,
      .process_key = text_number(pprof, "process"),
      .process = text_number(pprof, pid),
      .state_key = text_number(pprof, "state"),
      .state = text_number(pprof, baro_state_key(state)),
  };
}

static void write_label(pprof_writer *pprof, uint64_t key, uint32_t value_field, uint64_t value) {
  if (value == 0) {
    return; /* a label must have a value */
  }
  baro_buffer_clear(&pprof->inner);
  baro_protobuf_u64(&pprof->inner, BARO_PPROF_LABEL_KEY, key);
  baro_protobuf_u64(&pprof->inner, value_field, value);
  baro_protobuf_message(&pprof->message, BARO_PPROF_SAMPLE_LABEL, &pprof->inner);
}

/* int64 of the format. */
static uint64_t value_of(double amount, double *carry) {
  uint64_t whole = baro_whole(amount, carry);
  return whole < INT64_MAX ? whole : INT64_MAX;
}

static void emit_sample(pprof_writer *pprof, uint32_t node, const double *sums,
                        const label_set *labels) {
  const baro_stacks *stacks = &pprof->stacks;
  baro_node_path_set(&pprof->path, stacks, node);
  uint32_t count = pprof->path.count;
  for (uint32_t i = 0; i < count; i++) {
    /* Innermost first, in this format. */
    pprof->locations[i] = (uint64_t)stacks->frame[pprof->path.nodes[count - 1 - i]] + 1;
  }
  uint64_t values[VALUE_COUNT];
  for (int v = 0; v < VALUE_COUNT; v++) {
    values[v] = value_of(sums[v], &pprof->carry[v]);
  }
  if (value_count(pprof) == VALUE_WALL_NS) {
    values[VALUE_SAMPLES] = values[VALUE_WALL_NS]; /* whatever number of ticks they were */
  }
  baro_buffer_clear(&pprof->message);
  baro_protobuf_packed(&pprof->message, BARO_PPROF_SAMPLE_LOCATION_ID, pprof->locations, count);
  baro_protobuf_packed(&pprof->message, BARO_PPROF_SAMPLE_VALUE, values,
                       (size_t)value_count(pprof));
  write_label(pprof, labels->thread_key, BARO_PPROF_LABEL_STR, labels->thread_name);
  write_label(pprof, labels->thread_id_key, BARO_PPROF_LABEL_NUM, labels->thread_id);
  write_label(pprof, labels->process_key, BARO_PPROF_LABEL_STR, labels->process);
  if (!stacks->of_calls) {
    write_label(pprof, labels->state_key, BARO_PPROF_LABEL_STR, labels->state);
  }
  emit(pprof, BARO_PPROF_PROFILE_SAMPLE);
}

/* Adds an entry's part in `state`; false when it has none. */
static bool add_entry(pprof_writer *pprof, const baro_stack_entry *entry, baro_state state) {
  bool running = state == entry->state;
  if (!running && (state != BARO_STATE_RUNNABLE || entry->runnable_ns <= 0)) {
    return false;
  }
  double wall_ns = running ? entry->state_ns : entry->runnable_ns;
  double both_ns = entry->state_ns + entry->runnable_ns;
  bool on_cpu = running && (state == BARO_STATE_CPU || state == BARO_STATE_COLLECTOR);
  double *sums = &pprof->sums[(size_t)entry->node * VALUE_COUNT];
  if (pprof->stacks.of_calls) {
    sums[VALUE_SAMPLES] += (double)entry->count;
    sums[VALUE_WALL_NS] += entry->sum_ns;
    return true;
  }
  sums[VALUE_SAMPLES] += both_ns > 0 ? (double)entry->count * (wall_ns / both_ns) : 0;
  sums[VALUE_WALL_NS] += wall_ns;
  sums[VALUE_CPU_NS] += on_cpu ? wall_ns : 0;
  return true;
}

static void emit_state(pprof_writer *pprof, const baro_profile_thread *thread, baro_state state) {
  const baro_stacks *stacks = &pprof->stacks;
  uint32_t low = stacks->node_count;
  uint32_t high = 0;
  uint64_t entries = baro_stacks_count(stacks, thread);
  for (uint64_t i = 0; i < entries; i++) {
    baro_stack_entry entry = baro_stacks_entry(stacks, thread, i);
    if (add_entry(pprof, &entry, state)) {
      low = entry.node < low ? entry.node : low;
      high = entry.node > high ? entry.node : high;
    }
  }
  label_set labels = labels_of(pprof, thread, state);
  for (uint32_t n = low; n <= high && n < stacks->node_count && !pprof->failed; n++) {
    double *sums = &pprof->sums[(size_t)n * VALUE_COUNT];
    /* A call that took no time was one. */
    if (sums[VALUE_WALL_NS] > 0 || (stacks->of_calls && sums[VALUE_SAMPLES] > 0)) {
      emit_sample(pprof, n, sums, &labels);
    }
    memset(sums, 0, VALUE_COUNT * sizeof(*sums));
  }
}

static void emit_all(pprof_writer *pprof) {
  emit_head(pprof);
  emit_mapping(pprof);
  emit_functions(pprof);
  emit_locations(pprof);
  for (uint32_t t = 0; t < pprof->profile->thread_count; t++) {
    const baro_profile_thread *thread = &pprof->profile->threads[t];
    if (pprof->stacks.of_calls) {
      emit_state(pprof, thread, BARO_STATE_UNKNOWN);
      continue;
    }
    for (int state = 0; state < BARO_STATE_COUNT; state++) {
      if (thread->state_ns[state] != 0) {
        emit_state(pprof, thread, (baro_state)state);
      }
    }
  }
}

baro_status baro_export_pprof(const baro_profile *profile, const baro_export_options *options,
                              baro_stream *output, baro_error *err) {
  pprof_writer pprof = {.profile = profile};
  baro_status status = baro_gzip_create(output, &pprof.gzip, err);
  if (status != BARO_OK) {
    return status;
  }
  status = baro_stacks_init(&pprof.stacks, profile, options->of_calls, NULL);
  if (status == BARO_OK) {
    status = baro_node_path_init(&pprof.path, &pprof.stacks, NULL);
  }
  if (status == BARO_OK) {
    pprof.locations = malloc(((size_t)pprof.path.capacity + 1) * sizeof(*pprof.locations));
    pprof.sums = calloc(pprof.stacks.node_count, VALUE_COUNT * sizeof(*pprof.sums));
    pprof.failed = pprof.locations == NULL || pprof.sums == NULL;
  }
  if (status == BARO_OK && !pprof.failed) {
    emit_all(&pprof);
  }
  baro_gzip_finish(pprof.gzip);
  baro_buffer_release(&pprof.message);
  baro_buffer_release(&pprof.inner);
  baro_buffer_release(&pprof.text);
  baro_intern_release(&pprof.strings);
  baro_node_path_release(&pprof.path);
  baro_stacks_release(&pprof.stacks);
  free(pprof.locations);
  free(pprof.sums);
  if (status != BARO_OK || pprof.failed) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  return BARO_OK;
}
