/* Which resource an operator waits for, guessed from its code or its documentation: two linear models over words, made by
 * tools/train_prior.py from the sources of libraries (tools/prior/README.md), and their combination.
 * Flow: text of an operator -> prior_words.c -> here -> prior_operators.c, prior_times.c, show/explain_why.c.
 *
 *   score[r] = bias[r] + sum over words w of value(w) * weight[w][r]      value(w) = (1 + ln count(w)) / length of all values
 *   p[r]     = softmax(score / temperature)                               calibrated on projects that were left out
 *   p        = softmax of the mean of both models' log p, sharpened by one number
 *
 * The model is linear: what a word gives to a resource's score is exact, and all words and the bias add up to it. A guess is a guess:
 * whatever rests on it is told as BARO_EVIDENCE_PRIOR, and never added to what was measured.
 * Judging allocates nothing and takes time by the text's length. A baro_prior is of one thread at a time. */
#ifndef BARO_EXPLAIN_PRIOR_H
#define BARO_EXPLAIN_PRIOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* What the models tell apart. key of baro_state */
typedef enum baro_prior_resource {
  BARO_PRIOR_CPU,
  BARO_PRIOR_DISK,
  BARO_PRIOR_NETWORK,
  BARO_PRIOR_RESOURCES
} baro_prior_resource;

typedef enum baro_prior_model {
  BARO_PRIOR_CODE,
  BARO_PRIOR_DOCS,
  BARO_PRIOR_MODELS
} baro_prior_model;

enum { BARO_PRIOR_WORDS_SHOWN = 8 };

/* What a word gives to each resource's score. */
typedef struct baro_prior_word {
  baro_view word; /* borrowed from the weights: "file", "open file", "=filechannel", "^scan" */
  double gives[BARO_PRIOR_RESOURCES];
} baro_prior_word;

/* What a model says of a text. score = bias + all words; both divided by the temperature already, so that p = softmax(score). */
typedef struct baro_prior_judgement {
  bool is_known; /* the text has a word that the model knows; else all of it is the bias */
  uint32_t known_words;
  double p[BARO_PRIOR_RESOURCES];
  double score[BARO_PRIOR_RESOURCES];
  double bias[BARO_PRIOR_RESOURCES];
  uint32_t
      shown; /* of words: those that set the likeliest resource most apart, either way, first */
  baro_prior_word words[BARO_PRIOR_WORDS_SHOWN];
  double others[BARO_PRIOR_RESOURCES]; /* what all further words give */
} baro_prior_judgement;

typedef struct baro_prior baro_prior;

/* The models in this program. BARO_NO_MEMORY. */
baro_status baro_prior_create(baro_prior **ret_prior) BARO_MUST_USE;
void baro_prior_destroy(baro_prior *prior);

/* Judges an operator by its name and what stands of it in the log, or in its sources; either may be empty. */
void baro_prior_judge(baro_prior *prior, baro_prior_model model, baro_view name, baro_view text,
                      baro_prior_judgement *ret);
/* Of both, or of the one that knows a word (the other may be NULL); the bias where none does. */
void baro_prior_combine(const baro_prior *prior, const baro_prior_judgement *code,
                        const baro_prior_judgement *docs, double ret_p[BARO_PRIOR_RESOURCES]);

/* Of a model, and what turns scores into probabilities. */
void baro_prior_bias(const baro_prior *prior, baro_prior_model model,
                     double ret_bias[BARO_PRIOR_RESOURCES]);
void baro_prior_softmax(const double score[BARO_PRIOR_RESOURCES],
                        double ret_p[BARO_PRIOR_RESOURCES]);

const char *baro_prior_resource_key(baro_prior_resource resource); /* "cpu" */

#endif
