/* In words, what is wrong with the file of a recording: for the report's head, and for who exports what is left of it. */
#ifndef BARO_SHOW_DAMAGE_H
#define BARO_SHOW_DAMAGE_H

#include "base/bytes.h"
#include "recording/reader.h"

/* One line; nothing where all is well. out fails without memory. */
void baro_damage_write(const baro_damage *damage, baro_buffer *out);

#endif
