/* Real interpreters as targets of unit tests.
 * The versions that must be there are those of tools/pythons.txt, as tools/find_pythons.py finds them. One that is
 * missing is named and left out on a developer's machine, and fails the test when CI=true.
 * A target is started with pipes on its standard input and output, tells by a line "ready" that it stands
 * still, and ends when its input closes. Failures to start are failures of the test. */
#ifndef BARO_TESTS_LIVE_PYTHON_H
#define BARO_TESTS_LIVE_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { LIVE_PYTHON_MAX = 16 };

typedef struct live_python {
  char version[16]; /* "3.12" */
  char path[512];   /* the real executable */
} live_python;

/* All that are there, oldest first. Fails the test when there is none. */
size_t live_pythons(live_python pythons[LIVE_PYTHON_MAX]);

typedef struct live_target {
  pid_t pid;    /* of what was started */
  int input;    /* its standard input, -1 closed */
  char *output; /* owned; what it wrote up to "ready", NUL-terminated */
} live_target;

/* Starts argv and waits for its line "ready". */
live_target live_start(const char *const *argv);
/* Without waiting: output is NULL. */
live_target live_start_only(const char *const *argv);
/* Ends it (kills it if it does not end by itself), frees. */
void live_stop(live_target *target);

/* Path of a program below tests/targets/. Static storage until the next call. */
const char *live_program(const char *name);
/* A new empty folder below the system's temporary folder; removed with all in it when the program ends. */
const char *live_folder(void);
/* Says why a case does not run here, on the console; fails when CI=true. */
void live_cannot(const char *what, const char *why);

#endif
