/* Words of a text as the resource prior counts them.
 * Flow: a name or text out of a log -> words, pairs and names -> prior.c, which looks up their weights.
 * tools/prior/prior_words.py does the same when the weights are made, and tests/python/test_prior.py compares the two.
 *
 *   "ShuffleBlock.open_file(x)"  ->  shuffle, block, open, file; "shuffle block", "block open", "open file"; names shuffleblock, openfile
 *
 * A word is a run of ASCII letters and digits, cut where camel case begins a new one; it begins with a letter, has 2 to 24
 * characters and is told in lower case. Two are a pair where at most three of " _.\n-:#" stand between them. A name is a whole
 * identifier of at most 48 characters without its underscores. Any bytes may come; beyond 64 KiB nothing is read. No allocation. */
#ifndef BARO_EXPLAIN_PRIOR_WORDS_H
#define BARO_EXPLAIN_PRIOR_WORDS_H

#include "base/bytes.h"

enum {
  BARO_PRIOR_WORD_MAX = 24,
  BARO_PRIOR_NAME_MAX = 48,
  BARO_PRIOR_TEXT_MAX = 65536,
  BARO_PRIOR_KEY_MAX =
      1 + 2 * BARO_PRIOR_WORD_MAX + 1 /* of what is told; a name and its sign fit */
};

/* What a text is: of an operator's own name only words count, each as "^word". */
typedef enum baro_prior_part { BARO_PRIOR_TEXT, BARO_PRIOR_NAME } baro_prior_part;

/* Is told each word ("file"), pair ("open file") and name ("=openfile"), as often as it stands there; without a NUL. */
typedef void baro_prior_word_found(void *context, const char *key, size_t length);

void baro_prior_words(baro_view text, baro_prior_part part, baro_prior_word_found *found,
                      void *context);

#endif
