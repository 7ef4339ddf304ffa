#include "show/crowd.h"

#include "base/plural.h"
#include "show/units.h"

/* From here on a recording is large, and that so few make it is no chance. */
static const uint64_t CROWD_ROWS = 1000000;
static const uint64_t CROWD_PERCENT = 90;

static void insert(baro_crowd *crowd, const uint64_t *rows_of, uint32_t function) {
  uint32_t place = crowd->count;
  if (crowd->count < BARO_CROWD_FUNCTIONS)
    crowd->count++;
  else
    place--;
  for (; place > 0 && rows_of[crowd->functions[place - 1]] < rows_of[function]; place--)
    crowd->functions[place] = crowd->functions[place - 1];
  crowd->functions[place] = function;
}

baro_crowd baro_crowd_choose(const uint64_t *rows, const uint64_t *skipped, uint32_t count,
                             uint64_t all_rows) {
  baro_crowd crowd = {0};
  if (all_rows < CROWD_ROWS)
    return crowd;
  for (uint32_t f = 0; f < count; f++) {
    bool is_more =
        crowd.count < BARO_CROWD_FUNCTIONS || rows[f] > rows[crowd.functions[crowd.count - 1]];
    /* What is thinned is cared for. */
    if (rows[f] > 0 && (skipped == NULL || skipped[f] == 0) && is_more)
      insert(&crowd, rows, f);
  }
  uint64_t wanted = all_rows / 100 * CROWD_PERCENT;
  uint32_t used = 0;
  while (used < crowd.count && crowd.rows < wanted)
    crowd.rows += rows[crowd.functions[used++]];
  crowd.count = used;
  crowd.is_crowd = crowd.rows >= wanted;
  return crowd;
}

baro_crowd baro_crowd_of(const baro_profile *profile) {
  const baro_profile_call_sums *sums = &profile->call_sums;
  if (profile->calls.count == 0)
    return (baro_crowd){0};
  return baro_crowd_choose(sums->calls, sums->skipped, profile->functions.count,
                           profile->calls.count);
}

/* Quotes of the shell, and what patterns take for more than itself, are left as they are: ? matches them too. */
static void write_pattern_text(baro_buffer *out, baro_view text) {
  for (size_t i = 0; i < text.length; i++) {
    uint8_t byte = text.data[i];
    bool is_plain = byte > 0x20 && byte < 0x7f && byte != '\'' && byte != ',' && byte != '[' &&
                    byte != ']' && byte != '*';
    baro_write_u8(out, is_plain ? byte : '?');
  }
}

void baro_crowd_write(const baro_crowd_member *members, uint32_t count, uint64_t rows,
                      uint64_t all_rows, baro_view patterns, baro_buffer *out) {
  double ratio = all_rows == 0 ? 0 : (double)rows / (double)all_rows;
  baro_write_format(out, "%s %s %s of the calls: ", baro_text_count(count).text,
                    baro_plural(count, "function makes", "functions make"),
                    baro_text_percent(ratio).text);
  baro_write_text(out, "leave out what is of no interest, --calls='");
  if (patterns.length > 0) {
    baro_write_bytes(out, patterns.data, patterns.length);
  } else {
    baro_write_text(out, "*");
  }
  for (uint32_t i = 0; i < count; i++) {
    baro_write_text(out, ",-");
    write_pattern_text(out, members[i].module);
    baro_write_text(out, members[i].module.length > 0 ? "." : "*");
    write_pattern_text(out, members[i].qualified_name);
  }
  baro_write_text(out, "', or record a random part of them, --overhead 5%");
}
