/* What the tables share that files keep: columns of the run and of a function. Runs in any thread. */
#ifndef BARO_PYEXT_STORED_TABLES_H
#define BARO_PYEXT_STORED_TABLES_H

#include "pyext/tables.h"

extern const baro_table_spec baro_stored_calls;
extern const baro_table_spec baro_stored_samples;
extern const baro_table_spec baro_stored_nodes;

/* Text of the run, of a function and of a thread; index as in the profile. */
extern const baro_column_names baro_stored_run_id;
extern const baro_column_names baro_stored_class_names;
extern const baro_column_names baro_stored_function_names;
extern const baro_column_names baro_stored_qualified_names;
extern const baro_column_names baro_stored_modules;
extern const baro_column_names baro_stored_files;
extern const baro_column_names baro_stored_source_hashes;
extern const baro_column_names baro_stored_thread_names;
extern const baro_column_names baro_stored_outcomes;
extern const baro_column_names baro_stored_states;

/* Row numbers, for columns of int64. */
void baro_stored_row_numbers(const baro_profile *profile, const baro_table_part *part,
                             void *values);
bool baro_stored_the_run(const baro_profile *profile, uint32_t row, uint64_t *ret_value);
void baro_stored_ingestion_date(const baro_profile *profile, const baro_table_part *part,
                                void *values);
/* Rows of what recordings do not hold: none. */
const uint32_t *baro_stored_no_rows(const baro_profile *profile, uint32_t *ret_count);

#define BARO_STORED_RUN                                                                            \
  BARO_STORED_NAME("run_id", baro_stored_run_id, baro_stored_the_run), {                           \
    .name = "ingestion_date", .kind = BARO_COLUMN_DATE, .fill = baro_stored_ingestion_date         \
  }
#define BARO_STORED_NAME(column, texts, function)                                                  \
  {                                                                                                \
    .name = (column), .kind = BARO_COLUMN_NAME, .nulls = BARO_NULLS_BY_ROW, .names = &(texts),     \
    .number = (function)                                                                           \
  }
#define BARO_STORED_TEXT(column, function)                                                         \
  { .name = (column), .kind = BARO_COLUMN_TEXT, .nulls = BARO_NULLS_BY_ROW, .text = (function) }
#define BARO_STORED_NUMBER(column, width, function)                                                \
  { .name = (column), .kind = (width), .nulls = BARO_NULLS_BY_ROW, .number = (function) }
/* Of few rows; the last argument is the function that gives their values: .number = f, .real = f or .text = f */
#define BARO_STORED_SOME(column, width, rows, ...)                                                 \
  { .name = (column), .kind = (width), .nulls = BARO_NULLS_BY_ROW, .some = (rows), __VA_ARGS__ }
#define BARO_STORED_NOTHING(column, width)                                                         \
  { .name = (column), .kind = (width), .nulls = BARO_NULLS_BY_ROW, .some = baro_stored_no_rows }
#define BARO_STORED_REAL(column, function)                                                         \
  { .name = (column), .kind = BARO_COLUMN_F64, .nulls = BARO_NULLS_BY_ROW, .real = (function) }
#define BARO_STORED_UTC(column, function)                                                          \
  { .name = (column), .kind = BARO_COLUMN_UTC, .nulls = BARO_NULLS_BY_ROW, .number = (function) }

/* Big tables fill their columns a part at a time: a function called for each value would take most of the time. The
 * expression has the type's value of `row`. */
#define BARO_STORED_FILL(column, type, expression)                                                 \
  static void column(const baro_profile *profile, const baro_table_part *part, void *values) {     \
    for (uint32_t i = 0; i < part->count; i++) {                                                   \
      uint32_t row = (uint32_t)part->first + i;                                                    \
      ((type *)values)[i] = (type)(expression);                                                    \
    }                                                                                              \
  }
#define BARO_STORED_FILLED(column, function)                                                       \
  { .name = (column), .kind = BARO_COLUMN_I64, .fill = (function) }
#define BARO_STORED_FILLED_REAL(column, function)                                                  \
  { .name = (column), .kind = BARO_COLUMN_F64, .fill = (function) }
#define BARO_STORED_NAMED(column, texts, function)                                                 \
  {                                                                                                \
    .name = (column), .kind = BARO_COLUMN_NAME, .nulls = BARO_NULLS_BY_ROW, .names = &(texts),     \
    .fill = (function)                                                                             \
  }

#endif
