#include "cli/export_tables.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* Not -m: that would import a folder `barograph` of the working directory, and say what is missing in Python's words. */
static const char script[] =
    "import sys\n"
    "if sys.path[:1] == ['']:\n"
    "    del sys.path[0]\n"
    "try:\n"
    "    from barograph.tables import main\n"
    "except ImportError as error:\n"
    "    sys.stderr.write('barograph: export: %s has no package barograph that writes tables (%s); "
    "'\n"
    "                     'install barograph with pip\\n' % (sys.executable, error))\n"
    "    sys.exit(2)\n"
    "sys.exit(main())\n";

/* Folder of the program, with its slash; "" when it is not known. */
static void own_folder(char *ret_folder, size_t size) {
  ssize_t length = readlink("/proc/self/exe", ret_folder, size - 1);
  ret_folder[length > 0 ? length : 0] = '\0';
  char *slash = strrchr(ret_folder, '/');
  ret_folder[slash == NULL ? 0 : slash + 1 - ret_folder] = '\0';
}

int baro_export_tables(const char *format, const char *folder, const char *recording, bool source) {
  /* The one of the environment, whose bin/ both are in. `pip install --user` puts the program where no Python is. */
  char python[PATH_MAX + 16] = "";
  own_folder(python, PATH_MAX);
  (void)snprintf(python + strlen(python), 16, "python3");
  if (access(python, X_OK) != 0)
    (void)snprintf(python, sizeof(python), "python3");
  const char *const arguments[] = {python, "-c",   script, source ? "--source" : "--no-source",
                                   "--",   format, folder, recording,
                                   NULL};
  /* execvp promises not to write to them. */
  char *given[sizeof(arguments) / sizeof(arguments[0])];
  memcpy(given, arguments, sizeof(arguments));
  (void)execvp(python, given);
  return baro_cli_fail("export: %s needs Python: %s: %s", format, python, strerror(errno));
}
