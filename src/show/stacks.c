#include "show/stacks.h"

#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "show/call_rows.h"

/* The tree of calls while it grows. */
typedef struct tree_build {
  const baro_profile *profile;
  baro_map by_key; /* (parent node, function) -> node */
  uint32_t *parent_node;
  uint32_t *frame;
  uint32_t *depth;
  uint32_t count;
  uint32_t capacity;
  uint32_t *call_node;
} tree_build;

static bool grow(uint32_t **column, uint32_t capacity) {
  uint32_t *grown = realloc(*column, capacity * sizeof(*grown));
  if (grown != NULL) {
    *column = grown;
  }
  return grown != NULL;
}

static baro_status add_node(tree_build *build, uint32_t parent, uint32_t frame) {
  if (build->count == build->capacity) {
    uint32_t capacity = build->capacity == 0 ? 1024 : build->capacity * 2;
    if (build->capacity > UINT32_MAX / 4 || !grow(&build->parent_node, capacity) ||
        !grow(&build->frame, capacity) || !grow(&build->depth, capacity)) {
      return BARO_NO_MEMORY;
    }
    build->capacity = capacity;
  }
  uint32_t node = build->count++;
  build->parent_node[node] = parent;
  build->frame[node] = frame;
  build->depth[node] = parent == BARO_NONE_ID ? 0 : build->depth[parent] + 1;
  return BARO_OK;
}

/* The node of a function below parent. */
static baro_status find_node(tree_build *build, uint32_t parent, uint32_t function,
                             uint32_t *ret_node) {
  if (build->depth[parent] >= BARO_STACKS_DEPTH_LIMIT) {
    *ret_node = parent; /* what was cut already stands for all below it */
    return BARO_OK;
  }
  if (build->depth[parent] == BARO_STACKS_DEPTH_LIMIT - 1) {
    function = build->profile->functions.count;
  }
  uint64_t key = (uint64_t)parent << 32 | function;
  const uint64_t *found = baro_map_find(&build->by_key, key);
  if (found != NULL) {
    *ret_node = (uint32_t)*found;
    return BARO_OK;
  }
  *ret_node = build->count;
  baro_status status = add_node(build, parent, function);
  return status == BARO_OK ? baro_map_set(&build->by_key, key, *ret_node) : status;
}

/* A parent may stand behind its call, on another thread: then the chain above goes first. Each call is visited once or
 * twice; a chain that comes back to itself, which no recorder writes, is cut where it does. */
static baro_status place_call(tree_build *build, uint32_t call, baro_buffer *chain) {
  const baro_profile_calls *calls = &build->profile->calls;
  const uint32_t visiting = BARO_NONE_ID;
  baro_buffer_clear(chain);
  uint32_t at = call;
  while (at != BARO_NONE_ID && build->call_node[at] == 0) {
    build->call_node[at] = visiting;
    baro_write_u32(chain, at);
    at = calls->parent_call[at];
  }
  uint32_t node = at == BARO_NONE_ID || build->call_node[at] == visiting ? 0 : build->call_node[at];
  baro_status status = chain->failed ? BARO_NO_MEMORY : BARO_OK;
  for (size_t end = chain->length; end > 0 && status == BARO_OK; end -= sizeof(uint32_t)) {
    baro_reader reader = baro_reader_of(chain->data + end - sizeof(uint32_t), sizeof(uint32_t));
    uint32_t next = baro_read_u32(&reader);
    status = find_node(build, node, calls->function[next], &node);
    build->call_node[next] = node;
  }
  return status;
}

/* Whether what a call took was its caller's time, too: not of a task, nor on another thread. */
static bool is_within_caller(const baro_profile_calls *calls, const baro_profile_thread *thread,
                             uint32_t call) {
  bool is_task = calls->task_call != NULL && calls->task_call[call] == call;
  return calls->parent_call[call] != BARO_NONE_ID && !is_task &&
         calls->parent_call[call] >= thread->first_call && calls->parent_call[call] < call;
}

/* Calls of functions that were thinned stand for others, which were their callers' own time: those that a call made are
 * taken from it, themselves corrected so. */
static void weigh(baro_stacks *stacks) {
  const baro_profile *profile = stacks->profile;
  const baro_profile_calls *calls = &profile->calls;
  double *own_ns = stacks->call_weighted_ns;
  for (uint32_t call = 0; call < calls->count; call++) {
    own_ns[call] = (double)calls->self_ns[call];
  }
  uint32_t row = calls->weighted_count;
  for (uint32_t t = profile->thread_count; t-- > 0;) {
    const baro_profile_thread *thread = &profile->threads[t];
    for (uint32_t call = thread->first_call + thread->call_count; call-- > thread->first_call;) {
      if (row == 0 || calls->weighted_call[row - 1] != call) {
        continue;
      }
      double weight = (double)calls->weighted_weight[--row];
      if (is_within_caller(calls, thread, call)) {
        own_ns[calls->parent_call[call]] -= (weight - 1) * own_ns[call];
      }
      own_ns[call] *= weight;
    }
  }
}

static baro_status build_tree(tree_build *build) {
  const baro_profile_calls *calls = &build->profile->calls;
  baro_buffer chain = {0};
  baro_status status = add_node(build, BARO_NONE_ID, BARO_NONE_ID);
  for (uint32_t call = 0; call < calls->count && status == BARO_OK; call++) {
    if (build->call_node[call] == 0) {
      status = place_call(build, call, &chain);
    }
  }
  baro_buffer_release(&chain);
  baro_map_release(&build->by_key);
  return status;
}

static baro_status init_calls(baro_stacks *stacks) {
  const baro_profile *profile = stacks->profile;
  size_t count = profile->calls.count;
  uint32_t functions = profile->functions.count + 1;
  tree_build build = {.profile = profile, .call_node = calloc(count + 1, sizeof(uint32_t))};
  uint32_t *frames = malloc(functions * sizeof(*frames));
  baro_status status =
      build.call_node == NULL || frames == NULL ? BARO_NO_MEMORY : build_tree(&build);
  stacks->node_count = build.count;
  stacks->parent_node = build.parent_node;
  stacks->frame = build.frame;
  stacks->depth = build.depth;
  stacks->call_node = build.call_node;
  /* A frame is a function. */
  stacks->frame_function = frames;
  stacks->frame_count = functions;
  stacks->function_count = functions;
  for (uint32_t f = 0; frames != NULL && f < functions; f++) {
    frames[f] = f;
  }
  if (status == BARO_OK && profile->calls.weighted_count != 0) {
    stacks->call_weighted_ns = malloc(count * sizeof(*stacks->call_weighted_ns));
    status = stacks->call_weighted_ns == NULL ? BARO_NO_MEMORY : BARO_OK;
  }
  if (status == BARO_OK && stacks->call_weighted_ns != NULL) {
    weigh(stacks);
  }
  return status;
}

baro_status baro_stacks_init(baro_stacks *stacks, const baro_profile *profile, bool of_calls,
                             baro_error *err) {
  *stacks = (baro_stacks){.profile = profile, .of_calls = of_calls};
  if (of_calls) {
    baro_status status = init_calls(stacks);
    if (status != BARO_OK) {
      baro_stacks_release(stacks);
      return baro_error_set(err, status, "out of memory");
    }
  } else {
    stacks->node_count = profile->nodes.count;
    stacks->parent_node = profile->nodes.parent_node;
    stacks->frame = profile->nodes.frame;
    stacks->depth = profile->nodes.depth;
    stacks->frame_count = profile->frames.count;
    stacks->frame_function = profile->frames.function;
    stacks->frame_line = profile->frames.line;
    stacks->function_count = profile->functions.count;
  }
  for (uint32_t n = 0; n < stacks->node_count; n++) {
    stacks->depth_max = stacks->depth[n] > stacks->depth_max ? stacks->depth[n] : stacks->depth_max;
  }
  if (of_calls && stacks->depth_max < BARO_STACKS_DEPTH_LIMIT) {
    stacks->frame_count = stacks->function_count = profile->functions.count;
  }
  return BARO_OK;
}

void baro_stacks_release(baro_stacks *stacks) {
  if (stacks->of_calls) {
    free((void *)stacks->parent_node);
    free((void *)stacks->frame);
    free((void *)stacks->depth);
    free((void *)stacks->frame_function);
  }
  free(stacks->call_node);
  free(stacks->call_weighted_ns);
  *stacks = (baro_stacks){0};
}

uint64_t baro_stacks_count(const baro_stacks *stacks, const baro_profile_thread *thread) {
  return stacks->of_calls ? thread->call_count : thread->sample_count;
}

static baro_stack_entry call_entry(const baro_stacks *stacks, uint32_t call) {
  const baro_profile_calls *calls = &stacks->profile->calls;
  double self_ns = (double)calls->self_ns[call];
  bool weighed = stacks->call_weighted_ns != NULL;
  return (baro_stack_entry){
      .node = stacks->call_node[call],
      .state = BARO_STATE_UNKNOWN,
      .start_ns = calls->start_ns[call],
      .end_ns = calls->start_ns[call] + calls->self_ns[call],
      .state_ns = self_ns,
      .count = weighed ? baro_call_weight(stacks->profile, call) : 1,
      .sum_ns = weighed ? stacks->call_weighted_ns[call] : self_ns,
  };
}

baro_stack_entry baro_stacks_entry(const baro_stacks *stacks, const baro_profile_thread *thread,
                                   uint64_t index) {
  if (stacks->of_calls) {
    return call_entry(stacks, thread->first_call + (uint32_t)index);
  }
  const baro_profile_samples *samples = &stacks->profile->samples;
  uint64_t s = thread->first_sample + index;
  baro_sample_split split = baro_profile_sample_split(stacks->profile, thread, s);
  uint64_t time_ns = samples->time_ns[s];
  uint64_t weight_ns = samples->weight_ns[s];
  return (baro_stack_entry){
      .node = samples->node[s],
      .state = split.state,
      .start_ns = weight_ns < time_ns ? time_ns - weight_ns : 0,
      .end_ns = time_ns,
      .state_ns = split.state_ns,
      .runnable_ns = split.runnable_ns,
      .count = samples->ticks[s],
      .sum_ns = split.state_ns + split.runnable_ns,
  };
}

baro_stack_function baro_stacks_function(const baro_stacks *stacks, uint32_t function) {
  const baro_profile *profile = stacks->profile;
  if (function >= profile->functions.count) {
    baro_view cut = baro_view_of("(deeper frames cut)");
    return (baro_stack_function){.name = cut, .qualified = cut, .origin = BARO_ORIGIN_NONE};
  }
  const baro_profile_function *row = &profile->functions.rows[function];
  return (baro_stack_function){
      .name = baro_profile_string(profile, row->name_string),
      .qualified = baro_profile_string(profile, row->qualified_string),
      .file = baro_profile_string(profile, row->file_string),
      .first_line = row->first_line,
      .origin = row->origin,
  };
}

uint32_t baro_stacks_line(const baro_stacks *stacks, uint32_t frame) {
  return stacks->frame_line == NULL ? 0 : stacks->frame_line[frame];
}

static baro_status find_canonical(const baro_stacks *stacks, uint32_t *canonical) {
  baro_map by_key = {0};
  baro_status status = BARO_OK;
  for (uint32_t n = 1; n < stacks->node_count && status == BARO_OK; n++) {
    uint64_t key = (uint64_t)canonical[stacks->parent_node[n]] << 32 |
                   stacks->frame_function[stacks->frame[n]];
    const uint64_t *found = baro_map_find(&by_key, key);
    canonical[n] = found != NULL ? (uint32_t)*found : n;
    if (found == NULL) {
      status = baro_map_set(&by_key, key, n);
    }
  }
  baro_map_release(&by_key);
  return status;
}

baro_status baro_stacks_canonical(const baro_stacks *stacks, bool lines, uint32_t **ret_canonical) {
  uint32_t *canonical = malloc(stacks->node_count * sizeof(*canonical));
  if (canonical == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t n = 0; n < stacks->node_count; n++) {
    canonical[n] = n;
  }
  /* A frame of calls is a function: there the tree is so already. */
  baro_status status = lines || stacks->of_calls ? BARO_OK : find_canonical(stacks, canonical);
  if (status != BARO_OK) {
    free(canonical);
    return status;
  }
  *ret_canonical = canonical;
  return BARO_OK;
}

uint64_t baro_whole(double amount, double *carry) {
  if (!(amount > 0)) {
    return 0;
  }
  amount += *carry;
  double whole = amount >= 0.5 ? floor(amount + 0.5) : 0;
  *carry = amount - whole;
  return whole < 1.8e19 ? (uint64_t)whole : UINT64_MAX;
}
