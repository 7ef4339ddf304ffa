/* barograph completion bash|zsh: completion scripts made from the command rows. */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/completion.h"

static int run(const baro_call *call) {
  const char *shell = call->operands[0];
  baro_buffer out = {0};
  if (strcmp(shell, "bash") == 0)
    baro_completion_bash(&out);
  else if (strcmp(shell, "zsh") == 0)
    baro_completion_zsh(&out);
  else
    return baro_cli_fail("completion: '%s' is none of: bash, zsh", shell);
  int status = baro_cli_print(&out);
  baro_buffer_release(&out);
  return status;
}

const baro_command baro_command_completion = {
    .name = "completion",
    .summary = "print a completion script for bash or zsh",
    .usage = "bash|zsh",
    .description = "Prints a script that lets the shell complete the commands, options and "
                   "arguments of barograph. It is made from the same table as this help.",
    .examples = "  eval \"$(barograph completion bash)\"      # in ~/.bashrc\n"
                "  eval \"$(barograph completion zsh)\"       # in ~/.zshrc, after compinit\n",
    .operands_at_least = 1,
    .operands_at_most = 1,
    .operand_completion = BARO_COMPLETE_WORDS,
    .operand_words = "bash|zsh",
    .run = run,
};
