#include "capture/order_remarks.h"

/* Whether the SPAWN of the thread that asked for the task has been seen. */
static bool is_promised(const baro_order_process *process, const baro_call_step *step) {
  const uint64_t *promised = baro_map_find(&process->spawned, step->frame);
  return promised != NULL && baro_order_packed_code(*promised) == step->code;
}

static baro_status spawn(baro_order_process *process, baro_order_thread *thread,
                         const baro_call_step *step, bool is_final, baro_order_output *output) {
  if (process->spawned.count >= BARO_ORDER_SPAWNED_LIMIT)
    return BARO_OK; /* its call will have another number, and no spawner */
  if (step->is_elsewhere != 0 && is_promised(process, step))
    return BARO_OK;
  if (step->is_elsewhere != 0 && !is_final)
    return BARO_AGAIN;
  uint64_t call = process->recording->next_call;
  baro_status status =
      baro_map_set(&process->spawned, step->frame, baro_order_pack(call, step->code, false));
  if (status != BARO_OK)
    return status;
  process->recording->next_call++;
  baro_order_put(thread, step, output, BARO_CALL_SPAWN, 0, call);
  return BARO_OK;
}

/* Of the top. What is returned is of the call that the RETURN behind it will end. */
static void tell_value(baro_order_process *process, baro_order_thread *thread,
                       const baro_call_step *step, baro_order_output *output) {
  if (thread->left_out > 0 || thread->depth == 0)
    return;
  if (step->which == BARO_RING_VALUE_RETURN && !baro_order_uncover(process, thread, step, output))
    return;
  baro_order_put(thread, step, output, BARO_CALL_VALUE, 0, 0);
  baro_call_event *event = &output->events[output->count - 1];
  event->which = step->which;
  event->value_bytes = step->value_bytes;
  event->value = step->value;
}

/* One that is left out for its depth has none. */
static void weigh(baro_order_thread *thread, const baro_call_step *step,
                  baro_order_output *output) {
  if (thread->left_out == 0 && thread->depth < BARO_ORDER_DEPTH)
    baro_order_put(thread, step, output, BARO_CALL_WEIGHT, step->is_recursive, step->weight);
}

baro_status baro_order_remark(baro_order_process *process, baro_order_thread *thread,
                              const baro_call_step *step, bool is_final,
                              baro_order_output *output) {
  switch (step->kind) {
  case BARO_RING_USAGE:
    baro_order_put(thread, step, output, BARO_CALL_USAGE, step->peak_kib, step->cpu_ns);
    return BARO_OK;
  case BARO_RING_SPAWN: return spawn(process, thread, step, is_final, output);
  case BARO_RING_SKIPPED:
    baro_order_put(thread, step, output, BARO_CALL_SKIPPED, step->function, step->skipped);
    return BARO_OK;
  case BARO_RING_WEIGHT: weigh(thread, step, output); return BARO_OK;
  case BARO_RING_VALUE: tell_value(process, thread, step, output); return BARO_OK;
  case BARO_RING_OWN:
    baro_order_put(thread, step, output, BARO_CALL_OWN, step->own_wait_us, step->own_ns);
    return BARO_OK;
  case BARO_RING_ENTER:
  case BARO_RING_RETURN:
  case BARO_RING_RAISE:
  case BARO_RING_YIELD:
  case BARO_RING_RESUME:
  case BARO_RING_THROW:
  case BARO_RING_FRAME:
  case BARO_RING_LOST:
  case BARO_RING_KIND_COUNT: break;
  }
  return BARO_OK;
}
