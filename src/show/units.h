/* Numbers as people read them: thousands separators, three significant digits, units.
 * Each gives a small text by value, so that it can stand in a printf argument:
 *   printf("%s", baro_text_count(n).text)
 * ASCII unless said otherwise; independent of the locale. */
#ifndef BARO_SHOW_UNITS_H
#define BARO_SHOW_UNITS_H

#include <stdint.h>

#include "base/bytes.h"

typedef struct baro_unit_text {
  char text[48];
} baro_unit_text;

baro_unit_text baro_text_count(uint64_t count); /* "12,345" */
baro_unit_text baro_text_duration(uint64_t ns); /* "812 us", "9.82 s", "3 min 07 s", "2 h 05 min" */
/* The same of an amount that may be no time: "812 kB" of the unit "bytes", "12,345 samples" of others; "" is ns. */
baro_unit_text baro_text_amount(uint64_t amount, baro_view unit);
baro_unit_text baro_text_bytes(
    uint64_t bytes);                      /* "812 B", "41.2 kB", "1.20 GB" (powers of 1,000) */
baro_unit_text baro_text_rate(double hz); /* "998", "12,500", "0.5": without the unit */
baro_unit_text baro_text_percent(double ratio);       /* "61.2 %", "<0.1 %"; "-" when negative */
baro_unit_text baro_text_percent_whole(double ratio); /* "61 %" */

#endif
