#include "support/drain_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t MS = 1000000;

static void add(char *text, size_t room, const char *format, ...) BARO_PRINTF(3, 4);

static void add(char *text, size_t room, const char *format, ...) {
  va_list arguments;
  size_t used = strlen(text);
  va_start(arguments, format);
  vsnprintf(text + used, room - used, format, arguments);
  va_end(arguments);
}

static baro_status see_string(void *context, uint32_t id, baro_view text, baro_error *err) {
  (void)err;
  drain_found *seen = context;
  if (id < 256)
    snprintf(seen->strings[id], sizeof seen->strings[id], "%.*s", (int)text.length,
             (const char *)text.data);
  return BARO_OK;
}

static baro_status see_function(void *context, uint32_t id, const baro_function_record *function,
                                baro_error *err) {
  (void)err;
  drain_found *seen = context;
  if (id < 64 && function->name_string < 256)
    memcpy(seen->names[id], seen->strings[function->name_string], sizeof seen->names[id] - 1);
  if (id < 64 && function->module_string < 256)
    memcpy(seen->modules[id], seen->strings[function->module_string], sizeof seen->modules[id] - 1);
  return BARO_OK;
}

static baro_status see_process(void *context, uint32_t id, const baro_process_record *process,
                               baro_error *err) {
  (void)err;
  (void)id;
  drain_found *seen = context;
  add(seen->processes, sizeof seen->processes, "%u(%s,%s)", process->os_pid,
      seen->strings[process->python_string], seen->strings[process->command_string]);
  return BARO_OK;
}

static baro_status see_process_fact(void *context, const baro_process_fact_record *fact,
                                    baro_error *err) {
  (void)err;
  drain_found *seen = context;
  seen->fact_count++;
  seen->late_facts += seen->calls[0] != '\0';
  add(seen->facts, sizeof seen->facts, "%u %.*s=%.*s\n", fact->process, (int)fact->key.length,
      (const char *)fact->key.data, (int)fact->value.length, (const char *)fact->value.data);
  return BARO_OK;
}

static baro_status see_thread(void *context, uint32_t id, const baro_thread_record *thread,
                              baro_error *err) {
  (void)err;
  drain_found *seen = context;
  add(seen->threads, sizeof seen->threads, "%u=%s%s ", id, seen->strings[thread->name_string],
      thread->is_main ? "(main)" : "");
  return BARO_OK;
}

static void see_value(drain_found *seen, const baro_call_event *event) {
  enum { SHOWN = 20 };
  baro_view value = baro_call_event_value(event);
  add(seen->calls, sizeof seen->calls, " v%u(%.*s)", event->which,
      (int)(value.length < SHOWN ? value.length : SHOWN), (const char *)value.data);
  seen->values++;
  seen->value_bytes += value.length;
  for (size_t i = 0; i < value.length; i++)
    seen->value_mix ^= value.data[i];
}

static void see_event(drain_found *seen, const baro_call_event *event) {
  size_t room = sizeof seen->calls;
  if (seen->first_ns == 0)
    seen->first_ns = event->time_ns;
  seen->last_ns = event->time_ns;
  switch (event->kind) {
  case BARO_CALL_ENTER: add(seen->calls, room, " +%s", seen->names[event->function]); break;
  case BARO_CALL_ENTER_SUSPENDABLE:
    add(seen->calls, room, " +%s#%u", seen->names[event->function], (unsigned)event->call);
    break;
  case BARO_CALL_RETURN: add(seen->calls, room, " -"); break;
  case BARO_CALL_RAISE:
    add(seen->calls, room, " !%s",
        event->exception_string == BARO_NONE_ID ? "?" : seen->strings[event->exception_string]);
    break;
  case BARO_CALL_SUSPEND: add(seen->calls, room, " <"); break;
  case BARO_CALL_RESUME: add(seen->calls, room, " >#%u", (unsigned)event->call); break;
  case BARO_CALL_THROW: add(seen->calls, room, " ^#%u", (unsigned)event->call); break;
  case BARO_CALL_LOST: add(seen->calls, room, " lost%u", (unsigned)event->lost); break;
  case BARO_CALL_USAGE:
    add(seen->calls, room, " cpu%u/%u", (unsigned)event->cpu_ns, event->peak_kib);
    break;
  case BARO_CALL_SPAWN: add(seen->calls, room, " spawn#%u", (unsigned)event->call); break;
  case BARO_CALL_SKIPPED:
    add(seen->calls, room, " skip%u*%s", (unsigned)event->skipped, seen->names[event->function]);
    break;
  case BARO_CALL_WEIGHT: add(seen->calls, room, " weight%u", (unsigned)event->weight); break;
  case BARO_CALL_VALUE: see_value(seen, event); break;
  case BARO_CALL_OWN:
    add(seen->calls, room, " own%" PRIu64 "/%u", event->own_ns, event->own_wait_us);
    break;
  case BARO_CALL_EVENT_KIND_COUNT: fail_msg("no event"); break;
  }
}

static baro_status see_calls(void *context, uint32_t thread, const baro_call_event *events,
                             uint32_t count, baro_error *err) {
  (void)err;
  drain_found *seen = context;
  if (thread != seen->last_thread)
    add(seen->calls, sizeof seen->calls, "%sT%u:", seen->calls[0] != '\0' ? " " : "", thread);
  seen->last_thread = thread;
  for (uint32_t i = 0; i < count; i++)
    see_event(seen, &events[i]);
  return BARO_OK;
}

static baro_status see_note(void *context, const baro_note_record *note, baro_error *err) {
  (void)err;
  drain_found *seen = context;
  add(seen->notes, sizeof seen->notes, "%.*s\n", (int)note->text.length,
      (const char *)note->text.data);
  return BARO_OK;
}

static baro_status see_thread_end(void *context, const baro_end_record *end, baro_error *err) {
  (void)err;
  (void)end;
  ((drain_found *)context)->thread_ends++;
  return BARO_OK;
}

static baro_status see_process_end(void *context, const baro_end_record *end, baro_error *err) {
  (void)err;
  ((drain_found *)context)->process_ends++;
  ((drain_found *)context)->wait_status = end->wait_status;
  return BARO_OK;
}

void drain_scene_begin(drain_scene *scene, uint32_t pid, uint64_t birth_ns,
                       const baro_drain_ids *ids) {
  memset(scene, 0, sizeof *scene);
  scene->found.last_thread = BARO_NONE_ID;
  scene->now_ns = birth_ns + MS;
  spool_fixture_create(&scene->spool);
  scene->writer = fixture_writer(&scene->disk);
  baro_error err = {0};
  assert_int_equal(baro_drain_create(scene->spool.path, scene->writer, ids, &scene->drain, &err),
                   BARO_OK);
  scene->process = spool_process_create(&scene->spool, pid, birth_ns);
}

uint64_t drain_scene_visit(drain_scene *scene) {
  uint64_t events = 0;
  scene->now_ns += 20 * MS;
  assert_int_equal(baro_drain_visit(scene->drain, scene->now_ns, &events), BARO_OK);
  return events;
}

drain_found *drain_scene_finish(drain_scene *scene) {
  drain_found *seen = &scene->found;
  scene->now_ns += 20 * MS;
  assert_int_equal(baro_drain_finish(scene->drain, scene->now_ns), BARO_OK);
  baro_error err = {0};
  assert_int_equal(baro_writer_close(scene->writer, &err), BARO_OK);
  baro_visitor visitor = {.context = seen,
                          .string = see_string,
                          .function = see_function,
                          .process = see_process,
                          .process_fact = see_process_fact,
                          .thread = see_thread,
                          .calls = see_calls,
                          .note = see_note,
                          .thread_end = see_thread_end,
                          .process_end = see_process_end};
  assert_int_equal(baro_recording_read_memory(fixture_disk_view(&scene->disk), "test", &visitor,
                                              &seen->damage, &err),
                   BARO_OK);
  assert_true(seen->damage.complete);
  assert_false(seen->damage.corrupt);
  return seen;
}

void drain_scene_end(drain_scene *scene) {
  baro_drain_destroy(scene->drain);
  fixture_disk_release(&scene->disk);
  spool_fixture_remove(&scene->spool);
}

spool_ring drain_scene_ring(drain_scene *scene, uint32_t serial) {
  return spool_ring_create(&scene->process, serial, DRAIN_SCENE_CAPACITY,
                           BARO_RING_CLOCK_MONOTONIC);
}

spool_ring drain_scene_called(drain_scene *scene, uint32_t *ret_code) {
  uint32_t code = spool_process_code(&scene->process, "f", 0);
  spool_ring ring = drain_scene_ring(scene, 0);
  drain_put_call(&ring, 2000, code);
  spool_ring_commit(&ring);
  if (ret_code != NULL)
    *ret_code = code;
  return ring;
}

void drain_put(spool_ring *ring, uint64_t time_ns, baro_ring_kind kind, uint32_t id) {
  spool_ring_put(ring, time_ns, baro_ring_word(kind, id, 0));
}

void drain_put_framed(spool_ring *ring, uint64_t time_ns, baro_ring_kind kind, uint32_t id,
                      uint64_t frame) {
  drain_put(ring, time_ns, kind, id);
  spool_ring_put(ring, frame, baro_ring_word(BARO_RING_FRAME, 0, 0));
}

void drain_put_call(spool_ring *ring, uint64_t time_ns, uint32_t id) {
  drain_put(ring, time_ns, BARO_RING_ENTER, id);
  drain_put(ring, time_ns + 10, BARO_RING_RETURN, id);
}

uint64_t drain_tail_of(const spool_ring *ring) {
  return spool_ring_get(ring, offsetof(baro_ring_head, tail));
}

uint64_t drain_beat_of(const spool_ring *ring) {
  return spool_ring_get(ring, offsetof(baro_ring_head, beat_ns));
}
