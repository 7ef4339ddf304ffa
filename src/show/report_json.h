/* The report as JSON: schema "barograph.report/1", documented in docs/commands/report.md.
 * Flow: profile -> baro_report_json -> output. Everything that is not known is null. Rows stand in the order
 * of baro_report_order; `top` limits functions and lines. */
#ifndef BARO_SHOW_REPORT_JSON_H
#define BARO_SHOW_REPORT_JSON_H

#include "base/status.h"
#include "profile/profile.h"
#include "show/report.h"
#include "show/stream.h"

/* Fails with BARO_NO_MEMORY; a failing sink shows in baro_stream_finish. */
baro_status baro_report_json(const baro_profile *profile, const baro_report_options *options,
                             baro_stream *output, baro_error *err) BARO_MUST_USE;

/* Only {"head": ...}, on one line. A failing sink shows in baro_stream_finish. */
void baro_report_head_json(const baro_profile *profile, const baro_report_options *options,
                           baro_stream *output);

#endif
