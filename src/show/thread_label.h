/* What people call a thread by: its own name, or where it enters the user's code.
 * Flow: profile -> here -> reports and exports. The kernel's names of threads say nothing in most
 * programs: before CPython 3.14 every thread is called like the program ("python3").
 * Bytes are copied as the recording has them: clean them when printing. */
#ifndef BARO_SHOW_THREAD_LABEL_H
#define BARO_SHOW_THREAD_LABEL_H

#include <stdbool.h>

#include "base/bytes.h"
#include "profile/profile.h"

/* Appends "load.<locals>.write (bookshop.py:52)"; nothing when the entry is not known. */
void baro_write_thread_entry(baro_buffer *out, const baro_profile *profile,
                             const baro_profile_thread *thread);

/* Whether the name tells the thread from others: it is the main thread's, or differs from that of the main
 * thread and of the program. */
bool baro_thread_name_tells(const baro_profile *profile, const baro_profile_thread *thread);

/* Appends the name; where it does not tell and an entry is known, the entry; both where the name is but
 * a number ("Thread-1", "ThreadPoolExecutor-0_1"). */
void baro_write_thread_label(baro_buffer *out, const baro_profile *profile,
                             const baro_profile_thread *thread);

#endif
