#include "profile/dataflow.h"

#include "profile/profile.h"

uint32_t baro_dataflow_key(const baro_profile *profile, const char *key) {
  const baro_dataflow *dataflow = &profile->dataflow;
  baro_view wanted = baro_view_of(key);
  for (uint32_t i = 0; i < dataflow->key_count; i++) {
    if (baro_view_equal(baro_profile_string(profile, dataflow->keys[i]), wanted)) {
      return dataflow->keys[i];
    }
  }
  return BARO_NONE_ID;
}

bool baro_dataflow_amount(const baro_dataflow *dataflow, uint32_t task, uint32_t key,
                          uint64_t *ret_value) {
  const baro_dataflow_task *row = &dataflow->tasks[task];
  for (uint32_t i = 0; i < row->amount_count; i++) {
    if (dataflow->amount_key[row->first_amount + i] == key) {
      *ret_value = dataflow->amount_value[row->first_amount + i];
      return true;
    }
  }
  return false;
}

bool baro_dataflow_fact_text(const baro_dataflow *dataflow, uint32_t operator_id, const char *key,
                             baro_view *ret_value) {
  const baro_dataflow_operator *row = &dataflow->operators[operator_id];
  baro_view wanted = baro_view_of(key);
  for (uint32_t i = 0; i < row->fact_count; i++) {
    if (baro_view_equal(dataflow->facts[row->first_fact + i].key, wanted)) {
      *ret_value = dataflow->facts[row->first_fact + i].value;
      return true;
    }
  }
  return false;
}

bool baro_dataflow_fact_number(const baro_dataflow *dataflow, uint32_t operator_id, const char *key,
                               uint64_t *ret_value) {
  baro_view text;
  if (!baro_dataflow_fact_text(dataflow, operator_id, key, &text) || text.length == 0) {
    return false;
  }
  uint64_t number = 0;
  for (size_t i = 0; i < text.length; i++) {
    unsigned digit = (unsigned)text.data[i] - '0';
    if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, digit, &number)) {
      return false;
    }
  }
  *ret_value = number;
  return true;
}
