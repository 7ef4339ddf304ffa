/* What calls were given and returned, where it was asked for: few calls have it, and most values are the same few texts. */
#include <stdlib.h>

#include "profile/call_build.h"

_Static_assert((int)BARO_PROFILE_CALL_VALUES == (int)BARO_CALL_VALUE_RETURN, "a list a kind");

static baro_status add(baro_call_build *build, uint32_t kind, uint32_t call, uint32_t text) {
  baro_profile_call_values *values = &build->rows.values[kind];
  uint32_t capacity = build->value_capacity[kind]; /* both columns have it */
  if (BARO_CALL_GROW(values->call, capacity, values->count) != BARO_OK ||
      BARO_CALL_GROW(values->text, build->value_capacity[kind], values->count) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  values->call[values->count] = call;
  values->text[values->count++] = text;
  return BARO_OK;
}

baro_status baro_call_add_value(baro_call_build *build, const baro_call_thread *thread,
                                const baro_call_event *event) {
  if (thread->depth == 0 || event->which == 0 || event->which > BARO_PROFILE_CALL_VALUES) {
    return BARO_OK; /* readers do not let this through */
  }
  uint32_t text;
  baro_status status =
      baro_intern_put(&build->rows.value_texts, baro_call_event_value(event), &text, NULL);
  return status == BARO_OK
             ? add(build, event->which - 1u, thread->stack[thread->depth - 1].call, text)
             : status;
}

/* A recording may say a value twice: the first one stands. */
static void drop_repeated(baro_profile_call_values *values) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < values->count; i++) {
    if (kept == 0 || values->call[i] != values->call[kept - 1]) {
      values->call[kept] = values->call[i];
      values->text[kept++] = values->text[i];
    }
  }
  values->count = kept;
}

baro_status baro_call_order_values(baro_call_build *build) {
  for (uint32_t kind = 0; kind < BARO_PROFILE_CALL_VALUES; kind++) {
    baro_profile_call_values *values = &build->rows.values[kind];
    uint32_t *order;
    if (values->count == 0) {
      continue;
    }
    if (baro_call_sort_sparse(build, values->call, values->count, &order) != BARO_OK) {
      return BARO_NO_MEMORY;
    }
    baro_status status =
        baro_call_permute(&values->text, sizeof(*values->text), order, values->count);
    free(order);
    if (status != BARO_OK) {
      return status;
    }
    drop_repeated(values);
  }
  return BARO_OK;
}

void baro_call_values_release(baro_profile_calls *calls) {
  for (uint32_t kind = 0; kind < BARO_PROFILE_CALL_VALUES; kind++) {
    free(calls->values[kind].call);
    free(calls->values[kind].text);
  }
  baro_intern_release(&calls->value_texts);
}
