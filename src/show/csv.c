/* One row a call, as RFC 4180 has it: a heading, fields in quotes where they need them, an empty field for what is not
 * known. Names of columns are those of the table `calls`. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "show/call_rows.h"
#include "show/call_texts.h"
#include "show/export_formats.h"
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

baro_status baro_export_csv(const baro_profile *profile, const baro_export_options *options,
                            baro_stream *output, baro_error *err) {
  (void)options;
  csv_file file = {.profile = profile, .output = output};
  baro_status status =
      baro_call_texts_init(&file.texts, profile, write_function, write_thread, err);
  if (status == BARO_OK) {
    baro_call_cursor cursor = {0};
    baro_stream_text(
        output, "call_id,parent_call_id,task_id,process_id,thread_id,thread_name,qualified_name,"
                "function_name,file,line,start_time,start_ns,duration_ns,self_ns,active_ns,"
                "cpu_ns,memory_usage,own_ns,resumes,weight,outcome,exception_type,arguments,"
                "keyword_arguments,return_value\r\n");
    for (uint32_t t = 0; t < profile->thread_count; t++) {
      for (uint32_t i = 0; i < profile->threads[t].call_count; i++) {
        uint32_t call = cursor.call;
        baro_call_extra extra = baro_call_next(profile, &cursor);
        put_row(&file, t, call, &extra);
      }
    }
  }
  if (status == BARO_OK && file.scratch.failed) {
    status = baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_buffer_release(&file.scratch);
  baro_call_texts_release(&file.texts);
  return status;
}
