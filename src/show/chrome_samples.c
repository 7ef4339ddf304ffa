/* Samples as slices: what neighbours have in common on their stacks is one slice over both. Slices of a thread nest, and stand
 * in the file in order of their beginning, callers first: readers take equal times in the order of the file. Only complete
 * events are written; an end that fits no beginning would be dropped without a word.
 * Memory: 4 bytes a sample of one thread. */
#include <stdio.h>
#include <stdlib.h>

#include "show/chrome_parts.h"
#include "show/json_writer.h"
#include "show/node_path.h"
#include "show/place.h"
#include "show/touch.h"

static void quote(baro_buffer *out, baro_view text) {
  baro_stream stream;
  baro_stream_init(&stream, baro_sink_buffer, out);
  baro_json_quote(&stream, text);
  baro_status status = baro_stream_finish(&stream, NULL);
  (void)status; /* a buffer that cannot grow says so itself */
}

void baro_chrome_function(baro_buffer *out, const baro_stack_function *function,
                          const char *category) {
  baro_buffer place = {0};
  baro_write_text(out, ",\"name\":");
  quote(out, function->qualified);
  baro_write_text(out, ",\"cat\":\"");
  baro_write_text(out, category);
  baro_write_text(out, "\",\"args\":{\"place\":");
  baro_write_place(&place, function->file, function->first_line, function->origin, NULL, NULL);
  quote(out, (baro_view){.data = place.data, .length = place.length});
  out->failed = out->failed || place.failed;
  baro_buffer_release(&place);
}

void baro_chrome_thread(baro_buffer *out, const baro_profile *profile,
                        const baro_profile_thread *thread) {
  baro_write_format(out, ",\"pid\":%u,\"tid\":%u", profile->processes[thread->process].os_pid,
                    thread->os_tid);
}

void baro_chrome_us(baro_stream *output, const char *name, uint64_t ns) {
  char decimals[8];
  baro_stream_text(output, name);
  baro_stream_u64(output, ns / 1000);
  (void)snprintf(decimals, sizeof(decimals), ".%03u", (unsigned)(ns % 1000));
  baro_stream_text(output, decimals);
}

typedef struct slices {
  const baro_profile *profile;
  const baro_export_options *options;
  baro_stream *output;
  bool *any;
  const baro_profile_thread *thread;
  baro_stacks stacks;  /* owned */
  uint32_t *canonical; /* owned */
  baro_node_path path; /* owned */
  uint32_t *common;    /* owned; by sample of the thread: levels it has in common with the next */
  baro_arena arena;    /* owns texts */
  baro_view *text;     /* owned; of functions, made when first needed */
  baro_buffer thread_text; /* owned */
  baro_buffer scratch;     /* owned */
  uint64_t touch_ns;
  bool failed; /* out of memory */
} slices;

static uint32_t node_of(const slices *file, uint64_t s) {
  return file->canonical[file->profile->samples.node[s]];
}

/* A leaf that names the state stands below the functions. */
static bool shows_state(const slices *file, uint64_t s) {
  return file->options->states && file->profile->samples.state[s] != BARO_STATE_CPU;
}

static uint32_t levels(const slices *file, uint64_t s) {
  return file->stacks.depth[node_of(file, s)] + (shows_state(file, s) ? 1 : 0);
}

static uint64_t start_of(const slices *file, uint64_t s) {
  const baro_profile_samples *samples = &file->profile->samples;
  uint64_t time_ns = samples->time_ns[s];
  uint64_t start_ns = samples->weight_ns[s] < time_ns ? time_ns - samples->weight_ns[s] : 0;
  uint64_t before_ns = s == file->thread->first_sample ? 0 : samples->time_ns[s - 1];
  return start_ns < before_ns || start_ns - before_ns <= file->touch_ns ? before_ns : start_ns;
}

static uint32_t common_depth(const slices *file, uint32_t a, uint32_t b) {
  const baro_stacks *stacks = &file->stacks;
  while (a != b) {
    uint32_t *deeper = stacks->depth[a] >= stacks->depth[b] ? &a : &b;
    *deeper = file->canonical[stacks->parent_node[*deeper]];
  }
  return stacks->depth[a];
}

/* Levels that sample s and the one behind it have in common. */
static uint32_t common_levels(const slices *file, uint64_t s) {
  const baro_profile_samples *samples = &file->profile->samples;
  if (s + 1 == file->thread->first_sample + file->thread->sample_count ||
      start_of(file, s + 1) != samples->time_ns[s]) {
    return 0;
  }
  uint32_t here = node_of(file, s);
  uint32_t there = node_of(file, s + 1);
  if (here == there && samples->state[s] == samples->state[s + 1]) {
    return levels(file, s);
  }
  return common_depth(file, here, there);
}

static baro_view function_text(slices *file, uint32_t function) {
  if (file->text[function].data == NULL) {
    baro_stack_function row = baro_stacks_function(&file->stacks, function);
    baro_buffer_clear(&file->scratch);
    baro_chrome_function(&file->scratch, &row, "sample");
    baro_write_text(&file->scratch, "}}");
    char *copy = file->scratch.failed
                     ? NULL
                     : baro_arena_copy(&file->arena, file->scratch.data, file->scratch.length);
    file->failed |= copy == NULL;
    file->text[function] = (baro_view){.data = (const uint8_t *)copy,
                                       .length = copy == NULL ? 0 : file->scratch.length};
  }
  return file->text[function];
}

/* The slice of sample s at level (of 1 and more) lasts as long as neighbours have that much in common. */
static void put_slice(slices *file, uint64_t s, uint32_t level) {
  const baro_profile_samples *samples = &file->profile->samples;
  baro_stream *output = file->output;
  uint64_t last = s;
  while (file->common[last - file->thread->first_sample] >= level) {
    last++;
  }
  uint64_t start_ns = start_of(file, s);
  uint64_t since = file->profile->start_ns < start_ns ? file->profile->start_ns : start_ns;
  baro_stream_text(output, *file->any ? ",\n" : "\n");
  *file->any = true;
  baro_chrome_us(output, "{\"ph\":\"X\",\"ts\":", start_ns - since);
  baro_chrome_us(output, ",\"dur\":", samples->time_ns[last] - start_ns);
  baro_stream_bytes(output, file->thread_text.data, file->thread_text.length);
  if (level <= file->path.count) {
    uint32_t frame = file->stacks.frame[file->path.nodes[level - 1]];
    baro_stream_view(output, function_text(file, file->stacks.frame_function[frame]));
  } else {
    baro_stream_text(output, ",\"name\":\"[");
    baro_stream_text(output, baro_state_words((baro_state)samples->state[s]));
    baro_stream_text(output, "]\",\"cat\":\"state\"}");
  }
}

static void put_thread(slices *file, const baro_profile_thread *thread) {
  file->thread = thread;
  baro_buffer_clear(&file->thread_text);
  baro_chrome_thread(&file->thread_text, file->profile, thread);
  uint32_t *common = realloc(file->common, thread->sample_count * sizeof(*common));
  if (common == NULL || file->thread_text.failed) {
    file->failed = true;
    return;
  }
  file->common = common;
  for (uint64_t i = 0; i < thread->sample_count; i++) {
    common[i] = common_levels(file, thread->first_sample + i);
  }
  for (uint64_t i = 0; i < thread->sample_count && !file->failed; i++) {
    uint64_t s = thread->first_sample + i;
    baro_node_path_set(&file->path, &file->stacks, node_of(file, s));
    for (uint32_t level = (i == 0 ? 0 : common[i - 1]) + 1; level <= levels(file, s); level++) {
      put_slice(file, s, level);
    }
  }
}

baro_status baro_chrome_samples(const baro_profile *profile, const baro_export_options *options,
                                baro_stream *output, bool *any, baro_error *err) {
  slices file = {.profile = profile,
                 .options = options,
                 .output = output,
                 .any = any,
                 .touch_ns = baro_touch_ns(profile)};
  baro_status status = baro_stacks_init(&file.stacks, profile, false, NULL);
  if (status == BARO_OK) {
    status = baro_stacks_canonical(&file.stacks, false, &file.canonical);
  }
  if (status == BARO_OK) {
    status = baro_node_path_init(&file.path, &file.stacks, NULL);
  }
  if (status == BARO_OK) {
    file.text = calloc((size_t)file.stacks.function_count + 1, sizeof(*file.text));
    file.failed = file.text == NULL;
  }
  for (uint32_t t = 0; t < profile->thread_count && status == BARO_OK && !file.failed; t++) {
    if (profile->threads[t].sample_count != 0) {
      put_thread(&file, &profile->threads[t]);
    }
  }
  baro_arena_release(&file.arena);
  baro_buffer_release(&file.thread_text);
  baro_buffer_release(&file.scratch);
  baro_node_path_release(&file.path);
  baro_stacks_release(&file.stacks);
  free(file.canonical);
  free(file.common);
  free(file.text);
  status = file.failed ? BARO_NO_MEMORY : status;
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
}
