#include "import/trace_input.h"

#include <inttypes.h>
#include <string.h>

#include "base/plural.h"
#include "import/import_formats.h"
#include "import/log_reading.h"
#include "import/trace_output.h"

static const char ARRAY[] = "traceEvents";

/* --- what a file is --- */

static bool has_kind(baro_view event) {
  baro_view name;
  bool found = false;
  baro_json_walk walk = baro_json_walk_of(event);
  if (baro_json_walk_peek(&walk) != '{' || !baro_json_walk_enter(&walk, '{')) {
    return false;
  }
  while (baro_json_walk_member(&walk, &name)) {
    found |= baro_view_equal(name, baro_view_of("ph"));
    baro_json_walk_skip(&walk);
  }
  return found && baro_json_walk_finish(&walk);
}

static bool is_torch_member(baro_view name) {
  return baro_view_equal(name, baro_view_of("schemaVersion")) ||
         baro_view_equal(name, baro_view_of("deviceProperties")) ||
         baro_view_equal(name, baro_view_of("computeProperties"));
}

/* Whether the head of a file is that of a trace: what comes first, up to its first event. */
static bool is_trace(baro_view head, bool *ret_is_torch) {
  baro_log_source source = baro_log_source_of_bytes(&head);
  baro_log_input *input = NULL;
  baro_json_items items;
  baro_json_item item;
  bool any = false;
  bool found = false;
  *ret_is_torch = false;
  if (baro_log_input_create(&source, &input, NULL) != BARO_OK) {
    return false;
  }
  baro_json_items_init(&items, input, ARRAY, head.length);
  while (baro_json_items_next(&items, &item)) {
    if (item.name.data == NULL && !any) {
      any = true;
      found = has_kind(item.value);
    }
    *ret_is_torch |= item.name.data != NULL && is_torch_member(item.name);
  }
  found |= items.has_array && !any;
  baro_json_items_release(&items);
  baro_log_input_destroy(input);
  return found;
}

bool baro_chrome_sniff(baro_view head) {
  bool is_torch;
  return is_trace(head, &is_torch) && !is_torch;
}

bool baro_torch_sniff(baro_view head) {
  bool is_torch;
  return is_trace(head, &is_torch) && is_torch;
}

/* --- reading --- */

static baro_status read_member(baro_trace_model *model, const baro_json_item *item) {
  baro_json_walk walk = baro_json_walk_of(item->value);
  int64_t number;
  if (baro_view_equal(item->name, baro_view_of("baseTimeNanoseconds"))) {
    if (baro_json_walk_integer(&walk, &number) && number > 0 && number < BARO_TRACE_TIME_MAX_NS) {
      model->base_ns = number;
    }
  } else if (model->is_torch && baro_view_equal(item->name, baro_view_of("deviceProperties"))) {
    return baro_trace_text_put(model, item->value, &model->devices);
  } else if (model->is_torch && baro_view_equal(item->name, baro_view_of("distributedInfo"))) {
    return baro_trace_text_put(model, item->value, &model->distributed);
  }
  return BARO_OK;
}

static baro_status read_items(baro_json_items *items, baro_trace_model *model) {
  baro_json_item item;
  baro_status status = BARO_OK;
  while (status == BARO_OK && baro_json_items_next(items, &item)) {
    baro_json_walk walk;
    if (item.name.data != NULL) {
      status = read_member(model, &item);
      continue;
    }
    status = baro_trace_event(model, item.value, &walk);
    if (status == BARO_INVALID) {
      baro_json_items_refuse(items, &walk);
      status = BARO_OK;
    }
  }
  return status == BARO_OK ? items->ending.status == BARO_NO_MEMORY ? BARO_NO_MEMORY : BARO_OK
                           : status;
}

baro_status baro_trace_read_input(baro_log_input *input, const baro_log_progress *progress,
                                  uint64_t all_bytes, baro_trace_model *model, baro_writer *writer,
                                  baro_error *err) {
  baro_json_items items;
  baro_json_items_init(&items, input, ARRAY, BARO_JSON_ITEM_BYTES_MAX);
  items.progress = progress;
  items.all_bytes = all_bytes;
  baro_status status = read_items(&items, model);
  if (status == BARO_OK && model->slice_count == 0 && items.ending.status != BARO_OK) {
    *err = items.ending;
    status = items.ending.status;
  } else {
    baro_json_items_note(&items, "event", "events", writer);
  }
  baro_json_items_release(&items);
  if (status == BARO_OK) {
    status = baro_trace_model_finish(model);
  }
  return status == BARO_NO_MEMORY ? baro_error_set(err, status, "out of memory") : status;
}

baro_status baro_trace_read(const baro_log_place *place, const baro_log_progress *progress,
                            baro_trace_model *model, baro_writer *writer, baro_error *err) {
  baro_json_file file;
  baro_status status = baro_json_file_open(&file, place, err);
  if (status == BARO_OK) {
    status =
        baro_trace_read_input(file.input, progress, file.files.pieces[0].bytes, model, writer, err);
  }
  baro_json_file_close(&file);
  return status;
}

/* --- what was wrong --- */

void baro_trace_note(const baro_trace_model *model, baro_writer *writer) {
  const baro_trace_oddities *odd = &model->odd;
  const baro_import_count counts[] = {
      {odd->unbegun, "end of a slice has no beginning: it was left out",
       "ends of slices have no beginning: they were left out"},
      {odd->unended, "slice has no end: it counts up to the end of the trace",
       "slices have no end: they count up to the end of the trace"},
      {odd->backward, "slice ends before it begins: it counts as 0 long",
       "slices end before they begin: they count as 0 long"},
      {odd->without_times, "event has no time that is one: it was left out",
       "events have no time that is one: they were left out"},
      {odd->instants, "instant (i) is not kept", "instants (i) are not kept"},
      {odd->counters, "value of a counter (C) is not kept", "values of counters (C) are not kept"},
      {odd->flows, "end of a flow (s, t, f) is not kept", "ends of flows (s, t, f) are not kept"},
      {odd->objects, "event of an object (N, O, D) is not kept",
       "events of objects (N, O, D) are not kept"},
      {odd->repeated,
       "slice says again what others say (an annotation as a device saw it): it was left out",
       "slices say again what others say (annotations as a device saw them): "
       "they were left out"},
      {odd->unknown, "event of a kind that is not known here was left out",
       "events of kinds that are not known here were left out"},
  };
  if (odd->mended != 0) {
    baro_import_note(writer,
                     "%" PRIu64 " %s slices overlap and none is within the other: %.3f ms in "
                     "all were cut off one of them",
                     odd->mended, baro_plural(odd->mended, "time", "times"),
                     (double)odd->mended_ns / 1e6);
  }
  baro_import_note_counts(writer, counts, sizeof(counts) / sizeof(counts[0]));
}

baro_status baro_chrome_import(const baro_log_place *place, baro_writer *writer,
                               baro_import_log_result *ret_result, baro_error *err) {
  baro_trace_model model;
  baro_trace_output output = {0};
  baro_status status = baro_trace_model_init(&model, false);
  if (status != BARO_OK) {
    (void)!baro_error_set(err, status, "out of memory");
  } else {
    status = baro_trace_read(place, ret_result->progress, &model, writer, err);
  }
  if (status == BARO_OK) {
    status = baro_trace_output_init(&output, &model, writer, err);
    if (status == BARO_OK) {
      status = baro_trace_write(&output);
      baro_trace_note(&model, writer);
    }
  }
  *ret_result = output.result;
  baro_trace_output_release(&output);
  baro_trace_model_release(&model);
  return status;
}
