/* Of a trace with devices: which operators ran on one, and which calls of the host wait for one.
 * Flow: profile's dataflow -> here -> critical path, prediction.
 * Only what a trace says counts: a host that waits without a call (it looks again and again) is not told from one that computes. */
#ifndef BARO_EXPLAIN_DEVICE_SIDES_H
#define BARO_EXPLAIN_DEVICE_SIDES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "profile/profile.h"

typedef enum baro_side {
  BARO_SIDE_HOST,
  BARO_SIDE_WAITING, /* a call of the host that comes back when a device is done: a synchronization, a copy */
  BARO_SIDE_DEVICE,
} baro_side;

bool baro_is_on_device(const baro_profile *profile, uint32_t operator_id);

/* By operator (a baro_side each), in keep; *ret is NULL where there is no device. BARO_NO_MEMORY. */
baro_status baro_device_sides(const baro_profile *profile, baro_arena *keep,
                              uint8_t **ret_sides) BARO_MUST_USE;

#endif
