#include "capture/cpython/interpreter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/os_file.h"
#include "base/os_maps.h"
#include "base/os_memory.h"
#include "base/os_proc.h"
#include "capture/cpython/elf_symbols.h"
#include "capture/cpython/python_version.h"

enum {
  PAGE_BYTES = 4096,
  SCAN_BLOCK_BYTES = 1 << 20,
  SCAN_LIMIT_BYTES = 256 << 20, /* data of programs: even statically linked ones have less */
  PATH_BYTES = 4096 + 64,
};

/* --- cache of files --- */

struct baro_interpreter_cache {
  struct {
    baro_file_identity identity;
    bool with_sections;
    baro_elf_info info;
  } files[BARO_INTERPRETER_CACHE_FILES];
  unsigned used;
  unsigned next; /* the oldest is replaced */
};

baro_interpreter_cache *baro_interpreter_cache_create(void) {
  return calloc(1, sizeof(baro_interpreter_cache));
}

void baro_interpreter_cache_destroy(baro_interpreter_cache *cache) {
  free(cache);
}

static bool same_identity(const baro_file_identity *a, const baro_file_identity *b) {
  return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
         a->modified_ns == b->modified_ns;
}

static const baro_elf_info *cache_find(const baro_interpreter_cache *cache,
                                       const baro_file_identity *identity, bool with_sections) {
  for (unsigned i = 0; cache != NULL && i < cache->used; i++) {
    if (same_identity(&cache->files[i].identity, identity) &&
        cache->files[i].with_sections >= with_sections)
      return &cache->files[i].info;
  }
  return NULL;
}

static void cache_add(baro_interpreter_cache *cache, const baro_file_identity *identity,
                      bool with_sections, const baro_elf_info *info) {
  if (cache == NULL)
    return;
  unsigned index = cache->next;
  cache->files[index].identity = *identity;
  cache->files[index].with_sections = with_sections;
  cache->files[index].info = *info;
  cache->next = (index + 1) % BARO_INTERPRETER_CACHE_FILES;
  if (cache->used < BARO_INTERPRETER_CACHE_FILES)
    cache->used++;
}

/* --- one mapped file --- */

/* All that one search needs. */
typedef struct search {
  pid_t pid;
  baro_interpreter_cache *cache;
  baro_arena scratch;
  baro_maps maps;
  char program[PATH_BYTES]; /* target of /proc/PID/exe, "" when unreadable */
  const char *pypy_path;    /* mapped file of another implementation */
  const char *old_path;     /* mapped file with Python types, but without _PyRuntime */
  bool awaits_libpython;    /* the program needs one that is not mapped yet */
  baro_elf_info info;       /* of the file that has the runtime */
  const baro_mapping *mapping;
  uint64_t runtime_addr;
} search;

/* A path can name another file than the one mapped (an upgrade, a file system that hides devices): the
 * first page, which holds the build id of most programs, must be the same. */
static bool is_mapped_file(pid_t pid, const baro_mapping *mapping, int file) {
  uint8_t ours[PAGE_BYTES];
  uint8_t theirs[PAGE_BYTES];
  size_t got = 0;
  return baro_file_read_at(file, 0, ours, sizeof ours, &got, NULL) == BARO_OK && got >= 64 &&
         baro_memory_read(pid, mapping->start_addr, theirs, got, NULL) == BARO_OK &&
         memcmp(ours, theirs, got) == 0;
}

static bool read_file_info(search *job, const baro_mapping *mapping, bool with_sections,
                           baro_elf_info *ret_info) {
  char path[PATH_BYTES];
  int file = -1;
  uint64_t bytes = 0;
  if (baro_maps_open_path(job->pid, mapping, path, sizeof path, NULL) != BARO_OK ||
      baro_file_open(path, &file, &bytes, NULL) != BARO_OK)
    return false;
  baro_file_identity identity;
  bool good = is_mapped_file(job->pid, mapping, file) &&
              baro_file_identify(file, &identity, NULL) == BARO_OK;
  if (good) {
    const baro_elf_info *known = cache_find(job->cache, &identity, with_sections);
    if (known != NULL) {
      *ret_info = *known;
    } else {
      /* What is no ELF file is worth remembering as such: its info is all zero. */
      (void)!baro_elf_read_file(file, with_sections, ret_info, NULL);
      cache_add(job->cache, &identity, with_sections, ret_info);
    }
  }
  (void)!baro_file_close(file, NULL);
  return good;
}

static uint64_t address_of(const baro_mapping *mapping, const baro_elf_info *info,
                           baro_elf_symbol symbol) {
  if (info->symbols[symbol] == 0)
    return 0;
  return mapping->start_addr + (info->symbols[symbol] - info->link_start_addr);
}

/* True when the runtime has interpreters: a program may have a second, idle one mapped. */
static bool is_in_use(const search *job, const baro_mapping *mapping, const baro_elf_info *info) {
  baro_python_file file = {.pid = job->pid,
                           .info = info,
                           .mapping = mapping,
                           .runtime_addr = address_of(mapping, info, BARO_ELF_RUNTIME)};
  baro_layout layout;
  char version[BARO_PYTHON_VERSION_BYTES];
  uint64_t head = 0;
  return baro_python_version_find(&file, &layout, version, NULL) == BARO_OK &&
         baro_memory_read_u64(job->pid, file.runtime_addr + layout.runtime.interpreters_head, &head,
                              NULL) == BARO_OK &&
         head != 0;
}

static void look_into(search *job, const baro_mapping *mapping, bool with_sections) {
  baro_elf_info info = {0};
  if (!read_file_info(job, mapping, with_sections, &info) &&
      baro_elf_read_image(job->pid, mapping->start_addr, &info, NULL) != BARO_OK)
    return;
  if (info.symbols[BARO_ELF_PYPY] != 0)
    job->pypy_path = mapping->path;
  if (info.needs_libpython)
    job->awaits_libpython = true;
  if (info.symbols[BARO_ELF_RUNTIME] == 0) {
    if (info.symbols[BARO_ELF_CODE_TYPE] != 0)
      job->old_path = mapping->path;
    return;
  }
  if (job->mapping != NULL &&
      (is_in_use(job, job->mapping, &job->info) || !is_in_use(job, mapping, &info)))
    return;
  job->info = info;
  job->mapping = mapping;
  job->runtime_addr = address_of(mapping, &info, BARO_ELF_RUNTIME);
}

/* --- the search --- */

static bool is_file_start(const baro_mapping *mapping) {
  return mapping->file_offset_bytes == 0 && mapping->readable && mapping->path[0] == '/' &&
         mapping->inode != 0;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* The program itself, and what calls itself Python. */
static bool is_likely(const search *job, const baro_mapping *mapping) {
  const char *name = base_name(mapping->path);
  return strcmp(mapping->path, job->program) == 0 || strstr(name, "python") != NULL ||
         strstr(name, "pypy") != NULL;
}

static void look_into_files(search *job, bool likely) {
  for (size_t i = 0; i < job->maps.count; i++) {
    const baro_mapping *mapping = &job->maps.mappings[i];
    if (!is_file_start(mapping) || is_likely(job, mapping) != likely)
      continue;
    look_into(job, mapping, likely);
  }
}

/* Last resort for programs without symbols and sections: from 3.13 on the runtime begins with a cookie, at an
 * address of whole words in the data of some file. */
static void scan_for_cookie(search *job) {
  uint8_t *block = baro_arena_alloc(&job->scratch, SCAN_BLOCK_BYTES);
  uint64_t left = SCAN_LIMIT_BYTES;
  for (size_t i = 0; i < job->maps.count && block != NULL && job->mapping == NULL; i++) {
    const baro_mapping *mapping = &job->maps.mappings[i];
    if (!mapping->writable || !mapping->readable || mapping->shared || mapping->inode == 0)
      continue;
    for (uint64_t addr = mapping->start_addr; addr < mapping->end_addr && left > 0;) {
      uint64_t bytes = mapping->end_addr - addr;
      if (bytes > SCAN_BLOCK_BYTES)
        bytes = SCAN_BLOCK_BYTES;
      left = left > bytes ? left - bytes : 0;
      if (baro_memory_read(job->pid, addr, block, (size_t)bytes, NULL) != BARO_OK)
        break;
      for (size_t at = 0; at + 16 <= bytes; at += 8) {
        if (memcmp(block + at, BARO_DEBUG_OFFSETS_COOKIE, 8) != 0 || block[at + 8 + 3] != 3)
          continue;
        job->mapping = mapping;
        job->runtime_addr = addr + at;
        return;
      }
      addr += bytes;
    }
  }
}

/* The version is refused: of which process? */
static baro_status name_process(pid_t pid, baro_status status, baro_error *err) {
  char comm[BARO_COMM_BYTES] = "?";
  (void)!baro_proc_comm(pid, 0, comm, NULL);
  return baro_error_prefix(err, status, "process %d (%s)", (int)pid, comm);
}

static baro_status say_not_python(search *job, baro_error *err) {
  char comm[BARO_COMM_BYTES] = "?";
  baro_task_stat stat;
  (void)!baro_proc_comm(job->pid, 0, comm, NULL);
  if (baro_proc_stat(job->pid, 0, &stat, NULL) == BARO_OK && stat.state == 'Z' &&
      stat.thread_count <= 1)
    return baro_error_set(
        err, BARO_GONE,
        "process %d (%s) has ended; its parent, process %d, has not waited for it yet",
        (int)job->pid, comm, (int)stat.parent_pid);
  if (job->pypy_path != NULL || strstr(base_name(job->program), "pypy") != NULL)
    return baro_error_set(
        err, BARO_UNSUPPORTED,
        "process %d (%s) is PyPy, which is not supported (CPython 3.%d to 3.%d is)", (int)job->pid,
        comm, BARO_PYTHON_OLDEST_MINOR, BARO_PYTHON_NEWEST_MINOR);
  if (strstr(base_name(job->program), "graalpy") != NULL)
    return baro_error_set(
        err, BARO_UNSUPPORTED,
        "process %d (%s) is GraalPy, which is not supported (CPython 3.%d to 3.%d is)",
        (int)job->pid, comm, BARO_PYTHON_OLDEST_MINOR, BARO_PYTHON_NEWEST_MINOR);
  if (job->old_path != NULL)
    return name_process(job->pid, baro_python_version_refuse(base_name(job->old_path), err), err);
  if (job->awaits_libpython)
    return baro_error_set(err, BARO_AGAIN, "process %d (%s) is still loading its libpython",
                          (int)job->pid, comm);
  return baro_error_set(err, BARO_NOT_FOUND,
                        "process %d (%s) is not a Python process: no CPython in %s", (int)job->pid,
                        comm, job->program[0] != '\0' ? job->program : "its mapped files");
}

static baro_status find_runtime(search *job, baro_error *err) {
  baro_status status = baro_maps_read(job->pid, &job->scratch, &job->maps, err);
  if (status != BARO_OK)
    return status;
  if (baro_proc_link(job->pid, "exe", job->program, sizeof job->program, NULL) != BARO_OK)
    job->program[0] = '\0';
  look_into_files(job, true);
  if (job->mapping == NULL && !job->awaits_libpython)
    look_into_files(job, false);
  if (job->mapping == NULL && !job->awaits_libpython && job->pypy_path == NULL &&
      job->old_path == NULL)
    scan_for_cookie(job);
  return job->mapping != NULL ? BARO_OK : say_not_python(job, err);
}

static void copy_path(char *to, size_t to_bytes, const char *from) {
  size_t i = 0;
  for (; from[i] != '\0' && i + 1 < to_bytes; i++)
    to[i] = (unsigned char)from[i] < 0x20 || from[i] == 0x7f ? '?' : from[i];
  to[i] = '\0';
}

static baro_status locate(search *job, baro_interpreter *ret_interpreter, baro_error *err) {
  /* A process we may not read must say so, whatever its files hold. */
  baro_status status = find_runtime(job, err);
  if (status != BARO_OK)
    return status;
  baro_interpreter found = {.pid = job->pid, .runtime_addr = job->runtime_addr};
  const baro_elf_info *info = &job->info;
  found.code_type_addr = address_of(job->mapping, info, BARO_ELF_CODE_TYPE);
  found.unicode_type_addr = address_of(job->mapping, info, BARO_ELF_UNICODE_TYPE);
  found.bytes_type_addr = address_of(job->mapping, info, BARO_ELF_BYTES_TYPE);
  found.frame_type_addr = address_of(job->mapping, info, BARO_ELF_FRAME_TYPE);
  copy_path(found.file, sizeof found.file, job->mapping->path);
  baro_python_file file = {
      .pid = job->pid, .info = info, .mapping = job->mapping, .runtime_addr = job->runtime_addr};
  status = baro_python_version_find(&file, &found.layout, found.version, err);
  if (status == BARO_OK)
    *ret_interpreter = found;
  return status == BARO_UNSUPPORTED ? name_process(job->pid, status, err) : status;
}

baro_status baro_interpreter_locate(pid_t pid, baro_interpreter_cache *cache,
                                    baro_interpreter *ret_interpreter, baro_error *err) {
  search job = {.pid = pid, .cache = cache};
  baro_status status = locate(&job, ret_interpreter, err);
  baro_arena_release(&job.scratch);
  return status;
}

baro_status baro_interpreter_find(pid_t pid, baro_interpreter_cache *cache,
                                  baro_interpreter *ret_interpreter, baro_error *err) {
  baro_interpreter found;
  baro_status status = baro_interpreter_locate(pid, cache, &found, err);
  if (status == BARO_OK)
    status = baro_interpreter_check(&found, err);
  if (status == BARO_OK)
    *ret_interpreter = found;
  return status;
}
