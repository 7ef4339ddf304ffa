#include "capture/sampler/follower.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/os_proc.h"
#include "base/os_process.h"
#include "capture/sampler/permission.h"

enum { MAX_FOLLOWED = 65536, REFUSALS_MEANT = 3 };

static const uint64_t FIRST_WAIT_NS = 1000000; /* an interpreter that is starting: 1 ms */
static const uint64_t FORK_WAIT_NS =
    5000000; /* a fork that is about to exec shows its parent's stack */
static const uint64_t LONGEST_WAIT_NS = 50000000; /* between looks at a process that is no Python */
static const uint64_t BRIEF_NS = 100000000; /* a target lost sooner is not tried again at once */
static const uint64_t LONGEST_BRIEF_WAIT_NS = 1000000000;
static const uint64_t REFUSED_GRACE_NS =
    1000000000;                           /* contradictions while starting up are retried */
static const uint64_t SCAN_NS = 10000000; /* between looks for children, at least */
static const uint64_t LONGEST_SCAN_NS =
    30000000; /* and at most: children are to be seen within 50 ms */
static const uint64_t FULL_FIND_NS = 1000000000; /* between searches of an unchanged executable */

typedef struct follower {
  pid_t pid;
  uint32_t parent_process; /* in the recording, of the nearest sampled ancestor */
  baro_target *target;     /* owned; NULL while there is nothing to sample */
  uint64_t seen_ns;
  uint64_t next_try_ns;
  uint64_t wait_ns;
  uint64_t searched_ns;
  uint64_t attached_ns;
  ino_t exe_inode; /* of the executable when it was searched, 0 not yet */
  dev_t exe_device;
  uint64_t start_ticks; /* with the pid: identity */
  char *refusal; /* owned; why it is not supported, which while it starts may pass; or NULL */
  uint32_t refusal_count; /* so often the same */
  bool noted;
} follower;

struct baro_followers {
  baro_followers_options options;
  baro_interpreter_cache *cache; /* owned */
  follower *items;               /* owned */
  uint32_t count;
  uint32_t capacity;
  baro_pid_list children; /* scratch */
  baro_process_table table;
  uint64_t next_scan_ns;
  bool root_ended;
  baro_followers_totals ended; /* totals of what is no longer followed */
};

/* --- the list --- */

static follower *find_follower(const baro_followers *followers, pid_t pid) {
  for (uint32_t i = 0; i < followers->count; i++)
    if (followers->items[i].pid == pid)
      return &followers->items[i];
  return NULL;
}

/* A leader that has ended before its other threads is a zombie of a process that lives on. */
static bool is_over(const baro_task_stat *stat) {
  return stat->state == 'X' || (stat->state == 'Z' && stat->thread_count <= 1);
}

/* A process that is over already is not added: it may stay a zombie for long. */
static baro_status add_follower(baro_followers *followers, pid_t pid, uint32_t parent_process,
                                uint64_t now_ns, uint64_t delay_ns) {
  baro_task_stat stat = {0};
  if (followers->count == MAX_FOLLOWED)
    return BARO_LIMIT;
  if (followers->count == followers->capacity) {
    uint32_t capacity = followers->capacity < 16 ? 16 : followers->capacity * 2;
    follower *items = realloc(followers->items, capacity * sizeof *items);
    if (items == NULL)
      return BARO_NO_MEMORY;
    followers->items = items;
    followers->capacity = capacity;
  }
  bool is_there = baro_proc_stat(pid, 0, &stat, NULL) == BARO_OK && !is_over(&stat);
  if (!is_there && pid != followers->options.root)
    return BARO_OK;
  followers->items[followers->count++] = (follower){.pid = pid,
                                                    .parent_process = parent_process,
                                                    .seen_ns = now_ns,
                                                    .next_try_ns = now_ns + delay_ns,
                                                    .wait_ns = FIRST_WAIT_NS,
                                                    .start_ticks = stat.start_ticks};
  return BARO_OK;
}

static void add_target_totals(baro_followers_totals *totals, const baro_target *target) {
  for (int i = 0; i < BARO_COUNTER_COUNT; i++)
    totals->counters[i] += baro_target_counter(target, (baro_counter)i);
  totals->processes++;
  totals->threads += baro_target_threads_seen(target);
}

static void drop_target(baro_followers *followers, follower *item, uint64_t now_ns,
                        int wait_status) {
  if (item->target == NULL)
    return;
  add_target_totals(&followers->ended, item->target);
  item->parent_process = baro_target_process(item->target); /* exec: the new program's parent */
  baro_target_destroy(item->target, now_ns, wait_status);
  item->target = NULL;
  /* What cannot be sampled although it can be attached to must not fill the recording with attempts. */
  bool brief = now_ns - item->attached_ns < BRIEF_NS;
  item->wait_ns = brief ? item->wait_ns * 2 : FIRST_WAIT_NS;
  item->seen_ns = now_ns;
  if (item->wait_ns > LONGEST_BRIEF_WAIT_NS)
    item->wait_ns = LONGEST_BRIEF_WAIT_NS;
  item->next_try_ns = brief ? now_ns + item->wait_ns : now_ns;
  item->exe_inode = 0;
}

static bool has_ended(const follower *item) {
  baro_task_stat stat;
  if (baro_proc_stat(item->pid, 0, &stat, NULL) != BARO_OK)
    return true;
  return is_over(&stat) || stat.start_ticks != item->start_ticks;
}

/* Its memory is gone already; a process on its way out has no executable any more, but is no zombie
 * yet. */
static bool is_ending(const follower *item) {
  char path[32];
  struct stat info;
  (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)item->pid);
  return stat(path, &info) != 0 || has_ended(item);
}

static void note_problem(baro_followers *followers, follower *item, uint64_t now_ns,
                         const char *message) {
  if (item->noted)
    return;
  item->noted = true;
  (void)snprintf(followers->ended.problem, sizeof followers->ended.problem, "%.*s",
                 (int)sizeof followers->ended.problem - 1, message);
  baro_note_record note = {
      .time_ns = now_ns, .process = item->parent_process, .text = baro_view_of(message)};
  baro_writer_note(followers->options.writer, &note);
}

static void forget_refusal(follower *item) {
  free(item->refusal);
  item->refusal = NULL;
  item->refusal_count = 0;
}

static void remember_refusal(follower *item, const char *message) {
  if (item->refusal == NULL || strcmp(item->refusal, message) != 0) {
    forget_refusal(item);
    item->refusal = strdup(message); /* NULL: then it is not told */
  }
  item->refusal_count++;
}

/* It is not looked at again. A program that starts or ends contradicts itself once or twice; what is said three times
 * is meant: an old version, whose programs may be shorter than the grace of a start. */
static void settle_refusal(baro_followers *followers, follower *item, uint64_t now_ns) {
  if (item->refusal != NULL && item->refusal_count >= REFUSALS_MEANT && item->target == NULL)
    note_problem(followers, item, now_ns, item->refusal);
  forget_refusal(item);
}

static void remove_follower(baro_followers *followers, uint32_t index, uint64_t now_ns) {
  settle_refusal(followers, &followers->items[index], now_ns);
  drop_target(followers, &followers->items[index], now_ns, -1);
  followers->items[index] = followers->items[--followers->count];
}

baro_status baro_followers_create(const baro_followers_options *options,
                                  baro_followers **ret_followers, baro_error *err) {
  baro_followers *followers = calloc(1, sizeof *followers);
  if (followers == NULL)
    return baro_error_set(err, BARO_NO_MEMORY, "follow %d", (int)options->root);
  followers->options = *options;
  followers->cache = baro_interpreter_cache_create();
  baro_status status =
      followers->cache == NULL
          ? BARO_NO_MEMORY
          : add_follower(followers, options->root, BARO_NONE_ID, baro_clock_now_ns(), 0);
  if (status != BARO_OK) {
    baro_followers_destroy(followers, 0, -1);
    return baro_error_set(err, status, "follow %d", (int)options->root);
  }
  *ret_followers = followers;
  return BARO_OK;
}

void baro_followers_destroy(baro_followers *followers, uint64_t now_ns, int root_wait_status) {
  if (followers == NULL)
    return;
  for (uint32_t i = 0; i < followers->count; i++) {
    follower *item = &followers->items[i];
    forget_refusal(item);
    drop_target(followers, item, now_ns,
                item->pid == followers->options.root ? root_wait_status : -1);
  }
  baro_process_table_release(&followers->table);
  baro_interpreter_cache_destroy(followers->cache);
  baro_pid_list_release(&followers->children);
  free(followers->items);
  free(followers);
}

/* --- attaching --- */

/* True when the executable is the one searched before, and not long ago. */
static bool is_known_executable(follower *item, uint64_t now_ns) {
  char path[32];
  struct stat info;
  (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)item->pid);
  if (stat(path, &info) != 0)
    return false;
  bool same = item->exe_inode == info.st_ino && item->exe_device == info.st_dev;
  if (!same) { /* an exec: its program starts up now */
    item->exe_inode = info.st_ino;
    item->exe_device = info.st_dev;
    item->wait_ns = FIRST_WAIT_NS;
    item->seen_ns = now_ns;
    item->noted = false;
    forget_refusal(item);
  }
  return same && now_ns - item->searched_ns < FULL_FIND_NS;
}

static baro_status try_attach(baro_followers *followers, follower *item, bool is_search_due,
                              uint64_t now_ns, baro_error *err) {
  baro_target_options options = {.pid = item->pid,
                                 .parent_process = item->parent_process,
                                 .stop_target = followers->options.stop_target,
                                 .cache = followers->cache,
                                 .writer = followers->options.writer,
                                 .placement = followers->options.placement};
  if (!is_search_due)
    return BARO_NOT_FOUND;
  item->searched_ns = now_ns;
  return baro_target_attach(&options, now_ns, &item->target, err);
}

/* One look at a process without a target. */
static baro_status attend(baro_followers *followers, follower *item, uint64_t now_ns,
                          baro_error *err) {
  bool known = is_known_executable(item, now_ns);
  bool young = now_ns - item->seen_ns < REFUSED_GRACE_NS;
  baro_error own = {0};
  baro_status status = try_attach(followers, item, !known || young, now_ns, &own);
  if (status == BARO_OK) {
    item->attached_ns = now_ns;
    forget_refusal(item);
    return BARO_OK;
  }
  if (!item->noted)
    status = baro_permission_context(status, item->pid, &own);
  bool final = status == BARO_NO_PERMISSION || (status == BARO_UNSUPPORTED && !young);
  if (final)
    note_problem(followers, item, now_ns, own.message);
  else if (status == BARO_UNSUPPORTED && !item->noted)
    remember_refusal(item, own.message);
  if (status != BARO_AGAIN || !young)
    item->wait_ns += item->wait_ns / 2;
  if (item->wait_ns > LONGEST_WAIT_NS)
    item->wait_ns = LONGEST_WAIT_NS;
  item->next_try_ns = now_ns + item->wait_ns;
  if (err != NULL && own.message[0] != '\0')
    *err = own;
  return status;
}

/* --- new processes --- */

static void scan_children(baro_followers *followers, uint64_t now_ns) {
  if (!followers->options.follow_children || now_ns < followers->next_scan_ns)
    return;
  followers->next_scan_ns = now_ns + SCAN_NS;
  uint64_t started_cpu_ns = baro_clock_thread_cpu_ns();
  bool changed;
  if (baro_process_table_update(&followers->table, &changed, NULL) != BARO_OK || !changed)
    return;
  /* The list grows meanwhile: grandchildren are found in the same scan. */
  for (uint32_t i = 0; i < followers->count; i++) {
    follower *item = &followers->items[i];
    uint32_t process =
        item->target != NULL ? baro_target_process(item->target) : item->parent_process;
    if (baro_process_table_children(&followers->table, item->pid, &followers->children) != BARO_OK)
      continue;
    for (size_t k = 0; k < followers->children.count; k++) {
      pid_t child = followers->children.pids[k];
      if (find_follower(followers, child) == NULL &&
          add_follower(followers, child, process, now_ns, FORK_WAIT_NS) != BARO_OK)
        return;
    }
  }
  uint64_t pause_ns = (baro_clock_thread_cpu_ns() - started_cpu_ns) * 100;
  if (pause_ns > LONGEST_SCAN_NS)
    pause_ns = LONGEST_SCAN_NS;
  if (pause_ns > SCAN_NS)
    followers->next_scan_ns = now_ns + pause_ns;
}

baro_status baro_followers_update(baro_followers *followers, uint64_t now_ns, bool first_attach,
                                  uint64_t *ret_next_ns, baro_error *err) {
  uint64_t next_ns = now_ns + LONGEST_WAIT_NS;
  scan_children(followers, now_ns);
  for (uint32_t i = followers->count; i-- > 0;) {
    follower *item = &followers->items[i];
    if (item->target != NULL)
      continue;
    if (now_ns < item->next_try_ns) {
      if (item->next_try_ns < next_ns)
        next_ns = item->next_try_ns;
      continue;
    }
    if (has_ended(item)) {
      bool is_root = item->pid == followers->options.root;
      followers->root_ended = followers->root_ended || is_root;
      remove_follower(followers, i, now_ns);
      if (first_attach && is_root)
        return baro_error_set(err, BARO_GONE, "process %d has ended", (int)followers->options.root);
      continue;
    }
    baro_status status = attend(followers, item, now_ns, first_attach ? err : NULL);
    if (first_attach && item->pid == followers->options.root && status != BARO_OK &&
        status != BARO_AGAIN)
      return status;
    if (item->target == NULL && item->next_try_ns < next_ns)
      next_ns = item->next_try_ns;
  }
  if (followers->options.follow_children && followers->next_scan_ns < next_ns)
    next_ns = followers->next_scan_ns;
  *ret_next_ns = next_ns;
  return BARO_OK;
}

void baro_followers_tick(baro_followers *followers, uint64_t now_ns, uint64_t missed) {
  for (uint32_t i = followers->count; i-- > 0;) {
    follower *item = &followers->items[i];
    if (item->target == NULL)
      continue;
    if (missed > 0)
      baro_target_missed(item->target, missed);
    if (baro_target_tick(item->target, now_ns) == BARO_OK)
      continue;
    /* The interpreter is gone: the process ends, or runs another program now. */
    if (!is_ending(item))
      drop_target(followers, item, now_ns, -1);
    else if (item->pid == followers->options.root)
      followers->root_ended = has_ended(item); /* its status comes later */
    else
      remove_follower(followers, i, now_ns);
  }
}

void baro_followers_flush(baro_followers *followers, uint64_t now_ns) {
  for (uint32_t i = 0; i < followers->count; i++)
    if (followers->items[i].target != NULL)
      baro_target_flush(followers->items[i].target, now_ns);
}

void baro_followers_settle(baro_followers *followers, uint64_t now_ns, bool root_ends_now) {
  for (uint32_t i = 0; i < followers->count; i++) {
    follower *item = &followers->items[i];
    settle_refusal(followers, item, now_ns);
    if (item->target == NULL)
      continue;
    if (!has_ended(item) || (root_ends_now && item->pid == followers->options.root))
      baro_target_settle(item->target, now_ns);
    else /* when it ended is not known */
      baro_target_read_cpu(item->target);
  }
}

uint32_t baro_followers_living(const baro_followers *followers, pid_t *ret_pids, uint32_t limit) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < followers->count; i++) {
    const follower *item = &followers->items[i];
    if (item->pid == followers->options.root || has_ended(item))
      continue;
    if (count < limit)
      ret_pids[count] = item->pid;
    count++;
  }
  return count;
}

baro_status baro_followers_process(const baro_followers *followers, pid_t pid,
                                   uint32_t *ret_process) {
  const follower *item = find_follower(followers, pid);
  if (item != NULL && item->target != NULL) {
    *ret_process = baro_target_process(item->target);
    return BARO_OK;
  }
  if (item != NULL ? item->noted || has_ended(item)
                   : !followers->options.follow_children || !baro_process_exists(pid))
    return BARO_NOT_FOUND;
  return BARO_AGAIN;
}

baro_status baro_followers_thread(const baro_followers *followers, pid_t pid, pid_t tid,
                                  uint32_t *ret_thread) {
  const follower *item = find_follower(followers, pid);
  if (item == NULL || item->target == NULL)
    return BARO_NOT_FOUND;
  return baro_target_thread(item->target, tid, ret_thread) ? BARO_OK : BARO_AGAIN;
}

uint32_t baro_followers_active(const baro_followers *followers) {
  uint32_t active = 0;
  for (uint32_t i = 0; i < followers->count; i++)
    active += followers->items[i].target != NULL;
  return active;
}

bool baro_followers_root_ended(const baro_followers *followers) {
  return followers->root_ended;
}

void baro_followers_sum(const baro_followers *followers, baro_followers_totals *ret_totals) {
  *ret_totals = followers->ended;
  for (uint32_t i = 0; i < followers->count; i++)
    if (followers->items[i].target != NULL)
      add_target_totals(ret_totals, followers->items[i].target);
}
