#include "import/flink_input.h"

#include <stdio.h>

#include "import/flink_output.h"
#include "import/import_formats.h"
#include "import/json_items.h"

static const char ARRAY[] = "archive";

static bool is_path(baro_view text) {
  static const char *const starts[] = {"/jobs", "/overview", "/taskmanagers", "/jobmanager"};
  for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
    if (baro_view_starts_with(text, starts[s])) {
      return true;
    }
  }
  return false;
}

/* {"path": ..., "json": ...}. False: it is none. */
static bool take_entry(baro_view value, baro_view *ret_path, baro_view *ret_json) {
  baro_view name;
  baro_json_walk walk = baro_json_walk_of(value);
  *ret_path = *ret_json = (baro_view){0};
  if (baro_json_walk_peek(&walk) != '{' || !baro_json_walk_enter(&walk, '{')) {
    return false;
  }
  while (baro_json_walk_member(&walk, &name)) {
    if (baro_view_equal(name, baro_view_of("path"))) {
      (void)baro_json_walk_text(&walk, ret_path);
    } else if (baro_view_equal(name, baro_view_of("json"))) {
      (void)baro_json_walk_text(&walk, ret_json);
    } else {
      baro_json_walk_skip(&walk);
    }
  }
  return baro_json_walk_finish(&walk) && ret_path->data != NULL && ret_json->data != NULL;
}

bool baro_flink_sniff(baro_view head) {
  baro_log_source source = baro_log_source_of_bytes(&head);
  baro_log_input *input = NULL;
  baro_json_items items;
  baro_json_item item;
  baro_view path;
  baro_view json;
  bool found = false;
  if (baro_log_input_create(&source, &input, NULL) != BARO_OK) {
    return false;
  }
  baro_json_items_init(&items, input, ARRAY, head.length);
  if (baro_json_items_next(&items, &item)) {
    found = item.name.data != NULL
                ? is_path(item.name)
                : items.is_object && take_entry(item.value, &path, &json) && is_path(path);
  } else {
    /* A first answer that is larger than the head: its name stands there. */
    found = items.has_array;
  }
  baro_json_items_release(&items);
  baro_log_input_destroy(input);
  return found;
}

/* Puts what walks want behind the text. */
static bool pad(baro_buffer *text) {
  static const uint8_t padding[BARO_JSON_LINE_PADDING] = {0};
  baro_write_bytes(text, padding, sizeof(padding));
  return !text->failed;
}

typedef struct answers {
  baro_buffer path; /* owned, as json: unescaped, with padding */
  baro_buffer json;
} answers;

static baro_status read_item(baro_flink_model *model, answers *all, const baro_json_item *item,
                             baro_json_walk *ret_walk) {
  baro_view path = item->name;
  baro_view json = item->value;
  *ret_walk = baro_json_walk_of(item->value);
  if (item->name.data != NULL && !is_path(path)) {
    return BARO_OK;
  }
  if (item->name.data == NULL && !take_entry(item->value, &path, &json)) {
    baro_json_walk_fail(ret_walk, "an object with path and json");
    return BARO_INVALID;
  }
  baro_buffer_clear(&all->path);
  baro_write_bytes(&all->path, path.data, path.length);
  if (!pad(&all->path)) {
    return BARO_NO_MEMORY;
  }
  path.data = all->path.data;
  if (item->name.data == NULL) {
    baro_buffer_clear(&all->json);
    if (!baro_json_text_unescape(json, &all->json)) {
      baro_json_walk_fail(ret_walk, "a text of JSON");
      return all->json.failed ? BARO_NO_MEMORY : BARO_INVALID;
    }
    size_t length = all->json.length;
    for (size_t i = 0; i < length; i++) {
      all->json.data[i] = all->json.data[i] == '\n' ? ' ' : all->json.data[i];
    }
    if (!pad(&all->json)) {
      return BARO_NO_MEMORY;
    }
    json = (baro_view){.data = all->json.data, .length = length};
  }
  return baro_flink_answer(model, path, json, ret_walk);
}

baro_status baro_flink_read_input(baro_log_input *input, baro_flink_model *model,
                                  baro_writer *writer, baro_error *err) {
  baro_json_items items;
  baro_json_item item;
  answers all = {0};
  baro_status status = BARO_OK;
  baro_json_items_init(&items, input, ARRAY, BARO_JSON_ITEM_BYTES_MAX);
  while (status == BARO_OK && baro_json_items_next(&items, &item)) {
    baro_json_walk walk;
    status = read_item(model, &all, &item, &walk);
    if (status == BARO_INVALID) {
      baro_json_items_refuse(&items, &walk);
      status = BARO_OK;
    }
  }
  status = items.ending.status == BARO_NO_MEMORY ? BARO_NO_MEMORY : status;
  if (status == BARO_NO_MEMORY) {
    status = baro_error_set(err, status, "out of memory");
  } else if (model->attempt_count == 0 && items.ending.status != BARO_OK) {
    *err = items.ending;
    status = items.ending.status;
  } else {
    baro_json_items_note(&items, "answer", "answers", writer);
  }
  baro_buffer_release(&all.path);
  baro_buffer_release(&all.json);
  baro_json_items_release(&items);
  return status;
}

static baro_status read_file(const baro_log_place *place, baro_flink_model *model,
                             baro_writer *writer, baro_error *err) {
  baro_json_file file;
  baro_status status = baro_json_file_open(&file, place, err);
  if (status == BARO_OK) {
    status = baro_flink_read_input(file.input, model, writer, err);
  }
  baro_json_file_close(&file);
  return status;
}

static void put_infos(const baro_flink_model *model, baro_writer *writer) {
  char text[512];
  if (model->job_count == 1 && model->jobs[0].name != BARO_NONE_ID) {
    baro_view name = model->texts.views[model->jobs[0].name];
    (void)snprintf(text, sizeof(text), "%.*s", (int)(name.length < 500 ? name.length : 500),
                   (const char *)name.data);
    baro_writer_info(writer, "application", text);
  }
}

baro_status baro_flink_import(const baro_log_place *place, baro_writer *writer,
                              baro_import_log_result *ret_result, baro_error *err) {
  baro_flink_model model = {.version = BARO_NONE_ID};
  baro_status status = read_file(place, &model, writer, err);
  if (status == BARO_OK) {
    put_infos(&model, writer);
    status = baro_flink_write(&model, writer, ret_result, err);
  }
  baro_flink_model_release(&model);
  return status;
}
