#include "cli/open_browser.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/os_process.h"

enum { WORDS_MAX = 32, COMMAND_BYTES = 4096, LOOK_MS = 20 };

static bool is_set(const char *name) {
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0';
}

/* xdg-open without a desktop would start a browser of the terminal, or nothing. */
static const char *browsers(void) {
  if (is_set("BROWSER"))
    return getenv("BROWSER");
  return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") ? "xdg-open" : NULL;
}

baro_status baro_browser_look(baro_error *err) {
  if (browsers() != NULL)
    return BARO_OK;
  return baro_error_set(err, BARO_NOT_FOUND,
                        "no browser to open the page in (there is no desktop, and BROWSER is not "
                        "set); give -o OUT.html");
}

/* Words of one browser's command, with the file in its place; false where it has none, or too many. */
static bool split(char *command, char *path, char **words) {
  static char marker[] = "%s";
  size_t count = 0;
  bool placed = false;
  char *rest = NULL;
  for (char *word = strtok_r(command, " \t", &rest); word != NULL;
       word = strtok_r(NULL, " \t", &rest)) {
    if (count + 2 >= WORDS_MAX)
      return false;
    bool is_place = strcmp(word, marker) == 0;
    placed = placed || is_place;
    words[count++] = is_place ? path : word;
  }
  if (count == 0)
    return false;
  if (!placed)
    words[count++] = path;
  words[count] = NULL;
  return true;
}

/* Whether it took the file: it ended well, or goes on. */
static bool try_browser(char *command, char *path) {
  char *words[WORDS_MAX];
  pid_t pid;
  if (!split(command, path, words) || baro_process_spawn(words, &pid, NULL) != BARO_OK)
    return false;
  const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
  int wait_status = 0;
  for (int waited_ms = 0; waited_ms < BARO_BROWSER_PATIENCE_MS; waited_ms += LOOK_MS) {
    if (baro_process_reap(pid, &wait_status))
      return wait_status == 0;
    (void)nanosleep(&pause, NULL);
  }
  return true;
}

baro_status baro_browser_open(const char *path, baro_error *err) {
  const char *list = browsers();
  char commands[COMMAND_BYTES], file[COMMAND_BYTES];
  baro_status status = baro_browser_look(err);
  if (status != BARO_OK)
    return status;
  if (strlen(list) >= sizeof(commands) || strlen(path) >= sizeof(file))
    return baro_error_set(err, BARO_LIMIT, "the names of browser or page are too long");
  strcpy(commands, list);
  strcpy(file, path);
  char *rest = NULL;
  for (char *command = strtok_r(commands, ":", &rest); command != NULL;
       command = strtok_r(NULL, ":", &rest)) {
    if (try_browser(command, file))
      return BARO_OK;
  }
  return baro_error_set(err, BARO_NOT_FOUND, "no browser took the page (tried: %s)", list);
}
