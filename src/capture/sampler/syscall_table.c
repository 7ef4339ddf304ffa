#include "capture/sampler/syscall_table.h"

#include <stddef.h>
#include <sys/syscall.h>

/* Calls newer than the oldest kernel headers we build with (4.18 of manylinux_2_28); from 424 on the
 * numbers are the same on every architecture. */
enum {
  NUMBER_io_uring_enter = 426,
  NUMBER_clone3 = 435,
  NUMBER_openat2 = 437,
  NUMBER_faccessat2 = 439,
  NUMBER_epoll_pwait2 = 441,
  NUMBER_futex_waitv = 449,
  NUMBER_fchmodat2 = 452,
  NUMBER_futex_wait = 455
};

#define ROW(call, ...) [__NR_##call] = {#call, __VA_ARGS__}
#define NEW_ROW(call, ...) [NUMBER_##call] = {#call, __VA_ARGS__}
#define STATE(name) BARO_WAIT_STATE, 0, 0, BARO_STATE_##name
#define DESCRIPTOR BARO_WAIT_DESCRIPTOR, 0, 0, 0

static const baro_syscall_row rows[] = {
    /* Locks. Python's own are futexes (semaphores, conditions, from 3.13 on the parking lot). */
    ROW(futex, BARO_WAIT_FUTEX, 0, 0, 0),
    NEW_ROW(futex_wait, BARO_WAIT_FUTEX, 0, 0, 0),
    NEW_ROW(futex_waitv, STATE(LOCK)), /* several addresses: never the GIL */
    ROW(flock, STATE(LOCK)),
    ROW(fcntl, BARO_WAIT_FCNTL, 0, 0, 0),
    ROW(semop, STATE(LOCK)),
    ROW(semtimedop, STATE(LOCK)),
    /* These block on the address space's own lock, which page faults and mmap of other threads hold. */
    ROW(brk, STATE(LOCK)),
    ROW(munmap, STATE(LOCK)),
    ROW(mprotect, STATE(LOCK)),
    ROW(mremap, STATE(LOCK)),

    /* Timers. */
    ROW(nanosleep, STATE(SLEEP)),
    ROW(clock_nanosleep, STATE(SLEEP)),

    /* Sets of descriptors. */
    ROW(ppoll, BARO_WAIT_POLL, 0, 0, 0),
    ROW(pselect6, BARO_WAIT_SELECT, 0, 0, 0),
    ROW(epoll_pwait, STATE(IDLE)),
    NEW_ROW(epoll_pwait2, STATE(IDLE)),

    /* Signals. */
    ROW(rt_sigsuspend, STATE(IDLE)),
    ROW(rt_sigtimedwait, STATE(IDLE)),

    /* Other processes. A parent waits inside clone when the child is made as vfork makes it. */
    ROW(wait4, STATE(CHILD)),
    ROW(waitid, STATE(CHILD)),
    ROW(clone, BARO_WAIT_CLONE, 0, 0, 0),
    NEW_ROW(clone3, BARO_WAIT_CLONE, 0, 1, 0), /* flags in memory */

    /* Messages between processes of one machine. */
    ROW(msgrcv, STATE(PIPE)),
    ROW(msgsnd, STATE(PIPE)),
    ROW(mq_timedreceive, STATE(PIPE)),
    ROW(mq_timedsend, STATE(PIPE)),

    /* One descriptor. */
    ROW(read, DESCRIPTOR),
    ROW(readv, DESCRIPTOR),
    ROW(pread64, DESCRIPTOR),
    ROW(preadv, DESCRIPTOR),
    ROW(preadv2, DESCRIPTOR),
    ROW(write, DESCRIPTOR),
    ROW(writev, DESCRIPTOR),
    ROW(pwrite64, DESCRIPTOR),
    ROW(pwritev, DESCRIPTOR),
    ROW(pwritev2, DESCRIPTOR),
    ROW(recvfrom, DESCRIPTOR),
    ROW(recvmsg, DESCRIPTOR),
    ROW(recvmmsg, DESCRIPTOR),
    ROW(sendto, DESCRIPTOR),
    ROW(sendmsg, DESCRIPTOR),
    ROW(sendmmsg, DESCRIPTOR),
    ROW(connect, DESCRIPTOR),
    ROW(ioctl, DESCRIPTOR),
    ROW(vmsplice, DESCRIPTOR),
    ROW(accept, BARO_WAIT_ACCEPT, 0, 0, 0),
    ROW(accept4, BARO_WAIT_ACCEPT, 0, 0, 0),

    /* Two descriptors. */
    ROW(sendfile, BARO_WAIT_TRANSFER, 0, 1, 0),
    ROW(splice, BARO_WAIT_TRANSFER, 0, 2, 0),
    ROW(tee, BARO_WAIT_TRANSFER, 0, 1, 0),

    /* Files: contents. */
    ROW(fsync, STATE(DISK)),
    ROW(fdatasync, STATE(DISK)),
    ROW(sync, STATE(DISK)),
    ROW(syncfs, STATE(DISK)),
    ROW(sync_file_range, STATE(DISK)),
    ROW(truncate, STATE(DISK)),
    ROW(ftruncate, STATE(DISK)),
    ROW(fallocate, STATE(DISK)),
    ROW(readahead, STATE(DISK)),
    ROW(fadvise64, STATE(DISK)),
    ROW(copy_file_range, STATE(DISK)),
    ROW(io_getevents, STATE(DISK)),
    ROW(io_pgetevents, STATE(DISK)),
    ROW(io_submit, STATE(DISK)),
    NEW_ROW(io_uring_enter, STATE(DISK)),

    /* Files: names and attributes. */
    ROW(openat, BARO_WAIT_OPEN, 1, 0, 0),
    NEW_ROW(openat2, BARO_WAIT_OPEN, 1, 0, 0),
    ROW(newfstatat, STATE(DISK)),
    ROW(fstat, STATE(DISK)),
    ROW(statx, STATE(DISK)),
    ROW(statfs, STATE(DISK)),
    ROW(fstatfs, STATE(DISK)),
    ROW(faccessat, STATE(DISK)),
    NEW_ROW(faccessat2, STATE(DISK)),
    ROW(getdents64, STATE(DISK)),
    ROW(readlinkat, STATE(DISK)),
    ROW(unlinkat, STATE(DISK)),
    ROW(renameat2, STATE(DISK)),
    ROW(linkat, STATE(DISK)),
    ROW(symlinkat, STATE(DISK)),
    ROW(mkdirat, STATE(DISK)),
    ROW(mknodat, STATE(DISK)),
    ROW(fchmod, STATE(DISK)),
    ROW(fchmodat, STATE(DISK)),
    NEW_ROW(fchmodat2, STATE(DISK)),
    ROW(fchown, STATE(DISK)),
    ROW(fchownat, STATE(DISK)),
    ROW(utimensat, STATE(DISK)),
    ROW(getxattr, STATE(DISK)),
    ROW(lgetxattr, STATE(DISK)),
    ROW(fgetxattr, STATE(DISK)),
    ROW(setxattr, STATE(DISK)),
    ROW(lsetxattr, STATE(DISK)),
    ROW(fsetxattr, STATE(DISK)),
    ROW(listxattr, STATE(DISK)),
    ROW(llistxattr, STATE(DISK)),
    ROW(flistxattr, STATE(DISK)),
    ROW(removexattr, STATE(DISK)),
    ROW(chdir, STATE(DISK)),
    ROW(fchdir, STATE(DISK)),
    ROW(mount, STATE(DISK)),
    ROW(umount2, STATE(DISK)),
    ROW(execve, STATE(DISK)),
    ROW(execveat, STATE(DISK)),

    /* Files in memory. */
    ROW(mmap, STATE(DISK)),
    ROW(msync, STATE(DISK)),
    ROW(madvise, STATE(DISK)),
    ROW(mincore, STATE(DISK)),
    ROW(mlock, STATE(DISK)),
    ROW(mlock2, STATE(DISK)),
    ROW(mlockall, STATE(DISK)),

    ROW(restart_syscall, BARO_WAIT_RESTART, 0, 0, 0),
    ROW(exit, BARO_WAIT_EXIT, 0, 0, 0),
    ROW(exit_group, BARO_WAIT_EXIT, 0, 0, 0),

#ifdef __NR_renameat /* not on architectures younger than renameat2 */
    ROW(renameat, STATE(DISK)),
#endif
#ifdef __NR_poll /* x86-64 still has the calls that aarch64 left out */
    ROW(poll, BARO_WAIT_POLL, 0, 0, 0),
    ROW(select, BARO_WAIT_SELECT, 0, 0, 0),
    ROW(epoll_wait, STATE(IDLE)),
    ROW(pause, STATE(IDLE)),
    ROW(vfork, STATE(CHILD)),
    ROW(open, BARO_WAIT_OPEN, 0, 0, 0),
    ROW(creat, STATE(DISK)),
    ROW(stat, STATE(DISK)),
    ROW(lstat, STATE(DISK)),
    ROW(access, STATE(DISK)),
    ROW(getdents, STATE(DISK)),
    ROW(readlink, STATE(DISK)),
    ROW(unlink, STATE(DISK)),
    ROW(rename, STATE(DISK)),
    ROW(link, STATE(DISK)),
    ROW(symlink, STATE(DISK)),
    ROW(mkdir, STATE(DISK)),
    ROW(rmdir, STATE(DISK)),
    ROW(mknod, STATE(DISK)),
    ROW(chmod, STATE(DISK)),
    ROW(chown, STATE(DISK)),
    ROW(lchown, STATE(DISK)),
    ROW(utime, STATE(DISK)),
    ROW(utimes, STATE(DISK)),
    ROW(futimesat, STATE(DISK)),
#endif
};

const baro_syscall_row *baro_syscall_row_of(int64_t number) {
  static const baro_syscall_row unlisted = {NULL, BARO_WAIT_UNLISTED, 0, 0, BARO_STATE_UNKNOWN};
  if (number < 0 || number >= (int64_t)(sizeof rows / sizeof rows[0]))
    return &unlisted;
  return &rows[number];
}
