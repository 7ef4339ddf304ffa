/* A spool directory that says anything. The first byte chooses: odd, the rest is cut into a file of definitions and a ring,
 * byte for byte; even, definitions and rings are whole, and each four bytes are an event: thread and kind, id, time step,
 * frame (or detail). Between events the drain visits, rings are cut and heads moved. Whatever is there, the drain goes on,
 * and what it recorded is a recording that the reader accepts to its end. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/os_folder.h"
#include "capture/agent/ring.h"
#include "capture/drain.h"
#include "recording/output.h"
#include "recording/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { THREADS = 3, CAPACITY = 64, CODES = 6, PID = 1 << 22 };

static char path[64];
static int folder;
static baro_buffer recorded;
static uint64_t now_ns;

static void require(bool condition) {
  if (!condition)
    abort();
}

/* --- a recording in memory --- */

static baro_status write_bytes(void *context, uint64_t offset, baro_view bytes, baro_error *err) {
  (void)context;
  (void)err;
  require(offset <= recorded.length);
  recorded.length = (size_t)offset;
  baro_write_bytes(&recorded, bytes.data, bytes.length);
  return recorded.failed ? BARO_NO_MEMORY : BARO_OK;
}

static baro_status cut(void *context, uint64_t length, baro_error *err) {
  (void)context;
  (void)err;
  require(length <= recorded.length);
  recorded.length = (size_t)length;
  return BARO_OK;
}

static baro_status do_nothing(void *context, baro_error *err) {
  (void)context;
  (void)err;
  return BARO_OK;
}

/* --- the spool --- */

static int make_file(const char *name) {
  int file = openat(folder, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  require(file >= 0);
  return file;
}

static void write_at(int file, size_t offset, const void *data, size_t length) {
  require(pwrite(file, data, length, (off_t)offset) == (ssize_t)length);
}

static void put_text(baro_buffer *fields, const char *text) {
  baro_write_u32(fields, (uint32_t)strlen(text));
  baro_write_text(fields, text);
}

/* The length of what was begun at `start` is known now. */
static void end_definition(baro_buffer *all, size_t start) {
  uint32_t length = (uint32_t)(all->length - start - 4);
  memcpy(all->data + start, &length, sizeof length);
}

static void make_definitions(void) {
  baro_buffer all = {0};
  baro_write_u32(&all, 0);
  baro_write_u8(&all, BARO_RING_DEFINE_PROCESS);
  baro_write_u64(&all, PID);
  put_text(&all, "3.12.1");
  put_text(&all, "fuzz");
  end_definition(&all, 0);
  for (uint32_t i = 0; i < CODES; i++) {
    size_t start = all.length;
    baro_write_u32(&all, 0);
    baro_write_u8(&all, BARO_RING_DEFINE_CODE);
    baro_write_u32(&all, i);
    baro_write_u32(&all, i);
    baro_write_u32(&all, i < CODES / 2 ? 0 : 0x20); /* half are generators */
    for (int k = 0; k < 4; k++)
      put_text(&all, "name");
    end_definition(&all, start);
  }
  require(!all.failed);
  int file = make_file("4194304-1000.defs");
  write_at(file, 0, all.data, all.length);
  (void)close(file);
  baro_buffer_release(&all);
}

static int make_ring(unsigned serial) {
  char name[64];
  baro_ring_head head;
  snprintf(name, sizeof name, "4194304-1000-%u.ring", serial);
  memset(&head, 0, sizeof head);
  head.magic = BARO_RING_MAGIC;
  head.head_bytes = BARO_RING_HEAD_BYTES;
  head.capacity = CAPACITY;
  head.birth_monotonic_ns = 1000;
  head.os_tid = PID + serial;
  int file = make_file(name);
  require(ftruncate(file, BARO_RING_HEAD_BYTES + CAPACITY * 16) == 0);
  write_at(file, 0, &head, sizeof head);
  return file;
}

static void visit(baro_drain *drain) {
  uint64_t events;
  now_ns += 20000000;
  require(baro_drain_visit(drain, now_ns, &events) == BARO_OK);
}

/* --- the two kinds of input --- */

static void play_bytes(baro_drain *drain, const uint8_t *data, size_t size) {
  size_t definitions = size / 2;
  int file = make_file("4194304-1000.defs");
  write_at(file, 0, data, definitions);
  (void)close(file);
  file = make_file("4194304-1000-0.ring");
  write_at(file, 0, data + definitions, size - definitions);
  visit(drain);
  require(ftruncate(file, (off_t)(size / 4)) == 0);
  visit(drain);
  (void)close(file);
}

typedef struct producer {
  int file;
  uint64_t head;
} producer;

static void put(producer *one, uint64_t time, uint64_t word) {
  baro_ring_event event = {.time = time, .word = word};
  write_at(one->file, BARO_RING_HEAD_BYTES + one->head++ % CAPACITY * sizeof event, &event,
           sizeof event);
}

static void commit(producer *one) {
  write_at(one->file, offsetof(baro_ring_head, head), &one->head, sizeof one->head);
}

static void put_value(producer *one, const uint8_t *bytes) {
  uint32_t which = bytes[2] & 7;
  uint64_t text = bytes[3] * UINT64_C(0x0101010101010101);
  put(one, 0, baro_ring_word(BARO_RING_VALUE, bytes[1], which));
  for (uint32_t at = 0; at < bytes[1]; at += 16) {
    put(one, text, text);
    if ((bytes[2] & 8) != 0) /* the drain may come between */
      commit(one);
  }
  if (which == BARO_RING_VALUE_RETURN)
    put(one, 0, baro_ring_word(BARO_RING_RETURN, bytes[3] % CODES, 0));
  commit(one);
}

/* What is said beside the calls; without what has to follow where bit 3 of the time says so. */
static void put_remark(producer *one, baro_ring_kind kind, uint64_t time, const uint8_t *bytes) {
  uint32_t id = bytes[1] % (CODES + 1);
  bool is_pair = kind == BARO_RING_USAGE || kind == BARO_RING_SPAWN;
  if (kind == BARO_RING_VALUE) {
    put_value(one, bytes);
    return;
  }
  put(one, is_pair ? time : bytes[3], baro_ring_word(kind, id, bytes[2] & 1));
  if (is_pair && (bytes[2] & 8) == 0)
    put(one, kind == BARO_RING_SPAWN ? bytes[3] & 15 : bytes[3] * time, BARO_RING_FRAME);
  commit(one);
}

enum { REMARKS_FROM = 80 }; /* first bytes that stand for a remark */

/* What four bytes say. Ordinary events mostly; the rare ones do what a hostile target would. */
static void play_event(baro_drain *drain, producer *producers, const uint8_t *bytes) {
  producer *one = &producers[bytes[0] % THREADS];
  uint8_t kind = bytes[0] / THREADS % 10;
  uint32_t id = bytes[1] % (CODES + 1); /* one is unknown */
  uint64_t time = now_ns - 20000000 + bytes[2] * UINT64_C(50000);
  int remark = bytes[0] / THREADS - REMARKS_FROM;
  if (remark >= 0) {
    put_remark(one, (baro_ring_kind)(BARO_RING_USAGE + remark % 5), time, bytes);
  } else if (kind == 8) {
    visit(drain);
  } else if (kind == 9) {
    uint64_t strange = bytes[2] < 8 ? UINT64_MAX : one->head + (bytes[2] & 1);
    if (bytes[1] == 255)
      require(ftruncate(one->file, BARO_RING_HEAD_BYTES + bytes[2]) == 0);
    else if (bytes[1] > 250)
      write_at(one->file, offsetof(baro_ring_head, head), &strange, sizeof strange);
    else
      commit(one); /* without the frame that may have to follow */
  } else {
    put(one, kind == BARO_RING_LOST ? bytes[3] : time,
        baro_ring_word((baro_ring_kind)kind, id, bytes[3] & 3));
    if (id >= CODES / 2 && id < CODES && kind < BARO_RING_FRAME && bytes[3] != 0)
      put(one, bytes[3] & 15, BARO_RING_FRAME);
    commit(one);
  }
}

static void play_events(baro_drain *drain, const uint8_t *data, size_t size) {
  producer producers[THREADS];
  make_definitions();
  for (unsigned i = 0; i < THREADS; i++)
    producers[i] = (producer){.file = make_ring(i)};
  for (size_t at = 0; at + 4 <= size; at += 4) {
    play_event(drain, producers, data + at);
    if (at % 64 == 0)
      visit(drain);
  }
  for (unsigned i = 0; i < THREADS; i++)
    (void)close(producers[i].file);
}

static baro_status remove_name(void *context, const char *name) {
  (void)context;
  baro_folder_remove_file(folder, name);
  return BARO_OK;
}

static void remove_spool(void) {
  baro_folder_remove(path);
}

static void make_spool(void) {
  /* In memory: millions of files come and go. */
  strcpy(path,
         access("/dev/shm", W_OK) == 0 ? "/dev/shm/fuzz-drain-XXXXXX" : "/tmp/fuzz-drain-XXXXXX");
  require(mkdtemp(path) != NULL);
  folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  require(folder >= 0 && atexit(remove_spool) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  baro_output output = {
      .write = write_bytes, .truncate = cut, .sync = do_nothing, .close = do_nothing};
  baro_writer *writer;
  baro_drain *drain;
  baro_damage damage;
  if (size < 1 || size > 65536)
    return 0;
  if (path[0] == '\0')
    make_spool();
  baro_buffer_clear(&recorded);
  now_ns = 1000000000;
  require(baro_writer_create_on(&output, "fuzz", NULL, &writer, NULL) == BARO_OK);
  require(baro_drain_create(path, writer, NULL, &drain, NULL) == BARO_OK);
  if (data[0] % 2 != 0)
    play_bytes(drain, data + 1, size - 1);
  else
    play_events(drain, data + 1, size - 1);
  require(baro_drain_finish(drain, now_ns + 1) == BARO_OK);
  baro_drain_destroy(drain);
  require(baro_writer_close(writer, NULL) == BARO_OK);
  baro_visitor visitor = {0};
  baro_view view = {.data = recorded.data, .length = recorded.length};
  require(baro_recording_read_memory(view, "fuzz", &visitor, &damage, NULL) == BARO_OK);
  require(damage.complete && !damage.corrupt && !damage.truncated);
  require(baro_folder_list(folder, remove_name, NULL) == BARO_OK);
  return 0;
}
