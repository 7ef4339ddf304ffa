#include "cli/commands.h"

#include <string.h>

const baro_command *const baro_commands[] = {
    &baro_command_record,
    &baro_command_import,
    &baro_command_report,
    &baro_command_explain,
    &baro_command_diff,
    &baro_command_predict,
    &baro_command_view,
    &baro_command_export,
    &baro_command_dump,
    &baro_command_doctor,
    &baro_command_help,
    &baro_command_completion,
    NULL,
};

const char *baro_call_input(const baro_call *call, int index) {
  baro_completion kind = call->command->operand_completion;
  if (kind != BARO_COMPLETE_RECORDING && kind != BARO_COMPLETE_FILE)
    return NULL;
  if (call->operand_count == 0)
    return index == 0 && kind == BARO_COMPLETE_RECORDING ? "barograph.baro" : NULL;
  return index < call->operand_count ? call->operands[index] : NULL;
}

const baro_command *baro_command_find(const char *name) {
  for (size_t i = 0; baro_commands[i] != NULL; i++) {
    if (strcmp(baro_commands[i]->name, name) == 0)
      return baro_commands[i];
  }
  return NULL;
}

static const char *command_name(const void *context, size_t index) {
  (void)context;
  return baro_commands[index] != NULL ? baro_commands[index]->name : NULL;
}

const char *baro_command_suggest(const char *name) {
  return baro_suggest(name, command_name, NULL);
}
