#include "import/trace_model.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "recording/records.h"

/* Rounding of starts and durations that were written apart. */
static const int64_t ROUNDING_NS = 2;

#define GROW(model, what)                                                                          \
  baro_grow(&(model)->what##s, &(model)->what##_capacity, (model)->what##_count,                   \
            sizeof(*(model)->what##s))

baro_status baro_trace_model_init(baro_trace_model *model, bool is_torch) {
  *model = (baro_trace_model){.is_torch = is_torch,
                              .opened_free = BARO_NONE_ID,
                              .first_ns = INT64_MAX,
                              .last_ns = INT64_MIN};
  model->names = baro_trace_names_create();
  baro_status status = model->names == NULL
                           ? BARO_NO_MEMORY
                           : baro_trace_text_put(model, (baro_view){0}, &model->empty);
  model->devices = model->distributed = model->run_name = model->empty;
  return status;
}

void baro_trace_model_release(baro_trace_model *model) {
  baro_trace_names_destroy(model->names);
  baro_intern_release(&model->texts);
  baro_intern_release(&model->labels_by_key);
  baro_intern_release(&model->process_keys);
  baro_intern_release(&model->track_keys);
  free(model->labels);
  free(model->processes);
  free(model->tracks);
  free(model->slices);
  free(model->opened);
  free(model->extras);
  free(model->values);
  free(model->links);
  baro_buffer_release(&model->scratch);
}

baro_view baro_trace_text(const baro_trace_model *model, uint32_t text) {
  return text == BARO_NONE_ID ? (baro_view){0} : model->texts.views[text];
}

bool baro_trace_text_is(const baro_trace_model *model, uint32_t text, const char *expected) {
  return baro_view_equal(baro_trace_text(model, text), baro_view_of(expected));
}

baro_status baro_trace_text_put(baro_trace_model *model, baro_view text, uint32_t *ret_text) {
  return baro_intern_put(&model->texts, text, ret_text, NULL);
}

baro_status baro_trace_label_put(baro_trace_model *model, const baro_trace_label *label,
                                 uint32_t *ret_label) {
  bool is_new;
  baro_view key = {.data = (const uint8_t *)label, .length = sizeof(*label)};
  baro_status status = GROW(model, label);
  if (status == BARO_OK) {
    status = baro_intern_put(&model->labels_by_key, key, ret_label, &is_new);
  }
  if (status == BARO_OK && is_new) {
    model->labels[model->label_count++] = *label;
  }
  return status;
}

baro_status baro_trace_process_put(baro_trace_model *model, baro_view pid, uint32_t *ret_process) {
  bool is_new;
  baro_trace_process made = {.name = model->empty, .labels = model->empty};
  baro_status status = baro_grow(&model->processes, &model->process_capacity, model->process_count,
                                 sizeof(*model->processes));
  if (status == BARO_OK) {
    status = baro_trace_text_put(model, pid, &made.key);
  }
  if (status == BARO_OK) {
    status = baro_intern_put(&model->process_keys, pid, ret_process, &is_new);
  }
  if (status == BARO_OK && is_new) {
    model->processes[model->process_count++] = made;
  }
  return status;
}

baro_status baro_trace_track_put(baro_trace_model *model, uint32_t process, baro_view key,
                                 bool is_async, uint32_t *ret_track) {
  bool is_new;
  baro_trace_track made = {
      .process = process, .name = model->empty, .open = BARO_NONE_ID, .is_async = is_async};
  baro_buffer *scratch = &model->scratch;
  baro_buffer_clear(scratch);
  baro_write_u32(scratch, process);
  baro_write_u8(scratch, is_async);
  baro_write_bytes(scratch, key.data, key.length);
  baro_status status = scratch->failed ? BARO_NO_MEMORY : GROW(model, track);
  if (status == BARO_OK) {
    status = baro_intern_put(&model->track_keys,
                             (baro_view){.data = scratch->data, .length = scratch->length},
                             ret_track, &is_new);
  }
  if (status == BARO_OK && is_new) {
    status = baro_trace_text_put(model, key, &made.key);
    model->tracks[model->track_count++] = made;
  }
  return status;
}

static bool is_within(const baro_trace_slice *inner, const baro_trace_slice *outer) {
  return inner->start_ns >= outer->start_ns &&
         inner->start_ns + inner->dur_ns <= outer->start_ns + outer->dur_ns &&
         inner->dur_ns < outer->dur_ns;
}

/* Some programs write a slice when it ends, others sort them by their beginning. */
static void note_order(baro_trace_model *model, const baro_trace_slice *slice) {
  const baro_trace_slice *before =
      model->slice_count == 0 ? NULL : &model->slices[model->slice_count - 1];
  if (before != NULL && before->track == slice->track && before->dur_ns >= 0 &&
      slice->dur_ns >= 0) {
    model->inner_first += is_within(before, slice);
    model->outer_first += is_within(slice, before);
  }
}

baro_status baro_trace_slice_add(baro_trace_model *model, const baro_trace_slice *slice) {
  baro_status status = GROW(model, slice);
  if (status != BARO_OK) {
    return status;
  }
  baro_trace_slice *added = &model->slices[model->slice_count];
  *added = *slice;
  note_order(model, slice);
  added->number = model->slice_count++;
  if (added->dur_ns != BARO_TRACE_MOMENT) {
    model->tracks[slice->track].slices++;
    int64_t end_ns = slice->start_ns + slice->dur_ns;
    model->first_ns = slice->start_ns < model->first_ns ? slice->start_ns : model->first_ns;
    model->last_ns = end_ns > model->last_ns ? end_ns : model->last_ns;
  }
  return BARO_OK;
}

baro_status baro_trace_extra_add(baro_trace_model *model, const baro_trace_extra *extra,
                                 uint32_t *ret_extra) {
  baro_status status = GROW(model, extra);
  if (status == BARO_OK) {
    *ret_extra = model->extra_count;
    model->extras[model->extra_count++] = *extra;
  }
  return status;
}

baro_status baro_trace_link_add(baro_trace_model *model, const baro_trace_link *link) {
  baro_status status = GROW(model, link);
  if (status == BARO_OK) {
    model->links[model->link_count++] = *link;
  }
  return status;
}

baro_status baro_trace_value_add(baro_trace_model *model, uint32_t key, uint64_t value) {
  baro_status status = GROW(model, value);
  if (status == BARO_OK) {
    model->values[model->value_count++] = (baro_trace_value){.key = key, .value = value};
  }
  return status;
}

/* --- begun and ended apart --- */

baro_status baro_trace_open(baro_trace_model *model, uint32_t track,
                            const baro_trace_opened *begun) {
  uint32_t index = model->opened_free;
  if (index == BARO_NONE_ID) {
    baro_status status = baro_grow(&model->opened, &model->opened_capacity, model->opened_count,
                                   sizeof(*model->opened));
    if (status != BARO_OK) {
      return status;
    }
    index = model->opened_count++;
  } else {
    model->opened_free = model->opened[index].outer;
  }
  model->opened[index] = *begun;
  model->opened[index].outer = model->tracks[track].open;
  model->tracks[track].open = index;
  return BARO_OK;
}

baro_status baro_trace_close(baro_trace_model *model, uint32_t track, int64_t end_ns) {
  uint32_t index = model->tracks[track].open;
  if (index == BARO_NONE_ID) {
    model->odd.unbegun++;
    return BARO_OK;
  }
  baro_trace_opened begun = model->opened[index];
  model->tracks[track].open = begun.outer;
  model->opened[index].outer = model->opened_free;
  model->opened_free = index;
  model->odd.backward += end_ns < begun.start_ns;
  return baro_trace_slice_add(
      model, &(baro_trace_slice){.start_ns = begun.start_ns,
                                 .dur_ns = end_ns < begun.start_ns ? 0 : end_ns - begun.start_ns,
                                 .track = track,
                                 .label = begun.label,
                                 .extra = begun.extra});
}

static baro_status close_all(baro_trace_model *model) {
  baro_status status = BARO_OK;
  int64_t last_ns = model->last_ns;
  for (uint32_t t = 0; t < model->track_count; t++) {
    for (uint32_t o = model->tracks[t].open; o != BARO_NONE_ID; o = model->opened[o].outer) {
      last_ns = model->opened[o].start_ns > last_ns ? model->opened[o].start_ns : last_ns;
    }
  }
  for (uint32_t t = 0; t < model->track_count; t++) {
    while (model->tracks[t].open != BARO_NONE_ID && status == BARO_OK) {
      model->odd.unended++;
      status = baro_trace_close(model, t, last_ns);
    }
  }
  return status;
}

/* --- order --- */

/* Of two that are equal the one with the higher number is within the other. */
static int compare_slices(const void *left, const void *right) {
  const baro_trace_slice *a = left;
  const baro_trace_slice *b = right;
  if (a->track != b->track) {
    return a->track < b->track ? -1 : 1;
  }
  if (a->start_ns != b->start_ns) {
    return a->start_ns < b->start_ns ? -1 : 1;
  }
  if (a->dur_ns != b->dur_ns) {
    return a->dur_ns > b->dur_ns ? -1 : 1; /* moments last */
  }
  return a->number < b->number ? -1 : a->number > b->number;
}

void baro_trace_sort(baro_trace_model *model) {
  bool is_sorted = true;
  for (uint32_t s = 1; s < model->slice_count && is_sorted; s++) {
    is_sorted = compare_slices(&model->slices[s - 1], &model->slices[s]) < 0;
  }
  if (!is_sorted) {
    qsort(model->slices, model->slice_count, sizeof(*model->slices), compare_slices);
  }
}

static uint32_t first_of(const baro_trace_model *model, uint32_t track) {
  uint32_t low = 0;
  for (uint32_t high = model->slice_count; low < high;) {
    uint32_t middle = low + (high - low) / 2;
    if (model->slices[middle].track < track) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void baro_trace_slices_of(const baro_trace_model *model, uint32_t track, uint32_t *ret_first,
                          uint32_t *ret_end) {
  *ret_first = first_of(model, track);
  *ret_end = first_of(model, track + 1);
}

/* --- tracks for what overlaps --- */

enum { LANES_MAX = 256 };

typedef struct lanes {
  int64_t free_ns[LANES_MAX];
  uint32_t track[LANES_MAX];
  uint32_t count;
} lanes;

/* The first lane that is free; where all are in use the one that is free first, and then slices are cut. */
static baro_status lane_for(baro_trace_model *model, lanes *all, uint32_t like, int64_t start_ns,
                            uint32_t *ret_lane) {
  uint32_t first = 0;
  for (uint32_t l = 0; l < all->count; l++) {
    if (all->free_ns[l] - ROUNDING_NS <= start_ns) {
      *ret_lane = l;
      return BARO_OK;
    }
    first = all->free_ns[l] < all->free_ns[first] ? l : first;
  }
  *ret_lane = first;
  if (all->count == LANES_MAX) {
    return BARO_OK;
  }
  baro_status status = GROW(model, track);
  if (status == BARO_OK) {
    *ret_lane = all->count;
    all->track[all->count] = model->track_count;
    model->tracks[model->track_count] = model->tracks[like];
    model->tracks[model->track_count].slices = 0;
    model->tracks[model->track_count++].lane = all->count++;
  }
  return status;
}

static void move_to(baro_trace_model *model, baro_trace_slice *slice, uint32_t track) {
  if (slice->dur_ns != BARO_TRACE_MOMENT) {
    model->tracks[slice->track].slices--;
    model->tracks[track].slices++;
  }
  slice->track = track;
}

baro_status baro_trace_spread(baro_trace_model *model, uint32_t track) {
  uint32_t from;
  uint32_t to;
  lanes all = {.count = 1, .free_ns = {INT64_MIN + ROUNDING_NS}, .track = {track}};
  baro_trace_slices_of(model, track, &from, &to);
  for (uint32_t s = from; s < to; s++) {
    baro_trace_slice *slice = &model->slices[s];
    uint32_t lane;
    if (slice->dur_ns == BARO_TRACE_MOMENT) {
      continue;
    }
    baro_status status = lane_for(model, &all, track, slice->start_ns, &lane);
    if (status != BARO_OK) {
      return status;
    }
    all.free_ns[lane] = slice->start_ns + slice->dur_ns;
    move_to(model, slice, all.track[lane]);
  }
  return BARO_OK;
}

/* Asynchronous slices of one id are a group, from the first beginning to the last end. */
typedef struct group {
  int64_t start_ns;
  int64_t end_ns;
  uint32_t track;
  uint32_t process;
} group;

static int compare_groups(const void *left, const void *right) {
  const group *a = left;
  const group *b = right;
  if (a->process != b->process) {
    return a->process < b->process ? -1 : 1;
  }
  if (a->start_ns != b->start_ns) {
    return a->start_ns < b->start_ns ? -1 : 1;
  }
  return a->track < b->track ? -1 : a->track > b->track;
}

static uint32_t list_groups(const baro_trace_model *model, group *groups, uint32_t *of_track) {
  uint32_t count = 0;
  for (uint32_t t = 0; t < model->track_count; t++) {
    of_track[t] = BARO_NONE_ID;
    if (model->tracks[t].is_async && model->tracks[t].slices != 0) {
      groups[count] = (group){.start_ns = INT64_MAX,
                              .end_ns = INT64_MIN,
                              .track = t,
                              .process = model->tracks[t].process};
      of_track[t] = count++;
    }
  }
  for (uint32_t s = 0; s < model->slice_count; s++) {
    const baro_trace_slice *slice = &model->slices[s];
    if (of_track[slice->track] != BARO_NONE_ID && slice->dur_ns != BARO_TRACE_MOMENT) {
      group *of = &groups[of_track[slice->track]];
      int64_t end_ns = slice->start_ns + slice->dur_ns;
      of->start_ns = slice->start_ns < of->start_ns ? slice->start_ns : of->start_ns;
      of->end_ns = end_ns > of->end_ns ? end_ns : of->end_ns;
    }
  }
  return count;
}

/* Groups that do not overlap share a track: a program may have millions. */
static baro_status pack_groups(baro_trace_model *model, group *groups, uint32_t count,
                               uint32_t *to_track) {
  baro_status status = BARO_OK;
  lanes all = {0};
  qsort(groups, count, sizeof(*groups), compare_groups);
  for (uint32_t g = 0; g < count && status == BARO_OK; g++) {
    uint32_t lane;
    if (g == 0 || groups[g].process != groups[g - 1].process) {
      all.count = 0;
    }
    status = lane_for(model, &all, groups[g].track, groups[g].start_ns, &lane);
    if (status == BARO_OK) {
      all.free_ns[lane] = groups[g].end_ns;
      to_track[groups[g].track] = all.track[lane];
    }
  }
  return status;
}

static baro_status pack_async(baro_trace_model *model) {
  uint32_t tracks = model->track_count;
  group *groups = malloc(((size_t)tracks + 1) * sizeof(*groups));
  uint32_t *to_track = malloc(((size_t)tracks + 1) * sizeof(*to_track));
  baro_status status = groups == NULL || to_track == NULL ? BARO_NO_MEMORY : BARO_OK;
  if (status == BARO_OK) {
    uint32_t count = list_groups(model, groups, to_track);
    status = pack_groups(model, groups, count, to_track);
  }
  for (uint32_t s = 0; s < model->slice_count && status == BARO_OK; s++) {
    baro_trace_slice *slice = &model->slices[s];
    if (slice->track < tracks && to_track[slice->track] != BARO_NONE_ID) {
      move_to(model, slice, to_track[slice->track]);
    }
  }
  free(groups);
  free(to_track);
  return status;
}

baro_status baro_trace_model_finish(baro_trace_model *model) {
  baro_status status = close_all(model);
  if (model->inner_first > model->outer_first) {
    for (uint32_t s = 0; s < model->slice_count; s++) {
      model->slices[s].number = UINT32_MAX - model->slices[s].number;
    }
  }
  if (status == BARO_OK) {
    status = pack_async(model);
  }
  baro_trace_sort(model);
  return status;
}
