#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "recording/writer_state.h"

baro_status baro_writer_operator(baro_writer *writer, const baro_operator_record *record,
                                 uint32_t *ret_id) {
  assert(record->kind_string < writer->strings.count);
  assert(record->name_string < writer->strings.count);
  assert(record->place_string < writer->strings.count);
  assert(record->parent_operator < writer->operator_count ||
         record->parent_operator == BARO_NONE_ID);
  if (writer->operator_count == BARO_NONE_ID - 1) {
    return BARO_NO_MEMORY;
  }
  baro_buffer *bytes = baro_writer_record_begin(writer);
  baro_write_varint(bytes, record->kind_string);
  baro_write_varint(bytes, record->name_string);
  baro_write_varint(bytes, record->place_string);
  baro_writer_put_optional_id(bytes, record->parent_operator);
  baro_status status = baro_writer_record_append(writer, BARO_RECORD_OPERATOR);
  if (status == BARO_OK) {
    *ret_id = writer->operator_count++;
  }
  return status;
}

baro_status baro_writer_operator_fact(baro_writer *writer, const baro_operator_fact_record *fact) {
  assert(fact->operator_id < writer->operator_count);
  baro_buffer *bytes = baro_writer_record_begin(writer);
  baro_write_varint(bytes, fact->operator_id);
  baro_write_string(bytes, baro_writer_cut(fact->key));
  baro_write_string(bytes, baro_writer_cut(fact->value));
  return baro_writer_record_append(writer, BARO_RECORD_OPERATOR_FACT);
}

baro_status baro_writer_fact_text(baro_writer *writer, uint32_t operator_id, const char *key,
                                  baro_view value) {
  return value.length == 0 ? BARO_OK
                           : baro_writer_operator_fact(
                                 writer, &(baro_operator_fact_record){.operator_id = operator_id,
                                                                      .key = baro_view_of(key),
                                                                      .value = value});
}

baro_status baro_writer_fact_number(baro_writer *writer, uint32_t operator_id, const char *key,
                                    int64_t value) {
  char text[32];
  (void)snprintf(text, sizeof(text), "%" PRId64, value);
  return value < 0 ? BARO_OK : baro_writer_fact_text(writer, operator_id, key, baro_view_of(text));
}

baro_status baro_writer_operator_edge(baro_writer *writer, const baro_operator_edge_record *edge) {
  assert(edge->from_operator < writer->operator_count);
  assert(edge->to_operator < writer->operator_count);
  assert(edge->kind < BARO_OPERATOR_EDGE_COUNT);
  baro_buffer *bytes = baro_writer_record_begin(writer);
  baro_write_varint(bytes, edge->from_operator);
  baro_write_varint(bytes, edge->to_operator);
  baro_write_varint(bytes, edge->kind);
  return baro_writer_record_append(writer, BARO_RECORD_OPERATOR_EDGE);
}

baro_status baro_writer_task(baro_writer *writer, const baro_task_record *task) {
  assert(task->operator_id < writer->operator_count);
  assert(task->thread < writer->encoder.model.count);
  assert(task->start_ns <= task->end_ns && task->outcome < BARO_TASK_OUTCOME_COUNT);
  assert(task->amount_count <= BARO_TASK_AMOUNTS_MAX);
  baro_buffer *bytes = baro_writer_record_begin(writer);
  baro_write_varint(bytes, task->operator_id);
  baro_write_varint(bytes, task->thread);
  baro_write_varint(bytes, task->start_ns);
  baro_write_varint(bytes, task->end_ns - task->start_ns);
  baro_write_varint(bytes, task->outcome);
  baro_write_varint(bytes, task->amount_count);
  for (uint32_t i = 0; i < task->amount_count; i++) {
    assert(task->amounts[i].key_string < writer->strings.count);
    baro_write_varint(bytes, task->amounts[i].key_string);
    baro_write_varint(bytes, task->amounts[i].value);
  }
  return baro_writer_record_append(writer, BARO_RECORD_TASK);
}
