#include "explain/prior.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain/prior_weights.h"
#include "explain/prior_words.h"

enum { INDEX_BITS_MAX = 20 };

/* A word of the weights, and how often the text that is judged has it. */
typedef struct row {
  baro_view word;
  int16_t weights[BARO_PRIOR_MODELS][BARO_PRIOR_RESOURCES];
  bool is_of[BARO_PRIOR_MODELS]; /* the model knows it */
  uint32_t count;
} row;

typedef struct head {
  double scale; /* of weights */
  double temperature;
  double bias[BARO_PRIOR_RESOURCES];
} head;

struct baro_prior {
  head heads[BARO_PRIOR_MODELS];
  double sharpness; /* of the combination */
  uint32_t row_count;
  row *rows;
  uint32_t index_mask;
  uint32_t *index;   /* open addressing: row + 1, 0 free */
  uint32_t *touched; /* rows that the text has */
  uint32_t touched_count;
};

static const char *const resource_keys[BARO_PRIOR_RESOURCES] = {"cpu", "disk", "network"};

const char *baro_prior_resource_key(baro_prior_resource resource) {
  return resource_keys[resource];
}

/* FNV-1a. */
static uint32_t hash_of(const char *key, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++) {
    hash = (hash ^ (uint8_t)key[i]) * 16777619u;
  }
  return hash;
}

/* --- reading the weights: our own text, whose form a test checks --- */

double baro_prior_number(baro_view text) {
  char digits[40] = "";
  if (text.length > 0) {
    memcpy(digits, text.data, text.length < sizeof(digits) ? text.length : sizeof(digits) - 1);
  }
  return strtod(digits, NULL);
}

/* "code  scale  temperature  bias ..." */
static void read_head(baro_prior *prior, baro_view line) {
  static const char *const models[BARO_PRIOR_MODELS] = {"code", "docs"};
  baro_view name = baro_view_cut(&line, '\t');
  if (baro_view_equal(name, baro_view_of("sharpness"))) {
    prior->sharpness = baro_prior_number(line);
    return;
  }
  for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
    if (baro_view_equal(name, baro_view_of(models[m]))) {
      head *of = &prior->heads[m];
      of->scale = baro_prior_number(baro_view_cut(&line, '\t'));
      of->temperature = baro_prior_number(baro_view_cut(&line, '\t'));
      for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
        of->bias[r] = baro_prior_number(baro_view_cut(&line, '\t'));
      }
    }
  }
}

/* "word  1 -2 3  4 5 -9": of the code's model, and of the documentation's; nothing where it does not know the word. */
static void read_row(baro_prior *prior, baro_view line) {
  row *of = &prior->rows[prior->row_count++];
  of->word = baro_view_cut(&line, '\t');
  for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
    baro_view weights = baro_view_cut(&line, '\t');
    of->is_of[m] = weights.length > 0;
    for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
      of->weights[m][r] = (int16_t)baro_prior_number(baro_view_cut(&weights, ' '));
    }
  }
  uint32_t at = hash_of((const char *)of->word.data, of->word.length) & prior->index_mask;
  while (prior->index[at] != 0) {
    at = (at + 1) & prior->index_mask;
  }
  prior->index[at] = prior->row_count;
}

static uint32_t lines_in(baro_view text) {
  uint32_t lines = 0;
  while (text.length > 0) {
    (void)baro_view_cut(&text, '\n');
    lines++;
  }
  return lines;
}

static void read_weights(baro_prior *prior, baro_view text) {
  bool is_head = true;
  while (text.length > 0) {
    baro_view line = baro_view_cut(&text, '\n');
    if (line.length == 0) {
      is_head = false; /* an empty line stands between head and words */
    } else if (line.data[0] != '#') {
      if (is_head) {
        read_head(prior, line);
      } else {
        read_row(prior, line);
      }
    }
  }
}

baro_status baro_prior_create(baro_prior **ret_prior) {
  baro_view text = {.data = baro_prior_weights, .length = baro_prior_weights_bytes};
  uint32_t lines = lines_in(text);
  uint32_t bits = 4;
  while (bits < INDEX_BITS_MAX && (1u << bits) < 2 * lines) {
    bits++;
  }
  baro_prior *prior = calloc(1, sizeof(*prior));
  if (prior == NULL) {
    return BARO_NO_MEMORY;
  }
  prior->index_mask = (1u << bits) - 1;
  prior->rows = calloc((size_t)lines + 1, sizeof(*prior->rows));
  prior->touched = calloc((size_t)lines + 1, sizeof(*prior->touched));
  prior->index = calloc((size_t)1 << bits, sizeof(*prior->index));
  if (prior->rows == NULL || prior->touched == NULL || prior->index == NULL) {
    baro_prior_destroy(prior);
    return BARO_NO_MEMORY;
  }
  read_weights(prior, text);
  *ret_prior = prior;
  return BARO_OK;
}

void baro_prior_destroy(baro_prior *prior) {
  if (prior != NULL) {
    free(prior->rows);
    free(prior->touched);
    free(prior->index);
    free(prior);
  }
}

/* --- judging --- */

static void count_word(void *context, const char *key, size_t length) {
  baro_prior *prior = context;
  uint32_t at = hash_of(key, length) & prior->index_mask;
  for (; prior->index[at] != 0; at = (at + 1) & prior->index_mask) {
    row *of = &prior->rows[prior->index[at] - 1];
    if (of->word.length == length && memcmp(of->word.data, key, length) == 0) {
      if (of->count++ == 0) {
        prior->touched[prior->touched_count++] = prior->index[at] - 1;
      }
      return;
    }
  }
}

static double value_of(const row *of) {
  return 1 + log((double)of->count);
}

/* How much a word sets a resource apart from the others. */
static double apart(const double *gives, int resource) {
  double others = 0;
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    others += r == resource ? 0 : gives[r];
  }
  return fabs(gives[resource] - others / (BARO_PRIOR_RESOURCES - 1));
}

/* Keeps those that are most apart, in order; of two that are the same, the one that comes first in the alphabet. */
static void keep_word(baro_prior_judgement *judged, int resource, const baro_prior_word *word) {
  double own = apart(word->gives, resource);
  uint32_t place = judged->shown;
  while (place > 0) {
    const baro_prior_word *before = &judged->words[place - 1];
    double least = apart(before->gives, resource);
    size_t shorter =
        before->word.length < word->word.length ? before->word.length : word->word.length;
    int order = memcmp(before->word.data, word->word.data, shorter);
    bool is_first = order < 0 || (order == 0 && before->word.length < word->word.length);
    if (own < least || (own == least && is_first)) {
      break;
    }
    place--;
  }
  if (place < BARO_PRIOR_WORDS_SHOWN) {
    uint32_t moved = judged->shown - place;
    judged->shown += judged->shown < BARO_PRIOR_WORDS_SHOWN;
    moved -= moved > 0 && place + moved == BARO_PRIOR_WORDS_SHOWN;
    memmove(&judged->words[place + 1], &judged->words[place], moved * sizeof(*word));
    judged->words[place] = *word;
  }
}

static baro_prior_word given_by(const row *of, baro_prior_model model, double unit) {
  baro_prior_word word = {.word = of->word};
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    word.gives[r] = value_of(of) * unit * of->weights[model][r];
  }
  return word;
}

void baro_prior_bias(const baro_prior *prior, baro_prior_model model,
                     double ret_bias[BARO_PRIOR_RESOURCES]) {
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    ret_bias[r] = prior->heads[model].bias[r] / prior->heads[model].temperature;
  }
}

void baro_prior_softmax(const double score[BARO_PRIOR_RESOURCES],
                        double ret_p[BARO_PRIOR_RESOURCES]) {
  double most = score[0];
  double sum = 0;
  for (int r = 1; r < BARO_PRIOR_RESOURCES; r++) {
    most = score[r] > most ? score[r] : most;
  }
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    ret_p[r] = exp(score[r] - most);
    sum += ret_p[r];
  }
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    ret_p[r] /= sum;
  }
}

/* Of the words that are counted. */
static void add_up(const baro_prior *prior, baro_prior_model model, baro_prior_judgement *ret) {
  const head *of = &prior->heads[model];
  double squares = 0;
  for (uint32_t i = 0; i < prior->touched_count; i++) {
    const row *word = &prior->rows[prior->touched[i]];
    if (word->is_of[model]) {
      squares += value_of(word) * value_of(word);
      ret->known_words++;
    }
  }
  ret->is_known = ret->known_words > 0;
  double unit = ret->is_known ? of->scale / of->temperature / sqrt(squares) : 0;
  baro_prior_bias(prior, model, ret->bias);
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    ret->score[r] = ret->bias[r];
  }
  for (uint32_t i = 0; i < prior->touched_count; i++) {
    const row *word = &prior->rows[prior->touched[i]];
    for (int r = 0; r < BARO_PRIOR_RESOURCES && word->is_of[model]; r++) {
      ret->score[r] += value_of(word) * unit * word->weights[model][r];
    }
  }
  baro_prior_softmax(ret->score, ret->p);
  int most = 0;
  for (int r = 1; r < BARO_PRIOR_RESOURCES; r++) {
    most = ret->p[r] > ret->p[most] ? r : most;
  }
  for (uint32_t i = 0; i < prior->touched_count; i++) {
    const row *word = &prior->rows[prior->touched[i]];
    if (word->is_of[model]) {
      baro_prior_word given = given_by(word, model, unit);
      keep_word(ret, most, &given);
    }
  }
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    ret->others[r] = ret->score[r] - ret->bias[r];
    for (uint32_t i = 0; i < ret->shown; i++) {
      ret->others[r] -= ret->words[i].gives[r];
    }
  }
}

void baro_prior_judge(baro_prior *prior, baro_prior_model model, baro_view name, baro_view text,
                      baro_prior_judgement *ret) {
  *ret = (baro_prior_judgement){0};
  baro_prior_words(text, BARO_PRIOR_TEXT, count_word, prior);
  baro_prior_words(name, BARO_PRIOR_NAME, count_word, prior);
  add_up(prior, model, ret);
  for (uint32_t i = 0; i < prior->touched_count; i++) {
    prior->rows[prior->touched[i]].count = 0;
  }
  prior->touched_count = 0;
}

void baro_prior_combine(const baro_prior *prior, const baro_prior_judgement *code,
                        const baro_prior_judgement *docs, double ret_p[BARO_PRIOR_RESOURCES]) {
  static const double least = 1e-9; /* no model excludes anything */
  bool has_docs = docs != NULL && (docs->is_known || code == NULL);
  bool has_code = code != NULL && (code->is_known || !has_docs);
  double score[BARO_PRIOR_RESOURCES];
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    double of_code = has_code ? log(code->p[r] + least) : 0;
    double of_docs = has_docs ? log(docs->p[r] + least) : 0;
    bool has_both = has_code && has_docs;
    score[r] = has_both ? prior->sharpness * (of_code + of_docs) / 2 : of_code + of_docs;
  }
  baro_prior_softmax(score, ret_p);
}
