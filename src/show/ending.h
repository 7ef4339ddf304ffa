/* In words, how a recording ended: for the report's head, and for that of a page. */
#ifndef BARO_SHOW_ENDING_H
#define BARO_SHOW_ENDING_H

#include "base/bytes.h"
#include "profile/profile.h"

/* Appends "; exit status 0", "; ended by SIGTERM (exit status 143)", "; ended by an interrupt", or nothing. */
void baro_ending_write(const baro_profile *profile, baro_buffer *out);

#endif
