/* A profile that several owners share: the Python object, and every Arrow array made from it.
 * Invariant: the profile lives as long as anyone holds a reference, whoever lets go last and in whatever
 * thread (Arrow's consumers release arrays where they like, without the GIL). */
#ifndef BARO_PYEXT_SHARED_PROFILE_H
#define BARO_PYEXT_SHARED_PROFILE_H

#include <stdatomic.h>

#include "base/status.h"
#include "profile/profile.h"

typedef struct baro_shared_profile {
  atomic_size_t references;
  const baro_profile *profile; /* owned */
  const char *path;            /* owned: the recording, as the caller named it */
} baro_shared_profile;

/* The caller holds the one reference; NULL when out of memory. Consumes the profile, also then. */
baro_shared_profile *baro_shared_profile_create(baro_profile *take_profile, const char *path);
/* Reads the recording at path; the caller holds the one reference. Fails as baro_profile_load does. */
baro_status baro_shared_profile_load(const char *path, baro_shared_profile **ret_shared,
                                     baro_error *err) BARO_MUST_USE;
baro_shared_profile *baro_shared_profile_hold(baro_shared_profile *shared);
void baro_shared_profile_drop(baro_shared_profile *shared);

#endif
