#include "import/run_metadata_node.h"

#include <string.h>

#include "import/protobuf_fields.h"
#include "import/trace_model.h"

enum {
  NODE_NAME = 1,
  NODE_START_US = 2,
  NODE_OP_START_US = 3,
  NODE_OP_END_US = 4,
  NODE_END_US = 5,
  NODE_MEMORY = 6,
  NODE_OUTPUT = 7,
  NODE_LABEL = 8,
  NODE_START_NS = 13,
  NODE_OP_START_NS = 14,
  NODE_OP_END_NS = 15,
  NODE_END_NS = 16,
  NODE_NUMBERS
};
enum { MEMORY_TOTAL = 2, OUTPUT_TENSOR = 3, TENSOR_ALLOCATION = 4, ALLOCATION_REQUESTED = 1 };

static const uint64_t AMOUNT_MAX = (uint64_t)BARO_TRACE_TIME_MAX_NS; /* sums of two fit */

/* The number of a field, or 0 where it is none that can be. */
static uint64_t number_in(baro_view message, uint64_t number) {
  baro_reader reader = baro_protobuf_reader(message);
  baro_protobuf_field part;
  uint64_t value = 0;
  while (baro_protobuf_next(&reader, &part)) {
    value = part.number == number ? part.value : value;
  }
  return value <= AMOUNT_MAX ? value : 0;
}

static baro_view message_in(baro_view message, uint64_t number) {
  baro_reader reader = baro_protobuf_reader(message);
  baro_protobuf_field part;
  baro_view found = {0};
  while (baro_protobuf_next(&reader, &part)) {
    found = part.number == number ? part.bytes : found;
  }
  return found;
}

static void add_bytes(uint64_t *sum, uint64_t bytes) {
  *sum += bytes <= AMOUNT_MAX - *sum ? bytes : 0;
}

static uint64_t output_bytes(baro_view output) {
  baro_view tensor = message_in(output, OUTPUT_TENSOR);
  return number_in(message_in(tensor, TENSOR_ALLOCATION), ALLOCATION_REQUESTED);
}

/* Nanoseconds stand beside the microseconds since TensorFlow 1.13. */
static void take_times(const uint64_t *numbers, baro_run_node *node) {
  bool has_ns = numbers[NODE_START_NS] != 0;
  uint64_t unit = has_ns ? 1 : 1000;
  uint64_t most = (uint64_t)BARO_TRACE_TIME_MAX_NS / unit;
  uint64_t start = numbers[has_ns ? NODE_START_NS : NODE_START_US];
  uint64_t length = numbers[has_ns ? NODE_END_NS : NODE_END_US];
  uint64_t op_start = numbers[has_ns ? NODE_OP_START_NS : NODE_OP_START_US];
  uint64_t op_end = numbers[has_ns ? NODE_OP_END_NS : NODE_OP_END_US];
  if (start == 0 || start > most || length > most - start) {
    return;
  }
  node->start_ns = (int64_t)(start * unit);
  node->end_ns = (int64_t)((start + length) * unit);
  node->compute_ns = op_start < op_end && op_end <= length ? (op_end - op_start) * unit : 0;
}

bool baro_run_node_read(baro_view message, baro_run_node *ret_node) {
  baro_reader reader = baro_protobuf_reader(message);
  baro_protobuf_field part;
  uint64_t numbers[NODE_NUMBERS] = {0};
  *ret_node = (baro_run_node){0};
  while (baro_protobuf_next(&reader, &part)) {
    if (part.number == NODE_NAME) {
      ret_node->name = part.bytes;
    } else if (part.number == NODE_LABEL) {
      ret_node->label = part.bytes;
    } else if (part.number == NODE_MEMORY) {
      add_bytes(&ret_node->allocated_bytes, number_in(part.bytes, MEMORY_TOTAL));
    } else if (part.number == NODE_OUTPUT) {
      add_bytes(&ret_node->output_bytes, output_bytes(part.bytes));
    } else if (part.number < NODE_NUMBERS) {
      numbers[part.number] = part.value;
    }
  }
  take_times(numbers, ret_node);
  return !reader.failed;
}

/* --- names and labels --- */

size_t baro_find_last(baro_view text, const char *wanted) {
  size_t length = strlen(wanted);
  for (size_t at = text.length; at-- > 0;) {
    if (text.length - at >= length && memcmp(text.data + at, wanted, length) == 0) {
      return at;
    }
  }
  return text.length;
}

bool baro_run_node_inputs(const baro_run_node *node, baro_view *ret_op, baro_view *ret_inputs) {
  baro_view label = node->label;
  size_t equal = baro_find_last(label, " = ");
  if (equal == label.length) {
    return false;
  }
  baro_view rest = {.data = label.data + equal + 3, .length = label.length - equal - 3};
  size_t open = baro_find_last(rest, "(");
  size_t close = baro_find_last(rest, ")");
  if (close == rest.length || open >= close) {
    return false;
  }
  *ret_op = (baro_view){.data = rest.data, .length = open};
  *ret_inputs = (baro_view){.data = rest.data + open + 1, .length = close - open - 1};
  return true;
}

/* "node:Op", with what was done behind another colon. */
baro_view baro_run_node_launcher(const baro_run_node *node) {
  baro_view name = node->name;
  const uint8_t *colon = name.length == 0 ? NULL : memchr(name.data, ':', name.length);
  name.length = colon == NULL ? name.length : (size_t)(colon - name.data);
  return name;
}

/* Since TensorFlow 2.0 labels are "NAME regs:.. grid:.. block:..@@node:Op". */
baro_view baro_run_node_kernel(const baro_run_node *node) {
  size_t mark = baro_find_last(node->label, "@@");
  if (mark == node->label.length) {
    return node->name;
  }
  baro_view front = {.data = node->label.data, .length = mark};
  front.length = baro_find_last(front, " regs:");
  return front.length == 0 ? node->name : front;
}

/* "node:Op:MEMCPYHtoD" before TensorFlow 2.0; later copies have devices of their own. */
bool baro_run_node_is_copy(const baro_run_node *node) {
  return baro_view_contains(node->name, "MEMCPY");
}

/* "... bytes:1048576 ..." since TensorFlow 2.0. */
uint64_t baro_run_node_copied_bytes(const baro_run_node *node) {
  static const char mark[] = " bytes:";
  uint64_t bytes = 0;
  for (size_t at = baro_find_last(node->label, mark) + sizeof(mark) - 1; at < node->label.length;
       at++) {
    uint8_t digit = node->label.data[at];
    if (digit < '0' || digit > '9') {
      break;
    }
    if (bytes > AMOUNT_MAX / 16) {
      return 0; /* more than anything can be: nothing is told */
    }
    bytes = bytes * 10 + (uint64_t)(digit - '0');
  }
  return bytes;
}
