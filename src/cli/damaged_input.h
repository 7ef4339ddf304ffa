/* What of a damaged recording can be read looks whole in numbers, files and pages: one line on standard error says that it is not. */
#ifndef BARO_CLI_DAMAGED_INPUT_H
#define BARO_CLI_DAMAGED_INPUT_H

#include <stdbool.h>

#include "profile/profile.h"

/* "COMMAND: PATH is damaged: ..."; nothing where all is well. */
void baro_damaged_input_say(const char *command, const baro_profile *profile, const char *path);

/* Whether a recording that has nothing may have had something. */
bool baro_damaged_input_is(const baro_profile *profile);

#endif
