/* A call from C that is being entered, on 3.11 and 3.12.
 * The interpreter makes a new cframe current some instructions before it writes into it which frame is the newest.
 * A thread that lost its CPU there stays so for as long as it has none: seen in 4 % of the samples of a program with
 * C callbacks, on a busy machine. When the same frame begins a broken chain twice in a row, the stack is that
 * of the caller: the call is being entered.
 * Two ways lead to it. The new cframe most often links to the one before already; what is found there must be a whole
 * stack. And the frame of the call lies on the data stack: its caller is the frame after which exactly one more ends at
 * the top of the data stack. That one is looked for among the frames of the last stack, root side first: what
 * fits further up may be the remains of a frame that lie within the new one. (The link alone left 1 to 4 % of the samples
 * of a program with C callbacks unread, the data stack alone as many of one with generators, which have no frame there.) */
#include "base/os_memory.h"
#include "capture/sampler/stack_copy.h"

enum {
  MAX_FRAME_WORDS = 1 << 20,
  MAX_APART_BYTES = 1 << 20, /* of two cframes on the C stack that follow each other */
};

/* Where the data stack goes on behind a frame of the newest chunk; 0 not known. */
static uint64_t frame_end(baro_stack_reader *reader, uint64_t frame_addr) {
  const baro_layout *layout = reader->layout;
  bool in_chunk;
  uint32_t locals;
  uint32_t stack;
  const uint8_t *head = baro_stack_find_frame(reader, frame_addr, &in_chunk);
  if (head == NULL || !in_chunk)
    return 0;
  uint64_t code_addr = load_u64(head + layout->frame.code);
  baro_range fields[] = {{code_addr + layout->code.local_words, &locals, sizeof locals},
                         {code_addr + layout->code.stack_words, &stack, sizeof stack}};
  if (baro_memory_read_batch(reader->pid, fields, 2, NULL, NULL) != BARO_OK ||
      locals > MAX_FRAME_WORDS || stack > MAX_FRAME_WORDS)
    return 0;
  return frame_addr + layout->frame.size_bytes + ((uint64_t)locals + stack) * 8;
}

static bool by_link(baro_stack_reader *reader) {
  uint64_t before_addr;
  uint64_t entered_addr = reader->cframe_addr;
  uint64_t link_addr = entered_addr + reader->layout->thread.cframe_current_frame + 8;
  if (baro_memory_read_u64(reader->pid, link_addr, &before_addr, NULL) != BARO_OK ||
      (before_addr & 7) != 0)
    return false;
  bool is_on_stack = before_addr > entered_addr && before_addr - entered_addr < MAX_APART_BYTES;
  if (!is_on_stack && !baro_stack_is_root_cframe(reader, before_addr))
    return false;
  reader->entered_cframe_addr = entered_addr;
  reader->cframe_addr = before_addr;
  return true;
}

static bool by_data_stack(baro_stack_reader *reader) {
  uint64_t top_addr = load_u64(reader->thread + reader->layout->thread.datastack_top);
  for (uint32_t i = reader->recent_count; i-- > 0;) {
    uint64_t caller_addr = reader->recent[i];
    uint64_t called_addr = caller_addr < top_addr ? frame_end(reader, caller_addr) : 0;
    if (called_addr == 0 || called_addr > top_addr)
      continue;
    /* At the top itself: what is entered is a generator, with a frame of its own elsewhere. */
    if (called_addr == top_addr || frame_end(reader, called_addr) == top_addr) {
      reader->entering_addr = caller_addr;
      return true;
    }
  }
  return false;
}

bool baro_stack_is_entering(const baro_stack_reader *reader) {
  return uses_cframe(reader) && reader->walk_failed && reader->is_broken &&
         reader->leaf_addr == reader->broken_leaf_addr;
}

bool baro_stack_begin_before(baro_stack_reader *reader, baro_stack_entry_way way) {
  if (reader->entered_cframe_addr != 0) /* the other way was tried first */
    reader->cframe_addr = reader->entered_cframe_addr;
  reader->entered_cframe_addr = 0;
  return way == BARO_STACK_BY_LINK ? by_link(reader) : by_data_stack(reader);
}

void baro_stack_note_recent(baro_stack_reader *reader, const baro_raw_stack *stack) {
  if (!uses_cframe(reader))
    return;
  reader->recent_count = stack->count < BARO_STACK_RECENT ? stack->count : BARO_STACK_RECENT;
  for (uint32_t i = 0; i < reader->recent_count; i++)
    reader->recent[i] = stack->frames[i].frame_addr;
}
