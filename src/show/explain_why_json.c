/* The JSON of explain --why: schema barograph.why/1. */
#include "show/explain_why.h"
#include "show/json_writer.h"

static void write_resources(baro_json *json, const char *key, const double *values) {
  baro_json_object(json, key, true);
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++)
    baro_json_number(json, baro_prior_resource_key((baro_prior_resource)r), values[r]);
  baro_json_end_object(json);
}

static void write_model(baro_json *json, const char *key, const baro_prior_judgement *judged) {
  baro_json_object(json, key, false);
  write_resources(json, "probabilities", judged->p);
  write_resources(json, "scores", judged->score);
  write_resources(json, "bias", judged->bias);
  baro_json_u64(json, "known_words", judged->known_words);
  baro_json_array(json, "words", false);
  for (uint32_t i = 0; i < judged->shown; i++) {
    baro_json_object(json, NULL, true);
    baro_json_string(json, "word", judged->words[i].word);
    write_resources(json, "gives", judged->words[i].gives);
    baro_json_end_object(json);
  }
  baro_json_end_array(json);
  write_resources(json, "other_words", judged->others);
  baro_json_end_object(json);
}

static void write_part(baro_json *json, const baro_why_part *part) {
  static const char *const models[BARO_PRIOR_MODELS] = {"code", "docs"};
  const baro_prior_opinion *opinion = &part->opinion;
  baro_json_object(json, NULL, false);
  baro_json_string(json, "operator", part->part.name);
  if (opinion->source.length > 0)
    baro_json_string(json, "source", opinion->source);
  else
    baro_json_null(json, "source");
  for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
    if (opinion->has[m])
      write_model(json, models[m], &opinion->judged[m]);
    else
      baro_json_null(json, models[m]);
  }
  if (opinion->is_known)
    write_resources(json, "probabilities", opinion->p);
  else
    baro_json_null(json, "probabilities");
  baro_json_end_object(json);
}

void baro_why_json(const baro_explanation *explanation, const baro_why *why, baro_stream *output) {
  const baro_profile *profile = explanation->profile;
  uint32_t string = profile->dataflow.operators[why->operator_id].name_string;
  baro_json json;
  baro_json_init(&json, output, true);
  baro_json_object(&json, NULL, false);
  baro_json_text(&json, "schema", "barograph.why/1");
  baro_json_u64(&json, "operator_id", why->operator_id);
  baro_json_string(&json, "operator", baro_profile_string(profile, string));
  baro_explain_json_parts(explanation, why->time, "resources", &json);
  if (why->is_known)
    write_resources(&json, "probabilities", why->p);
  else
    baro_json_null(&json, "probabilities");
  baro_json_array(&json, "parts", false);
  for (uint32_t i = 0; i < why->part_count; i++)
    write_part(&json, &why->parts[i]);
  baro_json_end_array(&json);
  baro_json_end_object(&json);
}
