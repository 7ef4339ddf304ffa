#include "capture/sampler/attachment.h"

#include "base/os_memory.h"

uint64_t baro_attachment_addr(const baro_layout *layout, uint64_t thread_addr) {
  uint32_t offset = layout->thread.attachment;
  return offset != BARO_ABSENT && thread_addr != 0 ? thread_addr + offset : 0;
}

static bool has_attachment(const baro_interpreter *interpreter, uint64_t thread_addr,
                           int32_t wanted) {
  int32_t attachment = 0;
  uint64_t addr = baro_attachment_addr(&interpreter->layout, thread_addr);
  return addr != 0 &&
         baro_memory_read(interpreter->pid, addr, &attachment, sizeof attachment, NULL) ==
             BARO_OK &&
         attachment == wanted;
}

bool baro_attachment_is_alone(const baro_interpreter *interpreter, uint64_t threads_addr,
                              uint64_t thread_addr) {
  uint64_t other_addr = threads_addr;
  if (!has_attachment(interpreter, thread_addr, BARO_ATTACHMENT_ATTACHED))
    return false;
  /* All are suspended or none is: one other thread tells of all. */
  if (other_addr == thread_addr &&
      baro_memory_read_u64(interpreter->pid, thread_addr + interpreter->layout.thread.next,
                           &other_addr, NULL) != BARO_OK)
    return false;
  return other_addr == 0 || has_attachment(interpreter, other_addr, BARO_ATTACHMENT_SUSPENDED);
}
