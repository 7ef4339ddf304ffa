/* Exporters: a profile in the formats of other tools. Each is one row in exporters.c and one file.
 * Flow: profile -> exporter -> baro_stream (a file, a buffer). Output is streamed: memory is that of one sample or
 * one table, never of the whole file. Every exporter makes valid output of any names: bytes that are not UTF-8
 * become U+FFFD, and what a format gives a meaning (";" and newlines in collapsed stacks) is replaced.
 * Weights of samples are BARO_MEASURE_THREAD: wall time of threads, as these tools expect; of recorded calls they are the
 * calls' own times. A file is made of samples or of calls, never of both: they tell of the same time. */
#ifndef BARO_SHOW_EXPORTER_H
#define BARO_SHOW_EXPORTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/os_whole_file.h"
#include "base/status.h"
#include "profile/profile.h"
#include "show/stream.h"

typedef enum baro_export_weight {
  BARO_EXPORT_WEIGHT_AUTO, /* of samples us, of calls ns; what is no time in its own unit */
  BARO_EXPORT_WEIGHT_US,   /* microseconds of wall time */
  BARO_EXPORT_WEIGHT_NS,
  BARO_EXPORT_WEIGHT_TICKS, /* scheduler ticks */
} baro_export_weight;

typedef struct baro_export_options {
  bool of_calls; /* made of the recorded calls, else of samples */
  bool threads;  /* collapsed: a root for each process and thread */
  /* The others are about samples: calls have no lines, states or idle time. */
  bool lines; /* collapsed, speedscope: frames are lines of functions */
  bool
      states; /* collapsed, speedscope, chrome: a leaf that names the state, "[waiting for disk]" */
  bool idle;  /* collapsed, pstats, callgrind: idle samples too; the others always have them */
  baro_export_weight weight; /* collapsed */
  const char *name; /* borrowed: title of the profile, e.g. the recording's path; may be NULL */
} baro_export_options;

/* Options that a format has a use for; the others would change nothing. */
enum {
  BARO_EXPORT_TAKES_THREADS = 1u << 0,
  BARO_EXPORT_TAKES_LINES = 1u << 1,
  BARO_EXPORT_TAKES_STATES = 1u << 2,
  BARO_EXPORT_TAKES_IDLE = 1u << 3,
  BARO_EXPORT_TAKES_WEIGHT = 1u << 4,
  BARO_EXPORT_PREFERS_CALLS = 1u << 5, /* no option: of a recording with both it is made of calls */
  BARO_EXPORT_INTO_FOLDER = 1u << 6,   /* tables, which the Python package writes: write is NULL */
  BARO_EXPORT_TAKES_SOURCE = 1u << 7,
  BARO_EXPORT_TIME_ONLY = 1u << 9, /* amounts that are no time (imported ones) cannot be told */
  BARO_EXPORT_TAKES_OF = 1u << 8,  /* made of samples or of calls; else of all there is */
};

typedef struct baro_exporter {
  const char *name;      /* of --to */
  const char *extension; /* usual ending of files, with its dot */
  bool binary;           /* not for a terminal */
  unsigned takes;        /* BARO_EXPORT_TAKES_* */
  const char *help;      /* one line */
  baro_status (*write)(const baro_profile *profile, const baro_export_options *options,
                       baro_stream *output, baro_error *err);
} baro_exporter;

/* The table; its end has name NULL. */
extern const baro_exporter baro_exporters[];

/* NULL when there is none. */
const baro_exporter *baro_exporter_find(const char *name);

/* Writes to a file, or where else its path leads: stream_to_path.h. */
baro_status baro_export_to_path(const baro_exporter *exporter, const baro_profile *profile,
                                const baro_export_options *options, const baro_whole_file *to,
                                baro_error *err) BARO_MUST_USE;

#endif
