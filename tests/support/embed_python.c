/* A program that embeds Python: embed_python LIBPYTHON SCRIPT. Its own name and symbols say nothing of it. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
  FILE *script = fopen(argv[2], "r");
  if (library == NULL || script == NULL) {
    fprintf(stderr, "embed_python: %s\n", library == NULL ? dlerror() : "no script");
    return 1;
  }
  /* ISO C has no conversion from an object's to a function's address. */
  union {
    void *object;
    void (*initialize)(void);
    int (*run)(FILE *, const char *);
  } function = {.object = dlsym(library, "Py_Initialize")};
  function.initialize();
  function.object = dlsym(library, "PyRun_SimpleFile");
  return function.run(script, argv[2]) != 0;
}
