/* Builds a profile from the records of one recording.
 * Flow: baro_recording_read (or any caller of the visitor's functions) -> here -> profile.h.
 * The records must keep the reader's promises: references point to earlier definitions, ids count from 0.
 * Values may be anything: sums saturate, states out of range count as unknown, nothing recurses.
 * Cost: 41 bytes a sample while building, 33 after; about 42 bytes a call while building, 33 after. Not
 * thread-safe. */
#ifndef BARO_PROFILE_BUILDER_H
#define BARO_PROFILE_BUILDER_H

#include "base/status.h"
#include "profile/profile.h"
#include "recording/reader.h"

typedef struct baro_profile_builder baro_profile_builder;

baro_status baro_profile_builder_create(baro_profile_builder **ret_builder,
                                        baro_error *err) BARO_MUST_USE;
/* Borrowed from the builder; its functions fail with BARO_NO_MEMORY or BARO_LIMIT. */
const baro_visitor *baro_profile_builder_visitor(const baro_profile_builder *builder);
/* Consumes the builder, also on failure. */
baro_status baro_profile_builder_finish(baro_profile_builder *take_builder,
                                        const baro_damage *damage, baro_profile **ret_profile,
                                        baro_error *err) BARO_MUST_USE;
void baro_profile_builder_destroy(baro_profile_builder *builder); /* accepts NULL */

#endif
