/* A command that writes a file and is ended by a signal (Ctrl-C, kill, a closed terminal) removes it, says so in one line, and ends as
 * by that signal: by any that others send to end a program. What is ignored (nohup, a job in the background) stays ignored.
 * Not by a crash (SIGSEGV, SIGABRT, …): what the path says then is no longer sure, and debuggers and sanitizers have those signals.
 * For one file and one thread: signal handlers have no context argument. */
#ifndef BARO_CLI_UNFINISHED_H
#define BARO_CLI_UNFINISHED_H

#include <stdbool.h>

/* From here on; a limit of the file's size (ulimit -f) is an error of writing, as a full disk is. line: static, what is said, with its newline; clears: a line of progress may stand on the terminal. */
void baro_unfinished_catch(const char *line, bool clears);
/* The same where path is to be a file; what goes to standard output, a pipe or a device ends as other programs do. */
void baro_unfinished_catch_at(const char *path, const char *line);
/* The file that is to be removed; its path is copied. NULL: there is none any more, and a signal comes too late. */
void baro_unfinished_file(const char *path);
/* The folder that was made for that file alone, and goes with it; its path is borrowed. NULL: there is none. */
void baro_unfinished_folder(const char *path);

#endif
