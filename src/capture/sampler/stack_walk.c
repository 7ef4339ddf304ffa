#include <stdlib.h>

#include "base/os_memory.h"
#include "capture/sampler/stack_copy.h"

enum { THREAD_STATE_BYTES = 4096 }; /* more than one takes */

static int32_t load_i32(const uint8_t *at) {
  int32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

/* A copied range of the target's memory, as the walk goes through it: most frames lie in the same as their callers. */
typedef struct piece {
  uint64_t addr;
  size_t head_room; /* a head that begins nearer to addr was copied whole */
  const uint8_t *copy;
  uint64_t *highest; /* of its frames, borrowed from the reader; NULL: nobody asks */
  bool is_chunk;
  bool is_late;
} piece;

static bool grow_wanted(baro_stack_reader *reader) {
  uint32_t grown = reader->wanted_capacity < 64 ? 64 : reader->wanted_capacity * 2;
  uint64_t *bigger = realloc(reader->wanted, grown * sizeof *bigger);
  if (bigger == NULL)
    return false;
  reader->wanted = bigger;
  reader->wanted_capacity = grown;
  return true;
}

/* Adds a frame outside the chunks to those to copy from now on; false when out of memory. */
static inline bool want(baro_stack_reader *reader, uint64_t addr) {
  if (reader->wanted_count == reader->wanted_capacity && !grow_wanted(reader))
    return false;
  reader->wanted[reader->wanted_count++] = addr;
  return true;
}

static bool grow_stack(baro_raw_stack *stack) {
  uint32_t capacity = stack->capacity < 128 ? 128 : stack->capacity * 2;
  baro_raw_frame *frames = realloc(stack->frames, capacity * sizeof *frames);
  if (frames == NULL)
    return false;
  stack->frames = frames;
  stack->capacity = capacity;
  return true;
}

static inline bool push_frame(baro_raw_stack *stack, const baro_raw_frame *frame) {
  if (stack->count == stack->capacity && !grow_stack(stack))
    return false;
  stack->frames[stack->count++] = *frame;
  return true;
}

/* The copied range outside the chunks that holds the whole head at addr, or NULL. */
const baro_stack_region *baro_stack_find_region(const baro_stack_reader *reader, uint64_t addr) {
  uint32_t low = 0;
  uint32_t high = reader->region_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (reader->regions[middle].addr <= addr)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0)
    return NULL;
  const baro_stack_region *region = &reader->regions[low - 1];
  uint64_t offset = addr - region->addr;
  bool is_whole =
      offset < region->bytes && region->bytes - offset >= reader->layout->frame.read_bytes;
  return is_whole ? region : NULL;
}

static piece piece_of(const baro_stack_reader *reader, const baro_stack_late_page *page) {
  size_t need = reader->layout->frame.read_bytes;
  return (piece){.addr = page->addr,
                 .head_room = page->bytes < need ? 0 : page->bytes - need + 1,
                 .copy = page->copy,
                 .is_late = true};
}

static bool late_piece_at(const baro_stack_reader *reader, uint64_t addr, piece *ret_piece) {
  for (uint32_t i = 0; i < reader->late_page_count; i++) {
    *ret_piece = piece_of(reader, &reader->late_pages[i]);
    if (addr - ret_piece->addr < ret_piece->head_room)
      return true;
  }
  return false;
}

/* Finds the copied range that addr lies in. */
static bool piece_at(baro_stack_reader *reader, uint64_t addr, piece *ret_piece) {
  size_t need = reader->layout->frame.read_bytes;
  for (uint32_t i = 0; i < reader->chunk_count; i++) {
    const baro_stack_chunk *chunk = &reader->chunks[i];
    if (addr < chunk->addr || addr - chunk->addr >= chunk->bytes)
      continue;
    *ret_piece = (piece){
        .addr = chunk->addr,
        .head_room = chunk->bytes < need ? 0 : chunk->bytes - need + 1,
        .copy = i > 0 ? reader->older.data + chunk->buffer_offset : reader->newest_first.data,
        .highest = i == 0   ? &reader->highest_in_newest
                   : i == 1 ? &reader->highest_in_older
                            : NULL,
        .is_chunk = true,
    };
    return true;
  }
  const baro_stack_region *region = baro_stack_find_region(reader, addr);
  if (region == NULL)
    return late_piece_at(reader, addr, ret_piece);
  *ret_piece = (piece){.addr = region->addr,
                       .head_room = region->bytes - need + 1,
                       .copy = reader->outside_first.data + region->buffer_offset};
  return true;
}

/* Our copy of the head at addr, if all of it lies in this range. */
static inline const uint8_t *head_in(const piece *at, uint64_t addr) {
  uint64_t offset = addr - at->addr;
  if (offset >= at->head_room)
    return NULL;
  if (at->highest != NULL && addr > *at->highest)
    *at->highest = addr;
  return at->copy + offset;
}

/* Our copy of a frame's head, or NULL when it was not copied. *at: where the last one was found (zeroed: nowhere); here
 * the search begins, and ends. */
static const uint8_t *find_head(baro_stack_reader *reader, uint64_t addr, piece *at) {
  const uint8_t *head = head_in(at, addr);
  if (head != NULL)
    return head;
  if (piece_at(reader, addr, at))
    head = head_in(at, addr);
  if (head != NULL)
    return head;
  *at = (piece){0};
  return NULL;
}

const uint8_t *baro_stack_find_frame(baro_stack_reader *reader, uint64_t addr, bool *ret_in_chunk) {
  piece at = {0};
  const uint8_t *head = find_head(reader, addr, &at);
  *ret_in_chunk = at.is_chunk;
  return head;
}

/* Room for one more; most threads never need any. */
static bool late_room(baro_stack_reader *reader) {
  if (reader->late_page_count < reader->late_page_capacity)
    return true;
  uint32_t capacity = reader->late_page_capacity == 0 ? 4 : reader->late_page_capacity * 2;
  baro_stack_late_page *pages = realloc(reader->late_pages, capacity * sizeof *pages);
  if (pages == NULL)
    return false;
  reader->late_pages = pages;
  reader->late_page_capacity = capacity;
  return true;
}

/* Copies the page of a frame that was not predicted; of one that goes on beyond it, its head's rest too. */
static baro_status read_late(baro_stack_reader *reader, uint64_t addr, piece *ret_piece) {
  if (!late_room(reader))
    return BARO_NO_MEMORY;
  baro_stack_late_page *page = &reader->late_pages[reader->late_page_count];
  uint64_t head_bytes = reader->layout->frame.read_bytes;
  uint64_t offset = addr % BARO_STACK_LATE_BYTES;
  uint64_t end = offset + head_bytes;
  page->addr = addr - offset;
  page->bytes = end > BARO_STACK_LATE_BYTES ? end : BARO_STACK_LATE_BYTES;
  baro_status status = baro_memory_read(reader->pid, page->addr, page->copy, page->bytes, NULL);
  if (status != BARO_OK)
    return status == BARO_INVALID ? BARO_AGAIN : status;
  reader->late_page_count++;
  *ret_piece = piece_of(reader, page);
  return BARO_OK;
}

uint64_t baro_stack_named_frame(const baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  if (!uses_cframe(reader))
    return load_u64(reader->thread + layout->thread.frame);
  if (reader->cframe_addr == 0)
    return 0;
  return load_u64(reader->cframe + layout->thread.cframe_current_frame);
}

uint64_t baro_stack_current_frame(const baro_stack_reader *reader) {
  return reader->entering_addr != 0 ? reader->entering_addr : baro_stack_named_frame(reader);
}

static baro_raw_frame raw_frame(const baro_layout *layout, uint64_t addr, const uint8_t *head) {
  bool is_address =
      layout->ip_kind == BARO_IP_PREV_INSTRUCTION || layout->ip_kind == BARO_IP_INSTRUCTION;
  baro_raw_frame frame = {
      .frame_addr = addr,
      .code_addr = load_u64(head + layout->frame.code) & ~layout->frame.code_tag_mask,
      .ip = is_address ? load_u64(head + layout->frame.ip)
                       : (uint64_t)(int64_t)load_i32(head + layout->frame.ip),
  };
  if (layout->frame.tlbc_index != BARO_ABSENT)
    frame.tlbc_index = load_i32(head + layout->frame.tlbc_index);
  return frame;
}

typedef enum frame_kind {
  FRAME_NONE,
  FRAME_PLAIN,
  FRAME_GENERATOR,
  FRAME_C_ENTRY, /* stands for an entry from C and holds no Python code */
} frame_kind;

static frame_kind kind_of(const baro_layout *layout, const uint8_t *head) {
  if (layout->frame.owner == BARO_ABSENT)
    return FRAME_PLAIN;
  if (layout->frame.owner_entry != BARO_ABSENT &&
      head[layout->frame.owner] >= layout->frame.owner_entry)
    return FRAME_C_ENTRY;
  return head[layout->frame.owner] == BARO_OWNER_GENERATOR ? FRAME_GENERATOR : FRAME_PLAIN;
}

bool baro_stack_is_root_cframe(const baro_stack_reader *reader, uint64_t cframe_addr) {
  return cframe_addr - reader->thread_addr < THREAD_STATE_BYTES;
}

/* A cframe on the C stack that names no frame is not filled in yet. */
static bool may_be_empty(const baro_stack_reader *reader) {
  return !uses_cframe(reader) || baro_stack_is_root_cframe(reader, reader->cframe_addr);
}

/* Did the walk end where a stack ends? When an evaluation begins, the interpreter makes its cframe current before
 * it says which frame is the newest in it (3.11, 3.12): for some nanoseconds an old frame is named there, whose
 * link to its caller is cut. Seen on 3.12 with generators, one sample in 1,500 at 1,000 Hz. */
static bool is_complete(const baro_layout *layout, frame_kind last_kind, uint64_t end_addr,
                        uint64_t base_addr) {
  if (last_kind == FRAME_NONE)
    return true;
  if (base_addr != 0)
    return end_addr == base_addr;
  if (layout->frame.owner_entry != BARO_ABSENT)
    return last_kind == FRAME_C_ENTRY;
  return last_kind != FRAME_GENERATOR;
}

/* Does addr lie in the newest chunk, beyond what was copied of it? Then more will be copied from now on. */
static bool beyond_newest_copy(baro_stack_reader *reader, uint64_t addr) {
  if (reader->chunk_count == 0)
    return false;
  baro_stack_chunk *newest = &reader->chunks[0];
  uint64_t size = load_u64(reader->newest_first.data + reader->layout->chunk.size_bytes);
  size_t need = reader->layout->frame.read_bytes;
  if (size > BARO_STACK_MAX_BYTES || addr < newest->addr || addr - newest->addr >= size ||
      size - (addr - newest->addr) < need)
    return false;
  size_t wanted = (size_t)(addr - newest->addr) + need + BARO_STACK_CHUNK_SLACK_BYTES;
  newest->bytes = wanted < size ? wanted : (size_t)size;
  reader->too_short = true;
  return true;
}

/* A frame that nobody predicted. When there are too many of them for one walk, those found so far are predicted
 * from now on, and the walk is made anew; when that does not help, or beyond the chunks that we copy, the
 * stack is cut: what we have of it is right. */
static baro_status walk_late(baro_stack_reader *reader, baro_raw_stack *stack, uint64_t addr,
                             piece *at) {
  baro_status status = BARO_OK;
  if (!at->is_late && baro_stack_recall(reader, addr)) { /* deep again, as before: all at once */
    reader->too_short = true;
    return BARO_AGAIN;
  }
  if (reader->late_count == BARO_STACK_MAX_LATE)
    status = BARO_LIMIT;
  else if (!at->is_late)
    status = read_late(reader, addr, at);
  if (status == BARO_OK)
    reader->late[reader->late_count++] = addr;
  if (status == BARO_LIMIT && !reader->regions_full) {
    reader->too_short = true;
    return BARO_AGAIN;
  }
  stack->cut = status == BARO_LIMIT || (status == BARO_AGAIN && reader->chunks_cut);
  return status;
}

/* A frame outside the chunks, to be copied from now on; false when out of memory. */
static inline bool note_outside(baro_stack_reader *reader, uint64_t addr, const uint8_t *head,
                                const piece *at) {
  if (!at->is_late)
    baro_stack_mark_met(reader, head);
  return want(reader, addr);
}

/* From the newest frame to the root through the first read. */
baro_status baro_stack_walk(baro_stack_reader *reader, baro_raw_stack *stack) {
  const baro_layout *layout = reader->layout;
  uint64_t base_addr = layout->thread.base_frame == BARO_ABSENT
                           ? 0
                           : load_u64(reader->thread + layout->thread.base_frame);
  uint64_t addr = baro_stack_current_frame(reader);
  reader->leaf_addr = addr;
  reader->highest_in_newest = 0;
  reader->highest_in_older = 0;
  reader->wanted_count = 0;
  uint64_t earlier_addr = 0; /* of the last step that was a power of two: a circle meets it again */
  frame_kind last_kind = FRAME_NONE;
  piece at = {0};
  stack->count = 0;
  stack->cut = false;
  if (addr == 0 && !may_be_empty(reader))
    return BARO_AGAIN;
  for (uint32_t steps = 0; addr != 0 && addr != base_addr; steps++) {
    if (steps == BARO_STACK_MAX_FRAMES) {
      stack->cut = true;
      return BARO_OK;
    }
    if ((addr & 7) != 0 || addr == earlier_addr)
      return BARO_AGAIN;
    if ((steps & (steps - 1)) == 0)
      earlier_addr = addr;
    const uint8_t *head = find_head(reader, addr, &at);
    if (head == NULL && beyond_newest_copy(reader, addr))
      return BARO_AGAIN;
    if (head == NULL || at.is_late) {
      baro_status status = walk_late(reader, stack, addr, &at);
      if (status != BARO_OK)
        return stack->cut ? BARO_OK : status;
      head = at.copy + (addr - at.addr);
    }
    if (!at.is_chunk && !note_outside(reader, addr, head, &at))
      return BARO_NO_MEMORY;
    last_kind = kind_of(layout, head);
    if (last_kind != FRAME_C_ENTRY) {
      baro_raw_frame frame = raw_frame(layout, addr, head);
      if (!push_frame(stack, &frame))
        return BARO_NO_MEMORY;
    }
    addr = load_u64(head + layout->frame.previous);
  }
  return is_complete(layout, last_kind, addr, base_addr) ? BARO_OK : BARO_AGAIN;
}
