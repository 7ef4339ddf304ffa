/* Finds the CPython inside a live process and proves that we understand it.
 * Flow: pid -> mappings -> ELF files (or their image in memory) -> _PyRuntime -> version -> layout ->
 * self-check -> baro_interpreter -> stack reader.
 * Invariants: the target is only read, never run, stopped or written; its files are opened as it
 * sees them (other mount namespace, deleted, upgraded), and a file is used only when its first page
 * equals what the target has mapped. Whatever does not fit what we know is refused in one line with
 * the reason, never guessed.
 * Does not follow the target: after exec the interpreter is to be found anew.
 * Runs in any thread; a cache is used by one thread at a time. */
#ifndef BARO_CAPTURE_CPYTHON_INTERPRETER_H
#define BARO_CAPTURE_CPYTHON_INTERPRETER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "capture/cpython/layout.h"

enum { BARO_INTERPRETER_PATH_BYTES = 512, BARO_INTERPRETER_CACHE_FILES = 64 };

/* What the files of interpreters hold, by (device, inode, size, mtime), so that the children of a
 * program do not cost a second search. NULL where none is wanted. */
typedef struct baro_interpreter_cache baro_interpreter_cache;
baro_interpreter_cache *baro_interpreter_cache_create(void); /* NULL: out of memory */
void baro_interpreter_cache_destroy(baro_interpreter_cache *cache);

typedef struct baro_interpreter {
  pid_t pid;
  uint64_t runtime_addr; /* _PyRuntime */
  /* Addresses of the type objects, 0 where the file has no symbols. */
  uint64_t code_type_addr;
  uint64_t unicode_type_addr;
  uint64_t bytes_type_addr;
  uint64_t frame_type_addr;
  baro_layout layout;
  /* Files by which it was found; cut, control characters replaced. */
  char file[BARO_INTERPRETER_PATH_BYTES]; /* path in the target's mount namespace */
  char version[24]; /* "3.12.1", "3.9" (patch not known), "3.15.0a2", "3.14.0t" */
  /* Result of the last check. */
  uint32_t checked_interpreters;
  uint32_t checked_threads;
  uint32_t checked_frames; /* Python frames; 0: no thread was running Python code */
} baro_interpreter;

/* Finds and checks the interpreter of pid: baro_interpreter_locate, then baro_interpreter_check. About
 * 0.3 ms with a filled cache, a few ms without.
 * AGAIN: it is an interpreter that is still starting (or its program still being loaded): retry in a
 *   millisecond. NOT_FOUND: not a Python process (yet: a launcher may still exec one); the message
 *   says what it is. UNSUPPORTED: a Python that we cannot read: version, implementation, build.
 * GONE, NO_PERMISSION as everywhere. */
baro_status baro_interpreter_find(pid_t pid, baro_interpreter_cache *cache,
                                  baro_interpreter *ret_interpreter, baro_error *err) BARO_MUST_USE;

/* First half of the above: runtime, version, layout; believes what the file and the debug offsets
 * say. */
baro_status baro_interpreter_locate(pid_t pid, baro_interpreter_cache *cache,
                                    baro_interpreter *ret_interpreter,
                                    baro_error *err) BARO_MUST_USE;

/* Second half: walks interpreters, threads and the frames of each thread and compares them with what
 * must hold: lists end, threads point back to their interpreter, native thread ids exist, code objects
 * are code objects with a readable name and a sane first line, the walk reaches the bottom frame.
 * Fills checked_*. The target runs meanwhile: a contradiction is looked at again, several times, before
 * it counts. AGAIN: no interpreter or thread yet; UNSUPPORTED: a contradiction stays. */
baro_status baro_interpreter_check(baro_interpreter *interpreter, baro_error *err) BARO_MUST_USE;

#endif
