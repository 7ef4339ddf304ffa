/* The files of this process in the spool directory: their names, and its definitions.
 * Flow: codes, module -> spool -> PID-BIRTH.defs -> the recorder's drain. Rings get their names here and are events.h's.
 * Invariants: no descriptor stays open, since programs close and reuse descriptors they do not know, and what we then
 * wrote would end up in their files. A definition is in the file whole or not at all. The first one of every process says
 * which process that is: after a fork the child's is written when it defines something for the first time.
 * Runs in the target, in any thread; one writes at a time. One spool a process. Prints nothing, changes no
 * errno that the program could see. */
#ifndef BARO_CAPTURE_AGENT_SPOOL_H
#define BARO_CAPTURE_AGENT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "capture/agent/ring.h"

enum { BARO_SPOOL_PATH_BYTES = 4096, BARO_SPOOL_FACTS = 16 };

/* directory, python_version: copied; cut strings are refused: false. */
bool baro_spool_open(const char *directory, const char *python_version);
/* In the child of a fork: it is another process, with files of its own. Async-signal-safe. */
void baro_spool_forked(void);

/* Path of the ring of a thread, in `path` of BARO_SPOOL_PATH_BYTES. */
void baro_spool_ring_path(uint64_t serial, char *path);

/* Writes the first definition now: the recorder learns that the agent came, calls or not. False: the directory cannot be
 * written; errno says why. */
bool baro_spool_introduce(void);
/* A definition is begun in a buffer, gets its fields by these and baro_write_*, and is added to the file. */
void baro_spool_begin(baro_buffer *record, baro_ring_definition kind);
/* Cut at 64 KiB, between characters. */
void baro_spool_string(baro_buffer *record, baro_view text);
/* False: it is not in the file, so events that need it must not be written. */
bool baro_spool_add(baro_buffer *record);
/* Says something about this process, and about those it forks, to programs; the last value of a key counts. Written at
 * once, and in a child behind its first definition. Kept until the spool is opened again; at most BARO_SPOOL_FACTS, texts cut;
 * best effort. key: static. */
void baro_spool_fact(const char *key, const char *value);
/* Says something to the reader of the report; best effort. */
void baro_spool_note(const char *key, const char *value);

#endif
