#include "show/html_sentence.h"

#include "recording/records.h"

const baro_html_link baro_html_no_link = {NULL, BARO_NONE_ID, BARO_NONE_ID, NULL, BARO_NONE_ID};

void baro_html_sentence_fail(baro_json *json) {
  if (json->output->status == BARO_OK) {
    json->output->status = baro_error_set(&json->output->error, BARO_NO_MEMORY, "out of memory");
  }
}

void baro_html_sentence_begin(baro_json *json) {
  baro_json_object(json, NULL, false);
  baro_json_array(json, "parts", false);
}

void baro_html_sentence_end(baro_json *json) {
  baro_json_end_array(json);
  baro_json_end_object(json);
}

void baro_html_sentence_view(baro_json *json, baro_view text, const baro_html_link *to) {
  if (text.length == 0) {
    return;
  }
  baro_json_object(json, NULL, true);
  baro_json_string(json, "t", text);
  if (to->view != NULL) {
    baro_json_object(json, "link", true);
    baro_json_text(json, "view", to->view);
    if (to->function != BARO_NONE_ID) {
      baro_json_u64(json, "function", to->function);
    }
    if (to->thread != BARO_NONE_ID) {
      baro_json_u64(json, "thread", to->thread);
    }
    if (to->metric != NULL) {
      baro_json_text(json, "metric", to->metric);
    }
    if (to->operator_id != BARO_NONE_ID) {
      baro_json_u64(json, "operator", to->operator_id);
    }
    baro_json_end_object(json);
  }
  baro_json_end_object(json);
}

void baro_html_sentence_text(baro_json *json, const char *text, const baro_html_link *to) {
  baro_html_sentence_view(json, baro_view_of(text), to);
}

void baro_html_sentence_buffer(baro_json *json, baro_buffer *take_text, const baro_html_link *to) {
  if (take_text->failed) {
    baro_html_sentence_fail(json);
  }
  baro_html_sentence_view(json, (baro_view){.data = take_text->data, .length = take_text->length},
                          to);
  baro_buffer_release(take_text);
}
