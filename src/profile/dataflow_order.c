/* The graph of operators: its edges once each and without cycles, and operators behind those that feed them. */
#include <stdlib.h>

#include "profile/build.h"

static int compare_edges(const void *left, const void *right) {
  const baro_dataflow_edge *a = left;
  const baro_dataflow_edge *b = right;
  if (a->to != b->to) {
    return a->to < b->to ? -1 : 1;
  }
  if (a->from != b->from) {
    return a->from < b->from ? -1 : 1;
  }
  return a->kind < b->kind ? -1 : a->kind > b->kind;
}

static void drop_equal_edges(baro_dataflow *made) {
  uint32_t kept = 0;
  if (made->edge_count > 1) {
    qsort(made->edges, made->edge_count, sizeof(*made->edges), compare_edges);
  }
  for (uint32_t e = 0; e < made->edge_count; e++) {
    if (kept == 0 || compare_edges(&made->edges[kept - 1], &made->edges[e]) != 0) {
      made->edges[kept++] = made->edges[e];
    }
  }
  made->edge_count = kept;
}

/* Scratch of one pass over the graph. */
typedef struct graph {
  uint32_t *waits_for; /* edges that come in from operators that are not in order yet */
  uint32_t *first_out; /* operator -> outgoing, as lists one behind the other */
  uint32_t *out;       /* index into edges */
} graph;

static void graph_release(graph *g) {
  free(g->waits_for);
  free(g->first_out);
  free(g->out);
}

static baro_status graph_make(const baro_dataflow *made, graph *ret_graph) {
  size_t operators = (size_t)made->operator_count + 2;
  graph g = {.waits_for = calloc(operators, sizeof(uint32_t)),
             .first_out = calloc(operators, sizeof(uint32_t)),
             .out = malloc(((size_t)made->edge_count + 1) * sizeof(uint32_t))};
  *ret_graph = g;
  if (g.waits_for == NULL || g.first_out == NULL || g.out == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t e = 0; e < made->edge_count; e++) {
    g.waits_for[made->edges[e].to]++;
    g.first_out[made->edges[e].from + 2]++;
  }
  for (uint32_t o = 2; o < made->operator_count + 2; o++) {
    g.first_out[o] += g.first_out[o - 1];
  }
  for (uint32_t e = 0; e < made->edge_count; e++) {
    g.out[g.first_out[made->edges[e].from + 1]++] = e;
  }
  return BARO_OK;
}

/* Fills order with what no cycle holds back; the number of them. */
static uint32_t order_operators(baro_dataflow *made, graph *g) {
  uint32_t count = 0;
  for (uint32_t o = 0; o < made->operator_count; o++) {
    if (g->waits_for[o] == 0) {
      made->order[count++] = o;
    }
  }
  for (uint32_t next = 0; next < count; next++) {
    uint32_t from = made->order[next];
    for (uint32_t i = g->first_out[from]; i < g->first_out[from + 1]; i++) {
      uint32_t to = made->edges[g->out[i]].to;
      if (--g->waits_for[to] == 0) {
        made->order[count++] = to;
      }
    }
  }
  return count;
}

/* Among operators that cycles hold back, edges are kept that go from a smaller index to a greater one: these make none, and to
 * the others no edge leads from there. */
static void drop_cycles(baro_dataflow *made, const graph *g) {
  uint32_t kept = 0;
  for (uint32_t e = 0; e < made->edge_count; e++) {
    baro_dataflow_edge edge = made->edges[e];
    bool is_held = g->waits_for[edge.from] != 0 && g->waits_for[edge.to] != 0;
    if (!is_held || edge.from < edge.to) {
      made->edges[kept++] = edge;
    }
  }
  made->cyclic_edges = made->edge_count - kept;
  made->edge_count = kept;
}

baro_status baro_order_operators(baro_dataflow *made) {
  made->order = malloc(((size_t)made->operator_count + 1) * sizeof(*made->order));
  if (made->order == NULL) {
    return BARO_NO_MEMORY;
  }
  drop_equal_edges(made);
  graph g;
  baro_status status = graph_make(made, &g);
  if (status == BARO_OK && order_operators(made, &g) < made->operator_count) {
    drop_cycles(made, &g);
    graph_release(&g);
    status = graph_make(made, &g);
    if (status == BARO_OK) {
      (void)order_operators(made, &g);
    }
  }
  graph_release(&g);
  for (uint32_t e = 0; e < made->edge_count; e++) {
    baro_dataflow_operator *to = &made->operators[made->edges[e].to];
    to->first_incoming = to->incoming_count == 0 ? e : to->first_incoming;
    to->incoming_count++;
  }
  return status;
}
