#include "cli/unfinished.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/os_file.h"
#include "show/stream_to_path.h"

enum { WAITING, WRITING, DONE };

/* What the handler needs; written before `state` says that it is there. */
static volatile sig_atomic_t state;
static char file_path[BARO_STAGED_PATH_BYTES];
static const char *volatile folder_path; /* NULL: none */
static const char *end_line;
static bool end_clears;

static void say(const char *text) {
  ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written; /* a terminal that is gone hears nothing */
}

/* Reset to its default by SA_RESETHAND: raised again, it ends the program as if nobody had caught it. */
static void on_signal(int number) {
  if (state == DONE)
    return;
  if (state == WRITING)
    (void)unlink(file_path);
  if (folder_path != NULL)
    (void)rmdir(folder_path);
  if (end_clears)
    say("\r\033[K");
  say(end_line);
  (void)raise(number);
}

void baro_unfinished_catch(const char *line, bool clears) {
  static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGPIPE,
                                SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
  end_line = line;
  end_clears = clears;
  (void)signal(SIGXFSZ, SIG_IGN);
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
    sigaddset(&action.sa_mask, signals[i]);
  for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
    struct sigaction before;
    if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
      (void)sigaction(signals[i], &action, NULL);
  }
}

void baro_unfinished_catch_at(const char *path, const char *line) {
  if (baro_path_is_standard_output(path) || baro_file_is_stream(path))
    (void)signal(SIGXFSZ, SIG_IGN);
  else
    baro_unfinished_catch(line, false);
}

void baro_unfinished_folder(const char *path) {
  folder_path = path;
}

void baro_unfinished_file(const char *path) {
  state = path == NULL ? DONE : WAITING;
  if (path == NULL)
    return;
  (void)snprintf(file_path, sizeof(file_path), "%s", path);
  state = WRITING;
}
