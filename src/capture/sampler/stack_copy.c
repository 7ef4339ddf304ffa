#include "capture/sampler/stack_copy.h"

#include <stdlib.h>

#include "base/os_memory.h"

static bool scratch_fit(baro_stack_scratch *memory, size_t bytes) {
  if (bytes <= memory->capacity)
    return true;
  size_t capacity = memory->capacity < 4096 ? 4096 : memory->capacity;
  while (capacity < bytes)
    capacity *= 2;
  uint8_t *data = malloc(capacity);
  if (data == NULL)
    return false;
  free(memory->data);
  memory->data = data;
  memory->capacity = capacity;
  return true;
}

/* Follows the chain of chunks from the newest, by single reads: only after a chunk was added or freed. */
static baro_status learn_chunks(baro_stack_reader *reader, uint64_t newest_addr) {
  const baro_layout *layout = reader->layout;
  uint64_t addr = newest_addr;
  size_t total = 0;
  bool is_known = reader->chunk_count > 0 && reader->chunks[0].addr == newest_addr;
  size_t newest_bytes = is_known ? reader->chunks[0].bytes : BARO_STACK_FIRST_READ_BYTES;
  reader->chunk_count = 0;
  reader->chunks_cut = false;
  while (addr != 0) {
    uint8_t head[BARO_STACK_CHUNK_HEAD_BYTES];
    if (reader->chunk_count == BARO_STACK_MAX_CHUNKS || total >= BARO_STACK_MAX_BYTES) {
      reader->chunks_cut = true;
      return BARO_OK;
    }
    baro_status status = baro_memory_read(reader->pid, addr, head, layout->chunk.data, NULL);
    if (status != BARO_OK)
      return status == BARO_INVALID ? BARO_AGAIN : status;
    size_t size = load_u64(head + layout->chunk.size_bytes);
    size_t top_words = load_u64(head + layout->chunk.top);
    if (size < layout->chunk.data || size > BARO_STACK_MAX_BYTES || (addr & 7) != 0)
      return BARO_AGAIN;
    size_t bytes = newest_bytes < size ? newest_bytes : size;
    if (reader->chunk_count > 0) {
      if (top_words > (size - layout->chunk.data) / 8)
        return BARO_AGAIN;
      bytes = layout->chunk.data + top_words * 8;
    }
    reader->chunks[reader->chunk_count++] = (baro_stack_chunk){.addr = addr, .bytes = bytes};
    total += bytes;
    addr = load_u64(head + layout->chunk.previous);
  }
  return BARO_OK;
}

/* --- reading --- */

typedef struct batch {
  baro_range ranges[BARO_REMOTE_BATCH];
  size_t count;
} batch;

static void batch_add(batch *plan, uint64_t addr, void *local, size_t length) {
  plan->ranges[plan->count++] = (baro_range){.remote_addr = addr, .local = local, .length = length};
}

/* Which piece of the chunk before the newest is read again: its last bytes or, where the locals of its topmost
 * frame take more, the head of that frame. */
static void place_older_end(baro_stack_reader *reader) {
  reader->older_end_bytes = 0;
  if (reader->chunk_count < 2)
    return;
  const baro_stack_chunk *older = &reader->chunks[1];
  size_t start =
      older->bytes > BARO_STACK_OLDER_END_BYTES ? older->bytes - BARO_STACK_OLDER_END_BYTES : 0;
  uint64_t top_offset = reader->older_top_addr - older->addr;
  if (reader->older_top_addr > older->addr && top_offset < start)
    start = (size_t)top_offset;
  size_t bytes = older->bytes - start;
  reader->older_end_offset = start;
  reader->older_end_bytes = bytes < BARO_STACK_OLDER_END_BYTES ? bytes : BARO_STACK_OLDER_END_BYTES;
}

/* Lays out the memory for the copies; false when out of memory. */
static bool place_copies(baro_stack_reader *reader) {
  size_t older = 0;
  size_t outside = 0;
  uint32_t room = (BARO_REMOTE_BATCH - BARO_STACK_FIXED_RANGES - reader->chunk_count) / 2;
  if (uses_chunks(reader) && reader->region_count > room) {
    reader->region_count = room; /* more are read late */
    reader->regions_full = true;
  }
  for (uint32_t i = 1; i < reader->chunk_count; i++) {
    reader->chunks[i].buffer_offset = older;
    older += reader->chunks[i].bytes;
  }
  for (uint32_t i = 0; i < reader->region_count; i++) {
    reader->regions[i].buffer_offset = outside;
    outside += reader->regions[i].bytes;
  }
  place_older_end(reader);
  size_t newest = reader->chunk_count > 0 ? reader->chunks[0].bytes : 0;
  size_t marks = outside / BARO_STACK_MARK_BYTES + 1;
  if (!scratch_fit(&reader->marks, marks))
    return false;
  if (!reader->has_marks)
    memset(reader->marks.data, 0, marks);
  reader->has_marks = true;
  return scratch_fit(&reader->older, older) && scratch_fit(&reader->outside_first, outside) &&
         scratch_fit(&reader->outside_second, uses_chunks(reader) ? outside : 0) &&
         scratch_fit(&reader->newest_first, newest) &&
         scratch_fit(&reader->newest_second, newest) && scratch_fit(&reader->newest_third, newest);
}

static void add_outside(baro_stack_reader *reader, batch *plan, uint8_t *copies) {
  for (uint32_t i = 0; i < reader->region_count; i++)
    batch_add(plan, reader->regions[i].addr, copies + reader->regions[i].buffer_offset,
              reader->regions[i].bytes);
}

/* Which frame is the newest, once more. */
static void add_look(baro_stack_reader *reader, batch *plan) {
  uint64_t addr = uses_cframe(reader)
                      ? reader->cframe_addr + reader->layout->thread.cframe_current_frame
                      : reader->thread_addr + reader->layout->thread.frame;
  uint64_t *look = &reader->newest_looks[reader->look_count++];
  batch_add(plan, addr, look, sizeof *look);
}

/* Moments 3 to 7 of the header's list. */
static void add_second_half(baro_stack_reader *reader, batch *plan) {
  const baro_layout *layout = reader->layout;
  reader->look_count = 0;
  reader->has_third = reader->restless > 0 && reader->chunk_count > 0;
  if (uses_cframe(reader))
    batch_add(plan, reader->cframe_addr, reader->cframe, layout->thread.cframe_current_frame + 8);
  else
    batch_add(plan, reader->thread_addr, reader->thread, layout->thread.read_bytes);
  if (reader->has_third)
    add_look(reader, plan);
  if (reader->chunk_count > 0)
    batch_add(plan, reader->chunks[0].addr, reader->newest_second.data, reader->chunks[0].bytes);
  add_look(reader, plan);
  if (reader->older_end_bytes > 0)
    batch_add(plan, reader->chunks[1].addr + reader->older_end_offset, reader->older_end,
              reader->older_end_bytes);
  /* With a cframe the thread state says only which cframe is current. */
  if (uses_cframe(reader))
    batch_add(plan, reader->thread_addr, reader->thread, layout->thread.read_bytes);
  add_outside(reader, plan, reader->outside_second.data);
  batch_add(plan, reader->interp_addr + layout->interp.read_offset, reader->interp_window,
            layout->interp.read_bytes);
  if (reader->has_third) {
    add_look(reader, plan);
    batch_add(plan, reader->chunks[0].addr, reader->newest_third.data, reader->chunks[0].bytes);
    add_look(reader, plan);
    add_look(reader, plan);
    add_look(reader, plan);
  }
}

/* Frames as heap objects: some known to be suspended, then one copy of everything. */
static baro_status read_heap_frames(baro_stack_reader *reader) {
  batch plan = {.count = 0};
  const baro_layout *layout = reader->layout;
  if (!place_copies(reader))
    return BARO_NO_MEMORY;
  for (uint32_t i = 0; i < reader->spine_count; i++)
    batch_add(&plan, reader->spine[i], reader->spine_heads[i], layout->frame.read_bytes);
  batch_add(&plan, reader->thread_addr, reader->thread, layout->thread.read_bytes);
  batch_add(&plan, reader->interp_addr + layout->interp.read_offset, reader->interp_window,
            layout->interp.read_bytes);
  for (uint32_t i = 0; i < reader->region_count; i++) {
    const baro_stack_region *piece = &reader->regions[i];
    if (plan.count == BARO_REMOTE_BATCH) {
      baro_status status = baro_memory_read_batch(reader->pid, plan.ranges, plan.count, NULL, NULL);
      if (status != BARO_OK)
        return status;
      plan.count = 0;
    }
    batch_add(&plan, piece->addr, reader->outside_first.data + piece->buffer_offset, piece->bytes);
  }
  return baro_memory_read_batch(reader->pid, plan.ranges, plan.count, NULL, NULL);
}

baro_status baro_stack_read_top(baro_stack_reader *reader, const baro_raw_stack *stack,
                                uint32_t count, uint8_t *heads) {
  const baro_layout *layout = reader->layout;
  size_t head_bytes = layout->frame.read_bytes;
  batch plan = {.count = 0};
  batch_add(&plan, reader->thread_addr, reader->thread, layout->thread.read_bytes);
  for (uint32_t i = 0; i < count; i++)
    batch_add(&plan, stack->frames[i].frame_addr, heads + i * head_bytes, head_bytes);
  batch_add(&plan, reader->interp_addr + layout->interp.read_offset, reader->interp_window,
            layout->interp.read_bytes);
  return baro_memory_read_batch(reader->pid, plan.ranges, plan.count, NULL, NULL);
}

/* The system call of an attempt, in the order of the header's list. */
baro_status baro_stack_read_predicted(baro_stack_reader *reader) {
  batch plan = {.count = 0};
  if (!uses_chunks(reader))
    return read_heap_frames(reader);
  if (uses_cframe(reader) && reader->cframe_addr == 0)
    return BARO_INVALID; /* never read before */
  if (!place_copies(reader))
    return BARO_NO_MEMORY;
  for (uint32_t i = 1; i < reader->chunk_count; i++)
    batch_add(&plan, reader->chunks[i].addr, reader->older.data + reader->chunks[i].buffer_offset,
              reader->chunks[i].bytes);
  if (reader->chunk_count > 0)
    batch_add(&plan, reader->chunks[0].addr, reader->newest_first.data, reader->chunks[0].bytes);
  add_outside(reader, &plan, reader->outside_first.data);
  add_second_half(reader, &plan);
  return baro_memory_read_batch(reader->pid, plan.ranges, plan.count, NULL, NULL);
}

bool baro_stack_is_same_thread(baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  const uint8_t *thread = reader->thread;
  if (load_u64(thread + layout->thread.interp) != reader->interp_addr)
    return false;
  if (layout->thread.native_thread_id != BARO_ABSENT)
    return reader->native_id == 0 ||
           load_u64(thread + layout->thread.native_thread_id) == reader->native_id;
  uint64_t pthread_id = load_u64(thread + layout->thread.thread_id);
  if (reader->pthread_id == 0)
    reader->pthread_id = pthread_id;
  return pthread_id == reader->pthread_id;
}

/* Reads the thread state alone and takes from it what the prediction needs. */
static baro_status learn_roots(baro_stack_reader *reader) {
  reader->entering_addr = 0;
  reader->entered_cframe_addr = 0;
  const baro_layout *layout = reader->layout;
  baro_status status = baro_memory_read(reader->pid, reader->thread_addr, reader->thread,
                                        layout->thread.read_bytes, NULL);
  if (status != BARO_OK)
    return status == BARO_INVALID ? BARO_GONE : status;
  if (!baro_stack_is_same_thread(reader))
    return BARO_GONE;
  if (uses_cframe(reader))
    reader->cframe_addr = load_u64(reader->thread + layout->thread.frame);
  if (!uses_chunks(reader))
    return BARO_OK;
  return learn_chunks(reader, load_u64(reader->thread + layout->thread.datastack_chunk));
}

/* The prediction held for the roots and all chunk headers? */
static bool roots_as_predicted(const baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  const uint8_t *thread = reader->thread;
  uint64_t cframe_addr =
      reader->entered_cframe_addr != 0 ? reader->entered_cframe_addr : reader->cframe_addr;
  if (uses_cframe(reader) && load_u64(thread + layout->thread.frame) != cframe_addr)
    return false;
  if (!uses_chunks(reader))
    return true;
  uint64_t newest = load_u64(thread + layout->thread.datastack_chunk);
  if (reader->chunk_count == 0)
    return newest == 0;
  if (newest != reader->chunks[0].addr)
    return false;
  const uint8_t *head = reader->newest_first.data;
  for (uint32_t i = 0; i < reader->chunk_count; i++) {
    if (i > 0)
      head = reader->older.data + reader->chunks[i].buffer_offset;
    uint64_t previous = load_u64(head + layout->chunk.previous);
    uint64_t expected = i + 1 < reader->chunk_count ? reader->chunks[i + 1].addr : 0;
    if (previous != expected && !(reader->chunks_cut && i + 1 == reader->chunk_count))
      return false;
    if (i == 0)
      continue;
    size_t used = layout->chunk.data + load_u64(head + layout->chunk.top) * 8;
    if (used != reader->chunks[i].bytes)
      return false; /* refilled differently since */
  }
  return true;
}

/* Second half on its own, after frames had to be read late: those lie between both copies again. The newest
 * frame must still be the same. */
baro_status baro_stack_read_second_half(baro_stack_reader *reader) {
  batch plan = {.count = 0};
  add_second_half(reader, &plan);
  baro_status status = baro_memory_read_batch(reader->pid, plan.ranges, plan.count, NULL, NULL);
  if (status == BARO_INVALID)
    return BARO_AGAIN;
  if (status != BARO_OK)
    return status;
  return baro_stack_current_frame(reader) == reader->leaf_addr && roots_as_predicted(reader)
             ? BARO_OK
             : BARO_AGAIN;
}

/* Copies what is predicted; learns and copies once more where the prediction was wrong. */
baro_status baro_stack_read_roots(baro_stack_reader *reader) {
  baro_status status = baro_stack_read_predicted(reader);
  if (status == BARO_OK && !baro_stack_is_same_thread(reader))
    return BARO_GONE;
  if (status == BARO_OK && roots_as_predicted(reader))
    return BARO_OK;
  if (status != BARO_OK && status != BARO_INVALID)
    return status;
  if (status == BARO_INVALID) { /* a range is gone: a freed chunk, an ended generator */
    reader->outside_count = 0;
    reader->region_count = 0;
    reader->has_marks = false;
    reader->spine_count = 0;
  }
  status = learn_roots(reader);
  if (status != BARO_OK)
    return status;
  status = baro_stack_read_predicted(reader);
  if (status == BARO_INVALID)
    return BARO_AGAIN;
  if (status == BARO_OK && !roots_as_predicted(reader))
    return BARO_AGAIN;
  return status;
}
