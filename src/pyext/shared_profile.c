#include "pyext/shared_profile.h"

#include <stdlib.h>
#include <string.h>

baro_shared_profile *baro_shared_profile_create(baro_profile *take_profile, const char *path) {
  baro_shared_profile *shared = malloc(sizeof(*shared));
  char *copy = strdup(path);
  if (shared == NULL || copy == NULL) {
    free(shared);
    free(copy);
    baro_profile_destroy(take_profile);
    return NULL;
  }
  atomic_init(&shared->references, 1);
  shared->profile = take_profile;
  shared->path = copy;
  return shared;
}

baro_status baro_shared_profile_load(const char *path, baro_shared_profile **ret_shared,
                                     baro_error *err) {
  baro_profile *profile = NULL;
  baro_status status = baro_profile_load(path, &profile, err);
  if (status != BARO_OK) {
    return status;
  }
  baro_shared_profile *shared = baro_shared_profile_create(profile, path);
  if (shared == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  *ret_shared = shared;
  return BARO_OK;
}

baro_shared_profile *baro_shared_profile_hold(baro_shared_profile *shared) {
  atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
  return shared;
}

void baro_shared_profile_drop(baro_shared_profile *shared) {
  /* Release and acquire: what others did with the profile is over before it is freed. */
  if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1) {
    return;
  }
  baro_profile_destroy((baro_profile *)(uintptr_t)shared->profile);
  free((char *)(uintptr_t)shared->path);
  free(shared);
}
