/* A spool directory made by hand: what an agent would have written, or what a hostile target might. Failures of the fixture
 * itself abort: they are bugs of the test. */
#ifndef BARO_TESTS_SPOOL_FIXTURE_H
#define BARO_TESTS_SPOOL_FIXTURE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "capture/agent/ring.h"

typedef struct spool_fixture {
  char path[64];
  int folder; /* owned */
} spool_fixture;

void spool_fixture_create(spool_fixture *spool);
void spool_fixture_remove(spool_fixture *spool);
/* 1 when the folder has a file of that name, else 0. */
int spool_fixture_has(const spool_fixture *spool, const char *name);

/* --- Definitions of one process --- */

typedef struct spool_process {
  const spool_fixture *spool;
  uint32_t pid;
  uint64_t birth_ns;
  uint32_t code_count;
} spool_process;

/* Writes the process' own definition. */
spool_process spool_process_create(const spool_fixture *spool, uint32_t pid, uint64_t birth_ns);
/* The next code; its id. flags: co_flags. */
uint32_t spool_process_code(spool_process *process, const char *name, uint32_t flags);
void spool_process_exception(spool_process *process, uint32_t id, const char *name);
void spool_process_note(spool_process *process, const char *key, const char *value);
void spool_process_fact(spool_process *process, const char *key, const char *value);
/* Any bytes. */
void spool_process_append(spool_process *process, baro_view bytes);

/* --- The ring of one thread --- */

typedef struct spool_ring {
  int file; /* owned */
  uint64_t capacity;
  uint64_t head; /* events put, committed or not */
} spool_ring;

spool_ring spool_ring_create(const spool_process *process, uint32_t serial, uint64_t capacity,
                             baro_ring_clock clock);
/* Puts an event behind the last; commit makes all of them known. */
void spool_ring_put(spool_ring *ring, uint64_t time, uint64_t word);
void spool_ring_commit(spool_ring *ring);
/* Writes and reads a field of the head (offsetof in baro_ring_head). */
void spool_ring_set(spool_ring *ring, size_t offset, uint64_t value);
uint64_t spool_ring_get(const spool_ring *ring, size_t offset);
void spool_ring_close(spool_ring *ring); /* the file, not the thread */

#endif
