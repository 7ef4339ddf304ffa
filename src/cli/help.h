/* Help made from the command rows: the list of commands and one page a command.
 * All return the exit status. */
#ifndef BARO_CLI_HELP_H
#define BARO_CLI_HELP_H

#include "cli/commands.h"

/* The list of commands on stdout: `barograph help`. */
int baro_help_all(void);
/* The same on stderr for a call without a command; BARO_EXIT_USAGE. */
int baro_help_short(void);
/* Usage, description, options and examples of one command on stdout. */
int baro_help_command(const baro_command *command);

#endif
