#include "capture/sampler/recorder_calls.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/os_access.h"
#include "base/os_proc.h"

/* Between visits: while many events come, while some do, and when none have for a while. A thread's ring holds 20 ms of
 * the fastest calls there are. */
static const uint64_t BUSY_NS = 1000000;
static const uint64_t CALM_NS = 5000000;
static const uint64_t IDLE_NS = 20000000;

enum {
  BUSY_EVENTS = 16384,
  LOOKED_AT = 64, /* processes of the command's tree */
  USER_BYTES = 33,
};
static const uint64_t LOOK_NS = 20000000;
static const uint64_t LATE_LOOK_NS = 1000000000;

baro_status baro_recorder_calls_prepare(baro_recorder_calls *calls,
                                        const baro_recorder_options *options, baro_error *err) {
  *calls = (baro_recorder_calls){.options = options, .spool.config = -1};
  baro_spool_folder_options spool = {.patterns = options->calls,
                                     .overhead_percent = options->overhead_percent,
                                     .children = options->follow_children};
  baro_status status = baro_agent_find(&calls->place, err);
  if (status == BARO_OK)
    status = baro_spool_folder_create(&spool, &calls->place, &calls->spool, err);
  if (status == BARO_OK)
    status = baro_spool_folder_enter(&calls->spool, &calls->place, err);
  return status;
}

void baro_recorder_calls_spawned(baro_recorder_calls *calls) {
  baro_spool_folder_leave(&calls->spool);
}

static baro_status process_id(void *context, pid_t pid, uint32_t *ret_process) {
  return baro_followers_process(context, pid, ret_process);
}

static baro_status thread_id(void *context, pid_t pid, pid_t tid, uint32_t *ret_thread) {
  return baro_followers_thread(context, pid, tid, ret_thread);
}

baro_status baro_recorder_calls_begin(baro_recorder_calls *calls, baro_writer *writer,
                                      const baro_followers *followers, pid_t root,
                                      baro_error *err) {
  baro_drain_ids ids = {.context = (void *)followers, .process = process_id, .thread = thread_id};
  baro_status status = baro_drain_create(calls->spool.path, writer, followers != NULL ? &ids : NULL,
                                         &calls->drain, err);
  calls->root = root;
  if (status == BARO_OK && !calls->options->follow_children)
    baro_drain_take_only(calls->drain, root);
  return status;
}

/* --- users who may not tell of calls --- */

/* One of the command's processes that runs as a user who may not enter the spool: neither ours nor root. */
static void look_for_stranger(baro_recorder_calls *calls, uint32_t our_uid) {
  baro_pid_list children = {0};
  pid_t tree[LOOKED_AT] = {calls->root};
  uint32_t count = 1;
  for (uint32_t i = 0; i < count && calls->stranger[0] == '\0'; i++) {
    baro_proc_status status;
    if (baro_proc_status_read(tree[i], &status, NULL) != BARO_OK)
      continue;
    if (status.uids[1] != our_uid && status.uids[1] != 0 &&
        baro_proc_comm(tree[i], 0, calls->stranger, NULL) == BARO_OK)
      calls->stranger_uid = status.uids[1];
    if (baro_proc_list_children(tree[i], &children, NULL) != BARO_OK)
      continue;
    for (uint32_t c = 0; c < children.count && count < LOOKED_AT; c++)
      tree[count++] = children.pids[c];
  }
  baro_pid_list_release(&children);
}

/* As long as no agent has come: often at first, for such a process may be short. */
static void look_at_users(baro_recorder_calls *calls, uint64_t now_ns) {
  uint32_t our_uid;
  uint32_t our_gid;
  if (now_ns < calls->look_ns)
    return;
  if (calls->first_look_ns == 0)
    calls->first_look_ns = now_ns;
  bool is_early = now_ns - calls->first_look_ns < LATE_LOOK_NS;
  calls->look_ns = now_ns + (is_early ? LOOK_NS : LATE_LOOK_NS);
  baro_access_our_ids(&our_uid, &our_gid);
  look_for_stranger(calls, our_uid);
  if (calls->stranger[0] != '\0' || baro_drain_count(calls->drain).processes > 0)
    calls->look_ns = UINT64_MAX;
}

/* Paths are cut where the note would be. */
static void say_stranger(const baro_recorder_calls *calls, char *note, size_t room) {
  char user[USER_BYTES];
  baro_access_user_name(calls->stranger_uid, user, sizeof user);
  (void)snprintf(
      note, room,
      "no calls were recorded: %s ran as user %s, who may not enter the recorder's folder "
      "(%.80s): run barograph itself as %s, who must be able to read %.100s",
      calls->stranger, user, calls->spool.path, user, calls->place.module);
}

void baro_recorder_calls_visit(baro_recorder_calls *calls, uint64_t now_ns) {
  uint64_t events = 0;
  if (calls->drain == NULL || now_ns < calls->next_ns)
    return;
  if (baro_drain_visit(calls->drain, now_ns, &events) != BARO_OK)
    calls->is_out_of_memory = true;
  look_at_users(calls, now_ns);
  if (events >= BUSY_EVENTS)
    calls->pause_ns = BUSY_NS;
  else if (events > 0)
    calls->pause_ns = CALM_NS;
  else if (calls->pause_ns < IDLE_NS)
    calls->pause_ns = calls->pause_ns * 2 > CALM_NS ? calls->pause_ns * 2 : CALM_NS;
  if (calls->pause_ns > IDLE_NS)
    calls->pause_ns = IDLE_NS;
  /* A ring had more than a visit takes: at once. */
  calls->next_ns = events >= BARO_DRAIN_VISIT_EVENTS ? now_ns : now_ns + calls->pause_ns;
}

/* --- why there are none --- */

/* Of a Python's command line: the letter that keeps its start-up from our hook, or 0. */
static char deaf_option(char *const *command) {
  const char *name = strrchr(command[0], '/');
  name = name != NULL ? name + 1 : command[0];
  if (strncmp(name, "python", 6) != 0)
    return 0;
  for (char *const *word = command + 1; *word != NULL; word++) {
    if ((*word)[0] != '-' || (*word)[1] == '\0')
      return 0;
    for (const char *letter = *word + 1; *letter != '\0'; letter++) {
      if (*letter == 'I' || *letter == 'E' || *letter == 'S')
        return *letter;
      if (*letter == 'c' || *letter == 'm' || *letter == '-') /* --help and the like: no program */
        return 0;
      if (*letter == 'W' || *letter == 'X') { /* the rest of the word, or the next one */
        word += letter[1] == '\0' && word[1] != NULL;
        break;
      }
    }
  }
  return 0;
}

static void say_why_none(const baro_recorder_calls *calls, baro_recorder_result *result) {
  char reason[256];
  char *note = result->calls_note;
  size_t room = sizeof result->calls_note;
  char *const *command = calls->options->command;
  char letter = command != NULL ? deaf_option(command) : 0;
  const char *patterns = calls->options->calls;
  if (calls->counts.calls > 0)
    return;
  if (calls->counts.reason[0] != '\0')
    (void)snprintf(note, room, "no calls were recorded: %s", calls->counts.reason);
  else if (calls->counts.processes > 0 && strcmp(patterns, "@trace") == 0)
    (void)snprintf(note, room,
                   "no calls were recorded: nothing that @barograph.trace marks was called");
  else if (calls->counts.processes > 0 && patterns[0] != '\0')
    (void)snprintf(note, room, "no calls were recorded: nothing that matches %s was called",
                   patterns);
  else if (calls->counts.processes > 0)
    (void)snprintf(note, room,
                   "no calls were recorded: the program called no functions of its own; those of "
                   "the standard library and of packages are named by --calls=GLOB");
  else if (letter != 0)
    (void)snprintf(note, room,
                   "no calls were recorded: Python was started with -%c, which keeps "
                   "barograph's start-up hook out",
                   letter);
  else if (calls->stranger[0] != '\0')
    say_stranger(calls, note, room);
  else if (baro_spool_folder_reason(&calls->spool, reason, sizeof reason))
    (void)snprintf(note, room, "no calls were recorded: %s", reason);
  else
    (void)snprintf(note, room,
                   "no calls were recorded: no Python that takes the agent was started (CPython "
                   "3.9 or later, without -I, -E or -S)");
}

/* --- the end --- */

static bool copy_name(baro_view name, char *ret_text) {
  if (name.length >= BARO_MOST_CALLED_BYTES)
    return false;
  if (name.length > 0)
    memcpy(ret_text, name.data, name.length);
  ret_text[name.length] = '\0';
  return true;
}

static void tell_most_called(const baro_drain *drain, baro_recorder_result *result) {
  baro_drain_function functions[BARO_MOST_CALLED];
  uint32_t count = baro_drain_most_called(drain, functions, BARO_MOST_CALLED);
  for (uint32_t i = 0; i < count; i++) {
    baro_recorder_function *told = &result->most_called[result->most_called_count];
    told->rows = functions[i].rows;
    if (copy_name(functions[i].module, told->module) &&
        copy_name(functions[i].qualified_name, told->qualified_name))
      result->most_called_count++;
  }
}

void baro_recorder_calls_finish(baro_recorder_calls *calls, pid_t root, bool root_reaped,
                                uint64_t now_ns, baro_recorder_result *result) {
  if (calls->drain == NULL)
    return;
  if (root_reaped)
    baro_drain_tell_end(calls->drain, root, result->wait_status);
  calls->living_count = baro_drain_living(calls->drain, root, calls->living, BARO_RECORDER_LIVING);
  if (calls->living_count > BARO_RECORDER_LIVING)
    calls->living_count = BARO_RECORDER_LIVING;
  if (baro_drain_finish(calls->drain, now_ns) != BARO_OK)
    calls->is_out_of_memory = true;
  calls->counts = baro_drain_count(calls->drain);
  tell_most_called(calls->drain, result);
  baro_drain_destroy(calls->drain);
  calls->drain = NULL;
  result->calls = calls->counts.calls;
  result->call_threads = calls->counts.threads;
  result->lost_events = calls->counts.lost;
  result->call_processes = calls->counts.processes;
  if (calls->is_out_of_memory)
    (void)snprintf(result->calls_note, sizeof result->calls_note,
                   "some calls are missing: the recorder was short of memory");
  else if (calls->counts.calls > 0 && calls->counts.untold > 0)
    (void)snprintf(result->calls_note, sizeof result->calls_note, "%llu " BARO_DRAIN_UNTOLD,
                   (unsigned long long)calls->counts.untold);
  else
    say_why_none(calls, result);
  baro_spool_folder_remove(&calls->spool);
}

/* A zombie that its new parent does not reap is no process to tell of. */
static bool is_running(pid_t pid) {
  baro_task_stat stat;
  return baro_proc_stat(pid, 0, &stat, NULL) == BARO_OK && stat.state != 'Z' && stat.state != 'X';
}

const char *baro_recorder_calls_host_end(pid_t host) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  char byte;
  if (poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) == 1)
    return "detached";
  /* Nothing to read any more: it has died, or become another program, which has no agent. */
  return (input.revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) != 0 || !is_running(host)
             ? "exit"
             : NULL;
}

uint32_t baro_recorder_calls_living(const baro_recorder_calls *calls, pid_t *ret_pids,
                                    uint32_t limit) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < calls->living_count; i++) {
    if (!is_running(calls->living[i]))
      continue;
    if (count < limit)
      ret_pids[count] = calls->living[i];
    count++;
  }
  return count;
}

void baro_recorder_calls_release(baro_recorder_calls *calls) {
  baro_drain_destroy(calls->drain);
  calls->drain = NULL;
  baro_spool_folder_remove(&calls->spool);
}
