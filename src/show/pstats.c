/* The statistics file of cProfile, as pstats, snakeviz and gprof2dot load it: a dict in Python's marshal format,
 *   (file, line, name): (primitive calls, calls, self s, total s, {caller: (calls, primitive calls, self s, total s)})
 * with the first two numbers in either order, as cProfile writes them and pstats prints them.
 * Only types are used that every marshal since version 0 reads alike. Names are bare, as cProfile writes them;
 * functions that differ in their qualified name only (two lambdas of a line) are therefore one, and added up.
 * Of samples, calls are ticks of the schedule that found the function on the stack. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "show/export_formats.h"
#include "show/sample_sums.h"
#include "show/utf8.h"

/* What cProfile keeps of a function, or of one caller's calls of it. */
typedef struct stats {
  uint64_t primitive_calls;
  uint64_t calls;
  uint64_t self_ns;
  uint64_t total_ns;
} stats;

typedef struct caller_row {
  uint32_t callee; /* keys */
  uint32_t caller;
  stats sums;
} caller_row;

typedef struct pstats_file {
  const baro_profile *profile;
  bool of_calls;
  baro_sample_sums samples; /* owned; not of calls */
  baro_stream *output;
  baro_intern keys;    /* owned: (file, line, name) -> key */
  uint32_t *function;  /* owned; by key, one that has it */
  stats *sums;         /* owned; by key */
  uint32_t *key;       /* owned; by function, BARO_NONE_ID without calls */
  caller_row *callers; /* owned; by callee, then caller */
  size_t caller_count;
  baro_buffer scratch; /* owned */
} pstats_file;

/* --- marshal --- */

static void put_u32(baro_stream *output, uint32_t value) {
  uint8_t bytes[4];
  for (int i = 0; i < 4; i++) {
    bytes[i] = (uint8_t)(value >> 8 * i);
  }
  baro_stream_bytes(output, bytes, sizeof(bytes));
}

/* 'i' holds 31 bits and a sign, 'l' digits of 15 bits. */
static void put_int(baro_stream *output, uint64_t value) {
  if (value <= INT32_MAX) {
    baro_stream_char(output, 'i');
    put_u32(output, (uint32_t)value);
    return;
  }
  uint32_t digits = 0;
  for (uint64_t rest = value; rest != 0; rest >>= 15) {
    digits++;
  }
  baro_stream_char(output, 'l');
  put_u32(output, digits);
  for (; digits != 0; digits--, value >>= 15) {
    uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8 & 0x7f)};
    baro_stream_bytes(output, bytes, sizeof(bytes));
  }
}

static void put_seconds(baro_stream *output, uint64_t ns) {
  double seconds = (double)ns / 1e9;
  uint64_t bits;
  memcpy(&bits, &seconds, sizeof(bits));
  baro_stream_char(output, 'g');
  put_u32(output, (uint32_t)bits);
  put_u32(output, (uint32_t)(bits >> 32));
}

static void put_text(pstats_file *file, baro_view text) {
  baro_buffer_clear(&file->scratch);
  baro_write_utf8(&file->scratch, text);
  baro_stream_char(file->output, 'u');
  put_u32(file->output, (uint32_t)file->scratch.length);
  baro_stream_bytes(file->output, file->scratch.data, file->scratch.length);
}

static void put_tuple(baro_stream *output, uint32_t count) {
  baro_stream_char(output, '(');
  put_u32(output, count);
}

static void put_key(pstats_file *file, uint32_t key) {
  const baro_profile_function *row = &file->profile->functions.rows[file->function[key]];
  put_tuple(file->output, 3);
  put_text(file, baro_profile_string(file->profile, row->file_string));
  put_int(file->output, row->first_line);
  put_text(file, baro_profile_string(file->profile, row->name_string));
}

static void put_stats(pstats_file *file, uint64_t first, uint64_t second, const stats *sums) {
  put_int(file->output, first);
  put_int(file->output, second);
  put_seconds(file->output, sums->self_ns);
  put_seconds(file->output, sums->total_ns);
}

/* --- functions of one key --- */

static void add(uint64_t *sum, uint64_t amount) {
  if (__builtin_add_overflow(*sum, amount, sum)) {
    *sum = UINT64_MAX;
  }
}

static void add_stats(stats *sums, const stats *more) {
  add(&sums->primitive_calls, more->primitive_calls);
  add(&sums->calls, more->calls);
  add(&sums->self_ns, more->self_ns);
  add(&sums->total_ns, more->total_ns);
}

/* The key of a function, new or old. */
static baro_status find_key(pstats_file *file, uint32_t function, uint32_t *ret_key,
                            bool *ret_is_new) {
  const baro_profile_function *row = &file->profile->functions.rows[function];
  baro_view name = baro_profile_string(file->profile, row->name_string);
  baro_view path = baro_profile_string(file->profile, row->file_string);
  baro_buffer_clear(&file->scratch);
  baro_write_string(&file->scratch, path);
  baro_write_u32(&file->scratch, row->first_line);
  baro_write_bytes(&file->scratch, name.data, name.length);
  if (file->scratch.failed) {
    return BARO_NO_MEMORY;
  }
  baro_view bytes = {.data = file->scratch.data, .length = file->scratch.length};
  return baro_intern_put(&file->keys, bytes, ret_key, ret_is_new);
}

static stats stats_of(const pstats_file *file, uint32_t f) {
  const baro_profile_call_sums *sums = &file->profile->call_sums;
  if (file->of_calls) {
    return (stats){sums->primitive_calls[f], sums->calls[f], sums->self_ns[f], sums->total_ns[f]};
  }
  const baro_sample_sums *samples = &file->samples;
  return (stats){samples->ticks[f], samples->ticks[f],
                 baro_sample_sums_all(samples, samples->self_ns, f),
                 baro_sample_sums_all(samples, samples->total_ns, f)};
}

static baro_status sum_keys(pstats_file *file) {
  const baro_profile *profile = file->profile;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    stats own = stats_of(file, f);
    file->key[f] = BARO_NONE_ID;
    if (own.calls == 0) {
      continue;
    }
    bool is_new;
    uint32_t key;
    if (find_key(file, f, &key, &is_new) != BARO_OK) {
      return BARO_NO_MEMORY;
    }
    file->key[f] = key;
    if (is_new) {
      file->function[key] = f;
    }
    add_stats(&file->sums[key], &own);
  }
  return BARO_OK;
}

static int compare_callers(const void *left, const void *right) {
  const caller_row *a = left;
  const caller_row *b = right;
  if (a->callee != b->callee) {
    return a->callee < b->callee ? -1 : 1;
  }
  return (a->caller > b->caller) - (a->caller < b->caller);
}

static uint32_t edge_count(const pstats_file *file) {
  return file->of_calls ? file->profile->call_edges.count : file->samples.edge_count;
}

/* An edge; false where there is no caller, or nothing to tell of it. */
static bool caller_of(const pstats_file *file, uint32_t e, caller_row *ret_row) {
  const baro_profile_call_edges *edges = &file->profile->call_edges;
  const baro_sample_sums *samples = &file->samples;
  uint32_t caller = file->of_calls ? edges->caller[e] : samples->caller[e];
  if (caller == BARO_NONE_ID || (!file->of_calls && samples->edge_ticks[e] == 0)) {
    return false;
  }
  *ret_row = (caller_row){
      .callee = file->key[file->of_calls ? edges->callee[e] : samples->callee[e]],
      .caller = file->key[caller],
  };
  if (file->of_calls) {
    ret_row->sums =
        (stats){edges->primitive_calls[e], edges->calls[e], edges->self_ns[e], edges->total_ns[e]};
  } else {
    ret_row->sums = (stats){samples->edge_ticks[e], samples->edge_ticks[e],
                            baro_sample_sums_all(samples, samples->edge_self_ns, e),
                            baro_sample_sums_all(samples, samples->edge_total_ns, e)};
  }
  return true;
}

static void sum_callers(pstats_file *file) {
  size_t used = 0;
  for (uint32_t e = 0; e < edge_count(file); e++) {
    used += caller_of(file, e, &file->callers[used]) ? 1 : 0;
  }
  qsort(file->callers, used, sizeof(*file->callers), compare_callers);
  for (size_t i = 0; i < used; i++) {
    caller_row *last = file->caller_count == 0 ? NULL : &file->callers[file->caller_count - 1];
    if (last != NULL && compare_callers(last, &file->callers[i]) == 0) {
      add_stats(&last->sums, &file->callers[i].sums);
    } else {
      file->callers[file->caller_count++] = file->callers[i];
    }
  }
}

static void write_file(pstats_file *file) {
  size_t caller = 0;
  baro_stream_char(file->output, '{');
  for (uint32_t key = 0; key < file->keys.count; key++) {
    put_key(file, key);
    put_tuple(file->output, 5);
    const stats *sums = &file->sums[key];
    put_stats(file, sums->primitive_calls, sums->calls, sums);
    baro_stream_char(file->output, '{');
    for (; caller < file->caller_count && file->callers[caller].callee == key; caller++) {
      put_key(file, file->callers[caller].caller);
      put_tuple(file->output, 4);
      const stats *part = &file->callers[caller].sums;
      put_stats(file, part->calls, part->primitive_calls, part);
    }
    baro_stream_char(file->output, '0'); /* the end of a dict */
  }
  baro_stream_char(file->output, '0');
}

static baro_status write_stats(pstats_file *file) {
  size_t functions = (size_t)file->profile->functions.count + 1;
  file->function = malloc(functions * sizeof(*file->function));
  file->sums = calloc(functions, sizeof(*file->sums));
  file->key = malloc(functions * sizeof(*file->key));
  file->callers = malloc(((size_t)edge_count(file) + 1) * sizeof(*file->callers));
  if (file->function == NULL || file->sums == NULL || file->key == NULL || file->callers == NULL ||
      sum_keys(file) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  sum_callers(file);
  write_file(file);
  return file->scratch.failed ? BARO_NO_MEMORY : BARO_OK;
}

baro_status baro_export_pstats(const baro_profile *profile, const baro_export_options *options,
                               baro_stream *output, baro_error *err) {
  pstats_file file = {.profile = profile, .of_calls = options->of_calls, .output = output};
  if (!options->of_calls) {
    baro_status status = baro_sample_sums_init(&file.samples, profile, false, options->idle, err);
    if (status != BARO_OK) {
      return status;
    }
  }
  baro_status status = write_stats(&file);
  baro_sample_sums_release(&file.samples);
  baro_intern_release(&file.keys);
  free(file.function);
  free(file.sums);
  free(file.key);
  free(file.callers);
  baro_buffer_release(&file.scratch);
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
}
