/* What each system call that can block waits for, as data.
 * Flow: number from /proc/PID/task/TID/syscall -> row -> thread_state.c. A row either names the state, or says
 * where the answer is: which argument is the descriptor, the futex, the set of descriptors.
 * Rows: of the architecture that this is built for (x86-64, aarch64); a call without a row names no resource.
 * To teach a new system call: add one row. Constant, any thread. */
#ifndef BARO_CAPTURE_SAMPLER_SYSCALL_TABLE_H
#define BARO_CAPTURE_SAMPLER_SYSCALL_TABLE_H

#include <stdint.h>

#include "recording/records.h"

typedef enum baro_wait_class {
  BARO_WAIT_UNLISTED = 0,
  BARO_WAIT_STATE,      /* always row.state */
  BARO_WAIT_DESCRIPTOR, /* by the kind of the descriptor in argument row.first */
  BARO_WAIT_ACCEPT,     /* idle: a server without a customer; descriptor in argument row.first */
  BARO_WAIT_TRANSFER, /* between descriptors in row.first and row.second: that which is not a file */
  BARO_WAIT_FUTEX,    /* address in argument row.first: the GIL or another lock */
  BARO_WAIT_POLL,     /* array of pollfd in argument 0, count in argument 1 */
  BARO_WAIT_SELECT,   /* highest descriptor + 1 in argument 0, three sets in arguments 1 to 3 */
  BARO_WAIT_OPEN, /* path in argument row.first, below the directory in argument 0 if that is another */
  BARO_WAIT_CLONE,   /* a child, if its flags ask to wait for it as vfork does; flags in
                           argument row.first, or where that points if row.second is 1 */
  BARO_WAIT_FCNTL,   /* a lock if the command in argument 1 waits for one */
  BARO_WAIT_RESTART, /* goes on with the system call that a stop interrupted */
  BARO_WAIT_EXIT
} baro_wait_class;

typedef struct baro_syscall_row {
  const char *name;   /* as in the manual; NULL when unlisted */
  uint8_t wait_class; /* baro_wait_class */
  uint8_t first;      /* argument index */
  uint8_t second;     /* argument index */
  uint8_t state;      /* baro_state, of BARO_WAIT_STATE */
} baro_syscall_row;

/* The row of a system call; one of class UNLISTED for any other number. Never NULL. */
const baro_syscall_row *baro_syscall_row_of(int64_t number);

#endif
