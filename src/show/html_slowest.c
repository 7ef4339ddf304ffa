#include "show/html_slowest.h"

#include <stdlib.h>

#include "show/call_rows.h"

enum { SUSPENDED_MAX = BARO_HTML_SLOWEST_CALLS / 4 };

typedef struct long_call {
  uint64_t rank_ns;
  uint64_t active_ns;
  uint32_t call;
  bool is_listed;
} long_call;

/* The longest so far; when there are `most`, a heap with the least at its top. */
typedef struct longest {
  long_call *rows; /* owned */
  uint32_t count;
  uint32_t most;
} longest;

/* Whether a is to be left out before b. */
static bool is_less(const long_call *a, const long_call *b) {
  return a->rank_ns != b->rank_ns ? a->rank_ns < b->rank_ns : a->call > b->call;
}

static void sift(longest *all, uint32_t place) {
  long_call moved = all->rows[place];
  for (;;) {
    uint32_t child = 2 * place + 1;
    if (child >= all->count) {
      break;
    }
    child += child + 1 < all->count && is_less(&all->rows[child + 1], &all->rows[child]);
    if (!is_less(&all->rows[child], &moved)) {
      break;
    }
    all->rows[place] = all->rows[child];
    place = child;
  }
  all->rows[place] = moved;
}

static void offer(longest *all, const long_call *next) {
  if (all->count < all->most) {
    all->rows[all->count++] = *next;
    for (uint32_t place = all->count == all->most ? all->count / 2 : 0; place-- > 0;) {
      sift(all, place);
    }
  } else if (all->most > 0 && is_less(&all->rows[0], next)) {
    all->rows[0] = *next;
    sift(all, 0);
  }
}

static int by_call(const void *a, const void *b) {
  uint32_t first = ((const long_call *)a)->call, second = ((const long_call *)b)->call;
  return (first > second) - (first < second);
}

static int longest_first(const void *a, const void *b) {
  return is_less(a, b) - is_less(b, a);
}

static void sort(longest *all, int (*compare)(const void *, const void *)) {
  if (all->count > 1) {
    qsort(all->rows, all->count, sizeof(*all->rows), compare);
  }
}

static void find(const baro_profile_calls *calls, longest *ran, longest *were_there) {
  uint32_t suspendable = 0;
  for (uint32_t c = 0; c < calls->count; c++) {
    uint32_t before = suspendable;
    long_call next = {.call = c, .active_ns = baro_call_next_active_ns(calls, c, &suspendable)};
    next.rank_ns = next.active_ns;
    offer(ran, &next);
    if (suspendable != before) {
      next.rank_ns = calls->duration_ns[c];
      offer(were_there, &next);
    }
  }
  sort(ran, longest_first);
  sort(were_there, by_call);
}

/* Those that ran longest, but for as many places as those take that were there longest and are not among them. */
static void merge(longest *ran, longest *were_there) {
  uint32_t count = ran->count, sure = ran->most - were_there->count, kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    long_call row = ran->rows[i];
    long_call *same = were_there->count == 0 ? NULL
                                             : bsearch(&row, were_there->rows, were_there->count,
                                                       sizeof(row), by_call);
    if (same != NULL) {
      same->is_listed = i < sure;
    }
    if (i < sure || same == NULL) {
      ran->rows[kept++] = row;
    }
  }
  uint32_t missing = 0;
  for (uint32_t i = 0; i < were_there->count; i++) {
    missing += !were_there->rows[i].is_listed;
  }
  ran->count = kept < ran->most - missing ? kept : ran->most - missing;
  for (uint32_t i = 0; i < were_there->count; i++) {
    if (!were_there->rows[i].is_listed) {
      long_call *row = &ran->rows[ran->count++];
      *row = were_there->rows[i];
      row->rank_ns = row->active_ns;
    }
  }
  sort(ran, longest_first);
}

bool baro_html_slowest(const baro_profile_calls *calls, uint32_t *ret_calls, uint32_t *ret_count) {
  longest ran = {.most = BARO_HTML_SLOWEST_CALLS}, were_there = {.most = SUSPENDED_MAX};
  ran.rows = malloc(ran.most * sizeof(*ran.rows));
  were_there.rows = malloc(were_there.most * sizeof(*were_there.rows));
  bool good = ran.rows != NULL && were_there.rows != NULL;
  if (good) {
    find(calls, &ran, &were_there);
    merge(&ran, &were_there);
    for (uint32_t i = 0; i < ran.count; i++) {
      ret_calls[i] = ran.rows[i].call;
    }
    *ret_count = ran.count;
  }
  free(ran.rows);
  free(were_there.rows);
  return good;
}
