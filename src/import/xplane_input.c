/* XPlane, what the profilers of TensorFlow and JAX write (*.xplane.pb): planes are processes or devices, lines threads or streams,
 * events slices. A protocol buffer, unpacked, at once in memory: xplane.proto of TensorFlow 2.17. A plane's names stand
 * anywhere in it, so each is walked through twice. Times of events are picoseconds since their line's, rounded to ns. Of stats only
 * when the run began is read. */
#include <stdio.h>
#include <string.h>

#include "import/import_formats.h"
#include "import/log_reading.h"
#include "import/protobuf_fields.h"
#include "import/tensorflow_import.h"

enum { SPACE_PLANE = 1, SPACE_HOST = 4 };
enum { PLANE_NAME = 2, PLANE_LINE = 3, PLANE_EVENT = 4, PLANE_STAT = 5, PLANE_STATS = 6 };
enum { LINE_ID = 1, LINE_NAME = 2, LINE_TIME = 3, LINE_EVENT = 4, LINE_SHOWN = 11 };
enum { EVENT_NAME = 1, EVENT_OFFSET = 2, EVENT_DURATION = 3, EVENT_OCCURRENCES = 5 };
enum { METADATA_NAME = 2, METADATA_SHOWN = 4 };
enum { STAT_NAME = 1, STAT_UINT64 = 3, STAT_INT64 = 4 };

typedef struct xplane {
  baro_trace_model model;
  baro_map label_of;   /* id of an event's metadata -> label, of the plane that is read */
  uint64_t start_stat; /* id of profile_start_time; 0: not known */
  uint64_t aggregated; /* events without a time of their own */
  uint64_t nameless;   /* whose metadata is missing */
  uint64_t unmeasured; /* with times that are none */
  bool is_derived;     /* the line that is read */
  bool is_device;      /* the plane that is read */
} xplane;

static bool is_device_name(baro_view plane) {
  return baro_view_starts_with(plane, "/device:") || baro_view_starts_with(plane, "/gpu:");
}

/* Its first plane has a name that the profilers give. */
bool baro_sniff_xplane(baro_view bytes) {
  baro_reader space = baro_protobuf_reader(bytes);
  baro_protobuf_field plane;
  baro_protobuf_field part;
  if (!baro_protobuf_next(&space, &plane) || plane.number != SPACE_PLANE ||
      plane.bytes.data == NULL) {
    return false;
  }
  baro_reader reader = baro_protobuf_reader(plane.bytes);
  while (baro_protobuf_next(&reader, &part)) {
    if (part.number == PLANE_NAME) {
      return baro_view_starts_with(part.bytes, "/host:") || is_device_name(part.bytes) ||
             baro_view_equal(part.bytes, baro_view_of("Task Environment"));
    }
  }
  return false;
}

/* --- names --- */

/* An entry of a map: id and message. */
static bool take_entry(baro_view entry, uint64_t *ret_id, baro_view *ret_message) {
  baro_reader reader = baro_protobuf_reader(entry);
  baro_protobuf_field part;
  *ret_id = 0;
  *ret_message = (baro_view){0};
  while (baro_protobuf_next(&reader, &part)) {
    if (part.number == 1) {
      *ret_id = part.value;
    } else if (part.number == 2) {
      *ret_message = part.bytes;
    }
  }
  return !reader.failed;
}

static bool take_names(baro_view message, baro_view *ret_name, baro_view *ret_shown) {
  baro_reader reader = baro_protobuf_reader(message);
  baro_protobuf_field part;
  *ret_name = *ret_shown = (baro_view){0};
  while (baro_protobuf_next(&reader, &part)) {
    if (part.number == METADATA_NAME) {
      *ret_name = part.bytes;
    } else if (part.number == METADATA_SHOWN) {
      *ret_shown = part.bytes;
    }
  }
  return !reader.failed;
}

/* "conv2d/Conv2D:Conv2D" is an operator, whose kind stands behind the colon and is its shown name, too. */
static bool is_operator(baro_view name, baro_view shown) {
  return shown.length != 0 && name.length > shown.length &&
         name.data[name.length - shown.length - 1] == ':' &&
         memcmp(name.data + name.length - shown.length, shown.data, shown.length) == 0;
}

static const char *device_category(baro_view name) {
  return baro_view_starts_with(name, "Memcpy") || baro_view_starts_with(name, "MEMCPY")
             ? "gpu_memcpy"
         : baro_view_starts_with(name, "Memset") || baro_view_starts_with(name, "MEMSET")
             ? "gpu_memset"
             : "kernel";
}

/* Lines of a device that say again, in larger pieces or by source, what the lines of its streams and operators say. */
static bool is_derived_line(baro_view name) {
  static const char *const names[] = {"Steps",          "Step",
                                      "XLA Modules",    "XLA TraceMe",
                                      "XLA Name Scope", "Framework Name Scope",
                                      "Framework Ops",  "TensorFlow Name Scope",
                                      "TensorFlow Ops", "Source code",
                                      "Source",         "Launch Stats"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (baro_view_equal(name, baro_view_of(names[i]))) {
      return true;
    }
  }
  return false;
}

/* On such a line a name is no operator. */
static baro_status label_on_line(xplane *all, uint32_t *label) {
  baro_trace_label of = all->model.labels[*label];
  if (!all->is_derived) {
    return BARO_OK;
  }
  of.category = all->model.empty;
  return baro_trace_label_put(&all->model, &of, label);
}

static baro_status add_label(xplane *all, baro_view entry, baro_error *err) {
  uint64_t id;
  uint32_t index;
  baro_view message;
  baro_view name;
  baro_view shown;
  baro_trace_label label = {.place = all->model.empty};
  if (!take_entry(entry, &id, &message) || !take_names(message, &name, &shown)) {
    return baro_error_set(err, BARO_INVALID, "the name of an event is cut");
  }
  const char *category = all->is_device             ? device_category(name)
                         : is_operator(name, shown) ? "cpu_op"
                                                    : "";
  baro_status status = baro_trace_text_put(&all->model, name, &label.name);
  if (status == BARO_OK) {
    status = baro_trace_text_put(&all->model, baro_view_of(category), &label.category);
  }
  if (status == BARO_OK) {
    status = baro_trace_label_put(&all->model, &label, &index);
  }
  if (status == BARO_OK) {
    status = baro_map_set(&all->label_of, id, index);
  }
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
}

static void note_stat_name(xplane *all, baro_view entry) {
  uint64_t id;
  baro_view message;
  baro_view name;
  baro_view shown;
  if (take_entry(entry, &id, &message) && take_names(message, &name, &shown) &&
      baro_view_equal(name, baro_view_of("profile_start_time"))) {
    all->start_stat = id;
  }
}

static void read_start(xplane *all, baro_view stat) {
  baro_reader reader = baro_protobuf_reader(stat);
  baro_protobuf_field part;
  bool is_start = false;
  uint64_t value = 0;
  while (baro_protobuf_next(&reader, &part)) {
    is_start |= part.number == STAT_NAME && part.value == all->start_stat;
    value = part.number == STAT_UINT64 || part.number == STAT_INT64 ? part.value : value;
  }
  if (is_start && all->start_stat != 0 && value < (uint64_t)BARO_TRACE_TIME_MAX_NS) {
    all->model.base_ns = (int64_t)value;
  }
}

/* --- events --- */

static baro_status add_event(xplane *all, baro_view event, uint32_t track, int64_t line_ns,
                             baro_error *err) {
  const uint64_t most_ps = (uint64_t)INT64_MAX / 2;
  baro_reader reader = baro_protobuf_reader(event);
  baro_protobuf_field part;
  uint64_t id = 0;
  uint64_t offset_ps = 0;
  uint64_t duration_ps = 0;
  bool is_aggregated = false;
  while (baro_protobuf_next(&reader, &part)) {
    switch (part.number) {
    case EVENT_NAME: id = part.value; break;
    case EVENT_OFFSET: offset_ps = part.value; break;
    case EVENT_DURATION: duration_ps = part.value; break;
    case EVENT_OCCURRENCES: is_aggregated = true; break;
    default: break;
    }
  }
  if (reader.failed) {
    return baro_error_set(err, BARO_INVALID, "an event is cut");
  }
  const uint64_t *label = baro_map_find(&all->label_of, id);
  if (is_aggregated || label == NULL || offset_ps > most_ps || duration_ps > most_ps) {
    all->aggregated += is_aggregated;
    all->nameless += !is_aggregated && label == NULL;
    all->unmeasured += !is_aggregated && label != NULL;
    return BARO_OK;
  }
  /* Both ends are rounded, so that what nests does still. */
  int64_t start_ns = line_ns + (int64_t)((offset_ps + 500) / 1000);
  int64_t end_ns = line_ns + (int64_t)((offset_ps + duration_ps + 500) / 1000);
  baro_trace_slice slice = {.start_ns = start_ns,
                            .dur_ns = end_ns - start_ns,
                            .track = track,
                            .label = (uint32_t)*label,
                            .extra = BARO_NONE_ID};
  baro_status status = label_on_line(all, &slice.label);
  if (status == BARO_OK) {
    status = baro_trace_slice_add(&all->model, &slice);
  }
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
}

static baro_status add_track(xplane *all, uint32_t process, uint64_t id, baro_view name,
                             uint32_t *ret_track) {
  char key[32];
  (void)snprintf(key, sizeof(key), "%llu", (unsigned long long)id);
  baro_status status =
      baro_trace_track_put(&all->model, process, baro_view_of(key), false, ret_track);
  return status == BARO_OK
             ? baro_trace_text_put(&all->model, name, &all->model.tracks[*ret_track].name)
             : status;
}

static baro_status read_line(xplane *all, baro_view line, uint32_t process, baro_error *err) {
  baro_reader reader = baro_protobuf_reader(line);
  baro_protobuf_field part;
  uint64_t id = 0;
  uint64_t time_ns = 0;
  uint32_t track;
  baro_view name = {0};
  baro_view shown = {0};
  while (baro_protobuf_next(&reader, &part)) {
    switch (part.number) {
    case LINE_ID: id = part.value; break;
    case LINE_TIME: time_ns = part.value; break;
    case LINE_NAME: name = part.bytes; break;
    case LINE_SHOWN: shown = part.bytes; break;
    default: break;
    }
  }
  if (reader.failed || time_ns > (uint64_t)BARO_TRACE_TIME_MAX_NS) {
    return baro_error_set(err, BARO_INVALID, "a line is cut, or has no time that is one");
  }
  baro_status status = add_track(all, process, id, shown.length != 0 ? shown : name, &track);
  if (status != BARO_OK) {
    return baro_error_set(err, status, "out of memory");
  }
  all->is_derived = all->is_device && is_derived_line(name);
  reader = baro_protobuf_reader(line);
  while (status == BARO_OK && baro_protobuf_next(&reader, &part)) {
    if (part.number == LINE_EVENT) {
      status = add_event(all, part.bytes, track, (int64_t)time_ns, err);
    }
  }
  return status;
}

/* --- planes --- */

static baro_status read_plane(xplane *all, baro_view plane, baro_error *err) {
  baro_reader reader = baro_protobuf_reader(plane);
  baro_protobuf_field part;
  uint32_t process;
  baro_view name = {0};
  baro_status status = BARO_OK;
  baro_map_clear(&all->label_of);
  all->start_stat = 0;
  while (baro_protobuf_next(&reader, &part)) {
    name = part.number == PLANE_NAME ? part.bytes : name;
  }
  if (reader.failed) {
    return baro_error_set(err, BARO_INVALID, "a plane is cut");
  }
  all->is_device = is_device_name(name);
  reader = baro_protobuf_reader(plane);
  while (status == BARO_OK && baro_protobuf_next(&reader, &part)) {
    if (part.number == PLANE_EVENT) {
      status = add_label(all, part.bytes, err);
    } else if (part.number == PLANE_STAT) {
      note_stat_name(all, part.bytes);
    }
  }
  if (status == BARO_OK && baro_trace_process_put(&all->model, name, &process) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  reader = baro_protobuf_reader(plane);
  while (status == BARO_OK && baro_protobuf_next(&reader, &part)) {
    if (part.number == PLANE_LINE) {
      status = read_line(all, part.bytes, process, err);
    } else if (part.number == PLANE_STATS) {
      read_start(all, part.bytes);
    }
  }
  return status;
}

static baro_status read_space(void *context, baro_view bytes, baro_error *err) {
  xplane *all = context;
  baro_reader reader = baro_protobuf_reader(bytes);
  baro_protobuf_field part;
  baro_status status = BARO_OK;
  while (status == BARO_OK && baro_protobuf_next(&reader, &part)) {
    if (part.number == SPACE_PLANE) {
      status = read_plane(all, part.bytes, err);
    } else if (part.number == SPACE_HOST && part.bytes.length < 256 &&
               baro_trace_text_put(&all->model, part.bytes, &all->model.run_name) != BARO_OK) {
      return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
    }
  }
  return status == BARO_OK && reader.failed
             ? baro_error_set(err, BARO_INVALID, "byte %zu: the file is cut, or no XPlane",
                              bytes.length - baro_reader_left(&reader))
             : status;
}

static void note(const void *context, baro_writer *writer) {
  const xplane *all = context;
  const baro_import_count counts[] = {
      {all->aggregated, "event has a number and no time of its own: it was left out",
       "events have a number and no time of their own: they were left out"},
      {all->nameless, "event has no name: it was left out",
       "events have no name: they were left out"},
      {all->unmeasured, "event has times that are none: it was left out",
       "events have times that are none: they were left out"},
  };
  baro_import_note_counts(writer, counts, sizeof(counts) / sizeof(counts[0]));
}

baro_status baro_import_xplane(baro_view bytes, const baro_import_options *options,
                               baro_import_output *output, baro_error *err) {
  xplane all = {0};
  const baro_tensorflow_file file = {
      .context = &all, .model = &all.model, .read = read_space, .note = note};
  (void)options;
  baro_status status = baro_tensorflow_import(&file, bytes, output, err);
  baro_map_release(&all.label_of);
  return status;
}
