/* The table of exporters. */
#include <string.h>

#include "show/export_formats.h"
#include "show/exporter.h"
#include "show/stream_to_path.h"

const baro_exporter baro_exporters[] = {
    {"collapsed", ".txt", false,
     BARO_EXPORT_TAKES_OF | BARO_EXPORT_TAKES_THREADS | BARO_EXPORT_TAKES_LINES |
         BARO_EXPORT_TAKES_STATES | BARO_EXPORT_TAKES_IDLE | BARO_EXPORT_TAKES_WEIGHT,
     "stacks for flamegraph.pl, inferno, speedscope: a;b;c count", baro_export_collapsed},
    {"speedscope", ".speedscope.json", false,
     BARO_EXPORT_TAKES_OF | BARO_EXPORT_TAKES_LINES | BARO_EXPORT_TAKES_STATES,
     "timeline of each thread for speedscope.app", baro_export_speedscope},
    {"pprof", ".pb.gz", true, BARO_EXPORT_TAKES_OF, "for go tool pprof, Pyroscope, Polar Signals",
     baro_export_pprof},
    {"firefox", ".json", false, BARO_EXPORT_TAKES_OF,
     "timeline and call tree for profiler.firefox.com", baro_export_firefox},
    {"chrome", ".json", false,
     BARO_EXPORT_TIME_ONLY | BARO_EXPORT_TAKES_OF | BARO_EXPORT_PREFERS_CALLS |
         BARO_EXPORT_TAKES_STATES,
     "timeline for ui.perfetto.dev and chrome://tracing", baro_export_chrome},
    {"pstats", ".pstats", true,
     BARO_EXPORT_TIME_ONLY | BARO_EXPORT_TAKES_OF | BARO_EXPORT_PREFERS_CALLS |
         BARO_EXPORT_TAKES_IDLE,
     "for pstats, snakeviz, gprof2dot", baro_export_pstats},
    {"callgrind", ".callgrind", false,
     BARO_EXPORT_TAKES_OF | BARO_EXPORT_PREFERS_CALLS | BARO_EXPORT_TAKES_IDLE,
     "for KCachegrind, callgrind_annotate", baro_export_callgrind},
    {"csv", ".csv", false, BARO_EXPORT_TIME_ONLY | BARO_EXPORT_TAKES_OF | BARO_EXPORT_PREFERS_CALLS,
     "a row for each call or sample", baro_export_csv},
    {"html", ".html", false, 0, "a page that shows all of it: barograph view", baro_export_html},
    {"parquet", "/", true, BARO_EXPORT_INTO_FOLDER | BARO_EXPORT_TAKES_SOURCE,
     "a run added to tables of Parquet files in the folder OUT", NULL},
    {"delta", "/", true, BARO_EXPORT_INTO_FOLDER | BARO_EXPORT_TAKES_SOURCE,
     "a run added to Delta tables in the folder OUT", NULL},
    {0},
};

const baro_exporter *baro_exporter_find(const char *name) {
  for (const baro_exporter *exporter = baro_exporters; exporter->name != NULL; exporter++) {
    if (strcmp(exporter->name, name) == 0) {
      return exporter;
    }
  }
  return NULL;
}

typedef struct export_work {
  const baro_exporter *exporter;
  const baro_profile *profile;
  const baro_export_options *options;
} export_work;

static baro_status write_format(void *context, baro_stream *output, baro_error *err) {
  const export_work *work = context;
  return work->exporter->write(work->profile, work->options, output, err);
}

baro_status baro_export_to_path(const baro_exporter *exporter, const baro_profile *profile,
                                const baro_export_options *options, const baro_whole_file *to,
                                baro_error *err) {
  export_work work = {.exporter = exporter, .profile = profile, .options = options};
  return baro_stream_to_path(to, write_format, &work, err);
}
