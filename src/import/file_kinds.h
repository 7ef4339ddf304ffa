/* What a file that no importer takes seems to be, so that its user knows which one they meant. Guesses, by the first bytes. */
#ifndef BARO_IMPORT_FILE_KINDS_H
#define BARO_IMPORT_FILE_KINDS_H

#include "base/bytes.h"

/* "a zip archive"; static. NULL: nothing that is known. */
const char *baro_file_kind(baro_view bytes);

#endif
