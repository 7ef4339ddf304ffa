/* Of two recordings that are compared: whether the program's own file has another name in one of them (app.py, app_faster.py), so that its
 * functions are known by their names all the same.
 * Flow: two profiles -> here -> html_names.c. */
#ifndef BARO_SHOW_HTML_RENAMED_H
#define BARO_SHOW_HTML_RENAMED_H

#include "base/status.h"
#include "profile/profile.h"

/* The file of each side's program: that of the <module> of its own code below which most time passed, or most of the calls' time; index
 * into the profile's strings. BARO_NONE_ID in both: there is none, it has the same path in both below what the side's files share, one
 * of the sides has the other's file, too, or no more than half of their functions have the same names. BARO_NO_MEMORY. */
baro_status baro_html_renamed(const baro_profile *const profiles[2], uint32_t ret_files[2],
                              baro_error *err) BARO_MUST_USE;

#endif
