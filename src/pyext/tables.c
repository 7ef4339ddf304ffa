#include "pyext/tables.h"

#include <string.h>

#include "show/utf8.h"

const baro_table_spec *const baro_tables[] = {
    &baro_table_functions, &baro_table_frames,  &baro_table_nodes, &baro_table_threads,
    &baro_table_processes, &baro_table_samples, &baro_table_calls,
};
const size_t baro_table_count = sizeof(baro_tables) / sizeof(baro_tables[0]);

const baro_table_spec *baro_table_find(const char *name) {
  for (size_t i = 0; i < baro_table_count; i++) {
    if (strcmp(baro_tables[i]->name, name) == 0) {
      return baro_tables[i];
    }
  }
  return NULL;
}

bool baro_row_index(const baro_profile *profile, uint32_t row, uint64_t *ret_value) {
  (void)profile;
  *ret_value = row;
  return true;
}

bool baro_row_ratio(const baro_profile *profile, uint64_t part_ns, double *ret_value) {
  double basis_ns = (double)baro_profile_basis_ns(profile, BARO_MEASURE_RUN);
  if (!(basis_ns > 0)) {
    return false;
  }
  *ret_value = (double)part_ns / basis_ns;
  return true;
}

bool baro_row_ratio_error(const baro_profile *profile, uint64_t part_ns, double square,
                          double *ret_value) {
  double ratio;
  if (!baro_row_ratio(profile, part_ns, &ratio)) {
    return false;
  }
  double error = baro_profile_ratio_error(profile, BARO_MEASURE_RUN, ratio, square);
  /* Sums of a hostile recording may overflow: what is no number is not known. */
  if (!(error >= 0 && error <= 1e300)) {
    return false;
  }
  *ret_value = error;
  return true;
}

void baro_row_string(const baro_profile *profile, uint32_t string, baro_buffer *out) {
  baro_write_utf8(out, baro_profile_string(profile, string));
}

void baro_row_states(const baro_amounts *amounts, uint32_t row, uint64_t ret_ns[BARO_STATE_COUNT]) {
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    ret_ns[state] = baro_amount(amounts, (baro_state)state, row);
  }
}

bool baro_row_utc(const baro_profile *profile, uint64_t monotonic_ns, uint64_t *ret_us) {
  uint64_t utc_ns;
  if (!baro_profile_utc_ns(profile, monotonic_ns, &utc_ns)) {
    return false;
  }
  *ret_us = utc_ns / 1000;
  return true;
}

bool baro_row_known(bool known, uint64_t value, uint64_t *ret_value) {
  if (known) {
    *ret_value = value;
  }
  return known;
}
