#include "base/os_memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/uio.h>

static baro_status fail(pid_t pid, const baro_range *ranges, size_t count, size_t good,
                        int errno_value, baro_error *err) {
  uint64_t addr = count > 0 ? ranges[0].remote_addr : 0;
  for (size_t i = 0; i < count && good >= ranges[i].length; i++) {
    good -= ranges[i].length;
    addr = i + 1 < count ? ranges[i + 1].remote_addr : addr;
  }
  if (errno_value == EFAULT || errno_value == EIO || errno_value == 0) {
    if (err == NULL)
      return BARO_INVALID;
    return baro_error_set(err, BARO_INVALID, "memory of process %d at 0x%" PRIx64 " is not mapped",
                          (int)pid, addr);
  }
  if (err == NULL) {
    return errno_value == ESRCH                            ? BARO_GONE
           : errno_value == EPERM || errno_value == EACCES ? BARO_NO_PERMISSION
                                                           : BARO_IO;
  }
  return baro_error_set_errno(err, errno_value, "read memory of process %d at 0x%" PRIx64, (int)pid,
                              addr);
}

baro_status baro_memory_read_batch(pid_t pid, const baro_range *ranges, size_t count,
                                   size_t *ret_good_bytes, baro_error *err) {
  struct iovec local[BARO_REMOTE_BATCH];
  struct iovec remote[BARO_REMOTE_BATCH];
  size_t wanted = 0;
  if (count > BARO_REMOTE_BATCH)
    return baro_error_set(err, BARO_LIMIT, "%zu memory ranges in one batch, at most %d", count,
                          BARO_REMOTE_BATCH);
  for (size_t i = 0; i < count; i++) {
    local[i] = (struct iovec){.iov_base = ranges[i].local, .iov_len = ranges[i].length};
    /* The cast makes a remote address out of an integer; it is never dereferenced here. */
    remote[i] = (struct iovec){.iov_base = (void *)(uintptr_t)ranges[i].remote_addr,
                               .iov_len = ranges[i].length};
    wanted += ranges[i].length;
  }
  ssize_t got;
  do {
    got = process_vm_readv(pid, local, count, remote, count, 0);
  } while (got < 0 && errno == EINTR);
  int errno_value = got < 0 ? errno : 0;
  size_t good = got < 0 ? 0 : (size_t)got;
  if (ret_good_bytes != NULL)
    *ret_good_bytes = good;
  if (good == wanted && got >= 0)
    return BARO_OK;
  return fail(pid, ranges, count, good, errno_value, err);
}

baro_status baro_memory_read(pid_t pid, uint64_t remote_addr, void *local, size_t length,
                             baro_error *err) {
  baro_range range = {.remote_addr = remote_addr, .local = local, .length = length};
  return baro_memory_read_batch(pid, &range, 1, NULL, err);
}

baro_status baro_memory_read_u64(pid_t pid, uint64_t remote_addr, uint64_t *ret_value,
                                 baro_error *err) {
  uint64_t value = 0;
  baro_status status = baro_memory_read(pid, remote_addr, &value, sizeof value, err);
  if (status == BARO_OK)
    *ret_value = value;
  return status;
}
