#include "capture/spool_folder.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/os_file.h"
#include "base/os_folder.h"
#include "capture/agent/ring.h"

#define FOLDER_PREFIX "barograph-spool-"
#define AGENT_VARIABLE "BAROGRAPH_AGENT"
#define PATH_VARIABLE "PYTHONPATH"

/* 4 MiB a thread: less room than this is better left to those who need it. */
static const uint64_t ROOM_BYTES = UINT64_C(512) * 1024 * 1024;

/* --- where the agent is --- */

static bool is_file(const char *path) {
  return access(path, R_OK) == 0;
}

static bool join(char *ret_path, const char *folder, const char *name) {
  int length = snprintf(ret_path, BARO_SPOOL_FOLDER_BYTES, "%s/%s", folder, name);
  return length > 0 && length < BARO_SPOOL_FOLDER_BYTES;
}

/* First match of a pattern below the folder that is a readable file. */
static bool find_match(const char *folder, const char *pattern, char *ret_path) {
  char path[BARO_SPOOL_FOLDER_BYTES];
  glob_t matches = {0};
  bool found = false;
  if (!join(path, folder, pattern))
    return false;
  if (glob(path, 0, NULL, &matches) == 0) {
    for (size_t i = 0; i < matches.gl_pathc && !found; i++) {
      found = strlen(matches.gl_pathv[i]) < BARO_SPOOL_FOLDER_BYTES && is_file(matches.gl_pathv[i]);
      if (found)
        strcpy(ret_path, matches.gl_pathv[i]);
    }
  }
  globfree(&matches);
  return found;
}

/* In place: the path without its last component. */
static void cut_name(char *path) {
  char *slash = strrchr(path, '/');
  if (slash != NULL && slash != path)
    *slash = '\0';
}

static bool find_hook(const char *folder, const char *pattern, baro_agent_place *place) {
  if (!find_match(folder, pattern, place->hook))
    return false;
  cut_name(place->hook);
  return true;
}

/* Beside the module as in the package; the one of a build folder, BUILD/NAME/python/barograph/, stays among the sources. */
static bool find_hook_of_module(baro_agent_place *place) {
  char folder[BARO_SPOOL_FOLDER_BYTES];
  strcpy(folder, place->module);
  cut_name(folder);
  return find_hook(folder, "_startup/sitecustomize.py", place) ||
         find_hook(folder, "../../../../python/barograph/_startup/sitecustomize.py", place);
}

/* Absolute paths without links and "..": the target has another working directory. */
static bool make_absolute(char *path) {
  char whole[PATH_MAX];
  if (realpath(path, whole) == NULL || strlen(whole) >= BARO_SPOOL_FOLDER_BYTES)
    return false;
  strcpy(path, whole);
  return true;
}

baro_status baro_agent_find_from(const char *program_folder, const char *named,
                                 baro_agent_place *ret_place, baro_error *err) {
  static const char *const patterns[] = {
      "../lib/python3*/site-packages/barograph/_agent*.so", /* bin/ of an environment */
      "../lib64/python3*/site-packages/barograph/_agent*.so",
      "../lib/python3*/dist-packages/barograph/_agent*.so", /* Debian's */
      "../barograph/_agent*.so",                            /* pip install --target */
      "python/barograph/_agent*.so",                        /* a build folder */
  };
  baro_agent_place place;
  bool found = false;
  if (named != NULL && named[0] != '\0') {
    found = strlen(named) < sizeof place.module && is_file(named);
    if (!found)
      return baro_error_set(err, BARO_NOT_FOUND,
                            "--calls: " AGENT_VARIABLE " names %s, which cannot be read", named);
    strcpy(place.module, named);
  }
  for (size_t i = 0; i < sizeof patterns / sizeof patterns[0] && !found; i++)
    found = find_match(program_folder, patterns[i], place.module);
  if (!found)
    return baro_error_set(
        err, BARO_NOT_FOUND,
        "--calls needs the Python package, which is not installed beside %s; "
        "install barograph with pip, or name the module barograph._agent in " AGENT_VARIABLE,
        program_folder);
  if (!make_absolute(place.module) || !find_hook_of_module(&place) || !make_absolute(place.hook))
    return baro_error_set(
        err, BARO_NOT_FOUND,
        "--calls: there is no start-up hook (_startup/sitecustomize.py) beside %s", place.module);
  *ret_place = place;
  return BARO_OK;
}

baro_status baro_agent_find(baro_agent_place *ret_place, baro_error *err) {
  char program[BARO_SPOOL_FOLDER_BYTES];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  program[length > 0 ? length : 0] = '\0';
  cut_name(program);
  return baro_agent_find_from(program, getenv(AGENT_VARIABLE), ret_place, err);
}

/* --- the directory --- */

/* Of recorders that were killed: nobody holds the lock on its config. */
static void remove_abandoned(const char *parent) {
  char pattern[BARO_SPOOL_FOLDER_BYTES];
  glob_t matches = {0};
  if (!join(pattern, parent, FOLDER_PREFIX "*"))
    return;
  if (glob(pattern, GLOB_NOSORT, NULL, &matches) == 0) {
    for (size_t i = 0; i < matches.gl_pathc; i++) {
      int folder;
      int file;
      uint64_t bytes;
      if (baro_folder_open(matches.gl_pathv[i], &folder, NULL) != BARO_OK)
        continue; /* somebody else's */
      /* Without a config it is being made just now. */
      if (baro_folder_open_file(folder, "config", true, &file, &bytes) == BARO_OK) {
        if (bytes > 0 && baro_file_lock(file))
          baro_folder_remove(matches.gl_pathv[i]);
        (void)close(file);
      }
      (void)close(folder);
    }
  }
  globfree(&matches);
}

static const char *choose_parent(void) {
  static const char memory[] = "/dev/shm";
  const char *named = getenv("TMPDIR");
  if (baro_folder_free_bytes(memory) >= ROOM_BYTES)
    return memory;
  return named != NULL && named[0] == '/' ? named : "/tmp";
}

/* A value of config ends at the line. */
static bool is_one_line(const char *text) {
  return strchr(text, '\n') == NULL;
}

/* PYTHONPATH without our hook, which stands in front of it in a program that is being recorded itself: twice there it would
 * start two agents. NULL: it is not set. */
static const char *users_python_path(const baro_agent_place *place) {
  const char *path = getenv(PATH_VARIABLE);
  size_t length = strlen(place->hook);
  while (path != NULL && strncmp(path, place->hook, length) == 0 &&
         (path[length] == ':' || path[length] == '\0'))
    path = path[length] == ':' ? path + length + 1 : NULL;
  return path;
}

static baro_status write_config(const baro_spool_folder_options *options,
                                const baro_agent_place *place, baro_spool_folder *spool,
                                baro_error *err) {
  char path[BARO_SPOOL_FOLDER_BYTES];
  baro_buffer text = {0};
  const char *python_path = users_python_path(place);
  if (!is_one_line(options->patterns) || (python_path != NULL && !is_one_line(python_path)))
    return baro_error_set(err, BARO_USAGE, "--calls: a pattern, or PYTHONPATH, has a line break");
  if (options->patterns[0] != '\0')
    baro_write_format(&text, "calls=%s\n", options->patterns);
  if (options->overhead_percent > 0)
    baro_write_format(&text, "overhead=%g\n", options->overhead_percent);
  if (python_path != NULL)
    baro_write_format(&text, "python_path=%s\n", python_path);
  baro_write_format(&text, "agent=%s\nformat=%d\n", place->module, BARO_RING_FORMAT);
  if (!options->children)
    baro_write_text(&text, "children=no\n");
  if (text.failed || !join(path, spool->path, "config")) {
    baro_buffer_release(&text);
    return baro_error_set(err, BARO_NO_MEMORY, "--calls: out of memory");
  }
  baro_view view = {.data = text.data, .length = text.length};
  baro_status status = baro_file_create(path, false, &spool->config, err);
  if (status == BARO_OK) {
    (void)baro_file_lock(spool->config); /* before it has bytes: see remove_abandoned */
    status = baro_file_write_at(spool->config, 0, view, err);
  }
  baro_buffer_release(&text);
  return status;
}

baro_status baro_spool_folder_create(const baro_spool_folder_options *options,
                                     const baro_agent_place *place, baro_spool_folder *ret_spool,
                                     baro_error *err) {
  const char *parent = choose_parent();
  *ret_spool = (baro_spool_folder){.config = -1};
  remove_abandoned(parent);
  baro_status status =
      baro_folder_create(parent, FOLDER_PREFIX, ret_spool->path, sizeof ret_spool->path, err);
  if (status != BARO_OK) {
    ret_spool->path[0] = '\0';
    return baro_error_prefix(err, status, "--calls");
  }
  return write_config(options, place, ret_spool, err);
}

void baro_spool_folder_remove(baro_spool_folder *spool) {
  baro_spool_folder_leave(spool);
  if (spool->path[0] != '\0')
    baro_folder_remove(spool->path);
  if (spool->config >= 0)
    (void)close(spool->config);
  *spool = (baro_spool_folder){.config = -1};
}

/* --- the environment --- */

static void set_or_unset(const char *name, const char *value) {
  if (value != NULL)
    (void)setenv(name, value, 1);
  else
    (void)unsetenv(name);
}

baro_status baro_spool_folder_enter(baro_spool_folder *spool, const baro_agent_place *place,
                                    baro_error *err) {
  const char *whole = getenv(PATH_VARIABLE);
  const char *python_path = users_python_path(place);
  const char *outer = getenv(BARO_SPOOL_VARIABLE);
  baro_buffer path = {0};
  baro_write_text(&path, place->hook);
  /* An empty PYTHONPATH is none, but an empty part of one is the working directory. */
  if (python_path != NULL && python_path[0] != '\0')
    baro_write_format(&path, ":%s", python_path);
  baro_write_u8(&path, 0);
  spool->python_path_before = whole != NULL ? strdup(whole) : NULL;
  spool->spool_before = outer != NULL ? strdup(outer) : NULL;
  bool is_kept = (whole == NULL || spool->python_path_before != NULL) &&
                 (outer == NULL || spool->spool_before != NULL);
  spool->has_environment = is_kept && !path.failed &&
                           setenv(BARO_SPOOL_VARIABLE, spool->path, 1) == 0 &&
                           setenv(PATH_VARIABLE, (const char *)path.data, 1) == 0;
  baro_buffer_release(&path);
  if (!spool->has_environment)
    return baro_error_set(err, BARO_NO_MEMORY, "--calls: environment: out of memory");
  return BARO_OK;
}

void baro_spool_folder_leave(baro_spool_folder *spool) {
  if (spool->has_environment) {
    set_or_unset(PATH_VARIABLE, spool->python_path_before);
    set_or_unset(BARO_SPOOL_VARIABLE, spool->spool_before);
  }
  free(spool->python_path_before);
  free(spool->spool_before);
  spool->python_path_before = NULL;
  spool->spool_before = NULL;
  spool->has_environment = false;
}

/* --- why no agent came --- */

static baro_status find_reason(void *context, const char *name) {
  size_t length = strlen(name);
  if (length <= 4 || strcmp(name + length - 4, ".why") != 0 || length >= NAME_MAX)
    return BARO_OK;
  strcpy(context, name);
  return BARO_INTERRUPTED; /* one is enough */
}

bool baro_spool_folder_reason(const baro_spool_folder *spool, char *ret_reason,
                              size_t reason_bytes) {
  char name[NAME_MAX + 1] = "";
  int folder;
  int file;
  uint64_t bytes;
  size_t length = 0;
  if (baro_folder_open(spool->path, &folder, NULL) != BARO_OK)
    return false;
  (void)!baro_folder_list(folder, find_reason, name);
  if (name[0] != '\0' && baro_folder_open_file(folder, name, false, &file, &bytes) == BARO_OK) {
    if (baro_file_read_at(file, 0, ret_reason, reason_bytes - 1, &length, NULL) != BARO_OK)
      length = 0;
    (void)close(file);
  }
  (void)close(folder);
  ret_reason[length] = '\0';
  ret_reason[strcspn(ret_reason, "\n")] = '\0';
  return ret_reason[0] != '\0';
}
