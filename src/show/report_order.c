#include <stdlib.h>

#include "show/report.h"

typedef struct sort_key {
  uint64_t first;
  uint64_t second;
  uint32_t index;
} sort_key;

static int compare(const void *a_pointer, const void *b_pointer) {
  const sort_key *a = a_pointer, *b = b_pointer;
  if (a->first != b->first)
    return a->first < b->first ? 1 : -1;
  if (a->second != b->second)
    return a->second < b->second ? 1 : -1;
  return a->index < b->index ? -1 : a->index > b->index;
}

uint32_t *baro_report_order(const baro_profile *profile, const baro_report_options *options,
                            baro_arena *keep, uint32_t *ret_count) {
  bool lines = options->lines;
  uint32_t count = lines ? profile->frames.count : profile->functions.count;
  const baro_amounts *self =
      lines ? &profile->frames.self[options->measure] : &profile->functions.self[options->measure];
  const baro_amounts *total = lines ? &profile->frames.total[options->measure]
                                    : &profile->functions.total[options->measure];
  baro_arena scratch = {0};
  sort_key *keys = baro_arena_array(&scratch, count, sizeof(*keys));
  uint32_t *order = baro_arena_array(keep, count, sizeof(*order));
  if (keys == NULL || order == NULL) {
    baro_arena_release(&scratch);
    return NULL;
  }
  uint32_t used = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t own = baro_amount_busy(self, i), all = baro_amount_busy(total, i);
    sort_key key = {.first = own, .second = all, .index = i};
    if (options->sort == BARO_SORT_TOTAL)
      key = (sort_key){.first = all, .second = own, .index = i};
    else if (options->sort == BARO_SORT_WAIT)
      key = (sort_key){.first = baro_amount_waiting(self, i), .second = own, .index = i};
    /* What never was innermost says nothing in a list by self time, and is many rows. */
    if (key.first > 0)
      keys[used++] = key;
  }
  qsort(keys, used, sizeof(*keys), compare);
  for (uint32_t i = 0; i < used; i++)
    order[i] = keys[i].index;
  baro_arena_release(&scratch);
  *ret_count = used;
  return order;
}
