#include "capture/agent/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum {
  STRING_LIMIT_BYTES = 64 * 1024,
  VERSION_BYTES = 64,
  COMMAND_LINE_BYTES = 16 * 1024,
  FACT_BYTES = 32,
};

typedef struct spool_fact {
  const char *key; /* static */
  char value[FACT_BYTES];
} spool_fact;

/* The process has one agent: sys.monitoring and frame evaluation are the process' own, too. */
static struct {
  char directory[BARO_SPOOL_PATH_BYTES - 128]; /* room for the names of files */
  char python_version[VERSION_BYTES];
  pid_t pid;
  uint64_t birth_ns;
  bool introduced; /* the file of definitions has its first one */
  bool broken;     /* it ends in the middle of one */
  spool_fact facts[BARO_SPOOL_FACTS];
  size_t fact_count;
} spool;

/* Between threads, where no GIL is: held while something is written. In a process that nobody else writes for. */
static atomic_flag spool_lock = ATOMIC_FLAG_INIT;

static void lock(void) {
  while (atomic_flag_test_and_set(&spool_lock)) {
    (void)sched_yield();
  }
}

static void unlock(void) {
  atomic_flag_clear(&spool_lock);
}

static void set_process(void) {
  spool.pid = getpid();
  spool.birth_ns = baro_clock_now_ns();
  spool.introduced = false;
  spool.broken = false;
}

bool baro_spool_open(const char *directory, const char *python_version) {
  size_t length = strlen(directory);
  size_t version_length = strcspn(python_version, " ");
  if (length == 0 || length >= sizeof(spool.directory) || directory[0] != '/' ||
      version_length >= sizeof(spool.python_version)) {
    return false;
  }
  memcpy(spool.directory, directory, length + 1);
  memcpy(spool.python_version, python_version, version_length);
  spool.python_version[version_length] = '\0';
  spool.fact_count = 0;
  set_process();
  return true;
}

void baro_spool_forked(void) {
  unlock(); /* of a thread that is not here */
  set_process();
}

void baro_spool_ring_path(uint64_t serial, char *path) {
  (void)snprintf(path, BARO_SPOOL_PATH_BYTES, "%s/%d-%" PRIu64 "-%" PRIu64 ".ring", spool.directory,
                 (int)spool.pid, spool.birth_ns, serial);
}

void baro_spool_begin(baro_buffer *record, baro_ring_definition kind) {
  baro_buffer_clear(record);
  baro_write_u32(record, 0); /* the length: known when all is there */
  baro_write_u8(record, (uint8_t)kind);
}

void baro_spool_string(baro_buffer *record, baro_view text) {
  size_t length = text.length;
  if (length > STRING_LIMIT_BYTES) {
    length = STRING_LIMIT_BYTES;
    while (length > 0 && (text.data[length] & 0xc0) == 0x80) {
      length--;
    }
  }
  baro_write_u32(record, (uint32_t)length);
  baro_write_bytes(record, text.data, length);
}

/* Appends all or nothing. */
static bool append(const baro_buffer *record) {
  char path[BARO_SPOOL_PATH_BYTES];
  (void)snprintf(path, sizeof(path), "%s/%d-%" PRIu64 ".defs", spool.directory, (int)spool.pid,
                 spool.birth_ns);
  int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    return false;
  }
  struct stat before;
  bool added = false;
  if (fstat(file, &before) == 0) {
    ssize_t length;
    do {
      length = write(file, record->data, record->length);
    } while (length < 0 && errno == EINTR);
    added = length == (ssize_t)record->length;
    /* A full disk takes a part. Nobody else appends, so the file can end again where it ended before; if not even that
     * works, what follows would not be understood. */
    if (!added && length > 0 && ftruncate(file, before.st_size) != 0) {
      spool.broken = true;
    }
  }
  (void)close(file);
  return added;
}

static bool finish(baro_buffer *record) {
  if (record->failed || record->length < 5 || spool.broken) {
    return false;
  }
  uint32_t length = (uint32_t)(record->length - 4);
  memcpy(record->data, &length, sizeof(length));
  return append(record);
}

/* The arguments with a blank between them. */
static size_t read_command_line(char *text, size_t size) {
  int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return 0;
  }
  size_t length = 0;
  while (length < size) {
    ssize_t got = read(file, text + length, size - length);
    if (got <= 0) {
      break;
    }
    length += (size_t)got;
  }
  (void)close(file);
  while (length > 0 && text[length - 1] == '\0') {
    length--;
  }
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\0') {
      text[i] = ' ';
    }
  }
  return length;
}

static bool introduce(void) {
  char command_line[COMMAND_LINE_BYTES];
  size_t length = read_command_line(command_line, sizeof(command_line));
  baro_buffer record = {0};
  baro_spool_begin(&record, BARO_RING_DEFINE_PROCESS);
  baro_write_u32(&record, (uint32_t)spool.pid);
  baro_write_u32(&record, (uint32_t)getppid());
  baro_spool_string(&record, baro_view_of(spool.python_version));
  baro_spool_string(&record, (baro_view){.data = (const uint8_t *)command_line, .length = length});
  bool added = finish(&record);
  baro_buffer_release(&record);
  return added;
}

static void write_fact(const spool_fact *fact) {
  baro_buffer record = {0};
  baro_spool_begin(&record, BARO_RING_DEFINE_FACT);
  baro_spool_string(&record, baro_view_of(fact->key));
  baro_spool_string(&record, baro_view_of(fact->value));
  (void)finish(&record);
  baro_buffer_release(&record);
}

static bool introduce_once(void) {
  if (!spool.introduced) {
    spool.introduced = introduce();
    for (size_t i = 0; i < spool.fact_count && spool.introduced; i++) {
      write_fact(&spool.facts[i]);
    }
  }
  return spool.introduced;
}

bool baro_spool_introduce(void) {
  lock();
  bool introduced = introduce_once();
  int reason = errno;
  unlock();
  errno = reason;
  return introduced;
}

bool baro_spool_add(baro_buffer *record) {
  int kept = errno;
  lock();
  bool added = introduce_once() && finish(record);
  unlock();
  errno = kept;
  return added;
}

void baro_spool_fact(const char *key, const char *value) {
  int kept = errno;
  lock();
  if (spool.fact_count < BARO_SPOOL_FACTS) {
    spool_fact *fact = &spool.facts[spool.fact_count++];
    fact->key = key;
    (void)snprintf(fact->value, sizeof(fact->value), "%s", value);
    if (spool.introduced) {
      write_fact(fact);
    }
  }
  unlock();
  errno = kept;
}

void baro_spool_note(const char *key, const char *value) {
  baro_buffer record = {0};
  baro_spool_begin(&record, BARO_RING_DEFINE_NOTE);
  baro_spool_string(&record, baro_view_of(key));
  baro_spool_string(&record, baro_view_of(value));
  (void)baro_spool_add(&record);
  baro_buffer_release(&record);
}
