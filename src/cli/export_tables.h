/* barograph export --to parquet|delta: becomes the Python that the program is installed with, which writes the tables
 * (python/barograph/tables.py). They need libraries that only Python has; nothing of a profile is read here. */
#ifndef BARO_CLI_EXPORT_TABLES_H
#define BARO_CLI_EXPORT_TABLES_H

#include <stdbool.h>

/* Does not return where a Python was found: the process is that Python then. Else an exit status, after one line. */
int baro_export_tables(const char *format, const char *folder, const char *recording, bool source);

#endif
