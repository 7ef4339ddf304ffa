/* The spool directory, where agents put what they record, and how a command comes to have an agent.
 * Flow: record --calls -> spool directory, config (agent/ring.h), environment of the command -> start-up hook in the target
 * -> agent. The drain reads what appears there.
 * The directory is private (0700), in memory where there is room (/dev/shm), else in TMPDIR. Those that killed recorders
 * left behind are removed: a recorder holds a lock on its config as long as it lives.
 * Recorder process only, one thread: the environment is changed. */
#ifndef BARO_CAPTURE_SPOOL_FOLDER_H
#define BARO_CAPTURE_SPOOL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { BARO_SPOOL_FOLDER_BYTES = 4096 };

/* What is put into the target. */
typedef struct baro_agent_place {
  char module[BARO_SPOOL_FOLDER_BYTES]; /* the extension module barograph._agent */
  char hook[BARO_SPOOL_FOLDER_BYTES];   /* the folder of the start-up hook (sitecustomize.py) */
} baro_agent_place;

/* By the environment variable BAROGRAPH_AGENT (the path of the module), else beside the program: as installed in a
 * Python environment, or as built. NOT_FOUND with the places that were looked at. */
baro_status baro_agent_find(baro_agent_place *ret_place, baro_error *err) BARO_MUST_USE;
/* The same for a program in that folder; named: what BAROGRAPH_AGENT says, or NULL. */
baro_status baro_agent_find_from(const char *program_folder, const char *named,
                                 baro_agent_place *ret_place, baro_error *err) BARO_MUST_USE;

typedef struct baro_spool_folder_options {
  const char *patterns;    /* GLOB,GLOB; "": the user's own code */
  double overhead_percent; /* 0: no budget */
  bool children;           /* record Python processes that the command starts */
} baro_spool_folder_options;

typedef struct baro_spool_folder {
  char path[BARO_SPOOL_FOLDER_BYTES]; /* "" none */
  int config;                         /* owned; locked, so that others know that it is in use */
  char *python_path_before;           /* owned; NULL: was not set */
  char *spool_before;
  bool has_environment;
} baro_spool_folder;

/* Makes the directory and its config. *ret_spool is to be removed in any case. */
baro_status baro_spool_folder_create(const baro_spool_folder_options *options,
                                     const baro_agent_place *place, baro_spool_folder *ret_spool,
                                     baro_error *err) BARO_MUST_USE;
/* Changes this process' environment to what the command is to have; and back. */
baro_status baro_spool_folder_enter(baro_spool_folder *spool, const baro_agent_place *place,
                                    baro_error *err) BARO_MUST_USE;
void baro_spool_folder_leave(baro_spool_folder *spool);
/* What the first process without an agent said of the reason, one line. False: none did. */
bool baro_spool_folder_reason(const baro_spool_folder *spool, char *ret_reason,
                              size_t reason_bytes);
void baro_spool_folder_remove(baro_spool_folder *spool);

#endif
