/* What every command needs of the terminal: one-line errors, checked output.
 * The only part of the program that prints; library code returns errors instead. */
#ifndef BARO_CLI_CLI_H
#define BARO_CLI_CLI_H

#include "base/bytes.h"
#include "base/status.h"
#include "cli/commands.h"
#include "show/stream.h"

/* Runs the program: argv as main gets it. Returns the exit status. */
int baro_cli_main(int argc, char **argv);

/* Prints "barograph: MESSAGE" as one line on stderr and returns BARO_EXIT_USAGE. Control characters
 * are shown as '?': messages may quote hostile names. */
int baro_cli_fail(const char *format, ...) BARO_PRINTF(1, 2);
/* The same with the message of err. */
int baro_cli_fail_with(const baro_error *err);
/* One line on stderr that is not an error: "barograph: ...". */
void baro_cli_say(const char *format, ...) BARO_PRINTF(1, 2);

/* Writes all of text to stdout and flushes. BARO_EXIT_OK, or prints why not (a full disk; the
 * buffer ran out of memory) and gives BARO_EXIT_USAGE. */
int baro_cli_print(const baro_buffer *text);
/* Finishes a stream into stdout (baro_sink_stream) and flushes; the same statuses. */
int baro_cli_finish(baro_stream *stream);

#endif
