/* Reads the name that a Python program gave a thread: threading.Thread's `name`.
 * Flow: outermost frame of a thread's stack -> its first local, the Thread object -> its attribute `_name` ->
 * thread_name record. Before 3.14 nothing but the interpreter's memory holds it: to the kernel all
 * threads of a program are called alike.
 * Invariants: everything read is hostile: addresses are checked, counts bounded, nothing recurses. A name
 * is believed only if two readings in a row give the same object and text; whatever does not fit what
 * the version's table says (instance_layout.h) gives no name, never a guess.
 * Does not know threads that were not started by threading.Thread (the main thread, those of C code and
 * of _thread), nor free-threaded builds. Never stops the target. Runs in any thread; some 20 system calls:
 * not for each tick. */
#ifndef BARO_CAPTURE_CPYTHON_THREAD_NAME_H
#define BARO_CAPTURE_CPYTHON_THREAD_NAME_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "capture/cpython/interpreter.h"

enum { BARO_THREAD_NAME_MAX_BYTES = 256 }; /* in UTF-8; longer names are cut at a character */

/* root_frame_addr, root_code_addr: the outermost Python frame of the thread (baro_raw_stack's last) and
 * its code object. The name is in keep, not empty, UTF-8 but for lone surrogates (as in code_object.h).
 * NOT_FOUND: no thread of threading, or nothing that we understand; UNSUPPORTED: a build whose instances
 * we do not know; AGAIN: it changed while it was read; GONE, NO_PERMISSION, NO_MEMORY. On failure keep
 * may hold unused bytes. */
baro_status baro_thread_name_read(const baro_interpreter *interpreter, uint64_t root_frame_addr,
                                  uint64_t root_code_addr, baro_arena *keep, baro_view *ret_name,
                                  baro_error *err) BARO_MUST_USE;

/* Second half of the above: the name of the Thread object at object_addr. */
baro_status baro_thread_object_name(const baro_interpreter *interpreter, uint64_t object_addr,
                                    baro_arena *keep, baro_view *ret_name,
                                    baro_error *err) BARO_MUST_USE;

#endif
