/* One sentence that says what the program mostly did, for people and for JSON:
 *   "61 % waiting for disk in load_rows (app.py:40), 22 % running parse (app.py:12)".
 * Flow: profile -> pairs of (user's function, state) -> sentence.
 * Time is that of the measure that the report shows, over its basis. A sample belongs to the nearest frame of its stack that is the user's own
 * code, else the nearest of a package, else the innermost frame: a wait in threading.Condition.wait below
 * worker() is said of worker. A pair is said only while its share is above twice its standard error, and above
 * 5 %. The sentence has at most BARO_SUMMARY_CHARACTERS bytes; control characters and bytes that are not UTF-8
 * in names are replaced. Of a recording with calls and no samples: call_summary.h. */
#ifndef BARO_SHOW_SUMMARY_H
#define BARO_SHOW_SUMMARY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "profile/profile.h"

enum { BARO_SUMMARY_CHARACTERS = 200 };

/* Where a clause of the sentence says something of a function. */
typedef struct baro_summary_mark {
  size_t from; /* bytes of the sentence: [from, to) */
  size_t to;
  uint32_t function;
  baro_state state; /* BARO_STATE_COUNT: of recorded calls, which have none */
} baro_summary_mark;

enum { BARO_SUMMARY_MARKS = 3 };

typedef struct baro_summary_marks {
  uint32_t count;
  baro_summary_mark rows[BARO_SUMMARY_MARKS];
} baro_summary_marks;

/* Lives in keep; never empty: a recording without samples gets a sentence that says so. A view with data
 * NULL when out of memory. */
baro_view baro_summary(const baro_profile *profile, baro_measure measure, baro_arena *keep);
/* The same, and where it speaks of functions: for readers who can go there. */
baro_view baro_summary_marked(const baro_profile *profile, baro_measure measure, baro_arena *keep,
                              baro_summary_marks *ret_marks);
/* Appends "load_rows (app.py:40)": the function, with its place where that is known. */
void baro_summary_write_function(const baro_profile *profile, uint32_t function, baro_buffer *out);

#endif
