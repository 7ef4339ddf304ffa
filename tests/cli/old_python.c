/* Looks like a CPython before 3.7, as far as anybody can see from outside: it has the type of code objects, and no
 * _PyRuntime. Waits for as many milliseconds as its argument says. */
#include <stdlib.h>
#include <time.h>

extern int PyCode_Type;
int PyCode_Type = 1;

int main(int argc, char **argv) {
  long wait_ms = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
  return nanosleep(&wait, NULL);
}
