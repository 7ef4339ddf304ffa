/* Feeds what comes behind the reader of recordings: the profile, the reports, the explanations, the predictions and the exporters. An input is
 * two bytes that choose among their options, and then records as in fuzz_recording: those of a chunk, and
 * after 0xff 0xfe 0xfd those of the next. Where they break a rule the recording ends, as a damaged file does.
 * Whatever names and numbers a recording holds, a text report must hold no control characters, and JSON
 * must be JSON. The seeds are made by tests/tools/make_recordings, but spark_jobs: an import of the
 * log that tests/cli/test_predict.py writes, with two jobs on two executors. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "explain/explain.h"
#include "predict/predictor.h"
#include "profile/builder.h"
#include "recording/record_reader.h"
#include "show/explain_show.h"
#include "show/explain_why.h"
#include "show/exporter.h"
#include "show/forecast_report.h"
#include "show/report.h"
#include "show/report_json.h"

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

/* --- What was written --- */

static void check_text(const baro_buffer *out, bool has_color) {
  for (size_t i = 0; i < out->length; i++) {
    uint8_t byte = out->data[i];
    require((byte >= 0x20 && byte != 0x7f) || byte == '\n' || (has_color && byte == 0x1b));
  }
}

static size_t skip_spaces(const baro_buffer *json, size_t at) {
  while (at < json->length && (json->data[at] == ' ' || json->data[at] == '\n')) {
    at++;
  }
  return at;
}

/* The end of the string that begins at at. */
static size_t skip_string(const baro_buffer *json, size_t at) {
  for (at++; at < json->length && json->data[at] != '"'; at++) {
    require(json->data[at] >= 0x20);
    at += json->data[at] == '\\';
  }
  require(at < json->length);
  return at + 1;
}

/* The end of a number, true, false or null. */
static size_t skip_word(const baro_buffer *json, size_t at) {
  static const char *const words[] = {"true", "false", "null"};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    size_t length = strlen(words[i]);
    if (json->length - at >= length && memcmp(json->data + at, words[i], length) == 0) {
      return at + length;
    }
  }
  size_t start = at;
  while (at < json->length && strchr("+-.0123456789e", json->data[at]) != NULL &&
         json->data[at] != '\0') {
    at++;
  }
  require(at != start && json->data[at - 1] >= '0');
  return at;
}

/* Brackets, commas, strings and words in their places. */
static void check_json(const baro_buffer *json) {
  enum { DEPTH_MAX = 32 };
  uint8_t closing[DEPTH_MAX];
  size_t depth = 0;
  size_t at = 0;
  bool is_value_due = true;
  do {
    at = skip_spaces(json, at);
    require(at < json->length);
    uint8_t byte = json->data[at];
    bool is_empty = depth != 0 && byte == closing[depth - 1] && json->data[at - 1] == byte - 2;
    if (is_value_due && !is_empty) {
      if (byte == '{' || byte == '[') {
        require(depth < DEPTH_MAX);
        closing[depth++] = (uint8_t)(byte + 2); /* '{' '}' and '[' ']' are two apart */
        at++;
        continue;
      }
      at = byte == '"' ? skip_string(json, at) : skip_word(json, at);
    } else if (depth != 0 && byte == closing[depth - 1]) {
      depth--;
      at++;
    } else {
      require(byte == ',' || byte == ':');
      at++;
      is_value_due = true;
      continue;
    }
    is_value_due = false;
  } while (depth != 0);
  require(skip_spaces(json, at) == json->length);
}

/* --- Readers of the profile --- */

static void report(const baro_profile *profile, uint8_t choice, uint8_t width) {
  baro_report_options options = {.path = "fuzz.baro",
                                 .sort = (baro_report_sort)(choice % 3),
                                 .measure =
                                     (choice & 4) != 0 ? BARO_MEASURE_THREAD : BARO_MEASURE_RUN,
                                 .top = (choice & 8) != 0 ? 3 : 0,
                                 .threads = (choice & 16) != 0,
                                 .lines = (choice & 32) != 0,
                                 .callers = choice % 13 == 1 ? "*" : NULL,
                                 .callees = choice % 13 == 2 ? "main" : NULL,
                                 .directory = "/srv/app",
                                 .home = "/home/me"};
  baro_terminal terminal = {.columns = BARO_COLUMNS_MIN + width,
                            .is_terminal = true,
                            .color = (choice & 64) != 0,
                            .unicode = (choice & 128) != 0};
  baro_buffer out = {0};
  baro_report_text(profile, &options, &terminal, &out);
  check_text(&out, terminal.color);
  baro_buffer_clear(&out);
  baro_stream stream;
  baro_stream_init(&stream, baro_sink_buffer, &out);
  require(baro_report_json(profile, &options, &stream, NULL) == BARO_OK);
  require(baro_stream_finish(&stream, NULL) == BARO_OK);
  check_json(&out);
  baro_buffer_release(&out);
}

/* What is guessed of an operator is within its time, and what words give adds up; any text may stand where an operator is named. */
static void ask_why(const baro_explanation *explanation, const baro_explain_options *options,
                    const baro_terminal *terminal, uint8_t choice, baro_buffer *out) {
  enum { MATCHES = 3 };
  const baro_profile *profile = explanation->profile;
  uint32_t count = profile->dataflow.operator_count;
  uint32_t ids[MATCHES];
  if (count == 0) {
    return;
  }
  uint32_t chosen = choice % count;
  uint32_t string = profile->dataflow.operators[chosen].name_string;
  const char *name = (const char *)baro_profile_string(profile, string).data;
  uint32_t found = baro_why_match(explanation, name, ids, MATCHES);
  for (uint32_t i = 0; i < found && i < MATCHES; i++) {
    require(ids[i] < count);
  }
  baro_why why;
  require(baro_why_find(explanation, chosen, &why) == BARO_OK);
  for (uint32_t i = 0; i < why.part_count; i++) {
    for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
      const baro_prior_judgement *judged = &why.parts[i].opinion.judged[m];
      for (int r = 0; r < BARO_PRIOR_RESOURCES && why.parts[i].opinion.has[m]; r++) {
        double score = judged->bias[r] + judged->others[r] - judged->score[r];
        for (uint32_t w = 0; w < judged->shown; w++) {
          score += judged->words[w].gives[r];
        }
        require(score < 1e-6 && score > -1e-6);
      }
    }
  }
  baro_why_text(explanation, &why, options, terminal, out);
  check_text(out, terminal->color);
  baro_buffer_clear(out);
  baro_stream stream;
  baro_stream_init(&stream, baro_sink_buffer, out);
  baro_why_json(explanation, &why, &stream);
  require(baro_stream_finish(&stream, NULL) == BARO_OK);
  check_json(out);
  baro_buffer_clear(out);
  baro_why_release(&why);
}

/* The path has no holes, and what is said of it adds up. */
static void explain(const baro_profile *profile, uint8_t choice, uint8_t width) {
  baro_explain_options options = {.top = (choice & 8) != 0 ? 3 : 0, .directory = "/srv/app"};
  baro_terminal terminal = {.columns = BARO_COLUMNS_MIN + width,
                            .color = (choice & 64) != 0,
                            .unicode = (choice & 128) != 0};
  baro_explanation explanation;
  require(baro_explain(profile, &explanation) == BARO_OK);
  uint64_t at_ns = explanation.path.begin_ns;
  for (uint32_t i = 0; i < explanation.path.step_count; i++) {
    require(explanation.path.steps[i].start_ns == at_ns);
    at_ns = explanation.path.steps[i].end_ns;
  }
  require(at_ns == explanation.path.end_ns);
  baro_buffer out = {0};
  baro_explain_text(&explanation, &options, &terminal, &out);
  check_text(&out, terminal.color);
  baro_buffer_clear(&out);
  baro_stream stream;
  baro_stream_init(&stream, baro_sink_buffer, &out);
  require(baro_explain_json(&explanation, &options, &stream, NULL) == BARO_OK);
  require(baro_stream_finish(&stream, NULL) == BARO_OK);
  check_json(&out);
  baro_buffer_clear(&out);
  ask_why(&explanation, &options, &terminal, choice, &out);
  baro_buffer_release(&out);
  baro_explanation_release(&explanation);
}

/* Numbers of jobs and tasks that no framework would write give a prediction, or a reason why there is none. */
static void foresee(const baro_profile *profile, uint8_t choice, uint8_t width) {
  static const char *const sets[] = {
      "cores=2x,network=0.1x",
      "nodes=3,memory=2x",
      "cores=1,cpu_speed=3x",
      "input=7x",
      "partitions=5",
      "function:main=2x",
      "disk=0.5x",
      "memory=4g,nodes=100",
      "gpu=2x",
      "gpu=0.1x,cpu_speed=3x",
  };
  const char *set = sets[choice % (sizeof(sets) / sizeof(sets[0]))];
  baro_scenario scenario;
  baro_forecast forecast;
  baro_job_graph *graph = NULL;
  require(baro_scenario_parse(set, &scenario, NULL) == BARO_OK);
  const char *names[BARO_SCENARIO_FUNCTIONS_MAX];
  for (uint32_t f = 0; f < scenario.function_count; f++) {
    names[f] = scenario.functions[f].name;
  }
  baro_predictor predictor = {0};
  baro_status status =
      baro_predictor_wants_graph(profile) ? baro_job_graph_create(profile, &graph, NULL) : BARO_OK;
  if (status == BARO_OK) {
    status =
        baro_predictor_init(&predictor, profile, graph, NULL, names, scenario.function_count, NULL);
  }
  if (status == BARO_OK) {
    status = baro_predictor_make(&predictor, &scenario, &forecast, NULL);
  }
  require(status == BARO_OK || status == BARO_UNSUPPORTED || status == BARO_LIMIT ||
          status == BARO_NO_MEMORY);
  if (status == BARO_OK) {
    require(forecast.low_s > 0 && forecast.low_s <= forecast.predicted_s &&
            forecast.predicted_s <= forecast.high_s);
    const baro_forecast_report shown = {.path = "fuzz",
                                        .set = set,
                                        .scenario = &scenario,
                                        .forecast = &forecast,
                                        .why = (choice & 32) != 0};
    baro_terminal terminal = {.columns = BARO_COLUMNS_MIN + width, .unicode = (choice & 128) != 0};
    baro_buffer out = {0};
    baro_forecast_text(&shown, &terminal, &out);
    check_text(&out, false);
    baro_buffer_clear(&out);
    baro_stream stream;
    baro_stream_init(&stream, baro_sink_buffer, &out);
    baro_forecast_json(&shown, &stream);
    require(baro_stream_finish(&stream, NULL) == BARO_OK);
    check_json(&out);
    baro_buffer_release(&out);
    baro_forecast_release(&forecast);
  }
  baro_predictor_release(&predictor);
  baro_job_graph_destroy(graph);
}

/* One of them: all would take most of an input's time. */
static void export(const baro_profile *profile, uint8_t choice, uint8_t which) {
  baro_export_options options = {.threads = (choice & 1) != 0,
                                 .lines = (choice & 2) != 0,
                                 .states = (choice & 4) != 0,
                                 .idle = (choice & 8) != 0,
                                 .weight = (choice & 16) != 0 ? BARO_EXPORT_WEIGHT_TICKS
                                                              : BARO_EXPORT_WEIGHT_US,
                                 .name = "fuzz"};
  size_t count = 0;
  while (baro_exporters[count].name != NULL) {
    count++;
  }
  const baro_exporter *exporter = &baro_exporters[which % count];
  baro_buffer out = {0};
  baro_stream stream;
  baro_stream_init(&stream, baro_sink_buffer, &out);
  if (exporter->write == NULL) /* the Python package's */
    return;
  baro_status status = exporter->write(profile, &options, &stream, NULL);
  require(status == BARO_OK || status == BARO_NO_MEMORY || status == BARO_LIMIT);
  require(baro_stream_finish(&stream, NULL) == BARO_OK);
  bool is_json = strcmp(exporter->name, "speedscope") == 0 || strcmp(exporter->name, "chrome") == 0;
  if (status == BARO_OK && is_json) {
    check_json(&out);
  }
  if (strcmp(exporter->name, "collapsed") == 0) {
    check_text(&out, false);
  }
  baro_buffer_release(&out);
}

/* --- The input --- */

static size_t chunk_length(const uint8_t *data, size_t size) {
  static const uint8_t mark[3] = {0xff, 0xfe, 0xfd};
  for (size_t i = 0; i + sizeof(mark) <= size; i++) {
    if (memcmp(data + i, mark, sizeof(mark)) == 0) {
      return i;
    }
  }
  return size;
}

/* Reads until a rule is broken. False when the builder has failed: then there is no profile. */
static bool read_records(const baro_visitor *visitor, const uint8_t *data, size_t size,
                         baro_damage *ret_damage) {
  baro_record_reader reader = {.visitor = visitor};
  baro_status status = BARO_OK;
  baro_error err = {0};
  while (status == BARO_OK && size != 0) {
    size_t length = chunk_length(data, size);
    status = baro_record_reader_chunk(&reader, (baro_view){data, length}, &err);
    size_t used = length + 3 < size ? length + 3 : size;
    data += used;
    size -= used;
  }
  bool is_built = !reader.is_visitor_error;
  require(status != BARO_CORRUPT || is_built);
  *ret_damage = (baro_damage){.complete = reader.is_closed, .corrupt = status != BARO_OK};
  baro_record_reader_release(&reader);
  return is_built;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) {
    return 0;
  }
  baro_profile_builder *builder = NULL;
  require(baro_profile_builder_create(&builder, NULL) == BARO_OK);
  baro_damage damage;
  if (!read_records(baro_profile_builder_visitor(builder), data + 2, size - 2, &damage)) {
    baro_profile_builder_destroy(builder);
    return 0;
  }
  baro_profile *profile = NULL;
  baro_status status = baro_profile_builder_finish(builder, &damage, &profile, NULL);
  require(status == BARO_OK || status == BARO_LIMIT || status == BARO_NO_MEMORY);
  if (status == BARO_OK) {
    report(profile, data[0], data[1]);
    explain(profile, data[0], data[1]);
    foresee(profile, data[0], data[1]);
    export(profile, data[0] >> 3, data[1]);
    baro_profile_destroy(profile);
  }
  return 0;
}
