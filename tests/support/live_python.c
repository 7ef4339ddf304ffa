#include "support/live_python.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/os_proc.h"

enum { READY_TIMEOUT_MS = 60 * 1000, STOP_TIMEOUT_MS = 3000 };

enum { FOLDERS_MAX = 256, FOLDER_BYTES = 256 };

/* What live_folder made, to be removed when the test program ends, however its cases went. */
static char folders[FOLDERS_MAX][FOLDER_BYTES];
static size_t folder_count;
static pid_t folder_owner; /* children that a case forks leave them alone */

static void remove_folders(void) {
  for (size_t i = 0; i < folder_count && getpid() == folder_owner; i++) {
    char command[FOLDER_BYTES + 32];
    snprintf(command, sizeof command, "rm -rf -- '%.255s'", folders[i]);
    if (system(command) != 0)
      fprintf(stderr, "live_python: %s failed\n", command);
  }
  folder_count = 0;
}

static _Noreturn void give_up(void) {
  remove_folders(); /* abort runs nothing of atexit */
  abort();
}

static void die(const char *what) {
  fprintf(stderr, "live_python: %s: %s\n", what, strerror(errno));
  give_up();
}

void live_cannot(const char *what, const char *why) {
  const char *ci = getenv("CI");
  fprintf(stderr, "# not run: %s: %s\n", what, why);
  if (ci != NULL && strcmp(ci, "true") == 0)
    give_up();
}

size_t live_pythons(live_python pythons[LIVE_PYTHON_MAX]) {
  size_t count = 0;
  char line[1024];
  FILE *list =
      popen("python3 '" BARO_SOURCE_ROOT "/tools/find_pythons.py' 2>/dev/null; "
            "python3 '" BARO_SOURCE_ROOT "/tools/find_pythons.py' --missing | sed 's/^/missing /'",
            "r");
  if (list == NULL)
    die("tools/find_pythons.py");
  while (fgets(line, sizeof line, list) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *tab = strchr(line, '\t');
    if (strncmp(line, "missing ", 8) == 0) {
      live_cannot(line + 8, "no such Python here; tools/get_pythons.sh fetches it");
    } else if (tab != NULL && count < LIVE_PYTHON_MAX) {
      *tab = '\0';
      snprintf(pythons[count].version, sizeof pythons[count].version, "%.15s", line);
      snprintf(pythons[count].path, sizeof pythons[count].path, "%.511s", tab + 1);
      count++;
    }
  }
  pclose(list);
  if (count == 0) {
    fprintf(stderr, "live_python: no Python at all\n");
    give_up();
  }
  return count;
}

live_target live_start_only(const char *const *argv) {
  live_target target = {.input = -1};
  int input[2];
  if (pipe2(input, O_CLOEXEC) != 0)
    die("pipe");
  target.pid = fork();
  if (target.pid < 0)
    die("fork");
  if (target.pid == 0) {
    dup2(input[0], STDIN_FILENO);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    fprintf(stderr, "live_python: %s: %s\n", argv[0], strerror(errno));
    _exit(127);
  }
  close(input[0]);
  target.input = input[1];
  return target;
}

static void read_output(live_target *target, int output, const char *name) {
  size_t length = 0;
  size_t capacity = 1 << 16;
  target->output = malloc(capacity);
  if (target->output == NULL)
    die("malloc");
  target->output[0] = '\0';
  for (;;) {
    struct pollfd ready = {.fd = output, .events = POLLIN};
    if (poll(&ready, 1, READY_TIMEOUT_MS) <= 0)
      die(name);
    ssize_t got = read(output, target->output + length, capacity - length - 1);
    if (got <= 0) {
      fprintf(stderr, "live_python: %s ended before it was ready; it wrote: %.500s\n", name,
              target->output);
      give_up();
    }
    length += (size_t)got;
    target->output[length] = '\0';
    if (length >= 6 && strcmp(target->output + length - 6, "ready\n") == 0)
      return;
    if (capacity - length < 4096) {
      capacity *= 2;
      target->output = realloc(target->output, capacity);
      if (target->output == NULL)
        die("realloc");
    }
  }
}

/* "ready" is written shortly before the target waits: all of its threads must have come to sleep, twice in a row. */
static void await_rest(pid_t pid) {
  baro_pid_list tasks = {0};
  int quiet = 0;
  for (int waited = 0; quiet < 2 && waited < READY_TIMEOUT_MS; waited += 5) {
    bool asleep = baro_proc_list_tasks(pid, &tasks, NULL) == BARO_OK;
    for (size_t i = 0; i < tasks.count && asleep; i++) {
      baro_task_stat stat;
      asleep = baro_proc_stat(pid, tasks.pids[i], &stat, NULL) == BARO_OK && stat.state == 'S';
    }
    quiet = asleep ? quiet + 1 : 0;
    nanosleep(&(struct timespec){.tv_nsec = 5 * 1000 * 1000}, NULL);
  }
  baro_pid_list_release(&tasks);
}

live_target live_start(const char *const *argv) {
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0)
    die("pipe");
  int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  fflush(stdout);
  dup2(output[1], STDOUT_FILENO);
  live_target target = live_start_only(argv);
  dup2(saved, STDOUT_FILENO);
  close(saved);
  close(output[1]);
  read_output(&target, output[0], argv[0]);
  close(output[0]);
  await_rest(target.pid);
  return target;
}

void live_stop(live_target *target) {
  if (target->input >= 0)
    close(target->input);
  target->input = -1;
  for (int waited = 0; target->pid > 0; waited += 2) {
    if (waitpid(target->pid, NULL, WNOHANG) != 0)
      break;
    if (waited > STOP_TIMEOUT_MS)
      kill(target->pid, SIGKILL);
    nanosleep(&(struct timespec){.tv_nsec = 2000 * 1000}, NULL);
  }
  free(target->output);
  *target = (live_target){.input = -1};
}

const char *live_program(const char *name) {
  static char path[1024];
  snprintf(path, sizeof path, "%s/tests/targets/%s", BARO_SOURCE_ROOT, name);
  return path;
}

const char *live_folder(void) {
  const char *base = getenv("TMPDIR");
  if (folder_count == FOLDERS_MAX)
    die("too many folders");
  char *path = folders[folder_count];
  snprintf(path, FOLDER_BYTES, "%s/baro-live-XXXXXX", base != NULL ? base : "/tmp");
  if (mkdtemp(path) == NULL)
    die(path);
  if (folder_owner == 0 && atexit(remove_folders) != 0)
    die("atexit");
  folder_owner = getpid();
  folder_count++;
  return path;
}
