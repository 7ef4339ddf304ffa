/* What functions are known by over both recordings of a page: name, and where the file lies below what that side's files share, since
 * both may have run in folders of their own; the program's own file may have another name, too. The line moves with every change above
 * it, so of functions of one name and file it only tells which comes first.
 * CPython before 3.11 has no qualified names: "save" there, "Store.save" in a newer one. Where one side has none, its functions are
 * those of the other with their bare name and file: that at the same line, or the only one.
 * Flow: profiles -> here -> html_names.c. */
#ifndef BARO_SHOW_HTML_NAME_KEYS_H
#define BARO_SHOW_HTML_NAME_KEYS_H

#include <stdint.h>

#include "base/status.h"
#include "profile/profile.h"

/* Equal keys are one function. */
typedef struct baro_html_name_key {
  uint32_t name_string;
  uint32_t path; /* of the keys' own texts */
  uint32_t
      rank; /* among those of this name and file: its line, where there is one recording only */
} baro_html_name_key;

/* The functions of one side. */
typedef struct baro_html_name_keys {
  uint32_t *nodes;          /* owned: how many each stands at; 0: it is not on the page */
  baro_html_name_key *rows; /* owned; of those with nodes */
} baro_html_name_keys;

/* programs: the string of each side's own program file where they have other names, else BARO_NONE_ID. BARO_NO_MEMORY; release them
 * then too. */
baro_status baro_html_name_keys_make(const baro_profile *const *profiles, unsigned profile_count,
                                     const uint32_t *programs, baro_html_name_keys *ret_sides,
                                     baro_error *err) BARO_MUST_USE;
void baro_html_name_keys_release(baro_html_name_keys *sides, unsigned count);

#endif
