#include "capture/sampler/stack_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/os_memory.h"

enum {
  MAX_CHUNKS = 96, /* data-stack chunks of one thread; older ones are cut */
  /* Newest chunk, newest frame: three times; end of the chunk before; thread; cframe; interpreter. */
  FIXED_RANGES = 9,
  RESTLESS_READS = 64, /* after a rejected one: read with a third look */
  OLDER_END_BYTES =
      512,        /* of the chunk before the newest, read again: holds its topmost frame's links */
  MAX_LATE = 512, /* frames of one walk that the prediction missed */
  MERGE_GAP_BYTES = 1536,  /* nearer frames share one range: a range costs more than bytes do */
  FIRST_READ_BYTES = 2048, /* of a chunk never read before */
  CHUNK_SLACK_BYTES = 768, /* read beyond the last known end: room for a few calls more */
  CFRAME_BYTES = 32,
  CHUNK_HEAD_BYTES = 64,
};

/* A data-stack chunk, newest first in the reader's list. */
typedef struct chunk {
  uint64_t addr;
  size_t bytes;         /* to copy, header included */
  size_t buffer_offset; /* into `older`; the newest has buffers of its own */
} chunk;

/* A range of frames outside the chunks, copied together. */
typedef struct region {
  uint64_t addr;
  size_t bytes;
  size_t buffer_offset; /* into `outside_first` and `outside_second` */
} region;

typedef struct late_frame {
  uint64_t addr;
  uint8_t head[BARO_LAYOUT_FRAME_MAX_BYTES];
} late_frame;

/* Growable scratch memory that is never shrunk and not preserved when it grows. */
typedef struct scratch {
  uint8_t *data;
  size_t capacity;
} scratch;

struct baro_stack_reader {
  pid_t pid;
  const baro_layout *layout; /* borrowed */
  uint64_t interp_addr;
  uint64_t thread_addr;
  uint64_t native_id;
  uint64_t pthread_id; /* where there is no native id: as read first */

  /* Prediction. */
  chunk chunks[MAX_CHUNKS];
  uint32_t chunk_count;
  bool chunks_cut;
  uint64_t cframe_addr;
  uint64_t *outside; /* owned: frames outside the chunks in the last walk, leaf first */
  uint32_t outside_count;
  uint32_t outside_capacity;
  uint64_t *wanted; /* owned: the same for the walk in progress */
  uint32_t wanted_count;
  uint32_t wanted_capacity;
  region *regions; /* owned, ascending */
  uint32_t region_count;
  uint32_t region_capacity;
  bool regions_full;       /* not all frames outside the chunks fit into one reading */
  uint64_t older_top_addr; /* topmost frame of chunks[1] in the last walk, 0 not known */

  /* Copies. */
  uint8_t thread[BARO_LAYOUT_THREAD_MAX_BYTES];
  uint8_t cframe[CFRAME_BYTES];
  uint8_t interp_window[BARO_LAYOUT_INTERP_MAX_BYTES];
  uint8_t older_end[OLDER_END_BYTES]; /* second copy of a piece of chunks[1] */
  size_t older_end_offset;            /* of it in the chunk */
  size_t older_end_bytes;
  uint64_t newest_frame_again; /* moment 5 */
  uint64_t newest_frame_third; /* and once more where the stack is known to change fast */
  uint32_t restless;           /* reads to go with that third look */
  bool has_third;
  scratch newest_first;
  scratch newest_second;
  scratch newest_third;
  scratch older; /* chunks[1] and further */
  scratch outside_first;
  scratch outside_second;
  baro_raw_stack again; /* second walk of frames as heap objects */
  late_frame *late;     /* owned, MAX_LATE, allocated at the first miss */
  uint32_t late_count;

  /* Of the walk in progress. */
  uint64_t leaf_addr;
  uint64_t highest_in_newest; /* frame nearest the top of the newest chunk, 0 = none */
  uint64_t highest_in_older;  /* and of the one before */
  bool too_short; /* more has to be copied: the newest chunk further up, or more frames outside */
  baro_stack_glimpse glimpse;
};

/* --- small helpers --- */

static uint64_t load_u64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static int32_t load_i32(const uint8_t *at) {
  int32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static bool scratch_fit(scratch *memory, size_t bytes) {
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

static bool push_addr(uint64_t **list, uint32_t *count, uint32_t *capacity, uint64_t addr) {
  if (*count == *capacity) {
    uint32_t grown = *capacity < 64 ? 64 : *capacity * 2;
    uint64_t *bigger = realloc(*list, grown * sizeof **list);
    if (bigger == NULL)
      return false;
    *list = bigger;
    *capacity = grown;
  }
  (*list)[(*count)++] = addr;
  return true;
}

void baro_raw_stack_release(baro_raw_stack *stack) {
  free(stack->frames);
  *stack = (baro_raw_stack){0};
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

baro_status baro_stack_reader_create(pid_t pid, const baro_layout *layout, uint64_t interp_addr,
                                     uint64_t thread_addr, uint64_t native_id,
                                     baro_stack_reader **ret_reader, baro_error *err) {
  assert(layout->thread.read_bytes <= BARO_LAYOUT_THREAD_MAX_BYTES);
  assert(layout->interp.read_bytes <= BARO_LAYOUT_INTERP_MAX_BYTES);
  assert(layout->frame.read_bytes <= BARO_LAYOUT_FRAME_MAX_BYTES);
  assert(layout->frame_kind == BARO_FRAME_HEAP_OBJECT || layout->chunk.data <= CHUNK_HEAD_BYTES);
  assert(layout->frame_root == BARO_FRAME_ROOT_DIRECT ||
         layout->thread.cframe_current_frame <= CFRAME_BYTES - 8);
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
  free(reader->regions);
  free(reader->newest_first.data);
  free(reader->newest_second.data);
  free(reader->newest_third.data);
  free(reader->older.data);
  free(reader->outside_first.data);
  free(reader->outside_second.data);
  free(reader->late);
  baro_raw_stack_release(&reader->again);
  free(reader);
}

static bool uses_chunks(const baro_stack_reader *reader) {
  return reader->layout->frame_kind == BARO_FRAME_DATA_STACK;
}

static bool uses_cframe(const baro_stack_reader *reader) {
  return reader->layout->frame_root == BARO_FRAME_ROOT_CFRAME;
}

/* --- prediction --- */

/* Follows the chain of chunks from the newest, by single reads: only after a chunk was added or freed. */
static baro_status learn_chunks(baro_stack_reader *reader, uint64_t newest_addr) {
  const baro_layout *layout = reader->layout;
  uint64_t addr = newest_addr;
  size_t total = 0;
  bool is_known = reader->chunk_count > 0 && reader->chunks[0].addr == newest_addr;
  size_t newest_bytes = is_known ? reader->chunks[0].bytes : FIRST_READ_BYTES;
  reader->chunk_count = 0;
  reader->chunks_cut = false;
  while (addr != 0) {
    uint8_t head[CHUNK_HEAD_BYTES];
    if (reader->chunk_count == MAX_CHUNKS || total >= BARO_STACK_MAX_BYTES) {
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
    reader->chunks[reader->chunk_count++] = (chunk){.addr = addr, .bytes = bytes};
    total += bytes;
    addr = load_u64(head + layout->chunk.previous);
  }
  return BARO_OK;
}

static int compare_addr(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left;
  uint64_t b = *(const uint64_t *)right;
  return a < b ? -1 : a > b;
}

static bool push_region(baro_stack_reader *reader, uint64_t addr, size_t bytes) {
  if (reader->region_count == reader->region_capacity) {
    uint32_t capacity = reader->region_capacity < 16 ? 16 : reader->region_capacity * 2;
    region *regions = realloc(reader->regions, capacity * sizeof *regions);
    if (regions == NULL)
      return false;
    reader->regions = regions;
    reader->region_capacity = capacity;
  }
  reader->regions[reader->region_count++] = (region){.addr = addr, .bytes = bytes};
  return true;
}

/* Merges the frames outside the chunks of the last walk into ranges. Frames of the same page
 * neighbourhood share a range: reading a kilobyte more costs less than a further range. What does not
 * fit is read late, one by one. */
static void plan_regions(baro_stack_reader *reader) {
  uint32_t frame_bytes = reader->layout->frame.read_bytes;
  size_t total = 0;
  reader->region_count = 0;
  reader->regions_full = false;
  if (reader->outside_count > 1)
    qsort(reader->outside, reader->outside_count, sizeof *reader->outside, compare_addr);
  for (uint32_t i = 0; i < reader->outside_count; i++) {
    uint64_t addr = reader->outside[i];
    region *last = reader->region_count > 0 ? &reader->regions[reader->region_count - 1] : NULL;
    size_t more = frame_bytes;
    if (last != NULL && addr - last->addr < last->bytes + MERGE_GAP_BYTES) {
      size_t end = (size_t)(addr - last->addr) + frame_bytes;
      more = end > last->bytes ? end - last->bytes : 0;
      last->bytes += more;
    } else if (!push_region(reader, addr, frame_bytes)) {
      reader->regions_full = true;
    }
    total += more;
    if (total > BARO_STACK_MAX_BYTES)
      reader->regions_full = true;
    if (reader->regions_full)
      return;
  }
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
  const chunk *older = &reader->chunks[1];
  size_t start = older->bytes > OLDER_END_BYTES ? older->bytes - OLDER_END_BYTES : 0;
  uint64_t top_offset = reader->older_top_addr - older->addr;
  if (reader->older_top_addr > older->addr && top_offset < start)
    start = (size_t)top_offset;
  size_t bytes = older->bytes - start;
  reader->older_end_offset = start;
  reader->older_end_bytes = bytes < OLDER_END_BYTES ? bytes : OLDER_END_BYTES;
}

/* Lays out the memory for the copies; false when out of memory. */
static bool place_copies(baro_stack_reader *reader) {
  size_t older = 0;
  size_t outside = 0;
  uint32_t room = (BARO_REMOTE_BATCH - FIXED_RANGES - reader->chunk_count) / 2;
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

/* Moments 3 to 6 of the header's list. */
static void add_second_half(baro_stack_reader *reader, batch *plan) {
  const baro_layout *layout = reader->layout;
  if (uses_cframe(reader))
    batch_add(plan, reader->cframe_addr, reader->cframe, layout->thread.cframe_current_frame + 8);
  else
    batch_add(plan, reader->thread_addr, reader->thread, layout->thread.read_bytes);
  if (reader->chunk_count > 0)
    batch_add(plan, reader->chunks[0].addr, reader->newest_second.data, reader->chunks[0].bytes);
  uint64_t newest_addr = uses_cframe(reader)
                             ? reader->cframe_addr + layout->thread.cframe_current_frame
                             : reader->thread_addr + layout->thread.frame;
  batch_add(plan, newest_addr, &reader->newest_frame_again, sizeof reader->newest_frame_again);
  reader->has_third = reader->restless > 0 && reader->chunk_count > 0;
  if (reader->has_third) {
    batch_add(plan, reader->chunks[0].addr, reader->newest_third.data, reader->chunks[0].bytes);
    batch_add(plan, newest_addr, &reader->newest_frame_third, sizeof reader->newest_frame_third);
  }
  if (reader->older_end_bytes > 0)
    batch_add(plan, reader->chunks[1].addr + reader->older_end_offset, reader->older_end,
              reader->older_end_bytes);
  /* With a cframe the thread state says only which cframe is current. */
  if (uses_cframe(reader))
    batch_add(plan, reader->thread_addr, reader->thread, layout->thread.read_bytes);
  add_outside(reader, plan, reader->outside_second.data);
  batch_add(plan, reader->interp_addr + layout->interp.read_offset, reader->interp_window,
            layout->interp.read_bytes);
}

/* Frames as heap objects: one copy of everything; the walk is made twice. */
static baro_status read_heap_frames(baro_stack_reader *reader) {
  batch plan = {.count = 0};
  const baro_layout *layout = reader->layout;
  if (!place_copies(reader))
    return BARO_NO_MEMORY;
  batch_add(&plan, reader->thread_addr, reader->thread, layout->thread.read_bytes);
  batch_add(&plan, reader->interp_addr + layout->interp.read_offset, reader->interp_window,
            layout->interp.read_bytes);
  for (uint32_t i = 0; i < reader->region_count; i++) {
    const region *piece = &reader->regions[i];
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

/* The system call of an attempt, in the order of the header's list. */
static baro_status read_predicted(baro_stack_reader *reader) {
  batch plan = {.count = 0};
  if (!uses_chunks(reader))
    return read_heap_frames(reader);
  if (uses_cframe(reader) && reader->cframe_addr == 0)
    return BARO_INVALID; /* never read before */
  if (!place_copies(reader))
    return BARO_NO_MEMORY;
  add_outside(reader, &plan, reader->outside_first.data);
  for (uint32_t i = 1; i < reader->chunk_count; i++)
    batch_add(&plan, reader->chunks[i].addr, reader->older.data + reader->chunks[i].buffer_offset,
              reader->chunks[i].bytes);
  if (reader->chunk_count > 0)
    batch_add(&plan, reader->chunks[0].addr, reader->newest_first.data, reader->chunks[0].bytes);
  add_second_half(reader, &plan);
  return baro_memory_read_batch(reader->pid, plan.ranges, plan.count, NULL, NULL);
}

/* The same thread state still? Memory of an ended thread may be reused by another one. */
static bool is_same_thread(baro_stack_reader *reader) {
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
  const baro_layout *layout = reader->layout;
  baro_status status = baro_memory_read(reader->pid, reader->thread_addr, reader->thread,
                                        layout->thread.read_bytes, NULL);
  if (status != BARO_OK)
    return status == BARO_INVALID ? BARO_GONE : status;
  if (!is_same_thread(reader))
    return BARO_GONE;
  if (uses_cframe(reader))
    reader->cframe_addr = load_u64(reader->thread + layout->thread.frame);
  if (!uses_chunks(reader))
    return BARO_OK;
  return learn_chunks(reader, load_u64(reader->thread + layout->thread.datastack_chunk));
}

/* --- the walk --- */

static const uint8_t *find_late(const baro_stack_reader *reader, uint64_t addr) {
  for (uint32_t i = 0; i < reader->late_count; i++)
    if (reader->late[i].addr == addr)
      return reader->late[i].head;
  return NULL;
}

/* The copied range outside the chunks that holds the whole head at addr, or NULL. */
static const region *find_region(const baro_stack_reader *reader, uint64_t addr) {
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
  const region *piece = &reader->regions[low - 1];
  uint64_t offset = addr - piece->addr;
  bool is_whole =
      offset < piece->bytes && piece->bytes - offset >= reader->layout->frame.read_bytes;
  return is_whole ? piece : NULL;
}

/* Our copy of the frame's head, or NULL when it was not predicted. */
static const uint8_t *find_frame(baro_stack_reader *reader, uint64_t addr, bool *ret_in_chunk) {
  size_t need = reader->layout->frame.read_bytes;
  *ret_in_chunk = false;
  for (uint32_t i = 0; i < reader->chunk_count; i++) {
    const chunk *piece = &reader->chunks[i];
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
  const region *piece = find_region(reader, addr);
  if (piece != NULL)
    return reader->outside_first.data + piece->buffer_offset + (addr - piece->addr);
  return find_late(reader, addr);
}

/* Reads a frame that was not predicted. */
static baro_status read_late(baro_stack_reader *reader, uint64_t addr, const uint8_t **ret_head) {
  if (reader->late == NULL) {
    reader->late = malloc(MAX_LATE * sizeof *reader->late);
    if (reader->late == NULL)
      return BARO_NO_MEMORY;
  }
  if (reader->late_count == MAX_LATE)
    return BARO_LIMIT;
  late_frame *frame = &reader->late[reader->late_count];
  baro_status status =
      baro_memory_read(reader->pid, addr, frame->head, reader->layout->frame.read_bytes, NULL);
  if (status != BARO_OK)
    return status == BARO_INVALID ? BARO_AGAIN : status;
  frame->addr = addr;
  reader->late_count++;
  *ret_head = frame->head;
  return BARO_OK;
}

static uint64_t current_frame(const baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  if (!uses_cframe(reader))
    return load_u64(reader->thread + layout->thread.frame);
  if (reader->cframe_addr == 0)
    return 0;
  return load_u64(reader->cframe + layout->thread.cframe_current_frame);
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
  chunk *newest = &reader->chunks[0];
  uint64_t size = load_u64(reader->newest_first.data + reader->layout->chunk.size_bytes);
  size_t need = reader->layout->frame.read_bytes;
  if (size > BARO_STACK_MAX_BYTES || addr < newest->addr || addr - newest->addr >= size ||
      size - (addr - newest->addr) < need)
    return false;
  size_t wanted = (size_t)(addr - newest->addr) + need + CHUNK_SLACK_BYTES;
  newest->bytes = wanted < size ? wanted : (size_t)size;
  reader->too_short = true;
  return true;
}

/* A frame that nobody predicted. When there are too many of them for one walk, those found so far are predicted
 * from now on, and the walk is made anew; when that does not help, or beyond the chunks that we copy, the
 * stack is cut: what we have of it is right. */
static baro_status walk_late(baro_stack_reader *reader, baro_raw_stack *stack, uint64_t addr,
                             const uint8_t **ret_head) {
  baro_status status = read_late(reader, addr, ret_head);
  if (status == BARO_LIMIT && !reader->regions_full) {
    reader->too_short = true;
    return BARO_AGAIN;
  }
  stack->cut = status == BARO_LIMIT || (status == BARO_AGAIN && reader->chunks_cut);
  return status;
}

/* From the newest frame to the root through the first read. */
static baro_status walk(baro_stack_reader *reader, baro_raw_stack *stack) {
  const baro_layout *layout = reader->layout;
  uint64_t base_addr = layout->thread.base_frame == BARO_ABSENT
                           ? 0
                           : load_u64(reader->thread + layout->thread.base_frame);
  uint64_t addr = current_frame(reader);
  reader->leaf_addr = addr;
  reader->highest_in_newest = 0;
  reader->highest_in_older = 0;
  reader->wanted_count = 0;
  uint64_t earlier_addr = 0; /* of the last step that was a power of two: a circle meets it again */
  frame_kind last_kind = FRAME_NONE;
  stack->count = 0;
  stack->cut = false;
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
    head = find_frame(reader, addr, &in_chunk);
    if (head == NULL && beyond_newest_copy(reader, addr))
      return BARO_AGAIN;
    if (head == NULL) {
      baro_status status = walk_late(reader, stack, addr, &head);
      if (status != BARO_OK)
        return stack->cut ? BARO_OK : status;
    }
    if (!in_chunk &&
        !push_addr(&reader->wanted, &reader->wanted_count, &reader->wanted_capacity, addr))
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

/* --- acceptance --- */

/* Do two copies of a frame's head agree in what makes the chain? */
static bool same_link(const baro_layout *layout, const uint8_t *first, const uint8_t *second) {
  return load_u64(first + layout->frame.code) == load_u64(second + layout->frame.code) &&
         load_u64(first + layout->frame.previous) == load_u64(second + layout->frame.previous) &&
         (layout->frame.owner == BARO_ABSENT ||
          first[layout->frame.owner] == second[layout->frame.owner]);
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
  size_t ip_bytes =
      layout->ip_kind == BARO_IP_LASTI_BYTES || layout->ip_kind == BARO_IP_LASTI_UNITS ? 4 : 8;
  for (uint32_t i = 0; i < reader->wanted_count; i++) {
    uint64_t addr = reader->wanted[i];
    const region *piece = find_region(reader, addr);
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
  if (reader->newest_frame_again != reader->leaf_addr ||
      !same_newest_chunk(reader, reader->newest_second.data))
    return false;
  if (reader->has_third && (reader->newest_frame_third != reader->leaf_addr ||
                            !same_newest_chunk(reader, reader->newest_third.data)))
    return false;
  return same_older_end(reader) && same_outside(reader);
}

/* The prediction held for the roots and all chunk headers? */
static bool roots_as_predicted(const baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  const uint8_t *thread = reader->thread;
  if (uses_cframe(reader) && load_u64(thread + layout->thread.frame) != reader->cframe_addr)
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

/* How much of the newest chunk to copy next time. Shrinks slowly: bytes are cheap, misses are not. */
static void predict_newest_bytes(baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  if (reader->chunk_count == 0)
    return;
  chunk *newest = &reader->chunks[0];
  size_t size = load_u64(reader->newest_first.data + layout->chunk.size_bytes);
  size_t used = layout->chunk.data;
  if (reader->highest_in_newest != 0)
    used = (size_t)(reader->highest_in_newest - newest->addr) + layout->frame.read_bytes;
  size_t wanted = used + CHUNK_SLACK_BYTES;
  size_t decayed = newest->bytes - newest->bytes / 16;
  if (wanted < decayed)
    wanted = decayed;
  if (size >= layout->chunk.data && wanted > size)
    wanted = size;
  if (wanted > BARO_STACK_MAX_BYTES)
    wanted = BARO_STACK_MAX_BYTES;
  newest->bytes = wanted;
}

static bool same_addrs(const uint64_t *sorted, uint32_t count, const uint64_t *list,
                       uint32_t list_count) {
  if (count != list_count)
    return false;
  for (uint32_t i = 0; i < list_count; i++)
    if (sorted[i] != list[i])
      return false;
  return true;
}

/* Remembers the frames outside the chunks for the next attempt. */
static void predict_outside(baro_stack_reader *reader) {
  /* All were among those copied, and not much besides: sorting costs more than it would save. */
  if (reader->late_count == 0 && reader->outside_count / 2 <= reader->wanted_count + 8)
    return;
  if (reader->wanted_count > 1)
    qsort(reader->wanted, reader->wanted_count, sizeof *reader->wanted, compare_addr);
  if (same_addrs(reader->outside, reader->outside_count, reader->wanted, reader->wanted_count))
    return;
  uint64_t *list = reader->outside;
  uint32_t capacity = reader->outside_capacity;
  reader->outside = reader->wanted;
  reader->outside_count = reader->wanted_count;
  reader->outside_capacity = reader->wanted_capacity;
  reader->wanted = list;
  reader->wanted_capacity = capacity;
  reader->wanted_count = 0;
  plan_regions(reader);
}

/* Second half on its own, after frames had to be read late: those lie between both copies again. The newest
 * frame must still be the same. */
static baro_status read_second_half(baro_stack_reader *reader) {
  batch plan = {.count = 0};
  add_second_half(reader, &plan);
  baro_status status = baro_memory_read_batch(reader->pid, plan.ranges, plan.count, NULL, NULL);
  if (status == BARO_INVALID)
    return BARO_AGAIN;
  if (status != BARO_OK)
    return status;
  return current_frame(reader) == reader->leaf_addr && roots_as_predicted(reader) ? BARO_OK
                                                                                  : BARO_AGAIN;
}

/* Frames as heap objects: reads all of the walk a second time and compares their links, and of suspended
 * frames the instruction too. */
static baro_status confirm_heap_frames(baro_stack_reader *reader, const baro_raw_stack *stack) {
  baro_raw_stack *again = &reader->again;
  reader->late_count = 0;
  baro_status status = read_predicted(reader);
  if (status == BARO_OK)
    status = walk(reader, again);
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

/* Needs the first read; the leaf's head may be of a moment later than its address. */
static void take_glimpse(baro_stack_reader *reader) {
  const baro_layout *layout = reader->layout;
  bool in_chunk;
  uint64_t addr = current_frame(reader);
  const uint8_t *head = addr != 0 ? find_frame(reader, addr, &in_chunk) : NULL;
  reader->glimpse.frame_addr = addr;
  reader->glimpse.code_addr =
      head != NULL ? load_u64(head + layout->frame.code) & ~layout->frame.code_tag_mask : 0;
}

/* Copies what is predicted; learns and copies once more where the prediction was wrong. */
static baro_status read_roots(baro_stack_reader *reader) {
  baro_status status = read_predicted(reader);
  if (status == BARO_OK && !is_same_thread(reader))
    return BARO_GONE;
  if (status == BARO_OK && roots_as_predicted(reader))
    return BARO_OK;
  if (status != BARO_OK && status != BARO_INVALID)
    return status;
  if (status == BARO_INVALID) { /* a range is gone: a freed chunk, an ended generator */
    reader->outside_count = 0;
    reader->region_count = 0;
  }
  status = learn_roots(reader);
  if (status != BARO_OK)
    return status;
  status = read_predicted(reader);
  if (status == BARO_INVALID)
    return BARO_AGAIN;
  if (status == BARO_OK && !roots_as_predicted(reader))
    return BARO_AGAIN;
  return status;
}

static baro_status attempt(baro_stack_reader *reader, baro_raw_stack *stack) {
  baro_status status = BARO_AGAIN;
  reader->glimpse = (baro_stack_glimpse){0};
  reader->too_short = true;
  for (int tries = 0; tries < 3 && reader->too_short; tries++) {
    reader->late_count = 0;
    reader->too_short = false;
    status = read_roots(reader);
    if (status != BARO_OK)
      return status;
    if (tries == 0)
      take_glimpse(reader);
    status = walk(reader, stack);
    if (tries == 0 && reader->glimpse.code_addr == 0)
      take_glimpse(reader); /* its head has been read by now, if it can be */
    if (status == BARO_AGAIN && reader->late_count == MAX_LATE)
      predict_outside(reader);
  }
  if (status != BARO_OK) /* torn: what was predicted is as good as what was found */
    return status;
  if (!uses_chunks(reader)) {
    predict_outside(reader);
    return confirm_heap_frames(reader, stack);
  }
  if (reader->late_count > 0)
    status = read_second_half(reader);
  if (status == BARO_OK && !is_consistent(reader))
    status = BARO_AGAIN;
  if (status == BARO_OK || status == BARO_AGAIN) {
    predict_outside(reader);
    predict_newest_bytes(reader);
  }
  return status;
}

baro_status baro_stack_reader_read(baro_stack_reader *reader, baro_raw_stack *stack,
                                   baro_error *err) {
  baro_status status = attempt(reader, stack);
  if (status == BARO_AGAIN)
    reader->restless = RESTLESS_READS;
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
