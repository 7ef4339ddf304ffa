#include "support/synthetic_python.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEMORY_BYTES = 48 << 20, NEWEST_FRAME_OFFSET = 72, BASE_FRAME_OFFSET = 168 };

static baro_layout layout_of(synthetic_kind kind) {
  static const unsigned minors[SYNTHETIC_KIND_COUNT] = {
      [SYNTHETIC_HEAP] = 9,    [SYNTHETIC_ENTRY] = 11, [SYNTHETIC_CFRAME] = 12,
      [SYNTHETIC_DIRECT] = 12, [SYNTHETIC_BASE] = 12,
  };
  baro_layout layout = *baro_layout_for(3, minors[kind]);
  if (kind < SYNTHETIC_DIRECT)
    return layout;
  layout.frame_root = BARO_FRAME_ROOT_DIRECT;
  layout.ip_kind = BARO_IP_INSTRUCTION;
  layout.thread.frame = NEWEST_FRAME_OFFSET;
  layout.thread.cframe_current_frame = BARO_ABSENT;
  if (kind == SYNTHETIC_BASE) {
    layout.thread.base_frame = BASE_FRAME_OFFSET;
    layout.frame.code_tag_mask = 3;
  }
  return layout;
}

void synthetic_store(void *at, uint32_t offset, uint64_t value) {
  __atomic_store_n((uint64_t *)(void *)((uint8_t *)at + offset), value, __ATOMIC_RELAXED);
}

static uint64_t load(const void *at, uint32_t offset) {
  return __atomic_load_n((const uint64_t *)(const void *)((const uint8_t *)at + offset),
                         __ATOMIC_RELAXED);
}

uint8_t *synthetic_alloc(synthetic_python *python, size_t bytes) {
  size_t rounded = (bytes + 15) / 16 * 16;
  if (rounded > MEMORY_BYTES - python->used_bytes)
    abort();
  uint8_t *at = python->memory + python->used_bytes;
  python->used_bytes += rounded;
  return at;
}

void synthetic_init(synthetic_python *python, synthetic_kind kind) {
  size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
  *python = (synthetic_python){.layout = layout_of(kind)};
  const baro_layout *layout = &python->layout;
  python->memory = mmap(NULL, MEMORY_BYTES + page_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (python->memory == MAP_FAILED ||
      mprotect(python->memory + MEMORY_BYTES, page_bytes, PROT_NONE) != 0)
    abort();
  python->interp = synthetic_alloc(python, layout->interp.read_offset + layout->interp.read_bytes);
  python->thread = synthetic_alloc(python, layout->thread.read_bytes);
  python->cframe = synthetic_alloc(python, 64);
  synthetic_store(python->interp, layout->interp.threads_head, synthetic_addr(python->thread));
  synthetic_store(python->thread, layout->thread.interp, synthetic_addr(python->interp));
  if (layout->thread.native_thread_id != BARO_ABSENT)
    synthetic_store(python->thread, layout->thread.native_thread_id, SYNTHETIC_NATIVE_ID);
  if (layout->frame_root == BARO_FRAME_ROOT_CFRAME)
    synthetic_store(python->thread, layout->thread.frame, synthetic_addr(python->cframe));
  if (layout->thread.base_frame != BARO_ABSENT) {
    python->base_addr = synthetic_addr(synthetic_alloc(python, layout->frame.size_bytes));
    synthetic_store(python->thread, layout->thread.base_frame, python->base_addr);
    synthetic_set_current(python, python->base_addr);
  }
  if (layout->frame_kind == BARO_FRAME_DATA_STACK)
    synthetic_push_chunk(python, SYNTHETIC_CHUNK_BYTES);
}

void synthetic_release(synthetic_python *python) {
  (void)munmap(python->memory, MEMORY_BYTES + (size_t)sysconf(_SC_PAGESIZE));
  *python = (synthetic_python){0};
}

static uint8_t *root_of(const synthetic_python *python, uint32_t *ret_offset) {
  const baro_layout *layout = &python->layout;
  bool is_cframe = layout->frame_root == BARO_FRAME_ROOT_CFRAME;
  *ret_offset = is_cframe ? layout->thread.cframe_current_frame : layout->thread.frame;
  return is_cframe ? python->cframe : python->thread;
}

uint64_t synthetic_current(const synthetic_python *python) {
  uint32_t offset;
  const uint8_t *root = root_of(python, &offset);
  return load(root, offset);
}

void synthetic_set_current(synthetic_python *python, uint64_t frame_addr) {
  uint32_t offset;
  uint8_t *root = root_of(python, &offset);
  synthetic_store(root, offset, frame_addr);
}

void synthetic_push_chunk(synthetic_python *python, size_t bytes) {
  const baro_layout *layout = &python->layout;
  uint8_t *chunk = synthetic_alloc(python, bytes);
  if (python->chunk != NULL) /* true of chunks below the newest only, as in CPython */
    synthetic_store(python->chunk, layout->chunk.top,
                    (python->chunk_used_bytes - layout->chunk.data) / 8);
  synthetic_store(chunk, layout->chunk.previous, synthetic_addr(python->chunk));
  synthetic_store(chunk, layout->chunk.size_bytes, bytes);
  python->chunk = chunk;
  python->chunk_used_bytes = layout->chunk.data;
  synthetic_store(python->thread, layout->thread.datastack_chunk, synthetic_addr(chunk));
}

static void enter(synthetic_python *python, uint8_t *frame, uint64_t code, uint8_t owner) {
  const baro_layout *layout = &python->layout;
  uint64_t previous = synthetic_current(python);
  synthetic_store(frame, layout->frame.previous, previous);
  synthetic_store(frame, layout->frame.code, code);
  if (layout->ip_kind == BARO_IP_INSTRUCTION || layout->ip_kind == BARO_IP_PREV_INSTRUCTION)
    synthetic_store(frame, layout->frame.ip, code + 8);
  else
    memcpy(frame + layout->frame.ip, &(int32_t){6}, 4);
  if (layout->frame.owner != BARO_ABSENT)
    frame[layout->frame.owner] = owner;
  synthetic_set_current(python, synthetic_addr(frame));
}

static uint8_t *push_frame(synthetic_python *python, size_t locals_bytes) {
  const baro_layout *layout = &python->layout;
  size_t bytes = (layout->frame.size_bytes + locals_bytes + 7) / 8 * 8;
  if (layout->frame_kind == BARO_FRAME_HEAP_OBJECT)
    return synthetic_alloc(python, bytes);
  size_t size = load(python->chunk, layout->chunk.size_bytes);
  if (bytes > size - python->chunk_used_bytes)
    synthetic_push_chunk(python, SYNTHETIC_CHUNK_BYTES);
  uint8_t *frame = python->chunk + python->chunk_used_bytes;
  python->chunk_used_bytes += bytes;
  return frame;
}

uint8_t *synthetic_call(synthetic_python *python, uint64_t code, size_t locals_bytes) {
  uint8_t *frame = push_frame(python, locals_bytes);
  enter(python, frame, code, BARO_OWNER_THREAD);
  return frame;
}

uint8_t *synthetic_call_generator(synthetic_python *python, uint64_t code) {
  /* Other objects lie between generators. */
  uint8_t *frame = synthetic_alloc(python, python->layout.frame.size_bytes + 3000);
  enter(python, frame, code, BARO_OWNER_GENERATOR);
  return frame;
}

uint8_t *synthetic_enter_from_c(synthetic_python *python) {
  const baro_layout *layout = &python->layout;
  if (layout->frame.owner_entry == BARO_ABSENT)
    return NULL;
  uint8_t *frame = synthetic_alloc(python, layout->frame.size_bytes);
  enter(python, frame, 0, (uint8_t)layout->frame.owner_entry);
  return frame;
}

void synthetic_return(synthetic_python *python, size_t locals_bytes) {
  const baro_layout *layout = &python->layout;
  const uint8_t *frame = (const uint8_t *)(uintptr_t)synthetic_current(python);
  synthetic_set_current(python, load(frame, layout->frame.previous));
  if (layout->frame_kind == BARO_FRAME_DATA_STACK)
    python->chunk_used_bytes -= (layout->frame.size_bytes + locals_bytes + 7) / 8 * 8;
}

/* --- code objects --- */

static uint64_t make_string(synthetic_python *python, const char *text) {
  const baro_layout *layout = &python->layout;
  size_t length = strlen(text);
  uint8_t *at = synthetic_alloc(python, layout->str.ascii_data + length + 1);
  synthetic_store(at, layout->object.type, synthetic_addr(python->interp));
  synthetic_store(at, layout->str.length, length);
  uint32_t flags = 1u << layout->str.kind_shift | 1u << layout->str.compact_shift |
                   1u << layout->str.ascii_shift;
  memcpy(at + layout->str.state, &flags, sizeof flags);
  memcpy(at + layout->str.ascii_data, text, length + 1);
  return synthetic_addr(at);
}

/* Two entries of 8 units without columns: the first line, and one further (PEP 657). */
static uint64_t make_line_table(synthetic_python *python) {
  static const uint8_t entries[] = {0x80 | 13 << 3 | 7, 0, 0x80 | 13 << 3 | 7, 2};
  const baro_layout *layout = &python->layout;
  uint8_t *at = synthetic_alloc(python, layout->bytes.data + sizeof entries);
  synthetic_store(at, layout->object.type, synthetic_addr(python->interp));
  synthetic_store(at, layout->bytes.length, sizeof entries);
  memcpy(at + layout->bytes.data, entries, sizeof entries);
  return synthetic_addr(at);
}

void synthetic_remake_code(synthetic_python *python, uint8_t *at, synthetic_code code) {
  const baro_layout *layout = &python->layout;
  const char *dot = strrchr(code.name, '.');
  assert(layout->code.instructions + 32 <= SYNTHETIC_CODE_BYTES);
  memset(at, 0, SYNTHETIC_CODE_BYTES);
  synthetic_store(at, layout->object.type, synthetic_addr(python->interp));
  synthetic_store(at, layout->code.name, make_string(python, dot != NULL ? dot + 1 : code.name));
  synthetic_store(at, layout->code.qualname, make_string(python, code.name));
  synthetic_store(at, layout->code.filename, make_string(python, code.file));
  synthetic_store(at, layout->code.line_table, make_line_table(python));
  synthetic_store(at, layout->code.unit_count, 16);
  memcpy(at + layout->code.first_line, &code.first_line, sizeof code.first_line);
}

uint8_t *synthetic_make_code(synthetic_python *python, synthetic_code code) {
  uint8_t *at = synthetic_alloc(python, SYNTHETIC_CODE_BYTES);
  synthetic_remake_code(python, at, code);
  return at;
}

void synthetic_set_line(synthetic_python *python, uint8_t *frame, const uint8_t *code, int line) {
  uint64_t start = synthetic_addr(code) + python->layout.code.instructions;
  synthetic_store(frame, python->layout.frame.ip, start + 4 + (line == 0 ? 0 : 16));
}
