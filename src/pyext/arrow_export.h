/* Gives tables to other libraries through Arrow's C interfaces.
 * Flow: baro_table_build -> here -> PyCapsules (module.c) -> pyarrow, polars, DuckDB ...
 * Ownership: an export holds the profile and what was built beside it. The stream, each array and each of its
 * children hold the export: consumers may move children out of an array, release in any order and in any
 * thread, and keep them after everything of Python's is gone. The last one frees it. */
#ifndef BARO_PYEXT_ARROW_EXPORT_H
#define BARO_PYEXT_ARROW_EXPORT_H

#include "base/status.h"
#include "pyext/arrow_abi.h"
#include "pyext/column.h"
#include "pyext/shared_profile.h"

/* A stream of one array with all rows of the table; the caller releases it. Fails as baro_table_build does;
 * ret_stream is not touched then. */
baro_status baro_arrow_stream(const baro_table_spec *table, baro_shared_profile *shared,
                              struct ArrowArrayStream *ret_stream, baro_error *err) BARO_MUST_USE;

/* A stream of arrays of at most batch_rows rows, each made when it is asked for: memory is that of the arrays that the
 * consumer keeps. For tables of columns that are filled. What is told is copied. The caller releases it. BARO_NO_MEMORY. */
baro_status baro_arrow_stream_parts(const baro_table_spec *table, baro_shared_profile *shared,
                                    const baro_table_part *told, uint32_t batch_rows,
                                    struct ArrowArrayStream *ret_stream,
                                    baro_error *err) BARO_MUST_USE;

/* The table's schema; the caller releases it. BARO_NO_MEMORY. */
baro_status baro_arrow_schema(const baro_table_spec *table, struct ArrowSchema *ret_schema,
                              baro_error *err) BARO_MUST_USE;

#endif
