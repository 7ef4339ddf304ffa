/* Collects the facts that permission.c decides on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/os_access.h"
#include "base/os_proc.h"
#include "capture/sampler/permission.h"

enum { ANCESTOR_LIMIT = 1000 };

/* The label of a process by the security modules; "" without one, or when it is hidden. */
static void read_label(pid_t pid, char label[BARO_LABEL_BYTES]) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/%d/attr/current", (int)pid);
  if (!baro_access_read_line(path, label, BARO_LABEL_BYTES))
    label[0] = '\0';
}

/* Whole id maps of a user namespace: the initial one maps all ids onto themselves. */
static bool read_uid_map(pid_t pid, char *text, size_t text_bytes) {
  baro_view view;
  if (baro_proc_read(pid, 0, "uid_map", text, text_bytes - 1, &view, NULL) != BARO_OK)
    return false;
  text[view.length] = '\0';
  return true;
}

static bool is_initial_user_namespace(pid_t pid) {
  char text[256];
  unsigned inside = 1;
  unsigned outside = 1;
  unsigned long count = 0;
  return read_uid_map(pid, text, sizeof text) &&
         sscanf(text, "%u %u %lu", &inside, &outside, &count) == 3 && inside == 0 && outside == 0 &&
         count == UINT32_MAX;
}

static bool is_other_user_namespace(pid_t ours, pid_t theirs) {
  uint64_t our_inode;
  uint64_t their_inode;
  char our_map[1024];
  char their_map[1024];
  if (baro_proc_namespace(ours, "user", &our_inode, NULL) == BARO_OK &&
      baro_proc_namespace(theirs, "user", &their_inode, NULL) == BARO_OK)
    return our_inode != their_inode;
  /* The link needs the very permission that is in question; the id map is open to all. */
  return read_uid_map(ours, our_map, sizeof our_map) &&
         read_uid_map(theirs, their_map, sizeof their_map) && strcmp(our_map, their_map) != 0;
}

static bool is_descendant(pid_t pid, pid_t ancestor) {
  for (int i = 0; i < ANCESTOR_LIMIT && pid > 0; i++) {
    baro_task_stat stat;
    if (baro_proc_stat(pid, 0, &stat, NULL) != BARO_OK)
      return false;
    if (stat.parent_pid == ancestor)
      return true;
    pid = stat.parent_pid;
  }
  return false;
}

/* A process in a nested pid namespace whose own number is pid: what a person inside a container sees. */
static pid_t find_by_inner_pid(pid_t pid) {
  baro_process_table table = {0};
  baro_map_entry entry;
  size_t position = 0;
  pid_t found = 0;
  if (baro_process_table_update(&table, NULL, NULL) == BARO_OK) {
    while (found == 0 && baro_map_next(&table.parents, &position, &entry)) {
      baro_proc_status status;
      if (baro_proc_status_read((pid_t)entry.key, &status, NULL) == BARO_OK &&
          status.namespace_pid_count > 1 &&
          status.namespace_pids[status.namespace_pid_count - 1] == pid)
        found = (pid_t)entry.key;
    }
  }
  baro_process_table_release(&table);
  return found;
}

static void gather_machine(baro_permission_facts *facts) {
  pid_t us = baro_access_our_pid();
  char line[32];
  int scope;
  baro_proc_status status;
  baro_access_our_ids(&facts->our_uid, &facts->our_gid);
  facts->proc_is_ours = baro_access_our_pid_in_proc() == us;
  facts->proc_errno = baro_access_try_file(us, "stat");
  facts->our_seccomp_mode = -1;
  if (facts->proc_is_ours && baro_proc_status_read(us, &status, NULL) == BARO_OK) {
    facts->our_capabilities = status.capabilities_effective;
    facts->our_seccomp_mode = status.seccomp_mode;
  }
  facts->our_user_namespace_is_initial = is_initial_user_namespace(us);
  facts->yama_scope = -1;
  if (baro_access_read_line("/proc/sys/kernel/yama/ptrace_scope", line, sizeof line) &&
      sscanf(line, "%d", &scope) == 1)
    facts->yama_scope = scope;
  facts->self_read_errno = baro_access_try_memory(us);
  facts->has_schedstat = baro_proc_has_schedstat();
  read_label(us, facts->our_label);
}

static void gather_target(pid_t pid, baro_permission_facts *facts) {
  pid_t us = baro_access_our_pid();
  baro_proc_status status;
  uint32_t owner;
  facts->exists = baro_access_exists(pid);
  facts->visible = baro_access_owner(pid, &owner) == 0;
  facts->is_dumpable = true;
  if (!facts->visible && !facts->exists)
    facts->pid_for_us = find_by_inner_pid(pid);
  if (facts->visible && baro_proc_status_read(pid, &status, NULL) == BARO_OK) {
    for (int i = 0; i < 3; i++) {
      facts->uids[i] = status.uids[i];
      facts->gids[i] = status.gids[i];
    }
    facts->is_dumpable = owner == status.uids[1];
    facts->target_capabilities = status.capabilities_permitted;
    facts->tracer_pid = status.tracer_pid;
    facts->is_ended = status.state == 'Z' || status.state == 'X';
    facts->is_kernel_thread = !facts->is_ended && status.rss_bytes == 0;
    facts->is_descendant = is_descendant(pid, us);
    facts->other_user_namespace = is_other_user_namespace(us, pid);
    read_label(pid, facts->label);
  }
  facts->memory_errno = baro_access_try_memory(pid);
  facts->maps_errno = baro_access_try_file(pid, "maps");
  facts->syscall_errno = baro_access_try_file(pid, "syscall");
}

void baro_permission_gather(pid_t pid, baro_permission_facts *ret_facts) {
  *ret_facts = (baro_permission_facts){
      .pid = pid, .memory_errno = -1, .maps_errno = -1, .syscall_errno = -1};
  gather_machine(ret_facts);
  if (pid != 0)
    gather_target(pid, ret_facts);
}
