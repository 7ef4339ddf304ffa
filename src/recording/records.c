#include "recording/records.h"

#include <stddef.h>

const char *baro_state_key(baro_state state) {
  static const char *const keys[] = {
#define X(name, key, words) [BARO_STATE_##name] = key,
      BARO_STATE_LIST(X)
#undef X
  };
  return (size_t)state < BARO_STATE_COUNT ? keys[state] : keys[BARO_STATE_UNKNOWN];
}

const char *baro_state_words(baro_state state) {
  static const char *const words_of[] = {
#define X(name, key, words) [BARO_STATE_##name] = words,
      BARO_STATE_LIST(X)
#undef X
  };
  return (size_t)state < BARO_STATE_COUNT ? words_of[state] : words_of[BARO_STATE_UNKNOWN];
}

const char *baro_call_event_word(baro_call_event_kind kind) {
  static const char *const words[] = {
#define X(name, word) [BARO_CALL_##name] = word,
      BARO_CALL_EVENT_LIST(X)
#undef X
  };
  return (size_t)kind < BARO_CALL_EVENT_KIND_COUNT ? words[kind] : "unknown";
}

const char *baro_operator_edge_key(baro_operator_edge edge) {
  static const char *const keys[] = {
#define X(name, key) [BARO_OPERATOR_EDGE_##name] = key,
      BARO_OPERATOR_EDGE_LIST(X)
#undef X
  };
  return (size_t)edge < BARO_OPERATOR_EDGE_COUNT ? keys[edge] : "unknown";
}

const char *baro_task_outcome_key(baro_task_outcome outcome) {
  static const char *const keys[] = {
#define X(name, key) [BARO_TASK_##name] = key,
      BARO_TASK_OUTCOME_LIST(X)
#undef X
  };
  return (size_t)outcome < BARO_TASK_OUTCOME_COUNT ? keys[outcome] : keys[BARO_TASK_UNKNOWN];
}

const char *baro_counter_key(baro_counter counter) {
  static const char *const keys[] = {
#define X(name, key) [BARO_COUNTER_##name] = key,
      BARO_COUNTER_LIST(X)
#undef X
  };
  return (size_t)counter < BARO_COUNTER_COUNT ? keys[counter] : "unknown";
}

double baro_achieved_hz(double rate_hz, uint64_t ticks, uint64_t missed) {
  static const double ACTIVITY_MIN_S = 0.2;
  if (ticks == 0 || missed > ticks || (double)ticks < ACTIVITY_MIN_S * rate_hz)
    return 0;
  return rate_hz * (double)(ticks - missed) / (double)ticks;
}
