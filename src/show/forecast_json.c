#include <stdio.h>

#include "show/forecast_report.h"
#include "show/json_writer.h"

static void write_value(baro_json *json, baro_scenario_key key, const baro_scenario_value *value) {
  char text[32];
  baro_scenario_value_text(key, value, text);
  baro_json_text(json, "key", baro_scenario_name(key));
  baro_json_text(json, "value", text);
}

static void write_function(baro_json *json, const baro_scenario_function *function) {
  char text[32];
  (void)snprintf(text, sizeof(text), "%.4gx", function->factor);
  baro_json_text(json, "key", "function");
  baro_json_text(json, "function", function->name);
  baro_json_text(json, "value", text);
}

static void write_parts(const baro_forecast_report *report, baro_json *json) {
  const baro_forecast *forecast = report->forecast;
  baro_json_array(json, "parts", false);
  for (uint32_t p = 0; p < forecast->part_count; p++) {
    const baro_forecast_part *part = &forecast->parts[p];
    baro_json_object(json, NULL, true);
    if (part->function == BARO_NONE_ID) {
      write_value(json, part->key, &report->scenario->values[part->key]);
    } else {
      write_function(json, &report->scenario->functions[part->function]);
    }
    baro_json_number(json, "alone_s", part->alone_s);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

static void write_terms(const baro_forecast *forecast, baro_json *json) {
  baro_json_array(json, "terms", false);
  for (uint32_t t = 0; t < forecast->term_count; t++) {
    const baro_forecast_term *term = &forecast->terms[t];
    baro_json_object(json, NULL, true);
    baro_json_text(json, "term", baro_terms[term->term].key);
    baro_json_text(json, "source", baro_term_source_text(term->source));
    baro_json_number(json, "low", term->low);
    baro_json_number(json, "value", term->point);
    baro_json_number(json, "high", term->high);
    baro_json_number(json, "fastest_s", term->fastest_s);
    baro_json_number(json, "slowest_s", term->slowest_s);
    baro_json_text(json, "meaning", baro_terms[term->term].words);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

static void write_sweep(const baro_forecast_report *report, baro_json *json) {
  baro_json_array(json, "sweep", false);
  for (uint32_t p = 0; p < report->sweep->count; p++) {
    const baro_forecast_point *point = &report->points[p];
    baro_json_object(json, NULL, true);
    write_value(json, report->sweep->key, &point->value);
    baro_json_u64(json, "slots", point->slots);
    baro_json_number(json, "predicted_s", point->predicted_s);
    baro_json_number(json, "low_s", point->low_s);
    baro_json_number(json, "high_s", point->high_s);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}

static void write_fit(const baro_contention_fit *fit, baro_json *json) {
  baro_json_object(json, "second_recording", true);
  if (fit->term == BARO_TERM_COUNT) {
    baro_json_null(json, "term");
  } else {
    baro_json_text(json, "term", baro_terms[fit->term].key);
    baro_json_number(json, "value", fit->power);
    baro_json_number(json, "standard_error", fit->error_power);
    baro_json_u64(json, "stages", fit->stage_count);
  }
  baro_json_end_object(json);
}

static void write_calibration(const baro_forecast *forecast, baro_json *json) {
  const baro_calibration *calibration = &forecast->calibration;
  baro_json_object(json, "calibration", true);
  baro_json_bool(json, "is_calibrated", calibration->is_calibrated);
  baro_json_number(json, "factor", calibration->factor);
  baro_json_u64(json, "jobs", calibration->jobs);
  baro_json_u64(json, "comparisons", calibration->comparisons);
  baro_json_number(json, "ranges_low_s", forecast->ranges_low_s);
  baro_json_number(json, "ranges_high_s", forecast->ranges_high_s);
  baro_json_end_object(json);
}

void baro_forecast_json(const baro_forecast_report *report, baro_stream *output) {
  const baro_forecast *forecast = report->forecast;
  baro_json json;
  baro_json_init(&json, output, true);
  baro_json_object(&json, NULL, false);
  baro_json_text(&json, "schema", "barograph.predict/1");
  baro_json_text(&json, "path", report->path);
  baro_json_text(&json, "set", report->set);
  baro_json_number(&json, "predicted_s", forecast->predicted_s);
  baro_json_number(&json, "low_s", forecast->low_s);
  baro_json_number(&json, "high_s", forecast->high_s);
  baro_json_number(&json, "base_s", forecast->base_s);
  if (forecast->run_s > 0) {
    baro_json_number(&json, "run_s", forecast->run_s);
  } else {
    baro_json_null(&json, "run_s");
  }
  if (forecast->part != NULL) {
    baro_json_text(&json, "part_of_run", forecast->part);
  } else {
    baro_json_null(&json, "part_of_run");
  }
  baro_json_number(&json, "replayed_s", forecast->replayed_s);
  baro_json_number(&json, "lead_s", forecast->lead_s);
  baro_json_number(&json, "lead_error_s", forecast->lead_error_s);
  baro_json_u64(&json, "slots", forecast->slots);
  baro_json_u64(&json, "base_slots", forecast->base_slots);
  baro_json_number(&json, "busy_ratio", forecast->busy_ratio);
  baro_json_number(&json, "base_busy_ratio", forecast->base_busy_ratio);
  baro_json_number(&json, "bootstrap_ratio", forecast->bootstrap_ratio);
  baro_json_number(&json, "noise_ratio", forecast->noise_ratio);
  write_calibration(forecast, &json);
  write_parts(report, &json);
  write_terms(forecast, &json);
  if (report->fit != NULL) {
    write_fit(report->fit, &json);
  }
  if (report->sweep != NULL) {
    write_sweep(report, &json);
  }
  baro_json_array(&json, "assumptions", false);
  for (uint32_t a = 0; a < forecast->assumption_count; a++) {
    baro_json_text(&json, NULL, forecast->assumptions[a]);
  }
  baro_json_end_array(&json);
  baro_json_end_object(&json);
  baro_stream_text(output, "\n");
}
