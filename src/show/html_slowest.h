/* Which recorded calls a page lists one by one.
 * Flow: calls -> here -> html_calls.c. No allocation outlives a call; any thread. */
#ifndef BARO_SHOW_HTML_SLOWEST_H
#define BARO_SHOW_HTML_SLOWEST_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"

enum { BARO_HTML_SLOWEST_CALLS = 2000 };

/* The calls that ran longest (with what they called), longest first; of generators and coroutines up to a quarter are those that were
 * there longest, suspensions included, for that is what waits for them see: a request that was answered late. ret_calls has
 * BARO_HTML_SLOWEST_CALLS. False: out of memory. O(calls log BARO_HTML_SLOWEST_CALLS), however they are ordered. */
bool baro_html_slowest(const baro_profile_calls *calls, uint32_t *ret_calls, uint32_t *ret_count);

#endif
