/* A log that comes through a pipe: `zcat log.gz | barograph import -`, `barograph import <(zcat log.gz)`.
 * Flow: pipe, terminal, standard input -> here -> baro_log_source -> log_input.
 * A pipe gives its bytes once, and an import reads the first of them several times, to find out what they are. So what was read is
 * kept until somebody knows, and given again from the beginning; nothing is written to a disk.
 * Invariant: while bytes are kept, a source may begin anew; behind baro_log_pipe_let_go one source reads it, once, and what was kept goes as it passes.
 * Memory: what is kept, at most BARO_LOG_PIPE_BYTES_MAX; then nothing. One thread; blocks on the pipe. */
#ifndef BARO_IMPORT_LOG_PIPE_H
#define BARO_IMPORT_LOG_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "import/log_input.h"

#define BARO_LOG_PIPE_BYTES_MAX ((size_t)2 << 30)

typedef struct baro_log_pipe {
  int file;         /* owned; -1: none */
  baro_buffer kept; /* owned; its first bytes */
  uint64_t passed;  /* how many came out of it */
  bool is_let_go;   /* what comes is not kept any more */
  bool has_ended;
} baro_log_pipe;

/* path: as baro_file_open_stream. */
baro_status baro_log_pipe_open(const char *path, baro_log_pipe *ret_pipe,
                               baro_error *err) BARO_MUST_USE;
void baro_log_pipe_close(baro_log_pipe *pipe);
/* The pipe is borrowed. Reading is BARO_LIMIT where more would have to be kept than may be. */
baro_log_source baro_log_source_of_pipe(baro_log_pipe *pipe);
/* It is known what it is: the next source is the last one. */
void baro_log_pipe_let_go(baro_log_pipe *pipe);
/* All of it, which is the caller's then, and no source's any more. Statuses of reading. */
baro_status baro_log_pipe_take(baro_log_pipe *pipe, baro_buffer *ret_bytes,
                               baro_error *err) BARO_MUST_USE;

#endif
