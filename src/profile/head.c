/* Processes, threads and the facts of the head. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "profile/build.h"

enum { NOTES_MAX = 1000, FACTS_MAX = 10000, ANCHORS_MAX = 65536 };
enum { TABLE_MAX = 1 << 22 }; /* processes, threads: what a kernel can number at once */

static uint32_t ours(uint32_t string) {
  return string == BARO_NONE_ID ? BARO_OWN_EMPTY : string + BARO_OWN_STRINGS;
}

static baro_status on_info(void *context, const baro_info_record *info, baro_error *err) {
  baro_profile_builder *builder = context;
  uint32_t id;
  bool is_new;
  if (builder->fact_keys.count >= FACTS_MAX &&
      !baro_intern_find(&builder->fact_keys, info->key, &id)) {
    return BARO_OK; /* no recorder writes that many; the well-known ones come first */
  }
  if (baro_intern_put(&builder->fact_keys, info->key, &id, &is_new) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  void *items = builder->facts;
  baro_status status = baro_table_grow(&items, &builder->fact_capacity, id, sizeof(*builder->facts),
                                       FACTS_MAX, "facts", err);
  builder->facts = items;
  if (status == BARO_OK && is_new) {
    status = baro_build_copy(builder, info->key, &builder->facts[id].key, err);
  }
  return status == BARO_OK ? baro_build_copy(builder, info->value, &builder->facts[id].value, err)
                           : status;
}

static baro_status on_anchor(void *context, const baro_clock_anchor *anchor, baro_error *err) {
  baro_profile_builder *builder = context;
  baro_profile *profile = builder->profile;
  if (profile->anchor_count >= ANCHORS_MAX) {
    return BARO_OK; /* one a minute for 45 days; later times use the last */
  }
  void *items = builder->anchors;
  baro_status status =
      baro_table_grow(&items, &builder->anchor_capacity, profile->anchor_count,
                      sizeof(*builder->anchors), ANCHORS_MAX, "clock anchors", err);
  builder->anchors = items;
  if (status == BARO_OK) {
    builder->anchors[profile->anchor_count++] = *anchor;
  }
  return status;
}

static baro_status on_process(void *context, uint32_t id, const baro_process_record *record,
                              baro_error *err) {
  baro_profile_builder *builder = context;
  baro_profile *profile = builder->profile;
  (void)id;
  void *items = builder->processes;
  baro_status status = baro_table_grow(&items, &builder->process_capacity, profile->process_count,
                                       sizeof(*builder->processes), TABLE_MAX, "processes", err);
  builder->processes = items;
  if (status == BARO_OK) {
    builder->processes[profile->process_count++] = (baro_profile_process){
        .os_pid = record->os_pid,
        .parent_process = record->parent_process,
        .start_ns = record->start_ns,
        .seen_ns = record->seen_ns,
        .wait_status = -1,
        .command_string = ours(record->command_string),
        .python_string = ours(record->python_string),
    };
  }
  return status;
}

/* Few: they are looked through. */
static baro_status find_process_fact(baro_profile_builder *builder, baro_profile_process *process,
                                     baro_view key, baro_profile_fact **ret_fact, baro_error *err) {
  *ret_fact = NULL;
  for (uint32_t i = 0; i < process->fact_count; i++) {
    if (baro_view_equal(process->facts[i].key, key)) {
      *ret_fact = &process->facts[i];
      return BARO_OK;
    }
  }
  uint32_t count = process->fact_count;
  if (count == BARO_PROFILE_PROCESS_FACTS_MAX) {
    return BARO_OK;
  }
  if ((count & (count - 1)) == 0) { /* as many as there is room for: 0, 1, 2, 4 ... */
    size_t capacity = count == 0 ? 1 : (size_t)count * 2;
    baro_profile_fact *facts = realloc(process->facts, capacity * sizeof(*facts));
    if (facts == NULL) {
      return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
    }
    process->facts = facts;
  }
  baro_profile_fact fact = {0};
  baro_status status = baro_build_copy(builder, key, &fact.key, err);
  if (status == BARO_OK) {
    process->facts[process->fact_count++] = fact;
    *ret_fact = &process->facts[count];
  }
  return status;
}

static baro_status on_process_fact(void *context, const baro_process_fact_record *record,
                                   baro_error *err) {
  baro_profile_builder *builder = context;
  baro_profile_fact *fact;
  baro_status status =
      find_process_fact(builder, &builder->processes[record->process], record->key, &fact, err);
  return status == BARO_OK && fact != NULL
             ? baro_build_copy(builder, record->value, &fact->value, err)
             : status;
}

static baro_status on_thread(void *context, uint32_t id, const baro_thread_record *record,
                             baro_error *err) {
  baro_profile_builder *builder = context;
  baro_profile *profile = builder->profile;
  (void)id;
  void *items = builder->threads;
  baro_status status = baro_table_grow(&items, &builder->thread_capacity, profile->thread_count,
                                       sizeof(*builder->threads), TABLE_MAX, "threads", err);
  builder->threads = items;
  if (status == BARO_OK) {
    builder->threads[profile->thread_count++] = (baro_profile_thread){
        .process = record->process,
        .os_tid = record->os_tid,
        .name_string = ours(record->name_string),
        .entry_function = BARO_NONE_ID,
        .is_main = record->is_main,
        .seen_ns = record->seen_ns,
        .on_factor = 1,
        .off_factor = 1,
    };
  }
  return status;
}

static baro_status on_thread_name(void *context, uint32_t thread, uint32_t name_string,
                                  baro_error *err) {
  baro_profile_builder *builder = context;
  (void)err;
  builder->threads[thread].name_string = ours(name_string);
  return BARO_OK;
}

static baro_status on_process_end(void *context, const baro_end_record *end, baro_error *err) {
  baro_profile_builder *builder = context;
  (void)err;
  builder->processes[end->index].end_ns = end->time_ns;
  builder->processes[end->index].wait_status = end->wait_status;
  return BARO_OK;
}

static baro_status on_thread_end(void *context, const baro_end_record *end, baro_error *err) {
  baro_profile_builder *builder = context;
  (void)err;
  builder->threads[end->index].end_ns = end->time_ns;
  return BARO_OK;
}

static baro_status on_counters(void *context, const baro_counters_record *record, baro_error *err) {
  baro_profile_builder *builder = context;
  if (record->process == BARO_NONE_ID) {
    memcpy(builder->recorder_counters, record->values, sizeof(record->values));
    builder->has_recorder_counters = true;
    if (record->time_ns > builder->recorder_ns) {
      builder->recorder_ns = record->time_ns;
    }
  } else {
    baro_profile_process *process = &builder->processes[record->process];
    memcpy(process->counters, record->values, sizeof(record->values));
    process->has_counters = true;
    return baro_build_reading(builder, record, err);
  }
  return BARO_OK;
}

static baro_status on_note(void *context, const baro_note_record *note, baro_error *err) {
  baro_profile_builder *builder = context;
  baro_profile *profile = builder->profile;
  if (profile->note_count >= NOTES_MAX - 1) {
    builder->notes_left_out++;
    return BARO_OK;
  }
  void *items = builder->notes;
  baro_status status = baro_table_grow(&items, &builder->note_capacity, profile->note_count,
                                       sizeof(*builder->notes), NOTES_MAX, "notes", err);
  builder->notes = items;
  baro_view text = {0};
  if (status == BARO_OK) {
    status = baro_build_copy(builder, note->text, &text, err);
  }
  if (status == BARO_OK) {
    builder->notes[profile->note_count++] = (baro_profile_note){
        .time_ns = note->time_ns,
        .process = note->process,
        .text = text,
    };
  }
  return status;
}

void baro_build_tables(baro_profile_builder *builder) {
  baro_visitor *visitor = &builder->visitor;
  visitor->info = on_info;
  visitor->anchor = on_anchor;
  visitor->process = on_process;
  visitor->process_fact = on_process_fact;
  visitor->thread = on_thread;
  visitor->thread_name = on_thread_name;
  visitor->process_end = on_process_end;
  visitor->thread_end = on_thread_end;
  visitor->counters = on_counters;
  visitor->note = on_note;
}

void baro_build_tables_release(baro_profile_builder *builder) {
  uint32_t count = builder->profile == NULL ? 0 : builder->profile->process_count;
  for (uint32_t p = 0; p < count; p++) { /* of a finished profile they are its own */
    free(builder->processes[p].facts);
  }
  free(builder->processes);
  free(builder->threads);
  free(builder->facts);
  baro_intern_release(&builder->fact_keys);
  free(builder->notes);
  free(builder->anchors);
  free(builder->readings);
}

static int compare_anchors(const void *left, const void *right) {
  const baro_clock_anchor *a = left;
  const baro_clock_anchor *b = right;
  return (a->monotonic_ns > b->monotonic_ns) - (a->monotonic_ns < b->monotonic_ns);
}

/* What the recorder counts once for all targets: rounds of its schedule and its own CPU time. */
static bool is_recorders_own(int counter) {
  return counter == BARO_COUNTER_TICKS || counter == BARO_COUNTER_MISSED ||
         counter == BARO_COUNTER_SAMPLER_CPU_NS;
}

/* Sums over processes; where the recorder counts for itself, that stands instead. */
static void sum_counters(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  profile->has_counters = builder->has_recorder_counters;
  for (int c = 0; c < BARO_COUNTER_COUNT; c++) {
    uint64_t own = builder->recorder_counters[c];
    bool only_own = is_recorders_own(c) && builder->has_recorder_counters;
    profile->counters[c] = own;
    for (uint32_t p = 0; p < profile->process_count && !only_own; p++) {
      profile->counters[c] = baro_sum_ns(profile->counters[c], builder->processes[p].counters[c]);
    }
  }
  for (uint32_t p = 0; p < profile->process_count; p++) {
    profile->has_counters |= builder->processes[p].has_counters;
  }
}

/* Copies count rows of size into the arena: unlike realloc's arrays, exactly as large as needed. */
static void *keep(baro_profile *profile, const void *rows, uint32_t count, size_t size) {
  void *kept = baro_arena_array(&profile->arena, count, size);
  if (kept != NULL && count != 0) {
    memcpy(kept, rows, count * size);
  }
  return kept;
}

/* The processes are the profile's already, their facts the builder's. */
static baro_status keep_process_facts(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  for (uint32_t p = 0; p < profile->process_count; p++) {
    baro_profile_process *process = &profile->processes[p];
    process->facts = keep(profile, process->facts, process->fact_count, sizeof(*process->facts));
    if (process->facts == NULL) {
      return BARO_NO_MEMORY;
    }
    free(builder->processes[p].facts);
    builder->processes[p].facts = NULL;
  }
  return BARO_OK;
}

baro_status baro_build_head(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  sum_counters(builder);
  if (builder->notes_left_out != 0) {
    char text[64];
    int length = snprintf(text, sizeof(text), "%llu further %s left out",
                          (unsigned long long)builder->notes_left_out,
                          baro_plural(builder->notes_left_out, "note is", "notes are"));
    char *copy = baro_arena_copy(&profile->arena, text, (size_t)length);
    if (copy == NULL) {
      return BARO_NO_MEMORY;
    }
    builder->notes[profile->note_count++] = (baro_profile_note){
        .process = BARO_NONE_ID,
        .text = {.data = (const uint8_t *)copy, .length = (size_t)length},
    };
  }
  if (profile->anchor_count > 1) {
    qsort(builder->anchors, profile->anchor_count, sizeof(*builder->anchors), compare_anchors);
  }
  profile->fact_count = builder->fact_keys.count;
  profile->strings = keep(profile, builder->strings, profile->string_count, sizeof(baro_view));
  profile->facts = keep(profile, builder->facts, profile->fact_count, sizeof(*profile->facts));
  profile->notes = keep(profile, builder->notes, profile->note_count, sizeof(*profile->notes));
  profile->anchors =
      keep(profile, builder->anchors, profile->anchor_count, sizeof(*profile->anchors));
  profile->processes =
      keep(profile, builder->processes, profile->process_count, sizeof(*profile->processes));
  profile->threads =
      keep(profile, builder->threads, profile->thread_count, sizeof(*profile->threads));
  bool all = profile->strings != NULL && profile->facts != NULL && profile->notes != NULL &&
             profile->anchors != NULL && profile->processes != NULL && profile->threads != NULL;
  baro_status status = all ? keep_process_facts(builder) : BARO_NO_MEMORY;
  return status == BARO_OK ? baro_build_readings(builder) : status;
}
