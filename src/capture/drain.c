#include "capture/drain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os_folder.h"
#include "capture/drain_process.h"

enum {
  FILES_LIMIT = 1 << 20, /* names that are looked at, in all */
  CROWDED_PROCESSES = 64,
  FINAL_VISITS = 1024, /* of the largest ring there may be, and some that wait for each other */
};

/* The kernel's time of a folder's last change moves in steps of up to 10 ms: it is listed until this long after it. */
static const uint64_t SETTLE_NS = 20000000;

struct baro_drain {
  baro_drain_shared shared;
  baro_drain_process **processes; /* owned */
  uint32_t process_count;
  uint32_t process_capacity;
  baro_intern names; /* of files that were opened, or are of no use */
  uint64_t changed_ns;
  uint64_t settled_ns;
  bool is_listed; /* after it had settled */
  pid_t only_pid; /* 0: all */
};

/* --- life --- */

baro_status baro_drain_create(const char *spool, baro_writer *writer, const baro_drain_ids *ids,
                              baro_drain **ret_drain, baro_error *err) {
  baro_drain *drain = calloc(1, sizeof *drain);
  if (drain == NULL)
    return baro_error_set(err, BARO_NO_MEMORY, "drain %s", spool);
  baro_drain_shared *shared = &drain->shared;
  shared->folder = -1;
  shared->writer = writer;
  shared->recording.next_call = 1;
  if (ids != NULL)
    shared->ids = *ids;
  uint64_t counter;
  uint64_t now_ns;
  if (baro_counter_read(&counter, &now_ns))
    baro_counter_pairs_add(&shared->pairs, counter, now_ns);
  baro_status status = baro_folder_open(spool, &shared->folder, err);
  if (status == BARO_OK) /* whom we start is of our namespace as well */
    status = baro_map_set(&shared->seen_pids, (uint64_t)getpid(), 1);
  if (status == BARO_OK)
    status =
        baro_writer_string(writer, baro_view_of("GeneratorExit"), &shared->recording.closed_string);
  if (status != BARO_OK) {
    baro_drain_destroy(drain);
    return status;
  }
  *ret_drain = drain;
  return BARO_OK;
}

void baro_drain_destroy(baro_drain *drain) {
  if (drain == NULL)
    return;
  for (uint32_t i = 0; i < drain->process_count; i++)
    baro_drain_process_destroy(drain->processes[i]);
  free(drain->processes);
  baro_intern_release(&drain->names);
  baro_map_release(&drain->shared.process_ids);
  baro_map_release(&drain->shared.seen_pids);
  baro_drain_rows_release(&drain->shared.rows);
  if (drain->shared.folder >= 0)
    (void)close(drain->shared.folder);
  free(drain);
}

void baro_drain_take_only(baro_drain *drain, pid_t pid) {
  drain->only_pid = pid;
}

void baro_drain_tell_end(baro_drain *drain, pid_t pid, int wait_status) {
  drain->shared.ended_pid = pid;
  drain->shared.ended_wait_status = wait_status;
}

/* --- files --- */

/* A decimal number and the character behind it; *at is moved behind both. */
static bool parse_number(const char **at, char behind, uint64_t *ret_number) {
  uint64_t number = 0;
  const char *digit = *at;
  for (; *digit >= '0' && *digit <= '9'; digit++) {
    uint64_t value = (uint64_t)(*digit - '0');
    if (number > (UINT64_MAX - value) / 10)
      return false;
    number = number * 10 + value;
  }
  if (digit == *at || *digit != behind)
    return false;
  *at = digit + 1;
  *ret_number = number;
  return true;
}

typedef struct file_name {
  uint64_t pid;
  uint64_t birth_ns;
  bool is_ring; /* else definitions */
} file_name;

/* False for other files: config, reasons, and what we do not know. */
static bool parse_name(const char *name, file_name *ret_name) {
  uint64_t serial;
  const char *at = name;
  if (!parse_number(&at, '-', &ret_name->pid) || ret_name->pid > INT32_MAX)
    return false;
  const char *birth = at;
  if (parse_number(&at, '-', &ret_name->birth_ns)) {
    ret_name->is_ring = true;
    return parse_number(&at, '.', &serial) && strcmp(at, "ring") == 0;
  }
  at = birth;
  ret_name->is_ring = false;
  return parse_number(&at, '.', &ret_name->birth_ns) && strcmp(at, "defs") == 0;
}

static baro_status find_process(baro_drain *drain, const file_name *name,
                                baro_drain_process **ret_process) {
  uint32_t pid = (uint32_t)name->pid;
  for (uint32_t i = 0; i < drain->process_count; i++) {
    baro_drain_process *process = drain->processes[i];
    if (process->pid == pid && process->birth_ns == name->birth_ns) {
      *ret_process = process;
      return BARO_OK;
    }
  }
  if (drain->process_count == drain->process_capacity) {
    uint32_t capacity = drain->process_capacity == 0 ? 16 : drain->process_capacity * 2;
    baro_drain_process **processes =
        realloc(drain->processes, capacity * sizeof(*drain->processes));
    if (processes == NULL)
      return BARO_NO_MEMORY;
    drain->processes = processes;
    drain->process_capacity = capacity;
  }
  baro_drain_process *process = baro_drain_process_create(&drain->shared, pid, name->birth_ns);
  if (process == NULL)
    return BARO_NO_MEMORY;
  process->is_ignored = drain->only_pid != 0 && (pid_t)pid != drain->only_pid;
  /* By their age, so that parents are identified before their children. */
  uint32_t place = drain->process_count++;
  for (; place > 0 && drain->processes[place - 1]->birth_ns > process->birth_ns; place--)
    drain->processes[place] = drain->processes[place - 1];
  drain->processes[place] = process;
  *ret_process = process;
  return BARO_OK;
}

/* A name of the folder. One that cannot be opened for lack of descriptors is tried again at the next listing. */
static baro_status take_name(void *context, const char *text) {
  baro_drain *drain = context;
  file_name name;
  uint32_t id;
  baro_view view = baro_view_of(text);
  baro_drain_process *process;
  if (view.length >= BARO_DRAIN_FILE_NAME_BYTES || !parse_name(text, &name) ||
      baro_intern_find(&drain->names, view, &id) || drain->names.count >= FILES_LIMIT)
    return BARO_OK;
  baro_status status = find_process(drain, &name, &process);
  if (status == BARO_OK && name.is_ring) {
    int file;
    uint64_t bytes;
    status = baro_folder_open_file(drain->shared.folder, text, true, &file, &bytes);
    if (status == BARO_LIMIT || status == BARO_NOT_FOUND)
      return BARO_OK;
    if (status == BARO_OK)
      status = baro_drain_process_add(process, &drain->shared, file, text);
    else
      drain->shared.broken_rings++;
    if (status != BARO_NO_MEMORY)
      status = BARO_OK;
  }
  return status == BARO_OK ? baro_intern_put(&drain->names, view, &id, NULL) : status;
}

static bool must_list(const baro_drain *drain) {
  for (uint32_t i = 0; i < drain->process_count; i++) {
    const baro_drain_process *process = drain->processes[i];
    if (process->is_dead)
      return true; /* its last files, before it is forgotten */
    for (uint32_t k = 0; k < process->thread_count; k++)
      if (process->threads[k]->is_waiting)
        return true; /* for a thread that we may not know yet */
  }
  return false;
}

static baro_status look_for_files(baro_drain *drain) {
  uint64_t changed_ns = baro_folder_changed_ns(drain->shared.folder);
  uint64_t now_ns = drain->shared.now_ns;
  if (changed_ns != drain->changed_ns) {
    drain->changed_ns = changed_ns;
    drain->settled_ns = now_ns + SETTLE_NS;
    drain->is_listed = false;
  } else if (drain->is_listed && !drain->shared.is_final && !must_list(drain)) {
    return BARO_OK;
  }
  drain->is_listed = now_ns >= drain->settled_ns;
  baro_status status = baro_folder_list(drain->shared.folder, take_name, drain);
  return status == BARO_NO_MEMORY ? status : BARO_OK;
}

/* --- visits --- */

static void let_go(baro_drain *drain, uint32_t index) {
  baro_drain_process *process = drain->processes[index];
  baro_drain_process_finish(process, &drain->shared);
  baro_drain_process_destroy(process);
  drain->process_count--;
  memmove(drain->processes + index, drain->processes + index + 1,
          (drain->process_count - index) * sizeof(*drain->processes));
}

baro_status baro_drain_visit(baro_drain *drain, uint64_t now_ns, uint64_t *ret_events) {
  baro_drain_shared *shared = &drain->shared;
  uint64_t counter;
  uint64_t pair_ns;
  shared->now_ns = now_ns;
  shared->visit++;
  shared->is_crowded = drain->process_count > CROWDED_PROCESSES;
  if (baro_counter_read(&counter, &pair_ns))
    baro_counter_pairs_add(&shared->pairs, counter, pair_ns);
  *ret_events = 0;
  baro_status status = look_for_files(drain);
  for (uint32_t i = 0; i < drain->process_count;) {
    uint64_t events = 0;
    /* One that fails for lack of memory does not keep the others' targets waiting. */
    baro_status one = baro_drain_process_visit(drain->processes[i], shared, &events);
    *ret_events += events;
    if (one != BARO_OK)
      status = one;
    if (one == BARO_OK && baro_drain_process_is_over(drain->processes[i], shared))
      let_go(drain, i);
    else
      i++;
  }
  return status;
}

/* --- the end --- */

static void note(baro_drain *drain, uint64_t count, const char *words) {
  char text[256];
  if (count == 0)
    return;
  (void)snprintf(text, sizeof text, "calls: %llu %s", (unsigned long long)count, words);
  baro_note_record record = {
      .time_ns = drain->shared.now_ns, .process = BARO_NONE_ID, .text = baro_view_of(text)};
  baro_writer_note(drain->shared.writer, &record);
}

baro_status baro_drain_finish(baro_drain *drain, uint64_t now_ns) {
  baro_drain_shared *shared = &drain->shared;
  baro_status status = BARO_OK;
  shared->is_final = true;
  for (int i = 0; i < FINAL_VISITS; i++) {
    uint64_t events;
    status = baro_drain_visit(drain, now_ns, &events);
    if (status != BARO_OK || events == 0)
      break;
  }
  while (drain->process_count > 0)
    let_go(drain, drain->process_count - 1);
  /* Losses stand among the events themselves. */
  note(drain, shared->counts.malformed, "events made no sense and are left out");
  note(drain, shared->counts.untold, BARO_DRAIN_UNTOLD);
  note(drain, shared->broken_rings, "buffers of threads could not be read to their end");
  note(drain, shared->mended,
       shared->has_greenlets
           ? "calls ended, or were suspended, without an event that says when: greenlets are not "
             "told "
             "apart, so what they call while others wait may have wrong parents and ends"
           : "calls ended, or were suspended, without an event that says when");
  note(drain, shared->too_deep, "calls were nested too deeply and are left out");
  return status;
}

baro_drain_counts baro_drain_count(const baro_drain *drain) {
  baro_drain_counts counts = drain->shared.counts;
  for (uint32_t i = 0; i < drain->process_count; i++)
    counts.calls += drain->processes[i]->order.calls;
  return counts;
}

uint32_t baro_drain_most_called(const baro_drain *drain, baro_drain_function *ret_functions,
                                uint32_t limit) {
  return baro_drain_rows_most(&drain->shared.rows, drain->shared.writer, ret_functions, limit);
}

uint32_t baro_drain_living(const baro_drain *drain, pid_t except, pid_t *ret_pids, uint32_t limit) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < drain->process_count; i++) {
    const baro_drain_process *process = drain->processes[i];
    if ((pid_t)process->pid == except || process->is_ignored ||
        !baro_drain_process_is_alive(process))
      continue;
    if (count < limit)
      ret_pids[count] = (pid_t)process->pid;
    count++;
  }
  return count;
}
