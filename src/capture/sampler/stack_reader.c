#include "capture/sampler/stack_reader.h"

#include <assert.h>
#include <stdlib.h>

#include "base/os_memory.h"
#include "capture/sampler/stack_copy.h"

enum {
  SPINE_REACH = 33, /* how far from the leaf a frame that proves those below it may lie */
  SPINE_FROM = 96,  /* stacks less deep are read twice as a whole */
};

void baro_raw_stack_release(baro_raw_stack *stack) {
  free(stack->frames);
  *stack = (baro_raw_stack){0};
}

baro_status baro_stack_reader_create(pid_t pid, const baro_layout *layout, uint64_t interp_addr,
                                     uint64_t thread_addr, uint64_t native_id,
                                     baro_stack_reader **ret_reader, baro_error *err) {
  assert(layout->thread.read_bytes <= BARO_LAYOUT_THREAD_MAX_BYTES);
  assert(layout->interp.read_bytes <= BARO_LAYOUT_INTERP_MAX_BYTES);
  assert(layout->frame.read_bytes <= BARO_LAYOUT_FRAME_MAX_BYTES);
  assert(layout->frame_kind == BARO_FRAME_HEAP_OBJECT ||
         layout->chunk.data <= BARO_STACK_CHUNK_HEAD_BYTES);
  assert(layout->frame_root == BARO_FRAME_ROOT_DIRECT ||
         layout->thread.cframe_current_frame <= BARO_STACK_CFRAME_BYTES - 8);
  baro_stack_reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL)
    return baro_error_set(err, BARO_NO_MEMORY, "stack reader");
  reader->pid = pid;
  reader->layout = layout;
  reader->interp_addr = interp_addr;
  reader->thread_addr = thread_addr;
  reader->native_id = native_id;
  *ret_reader = reader;
  return BARO_OK;
}

void baro_stack_reader_destroy(baro_stack_reader *reader) {
  if (reader == NULL)
    return;
  free(reader->outside);
  free(reader->wanted);
  free(reader->deeper);
  free(reader->regions);
  free(reader->newest_first.data);
  free(reader->newest_second.data);
  free(reader->newest_third.data);
  free(reader->older.data);
  free(reader->outside_first.data);
  free(reader->outside_second.data);
  free(reader->outside_met);
  free(reader->marks.data);
  free(reader->late_pages);
  baro_raw_stack_release(&reader->again);
  free(reader);
}

/* --- acceptance --- */

/* Do two copies of a frame's head agree in what makes the chain? */
static bool same_link(const baro_layout *layout, const uint8_t *first, const uint8_t *second) {
  return load_u64(first + layout->frame.code) == load_u64(second + layout->frame.code) &&
         load_u64(first + layout->frame.previous) == load_u64(second + layout->frame.previous) &&
         (layout->frame.owner == BARO_ABSENT ||
          first[layout->frame.owner] == second[layout->frame.owner]);
}

/* Bytes of f_lasti, or of the instruction's address. */
static size_t instruction_bytes(const baro_layout *layout) {
  bool is_index = layout->ip_kind == BARO_IP_LASTI_BYTES || layout->ip_kind == BARO_IP_LASTI_UNITS;
  return is_index ? 4 : 8;
}

/* The newest chunk: every byte below the running frame, and the running frame's links. */
static bool same_newest_chunk(const baro_stack_reader *reader, const uint8_t *second) {
  const baro_layout *layout = reader->layout;
  if (reader->chunk_count == 0 || reader->highest_in_newest == 0)
    return true;
  const uint8_t *first = reader->newest_first.data;
  size_t highest = (size_t)(reader->highest_in_newest - reader->chunks[0].addr);
  size_t start = layout->chunk.data;
  if (reader->highest_in_newest == reader->leaf_addr) {
    if (highest < start)
      return false;
    return memcmp(first + start, second + start, highest - start) == 0 &&
           same_link(layout, first + highest, second + highest);
  }
  /* The leaf lies elsewhere (a generator): the topmost frame here is suspended, whole. */
  size_t end = highest + layout->frame.read_bytes;
  return end >= start && memcmp(first + start, second + start, end - start) == 0;
}

/* The topmost frame of the chunk before the newest: unchanged, so all below it is. */
static bool same_older_end(baro_stack_reader *reader) {
  if (reader->highest_in_older == 0)
    return true;
  reader->older_top_addr = reader->highest_in_older;
  size_t top = (size_t)(reader->highest_in_older - reader->chunks[1].addr);
  size_t start = reader->older_end_offset;
  size_t bytes = reader->older_end_bytes;
  if (top < start || top - start + reader->layout->frame.read_bytes > bytes)
    return false; /* it was not read twice; it will be */
  const uint8_t *copy = reader->older.data + reader->chunks[1].buffer_offset;
  return memcmp(copy + start, reader->older_end, bytes) == 0;
}

/* Frames outside the chunks, as far as they are of this stack: their links; of suspended ones the
 * instruction too. */
static bool same_outside(const baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  size_t ip_bytes = instruction_bytes(layout);
  for (uint32_t i = 0; i < reader->wanted_count; i++) {
    uint64_t addr = reader->wanted[i];
    const baro_stack_region *piece = baro_stack_find_region(reader, addr);
    if (piece == NULL)
      continue; /* read late, between both copies */
    size_t at = piece->buffer_offset + (size_t)(addr - piece->addr);
    const uint8_t *first = reader->outside_first.data + at;
    const uint8_t *second = reader->outside_second.data + at;
    if (!same_link(layout, first, second))
      return false;
    if (addr != reader->leaf_addr &&
        memcmp(first + layout->frame.ip, second + layout->frame.ip, ip_bytes) != 0)
      return false;
  }
  return true;
}

static bool is_consistent(baro_stack_reader *reader) {
  uint64_t named_addr = baro_stack_named_frame(reader);
  for (uint32_t i = 0; i < reader->look_count; i++)
    if (reader->newest_looks[i] != named_addr)
      return false;
  if (!same_newest_chunk(reader, reader->newest_second.data) ||
      (reader->has_third && !same_newest_chunk(reader, reader->newest_third.data)))
    return false;
  return same_older_end(reader) && same_outside(reader);
}

/* --- frames as heap objects --- */

/* Reads all of the walk a second time and compares their links, and of suspended frames the instruction too. */
static baro_status confirm_all(baro_stack_reader *reader, const baro_raw_stack *stack) {
  baro_raw_stack *again = &reader->again;
  baro_stack_forget_late(reader);
  baro_status status = baro_stack_read_predicted(reader);
  if (status == BARO_OK)
    status = baro_stack_walk(reader, again);
  if (status == BARO_INVALID)
    status = BARO_AGAIN;
  bool same = status == BARO_OK && again->count == stack->count;
  for (uint32_t i = 0; same && i < stack->count; i++) {
    same = again->frames[i].frame_addr == stack->frames[i].frame_addr &&
           again->frames[i].code_addr == stack->frames[i].code_addr &&
           (i == 0 || again->frames[i].ip == stack->frames[i].ip);
  }
  return status != BARO_OK ? status : same ? BARO_OK : BARO_AGAIN;
}

static bool same_suspended(const baro_layout *layout, const uint8_t *first, const uint8_t *second) {
  return same_link(layout, first, second) &&
         memcmp(first + layout->frame.ip, second + layout->frame.ip, instruction_bytes(layout)) ==
             0;
}

/* Index of the newest frame of the stack that was read before all others, SPINE_REACH if none is. */
static uint32_t find_spine(baro_stack_reader *reader, const baro_raw_stack *stack,
                           const uint8_t **ret_head) {
  for (uint32_t i = 1; i < SPINE_REACH && i < stack->count; i++)
    for (uint32_t k = 0; k < reader->spine_count; k++)
      if (stack->frames[i].frame_addr == reader->spine[k]) {
        *ret_head = reader->spine_heads[k];
        return i;
      }
  return SPINE_REACH;
}

/* Deep stacks: a suspended frame that was read before all others and is the same afterwards proves all below it,
 * read in between. Those above it, and it itself, are read again. */
static baro_status confirm_top(baro_stack_reader *reader, const baro_raw_stack *stack,
                               uint32_t spine, const uint8_t *spine_head) {
  const baro_layout *layout = reader->layout;
  uint8_t heads[SPINE_REACH * BARO_LAYOUT_FRAME_MAX_BYTES];
  uint64_t leaf_addr = reader->leaf_addr;
  baro_status status = baro_stack_read_top(reader, stack, spine + 1, heads);
  if (status != BARO_OK)
    return status == BARO_INVALID ? BARO_AGAIN : status;
  if (!baro_stack_is_same_thread(reader))
    return BARO_GONE;
  bool same = baro_stack_current_frame(reader) == leaf_addr;
  for (uint32_t i = 0; same && i <= spine; i++) {
    bool in_chunk;
    const uint8_t *second = heads + i * layout->frame.read_bytes;
    const uint8_t *first = baro_stack_find_frame(reader, stack->frames[i].frame_addr, &in_chunk);
    same = first != NULL &&
           (i == 0 ? same_link(layout, first, second) : same_suspended(layout, first, second));
    if (i == spine)
      same = same && same_suspended(layout, spine_head, second);
  }
  return same ? BARO_OK : BARO_AGAIN;
}

/* Frames at growing distances from the leaf: some of them will still be suspended at the next sample. */
static void predict_spine(baro_stack_reader *reader, const baro_raw_stack *stack) {
  reader->spine_count = 0;
  if (stack->count < SPINE_FROM)
    return;
  for (uint32_t i = 1; i < SPINE_REACH && reader->spine_count < BARO_STACK_SPINE; i *= 2)
    reader->spine[reader->spine_count++] = stack->frames[i].frame_addr;
}

/* Predicting moves what the copies are found by: where they are compared, it comes last. */
static baro_status confirm_heap_frames(baro_stack_reader *reader, const baro_raw_stack *stack) {
  const uint8_t *head = NULL;
  uint32_t spine = find_spine(reader, stack, &head);
  bool has_spine = spine < SPINE_REACH;
  baro_status status = has_spine ? confirm_top(reader, stack, spine, head) : BARO_OK;
  baro_status predicted = baro_stack_predict_outside(reader);
  if (predicted != BARO_OK)
    return predicted;
  if (!has_spine)
    status = confirm_all(reader, stack);
  if (status == BARO_OK)
    predict_spine(reader, stack);
  return status;
}

/* Needs the first read; the leaf's head may be of a moment later than its address. */
static void take_glimpse(baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  bool in_chunk;
  uint64_t addr = baro_stack_current_frame(reader);
  const uint8_t *head = addr != 0 ? baro_stack_find_frame(reader, addr, &in_chunk) : NULL;
  reader->glimpse.frame_addr = addr;
  reader->glimpse.code_addr =
      head != NULL ? load_u64(head + layout->frame.code) & ~layout->frame.code_tag_mask : 0;
}

/* Frames that the prediction missed were read once, and late: nothing proves that they belong to the stack, as
 * long as there is room to predict them. */
static bool has_unproven_frames(const baro_stack_reader *reader) {
  return reader->late_count > 0 && uses_chunks(reader) && !reader->regions_full;
}

/* Copies and walks, again where too little was copied. */
static baro_status copy_and_walk(baro_stack_reader *reader, baro_raw_stack *stack) {
  for (int tries = 0; tries < 3; tries++) {
    baro_stack_forget_late(reader);
    reader->too_short = false;
    reader->walk_failed = false;
    baro_status status = baro_stack_read_roots(reader);
    if (status != BARO_OK)
      return status;
    if (tries == 0)
      take_glimpse(reader);
    status = baro_stack_walk(reader, stack);
    reader->walk_failed = status == BARO_AGAIN && !reader->too_short;
    /* Its head has been read by now, if it can be; where more is to be copied, by the next try only: what is
     * predicted from now on is longer than what we hold. */
    if (reader->glimpse.code_addr == 0 && !reader->too_short)
      take_glimpse(reader);
    bool is_unproven = status == BARO_OK && has_unproven_frames(reader);
    bool is_overrun = status == BARO_AGAIN && reader->late_count == BARO_STACK_MAX_LATE;
    if (is_unproven || is_overrun) {
      baro_status predicted = baro_stack_predict_outside(reader);
      if (predicted != BARO_OK)
        return predicted;
    }
    if (!reader->too_short && !is_unproven)
      return status;
  }
  return BARO_AGAIN;
}

/* A call from C is being entered: the stack of its caller. leaf_addr: what the new cframe names. */
static baro_status read_caller(baro_stack_reader *reader, baro_raw_stack *stack,
                               baro_stack_entry_way way, uint64_t leaf_addr) {
  if (!baro_stack_begin_before(reader, way))
    return BARO_AGAIN;
  baro_status status = copy_and_walk(reader, stack);
  if (status != BARO_OK)
    return status;
  /* Learnt anew, or another frame is named: the entry is over. */
  bool is_over = way == BARO_STACK_BY_LINK
                     ? reader->entered_cframe_addr == 0
                     : reader->entering_addr == 0 || baro_stack_named_frame(reader) != leaf_addr;
  return is_over ? BARO_AGAIN : BARO_OK;
}

static baro_status attempt(baro_stack_reader *reader, baro_raw_stack *stack) {
  reader->glimpse = (baro_stack_glimpse){0};
  reader->entered_cframe_addr = 0;
  reader->entering_addr = 0;
  baro_status status = copy_and_walk(reader, stack);
  uint64_t leaf_addr = reader->leaf_addr;
  if (status == BARO_AGAIN && baro_stack_is_entering(reader)) {
    status = read_caller(reader, stack, BARO_STACK_BY_LINK, leaf_addr);
    if (status == BARO_AGAIN)
      status = read_caller(reader, stack, BARO_STACK_BY_DATA_STACK, leaf_addr);
    reader->walk_failed =
        true; /* of the first walk: another attempt may find the entry where it is */
  }
  reader->is_broken = status == BARO_AGAIN && reader->walk_failed;
  reader->broken_leaf_addr = leaf_addr;
  if (status != BARO_OK) /* torn: what was predicted is as good as what was found */
    return status;
  if (!uses_chunks(reader))
    return confirm_heap_frames(reader, stack);
  if (reader->late_count > 0)
    status = baro_stack_read_second_half(reader);
  if (status == BARO_OK && !is_consistent(reader))
    status = BARO_AGAIN;
  if (status != BARO_OK && status != BARO_AGAIN)
    return status;
  if (status == BARO_OK)
    baro_stack_note_recent(reader, stack);
  baro_stack_predict_newest_bytes(reader);
  baro_status predicted = baro_stack_predict_outside(reader);
  return predicted != BARO_OK ? predicted : status;
}

baro_status baro_stack_reader_read(baro_stack_reader *reader, baro_raw_stack *stack,
                                   baro_error *err) {
  baro_status status = attempt(reader, stack);
  if (status == BARO_AGAIN)
    reader->restless = BARO_STACK_RESTLESS_READS;
  else if (reader->restless > 0)
    reader->restless--;
  if (status == BARO_OK || err == NULL)
    return status;
  return baro_error_set(err, status, "stack of a thread of process %d: %s", (int)reader->pid,
                        status == BARO_AGAIN ? "changed while it was read"
                                             : baro_status_text(status));
}

baro_stack_glimpse baro_stack_reader_glimpse(const baro_stack_reader *reader) {
  return reader->glimpse;
}

const uint8_t *baro_stack_reader_interp_window(const baro_stack_reader *reader) {
  return reader->interp_window;
}

const uint8_t *baro_stack_reader_thread_window(const baro_stack_reader *reader) {
  return reader->thread;
}

bool baro_stack_reader_still_has(baro_stack_reader *reader, const baro_raw_frame *frame) {
  uint8_t head[BARO_LAYOUT_FRAME_MAX_BYTES];
  const baro_layout *layout = reader->layout;
  if (baro_memory_read(reader->pid, frame->frame_addr, head, layout->frame.read_bytes, NULL) !=
      BARO_OK)
    return false;
  return (load_u64(head + layout->frame.code) & ~layout->frame.code_tag_mask) == frame->code_addr;
}
