#include "import/json_names.h"

#include <assert.h>
#include <string.h>

#include "base/os_scan.h"

/* The first and last eight bytes of a name; of a shorter one, all of it, twice. Reads up to eight bytes from its start. */
static inline void ends_of(const uint8_t *text, size_t length, uint64_t *ret_first,
                           uint64_t *ret_last) {
  if (length >= 8) {
    *ret_first = baro_scan_word(text);
    *ret_last = baro_scan_word(text + length - 8);
    return;
  }
  uint64_t word = length == 0 ? 0 : baro_scan_word(text) << (64 - 8 * length);
  *ret_first = *ret_last = word;
}

static inline uint32_t slot_of(uint64_t first, uint64_t last, size_t length) {
  uint64_t hash =
      (first ^ (last + length) * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
  return (uint32_t)(hash >> 32) % (4 * BARO_JSON_NAMES_MAX);
}

void baro_json_names_init(baro_json_names *names, const char *const *texts, uint32_t count) {
  assert(count <= BARO_JSON_NAMES_MAX);
  *names = (baro_json_names){.count = count, .before = count};
  for (uint32_t i = 0; i < count; i++) {
    baro_json_known_name *known = &names->known[i];
    uint8_t padded[8] = {0};
    known->text = texts[i];
    known->length = strlen(texts[i]);
    memcpy(padded, texts[i], known->length < 8 ? known->length : 8);
    ends_of(known->length < 8 ? padded : (const uint8_t *)texts[i], known->length, &known->first,
            &known->last);
    uint32_t slot = slot_of(known->first, known->last, known->length);
    while (names->slots[slot] != 0) {
      slot = (slot + 1) % (4 * BARO_JSON_NAMES_MAX);
    }
    names->slots[slot] = (uint8_t)(i + 1);
  }
}

static inline bool is_known(const baro_json_known_name *known, baro_view name, uint64_t first,
                            uint64_t last) {
  if (known->length != name.length || known->first != first || known->last != last) {
    return false;
  }
  for (size_t i = 8; i + 8 < name.length; i += 8) {
    if (baro_scan_word((const uint8_t *)known->text + i) != baro_scan_word(name.data + i)) {
      return false;
    }
  }
  return true;
}

static uint32_t find_slot(const baro_json_names *names, baro_view name, uint64_t first,
                          uint64_t last) {
  uint32_t slot = slot_of(first, last, name.length);
  for (uint8_t entry; (entry = names->slots[slot]) != 0;
       slot = (slot + 1) % (4 * BARO_JSON_NAMES_MAX)) {
    if (is_known(&names->known[entry - 1], name, first, last)) {
      return entry - 1;
    }
  }
  return names->count;
}

uint32_t baro_json_names_find(baro_json_names *names, baro_view name) {
  uint64_t first, last;
  ends_of(name.data, name.length, &first, &last);
  uint32_t likely = names->followers[names->before];
  if (likely < names->count && is_known(&names->known[likely], name, first, last)) {
    names->before = likely;
    return likely;
  }
  uint32_t found = find_slot(names, name, first, last);
  names->followers[names->before] = (uint8_t)found;
  names->before = found;
  return found;
}
