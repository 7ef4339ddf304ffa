/* Names that many rows of stored tables share: of functions, threads, the run. */
#include <string.h>

#include "pyext/stored_tables.h"
#include "show/call_rows.h"
#include "show/profile_keys.h"
#include "show/utf8.h"

/* --- The run --- */

static uint64_t one(const baro_profile *profile) {
  (void)profile;
  return 1;
}

static void run_id(const baro_profile *profile, const baro_table_part *part, uint32_t index,
                   baro_buffer *out) {
  (void)profile;
  (void)index;
  baro_write_text(out, part->run_id);
}

const baro_column_names baro_stored_run_id = {.count = one, .text = run_id};

bool baro_stored_the_run(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  (void)profile;
  (void)row;
  *ret_value = 0;
  return true;
}

/* --- Functions --- */

static uint64_t function_count(const baro_profile *profile) {
  return profile->functions.count;
}

/* Position behind the last dot of text; 0 without one. */
static size_t behind_dot(baro_view text) {
  size_t end = text.length;
  while (end > 0 && text.data[end - 1] != '.') {
    end--;
  }
  return end;
}

/* Class of a method, as its qualified name says it: "Inner" of "make.<locals>.Inner.run"; nothing for functions, and
 * where the qualified name is the bare one (before 3.11, of samples). */
static void class_name(const baro_profile *profile, const baro_table_part *part, uint32_t function,
                       baro_buffer *out) {
  (void)part;
  const baro_profile_function *row = &profile->functions.rows[function];
  baro_view outer = baro_profile_string(profile, row->qualified_string);
  baro_view name = baro_profile_string(profile, row->name_string);
  /* The bare name has no dots but in hostile recordings. */
  if (outer.length < name.length + 2 || outer.data[outer.length - name.length - 1] != '.') {
    return;
  }
  outer.length -= name.length + 1;
  size_t first = behind_dot(outer);
  baro_view last = {.data = outer.data + first, .length = outer.length - first};
  static const char local[] = "<locals>";
  if (last.length == sizeof(local) - 1 && memcmp(last.data, local, last.length) == 0) {
    return;
  }
  size_t start = 0;
  for (size_t i = 0; i + sizeof(local) <= outer.length; i++) {
    if (memcmp(outer.data + i, local, sizeof(local) - 1) == 0) {
      start = i + sizeof(local); /* with the dot behind it */
    }
  }
  baro_write_utf8(out, (baro_view){.data = outer.data + start, .length = outer.length - start});
}

#define OF_FUNCTION(name, field)                                                                   \
  static void name(const baro_profile *profile, const baro_table_part *part, uint32_t function,    \
                   baro_buffer *out) {                                                             \
    (void)part;                                                                                    \
    baro_row_string(profile, profile->functions.rows[function].field, out);                        \
  }
OF_FUNCTION(function_name, name_string)
OF_FUNCTION(qualified_name, qualified_string)
OF_FUNCTION(file, file_string)
OF_FUNCTION(module, module_string)

/* Of a part that was told none, or fewer than there are functions: nothing. */
static void source_hash(const baro_profile *profile, const baro_table_part *part, uint32_t function,
                        baro_buffer *out) {
  (void)profile;
  size_t start = (size_t)function * BARO_SOURCE_HASH_BYTES;
  baro_view hashes = part->source_hashes;
  if (hashes.length < start + BARO_SOURCE_HASH_BYTES || hashes.data[start] == ' ') {
    return;
  }
  baro_write_utf8(out, (baro_view){.data = hashes.data + start, .length = BARO_SOURCE_HASH_BYTES});
}

const baro_column_names baro_stored_class_names = {.count = function_count, .text = class_name};
const baro_column_names baro_stored_function_names = {.count = function_count,
                                                      .text = function_name};
const baro_column_names baro_stored_qualified_names = {.count = function_count,
                                                       .text = qualified_name};
const baro_column_names baro_stored_modules = {.count = function_count, .text = module};
const baro_column_names baro_stored_files = {.count = function_count, .text = file};
const baro_column_names baro_stored_source_hashes = {.count = function_count, .text = source_hash};

/* --- Threads --- */

static uint64_t thread_count(const baro_profile *profile) {
  return profile->thread_count;
}

static void thread_name(const baro_profile *profile, const baro_table_part *part, uint32_t thread,
                        baro_buffer *out) {
  (void)part;
  baro_row_string(profile, profile->threads[thread].name_string, out);
}

const baro_column_names baro_stored_thread_names = {.count = thread_count, .text = thread_name};

/* --- How calls ended --- */

static uint64_t outcome_count(const baro_profile *profile) {
  (void)profile;
  return BARO_OUTCOME_COUNT;
}

static void outcome(const baro_profile *profile, const baro_table_part *part, uint32_t index,
                    baro_buffer *out) {
  (void)profile;
  (void)part;
  baro_write_text(out, baro_outcome_key((baro_outcome)index));
}

const baro_column_names baro_stored_outcomes = {.count = outcome_count, .text = outcome};

/* --- What threads did --- */

static uint64_t state_count(const baro_profile *profile) {
  (void)profile;
  return BARO_STATE_COUNT;
}

static void state(const baro_profile *profile, const baro_table_part *part, uint32_t index,
                  baro_buffer *out) {
  (void)profile;
  (void)part;
  baro_write_text(out, baro_state_key((baro_state)index));
}

const baro_column_names baro_stored_states = {.count = state_count, .text = state};
