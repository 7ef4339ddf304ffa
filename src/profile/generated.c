/* Whose code it is that has no file. Its name in angle brackets is its maker's: "<sqlalchemy generated ...>", "<template>",
 * "<string>" of a dataclass. What people typed has such a name, too, and is their own; "<string>" is where it is the program. */
#include <string.h>

#include "profile/build.h"

/* Of interpreters and notebooks, for what was typed; and of what was handed to timeit and doctest. */
static const char *const typed[] = {
    "<stdin",   "<console",       "<input",    "<ipython-input", "<python-input",
    "<pyshell", "<bpython-input", "<command-", "<cell ",         "<doctest ",
    "<timeit",  "<magic-timeit",  "<script>",  "<string>",
};

bool baro_is_typed(baro_view file) {
  for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
    if (baro_view_starts_with(file, typed[i])) {
      return true;
    }
  }
  return false;
}

static bool is_text(const baro_profile *profile, uint32_t function) {
  baro_view file = baro_profile_string(profile, profile->functions.rows[function].file_string);
  return baro_view_equal(file, baro_view_of("<string>"));
}

/* The outermost function of a stack, or of a thread's calls: the program, not what exec() was given by somebody. */
static bool is_program(const baro_profile *profile, uint32_t function) {
  return function != BARO_NONE_ID && is_text(profile, function) &&
         baro_view_equal(
             baro_profile_string(profile, profile->functions.rows[function].qualified_string),
             baro_view_of("<module>"));
}

static bool has_text_program(const baro_profile *profile) {
  const baro_profile_nodes *nodes = &profile->nodes;
  for (uint32_t n = 1; n < nodes->count; n = nodes->subtree_end[n]) {
    if (is_program(profile, baro_profile_node_function(profile, n))) {
      return true;
    }
  }
  const baro_profile_calls *calls = &profile->calls;
  for (uint32_t c = 0; c < calls->count; c++) {
    if (calls->parent_call[c] == BARO_NONE_ID && is_program(profile, calls->function[c])) {
      return true;
    }
  }
  return false;
}

/* multiprocessing starts its processes with a line of its own: python -c "from multiprocessing.spawn import ...". */
static bool is_only_of_helpers(const baro_profile *profile) {
  bool has_helper = false;
  for (uint32_t p = 0; p < profile->process_count; p++) {
    baro_view command = baro_profile_string(profile, profile->processes[p].command_string);
    bool is_helper = baro_view_contains(command, "from multiprocessing.");
    if (!is_helper && baro_view_contains(command, " -c ")) {
      return false;
    }
    has_helper = has_helper || is_helper;
  }
  return has_helper;
}

baro_status baro_build_origins(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  bool has_any = false;
  for (uint32_t f = 0; f < profile->functions.count && !has_any; f++) {
    has_any = is_text(profile, f);
  }
  if (!has_any || (has_text_program(profile) && !is_only_of_helpers(profile))) {
    return BARO_OK;
  }
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    if (is_text(profile, f)) {
      profile->functions.rows[f].origin = BARO_ORIGIN_PACKAGE;
    }
  }
  return BARO_OK;
}
