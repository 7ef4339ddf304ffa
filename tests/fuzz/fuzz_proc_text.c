/* Texts of /proc that hold what a target chose: names in stat, paths in maps, links of descriptors; and the
 * other parsers beside them. The first byte chooses the parser. Besides memory errors: what a parser
 * accepts keeps its promises. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/os_fd.h"
#include "base/os_maps.h"
#include "base/os_proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
  if (!holds)
    abort();
}

static void check_stat(baro_view text) {
  baro_task_stat stat;
  if (baro_parse_stat(text, &stat) == BARO_OK)
    require(memchr(stat.comm, '\0', sizeof stat.comm) != NULL);
}

static void check_status(baro_view text) {
  baro_proc_status status;
  if (baro_parse_status(text, &status) == BARO_OK)
    require(status.namespace_pid_count <= BARO_NAMESPACE_DEPTH && status.process_pid > 0);
}

static void check_mapping(baro_view text) {
  char path[64];
  baro_mapping mapping;
  if (baro_parse_mapping(text, path, sizeof path, &mapping) != BARO_OK)
    return;
  require(mapping.start_addr < mapping.end_addr && mapping.path == path);
  require(memchr(path, '\0', sizeof path) != NULL);
}

static void check_threads(baro_view text) {
  baro_schedstat schedstat;
  baro_cpu_times times;
  baro_syscall_info info;
  require(baro_parse_schedstat(text, &schedstat) <= BARO_INVALID);
  require(baro_parse_cpu_times(text, &times) <= BARO_INVALID);
  if (baro_parse_syscall(text, &info) == BARO_OK)
    require((info.number >= 0) == (info.kind == BARO_SYSCALL_INSIDE));
}

static void check_descriptors(baro_view text) {
  baro_fd_info info;
  uint64_t inode;
  bool listening;
  if (!baro_parse_fd_link(text, &info))
    require(info.kind == BARO_FD_UNKNOWN);
  require(baro_fd_kind_text(baro_parse_socket_protocol(text)) != NULL);
  (void)baro_parse_inet_line(text, &inode, &listening);
  (void)baro_parse_unix_line(text, &inode, &listening);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const checks[])(baro_view) = {check_stat, check_status, check_mapping,
                                              check_threads, check_descriptors};
  if (size == 0)
    return 0;
  baro_view text = {.data = data + 1, .length = size - 1};
  checks[data[0] % (sizeof checks / sizeof checks[0])](text);
  return 0;
}
