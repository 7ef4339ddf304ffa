/* The Trace Event Format of chrome://tracing and Perfetto: a track for each thread, whose calls nest. A generator or
 * coroutine that was suspended does not nest with what its thread did meanwhile: it is an async event, on a
 * track of its own. Times are microseconds since the beginning of the run with three decimals, so that no ns is lost.
 * Samples are slices, too: chrome_samples.c. */
#include "show/call_texts.h"
#include "show/chrome_parts.h"
#include "show/export_formats.h"
#include "show/json_writer.h"
#include "show/thread_label.h"

/* ,"name":"parse","cat":"call","args":{"place":"app.py:12" */
static void write_function(const baro_profile *profile, uint32_t f, baro_buffer *out) {
  const baro_profile_function *row = &profile->functions.rows[f];
  baro_stack_function function = {
      .qualified = baro_profile_string(profile, row->qualified_string),
      .file = baro_profile_string(profile, row->file_string),
      .first_line = row->first_line,
      .origin = row->origin,
  };
  baro_chrome_function(out, &function, "call");
}

static void write_thread(const baro_profile *profile, uint32_t t, baro_buffer *out) {
  baro_chrome_thread(out, profile, &profile->threads[t]);
}

static void put_args(baro_stream *output, const baro_profile *profile, uint32_t call,
                     const baro_call_extra *extra) {
  baro_outcome outcome = (baro_outcome)profile->calls.outcome[call];
  if (outcome == BARO_OUTCOME_RAISED && extra->exception != BARO_NONE_ID) {
    baro_stream_text(output, ",\"raised\":");
    baro_json_quote(output, baro_profile_string(profile, extra->exception));
  } else if (outcome == BARO_OUTCOME_UNFINISHED || outcome == BARO_OUTCOME_LOST) {
    baro_stream_text(output, ",\"end\":\"unknown\"");
  }
  baro_stream_text(output, "}}");
}

/* Begin and end of a call that was suspended; its number tells it from others. */
static void put_async(baro_stream *output, const baro_call_texts *texts,
                      const baro_profile *profile, uint32_t thread, uint32_t call,
                      const baro_call_extra *extra) {
  const baro_profile_calls *calls = &profile->calls;
  uint64_t start_ns = calls->start_ns[call] - profile->start_ns;
  for (int end = 0; end < 2; end++) {
    baro_stream_text(output, end == 0 ? "{\"ph\":\"b\",\"id\":" : ",\n{\"ph\":\"e\",\"id\":");
    baro_stream_u64(output, call);
    baro_chrome_us(output,
                   ",\"ts\":", end == 0 ? start_ns : start_ns + baro_call_clocked_ns(calls, call));
    baro_stream_view(output, texts->thread[thread]);
    baro_stream_view(output, texts->function[calls->function[call]]);
    put_args(output, profile, call, extra);
  }
}

static void put_call(baro_stream *output, const baro_call_texts *texts, const baro_profile *profile,
                     uint32_t thread, uint32_t call, const baro_call_extra *extra) {
  const baro_profile_calls *calls = &profile->calls;
  if (extra->active_ns != calls->duration_ns[call]) {
    put_async(output, texts, profile, thread, call, extra);
    return;
  }
  baro_chrome_us(output, "{\"ph\":\"X\",\"ts\":", calls->start_ns[call] - profile->start_ns);
  baro_chrome_us(output, ",\"dur\":", baro_call_clocked_ns(calls, call)); /* what it calls nests */
  baro_stream_view(output, texts->thread[thread]);
  baro_stream_view(output, texts->function[calls->function[call]]);
  put_args(output, profile, call, extra);
}

static void put_name(baro_stream *output, const char *what, uint32_t pid, uint32_t tid,
                     baro_view name) {
  baro_stream_text(output, "{\"ph\":\"M\",\"name\":\"");
  baro_stream_text(output, what);
  baro_stream_text(output, "\",\"pid\":");
  baro_stream_u64(output, pid);
  baro_stream_text(output, ",\"tid\":");
  baro_stream_u64(output, tid);
  baro_stream_text(output, ",\"args\":{\"name\":");
  baro_json_quote(output, name);
  baro_stream_text(output, "}}");
}

static void put_names(baro_stream *output, const baro_profile *profile, bool *any) {
  baro_buffer label = {0};
  for (uint32_t p = 0; p < profile->process_count; p++) {
    const baro_profile_process *process = &profile->processes[p];
    baro_stream_text(output, *any ? ",\n" : "\n");
    *any = true;
    put_name(output, "process_name", process->os_pid, process->os_pid,
             baro_profile_string(profile, process->command_string));
    for (uint32_t t = 0; t < process->thread_count; t++) {
      const baro_profile_thread *thread = &profile->threads[process->first_thread + t];
      baro_buffer_clear(&label);
      baro_write_thread_label(&label, profile, thread);
      baro_stream_text(output, ",\n");
      put_name(output, "thread_name", process->os_pid, thread->os_tid,
               (baro_view){.data = label.data, .length = label.length});
    }
  }
  baro_buffer_release(&label);
}

static baro_status put_calls(const baro_profile *profile, baro_stream *output, bool *any,
                             baro_error *err) {
  baro_call_texts texts;
  baro_call_cursor cursor = {0};
  baro_status status = baro_call_texts_init(&texts, profile, write_function, write_thread, err);
  for (uint32_t t = 0; t < profile->thread_count && status == BARO_OK; t++) {
    for (uint32_t i = 0; i < profile->threads[t].call_count; i++) {
      uint32_t call = cursor.call;
      baro_call_extra extra = baro_call_next(profile, &cursor);
      baro_stream_text(output, *any ? ",\n" : "\n");
      *any = true;
      put_call(output, &texts, profile, t, call, &extra);
    }
  }
  baro_call_texts_release(&texts);
  return status;
}

baro_status baro_export_chrome(const baro_profile *profile, const baro_export_options *options,
                               baro_stream *output, baro_error *err) {
  bool any = false;
  baro_stream_text(
      output, "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"exporter\":\"barograph " BARO_VERSION
              "\"},\"traceEvents\":[");
  put_names(output, profile, &any);
  baro_status status = options->of_calls ? put_calls(profile, output, &any, err)
                                         : baro_chrome_samples(profile, options, output, &any, err);
  baro_stream_text(output, any ? "\n]}\n" : "]}\n");
  return status;
}
