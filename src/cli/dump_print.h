/* Prints the stacks of a process, as text and as JSON (schema "barograph.dump/1", documented in
 * docs/commands/dump.md). Stands here and not in src/show because a dump is no profile: it comes
 * straight from src/capture, which src/show does not know. */
#ifndef BARO_CLI_DUMP_PRINT_H
#define BARO_CLI_DUMP_PRINT_H

#include "base/bytes.h"
#include "capture/sampler/dump.h"
#include "show/stream.h"
#include "show/terminal.h"

/* directory, home: files below them are shown relative to them; may be NULL. */
void baro_dump_print_text(const baro_dump *dump, const char *directory, const char *home,
                          const baro_terminal *terminal, baro_buffer *out);
void baro_dump_print_json(const baro_dump *dump, baro_stream *output);

#endif
