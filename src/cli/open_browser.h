/* Shows a file in the user's browser.
 * The programs of BROWSER (a list as Python's webbrowser and others read it: NAMES separated by colons, words by spaces,
 * "%s" where the file goes) one after the other until one takes it; without BROWSER xdg-open, on a desktop. */
#ifndef BARO_CLI_OPEN_BROWSER_H
#define BARO_CLI_OPEN_BROWSER_H

#include <stdbool.h>

#include "base/status.h"

/* Whether there is anything to try; if not, what would have to be. */
baro_status baro_browser_look(baro_error *err) BARO_MUST_USE;
/* NOT_FOUND when none could be started or all said within BARO_BROWSER_PATIENCE_MS that they could not; a browser that is
 * still there then is left running. */
baro_status baro_browser_open(const char *path, baro_error *err) BARO_MUST_USE;

enum { BARO_BROWSER_PATIENCE_MS = 3000 };

#endif
