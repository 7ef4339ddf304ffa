/* Recorded calls as markers of the Firefox Profiler. */
#include <stdio.h>

#include "show/call_rows.h"
#include "show/firefox_parts.h"
#include "show/utf8.h"

/* Of payloads, and of what says how they are shown. */
static const char marker_type[] = "Call";

uint32_t baro_firefox_text(baro_firefox_texts *texts, baro_view text) {
  uint32_t index = 0;
  baro_buffer_clear(&texts->scratch);
  baro_write_utf8(&texts->scratch, text);
  baro_view valid = {.data = texts->scratch.data, .length = texts->scratch.length};
  if (texts->scratch.failed || baro_intern_put(&texts->strings, valid, &index, NULL) != BARO_OK) {
    texts->failed = true;
  }
  return index;
}

void baro_firefox_ms(baro_stream *output, uint64_t ns) {
  char decimals[8];
  baro_stream_u64(output, ns / 1000000);
  if (ns % 1000000 == 0) {
    return;
  }
  int length = snprintf(decimals, sizeof(decimals), ".%06u", (unsigned)(ns % 1000000));
  while (decimals[length - 1] == '0') {
    length--;
  }
  baro_stream_bytes(output, decimals, (size_t)length);
}

/* "raised KeyError", "unfinished". */
static void put_outcome(baro_stream *output, const baro_profile *profile, uint32_t call) {
  baro_outcome outcome = (baro_outcome)profile->calls.outcome[call];
  if (outcome == BARO_OUTCOME_RETURNED) {
    return;
  }
  baro_buffer text = {0};
  uint32_t exception = baro_call_exception(profile, call);
  baro_write_text(&text, baro_outcome_key(outcome));
  if (exception != BARO_NONE_ID) {
    baro_view name = baro_profile_string(profile, exception);
    baro_write_text(&text, " ");
    baro_write_utf8(&text, name);
  }
  baro_stream_text(output, ",\"outcome\":");
  baro_json_quote(output, (baro_view){.data = text.data, .length = text.length});
  baro_buffer_release(&text);
}

typedef enum marker_column { DATA, NAME, START, END, PHASE, CATEGORY } marker_column;

static void put_value(baro_stream *output, const baro_profile *profile, uint32_t call,
                      marker_column column, baro_firefox_texts *texts) {
  const baro_profile_calls *calls = &profile->calls;
  uint64_t start_ns =
      calls->start_ns[call] > profile->start_ns ? calls->start_ns[call] - profile->start_ns : 0;
  switch (column) {
  case DATA: {
    uint64_t weight = baro_call_weight(profile, call);
    baro_stream_text(output, "{\"type\":\"");
    baro_stream_text(output, marker_type);
    baro_stream_text(output, "\",\"self\":");
    baro_firefox_ms(output, calls->self_ns[call]);
    put_outcome(output, profile, call);
    if (weight != 1) {
      baro_stream_text(output, ",\"calls\":");
      baro_stream_u64(output, weight);
    }
    baro_stream_char(output, '}');
    break;
  }
  case NAME: {
    const baro_profile_function *function = &profile->functions.rows[calls->function[call]];
    baro_stream_u64(
        output, baro_firefox_text(texts, baro_profile_string(profile, function->qualified_string)));
    break;
  }
  case START: baro_firefox_ms(output, start_ns); break;
  case END: baro_firefox_ms(output, start_ns + calls->duration_ns[call]); break;
  case PHASE: baro_stream_char(output, '1'); break; /* it has a beginning and an end */
  case CATEGORY: baro_stream_char(output, '0'); break;
  }
}

void baro_firefox_markers(baro_json *json, const baro_profile *profile,
                          const baro_profile_thread *thread, bool of_calls,
                          baro_firefox_texts *texts) {
  static const char *const names[] = {
      [DATA] = "data",   [NAME] = "name",   [START] = "startTime",
      [END] = "endTime", [PHASE] = "phase", [CATEGORY] = "category",
  };
  uint32_t count = of_calls ? thread->call_count : 0;
  baro_json_object(json, "markers", false);
  for (size_t c = 0; c < sizeof(names) / sizeof(names[0]); c++) {
    baro_json_array(json, names[c], true);
    for (uint32_t i = 0; i < count; i++) {
      baro_stream_text(json->output, i == 0 ? "" : ",");
      put_value(json->output, profile, thread->first_call + i, (marker_column)c, texts);
    }
    baro_json_end_array(json);
  }
  baro_json_u64(json, "length", count);
  baro_json_end_object(json);
}

static void put_field(baro_json *json, const char *key, const char *label, const char *format) {
  baro_json_object(json, NULL, true);
  baro_json_text(json, "key", key);
  baro_json_text(json, "label", label);
  baro_json_text(json, "format", format);
  baro_json_end_object(json);
}

void baro_firefox_marker_schema(baro_json *json, bool of_calls) {
  baro_json_array(json, "markerSchema", false);
  if (of_calls) {
    baro_json_object(json, NULL, false);
    baro_json_text(json, "name", marker_type);
    baro_json_text(json, "tooltipLabel", "{marker.name}");
    baro_json_text(json, "tableLabel", "{marker.data.outcome}");
    baro_json_text(json, "chartLabel", "{marker.name}");
    baro_json_array(json, "display", true);
    baro_json_text(json, NULL, "marker-chart");
    baro_json_text(json, NULL, "marker-table");
    baro_json_end_array(json);
    baro_json_array(json, "fields", false);
    put_field(json, "self", "Own time", "duration");
    put_field(json, "outcome", "Outcome", "string");
    put_field(json, "calls", "Stands for calls", "integer");
    baro_json_end_array(json);
    baro_json_text(json, "description", "A call that was recorded");
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
}
