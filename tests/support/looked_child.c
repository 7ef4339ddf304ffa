#include "support/looked_child.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/futex.h>

#include <cmocka.h>

#include "base/clock.h"

uint8_t *looked_shared;

int looked_make_shared(void **state) {
  (void)state;
  looked_shared =
      mmap(NULL, LOOKED_SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return looked_shared == MAP_FAILED;
}

uint32_t *looked_word(size_t offset) {
  return (uint32_t *)(void *)(looked_shared + offset);
}

void looked_wait_at(size_t offset) {
  (void)syscall(SYS_futex, looked_word(offset), FUTEX_WAIT, 0, NULL, NULL, 0);
}

void looked_wait_for_lock(void) {
  looked_wait_at(0);
}

void looked_sleep(void) {
  struct timespec time = {.tv_sec = LOOKED_DEADLINE_S};
  (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

void looked_start(looked *target, void (*wait)(void)) {
  *looked_word(8) = 0;
  target->pid = fork();
  assert_true(target->pid >= 0);
  if (target->pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpgid(0, 0);
    wait();
    _exit(1);
  }
  (void)setpgid(target->pid, target->pid);
  baro_fd_cache_init(&target->fds, target->pid);
  baro_thread_probe_init(&target->probe, target->pid, target->pid);
  target->context =
      (baro_wait_context){.fds = &target->fds,
                          .gil_addr = (uint64_t)(uintptr_t)looked_shared + LOOKED_GIL_OFFSET,
                          .gil_bytes = LOOKED_GIL_BYTES};
}

void looked_turn_to(looked *target, pid_t pid) {
  baro_thread_probe_release(&target->probe);
  baro_fd_cache_release(&target->fds);
  baro_fd_cache_init(&target->fds, pid);
  baro_thread_probe_init(&target->probe, pid, pid);
}

void looked_end(looked *target) {
  baro_thread_probe_release(&target->probe);
  baro_fd_cache_release(&target->fds);
  (void)kill(-target->pid, SIGKILL);
  assert_int_equal(waitpid(target->pid, NULL, 0), target->pid);
}

baro_wait looked_settle(looked *target) {
  uint64_t deadline_ns = baro_clock_now_ns() + (uint64_t)LOOKED_DEADLINE_S * 1000000000;
  while (baro_clock_now_ns() < deadline_ns) {
    baro_schedstat before;
    baro_schedstat after;
    baro_wait wait;
    assert_int_equal(baro_thread_probe_schedstat(&target->probe, &before), BARO_OK);
    assert_int_equal(baro_thread_probe_state(&target->probe, &target->context, &wait), BARO_OK);
    (void)usleep(30000);
    assert_int_equal(baro_thread_probe_schedstat(&target->probe, &after), BARO_OK);
    if (memcmp(&before, &after, sizeof before) == 0 && wait.state != BARO_STATE_CPU)
      return wait;
  }
  fail_msg("the target did not come to rest");
  return (baro_wait){0};
}
