#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *baro_status_text(baro_status status) {
  switch (status) {
#define X(name, text)                                                                              \
  case BARO_##name: return text;
    BARO_STATUS_LIST(X)
#undef X
  }
  return "unknown status";
}

/* One line, no escape sequences. Bytes above 0x7f stay: names are mostly UTF-8. */
static void message_clean(char *message) {
  for (char *at = message; *at != '\0'; at++) {
    unsigned char byte = (unsigned char)*at;
    if (byte < 0x20 || byte == 0x7f) {
      *at = '?';
    }
  }
}

/* length is what the whole text would need, as snprintf says; negative on a format error. */
static void message_finish(char *message, int length) {
  if (length < 0) {
    message[0] = '\0';
  } else if (length >= BARO_ERROR_MESSAGE_BYTES) {
    memcpy(message + BARO_ERROR_MESSAGE_BYTES - 4, "...", 4);
  }
  message_clean(message);
}

baro_status baro_error_set(baro_error *err, baro_status status, const char *format, ...) {
  if (err == NULL) {
    return status;
  }
  /* Formatted beside the target, so that an argument may point into the old message. */
  char message[BARO_ERROR_MESSAGE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(message, sizeof(message), format, arguments);
  va_end(arguments);
  message_finish(message, length);
  err->status = status;
  memcpy(err->message, message, sizeof(message));
  return status;
}

static baro_status status_of_errno(int errno_value) {
  switch (errno_value) {
  case EACCES:
  case EPERM: return BARO_NO_PERMISSION;
  case ENOENT: return BARO_NOT_FOUND;
  case ESRCH: return BARO_GONE;
  case ENOSPC:
  case EDQUOT:
  case EFBIG: return BARO_NO_SPACE;
  case ENOMEM: return BARO_NO_MEMORY;
  case EINTR: return BARO_INTERRUPTED;
  default: return BARO_IO;
  }
}

baro_status baro_error_set_errno(baro_error *err, int errno_value, const char *format, ...) {
  baro_status status = status_of_errno(errno_value);
  if (err == NULL) {
    return status;
  }
  char message[BARO_ERROR_MESSAGE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(message, sizeof(message), format, arguments);
  va_end(arguments);
  if (length >= 0 && length < BARO_ERROR_MESSAGE_BYTES) {
    /* The GNU strerror_r would need an #ifdef for musl; "%m" is the same text in both. */
    int errno_before = errno;
    errno = errno_value;
    int more = snprintf(message + length, sizeof(message) - (size_t)length, ": %m");
    errno = errno_before;
    length = more < 0 ? more : length + more;
  }
  message_finish(message, length);
  err->status = status;
  memcpy(err->message, message, sizeof(message));
  return status;
}

baro_status baro_error_prefix(baro_error *err, baro_status status_now, const char *format, ...) {
  if (err == NULL) {
    return status_now;
  }
  char message[BARO_ERROR_MESSAGE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(message, sizeof(message), format, arguments);
  va_end(arguments);
  if (length >= 0 && length < BARO_ERROR_MESSAGE_BYTES) {
    int more = snprintf(message + length, sizeof(message) - (size_t)length, ": %s", err->message);
    length = more < 0 ? more : length + more;
  }
  message_finish(message, length);
  memcpy(err->message, message, sizeof(message));
  return err->status;
}
