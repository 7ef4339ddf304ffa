/* The numbers of docs/recording-format.md that the writer and the reader share.
 * Values are stored in files: append only. Internal to src/recording. */
#ifndef BARO_RECORDING_FORMAT_H
#define BARO_RECORDING_FORMAT_H

#include <stdint.h>

#define BARO_FORMAT_MAGIC "BAROGRAPH\x1a\r\n"
#define BARO_CHUNK_MAGIC "BCHK"
#define BARO_INDEX_MAGIC "BIDX"

enum {
  BARO_FORMAT_MAGIC_BYTES = 12,
  BARO_FORMAT_MAJOR = 1,
  BARO_FORMAT_MINOR = 3,
  BARO_FORMAT_HEAD_BYTES = 24,

  BARO_CHUNK_HEAD_BYTES = 48,
  BARO_CHUNK_RAW_LIMIT_BYTES = 64 * 1024 * 1024,
  BARO_CHUNK_SAMPLE_LIMIT = 1024 * 1024,
  BARO_INDEX_TAIL_BYTES = 16,

  BARO_STRING_LIMIT_BYTES = 1024 * 1024,
  BARO_THREAD_LIMIT = 1024 * 1024,
};

/* name, stored value */
#define BARO_CHUNK_TYPE_LIST(X)                                                                    \
  X(RECORDS, 1)                                                                                    \
  X(INDEX, 2)

typedef enum baro_chunk_type {
#define X(name, value) BARO_CHUNK_##name = value,
  BARO_CHUNK_TYPE_LIST(X)
#undef X
} baro_chunk_type;

enum { BARO_CHUNK_FLAG_ZSTD = 1 };

/* name, name in messages, stored value */
#define BARO_RECORD_TYPE_LIST(X)                                                                   \
  X(INFO, info, 1)                                                                                 \
  X(ANCHOR, anchor, 2)                                                                             \
  X(STRING, string, 3)                                                                             \
  X(FUNCTION, function, 4)                                                                         \
  X(FRAME, frame, 5)                                                                               \
  X(STACK, stack, 6)                                                                               \
  X(PROCESS, process, 7)                                                                           \
  X(THREAD, thread, 8)                                                                             \
  X(THREAD_NAME, thread_name, 9)                                                                   \
  X(PROCESS_END, process_end, 10)                                                                  \
  X(THREAD_END, thread_end, 11)                                                                    \
  X(COUNTERS, counters, 12)                                                                        \
  X(NOTE, note, 13)                                                                                \
  X(SAMPLES, samples, 14)                                                                          \
  X(DROPPED, dropped, 15)                                                                          \
  X(CLOSE, close, 16)                                                                              \
  X(CALLS, calls, 17)                                                                              \
  X(DROPPED_CALLS, dropped_calls, 18)                                                              \
  X(PROCESS_FACT, process_fact, 19)                                                                \
  X(OPERATOR, operator, 20)                                                                        \
  X(OPERATOR_FACT, operator_fact, 21)                                                              \
  X(OPERATOR_EDGE, operator_edge, 22)                                                              \
  X(TASK, task, 23)

typedef enum baro_record_type {
#define X(name, word, value) BARO_RECORD_##name = value,
  BARO_RECORD_TYPE_LIST(X)
#undef X
} baro_record_type;

#endif
