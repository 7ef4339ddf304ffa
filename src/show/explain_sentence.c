/* Sentences of explanations: templates with the findings' own numbers. */
#include <inttypes.h>
#include <string.h>

#include "explain/finding_kinds.h"
#include "show/explain_show.h"
#include "show/place.h"
#include "show/summary.h"
#include "show/units.h"

void baro_explain_place(const baro_profile *profile, uint32_t operator_id,
                        const baro_explain_options *options, baro_buffer *out) {
  static const char nowhere[] =
      "NativeMethodAccessorImpl"; /* what Spark has of calls out of Python */
  baro_view place =
      baro_profile_string(profile, profile->dataflow.operators[operator_id].place_string);
  if (place.length < sizeof(nowhere) || memcmp(place.data, nowhere, sizeof(nowhere) - 1) != 0)
    baro_write_short_path(out, place, BARO_ORIGIN_USER, options->directory, options->home);
}

void baro_explain_operator(const baro_profile *profile, uint32_t operator_id,
                           const baro_explain_options *options, baro_buffer *out) {
  baro_view name =
      baro_profile_string(profile, profile->dataflow.operators[operator_id].name_string);
  baro_buffer place = {0};
  baro_explain_place(profile, operator_id, options, &place);
  baro_write_bytes(out, name.data, name.length);
  if (place.length > 0) {
    baro_write_text(out, " (");
    baro_write_bytes(out, place.data, place.length);
    baro_write_text(out, ")");
  }
  out->failed = out->failed || place.failed;
  baro_buffer_release(&place);
}

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text);
  size_t wanted = strlen(end);
  return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

static uint64_t whole_of(const baro_finding_number *number) {
  double value = number->value < 0 ? 0 : number->value;
  return value < 18446744073709549568.0 ? (uint64_t)(value + 0.5) : UINT64_MAX;
}

static void write_number(const baro_finding_number *number, baro_buffer *out) {
  double value = number->value < 0 ? 0 : number->value;
  uint64_t whole = whole_of(number);
  if (ends_with(number->key, "_ns"))
    baro_write_text(out, whole == 0 ? "no time" : baro_text_duration(whole).text);
  else if (ends_with(number->key, "bytes"))
    baro_write_text(out, baro_text_bytes(whole).text);
  else if (ends_with(number->key, "percent"))
    baro_write_text(out, baro_text_percent(value / 100).text);
  else if (ends_with(number->key, "partition")) /* a name, not an amount */
    baro_write_format(out, "%" PRIu64, whole);
  else
    baro_write_text(out, baro_text_count(whole).text);
}

static bool is_key(const char *key, const char *from, size_t length) {
  return strlen(key) == length && memcmp(key, from, length) == 0;
}

/* The form of a word that goes with a number: "{tasks|task|tasks}". False: it is no such thing. */
static bool write_form(const baro_finding *finding, const char *key, size_t length,
                       baro_buffer *out) {
  const char *end = key + length;
  const char *one = memchr(key, '|', length);
  const char *many = one == NULL ? NULL : memchr(one + 1, '|', (size_t)(end - one - 1));
  if (many == NULL)
    return false;
  for (uint32_t i = 0; i < finding->number_count; i++) {
    if (is_key(finding->numbers[i].key, key, (size_t)(one - key))) {
      bool is_one = whole_of(&finding->numbers[i]) == 1;
      const char *from = is_one ? one + 1 : many + 1;
      baro_write_bytes(out, (const uint8_t *)from, (size_t)((is_one ? many : end) - from));
    }
  }
  return true;
}

/* What stands for {key}. */
static void write_filled(const baro_explanation *explanation, const baro_finding *finding,
                         const baro_explain_options *options, const char *key, size_t length,
                         baro_buffer *out) {
  const baro_profile *profile = explanation->profile;
  if (write_form(finding, key, length, out))
    return;
  if (is_key("operator", key, length)) {
    baro_explain_operator(profile, finding->operator_id, options, out);
    return;
  }
  if (is_key("query", key, length)) {
    baro_explain_operator(profile, finding->query, options, out);
    return;
  }
  if (is_key("function", key, length) || is_key("inner", key, length)) {
    baro_summary_write_function(profile, key[0] == 'f' ? finding->function : finding->inner, out);
    return;
  }
  for (uint32_t i = 0; i < finding->number_count; i++) {
    if (is_key(finding->numbers[i].key, key, length))
      write_number(&finding->numbers[i], out);
  }
}

void baro_explain_sentence(const baro_explanation *explanation, const baro_finding *finding,
                           const baro_explain_options *options, baro_buffer *out) {
  const char *text = finding->sentence;
  if (finding->others > 0)
    baro_write_format(out, "in %s places together, most in ",
                      baro_text_count((uint64_t)finding->others + 1).text);
  for (;;) {
    size_t plain = strcspn(text, "{");
    baro_write_bytes(out, (const uint8_t *)text, plain);
    text += plain;
    if (*text == '\0')
      return;
    size_t length = strcspn(text + 1, "}");
    write_filled(explanation, finding, options, text + 1, length, out);
    text += length + 2;
  }
}

void baro_explain_advice(const baro_explanation *explanation, const baro_finding *finding,
                         baro_buffer *out) {
  baro_write_text(out, finding->advice != NULL ? finding->advice : finding->kind->advice);
  if (finding->kind->spark_advice != NULL && baro_operators_are_of(explanation->profile, "spark."))
    baro_write_format(out, " (%s)", finding->kind->spark_advice);
}

void baro_explain_summary(const baro_explanation *explanation, baro_buffer *out) {
  if (!explanation->is_dataflow) {
    baro_arena scratch = {0};
    baro_view sentence = baro_summary(explanation->profile, BARO_MEASURE_RUN, &scratch);
    out->failed = out->failed || sentence.data == NULL;
    baro_write_bytes(out, sentence.data, sentence.length);
    baro_arena_release(&scratch);
    return;
  }
  const baro_resource_time *most = &explanation->resources[0];
  double run_ns = (double)explanation->run_ns;
  if (explanation->resource_count == 0 || most->path_ns == 0) {
    baro_write_text(out, "No time is told of any task.");
    return;
  }
  baro_write_format(out, "Bottleneck: %s, %s of %s (%s)", most->words,
                    baro_text_duration(most->path_ns).text,
                    baro_text_duration(explanation->run_ns).text,
                    baro_text_percent_whole((double)most->path_ns / run_ns).text);
  if (most->most_row != BARO_NONE_ID) {
    uint32_t operator_id = explanation->operators[most->most_row].operator_id;
    baro_view name = baro_profile_string(
        explanation->profile, explanation->profile->dataflow.operators[operator_id].name_string);
    baro_write_format(out, ", %s of it in ", baro_text_duration(most->most_ns).text);
    baro_write_bytes(out, name.data, name.length);
  }
  if (most->evidence == BARO_EVIDENCE_PRIOR)
    baro_write_text(out, ", which no clock measured");
  baro_write_format(out, "; without it the run would take %s at best",
                    baro_text_duration(explanation->run_ns - most->path_ns).text);
  if (explanation->resource_count > 1 && explanation->resources[1].path_ns > 0)
    baro_write_format(
        out, ". Then %s, %s (%s)", explanation->resources[1].words,
        baro_text_duration(explanation->resources[1].path_ns).text,
        baro_text_percent_whole((double)explanation->resources[1].path_ns / run_ns).text);
  baro_write_text(out, ".");
}
