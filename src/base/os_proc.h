/* What the kernel says about processes and threads below /proc, as typed values.
 * Flow: /proc -> here -> sampler (which threads exist, did they move), permission checks, process
 * records. Descriptors of a process are in os_fd.h, its mappings in os_maps.h, its memory in
 * os_memory.h.
 * Invariants: every text is hostile as far as the target chooses it (comm, command line, paths): it
 * is cut to the stated length and never trusted for structure. Times are CLOCK_MONOTONIC ns. A
 * process or thread that ended gives BARO_GONE, never a stale answer: the kernel answers a kept
 * descriptor of a dead task with ESRCH, also when its number is in use again.
 * Parsers (baro_parse_*) are pure: text in, values out. Everything else makes system calls.
 * Runs in any thread. Does not stop the target, does not read its memory. */
#ifndef BARO_BASE_OS_PROC_H
#define BARO_BASE_OS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/status.h"

/* --- The machine. --- */

/* First line of /proc/stat: what all CPUs did since the machine started, in clock ticks. */
typedef struct baro_cpu_times {
  uint64_t busy_ticks; /* ran programs, the kernel, interrupts; guests are in it */
  uint64_t
      stolen_ticks; /* had something to run, and the host of this virtual machine ran others; 0: no such machine */
} baro_cpu_times;

/* INVALID when the text does not begin with "cpu" and numbers. Columns that an old kernel lacks are 0. */
baro_status baro_parse_cpu_times(baro_view text, baro_cpu_times *ret_times) BARO_MUST_USE;
/* Both 0 where /proc/stat cannot be read. */
baro_cpu_times baro_proc_cpu_times(void);

/* --- One thread: did it move, what is it in. --- */

/* /proc/PID/task/TID/schedstat. exec_ns moves at scheduler ticks (4 ms at 250 Hz) and context
 * switches; delay_ns and slices when the thread arrives on a CPU. All three unmoved = the thread is
 * where it was: blocked in the same call, or running in the same time slice. */
typedef struct baro_schedstat {
  uint64_t exec_ns;  /* time on a CPU */
  uint64_t delay_ns; /* time on the run queue, waiting for a CPU */
  uint64_t slices;   /* times it arrived on a CPU; > 0 for a thread that ever ran */
} baro_schedstat;

/* INVALID when the text is not three numbers. */
baro_status baro_parse_schedstat(baro_view text, baro_schedstat *ret_schedstat) BARO_MUST_USE;
/* False on kernels without CONFIG_SCHED_INFO: schedstat then reads 0 0 0 for every thread and an
 * unmoved one proves nothing. */
bool baro_proc_has_schedstat(void);

typedef enum baro_syscall_kind {
  BARO_SYSCALL_RUNNING, /* on the run queue: no number, no arguments */
  BARO_SYSCALL_INSIDE,  /* blocked in system call `number` */
  BARO_SYSCALL_OUTSIDE, /* blocked, but not in a system call: page fault, or stopped */
} baro_syscall_kind;

/* /proc/PID/task/TID/syscall. */
typedef struct baro_syscall_info {
  baro_syscall_kind kind;
  int64_t number;        /* INSIDE: the number, of the target's architecture */
  uint64_t arguments[6]; /* INSIDE */
  uint64_t stack_addr;   /* INSIDE and OUTSIDE: user stack pointer and program counter */
  uint64_t code_addr;
} baro_syscall_info;

baro_status baro_parse_syscall(baro_view text, baro_syscall_info *ret_info) BARO_MUST_USE;

/* Opens /proc/PID/task/TID/NAME for reading (tid 0: /proc/PID/NAME), close-on-exec.
 * GONE when there is no such process or thread, NO_PERMISSION, NOT_FOUND when only NAME is missing
 * (the kernel lacks it), LIMIT when out of descriptors. */
baro_status baro_proc_open(pid_t pid, pid_t tid, const char *name, int *ret_fd,
                           baro_error *err) BARO_MUST_USE;
/* Reads a kept descriptor from its beginning (the kernel makes the text anew). GONE after the task
 * ended. *ret_text views buffer. About 1.1 us for schedstat, 1.6 to 3.9 us for syscall. */
baro_status baro_proc_read_kept(int fd, char *buffer, size_t buffer_bytes,
                                baro_view *ret_text) BARO_MUST_USE;
/* Opens, reads up to buffer_bytes, closes. More than fits is cut. */
baro_status baro_proc_read(pid_t pid, pid_t tid, const char *name, char *buffer,
                           size_t buffer_bytes, baro_view *ret_text, baro_error *err) BARO_MUST_USE;

/* --- Processes and threads. --- */

/* Growable list of process or thread ids. Zero-initialised = empty. */
typedef struct baro_pid_list {
  pid_t *pids; /* owned */
  size_t count;
  size_t capacity;
} baro_pid_list;

void baro_pid_list_release(baro_pid_list *list); /* frees; the list is empty and usable */

/* Number of threads by one stat of /proc/PID/task (its link count), about 1 us: tells cheaply whether
 * a new listing is worth its price. 0 when the process is gone. */
uint32_t baro_proc_task_count(pid_t pid);
/* Replaces the list by the thread ids of pid, ascending order not guaranteed. */
baro_status baro_proc_list_tasks(pid_t pid, baro_pid_list *list, baro_error *err) BARO_MUST_USE;
/* Replaces the list by the direct children of all threads of pid (children files; on kernels without
 * them by looking at the parent of every process). */
baro_status baro_proc_list_children(pid_t pid, baro_pid_list *list, baro_error *err) BARO_MUST_USE;

/* Who is whose child, kept up to date at low cost: for following children every few milliseconds.
 * A child that ended before an update is never seen; a process whose parent ended before the update
 * that found it counts as the child of whoever adopted it. Zero-initialised = empty. */
typedef struct baro_process_table {
  baro_map parents;   /* pid -> parent when first seen */
  int64_t last_pid;   /* last id given out in our pid namespace at the last update */
  uint64_t moved_ns;  /* when last_pid was first seen: monotonic clock */
  uint64_t listed_ns; /* when /proc was listed last */
  int loadavg_fd;     /* owned; descriptor + 1, 0 = not open */
} baro_process_table;

void baro_process_table_release(baro_process_table *table);
/* 2 us when no process or thread was created for 50 ms before the last listing of /proc, which is at most 1 s old; else
 * such a listing and one stat of each process that is new. (An id is given out before its process can be seen: one
 * listing after a new id may come too early.) *ret_changed (may be NULL) says whether anything was looked up. */
baro_status baro_process_table_update(baro_process_table *table, bool *ret_changed,
                                      baro_error *err) BARO_MUST_USE;
/* Replaces the list by the children of pid as of the last update. O(processes). */
baro_status baro_process_table_children(const baro_process_table *table, pid_t pid,
                                        baro_pid_list *list) BARO_MUST_USE;

enum {
  BARO_COMM_BYTES = 64, /* with NUL; user threads have at most 15 bytes, kernel workers more */
};

/* /proc/PID/stat (tid 0) or /proc/PID/task/TID/stat. */
typedef struct baro_task_stat {
  char state;            /* R, S, D, T stopped, t traced, Z zombie, X dead, I */
  pid_t parent_pid;      /* 0 for the first process of a namespace */
  uint64_t user_ns;      /* CPU time at clock tick resolution (10 ms): whole process for tid 0 */
  uint64_t system_ns;    /* as above */
  uint32_t thread_count; /* of the process */
  uint64_t start_ticks;  /* since boot: with the pid, the identity of the process */
  uint64_t rss_bytes;    /* resident memory of the process */
  int32_t processor;     /* CPU it last ran on; -1 unknown */
  char comm[BARO_COMM_BYTES]; /* NUL-terminated, any other byte possible */
} baro_task_stat;

baro_status baro_parse_stat(baro_view text, baro_task_stat *ret_stat) BARO_MUST_USE;
baro_status baro_proc_stat(pid_t pid, pid_t tid, baro_task_stat *ret_stat,
                           baro_error *err) BARO_MUST_USE;
/* start_ticks as CLOCK_MONOTONIC ns, within a clock tick (10 ms). Suspends of the machine after the
 * start make it too early by their length: use start_ticks for identity. */
uint64_t baro_proc_start_ns(uint64_t start_ticks);

enum { BARO_NAMESPACE_DEPTH = 32 }; /* of pid namespaces; the kernel's own limit */

/* /proc/PID/status: who the process is and what it may do. */
typedef struct baro_proc_status {
  char state;        /* as in baro_task_stat */
  pid_t process_pid; /* Tgid: the process, when asked for a thread */
  pid_t parent_pid;
  pid_t tracer_pid; /* 0: not traced */
  uint32_t uids[4]; /* real, effective, saved, file system; as our user namespace sees them */
  uint32_t gids[4];
  pid_t namespace_pids[BARO_NAMESPACE_DEPTH]; /* ours first, the target's own last */
  uint32_t namespace_pid_count;
  uint64_t capabilities_permitted; /* in its own user namespace */
  uint64_t capabilities_effective;
  int32_t seccomp_mode; /* 0 none, 1 strict, 2 filter, -1 unknown */
  uint32_t thread_count;
  uint64_t rss_bytes;
  uint64_t rss_peak_bytes;
} baro_proc_status;

baro_status baro_parse_status(baro_view text, baro_proc_status *ret_status) BARO_MUST_USE;
baro_status baro_proc_status_read(pid_t pid, baro_proc_status *ret_status,
                                  baro_error *err) BARO_MUST_USE;

/* Name of a thread (tid) or of the process (tid 0), without the final newline. */
baro_status baro_proc_comm(pid_t pid, pid_t tid, char ret_comm[BARO_COMM_BYTES],
                           baro_error *err) BARO_MUST_USE;
/* Command line into text (cleared first): arguments separated by one space, cut to limit_bytes.
 * Empty for kernel threads and zombies. */
baro_status baro_proc_command_line(pid_t pid, size_t limit_bytes, baro_buffer *text,
                                   baro_error *err) BARO_MUST_USE;
/* Target of the link /proc/PID/NAME ("exe", "cwd", "ns/user"), NUL-terminated, cut to path_bytes. */
baro_status baro_proc_link(pid_t pid, const char *name, char *ret_path, size_t path_bytes,
                           baro_error *err) BARO_MUST_USE;
/* Inode of a namespace of pid ("user", "pid", "mnt", "net"): equal inodes are equal namespaces. */
baro_status baro_proc_namespace(pid_t pid, const char *name, uint64_t *ret_inode,
                                baro_error *err) BARO_MUST_USE;
/* Name of the kernel function the thread is blocked in (wchan) into name; "" when it runs or the
 * kernel does not say. For messages only: the names change between kernels. */
baro_status baro_proc_wait_channel(pid_t pid, pid_t tid, char *ret_name, size_t name_bytes,
                                   baro_error *err) BARO_MUST_USE;

#endif
