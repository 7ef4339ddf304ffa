/* The JSON of diff: schema barograph.diff/1; the page of a comparison has the same members. */
#include <stddef.h>
#include <string.h>

#include "show/diff_show.h"
#include "show/json_writer.h"

static const char *const side_names[BARO_DIFF_SIDES] = {"before", "after"};

/* {"before": 1, "after": null}: not of a run that has it not. */
static void write_pair(baro_json *json, const char *name, const bool has[BARO_DIFF_SIDES],
                       const uint64_t value[BARO_DIFF_SIDES]) {
  baro_json_object(json, name, true);
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    if (has[side]) {
      baro_json_u64(json, side_names[side], value[side]);
    } else {
      baro_json_null(json, side_names[side]);
    }
  }
  baro_json_end_object(json);
}

static void write_both(baro_json *json, const char *name, uint64_t before, uint64_t after) {
  static const bool both[] = {true, true};
  const uint64_t values[] = {before, after};
  write_pair(json, name, both, values);
}

static void write_resource(baro_json *json, const baro_resource_diff *row, bool has_words) {
  baro_json_object(json, NULL, true);
  baro_json_text(json, "resource", row->key);
  if (has_words) {
    baro_json_text(json, "words", row->words);
  }
  baro_json_text(json, "evidence", baro_evidence_key(row->evidence[BARO_AFTER]));
  write_both(json, "path_ns", row->path_ns[BARO_BEFORE], row->path_ns[BARO_AFTER]);
  write_both(json, "tasks_ns", row->task_ns[BARO_BEFORE], row->task_ns[BARO_AFTER]);
  baro_json_end_object(json);
}

static void write_name(baro_json *json, const char *key, const baro_run_diff *diff,
                       const baro_operator_diff *row, int side) {
  if (row->row[side] == NULL) {
    baro_json_null(json, key);
    return;
  }
  const baro_profile *profile = diff->sides[side]->profile;
  const baro_dataflow_operator *one = &profile->dataflow.operators[row->row[side]->operator_id];
  baro_view place = baro_profile_string(profile, one->place_string);
  baro_json_object(json, key, true);
  baro_json_u64(json, "operator_id", row->row[side]->operator_id);
  baro_json_string(json, "operator", baro_profile_string(profile, one->name_string));
  if (place.length > 0) {
    baro_json_string(json, "place", place);
  } else {
    baro_json_null(json, "place");
  }
  baro_json_string(json, "kind", baro_profile_string(profile, one->kind_string));
  baro_json_end_object(json);
}

/* Numbers of an operator, which are null of a run that has not got it. */
static const struct {
  const char *name;
  size_t offset; /* in baro_operator_time */
  bool is_wide;  /* 64 bits, else 32 */
  bool is_shown; /* on a page */
} fields[] = {
    {"path_ns", offsetof(baro_operator_time, path_ns), true, true},
    {"tasks_ns", offsetof(baro_operator_time, task_ns), true, true},
    {"tasks", offsetof(baro_operator_time, task_count), false, true},
    {"failed_tasks", offsetof(baro_operator_time, bad_tasks), false, false},
    {"slots", offsetof(baro_operator_time, slots), false, false},
    {"median_ns", offsetof(baro_operator_time, median_ns), true, false},
    {"longest_ns", offsetof(baro_operator_time, longest_ns), true, false},
};

static uint64_t field_of(const baro_operator_time *row, size_t field) {
  const uint8_t *at = (const uint8_t *)row + fields[field].offset;
  uint64_t wide = 0;
  uint32_t narrow = 0;
  if (fields[field].is_wide) {
    memcpy(&wide, at, sizeof(wide));
    return wide;
  }
  memcpy(&narrow, at, sizeof(narrow));
  return narrow;
}

static void write_fields(const baro_operator_diff *row, bool is_page, baro_json *json) {
  const bool has[] = {row->row[0] != NULL, row->row[1] != NULL};
  for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++) {
    const uint64_t both[] = {has[0] ? field_of(row->row[0], f) : 0,
                             has[1] ? field_of(row->row[1], f) : 0};
    if (fields[f].is_shown || !is_page) {
      write_pair(json, fields[f].name, has, both);
    }
  }
}

static void write_amounts(const baro_operator_diff *row, bool is_page, baro_json *json) {
  for (int q = BARO_QUANTITY_READ; q < BARO_QUANTITY_COUNT; q++) {
    const bool told[] = {row->is_told[0][q], row->is_told[1][q]};
    const uint64_t amounts[] = {row->amount[0][q], row->amount[1][q]};
    const char *key = baro_quantity_key((baro_quantity)q);
    bool is_shown =
        q == BARO_QUANTITY_READ || q == BARO_QUANTITY_WRITTEN || q == BARO_QUANTITY_SPILLED;
    if (is_page && !is_shown) {
      continue;
    }
    if (told[0] || told[1]) {
      write_pair(json, key, told, amounts);
    } else {
      baro_json_null(json, key);
    }
  }
}

static void write_operator(const baro_run_diff *diff, const baro_operator_diff *row, bool is_page,
                           baro_json *json) {
  baro_resource_diff parts[BARO_DIFF_RESOURCES_MAX];
  uint32_t count = baro_operator_resource_diffs(diff, row, parts);
  baro_json_object(json, NULL, false);
  write_name(json, "before", diff, row, BARO_BEFORE);
  write_name(json, "after", diff, row, BARO_AFTER);
  baro_json_text(json, "matched_by", baro_match_key(row->match));
  write_fields(row, is_page, json);
  write_amounts(row, is_page, json);
  baro_json_array(json, "by_resource", false);
  for (uint32_t i = 0; i < count; i++) {
    write_resource(json, &parts[i], !is_page);
  }
  baro_json_end_array(json);
  baro_json_end_object(json);
}

static bool write_text(baro_json *json, const char *key, baro_buffer *text) {
  bool good = !text->failed;
  baro_json_string(json, key, (baro_view){text->data, text->length});
  baro_buffer_clear(text);
  return good;
}

static bool write_sentences(const baro_run_diff *diff, baro_json *json) {
  const uint64_t run_ns[] = {diff->sides[0]->run_ns, diff->sides[1]->run_ns};
  baro_buffer text = {0};
  baro_diff_answer(run_ns, &text);
  bool good = write_text(json, "answer", &text);
  baro_json_array(json, "sentences", false);
  for (int which = 0; which < BARO_DIFF_SENTENCES; which++) {
    baro_diff_sentence_write(diff, (baro_diff_sentence)which, true, &text);
    good = good && !text.failed;
    if (text.length > 0) {
      good = write_text(json, NULL, &text) && good;
    }
  }
  baro_json_end_array(json);
  baro_buffer_release(&text);
  return good;
}

static void write_settings(const baro_run_diff *diff, baro_json *json) {
  baro_json_array(json, "settings", false);
  for (uint32_t i = 0; i < diff->setting_count; i++) {
    const baro_setting_diff *row = &diff->settings[i];
    baro_json_object(json, NULL, true);
    baro_json_string(json, "setting", row->key);
    for (int side = 0; side < BARO_DIFF_SIDES; side++) {
      if (row->value[side].length > 0) {
        baro_json_string(json, side_names[side], row->value[side]);
      } else {
        baro_json_null(json, side_names[side]);
      }
    }
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

bool baro_diff_json_members(const baro_run_diff *diff, uint32_t operators_most, bool is_page,
                            baro_json *json) {
  const baro_explanation *before = diff->sides[BARO_BEFORE], *after = diff->sides[BARO_AFTER];
  bool good = write_sentences(diff, json);
  write_both(json, "run_ns", before->run_ns, after->run_ns);
  write_both(json, "tasks", before->profile->dataflow.task_count,
             after->profile->dataflow.task_count);
  write_both(json, "executors", before->executor_count, after->executor_count);
  write_both(json, "slots", before->slot_count, after->slot_count);
  write_settings(diff, json);
  baro_json_array(json, "critical_path", false);
  for (uint32_t r = 0; r < diff->resource_count; r++) {
    write_resource(json, &diff->resources[r], true);
  }
  baro_json_end_array(json);
  baro_json_array(json, "operators", false);
  for (uint32_t i = 0; i < diff->operator_count && (operators_most == 0 || i < operators_most);
       i++) {
    write_operator(diff, &diff->operators[i], is_page, json);
  }
  baro_json_end_array(json);
  return good;
}

baro_status baro_diff_json(const baro_run_diff *diff, const baro_diff_options *options,
                           baro_stream *output, baro_error *err) {
  baro_json json;
  baro_json_init(&json, output, true);
  baro_json_object(&json, NULL, false);
  baro_json_text(&json, "schema", "barograph.diff/1");
  baro_json_text(&json, "kind", "dataflow");
  baro_json_object(&json, "recordings", true);
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    baro_json_text(&json, side_names[side], options->paths[side]);
  }
  baro_json_end_object(&json);
  bool good = baro_diff_json_members(diff, options->top, false, &json);
  baro_json_end_object(&json);
  return good ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}
