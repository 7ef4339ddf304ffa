/* Amounts with units, one over the other: "10Gbps/1Gbps" is 10, "400MBps/100MBps" 4, "3.2GHz/2.4GHz" 1.33.
 * Flow: scenario.c -> here. A recording knows no bandwidths, so that who gives an absolute one says what it was, too. */
#ifndef BARO_PREDICT_QUANTITY_H
#define BARO_PREDICT_QUANTITY_H

#include <stddef.h>

/* Digits with an optional point at the begin of a text: no sign, no exponent, no words. Bytes used; 0: it is none. */
size_t baro_quantity_digits(const char *text);

typedef enum baro_quantity_kind {
  BARO_QUANTITY_NONE,
  BARO_QUANTITY_SPEED,     /* bits or bytes a second: bps, Bps */
  BARO_QUANTITY_BYTES,     /* B */
  BARO_QUANTITY_FREQUENCY, /* Hz */
} baro_quantity_kind;

/* Both of this kind, with k, M, G, T before the unit: powers of 1000. 0: it is no such ratio, or something over nothing. */
double baro_quantity_ratio(const char *text, baro_quantity_kind kind);

#endif
