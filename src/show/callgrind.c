/* The profile format of Callgrind, for callgrind_annotate and KCachegrind: functions with their own cost, and what their
 * calls of others cost, in ns. Which line called is not recorded: all cost stands at the first line of its function.
 * Names are written out once and then referred to by number, as the format allows. */
#include <stdlib.h>

#include "show/export_formats.h"
#include "show/utf8.h"

typedef struct callgrind_file {
  const baro_profile *profile;
  baro_stream *output;
  uint8_t *file_named; /* owned; by string of the profile */
  uint8_t *named;      /* owned; by function */
  baro_buffer scratch; /* owned */
} callgrind_file;

/* A name ends with its line. */
static void put_name(callgrind_file *file, baro_view name) {
  baro_buffer_clear(&file->scratch);
  baro_write_utf8(&file->scratch, name);
  for (size_t i = 0; i < file->scratch.length; i++) {
    uint8_t *byte = &file->scratch.data[i];
    *byte = *byte < ' ' || *byte == 0x7f ? '_' : *byte;
  }
  baro_stream_bytes(file->output, file->scratch.data, file->scratch.length);
}

/* "fl=(3) /srv/app.py", or "fl=(3)" when it was named before; numbers begin with 1. */
static void put_reference(callgrind_file *file, const char *prefix, const char *key, uint32_t index,
                          uint8_t *named, baro_view name, const char *unknown) {
  baro_stream_text(file->output, prefix);
  baro_stream_text(file->output, key);
  baro_stream_u64(file->output, (uint64_t)index + 1);
  baro_stream_char(file->output, ')');
  if (*named == 0) {
    *named = 1;
    baro_stream_char(file->output, ' ');
    put_name(file, name.length == 0 ? baro_view_of(unknown) : name);
  }
  baro_stream_char(file->output, '\n');
}

/* File and name of a function; prefix "c" where it is called. */
static void put_function(callgrind_file *file, const char *prefix, uint32_t f) {
  const baro_profile_function *row = &file->profile->functions.rows[f];
  put_reference(file, prefix, prefix[0] == 'c' ? "fi=(" : "fl=(", row->file_string,
                &file->file_named[row->file_string],
                baro_profile_string(file->profile, row->file_string), "???");
  put_reference(file, prefix, "fn=(", f, &file->named[f],
                baro_profile_string(file->profile, row->qualified_string), "???");
}

static void put_cost(callgrind_file *file, uint32_t line, uint64_t ns) {
  baro_stream_u64(file->output, line);
  baro_stream_char(file->output, ' ');
  baro_stream_u64(file->output, ns);
  baro_stream_char(file->output, '\n');
}

static void put_edge(callgrind_file *file, uint32_t edge) {
  const baro_profile_call_edges *edges = &file->profile->call_edges;
  const baro_profile_function *rows = file->profile->functions.rows;
  put_function(file, "c", edges->callee[edge]);
  baro_stream_text(file->output, "calls=");
  baro_stream_u64(file->output, edges->calls[edge]);
  baro_stream_char(file->output, ' ');
  baro_stream_u64(file->output, rows[edges->callee[edge]].first_line);
  baro_stream_char(file->output, '\n');
  put_cost(file, rows[edges->caller[edge]].first_line, edges->total_ns[edge]);
}

static void put_head(callgrind_file *file) {
  const baro_profile *profile = file->profile;
  uint64_t all_ns = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    if (__builtin_add_overflow(all_ns, profile->call_sums.self_ns[f], &all_ns)) {
      all_ns = UINT64_MAX;
    }
  }
  baro_view command = {0};
  (void)baro_profile_info(profile, "command", &command);
  baro_stream_text(file->output,
                   "# callgrind format\nversion: 1\ncreator: barograph " BARO_VERSION "\ncmd: ");
  put_name(file, command);
  baro_stream_text(file->output, "\npositions: line\nevents: ns\nsummary: ");
  baro_stream_u64(file->output, all_ns);
  baro_stream_text(file->output, "\n");
}

baro_status baro_export_callgrind(const baro_profile *profile, const baro_export_options *options,
                                  baro_stream *output, baro_error *err) {
  (void)options;
  const baro_profile_call_edges *edges = &profile->call_edges;
  callgrind_file file = {
      .profile = profile,
      .output = output,
      .file_named = calloc((size_t)profile->string_count + 1, 1),
      .named = calloc((size_t)profile->functions.count + 1, 1),
  };
  bool good = file.file_named != NULL && file.named != NULL;
  if (good) {
    put_head(&file);
  }
  uint32_t edge = 0; /* those of a caller stand together, in the order of functions */
  for (uint32_t f = 0; good && f < profile->functions.count; f++) {
    if (profile->call_sums.calls[f] == 0) {
      continue;
    }
    baro_stream_char(output, '\n');
    put_function(&file, "", f);
    put_cost(&file, profile->functions.rows[f].first_line, profile->call_sums.self_ns[f]);
    for (; edge < edges->count && edges->caller[edge] == f; edge++) {
      put_edge(&file, edge);
    }
  }
  good = good && !file.scratch.failed;
  free(file.file_named);
  free(file.named);
  baro_buffer_release(&file.scratch);
  return good ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}
