/* A drain with a spool directory, a writer and a clock around it, and what came of it in the recording. */
#ifndef BARO_TESTS_DRAIN_FIXTURE_H
#define BARO_TESTS_DRAIN_FIXTURE_H

#include <stdint.h>

#include "capture/drain.h"
#include "recording/reader.h"
#include "support/recording_fixture.h"
#include "support/spool_fixture.h"

enum {
  DRAIN_SCENE_PID = 1 << 22, /* beyond any that there is */
  DRAIN_SCENE_CAPACITY = 16, /* of rings */
};

typedef struct drain_found {
  char calls[8192]; /* "T0: +main +load - -" : thread, entered by name, ended */
  char notes[2048];
  char processes[512];
  char threads[1024];
  char facts[512];      /* "0 key=value" : process, fact */
  char modules[64][32]; /* of functions */
  char names[64][32];   /* of functions */
  char strings[256][64];
  uint32_t thread_ends;
  uint32_t process_ends;
  int32_t wait_status; /* of the last one that ended */
  uint64_t first_ns;
  uint64_t last_ns;
  uint32_t last_thread;
  uint32_t fact_count;
  uint32_t late_facts; /* behind calls */
  uint32_t values;
  uint64_t value_bytes; /* of which calls has the first 20 of each */
  uint8_t value_mix;    /* all of them by exclusive or */
  baro_damage damage;
} drain_found;

typedef struct drain_scene {
  spool_fixture spool;
  fixture_disk disk;
  baro_writer *writer;
  baro_drain *drain;
  spool_process process;
  uint64_t now_ns;
  drain_found found;
} drain_scene;

/* ids may be NULL. The first code is yet to be defined. */
void drain_scene_begin(drain_scene *scene, uint32_t pid, uint64_t birth_ns,
                       const baro_drain_ids *ids);
void drain_scene_end(drain_scene *scene);
/* 20 ms later; how many events were taken. */
uint64_t drain_scene_visit(drain_scene *scene);
/* Finishes and reads what was recorded, which must be a sound recording. */
drain_found *drain_scene_finish(drain_scene *scene);

spool_ring drain_scene_ring(drain_scene *scene, uint32_t serial);
/* Ring 0 with one call, at 2000, of the code "f", committed and not yet taken. ret_code may be NULL. */
spool_ring drain_scene_called(drain_scene *scene, uint32_t *ret_code);
void drain_put(spool_ring *ring, uint64_t time_ns, baro_ring_kind kind, uint32_t id);
/* With the frame behind it. */
void drain_put_framed(spool_ring *ring, uint64_t time_ns, baro_ring_kind kind, uint32_t id,
                      uint64_t frame);
/* A call that returns. */
void drain_put_call(spool_ring *ring, uint64_t time_ns, uint32_t id);
uint64_t drain_tail_of(const spool_ring *ring);
uint64_t drain_beat_of(const spool_ring *ring);

#endif
