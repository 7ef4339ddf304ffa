/* Children that are given an environment of their own: they shall find the start-up hook, too.
 * A child that inherits the environment of the C library finds PYTHONPATH there as the recorder made it. One that is started
 * with env=dict(os.environ, ...) gets what the program sees, from which the hook took our folder; and subprocess gives
 * os.environ to posix_spawn even where nothing was said (3.13 and later). So the functions of C that start programs with an
 * environment are replaced by ones that put it back, if what they are given was made of our environment: those of posix
 * at once, the one of subprocess when that is imported, before it takes hold of it.
 * A recording that the program started itself has nothing in any environment: there every child is given it, whatever
 * environment it is to have. Those that inherit it from the C library alone (os.execv, os.system) are not followed then.
 * When the recording is over the functions do what the originals do.
 * In threads that have a thread state. Leaves no exception. */
#ifndef BARO_CAPTURE_AGENT_CHILDREN_H
#define BARO_CAPTURE_AGENT_CHILDREN_H

#include <Python.h>

#include <stdbool.h>

/* spool, startup: the directory and the hook's folder, copied. at_once: nobody will tell of imports. all: not only children
 * whose environment was made of ours. Without memory children are not followed. */
void baro_children_follow(const char *spool, const char *startup, bool at_once, bool all);
/* The module of this name is about to be executed. Anything but subprocess is passed over. */
void baro_children_see_import(const char *module);

#endif
