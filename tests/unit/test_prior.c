/* The resource prior: what words give adds up to the scores, probabilities to one, and every line of the weights and of the table of
 * operators is one that can be found again. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "explain/prior.h"
#include "explain/prior_operators.h"
#include "explain/prior_weights.h"

static baro_prior *create(void) {
  baro_prior *prior = NULL;
  assert_int_equal(baro_prior_create(&prior), BARO_OK);
  return prior;
}

static void check_sums(const baro_prior_judgement *judged) {
  double sum = 0;
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    double score = judged->bias[r] + judged->others[r];
    for (uint32_t i = 0; i < judged->shown; i++) {
      score += judged->words[i].gives[r];
    }
    assert_true(fabs(score - judged->score[r]) < 1e-9);
    sum += judged->p[r];
  }
  assert_true(fabs(sum - 1) < 1e-9);
  for (int a = 0; a < BARO_PRIOR_RESOURCES; a++) { /* p is the softmax of the scores */
    double ratio = log(judged->p[a] / judged->p[0]) - (judged->score[a] - judged->score[0]);
    assert_true(fabs(ratio) < 1e-9);
  }
}

static void what_words_give_adds_up(void **state) {
  (void)state;
  static const char *const texts[] = {
      "FileInputStream in = new FileInputStream(path); FileChannel channel = in.getChannel();",
      "socket.connect(address); channel.write(buffer); // sends the request to a remote host",
      "for (int i = 0; i < n; i++) { sum += matrix[i] * vector[i]; hash = hash * 31 + sum; }",
      "file file file socket",
  };
  baro_prior *prior = create();
  for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
    for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
      baro_prior_judgement judged;
      baro_prior_judge(prior, (baro_prior_model)m, baro_view_of("Scan"), baro_view_of(texts[t]),
                       &judged);
      assert_true(judged.is_known && judged.shown > 0);
      check_sums(&judged);
    }
  }
  baro_prior_destroy(prior);
}

static void most_of(baro_prior *prior, const char *text, baro_prior_resource expected) {
  baro_prior_judgement judged;
  baro_prior_judge(prior, BARO_PRIOR_CODE, baro_view_of(""), baro_view_of(text), &judged);
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    assert_true(judged.p[expected] >= judged.p[r]);
  }
}

static void clear_texts_are_clear(void **state) {
  (void)state;
  baro_prior *prior = create();
  most_of(prior, "File file = new File(path); FileOutputStream out = new FileOutputStream(file);",
          BARO_PRIOR_DISK);
  most_of(prior, "Socket socket = new Socket(); socket.connect(new InetSocketAddress(host, port));",
          BARO_PRIOR_NETWORK);
  most_of(prior, "double sum = 0; for (int i = 0; i < length; i++) sum += Math.sqrt(matrix[i]);",
          BARO_PRIOR_CPU);
  baro_prior_destroy(prior);
}

/* What was judged before leaves nothing behind. */
static void judging_twice_is_the_same(void **state) {
  (void)state;
  baro_prior *prior = create();
  baro_prior_judgement first;
  baro_prior_judgement between;
  baro_prior_judgement second;
  baro_view text = baro_view_of("read the file, then send it");
  baro_prior_judge(prior, BARO_PRIOR_DOCS, baro_view_of("Copy"), text, &first);
  baro_prior_judge(prior, BARO_PRIOR_CODE, baro_view_of("Sort"), baro_view_of("sort sort"),
                   &between);
  baro_prior_judge(prior, BARO_PRIOR_DOCS, baro_view_of("Copy"), text, &second);
  assert_memory_equal(first.p, second.p, sizeof(first.p));
  assert_int_equal(first.known_words, second.known_words);
  baro_prior_destroy(prior);
}

static void of_unknown_words_nothing_is_known(void **state) {
  (void)state;
  baro_prior *prior = create();
  baro_prior_judgement judged;
  baro_prior_judge(prior, BARO_PRIOR_CODE, baro_view_of(""), baro_view_of("xqzv 17 \xff"), &judged);
  assert_false(judged.is_known);
  assert_int_equal(judged.shown, 0);
  assert_memory_equal(judged.score, judged.bias, sizeof(judged.bias));
  baro_prior_destroy(prior);
}

/* Where both models agree, they are at least as sure together as the less sure of them; where one knows nothing, it is the other. */
static void both_models_are_one(void **state) {
  (void)state;
  baro_prior *prior = create();
  baro_prior_judgement code = {.is_known = true, .p = {0.2, 0.7, 0.1}};
  baro_prior_judgement docs = {.is_known = true, .p = {0.3, 0.6, 0.1}};
  baro_prior_judgement none = {.is_known = false, .p = {0.9, 0.05, 0.05}};
  double p[BARO_PRIOR_RESOURCES];
  baro_prior_combine(prior, &code, &docs, p);
  assert_true(p[BARO_PRIOR_DISK] > p[BARO_PRIOR_CPU] && p[BARO_PRIOR_CPU] > p[BARO_PRIOR_NETWORK]);
  baro_prior_combine(prior, &code, &none, p);
  assert_true(fabs(p[BARO_PRIOR_DISK] - 0.7) < 1e-6);
  baro_prior_combine(prior, NULL, &docs, p);
  assert_true(fabs(p[BARO_PRIOR_DISK] - 0.6) < 1e-6);
  baro_prior_destroy(prior);
}

static void all_operators_are_found(void **state) {
  (void)state;
  baro_prior *prior = create();
  baro_view text = {.data = baro_prior_operators, .length = baro_prior_operators_bytes};
  uint32_t count = 0;
  while (text.length > 0) {
    baro_view line = baro_view_cut(&text, '\n');
    baro_view framework = baro_view_cut(&line, '\t');
    baro_view name = baro_view_cut(&line, '\t');
    baro_view source = baro_view_cut(&line, '\t');
    baro_prior_operator found;
    assert_true(baro_prior_operator_find(prior, framework, name, &found));
    assert_true(baro_view_equal(found.source, source));
    for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
      if (found.has[m]) {
        check_sums(&found.judged[m]);
      }
    }
    count++;
  }
  assert_true(count > 300);
  baro_prior_destroy(prior);
}

static void found_as(baro_prior *prior, const char *framework, const char *name,
                     const char *source) {
  baro_prior_operator found;
  bool is_found =
      baro_prior_operator_find(prior, baro_view_of(framework), baro_view_of(name), &found);
  assert_int_equal(is_found, source != NULL);
  assert_true(!is_found || baro_view_equal(found.source, baro_view_of(source)));
}

static void names_in_logs_are_found(void **state) {
  (void)state;
  baro_prior *prior = create();
  found_as(prior, "spark", "HashAggregate", "HashAggregateExec");
  found_as(prior, "spark", "Scan parquet default.orders", "FileSourceScanExec");
  found_as(prior, "spark", "Exchange", "ShuffleExchangeExec");
  found_as(prior, "spark", "sort (3)", "SortExec");
  found_as(prior, "spark", "NoSuchOperator", NULL);
  found_as(prior, "spark", "", NULL);
  found_as(prior, "spark", "   ", NULL);
  found_as(prior, "", "Sort", NULL);
  found_as(prior, "nosuch", "Sort", NULL);
  baro_prior_destroy(prior);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_words_give_adds_up),
      cmocka_unit_test(clear_texts_are_clear),
      cmocka_unit_test(judging_twice_is_the_same),
      cmocka_unit_test(of_unknown_words_nothing_is_known),
      cmocka_unit_test(both_models_are_one),
      cmocka_unit_test(all_operators_are_found),
      cmocka_unit_test(names_in_logs_are_found),
  };
  return cmocka_run_group_tests_name("prior", tests, NULL, NULL);
}
