/* Files of tools/train_prior.py as bytes: embedded when the program is built, never read at run time. Their form is checked by
 * tests/unit/test_prior.c. Internal to src/explain. */
#ifndef BARO_EXPLAIN_PRIOR_WEIGHTS_H
#define BARO_EXPLAIN_PRIOR_WEIGHTS_H

#include <stddef.h>

#include "base/bytes.h"

extern const unsigned char baro_prior_weights[]; /* prior_weights.txt */
extern const size_t baro_prior_weights_bytes;
extern const unsigned char baro_prior_operators[]; /* prior_operators.txt */
extern const size_t baro_prior_operators_bytes;

/* A number as these files have them; 0 of an empty text. */
double baro_prior_number(baro_view text);

#endif
