/* What the kernel allows us: attempts that tell by their errno, and whose process is whose.
 * Flow: kernel -> here -> permission facts of the sampler. Invariants: an attempt changes nothing in
 * the target; 0 is success, every other value an errno. Runs in any thread. */
#ifndef BARO_BASE_OS_ACCESS_H
#define BARO_BASE_OS_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Asks for one byte of the process's memory, for ourselves of one that is there, else at an address that is
 * never mapped: the kernel checks the permission first. ENOSYS and EPERM on ourselves come from the
 * kernel's configuration or a seccomp filter, from nothing else. */
int32_t baro_access_try_memory(pid_t pid);
/* Opens and reads one byte of /proc/PID/NAME. */
int32_t baro_access_try_file(pid_t pid, const char *name);
/* True when a process of that id exists in our pid namespace, also one that /proc hides. */
bool baro_access_exists(pid_t pid);
/* Owner of the files in /proc/PID: its effective user, or root when the process is not dumpable (the
 * directory itself belongs to the user in any case). */
int32_t baro_access_owner(pid_t pid, uint32_t *ret_uid);
/* Our real ids. */
void baro_access_our_ids(uint32_t *ret_uid, uint32_t *ret_gid);
/* What the user is called, else the number in digits; NUL-terminated, cut. */
void baro_access_user_name(uint32_t uid, char *ret_name, size_t name_bytes);
pid_t baro_access_our_pid(void);
/* The id that /proc gives us; 0 when it cannot be read. Not our pid: /proc shows another namespace. */
pid_t baro_access_our_pid_in_proc(void);
/* First line of an absolute path, without its newline, NUL-terminated and cut. False when it cannot be
 * read. */
bool baro_access_read_line(const char *path, char *ret_line, size_t line_bytes);

#endif
