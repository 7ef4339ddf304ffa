/* Where CPython keeps things: byte offsets inside the structures of one interpreter build, as data.
 * Flow: version tables (layout_3_*.c, generated from DWARF) or the target's own debug offsets
 * (debug_offsets.c, from 3.13) -> baro_layout -> interpreter.c, code_object.c, the stack reader.
 * Nothing outside this folder may know an offset of CPython; other code uses these fields only.
 *
 *   _PyRuntime --interpreters_head--> interpreter --next--> interpreter ... 0
 *                                        | threads_head
 *                                        v
 *                                     thread state --next--> thread state ... 0
 *                                        | frame (maybe through a cframe)     | datastack_chunk
 *                                        v                                    v
 *      3.9, 3.10: heap PyFrameObjects    frame --previous--> frame ... 0     chunk --previous--> 0
 *      3.11+:     frames in the chunks,   | code                             [previous size top data...]
 *                 generators' own in them v
 *                                        code object --> filename, name, qualname, line table
 *
 * Invariants: every offset is in bytes from the start of its structure, or BARO_ABSENT where this build
 * has no such field. offset + field size lies within the `read_bytes` of the same structure, so one read of
 * read_bytes gives all of its fields. Values are read from a hostile target: a layout built from debug
 * offsets has passed baro_layout_from_debug_offsets' checks, and bounds read_bytes by the enum below.
 * Runs anywhere; constant after it is filled. */
#ifndef BARO_CAPTURE_CPYTHON_LAYOUT_H
#define BARO_CAPTURE_CPYTHON_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define BARO_ABSENT UINT32_MAX

/* Sizes a reader may use for local buffers: no layout asks for more. */
enum {
  BARO_LAYOUT_INTERP_MAX_BYTES = 4096, /* of the window of an interpreter */
  BARO_LAYOUT_THREAD_MAX_BYTES = 1024,
  BARO_LAYOUT_FRAME_MAX_BYTES = 512, /* head of a frame, before its locals */
  BARO_LAYOUT_CODE_MAX_BYTES = 512,  /* head of a code object, before its instructions */
  BARO_LAYOUT_CODE_RANGES = 4
};

/* Versions supported; the tables may hold gaps, baro_layout_for says. */
enum { BARO_PYTHON_OLDEST_MINOR = 9, BARO_PYTHON_NEWEST_MINOR = 15 };

typedef enum baro_frame_kind {
  BARO_FRAME_HEAP_OBJECT, /* 3.9, 3.10: PyFrameObject, one C evaluation each */
  BARO_FRAME_DATA_STACK /* 3.11+: _PyInterpreterFrame in data-stack chunks, or inside a generator */
} baro_frame_kind;

typedef enum baro_frame_root {
  BARO_FRAME_ROOT_DIRECT, /* thread.frame holds the address of the newest frame */
  BARO_FRAME_ROOT_CFRAME  /* 3.11, 3.12: it holds the address of a _PyCFrame (on the C stack), whose
                             field at thread.cframe_current_frame is the newest frame */
} baro_frame_root;

typedef enum baro_gil_place {
  BARO_GIL_IN_RUNTIME,    /* <= 3.11: gil.offset from the start of _PyRuntime */
  BARO_GIL_INTERP_POINTER /* 3.12+: interp field gil.offset holds its address (shared by default) */
} baro_gil_place;

/* How the instruction field of a frame counts. baro_code_ip_offset turns all into bytes. */
typedef enum baro_ip_kind {
  BARO_IP_LASTI_BYTES, /* 3.9: int32, last executed instruction in bytes, -1 before the first */
  BARO_IP_LASTI_UNITS, /* 3.10: int32, the same in 2-byte units, -1 before the first */
  BARO_IP_PREV_INSTRUCTION, /* 3.11, 3.12: address of the last executed unit, or start - 2 */
  BARO_IP_INSTRUCTION /* 3.13+: address of the current unit; of the next one where a frame is about
                               to start or to be resumed */
} baro_ip_kind;

typedef enum baro_line_table_kind {
  BARO_LINES_LNOTAB,   /* 3.9: pairs (u8 bytes, i8 lines) */
  BARO_LINES_PEP626,   /* 3.10: pairs (u8 bytes, i8 lines, -128 = no line) */
  BARO_LINES_LOCATIONS /* 3.11+: PEP 657 varint location table */
} baro_line_table_kind;

typedef struct baro_layout_range {
  uint16_t offset;
  uint16_t length;
} baro_layout_range;

typedef struct baro_layout {
  uint8_t major;
  uint8_t minor;
  uint8_t micro;        /* of the target; 255 = not known */
  bool free_threaded;   /* 3.13t and later */
  uint32_t version_hex; /* PY_VERSION_HEX of the target, 0 = not known */

  baro_frame_kind frame_kind;
  baro_frame_root frame_root;
  baro_ip_kind ip_kind;
  baro_line_table_kind line_table_kind;

  struct {
    uint32_t size_bytes; /* of _PyRuntime */
    uint32_t interpreters_head;
    uint32_t finalizing; /* pointer to the thread state that finalizes, else 0 */
  } runtime;

  /* PyInterpreterState is up to 230 KB: one read of [read_offset, read_offset + read_bytes) covers every
   * field here but code_counter and tlbc_generation. All offsets stay relative to the start of the interpreter. */
  struct {
    uint32_t read_offset;
    uint32_t read_bytes;
    uint32_t next;
    uint32_t id;            /* int64 */
    uint32_t threads_head;  /* address of the newest thread state */
    uint32_t gc_collecting; /* int32, non-zero while the cyclic collector runs */
    /* 3.14+: integer that changes before the memory of any code object is freed: while it stays, no
     * address of one comes to mean another. BARO_ABSENT: nothing tells. */
    uint32_t code_generation;
    uint32_t code_generation_bytes; /* 4 or 8 */
    /* Not within the window: to be read on its own. 3.12, where the build is known to the byte: uint32
     * that changes whenever a code object is created; while it stays, no address of one seen running
     * means another. 0 read there: it has run out and tells nothing. */
    uint32_t code_counter;
    /* The same, free-threaded 3.14+: uint32 that changes when a thread gets or gives back the index of its
     * copies of the bytecode: while it stays, the copies of those that run stay where they are. */
    uint32_t tlbc_generation;
  } interp;

  struct {
    baro_gil_place place;
    uint32_t offset;      /* see baro_gil_place; not in the interpreter's window */
    uint32_t size_bytes;  /* a futex address in [gil, gil + size_bytes) is a wait for the GIL */
    uint32_t last_holder; /* address of the thread state that holds, or held it last */
    uint32_t locked;      /* int32: 1 held, 0 free, -1 not created */
    uint32_t enabled;     /* int32, free-threaded builds only: 0 = no GIL in use */
  } gil;

  struct {
    uint32_t read_bytes; /* from the start of the thread state */
    uint32_t prev;
    uint32_t next;
    uint32_t interp;
    uint32_t frame;                /* see baro_frame_root */
    uint32_t cframe_current_frame; /* inside the cframe; BARO_ABSENT for BARO_FRAME_ROOT_DIRECT */
    uint32_t base_frame;           /* 3.15: address of the sentinel a complete walk ends at */
    uint32_t thread_id;            /* pthread_t */
    uint32_t native_thread_id;     /* 3.11+: the kernel's id, 8 bytes */
    uint32_t datastack_chunk;      /* 3.11+: address of the newest chunk */
    uint32_t datastack_top;        /* 3.11+: address of the first free word in the newest chunk */
    uint32_t holds_gil;            /* 3.15: uint32 that holds the flag, mask below. Earlier it
                                      moved between patch releases: compare gil.last_holder */
    uint32_t holds_gil_mask;
    uint32_t gil_requested; /* 3.15: int32, non-zero while this thread waits for the GIL */
    uint32_t attachment;    /* free-threaded builds: int32, enum baro_attachment */
  } thread;

  struct {
    uint32_t read_bytes; /* head of the frame: every field below, without locals */
    uint32_t size_bytes; /* of the structure up to its locals */
    uint32_t previous;
    uint32_t code; /* PyCodeObject (3.13+: any executable); mask with ~code_tag_mask */
    uint64_t code_tag_mask;
    uint32_t ip;           /* int32 or address, see ip_kind */
    uint32_t owner;        /* 3.11+: uint8, enum below */
    uint32_t is_entry;     /* 3.11: uint8, 1 = first frame of a C evaluation */
    uint32_t localsplus;   /* 3.11+: first word after the head */
    uint32_t stackpointer; /* 3.14+: address, 0 while the frame runs */
    uint32_t tlbc_index;   /* free-threaded 3.14+: int32 */
    uint32_t
        owner_entry; /* owner >= this: no Python code, marks a C evaluation entry. 3.11: no such
                              owner (BARO_ABSENT), is_entry says it. 3.9, 3.10: every frame is an entry */
  } frame;

  /* _PyStackChunk, 3.11+: header, then words of frames up to `top`. */
  struct {
    uint32_t previous;
    uint32_t size_bytes; /* field: size_t, bytes of the whole chunk */
    uint32_t top;  /* field: size_t, words used; true of chunks below the newest only: that one's
                            end is thread.datastack_top */
    uint32_t data; /* first word */
  } chunk;

  struct {
    uint32_t read_bytes;   /* head of the code object */
    uint32_t filename;     /* str */
    uint32_t name;         /* str */
    uint32_t qualname;     /* str, 3.11+ */
    uint32_t line_table;   /* bytes */
    uint32_t first_line;   /* int32 */
    uint32_t unit_count;   /* 3.11+: Py_ssize_t ob_size: number of 2-byte units of instructions */
    uint32_t instructions; /* 3.11+: co_code_adaptive, inside the object. Before: co_code, the
                              address of a bytes object */
    uint32_t version; /* co_version, uint32, 3.12+ (part of the identity: new for each object) */
    uint32_t tlbc;    /* free-threaded 3.14+: address of the array of per-thread copies */
    /* 3.11, 3.12: int32 each; a frame of this code takes frame.size_bytes and so many words. */
    uint32_t local_words;
    uint32_t stack_words;
    /* Bytes of the head that never change while the object lives and tell it from another one at the same
     * address (type, sizes, names, tables, first line, version). Unused ranges have length 0. */
    baro_layout_range identity[BARO_LAYOUT_CODE_RANGES];
  } code;

  struct {
    uint32_t type;       /* ob_type inside any object */
    uint32_t head_bytes; /* of PyObject: 16; 32 free-threaded */
  } object;

  struct {
    uint32_t length;       /* Py_ssize_t, characters */
    uint32_t state;        /* uint32 bit field, shifts below */
    uint8_t kind_shift;    /* 3 bits: 1, 2, 4 bytes a character */
    uint8_t compact_shift; /* 1 bit: payload follows the structure */
    uint8_t ascii_shift;   /* 1 bit */
    uint32_t ascii_data;   /* payload of a compact ASCII string */
    uint32_t compact_data; /* payload of any other compact string */
  } str;

  struct {
    uint32_t length; /* Py_ssize_t */
    uint32_t data;
  } bytes;
} baro_layout;

/* What a thread of a free-threaded build is to its interpreter (_Py_THREAD_...). */
enum {
  BARO_ATTACHMENT_DETACHED = 0, /* waits, or runs C code that lets go of the interpreter */
  BARO_ATTACHMENT_ATTACHED = 1,
  BARO_ATTACHMENT_SUSPENDED = 2, /* may not attach until all threads may go on: a collection */
};

/* Values of the owner field; from layout.frame.owner_entry upwards: an entry from C. */
enum {
  BARO_OWNER_THREAD = 0,
  BARO_OWNER_GENERATOR = 1, /* the frame lies inside the generator object, outside all chunks */
  BARO_OWNER_FRAME_OBJECT = 2
};

/* The table of a version whose layout is compiled in (3.9-3.12), or NULL. Static storage. */
const baro_layout *baro_layout_for(unsigned major, unsigned minor);

/* Debug offsets: what the target says about itself, from 3.13 on. */
enum {
  BARO_DEBUG_OFFSETS_HEAD_BYTES = 24, /* cookie, version, free_threaded */
  BARO_DEBUG_OFFSETS_MAX_BYTES = 1024 /* of any minor supported */
};
/* The 8 bytes _PyRuntime starts with from 3.13 on. */
extern const char BARO_DEBUG_OFFSETS_COOKIE[8];

/* Fills a layout from the first bytes of _PyRuntime (length >= BARO_DEBUG_OFFSETS_HEAD_BYTES; normally
 * BARO_DEBUG_OFFSETS_MAX_BYTES). The bytes are hostile: every offset must be aligned, lie within the size its
 * structure reports and within our limits above.
 * BARO_NOT_FOUND: no cookie (a version before 3.13, or not a runtime); BARO_UNSUPPORTED: a minor without a
 * table here; BARO_TRUNCATED: fewer bytes than that minor's table has; BARO_INVALID: a value breaks a rule
 * (the message names the field). */
baro_status baro_layout_from_debug_offsets(const void *data, size_t length, baro_layout *ret_layout,
                                           baro_error *err) BARO_MUST_USE;

#endif
