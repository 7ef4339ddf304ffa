#include "show/profile_keys.h"

#include <assert.h>

const char *baro_flag_key(unsigned bit) {
  static const char *const keys[BARO_FLAG_COUNT] = {
      "name_cut", "unreadable", "depth_cut", "no_python", "shim", "lines_unknown",
  };
  assert(bit < BARO_FLAG_COUNT);
  return keys[bit];
}

const char *baro_origin_key(baro_origin origin) {
  static const char *const keys[] = {
      [BARO_ORIGIN_USER] = "user",
      [BARO_ORIGIN_PACKAGE] = "package",
      [BARO_ORIGIN_STANDARD] = "standard",
      [BARO_ORIGIN_NONE] = NULL,
  };
  return keys[origin];
}
