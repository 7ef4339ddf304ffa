#include "show/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

baro_unit_text baro_text_count(uint64_t count) {
  baro_unit_text result;
  char digits[24];
  int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
  size_t used = 0;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0)
      result.text[used++] = ',';
    result.text[used++] = digits[i];
  }
  result.text[used] = '\0';
  return result;
}

/* Three significant digits of a value below 1,000 that is not rounded up to 1,000 by that. */
static void write_three(baro_unit_text *result, double value, const char *unit) {
  int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  snprintf(result->text, sizeof(result->text), "%.*f %s", decimals, value, unit);
}

baro_unit_text baro_text_duration(uint64_t ns) {
  baro_unit_text result;
  double seconds = (double)ns / 1e9;
  if (ns == 0) {
    snprintf(result.text, sizeof(result.text), "0 s");
  } else if (ns < 1000) {
    snprintf(result.text, sizeof(result.text), "%" PRIu64 " ns", ns);
  } else if (seconds < 999.5e-6) {
    write_three(&result, seconds * 1e6, "us");
  } else if (seconds < 0.9995) {
    write_three(&result, seconds * 1e3, "ms");
  } else if (seconds < 119.5) {
    write_three(&result, seconds, "s");
  } else if (seconds < 7199.5) {
    uint64_t whole = (uint64_t)(seconds + 0.5);
    snprintf(result.text, sizeof(result.text), "%" PRIu64 " min %02" PRIu64 " s", whole / 60,
             whole % 60);
  } else {
    uint64_t minutes = (uint64_t)(seconds / 60 + 0.5);
    snprintf(result.text, sizeof(result.text), "%" PRIu64 " h %02" PRIu64 " min", minutes / 60,
             minutes % 60);
  }
  return result;
}

baro_unit_text baro_text_bytes(uint64_t bytes) {
  static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  baro_unit_text result;
  if (bytes < 1000) {
    snprintf(result.text, sizeof(result.text), "%" PRIu64 " B", bytes);
    return result;
  }
  double value = (double)bytes / 1000;
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
    value /= 1000;
    unit++;
  }
  write_three(&result, value, units[unit]);
  return result;
}

baro_unit_text baro_text_rate(double hz) {
  baro_unit_text result;
  if (!(hz >= 0) || hz > 1e15) {
    snprintf(result.text, sizeof(result.text), "-");
    return result;
  }
  if (hz >= 99.95)
    return baro_text_count((uint64_t)llround(hz));
  snprintf(result.text, sizeof(result.text), "%.3g", hz);
  return result;
}

baro_unit_text baro_text_percent(double ratio) {
  baro_unit_text result;
  if (!(ratio >= 0))
    snprintf(result.text, sizeof(result.text), "-");
  else if (ratio > 0 && ratio < 0.0005)
    snprintf(result.text, sizeof(result.text), "<0.1 %%");
  else
    snprintf(result.text, sizeof(result.text), "%.1f %%", ratio * 100);
  return result;
}

baro_unit_text baro_text_percent_whole(double ratio) {
  baro_unit_text result;
  if (!(ratio >= 0))
    snprintf(result.text, sizeof(result.text), "-");
  else if (ratio > 0 && ratio < 0.005)
    snprintf(result.text, sizeof(result.text), "<1 %%");
  else
    snprintf(result.text, sizeof(result.text), "%.0f %%", ratio * 100);
  return result;
}

baro_unit_text baro_text_amount(uint64_t amount, baro_view unit) {
  if (unit.length == 0)
    return baro_text_duration(amount);
  if (baro_view_equal(unit, baro_view_of("bytes")))
    return baro_text_bytes(amount);
  baro_unit_text text = baro_text_count(amount);
  size_t used = strlen(text.text);
  size_t width = unit.length < 16 ? unit.length : 16;
  if (used + 1 + width < sizeof(text.text)) {
    text.text[used] = ' ';
    memcpy(text.text + used + 1, unit.data, width);
    text.text[used + 1 + width] = '\0';
  }
  return text;
}
