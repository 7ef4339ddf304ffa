#include "capture/sampler/code_cache.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/os_memory.h"
#include "capture/cpython/code_object.h"
#include "capture/sampler/bytecode_copies.h"
#include "capture/sampler/code_entry.h"

enum {
  /* Then the cache starts anew. */
  MAX_ENTRIES = 1 << 16,
  MAX_LINE_BYTES = 128 << 20, /* of all line tables */
  MAX_CHECKS = 256,           /* code objects compared for one stack in one go */
  CHECK_GAP_BYTES = 2048,     /* nearer heads share one range */
};

/* What could not be read may be another code object soon. */
static const uint64_t UNREADABLE_RECHECK_NS = 1000000;

struct baro_code_cache {
  const baro_interpreter *interpreter; /* borrowed */
  baro_writer *writer;                 /* borrowed */
  baro_map entries;                    /* code address -> entry pointer, owned */
  size_t line_bytes;                   /* of their line tables */
  uint64_t visit;
  uint64_t epoch; /* moves when an entry is replaced: memos of older epochs are stale */
  /* Scratch of one resolve. */
  baro_code_entry *checks[MAX_CHECKS];
  uint32_t check_count;
  baro_bytecode_epoch copies_epoch;
  bool has_copies_epoch; /* read in this resolve */
  uint8_t *heads;        /* owned */
  size_t heads_bytes;
};

baro_code_cache *baro_code_cache_create(const baro_interpreter *interpreter, baro_writer *writer) {
  baro_code_cache *cache = calloc(1, sizeof *cache);
  if (cache == NULL)
    return NULL;
  cache->interpreter = interpreter;
  cache->writer = writer;
  return cache;
}

static void clear_entries(baro_code_cache *cache) {
  size_t position = 0;
  baro_map_entry pair;
  while (baro_map_next(&cache->entries, &position, &pair))
    baro_code_entry_destroy((baro_code_entry *)(uintptr_t)pair.value);
  baro_map_clear(&cache->entries);
  cache->line_bytes = 0;
}

void baro_code_cache_destroy(baro_code_cache *cache) {
  if (cache == NULL)
    return;
  clear_entries(cache);
  baro_map_release(&cache->entries);
  free(cache->heads);
  free(cache);
}

void baro_stack_memo_release(baro_stack_memo *memo) {
  free(memo->frames);
  free(memo->stack_ids);
  *memo = (baro_stack_memo){0};
}

static bool memo_fit(baro_stack_memo *memo, uint32_t count) {
  if (count <= memo->capacity)
    return true;
  uint32_t capacity = memo->capacity < 64 ? 64 : memo->capacity;
  while (capacity < count)
    capacity *= 2;
  baro_raw_frame *frames = realloc(memo->frames, capacity * sizeof *frames);
  if (frames == NULL)
    return false;
  memo->frames = frames;
  uint32_t *stack_ids = realloc(memo->stack_ids, capacity * sizeof *stack_ids);
  if (stack_ids == NULL)
    return false;
  memo->stack_ids = stack_ids;
  memo->capacity = capacity;
  return true;
}

/* --- entries --- */

static void forget(baro_code_cache *cache, uint64_t code_addr) {
  uint64_t *value = baro_map_find(&cache->entries, code_addr);
  if (value == NULL)
    return;
  baro_code_entry *item = (baro_code_entry *)(uintptr_t)*value;
  cache->line_bytes -= baro_code_entry_line_bytes(item);
  baro_code_entry_destroy(item);
  (void)baro_map_remove(&cache->entries, code_addr);
}

static baro_status keep_entry(baro_code_cache *cache, baro_code_entry *item,
                              baro_code_entry **ret_item) {
  baro_status status = baro_map_set(&cache->entries, item->code_addr, (uint64_t)(uintptr_t)item);
  if (status != BARO_OK) {
    baro_code_entry_destroy(item);
    return status;
  }
  cache->line_bytes += baro_code_entry_line_bytes(item);
  *ret_item = item;
  return BARO_OK;
}

static baro_status put_unreadable(baro_code_cache *cache, const baro_resolve_request *request,
                                  uint64_t code_addr, baro_code_entry **ret_item) {
  baro_code_entry *item;
  baro_status status = baro_code_entry_unreadable(cache->writer, code_addr, &item);
  if (status != BARO_OK)
    return status;
  item->checked_ns = request->now_ns;
  return keep_entry(cache, item, ret_item);
}

static baro_status read_entry(baro_code_cache *cache, uint64_t code_addr,
                              baro_code_entry **ret_item) {
  baro_code_entry *item;
  baro_status status = baro_code_entry_read(cache->interpreter, cache->writer, code_addr, &item);
  return status == BARO_OK ? keep_entry(cache, item, ret_item) : status;
}

static baro_code_entry *find_entry(const baro_code_cache *cache, uint64_t code_addr) {
  const uint64_t *value = baro_map_find(&cache->entries, code_addr);
  return value != NULL ? (baro_code_entry *)(uintptr_t)*value : NULL;
}

/* --- comparing cached code objects with the target's --- */

static bool is_due(const baro_code_cache *cache, const baro_code_entry *item,
                   const baro_resolve_request *request) {
  if (item->identity == 0)
    return request->now_ns - item->checked_ns >= UNREADABLE_RECHECK_NS;
  if (cache->interpreter->layout.interp.code_generation != BARO_ABSENT)
    return item->checked_generation != request->code_generation;
  uint64_t age = item->checked_ns - item->first_seen_ns;
  return age < BARO_CODE_SETTLED_NS || request->now_ns - item->checked_ns >= BARO_CODE_RECHECK_NS;
}

static int compare_entries(const void *left, const void *right) {
  const baro_code_entry *a = *(baro_code_entry *const *)left;
  const baro_code_entry *b = *(baro_code_entry *const *)right;
  return a->code_addr < b->code_addr ? -1 : a->code_addr > b->code_addr;
}

/* Reads the heads of all due entries, near ones as one range; positions[i] is where head i lies. */
static baro_status read_heads(baro_code_cache *cache, size_t *positions) {
  size_t head_bytes = cache->interpreter->layout.code.read_bytes;
  size_t most = (size_t)cache->check_count * (head_bytes + CHECK_GAP_BYTES);
  if (most > cache->heads_bytes) {
    free(cache->heads);
    cache->heads = malloc(most);
    cache->heads_bytes = cache->heads != NULL ? most : 0;
    if (cache->heads == NULL)
      return BARO_NO_MEMORY;
  }
  baro_range ranges[BARO_REMOTE_BATCH];
  size_t count = 0;
  size_t used = 0;
  baro_status status = BARO_OK;
  for (uint32_t i = 0; i < cache->check_count && status == BARO_OK; i++) {
    uint64_t addr = cache->checks[i]->code_addr;
    baro_range *last = count > 0 ? &ranges[count - 1] : NULL;
    if (last != NULL && addr - last->remote_addr <= last->length + CHECK_GAP_BYTES - head_bytes) {
      size_t end = (size_t)(addr - last->remote_addr) + head_bytes;
      positions[i] = (size_t)((uint8_t *)last->local - cache->heads) + end - head_bytes;
      used += end - last->length;
      last->length = end;
      continue;
    }
    if (count == BARO_REMOTE_BATCH) {
      status = baro_memory_read_batch(cache->interpreter->pid, ranges, count, NULL, NULL);
      count = 0;
    }
    ranges[count++] =
        (baro_range){.remote_addr = addr, .local = cache->heads + used, .length = head_bytes};
    positions[i] = used;
    used += head_bytes;
  }
  if (status == BARO_OK && count > 0)
    status = baro_memory_read_batch(cache->interpreter->pid, ranges, count, NULL, NULL);
  return status;
}

/* Compares the listed entries; what changed is forgotten, and memos may name it. */
static baro_status check_entries(baro_code_cache *cache, const baro_resolve_request *request) {
  size_t positions[MAX_CHECKS];
  const baro_layout *layout = &cache->interpreter->layout;
  if (cache->check_count == 0)
    return BARO_OK;
  if (cache->check_count > 1)
    qsort(cache->checks, cache->check_count, sizeof cache->checks[0], compare_entries);
  baro_status status = read_heads(cache, positions);
  bool unreadable = status == BARO_INVALID; /* one of them is not even mapped: read each anew */
  if (status != BARO_OK && !unreadable)
    return status;
  for (uint32_t i = 0; i < cache->check_count; i++) {
    baro_code_entry *item = cache->checks[i];
    if (!unreadable && baro_code_identity(layout, cache->heads + positions[i]) == item->identity) {
      item->checked_ns = request->now_ns;
      item->checked_generation = request->code_generation;
      continue;
    }
    cache->epoch++;
    forget(cache, item->code_addr);
  }
  return BARO_OK;
}

/* Lists each cached code object of the stack once, if its comparison is due, from frame `start` on until the
 * list is full. Returns the frame after the last one looked at. */
static uint32_t collect_checks(baro_code_cache *cache, const baro_resolve_request *request,
                               uint32_t start) {
  const baro_raw_stack *stack = request->stack;
  uint32_t i = start;
  cache->check_count = 0;
  for (; i < stack->count && cache->check_count < MAX_CHECKS; i++) {
    uint64_t code_addr = stack->frames[i].code_addr;
    if (i > start && stack->frames[i - 1].code_addr == code_addr)
      continue; /* recursion */
    baro_code_entry *item = find_entry(cache, code_addr);
    if (item == NULL || item->visit == cache->visit)
      continue;
    item->visit = cache->visit;
    if (!is_due(cache, item, request))
      continue;
    if (item->identity != 0) {
      cache->checks[cache->check_count++] = item;
    } else { /* nothing to compare with */
      cache->epoch++;
      forget(cache, code_addr);
    }
  }
  return i;
}

/* Compares everything that is cached of the stack and due. */
static baro_status check_stack(baro_code_cache *cache, const baro_resolve_request *request) {
  baro_status status = BARO_OK;
  cache->visit++;
  for (uint32_t next = 0; status == BARO_OK && next < request->stack->count;) {
    next = collect_checks(cache, request, next);
    status = check_entries(cache, request);
  }
  return status;
}

/* --- stacks --- */

/* Where the instructions of a frame's own copy begin. One that cannot be read leaves the frame without a line. */
static uint64_t base_of(baro_code_cache *cache, baro_code_entry *item, const baro_raw_frame *raw,
                        uint64_t interp_addr) {
  uint64_t base_addr = item->base_addr;
  if (raw->tlbc_index <= 0)
    return base_addr;
  size_t bytes = baro_code_entry_line_bytes(item);
  if (!cache->has_copies_epoch)
    cache->copies_epoch = baro_bytecode_epoch_read(cache->interpreter, interp_addr);
  cache->has_copies_epoch = true;
  if (baro_bytecode_copies_find(&item->copies, cache->interpreter, raw->code_addr, raw->tlbc_index,
                                cache->copies_epoch, &base_addr) != BARO_OK)
    return item->base_addr;
  cache->line_bytes += baro_code_entry_line_bytes(item) - bytes;
  return base_addr;
}

static baro_status frame_of(baro_code_cache *cache, baro_code_entry *item,
                            const baro_raw_frame *raw, uint64_t interp_addr, uint32_t *ret_frame) {
  const baro_layout *layout = &cache->interpreter->layout;
  if (item->identity == 0) {
    *ret_frame = item->unknown_frame;
    return BARO_OK;
  }
  uint64_t base_addr = base_of(cache, item, raw, interp_addr);
  int64_t offset = baro_code_offset(layout, raw->ip, base_addr, item->instructions_bytes);
  baro_line_slot *slot = &item->slots[((uint64_t)offset >> 1) % BARO_CODE_LINE_SLOTS];
  if (slot->used && slot->offset == offset) {
    *ret_frame = slot->frame;
    return BARO_OK;
  }
  baro_frame_record frame = {.function = item->function,
                             .line = baro_line_table_find(&item->lines, offset)};
  if (item->lines.count == 0)
    frame.line = item->first_line;
  baro_status status = baro_writer_frame(cache->writer, &frame, ret_frame);
  if (status == BARO_OK)
    *slot = (baro_line_slot){.offset = offset, .frame = *ret_frame, .used = true};
  return status;
}

/* Do both stand at the same place of the same code? Where the frames themselves lie says nothing about that: as heap
 * objects (3.9, 3.10) most of a deep stack's change places whenever it is left and entered again. */
static bool same_place(const baro_raw_frame *a, const baro_raw_frame *b) {
  return a->code_addr == b->code_addr && a->ip == b->ip && a->tlbc_index == b->tlbc_index;
}

/* How many frames from the root are as in the memo. */
static uint32_t common_frames(const baro_stack_memo *memo, const baro_raw_stack *stack) {
  uint32_t common = 0;
  if (memo->cut != stack->cut)
    return 0;
  while (common < memo->count && common < stack->count &&
         same_place(&memo->frames[common], &stack->frames[stack->count - 1 - common]))
    common++;
  return common;
}

/* The cached entry of a frame's code, read now if need be. */
static baro_status entry_of(baro_code_cache *cache, const baro_resolve_request *request,
                            const baro_raw_frame *raw, baro_code_entry **ret_item) {
  *ret_item = find_entry(cache, raw->code_addr);
  if (*ret_item != NULL)
    return BARO_OK;
  baro_status status = read_entry(cache, raw->code_addr, ret_item);
  if (status == BARO_AGAIN && request->last_try)
    return put_unreadable(cache, request, raw->code_addr, ret_item);
  if (status != BARO_OK)
    return status;
  (*ret_item)->first_seen_ns = request->now_ns;
  (*ret_item)->checked_ns = request->now_ns;
  (*ret_item)->checked_generation = request->code_generation;
  /* The stack is older than the reading: was it this object that the frame ran? */
  if (baro_stack_reader_still_has(request->reader, raw))
    return BARO_OK;
  forget(cache, raw->code_addr);
  if (!request->last_try)
    return BARO_AGAIN;
  return put_unreadable(cache, request, raw->code_addr, ret_item);
}

static baro_status resolve_from(baro_code_cache *cache, const baro_resolve_request *request,
                                uint32_t start, uint32_t *ret_stack_id) {
  const baro_raw_stack *stack = request->stack;
  baro_stack_memo *memo = request->memo;
  uint32_t parent = BARO_NONE_ID;
  baro_status status = BARO_OK;
  if (!memo_fit(memo, stack->count))
    return BARO_NO_MEMORY;
  memo->cut = stack->cut;
  if (start > 0)
    parent = memo->stack_ids[start - 1];
  else if (stack->cut)
    status = baro_code_marked_stack(cache->writer, "(deeper frames cut)", BARO_FUNCTION_DEPTH_CUT,
                                    &parent);
  memo->count = start;
  for (uint32_t i = start; i < stack->count && status == BARO_OK; i++) {
    const baro_raw_frame *raw = &stack->frames[stack->count - 1 - i];
    baro_code_entry *item;
    baro_stack_record record = {.parent = parent};
    status = entry_of(cache, request, raw, &item);
    /* What is no code object is most often no frame either: a stack of a thread that just ends. */
    if (status == BARO_OK && item->identity == 0 && request->early_try)
      status = BARO_AGAIN;
    if (status == BARO_OK)
      status = frame_of(cache, item, raw, request->interp_addr, &record.frame);
    if (status == BARO_OK)
      status = baro_writer_stack(cache->writer, &record, &parent);
    if (status != BARO_OK)
      break;
    memo->frames[i] = *raw;
    memo->stack_ids[i] = parent;
    memo->count = i + 1;
  }
  if (status == BARO_OK)
    *ret_stack_id = parent;
  return status;
}

baro_status baro_code_cache_resolve(baro_code_cache *cache, const baro_resolve_request *request,
                                    uint32_t *ret_stack_id) {
  if (cache->entries.count > MAX_ENTRIES || cache->line_bytes > MAX_LINE_BYTES) {
    clear_entries(cache);
    cache->epoch++;
  }
  baro_status status = check_stack(cache, request);
  if (status != BARO_OK)
    return status;
  if (request->memo->epoch != cache->epoch)
    request->memo->count = 0;
  request->memo->epoch = cache->epoch;
  cache->has_copies_epoch = false;
  uint32_t start = common_frames(request->memo, request->stack);
  return resolve_from(cache, request, start, ret_stack_id);
}
