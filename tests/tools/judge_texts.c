/* What the resource prior says of files: judge_texts FILE ...
 * A line for each file, of both models: known words, scores of cpu, disk and network; then the probabilities of both. The file's
 * content is the text, its name the operator's: tests/python/test_prior.py computes the same in Python. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/prior.h"

static char *read_file(const char *path, size_t *ret_length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    perror(path);
    exit(1);
  }
  long length = ftell(file);
  char *data = malloc((size_t)length + 1);
  rewind(file);
  if (data == NULL || fread(data, 1, (size_t)length, file) != (size_t)length) {
    perror(path);
    exit(1);
  }
  (void)fclose(file);
  *ret_length = (size_t)length;
  return data;
}

static void print_numbers(const double *values) {
  for (int r = 0; r < BARO_PRIOR_RESOURCES; r++) {
    printf(" %.17g", values[r]);
  }
}

int main(int argc, char **argv) {
  baro_prior *prior = NULL;
  if (baro_prior_create(&prior) != BARO_OK) {
    return 1;
  }
  for (int i = 1; i < argc; i++) {
    size_t length;
    char *data = read_file(argv[i], &length);
    baro_view text = {.data = (const uint8_t *)data, .length = length};
    baro_prior_judgement judged[BARO_PRIOR_MODELS];
    double p[BARO_PRIOR_RESOURCES];
    baro_view name = baro_view_of(basename(argv[i]));
    for (int m = 0; m < BARO_PRIOR_MODELS; m++) {
      baro_prior_judge(prior, (baro_prior_model)m, name, text, &judged[m]);
      printf("%u", judged[m].known_words);
      print_numbers(judged[m].score);
      printf(" |");
    }
    baro_prior_combine(prior, &judged[BARO_PRIOR_CODE], &judged[BARO_PRIOR_DOCS], p);
    print_numbers(p);
    printf("\n");
    free(data);
  }
  baro_prior_destroy(prior);
  return 0;
}
