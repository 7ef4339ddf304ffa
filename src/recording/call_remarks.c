#include "recording/call_remarks.h"

#include <assert.h>
#include <string.h>

bool baro_call_remark_is_sound(const baro_call_event *event, uint32_t depth) {
  switch (event->kind) {
  case BARO_CALL_USAGE:
  case BARO_CALL_OWN: return true;
  case BARO_CALL_SPAWN: return event->call != 0;
  case BARO_CALL_SKIPPED: return event->skipped != 0;
  case BARO_CALL_WEIGHT: return event->weight != 0;
  case BARO_CALL_VALUE:
    return depth != 0 && event->value_bytes <= BARO_CALL_VALUE_LIMIT_BYTES &&
           event->which >= BARO_CALL_VALUE_ARGUMENTS && event->which <= BARO_CALL_VALUE_RETURN;
  case BARO_CALL_ENTER:
  case BARO_CALL_ENTER_SUSPENDABLE:
  case BARO_CALL_RETURN:
  case BARO_CALL_RAISE:
  case BARO_CALL_SUSPEND:
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW:
  case BARO_CALL_LOST:
  case BARO_CALL_EVENT_KIND_COUNT: break;
  }
  return false;
}

uint32_t baro_call_remark_room(const baro_call_event *event) {
  uint32_t text = event->kind == BARO_CALL_VALUE ? event->value_bytes : 0;
  return BARO_CALL_CODE_MAX_BYTES + text;
}

/* --- writing --- */

static void put_fields(baro_buffer *out, baro_call_coder *coder, const baro_call_event *event) {
  switch (event->kind) {
  case BARO_CALL_USAGE: {
    /* A clock that went back stood still. */
    uint64_t cpu_ns = event->cpu_ns > coder->cpu_ns ? event->cpu_ns : coder->cpu_ns;
    baro_write_varint(out, cpu_ns - coder->cpu_ns);
    baro_write_zigzag(out, (int64_t)event->peak_kib - (int64_t)coder->peak_kib);
    coder->cpu_ns = cpu_ns;
    coder->peak_kib = event->peak_kib;
    return;
  }
  case BARO_CALL_SPAWN:
    baro_write_zigzag(out, (int64_t)(event->call - coder->newest));
    coder->newest = event->call;
    return;
  case BARO_CALL_SKIPPED:
    baro_write_varint(out, event->function);
    baro_write_varint(out, event->skipped);
    return;
  case BARO_CALL_WEIGHT:
    baro_write_varint(out, event->weight);
    baro_write_varint(out, event->is_recursive);
    return;
  case BARO_CALL_VALUE:
    baro_write_varint(out, event->which);
    baro_write_bytes(out, event->value, event->value_bytes);
    return;
  case BARO_CALL_OWN:
    baro_write_varint(out, event->own_ns);
    baro_write_varint(out, event->own_wait_us);
    return;
  case BARO_CALL_ENTER:
  case BARO_CALL_ENTER_SUSPENDABLE:
  case BARO_CALL_RETURN:
  case BARO_CALL_RAISE:
  case BARO_CALL_SUSPEND:
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW:
  case BARO_CALL_LOST:
  case BARO_CALL_EVENT_KIND_COUNT: return;
  }
}

static baro_call_code code_of(baro_call_event_kind kind) {
  return (baro_call_code)(BARO_CALL_CODE_USAGE + (kind - BARO_CALL_USAGE));
}

_Static_assert(BARO_CALL_CODE_OWN - BARO_CALL_CODE_USAGE == BARO_CALL_OWN - BARO_CALL_USAGE,
               "codes stand in the order of the kinds");

uint8_t *baro_call_remark_put(uint8_t *at, baro_call_coder *coder, const baro_call_event *event) {
  uint8_t bytes[BARO_CALL_CODE_MAX_BYTES + BARO_CALL_VALUE_LIMIT_BYTES];
  uint8_t head_bytes[BARO_CALL_CODE_MAX_BYTES];
  baro_buffer fields = {.data = bytes, .capacity = sizeof(bytes)};
  baro_buffer head = {.data = head_bytes, .capacity = sizeof(head_bytes)};
  put_fields(&fields, coder, event);
  baro_write_u8(&head, (uint8_t)((unsigned)code_of(event->kind) << 1));
  baro_write_varint(&head, fields.length);
  assert(fields.data == bytes && head.data == head_bytes);
  assert(head.length + fields.length <= baro_call_remark_room(event));
  memcpy(at, head.data, head.length);
  memcpy(at + head.length, fields.data, fields.length);
  return at + head.length + fields.length;
}

/* --- reading: each is false when it breaks a rule --- */

static bool read_usage(baro_reader *fields, baro_call_coder *coder, baro_call_event *event) {
  uint64_t moved_ns = baro_read_varint(fields);
  uint64_t peak_kib = coder->peak_kib + (uint64_t)baro_read_zigzag(fields);
  if (moved_ns > UINT64_MAX - coder->cpu_ns || peak_kib > UINT32_MAX) {
    return false;
  }
  coder->cpu_ns += moved_ns;
  coder->peak_kib = (uint32_t)peak_kib;
  event->kind = BARO_CALL_USAGE;
  event->cpu_ns = coder->cpu_ns;
  event->peak_kib = coder->peak_kib;
  return true;
}

static bool read_spawn(baro_reader *fields, baro_call_coder *coder, baro_call_event *event) {
  event->kind = BARO_CALL_SPAWN;
  event->call = coder->newest + (uint64_t)baro_read_zigzag(fields);
  coder->newest = event->call;
  return true;
}

static bool read_skipped(baro_reader *fields, uint32_t functions, baro_call_event *event) {
  event->kind = BARO_CALL_SKIPPED;
  event->function = baro_read_varint32(fields);
  event->skipped = baro_read_varint(fields);
  return event->function < functions;
}

static bool read_value(baro_reader *fields, baro_call_event *event, bool *ret_known) {
  uint64_t which = baro_read_varint(fields);
  size_t length = baro_reader_left(fields);
  if (which < BARO_CALL_VALUE_ARGUMENTS || which > BARO_CALL_VALUE_RETURN) {
    *ret_known = false;
    return true;
  }
  if (length > BARO_CALL_VALUE_LIMIT_BYTES) {
    return false;
  }
  event->kind = BARO_CALL_VALUE;
  event->which = (uint16_t)which;
  event->value_bytes = (uint16_t)length;
  event->value = baro_read_bytes(fields, length).data;
  return true;
}

baro_status baro_call_remark_read(baro_reader *codes, uint64_t code, baro_call_coder *coder,
                                  const baro_call_remark_limits *limits, baro_call_event *event) {
  baro_view bytes = baro_read_string(codes);
  baro_reader fields = baro_reader_of(bytes.data, bytes.length);
  bool is_sound = false;
  bool is_known = true;
  if (codes->failed) {
    return BARO_CORRUPT;
  }
  if (code >= BARO_CALL_CODE_COUNT) {
    return BARO_AGAIN;
  }
  switch ((baro_call_code)code) {
  case BARO_CALL_CODE_USAGE: is_sound = read_usage(&fields, coder, event); break;
  case BARO_CALL_CODE_SPAWN: is_sound = read_spawn(&fields, coder, event); break;
  case BARO_CALL_CODE_SKIPPED: is_sound = read_skipped(&fields, limits->functions, event); break;
  case BARO_CALL_CODE_WEIGHT:
    event->kind = BARO_CALL_WEIGHT;
    event->weight = baro_read_varint(&fields);
    event->is_recursive = baro_read_varint(&fields) != 0;
    is_sound = true;
    break;
  case BARO_CALL_CODE_VALUE: is_sound = read_value(&fields, event, &is_known); break;
  case BARO_CALL_CODE_OWN:
    event->kind = BARO_CALL_OWN;
    event->own_ns = baro_read_varint(&fields);
    event->own_wait_us = baro_read_varint32(&fields);
    is_sound = true;
    break;
  case BARO_CALL_CODE_RETURN:
  case BARO_CALL_CODE_SUSPEND:
  case BARO_CALL_CODE_RAISE:
  case BARO_CALL_CODE_ENTER_SUSPENDABLE:
  case BARO_CALL_CODE_RESUME:
  case BARO_CALL_CODE_THROW:
  case BARO_CALL_CODE_LOST:
  case BARO_CALL_CODE_COUNT: break;
  }
  if (!is_sound || fields.failed) {
    return BARO_CORRUPT;
  }
  if (!is_known) {
    return BARO_AGAIN;
  }
  return baro_call_remark_is_sound(event, limits->depth) ? BARO_OK : BARO_CORRUPT;
}
