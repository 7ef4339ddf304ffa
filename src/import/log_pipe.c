#include "import/log_pipe.h"

#include <assert.h>
#include <string.h>

#include "base/os_file.h"

enum { READ_BYTES = 256 * 1024 };

baro_status baro_log_pipe_open(const char *path, baro_log_pipe *ret_pipe, baro_error *err) {
  *ret_pipe = (baro_log_pipe){.file = -1};
  return baro_file_open_stream(path, &ret_pipe->file, err);
}

void baro_log_pipe_close(baro_log_pipe *pipe) {
  if (pipe->file >= 0) {
    baro_status closed = baro_file_close(pipe->file, NULL);
    (void)closed; /* it was only read */
  }
  baro_buffer_release(&pipe->kept);
  *pipe = (baro_log_pipe){.file = -1};
}

void baro_log_pipe_let_go(baro_log_pipe *pipe) {
  pipe->is_let_go = true;
}

/* What comes next; a terminal that ended once is not asked again. */
static baro_status read_on(baro_log_pipe *pipe, uint8_t *data, size_t length, size_t *ret_length,
                           baro_error *err) {
  *ret_length = 0;
  if (pipe->has_ended || length == 0) {
    return BARO_OK;
  }
  baro_status status = baro_file_read_on(pipe->file, data, length, ret_length, err);
  if (status != BARO_OK) {
    return status;
  }
  pipe->has_ended = *ret_length < length;
  pipe->passed += *ret_length;
  return BARO_OK;
}

/* Takes a step of bytes into what is kept. */
static baro_status keep_on(baro_log_pipe *pipe, size_t length, size_t *ret_length,
                           baro_error *err) {
  *ret_length = 0;
  baro_buffer *kept = &pipe->kept;
  if (length > BARO_LOG_PIPE_BYTES_MAX - kept->length) {
    return baro_error_set(err, BARO_LIMIT, "more than %zu MiB through a pipe",
                          BARO_LOG_PIPE_BYTES_MAX >> 20);
  }
  if (!baro_buffer_reserve(kept, length)) {
    kept->failed = false; /* nothing was dropped */
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_status status = read_on(pipe, kept->data + kept->length, length, ret_length, err);
  kept->length += status == BARO_OK ? *ret_length : 0;
  return status;
}

static size_t copy_kept(const baro_log_pipe *pipe, uint64_t offset, uint8_t *data, size_t length) {
  size_t there = offset < pipe->kept.length ? pipe->kept.length - (size_t)offset : 0;
  size_t count = there < length ? there : length;
  if (count != 0) {
    memcpy(data, pipe->kept.data + offset, count);
  }
  return count;
}

static baro_status read_pipe(void *context, uint64_t offset, void *data, size_t length,
                             size_t *ret_length, baro_error *err) {
  baro_log_pipe *pipe = context;
  size_t done = copy_kept(pipe, offset, data, length);
  size_t came = 0;
  baro_status status = BARO_OK;
  if (!pipe->is_let_go && done < length) {
    status = keep_on(pipe, length - done, &came, err);
    done += copy_kept(pipe, offset + done, (uint8_t *)data + done, length - done);
  } else if (done < length) {
    assert(offset + done == pipe->passed); /* what has gone does not come again */
    baro_buffer_release(&pipe->kept);
    status = read_on(pipe, (uint8_t *)data + done, length - done, &came, err);
    done += came;
  }
  *ret_length = done;
  return status;
}

baro_log_source baro_log_source_of_pipe(baro_log_pipe *pipe) {
  return (baro_log_source){.read = read_pipe, .context = pipe};
}

baro_status baro_log_pipe_take(baro_log_pipe *pipe, baro_buffer *ret_bytes, baro_error *err) {
  while (!pipe->has_ended) {
    size_t came;
    baro_status status = keep_on(pipe, READ_BYTES, &came, err);
    if (status != BARO_OK) {
      return status;
    }
  }
  *ret_bytes = pipe->kept;
  pipe->kept = (baro_buffer){0};
  return BARO_OK;
}
