#include "support/recording_json.h"

#include <inttypes.h>

static void put_text(baro_buffer *out, baro_view text) {
  baro_write_u8(out, '"');
  for (size_t i = 0; i < text.length; i++) {
    uint8_t byte = text.data[i];
    if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') {
      baro_write_format(out, "\\u%04x", byte);
    } else {
      baro_write_u8(out, byte);
    }
  }
  baro_write_u8(out, '"');
}

/* -1 in place of BARO_NONE_ID. */
static int64_t id_number(uint32_t id) {
  return id == BARO_NONE_ID ? -1 : (int64_t)id;
}

static baro_status put_info(void *context, const baro_info_record *info, baro_error *err) {
  (void)err;
  baro_write_text(context, "[\"info\", ");
  put_text(context, info->key);
  baro_write_text(context, ", ");
  put_text(context, info->value);
  baro_write_text(context, "]\n");
  return BARO_OK;
}

static baro_status put_anchor(void *context, const baro_clock_anchor *anchor, baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"anchor\", %" PRIu64 ", %" PRIu64 "]\n", anchor->monotonic_ns,
                    anchor->utc_ns);
  return BARO_OK;
}

static baro_status put_string(void *context, uint32_t id, baro_view text, baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"string\", %u, ", id);
  put_text(context, text);
  baro_write_text(context, "]\n");
  return BARO_OK;
}

static baro_status put_function(void *context, uint32_t id, const baro_function_record *function,
                                baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"function\", %u, %u, %u, %u, %u, %u", id, function->name_string,
                    function->qualified_string, function->file_string, function->first_line,
                    function->flags);
  if (function->module_string != BARO_NONE_ID) {
    baro_write_format(context, ", %u", function->module_string);
  }
  baro_write_text(context, "]\n");
  return BARO_OK;
}

static baro_status put_frame(void *context, uint32_t id, const baro_frame_record *frame,
                             baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"frame\", %u, %u, %u]\n", id, frame->function, frame->line);
  return BARO_OK;
}

static baro_status put_stack(void *context, uint32_t id, const baro_stack_record *stack,
                             baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"stack\", %u, %" PRId64 ", %u]\n", id, id_number(stack->parent),
                    stack->frame);
  return BARO_OK;
}

static baro_status put_process(void *context, uint32_t id, const baro_process_record *process,
                               baro_error *err) {
  (void)err;
  baro_write_format(context,
                    "[\"process\", %u, %u, %" PRId64 ", %" PRIu64 ", %" PRIu64 ", %u, %u]\n", id,
                    process->os_pid, id_number(process->parent_process), process->start_ns,
                    process->seen_ns, process->command_string, process->python_string);
  return BARO_OK;
}

static baro_status put_process_fact(void *context, const baro_process_fact_record *fact,
                                    baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"process_fact\", %u, ", fact->process);
  put_text(context, fact->key);
  baro_write_text(context, ", ");
  put_text(context, fact->value);
  baro_write_text(context, "]\n");
  return BARO_OK;
}

static baro_status put_operator(void *context, uint32_t id, const baro_operator_record *record,
                                baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"operator\", %u, %u, %u, %u, %" PRId64 "]\n", id,
                    record->kind_string, record->name_string, record->place_string,
                    id_number(record->parent_operator));
  return BARO_OK;
}

static baro_status put_operator_fact(void *context, const baro_operator_fact_record *fact,
                                     baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"operator_fact\", %u, ", fact->operator_id);
  put_text(context, fact->key);
  baro_write_text(context, ", ");
  put_text(context, fact->value);
  baro_write_text(context, "]\n");
  return BARO_OK;
}

static baro_status put_operator_edge(void *context, const baro_operator_edge_record *edge,
                                     baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"operator_edge\", %u, %u, \"%s\"]\n", edge->from_operator,
                    edge->to_operator, baro_operator_edge_key(edge->kind));
  return BARO_OK;
}

static baro_status put_task(void *context, const baro_task_record *task, baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"task\", %u, %u, %" PRIu64 ", %" PRIu64 ", \"%s\", [",
                    task->operator_id, task->thread, task->start_ns, task->end_ns,
                    baro_task_outcome_key(task->outcome));
  for (uint32_t i = 0; i < task->amount_count; i++) {
    baro_write_format(context, "%s[%u, %" PRIu64 "]", i == 0 ? "" : ", ",
                      task->amounts[i].key_string, task->amounts[i].value);
  }
  baro_write_text(context, "]]\n");
  return BARO_OK;
}

static baro_status put_thread(void *context, uint32_t id, const baro_thread_record *thread,
                              baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"thread\", %u, %u, %u, %" PRIu64 ", %u, %s]\n", id, thread->process,
                    thread->os_tid, thread->seen_ns, thread->name_string,
                    thread->is_main ? "true" : "false");
  return BARO_OK;
}

static baro_status put_thread_name(void *context, uint32_t thread, uint32_t name_string,
                                   baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"thread_name\", %u, %u]\n", thread, name_string);
  return BARO_OK;
}

static baro_status put_process_end(void *context, const baro_end_record *end, baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"process_end\", %u, %" PRIu64 ", %d]\n", end->index, end->time_ns,
                    end->wait_status);
  return BARO_OK;
}

static baro_status put_thread_end(void *context, const baro_end_record *end, baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"thread_end\", %u, %" PRIu64 ", %d]\n", end->index, end->time_ns,
                    end->wait_status);
  return BARO_OK;
}

static baro_status put_sample(void *context, const baro_sample_record *sample, baro_error *err) {
  (void)err;
  baro_write_format(context,
                    "[\"sample\", %u, %" PRIu64 ", %" PRIu64 ", %u, %" PRId64 ", \"%s\", %" PRIu64
                    ", %" PRIu64 "]\n",
                    sample->thread, sample->time_ns, sample->weight_ns, sample->ticks,
                    id_number(sample->stack), baro_state_key(sample->state), sample->cpu_ns,
                    sample->runnable_ns);
  return BARO_OK;
}

/* What an event says beside thread, time and word; of those without numbers nothing. */
static void put_call_numbers(baro_buffer *out, const baro_call_event *event) {
  switch (event->kind) {
  case BARO_CALL_ENTER: baro_write_format(out, ", %u", event->function); break;
  case BARO_CALL_ENTER_SUSPENDABLE:
    baro_write_format(out, ", %u, %" PRIu64, event->function, event->call);
    break;
  case BARO_CALL_RAISE:
    baro_write_format(out, ", %" PRId64, id_number(event->exception_string));
    break;
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW: baro_write_format(out, ", %" PRIu64, event->call); break;
  case BARO_CALL_LOST: baro_write_format(out, ", %" PRIu64, event->lost); break;
  case BARO_CALL_USAGE:
    baro_write_format(out, ", %" PRIu64 ", %u", event->cpu_ns, event->peak_kib);
    break;
  case BARO_CALL_SPAWN: baro_write_format(out, ", %" PRIu64, event->call); break;
  case BARO_CALL_SKIPPED:
    baro_write_format(out, ", %u, %" PRIu64, event->function, event->skipped);
    break;
  case BARO_CALL_WEIGHT:
    baro_write_format(out, ", %" PRIu64 "%s", event->weight,
                      event->is_recursive != 0 ? ", true" : "");
    break;
  case BARO_CALL_VALUE:
    baro_write_format(out, ", %u, ", event->which);
    put_text(out, baro_call_event_value(event));
    break;
  case BARO_CALL_OWN:
    baro_write_format(out, ", %" PRIu64 ", %u", event->own_ns, event->own_wait_us);
    break;
  case BARO_CALL_RETURN:
  case BARO_CALL_SUSPEND:
  case BARO_CALL_EVENT_KIND_COUNT: break;
  }
}

static baro_status put_calls(void *context, uint32_t thread, const baro_call_event *events,
                             uint32_t count, baro_error *err) {
  (void)err;
  for (uint32_t i = 0; i < count; i++) {
    baro_write_format(context, "[\"call\", %u, %" PRIu64 ", \"%s\"", thread, events[i].time_ns,
                      baro_call_event_word(events[i].kind));
    put_call_numbers(context, &events[i]);
    baro_write_text(context, "]\n");
  }
  return BARO_OK;
}

static baro_status put_counters(void *context, const baro_counters_record *counters,
                                baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"counters\", %" PRId64 ", %" PRIu64 ", {",
                    id_number(counters->process), counters->time_ns);
  for (size_t i = 0; i < BARO_COUNTER_COUNT; i++) {
    baro_write_format(context, "%s\"%s\": %" PRIu64, i == 0 ? "" : ", ",
                      baro_counter_key((baro_counter)i), counters->values[i]);
  }
  baro_write_text(context, "}]\n");
  return BARO_OK;
}

static baro_status put_note(void *context, const baro_note_record *note, baro_error *err) {
  (void)err;
  baro_write_format(context, "[\"note\", %" PRIu64 ", %" PRId64 ", ", note->time_ns,
                    id_number(note->process));
  put_text(context, note->text);
  baro_write_text(context, "]\n");
  return BARO_OK;
}

baro_visitor recording_json_visitor(baro_buffer *text) {
  return (baro_visitor){.context = text,
                        .info = put_info,
                        .anchor = put_anchor,
                        .string = put_string,
                        .function = put_function,
                        .frame = put_frame,
                        .stack = put_stack,
                        .process = put_process,
                        .process_fact = put_process_fact,
                        .operator= put_operator,
                        .operator_fact = put_operator_fact,
                        .operator_edge = put_operator_edge,
                        .task = put_task,
                        .thread = put_thread,
                        .thread_name = put_thread_name,
                        .process_end = put_process_end,
                        .thread_end = put_thread_end,
                        .sample = put_sample,
                        .calls = put_calls,
                        .counters = put_counters,
                        .note = put_note};
}

static const char *json_bool(bool value) {
  return value ? "true" : "false";
}

void recording_json_damage(baro_buffer *text, const baro_damage *damage) {
  baro_write_format(text,
                    "[\"damage\", {\"complete\": %s, \"truncated\": %s, \"corrupt\": %s, "
                    "\"good_bytes\": %" PRIu64 ", \"file_bytes\": %" PRIu64 ", \"chunks\": %" PRIu64
                    ", \"unknown_records\": %" PRIu64 ", \"dropped_samples\": %" PRIu64,
                    json_bool(damage->complete), json_bool(damage->truncated),
                    json_bool(damage->corrupt), damage->good_bytes, damage->file_bytes,
                    damage->chunks, damage->unknown_records, damage->dropped_samples);
  /* The expected results of version 1.0 do not have it. */
  if (damage->dropped_call_events != 0) {
    baro_write_format(text, ", \"dropped_call_events\": %" PRIu64, damage->dropped_call_events);
  }
  baro_write_text(text, "}]\n");
}
