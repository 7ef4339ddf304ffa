/* What the parts of the JSON report share: report_json.c, which writes the whole, report_json_head.c and report_json_calls.c.
 * Not for other files: a report is written by report_json.h. */
#ifndef BARO_SHOW_REPORT_JSON_PARTS_H
#define BARO_SHOW_REPORT_JSON_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "explain/explain.h"
#include "profile/profile.h"
#include "show/json_writer.h"
#include "show/report.h"

typedef struct baro_json_report {
  const baro_profile *profile;
  const baro_report_options *options;
  baro_json json;
  double basis_ns;
} baro_json_report;

/* --- report_json.c --- */

/* part / whole; null when there is no whole. */
void baro_report_json_ratio(baro_json_report *report, const char *name, double part, double whole);
/* All keys, always; shares of their sum, or null when that is 0. */
void baro_report_json_states(baro_json_report *report, const char *name,
                             const uint64_t state_ns[BARO_STATE_COUNT]);
/* Wall clock, ISO 8601. */
void baro_report_json_utc(baro_json_report *report, const char *name, uint64_t monotonic_ns);
/* Text, or null when it is empty: an empty name is one that is not known. */
void baro_report_json_known(baro_json_report *report, const char *name, baro_view text);
void baro_report_json_known_u64(baro_json_report *report, const char *name, bool known,
                                uint64_t value);
/* The keys that say which function, and where; line 0: not known. */
void baro_report_json_place(baro_json_report *report, uint32_t function, uint32_t line);

/* --- report_json_head.c --- */

/* The object "head". */
void baro_report_json_put_head(baro_json_report *report);

/* --- report_operators.c --- */

/* The list "operators" of a framework's log. False: out of memory. */
bool baro_report_json_operators(baro_json_report *report, const baro_explanation *of);

/* --- report_json_calls.c --- */

/* Keys of the head: null where the recorder was not asked for calls. */
void baro_report_json_call_counts(baro_json_report *report);
/* What a function's calls add up to; null where none was recorded. */
void baro_report_json_calls_of(baro_json_report *report, uint32_t function);
/* Lists that only recordings with calls have. False: out of memory. */
bool baro_report_json_call_lists(baro_json_report *report);

#endif
