/* Statuses and error messages.
 * Flow: the function that detects a failure writes the message with baro_error_set; callers may
 * put context before it with baro_error_prefix ("attach 4312: read runtime: ..."). Statuses are
 * for decisions (retry, degrade, refuse), messages for people.
 * Invariants: BARO_OK is 0; a message is one line without a trailing newline.
 * Runs anywhere, allocates nothing, never prints, never exits. */
#ifndef BARO_BASE_STATUS_H
#define BARO_BASE_STATUS_H

#define BARO_MUST_USE __attribute__((warn_unused_result))
#define BARO_PRINTF(format_index, first_argument)                                                  \
  __attribute__((format(printf, format_index, first_argument)))
#define BARO_CLEANUP(function) __attribute__((cleanup(function)))

/* name, words for people */
#define BARO_STATUS_LIST(X)                                                                        \
  X(OK, "ok")                                                                                      \
  X(INVALID, "invalid input")     /* bytes or values that break their own rules */                 \
  X(CORRUPT, "corrupt recording") /* checksum or structure of our own files */                     \
  X(TRUNCATED, "truncated")       /* ends early; what came before is good */                       \
  X(UNSUPPORTED, "not supported") /* understood, but not handled here */                           \
  X(NOT_FOUND, "not found")                                                                        \
  X(NO_PERMISSION, "not permitted")                                                                \
  X(NO_SPACE, "no space left")                                                                     \
  X(NO_MEMORY, "out of memory")                                                                    \
  X(IO, "input/output error")                                                                      \
  X(GONE, "target is gone") /* the process or thread ended */                                      \
  X(AGAIN, "try again")     /* inconsistent just now; a retry may work */                          \
  X(LIMIT, "limit exceeded")                                                                       \
  X(USAGE, "bad usage") /* command line */                                                         \
  X(INTERRUPTED, "interrupted")

typedef enum baro_status {
#define X(name, text) BARO_##name,
  BARO_STATUS_LIST(X)
#undef X
} baro_status;

enum { BARO_ERROR_MESSAGE_BYTES = 512 };

typedef struct baro_error {
  baro_status status;
  char message[BARO_ERROR_MESSAGE_BYTES]; /* NUL-terminated, cut with "..." when too long */
} baro_error;

/* Words for a status, static storage. */
const char *baro_status_text(baro_status status);

/* Writes status and message into err (may be NULL) and returns status, so that failing is one line:
 *   return baro_error_set(err, BARO_INVALID, "chunk %u: length %u", index, length);
 * Control characters in the message are replaced by '?': messages may quote hostile names. */
baro_status baro_error_set(baro_error *err, baro_status status, const char *format, ...)
    BARO_PRINTF(3, 4);

/* As baro_error_set, with ": " and strerror(errno_value) appended; status is chosen from the errno
 * (EACCES/EPERM -> NO_PERMISSION, ENOENT -> NOT_FOUND, ESRCH -> GONE, ENOSPC/EDQUOT/EFBIG -> NO_SPACE,
 * ENOMEM -> NO_MEMORY, EINTR -> INTERRUPTED, other -> IO). */
baro_status baro_error_set_errno(baro_error *err, int errno_value, const char *format, ...)
    BARO_PRINTF(3, 4);

/* Puts context before an existing message; keeps the status. Returns err's status (or status_now if
 * err is NULL). */
baro_status baro_error_prefix(baro_error *err, baro_status status_now, const char *format, ...)
    BARO_PRINTF(3, 4);

#endif
