#include "profile/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profile/build.h"
#include "profile/builder.h"
#include "profile/call_build.h"

baro_status baro_profile_load(const char *path, baro_profile **ret_profile, baro_error *err) {
  baro_profile_builder *builder;
  baro_status status = baro_profile_builder_create(&builder, err);
  if (status != BARO_OK) {
    return status;
  }
  baro_damage damage = {0};
  status = baro_recording_read(path, baro_profile_builder_visitor(builder), &damage, err);
  if (status != BARO_OK) {
    baro_profile_builder_destroy(builder);
    return status;
  }
  return baro_profile_builder_finish(builder, &damage, ret_profile, err);
}

void baro_profile_destroy(baro_profile *profile) {
  if (profile == NULL) {
    return;
  }
  baro_profile_samples *samples = &profile->samples;
  free(samples->time_ns);
  free(samples->weight_ns);
  free(samples->run_ns);
  free(samples->running_ratio);
  free(samples->ticks);
  free(samples->node);
  free(samples->state);
  baro_call_columns_release(&profile->calls);
  baro_dataflow_release(&profile->dataflow);
  baro_arena_release(&profile->arena);
  free(profile);
}

baro_view baro_profile_string(const baro_profile *profile, uint32_t string) {
  return string < profile->string_count ? profile->strings[string] : baro_view_of("");
}

static bool find_fact(const baro_profile_fact *facts, uint32_t count, const char *key,
                      baro_view *ret_value) {
  baro_view wanted = baro_view_of(key);
  for (uint32_t i = 0; i < count; i++) {
    if (baro_view_equal(facts[i].key, wanted)) {
      *ret_value = facts[i].value;
      return true;
    }
  }
  return false;
}

bool baro_profile_info(const baro_profile *profile, const char *key, baro_view *ret_value) {
  return find_fact(profile->facts, profile->fact_count, key, ret_value);
}

bool baro_profile_process_fact(const baro_profile *profile, uint32_t process, const char *key,
                               baro_view *ret_value) {
  const baro_profile_process *row = &profile->processes[process];
  return find_fact(row->facts, row->fact_count, key, ret_value);
}

/* As a non-negative number. */
static bool number_of(baro_view value, double *ret_value) {
  if (value.length == 0) {
    return false;
  }
  /* Facts end with a NUL. Only digits and a point: strtod takes "inf" and "0x1p3" too. */
  const char *text = (const char *)value.data;
  if (strspn(text, "0123456789.") != value.length) {
    return false;
  }
  char *end;
  double number = strtod(text, &end);
  if (end != text + value.length || !isfinite(number)) {
    return false;
  }
  *ret_value = number;
  return true;
}

bool baro_profile_info_number(const baro_profile *profile, const char *key, double *ret_value) {
  baro_view value;
  return baro_profile_info(profile, key, &value) && number_of(value, ret_value);
}

bool baro_profile_process_fact_number(const baro_profile *profile, uint32_t process,
                                      const char *key, double *ret_value) {
  baro_view value;
  return baro_profile_process_fact(profile, process, key, &value) && number_of(value, ret_value);
}

/* The first anchor that is not earlier; their count if all are. */
static uint32_t first_anchor(const baro_profile *profile, uint64_t monotonic_ns) {
  uint32_t low = 0;
  uint32_t high = profile->anchor_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (profile->anchors[middle].monotonic_ns < monotonic_ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

bool baro_profile_utc_ns(const baro_profile *profile, uint64_t monotonic_ns, uint64_t *ret_utc_ns) {
  if (profile->anchor_count == 0) {
    return false;
  }
  /* Tables of calls ask millions of times. The first anchor that is not earlier, or the one before it. */
  const baro_clock_anchor *anchors = profile->anchors;
  uint32_t next = first_anchor(profile, monotonic_ns);
  uint32_t nearest = next;
  if (next == profile->anchor_count ||
      (next > 0 && monotonic_ns - anchors[next - 1].monotonic_ns <=
                       anchors[next].monotonic_ns - monotonic_ns)) {
    nearest = first_anchor(profile, anchors[next - 1].monotonic_ns);
  }
  const baro_clock_anchor *anchor = &anchors[nearest];
  *ret_utc_ns = anchor->utc_ns + (monotonic_ns - anchor->monotonic_ns); /* wraps both ways */
  return true;
}

uint32_t baro_profile_node_function(const baro_profile *profile, uint32_t node) {
  uint32_t frame = profile->nodes.frame[node];
  return frame == BARO_NONE_ID ? BARO_NONE_ID : profile->frames.function[frame];
}

uint64_t baro_profile_basis_ns(const baro_profile *profile, baro_measure measure) {
  uint64_t all_ns = profile->all_ns[measure];
  uint64_t idle_ns = profile->state_ns[measure][BARO_STATE_IDLE];
  return all_ns > idle_ns ? all_ns - idle_ns : 0;
}

double baro_profile_unknown_ratio(const baro_profile *profile, baro_measure measure) {
  bool is_of_tasks = profile->dataflow.task_count > 0;
  measure = is_of_tasks ? BARO_MEASURE_THREAD : measure;
  uint64_t all_ns =
      is_of_tasks ? profile->all_ns[measure] : baro_profile_basis_ns(profile, measure);
  double unknown_ns = (double)profile->state_ns[measure][BARO_STATE_UNKNOWN];
  return all_ns == 0 ? 0 : unknown_ns / (double)all_ns;
}

uint64_t baro_amount_busy(const baro_amounts *amounts, uint32_t index) {
  uint64_t all_ns = amounts->all_ns[index];
  uint64_t idle_ns = baro_amount(amounts, BARO_STATE_IDLE, index);
  return all_ns > idle_ns ? all_ns - idle_ns : 0;
}

uint64_t baro_node_all_ns(const baro_profile_nodes *nodes, baro_measure measure, uint32_t node) {
  uint32_t end = nodes->first_row[node] + (uint32_t)__builtin_popcount(nodes->states[node]);
  uint64_t all_ns = 0;
  for (uint32_t row = nodes->first_row[node]; row < end; row++) {
    all_ns = baro_sum_ns(all_ns, nodes->row_ns[measure][row]);
  }
  return all_ns;
}

uint64_t baro_node_busy_ns(const baro_profile_nodes *nodes, baro_measure measure, uint32_t node) {
  uint64_t all_ns = baro_node_all_ns(nodes, measure, node);
  uint64_t idle_ns = baro_node_ns(nodes, measure, BARO_STATE_IDLE, node);
  return all_ns > idle_ns ? all_ns - idle_ns : 0;
}

uint64_t baro_amount_waiting(const baro_amounts *amounts, uint32_t index) {
  uint64_t busy_ns = baro_amount_busy(amounts, index);
  uint64_t running_ns = baro_sum_ns(baro_amount(amounts, BARO_STATE_CPU, index),
                                    baro_amount(amounts, BARO_STATE_COLLECTOR, index));
  return busy_ns > running_ns ? busy_ns - running_ns : 0;
}

baro_view baro_profile_weight_unit(const baro_profile *profile) {
  baro_view unit = {0};
  (void)baro_profile_info(profile, "weight_unit", &unit);
  return unit;
}

double baro_profile_ratio_error(const baro_profile *profile, baro_measure measure, double ratio,
                                double square) {
  double basis_ns = (double)baro_profile_basis_ns(profile, measure);
  baro_view looks;
  bool unknown = baro_profile_info(profile, "looks", &looks) &&
                 baro_view_equal(looks, baro_view_of("unknown"));
  if (unknown || !(basis_ns > 0)) {
    return -1;
  }
  double all = profile->square[measure];
  double rest = all > square ? all - square : 0;
  return sqrt(square * (1 - ratio) * (1 - ratio) + rest * ratio * ratio) / basis_ns;
}

baro_sample_split baro_profile_sample_split(const baro_profile *profile,
                                            const baro_profile_thread *thread, uint64_t sample) {
  const baro_profile_samples *samples = &profile->samples;
  double scaled_ns =
      (double)samples->weight_ns[sample] * baro_sample_factor(samples, thread, sample);
  double running_ns = scaled_ns * (double)samples->running_ratio[sample];
  return (baro_sample_split){
      .state = (baro_state)samples->state[sample],
      .state_ns = (double)baro_round_ns(running_ns),
      .runnable_ns = (double)baro_round_ns(scaled_ns - running_ns),
  };
}
