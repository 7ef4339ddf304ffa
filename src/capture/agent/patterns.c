#include "capture/agent/patterns.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static bool append(char ***texts, size_t *count, const char *text) {
  char **grown = realloc(*texts, (*count + 1) * sizeof(*grown));
  if (grown == NULL) {
    return false;
  }
  *texts = grown;
  grown[*count] = strdup(text);
  if (grown[*count] == NULL) {
    return false;
  }
  (*count)++;
  return true;
}

bool baro_patterns_add_glob(baro_patterns *patterns, const char *glob) {
  if (strcmp(glob, "*") == 0) {
    patterns->own_code = true;
    return true;
  }
  if (strcmp(glob, "@trace") == 0) {
    patterns->marked = true;
    return true;
  }
  if (glob[0] == '-') {
    return append(&patterns->left_out, &patterns->left_out_count, glob + 1);
  }
  return append(&patterns->globs, &patterns->glob_count, glob);
}

bool baro_patterns_add_library(baro_patterns *patterns, const char *folder) {
  return append(&patterns->libraries, &patterns->library_count, folder);
}

bool baro_patterns_set_startup(baro_patterns *patterns, const char *folder) {
  free(patterns->startup);
  patterns->startup = strdup(folder);
  return patterns->startup != NULL;
}

static void release_all(char **texts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    free(texts[i]);
  }
  free(texts);
}

void baro_patterns_release(baro_patterns *patterns) {
  release_all(patterns->globs, patterns->glob_count);
  release_all(patterns->left_out, patterns->left_out_count);
  release_all(patterns->libraries, patterns->library_count);
  free(patterns->startup);
  *patterns = (baro_patterns){0};
}

bool baro_patterns_only_marked(const baro_patterns *patterns) {
  return patterns->marked && !patterns->own_code && patterns->glob_count == 0;
}

/* Nothing was asked for, or just this. */
static bool wants_own_code(const baro_patterns *patterns) {
  return patterns->own_code || (patterns->glob_count == 0 && !patterns->marked);
}

static bool is_below(const char *file, const char *folder) {
  size_t length = strlen(folder);
  return length > 0 && strncmp(file, folder, length) == 0 && file[length] == '/';
}

/* Whether the path goes through a folder of this name, also a relative one. */
static bool goes_through(const char *file, const char *name) {
  size_t length = strlen(name);
  for (const char *at = strstr(file, name); at != NULL; at = strstr(at + 1, name)) {
    if ((at == file || at[-1] == '/') && at[length] == '/') {
      return true;
    }
  }
  return false;
}

static bool is_library_file(const baro_patterns *patterns, const char *file) {
  if (strncmp(file, "<frozen ", 8) == 0 || goes_through(file, "site-packages") ||
      goes_through(file, "dist-packages")) {
    return true;
  }
  for (size_t i = 0; i < patterns->library_count; i++) {
    if (is_below(file, patterns->libraries[i])) {
      return true;
    }
  }
  return false;
}

/* Code without a file ("<string>": made by exec, as the methods of dataclasses are) belongs where it runs. */
static bool is_own(const baro_patterns *patterns, const baro_pattern_subject *subject) {
  if (is_library_file(patterns, subject->file)) {
    return false;
  }
  if (subject->file[0] != '<') {
    return true;
  }
  /* What collections.namedtuple makes runs in modules that it calls so. */
  return strncmp(subject->module, "namedtuple_", 11) != 0 &&
         !is_library_file(patterns, subject->module_file);
}

typedef struct glob_list {
  char *const *globs;
  size_t count;
} glob_list;

static bool matches_one(const glob_list *list, const char *text) {
  for (size_t i = 0; i < list->count; i++) {
    /* Backslashes are no escapes: they would only surprise. */
    if (fnmatch(list->globs[i], text, FNM_NOESCAPE) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_named(const glob_list *list, const char *module, const char *qualified_name) {
  size_t module_length = strlen(module);
  size_t name_length = strlen(qualified_name);
  char *full = malloc(module_length + name_length + 2);
  if (full == NULL) {
    return false;
  }
  memcpy(full, module, module_length);
  full[module_length] = '.';
  memcpy(full + module_length + 1, qualified_name, name_length + 1);
  bool found = matches_one(list, full) || matches_one(list, module);
  free(full);
  return found;
}

static bool is_in(const glob_list *list, const baro_pattern_subject *subject) {
  /* Who asks for the script by __main__ means it in the processes of a pool, too, where it is called otherwise. */
  bool is_script = strcmp(subject->module, "__mp_main__") == 0;
  return list->count > 0 && (is_named(list, subject->module, subject->qualified_name) ||
                             (is_script && is_named(list, "__main__", subject->qualified_name)) ||
                             (subject->import_name[0] != '\0' &&
                              is_named(list, subject->import_name, subject->qualified_name)));
}

bool baro_patterns_leave_out(const baro_patterns *patterns, const baro_pattern_subject *subject) {
  glob_list left_out = {patterns->left_out, patterns->left_out_count};
  return is_in(&left_out, subject);
}

bool baro_patterns_match(const baro_patterns *patterns, const baro_pattern_subject *subject) {
  if ((patterns->startup != NULL && is_below(subject->file, patterns->startup)) ||
      baro_patterns_leave_out(patterns, subject)) {
    return false;
  }
  glob_list asked_for = {patterns->globs, patterns->glob_count};
  return (wants_own_code(patterns) && is_own(patterns, subject)) || is_in(&asked_for, subject);
}

bool baro_patterns_exclude_file(const baro_patterns *patterns, const char *file) {
  return patterns->glob_count == 0 && !patterns->marked && is_library_file(patterns, file);
}
