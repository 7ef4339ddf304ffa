#include "show/html_what_if.h"

#include <string.h>

#include "predict/what_if.h"
#include "show/json_writer.h"

/* Texts that many points have: each stands once, and is told by its place. */
typedef struct texts {
  const char **rows; /* borrowed from the forecasts */
  uint32_t count;
  uint32_t room;
  baro_arena arena;
  bool failed;
} texts;

static uint32_t place_of_text(texts *all, const char *text) {
  for (uint32_t t = 0; t < all->count; t++) {
    if (strcmp(all->rows[t], text) == 0) {
      return t;
    }
  }
  if (all->count == all->room) {
    uint32_t room = all->room == 0 ? 64 : 2 * all->room;
    const char **rows = baro_arena_array(&all->arena, room, sizeof(*rows));
    if (rows == NULL) {
      all->failed = true;
      return 0;
    }
    if (all->count > 0) {
      memcpy(rows, all->rows, all->count * sizeof(*rows));
    }
    all->rows = rows;
    all->room = room;
  }
  all->rows[all->count] = text;
  return all->count++;
}

static const char *reach_key(baro_what_if_reach reach) {
  switch (reach) {
  case BARO_WHAT_IF_SOME: return "some";
  case BARO_WHAT_IF_SINGLES: return "singles";
  case BARO_WHAT_IF_FIRST: return "first";
  case BARO_WHAT_IF_PAIRS: return "pairs";
  }
  return "";
}

static void write_refusal(baro_json *json, const char *refusal) {
  if (refusal == NULL) {
    baro_json_null(json, "refusal");
  } else {
    baro_json_text(json, "refusal", refusal);
  }
}

static void write_axis(const baro_what_if_axis *axis, baro_json *json) {
  bool is_function = axis->key == BARO_SCENARIO_KEY_COUNT;
  baro_json_object(json, NULL, true);
  baro_json_text(json, "key", is_function ? "function" : baro_scenario_name(axis->key));
  baro_json_text(json, "words",
                 is_function ? "speed of a function and all that it calls"
                             : baro_scenario_words(axis->key));
  if (axis->function != NULL) {
    baro_json_text(json, "function", axis->function);
    baro_json_number(json, "run_ratio", axis->run_ratio);
  }
  write_refusal(json, axis->refusal);
  baro_json_u64(json, "base", axis->base);
  baro_json_array(json, "positions", true);
  for (uint32_t p = 0; p < axis->position_count; p++) {
    char text[32];
    /* Of a function a factor, as of a key that has nothing else. */
    baro_scenario_value_text(is_function ? BARO_SCENARIO_CPU_SPEED : axis->key,
                             &axis->positions[p].value, text);
    baro_json_object(json, NULL, true);
    baro_json_text(json, "text", text);
    baro_json_number(json, "ratio", axis->positions[p].ratio);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
  baro_json_end_object(json);
}

/* [axis, position, ...] of what is not as recorded. */
static void write_places(const baro_what_if *what_if, const baro_what_if_point *point,
                         baro_json *json) {
  baro_json_array(json, NULL, true);
  for (uint32_t a = 0; a < what_if->axis_count; a++) {
    if (what_if->axes[a].position_count > 0 && point->positions[a] != what_if->axes[a].base) {
      baro_json_u64(json, NULL, a);
      baro_json_u64(json, NULL, point->positions[a]);
    }
  }
  baro_json_end_array(json);
}

/* [places, text of the refusal] or [places, predicted, low, high, slots, busy, chance, [term, fastest, slowest ...],
 * [assumption ...]] */
static void write_point(const baro_what_if *what_if, const baro_what_if_point *point, texts *words,
                        baro_json *json) {
  const baro_forecast *forecast = &point->forecast;
  baro_json_array(json, NULL, true);
  write_places(what_if, point, json);
  if (point->refusal != NULL) {
    baro_json_u64(json, NULL, place_of_text(words, point->refusal));
    baro_json_end_array(json);
    return;
  }
  baro_json_number(json, NULL, forecast->predicted_s);
  baro_json_number(json, NULL, forecast->low_s);
  baro_json_number(json, NULL, forecast->high_s);
  baro_json_u64(json, NULL, forecast->slots);
  baro_json_number(json, NULL, forecast->busy_ratio);
  baro_json_number(json, NULL, forecast->bootstrap_ratio);
  baro_json_array(json, NULL, true);
  for (uint32_t t = 0; t < forecast->term_count; t++) {
    baro_json_u64(json, NULL, (uint64_t)forecast->terms[t].term);
    baro_json_number(json, NULL, forecast->terms[t].fastest_s);
    baro_json_number(json, NULL, forecast->terms[t].slowest_s);
  }
  baro_json_end_array(json);
  baro_json_array(json, NULL, true);
  for (uint32_t a = 0; a < forecast->assumption_count; a++) {
    baro_json_u64(json, NULL, place_of_text(words, forecast->assumptions[a]));
  }
  baro_json_end_array(json);
  baro_json_end_array(json);
}

static void write_terms(baro_json *json) {
  baro_json_array(json, "terms", true);
  for (int t = 0; t < BARO_TERM_COUNT; t++) {
    baro_json_object(json, NULL, true);
    baro_json_text(json, "term", baro_terms[t].key);
    baro_json_text(json, "source", baro_term_source_text(baro_terms[t].source));
    baro_json_number(json, "low", baro_terms[t].low);
    baro_json_number(json, "value", baro_terms[t].point);
    baro_json_number(json, "high", baro_terms[t].high);
    baro_json_text(json, "meaning", baro_terms[t].words);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

static void write_run(const baro_what_if *what_if, baro_json *json) {
  const baro_forecast *forecast = &what_if->points[0].forecast;
  baro_json_text(json, "reach", reach_key(what_if->reach));
  baro_json_u64(json, "tasks", what_if->task_count);
  baro_json_number(json, "run_s", forecast->run_s);
  baro_json_number(json, "base_s", forecast->base_s);
  baro_json_number(json, "lead_s", forecast->lead_s);
  baro_json_number(json, "lead_error_s", forecast->lead_error_s);
  baro_json_u64(json, "base_slots", forecast->base_slots);
  baro_json_number(json, "base_busy_ratio", forecast->base_busy_ratio);
  baro_json_number(json, "noise_ratio", forecast->noise_ratio);
}

static void write_json(const baro_what_if *what_if, texts *words, baro_stream *output) {
  baro_json json;
  baro_json_init(&json, output, false);
  baro_json_object(&json, NULL, true);
  write_refusal(&json, what_if->refusal);
  if (what_if->point_count > 0) {
    write_run(what_if, &json);
    write_terms(&json);
  }
  baro_json_array(&json, "axes", true);
  for (uint32_t a = 0; a < what_if->axis_count; a++) {
    write_axis(&what_if->axes[a], &json);
  }
  baro_json_end_array(&json);
  baro_json_array(&json, "points", true);
  for (uint32_t p = 0; p < what_if->point_count; p++) {
    write_point(what_if, &what_if->points[p], words, &json);
  }
  baro_json_end_array(&json);
  baro_json_array(&json, "texts", true);
  for (uint32_t t = 0; t < words->count; t++) {
    baro_json_text(&json, NULL, words->rows[t]);
  }
  baro_json_end_array(&json);
  baro_json_end_object(&json);
}

baro_status baro_html_what_if_make(const baro_profile *profile, baro_buffer *ret_json,
                                   baro_error *err) {
  if (!baro_what_if_applies(profile)) {
    return BARO_OK;
  }
  baro_what_if *what_if = NULL;
  baro_status status = baro_what_if_make(profile, 0, &what_if, err);
  if (status != BARO_OK) {
    return status;
  }
  texts words = {0};
  baro_stream output;
  baro_stream_init(&output, baro_sink_buffer, ret_json);
  write_json(what_if, &words, &output);
  status = baro_stream_finish(&output, err);
  if (status == BARO_OK && words.failed) {
    status = baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_arena_release(&words.arena);
  baro_what_if_destroy(what_if);
  return status;
}

void baro_html_write_what_if(baro_html_page *page) {
  if (page->what_if.length == 0) {
    return;
  }
  baro_html_begin(&page->sections, "what_if", true);
  baro_html_column *column = baro_html_column_begin(&page->sections, "json", BARO_HTML_STRING);
  baro_html_put_string(column, page->what_if);
  baro_html_end(&page->sections);
}
