#include "base/os_pages.h"

#include <sys/mman.h>

void *baro_pages_take(size_t bytes) {
  void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mapped == MAP_FAILED ? NULL : mapped;
}

void baro_pages_give(void *at, size_t bytes) {
  if (at != NULL) {
    (void)munmap(at, bytes);
  }
}
