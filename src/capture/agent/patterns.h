/* Which code is recorded: what `record --calls=GLOB,...` says.
 * Flow: settings of the spool directory -> hook -> here, asked once a code object.
 * A pattern is a glob of fnmatch, in which * matches dots too, held against MODULE.QUALNAME and against MODULE; of
 * the script that runs, MODULE is __main__ and also the name by which it would be imported. The one
 * pattern *, or none, is the user's own code: all but the standard library, what pip installed, and frozen modules. The
 * pattern @trace stands for what barograph.trace marked, which is recorded in any case: alone it means nothing else.
 * A pattern that begins with - leaves out what it matches, whatever the others say, and marks too; alone it leaves out of the
 * user's own code.
 * Runs in the target; threads only read it while a recording runs. Knows no Python. */
#ifndef BARO_CAPTURE_AGENT_PATTERNS_H
#define BARO_CAPTURE_AGENT_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

/* All NUL-terminated and "" where unknown. */
typedef struct baro_pattern_subject {
  const char *module;         /* __name__ of the globals it runs in */
  const char *qualified_name; /* within the module */
  const char *file;           /* of the code */
  const char *module_file;    /* __file__ of the globals */
  const char
      *import_name; /* of the script that runs as __main__ (__mp_main__); "" of other modules */
} baro_pattern_subject;

typedef struct baro_patterns {
  char **globs; /* owned, as all below */
  size_t glob_count;
  char **left_out; /* globs */
  size_t left_out_count;
  char **libraries; /* folders of what is not the user's own */
  size_t library_count;
  char *startup; /* folder of the start-up hook, which is never recorded */
  bool own_code;
  bool marked; /* @trace is among them */
} baro_patterns;

/* One process has one set of them. All texts are copied; false: no memory, and what was added so far holds. */
bool baro_patterns_add_glob(baro_patterns *patterns, const char *glob);
bool baro_patterns_add_library(baro_patterns *patterns, const char *folder);
bool baro_patterns_set_startup(baro_patterns *patterns, const char *folder);
void baro_patterns_release(baro_patterns *patterns);

bool baro_patterns_match(const baro_patterns *patterns, const baro_pattern_subject *subject);
/* A pattern leaves it out, marked or not. */
bool baro_patterns_leave_out(const baro_patterns *patterns, const baro_pattern_subject *subject);
/* Only what is marked is recorded. */
bool baro_patterns_only_marked(const baro_patterns *patterns);
/* No pattern could ask for any code of this file: its names need not be known. */
bool baro_patterns_exclude_file(const baro_patterns *patterns, const char *file);

#endif
