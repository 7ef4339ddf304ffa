/* Thread states, chunks and frames in memory that says anything, in our own memory, which is read as if it were a
 * target's. First byte: the layout. The rest are images of that memory, IMAGE_BYTES each: the first is what the
 * reader learns from, the others are what it finds later. A word 0xa5a5000000000000 + N becomes the address of byte N, so that
 * the fuzzer can make and break links. Whatever is there: a stack within the limits or a refusal, soon. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/sampler/stack_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
  IMAGE_BYTES = 4096, /* of the thread state and what it leads to */
  INTERP_BYTES = 1 << 13,
  MEMORY_BYTES = INTERP_BYTES + IMAGE_BYTES,
  KIND_COUNT = 5,
  IMAGES_MAX = 3,
  READS = 2, /* of each image */
  NATIVE_ID = 42,
};

static _Alignas(16) uint8_t memory[MEMORY_BYTES];

static void require(bool holds) {
  if (!holds)
    abort();
}

static void store(uint32_t offset, uint64_t value) {
  memcpy(memory + INTERP_BYTES + offset, &value, sizeof value);
}

/* 3.9: heap objects; 3.11, 3.12: chunks and a cframe; the last two as 3.13 and 3.15, which tell their layout. */
static baro_layout layout_of(unsigned kind) {
  static const unsigned minors[KIND_COUNT] = {9, 11, 12, 12, 12};
  baro_layout layout = *baro_layout_for(3, minors[kind]);
  if (kind < 3)
    return layout;
  layout.frame_root = BARO_FRAME_ROOT_DIRECT;
  layout.ip_kind = BARO_IP_INSTRUCTION;
  layout.thread.cframe_current_frame = BARO_ABSENT;
  layout.frame.code_tag_mask = 3;
  if (kind == 4)
    layout.thread.base_frame = 168;
  return layout;
}

static void link_words(void) {
  for (size_t at = INTERP_BYTES; at + 8 <= MEMORY_BYTES; at += 8) {
    uint64_t word;
    memcpy(&word, memory + at, sizeof word);
    if (word >> 48 != 0xa5a5)
      continue;
    word = (uint64_t)(uintptr_t)(memory + INTERP_BYTES) + (word & (IMAGE_BYTES - 1));
    memcpy(memory + at, &word, sizeof word);
  }
}

static void place_image(const baro_layout *layout, const uint8_t *data, size_t size) {
  memset(memory, 0, sizeof memory);
  memcpy(memory + INTERP_BYTES, data, size < IMAGE_BYTES ? size : IMAGE_BYTES);
  link_words();
  /* A thread state of another thread would be the end of every story. */
  store(layout->thread.interp, (uint64_t)(uintptr_t)memory);
  if (layout->thread.native_thread_id != BARO_ABSENT)
    store(layout->thread.native_thread_id, NATIVE_ID);
}

static void check_stack(const baro_raw_stack *stack) {
  require(stack->count <= BARO_STACK_MAX_FRAMES);
  for (uint32_t i = 0; i < stack->count; i++)
    require(stack->frames[i].frame_addr % 8 == 0 && stack->frames[i].frame_addr != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return 0;
  baro_layout layout = layout_of(data[0] % KIND_COUNT);
  require(layout.interp.read_offset + layout.interp.read_bytes <= INTERP_BYTES);
  baro_stack_reader *reader;
  baro_raw_stack stack = {0};
  require(baro_stack_reader_create(getpid(), &layout, (uint64_t)(uintptr_t)memory,
                                   (uint64_t)(uintptr_t)(memory + INTERP_BYTES), NATIVE_ID, &reader,
                                   NULL) == BARO_OK);
  data++;
  size--;
  for (int image = 0; image < IMAGES_MAX && (image == 0 || size > 0); image++) {
    size_t used = size < IMAGE_BYTES ? size : IMAGE_BYTES;
    place_image(&layout, data, used);
    data += used;
    size -= used;
    for (int i = 0; i < READS; i++) {
      baro_status status = baro_stack_reader_read(reader, &stack, NULL);
      require(status == BARO_OK || status == BARO_AGAIN || status == BARO_GONE);
      if (status == BARO_OK)
        check_stack(&stack);
      if (status == BARO_OK && stack.count > 0)
        require(baro_stack_reader_still_has(reader, &stack.frames[stack.count - 1]));
    }
  }
  baro_stack_reader_destroy(reader);
  baro_raw_stack_release(&stack);
  return 0;
}
