/* What a loop tells the CPU: that it waits, or what it will look at soon. */
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

/* For loops whose order is not that of what they look at: begins to bring what is there, which takes as long as some hundred
 * instructions. at may be any address. It has to stand in the loop: calls of a function that does nothing else gcc takes for
 * calls of one that does nothing (12.2). */
#define BARO_OS_FETCH(at) __builtin_prefetch(at)

#endif
