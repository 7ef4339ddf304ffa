#include "import/trace_walk.h"

#include <stdlib.h>

#include "base/grow.h"

/* Of a start and a duration that were rounded apart. */
static const int64_t ROUNDING_NS = 2;

typedef struct active {
  const baro_trace_slice *slice;
  int64_t end_ns;
} active;

typedef struct walk {
  const baro_trace_visitor *visitor;
  baro_trace_oddities *odd;
  active *stack; /* owned */
  uint32_t depth, capacity;
  int64_t now_ns;
} walk;

static int64_t later(walk *all, int64_t time_ns) {
  all->now_ns = time_ns > all->now_ns ? time_ns : all->now_ns;
  return all->now_ns;
}

static baro_status leave_top(walk *all, int64_t time_ns) {
  const active *top = &all->stack[--all->depth];
  return all->visitor->leave(all->visitor->context, top->slice, later(all, time_ns));
}

/* Two overlap and neither is within the other: the one is cut that loses less. An annotation begins within the short call that makes it, and
 * outlasts that. */
static bool is_outer_cut(walk *all, const baro_trace_slice *next) {
  int64_t outer_end_ns = all->stack[all->depth - 1].end_ns;
  int64_t outer_loss_ns = outer_end_ns - next->start_ns;
  int64_t inner_loss_ns = next->start_ns + next->dur_ns - outer_end_ns;
  if (inner_loss_ns <= 0 || next->dur_ns == BARO_TRACE_MOMENT) {
    return false;
  }
  if (inner_loss_ns > ROUNDING_NS && outer_loss_ns > ROUNDING_NS) {
    all->odd->mended++;
    all->odd->mended_ns +=
        (uint64_t)(outer_loss_ns < inner_loss_ns ? outer_loss_ns : inner_loss_ns);
  }
  return outer_loss_ns < inner_loss_ns;
}

static baro_status leave_ended(walk *all, const baro_trace_slice *next) {
  baro_status status = BARO_OK;
  while (all->depth != 0 && status == BARO_OK) {
    int64_t end_ns = all->stack[all->depth - 1].end_ns;
    if (end_ns > next->start_ns && !is_outer_cut(all, next)) {
      break;
    }
    status = leave_top(all, end_ns < next->start_ns ? end_ns : next->start_ns);
  }
  return status;
}

static baro_status enter(walk *all, const baro_trace_slice *slice) {
  int64_t end_ns = slice->start_ns + slice->dur_ns;
  if (baro_grow(&all->stack, &all->capacity, all->depth, sizeof(*all->stack)) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  if (all->depth != 0 && end_ns > all->stack[all->depth - 1].end_ns) {
    end_ns = all->stack[all->depth - 1].end_ns;
  }
  all->stack[all->depth++] = (active){.slice = slice, .end_ns = end_ns};
  return all->visitor->enter(all->visitor->context, slice, later(all, slice->start_ns));
}

static baro_status visit(walk *all, const baro_trace_slice *slice) {
  baro_status status = leave_ended(all, slice);
  if (status != BARO_OK) {
    return status;
  }
  if (slice->dur_ns != BARO_TRACE_MOMENT) {
    return enter(all, slice);
  }
  return all->visitor->moment == NULL
             ? BARO_OK
             : all->visitor->moment(all->visitor->context, slice, later(all, slice->start_ns));
}

baro_status baro_trace_walk(const baro_trace_model *model, uint32_t track,
                            const baro_trace_visitor *visitor, baro_trace_oddities *odd) {
  walk all = {.visitor = visitor, .odd = odd, .now_ns = INT64_MIN};
  uint32_t from;
  uint32_t to;
  baro_status status = BARO_OK;
  baro_trace_slices_of(model, track, &from, &to);
  for (uint32_t s = from; s < to && status == BARO_OK; s++) {
    status = visit(&all, &model->slices[s]);
  }
  while (all.depth != 0 && status == BARO_OK) {
    status = leave_top(&all, all.stack[all.depth - 1].end_ns);
  }
  free(all.stack);
  return status;
}
