/* Names of a profile's values in JSON and in tables: the same everywhere. */
#ifndef BARO_SHOW_PROFILE_KEYS_H
#define BARO_SHOW_PROFILE_KEYS_H

#include "profile/profile.h"

enum { BARO_FLAG_COUNT = 6 };

/* Of the BARO_FUNCTION_* that is 1 << bit; bit < BARO_FLAG_COUNT. */
const char *baro_flag_key(unsigned bit);
/* "user", "package", "standard"; NULL for BARO_ORIGIN_NONE: it is nobody's code. */
const char *baro_origin_key(baro_origin origin);

#endif
