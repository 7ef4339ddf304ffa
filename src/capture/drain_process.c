#include "capture/drain_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os_folder.h"
#include "base/os_proc.h"
#include "capture/drain_events.h"
#include "capture/drain_rounds.h"

/* How long the sampler is given to find a process or a thread before the drain defines it. */
static const uint64_t PROCESS_WAIT_NS = 60000000;
static const uint64_t THREAD_WAIT_NS = 10000000;
static const uint64_t LOOK_NS = 100000000; /* between looks whether a process lives */
static const uint64_t LONG_SILENCE_NS = 2000000000;
static const uint64_t BIRTH_ERROR_NS = 20000000; /* starts are known within a clock tick, 10 ms */

/* --- life --- */

static bool is_over(const baro_task_stat *stat) {
  return stat->state == 'X' || (stat->state == 'Z' && stat->thread_count <= 1);
}

bool baro_drain_process_is_alive(const baro_drain_process *process) {
  baro_task_stat stat;
  return baro_proc_stat((pid_t)process->pid, 0, &stat, NULL) == BARO_OK && !is_over(&stat) &&
         baro_proc_start_ns(stat.start_ticks) <= process->birth_ns + BIRTH_ERROR_NS;
}

baro_drain_process *baro_drain_process_create(baro_drain_shared *shared, uint32_t pid,
                                              uint64_t birth_ns) {
  baro_drain_process *process = calloc(1, sizeof *process);
  if (process == NULL)
    return NULL;
  process->pid = pid;
  process->birth_ns = birth_ns;
  process->id = BARO_NONE_ID;
  process->order.recording = &shared->recording;
  process->found_ns = shared->now_ns;
  process->active_ns = shared->now_ns;
  process->alive_ns = shared->now_ns;
  process->was_alive = baro_drain_process_is_alive(process);
  process->next_look_ns = shared->now_ns + (process->was_alive ? LOOK_NS : 0);
  if (process->was_alive) /* without memory for it, its children's files stay for longer */
    (void)!baro_map_set(&shared->seen_pids, pid, 1);
  baro_drain_definitions_init(&process->definitions, -1);
  return process;
}

static void destroy_thread(baro_drain_thread *thread) {
  baro_drain_ring_release(&thread->ring);
  baro_order_thread_release(&thread->order);
  free(thread);
}

void baro_drain_process_destroy(baro_drain_process *process) {
  if (process == NULL)
    return;
  for (uint32_t i = 0; i < process->thread_count; i++)
    destroy_thread(process->threads[i]);
  free(process->threads);
  baro_drain_definitions_release(&process->definitions);
  baro_order_process_release(&process->order);
  free(process);
}

baro_status baro_drain_process_add(baro_drain_process *process, const baro_drain_shared *shared,
                                   int take_file, const char *file_name) {
  baro_drain_thread *thread = calloc(1, sizeof *thread);
  baro_drain_ring ring;
  baro_drain_ring_init(&ring, take_file);
  if (thread != NULL && process->thread_count == process->thread_capacity) {
    uint32_t capacity = process->thread_capacity == 0 ? 4 : process->thread_capacity * 2;
    baro_drain_thread **threads = realloc(process->threads, capacity * sizeof(*threads));
    if (threads != NULL) {
      process->threads = threads;
      process->thread_capacity = capacity;
    }
  }
  if (thread == NULL || process->thread_count == process->thread_capacity) {
    free(thread);
    baro_drain_ring_release(&ring);
    return BARO_NO_MEMORY;
  }
  thread->ring = ring;
  thread->id = BARO_NONE_ID;
  thread->found_ns = shared->now_ns;
  (void)snprintf(thread->file_name, sizeof thread->file_name, "%s", file_name);
  process->threads[process->thread_count++] = thread;
  return BARO_OK;
}

/* --- its rows in the recording --- */

static void write_note(baro_drain_shared *shared, uint32_t process, baro_view text) {
  baro_note_record note = {.time_ns = shared->now_ns, .process = process, .text = text};
  baro_writer_note(shared->writer, &note);
}

/* Of "no_calls: why" and "lost_calls: why", the first one's why. */
static void keep_reason(baro_drain_shared *shared, baro_view text) {
  static const char *const keys[] = {"no_calls: ", "lost_calls: "};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0] && shared->counts.reason[0] == '\0'; i++) {
    size_t length = strlen(keys[i]);
    if (text.length > length && memcmp(text.data, keys[i], length) == 0)
      (void)snprintf(shared->counts.reason, sizeof shared->counts.reason, "%.*s",
                     (int)(text.length - length), (const char *)text.data + length);
  }
}

static void write_notes(baro_drain_process *process, baro_drain_shared *shared) {
  baro_buffer *notes = &process->definitions.notes;
  baro_reader reader = baro_reader_of(notes->data, notes->length);
  while (baro_reader_left(&reader) > 0) {
    baro_view text = baro_read_bytes(&reader, baro_read_u32(&reader));
    keep_reason(shared, text);
    write_note(shared, process->id, text);
  }
  baro_buffer_clear(notes);
}

static void write_facts(baro_drain_process *process, baro_drain_shared *shared) {
  baro_buffer *facts = &process->definitions.facts;
  baro_reader reader = baro_reader_of(facts->data, facts->length);
  while (baro_reader_left(&reader) > 0) {
    baro_process_fact_record fact = {.process = process->id};
    fact.key = baro_read_bytes(&reader, baro_read_u32(&reader));
    fact.value = baro_read_bytes(&reader, baro_read_u32(&reader));
    shared->has_greenlets |= baro_view_equal(fact.key, baro_view_of("greenlets"));
    baro_writer_process_fact(shared->writer, &fact);
  }
  baro_buffer_clear(facts);
}

void baro_drain_process_write_remarks(baro_drain_process *process, baro_drain_shared *shared) {
  if (process->id == BARO_NONE_ID)
    return;
  if (process->definitions.notes.length > 0)
    write_notes(process, shared);
  if (process->definitions.facts.length > 0)
    write_facts(process, shared);
}

static uint32_t parent_of(const baro_drain_process *process, const baro_drain_shared *shared) {
  const uint64_t *known = baro_map_find(&shared->process_ids, process->definitions.parent_pid);
  uint32_t id;
  if (known != NULL)
    return (uint32_t)*known;
  if (shared->ids.process != NULL &&
      shared->ids.process(shared->ids.context, (pid_t)process->definitions.parent_pid, &id) ==
          BARO_OK)
    return id;
  return BARO_NONE_ID;
}

static baro_status define_process(baro_drain_process *process, baro_drain_shared *shared) {
  baro_task_stat stat;
  baro_process_record record = {.os_pid = process->pid,
                                .parent_process = parent_of(process, shared),
                                .seen_ns = process->birth_ns < shared->now_ns ? process->birth_ns
                                                                              : shared->now_ns,
                                .command_string = process->definitions.command_string,
                                .python_string = process->definitions.python_string};
  baro_status status = BARO_OK;
  record.start_ns = record.seen_ns;
  if (!process->definitions.has_process) { /* its file is missing or broken */
    status = baro_writer_string(shared->writer, baro_view_of(""), &record.command_string);
    record.python_string = record.command_string;
  }
  if (process->was_alive && baro_proc_stat((pid_t)process->pid, 0, &stat, NULL) == BARO_OK &&
      baro_proc_start_ns(stat.start_ticks) < record.start_ns)
    record.start_ns = baro_proc_start_ns(stat.start_ticks);
  if (status == BARO_OK)
    status = baro_writer_process(shared->writer, &record, &process->id);
  process->is_ours = status == BARO_OK;
  return status;
}

static bool has_pending(const baro_drain_process *process) {
  for (uint32_t i = 0; i < process->thread_count; i++)
    if (baro_drain_ring_pending(&process->threads[i]->ring) > 0)
      return true;
  return false;
}

/* AGAIN: not now, but soon. */
static baro_status identify_process(baro_drain_process *process, baro_drain_shared *shared) {
  if (process->id != BARO_NONE_ID)
    return BARO_OK;
  /* One that never said who it is counts once it has events, and nothing can be expected any more. */
  bool is_hopeless = shared->is_final || process->definitions.is_broken;
  if (!process->definitions.has_process && !(is_hopeless && has_pending(process)))
    return BARO_AGAIN;
  baro_status status = BARO_NOT_FOUND;
  if (shared->ids.process != NULL)
    status = shared->ids.process(shared->ids.context, (pid_t)process->pid, &process->id);
  if (status == BARO_AGAIN && !shared->is_final &&
      shared->now_ns - process->found_ns < PROCESS_WAIT_NS)
    return BARO_AGAIN;
  if (status != BARO_OK)
    status = define_process(process, shared);
  if (status == BARO_OK)
    status = baro_map_set(&shared->process_ids, process->pid, process->id);
  if (status == BARO_OK)
    shared->counts.processes++;
  return status;
}

static baro_status define_thread(const baro_drain_process *process, baro_drain_thread *thread,
                                 baro_drain_shared *shared) {
  char comm[BARO_COMM_BYTES] = "";
  const char *name = thread->ring.name;
  baro_thread_record record = {.process = process->id,
                               .os_tid = thread->ring.os_tid,
                               .seen_ns = thread->order.last_ns,
                               .is_main = thread->ring.os_tid == process->pid};
  if (name[0] == '\0' && process->was_alive && !process->is_dead) {
    (void)!baro_proc_comm((pid_t)process->pid, (pid_t)thread->ring.os_tid, comm, NULL);
    name = comm;
  }
  baro_status status = baro_writer_string(shared->writer, baro_view_of(name), &record.name_string);
  if (status == BARO_OK)
    status = baro_writer_thread(shared->writer, &record, &thread->id);
  thread->is_ours = status == BARO_OK;
  return status;
}

baro_status baro_drain_identify_thread(const baro_drain_process *process, baro_drain_thread *thread,
                                       baro_drain_shared *shared) {
  if (thread->id != BARO_NONE_ID)
    return BARO_OK;
  uint64_t birth_ns = thread->ring.birth_ns;
  thread->order.last_ns = birth_ns < shared->now_ns ? birth_ns : shared->now_ns;
  baro_status status = BARO_NOT_FOUND;
  if (shared->ids.thread != NULL)
    status = shared->ids.thread(shared->ids.context, (pid_t)process->pid,
                                (pid_t)thread->ring.os_tid, &thread->id);
  if (status == BARO_AGAIN && !shared->is_final && !thread->ring.is_closed &&
      shared->now_ns - thread->found_ns < THREAD_WAIT_NS)
    return BARO_AGAIN;
  if (status != BARO_OK)
    status = define_thread(process, thread, shared);
  if (status == BARO_OK)
    shared->counts.threads++;
  return status;
}

/* --- ends --- */

/* Losses after which no event found room are told by the head of the ring alone. */
static void tell_last_losses(baro_drain_process *process, baro_drain_thread *thread,
                             baro_drain_shared *shared) {
  uint64_t told = thread->ring.lost;
  if (thread->id != BARO_NONE_ID && !thread->ring.is_broken && told > thread->lost)
    baro_drain_lose(process, thread, shared, told - thread->lost);
}

/* Calls that are open where a thread ends take until then: one that did not say so ended with its process, however long its last
 * event was ago. */
static void end_thread(baro_drain_process *process, baro_drain_thread *thread,
                       baro_drain_shared *shared, bool has_ended) {
  tell_last_losses(process, thread, shared);
  shared->broken_rings += thread->ring.is_broken;
  shared->counts.untold += thread->ring.untold;
  if (!has_ended || !thread->is_ours)
    return;
  baro_end_record end = {.index = thread->id, .time_ns = thread->order.last_ns, .wait_status = -1};
  if (!thread->ring.is_closed && process->ended_ns > end.time_ns)
    end.time_ns = process->ended_ns;
  baro_writer_thread_end(shared->writer, &end);
}

/* Files of ended threads, and of ignored ones, are let go, as their memory is the machine's. */
static void retire_threads(baro_drain_process *process, baro_drain_shared *shared) {
  for (uint32_t i = process->thread_count; i-- > 0;) {
    baro_drain_thread *thread = process->threads[i];
    const baro_drain_ring *ring = &thread->ring;
    if (!(ring->is_closed || ring->is_broken) ||
        (baro_drain_ring_pending(ring) > 0 && !process->is_ignored))
      continue;
    end_thread(process, thread, shared, ring->is_closed);
    baro_folder_remove_file(shared->folder, thread->file_name);
    destroy_thread(thread);
    process->threads[i] = process->threads[--process->thread_count];
  }
}

/* The end of the program itself is told at once, those of others are seen up to LOOK_NS later. */
static void see_death(baro_drain_process *process, const baro_drain_shared *shared) {
  bool is_told = shared->ended_pid != 0 && (pid_t)process->pid == shared->ended_pid;
  process->is_dead = true;
  process->ended_ns = is_told ? shared->now_ns : process->alive_ns;
}

static void look_at_life(baro_drain_process *process, baro_drain_shared *shared) {
  if (process->is_dead || shared->now_ns < process->next_look_ns)
    return;
  process->next_look_ns = shared->now_ns + LOOK_NS;
  /* One that was never seen alive may live in another namespace, under another number, unless its parent is of ours.
   * Only where there are many of them, those that have been silent for long are taken for dead. */
  bool may_be_told = process->was_alive ||
                     baro_map_find(&shared->seen_pids, process->definitions.parent_pid) != NULL ||
                     (shared->is_crowded && shared->now_ns - process->active_ns > LONG_SILENCE_NS);
  if (may_be_told && !baro_drain_process_is_alive(process))
    see_death(process, shared);
  else if (process->was_alive)
    process->alive_ns = shared->now_ns;
  process->dead_visit = shared->visit;
}

static void open_definitions(baro_drain_process *process, baro_drain_shared *shared) {
  char name[BARO_DRAIN_FILE_NAME_BYTES];
  uint64_t bytes;
  int file;
  if (process->definitions.file >= 0)
    return;
  (void)snprintf(name, sizeof name, "%u-%llu.defs", process->pid,
                 (unsigned long long)process->birth_ns);
  baro_status status = baro_folder_open_file(shared->folder, name, false, &file, &bytes);
  if (status == BARO_OK)
    baro_drain_definitions_init(&process->definitions, file);
  else if (status == BARO_INVALID)
    process->definitions.is_broken = true;
}

baro_status baro_drain_process_visit(baro_drain_process *process, baro_drain_shared *shared,
                                     uint64_t *ret_events) {
  uint64_t events = 0;
  look_at_life(process, shared);
  baro_drain_poll(process, shared);
  *ret_events = 0;
  if (process->is_ignored) {
    retire_threads(process, shared);
    return BARO_OK;
  }
  baro_status status = BARO_OK;
  open_definitions(process, shared);
  if (process->id == BARO_NONE_ID)
    status = baro_drain_read_definitions(process, shared);
  if (status == BARO_OK)
    status = identify_process(process, shared);
  if (status == BARO_AGAIN) {
    *ret_events = has_pending(process) ? 1 : 0; /* come again soon */
    return BARO_OK;
  }
  if (status == BARO_OK)
    baro_drain_process_write_remarks(process, shared);
  if (status == BARO_OK && has_pending(process))
    status = baro_drain_take_threads(process, shared, &events);
  if (events > 0)
    process->active_ns = shared->now_ns;
  retire_threads(process, shared);
  *ret_events = events;
  return status;
}

bool baro_drain_process_is_over(const baro_drain_process *process,
                                const baro_drain_shared *shared) {
  return process->is_dead && process->dead_visit != shared->visit && !has_pending(process);
}

static void write_process_end(baro_drain_process *process, baro_drain_shared *shared,
                              uint64_t last_ns) {
  bool is_known = shared->ended_pid != 0 && (pid_t)process->pid == shared->ended_pid;
  baro_end_record end = {.index = process->id,
                         .time_ns = last_ns,
                         .wait_status = is_known ? shared->ended_wait_status : -1};
  if (process->is_ours)
    baro_writer_process_end(shared->writer, &end);
}

static void remove_files(const baro_drain_process *process, const baro_drain_shared *shared) {
  char name[BARO_DRAIN_FILE_NAME_BYTES];
  for (uint32_t i = 0; i < process->thread_count; i++)
    baro_folder_remove_file(shared->folder, process->threads[i]->file_name);
  (void)snprintf(name, sizeof name, "%u-%llu.defs", process->pid,
                 (unsigned long long)process->birth_ns);
  baro_folder_remove_file(shared->folder, name);
}

void baro_drain_process_finish(baro_drain_process *process, baro_drain_shared *shared) {
  uint64_t last_ns = process->active_ns;
  if (!process->is_dead && !baro_drain_process_is_alive(process))
    see_death(process, shared);
  /* Notes may have come since its last unknown id. */
  (void)!baro_drain_definitions_read(&process->definitions, shared->writer);
  baro_drain_process_write_remarks(process, shared);
  for (uint32_t i = 0; i < process->thread_count; i++) {
    baro_drain_thread *thread = process->threads[i];
    end_thread(process, thread, shared, process->is_dead || thread->ring.is_closed);
    if (thread->order.last_ns > last_ns)
      last_ns = thread->order.last_ns;
    /* Also where it looks dead: it may live in another namespace. */
    baro_drain_ring_tell(&thread->ring, BARO_RING_BEAT_OVER);
  }
  shared->counts.calls += process->order.calls;
  shared->mended += process->order.mended;
  shared->unmatched += process->order.unmatched;
  shared->too_deep += process->order.too_deep;
  if (process->is_dead) {
    if (process->ended_ns > last_ns)
      last_ns = process->ended_ns;
    write_process_end(process, shared, last_ns);
    remove_files(process, shared);
  }
}
