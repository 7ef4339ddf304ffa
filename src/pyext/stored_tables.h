/* What the tables share that files keep: columns of the run and of a function. Runs in any thread. */
#ifndef BARO_PYEXT_STORED_TABLES_H
#define BARO_PYEXT_STORED_TABLES_H

#include "pyext/tables.h"

extern const baro_table_spec baro_stored_calls;

const char *baro_stored_run_id(const baro_table_part *part);
void baro_stored_ingestion_date(const baro_profile *profile, const baro_table_part *part,
                                void *values);
/* Class of a method, as its qualified name says it: "Inner" of "make.<locals>.Inner.run"; nothing for functions, and
 * where the qualified name is the bare one (before 3.11, of samples). */
void baro_stored_class_name(const baro_profile *profile, uint32_t function, baro_buffer *out);
/* For what recordings do not hold. */
bool baro_stored_no_number(const baro_profile *profile, uint32_t row, uint64_t *ret_value);
bool baro_stored_no_real(const baro_profile *profile, uint32_t row, double *ret_value);
void baro_stored_no_text(const baro_profile *profile, uint32_t row, baro_buffer *out);

#define BARO_STORED_RUN                                                                            \
  {.name = "run_id", .kind = BARO_COLUMN_TEXT, .constant = baro_stored_run_id}, {                  \
    .name = "ingestion_date", .kind = BARO_COLUMN_DATE, .fill = baro_stored_ingestion_date         \
  }
#define BARO_STORED_TEXT(column, function)                                                         \
  { .name = (column), .kind = BARO_COLUMN_TEXT, .nulls = BARO_NULLS_BY_ROW, .text = (function) }
#define BARO_STORED_NUMBER(column, width, function)                                                \
  { .name = (column), .kind = (width), .nulls = BARO_NULLS_BY_ROW, .number = (function) }
#define BARO_STORED_REAL(column, function)                                                         \
  { .name = (column), .kind = BARO_COLUMN_F64, .nulls = BARO_NULLS_BY_ROW, .real = (function) }

#endif
