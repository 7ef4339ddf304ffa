/* Reports of a profile: what `barograph report` prints, as text and as JSON.
 * Flow: profile -> rows in the asked order -> text for a terminal, or JSON.
 * Both forms show the same numbers; the text leaves out what does not fit. */
#ifndef BARO_SHOW_REPORT_H
#define BARO_SHOW_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "profile/profile.h"
#include "show/terminal.h"

/* In the order of "self|total|wait". */
typedef enum baro_report_sort {
  BARO_SORT_SELF,  /* time in the function itself */
  BARO_SORT_TOTAL, /* with what it calls */
  BARO_SORT_WAIT,  /* of its own time, what it waited */
} baro_report_sort;

typedef struct baro_report_options {
  const char *path; /* borrowed: the recording, as the user named it */
  baro_report_sort sort;
  baro_measure measure; /* BARO_MEASURE_RUN unless asked for */
  uint32_t top;         /* rows of the table at most; 0 = all */
  bool threads;         /* every thread with all its states */
  bool lines;           /* a row for each line instead of each function */
  const char
      *callers; /* borrowed: who calls the functions of this name, and nothing else; or NULL */
  const char *callees;   /* likewise whom they call */
  const char *directory; /* borrowed: files below it are shown relative to it; NULL or "" = none */
  const char *home;      /* borrowed: is shown as ~; NULL or "" = none */
} baro_report_options;

/* Functions (or frames, with lines) that have any time, in the asked order; ties by the other
 * measures, then by index, so that the order is the same in every run. The array lives in keep;
 * NULL when out of memory. */
uint32_t *baro_report_order(const baro_profile *profile, const baro_report_options *options,
                            baro_arena *keep, uint32_t *ret_count);

/* Appends the whole report. */
void baro_report_text(const baro_profile *profile, const baro_report_options *options,
                      const baro_terminal *terminal, baro_buffer *out);

#endif
