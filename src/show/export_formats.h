/* The exporters' functions, for the table in exporters.c alone; the contract is in exporter.h. */
#ifndef BARO_SHOW_EXPORT_FORMATS_H
#define BARO_SHOW_EXPORT_FORMATS_H

#include "show/exporter.h"

/* Folded stacks, one line each: "main (app.py:3);load (app.py:40) 1234". Root first. */
baro_status baro_export_collapsed(const baro_profile *profile, const baro_export_options *options,
                                  baro_stream *output, baro_error *err);
/* https://www.speedscope.app/file-format-schema.json, one sampled profile for each thread. */
baro_status baro_export_speedscope(const baro_profile *profile, const baro_export_options *options,
                                   baro_stream *output, baro_error *err);
/* profile.proto of github.com/google/pprof, gzipped. */
baro_status baro_export_pprof(const baro_profile *profile, const baro_export_options *options,
                              baro_stream *output, baro_error *err);
/* The Firefox Profiler's processed format, version 57. */
baro_status baro_export_firefox(const baro_profile *profile, const baro_export_options *options,
                                baro_stream *output, baro_error *err);

/* A dict of Python's marshal format, as cProfile dumps it. */
baro_status baro_export_pstats(const baro_profile *profile, const baro_export_options *options,
                               baro_stream *output, baro_error *err);
/* Callgrind's profile format, version 1. */
baro_status baro_export_callgrind(const baro_profile *profile, const baro_export_options *options,
                                  baro_stream *output, baro_error *err);
/* Trace Event Format: complete events, and async ones for what was suspended. */
baro_status baro_export_chrome(const baro_profile *profile, const baro_export_options *options,
                               baro_stream *output, baro_error *err);
/* RFC 4180, a row a call. */
baro_status baro_export_csv(const baro_profile *profile, const baro_export_options *options,
                            baro_stream *output, baro_error *err);
/* The page of html_page.h, of samples and calls alike. */
baro_status baro_export_html(const baro_profile *profile, const baro_export_options *options,
                             baro_stream *output, baro_error *err);

#endif
