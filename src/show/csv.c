/* One row a call or a sample, as RFC 4180 has it: a heading, fields in quotes where they need them, an empty field for what is
 * not known. Names of columns are those of the tables `calls` and `samples`. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "show/call_rows.h"
#include "show/call_texts.h"
#include "show/export_formats.h"
#include "show/node_path.h"
#include "show/utf8.h"

static void write_field(baro_buffer *out, baro_view text) {
  baro_buffer clean = {0};
  baro_write_utf8(&clean, text);
  bool quoted = false;
  for (size_t i = 0; i < clean.length; i++) {
    quoted |= strchr(",\"\r\n", clean.data[i]) != NULL; /* a NUL byte too */
  }
  if (quoted) {
    baro_write_u8(out, '"');
  }
  for (size_t i = 0; i < clean.length; i++) {
    if (clean.data[i] == '"') {
      baro_write_u8(out, '"');
    }
    baro_write_u8(out, clean.data[i]);
  }
  if (quoted) {
    baro_write_u8(out, '"');
  }
  out->failed = out->failed || clean.failed;
  baro_buffer_release(&clean);
}

/* ,process_id,thread_id,thread_name */
static void write_thread(const baro_profile *profile, uint32_t t, baro_buffer *out) {
  const baro_profile_thread *thread = &profile->threads[t];
  baro_write_format(out, ",%u,%u,", profile->processes[thread->process].os_pid, thread->os_tid);
  write_field(out, baro_profile_string(profile, thread->name_string));
}

/* ,qualified_name,function_name,file,line */
static void write_function(const baro_profile *profile, uint32_t f, baro_buffer *out) {
  const baro_profile_function *row = &profile->functions.rows[f];
  baro_write_u8(out, ',');
  write_field(out, baro_profile_string(profile, row->qualified_string));
  baro_write_u8(out, ',');
  write_field(out, baro_profile_string(profile, row->name_string));
  baro_write_u8(out, ',');
  write_field(out, baro_profile_string(profile, row->file_string));
  if (row->first_line != 0) {
    baro_write_format(out, ",%u", row->first_line);
  } else {
    baro_write_u8(out, ',');
  }
}

/* The date of a second, which many calls share. */
typedef struct date_cache {
  uint64_t second;
  bool is_known;
  char text[40];
} date_cache;

/* 2026-11-21T14:49:35.123456Z, or nothing where it is not known. */
static void put_utc(baro_stream *output, const baro_profile *profile, date_cache *cache,
                    uint64_t monotonic_ns) {
  uint64_t utc_ns;
  if (!baro_profile_utc_ns(profile, monotonic_ns, &utc_ns)) {
    return;
  }
  uint64_t second = utc_ns / 1000000000;
  if (!cache->is_known || cache->second != second) {
    time_t at = (time_t)second;
    struct tm utc;
    cache->second = second;
    cache->is_known = gmtime_r(&at, &utc) != NULL &&
                      strftime(cache->text, sizeof(cache->text), "%Y-%m-%dT%H:%M:%S", &utc) != 0;
  }
  if (cache->is_known) {
    char fraction[16];
    (void)snprintf(fraction, sizeof(fraction), ".%06uZ", (unsigned)(utc_ns % 1000000000 / 1000));
    baro_stream_text(output, cache->text);
    baro_stream_text(output, fraction);
  }
}

static void put_u64(baro_stream *output, uint64_t value) {
  baro_stream_char(output, ',');
  baro_stream_u64(output, value);
}

static void put_known(baro_stream *output, uint64_t amount) {
  if (amount == BARO_UNKNOWN_AMOUNT) {
    baro_stream_char(output, ',');
  } else {
    put_u64(output, amount);
  }
}

typedef struct csv_file {
  const baro_profile *profile;
  baro_stream *output;
  baro_call_texts texts;
  date_cache date;
  baro_buffer scratch; /* owned */
} csv_file;

static void put_value(csv_file *file, uint32_t call, baro_call_value which) {
  baro_view text;
  baro_stream_char(file->output, ',');
  if (baro_call_value_text(file->profile, call, which, &text)) {
    baro_buffer_clear(&file->scratch);
    write_field(&file->scratch, text);
    baro_stream_bytes(file->output, file->scratch.data, file->scratch.length);
  }
}

static void put_row(csv_file *file, uint32_t thread, uint32_t call, const baro_call_extra *extra) {
  const baro_profile_calls *calls = &file->profile->calls;
  baro_stream *output = file->output;
  baro_stream_u64(output, call);
  baro_stream_char(output, ',');
  if (calls->parent_call[call] != BARO_NONE_ID) {
    baro_stream_u64(output, calls->parent_call[call]);
  }
  baro_stream_char(output, ',');
  if (baro_call_task(file->profile, call) != BARO_NONE_ID) {
    baro_stream_u64(output, baro_call_task(file->profile, call));
  }
  baro_stream_view(output, file->texts.thread[thread]);
  baro_stream_view(output, file->texts.function[calls->function[call]]);
  baro_stream_char(output, ',');
  put_utc(output, file->profile, &file->date, calls->start_ns[call]);
  put_u64(output, calls->start_ns[call]);
  put_u64(output, calls->duration_ns[call]);
  put_u64(output, calls->self_ns[call]);
  put_u64(output, extra->active_ns);
  put_known(output, extra->cpu_ns);
  put_known(output, extra->memory_bytes);
  put_u64(output, baro_call_own_ns(calls, call));
  baro_stream_char(output, ',');
  if (extra->suspendable != BARO_NONE_ID) {
    baro_stream_u64(output, calls->suspendable_resumes[extra->suspendable]);
  }
  put_u64(output, baro_call_weight(file->profile, call));
  baro_stream_char(output, ',');
  baro_stream_text(output, baro_outcome_key((baro_outcome)calls->outcome[call]));
  baro_stream_char(output, ',');
  if (extra->exception != BARO_NONE_ID) {
    baro_buffer_clear(&file->scratch);
    write_field(&file->scratch, baro_profile_string(file->profile, extra->exception));
    baro_stream_bytes(output, file->scratch.data, file->scratch.length);
  }
  put_value(file, call, BARO_CALL_VALUE_ARGUMENTS);
  put_value(file, call, BARO_CALL_VALUE_KEYWORD_ARGUMENTS);
  put_value(file, call, BARO_CALL_VALUE_RETURN);
  baro_stream_text(output, "\r\n");
}

static baro_status put_calls(csv_file *file, baro_error *err) {
  const baro_profile *profile = file->profile;
  baro_call_cursor cursor = {0};
  baro_status status =
      baro_call_texts_init(&file->texts, profile, write_function, write_thread, err);
  if (status == BARO_OK) {
    baro_stream_text(file->output,
                     "call_id,parent_call_id,task_id,process_id,thread_id,thread_name,"
                     "qualified_name,function_name,file,line,start_time,start_ns,duration_ns,"
                     "self_ns,active_ns,cpu_ns,memory_usage,own_ns,resumes,weight,outcome,"
                     "exception_type,arguments,keyword_arguments,return_value\r\n");
  }
  for (uint32_t t = 0; t < profile->thread_count && status == BARO_OK; t++) {
    for (uint32_t i = 0; i < profile->threads[t].call_count; i++) {
      uint32_t call = cursor.call;
      baro_call_extra extra = baro_call_next(profile, &cursor);
      put_row(file, t, call, &extra);
    }
  }
  baro_call_texts_release(&file->texts);
  return status;
}

/* --- samples --- */

/* "main;load": functions from the outermost on; what separates them is replaced in their names. */
static void write_stack(csv_file *file, baro_node_path *path, baro_buffer *out) {
  baro_buffer names = {0};
  for (uint32_t i = 0; i < path->count; i++) {
    uint32_t function = baro_profile_node_function(file->profile, path->nodes[i]);
    baro_view name = baro_profile_string(file->profile,
                                         file->profile->functions.rows[function].qualified_string);
    baro_write_bytes(&names, ";", i == 0 ? 0 : 1);
    for (size_t at = 0; at < name.length; at++) {
      baro_write_u8(&names, name.data[at] == ';' ? ':' : name.data[at]);
    }
  }
  write_field(out, (baro_view){.data = names.data, .length = names.length});
  out->failed |= names.failed;
  baro_buffer_release(&names);
}

/* All of a row from time_ns on. */
static void put_sample(csv_file *file, const baro_profile_thread *thread, uint64_t s,
                       baro_node_path *path, const baro_stacks *stacks) {
  const baro_profile *profile = file->profile;
  const baro_profile_samples *samples = &profile->samples;
  baro_stream *output = file->output;
  uint32_t node = samples->node[s];
  uint32_t line = baro_stacks_line(stacks, stacks->frame[node]);
  double carry = 0;
  baro_sample_split split = baro_profile_sample_split(profile, thread, s);
  bool ran = split.state == BARO_STATE_CPU || split.state == BARO_STATE_COLLECTOR;
  put_u64(output, samples->time_ns[s]);
  put_u64(output, samples->weight_ns[s]);
  put_u64(output, ran ? baro_whole(split.state_ns, &carry) : 0);
  put_u64(output, samples->ticks[s]);
  baro_stream_char(output, ',');
  baro_stream_text(output, baro_state_key(split.state));
  baro_buffer_clear(&file->scratch);
  write_function(profile, baro_profile_node_function(profile, node), &file->scratch);
  if (line != 0) {
    baro_write_format(&file->scratch, ",%u,", line);
  } else {
    baro_write_text(&file->scratch, ",,");
  }
  baro_node_path_set(path, stacks, node);
  write_stack(file, path, &file->scratch);
  baro_write_text(&file->scratch, "\r\n");
  baro_stream_bytes(output, file->scratch.data, file->scratch.length);
}

static baro_status put_samples(csv_file *file, baro_error *err) {
  const baro_profile *profile = file->profile;
  baro_buffer head = {0};
  baro_node_path path = {0};
  baro_stacks stacks;
  baro_status status = baro_stacks_init(&stacks, profile, false, err);
  if (status == BARO_OK) {
    status = baro_node_path_init(&path, &stacks, err);
  }
  if (status == BARO_OK) {
    baro_stream_text(file->output,
                     "process_id,thread_id,thread_name,end_time,time_ns,weight_ns,running_ns,ticks,"
                     "state,qualified_name,function_name,file,first_line,line,stack\r\n");
  }
  for (uint32_t t = 0; t < profile->thread_count && status == BARO_OK; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    baro_buffer_clear(&head);
    write_thread(profile, t, &head);
    file->scratch.failed |= head.failed;
    for (uint64_t i = 0; i < thread->sample_count; i++) {
      uint64_t s = thread->first_sample + i;
      baro_stream_bytes(file->output, head.data + 1, head.length - 1);
      baro_stream_char(file->output, ',');
      put_utc(file->output, profile, &file->date, profile->samples.time_ns[s]);
      put_sample(file, thread, s, &path, &stacks);
    }
  }
  baro_buffer_release(&head);
  baro_node_path_release(&path);
  baro_stacks_release(&stacks);
  return status;
}

baro_status baro_export_csv(const baro_profile *profile, const baro_export_options *options,
                            baro_stream *output, baro_error *err) {
  csv_file file = {.profile = profile, .output = output};
  baro_status status = options->of_calls ? put_calls(&file, err) : put_samples(&file, err);
  if (status == BARO_OK && file.scratch.failed) {
    status = baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_buffer_release(&file.scratch);
  return status;
}
