/* The bytes of a log, whatever they are packed in: plain text, gzip, zstd, and what Spark's other codecs write
 * (lz4-java's LZ4Block, snappy-java's stream, compress-lzf).
 * Flow: file -> baro_log_source -> here -> json_lines. What it is, is told by its first bytes, never by its name.
 * Invariants: bytes come in order through bounded memory (a block of at most BARO_LOG_BLOCK_BYTES_MAX, packed and
 * unpacked; zstd's window of at most 128 MiB); nothing is taken because a length claims it, only as bytes arrive.
 * Logs of killed programs end in the middle, and that is no failure: all bytes before the first that cannot be unpacked are
 * given, then there are none, and baro_log_input_ending says what was there.
 * One thread at a time; blocks on its source only. Does not know lines, or files that make up one log (log_files.h). */
#ifndef BARO_IMPORT_LOG_INPUT_H
#define BARO_IMPORT_LOG_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* As lz4-java itself allows; Spark's default is 32 KiB. */
enum { BARO_LOG_BLOCK_BYTES_MAX = 32 << 20 };

/* Where packed bytes come from: as baro_file_read_at. ret_length below length: that is the end. */
typedef struct baro_log_source {
  baro_status (*read)(void *context, uint64_t offset, void *data, size_t length, size_t *ret_length,
                      baro_error *err);
  void *context; /* borrowed */
} baro_log_source;

/* file is borrowed, and stays where it is for as long as the source is used. */
baro_log_source baro_log_source_of_file(int *file);
baro_log_source baro_log_source_of_bytes(baro_view *bytes);

typedef struct baro_log_input baro_log_input;

/* Looks at the first bytes. BARO_UNSUPPORTED: no text, and packed in nothing that is known; the message says what it looks
 * like. BARO_NO_MEMORY, or what the source says. */
baro_status baro_log_input_create(const baro_log_source *source, baro_log_input **ret_input,
                                  baro_error *err) BARO_MUST_USE;
void baro_log_input_destroy(baro_log_input *input);

/* "plain", "gzip" ...; static. */
const char *baro_log_input_packing(const baro_log_input *input);

/* The next bytes, at most room (not 0) of them; 0: there are no more. */
size_t baro_log_input_read(baro_log_input *input, uint8_t *data, size_t room);

/* How it ended, once read gave 0; before, BARO_OK. BARO_OK: as it should. BARO_TRUNCATED: in the middle of something, or
 * without the mark of its end. BARO_INVALID: damaged. BARO_LIMIT: a block bigger than the bound. BARO_NO_MEMORY, BARO_IO ...:
 * could not be read on. The message has the offset in the file. */
baro_status baro_log_input_ending(const baro_log_input *input, baro_error *err) BARO_MUST_USE;
/* Of the file, that were unpacked. */
uint64_t baro_log_input_packed_bytes(const baro_log_input *input);
uint64_t baro_log_input_plain_bytes(const baro_log_input *input);

#endif
