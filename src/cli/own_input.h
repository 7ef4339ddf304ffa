/* What a shell was told to send into the very file that a command reads: `barograph export --to pprof r.baro >> r.baro` wrote behind
 * the recording's last chunk, and it was damaged. A file named by -o is looked at where it is made (base/os_whole_file.h).
 * Flow: the files a call reads, standard output, standard error -> one line, before anything is read or written. */
#ifndef BARO_CLI_OWN_INPUT_H
#define BARO_CLI_OWN_INPUT_H

#include "cli/commands.h"

/* BARO_EXIT_OK where neither stream is a file that the call reads; else the status of an error. The line goes to the stream that is
 * no such file; where both are, nothing can be said. Commands that read no file pass. */
int baro_own_input_check(const baro_call *call);

#endif
