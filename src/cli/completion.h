/* Shell completion scripts made from the command rows. */
#ifndef BARO_CLI_COMPLETION_H
#define BARO_CLI_COMPLETION_H

#include "base/bytes.h"

/* Appends a script that completes `barograph` in bash (4.2 or later; needs no other package). */
void baro_completion_bash(baro_buffer *out);
/* The same for zsh (5.0 or later, after compinit). */
void baro_completion_zsh(baro_buffer *out);

#endif
