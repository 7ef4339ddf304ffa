/* Which calls that can be suspended are only counted: by their frames, for they may go on in other threads.
 * Flow: budget.c, for every event of such a call. An entry goes when the call ends, or another one has its frame.
 * Shared by all threads; a lock where there is no GIL, held for a look-up or for growing the table. */
#ifndef BARO_CAPTURE_AGENT_COUNTED_FRAMES_H
#define BARO_CAPTURE_AGENT_COUNTED_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

bool baro_counted_frames_have(uint64_t frame);
/* False: there is no memory. */
bool baro_counted_frames_add(uint64_t frame);
void baro_counted_frames_remove(uint64_t frame);
void baro_counted_frames_clear(void);
/* In the child of a fork: none, and what was held is given up, for it may be in the middle of a change.
 * Async-signal-safe. */
void baro_counted_frames_forked(void);

#endif
