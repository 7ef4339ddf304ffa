#include "predict/terms.h"

const baro_term_row baro_terms[BARO_TERM_COUNT] = {
#define X(id, term_key, term_low, term_point, term_high, term_source, term_words)                  \
  {.key = (term_key),                                                                              \
   .low = (term_low),                                                                              \
   .point = (term_point),                                                                          \
   .high = (term_high),                                                                            \
   .source = BARO_TERM_##term_source,                                                              \
   .words = (term_words)},
    BARO_TERM_LIST(X)
#undef X
};

const char *baro_term_source_text(baro_term_source source) {
  switch (source) {
  case BARO_TERM_MEASURED: return "measured";
  case BARO_TERM_DERIVED: return "derived";
  case BARO_TERM_PRIOR: return "prior";
  case BARO_TERM_BOUND: return "bound";
  }
  return "";
}
