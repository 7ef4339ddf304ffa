/* Recorded calls on the page: the slowest ones, what each function's add up to, how their durations spread. */
#include "show/html_calls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "show/call_rows.h"
#include "show/html_slowest.h"

static baro_status no_memory(baro_error *err) {
  return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

/* Of a comparison the plain name is that of the new side, which viewers look at first. */
static void name_section(const baro_html_page *page, unsigned side, const char *name,
                         char ret_title[BARO_HTML_NAME_BYTES]) {
  bool is_base = page->side_count > 1 && side == 0;
  (void)snprintf(ret_title, BARO_HTML_NAME_BYTES, "%s%s", name, is_base ? ":base" : "");
}

/* --- The slowest --- */

static uint32_t thread_of_call(const baro_profile *profile, uint32_t call) {
  uint32_t low = 0, high = profile->thread_count;
  while (low + 1 < high) {
    uint32_t middle = low + (high - low) / 2;
    if (profile->threads[middle].first_call <= call) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

static baro_status write_slowest(baro_html_page *page, unsigned side, baro_error *err) {
  const baro_profile *profile = page->profiles[side];
  const baro_profile_calls *calls = &profile->calls;
  uint32_t slowest[BARO_HTML_SLOWEST_CALLS], count = 0;
  if (!baro_html_slowest(calls, slowest, &count)) {
    return no_memory(err);
  }
  char title[BARO_HTML_NAME_BYTES];
  name_section(page, side, "calls", title);
  baro_html_sections *sections = &page->sections;
  baro_html_begin(sections, title, true);
  static const char *const names[] = {"function", "node",        "thread",
                                      "start",    "duration_ns", "suspended_ns",
                                      "self_ns",  "exception",   "weight"};
  enum { NAMES = sizeof(names) / sizeof(names[0]) };
  baro_html_column *columns[NAMES];
  for (size_t i = 0; i < NAMES; i++) {
    columns[i] = baro_html_column_begin(sections, names[i], BARO_HTML_UNSIGNED);
  }
  baro_html_column *outcome = baro_html_column_begin(sections, "outcome", BARO_HTML_BYTE);
  baro_status status = BARO_OK;
  for (uint32_t i = 0; status == BARO_OK && i < count; i++) {
    uint32_t call = slowest[i], exception = 0;
    uint32_t thrown = baro_call_exception(profile, call);
    if (thrown != BARO_NONE_ID) {
      status = baro_html_names_string(&page->names, baro_profile_string(profile, thrown),
                                      &exception, err);
    }
    uint64_t start_ns = calls->start_ns[call];
    uint64_t origin_ns = page->origin_ns[side];
    uint64_t since_ns = start_ns > origin_ns ? start_ns - origin_ns : 0;
    const uint64_t values[NAMES] = {
        page->names.of_function[side][calls->function[call]],
        page->trees[BARO_HTML_OF_CALLS].of_source[side][call],
        page->first_thread[side] + thread_of_call(profile, call),
        since_ns / page->tick_ns,
        calls->duration_ns[call],
        baro_call_suspended_ns(profile, call),
        calls->self_ns[call],
        exception,
        baro_call_weight(profile, call),
    };
    for (size_t c = 0; c < NAMES; c++) {
      baro_html_put(columns[c], values[c]);
    }
    baro_html_put(outcome, calls->outcome[call]);
  }
  baro_html_end(sections);
  return status;
}

/* --- Sums --- */

static void write_sums(baro_html_page *page, unsigned side) {
  const baro_profile *profile = page->profiles[side];
  const baro_profile_call_sums *sums = &profile->call_sums;
  char title[BARO_HTML_NAME_BYTES];
  name_section(page, side, "call_sums", title);
  baro_html_begin(&page->sections, title, true);
  static const char *const names[] = {"function", "calls",    "primitive", "raised",
                                      "self_ns",  "total_ns", "cpu_ns",    "mean_ns",
                                      "p50_ns",   "p99_ns",   "max_ns",    "skipped"};
  enum { NAMES = sizeof(names) / sizeof(names[0]) };
  baro_html_column *columns[NAMES];
  for (size_t i = 0; i < NAMES; i++) {
    columns[i] = baro_html_column_begin(&page->sections, names[i], BARO_HTML_UNSIGNED);
  }
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    if (sums->calls[f] == 0) {
      continue;
    }
    uint64_t cpu_ns = sums->cpu_ns[f];
    const uint64_t values[NAMES] = {
        page->names.of_function[side][f],
        sums->calls[f],
        sums->primitive_calls[f],
        sums->raised[f],
        sums->self_ns[f],
        sums->total_ns[f],
        cpu_ns == BARO_UNKNOWN_AMOUNT ? 0 : cpu_ns + 1,
        baro_calls_mean_ns(profile, f),
        sums->p50_ns[f],
        sums->p99_ns[f],
        sums->max_ns[f],
        sums->skipped[f],
    };
    for (size_t c = 0; c < NAMES; c++) {
      baro_html_put(columns[c], values[c]);
    }
  }
  baro_html_end(&page->sections);
}

/* --- Durations --- */

/* Four buckets an octave: floor(4 log2 ns), by comparison, so that it is the same everywhere. */
unsigned baro_html_bucket(uint64_t ns) {
  static const double quarters[] = {1.189207115002721, 1.4142135623730951, 1.681792830507429};
  if (ns == 0) {
    return 0;
  }
  unsigned octave = 63 - (unsigned)__builtin_clzll(ns);
  double part = (double)ns / (double)(UINT64_C(1) << octave);
  return octave * 4 + (part >= quarters[0]) + (part >= quarters[1]) + (part >= quarters[2]);
}

static int compare_keys(const void *a_pointer, const void *b_pointer) {
  const baro_map_entry *a = a_pointer, *b = b_pointer;
  return a->key < b->key ? -1 : a->key > b->key;
}

/* Calls of each (function, bucket); a call counts for those it stands for. */
static bool count_durations(const baro_html_page *page, unsigned side, baro_map *counts) {
  const baro_profile_calls *calls = &page->profiles[side]->calls;
  uint32_t weighted = 0;
  for (uint32_t c = 0; c < calls->count; c++) {
    uint64_t weight = 1;
    if (weighted < calls->weighted_count && calls->weighted_call[weighted] == c) {
      weight = calls->weighted_weight[weighted++];
    }
    uint64_t key = (uint64_t)page->names.of_function[side][calls->function[c]] << 9 |
                   baro_html_bucket(calls->duration_ns[c]);
    uint64_t *count = baro_map_find(counts, key);
    if (count != NULL) {
      *count += weight;
    } else if (baro_map_set(counts, key, weight) != BARO_OK) {
      return false;
    }
  }
  return true;
}

static baro_status write_durations(baro_html_page *page, unsigned side, baro_error *err) {
  baro_map counts = {0};
  bool good = count_durations(page, side, &counts);
  baro_map_entry *rows = good ? malloc((counts.count + 1) * sizeof(*rows)) : NULL;
  if (rows == NULL) {
    baro_map_release(&counts);
    return no_memory(err);
  }
  size_t count = 0, position = 0;
  while (baro_map_next(&counts, &position, &rows[count])) {
    count++;
  }
  if (count > 1) {
    qsort(rows, count, sizeof(*rows), compare_keys);
  }
  char title[BARO_HTML_NAME_BYTES];
  name_section(page, side, "call_buckets", title);
  baro_html_sections *sections = &page->sections;
  baro_html_begin(sections, title, true);
  baro_html_column *function = baro_html_column_begin(sections, "function", BARO_HTML_DIFFERENCE);
  baro_html_column *bucket = baro_html_column_begin(sections, "bucket", BARO_HTML_UNSIGNED);
  baro_html_column *calls = baro_html_column_begin(sections, "count", BARO_HTML_UNSIGNED);
  for (size_t i = 0; i < count; i++) {
    baro_html_put(function, rows[i].key >> 9);
    baro_html_put(bucket, rows[i].key & 511);
    baro_html_put(calls, rows[i].value);
  }
  baro_html_end(sections);
  free(rows);
  baro_map_release(&counts);
  return BARO_OK;
}

baro_status baro_html_write_calls(baro_html_page *page, baro_error *err) {
  baro_status status = BARO_OK;
  for (unsigned side = 0; status == BARO_OK && side < page->side_count; side++) {
    if (page->profiles[side]->calls.count == 0) {
      continue;
    }
    status = write_slowest(page, side, err);
    if (status == BARO_OK) {
      write_sums(page, side);
      status = write_durations(page, side, err);
    }
  }
  return status;
}
