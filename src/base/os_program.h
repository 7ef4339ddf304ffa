/* Whether a process still runs the program it ran before. An exec keeps the process' number, its start and, where the
 * program is not position independent (Debian's Python), the addresses of all its globals: an interpreter that
 * executes itself anew looks like the one before. The kernel gives each exec 16 random bytes (AT_RANDOM,
 * getauxval(3)), at an address that differs too unless address randomisation is off. */
#ifndef BARO_BASE_OS_PROGRAM_H
#define BARO_BASE_OS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Zero-initialised = not known. */
typedef struct baro_program_mark {
  uint64_t addr; /* of the bytes, in the process; 0 not known */
  uint8_t bytes[16];
} baro_program_mark;

/* Not known where the kernel does not say, or the process is gone or not ours to read. */
void baro_program_mark_read(pid_t pid, baro_program_mark *ret_mark);
/* False when it executed another program since, or is gone; true where that cannot be told. One system call, about
 * 1 us. */
bool baro_program_mark_holds(pid_t pid, const baro_program_mark *mark);

#endif
