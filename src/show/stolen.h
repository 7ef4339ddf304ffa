/* What the host of a virtual machine took of its CPUs' time for others while it was recorded: the info "stolen_ratio".
 * Meanwhile a thread stands still that seems to run, and neither its CPU time nor its waits for a CPU count that. */
#ifndef BARO_SHOW_STOLEN_H
#define BARO_SHOW_STOLEN_H

#include "profile/profile.h"

/* Less is noise of the machine's own housekeeping. */
#define BARO_STOLEN_LEAST 0.02

/* False: not known, or no ratio. */
static inline bool baro_stolen_ratio(const baro_profile *profile, double *ret_ratio) {
  return baro_profile_info_number(profile, "stolen_ratio", ret_ratio) && *ret_ratio >= 0 &&
         *ret_ratio <= 1;
}

/* Whether it is so much that whoever reads the times should know. */
static inline bool baro_stolen_matters(const baro_profile *profile, double *ret_ratio) {
  return baro_stolen_ratio(profile, ret_ratio) && *ret_ratio >= BARO_STOLEN_LEAST;
}

#endif
