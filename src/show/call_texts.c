#include "show/call_texts.h"

static baro_status fill(baro_call_texts *texts, const baro_profile *profile, uint32_t row,
                        baro_write_row *write, baro_buffer *scratch, baro_view *ret_text) {
  baro_buffer_clear(scratch);
  write(profile, row, scratch);
  char *copy =
      scratch->failed ? NULL : baro_arena_copy(&texts->arena, scratch->data, scratch->length);
  *ret_text = (baro_view){.data = (const uint8_t *)copy, .length = scratch->length};
  return copy == NULL ? BARO_NO_MEMORY : BARO_OK;
}

baro_status baro_call_texts_init(baro_call_texts *texts, const baro_profile *profile,
                                 baro_write_row *function, baro_write_row *thread,
                                 baro_error *err) {
  *texts = (baro_call_texts){0};
  baro_arena *arena = &texts->arena;
  baro_buffer scratch = {0};
  texts->function = baro_arena_array(arena, profile->functions.count, sizeof(baro_view));
  texts->thread = baro_arena_array(arena, profile->thread_count, sizeof(baro_view));
  baro_status status = texts->function == NULL || texts->thread == NULL ? BARO_NO_MEMORY : BARO_OK;
  for (uint32_t f = 0; f < profile->functions.count && status == BARO_OK; f++) {
    if (profile->call_sums.calls[f] != 0) {
      status = fill(texts, profile, f, function, &scratch, &texts->function[f]);
    }
  }
  for (uint32_t t = 0; t < profile->thread_count && status == BARO_OK; t++) {
    if (profile->threads[t].call_count != 0) {
      status = fill(texts, profile, t, thread, &scratch, &texts->thread[t]);
    }
  }
  baro_buffer_release(&scratch);
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
}

void baro_call_texts_release(baro_call_texts *texts) {
  baro_arena_release(&texts->arena);
}

baro_call_extra baro_call_next(const baro_profile *profile, baro_call_cursor *cursor) {
  const baro_profile_calls *calls = &profile->calls;
  uint32_t call = cursor->call++;
  baro_call_extra extra = {
      .exception = BARO_NONE_ID,
      .suspendable = BARO_NONE_ID,
      .active_ns = calls->duration_ns[call],
      .cpu_ns = BARO_UNKNOWN_AMOUNT,
      .memory_bytes = BARO_UNKNOWN_AMOUNT,
  };
  if (cursor->usage < calls->usage_count && calls->usage_call[cursor->usage] == call) {
    extra.cpu_ns = calls->usage_cpu_ns[cursor->usage];
    extra.memory_bytes = calls->usage_memory_bytes[cursor->usage++];
  }
  if (cursor->raised < calls->raised_count && calls->raised_call[cursor->raised] == call) {
    extra.exception = calls->raised_exception[cursor->raised++];
  }
  if (cursor->suspendable < calls->suspendable_count &&
      calls->suspendable_call[cursor->suspendable] == call) {
    extra.suspendable = cursor->suspendable++;
    extra.active_ns = calls->suspendable_active_ns[extra.suspendable];
  }
  return extra;
}
