/* How far apart samples of a thread may stand and be neighbours all the same. The recorder rounds times to microseconds, and
 * parts of a nanosecond are rounded of files that have times. Others have none: there samples stand one after the other, and 1
 * may be what another thread has in between. */
#ifndef BARO_SHOW_TOUCH_H
#define BARO_SHOW_TOUCH_H

#include "profile/profile.h"

static inline uint64_t baro_touch_ns(const baro_profile *profile) {
  baro_view from;
  if (!baro_profile_info(profile, "imported_from", &from)) {
    return 2000;
  }
  bool has_times = baro_profile_weight_unit(profile).length == 0 &&
                   !baro_view_equal(from, baro_view_of("collapsed")) &&
                   !baro_view_equal(from, baro_view_of("pprof"));
  return has_times ? 1 : 0;
}

#endif
