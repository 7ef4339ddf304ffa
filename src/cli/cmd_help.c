/* barograph help [COMMAND] */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/help.h"

static int run(const baro_call *call) {
  if (call->operand_count == 0)
    return baro_help_all();
  const char *name = call->operands[0];
  const baro_command *command = baro_command_find(name);
  if (command != NULL)
    return baro_help_command(command);
  const char *suggestion = baro_command_suggest(name);
  if (suggestion != NULL)
    return baro_cli_fail("help: unknown command '%s'; did you mean '%s'?", name, suggestion);
  return baro_cli_fail("help: unknown command '%s'; see: barograph help", name);
}

const baro_command baro_command_help = {
    .name = "help",
    .summary = "print the commands, or the help of one",
    .usage = "[COMMAND]",
    .description = "Prints the list of commands, or the usage, options and examples of COMMAND.",
    .operands_at_most = 1,
    .operand_completion = BARO_COMPLETE_TOPIC,
    .run = run,
};
