#include "capture/sampler/thread_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/os_memory.h"

/* Kernel thread id inside glibc's struct pthread on x86-64, the same since 2.4. Only 3.9 and 3.10 need it, whose
 * thread states hold the pthread_t alone; checked against the kernel's list of threads. */
enum { PTHREAD_TID_OFFSET = 720 };

static uint64_t load_u64(const uint8_t *at) {
  uint64_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

void baro_thread_list_release(baro_thread_list *list) {
  free(list->entries);
  baro_pid_list_release(&list->tasks);
  *list = (baro_thread_list){0};
}

static baro_thread_entry *find_entry(const baro_thread_list *list, pid_t tid) {
  for (uint32_t i = 0; i < list->count; i++)
    if (list->entries[i].tid == tid)
      return &list->entries[i];
  return NULL;
}

/* One entry per kernel thread, without interpreter so far. */
static baro_status list_tasks(baro_thread_list *list, pid_t pid) {
  baro_status status = baro_proc_list_tasks(pid, &list->tasks, NULL);
  if (status != BARO_OK)
    return status;
  size_t count = list->tasks.count < BARO_MAX_THREADS ? list->tasks.count : BARO_MAX_THREADS;
  if (count > list->capacity) {
    baro_thread_entry *entries = realloc(list->entries, count * sizeof *entries);
    if (entries == NULL)
      return BARO_NO_MEMORY;
    list->entries = entries;
    list->capacity = (uint32_t)count;
  }
  list->count = (uint32_t)count;
  for (uint32_t i = 0; i < list->count; i++)
    list->entries[i] = (baro_thread_entry){.tid = list->tasks.pids[i]};
  return count > 0 ? BARO_OK : BARO_GONE;
}

static bool in_other_pid_namespace(pid_t pid) {
  baro_proc_status status;
  return baro_proc_status_read(pid, &status, NULL) == BARO_OK && status.namespace_pid_count > 1;
}

/* Our number of a thread that the target's own pid namespace calls native_id; 0: none. */
static pid_t host_tid(const baro_thread_list *list, bool other_namespace, uint64_t native_id) {
  if (native_id == 0 || native_id > INT32_MAX)
    return 0;
  if (!other_namespace)
    return (pid_t)native_id;
  for (uint32_t i = 0; i < list->count; i++) {
    baro_proc_status status;
    if (baro_proc_status_read(list->entries[i].tid, &status, NULL) == BARO_OK &&
        status.namespace_pid_count > 0 &&
        (uint64_t)status.namespace_pids[status.namespace_pid_count - 1] == native_id)
      return list->entries[i].tid;
  }
  return 0;
}

static uint64_t native_id_of(const baro_interpreter *interpreter, const uint8_t *window) {
  const baro_layout *layout = &interpreter->layout;
  if (layout->thread.native_thread_id != BARO_ABSENT)
    return load_u64(window + layout->thread.native_thread_id);
  uint32_t tid = 0;
  uint64_t pthread_addr = load_u64(window + layout->thread.thread_id);
  if (pthread_addr == 0 || baro_memory_read(interpreter->pid, pthread_addr + PTHREAD_TID_OFFSET,
                                            &tid, sizeof tid, NULL) != BARO_OK)
    return 0;
  return tid;
}

static bool holds_gil(const baro_interpreter *interpreter, const baro_interp_entry *interp,
                      uint64_t thread_addr, const uint8_t *window) {
  const baro_layout *layout = &interpreter->layout;
  if (layout->thread.holds_gil != BARO_ABSENT) {
    uint32_t flags;
    memcpy(&flags, window + layout->thread.holds_gil, sizeof flags);
    return (flags & layout->thread.holds_gil_mask) != 0;
  }
  uint64_t holder;
  uint32_t locked = 0;
  if (interp->gil_addr == 0 || layout->gil.last_holder == BARO_ABSENT ||
      layout->gil.locked == BARO_ABSENT)
    return false;
  if (baro_memory_read(interpreter->pid, interp->gil_addr + layout->gil.locked, &locked,
                       sizeof locked, NULL) != BARO_OK ||
      baro_memory_read_u64(interpreter->pid, interp->gil_addr + layout->gil.last_holder, &holder,
                           NULL) != BARO_OK)
    return false;
  return locked == 1 && holder == thread_addr;
}

/* Thread states of one interpreter, newest first. */
static baro_status join_states(baro_thread_list *list, const baro_interpreter *interpreter,
                               const baro_interp_entry *interp, bool other_namespace) {
  const baro_layout *layout = &interpreter->layout;
  bool has_native = layout->thread.native_thread_id != BARO_ABSENT;
  uint8_t window[BARO_LAYOUT_THREAD_MAX_BYTES];
  uint64_t addr = interp->threads_head;
  for (int steps = 0; addr != 0 && steps < BARO_MAX_THREADS; steps++) {
    baro_status status =
        baro_memory_read(interpreter->pid, addr, window, layout->thread.read_bytes, NULL);
    if (status == BARO_OK && load_u64(window + layout->thread.interp) != interp->addr)
      status = BARO_INVALID;
    if (status == BARO_INVALID) { /* freed meanwhile */
      list->changing = true;
      return BARO_OK;
    }
    if (status != BARO_OK)
      return status;
    uint64_t native_id = native_id_of(interpreter, window);
    baro_thread_entry *entry = find_entry(list, host_tid(list, other_namespace, native_id));
    if (entry == NULL) {
      list->unbound = true;
    } else if (entry->thread_addr ==
               0) { /* of several states (sub-interpreters) the newest counts */
      entry->thread_addr = addr;
      entry->interp_addr = interp->addr;
      entry->gil_addr = interp->gil_addr;
      entry->native_id = has_native ? native_id : 0;
      entry->holds_gil = holds_gil(interpreter, interp, addr, window);
    }
    addr = load_u64(window + layout->thread.next);
  }
  return BARO_OK;
}

static uint64_t gil_addr_of(const baro_interpreter *interpreter, uint64_t interp_addr) {
  const baro_layout *layout = &interpreter->layout;
  uint64_t addr = 0;
  if (layout->gil.offset == BARO_ABSENT)
    return 0;
  if (layout->gil.place == BARO_GIL_IN_RUNTIME)
    return interpreter->runtime_addr + layout->gil.offset;
  if (baro_memory_read_u64(interpreter->pid, interp_addr + layout->gil.offset, &addr, NULL) !=
      BARO_OK)
    return 0;
  return addr;
}

static baro_status list_interps(baro_thread_list *list, const baro_interpreter *interpreter) {
  const baro_layout *layout = &interpreter->layout;
  uint8_t window[BARO_LAYOUT_INTERP_MAX_BYTES];
  uint64_t addr;
  list->interp_count = 0;
  baro_status status = baro_memory_read_u64(
      interpreter->pid, interpreter->runtime_addr + layout->runtime.interpreters_head, &addr, NULL);
  while (status == BARO_OK && addr != 0 && list->interp_count < BARO_MAX_INTERPS) {
    status = baro_memory_read(interpreter->pid, addr + layout->interp.read_offset, window,
                              layout->interp.read_bytes, NULL);
    if (status != BARO_OK)
      break;
    list->interps[list->interp_count++] =
        (baro_interp_entry){.addr = addr,
                            .gil_addr = gil_addr_of(interpreter, addr),
                            .threads_head = load_u64(window + layout->interp.threads_head -
                                                     layout->interp.read_offset)};
    addr = load_u64(window + layout->interp.next - layout->interp.read_offset);
  }
  return status == BARO_INVALID ? BARO_GONE : status;
}

baro_status baro_thread_list_read(baro_thread_list *list, const baro_interpreter *interpreter) {
  list->unbound = false;
  list->changing = false;
  baro_status status = list_tasks(list, interpreter->pid);
  if (status == BARO_OK)
    status = list_interps(list, interpreter);
  bool other_namespace = status == BARO_OK && in_other_pid_namespace(interpreter->pid);
  for (uint32_t i = 0; status == BARO_OK && i < list->interp_count; i++)
    status = join_states(list, interpreter, &list->interps[i], other_namespace);
  return status;
}
