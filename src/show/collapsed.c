/* Folded stacks, as flamegraph.pl introduced them: a;b;c count. A frame reads "parse (app.py:12)", which
 * tells functions of one name apart and ends in a bracket: a frame that ended in a number would be taken
 * for the first count of a differential profile. Semicolons, spaces and control characters of names are
 * replaced. Without `lines`, stacks that differ in lines only are one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "show/export_formats.h"
#include "show/node_path.h"
#include "show/place.h"
#include "show/thread_label.h"
#include "show/utf8.h"

enum { ALL_STATES = BARO_STATE_COUNT };

typedef struct folding {
  const baro_profile *profile;
  const baro_export_options *options;
  baro_stream *output;
  baro_stacks stacks; /* owned */
  baro_node_path path;
  baro_arena arena;    /* owns texts */
  baro_view *text;     /* owned; of frames, made when first needed */
  double *amount;      /* owned; by node */
  bool counts_units;   /* ns of calls and of what is short, and what is no time at all */
  double carry;        /* that rounding took: the sum of all lines stays true to one unit */
  uint32_t *canonical; /* owned; the first node of the same stack of functions */
  baro_buffer scratch; /* owned */
  baro_buffer line;    /* owned */
} folding;

static void append_safe(baro_buffer *text, baro_view name, bool keep_spaces) {
  size_t start = text->length;
  baro_write_utf8(text, name);
  for (size_t i = start; i < text->length && !text->failed; i++) {
    uint8_t *byte = &text->data[i];
    if (*byte == ';') {
      *byte = ':';
    } else if (*byte < ' ' || *byte == 0x7f || (*byte == ' ' && !keep_spaces)) {
      *byte = '_';
    }
  }
}

/* "parse (app.py:12)", or "(no Python frame)". */
static void write_frame(folding *fold, uint32_t frame, baro_buffer *text) {
  baro_stack_function function =
      baro_stacks_function(&fold->stacks, fold->stacks.frame_function[frame]);
  baro_view name = function.qualified;
  bool bracketed = name.length != 0 && name.data[name.length - 1] == ')';
  append_safe(text, name, bracketed && function.origin == BARO_ORIGIN_NONE);
  baro_buffer place = {0};
  uint32_t line =
      fold->options->lines ? baro_stacks_line(&fold->stacks, frame) : function.first_line;
  baro_write_place(&place, function.file, line, function.origin, NULL, NULL);
  if (place.length != 0) {
    baro_write_text(text, " (");
    append_safe(text, (baro_view){.data = place.data, .length = place.length}, false);
    baro_write_text(text, ")");
  }
  text->failed = text->failed || place.failed;
  baro_buffer_release(&place);
}

/* Text of a frame; NULL data when out of memory. */
static baro_view frame_text(folding *fold, uint32_t frame) {
  if (fold->text[frame].data == NULL) {
    baro_buffer_clear(&fold->scratch);
    write_frame(fold, frame, &fold->scratch);
    char *copy = fold->scratch.failed
                     ? NULL
                     : baro_arena_copy(&fold->arena, fold->scratch.data, fold->scratch.length);
    fold->text[frame] = (baro_view){.data = (const uint8_t *)copy, .length = fold->scratch.length};
  }
  return fold->text[frame];
}

static double per_ns(const folding *fold) {
  switch (fold->options->weight) {
  case BARO_EXPORT_WEIGHT_AUTO: return fold->counts_units ? 1 : 1e-3;
  case BARO_EXPORT_WEIGHT_US: return 1e-3;
  case BARO_EXPORT_WEIGHT_NS: return 1;
  case BARO_EXPORT_WEIGHT_TICKS: break;
  }
  return 0;
}

/* What an entry adds to the group of `state`, in the asked unit. */
static double entry_amount(const folding *fold, const baro_stack_entry *entry, int state) {
  double amount = entry->sum_ns;
  double scale = per_ns(fold);
  if (fold->options->weight == BARO_EXPORT_WEIGHT_TICKS) {
    scale = amount > 0 ? (double)entry->count / amount : 0;
  }
  if (entry->state == BARO_STATE_IDLE && !fold->options->idle) {
    return 0;
  }
  if (state != ALL_STATES) {
    amount = state == (int)entry->state     ? entry->state_ns
             : state == BARO_STATE_RUNNABLE ? entry->runnable_ns
                                            : 0;
  }
  return amount * scale;
}

/* Appends the frames of node to the line. */
static void write_stack(folding *fold, uint32_t node) {
  baro_node_path_set(&fold->path, &fold->stacks, node);
  for (uint32_t i = 0; i < fold->path.count; i++) {
    uint32_t at = fold->canonical[fold->path.nodes[i]];
    baro_view text = frame_text(fold, fold->stacks.frame[at]);
    if (text.data == NULL) {
      fold->line.failed = true;
    }
    baro_write_bytes(&fold->line, i == 0 && fold->line.length == 0 ? "" : ";",
                     i == 0 && fold->line.length == 0 ? 0 : 1);
    baro_write_bytes(&fold->line, text.data, text.length);
  }
}

static void write_roots(folding *fold, const baro_profile_thread *thread) {
  const baro_profile *profile = fold->profile;
  baro_write_format(&fold->line, "process %u;thread ", profile->processes[thread->process].os_pid);
  baro_buffer label = {0};
  baro_write_thread_label(&label, profile, thread);
  fold->line.failed |= label.failed;
  append_safe(&fold->line, (baro_view){.data = label.data, .length = label.length}, false);
  baro_buffer_release(&label);
  baro_write_format(&fold->line, " (%u)", thread->os_tid);
}

static baro_status put_line(folding *fold, const baro_profile_thread *thread, uint32_t node,
                            int state, uint64_t amount) {
  baro_buffer_clear(&fold->line);
  if (fold->options->threads) {
    write_roots(fold, thread);
  }
  write_stack(fold, node);
  if (state != ALL_STATES) {
    baro_write_format(&fold->line, ";[%s]", baro_state_words((baro_state)state));
  }
  baro_write_format(&fold->line, " %" PRIu64 "\n", amount);
  if (fold->line.failed) {
    return BARO_NO_MEMORY;
  }
  baro_stream_bytes(fold->output, fold->line.data, fold->line.length);
  return BARO_OK;
}

/* Sums up threads [first, end) in one state and writes a line for each stack. */
static baro_status fold_group(folding *fold, uint32_t first, uint32_t end, int state) {
  const baro_profile *profile = fold->profile;
  uint32_t low = fold->stacks.node_count;
  uint32_t high = 0;
  for (uint32_t t = first; t < end; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    uint64_t count = baro_stacks_count(&fold->stacks, thread);
    for (uint64_t i = 0; i < count; i++) {
      baro_stack_entry entry = baro_stacks_entry(&fold->stacks, thread, i);
      uint32_t node = fold->canonical[entry.node];
      fold->amount[node] += entry_amount(fold, &entry, state);
      low = node < low ? node : low;
      high = node > high ? node : high;
    }
  }
  baro_status status = BARO_OK;
  for (uint32_t n = low; n <= high && n < fold->stacks.node_count && status == BARO_OK; n++) {
    double amount = fold->amount[n];
    fold->amount[n] = 0;
    /* Less than nothing by chance where thinned calls are estimated: nothing, then. */
    if (!(amount > 0)) {
      continue;
    }
    uint64_t whole = baro_whole(amount, &fold->carry);
    if (whole != 0) {
      status = put_line(fold, &profile->threads[first], n, state, whole);
    }
  }
  return status;
}

static baro_status fold_states(folding *fold, uint32_t first, uint32_t end) {
  if (!fold->options->states || fold->options->of_calls) {
    return fold_group(fold, first, end, ALL_STATES);
  }
  baro_status status = BARO_OK;
  for (int state = 0; state < BARO_STATE_COUNT && status == BARO_OK; state++) {
    if (fold->profile->state_ns[BARO_MEASURE_THREAD][state] != 0) {
      status = fold_group(fold, first, end, state);
    }
  }
  return status;
}

static baro_status fold_all(folding *fold) {
  const baro_profile *profile = fold->profile;
  if (!fold->options->threads) {
    return fold_states(fold, 0, profile->thread_count);
  }
  baro_status status = BARO_OK;
  for (uint32_t t = 0; t < profile->thread_count && status == BARO_OK; t++) {
    status = fold_states(fold, t, t + 1);
  }
  return status;
}

baro_status baro_export_collapsed(const baro_profile *profile, const baro_export_options *options,
                                  baro_stream *output, baro_error *err) {
  folding fold = {.profile = profile, .options = options, .output = output};
  /* An imported run of less than a millisecond would be lines of 0 us, which are none. */
  bool is_short = baro_profile_basis_ns(profile, BARO_MEASURE_THREAD) < 1000000;
  fold.counts_units =
      options->of_calls || is_short || baro_profile_weight_unit(profile).length != 0;
  baro_status status = baro_stacks_init(&fold.stacks, profile, options->of_calls, NULL);
  if (status == BARO_OK) {
    size_t nodes = fold.stacks.node_count;
    fold.text = calloc(fold.stacks.frame_count + (size_t)1, sizeof(*fold.text));
    fold.amount = calloc(nodes, sizeof(*fold.amount));
    bool all = fold.text != NULL && fold.amount != NULL;
    status = all ? baro_node_path_init(&fold.path, &fold.stacks, NULL) : BARO_NO_MEMORY;
  }
  if (status == BARO_OK) {
    status = baro_stacks_canonical(&fold.stacks, options->lines, &fold.canonical);
  }
  if (status == BARO_OK) {
    status = fold_all(&fold);
  }
  baro_node_path_release(&fold.path);
  baro_stacks_release(&fold.stacks);
  baro_arena_release(&fold.arena);
  free(fold.text);
  free(fold.amount);
  free(fold.canonical);
  baro_buffer_release(&fold.scratch);
  baro_buffer_release(&fold.line);
  return status == BARO_OK ? status : baro_error_set(err, status, "out of memory");
}
