/* Places in source code as people write them: short paths, a line. */
#ifndef BARO_SHOW_PLACE_H
#define BARO_SHOW_PLACE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "profile/profile.h"

/* Appends the path of a file as short as it stays clear: relative to directory, ~/ below home,
 * <stdlib>/json/decoder.py, site-packages/requests/api.py. Bytes are copied as they are: clean them
 * when printing. directory and home may be NULL or "". */
void baro_write_short_path(baro_buffer *out, baro_view file, baro_origin origin,
                           const char *directory, const char *home);

/* ... with ":line" unless line is 0; nothing when there is no file. */
void baro_write_place(baro_buffer *out, baro_view file, uint32_t line, baro_origin origin,
                      const char *directory, const char *home);

/* The folder that holds all of the user's own files in the profile, without its last slash; "" when
 * they share none but the root. Lives in keep; NULL when out of memory. */
const char *baro_common_folder(const baro_profile *profile, baro_arena *keep);

#endif
