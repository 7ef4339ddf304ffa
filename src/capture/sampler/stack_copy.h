/* What the five files of the stack reader share; private to them.
 * stack_predict.c says which memory a stack will lie in, stack_copy.c copies it, stack_walk.c finds the frames in the copies,
 * stack_reader.c decides whether the copies prove that the stack existed, stack_entry.c knows calls from C that are
 * being entered. stack_reader.h has the argument. */
#ifndef BARO_CAPTURE_SAMPLER_STACK_COPY_H
#define BARO_CAPTURE_SAMPLER_STACK_COPY_H

#include <string.h>

#include "capture/sampler/stack_reader.h"

enum {
  BARO_STACK_MAX_CHUNKS = 96, /* data-stack chunks of one thread; older ones are cut */
  /* Newest chunk, newest frame: three times; end of the chunk before; thread; cframe; interpreter. */
  BARO_STACK_FIXED_RANGES = 14,
  BARO_STACK_LOOKS = 6,           /* at the newest frame, after the first */
  BARO_STACK_RESTLESS_READS = 64, /* after a rejected one: read with a third look */
  BARO_STACK_OLDER_END_BYTES =
      512, /* of the chunk before the newest, read again: holds its topmost frame's links */
  BARO_STACK_SPARE_OUTSIDE = 8, /* frames outside the chunks that stay predicted without need */
  BARO_STACK_SPARE_WALKS = 256, /* and for so long: those of an import would be copied for ever */
  BARO_STACK_MANY_OUTSIDE = 64, /* of more heap objects than so many it is the pages that cost, */
  BARO_STACK_MANY_WALKS = 8,    /* and one copied so often without need as much as one read late */
  BARO_STACK_MARK_BYTES = 64,   /* of the copies: less than from one frame to the next */
  BARO_STACK_MAX_LATE = 512,    /* frames of one walk that the prediction missed */
  BARO_STACK_LATE_BYTES = 4096, /* aligned: copied for one of them, as cheap as the frame alone */
  BARO_STACK_MERGE_GAP_BYTES =
      1536, /* nearer frames share one range: a range costs more than bytes do */
  BARO_STACK_FIRST_READ_BYTES = 2048, /* of a chunk never read before */
  BARO_STACK_CHUNK_SLACK_BYTES =
      768,                /* read beyond the last known end: room for a few calls more */
  BARO_STACK_RECENT = 16, /* frames of the last stack, to find who is entering a call among */
  BARO_STACK_SPINE = 6,   /* frames read before all others where frames are heap objects */
  BARO_STACK_CFRAME_BYTES = 32,
  BARO_STACK_CHUNK_HEAD_BYTES = 64,
};

/* A data-stack chunk, newest first in the reader's list. */
typedef struct baro_stack_chunk {
  uint64_t addr;
  size_t bytes;         /* to copy, header included */
  size_t buffer_offset; /* into `older`; the newest has buffers of its own */
} baro_stack_chunk;

/* A range of frames outside the chunks, copied together. */
typedef struct baro_stack_region {
  uint64_t addr;
  size_t bytes;
  size_t buffer_offset; /* into `outside_first` and `outside_second` */
} baro_stack_region;

/* Copied because a frame there was not predicted: the others on it often are not either. */
typedef struct baro_stack_late_page {
  uint64_t addr;
  size_t bytes; /* a page or less, and the rest of a head that begins on it */
  uint8_t copy[BARO_STACK_LATE_BYTES + BARO_LAYOUT_FRAME_MAX_BYTES];
} baro_stack_late_page;

/* Growable scratch memory that is never shrunk and not preserved when it grows. */
typedef struct baro_stack_scratch {
  uint8_t *data;
  size_t capacity;
} baro_stack_scratch;

struct baro_stack_reader {
  pid_t pid;
  const baro_layout *layout; /* borrowed */
  uint64_t interp_addr;
  uint64_t thread_addr;
  uint64_t native_id;
  uint64_t pthread_id; /* where there is no native id: as read first */

  /* Prediction. */
  baro_stack_chunk chunks[BARO_STACK_MAX_CHUNKS];
  uint32_t chunk_count;
  bool chunks_cut;
  uint64_t cframe_addr;
  uint64_t
      entered_cframe_addr; /* current, not filled in yet: cframe_addr is the one before; else 0 */
  uint64_t entering_addr;  /* who calls, while the cframe of the call is not filled in; else 0 */
  uint64_t recent[BARO_STACK_RECENT]; /* newest frames of the last accepted stack (3.11, 3.12) */
  uint32_t recent_count;
  uint64_t broken_leaf_addr; /* newest frame of the last attempt, if is_broken: its chain was */
  bool is_broken;
  bool walk_failed;  /* the last walk, for another reason than too little copied */
  uint64_t *outside; /* owned, ascending: frames outside the chunks, to copy */
  uint32_t outside_count;
  uint32_t outside_capacity;
  uint32_t *outside_met; /* owned: [i] = the walk after which outside[i] was last known as met */
  uint32_t met_capacity;
  uint32_t walks;       /* since the beginning; wraps */
  uint32_t asked_walks; /* when it was last asked which of them are met */
  uint64_t *wanted;     /* owned: those of the walk in progress, leaf first */
  uint32_t wanted_count;
  uint32_t wanted_capacity;
  uint64_t *deeper; /* owned, ascending: a prediction given up for a much smaller one */
  uint32_t deeper_count;
  uint32_t deeper_capacity;
  baro_stack_region *regions; /* owned, ascending */
  uint32_t region_count;
  uint32_t region_capacity;
  bool regions_full;       /* not all frames outside the chunks fit into one reading */
  uint64_t older_top_addr; /* topmost frame of chunks[1] in the last walk, 0 not known */

  /* Copies. */
  uint8_t thread[BARO_LAYOUT_THREAD_MAX_BYTES];
  uint8_t cframe[BARO_STACK_CFRAME_BYTES];
  uint8_t interp_window[BARO_LAYOUT_INTERP_MAX_BYTES];
  uint8_t older_end[BARO_STACK_OLDER_END_BYTES]; /* second copy of a piece of chunks[1] */
  size_t older_end_offset;                       /* of it in the chunk */
  size_t older_end_bytes;
  uint64_t newest_looks[BARO_STACK_LOOKS]; /* which frame was the newest, after moment 3 */
  uint32_t look_count;
  uint32_t restless; /* reads to go with that third look */
  bool has_third;
  baro_stack_scratch newest_first;
  baro_stack_scratch newest_second;
  baro_stack_scratch newest_third;
  baro_stack_scratch older; /* chunks[1] and further */
  baro_stack_scratch outside_first;
  baro_stack_scratch outside_second;
  baro_stack_scratch marks; /* [i]: a frame that begins in these bytes of outside_first was met */
  bool has_marks;           /* else those are of an older plan */
  baro_raw_stack again;     /* second walk of frames as heap objects */
  uint64_t spine[BARO_STACK_SPINE]; /* suspended frames of the last deep stack, leaf side first */
  uint32_t spine_count;
  uint8_t spine_heads[BARO_STACK_SPINE][BARO_LAYOUT_FRAME_MAX_BYTES];
  uint64_t late[BARO_STACK_MAX_LATE]; /* frames that were not predicted, as the walk met them */
  uint32_t late_count;
  baro_stack_late_page *late_pages; /* owned: where they are */
  uint32_t late_page_count;
  uint32_t late_page_capacity;

  /* Of the walk in progress. */
  uint64_t leaf_addr;
  uint64_t highest_in_newest; /* frame nearest the top of the newest chunk, 0 = none */
  uint64_t highest_in_older;  /* and of the one before */
  bool too_short; /* more has to be copied: the newest chunk further up, or more frames outside */
  baro_stack_glimpse glimpse;
};

static inline uint64_t load_u64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

static inline bool uses_chunks(const baro_stack_reader *reader) {
  return reader->layout->frame_kind == BARO_FRAME_DATA_STACK;
}

static inline bool uses_cframe(const baro_stack_reader *reader) {
  return reader->layout->frame_root == BARO_FRAME_ROOT_CFRAME;
}

/* --- stack_copy.c --- */

/* Copies what is predicted, in one system call; learns and copies once more where the prediction was wrong. GONE:
 * another thread lives at this address now, or none. AGAIN: it changed meanwhile. */
baro_status baro_stack_read_roots(baro_stack_reader *reader) BARO_MUST_USE;
/* Only the copying, without a look at whether the prediction held. INVALID: a range is not mapped. */
baro_status baro_stack_read_predicted(baro_stack_reader *reader) BARO_MUST_USE;
/* Frames as heap objects: the thread, the newest `count` frames of a walk and the interpreter once more, their
 * heads into heads, layout.frame.read_bytes each. INVALID: one is gone. */
baro_status baro_stack_read_top(baro_stack_reader *reader, const baro_raw_stack *stack,
                                uint32_t count, uint8_t *heads) BARO_MUST_USE;
/* Moments 3 to 6 again, after frames had to be read late: those lie between both copies then. */
baro_status baro_stack_read_second_half(baro_stack_reader *reader) BARO_MUST_USE;
/* The same thread state still? Memory of an ended thread may be reused by another one. */
bool baro_stack_is_same_thread(baro_stack_reader *reader);
/* --- stack_predict.c --- */

/* While a walk meets frames outside the chunks: this one, whose copy is in outside_first. */
static inline void baro_stack_mark_met(baro_stack_reader *reader, const uint8_t *head) {
  reader->marks.data[(size_t)(head - reader->outside_first.data) / BARO_STACK_MARK_BYTES] = 1;
}
/* After a walk: what to copy next time. */
void baro_stack_predict_newest_bytes(baro_stack_reader *reader);
baro_status baro_stack_predict_outside(baro_stack_reader *reader) BARO_MUST_USE;

/* Goes back to the larger prediction that was given up, if addr is of it. */
bool baro_stack_recall(baro_stack_reader *reader, uint64_t addr);

/* --- stack_walk.c --- */

static inline void baro_stack_forget_late(baro_stack_reader *reader) {
  reader->late_count = 0;
  reader->late_page_count = 0;
}
/* From the newest frame to the root through the first copies; frames that were not predicted are read late.
 * AGAIN: the chain breaks, or too little was copied (too_short). */
baro_status baro_stack_walk(baro_stack_reader *reader, baro_raw_stack *stack) BARO_MUST_USE;
/* The cframe inside the thread state, which alone has no frame? */
bool baro_stack_is_root_cframe(const baro_stack_reader *reader, uint64_t cframe_addr);
/* Which frame the cframe or thread state names, right or wrong, at moment 3. */
uint64_t baro_stack_named_frame(const baro_stack_reader *reader);
/* Address of the newest frame as it was at moment 3; 0 none. */
uint64_t baro_stack_current_frame(const baro_stack_reader *reader);
/* Our copy of a frame's head, or NULL when it was not copied. */
const uint8_t *baro_stack_find_frame(baro_stack_reader *reader, uint64_t addr, bool *ret_in_chunk);
/* The range of frames outside the chunks that holds addr, or NULL. */
const baro_stack_region *baro_stack_find_region(const baro_stack_reader *reader, uint64_t addr);

/* --- stack_entry.c --- */

typedef enum baro_stack_entry_way {
  BARO_STACK_BY_LINK,
  BARO_STACK_BY_DATA_STACK
} baro_stack_entry_way;

/* After a walk that failed: is a call from C being entered? */
bool baro_stack_is_entering(const baro_stack_reader *reader);
/* Then the next copy and walk begin at its caller, if it can be found in that way. */
bool baro_stack_begin_before(baro_stack_reader *reader, baro_stack_entry_way way) BARO_MUST_USE;
/* After a stack was accepted. */
void baro_stack_note_recent(baro_stack_reader *reader, const baro_raw_stack *stack);

#endif
