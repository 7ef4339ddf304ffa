#include "capture/sampler/code_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/os_memory.h"
#include "capture/cpython/code_object.h"
#include "capture/sampler/bytecode_copies.h"

enum {
  /* Then the cache starts anew. */
  MAX_ENTRIES = 1 << 16,
  MAX_LINE_BYTES = 128 << 20, /* of all line tables */
  LINE_SLOTS = 16,            /* direct-mapped offset -> frame per code object */
  MAX_CHECKS = 256,           /* code objects compared for one stack in one go */
  CHECK_GAP_BYTES = 2048,     /* nearer heads share one range */
};

/* What could not be read may be another code object soon. */
static const uint64_t UNREADABLE_RECHECK_NS = 1000000;

typedef struct line_slot {
  int64_t offset;
  uint32_t frame; /* in the recording */
  bool used;
} line_slot;

typedef struct entry {
  uint64_t code_addr;
  uint64_t identity; /* 0: could not be read as a code object */
  uint64_t base_addr;
  uint32_t instructions_bytes;
  uint32_t function;      /* in the recording */
  uint32_t unknown_frame; /* frame without a line, where lines are unknown */
  uint32_t first_line;
  baro_line_table lines;       /* ranges owned */
  baro_bytecode_copies copies; /* of threads, free-threaded 3.14+ */
  uint64_t first_seen_ns;
  uint64_t checked_ns;
  uint64_t checked_generation;
  uint64_t visit; /* stamp of the stack that looked at it last */
  line_slot slots[LINE_SLOTS];
} entry;

struct baro_code_cache {
  const baro_interpreter *interpreter; /* borrowed */
  baro_writer *writer;                 /* borrowed */
  baro_map entries;                    /* code address -> entry pointer, owned */
  size_t line_bytes;                   /* of their line tables */
  uint64_t visit;
  uint64_t epoch; /* moves when an entry is replaced: memos of older epochs are stale */
  /* Scratch of one resolve. */
  entry *checks[MAX_CHECKS];
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

static size_t line_bytes_of(const entry *item) {
  size_t lines = item->lines.ranges != NULL ? item->lines.count * sizeof *item->lines.ranges : 0;
  return lines + item->copies.count * sizeof *item->copies.items;
}

static void entry_destroy(entry *item) {
  free((void *)(uintptr_t)item->lines.ranges);
  baro_bytecode_copies_release(&item->copies);
  free(item);
}

static void clear_entries(baro_code_cache *cache) {
  size_t position = 0;
  baro_map_entry pair;
  while (baro_map_next(&cache->entries, &position, &pair))
    entry_destroy((entry *)(uintptr_t)pair.value);
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

/* --- definitions --- */

static baro_status define_function(baro_writer *writer, baro_view qualified, baro_view file,
                                   uint32_t first_line, uint32_t flags, uint32_t *ret_function) {
  baro_view name = qualified;
  for (size_t i = qualified.length; i > 0; i--) {
    if (qualified.data[i - 1] != '.')
      continue;
    name = (baro_view){.data = qualified.data + i, .length = qualified.length - i};
    break;
  }
  baro_function_record function = {
      .first_line = first_line, .flags = flags, .module_string = BARO_NONE_ID};
  baro_status status = baro_writer_string(writer, name, &function.name_string);
  if (status == BARO_OK)
    status = baro_writer_string(writer, qualified, &function.qualified_string);
  if (status == BARO_OK)
    status = baro_writer_string(writer, file, &function.file_string);
  if (status == BARO_OK)
    status = baro_writer_function(writer, &function, ret_function);
  return status;
}

baro_status baro_code_cache_marked_stack(baro_writer *writer, const char *text, uint32_t flags,
                                         uint32_t *ret_stack_id) {
  baro_frame_record frame = {0};
  baro_stack_record stack = {.parent = BARO_NONE_ID};
  baro_status status =
      define_function(writer, baro_view_of(text), baro_view_of(""), 0, flags, &frame.function);
  if (status == BARO_OK)
    status = baro_writer_frame(writer, &frame, &stack.frame);
  if (status == BARO_OK)
    status = baro_writer_stack(writer, &stack, ret_stack_id);
  return status;
}

static uint32_t function_flags(uint32_t code_flags) {
  uint32_t flags = 0;
  if (code_flags & (BARO_CODE_NAME_CUT | BARO_CODE_FILE_CUT))
    flags |= BARO_FUNCTION_NAME_CUT;
  if (code_flags & (BARO_CODE_NAME_UNREADABLE | BARO_CODE_FILE_UNREADABLE))
    flags |= BARO_FUNCTION_UNREADABLE;
  if (code_flags & BARO_CODE_LINES_UNKNOWN)
    flags |= BARO_FUNCTION_LINES_UNKNOWN;
  if (code_flags & BARO_CODE_SHIM)
    flags |= BARO_FUNCTION_SHIM;
  return flags;
}

/* --- reading code objects --- */

static baro_status fill_entry(baro_code_cache *cache, entry *item, const baro_code *code) {
  item->identity = code->identity;
  item->instructions_bytes = code->instructions_bytes;
  item->first_line = code->first_line;
  baro_status status = define_function(cache->writer, code->name, code->file, code->first_line,
                                       function_flags(code->flags), &item->function);
  if (status != BARO_OK)
    return status;
  baro_frame_record unknown = {.function = item->function,
                               .line =
                                   code->flags & BARO_CODE_LINES_UNKNOWN ? code->first_line : 0};
  status = baro_writer_frame(cache->writer, &unknown, &item->unknown_frame);
  if (status != BARO_OK)
    return status;
  status = baro_code_base(cache->interpreter, item->code_addr, 0, &item->base_addr, NULL);
  if (status != BARO_OK)
    return status;
  item->lines = code->lines;
  item->lines.ranges = NULL;
  if (code->lines.count == 0)
    return BARO_OK;
  baro_line_range *ranges = malloc(code->lines.count * sizeof *ranges);
  if (ranges == NULL)
    return BARO_NO_MEMORY;
  memcpy(ranges, code->lines.ranges, code->lines.count * sizeof *ranges);
  item->lines.ranges = ranges;
  return BARO_OK;
}

/* A code object that is not one (any more): its frames are shown as unreadable. */
static baro_status fill_unreadable(baro_code_cache *cache, entry *item) {
  item->identity = 0;
  baro_status status =
      define_function(cache->writer, baro_view_of("(unreadable)"), baro_view_of(""), 0,
                      BARO_FUNCTION_UNREADABLE, &item->function);
  if (status != BARO_OK)
    return status;
  baro_frame_record frame = {.function = item->function};
  return baro_writer_frame(cache->writer, &frame, &item->unknown_frame);
}

static void forget(baro_code_cache *cache, uint64_t code_addr) {
  uint64_t *value = baro_map_find(&cache->entries, code_addr);
  if (value == NULL)
    return;
  entry *item = (entry *)(uintptr_t)*value;
  cache->line_bytes -= line_bytes_of(item);
  entry_destroy(item);
  (void)baro_map_remove(&cache->entries, code_addr);
}

static baro_status put_unreadable(baro_code_cache *cache, const baro_resolve_request *request,
                                  uint64_t code_addr, entry **ret_item) {
  entry *item = calloc(1, sizeof *item);
  if (item == NULL)
    return BARO_NO_MEMORY;
  item->code_addr = code_addr;
  item->checked_ns = request->now_ns;
  baro_status status = fill_unreadable(cache, item);
  if (status == BARO_OK)
    status = baro_map_set(&cache->entries, code_addr, (uint64_t)(uintptr_t)item);
  if (status == BARO_OK)
    *ret_item = item;
  else
    entry_destroy(item);
  return status;
}

static baro_status read_entry(baro_code_cache *cache, uint64_t code_addr, entry **ret_item) {
  baro_arena scratch = {0};
  baro_code code;
  entry *item = calloc(1, sizeof *item);
  if (item == NULL)
    return BARO_NO_MEMORY;
  item->code_addr = code_addr;
  baro_status status = BARO_AGAIN;
  for (int tries = 0; tries < 3 && status == BARO_AGAIN; tries++)
    status = baro_code_read(cache->interpreter, code_addr, &scratch, &code, NULL);
  if (status == BARO_OK)
    status = fill_entry(cache, item, &code);
  else if (status == BARO_INVALID)
    status = fill_unreadable(cache, item);
  baro_arena_release(&scratch);
  if (status == BARO_OK)
    status = baro_map_set(&cache->entries, code_addr, (uint64_t)(uintptr_t)item);
  if (status != BARO_OK) {
    entry_destroy(item);
    return status;
  }
  cache->line_bytes += line_bytes_of(item);
  *ret_item = item;
  return BARO_OK;
}

static entry *find_entry(const baro_code_cache *cache, uint64_t code_addr) {
  const uint64_t *value = baro_map_find(&cache->entries, code_addr);
  return value != NULL ? (entry *)(uintptr_t)*value : NULL;
}

/* --- comparing cached code objects with the target's --- */

static bool is_due(const baro_code_cache *cache, const entry *item,
                   const baro_resolve_request *request) {
  if (item->identity == 0)
    return request->now_ns - item->checked_ns >= UNREADABLE_RECHECK_NS;
  if (cache->interpreter->layout.interp.code_generation != BARO_ABSENT)
    return item->checked_generation != request->code_generation;
  uint64_t age = item->checked_ns - item->first_seen_ns;
  return age < BARO_CODE_SETTLED_NS || request->now_ns - item->checked_ns >= BARO_CODE_RECHECK_NS;
}

static int compare_entries(const void *left, const void *right) {
  const entry *a = *(entry *const *)left;
  const entry *b = *(entry *const *)right;
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
    entry *item = cache->checks[i];
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
    entry *item = find_entry(cache, code_addr);
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
static uint64_t base_of(baro_code_cache *cache, entry *item, const baro_raw_frame *raw,
                        uint64_t interp_addr) {
  uint64_t base_addr = item->base_addr;
  size_t bytes = line_bytes_of(item);
  if (raw->tlbc_index <= 0)
    return base_addr;
  if (!cache->has_copies_epoch)
    cache->copies_epoch = baro_bytecode_epoch_read(cache->interpreter, interp_addr);
  cache->has_copies_epoch = true;
  if (baro_bytecode_copies_find(&item->copies, cache->interpreter, raw->code_addr, raw->tlbc_index,
                                cache->copies_epoch, &base_addr) != BARO_OK)
    return item->base_addr;
  cache->line_bytes += line_bytes_of(item) - bytes;
  return base_addr;
}

static baro_status frame_of(baro_code_cache *cache, entry *item, const baro_raw_frame *raw,
                            uint64_t interp_addr, uint32_t *ret_frame) {
  const baro_layout *layout = &cache->interpreter->layout;
  if (item->identity == 0) {
    *ret_frame = item->unknown_frame;
    return BARO_OK;
  }
  uint64_t base_addr = base_of(cache, item, raw, interp_addr);
  int64_t offset = baro_code_offset(layout, raw->ip, base_addr, item->instructions_bytes);
  line_slot *slot = &item->slots[((uint64_t)offset >> 1) % LINE_SLOTS];
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
    *slot = (line_slot){.offset = offset, .frame = *ret_frame, .used = true};
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
                            const baro_raw_frame *raw, entry **ret_item) {
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
    status = baro_code_cache_marked_stack(cache->writer, "(deeper frames cut)",
                                          BARO_FUNCTION_DEPTH_CUT, &parent);
  memo->count = start;
  for (uint32_t i = start; i < stack->count && status == BARO_OK; i++) {
    const baro_raw_frame *raw = &stack->frames[stack->count - 1 - i];
    entry *item;
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
