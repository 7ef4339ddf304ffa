/* RunMetadata, what sessions of TensorFlow 1 (and tf.compat.v1) write of a step: step_stats.proto of TensorFlow 2.17. A protocol
 * buffer, unpacked, at once in memory. Devices are processes; nodes are operators, and those of one device that ran at once stand on threads of
 * their own, since the file does not tell threads. Times are microseconds; since TensorFlow 1.13 there are nanoseconds beside them,
 * which are taken. What a node took in stands in its label, "node = Op(input, input:1, ^waited_for)". */
#include <string.h>

#include "import/import_formats.h"
#include "import/log_reading.h"
#include "import/protobuf_fields.h"
#include "import/run_metadata_node.h"
#include "import/tensorflow_import.h"
#include "import/torch_events.h"
#include "recording/records.h"

enum { METADATA_STEP = 1, STEP_DEVICE = 1, DEVICE_NAME = 1, DEVICE_NODE = 2 };

typedef struct run_metadata {
  baro_trace_model model;
  baro_map label_of;       /* text of a node's name -> label */
  uint64_t repeated;       /* of all streams, where each has its own */
  uint64_t unmeasured;     /* nodes with times that are none */
  uint64_t unknown_inputs; /* that no node of the file has made */
  bool has_streams;        /* any device that is one stream */
  bool has_stream_copies;  /* any that has copies */
} run_metadata;

/* The first field of a message, if it is a message of that number. */
static bool enter(baro_view message, uint64_t number, baro_view *ret_inner) {
  baro_reader reader = baro_protobuf_reader(message);
  baro_protobuf_field part;
  if (!baro_protobuf_next(&reader, &part) || part.number != number || part.bytes.data == NULL) {
    return false;
  }
  *ret_inner = part.bytes;
  return true;
}

/* Its first device has a name that TensorFlow gives. */
bool baro_sniff_run_metadata(baro_view bytes) {
  baro_view step;
  baro_view device;
  baro_view name;
  return enter(bytes, METADATA_STEP, &step) && enter(step, STEP_DEVICE, &device) &&
         enter(device, DEVICE_NAME, &name) &&
         (baro_view_starts_with(name, "/job:") || baro_view_starts_with(name, "/device:") ||
          baro_view_starts_with(name, "/gpu:") || baro_view_starts_with(name, "/cpu:"));
}

/* --- devices --- */

/* What the nodes of a device are. The tracers of GPUs write kernels and copies twice: by their stream, and all of them. */
typedef enum device_kind { HOST, STREAM, STREAM_COPIES, ALL_STREAMS, COPIES, SYNC } device_kind;

static device_kind kind_of(baro_view device) {
  static const struct {
    const char *part;
    device_kind kind;
  } kinds[] = {{"/stream:all", ALL_STREAMS},
               {"<Memcpy", STREAM_COPIES},
               {"/stream:", STREAM},
               {"/memcpy", COPIES},
               {"/sync", SYNC}};
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
    if (baro_view_contains(device, kinds[i].part)) {
      return kinds[i].kind;
    }
  }
  return HOST;
}

/* Where the last part of its name begins: "/device:GPU:0" | "stream:12". */
static size_t last_part(baro_view device) {
  size_t at = device.length;
  while (at > 0 && device.data[at - 1] != '/') {
    at--;
  }
  return at;
}

static baro_status add_track(run_metadata *all, baro_view device, uint32_t *ret_track) {
  size_t at = last_part(device);
  uint32_t process;
  baro_view whole = device;
  baro_view part = device;
  if (at > 0) { /* a device without a name has no bytes to point to */
    part = (baro_view){.data = device.data + at, .length = device.length - at};
  }
  if (kind_of(device) != HOST && at > 0) {
    whole.length = at - 1;
  }
  baro_status status = baro_trace_process_put(&all->model, whole, &process);
  if (status == BARO_OK) {
    status = baro_trace_track_put(&all->model, process, part, false, ret_track);
  }
  return status == BARO_OK
             ? baro_trace_text_put(&all->model, part, &all->model.tracks[*ret_track].name)
             : status;
}

/* --- nodes --- */

static const char *category_of(const baro_run_node *of, device_kind kind) {
  switch (kind) {
  case HOST: return "cpu_op";
  case COPIES:
  case STREAM_COPIES: return "gpu_memcpy";
  case SYNC: return "cuda_driver";
  case STREAM:
  case ALL_STREAMS: return baro_run_node_is_copy(of) ? "gpu_memcpy" : "kernel";
  }
  return "";
}

/* "node:Op", as XPlane names operators; of kernels their own name. */
static baro_status put_label(run_metadata *all, const baro_run_node *of, device_kind kind,
                             uint32_t *ret_label) {
  baro_trace_model *model = &all->model;
  baro_trace_label label = {.place = model->empty};
  baro_view op;
  baro_view inputs;
  baro_view own = kind == HOST ? of->name : baro_run_node_kernel(of);
  baro_buffer_clear(&model->scratch);
  baro_write_bytes(&model->scratch, own.data, own.length);
  if (kind == HOST && baro_run_node_inputs(of, &op, &inputs)) {
    baro_write_text(&model->scratch, ":");
    baro_write_bytes(&model->scratch, op.data, op.length);
  }
  baro_view name = {.data = model->scratch.data, .length = model->scratch.length};
  baro_status status =
      model->scratch.failed ? BARO_NO_MEMORY : baro_trace_text_put(model, name, &label.name);
  if (status == BARO_OK) {
    status = baro_trace_text_put(model, baro_view_of(category_of(of, kind)), &label.category);
  }
  return status == BARO_OK ? baro_trace_label_put(model, &label, ret_label) : status;
}

static baro_status put_extra(run_metadata *all, const baro_run_node *of, device_kind kind,
                             uint32_t launcher, uint32_t *ret_extra) {
  baro_trace_model *model = &all->model;
  const baro_trace_value amounts[] = {
      {BARO_TORCH_AMOUNT_MEMORY, of->allocated_bytes},
      {BARO_TORCH_AMOUNT_OUTPUT, of->output_bytes},
      {BARO_TORCH_AMOUNT_COMPUTE, kind == HOST ? of->compute_ns : 0},
      {BARO_TORCH_AMOUNT_COPIED, kind == HOST ? 0 : baro_run_node_copied_bytes(of)},
  };
  baro_trace_extra extra = {.external_id = (int64_t)launcher + 1,
                            .dims = BARO_NONE_ID,
                            .types = BARO_NONE_ID,
                            .first_value = model->value_count};
  baro_status status = BARO_OK;
  for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]) && status == BARO_OK; i++) {
    if (amounts[i].value != 0) {
      status = baro_trace_value_add(model, amounts[i].key, amounts[i].value);
      extra.value_count++;
    }
  }
  return status == BARO_OK ? baro_trace_extra_add(model, &extra, ret_extra) : status;
}

static baro_status add_node(run_metadata *all, baro_view message, device_kind kind, uint32_t track,
                            baro_error *err) {
  baro_run_node of;
  uint32_t text;
  baro_trace_slice slice = {.track = track};
  if (!baro_run_node_read(message, &of)) {
    return baro_error_set(err, BARO_INVALID, "a node is cut");
  }
  if (of.name.length == 0 || !baro_run_node_has_times(&of)) {
    all->unmeasured++;
    return BARO_OK;
  }
  slice.start_ns = of.start_ns;
  slice.dur_ns = of.end_ns - of.start_ns;
  baro_status status =
      baro_trace_text_put(&all->model, kind == HOST ? of.name : baro_run_node_launcher(&of), &text);
  if (status == BARO_OK) {
    status = put_label(all, &of, kind, &slice.label);
  }
  if (status == BARO_OK) {
    status = put_extra(all, &of, kind, text, &slice.extra);
  }
  if (status == BARO_OK && kind == HOST) {
    status = baro_map_set(&all->label_of, text, slice.label);
  }
  if (status == BARO_OK) {
    status = baro_trace_slice_add(&all->model, &slice);
  }
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
}

/* --- what nodes took in --- */

static const uint64_t *find_label(run_metadata *all, baro_view name, baro_status *status) {
  uint32_t text;
  *status = baro_trace_text_put(&all->model, name, &text);
  return *status == BARO_OK ? baro_map_find(&all->label_of, text) : NULL;
}

/* "node", "node:1", "^node"; where a graph was split, "node/_12". */
static baro_status add_input(run_metadata *all, baro_view input, uint32_t to_label) {
  baro_status status;
  baro_trace_link link = {.to_label = to_label};
  if (input.length != 0 && input.data[0] == '^') {
    link.is_control = true;
    input.data++;
    input.length--;
  }
  size_t colon = baro_find_last(input, ":");
  input.length = colon;
  const uint64_t *from = find_label(all, input, &status);
  if (status == BARO_OK && from == NULL) {
    input.length = baro_find_last(input, "/_");
    from = find_label(all, input, &status);
  }
  if (status != BARO_OK || from == NULL) {
    all->unknown_inputs += status == BARO_OK;
    return status;
  }
  link.from_label = (uint32_t)*from;
  return baro_trace_link_add(&all->model, &link);
}

static baro_status add_inputs(run_metadata *all, baro_view message) {
  baro_run_node of;
  baro_view op;
  baro_view inputs;
  baro_status status = BARO_OK;
  if (!baro_run_node_read(message, &of) || !baro_run_node_inputs(&of, &op, &inputs)) {
    return BARO_OK;
  }
  const uint64_t *label = find_label(all, of.name, &status);
  if (label == NULL) {
    return status;
  }
  uint32_t to_label = (uint32_t)*label;
  while (inputs.length != 0 && status == BARO_OK) {
    const uint8_t *comma = memchr(inputs.data, ',', inputs.length);
    size_t length = comma == NULL ? inputs.length : (size_t)(comma - inputs.data);
    status = add_input(all, (baro_view){.data = inputs.data, .length = length}, to_label);
    length += comma != NULL;
    length += comma != NULL && length < inputs.length && inputs.data[length] == ' ';
    inputs = (baro_view){.data = inputs.data + length, .length = inputs.length - length};
  }
  return status;
}

/* --- the file --- */

static bool take_name(baro_view device, baro_view *ret_name) {
  baro_reader reader = baro_protobuf_reader(device);
  baro_protobuf_field part;
  *ret_name = (baro_view){0};
  while (baro_protobuf_next(&reader, &part)) {
    *ret_name = part.number == DEVICE_NAME ? part.bytes : *ret_name;
  }
  return !reader.failed;
}

static bool has_copies(baro_view device) {
  baro_reader reader = baro_protobuf_reader(device);
  baro_protobuf_field part;
  baro_run_node of;
  bool found = false;
  while (!found && baro_protobuf_next(&reader, &part)) {
    found = part.number == DEVICE_NODE && baro_run_node_read(part.bytes, &of) &&
            baro_run_node_is_copy(&of);
  }
  return found;
}

static baro_status read_device(run_metadata *all, baro_view device, bool is_second,
                               baro_error *err) {
  baro_reader reader = baro_protobuf_reader(device);
  baro_protobuf_field part;
  baro_view name;
  uint32_t track = 0;
  if (!take_name(device, &name)) {
    return baro_error_set(err, BARO_INVALID, "a device is cut");
  }
  device_kind kind = kind_of(name);
  baro_status status = BARO_OK;
  if (!is_second && add_track(all, name, &track) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  while (status == BARO_OK && baro_protobuf_next(&reader, &part)) {
    if (part.number != DEVICE_NODE) {
      continue;
    }
    if (is_second) {
      status = kind == HOST ? add_inputs(all, part.bytes) : BARO_OK;
      status = status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
    } else if ((all->has_streams && kind == ALL_STREAMS) ||
               (all->has_stream_copies && kind == COPIES)) {
      all->repeated++;
    } else {
      status = add_node(all, part.bytes, kind, track, err);
    }
  }
  return status;
}

/* Nodes first, then what they took in: it may stand behind them. */
static baro_status read_step(run_metadata *all, baro_view step, baro_error *err) {
  baro_status status = BARO_OK;
  baro_reader reader = baro_protobuf_reader(step);
  baro_protobuf_field part;
  baro_view name;
  while (baro_protobuf_next(&reader, &part)) {
    if (part.number == STEP_DEVICE && take_name(part.bytes, &name)) {
      device_kind kind = kind_of(name);
      all->has_streams |= kind == STREAM;
      all->has_stream_copies |= kind == STREAM_COPIES || (kind == STREAM && has_copies(part.bytes));
    }
  }
  for (int pass = 0; pass < 2 && status == BARO_OK; pass++) {
    reader = baro_protobuf_reader(step);
    while (status == BARO_OK && baro_protobuf_next(&reader, &part)) {
      if (part.number == STEP_DEVICE) {
        status = read_device(all, part.bytes, pass == 1, err);
      }
    }
  }
  return status == BARO_OK && reader.failed
             ? baro_error_set(err, BARO_INVALID, "the statistics of the step are cut")
             : status;
}

static baro_status read_metadata(void *context, baro_view bytes, baro_error *err) {
  run_metadata *all = context;
  all->model.has_lanes = true;
  baro_reader reader = baro_protobuf_reader(bytes);
  baro_protobuf_field part;
  baro_status status = BARO_OK;
  bool has_step = false;
  while (status == BARO_OK && baro_protobuf_next(&reader, &part)) {
    if (part.number == METADATA_STEP) {
      has_step = true;
      status = read_step(all, part.bytes, err);
    }
  }
  if (status == BARO_OK && (reader.failed || !has_step)) {
    return baro_error_set(err, BARO_INVALID, "byte %zu: the file is cut, or no RunMetadata",
                          bytes.length - baro_reader_left(&reader));
  }
  return status;
}

static void note(const void *context, baro_writer *writer) {
  const run_metadata *all = context;
  const baro_import_count counts[] = {
      {all->unmeasured, "node has no name or times that are none: it was left out",
       "nodes have no name or times that are none: they were left out"},
      {all->unknown_inputs, "input of a node is of one that the file does not have",
       "inputs of nodes are of nodes that the file does not have"},
      {all->repeated, "slice says again what its stream says: it was left out",
       "slices say again what their stream says: they were left out"},
  };
  baro_import_note_counts(writer, counts, sizeof(counts) / sizeof(counts[0]));
}

baro_status baro_import_run_metadata(baro_view bytes, const baro_import_options *options,
                                     baro_import_output *output, baro_error *err) {
  run_metadata all = {0};
  const baro_tensorflow_file file = {
      .context = &all, .model = &all.model, .read = read_metadata, .note = note};
  (void)options;
  baro_status status = baro_tensorflow_import(&file, bytes, output, err);
  baro_map_release(&all.label_of);
  return status;
}
