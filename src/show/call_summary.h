/* The sentence of summary.h for a recording that has calls and no samples:
 *   "Of 2.00 s in calls 61 % in parse (app.py:12; 120,000 calls of 9.10 us), 22 % in load (app.py:40; 1 call of 440 ms)"
 * Shares are of the self times of all recorded calls; the duration is the mean of one call, with what it calls. */
#ifndef BARO_SHOW_CALL_SUMMARY_H
#define BARO_SHOW_CALL_SUMMARY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "profile/profile.h"
#include "show/summary.h"

/* Appends the sentence, and to marks where it speaks of functions; the profile has calls. */
void baro_write_call_summary(const baro_profile *profile, baro_arena *scratch,
                             baro_summary_marks *marks, baro_buffer *text);

#endif
