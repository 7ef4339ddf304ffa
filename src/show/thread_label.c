#include "show/thread_label.h"

#include <string.h>

enum { KERNEL_NAME_LENGTH = 15 }; /* the kernel cuts names of threads */

/* Behind the last slash. */
static baro_view base_name(baro_view path) {
  size_t from = path.length;
  while (from > 0 && path.data[from - 1] != '/') {
    from--;
  }
  return (baro_view){.data = path.data + from, .length = path.length - from};
}

void baro_write_thread_entry(baro_buffer *out, const baro_profile *profile,
                             const baro_profile_thread *thread) {
  if (thread->entry_function == BARO_NONE_ID) {
    return;
  }
  const baro_profile_function *function = &profile->functions.rows[thread->entry_function];
  baro_view name = baro_profile_string(profile, function->qualified_string);
  baro_view file = base_name(baro_profile_string(profile, function->file_string));
  baro_write_bytes(out, name.data, name.length);
  baro_write_text(out, " (");
  baro_write_bytes(out, file.data, file.length);
  if (function->first_line != 0) {
    baro_write_format(out, ":%u", function->first_line);
  }
  baro_write_text(out, ")");
}

/* What the kernel calls a program at its start: the file's name, cut. */
static baro_view program_name(const baro_profile *profile, const baro_profile_process *process) {
  baro_view command = baro_profile_string(profile, process->command_string);
  const uint8_t *space = command.length == 0 ? NULL : memchr(command.data, ' ', command.length);
  if (space != NULL) {
    command.length = (size_t)(space - command.data);
  }
  baro_view name = base_name(command);
  if (name.length > KERNEL_NAME_LENGTH) {
    name.length = KERNEL_NAME_LENGTH;
  }
  return name;
}

/* "Thread-1", "ThreadPoolExecutor-0_1": what Python calls a thread of which it knows no more. */
static bool is_default_name(baro_view name) {
  static const char *const leads[] = {"Thread-", "ThreadPoolExecutor-"};
  for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
    size_t at = strlen(leads[i]);
    if (name.length <= at || memcmp(name.data, leads[i], at) != 0) {
      continue;
    }
    while (at < name.length &&
           (name.data[at] == '_' || (name.data[at] >= '0' && name.data[at] <= '9'))) {
      at++;
    }
    return at == name.length;
  }
  return false;
}

bool baro_thread_name_tells(const baro_profile *profile, const baro_profile_thread *thread) {
  const baro_profile_process *process = &profile->processes[thread->process];
  baro_view name = baro_profile_string(profile, thread->name_string);
  if (thread->is_main) {
    return true;
  }
  if (name.length == 0 || baro_view_equal(name, program_name(profile, process))) {
    return false;
  }
  /* The kernel lists the main thread first, so recordings define it first. */
  const baro_profile_thread *first = &profile->threads[process->first_thread];
  return !first->is_main ||
         !baro_view_equal(name, baro_profile_string(profile, first->name_string));
}

void baro_write_thread_label(baro_buffer *out, const baro_profile *profile,
                             const baro_profile_thread *thread) {
  if (thread->entry_function != BARO_NONE_ID && !baro_thread_name_tells(profile, thread)) {
    baro_write_thread_entry(out, profile, thread);
    return;
  }
  baro_view name = baro_profile_string(profile, thread->name_string);
  baro_write_bytes(out, name.data, name.length);
  if (thread->entry_function != BARO_NONE_ID && is_default_name(name)) {
    baro_write_text(out, " ");
    baro_write_thread_entry(out, profile, thread);
  }
}
