/* Codes of events that leave the stack of calls as it is (BARO_CALL_USAGE and what follows it): each says how long it is, so that
 * readers can skip what they do not know.
 * Flow: call_encoder -> here -> bytes -> here -> call_decoder. Few events are remarks: what they take does not count
 * for speed. Internal to src/recording. */
#ifndef BARO_RECORDING_CALL_REMARKS_H
#define BARO_RECORDING_CALL_REMARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "recording/call_block.h"
#include "recording/records.h"

/* Definitions so far, and what is active: what readers hold a remark against. */
typedef struct baro_call_remark_limits {
  uint32_t functions;
  uint32_t depth; /* active calls of the thread */
} baro_call_remark_limits;

static inline bool baro_call_is_remark(baro_call_event_kind kind) {
  return kind >= BARO_CALL_USAGE;
}

/* Whether readers take it. Functions are not looked at. */
bool baro_call_remark_is_sound(const baro_call_event *event, uint32_t depth);
/* Bytes that the code takes at most. */
uint32_t baro_call_remark_room(const baro_call_event *event);
/* Writes the code of a sound remark; where it ends. */
uint8_t *baro_call_remark_put(uint8_t *at, baro_call_coder *coder, const baro_call_event *event);
/* Reads what follows a code, which is 7 or above. AGAIN: of a newer version, and skipped; CORRUPT without a message. The text
 * of a value is borrowed from codes. */
baro_status baro_call_remark_read(baro_reader *codes, uint64_t code, baro_call_coder *coder,
                                  const baro_call_remark_limits *limits,
                                  baro_call_event *event) BARO_MUST_USE;

#endif
