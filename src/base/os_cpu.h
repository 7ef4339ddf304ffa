/* What a loop that waits tells the CPU. */
#ifndef BARO_BASE_OS_CPU_H
#define BARO_BASE_OS_CPU_H

/* In each round of a loop that waits for something: leaves the core to its other hardware thread, on which the target may
 * run. */
static inline void baro_os_relax_cpu(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield" ::: "memory");
#endif
}

#endif
