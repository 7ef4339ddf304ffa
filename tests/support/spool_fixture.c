#include "support/spool_fixture.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os_folder.h"

static void require(int condition) {
  if (!condition)
    abort();
}

void spool_fixture_create(spool_fixture *spool) {
  strcpy(spool->path, "/tmp/barograph-test-spool-XXXXXX");
  require(mkdtemp(spool->path) != NULL);
  spool->folder = open(spool->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  require(spool->folder >= 0);
}

void spool_fixture_remove(spool_fixture *spool) {
  (void)close(spool->folder);
  baro_folder_remove(spool->path);
}

int spool_fixture_has(const spool_fixture *spool, const char *name) {
  return faccessat(spool->folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- definitions --- */

void spool_process_append(spool_process *process, baro_view bytes) {
  char name[64];
  snprintf(name, sizeof name, "%u-%llu.defs", process->pid, (unsigned long long)process->birth_ns);
  int file = openat(process->spool->folder, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  require(file >= 0);
  require(write(file, bytes.data, bytes.length) == (ssize_t)bytes.length);
  (void)close(file);
}

static void put_text(baro_buffer *fields, const char *text) {
  baro_write_u32(fields, (uint32_t)strlen(text));
  baro_write_text(fields, text);
}

/* Consumes fields, which begin with the kind. */
static void append_definition(spool_process *process, baro_buffer *fields) {
  baro_buffer whole = {0};
  baro_write_u32(&whole, (uint32_t)fields->length);
  baro_write_bytes(&whole, fields->data, fields->length);
  require(!whole.failed);
  spool_process_append(process, (baro_view){.data = whole.data, .length = whole.length});
  baro_buffer_release(&whole);
  baro_buffer_release(fields);
}

spool_process spool_process_create(const spool_fixture *spool, uint32_t pid, uint64_t birth_ns) {
  spool_process process = {.spool = spool, .pid = pid, .birth_ns = birth_ns};
  baro_buffer fields = {0};
  baro_write_u8(&fields, BARO_RING_DEFINE_PROCESS);
  baro_write_u32(&fields, pid);
  baro_write_u32(&fields, 1);
  put_text(&fields, "3.12.1");
  put_text(&fields, "python app.py");
  append_definition(&process, &fields);
  return process;
}

uint32_t spool_process_code(spool_process *process, const char *name, uint32_t flags) {
  baro_buffer fields = {0};
  baro_write_u8(&fields, BARO_RING_DEFINE_CODE);
  baro_write_u32(&fields, process->code_count);
  baro_write_u32(&fields, 10 + process->code_count);
  baro_write_u32(&fields, flags);
  put_text(&fields, name);
  put_text(&fields, name);
  put_text(&fields, "/app.py");
  put_text(&fields, "app");
  append_definition(process, &fields);
  return process->code_count++;
}

void spool_process_exception(spool_process *process, uint32_t id, const char *name) {
  baro_buffer fields = {0};
  baro_write_u8(&fields, BARO_RING_DEFINE_EXCEPTION);
  baro_write_u32(&fields, id);
  put_text(&fields, name);
  append_definition(process, &fields);
}

static void append_pair(spool_process *process, baro_ring_definition kind, const char *key,
                        const char *value) {
  baro_buffer fields = {0};
  baro_write_u8(&fields, (uint8_t)kind);
  put_text(&fields, key);
  put_text(&fields, value);
  append_definition(process, &fields);
}

void spool_process_note(spool_process *process, const char *key, const char *value) {
  append_pair(process, BARO_RING_DEFINE_NOTE, key, value);
}

void spool_process_fact(spool_process *process, const char *key, const char *value) {
  append_pair(process, BARO_RING_DEFINE_FACT, key, value);
}

/* --- rings --- */

static void write_at(int file, size_t offset, const void *data, size_t length) {
  require(pwrite(file, data, length, (off_t)offset) == (ssize_t)length);
}

spool_ring spool_ring_create(const spool_process *process, uint32_t serial, uint64_t capacity,
                             baro_ring_clock clock) {
  char name[80];
  baro_ring_head head;
  spool_ring ring = {.capacity = capacity};
  snprintf(name, sizeof name, "%u-%llu-%u.ring", process->pid,
           (unsigned long long)process->birth_ns, serial);
  ring.file = openat(process->spool->folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  require(ring.file >= 0);
  require(ftruncate(ring.file, (off_t)(BARO_RING_HEAD_BYTES + capacity * 16)) == 0);
  memset(&head, 0, sizeof head);
  head.magic = BARO_RING_MAGIC;
  head.head_bytes = BARO_RING_HEAD_BYTES;
  head.clock = clock;
  head.capacity = capacity;
  head.birth_monotonic_ns = process->birth_ns;
  head.os_pid = process->pid;
  head.os_tid = process->pid + serial;
  head.serial = serial;
  snprintf(head.name, sizeof head.name, "thread-%u", serial);
  write_at(ring.file, 0, &head, sizeof head);
  return ring;
}

void spool_ring_put(spool_ring *ring, uint64_t time, uint64_t word) {
  baro_ring_event event = {.time = time, .word = word};
  size_t slot = (size_t)(ring->head++ % ring->capacity);
  write_at(ring->file, BARO_RING_HEAD_BYTES + slot * sizeof event, &event, sizeof event);
}

void spool_ring_commit(spool_ring *ring) {
  spool_ring_set(ring, offsetof(baro_ring_head, head), ring->head);
}

void spool_ring_set(spool_ring *ring, size_t offset, uint64_t value) {
  /* `closed` is the only field of 32 bits that tests write. */
  size_t length = offset == offsetof(baro_ring_head, closed) ? 4 : 8;
  write_at(ring->file, offset, &value, length);
}

uint64_t spool_ring_get(const spool_ring *ring, size_t offset) {
  uint64_t value = 0;
  require(pread(ring->file, &value, sizeof value, (off_t)offset) == (ssize_t)sizeof value);
  return value;
}

void spool_ring_close(spool_ring *ring) {
  (void)close(ring->file);
  ring->file = -1;
}
