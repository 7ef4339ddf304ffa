#include "cli/own_input.h"

#include <unistd.h>

#include "base/os_file.h"
#include "cli/cli.h"

/* The file that is read and that the stream leads into, or NULL. */
static const char *input_at(const baro_call *call, int stream) {
  const char *path;
  for (int index = 0; (path = baro_call_input(call, index)) != NULL; index++) {
    if (baro_file_is_at(stream, path))
      return path;
  }
  return NULL;
}

/* Of an empty file it is too late: a shell's > empties it before a program starts. */
static const char *harm_to(int stream) {
  baro_file_identity found;
  bool is_empty = baro_file_identify(stream, &found, NULL) == BARO_OK && found.bytes == 0;
  return is_empty ? "it is empty now, as > leaves a file" : "it would be damaged";
}

int baro_own_input_check(const baro_call *call) {
  const char *output = input_at(call, STDOUT_FILENO), *errors = input_at(call, STDERR_FILENO);
  if (output == NULL && errors == NULL)
    return BARO_EXIT_OK;
  const char *harm = harm_to(output == NULL ? STDERR_FILENO : STDOUT_FILENO);
  bool can_say =
      errors == NULL || (output == NULL && dup2(STDOUT_FILENO, STDERR_FILENO) == STDERR_FILENO);
  if (!can_say)
    return BARO_EXIT_USAGE;
  return baro_cli_fail("%s: standard %s is %s, which is to be read: %s; send it to another file",
                       call->command->name, output == NULL ? "error" : "output",
                       output == NULL ? errors : output, harm);
}
