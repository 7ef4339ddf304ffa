/* Stacks and the time that each stands for, whatever they come from: samples, or calls that were recorded.
 * Flow: profile -> here -> exporters of stacks, which need not know which of the two they write.
 * Of samples it is the profile's own call tree, nothing is copied. Of calls it is a tree of functions that is built here:
 * a call stands below the one that made it (profile.h: parent_call), and has its own time, as it was clocked.
 *
 *   nodes: node 0 is the root and has no frame; parents stand before their children.
 *   entries: of thread t, 0 <= i < baro_stacks_count, in order of time: a sample, or a call where it began.
 *
 * A stack of calls deeper than BARO_STACKS_DEPTH_LIMIT ends in "(deeper frames cut)": formats that write each stack in full
 * would grow with the square of the depth. Of functions that were thinned to keep within a budget, entries are the calls that
 * have a row, and their caller has the time of the others; who adds up takes sum_ns. */
#ifndef BARO_SHOW_STACKS_H
#define BARO_SHOW_STACKS_H

#include "base/status.h"
#include "profile/profile.h"

enum { BARO_STACKS_DEPTH_LIMIT = 2000 };

typedef struct baro_stacks {
  const baro_profile *profile; /* borrowed */
  bool of_calls;
  uint32_t node_count;
  const uint32_t *parent_node; /* of samples borrowed, as the ones below; of calls owned */
  const uint32_t *frame;
  const uint32_t *depth;
  uint32_t depth_max;
  uint32_t frame_count;
  const uint32_t *frame_function;
  const uint32_t *frame_line; /* NULL of calls: no line is known */
  uint32_t function_count;    /* those of the profile; one more where calls were cut */
  uint32_t *call_node;        /* owned; by call */
  double *call_weighted_ns;   /* owned; by call; NULL where no function was thinned */
} baro_stacks;

/* What a thread did from start_ns to end_ns. */
typedef struct baro_stack_entry {
  uint32_t node;
  baro_state state; /* of calls BARO_STATE_UNKNOWN: nobody looked what the thread did */
  uint64_t start_ns;
  uint64_t end_ns;
  double state_ns;    /* time in that state; of a call its own time, which may be in pieces */
  double runnable_ns; /* of state cpu: waiting for one */
  uint64_t count;     /* ticks; of a call how many it stands for */
  /* Of a call what it adds to a sum: its own time times how many it stands for, less what of it were thinned calls that it
   * made. May be negative for one; sums have no bias. Of a sample all of its time. */
  double sum_ns;
} baro_stack_entry;

/* A function's texts, borrowed; any bytes. */
typedef struct baro_stack_function {
  baro_view name;
  baro_view qualified;
  baro_view file;
  uint32_t first_line;
  baro_origin origin;
} baro_stack_function;

/* BARO_NO_MEMORY; released then, too. Of calls 8 bytes a call, or 16, and 16 a node. */
baro_status baro_stacks_init(baro_stacks *stacks, const baro_profile *profile, bool of_calls,
                             baro_error *err) BARO_MUST_USE;
void baro_stacks_release(baro_stacks *stacks);

uint64_t baro_stacks_count(const baro_stacks *stacks, const baro_profile_thread *thread);
baro_stack_entry baro_stacks_entry(const baro_stacks *stacks, const baro_profile_thread *thread,
                                   uint64_t index);
baro_stack_function baro_stacks_function(const baro_stacks *stacks, uint32_t function);
/* 0 where it is not known. */
uint32_t baro_stacks_line(const baro_stacks *stacks, uint32_t frame);

/* By node: the first one whose stack has the same functions, or, with lines, the node itself. The caller frees it. */
baro_status baro_stacks_canonical(const baro_stacks *stacks, bool lines,
                                  uint32_t **ret_canonical) BARO_MUST_USE;

/* amount as a whole number. What rounding takes or gives is carried to the next one, so that the sum of many is true to one
 * unit; carry begins with 0. 0 for amounts that are not positive. */
uint64_t baro_whole(double amount, double *carry);

#endif
