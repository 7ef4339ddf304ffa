/* A child that waits for a known reason, and what thread_state sees of it from outside. For tests with cmocka. */
#ifndef BARO_TESTS_LOOKED_CHILD_H
#define BARO_TESTS_LOOKED_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "capture/sampler/thread_state.h"

enum {
  LOOKED_DEADLINE_S = 60,
  LOOKED_SHARED_BYTES = 4096,
  LOOKED_GIL_OFFSET = 1024, /* in the shared memory: what stands for the GIL */
  LOOKED_GIL_BYTES = 208,
};

typedef struct looked {
  pid_t pid;
  baro_fd_cache fds;
  baro_thread_probe probe;
  baro_wait_context context;
} looked;

/* Memory that parent and children share at the same address: futexes, and flags. Made by the set-up of a group. */
extern uint8_t *looked_shared;
int looked_make_shared(void **state);
uint32_t *looked_word(size_t offset);

/* For children; each blocks for longer than a test takes. */
void looked_wait_at(size_t offset); /* a futex in the shared memory */
void looked_wait_for_lock(void);
void looked_sleep(void); /* clock_nanosleep */

/* A child that waits, in a process group of its own; word 8 is 0 by then. */
void looked_start(looked *target, void (*wait)(void));
/* Looks at another process instead. */
void looked_turn_to(looked *target, pid_t pid);
/* Ends it and its children. */
void looked_end(looked *target);
/* Blocked for good: same state and unmoved statistics over a sleep of ours. Its set-up may block, too (files,
 * connecting); that ends by itself. */
baro_wait looked_settle(looked *target);

#endif
