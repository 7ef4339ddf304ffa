#include <stdlib.h>

#include "base/os_memory.h"
#include "capture/sampler/stack_copy.h"

enum { THREAD_STATE_BYTES = 4096 }; /* more than one takes */

static int32_t load_i32(const uint8_t *at) {
  int32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

bool baro_stack_want(baro_stack_reader *reader, uint64_t addr) {
  if (reader->wanted_count == reader->wanted_capacity) {
    uint32_t grown = reader->wanted_capacity < 64 ? 64 : reader->wanted_capacity * 2;
    uint64_t *bigger = realloc(reader->wanted, grown * sizeof *bigger);
    if (bigger == NULL)
      return false;
    reader->wanted = bigger;
    reader->wanted_capacity = grown;
  }
  reader->wanted[reader->wanted_count++] = addr;
  return true;
}

static bool push_frame(baro_raw_stack *stack, const baro_raw_frame *frame) {
  if (stack->count == stack->capacity) {
    uint32_t capacity = stack->capacity < 128 ? 128 : stack->capacity * 2;
    baro_raw_frame *frames = realloc(stack->frames, capacity * sizeof *frames);
    if (frames == NULL)
      return false;
    stack->frames = frames;
    stack->capacity = capacity;
  }
  stack->frames[stack->count++] = *frame;
  return true;
}

static const uint8_t *find_late(const baro_stack_reader *reader, uint64_t addr) {
  for (uint32_t i = 0; i < reader->late_count; i++)
    if (reader->late[i].addr == addr)
      return reader->late[i].head;
  return NULL;
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
  const baro_stack_region *piece = &reader->regions[low - 1];
  uint64_t offset = addr - piece->addr;
  bool is_whole =
      offset < piece->bytes && piece->bytes - offset >= reader->layout->frame.read_bytes;
  return is_whole ? piece : NULL;
}

/* Our copy of the frame's head, or NULL when it was not predicted. */
const uint8_t *baro_stack_find_frame(baro_stack_reader *reader, uint64_t addr, bool *ret_in_chunk) {
  size_t need = reader->layout->frame.read_bytes;
  *ret_in_chunk = false;
  for (uint32_t i = 0; i < reader->chunk_count; i++) {
    const baro_stack_chunk *piece = &reader->chunks[i];
    if (addr < piece->addr || addr - piece->addr >= piece->bytes)
      continue;
    if (piece->bytes - (size_t)(addr - piece->addr) < need)
      return NULL;
    *ret_in_chunk = true;
    if (i == 1 && addr > reader->highest_in_older)
      reader->highest_in_older = addr;
    if (i > 0)
      return reader->older.data + piece->buffer_offset + (addr - piece->addr);
    if (addr > reader->highest_in_newest)
      reader->highest_in_newest = addr;
    return reader->newest_first.data + (addr - piece->addr);
  }
  const baro_stack_region *piece = baro_stack_find_region(reader, addr);
  if (piece != NULL)
    return reader->outside_first.data + piece->buffer_offset + (addr - piece->addr);
  return find_late(reader, addr);
}

/* Room for one more; most threads never need any. */
static baro_status late_room(baro_stack_reader *reader) {
  if (reader->late_count == BARO_STACK_MAX_LATE)
    return BARO_LIMIT;
  if (reader->late_count < reader->late_capacity)
    return BARO_OK;
  uint32_t capacity = reader->late_capacity == 0 ? 8 : reader->late_capacity * 2;
  baro_stack_late_frame *late = realloc(reader->late, capacity * sizeof *late);
  if (late == NULL)
    return BARO_NO_MEMORY;
  reader->late = late;
  reader->late_capacity = capacity;
  return BARO_OK;
}

/* Reads a frame that was not predicted. *ret_head is good until the next one. */
static baro_status read_late(baro_stack_reader *reader, uint64_t addr, const uint8_t **ret_head) {
  baro_status status = late_room(reader);
  if (status != BARO_OK)
    return status;
  baro_stack_late_frame *frame = &reader->late[reader->late_count];
  status = baro_memory_read(reader->pid, addr, frame->head, reader->layout->frame.read_bytes, NULL);
  if (status != BARO_OK)
    return status == BARO_INVALID ? BARO_AGAIN : status;
  frame->addr = addr;
  reader->late_count++;
  *ret_head = frame->head;
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
                             const uint8_t **ret_head) {
  if (baro_stack_recall(reader, addr)) { /* deep again, as before: all at once */
    reader->too_short = true;
    return BARO_AGAIN;
  }
  baro_status status = read_late(reader, addr, ret_head);
  if (status == BARO_LIMIT && !reader->regions_full) {
    reader->too_short = true;
    return BARO_AGAIN;
  }
  stack->cut = status == BARO_LIMIT || (status == BARO_AGAIN && reader->chunks_cut);
  return status;
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
  stack->count = 0;
  stack->cut = false;
  if (addr == 0 && !may_be_empty(reader))
    return BARO_AGAIN;
  for (uint32_t steps = 0; addr != 0 && addr != base_addr; steps++) {
    bool in_chunk;
    const uint8_t *head;
    if (steps == BARO_STACK_MAX_FRAMES) {
      stack->cut = true;
      return BARO_OK;
    }
    if ((addr & 7) != 0 || addr == earlier_addr)
      return BARO_AGAIN;
    if ((steps & (steps - 1)) == 0)
      earlier_addr = addr;
    head = baro_stack_find_frame(reader, addr, &in_chunk);
    if (head == NULL && beyond_newest_copy(reader, addr))
      return BARO_AGAIN;
    if (head == NULL) {
      baro_status status = walk_late(reader, stack, addr, &head);
      if (status != BARO_OK)
        return stack->cut ? BARO_OK : status;
    }
    if (!in_chunk && !baro_stack_want(reader, addr))
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
