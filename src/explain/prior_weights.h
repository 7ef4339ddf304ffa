/* Files of tools/train_prior.py as bytes: embedded when the program is built, never read at run time. Internal to src/explain. */
#ifndef BARO_EXPLAIN_PRIOR_WEIGHTS_H
#define BARO_EXPLAIN_PRIOR_WEIGHTS_H

#include <stddef.h>

extern const unsigned char baro_prior_weights[]; /* prior_weights.txt */
extern const size_t baro_prior_weights_bytes;
extern const unsigned char baro_prior_operators[]; /* prior_operators.txt */
extern const size_t baro_prior_operators_bytes;

#endif
