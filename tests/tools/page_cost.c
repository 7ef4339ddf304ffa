/* What writing a page costs: page_cost RECORDING [RECORDING] [-o PAGE]
 * Prints as JSON what loading the recordings takes, and writing their page by itself: CPU and wall time, memory at its
 * highest, bytes. Without -o the page goes nowhere. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "show/html_page.h"

static baro_status count_bytes(void *context, const void *data, size_t length, baro_error *err) {
  (void)err;
  FILE *file = context;
  if (file != NULL) {
    (void)fwrite(data, 1, length, file);
  }
  return BARO_OK;
}

static uint64_t peak_bytes(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)usage.ru_maxrss * 1024;
}

int main(int count, char **arguments) {
  baro_profile *profiles[2] = {0};
  baro_html_options options = {0};
  unsigned sides = 0;
  const char *out = NULL;
  uint64_t samples = 0, nodes = 0;
  baro_error err;
  uint64_t start_ns = baro_clock_now_ns();
  for (int i = 1; i < count; i++) {
    if (strcmp(arguments[i], "-o") == 0 && i + 1 < count) {
      out = arguments[++i];
    } else if (sides == 2 || baro_profile_load(arguments[i], &profiles[sides], &err) != BARO_OK) {
      fprintf(stderr, "page_cost: %s\n", sides == 2 ? "too many recordings" : err.message);
      return 1;
    } else {
      samples += profiles[sides]->samples.count;
      nodes += profiles[sides]->nodes.count;
      options.paths[sides++] = arguments[i];
    }
  }
  if (sides == 0) {
    fprintf(stderr, "usage: page_cost RECORDING [RECORDING] [-o PAGE]\n");
    return 2;
  }
  uint64_t loaded_ns = baro_clock_now_ns(), loaded_bytes = peak_bytes();
  uint64_t loaded_cpu_ns = baro_clock_process_cpu_ns();
  FILE *file = out == NULL ? NULL : fopen(out, "w");
  baro_stream output;
  baro_stream_init(&output, count_bytes, file);
  const baro_profile *const shown[] = {profiles[0], profiles[1]};
  baro_status status = baro_html_write(shown, sides, &options, &output, &err);
  if (status != BARO_OK || baro_stream_finish(&output, &err) != BARO_OK) {
    fprintf(stderr, "page_cost: %s\n", err.message);
    return 1;
  }
  uint64_t end_ns = baro_clock_now_ns();
  uint64_t cpu_ns = baro_clock_process_cpu_ns() - loaded_cpu_ns;
  printf("{\"samples\": %" PRIu64 ", \"nodes\": %" PRIu64 ", \"page_bytes\": %" PRIu64
         ", \"load_s\": %.3f, \"load_peak_bytes\": %" PRIu64
         ", \"write_s\": %.3f, \"write_cpu_s\": %.3f, \"peak_bytes\": %" PRIu64
         ", \"samples_per_s\": %.0f}\n",
         samples, nodes, output.bytes, (double)(loaded_ns - start_ns) / 1e9, loaded_bytes,
         (double)(end_ns - loaded_ns) / 1e9, (double)cpu_ns / 1e9, peak_bytes(),
         (double)samples / ((double)cpu_ns / 1e9));
  if (file != NULL && fclose(file) != 0) {
    return 1;
  }
  for (unsigned side = 0; side < sides; side++) {
    baro_profile_destroy(profiles[side]);
  }
  return 0;
}
