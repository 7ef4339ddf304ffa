#include "show/html_renamed.h"

#include <stdlib.h>

#include "base/map.h"
#include "show/place.h"

static const char MODULE[] = "<module>";

/* What a function took with all that it calls. */
static uint64_t whole_ns(const baro_profile *profile, uint32_t function) {
  return profile->samples.count > 0 ? profile->functions.total[BARO_MEASURE_RUN].all_ns[function]
                                    : profile->call_sums.total_ns[function];
}

static uint32_t program_file(const baro_profile *profile) {
  uint32_t found = BARO_NONE_ID;
  uint64_t most_ns = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    const baro_profile_function *row = &profile->functions.rows[f];
    bool is_module =
        baro_view_equal(baro_profile_string(profile, row->qualified_string), baro_view_of(MODULE));
    bool is_own = row->origin == BARO_ORIGIN_USER &&
                  baro_profile_string(profile, row->file_string).length > 0;
    if (is_module && is_own && whole_ns(profile, f) > most_ns) {
      most_ns = whole_ns(profile, f);
      found = row->file_string;
    }
  }
  return found;
}

typedef struct side_files {
  const baro_profile *profile;
  const char *folder; /* that the side's files share */
} side_files;

static void write_path(const side_files *side, uint32_t file, baro_buffer *out) {
  baro_buffer_clear(out);
  baro_write_short_path(out, baro_profile_string(side->profile, file), BARO_ORIGIN_USER,
                        side->folder, NULL);
}

/* Whether functions of the side lie in a file of that path. */
static bool has_file(const side_files *side, const baro_buffer *path, baro_buffer *scratch) {
  uint32_t before = BARO_NONE_ID;
  for (uint32_t f = 0; f < side->profile->functions.count; f++) {
    const baro_profile_function *row = &side->profile->functions.rows[f];
    if (row->origin != BARO_ORIGIN_USER || row->file_string == before) {
      continue;
    }
    before = row->file_string;
    write_path(side, before, scratch);
    if (baro_view_equal((baro_view){.data = scratch->data, .length = scratch->length},
                        (baro_view){.data = path->data, .length = path->length})) {
      return true;
    }
  }
  return false;
}

/* Whether more than half of the functions of both files are in both, by their names. Two programs that have a main each are not one. */
static bool share_names(const baro_profile *const profiles[2], const uint32_t files[2],
                        bool *ret_shared) {
  baro_intern names = {0};
  uint32_t first_count = 0, both = 0;
  uint8_t *met = NULL;
  bool good = true;
  for (int s = 0; s < 2 && good; s++) {
    for (uint32_t f = 0; f < profiles[s]->functions.count && good; f++) {
      const baro_profile_function *row = &profiles[s]->functions.rows[f];
      baro_view name = baro_profile_string(profiles[s], row->qualified_string);
      uint32_t place = 0;
      if (row->file_string != files[s] || baro_view_equal(name, baro_view_of(MODULE))) {
        continue;
      }
      good = baro_intern_put(&names, name, &place, NULL) == BARO_OK;
      if (good && s == 1 && place < first_count && met[place] == 0) {
        met[place] = 1;
        both++;
      }
    }
    if (s == 0 && good) {
      first_count = names.count;
      met = calloc((size_t)first_count + 1, 1);
      good = met != NULL;
    }
  }
  *ret_shared = names.count == 0 || 2 * (uint64_t)both > names.count;
  free(met);
  baro_intern_release(&names);
  return good;
}

baro_status baro_html_renamed(const baro_profile *const profiles[2], uint32_t ret_files[2],
                              baro_error *err) {
  baro_arena keep = {0};
  baro_buffer path = {0}, scratch = {0};
  side_files sides[2];
  bool good = true, is_renamed = true;
  for (int s = 0; s < 2; s++) {
    sides[s] =
        (side_files){.profile = profiles[s], .folder = baro_common_folder(profiles[s], &keep)};
    ret_files[s] = program_file(profiles[s]);
    good = good && sides[s].folder != NULL;
    is_renamed = is_renamed && ret_files[s] != BARO_NONE_ID;
  }
  for (int s = 0; s < 2 && good && is_renamed; s++) {
    write_path(&sides[s], ret_files[s], &path);
    is_renamed = !has_file(&sides[1 - s], &path, &scratch);
    good = !path.failed && !scratch.failed;
  }
  if (good && is_renamed) {
    good = share_names(profiles, ret_files, &is_renamed);
  }
  if (!is_renamed) {
    ret_files[0] = ret_files[1] = BARO_NONE_ID;
  }
  baro_buffer_release(&path);
  baro_buffer_release(&scratch);
  baro_arena_release(&keep);
  return good ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}
