/* Functions and strings of a page, of one recording or of two that are compared: a function is name, file and first line
 * (of two recordings name and file: html_names.c), and has one number, whichever recording it is of.
 * Flow: profiles -> here -> html_tree.c, html_lines.c ... (numbers) and the sections "functions" and "strings".
 * Numbers are small for functions that stand at many nodes: most of them take a byte then. */
#ifndef BARO_SHOW_HTML_NAMES_H
#define BARO_SHOW_HTML_NAMES_H

#include <stdint.h>

#include "base/map.h"
#include "base/status.h"
#include "profile/profile.h"
#include "show/html_section.h"

enum { BARO_HTML_SIDES_MAX = 2 };

/* A function as its section has it: strings are indices into the page's. */
typedef struct baro_html_function {
  uint32_t name_string; /* qualified */
  uint32_t bare_string;
  uint32_t file_string;
  uint32_t module_string;
  uint32_t line;
  uint8_t origin; /* baro_origin */
} baro_html_function;

typedef struct baro_html_names {
  uint32_t count;
  baro_html_function *functions; /* owned */
  /* Number of each function of a profile; BARO_NONE_ID: it stands nowhere. Owned. */
  uint32_t *of_function[BARO_HTML_SIDES_MAX];
  baro_intern strings; /* 0 is "" */
  /* Path of each side's own program file where they have other names (html_renamed.h), else empty; borrowed from the profiles. Functions
   * of it have the newer one. */
  baro_view programs[BARO_HTML_SIDES_MAX];
} baro_html_names;

/* BARO_NO_MEMORY; release it then too. */
baro_status baro_html_names_init(baro_html_names *names, const baro_profile *const *profiles,
                                 unsigned profile_count, baro_error *err) BARO_MUST_USE;
void baro_html_names_release(baro_html_names *names);

/* Number of a function that stands for what the writer put together: "(small stacks)". */
baro_status baro_html_names_add(baro_html_names *names, const char *name, uint32_t *ret_function,
                                baro_error *err) BARO_MUST_USE;
/* Index of a string, new or old. */
baro_status baro_html_names_string(baro_html_names *names, baro_view text, uint32_t *ret_string,
                                   baro_error *err) BARO_MUST_USE;

/* Sections "functions" and "strings": when no further ones come. */
void baro_html_names_write(const baro_html_names *names, baro_html_sections *sections);

#endif
