#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/os_access.h"
#include "base/os_memory.h"
#include "base/os_proc.h"
#include "capture/cpython/code_object.h"
#include "capture/cpython/interpreter.h"

enum {
  MAX_INTERPRETERS = 4096,
  MAX_THREADS = 1 << 16,
  MAX_CHECKED_FRAMES = 512, /* of all threads: a walk reads frame by frame, 1 us each */
  MAX_CHECKED_CODES = 16,
  MAX_TRIES = 6,
  TRY_PAUSE_NS = 200 * 1000,
  YOUNG_NS = 1000 * 1000 * 1000, /* a process younger than this may still be starting */
};

/* One look at the target. */
typedef struct check {
  baro_interpreter *interpreter;
  baro_pid_list tasks;
  bool tasks_known; /* false: no list, or the target numbers its threads in another pid namespace */
  uint32_t codes_checked;
  uint32_t frames_walked;
  uint32_t unknown_natives;
  uint32_t known_natives;
  char problem[192]; /* the contradiction found */
} check;

__attribute__((format(printf, 2, 3))) static baro_status contradiction(check *job,
                                                                       const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(job->problem, sizeof job->problem, format, arguments);
  va_end(arguments);
  return BARO_INVALID;
}

static uint64_t load_u64(const uint8_t *data, uint32_t offset) {
  uint64_t value;
  memcpy(&value, data + offset, sizeof value);
  return value;
}

static bool is_task(const check *job, uint64_t tid) {
  for (size_t i = 0; i < job->tasks.count; i++) {
    if ((uint64_t)job->tasks.pids[i] == tid)
      return true;
  }
  return false;
}

/* --- frames --- */

static baro_status explain_code(check *job, uint64_t code_addr) {
  const baro_interpreter *interpreter = job->interpreter;
  uint64_t shifted = 0;
  uint32_t type = interpreter->layout.object.type;
  if (interpreter->code_type_addr != 0 &&
      baro_memory_read_u64(interpreter->pid, code_addr + type + 16, &shifted, NULL) == BARO_OK &&
      shifted == interpreter->code_type_addr)
    return contradiction(job, "it was built with --with-trace-refs, which moves all objects");
  return contradiction(job, "what its frames point to are no code objects");
}

static baro_status check_code(check *job, uint64_t code_addr) {
  baro_arena scratch = {0};
  baro_code code;
  baro_status status = baro_code_read(job->interpreter, code_addr, &scratch, &code, NULL);
  if (status == BARO_INVALID) {
    status = explain_code(job, code_addr);
  } else if (status == BARO_OK &&
             (code.flags & (BARO_CODE_NAME_UNREADABLE | BARO_CODE_FILE_UNREADABLE)) != 0) {
    status = contradiction(job, "the names of its functions cannot be read");
  }
  baro_arena_release(&scratch);
  job->codes_checked++;
  return status;
}

static bool is_c_entry(const baro_layout *layout, const uint8_t *head) {
  return layout->frame.owner != BARO_ABSENT && layout->frame.owner_entry != BARO_ABSENT &&
         head[layout->frame.owner] >= layout->frame.owner_entry;
}

static baro_status check_frame(check *job, const uint8_t *head) {
  const baro_layout *layout = &job->interpreter->layout;
  if (layout->frame.owner != BARO_ABSENT && head[layout->frame.owner] > 8)
    return contradiction(job, "a frame has owner %u", head[layout->frame.owner]);
  if (is_c_entry(layout, head))
    return BARO_OK;
  job->interpreter->checked_frames++;
  if (job->codes_checked >= MAX_CHECKED_CODES)
    return BARO_OK;
  return check_code(job, load_u64(head, layout->frame.code) & ~layout->frame.code_tag_mask);
}

/* Walks to the bottom frame, or as far as the budget goes. */
static baro_status check_frames(check *job, uint64_t frame_addr) {
  const baro_layout *layout = &job->interpreter->layout;
  uint8_t head[BARO_LAYOUT_FRAME_MAX_BYTES];
  while (frame_addr != 0 && job->frames_walked < MAX_CHECKED_FRAMES) {
    job->frames_walked++;
    if (frame_addr % 8 != 0)
      return contradiction(job, "the chain of frames leads nowhere");
    baro_status status =
        baro_memory_read(job->interpreter->pid, frame_addr, head, layout->frame.read_bytes, NULL);
    if (status == BARO_INVALID)
      return contradiction(job, "the chain of frames leads nowhere");
    if (status == BARO_OK)
      status = check_frame(job, head);
    if (status != BARO_OK)
      return status;
    frame_addr = load_u64(head, layout->frame.previous);
  }
  return BARO_OK;
}

/* --- threads and interpreters --- */

static baro_status newest_frame(check *job, const uint8_t *thread, uint64_t *ret_frame_addr) {
  const baro_layout *layout = &job->interpreter->layout;
  uint64_t root = load_u64(thread, layout->thread.frame);
  *ret_frame_addr = root;
  if (layout->frame_root == BARO_FRAME_ROOT_DIRECT || root == 0)
    return BARO_OK;
  baro_status status = baro_memory_read_u64(
      job->interpreter->pid, root + layout->thread.cframe_current_frame, ret_frame_addr, NULL);
  return status == BARO_INVALID ? contradiction(job, "a thread's C frame is not readable") : status;
}

static baro_status check_thread(check *job, uint64_t interp_addr, const uint8_t *thread) {
  const baro_layout *layout = &job->interpreter->layout;
  if (load_u64(thread, layout->thread.interp) != interp_addr)
    return contradiction(job, "a thread state does not point back to its interpreter");
  job->interpreter->checked_threads++;
  if (job->tasks_known && layout->thread.native_thread_id != BARO_ABSENT) {
    /* A thread may just have ended, or not have begun: they count together. */
    if (is_task(job, load_u64(thread, layout->thread.native_thread_id)))
      job->known_natives++;
    else
      job->unknown_natives++;
  }
  uint64_t frame_addr = 0;
  baro_status status = newest_frame(job, thread, &frame_addr);
  return status == BARO_OK ? check_frames(job, frame_addr) : status;
}

static baro_status check_threads(check *job, uint64_t interp_addr, uint64_t thread_addr) {
  const baro_layout *layout = &job->interpreter->layout;
  uint8_t thread[BARO_LAYOUT_THREAD_MAX_BYTES];
  for (int i = 0; thread_addr != 0; i++) {
    if (i == MAX_THREADS || thread_addr % 8 != 0)
      return contradiction(job, "the list of threads does not end");
    baro_status status = baro_memory_read(job->interpreter->pid, thread_addr, thread,
                                          layout->thread.read_bytes, NULL);
    if (status == BARO_INVALID)
      return contradiction(job, "the list of threads leads nowhere");
    if (status == BARO_OK)
      status = check_thread(job, interp_addr, thread);
    if (status != BARO_OK)
      return status;
    thread_addr = load_u64(thread, layout->thread.next);
  }
  return BARO_OK;
}

static baro_status check_interpreters(check *job, uint64_t interp_addr) {
  const baro_layout *layout = &job->interpreter->layout;
  uint8_t window[BARO_LAYOUT_INTERP_MAX_BYTES];
  uint32_t start = layout->interp.read_offset;
  for (int i = 0; interp_addr != 0; i++) {
    if (i == MAX_INTERPRETERS || interp_addr % 8 != 0)
      return contradiction(job, "the list of interpreters does not end");
    baro_status status = baro_memory_read(job->interpreter->pid, interp_addr + start, window,
                                          layout->interp.read_bytes, NULL);
    if (status == BARO_INVALID)
      return contradiction(job, "the list of interpreters leads nowhere");
    if (status != BARO_OK)
      return status;
    job->interpreter->checked_interpreters++;
    status = check_threads(job, interp_addr, load_u64(window, layout->interp.threads_head - start));
    if (status != BARO_OK)
      return status;
    interp_addr = load_u64(window, layout->interp.next - start);
  }
  if (job->unknown_natives > job->known_natives)
    return contradiction(job, "its thread ids are not those of the process");
  return BARO_OK;
}

/* --- several looks --- */

static baro_status look(check *job) {
  baro_interpreter *interpreter = job->interpreter;
  interpreter->checked_interpreters = 0;
  interpreter->checked_threads = 0;
  interpreter->checked_frames = 0;
  job->codes_checked = 0;
  job->frames_walked = 0;
  job->known_natives = 0;
  job->unknown_natives = 0;
  uint64_t ours = 0;
  uint64_t theirs = 0;
  job->tasks_known = baro_proc_list_tasks(interpreter->pid, &job->tasks, NULL) == BARO_OK &&
                     baro_proc_namespace(interpreter->pid, "pid", &theirs, NULL) == BARO_OK &&
                     baro_proc_namespace(baro_access_our_pid(), "pid", &ours, NULL) == BARO_OK &&
                     ours == theirs;
  uint64_t head = 0;
  baro_status status = baro_memory_read_u64(
      interpreter->pid, interpreter->runtime_addr + interpreter->layout.runtime.interpreters_head,
      &head, NULL);
  if (status == BARO_INVALID)
    return contradiction(job, "its runtime is not readable");
  if (status != BARO_OK)
    return status;
  if (head != 0)
    status = check_interpreters(job, head);
  if (status == BARO_OK && interpreter->checked_threads == 0)
    status = BARO_AGAIN;
  return status;
}

static bool is_young(pid_t pid) {
  baro_task_stat stat;
  return baro_proc_stat(pid, 0, &stat, NULL) == BARO_OK &&
         baro_clock_now_ns() - baro_proc_start_ns(stat.start_ticks) < YOUNG_NS;
}

static baro_status conclude(const check *job, baro_status status, baro_error *err) {
  const baro_interpreter *interpreter = job->interpreter;
  int pid = (int)interpreter->pid;
  if (status == BARO_AGAIN)
    return baro_error_set(err, BARO_AGAIN, "the interpreter of process %d is still starting", pid);
  if (status != BARO_INVALID)
    return baro_error_set(err, status, "read the interpreter of process %d: %s", pid,
                          baro_status_text(status));
  if (is_young(interpreter->pid))
    return baro_error_set(err, BARO_AGAIN, "the interpreter of process %d is still starting (%s)",
                          pid, job->problem);
  return baro_error_set(err, BARO_UNSUPPORTED,
                        "process %d calls itself CPython %s, but is laid out otherwise: %s", pid,
                        interpreter->version, job->problem);
}

baro_status baro_interpreter_check(baro_interpreter *interpreter, baro_error *err) {
  check job = {.interpreter = interpreter};
  baro_status status = BARO_OK;
  for (int tries = 0; tries < MAX_TRIES; tries++) {
    if (tries > 0)
      (void)baro_clock_sleep_until(baro_clock_now_ns() + TRY_PAUSE_NS);
    status = look(&job);
    /* The target runs: a code object that changed meanwhile is one more contradiction to look at again. */
    bool decided = status != BARO_INVALID && (status != BARO_AGAIN || job.codes_checked == 0);
    if (decided)
      break;
  }
  baro_pid_list_release(&job.tasks);
  return status == BARO_OK ? BARO_OK : conclude(&job, status, err);
}
