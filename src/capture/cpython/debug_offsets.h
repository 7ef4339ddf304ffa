/* The fields of _Py_DebugOffsets that we use, and where each minor version keeps them. Private to this
 * folder: others call baro_layout_from_debug_offsets.
 * Flow: generated tables (debug_offsets_3_*.c) + bytes of the target -> debug_offsets.c -> baro_layout.
 *
 * From 3.13 on _PyRuntime begins with a table of 64-bit words: a cookie, the version, a flag for
 * free-threaded builds, then offsets into the structures of that very build. The structures differ
 * between builds, and where in the table a field stands differs between minor versions (fields are
 * inserted in the middle): one table of positions for each minor. */
#ifndef BARO_CAPTURE_CPYTHON_DEBUG_OFFSETS_H
#define BARO_CAPTURE_CPYTHON_DEBUG_OFFSETS_H

#include <stdint.h>

/* X(id, member of the C structure, structure it lies in, bytes of the field, must it be there)
 * The structure is named by the id of its size; SIZE marks sizes themselves, INTERP_GC an offset in gc.
 * tools/gen_layout.py reads this list: keep one row a line. */
#define BARO_DEBUG_FIELD_LIST(X)                                                                   \
  X(RUNTIME_SIZE, runtime_state.size, SIZE, 0, REQUIRED)                                           \
  X(RUNTIME_FINALIZING, runtime_state.finalizing, RUNTIME_SIZE, 8, REQUIRED)                       \
  X(RUNTIME_INTERPRETERS_HEAD, runtime_state.interpreters_head, RUNTIME_SIZE, 8, REQUIRED)         \
  X(INTERP_SIZE, interpreter_state.size, SIZE, 0, REQUIRED)                                        \
  X(INTERP_ID, interpreter_state.id, INTERP_SIZE, 8, REQUIRED)                                     \
  X(INTERP_NEXT, interpreter_state.next, INTERP_SIZE, 8, REQUIRED)                                 \
  X(INTERP_THREADS_HEAD, interpreter_state.threads_head, INTERP_SIZE, 8, REQUIRED)                 \
  X(INTERP_GC, interpreter_state.gc, INTERP_SIZE, 8, REQUIRED)                                     \
  X(INTERP_CEVAL_GIL, interpreter_state.ceval_gil, INTERP_SIZE, 8, REQUIRED)                       \
  X(INTERP_GIL, interpreter_state.gil_runtime_state, INTERP_SIZE, 8, REQUIRED)                     \
  X(INTERP_GIL_LOCKED, interpreter_state.gil_runtime_state_locked, INTERP_SIZE, 4, REQUIRED)       \
  X(INTERP_GIL_HOLDER, interpreter_state.gil_runtime_state_holder, INTERP_SIZE, 8, REQUIRED)       \
  X(INTERP_CODE_GENERATION, interpreter_state.code_object_generation, INTERP_SIZE, 8, OPTIONAL)    \
  X(INTERP_TLBC_GENERATION, interpreter_state.tlbc_generation, INTERP_SIZE, 4, OPTIONAL)           \
  X(THREAD_SIZE, thread_state.size, SIZE, 0, REQUIRED)                                             \
  X(THREAD_PREV, thread_state.prev, THREAD_SIZE, 8, REQUIRED)                                      \
  X(THREAD_NEXT, thread_state.next, THREAD_SIZE, 8, REQUIRED)                                      \
  X(THREAD_INTERP, thread_state.interp, THREAD_SIZE, 8, REQUIRED)                                  \
  X(THREAD_FRAME, thread_state.current_frame, THREAD_SIZE, 8, REQUIRED)                            \
  X(THREAD_BASE_FRAME, thread_state.base_frame, THREAD_SIZE, 8, OPTIONAL)                          \
  X(THREAD_ID, thread_state.thread_id, THREAD_SIZE, 8, REQUIRED)                                   \
  X(THREAD_NATIVE_ID, thread_state.native_thread_id, THREAD_SIZE, 8, REQUIRED)                     \
  X(THREAD_CHUNK, thread_state.datastack_chunk, THREAD_SIZE, 16, REQUIRED)                         \
  X(THREAD_STATUS, thread_state.status, THREAD_SIZE, 4, OPTIONAL)                                  \
  X(THREAD_HOLDS_GIL, thread_state.holds_gil, THREAD_SIZE, 4, OPTIONAL)                            \
  X(THREAD_GIL_REQUESTED, thread_state.gil_requested, THREAD_SIZE, 4, OPTIONAL)                    \
  X(FRAME_SIZE, interpreter_frame.size, SIZE, 0, REQUIRED)                                         \
  X(FRAME_PREVIOUS, interpreter_frame.previous, FRAME_SIZE, 8, REQUIRED)                           \
  X(FRAME_EXECUTABLE, interpreter_frame.executable, FRAME_SIZE, 8, REQUIRED)                       \
  X(FRAME_INSTRUCTION, interpreter_frame.instr_ptr, FRAME_SIZE, 8, REQUIRED)                       \
  X(FRAME_LOCALS, interpreter_frame.localsplus, FRAME_SIZE, 8, REQUIRED)                           \
  X(FRAME_OWNER, interpreter_frame.owner, FRAME_SIZE, 1, REQUIRED)                                 \
  X(FRAME_STACKPOINTER, interpreter_frame.stackpointer, FRAME_SIZE, 8, OPTIONAL)                   \
  X(FRAME_TLBC_INDEX, interpreter_frame.tlbc_index, FRAME_SIZE, 4, OPTIONAL)                       \
  X(CODE_SIZE, code_object.size, SIZE, 0, REQUIRED)                                                \
  X(CODE_FILENAME, code_object.filename, CODE_SIZE, 8, REQUIRED)                                   \
  X(CODE_NAME, code_object.name, CODE_SIZE, 8, REQUIRED)                                           \
  X(CODE_QUALNAME, code_object.qualname, CODE_SIZE, 8, REQUIRED)                                   \
  X(CODE_LINETABLE, code_object.linetable, CODE_SIZE, 8, REQUIRED)                                 \
  X(CODE_FIRST_LINE, code_object.firstlineno, CODE_SIZE, 4, REQUIRED)                              \
  X(CODE_LOCAL_NAMES, code_object.localsplusnames, CODE_SIZE, 8, REQUIRED)                         \
  X(CODE_INSTRUCTIONS, code_object.co_code_adaptive, CODE_SIZE, 2, REQUIRED)                       \
  X(CODE_TLBC, code_object.co_tlbc, CODE_SIZE, 8, OPTIONAL)                                        \
  X(OBJECT_SIZE, pyobject.size, SIZE, 0, REQUIRED)                                                 \
  X(OBJECT_TYPE, pyobject.ob_type, OBJECT_SIZE, 8, REQUIRED)                                       \
  X(BYTES_SIZE, bytes_object.size, SIZE, 0, REQUIRED)                                              \
  X(BYTES_LENGTH, bytes_object.ob_size, BYTES_SIZE, 8, REQUIRED)                                   \
  X(BYTES_DATA, bytes_object.ob_sval, BYTES_SIZE, 1, REQUIRED)                                     \
  X(STR_SIZE, unicode_object.size, SIZE, 0, REQUIRED)                                              \
  X(STR_STATE, unicode_object.state, STR_SIZE, 4, REQUIRED)                                        \
  X(STR_LENGTH, unicode_object.length, STR_SIZE, 8, REQUIRED)                                      \
  X(STR_ASCII_SIZE, unicode_object.asciiobject_size, STR_SIZE, 1, REQUIRED)                        \
  X(STR_COMPACT_SIZE, unicode_object.compactunicodeobject_size, STR_SIZE, 1, OPTIONAL)             \
  X(GC_SIZE, gc.size, SIZE, 0, REQUIRED)                                                           \
  X(GC_COLLECTING, gc.collecting, GC_SIZE, 4, REQUIRED)

typedef enum baro_debug_field {
#define X(id, member, structure, bytes, need) BARO_DEBUG_##id,
  BARO_DEBUG_FIELD_LIST(X)
#undef X
      BARO_DEBUG_FIELD_COUNT
} baro_debug_field;

/* What a minor version does beyond its debug offsets. */
typedef struct baro_debug_table {
  uint8_t minor;
  uint8_t code_tag_mask; /* tag bits of the code pointer in a frame */
  uint8_t owner_entry;   /* see layout.frame.owner_entry */
  uint8_t
      free_threaded_states; /* 1: free-threaded builds keep `interned` of a str in a byte of its own,
                                   the other bits of the state follow it */
  uint8_t attachment_behind; /* from thread_state.status to layout.thread.attachment */
  uint16_t word_count;       /* of the whole structure */
  /* Index of the 64-bit word; 0 where this minor has no such field (word 0 is the cookie). */
  uint8_t words[BARO_DEBUG_FIELD_COUNT];
} baro_debug_table;

extern const baro_debug_table baro_debug_table_3_13;
extern const baro_debug_table baro_debug_table_3_14;
extern const baro_debug_table baro_debug_table_3_15;

#endif
