/* Columns of a table: how they are described, and how their values get into Arrow's layout.
 * Flow: profile -> the rows of a baro_column_spec -> baro_column (shape and buffers) -> arrow_export.h.
 * A table is a const array of descriptions, one a column; a column is borrowed (the profile's own array
 * is the buffer: no copy), computed (an array made in one go) or filled row by row. Tables of columns that are filled
 * may be built in parts.
 * Invariants: lengths and buffers are as the Arrow columnar format asks, for no rows too; text is valid UTF-8;
 * what is not known is null. Runs in any thread; reads the profile, which is immutable. */
#ifndef BARO_PYEXT_COLUMN_H
#define BARO_PYEXT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "profile/profile.h"

typedef enum baro_column_kind {
  BARO_COLUMN_U32,
  BARO_COLUMN_U64,
  BARO_COLUMN_I32, /* signed, for formats that know no other numbers */
  BARO_COLUMN_I64,
  BARO_COLUMN_DATE, /* days since 1970 */
  BARO_COLUMN_F32,
  BARO_COLUMN_F64,
  BARO_COLUMN_BOOL,
  BARO_COLUMN_TEXT,
  BARO_COLUMN_UTC,      /* microseconds since 1970, UTC */
  BARO_COLUMN_STATE,    /* index of a state (baro_state), in a dictionary of their names */
  BARO_COLUMN_ORIGIN,   /* likewise of a baro_origin */
  BARO_COLUMN_OUTCOME,  /* likewise of a baro_outcome */
  BARO_COLUMN_NAME,     /* index of one of the column's `names`, in a dictionary of them */
  BARO_COLUMN_SHARES,   /* a number for each state, shares of their sum; all null when that is 0 */
  BARO_COLUMN_STATE_NS, /* ns for each state */
  BARO_COLUMN_FLAGS,    /* list of the names of BARO_FUNCTION_* */
  BARO_COLUMN_KIND_COUNT
} baro_column_kind;

typedef enum baro_column_nulls {
  BARO_NULLS_NONE,
  BARO_NULLS_BY_ROW,    /* where the row's function says so; for text: where it writes nothing */
  BARO_NULLS_FIRST_ROW, /* of the call tree: its root */
} baro_column_nulls;

/* MD5 of a function's source, in hexadecimal; blanks where it is not known. */
#define BARO_SOURCE_HASH_BYTES 32

/* The rows of a table that one array has, and what its reader was told rather than the profile. */
typedef struct baro_table_part {
  uint64_t first; /* 0 where a column is borrowed or computed */
  uint32_t count;
  const char *run_id; /* borrowed; NULL where no column asks for it */
  int32_t ingestion_day;
  baro_view
      source_hashes; /* borrowed: BARO_SOURCE_HASH_BYTES a function; empty where none is known */
} baro_table_part;

/* Texts that many rows share, written once for all of them. A row whose text is empty is null. */
typedef struct baro_column_names {
  uint64_t (*count)(const baro_profile *profile);
  void (*text)(const baro_profile *profile, const baro_table_part *part, uint32_t index,
               baro_buffer *out);
} baro_column_names;

/* How one column gets its values: exactly one of the functions is there. */
typedef struct baro_column_spec {
  const char *name;
  baro_column_kind kind;
  baro_column_nulls nulls;
  /* Of BARO_COLUMN_NAME; number or fill (int32_t) gives the index. */
  const baro_column_names *names;
  /* What few rows have: their numbers, ascending. All others are null, and `number`, `real` and `text` are asked with the
   * place in this array instead of the row. Nulls must be BARO_NULLS_BY_ROW. */
  const uint32_t *(*some)(const baro_profile *profile, uint32_t *ret_count);
  /* The profile's own array. */
  const void *(*borrow)(const baro_profile *profile);
  /* An array in keep; NULL when out of memory. */
  void *(*compute)(const baro_profile *profile, baro_arena *keep);
  /* The same of one state, NULL where no row has any; false when out of memory. */
  bool (*compute_state)(const baro_profile *profile, baro_state state, baro_arena *keep,
                        const uint64_t **ret_values);
  /* count values of the column's width from row `first` on. With BARO_NULLS_BY_ROW the smallest number is null. */
  void (*fill)(const baro_profile *profile, const baro_table_part *part, void *values);
  /* One row; false: null. */
  bool (*number)(const baro_profile *profile, uint32_t row, uint64_t *ret_value);
  bool (*real)(const baro_profile *profile, uint32_t row, double *ret_value);
  void (*text)(const baro_profile *profile, uint32_t row, baro_buffer *out);
  void (*states)(const baro_profile *profile, uint32_t row, uint64_t ret_ns[BARO_STATE_COUNT]);
} baro_column_spec;

typedef struct baro_table_spec {
  const char *name;
  uint64_t (*row_count)(const baro_profile *profile);
  const baro_column_spec *columns;
  size_t column_count;
} baro_table_spec;

/* One Arrow array without its lifetime. All in the arena, but static names and borrowed buffers. */
typedef struct baro_column {
  const char *name;   /* static */
  const char *format; /* static; Arrow's */
  bool nullable;
  int64_t length;
  int64_t null_count;
  int64_t buffer_count;
  const void *buffers[3];
  size_t child_count;
  struct baro_column *children;
  struct baro_column *dictionary; /* or NULL */
} baro_column;

/* Texts of a column outlive the building of it: they are freed with the column's owner. */
typedef struct baro_column_memory {
  baro_arena arena;
  struct baro_owned_text *texts; /* owned */
} baro_column_memory;

void baro_column_memory_release(baro_column_memory *memory);

/* Name of a kind, as people write Arrow's types. */
const char *baro_column_kind_text(baro_column_kind kind);

/* Of `count` ascending row numbers, the place of the first that is not below `first`; count if there is none. */
uint32_t baro_some_from(const uint32_t *rows, uint32_t count, uint32_t first);

/* The table without its rows: what a schema needs. BARO_NO_MEMORY. */
baro_status baro_table_shape(const baro_table_spec *table, baro_column_memory *memory,
                             baro_column *ret_root, baro_error *err) BARO_MUST_USE;
/* The table with its rows; the profile must outlive it. BARO_NO_MEMORY, or BARO_LIMIT: a column of text
 * of more than 1 GiB. */
baro_status baro_table_build(const baro_table_spec *table, const baro_profile *profile,
                             baro_column_memory *memory, baro_column *ret_root,
                             baro_error *err) BARO_MUST_USE;
/* The same of some of its rows. */
baro_status baro_table_build_part(const baro_table_spec *table, const baro_profile *profile,
                                  const baro_table_part *part, baro_column_memory *memory,
                                  baro_column *ret_root, baro_error *err) BARO_MUST_USE;

#endif
