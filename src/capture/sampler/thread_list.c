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
  baro_map_release(&list->own_tids);
  *list = (baro_thread_list){0};
}

static int compare_entries(const void *left, const void *right) {
  pid_t a = ((const baro_thread_entry *)left)->tid;
  pid_t b = ((const baro_thread_entry *)right)->tid;
  return a < b ? -1 : a > b;
}

baro_thread_entry *baro_thread_list_find(const baro_thread_list *list, pid_t tid) {
  baro_thread_entry key = {.tid = tid};
  return list->count == 0 ? NULL
                          : bsearch(&key, list->entries, list->count, sizeof key, compare_entries);
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
  if (list->count > 1)
    qsort(list->entries, list->count, sizeof *list->entries, compare_entries);
  return count > 0 ? BARO_OK : BARO_GONE;
}

/* Asked once: a process never changes its pid namespace. */
static bool in_other_pid_namespace(baro_thread_list *list, pid_t pid) {
  baro_proc_status status;
  if (list->namespace_pid != pid && baro_proc_status_read(pid, &status, NULL) == BARO_OK) {
    list->namespace_pid = pid;
    list->other_namespace = status.namespace_pid_count > 1;
  }
  return list->namespace_pid == pid && list->other_namespace;
}

/* What each thread is called in the target's pid namespace. */
static void look_up_own_tids(baro_thread_list *list) {
  list->own_tids_new = true;
  baro_map_clear(&list->own_tids);
  for (uint32_t i = 0; i < list->count; i++) {
    baro_proc_status status;
    if (baro_proc_status_read(list->entries[i].tid, &status, NULL) != BARO_OK ||
        status.namespace_pid_count == 0)
      continue;
    uint64_t own_tid = (uint64_t)status.namespace_pids[status.namespace_pid_count - 1];
    if (baro_map_set(&list->own_tids, own_tid, (uint64_t)list->entries[i].tid) != BARO_OK)
      return; /* out of memory: the rest stays without a thread state */
  }
}

/* The thread that the target itself calls native_id, or NULL. */
static baro_thread_entry *find_native(baro_thread_list *list, uint64_t native_id) {
  if (native_id == 0 || native_id > INT32_MAX)
    return NULL;
  if (!list->other_namespace)
    return baro_thread_list_find(list, (pid_t)native_id);
  for (;;) {
    const uint64_t *tid = baro_map_find(&list->own_tids, native_id);
    baro_thread_entry *entry = tid != NULL ? baro_thread_list_find(list, (pid_t)*tid) : NULL;
    if (entry != NULL || list->own_tids_new)
      return entry;
    look_up_own_tids(list);
  }
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
  if (layout->thread.holds_gil == BARO_ABSENT)
    return interp->gil_holder == thread_addr;
  uint32_t flags;
  memcpy(&flags, window + layout->thread.holds_gil, sizeof flags);
  return (flags & layout->thread.holds_gil_mask) != 0;
}

/* Thread states of one interpreter, newest first. */
static baro_status join_states(baro_thread_list *list, const baro_interpreter *interpreter,
                               const baro_interp_entry *interp) {
  const baro_layout *layout = &interpreter->layout;
  bool has_native = layout->thread.native_thread_id != BARO_ABSENT;
  uint8_t window[BARO_LAYOUT_THREAD_MAX_BYTES];
  uint64_t addr = interp->threads_head;
  uint64_t earlier_addr = 0; /* of the last step that was a power of two: a circle meets it again */
  for (uint32_t steps = 1; addr != 0 && addr != earlier_addr && steps <= BARO_MAX_THREADS;
       steps++) {
    if ((steps & (steps - 1)) == 0)
      earlier_addr = addr;
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
    baro_thread_entry *entry = find_native(list, native_id);
    /* Up to 3.11 the state of a thread that is being started has the ids of the thread that starts it. It is
     * the newer of the two: the older one is that thread's own. */
    bool being_started = entry != NULL && entry->interp_addr == interp->addr;
    if (entry == NULL || being_started)
      list->unbound = true;
    /* Of the states that a thread has in several interpreters the first counts. */
    if (entry != NULL && (entry->thread_addr == 0 || being_started)) {
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

/* A free-threaded build has a GIL, too, but uses it only with PYTHON_GIL=1, or after an extension module that needs
 * one was loaded. */
static bool is_gil_in_use(const baro_interpreter *interpreter, uint64_t gil_addr) {
  const baro_layout *layout = &interpreter->layout;
  int32_t enabled = 0;
  if (layout->gil.enabled == BARO_ABSENT)
    return true;
  return baro_memory_read(interpreter->pid, gil_addr + layout->gil.enabled, &enabled,
                          sizeof enabled, NULL) == BARO_OK &&
         enabled != 0;
}

static uint64_t gil_addr_of(const baro_interpreter *interpreter, uint64_t interp_addr) {
  const baro_layout *layout = &interpreter->layout;
  uint64_t addr = 0;
  if (layout->gil.offset == BARO_ABSENT)
    return 0;
  if (layout->gil.place == BARO_GIL_IN_RUNTIME)
    return interpreter->runtime_addr + layout->gil.offset;
  if (baro_memory_read_u64(interpreter->pid, interp_addr + layout->gil.offset, &addr, NULL) !=
          BARO_OK ||
      !is_gil_in_use(interpreter, addr))
    return 0;
  return addr;
}

/* The thread state that holds the GIL now; the field names the last holder also while it is free. */
static uint64_t gil_holder_of(const baro_interpreter *interpreter, uint64_t gil_addr) {
  const baro_layout *layout = &interpreter->layout;
  uint64_t holder = 0;
  uint32_t locked = 0;
  if (gil_addr == 0 || layout->thread.holds_gil != BARO_ABSENT ||
      layout->gil.last_holder == BARO_ABSENT || layout->gil.locked == BARO_ABSENT)
    return 0;
  baro_range ranges[] = {
      {.remote_addr = gil_addr + layout->gil.locked, .local = &locked, .length = sizeof locked},
      {.remote_addr = gil_addr + layout->gil.last_holder,
       .local = &holder,
       .length = sizeof holder}};
  baro_status status = baro_memory_read_batch(interpreter->pid, ranges, 2, NULL, NULL);
  return status == BARO_OK && locked == 1 ? holder : 0;
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
    baro_interp_entry *interp = &list->interps[list->interp_count++];
    *interp = (baro_interp_entry){.addr = addr, .gil_addr = gil_addr_of(interpreter, addr)};
    interp->gil_holder = gil_holder_of(interpreter, interp->gil_addr);
    interp->threads_head =
        load_u64(window + (layout->interp.threads_head - layout->interp.read_offset));
    addr = load_u64(window + (layout->interp.next - layout->interp.read_offset));
  }
  list->changing = status == BARO_INVALID; /* a sub-interpreter ended meanwhile */
  if (status != BARO_OK && status != BARO_INVALID)
    return status;
  /* None at all: the interpreter was finalized, or the program replaced by one that is starting up. */
  return list->interp_count > 0 ? BARO_OK : BARO_GONE;
}

baro_status baro_thread_list_read(baro_thread_list *list, const baro_interpreter *interpreter) {
  list->unbound = false;
  list->changing = false;
  list->own_tids_new = false;
  baro_status status = list_tasks(list, interpreter->pid);
  if (status == BARO_OK)
    status = list_interps(list, interpreter);
  list->other_namespace = in_other_pid_namespace(list, interpreter->pid);
  for (uint32_t i = 0; status == BARO_OK && i < list->interp_count; i++)
    status = join_states(list, interpreter, &list->interps[i]);
  return status;
}
