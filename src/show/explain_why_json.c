/* The JSON of explain --why: schema barograph.why/1. */
#include "show/explain_why.h"
#include "show/json_writer.h"

static void write_resources(baro_json *json, const char *key, const double *values) {
  baro_json_object(json, key, true);
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++)
    baro_json_number(json, baro_prior_resource_key((baro_prior_resource)r), values[r]);
  baro_json_end_object(json);
}

static void write_time(baro_json *json, const char *key, baro_evidence evidence, uint64_t task_ns,
                       uint64_t path_ns) {
  if (task_ns == 0 && path_ns == 0)
    return;
  baro_json_object(json, NULL, true);
  baro_json_text(json, "resource", key);
  baro_json_text(json, "evidence", baro_evidence_key(evidence));
  baro_json_u64(json, "path_ns", path_ns);
  baro_json_u64(json, "tasks_ns", task_ns);
  baro_json_end_object(json);
}

static void write_times(baro_json *json, const baro_profile *profile,
                        const baro_operator_time *time) {
  uint64_t left_ns = time == NULL ? 0 : time->state_ns[BARO_STATE_UNKNOWN];
  uint64_t left_path_ns = time == NULL ? 0 : time->path_state_ns[BARO_STATE_UNKNOWN];
  baro_json_array(json, "resources", false);
  for (int s = 0; s < BARO_STATE_COUNT && time != NULL; s++) {
    if (s != BARO_STATE_UNKNOWN)
      write_time(json, baro_state_key((baro_state)s),
                 baro_state_evidence(profile, time, (baro_state)s), time->state_ns[s],
                 time->path_state_ns[s]);
    write_time(json, baro_guess_key((baro_state)s), BARO_EVIDENCE_PRIOR, time->prior_ns[s],
               time->path_prior_ns[s]);
    left_ns -= time->prior_ns[s];
    left_path_ns -= time->path_prior_ns[s];
  }
  write_time(json, baro_state_key(BARO_STATE_UNKNOWN), BARO_EVIDENCE_UNKNOWN, left_ns,
             left_path_ns);
  baro_json_end_array(json);
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
  write_times(&json, profile, why->time);
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
