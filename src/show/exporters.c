/* The table of exporters, and files for them. */
#include <stdio.h>
#include <string.h>

#include "base/os_file.h"
#include "show/export_formats.h"
#include "show/exporter.h"

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

static baro_status export_to(const baro_exporter *exporter, const baro_profile *profile,
                             const baro_export_options *options, baro_sink *sink, void *context,
                             baro_error *err) {
  baro_stream output;
  baro_stream_init(&output, sink, context);
  baro_status status = exporter->write(profile, options, &output, err);
  /* A failing sink is the reason for whatever the exporter says. */
  if (output.status != BARO_OK || status == BARO_OK) {
    status = baro_stream_finish(&output, err);
  }
  return status;
}

baro_status baro_export_to_path(const baro_exporter *exporter, const baro_profile *profile,
                                const baro_export_options *options, const char *path,
                                bool overwrite, baro_error *err) {
  if (strcmp(path, "-") == 0) {
    baro_status status = export_to(exporter, profile, options, baro_sink_stream, stdout, err);
    return status == BARO_OK ? status : baro_error_prefix(err, status, "standard output");
  }
  baro_file_sink sink = {0};
  baro_status status = baro_file_create(path, overwrite, &sink.file, err);
  if (status != BARO_OK) {
    return status;
  }
  status = export_to(exporter, profile, options, baro_sink_file, &sink, err);
  if (status == BARO_OK) {
    status = baro_file_close(sink.file, err);
  } else {
    baro_status closed = baro_file_close(sink.file, NULL);
    (void)closed; /* the file goes anyway; the first failure is the one to tell */
  }
  if (status != BARO_OK) {
    baro_file_remove(path);
    return baro_error_prefix(err, status, "%s", path);
  }
  return BARO_OK;
}
