/* A command that writes a file and is ended by a signal (Ctrl-C, kill, a closed terminal) removes it, says so in one line, and ends as
 * by that signal. What is ignored (nohup, a job in the background) stays ignored.
 * For one file and one thread: signal handlers have no context argument. */
#ifndef BARO_CLI_UNFINISHED_H
#define BARO_CLI_UNFINISHED_H

#include <stdbool.h>

/* From here on. line: static, what is said, with its newline; clears: a line of progress may stand on the terminal. */
void baro_unfinished_catch(const char *line, bool clears);
/* The file that is to be removed; its path is copied. NULL: there is none any more, and a signal comes too late. */
void baro_unfinished_file(const char *path);

#endif
