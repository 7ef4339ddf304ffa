#include "capture/agent/agent_clock.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

baro_ring_clock baro_agent_clock_choose(void) {
#if defined(__x86_64__)
  int file = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                  O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return BARO_RING_CLOCK_MONOTONIC;
  }
  char name[8] = "";
  ssize_t length = read(file, name, sizeof(name) - 1);
  (void)close(file);
  if (length == 4 && memcmp(name, "tsc\n", 4) == 0) {
    return BARO_RING_CLOCK_TSC;
  }
#endif
  return BARO_RING_CLOCK_MONOTONIC;
}
