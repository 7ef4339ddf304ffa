/* The tables of a profile: one const baro_table_spec each, in a file of its own; `baro_tables` lists them.
 * Names and meanings are those of `report --json` where it has the same thing. Rows stand in the order of
 * the profile, so that an index in one table (function_index ...) is a row number of another. Amounts without a
 * prefix are the run's own time (BARO_MEASURE_RUN), those with `thread_` the time of threads; `states`
 * are shares of the latter, as in the report. */
#ifndef BARO_PYEXT_TABLES_H
#define BARO_PYEXT_TABLES_H

#include <stddef.h>

#include "pyext/column.h"

extern const baro_table_spec baro_table_functions;
extern const baro_table_spec baro_table_frames;
extern const baro_table_spec baro_table_nodes;
extern const baro_table_spec baro_table_threads;
extern const baro_table_spec baro_table_processes;
extern const baro_table_spec baro_table_samples;
extern const baro_table_spec baro_table_calls;

extern const baro_table_spec *const baro_tables[];
extern const size_t baro_table_count;

/* By name; NULL when there is none. */
const baro_table_spec *baro_table_find(const char *name);

/* Tables as files keep them (stored_tables.c): names instead of indices, signed numbers, and columns that say which run
 * a row is of. For baro_arrow_stream_parts alone. NULL when there is none. */
const baro_table_spec *baro_stored_table_find(const char *name);

/* --- What the tables share --- */

bool baro_row_index(const baro_profile *profile, uint32_t row, uint64_t *ret_value);
/* part of the basis of BARO_MEASURE_RUN; false without one. */
bool baro_row_ratio(const baro_profile *profile, uint64_t part_ns, double *ret_value);
/* Its standard error; false where it is not known. */
bool baro_row_ratio_error(const baro_profile *profile, uint64_t part_ns, double square,
                          double *ret_value);
void baro_row_string(const baro_profile *profile, uint32_t string, baro_buffer *out);
void baro_row_states(const baro_amounts *amounts, uint32_t row, uint64_t ret_ns[BARO_STATE_COUNT]);
bool baro_row_utc(const baro_profile *profile, uint64_t monotonic_ns, uint64_t *ret_us);
/* Stores value if known; gives known. */
bool baro_row_known(bool known, uint64_t value, uint64_t *ret_value);

#define BARO_COLUMNS(array) .columns = (array), .column_count = sizeof(array) / sizeof(*(array))

#endif
