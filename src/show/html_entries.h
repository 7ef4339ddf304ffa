/* Amounts of the page's tree: self time of each (node, thread, state) that has any.
 * Flow: samples or recorded calls, numbers of nodes (html_tree.c) -> entries -> section "entries:NAME".
 * Sums are those of the profile to the nanosecond, until the section rounds them to units; what rounding takes or gives is
 * carried to the thread's next entry, so that a thread's sums are right to a unit. */
#ifndef BARO_SHOW_HTML_ENTRIES_H
#define BARO_SHOW_HTML_ENTRIES_H

#include <stdint.h>

#include "base/status.h"
#include "profile/profile.h"
#include "show/html_section.h"

enum { BARO_HTML_STATE_OF_CALLS = 255 };

typedef struct baro_html_entry {
  uint64_t time_ns; /* BARO_MEASURE_THREAD */
  uint64_t run_ns;  /* BARO_MEASURE_RUN */
  uint64_t samples; /* of calls: how many entered the node */
  uint32_t node;
  uint32_t thread; /* of the page: threads of a second recording stand behind those of the first */
  uint32_t
      link; /* while they are added: to the node's entry before; then the number that ranking gave */
  uint8_t state;
} baro_html_entry;

typedef struct baro_html_entries {
  uint32_t count;
  uint32_t capacity;
  /* Owned; by thread, and of each ascending by node and state: what reads them in `order` goes through as many places side
   * by side as there are threads, which caches like better than any order of appearance. */
  baro_html_entry *rows;
  uint32_t *order; /* owned; ascending by node, thread, state */
  uint32_t
      *newest; /* owned; of each node: an entry, of the thread at hand if not before thread_first */
  uint32_t node_count;
  uint32_t thread_first;    /* entries before it are of other threads */
  baro_html_entry *sorting; /* owned; room for those of a thread */
  uint32_t sorting_capacity;
  uint64_t run_count; /* runs of samples of one node and state that were added */
} baro_html_entries;

/* BARO_NO_MEMORY; release it then too. */
baro_status baro_html_entries_init(baro_html_entries *entries, uint32_t node_count,
                                   baro_error *err) BARO_MUST_USE;
void baro_html_entries_release(baro_html_entries *entries);

/* Adds what a profile has; of_node: number of each of its nodes (or calls). Of many samples another thread takes half. */
baro_status baro_html_entries_add_samples(baro_html_entries *entries, const baro_profile *profile,
                                          const uint32_t *of_node, uint32_t first_thread,
                                          baro_error *err) BARO_MUST_USE;
baro_status baro_html_entries_add_calls(baro_html_entries *entries, const baro_profile *profile,
                                        const uint32_t *node_of_call, uint32_t first_thread,
                                        baro_error *err) BARO_MUST_USE;

/* Once all are added. */
baro_status baro_html_entries_sort(baro_html_entries *entries, baro_error *err) BARO_MUST_USE;

/* Numbers each thread's entries, those of many samples first: by floor(log2(samples)), then as they are sorted. Those of state
 * runnable that no sample was recorded with have no number. */
baro_status baro_html_entries_rank(baro_html_entries *entries, uint32_t thread_count,
                                   baro_error *err) BARO_MUST_USE;
/* Makes the thread's entries those that baro_html_entry_of finds: [*first, ...) are of earlier threads; moves it on. */
void baro_html_entries_of_thread(baro_html_entries *entries, uint32_t thread, uint32_t *first);
/* Number of the thread's entry, which exists. */
uint32_t baro_html_entry_rank(const baro_html_entries *entries, uint32_t node, uint8_t state);

/* --- html_entries_write.c --- */

/* What the values of the columns run and samples are told against, by page thread and state. */
typedef struct baro_html_ratios {
  uint32_t thread_count;
  double *
      run; /* owned; thread * BARO_STATE_COUNT + state; six decimals, so that its text is the number itself */
} baro_html_ratios;

baro_status baro_html_ratios_of(const baro_html_entries *entries, uint32_t thread_count,
                                baro_html_ratios *ret_ratios, baro_error *err) BARO_MUST_USE;
void baro_html_ratios_release(baro_html_ratios *ratios);

/* ratios NULL: of calls, which have no run's own time. add_units: takes, by node, what was written of the page's first metric
 * (the run's own time that is not idle; of calls their time); or NULL. */
baro_status baro_html_entries_write(const baro_html_entries *entries, const char *name,
                                    const baro_html_ratios *ratios, uint32_t thread_count,
                                    uint64_t unit_ns, uint64_t *add_units,
                                    baro_html_sections *sections, baro_error *err) BARO_MUST_USE;

#endif
