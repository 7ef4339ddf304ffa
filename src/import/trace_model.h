/* What a file of Chrome's Trace Event Format says: processes, tracks and the slices on them.
 * Flow: json_items -> trace_events.c -> here -> trace_walk.h (nested, in order) -> trace_output.c, torch_output.c -> recording.
 * A track is a thread, a stream of a device, or what an asynchronous slice (b, e) stands on: those nest by their id, whatever the
 * thread did meanwhile. Events come in any order: slices are sorted once all are there.
 * Times are the file's microseconds, in ns, and may be less than nothing. What is wrong with a file is counted
 * (baro_trace_oddities) and mended.
 * Memory: 32 bytes a slice, texts once; of traces of PyTorch 32 bytes more for each event whose arguments are kept. */
#ifndef BARO_IMPORT_TRACE_MODEL_H
#define BARO_IMPORT_TRACE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/status.h"
#include "import/json_walk.h"

/* Where a slice's dur_ns stands: no slice but a moment on its track. */
enum { BARO_TRACE_MOMENT = -1 };
/* Of the times of a file, in ns either way: sums fit. */
#define BARO_TRACE_TIME_MAX_NS (INT64_C(1) << 61)

typedef struct baro_trace_slice {
  int64_t start_ns;
  int64_t dur_ns;  /* >= 0, or BARO_TRACE_MOMENT */
  uint32_t track;  /* index */
  uint32_t label;  /* index */
  uint32_t extra;  /* index; BARO_NONE_ID: none */
  uint32_t number; /* tells equal ones apart */
} baro_trace_slice;

/* What slices of a name have in common. */
typedef struct baro_trace_label {
  uint32_t name; /* text */
  uint32_t category;
  uint32_t place; /* args.place of our own exports; else the empty text */
} baro_trace_label;

typedef struct baro_trace_process {
  uint32_t key; /* text: its pid as it stands in the file, without quotes */
  uint32_t name;
  uint32_t labels;
} baro_trace_process;

typedef struct baro_trace_track {
  uint32_t process; /* index */
  uint32_t key;     /* text: tid, or "cat:id" */
  uint32_t name;
  uint32_t open; /* begun and not ended, the innermost; index of opened, BARO_NONE_ID: none */
  uint32_t
      lane; /* which of the tracks that its slices were put on, as they overlap; 0: the first */
  bool is_async;
  uint64_t slices;
} baro_trace_track;

/* The arguments of an event of PyTorch that are asked for (torch_args.c). */
typedef struct baro_trace_extra {
  int64_t correlation; /* 0: none */
  int64_t external_id; /* 0: none; of a flow its id */
  uint32_t dims;       /* text; BARO_NONE_ID: none */
  uint32_t types;
  uint32_t first_value;
  uint32_t value_count;
} baro_trace_extra;

typedef struct baro_trace_value {
  uint32_t key;
  uint64_t value;
} baro_trace_value;

/* What an operator took in, where a file says so by names. */
typedef struct baro_trace_link {
  uint32_t from_label;
  uint32_t to_label;
  bool is_control; /* it only waited for that */
} baro_trace_link;

typedef struct baro_trace_oddities {
  uint64_t mended;        /* slices that overlapped another one, and were cut, or that was */
  uint64_t mended_ns;     /* what was cut off */
  uint64_t unbegun;       /* ends without a beginning */
  uint64_t unended;       /* beginnings without an end: until the end of the trace */
  uint64_t backward;      /* slices that end before they begin: 0 long */
  uint64_t without_times; /* events without a time that is one */
  uint64_t instants;      /* known, and not kept: as all below */
  uint64_t counters;
  uint64_t flows;
  uint64_t objects;
  uint64_t unknown;  /* events of other kinds */
  uint64_t repeated; /* slices that say again what others say */
} baro_trace_oddities;

typedef struct baro_trace_opened {
  int64_t start_ns;
  uint32_t label;
  uint32_t extra;
  uint32_t outer; /* index of opened */
} baro_trace_opened;

typedef struct baro_trace_names baro_trace_names; /* of members: trace_events.c */

typedef struct baro_trace_model {
  bool is_torch;           /* arguments are read */
  baro_trace_names *names; /* owned, as all here */
  baro_intern texts;
  baro_intern labels_by_key;
  baro_trace_label *labels;
  uint32_t label_count, label_capacity;
  baro_intern process_keys;
  baro_trace_process *processes;
  uint32_t process_count, process_capacity;
  baro_intern track_keys;
  baro_trace_track *tracks;
  uint32_t track_count, track_capacity;
  baro_trace_slice *slices;
  uint32_t slice_count, slice_capacity;
  baro_trace_opened *opened;
  uint32_t opened_count, opened_capacity;
  uint32_t opened_free;
  baro_trace_extra *extras;
  uint32_t extra_count, extra_capacity;
  baro_trace_value *values;
  uint32_t value_count, value_capacity;
  baro_trace_link *links;
  uint32_t link_count, link_capacity;
  baro_buffer scratch;
  uint32_t empty;            /* the empty text */
  int64_t first_ns, last_ns; /* of slices */
  bool has_states;           /* a slice of category "state", as ours have */
  uint64_t inner_first,
      outer_first;      /* slices behind one that is within them, or that they are in */
  uint64_t own_samples; /* slices of category "sample" or "state" of our own export */
  uint32_t devices;     /* text: member deviceProperties; the empty text: none */
  uint32_t distributed; /* text: member distributedInfo */
  bool is_tensorflow;   /* operators are named so */
  bool has_lanes;       /* slices of a track never nest: those that overlap ran at once */
  uint32_t run_name;    /* text: of the operator that is all of it; the empty text: the framework */
  int64_t base_ns;      /* UTC of time 0; 0: the file does not say */
  baro_trace_oddities odd;
} baro_trace_model;

baro_status baro_trace_model_init(baro_trace_model *model, bool is_torch) BARO_MUST_USE;
void baro_trace_model_release(baro_trace_model *model);

/* An element of the array of events. BARO_INVALID: it is none (the caller counts it); BARO_NO_MEMORY. */
baro_status baro_trace_event(baro_trace_model *model, baro_view event,
                             baro_json_walk *ret_walk) BARO_MUST_USE;
/* Ends what was not ended, puts asynchronous slices that ran at once on tracks of their own, and sorts: by track, then time, outer ones
 * first. */
baro_status baro_trace_model_finish(baro_trace_model *model) BARO_MUST_USE;
/* Moves slices of the track that overlap to further tracks, so that none seems to be within another. Of several, the last track
 * first; then slices are to be sorted again. */
baro_status baro_trace_spread(baro_trace_model *model, uint32_t track) BARO_MUST_USE;
void baro_trace_sort(baro_trace_model *model);
/* First slice of the track and the one behind its last; they are sorted. */
void baro_trace_slices_of(const baro_trace_model *model, uint32_t track, uint32_t *ret_first,
                          uint32_t *ret_end);

baro_view baro_trace_text(const baro_trace_model *model, uint32_t text);
bool baro_trace_text_is(const baro_trace_model *model, uint32_t text, const char *expected);

/* --- between trace_model.c, trace_events.c and torch_args.c --- */

baro_trace_names *baro_trace_names_create(void); /* NULL: no memory */
void baro_trace_names_destroy(baro_trace_names *names);
baro_status baro_trace_text_put(baro_trace_model *model, baro_view text,
                                uint32_t *ret_text) BARO_MUST_USE;
baro_status baro_trace_label_put(baro_trace_model *model, const baro_trace_label *label,
                                 uint32_t *ret_label) BARO_MUST_USE;
baro_status baro_trace_process_put(baro_trace_model *model, baro_view pid,
                                   uint32_t *ret_process) BARO_MUST_USE;
baro_status baro_trace_track_put(baro_trace_model *model, uint32_t process, baro_view key,
                                 bool is_async, uint32_t *ret_track) BARO_MUST_USE;
baro_status baro_trace_slice_add(baro_trace_model *model,
                                 const baro_trace_slice *slice) BARO_MUST_USE;
baro_status baro_trace_open(baro_trace_model *model, uint32_t track,
                            const baro_trace_opened *begun) BARO_MUST_USE;
/* Ends the innermost that is open; without one it is counted. */
baro_status baro_trace_close(baro_trace_model *model, uint32_t track, int64_t end_ns) BARO_MUST_USE;
baro_status baro_trace_extra_add(baro_trace_model *model, const baro_trace_extra *extra,
                                 uint32_t *ret_extra) BARO_MUST_USE;
baro_status baro_trace_value_add(baro_trace_model *model, uint32_t key,
                                 uint64_t value) BARO_MUST_USE;
baro_status baro_trace_link_add(baro_trace_model *model, const baro_trace_link *link) BARO_MUST_USE;
/* Reads arguments; ret_extra: BARO_NONE_ID where none of them is asked for. */
baro_status baro_torch_args(baro_trace_model *model, uint32_t category, baro_view args,
                            uint32_t *ret_extra) BARO_MUST_USE;
/* Slices that say again what others say: the profiler's own span, and annotations as seen from a device. */
bool baro_torch_is_repeated(baro_view category);

#endif
