#include "capture/agent/budget_decisions.h"

#include <stdlib.h>
#include <string.h>

enum {
  FIRST_WORDS = 4,         /* of 64 calls */
  DEEPEST_WORDS = 1 << 16, /* what no stack holds */
};

bool baro_decision_fits(baro_budget_function *function) {
  uint32_t needed = function->depth / 64;
  if (baro_decision_word(function) != NULL) {
    return true;
  }
  if (needed > DEEPEST_WORDS) {
    return false;
  }
  uint32_t words = function->deeper_words == 0 ? FIRST_WORDS : function->deeper_words;
  while (words < needed) {
    words *= 2;
  }
  uint64_t *grown = realloc(function->deeper, words * sizeof(*grown));
  if (grown == NULL) {
    return false;
  }
  memset(grown + function->deeper_words, 0, (words - function->deeper_words) * sizeof(*grown));
  function->deeper = grown;
  function->deeper_words = words;
  return true;
}

void baro_decision_kept(baro_budget_function *function) {
  if (function->kept == 0) {
    function->decisions = 0;
    if (function->deeper_words != 0) {
      memset(function->deeper, 0, function->deeper_words * sizeof(*function->deeper));
    }
  }
  *baro_decision_word(function) |= UINT64_C(1) << (function->depth & 63);
  function->kept++;
}
