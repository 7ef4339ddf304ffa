/* What a reader finds in a recording, for tests of what writes them. What is not as expected fails the test. */
#ifndef BARO_TESTS_RECORDING_FINDINGS_H
#define BARO_TESTS_RECORDING_FINDINGS_H

#include <stdint.h>

#include "base/bytes.h"
#include "recording/reader.h"
#include "recording/writer.h"

typedef struct findings {
  uint64_t samples;
  uint64_t weight_ns;
  uint32_t strings;
  baro_damage damage;
} findings;

findings find_in_memory(baro_view bytes);
/* Read as a file and as bytes: both must find the same. */
findings find_in_file(const char *path);
/* Nothing was cut, damaged or left open. */
void expect_whole(const baro_damage *damage);
void close_well(baro_writer *writer);

#endif
