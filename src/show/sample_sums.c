#include "show/sample_sums.h"

#include <stdlib.h>

#include "base/map.h"
#include "show/stacks.h"

/* An edge while edges are looked for. */
typedef struct edge_key {
  uint32_t caller;
  uint32_t callee;
} edge_key;

typedef struct summing {
  const baro_profile *profile;
  baro_sample_sums *sums;
  bool lines;
  bool idle;
  uint32_t *row;           /* owned; by node */
  uint32_t *edge;          /* owned; by node; BARO_NONE_ID of outermost frames */
  uint8_t *row_outermost;  /* owned; by node: no node of the same row above it */
  uint8_t *edge_outermost; /* owned; likewise */
  uint64_t *self_ns;       /* owned; by node, of one state */
  uint64_t *subtotal_ns;   /* owned; likewise */
  double *amount_ns;       /* owned; likewise */
} summing;

static int compare_edges(const void *left, const void *right) {
  const edge_key *a = left;
  const edge_key *b = right;
  if (a->caller != b->caller) {
    return a->caller < b->caller ? -1 : 1;
  }
  return (a->callee > b->callee) - (a->callee < b->callee);
}

static edge_key edge_of(const summing *sum, uint32_t node) {
  const baro_profile_nodes *nodes = &sum->profile->nodes;
  uint32_t parent = nodes->parent_node[node];
  return (edge_key){
      .caller = parent == 0 ? BARO_NONE_ID : sum->row[parent],
      .callee = sum->profile->frames.function[nodes->frame[node]],
  };
}

static void mark_outermost(const baro_profile_nodes *nodes, const uint32_t *group,
                           uint32_t *open_until, uint8_t *ret_outermost) {
  /* The tree is in preorder: a group is open while the subtree of its outermost node lasts. */
  for (uint32_t n = 1; n < nodes->count; n++) {
    if (group[n] == BARO_NONE_ID) {
      continue;
    }
    ret_outermost[n] = n >= open_until[group[n]];
    if (ret_outermost[n] != 0) {
      open_until[group[n]] = nodes->subtree_end[n];
    }
  }
}

/* Numbers the pairs of caller and callee that occur, in order. */
static baro_status find_edges(summing *sum) {
  const baro_profile_nodes *nodes = &sum->profile->nodes;
  baro_sample_sums *sums = sum->sums;
  baro_map known = {0};
  baro_buffer found = {0};
  baro_status status = BARO_OK;
  for (uint32_t n = 1; n < nodes->count && status == BARO_OK; n++) {
    edge_key edge = edge_of(sum, n);
    uint64_t key = (uint64_t)edge.caller << 32 | edge.callee;
    if (edge.caller == BARO_NONE_ID || baro_map_find(&known, key) != NULL) {
      continue;
    }
    status = baro_map_set(&known, key, 0);
    baro_write_bytes(&found, &edge, sizeof(edge));
  }
  sums->edge_count = (uint32_t)(found.length / sizeof(edge_key));
  sums->caller = malloc(((size_t)sums->edge_count + 1) * sizeof(*sums->caller));
  sums->callee = malloc(((size_t)sums->edge_count + 1) * sizeof(*sums->callee));
  if (found.failed || sums->caller == NULL || sums->callee == NULL) {
    status = BARO_NO_MEMORY;
  }
  if (status == BARO_OK && sums->edge_count != 0) {
    qsort(found.data, sums->edge_count, sizeof(edge_key), compare_edges);
  }
  for (uint32_t e = 0; e < sums->edge_count && status == BARO_OK; e++) {
    edge_key edge;
    __builtin_memcpy(&edge, found.data + e * sizeof(edge), sizeof(edge));
    sums->caller[e] = edge.caller;
    sums->callee[e] = edge.callee;
    status = baro_map_set(&known, (uint64_t)edge.caller << 32 | edge.callee, e);
  }
  for (uint32_t n = 1; n < nodes->count && status == BARO_OK; n++) {
    edge_key edge = edge_of(sum, n);
    sum->edge[n] = BARO_NONE_ID;
    if (edge.caller != BARO_NONE_ID) {
      sum->edge[n] = (uint32_t)*baro_map_find(&known, (uint64_t)edge.caller << 32 | edge.callee);
    }
  }
  baro_map_release(&known);
  baro_buffer_release(&found);
  return status;
}

static baro_status find_outermost(summing *sum) {
  const baro_profile_nodes *nodes = &sum->profile->nodes;
  uint32_t groups =
      sum->sums->row_count > sum->sums->edge_count ? sum->sums->row_count : sum->sums->edge_count;
  uint32_t *open_until = calloc((size_t)groups + 1, sizeof(*open_until));
  if (open_until == NULL) {
    return BARO_NO_MEMORY;
  }
  mark_outermost(nodes, sum->row, open_until, sum->row_outermost);
  for (uint32_t g = 0; g < groups; g++) {
    open_until[g] = 0;
  }
  mark_outermost(nodes, sum->edge, open_until, sum->edge_outermost);
  free(open_until);
  return BARO_OK;
}

/* Time of one state by node, own and with what is below it. */
static void sum_nodes(summing *sum, baro_state state, double *carry) {
  const baro_profile *profile = sum->profile;
  const baro_profile_nodes *nodes = &profile->nodes;
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    for (uint64_t i = 0; i < thread->sample_count; i++) {
      uint64_t s = thread->first_sample + i;
      baro_sample_split split = baro_profile_sample_split(profile, thread, s);
      double part_ns = split.state == state           ? split.state_ns
                       : state == BARO_STATE_RUNNABLE ? split.runnable_ns
                                                      : 0;
      sum->amount_ns[profile->samples.node[s]] += part_ns;
    }
  }
  for (uint32_t n = 0; n < nodes->count; n++) {
    sum->self_ns[n] = sum->subtotal_ns[n] = baro_whole(sum->amount_ns[n], carry);
    sum->amount_ns[n] = 0;
  }
  for (uint32_t n = nodes->count; n-- > 1;) {
    sum->subtotal_ns[nodes->parent_node[n]] += sum->subtotal_ns[n];
  }
}

static void add_state(summing *sum, uint32_t state) {
  const baro_profile_nodes *nodes = &sum->profile->nodes;
  baro_sample_sums *sums = sum->sums;
  size_t stride = sums->state_count;
  sums->all_ns += sum->subtotal_ns[0];
  for (uint32_t n = 1; n < nodes->count; n++) {
    size_t at = sum->row[n] * stride + state;
    sums->self_ns[at] += sum->self_ns[n];
    sums->total_ns[at] += sum->row_outermost[n] != 0 ? sum->subtotal_ns[n] : 0;
    if (sum->edge[n] == BARO_NONE_ID) {
      continue;
    }
    at = sum->edge[n] * stride + state;
    sums->edge_self_ns[at] += sum->self_ns[n];
    sums->edge_total_ns[at] += sum->edge_outermost[n] != 0 ? sum->subtotal_ns[n] : 0;
  }
}

/* Ticks of the schedule with a row or an edge on the stack. */
static void count_ticks(summing *sum) {
  const baro_profile *profile = sum->profile;
  const baro_profile_nodes *nodes = &profile->nodes;
  uint64_t *below = sum->subtotal_ns;
  for (uint32_t n = 0; n < nodes->count; n++) {
    below[n] = 0;
  }
  for (uint64_t s = 0; s < profile->samples.count; s++) {
    bool counts = sum->idle || profile->samples.state[s] != BARO_STATE_IDLE;
    below[profile->samples.node[s]] += counts ? profile->samples.ticks[s] : 0;
  }
  for (uint32_t n = nodes->count; n-- > 1;) {
    below[nodes->parent_node[n]] += below[n];
  }
  for (uint32_t n = 1; n < nodes->count; n++) {
    sum->sums->ticks[sum->row[n]] += sum->row_outermost[n] != 0 ? below[n] : 0;
    if (sum->edge[n] != BARO_NONE_ID) {
      sum->sums->edge_ticks[sum->edge[n]] += sum->edge_outermost[n] != 0 ? below[n] : 0;
    }
  }
}

static bool allocate(summing *sum) {
  baro_sample_sums *sums = sum->sums;
  size_t stride = sums->state_count == 0 ? 1 : sums->state_count;
  size_t rows = (size_t)sums->row_count + 1;
  size_t edges = (size_t)sums->edge_count + 1;
  sums->self_ns = calloc(rows, stride * sizeof(uint64_t));
  sums->total_ns = calloc(rows, stride * sizeof(uint64_t));
  sums->ticks = calloc(rows, sizeof(uint64_t));
  sums->edge_self_ns = calloc(edges, stride * sizeof(uint64_t));
  sums->edge_total_ns = calloc(edges, stride * sizeof(uint64_t));
  sums->edge_ticks = calloc(edges, sizeof(uint64_t));
  return sums->self_ns != NULL && sums->total_ns != NULL && sums->ticks != NULL &&
         sums->edge_self_ns != NULL && sums->edge_total_ns != NULL && sums->edge_ticks != NULL;
}

static baro_status add_up(summing *sum) {
  const baro_profile *profile = sum->profile;
  const baro_profile_nodes *nodes = &profile->nodes;
  baro_sample_sums *sums = sum->sums;
  for (uint32_t n = 1; n < nodes->count; n++) {
    uint32_t frame = nodes->frame[n];
    sum->row[n] = sum->lines ? frame : profile->frames.function[frame];
  }
  sum->row[0] = sum->edge[0] = BARO_NONE_ID;
  baro_status status = find_edges(sum);
  if (status == BARO_OK) {
    status = find_outermost(sum);
  }
  if (status == BARO_OK && !allocate(sum)) {
    status = BARO_NO_MEMORY;
  }
  double carry = 0;
  for (uint32_t state = 0; state < sums->state_count && status == BARO_OK; state++) {
    sum_nodes(sum, sums->states[state], &carry);
    add_state(sum, state);
  }
  if (status == BARO_OK) {
    count_ticks(sum);
  }
  return status;
}

baro_status baro_sample_sums_init(baro_sample_sums *sums, const baro_profile *profile, bool lines,
                                  bool idle, baro_error *err) {
  size_t nodes = profile->nodes.count;
  *sums = (baro_sample_sums){
      .row_count = lines ? profile->frames.count : profile->functions.count,
  };
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    if (profile->state_ns[BARO_MEASURE_THREAD][state] != 0 && (idle || state != BARO_STATE_IDLE)) {
      sums->states[sums->state_count++] = (baro_state)state;
    }
  }
  summing sum = {
      .profile = profile,
      .sums = sums,
      .lines = lines,
      .idle = idle,
      .row = malloc(nodes * sizeof(*sum.row)),
      .edge = malloc(nodes * sizeof(*sum.edge)),
      .row_outermost = calloc(nodes, 1),
      .edge_outermost = calloc(nodes, 1),
      .self_ns = malloc(nodes * sizeof(*sum.self_ns)),
      .subtotal_ns = malloc(nodes * sizeof(*sum.subtotal_ns)),
      .amount_ns = calloc(nodes, sizeof(*sum.amount_ns)),
  };
  baro_status status = BARO_NO_MEMORY;
  if (sum.row != NULL && sum.edge != NULL && sum.row_outermost != NULL &&
      sum.edge_outermost != NULL && sum.self_ns != NULL && sum.subtotal_ns != NULL &&
      sum.amount_ns != NULL) {
    status = add_up(&sum);
  }
  free(sum.row);
  free(sum.edge);
  free(sum.row_outermost);
  free(sum.edge_outermost);
  free(sum.self_ns);
  free(sum.subtotal_ns);
  free(sum.amount_ns);
  if (status != BARO_OK) {
    baro_sample_sums_release(sums);
    return baro_error_set(err, status, "out of memory");
  }
  return BARO_OK;
}

void baro_sample_sums_release(baro_sample_sums *sums) {
  free(sums->self_ns);
  free(sums->total_ns);
  free(sums->ticks);
  free(sums->caller);
  free(sums->callee);
  free(sums->edge_self_ns);
  free(sums->edge_total_ns);
  free(sums->edge_ticks);
  *sums = (baro_sample_sums){0};
}

uint64_t baro_sample_sums_all(const baro_sample_sums *sums, const uint64_t *column, uint32_t row) {
  uint64_t all = 0;
  for (uint32_t state = 0; state < sums->state_count; state++) {
    all += column[(size_t)row * sums->state_count + state];
  }
  return all;
}
