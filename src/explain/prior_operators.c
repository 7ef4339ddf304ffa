#include "explain/prior_operators.h"

#include <string.h>

#include "explain/prior_weights.h"

enum { KEY_MAX = 120 };

static void read_numbers(baro_view text, double *ret) {
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    ret[r] = baro_prior_number(baro_view_cut(&text, ' '));
  }
}

/* "words|score|word|gives|word|gives": how many words the model knew, numbers by resource with spaces between. */
static void read_judgement(const baro_prior *prior, baro_prior_model model, baro_view text,
                           baro_prior_judgement *ret) {
  *ret = (baro_prior_judgement){.is_known = true};
  double known[BARO_PRIOR_RESOURCES];
  baro_prior_bias(prior, model, ret->bias);
  read_numbers(baro_view_cut(&text, '|'), known);
  ret->known_words = (uint32_t)known[0];
  read_numbers(baro_view_cut(&text, '|'), ret->score);
  baro_prior_softmax(ret->score, ret->p);
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    ret->others[r] = ret->score[r] - ret->bias[r];
  }
  while (text.length > 0 && ret->shown < BARO_PRIOR_WORDS_SHOWN) {
    baro_prior_word *word = &ret->words[ret->shown++];
    word->word = baro_view_cut(&text, '|');
    read_numbers(baro_view_cut(&text, '|'), word->gives);
    for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
      ret->others[r] -= word->gives[r];
    }
  }
}

/* The line that begins with the key and a tab; lines are sorted by their bytes. */
static bool find_line(baro_view key, baro_view *ret_rest) {
  size_t low = 0;
  size_t high = baro_prior_operators_bytes;
  while (low < high) {
    size_t begin = low + (high - low) / 2;
    while (begin > low && baro_prior_operators[begin - 1] != '\n') {
      begin--;
    }
    baro_view rest = {.data = baro_prior_operators + begin, .length = high - begin};
    baro_view line = baro_view_cut(&rest, '\n');
    size_t end = begin + line.length + 1;
    baro_view found = line;
    baro_view framework = baro_view_cut(&found, '\t');
    baro_view name = baro_view_cut(&found, '\t');
    baro_view own = {.data = line.data, .length = framework.length + 1 + name.length};
    size_t shorter = own.length < key.length ? own.length : key.length;
    int order = memcmp(own.data, key.data, shorter);
    if (order == 0 && own.length == key.length) {
      *ret_rest = found;
      return true;
    }
    if (order < 0 || (order == 0 && own.length < key.length)) {
      low = end;
    } else {
      high = begin;
    }
  }
  return false;
}

/* "spark\tscan parquet": of the name what stands before a bracket, in lower case, without spaces at the end. */
static baro_view make_key(baro_view framework, baro_view name, char key[KEY_MAX]) {
  size_t length = 0;
  for (size_t i = 0; i < framework.length && length < KEY_MAX - 1; i++) {
    key[length++] = (char)framework.data[i];
  }
  key[length++] = '\t';
  size_t start = length;
  for (size_t i = 0; i < name.length && length < KEY_MAX; i++) {
    uint8_t c = name.data[i];
    if (c == '(' || c == '[' || c == '{' || c < ' ') {
      break;
    }
    key[length++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  while (length > start && key[length - 1] == ' ') {
    length--;
  }
  return (baro_view){.data = (const uint8_t *)key, .length = length};
}

bool baro_prior_operator_find(const baro_prior *prior, baro_view framework, baro_view name,
                              baro_prior_operator *ret) {
  char bytes[KEY_MAX];
  baro_view key = make_key(framework, name, bytes);
  baro_view line;
  while (key.length > framework.length + 1) {
    if (find_line(key, &line)) {
      ret->source = baro_view_cut(&line, '\t');
      for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
        baro_view text = baro_view_cut(&line, '\t');
        ret->has[m] = text.length > 0;
        ret->judged[m] = (baro_prior_judgement){0};
        if (ret->has[m]) {
          read_judgement(prior, (baro_prior_model)m, text, &ret->judged[m]);
        }
      }
      return true;
    }
    while (key.length > framework.length + 1 && bytes[key.length - 1] != ' ') {
      key.length--;
    }
    while (key.length > framework.length + 1 && bytes[key.length - 1] == ' ') {
      key.length--;
    }
  }
  return false;
}
