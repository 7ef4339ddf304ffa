/* Starting, awaiting and (for --stop only) pausing processes.
 * Flow: record -> here -> kernel. Everything but the ptrace functions leaves the target untouched.
 * Runs in the recorder process, one thread: ptrace requests are bound to the thread that seized. */
#ifndef BARO_BASE_OS_PROCESS_H
#define BARO_BASE_OS_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

/* Starts argv[0] (searched in PATH) with our standard streams, in our process group, with our signal mask;
 * signals that we handle have their default disposition, ignored ones stay ignored. NOT_FOUND and
 * NO_PERMISSION tell an exec that failed; then no process is left. */
baro_status baro_process_spawn(char *const *argv, pid_t *ret_pid, baro_error *err) BARO_MUST_USE;

/* Reaps a child that has ended without waiting for it: true and *ret_wait_status when it had. Its other
 * changes (stops under ptrace) stay to be waited for. */
bool baro_process_reap(pid_t pid, int *ret_wait_status);

/* True when a child has ended and waits for baro_process_reap: what /proc says about it is still there. */
bool baro_process_is_zombie(pid_t pid);

/* True while a process or zombie of that id exists. */
bool baro_process_exists(pid_t pid);

/* Asks the kernel for precise and prompt wake-ups of the calling thread: timer slack 1 ns and a short
 * scheduling slice where the kernel knows one (6.12+). Best effort, needs no privileges. Inherited by
 * children: spawn first. */
void baro_process_prefer_prompt(void);

/* Puts the calling thread into the lowest real-time class (round robin, priority 1), or back. False when not
 * permitted (CAP_SYS_NICE, RLIMIT_RTPRIO). A normal thread that wakes on a busy CPU may wait 3 ms and more for its
 * turn; this one 50 us (measured 2026-11, Linux 6.18, 2 CPUs, load 9). Not inherited by children. */
bool baro_process_set_realtime(bool on);

/* This machine's name; false where it does not fit. */
bool baro_process_host_name(char *ret_name, size_t size);

/* Raises the soft limit of open descriptors to the hard one. Inherited by children: spawn first. */
void baro_process_raise_file_limit(void);

/* Where the calling thread may run. Zero-initialised: not read yet. */
typedef struct baro_cpu_mask {
  uint64_t bits[16]; /* 1024 CPUs, as many as glibc's cpu_set_t */
  bool known;
} baro_cpu_mask;

/* The CPUs the calling thread is allowed now. */
void baro_process_allowed_cpus(baro_cpu_mask *ret_mask);
/* Moves the calling thread to one CPU, on which it is running when this returns; false when not possible. */
bool baro_process_move_to_cpu(int32_t cpu);
/* Gives the calling thread all CPUs of mask again. */
void baro_process_allow_cpus(const baro_cpu_mask *mask);

/* Signals that end a sleep, held back so that none slips in between looking and sleeping: SIGCHLD, SIGINT, SIGTERM
 * and SIGHUP arrive inside baro_process_sleep_until only. */
typedef struct baro_signal_hold {
  sigset_t before;
} baro_signal_hold;

void baro_process_hold_signals(baro_signal_hold *hold);
/* Sleeps until a CLOCK_MONOTONIC time or until one of them was handled. */
void baro_process_sleep_until(const baro_signal_hold *hold, uint64_t monotonic_ns);
void baro_process_release_signals(const baro_signal_hold *hold);

/* --- ptrace, for the stopping reference mode ---
 * Seizing does not stop a thread; interrupt stops it, continue lets it run on. When the recorder dies,
 * the kernel detaches and resumes everything it had seized. Signals, SIGSTOP and SIGCONT work for a
 * traced process as without us, as long as baro_trace_pump is called often. */
baro_status baro_trace_seize(pid_t tid, baro_error *err) BARO_MUST_USE;
/* Stops a seized thread and waits until it has stopped, 60 ms at most. A signal meanwhile is passed on. GONE
 * when it ended. AGAIN: it is stopped by SIGSTOP already, or does not stop (uninterruptible): it is not to
 * be continued. */
baro_status baro_trace_stop(pid_t tid, baro_error *err) BARO_MUST_USE;
void baro_trace_continue(pid_t tid);
/* Leaves it as it would be without us: running, or stopped by SIGSTOP. One that has ended is left to the next
 * baro_trace_pump. */
void baro_trace_detach(pid_t tid);
/* Passes on stops of seized threads that happened between samples (signals, group stops), and their ends
 * to the real parents. own_child: the one child of the caller that only baro_process_reap may reap, 0
 * none. Call once a tick, and until everything is detached; costs one system call when nothing
 * happened. */
void baro_trace_pump(pid_t own_child);

#endif
