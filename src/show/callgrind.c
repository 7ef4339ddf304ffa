/* The profile format of Callgrind, for callgrind_annotate and KCachegrind: functions with their own cost, and what their
 * calls of others cost, in ns. Of recorded calls nobody knows which line called: all cost stands at the first line of its
 * function. Of samples cost stands at its line, and has an event for each state beside the sum of all; a call is a tick
 * that found it.
 * Names are written out once and then referred to by number, as the format allows. */
#include <stdlib.h>

#include "show/export_formats.h"
#include "show/sample_sums.h"
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
  baro_view command = {0};
  (void)baro_profile_info(file->profile, "command", &command);
  baro_stream_text(file->output,
                   "# callgrind format\nversion: 1\ncreator: barograph " BARO_VERSION "\ncmd: ");
  put_name(file, command);
  baro_stream_text(file->output, "\npositions: line\n");
}

static void put_amount(callgrind_file *file, uint64_t amount) {
  baro_stream_char(file->output, ' ');
  baro_stream_u64(file->output, amount);
}

/* Both lines say the same. Without either, callgrind_annotate counts what calls cost once more. */
static void put_totals(callgrind_file *file, const uint64_t *amounts, uint32_t count) {
  const char *const names[] = {"summary:", "totals:"};
  for (int i = 0; i < 2; i++) {
    baro_stream_text(file->output, names[i]);
    for (uint32_t a = 0; a < count; a++) {
      put_amount(file, amounts[a]);
    }
    baro_stream_char(file->output, '\n');
  }
}

static void put_calls(callgrind_file *file) {
  const baro_profile *profile = file->profile;
  const baro_profile_call_edges *edges = &profile->call_edges;
  uint64_t all_ns = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    if (__builtin_add_overflow(all_ns, profile->call_sums.self_ns[f], &all_ns)) {
      all_ns = UINT64_MAX;
    }
  }
  baro_stream_text(file->output, "events: ns\n");
  put_totals(file, &all_ns, 1);
  uint32_t edge = 0; /* those of a caller stand together, in the order of functions */
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    if (profile->call_sums.calls[f] == 0) {
      continue;
    }
    baro_stream_char(file->output, '\n');
    put_function(file, "", f);
    put_cost(file, profile->functions.rows[f].first_line, profile->call_sums.self_ns[f]);
    for (; edge < edges->count && edges->caller[edge] == f; edge++) {
      put_edge(file, edge);
    }
  }
}

/* --- samples --- */

/* The line, what all states cost, and where there are some each of them. */
static void put_costs(callgrind_file *file, const baro_sample_sums *sums, uint32_t line,
                      const uint64_t *column, uint32_t row) {
  baro_stream_u64(file->output, line);
  put_amount(file, baro_sample_sums_all(sums, column, row));
  for (uint32_t state = 0; state < sums->state_count; state++) {
    put_amount(file, column[(size_t)row * sums->state_count + state]);
  }
  baro_stream_char(file->output, '\n');
}

static void put_states(callgrind_file *file, const baro_sample_sums *sums) {
  uint64_t totals[1 + BARO_STATE_COUNT] = {sums->all_ns};
  for (uint32_t state = 0; state < sums->state_count; state++) {
    baro_stream_text(file->output, "event: ");
    baro_stream_text(file->output, baro_state_key(sums->states[state]));
    baro_stream_text(file->output, " : ");
    baro_stream_text(file->output, baro_state_words(sums->states[state]));
    baro_stream_char(file->output, '\n');
    for (uint32_t row = 0; row < sums->row_count; row++) {
      totals[1 + state] += sums->self_ns[(size_t)row * sums->state_count + state];
    }
  }
  baro_stream_text(file->output, "events: "); /* ends the head */
  baro_view unit = baro_profile_weight_unit(file->profile);
  if (unit.length == 0) {
    unit = baro_view_of("ns");
  }
  for (size_t i = 0; i < unit.length; i++) { /* a space would begin another event */
    uint8_t byte = unit.data[i];
    bool is_word = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                   (byte >= 'A' && byte <= 'Z');
    baro_stream_char(file->output, is_word ? (char)byte : '_');
  }
  for (uint32_t state = 0; state < sums->state_count; state++) {
    baro_stream_char(file->output, ' ');
    baro_stream_text(file->output, baro_state_key(sums->states[state]));
  }
  baro_stream_char(file->output, '\n');
  put_totals(file, totals, 1 + sums->state_count);
}

/* Frames by function, as a list through arrays: frames of a function need not stand together. */
static baro_status put_samples(callgrind_file *file, const baro_sample_sums *sums) {
  const baro_profile *profile = file->profile;
  const baro_profile_frames *frames = &profile->frames;
  uint32_t *first = malloc(((size_t)profile->functions.count + 1) * sizeof(*first));
  uint32_t *next = malloc(((size_t)frames->count + 1) * sizeof(*next));
  uint32_t *edge = malloc(((size_t)frames->count + 1) * sizeof(*edge)); /* first one of a caller */
  bool good = first != NULL && next != NULL && edge != NULL;
  for (uint32_t f = 0; good && f < profile->functions.count; f++) {
    first[f] = BARO_NONE_ID;
  }
  for (uint32_t r = frames->count; good && r-- > 0;) {
    next[r] = first[frames->function[r]];
    first[frames->function[r]] = r;
  }
  for (uint32_t r = 0, e = 0; good && r < frames->count; r++) {
    edge[r] = e;
    for (; e < sums->edge_count && sums->caller[e] == r; e++) {
    }
  }
  put_states(file, sums);
  for (uint32_t f = 0; good && f < profile->functions.count; f++) {
    bool any = false; /* idle ones are left out */
    for (uint32_t r = first[f]; r != BARO_NONE_ID; r = next[r]) {
      if (sums->ticks[r] == 0) {
        continue;
      }
      if (!any) {
        baro_stream_char(file->output, '\n');
        put_function(file, "", f);
        any = true;
      }
      put_costs(file, sums, frames->line[r], sums->self_ns, r);
      for (uint32_t e = edge[r]; e < sums->edge_count && sums->caller[e] == r; e++) {
        if (sums->edge_ticks[e] == 0) {
          continue;
        }
        put_function(file, "c", sums->callee[e]);
        baro_stream_text(file->output, "calls=");
        baro_stream_u64(file->output, sums->edge_ticks[e]);
        put_amount(file, profile->functions.rows[sums->callee[e]].first_line);
        baro_stream_char(file->output, '\n');
        put_costs(file, sums, frames->line[r], sums->edge_total_ns, e);
      }
    }
  }
  free(first);
  free(next);
  free(edge);
  return good ? BARO_OK : BARO_NO_MEMORY;
}

baro_status baro_export_callgrind(const baro_profile *profile, const baro_export_options *options,
                                  baro_stream *output, baro_error *err) {
  baro_sample_sums sums = {0};
  if (!options->of_calls) {
    baro_status status = baro_sample_sums_init(&sums, profile, true, options->idle, err);
    if (status != BARO_OK) {
      return status;
    }
  }
  callgrind_file file = {
      .profile = profile,
      .output = output,
      .file_named = calloc((size_t)profile->string_count + 1, 1),
      .named = calloc((size_t)profile->functions.count + 1, 1),
  };
  baro_status status = file.file_named == NULL || file.named == NULL ? BARO_NO_MEMORY : BARO_OK;
  if (status == BARO_OK) {
    put_head(&file);
    if (options->of_calls) {
      put_calls(&file);
    } else {
      status = put_samples(&file, &sums);
    }
  }
  status = file.scratch.failed ? BARO_NO_MEMORY : status;
  baro_sample_sums_release(&sums);
  free(file.file_named);
  free(file.named);
  baro_buffer_release(&file.scratch);
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
}
