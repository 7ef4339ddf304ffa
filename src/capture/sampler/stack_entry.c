/* A call from C that is being entered, on 3.11 and 3.12.
 * The interpreter makes a new cframe current some instructions before it writes into it which frame is the newest.
 * A thread that lost its CPU there stays so for as long as it has none: seen in 4 % of the samples of a program with
 * C callbacks, on a busy machine. When the same frame begins a broken chain twice in a row, the stack is that
 * of the caller: the call is being entered.
 * Nothing that the new cframe holds can be believed, not even its link to the one before. But the frame of the call
 * lies on the data stack already: its caller is the frame after which exactly one more ends at the top of the
 * data stack. That one is looked for among the frames of the last stack, root side first: what fits further up may be
 * the remains of a frame that lie within the new one. */
#include "base/os_memory.h"
#include "capture/sampler/stack_copy.h"

enum { MAX_FRAME_WORDS = 1 << 20 };

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

bool baro_stack_before_entry(baro_stack_reader *reader) {
  if (!uses_cframe(reader) || !reader->walk_failed || !reader->is_broken ||
      reader->leaf_addr != reader->broken_leaf_addr)
    return false;
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

void baro_stack_note_recent(baro_stack_reader *reader, const baro_raw_stack *stack) {
  if (!uses_cframe(reader))
    return;
  reader->recent_count = stack->count < BARO_STACK_RECENT ? stack->count : BARO_STACK_RECENT;
  for (uint32_t i = 0; i < reader->recent_count; i++)
    reader->recent[i] = stack->frames[i].frame_addr;
}
