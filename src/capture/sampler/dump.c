#include "capture/sampler/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/os_memory.h"
#include "base/os_proc.h"
#include "base/os_process.h"
#include "capture/cpython/code_object.h"
#include "capture/cpython/interpreter.h"
#include "capture/cpython/thread_name.h"
#include "capture/sampler/attachment.h"
#include "capture/sampler/permission.h"
#include "capture/sampler/stack_reader.h"
#include "capture/sampler/thread_list.h"
#include "capture/sampler/thread_state.h"

enum {
  CODE_TRIES = 3,
  NAMES_MAX_BYTES = 256 << 20, /* of code objects: more is no program but an attack */
  COMMAND_BYTES = 4096,
  STACK_TRIES = 200, /* a dump may take a moment: one consistent stack is worth it */
};

typedef struct named_code {
  bool is_readable;
  baro_code code; /* in dumper.names */
} named_code;

typedef struct dumper {
  pid_t pid;
  baro_interpreter interpreter;
  baro_fd_cache fds;
  baro_dump *dump;
  baro_arena names;
  baro_map codes; /* code address -> named_code in names */
} dumper;

static const char *keep_text(dumper *self, baro_view text) {
  const char *copy = baro_arena_copy(&self->dump->storage, text.data, text.length);
  return copy != NULL ? copy : "";
}

static uint32_t frame_flags(uint32_t code_flags) {
  uint32_t flags = 0;
  if (code_flags & (BARO_CODE_NAME_CUT | BARO_CODE_FILE_CUT))
    flags |= BARO_FUNCTION_NAME_CUT;
  if (code_flags & BARO_CODE_LINES_UNKNOWN)
    flags |= BARO_FUNCTION_LINES_UNKNOWN;
  if (code_flags & BARO_CODE_NAME_UNREADABLE)
    flags |= BARO_FUNCTION_UNREADABLE;
  return flags;
}

/* --- code objects, read once --- */

static named_code *find_code(const dumper *self, uint64_t code_addr) {
  const uint64_t *value = baro_map_find(&self->codes, code_addr);
  return value != NULL ? (named_code *)(uintptr_t)*value : NULL;
}

static baro_status read_code(dumper *self, uint64_t code_addr) {
  named_code *named = baro_arena_alloc(&self->names, sizeof *named);
  if (named == NULL)
    return BARO_NO_MEMORY;
  baro_status status = BARO_AGAIN;
  bool has_room = self->names.used_bytes < NAMES_MAX_BYTES;
  for (int tries = 0; has_room && tries < CODE_TRIES && status == BARO_AGAIN; tries++)
    status = baro_code_read(&self->interpreter, code_addr, &self->names, &named->code, NULL);
  if (status == BARO_GONE || status == BARO_NO_PERMISSION || status == BARO_NO_MEMORY)
    return status;
  named->is_readable = status == BARO_OK;
  return baro_map_set(&self->codes, code_addr, (uint64_t)(uintptr_t)named);
}

/* Is the object that was named still the one at its address? */
static bool is_same_code(const dumper *self, uint64_t code_addr, const named_code *named) {
  uint8_t head[BARO_LAYOUT_CODE_MAX_BYTES];
  const baro_layout *layout = &self->interpreter.layout;
  return baro_memory_read(self->pid, code_addr, head, layout->code.read_bytes, NULL) == BARO_OK &&
         baro_code_identity(layout, head) == named->code.identity;
}

/* OK: each code object of the stack was named before the stack was read and is the same after it, so the names
 * are those of this stack. AGAIN: some are known only now; the next stack may have them. */
static baro_status prove_codes(dumper *self, const baro_raw_stack *raw, bool retry_unreadable) {
  baro_status proof = BARO_OK;
  for (uint32_t i = 0; i < raw->count; i++) {
    uint64_t code_addr = raw->frames[i].code_addr;
    const named_code *named = find_code(self, code_addr);
    if (i > 0 && raw->frames[i - 1].code_addr == code_addr)
      continue; /* recursion */
    if (named != NULL &&
        (named->is_readable ? is_same_code(self, code_addr, named) : !retry_unreadable))
      continue;
    baro_status status = read_code(self, code_addr);
    if (status != BARO_OK)
      return status;
    proof = BARO_AGAIN;
  }
  return proof;
}

/* Names of one frame; what cannot be read is marked. */
static void name_frame(dumper *self, const baro_raw_frame *raw, baro_dump_frame *frame) {
  const named_code *named = find_code(self, raw->code_addr);
  uint64_t base_addr = 0;
  *frame =
      (baro_dump_frame){.function = "(unreadable)", .file = "", .flags = BARO_FUNCTION_UNREADABLE};
  if (named == NULL || !named->is_readable ||
      baro_code_base(&self->interpreter, raw->code_addr, raw->tlbc_index, &base_addr, NULL) !=
          BARO_OK)
    return;
  const baro_code *code = &named->code;
  int64_t offset =
      baro_code_offset(&self->interpreter.layout, raw->ip, base_addr, code->instructions_bytes);
  frame->function = keep_text(self, code->name);
  frame->file = keep_text(self, code->file);
  frame->line =
      code->lines.count > 0 ? baro_line_table_find(&code->lines, offset) : code->first_line;
  frame->flags = frame_flags(code->flags);
}

/* A code object that comes and goes faster than it can be named: better no name than another's. */
static void forget_unproven(dumper *self, const baro_raw_stack *raw) {
  for (uint32_t i = 0; i < raw->count; i++) {
    named_code *named = find_code(self, raw->frames[i].code_addr);
    if (named != NULL && named->is_readable && !is_same_code(self, raw->frames[i].code_addr, named))
      named->is_readable = false;
  }
}

/* The name that the program gave the thread, where it did; else the kernel's stays. */
static void name_thread(dumper *self, const baro_raw_frame *root, baro_dump_thread *thread) {
  baro_view name;
  if (baro_thread_name_read(&self->interpreter, root->frame_addr, root->code_addr,
                            &self->dump->storage, &name, NULL) == BARO_OK)
    thread->name = (const char *)name.data;
}

/* A consistent stack with its names. */
static baro_status read_named_stack(dumper *self, baro_stack_reader *reader, baro_raw_stack *raw,
                                    baro_dump_thread *thread) {
  baro_status status = BARO_AGAIN;
  bool has_stack = false;
  for (int tries = 0; tries < STACK_TRIES && status == BARO_AGAIN; tries++) {
    status = baro_stack_reader_read(reader, raw, NULL);
    has_stack = status == BARO_OK;
    if (has_stack)
      status = prove_codes(self, raw, tries < CODE_TRIES);
  }
  if (status == BARO_AGAIN && has_stack) {
    forget_unproven(self, raw);
    status = BARO_OK;
  }
  if (status != BARO_OK || raw->count == 0)
    return status;
  baro_dump_frame *frames = baro_arena_array(&self->dump->storage, raw->count, sizeof *frames);
  if (frames == NULL)
    return BARO_NO_MEMORY;
  uint32_t count = 0;
  for (uint32_t i = 0; i < raw->count; i++) {
    const named_code *named = find_code(self, raw->frames[i].code_addr);
    if (named == NULL || !named->is_readable || !(named->code.flags & BARO_CODE_SHIM))
      name_frame(self, &raw->frames[i], &frames[count++]);
  }
  thread->frames = frames;
  thread->frame_count = count;
  if (raw->cut)
    thread->problem = "deeper than the limit: the outermost frames are missing";
  else if (!thread->is_main)
    name_thread(self, &raw->frames[raw->count - 1], thread);
  return BARO_OK;
}

/* --- threads --- */

static void dump_stack(dumper *self, const baro_thread_entry *entry, baro_dump_thread *thread) {
  baro_stack_reader *reader;
  baro_raw_stack raw = {0};
  if (entry->thread_addr == 0) {
    thread->problem = "not a Python thread";
    return;
  }
  baro_status status =
      baro_stack_reader_create(self->pid, &self->interpreter.layout, entry->interp_addr,
                               entry->thread_addr, entry->native_id, &reader, NULL);
  if (status == BARO_OK) {
    status = read_named_stack(self, reader, &raw, thread);
    baro_stack_reader_destroy(reader);
    baro_raw_stack_release(&raw);
  }
  if (status == BARO_AGAIN)
    thread->problem = "its stack changed faster than it could be read";
  else if (status != BARO_OK)
    thread->problem = baro_status_text(status);
  else if (thread->frame_count == 0)
    thread->problem = "runs no Python code";
}

/* "descriptor 5: pipe" and the like. */
static const char *wait_detail(dumper *self, const baro_wait *wait) {
  char path[512];
  char name[32];
  const char *text = "";
  if (wait->state == BARO_STATE_UNKNOWN && wait->reason != BARO_WAIT_REASON_NONE)
    return baro_wait_reason_words(wait->reason);
  if (wait->fd < 0)
    return "";
  (void)snprintf(name, sizeof name, "fd/%d", (int)wait->fd);
  if (baro_proc_link(self->pid, name, path, sizeof path, NULL) != BARO_OK)
    path[0] = '\0';
  text = baro_arena_format(&self->dump->storage, "descriptor %d%s%s", (int)wait->fd,
                           path[0] != '\0' ? ": " : "", path);
  return text != NULL ? text : "";
}

static void dump_state(dumper *self, const baro_thread_entry *entry, baro_dump_thread *thread) {
  baro_thread_probe probe;
  baro_wait wait = {.state = BARO_STATE_UNKNOWN, .fd = -1};
  baro_task_stat stat = {0};
  baro_wait_context context = {
      .fds = &self->fds,
      .gil_addr = entry->gil_addr,
      .gil_bytes = self->interpreter.layout.gil.size_bytes,
      .attachment_addr = baro_attachment_addr(&self->interpreter.layout, entry->thread_addr)};
  if (baro_proc_stat(self->pid, 0, &stat, NULL) == BARO_OK)
    context.stopped = stat.state == 'T' || stat.state == 't';
  baro_thread_probe_init(&probe, self->pid, entry->tid);
  if (baro_thread_probe_state(&probe, &context, &wait) == BARO_OK) {
    thread->state = wait.state;
    thread->detail = wait_detail(self, &wait);
  }
  baro_thread_probe_release(&probe);
}

static void dump_thread(dumper *self, const baro_thread_entry *entry, baro_dump_thread *thread) {
  char comm[BARO_COMM_BYTES] = "";
  (void)!baro_proc_comm(self->pid, entry->tid, comm, NULL);
  *thread = (baro_dump_thread){.os_tid = (uint32_t)entry->tid,
                               .is_main = entry->tid == self->pid,
                               .holds_gil = entry->holds_gil,
                               .detail = "",
                               .problem = "",
                               .state = BARO_STATE_UNKNOWN};
  thread->name = keep_text(self, baro_view_of(comm));
  dump_state(self, entry, thread);
  dump_stack(self, entry, thread);
}

static int compare_threads(const void *left, const void *right) {
  const baro_dump_thread *a = left;
  const baro_dump_thread *b = right;
  if (a->is_main != b->is_main)
    return a->is_main ? -1 : 1;
  return a->os_tid < b->os_tid ? -1 : a->os_tid > b->os_tid;
}

static baro_status describe_process(dumper *self) {
  baro_buffer command = {0};
  (void)!baro_proc_command_line(self->pid, COMMAND_BYTES, &command, NULL);
  self->dump->command =
      keep_text(self, (baro_view){.data = command.data, .length = command.length});
  baro_buffer_release(&command);
  self->dump->python = keep_text(self, baro_view_of(self->interpreter.version));
  self->dump->os_pid = (uint32_t)self->pid;
  return BARO_OK;
}

baro_status baro_dump_take(pid_t pid, baro_dump *ret_dump, baro_error *err) {
  dumper self = {.pid = pid, .dump = ret_dump};
  baro_thread_list list = {0};
  *ret_dump = (baro_dump){0};
  baro_status status = baro_interpreter_find(pid, NULL, &self.interpreter, err);
  if (status != BARO_OK)
    return baro_permission_context(status, pid, err);
  status = describe_process(&self);
  if (status == BARO_OK)
    status = baro_thread_list_read(&list, &self.interpreter);
  if (status == BARO_OK) {
    ret_dump->threads = baro_arena_array(&ret_dump->storage, list.count, sizeof *ret_dump->threads);
    if (ret_dump->threads == NULL)
      status = BARO_NO_MEMORY;
  }
  if (status == BARO_OK) {
    baro_fd_cache_init(&self.fds, pid);
    for (uint32_t i = 0; i < list.count; i++)
      dump_thread(&self, &list.entries[i], &ret_dump->threads[i]);
    ret_dump->thread_count = list.count;
    qsort(ret_dump->threads, list.count, sizeof *ret_dump->threads, compare_threads);
    baro_fd_cache_release(&self.fds);
  }
  baro_thread_list_release(&list);
  baro_map_release(&self.codes);
  baro_arena_release(&self.names);
  if (status == BARO_OK)
    return BARO_OK;
  baro_dump_release(ret_dump);
  return baro_error_set(err, status, "dump %d: %s", (int)pid, baro_status_text(status));
}

void baro_dump_release(baro_dump *dump) {
  baro_arena_release(&dump->storage);
  *dump = (baro_dump){0};
}
